//! A heap without a program: size classes and queues over them, as numbers that are checked, planned and written down.
//!
//! The world of a heap keeps its shape as one line of JSON where other worlds keep their program, so that who opens it
//! needs to be told nothing. It judges numbers only; what a machine can carry is found out by the runtime.

use std::fmt::Write;

use crate::fingerprint::{layout_id, sha256};
use crate::limits::{
    DEFAULT_CAPACITY, DEFAULT_DEADLINE_MS, DEFAULT_SAMPLE, MAX_BLOCK, MAX_CAPACITY, MAX_CONTROL_BLOCK,
    MAX_HEAP_CLASSES, MAX_PROCESSES, MAX_ROUTES, MAX_SLOTS, MIN_BLOCK,
};
use crate::load::json;
use crate::load::node::{Data, Node};
use crate::model::End;
use crate::plan::{ANY_CLASS, ClassPlan, MessagePlan, Plan, RoutePlan, stride};
use crate::vocabulary::{Backpressure, Delivery, Lane, MemoryClass, Profile, QueueKind, Transfer};

/// What the contract of every heap begins with, and of no program.
const BEGINNING: &str = r#"{"vil":1,"heap":{"#;

/// Sizes and counts of a heap that names no classes: 64 B to 1 MiB, 14 MiB in all.
const DEFAULT_CLASSES: [(u32, u32); 8] = [
    (64, 1024),
    (256, 1024),
    (1 << 10, 1024),
    (4 << 10, 512),
    (16 << 10, 128),
    (64 << 10, 32),
    (256 << 10, 8),
    (1 << 20, 4),
];

/// A heap: its classes, its queues, and what one process may hold of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeapShape {
    /// Which memory the blocks lie in.
    pub memory: MemoryClass,
    /// Size classes, by size ascending.
    pub classes: Vec<ClassShape>,
    /// Queues; the position is the queue's index.
    pub queues: Vec<QueueShape>,
    /// Processes that may be attached at once, 1 to `MAX_PROCESSES`.
    pub processes: u32,
    /// Slots that one process may own at once; 0 is no cap.
    pub cap_slots: u32,
    /// Bytes that one process may own at once, counted by stride; 0 is no cap.
    pub cap_bytes: u64,
}

/// Blocks of one size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClassShape {
    /// Bytes of a block, `MIN_BLOCK` to `MAX_BLOCK`.
    pub size: u32,
    /// Blocks, at least 1.
    pub count: u32,
}

/// One queue of blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueShape {
    /// How many may use its ends.
    pub kind: QueueKind,
    /// Cells, a power of two, 1 to `MAX_CAPACITY`.
    pub capacity: u32,
    /// What a full queue means.
    pub backpressure: Backpressure,
    /// How long a push into a full queue waits under `block`, in milliseconds.
    pub deadline_ms: u32,
}

impl Default for QueueShape {
    fn default() -> QueueShape {
        QueueShape {
            kind: QueueKind::Spsc,
            capacity: DEFAULT_CAPACITY,
            backpressure: Backpressure::Block,
            deadline_ms: DEFAULT_DEADLINE_MS,
        }
    }
}

/// The classes of a heap that names none.
pub fn default_classes(memory: MemoryClass) -> Vec<ClassShape> {
    let classes = DEFAULT_CLASSES.into_iter().map(|(size, count)| ClassShape { size, count });
    classes.filter(|class| class.size <= largest(memory)).collect()
}

impl HeapShape {
    /// Plans the heap; the error names the number that is out of range, and its range.
    pub fn plan(&self) -> Result<Plan, String> {
        self.check()?;
        let contract = self.contract();
        let text = "vil-layout 1\nBlock: bytes\n".to_owned();
        let size = self.classes.iter().map(|class| class.size).min().unwrap_or(MIN_BLOCK);
        let block = MessagePlan {
            name: "Block".to_owned(),
            layout_id: layout_id(&text),
            profile: Profile::Flat,
            size,
            least: size,
            root_size: 0,
            align: 1,
            text,
        };
        Ok(Plan {
            program: "heap".to_owned(),
            fingerprint: sha256(contract.as_bytes()),
            contract,
            process_entries: self.processes,
            messages: vec![block],
            classes: self.classes.iter().map(|class| self.class(class)).collect(),
            routes: (0u32..).zip(&self.queues).map(|(index, queue)| route(index, queue, size)).collect(),
        })
    }

