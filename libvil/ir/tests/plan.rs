//! What a program's plan says in numbers: rings, cells and slots of every way a message can travel.

use vil_ir::load::from_yaml;
use vil_ir::plan::{ClassPlan, Plan, RoutePlan, plan_program};
use vil_ir::vocabulary::{Backpressure, Delivery, MemoryClass, Profile, QueueKind, Transfer};
use vil_ir::{limits, passes};

/// Accepted by the passes, warnings aside, and planned.
fn plan(text: &str) -> Plan {
    let (program, source) = from_yaml(text).unwrap_or_else(|faults| panic!("{faults}"));
    let found = passes::check(&program, source);
    assert!(!found.any_error(), "{found}");
    plan_program(&program).expect("what the passes accept has a plan")
}

fn program(body: &str) -> String {
    format!(
        "vil: 1\nprogram: p\nmessages:\n  Big: {{ fields: [ {{ name: b, type: '[u8; 100]' }} ] }}\n  \
         Small: {{ fields: [ {{ name: n, type: u64 }} ] }}\n{body}"
    )
}

const PORTS: &str = "interfaces:\n  \
    Out: { ports: { o: { direction: out, message: Big, loans: 3, queue: { capacity: 16 } } } }\n  \
    In: { ports: { i: { direction: in, message: Big, loans: 5 } } }\n";

fn pair(processes: &str, routes: &str) -> Plan {
    plan(&program(&format!("{PORTS}processes:\n{processes}routes:\n{routes}")))
}

fn one(route: &str) -> Plan {
    pair("  a: { interface: Out }\n  b: { interface: In }\n", &format!("  - {{ from: a.o, to: b.i{route} }}\n"))
}

fn slots(plan: &Plan) -> u32 {
    plan.classes.iter().map(|class| class.count).sum()
}

#[test]
fn a_loan_needs_the_ring_and_the_producers_loans_and_a_take_the_consumers_too() {
    assert_eq!(slots(&one("")), 16 + 3);
    assert_eq!(slots(&one(", transfer: loan_read")), 16 + 3);
    assert_eq!(slots(&one(", transfer: consume_once")), 16 + 3 + 5);
    assert_eq!(slots(&one(", transfer: copy")), 16 + 3);
    assert_eq!(slots(&one(", transfer: copy, queue: { backpressure: drop_oldest }")), 16 + 3 + 5);
}

#[test]
fn a_queue_that_drops_its_oldest_is_claimed_cell_by_cell_and_hands_its_messages_over() {
    let plan = one(", queue: { backpressure: drop_oldest }");
    let ring = &plan.routes[0];
    assert_eq!((ring.transfer, ring.delivery, ring.cell_size), (Transfer::ConsumeOnce, Delivery::BestEffort, 32));
    assert_eq!((ring.kind, ring.backpressure), (QueueKind::Spsc, Backpressure::DropOldest));
    assert_eq!(slots(&plan), 16 + 3 + 5);
}

#[test]
fn a_shared_message_lies_in_one_slot_however_many_read_it() {
    let processes = "  a: { interface: Out }\n  b: { interface: In }\n  c: { interface: In }\n";
    let routes = "  - { from: a.o, to: b.i }\n  - { from: a.o, to: c.i, queue: { capacity: 64 } }\n";
    let plan = pair(processes, routes);
    assert!(plan.routes.iter().all(|ring| ring.transfer == Transfer::ShareRead));
    assert_eq!(slots(&plan), 64 + 3);
    assert_eq!(plan.routes.iter().map(|ring| ring.class).collect::<Vec<_>>(), [Some(0), Some(0)]);
}

#[test]
fn each_instance_has_an_entry_in_the_table_and_loans_of_its_own() {
    let processes = "  a: { interface: Out, instances: 2 }\n  b: { interface: In, instances: 7 }\n";
    let plan = pair(processes, "  - { from: a.o, to: b.i, queue: { kind: mpmc } }\n");
    assert_eq!(plan.process_entries, 2 + 7 + limits::SPARE_PROCESSES);
    assert_eq!((plan.routes[0].kind, plan.routes[0].transfer), (QueueKind::Mpmc, Transfer::ConsumeOnce));
    assert_eq!(slots(&plan), 16 + 2 * 3 + 7 * 5);
}

