//! What tools show of a program: faults as SARIF and in colour, its form as a schema, what it leaves unsaid, and what its
//! world occupies.

use std::collections::BTreeSet;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;
use vil_core::sys::file::RuntimeDir;
use vil_core::world::{Contract, World};

const GOOD: &str = "\
vil: 1
program: twin
messages:
  Item: { fields: [ { name: n, type: u64 } ] }
interfaces:
  Source: { ports: { items: { direction: out, message: Item } } }
  Sink: { ports: { items: { direction: in, message: Item } } }
processes:
  source: { interface: Source }
  sink: { interface: Sink }
routes:
  - { from: source.items, to: sink.items }
";

fn vil(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_vil")).args(args).env_remove("NO_COLOR").output().expect("vil runs")
}

/// A file of its own for each test.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> File {
        let path = std::env::temp_dir().join(format!("vil-look-{}-{name}", std::process::id()));
        std::fs::write(&path, text).expect("a file for the test");
        File(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("the path is text")
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("output is text")
}

/// The only run of a log, after its outer form was looked at.
fn run_of(output: &Output) -> Value {
    let log: Value = serde_json::from_slice(&output.stdout).expect("a log is JSON");
    assert_eq!(log["version"], "2.1.0");
    assert!(log["$schema"].as_str().is_some_and(|schema| schema.ends_with("sarif-schema-2.1.0.json")));
    let runs = log["runs"].as_array().expect("a log has runs");
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0]["tool"]["driver"]["name"], "vil");
    assert_eq!(runs[0]["columnKind"], "unicodeCodePoints");
    runs[0].clone()
}

fn results(run: &Value) -> &Vec<Value> {
    run["results"].as_array().expect("a run has results")
}