    /// The shape that a world's contract describes; `None` when it is no heap's.
    pub fn read(contract: &str) -> Option<HeapShape> {
        if !contract.starts_with(BEGINNING) {
            return None;
        }
        let text = json::read(contract, 0, &mut 0).ok()?;
        let heap = text.entry("heap").map(|entry| &entry.value)?;
        let shape = HeapShape {
            memory: MemoryClass::from_word(word(heap, "memory")?)?,
            classes: items(heap, "classes")?.iter().map(read_class).collect::<Option<_>>()?,
            queues: items(heap, "queues")?.iter().map(read_queue).collect::<Option<_>>()?,
            processes: number(heap, "processes")?,
            cap_slots: number(heap, "cap_slots")?,
            cap_bytes: number(heap, "cap_bytes")?,
        };
        (shape.check().is_ok() && shape.contract() == contract).then_some(shape)
    }

    /// One line of JSON that says all of it; the same shape always gives the same bytes.
    fn contract(&self) -> String {
        let mut text = format!(
            r#"{BEGINNING}"memory":"{}","processes":{},"cap_slots":{},"cap_bytes":{},"classes":["#,
            self.memory, self.processes, self.cap_slots, self.cap_bytes
        );
        for (index, ClassShape { size, count }) in self.classes.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let _ = write!(text, r#"{comma}{{"size":{size},"count":{count}}}"#);
        }
        text.push_str(r#"],"queues":["#);
        for (index, QueueShape { kind, capacity, backpressure, deadline_ms }) in self.queues.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let _ = write!(
                text,
                r#"{comma}{{"kind":"{kind}","capacity":{capacity},"backpressure":"{backpressure}","deadline_ms":{deadline_ms}}}"#
            );
        }
        text.push_str("]}}");
        text
    }

    fn class(&self, class: &ClassShape) -> ClassPlan {
        ClassPlan { stride: stride(class.size), count: class.count, memory: self.memory }
    }

    fn check(&self) -> Result<(), String> {
        within("size classes", self.classes.len() as u64, 1, u64::from(MAX_HEAP_CLASSES))?;
        within("queues", self.queues.len() as u64, 0, u64::from(MAX_ROUTES))?;
        within("processes", u64::from(self.processes), 1, u64::from(MAX_PROCESSES))?;
        self.check_classes()?;
        (0u32..).zip(&self.queues).try_for_each(|(index, queue)| check_queue(index, queue))
    }

    fn check_classes(&self) -> Result<(), String> {
        let mut before = 0;
        let mut slots = 0u64;
        for (index, class) in self.classes.iter().enumerate() {
            let largest = u64::from(largest(self.memory));
            let what = format!("bytes of a block in class {index} of memory {}", self.memory);
            within(&what, u64::from(class.size), u64::from(MIN_BLOCK), largest)?;
            within(&format!("blocks in class {index}"), u64::from(class.count), 1, u64::from(MAX_SLOTS))?;
            if class.size <= before {
                return Err(format!("class {index} has blocks of {} bytes after {before}; sizes ascend", class.size));
            }
            before = class.size;
            slots += u64::from(class.count);
        }
        within("blocks in all classes", slots, 1, u64::from(MAX_SLOTS))
    }
}

fn largest(memory: MemoryClass) -> u32 {
    if memory == MemoryClass::ControlHeap { MAX_CONTROL_BLOCK } else { MAX_BLOCK }
}

fn check_queue(index: u32, queue: &QueueShape) -> Result<(), String> {
    if (1..=MAX_CAPACITY).contains(&queue.capacity) && queue.capacity.is_power_of_two() {
        return Ok(());
    }
    Err(format!("queue {index} of capacity {}; a power of two from 1 to {MAX_CAPACITY} is legal", queue.capacity))
}

fn within(what: &str, found: u64, low: u64, high: u64) -> Result<(), String> {
    if (low..=high).contains(&found) { Ok(()) } else { Err(format!("{found} {what}; {low} to {high} are legal")) }
}

/// The ring behind a queue. Each end has a process name of its own, because it sleeps on a word of its own.
fn route(index: u32, queue: &QueueShape, size: u32) -> RoutePlan {
    let end = |side: &str| End { process: format!("{side}{index}"), port: format!("q{index}") };
    let claimed = queue.kind == QueueKind::Mpmc || queue.backpressure == Backpressure::DropOldest;
    RoutePlan {
        from: end("push"),
        to: end("pop"),
        message: 0,
        size,
        class: Some(ANY_CLASS),
        cell_size: if claimed { 32 } else { 16 },
        kind: queue.kind,
        answers: None,
        capacity: queue.capacity,
        producer_loans: 1,
        consumer_loans: 1,
        transfer: Transfer::ConsumeOnce,
        delivery: Delivery::AtLeastOnce,
        backpressure: queue.backpressure,
        deadline_ms: queue.deadline_ms,
        lane: Lane::Data,
        sample: DEFAULT_SAMPLE,
    }
}