#[test]
fn an_event_that_is_dropped_needs_a_statement_and_one_that_is_taken_needs_none() {
    let events = |route: &str| {
        program(&format!("{PORTS}processes:\n  a: {{ interface: Out }}\n  b: {{ interface: In }}\nroutes:\n  - {{ from: a.o, to: b.i, {route} }}\n")).replace("Big: {", "Big: { kind: event,")
    };
    let text = events("queue: { backpressure: drop_oldest }");
    let (program, _) = from_yaml(&text).expect("it is read");
    let codes: Vec<&str> =
        passes::run(&program).iter().filter(|fault| fault.is_error()).map(|fault| fault.code()).collect();
    assert_eq!(codes, ["VIL-Q003"]);
    assert_eq!(plan(&events("delivery: best_effort, queue: { backpressure: drop_oldest }")).routes.len(), 1);
    assert_eq!(plan(&events("transfer: consume_once")).routes[0].delivery, Delivery::BestEffort);
}

#[test]
fn answers_have_rings_behind_all_written_ones_and_know_what_they_answer() {
    let text = program(
        "interfaces:\n  \
         Asker: { ports: { ask: { direction: request, message: Small, reply: Big, loans: 2, queue: { capacity: 8 } } } }\n  \
         Server: { ports: { serve: { direction: response, message: Small, reply: Big, loans: 4 } } }\n  \
         Out: { ports: { o: { direction: out, message: Big } } }\n  In: { ports: { i: { direction: in, message: Big } } }\n\
         processes:\n  x: { interface: Asker }\n  y: { interface: Asker }\n  s: { interface: Server }\n  a: { interface: Out }\n  b: { interface: In }\n\
         routes:\n  - { from: x.ask, to: s.serve, transfer: copy }\n  - { from: a.o, to: b.i }\n  - { from: y.ask, to: s.serve }\n",
    );
    let plan = plan(&text);
    assert_eq!(plan.routes.iter().map(|ring| ring.answers).collect::<Vec<_>>(), [None, None, None, Some(0), Some(2)]);
    let [request, .., answer] = [&plan.routes[2], &plan.routes[3], &plan.routes[4]];
    assert_eq!((answer.from.to_string(), answer.to.to_string()), ("s.serve".into(), "y.ask".into()));
    assert_eq!((request.producer_loans, request.consumer_loans), (2, 4));
    assert_eq!((answer.producer_loans, answer.consumer_loans, answer.capacity), (4, 2, 8));
    let message = |ring: &RoutePlan| plan.messages[ring.message as usize].name.as_str();
    assert_eq!((message(request), message(answer)), ("Small", "Big"));
    assert_eq!(plan.routes.iter().map(|ring| ring.cell_size).collect::<Vec<_>>(), [16, 16, 16, 32, 32]);
    let class = |stride, count| ClassPlan { stride, count, memory: MemoryClass::PagedExchange };
    // Requests by loan and all Big ones have the same stride.
    assert_eq!(plan.classes, [class(128, (8 + 2) + (256 + 1) + (8 + 4) + (8 + 4))]);
}

/// The cells of routes with a copied message of `size` bytes: one by one, claimed, and answers to such a message.
fn cells_of(size: u32) -> Vec<u32> {
    let text = format!(
        "vil: 1\nprogram: p\nmessages:\n  Note: {{ fields: [ {{ name: b, type: '[u8; {size}]' }} ] }}\ninterfaces:\n  \
         From: {{ ports: {{ plain: {{ direction: out, message: Note }}, latest: {{ direction: out, message: Note, queue: {{ backpressure: drop_oldest }} }}, \
         ask: {{ direction: request, message: Note, reply: Note }} }} }}\n  \
         To: {{ ports: {{ plain: {{ direction: in, message: Note }}, latest: {{ direction: in, message: Note }}, \
         ask: {{ direction: response, message: Note, reply: Note }} }} }}\n\
         processes: {{ a: {{ interface: From }}, b: {{ interface: To }} }}\n\
         routes:\n  - {{ from: a.plain, to: b.plain, transfer: copy }}\n  - {{ from: a.latest, to: b.latest, transfer: copy, delivery: best_effort }}\n  \
         - {{ from: a.ask, to: b.ask, transfer: copy }}\n",
    );
    let plan = plan(&text);
    let [plain, latest, asked, answer] = &plan.routes[..] else { panic!("{:?}", plan.routes) };
    assert_eq!(plain.cell_size, asked.cell_size, "a request says nothing but itself");
    [plain, latest, answer].map(|ring| if ring.class.is_none() { ring.cell_size } else { 0 }).into()
}

#[test]
fn a_message_that_travels_in_its_cell_has_the_smallest_that_holds_it() {
    let smallest =
        [(1, [16, 32, 32]), (8, [16, 32, 32]), (9, [32, 64, 64]), (24, [32, 64, 64]), (25, [64; 3]), (40, [64; 3])];
    for (size, cells) in smallest {
        assert_eq!(cells_of(size), cells, "{size} bytes");
    }
    assert_eq!(cells_of(41), [0; 3], "it lies in a slot");
}

