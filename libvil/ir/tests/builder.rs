//! A program made by code is the one that its text says.

use vil_ir::builder::{Builder, RouteShape};
use vil_ir::dump::canonical_json;
use vil_ir::load::from_yaml;
use vil_ir::model::{Arm, Constant, Defaults, Enum, Field, Message, Observe, Queue, Value, Variants};
use vil_ir::types::parse;
use vil_ir::vocabulary::{
    Backpressure, Boundary, Cleanup, Delivery, ExecClass, Kind, Lane, Scalar, Strategy, Transfer, Verify, Zone,
};
use vil_ir::{passes, plan};

const TEXT: &str = "\
vil: 1
program: town
package: own
strict: true
constants: { LIMIT: { type: u32, value: 16 }, NAME: { type: str, value: town } }
enums: { Risk: { repr: u8, open: false, values: { ok: 0, npl: 1 } } }
structs:
  Point: { fields: [ { name: x, type: f32 }, { name: risk, type: Risk, as: u16 } ] }
  Either: { tag: u8, open: true, variants: { A: { tag: 1, fields: [ { name: p, type: Point } ] }, B: { tag: 2 } } }
messages:
  Ask: { kind: message, fields: [ { name: n, type: u64 } ] }
  Answer: { kind: message, fields: [ { name: either, type: Either } ] }
  Broken: { kind: fault, variants: { Io: { tag: 1, fields: [ { name: errno, type: i32 } ] } } }
  Order: { layout: external, media_type: application/json, adapter: json, max_bytes: 4096 }
  Scan:
    kind: state
    layout: relative
    max_bytes: 4096
    fields: [ { name: points, type: 'VSlice<Point>', doc: what was seen }, { name: label, type: 'VStr<16>', optional: true } ]
interfaces:
  asker: { ports: { ask: { direction: request, message: Ask, reply: Answer, loans: 2 }, orders: { direction: out, message: Order } } }
  server:
    ports:
      scans: { direction: out, message: Scan }
      serve: { direction: response, message: Ask, reply: Answer, loans: 2 }
      faults: { direction: out, message: Broken, lane: control }
  relay: { ports: { scans: { direction: in, message: Scan }, on: { direction: out, message: Scan } } }
  sink:
    ports:
      scans: { direction: in, message: Scan }
      orders: { direction: in, message: Order }
      faults: { direction: in, message: Broken, lane: control }
processes:
  asker: { interface: asker, zone: native_core }
  server: { interface: server, host: here, exec: pinned_worker, priority: 3, failure_domain: core, observe: { latency: serve, sample: 1 } }
  relay: { interface: relay, forwards: [ { from: scans, to: on } ], mutates: [ scans ], idempotent: true }
  sink: { interface: sink }
routes:
  - { from: asker.ask, to: server.serve, transfer: copy }
  - { from: server.scans, to: relay.scans, transfer: consume_once, delivery: best_effort, queue: { capacity: 16, backpressure: drop_newest } }
  - { from: relay.on, to: sink.scans, verify: first, boundary: inter_process }
  - { from: asker.orders, to: sink.orders }
  - { from: server.faults, to: sink.faults }
hosts: { here: { address: 10.0.0.1 } }
failovers: [ { source: server, on: Broken, strategy: restart } ]
defaults:
  processes: { cleanup: reclaim_orphans, failure_domain: rest, observe: {} }
  routes: { delivery: at_least_once, queue: { backpressure: block, deadline_ms: 100 } }
";

fn field(name: &str, ty: &str) -> Field {
    Field::new(name, parse(ty).expect("a type"))
}

fn made() -> Builder {
    let mut risk = field("risk", "Risk");
    risk.storage = Some(Scalar::U16);
    let (mut points, mut label) = (field("points", "VSlice<Point>"), field("label", "VStr<16>"));
    (points.notes.doc, label.optional) = (Some("what was seen".to_owned()), true);
    let arms = vec![Arm::new("A", 1, vec![field("p", "Point")]), Arm::new("B", 2, Vec::new())];
    let broken = Variants::new(vec![Arm::new("Io", 1, vec![field("errno", "i32")])]);
    Builder::new("town")
        .package("own")
        .strict()
        .constant("LIMIT", Constant::new(Some(Scalar::U32), Value::Int(16)))
        .constant("NAME", Constant::new(None, Value::Str("town".to_owned())))
        .enumeration("Risk", Enum { open: false, ..Enum::new(Scalar::U8, &[("ok", 0), ("npl", 1)]) })
        .structure("Point", vec![field("x", "f32"), risk])
        .structure("Either", Variants { tag: Scalar::U8, open: true, arms })
        .message("Ask", Kind::Message, vec![field("n", "u64")])
        .message("Answer", Kind::Message, vec![field("either", "Either")])
        .define("Broken", Message::new(broken))
        .with_message("Broken", |message| message.kind = Some(Kind::Fault))
        .external("Order", "application/json", "json", 4096)
        .relative("Scan", Kind::State, 4096, vec![points, label])
}

