//! Reading and writing programs: what is written is read, faults are all found and stand where they are.

use vil_ir::dump::{canonical_json, yaml};
use vil_ir::fingerprint::layout_text;
use vil_ir::layout::lay_out;
use vil_ir::load::{self, Files, Format, from_json, from_yaml};

const CREDIT: &str = r#"
vil: 1
program: credit
enums:
  Risk: { repr: u8, open: true, values: { ok: 0, npl: 1 } }
structs:
  Point: { fields: [ { name: x, type: f32 }, { name: y, type: f32 } ] }
messages:
  Credit:
    kind: event
    layout: flat
    fields:
      - { name: line,   type: u64, doc: "line in the input, from 1" }
      - { name: amount, type: f64, unit: IDR, range: [0, null], default: NaN }
      - { name: risk,   type: Risk, default: npl, as: u16 }
      - { name: on,     type: "[u8; 16]", annotations: { y: no, n: 1.5, "a/b": true } }
  Fault:
    kind: fault
    variants:
      Malformed: { tag: 1, fields: [ { name: line, type: u64 } ] }
      Io:        { tag: 2, fields: [ { name: errno, type: i32 } ] }
interfaces:
  Ingest:
    ports:
      credits: { direction: out, message: Credit, lane: data,
                 queue: { kind: spsc, capacity: 1024, backpressure: block, deadline_ms: 5000 } }
  Filter:
    ports:
      credits: { direction: in, message: Credit }
processes:
  ingest: { interface: Ingest, exec: thread, observe: { trace_hop: true, latency: "ingest" } }
  filter: { interface: Filter }
routes:
  - { from: ingest.credits, to: filter.credits, transfer: loan_write, delivery: at_least_once }
hosts: {}
failovers: []
"#;

fn faults(text: &str) -> Vec<String> {
    let found = from_yaml(text).expect_err("the text is faulty");
    found.items.iter().map(ToString::to_string).collect()
}

/// A text with one line changed.
fn changed(from: &str, to: &str) -> String {
    assert!(CREDIT.contains(from), "{from}");
    CREDIT.replacen(from, to, 1)
}

#[test]
fn yaml_and_json_of_one_program_are_the_same_program() {
    let (program, _) = from_yaml(CREDIT).expect("it is right");
    let json = canonical_json(&program);
    let (again, _) = from_json(&json).expect("canonical JSON is right");
    assert_eq!(canonical_json(&again), json);
    let (from_json_as_yaml, _) = from_yaml(&json).expect("JSON is YAML");
    assert_eq!(canonical_json(&from_json_as_yaml), json);
    let text = yaml(&program);
    let (from_printed, _) = from_yaml(&text).unwrap_or_else(|faults| panic!("{faults}\n{text}"));
    assert_eq!(canonical_json(&from_printed), json, "{text}");
}