fn read_class(node: &Node) -> Option<ClassShape> {
    Some(ClassShape { size: number(node, "size")?, count: number(node, "count")? })
}

fn read_queue(node: &Node) -> Option<QueueShape> {
    Some(QueueShape {
        kind: QueueKind::from_word(word(node, "kind")?)?,
        capacity: number(node, "capacity")?,
        backpressure: Backpressure::from_word(word(node, "backpressure")?)?,
        deadline_ms: number(node, "deadline_ms")?,
    })
}

fn items<'n>(node: &'n Node, key: &str) -> Option<&'n [Node]> {
    Some(node.entry(key)?.value.items())
}

fn word<'n>(node: &'n Node, key: &str) -> Option<&'n str> {
    match &node.entry(key)?.value.data {
        Data::Str(text) => Some(text),
        _ => None,
    }
}

fn number<T: TryFrom<i128>>(node: &Node, key: &str) -> Option<T> {
    match node.entry(key)?.value.data {
        Data::Int(number) => T::try_from(number).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape() -> HeapShape {
        HeapShape {
            memory: MemoryClass::PinnedRemote,
            classes: default_classes(MemoryClass::PinnedRemote),
            queues: vec![
                QueueShape::default(),
                QueueShape { kind: QueueKind::Mpmc, capacity: 8, ..QueueShape::default() },
                QueueShape { backpressure: Backpressure::DropOldest, deadline_ms: 0, ..QueueShape::default() },
            ],
            processes: 64,
            cap_slots: 7,
            cap_bytes: 1 << 40,
        }
    }

    #[test]
    fn a_shape_is_planned_written_down_and_read_back() {
        let plan = shape().plan().expect("it has a plan");
        assert_eq!(HeapShape::read(&plan.contract), Some(shape()));
        assert_eq!(plan.classes[0], ClassPlan { stride: 128, count: 1024, memory: MemoryClass::PinnedRemote });
        assert_eq!(plan.routes.iter().map(|route| route.cell_size).collect::<Vec<_>>(), [16, 32, 32]);
        assert_eq!(plan.routes[1].from.process, "push1");
        let bare = HeapShape { queues: Vec::new(), ..shape() }.plan().expect("a heap needs no queue");
        assert_eq!(HeapShape::read(&bare.contract).map(|shape| shape.queues), Some(Vec::new()));
    }

    #[test]
    fn a_contract_that_is_no_heap_s_or_was_changed_is_none() {
        let contract = shape().plan().expect("it has a plan").contract;
        assert_eq!(HeapShape::read(r#"{"vil":1,"program":"credit"}"#), None);
        assert_eq!(HeapShape::read(&contract[..contract.len() - 1]), None);
        assert_eq!(HeapShape::read(&contract.replace("1024", "0")), None, "a class of 0 blocks");
        assert_eq!(HeapShape::read(&contract.replace(r#""count":"#, r#""count": "#)), None, "not the canonical form");
    }

    #[test]
    fn a_number_out_of_range_is_refused_with_its_range() {
        let class = |size, count| HeapShape { classes: vec![ClassShape { size, count }], ..shape() };
        let queue = |capacity| HeapShape { queues: vec![QueueShape { capacity, ..QueueShape::default() }], ..shape() };
        let control = |size| HeapShape { memory: MemoryClass::ControlHeap, ..class(size, 1) };
        let twice = HeapShape { classes: vec![ClassShape { size: 64, count: 1 }; 2], ..shape() };
        for (shape, words) in [
            (class(63, 1), ["63", "64 to 67108864"]),
            (class((64 << 20) + 1, 1), ["67108865", "64 to 67108864"]),
            (class(64, 0), ["0 blocks", "1 to 1048575"]),
            (class(64, 1 << 20), ["1048576 blocks", "1 to 1048575"]),
            (control(4097), ["4097", "64 to 4096"]),
            (twice, ["64 bytes after 64", "ascend"]),
            (HeapShape { classes: Vec::new(), ..shape() }, ["0 size classes", "1 to 64"]),
            (HeapShape { processes: 0, ..shape() }, ["0 processes", "1 to 1022"]),
            (queue(0), ["capacity 0", "1 to 65536"]),
            (queue(3), ["capacity 3", "power of two"]),
            (queue(1 << 17), ["capacity 131072", "1 to 65536"]),
        ] {
            let error = shape.plan().expect_err("it is out of range");
            assert!(words.iter().all(|word| error.contains(word)), "{error}");
        }
        for size in [64, 64 << 20] {
            assert!(class(size, 1).plan().is_ok());
        }
        assert!(queue(1).plan().is_ok() && queue(65_536).plan().is_ok() && control(4096).plan().is_ok());
    }
}
