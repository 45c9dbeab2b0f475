//! The parts of a world as tables for people and as JSON for tools.

use std::fmt::Write;

use vil_ir::plan::{ClassPlan, RoutePlan};
use vil_ir::vocabulary::Backpressure;

use crate::json::Object;
use crate::plan::parts::World;

/// Rows of as many cells as there are heads.
struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    fn new(heads: &[&str]) -> Table {
        Table { rows: vec![heads.iter().map(|head| (*head).to_owned()).collect()] }
    }

    fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// Indented, columns two blanks apart; columns of numbers stand to the right.
    fn print(&self, out: &mut String) {
        let columns = self.rows[0].len();
        let width = |column: usize| self.rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let is_number = |column: usize| self.rows[1..].iter().all(|row| row[column].parse::<u64>().is_ok());
        let right: Vec<bool> = (0..columns).map(is_number).collect();
        for row in &self.rows {
            let mut line = String::new();
            for (column, cell) in row.iter().enumerate() {
                let (width, right) = (widths[column], right[column]);
                let _ = if right { write!(line, "  {cell:>width$}") } else { write!(line, "  {cell:width$}") };
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }
}

/// For people.
pub(super) fn text(world: &World<'_>) -> String {
    let plan = world.plan;
    let total = world.geometry.total_size;
    let mut out = format!("program {}: a world of {total} bytes ({})\n\n", plan.program, size(total));
    let mut parts = Table::new(&["part", "bytes", "what"]);
    for part in world.parts() {
        parts.row(vec![part.name.to_owned(), part.bytes.to_string(), part.about]);
    }
    parts.print(&mut out);
    if !plan.classes.is_empty() {
        out.push('\n');
        let mut classes = Table::new(&["class", "stride", "slots", "bytes", "memory"]);
        for (index, (class, bytes)) in world.classes().enumerate() {
            let ClassPlan { stride, count, memory } = class;
            let cells = [index.to_string(), stride.to_string(), count.to_string(), bytes.to_string()];
            classes.row(cells.into_iter().chain([memory.to_string()]).collect());
        }
        classes.print(&mut out);
    }
    if !plan.routes.is_empty() {
        out.push('\n');
        let heads = [
            "ring", "route", "message", "layout", "size", "class", "capacity", "cell", "bytes", "loans", "transfer",
            "delivery",
        ];
        let mut rings = Table::new(&[&heads[..], &["when full"]].concat());
        for (index, (route, _, bytes)) in world.rings().enumerate() {
            rings.row(ring(world, index, route, bytes));
        }
        rings.print(&mut out);
    }
    out
}

fn ring(world: &World<'_>, index: usize, route: &RoutePlan, bytes: u64) -> Vec<String> {
    let message = &world.plan.messages[route.message as usize];
    let answers = route.answers.map_or(String::new(), |request| format!(" (answers {request})"));
    let deadline = match route.backpressure {
        Backpressure::Block => format!(" {} ms", route.deadline_ms),
        _ => String::new(),
    };
    vec![
        index.to_string(),
        format!("{} -> {}{answers}", route.from, route.to),
        message.name.clone(),
        message.profile.to_string(),
        message.size.to_string(),
        route.class.map_or("in cell".to_owned(), |class| class.to_string()),
        route.capacity.to_string(),
        route.cell_size.to_string(),
        bytes.to_string(),
        format!("{}/{}", route.producer_loans, route.consumer_loans),
        route.transfer.to_string(),
        route.delivery.to_string(),
        format!("{}{deadline}", route.backpressure),
    ]
}

/// For tools.
pub(super) fn json(world: &World<'_>) -> String {
    let plan = world.plan;
    let parts = world.parts().into_iter().map(|part| {
        Object::default().text("part", part.name).plain("bytes", part.bytes).text("about", &part.about).end()
    });
    let classes = world.classes().map(|(class, bytes)| {
        let found = Object::default().plain("stride", class.stride).plain("slots", class.count);
        found.plain("bytes", bytes).text("memory", class.memory.word()).end()
    });
    let messages = plan.messages.iter().map(|message| {
        let found = Object::default().text("name", &message.name).text("layout", message.profile.word());
        let found =
            found.plain("size", message.size).plain("least", message.least).plain("root_size", message.root_size);
        found.plain("align", message.align).text("layout_id", &format!("{:016x}", message.layout_id)).end()
    });
    let rings = world.rings().map(|(route, _, bytes)| ring_json(world, route, bytes));
    Object::default()
        .text("program", &plan.program)
        .plain("bytes", world.geometry.total_size)
        .plain("static_bytes", world.static_bytes())
        .plain("process_entries", plan.process_entries)
        .plain("slots", world.geometry.slots)
        .list("parts", parts)
        .list("messages", messages)
        .list("classes", classes)
        .list("rings", rings)
        .end()
}

fn ring_json(world: &World<'_>, route: &RoutePlan, bytes: u64) -> String {
    let null = |number: Option<u32>| number.map_or("null".to_owned(), |number| number.to_string());
    Object::default()
        .text("from", &route.from.to_string())
        .text("to", &route.to.to_string())
        .text("message", &world.plan.messages[route.message as usize].name)
        .raw("answers", null(route.answers))
        .raw("class", null(route.class))
        .text("kind", route.kind.word())
        .text("lane", route.lane.word())
        .plain("capacity", route.capacity)
        .plain("cell_size", route.cell_size)
        .plain("bytes", bytes)
        .plain("producer_loans", route.producer_loans)
        .plain("consumer_loans", route.consumer_loans)
        .text("transfer", route.transfer.word())
        .text("delivery", route.delivery.word())
        .text("backpressure", route.backpressure.word())
        .plain("deadline_ms", route.deadline_ms)
        .plain("sample", route.sample)
        .end()
}

/// Bytes for people.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}