#[test]
fn words_that_older_yaml_took_for_flags_are_text() {
    let (program, _) = from_yaml(CREDIT).expect("it is right");
    let json = canonical_json(&program);
    assert!(json.contains(r#""name":"on""#) && json.contains(r#""y":"no""#), "{json}");
}

#[test]
fn an_unknown_key_is_shown_with_the_nearest_right_one() {
    let found = faults(&changed("kind: event", "kid: event"));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("<text>:10:5: error[VIL-F002]: unknown key `kid`"), "{}", found[0]);
    assert!(found[0].ends_with("did you mean `kind`?"), "{}", found[0]);
}

#[test]
fn unknown_types_names_and_ports_are_shown_with_the_nearest_right_one() {
    let found = faults(&changed("type: f64", "type: Rist"));
    assert!(found[0].contains("VIL-F008") && found[0].contains("did you mean `Risk`?"), "{found:?}");
    for (foreign, ours) in [("uint32_t", "u32"), ("double", "f64"), ("int", "i32"), ("U64", "u64"), ("u46", "u64")] {
        let found = faults(&changed("type: f64", &format!("type: {foreign}")));
        assert!(found[0].ends_with(&format!("did you mean `{ours}`?")), "{found:?}");
    }
    let found = faults(&changed("capacity: 1024", "cap: 1024"));
    assert!(found[0].ends_with("did you mean `capacity`?"), "{found:?}");
    let found = faults(&changed("message: Credit }", "message: Credits }"));
    assert!(found[0].contains("VIL-F009") && found[0].contains("did you mean `Credit`?"), "{found:?}");
    let found = faults(&changed("to: filter.credits", "to: filter.credit"));
    assert!(found[0].contains("VIL-F010") && found[0].contains("did you mean `credits`?"), "{found:?}");
    let found = faults(&changed("to: filter.credits", "to: filer.credits"));
    assert!(found[0].contains("VIL-F009") && found[0].contains("did you mean `filter`?"), "{found:?}");
    let found = faults(&changed("transfer: loan_write", "transfer: loan_writ"));
    assert!(found[0].contains("VIL-F006") && found[0].contains("did you mean `loan_write`?"), "{found:?}");
}

#[test]
fn a_name_that_stands_twice_is_shown_where_it_stands_again() {
    let found = faults(&changed("  Fault:\n", "  Credit:\n"));
    assert!(found[0].starts_with("<text>:17:3: error[VIL-F004]"), "{found:?}");
    assert!(found[0].contains("`Credit` in line 9"), "{found:?}");
    let found = faults(&changed("  Point: {", "  Risk: {"));
    assert!(found[0].contains("VIL-F004") && found[0].contains("`Risk` is defined twice"), "{found:?}");
    let found = faults(&changed("name: amount", "name: line  "));
    assert!(found[0].contains("VIL-F004") && found[0].contains("two fields"), "{found:?}");
}

#[test]
fn all_faults_are_found_at_once_in_the_order_of_their_places() {
    let text = changed("kind: event", "kid: event")
        .replace("type: f64", "type: Rist")
        .replace("capacity: 1024", "capacity: many");
    let found = faults(&text);
    assert_eq!(found.len(), 3, "{found:?}");
    let codes: Vec<bool> =
        ["F002", "F008", "F005"].iter().zip(&found).map(|(code, text)| text.contains(code)).collect();
    assert_eq!(codes, [true; 3], "{found:?}");
}

#[test]
fn a_word_that_is_wrong_hides_no_other_fault_of_its_node() {
    let text = "\
vil: 1
program: hidden
enums:
  Risk: { repr: u9, open: maybe, values: { ok: 0 } }
messages:
  M: { fields: [ { name: x, type: u8 } ] }
interfaces:
  Out: { ports: { p: { direction: outt, message: Mm, lane: dat, loans: many, queue: { capacity: lots, backpressure: drop } } } }
";
    let found = faults(text);
    let codes: Vec<&str> = found.iter().filter_map(|text| text.split_once("VIL-")?.1.get(..4)).collect();
    assert_eq!(codes, ["F006", "F005", "F006", "F009", "F006", "F005", "F005", "F006"], "{found:#?}");
}

#[test]
fn a_fault_of_syntax_has_line_and_column_in_both_languages() {
    for text in ["vil: 1\nprogram: [a\nmessages: {}\n", "vil: 1\n\tprogram: a\n", "a: b: c\n", "--- 1\n--- 2\n", ""] {
        let found = faults(text);
        assert!(found[0].contains("VIL-F001") || found[0].contains("VIL-F005"), "{text:?} {found:?}");
    }
    let json = from_json("{\"vil\": 1,\n \"program\": \"a\",\n}").expect_err("a comma too many");
    assert!(json.to_string().starts_with("<text>:3:1: error[VIL-F001]"), "{json}");
    let json = from_json("{\"vil\": 1, \"doc\": \"äöü\", \"program\": \"a\", \"strict\": 3}").expect_err("no flag");
    assert!(json.to_string().starts_with("<text>:1:52: error[VIL-F005]"), "{json}");
    let wrong = [
        "{",
        "[1,]",
        "{\"a\" 1}",
        "01",
        "1.",
        "-",
        "1e",
        "\"\\x\"",
        "\"\\ud800\"",
        "\"\t\"",
        "nul",
        "\"a",
        "[1 2]",
        "{} {}",
        "\u{1}",
        "\"\\u12g4\"",
        "+1",
        "'a'",
        "",
    ];
    for text in wrong {
        let found = from_json(text).expect_err(text);
        assert_eq!(found.items[0].code(), "VIL-F001", "{text:?}: {found}");
    }
}

#[test]
fn bombs_end_at_a_limit() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(from_json(&deep).expect_err("too deep").items[0].code(), "VIL-F014");
    assert!(from_yaml(&deep).is_err(), "the YAML scanner has a limit of its own");
    let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    assert_eq!(from_yaml(&deep).expect_err("too deep").items[0].code(), "VIL-F014");
    let mut laughs = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let last = format!("*a{}", level - 1);
        laughs += &format!("a{level}: &a{level} [{}]\n", vec![last; 10].join(", "));
    }
    assert_eq!(from_yaml(&laughs).expect_err("a bomb").items[0].code(), "VIL-F014");
    let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), vec!["*a"; 1 << 10].join(", "));
    assert_eq!(from_yaml(&long).expect_err("a gigabyte of text").items[0].code(), "VIL-F014");
    let recursive = from_yaml("a: &a [*a]\n").expect_err("an alias inside its anchor");
    assert_eq!(recursive.items[0].code(), "VIL-F001");
}