#[test]
fn what_is_forwarded_is_published_by_its_offset_and_each_memory_has_slots_of_its_own() {
    let text = program(
        "  Pin: { memory: pinned_remote, fields: [ { name: n, type: u64 } ] }\n\
         interfaces:\n  Out: { ports: { o: { direction: out, message: Big }, p: { direction: out, message: Pin } } }\n  \
         Mid: { ports: { i: { direction: in, message: Big }, o: { direction: out, message: Big } } }\n  \
         In: { ports: { i: { direction: in, message: Big }, p: { direction: in, message: Pin } } }\n\
         processes:\n  a: { interface: Out }\n  m: { interface: Mid, forwards: [ { from: i, to: o } ] }\n  b: { interface: In }\n\
         routes:\n  - { from: a.o, to: m.i }\n  - { from: m.o, to: b.i }\n  - { from: a.p, to: b.p, transfer: copy }\n",
    );
    let plan = plan(&text);
    assert_eq!(plan.routes[1].transfer, Transfer::PublishOffset);
    // A copy of what lies in pinned memory passes through a slot there, however small.
    assert_eq!(plan.routes[2].cell_size, 16);
    let memories: Vec<(MemoryClass, u32)> = plan.classes.iter().map(|class| (class.memory, class.count)).collect();
    assert_eq!(memories, [(MemoryClass::PagedExchange, 2 * 257), (MemoryClass::PinnedRemote, 257)]);
    assert_eq!(plan.routes.iter().map(|ring| ring.class).collect::<Vec<_>>(), [Some(0), Some(0), Some(1)]);
}

const RELATIVE: &str = "vil: 1\nprogram: p\nmessages:\n  \
    Scan: { max_bytes: 4000, fields: [ { name: stamp, type: u64 }, { name: points, type: 'VSlice<f32>' }, { name: ok, type: bool } ] }\n  \
    Order: { layout: external, media_type: application/json, adapter: json, max_bytes: 40 }\n\
    interfaces:\n  \
    Out: { ports: { s: { direction: out, message: Scan }, o: { direction: out, message: Order } } }\n  \
    In: { ports: { s: { direction: in, message: Scan }, o: { direction: in, message: Order } } }\n\
    processes: { a: { interface: Out }, b: { interface: In } }\n\
    routes:\n  - { from: a.s, to: b.s }\n  - { from: a.o, to: b.o }\n";

#[test]
fn a_message_that_is_not_flat_is_planned_with_its_max_bytes() {
    let (program, _) = from_yaml(RELATIVE).unwrap_or_else(|faults| panic!("{faults}"));
    let plan = plan_program(&program).expect("it has a plan");
    let [order, scan] = &plan.messages[..] else { panic!("{:?}", plan.messages) };
    assert_eq!((scan.profile, scan.size, scan.align), (Profile::Relative, 4000, 8));
    assert_eq!((scan.least, scan.root_size), (16 + 24, 17));
    assert_eq!((order.profile, order.size, order.align), (Profile::External, 40, 8));
    assert_eq!((order.least, order.root_size), (8, 0));
    let [scans, orders] = &plan.routes[..] else { panic!("{:?}", plan.routes) };
    assert_eq!((scans.transfer, scans.cell_size), (Transfer::LoanWrite, 16));
    assert_eq!(
        (orders.transfer, orders.cell_size),
        (Transfer::Copy, 64),
        "what is external is copied, a little of it in the cell"
    );
    assert_eq!(plan.classes.iter().map(|class| class.stride).collect::<Vec<_>>(), [4096]);
}

#[test]
fn a_max_bytes_that_no_slot_has_is_refused_with_what_is_legal() {
    let refused = |max: &str| {
        let (program, _) = from_yaml(&RELATIVE.replace("max_bytes: 4000, ", max)).expect("it is read");
        plan_program(&program).expect_err("no slot has that").to_string()
    };
    assert_eq!(refused("max_bytes: 39, "), "Scan: max_bytes is 39; 40 to 67108864 are legal");
    assert_eq!(refused("max_bytes: 67108865, "), "Scan: max_bytes is 67108865; 40 to 67108864 are legal");
    assert_eq!(
        refused("max_bytes: 18446744073709551615, "),
        "Scan: max_bytes is 18446744073709551615; 40 to 67108864 are legal"
    );
    assert!(refused("").contains("it has none"));
}