#[test]
fn a_log_has_every_rule_with_its_help_and_every_fault_with_its_region() {
    let faulty = File::new("faulty.yaml", &GOOD.replace("u64", "u46").replace("direction: out", "diretcion: out"));
    let warned = GOOD.replace("interface: Source }", "interface: Source, observe: { trace_hop: true } }");
    let (warned, clean) = (File::new("warned.yaml", &warned), File::new("clean.yaml", GOOD));
    let output = vil(&["check", "--format", "sarif", faulty.path(), warned.path(), clean.path()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stderr.is_empty());
    let run = run_of(&output);
    let rules = run["tool"]["driver"]["rules"].as_array().expect("a driver has rules");
    let ids: BTreeSet<&str> = rules.iter().filter_map(|rule| rule["id"].as_str()).collect();
    assert!(ids.len() == rules.len() && ids.len() > 80, "ids are there and stand once");
    for rule in rules {
        let has = |value: &Value| value["text"].as_str().is_some_and(|text| text.ends_with('.'));
        assert!(has(&rule["shortDescription"]) && has(&rule["help"]), "{rule}");
        assert!(["error", "warning"].contains(&rule["defaultConfiguration"]["level"].as_str().unwrap_or("")));
    }
    let found: Vec<(&str, &str)> = results(&run)
        .iter()
        .map(|result| (result["ruleId"].as_str().expect("an id"), result["level"].as_str().expect("a level")))
        .collect();
    let expected = [("VIL-F008", "error"), ("VIL-F003", "error"), ("VIL-F002", "error"), ("VIL-S002", "warning")];
    assert_eq!(found, expected);
    for result in results(&run) {
        let index = result["ruleIndex"].as_u64().expect("an index") as usize;
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(result["message"]["text"].as_str().is_some_and(|text| !text.is_empty()));
    }
    let place = &results(&run)[0]["locations"][0];
    let uri = format!("file://{}", faulty.path());
    assert_eq!(place["physicalLocation"]["artifactLocation"]["uri"], uri);
    let region: Value = serde_json::from_str("{\"startLine\":4,\"startColumn\":38,\"endColumn\":41}").expect("JSON");
    assert_eq!(place["physicalLocation"]["region"], region);
    assert_eq!(place["logicalLocations"][0]["fullyQualifiedName"], "/messages/Item/fields/0/type");
}

#[test]
fn a_clean_program_and_a_missing_one_have_a_log_too() {
    let clean = File::new("alone.yaml", GOOD);
    let output = vil(&["check", "--format", "sarif", clean.path()]);
    assert_eq!(output.status.code(), Some(0));
    assert!(results(&run_of(&output)).is_empty());
    let output = vil(&["check", "--format", "sarif", "/nowhere/at all.yaml"]);
    assert_eq!(output.status.code(), Some(2));
    let place = results(&run_of(&output))[0]["locations"][0]["physicalLocation"].clone();
    assert_eq!(place["artifactLocation"]["uri"], "file:///nowhere/at%20all.yaml");
    assert_eq!(place["region"], Value::Null);
}

#[test]
fn colour_is_there_when_it_is_asked_for_and_not_in_a_pipe() {
    let file = File::new("colour.yaml", &GOOD.replace("u64", "u46"));
    let shown = |args: &[&str]| text(&vil(&[&["check", file.path()], args].concat()).stderr);
    let plain = shown(&[]);
    assert!(!plain.contains('\u{1b}'));
    assert_eq!(shown(&["--color", "never"]), plain);
    assert!(shown(&["--color", "always"]).contains('\u{1b}'));
    assert_eq!(vil(&["check", "--color", "sometimes", file.path()]).status.code(), Some(2));
}

#[test]
fn the_schema_is_the_committed_one() {
    let output = vil(&["schema"]);
    assert_eq!(output.status.code(), Some(0));
    let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/vil.schema.json");
    assert_eq!(text(&output.stdout), std::fs::read_to_string(committed).expect("the schema is committed"));
}

/// Everything that decides about the size of a world: copies in cells and slots, claimed rings, requests, shared slots.
const MIXED: &str = "\
vil: 1
program: mixed
messages:
  Small: { kind: fault, fields: [ { name: n, type: u64 } ] }
  Item: { fields: [ { name: n, type: u64 }, { name: rest, type: \"[u8; 5000]\" } ] }
  Answer: { fields: [ { name: n, type: u32 } ] }
defaults: { ports: { loans: 2, queue: { capacity: 8 } } }
interfaces:
  Source:
    ports:
      shared: { direction: out, message: Item }
      crowd: { direction: out, message: Answer, queue: { kind: mpmc, capacity: 16 } }
      faults: { direction: out, message: Small, lane: control }
      asks: { direction: request, message: Item, reply: Answer }
  Sink:
    ports:
      shared: { direction: in, message: Item }
      crowd: { direction: in, message: Answer }
      faults: { direction: in, message: Small, lane: control }
      asks: { direction: response, message: Item, reply: Answer }
  Other: { ports: { shared: { direction: in, message: Item } } }
processes:
  source: { interface: Source }
  sink: { interface: Sink }
  other: { interface: Other }
routes:
  - { from: source.shared, to: sink.shared }
  - { from: source.shared, to: other.shared }
  - { from: source.asks, to: sink.asks }
  - { from: source.faults, to: sink.faults }
  - { from: source.crowd, to: sink.crowd }
";

/// Messages of each layout; the reference of `Nested` is one of its struct, and every route is asked to verify.
const REFERRING: &str = "\
vil: 1
program: referring
structs:
  Point: { fields: [ { name: x, type: f32 }, { name: y, type: f32 } ] }
  Cloud: { fields: [ { name: points, type: \"VSlice<Point>\" } ] }
messages:
  Nested: { max_bytes: 60000, fields: [ { name: stamp, type: u32 }, { name: cloud, type: Cloud } ] }
  Order: { layout: external, media_type: application/json, adapter: json, max_bytes: 4096 }
  Short: { layout: external, media_type: application/json, adapter: json, max_bytes: 40 }
  Plain: { fields: [ { name: n, type: u64 } ] }
defaults: { routes: { verify: first, transfer: loan_write } }
interfaces:
  Source:
    ports:
      nested: { direction: out, message: Nested }
      orders: { direction: out, message: Order }
      plain: { direction: out, message: Plain }
      asks: { direction: request, message: Short, reply: Nested }
  Sink:
    ports:
      nested: { direction: in, message: Nested }
      orders: { direction: in, message: Order }
      plain: { direction: in, message: Plain }
      asks: { direction: response, message: Short, reply: Nested }
processes:
  source: { interface: Source }
  sink: { interface: Sink }
routes:
  - { from: source.nested, to: sink.nested }
  - { from: source.orders, to: sink.orders }
  - { from: source.plain, to: sink.plain }
  - { from: source.asks, to: sink.asks }
";

/// Programs whose worlds are made, by name.
fn programs() -> Vec<(&'static str, String)> {
    let read = |path: &str| {
        let path = format!("{}/../{path}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    };
    vec![
        ("good", GOOD.to_owned()),
        ("mixed", MIXED.to_owned()),
        ("referring", REFERRING.to_owned()),
        ("types", "vil: 1\nprogram: types\nmessages: { M: { fields: [] } }\n".to_owned()),
        ("credit", read("examples-rust/credit/credit.yaml")),
        ("modes", read("tests/tests/golden/modes.yaml")),
    ]
}

/// Bytes of the file of a world that is made from a program.
fn made(name: &str, program: &str) -> u64 {
    let path = std::env::temp_dir().join(format!("vil-look-{}-world-{name}", std::process::id()));
    std::fs::DirBuilder::new().mode(0o700).create(&path).expect("a directory for the test");
    let dir = RuntimeDir::open(Some(&path)).unwrap_or_else(|error| panic!("{error}"));
    let (program, _) = vil_ir::load::from_yaml(program).unwrap_or_else(|faults| panic!("{faults}"));
    let plan = vil_ir::plan::plan_program(&program).unwrap_or_else(|error| panic!("{error}"));
    let nobody = Contract { process: None, ports: &[] };
    let world = World::create(&dir, name, &plan, &nobody).unwrap_or_else(|error| panic!("{error}"));
    let file = std::fs::read_dir(&path).expect("the directory can be read").flatten().next().expect("a world's file");
    let bytes = file.metadata().expect("the file is there").len();
    drop(world);
    std::fs::remove_dir_all(&path).expect("the directory goes away");
    bytes
}

fn sum(list: &Value) -> u64 {
    list.as_array().expect("a list").iter().map(|item| item["bytes"].as_u64().expect("bytes")).sum()
}

fn part(plan: &Value, name: &str) -> u64 {
    let parts = plan["parts"].as_array().expect("a plan has parts");
    let part = parts.iter().find(|part| part["part"] == name).unwrap_or_else(|| panic!("no part {name}"));
    part["bytes"].as_u64().expect("bytes")
}

/// The process of a ring's end.
fn process(end: &Value) -> Option<&str> {
    end.as_str()?.split('.').next()
}

#[test]
fn a_plan_has_the_size_of_the_world_that_is_made_and_its_parts_add_up() {
    for (name, program) in programs() {
        let file = File::new(&format!("plan-{name}.yaml"), &program);
        let output = vil(&["plan", "--format", "json", file.path()]);
        assert_eq!(output.status.code(), Some(0), "{name}: {}", text(&output.stderr));
        let plan: Value = serde_json::from_slice(&output.stdout).expect("a plan is JSON");
        let bytes = plan["bytes"].as_u64().expect("bytes");
        assert_eq!(bytes, made(name, &program), "{name}");
        assert_eq!(sum(&plan["parts"]), bytes, "{name}: the parts");
        assert_eq!(part(&plan, "static part"), plan["static_bytes"].as_u64().expect("bytes"), "{name}");
        let rings = plan["rings"].as_array().expect("a list").iter();
        let ends: BTreeSet<&str> = rings.flat_map(|ring| [&ring["from"], &ring["to"]]).filter_map(process).collect();
        assert_eq!(part(&plan, "wake-up words"), 128 * ends.len() as u64, "{name}");
        // What a page of its own leaves free behind rings and classes is all that is in no ring and no class.
        let free = |part_name: &str, list: &Value| part(&plan, part_name) - sum(list);
        assert!(free("rings", &plan["rings"]) < 4096, "{name}: the rings");
        let classes = plan["classes"].as_array().expect("a list").len() as u64;
        assert!(free("slots", &plan["classes"]) <= 4096 * classes, "{name}: the classes");
        let shown = text(&vil(&["plan", file.path()]).stdout);
        assert!(shown.contains(&format!("a world of {bytes} bytes")), "{shown}");
        for ring in plan["rings"].as_array().expect("a list") {
            let (from, to) = (ring["from"].as_str().expect("text"), ring["to"].as_str().expect("text"));
            assert!(shown.contains(&format!("{from} -> {to}")), "{shown}");
        }
    }
}

#[test]
fn a_plan_says_how_each_ring_is_used_and_answers_name_their_request() {
    let file = File::new("rings.yaml", MIXED);
    let plan: Value = serde_json::from_slice(&vil(&["plan", "--format", "json", file.path()]).stdout).expect("JSON");
    let ring = |index: usize| &plan["rings"][index];
    assert_eq!((&ring(0)["transfer"], &ring(0)["producer_loans"]), (&"share_read".into(), &2.into()));
    assert_eq!(ring(0)["class"], ring(1)["class"]);
    assert_eq!((&ring(3)["transfer"], &ring(3)["class"]), (&"copy".into(), &Value::Null));
    assert_eq!((&ring(4)["kind"], &ring(4)["transfer"]), (&"mpmc".into(), &"consume_once".into()));
    assert_eq!((&ring(5)["answers"], &ring(5)["from"]), (&2.into(), &"sink.asks".into()));
    assert_eq!(plan["rings"].as_array().expect("a list").len(), 6);
}

#[test]
fn a_plan_says_how_each_message_lies_in_memory_and_between_which_sizes() {
    let file = File::new("sizes.yaml", REFERRING);
    let plan: Value = serde_json::from_slice(&vil(&["plan", "--format", "json", file.path()]).stdout).expect("JSON");
    let messages = plan["messages"].as_array().expect("a list").iter();
    let found: Vec<(&str, &str, u64, u64, u64)> = messages
        .map(|message| {
            let word = |key: &str| message[key].as_str().expect("a word");
            let number = |key: &str| message[key].as_u64().expect("a number");
            (word("name"), word("layout"), number("size"), number("least"), number("root_size"))
        })
        .collect();
    let expected = [
        ("Nested", "relative", 60_000, 32, 16),
        ("Order", "external", 4096, 8, 0),
        ("Plain", "flat", 8, 8, 0),
        ("Short", "external", 40, 8, 0),
    ];
    assert_eq!(found, expected);
    let ring = |index: usize| (&plan["rings"][index]["transfer"], &plan["rings"][index]["class"]);
    assert_eq!(ring(0).0, "loan_write");
    assert_eq!(ring(1).0, "copy");
    assert_eq!(ring(3), (&"copy".into(), &Value::Null), "what is short travels in the cell");
    let shown = text(&vil(&["plan", file.path()]).stdout);
    for (route, layout, size) in [("source.nested", "relative", "60000"), ("source.asks", "external", "40")] {
        let line = shown.lines().find(|line| line.contains(&format!("{route} ->"))).expect("a line for the ring");
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(words[5..7], [layout, size], "{line}");
    }
}

#[test]
fn a_program_that_the_passes_refuse_has_no_plan() {
    let file = File::new("refused.yaml", &GOOD.replace("message: Item }", "message: Item, queue: { capacity: 3 } }"));
    let output = vil(&["plan", file.path()]);
    assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(1), true));
    assert!(text(&output.stderr).contains("VIL-Q001"));
    assert_eq!(vil(&["plan", "/nowhere.yaml"]).status.code(), Some(2));
}

#[test]
fn what_was_left_out_is_stated_with_its_reason() {
    let file = File::new("normal.yaml", MIXED);
    let dump = |args: &[&str]| text(&vil(&[&["dump", file.path(), "--normalized"], args].concat()).stdout);
    let yaml = dump(&["--format", "yaml"]);
    for line in [
        "    transfer: share_read  # several routes from one port: share_read",
        "    transfer: copy  # control_heap implies copy",
        "    transfer: consume_once  # the queue is mpmc or drops its oldest: whoever receives takes",
        "    boundary: inter_process  # the ends are on two processes of one host",
        "      capacity: 16  # from the producing port",
        "      capacity: 8  # from defaults.ports",
        "      kind: spsc  # built-in default",
        "    memory: control_heap  # by the message's kind",
        "    failure_domain: sink  # the process's own name",
    ] {
        assert!(yaml.lines().any(|found| found == line), "{line:?} is not in:\n{yaml}");
    }
    assert!(!yaml.contains("defaults:"), "{yaml}");
    let json = dump(&[]);
    let again = File::new("normal.json", &json);
    assert_eq!(text(&vil(&["dump", "--normalized", again.path()]).stdout), json);
    let of_yaml = File::new("normal2.yaml", &yaml);
    assert_eq!(text(&vil(&["dump", of_yaml.path()]).stdout), json);
    let why: Value = serde_json::from_str(&dump(&["--why"])).expect("JSON");
    assert_eq!(why["program"], serde_json::from_str::<Value>(&json).expect("JSON"));
    let derived = why["derived"].as_array().expect("a list");
    for reason in derived.iter().filter(|reason| reason["stated"] == true) {
        let pointer = reason["pointer"].as_str().expect("a pointer");
        let stated = why["program"].pointer(pointer).unwrap_or_else(|| panic!("nothing at {pointer}"));
        let stated = stated.as_str().map_or(stated.to_string(), str::to_owned);
        assert_eq!(reason["value"], stated.as_str(), "{pointer}");
    }
    assert_eq!(vil(&["dump", "--why", file.path()]).status.code(), Some(2));
}

#[test]
fn layouts_are_stated_with_what_they_follow_from_and_verify_where_it_does_something() {
    let file = File::new("referring.yaml", REFERRING);
    let yaml = text(&vil(&["dump", file.path(), "--normalized", "--format", "yaml"]).stdout);
    let count = |line: &str| yaml.lines().filter(|found| *found == line).count();
    assert_eq!(count("    layout: relative  # a field is a reference or holds one"), 1, "{yaml}");
    assert_eq!(count("    layout: flat  # no field is a reference or holds one"), 1, "{yaml}");
    assert_eq!(count("    layout: external"), 2, "{yaml}");
    assert_eq!(count("    transfer: copy  # external implies copy"), 1, "{yaml}");
    assert_eq!(count("    transfer: loan_write  # from defaults.routes"), 2, "{yaml}");
    assert_eq!(count("    verify: first  # from defaults.routes"), 2, "{yaml}");
    let unsaid = File::new("unsaid.yaml", &REFERRING.replace("verify: first, ", ""));
    let unsaid = text(&vil(&["dump", unsaid.path(), "--normalized", "--format", "yaml"]).stdout);
    let stated = unsaid.lines().filter(|line| line.contains("verify:")).collect::<Vec<_>>();
    assert_eq!(stated, ["    verify: never  # built-in default"; 2], "{unsaid}");
    let normal = File::new("referring-normal.yaml", &yaml);
    let checked = vil(&["check", normal.path()]);
    assert_eq!((checked.status.code(), text(&checked.stderr)), (Some(0), String::new()));
}

#[test]
fn what_a_route_states_is_kept_and_a_default_that_answers_alone_have_stays() {
    let normal = |program: &str| {
        let (program, _) = vil_ir::load::from_yaml(program).unwrap_or_else(|faults| panic!("{faults}"));
        let normal = vil_ir::normalize::normalize(&program).program;
        let plan = |program| vil_ir::plan::plan(program, String::new()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(plan(&normal), plan(&program));
        normal
    };
    let stated = REFERRING.replace("reply: Nested", "reply: Short").replace("message: Short", "message: Plain");
    let stated = normal(&stated.replace("to: sink.asks", "to: sink.asks, transfer: loan_read"));
    assert_eq!(stated.routes[3].transfer.map(|transfer| transfer.word()), Some("loan_read"));
    assert_eq!(stated.defaults, Default::default());
    let differs = normal(&REFERRING.replace("transfer: loan_write", "transfer: loan_read"));
    assert_eq!(differs.routes[3].transfer, None);
    assert_eq!(differs.defaults.routes.transfer.map(|transfer| transfer.word()), Some("loan_read"));
}

#[test]
fn what_requests_and_answers_do_differently_is_told_and_left_to_each() {
    let program = MIXED.replace("Answer: { fields", "Answer: { kind: event, fields");
    let file = File::new("differ.yaml", &program);
    let why: Value =
        serde_json::from_slice(&vil(&["dump", "--normalized", "--why", file.path()]).stdout).expect("JSON");
    let derived = why["derived"].as_array().expect("a list");
    let of = |pointer: &str| derived.iter().find(|reason| reason["pointer"] == pointer).expect("a reason");
    assert_eq!(of("/routes/2/delivery")["value"], "best_effort, answers at_least_once");
    assert_eq!(of("/routes/2/delivery")["stated"], false);
    assert_eq!(of("/routes/2/transfer")["stated"], true);
    assert_eq!(why["program"]["routes"][2]["delivery"], Value::Null);
}

#[test]
fn every_command_says_how_it_is_used() {
    for command in ["check", "dump", "plan", "schema"] {
        let output = vil(&[command, "--help"]);
        assert_eq!(output.status.code(), Some(0));
        assert!(text(&output.stdout).contains("Examples:"), "{command}");
    }
}