#[test]
fn aliases_stand_for_what_they_name() {
    let text = changed("{ kind: spsc, capacity: 1024, backpressure: block, deadline_ms: 5000 }", "&q { capacity: 8 }")
        .replace("direction: in, message: Credit }", "direction: in, message: Credit, queue: *q }");
    let (program, _) = from_yaml(&text).expect("aliases are legal");
    assert_eq!(program.interfaces["Filter"].ports["credits"].queue.capacity, Some(8));
}

struct Memory(Vec<(&'static str, &'static str)>);

impl Files for Memory {
    fn read(&mut self, path: &str) -> Result<String, String> {
        let found = self.0.iter().find(|(name, _)| *name == path);
        found.map(|(_, text)| (*text).to_owned()).ok_or("there is no such file".to_owned())
    }
}

fn with_files(text: &str, files: Vec<(&'static str, &'static str)>) -> Result<vil_ir::model::Program, String> {
    let read = load::from_text("dir/main.yaml", text.to_owned(), Format::Yaml, &mut Memory(files));
    read.map(|(program, _)| program).map_err(|faults| faults.to_string())
}

const GEO: &str = "vil: 1\nprogram: types\npackage: geo\nenums: { Axis: { repr: u8, values: { x: 0 } } }\nstructs: { Point: { fields: [ { name: axis, type: Axis } ] } }\n";

#[test]
fn imports_of_another_package_are_used_by_their_full_name() {
    let main = "vil: 1\nprogram: a\nimports: [sub/../geo.yaml]\nmessages: { M: { fields: [ { name: p, type: geo.Point } ] } }\n";
    let program = with_files(main, vec![("dir/geo.yaml", GEO)]).expect("it is right");
    assert!(program.structs.contains_key("geo.Point") && program.enums.contains_key("geo.Axis"));
    let json = canonical_json(&program);
    assert_eq!(from_json(&json).expect("it stands alone").0, program);
    let home = from_yaml(GEO).expect("it is right").0;
    let text = |program: &vil_ir::model::Program, name: &str| {
        layout_text(program, &lay_out(program).expect("it has a layout"), name)
    };
    assert_eq!(text(&program, "geo.Point"), text(&home, "Point"), "one message has one layout text");
    let short = main.replace("geo.Point", "Point");
    let fault = with_files(&short, vec![("dir/geo.yaml", GEO)]).expect_err("the package is missing");
    assert!(fault.contains("did you mean `geo.Point`?") || fault.contains("VIL-F008"), "{fault}");
}

#[test]
fn files_of_one_package_merge() {
    let main = "vil: 1\nprogram: a\npackage: geo\nimports: [geo.yaml]\nmessages: { M: { fields: [ { name: p, type: Point }, { name: q, type: geo.Point } ] } }\n";
    let program = with_files(main, vec![("dir/geo.yaml", GEO)]).expect("it is right");
    assert!(program.structs.contains_key("Point"));
    let twice = format!("{main}structs: {{ Point: {{}} }}\n");
    let fault = with_files(&twice, vec![("dir/geo.yaml", GEO)]).expect_err("Point stands twice");
    assert!(fault.contains("VIL-F004") && fault.contains("dir/main.yaml"), "{fault}");
}

#[test]
fn imports_that_form_a_cycle_or_do_not_exist_are_refused() {
    let main = "vil: 1\nprogram: a\nimports: [b.yaml]\n";
    let fault =
        with_files(main, vec![("dir/b.yaml", "vil: 1\nprogram: b\nimports: [main.yaml]\n")]).expect_err("a cycle");
    assert!(fault.starts_with("dir/b.yaml:3:11: error[VIL-F012]"), "{fault}");
    let fault = with_files(main, vec![]).expect_err("no file");
    assert!(fault.starts_with("dir/main.yaml:3:11: error[VIL-F011]"), "{fault}");
    let fault = with_files(main, vec![("dir/b.yaml", "vil: 1\nprogram: b\nfoo: 1\n")]).expect_err("unknown key");
    assert!(fault.starts_with("dir/b.yaml:3:1: error[VIL-F002]"), "{fault}");
    assert!(from_yaml(main).expect_err("no files here").to_string().contains("imports can be read from files only"));
}

#[test]
fn a_node_stands_in_the_file_that_defines_it() {
    let main = "vil: 1\nprogram: a\npackage: own\nimports: [geo.yaml, more.yaml]\nmessages: {}\n";
    let more = "vil: 1\nprogram: b\npackage: own\n\nstructs:\n  Point: { fields: [] }\n";
    let mut files = Memory(vec![("dir/geo.yaml", GEO), ("dir/more.yaml", more)]);
    let read = load::from_text("dir/main.yaml", main.to_owned(), Format::Yaml, &mut files);
    let (_, source) = read.unwrap_or_else(|faults| panic!("{faults}"));
    let place = |pointer: &str| {
        let place = source.place(pointer).expect("every pointer has a place");
        (source.file(place.file).map_or("", |(name, _)| name).to_owned(), place.line)
    };
    assert_eq!(place("/structs/geo.Point/fields/0/type"), ("dir/geo.yaml".to_owned(), 5));
    assert_eq!(place("/structs/Point"), ("dir/more.yaml".to_owned(), 6));
    assert_eq!(place("/messages/Gone/kind"), ("dir/main.yaml".to_owned(), 5));
}

