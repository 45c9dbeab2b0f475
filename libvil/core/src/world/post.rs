//! A program for tests of this floor: one writer, one reader, one route of letters.

use vil_ir::load::from_json;
use vil_ir::plan::{Plan, plan_program};

/// Its plan, where a letter is one field of the type `of`.
pub(super) fn post(of: &str) -> Plan {
    let text = r#"{
        "vil": 1, "program": "post",
        "messages": { "Letter": { "fields": [ { "name": "body", "type": "OF" } ] } },
        "interfaces": {
            "Writer": { "ports": { "letters": { "direction": "out", "message": "Letter" } } },
            "Reader": { "ports": { "letters": { "direction": "in", "message": "Letter" } } } },
        "processes": { "writer": { "interface": "Writer" }, "reader": { "interface": "Reader" } },
        "routes": [ { "from": "writer.letters", "to": "reader.letters" } ]
    }"#;
    let (program, _) = from_json(&text.replace("OF", of)).expect("it is a program");
    plan_program(&program).expect("it has a plan")
}
