//! The world that most benchmarks exchange in: one message of so many bytes, from one process to another and back. What a
//! program of it looks like, and how that is said beside figures.

/// Cells of a ring and loans of a producer that are neither too few (both sides wait for each other) nor too many (nothing
/// stays in the caches).
pub(crate) const CAPACITY: usize = 256;

/// Bytes that the slots of a route may take before its ring gets shorter: half of a usual second-level cache for small
/// messages means nothing at 1 MiB, where only memory counts.
const SLOT_BYTES: usize = 16 << 20;

/// `64 B`, `4 KiB`, `1 MiB`.
pub(crate) fn size_name(size: usize) -> String {
    match size {
        size if size >= 1 << 20 => format!("{} MiB", size >> 20),
        size if size >= 1 << 10 => format!("{} KiB", size >> 10),
        size => format!("{size} B"),
    }
}

/// One route there and one back.
#[derive(Debug, Clone)]
pub(crate) struct Exchange {
    pub(crate) size: usize,
    pub(crate) capacity: usize,
    /// How a message travels: `loan_write`, `copy`.
    pub(crate) transfer: &'static str,
    /// Messages that each end may have in hand at once.
    pub(crate) loans: usize,
    /// Ports `there_0`, `there_1` and so on, each with a route of its own.
    pub(crate) routes: usize,
    /// There is no way back: the trial is told so by `--back no`.
    pub(crate) is_one_way: bool,
}

impl Exchange {
    /// Loaned messages of this size, with as many cells as fit.
    pub(crate) fn of(size: usize) -> Exchange {
        let capacity = (SLOT_BYTES / size).clamp(16, CAPACITY);
        Exchange { size, capacity, transfer: "loan_write", loans: 2, routes: 1, is_one_way: false }
    }

    /// Messages of this size that lie in the cell and are copied there and back.
    pub(crate) fn copied(size: usize) -> Exchange {
        Exchange { transfer: "copy", ..Exchange::of(size) }
    }

    /// Over so many routes in turn.
    pub(crate) fn over(self, routes: usize) -> Exchange {
        Exchange { routes, ..self }
    }

    /// With as many cells, and without a way back.
    pub(crate) fn one_way(self, capacity: usize) -> Exchange {
        Exchange { capacity, is_one_way: true, ..self }
    }

    /// Beside figures.
    pub(crate) fn geometry(&self) -> String {
        let Exchange { size, capacity, transfer, loans, routes, .. } = self;
        format!("{routes} x {capacity} cells, {transfer}, {size} B a message, {loans} loans")
    }

    /// The program. The message is `BytesSIZE`, as `trials/messages.yaml` has it.
    pub(crate) fn yaml(&self) -> String {
        let Exchange { size, capacity, transfer, loans, routes, is_one_way } = self;
        let words = size / 8;
        let queue = format!("loans: {loans}, queue: {{ capacity: {capacity}, backpressure: fail }}");
        let port = |name: &str, direction: &str| {
            let queue = if direction == "out" { queue.clone() } else { format!("loans: {loans}") };
            format!("      {name}: {{ direction: {direction}, message: Bytes{size}, {queue} }}\n")
        };
        let theres: Vec<String> = (0..*routes).map(|route| format!("there_{route}")).collect();
        let ports = |there: &str, back: &str| {
            let back = (!is_one_way).then(|| port("back", back));
            theres.iter().map(|name| port(name, there)).chain(back).collect::<String>()
        };
        let how = format!("transfer: {transfer}, delivery: at_least_once");
        let route = |name: &String| format!("  - {{ from: asker.{name}, to: answerer.{name}, {how} }}\n");
        format!(
            "vil: 1\nprogram: exchange\nmessages:\n  Bytes{size}:\n    kind: event\n    fields: [ {{ name: words, type: \
             \"[u64; {words}]\" }} ]\ninterfaces:\n  Asker:\n    ports:\n{}  Answerer:\n    ports:\n{}processes:\n  asker: \
             {{ interface: Asker }}\n  answerer: {{ interface: Answerer }}\nroutes:\n{}{}",
            ports("out", "in"),
            ports("in", "out"),
            theres.iter().map(route).collect::<String>(),
            if *is_one_way { String::new() } else { format!("  - {{ from: answerer.back, to: asker.back, {how} }}\n") },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_messages_have_fewer_cells() {
        assert_eq!([64, 65_536, 1 << 20].map(|size| Exchange::of(size).capacity), [256, 256, 16]);
    }

    #[test]
    fn every_size_and_many_routes_make_a_program() {
        for size in [16, 64, 1 << 20] {
            for routes in [1, 3] {
                let yaml = Exchange { routes, ..Exchange::of(size) }.yaml();
                let (program, _) = vil_ir::load::from_yaml(&yaml).unwrap_or_else(|faults| panic!("{yaml}{faults}"));
                vil_ir::plan::plan_program(&program).unwrap_or_else(|error| panic!("{yaml}{error}"));
            }
        }
    }
}