#[test]
fn a_type_without_quotes_is_told_how_it_is_written_and_hides_nothing_else() {
    let field = |ty: &str| format!("{{ name: on,     type: {ty}, unit: m }}");
    for ty in ["[u8; 16]", "VSlice<u8, 4>", "VSlice<VStr<8>, 4>", "[VSlice<u8, 4>; 2]", "VSlice<VSlice<u8, 2>, 4>"] {
        let written = r#"{ name: on,     type: "[u8; 16]", annotations: { y: no, n: 1.5, "a/b": true } }"#;
        let found = faults(&changed(written, &field(ty)));
        let quoted = format!("`type` is a text, and YAML takes this one apart; quote it: \"{ty}\"");
        if vil_ir::types::parse(ty).is_ok() {
            assert!(found.len() == 1 && found[0].ends_with(&quoted), "{found:?}");
        }
        // Everything else about the field is looked at.
        let found = faults(&changed(written, &field(ty).replace("unit: m", "unti: m")));
        assert!(found.iter().any(|fault| fault.contains("unknown key `unti`")), "{found:?}");
        // In quotes it is a type as any other, and so it is in a block where YAML leaves it whole.
        let found = from_yaml(&changed(written, &field(&format!("\"{ty}\""))));
        assert_eq!(found.is_ok(), vil_ir::types::parse(ty).is_ok(), "{ty}");
    }
    let found = faults(&changed(r#"type: "[u8; 16]""#, "type: [[u8; 4]; 2]"));
    assert!(found.len() == 1 && found[0].contains("not YAML"), "{found:?}");
    assert!(found[0].ends_with("; quote it: \"[[u8; 4]; 2]\""), "{found:?}");
    // What is no type gets no such advice.
    for ty in ["[a, b]", "[]", "{}", "VSlice<u8, x: 4>", "[[1, 2]]", "VSlice<u8, 4>>"] {
        let found = faults(&changed(r#"type: "[u8; 16]""#, &format!("type: {ty}")));
        assert!(!found.is_empty() && found.iter().all(|fault| !fault.contains("quote it")), "{ty}: {found:?}");
    }
}

/// A program with an import that is not there, or that is no text of the language.
fn partly(text: &str, import: Option<&str>) -> Vec<String> {
    struct One<'t>(Option<&'t str>);
    impl Files for One<'_> {
        fn read(&mut self, _: &str) -> Result<String, String> {
            self.0.map(str::to_owned).ok_or_else(|| "it is not there".to_owned())
        }
    }
    let text = text.replace("program: credit\n", "program: credit\nimports: [ types.yaml ]\n");
    let found = load::from_text("credit.yaml", text, Format::Yaml, &mut One(import)).expect_err("an import is missing");
    found.items.iter().map(ToString::to_string).collect()
}

#[test]
fn an_import_that_cannot_be_read_hides_no_fault_that_is_certain() {
    let faulty = CREDIT
        .replace("type: Risk", "type: Rsik")
        .replace("message: Credit, lane: data", "message: Credti, lane: dtaa")
        .replace("kind: event", "knid: event")
        .replace("to: filter.credits", "to: filter.credit")
        .replace("type: i32", "type: Elsewhere");
    for import in [None, Some("vil: 1\nprogram: [\n")] {
        let found = partly(&faulty, import);
        let says = |words: &str| found.iter().any(|fault| fault.contains(words));
        for words in [
            "unknown type `Rsik` (",
            "there is no message `Credti`",
            "unknown lane `dtaa`",
            "unknown key `knid`",
            "process `filter` has no port `credit`",
        ] {
            assert!(says(words), "{words} is missing: {found:#?}");
        }
        assert!(says("types.yaml") && found.len() == 6, "{found:#?}");
        assert!(!says("Elsewhere"), "the import may define it: {found:#?}");
        // A program that is right but for its import has that fault alone.
        assert_eq!(partly(CREDIT, import).len(), 1);
    }
    assert!(partly(CREDIT, None)[0].contains("names that it may define are passed over"));
    // With all files read every name is known or told.
    assert!(
        partly(&CREDIT.replace("type: i32", "type: Elsewhere"), Some("vil: 1\nprogram: types\n"))[0]
            .contains("Elsewhere")
    );
}