fn connected() -> Builder {
    let shape = RouteShape::default;
    let queue = Queue { capacity: Some(16), backpressure: Some(Backpressure::DropNewest), ..Queue::default() };
    let (transfer, delivery) = (Some(Transfer::ConsumeOnce), Some(Delivery::BestEffort));
    let control = RouteShape { lane: Some(Lane::Control), ..shape() };
    let copied = RouteShape { transfer: Some(Transfer::Copy), ..shape() };
    made()
        .request(("asker", "ask"), ("server", "serve"), ("Ask", "Answer"), copied)
        .with_port(("asker", "ask"), |port| port.loans = Some(2))
        .with_port(("server", "serve"), |port| port.loans = Some(2))
        .route(("server", "scans"), ("relay", "scans"), "Scan", RouteShape { transfer, delivery, queue, ..shape() })
        .route(("relay", "on"), ("sink", "scans"), "Scan", shape())
        .with_route(|route| (route.verify, route.boundary) = (Some(Verify::First), Some(Boundary::InterProcess)))
        .route(("asker", "orders"), ("sink", "orders"), "Order", shape())
        .route(("server", "faults"), ("sink", "faults"), "Broken", control)
}

#[test]
fn a_program_with_everything_is_made_as_its_text_says_it() {
    let mut defaults = Defaults::default();
    defaults.processes.cleanup = Some(Cleanup::ReclaimOrphans);
    defaults.processes.failure_domain = Some("rest".to_owned());
    defaults.processes.observe = Some(Observe::default());
    defaults.routes.delivery = Some(Delivery::AtLeastOnce);
    defaults.routes.queue.backpressure = Some(Backpressure::Block);
    defaults.routes.queue.deadline_ms = Some(100);
    let program = connected()
        .with_process("asker", |process| process.zone = Some(Zone::NativeCore))
        .with_process("server", |process| {
            process.host = Some("here".to_owned());
            process.exec = Some(ExecClass::PinnedWorker);
            process.priority = Some(3);
            process.failure_domain = Some("core".to_owned());
            process.observe = Some(Observe { trace_hop: None, latency: Some("serve".to_owned()), sample: Some(1) });
        })
        .forward("relay", "scans", "on")
        .with_process("relay", |process| (process.mutates, process.idempotent) = (vec!["scans".to_owned()], true))
        .host("here", "10.0.0.1")
        .failover("server", None, "Broken", Strategy::Restart)
        .defaults(defaults)
        .build();
    let (read, _) = from_yaml(TEXT).unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(canonical_json(&program), canonical_json(&read));
    assert_eq!(program, read);
    assert_eq!(passes::run(&program), []);
}

#[test]
fn what_is_made_is_judged_and_planned_like_what_is_read() {
    let found: Vec<String> = passes::run(&connected().build()).iter().map(ToString::to_string).collect();
    // Nothing is stated under `strict` before the defaults are.
    assert!(
        !found.is_empty()
            && found.iter().all(|fault| fault.contains("left to a built-in default") || fault.contains("leaves ")),
        "{found:#?}"
    );
    let names: Vec<String> = plan::plan_program(&connected().build())
        .map(|plan| plan.messages.into_iter().map(|message| message.name).collect())
        .expect("what is only not strict enough has a plan");
    assert_eq!(names, ["Answer", "Ask", "Broken", "Order", "Scan"]);
}

#[test]
fn a_change_of_what_is_not_there_changes_nothing() {
    let program = Builder::new("p").with_message("M", |_| panic!("none")).with_route(|_| panic!("none")).build();
    assert_eq!(program, Builder::new("p").build());
    let program = Builder::new("p").with_port(("a", "b"), |_| panic!("none")).build();
    assert!(program.processes.contains_key("a") && program.interfaces["a"].ports.is_empty());
}
