//! Evolution: what may change between two releases, rule by rule, each with the twin that keeps it.

use vil_ir::evolve::{Finding, Level, RULES, Sides, Verdict, layouts, programs};
use vil_ir::load::from_json;
use vil_ir::model::Program;

const SCAN: &str = "\
vil-layout 1
relative Scan: size 24 align 8
  @0 #1 stamp: u64
  @8 #2 points: VSlice<Point>
  @16 #3 mode: Mode as u8
struct Point: size 8 align 4
  @0 #1 x: f32
  @4 #2 y: f32
enum Mode: u8 open
";

const CREDIT: &str = "vil-layout 1\nstruct Credit: size 16 align 8\n  @0 #1 line: u64\n  @8 #2 amount: f64\n";

const FAULT: &str = "\
vil-layout 1
union Fault: size 16 align 8 tag u32 open arms @8
  arm Io = 2: size 4 align 4
    @0 #1 errno: i32
";

/// Compares both ways and sees that the answers are each other's mirror.
fn compared(old: &str, new: &str) -> (Verdict, Vec<Finding>) {
    let (verdict, findings) = layouts(old, new, Sides::RELEASES);
    let mirrored = match verdict {
        Verdict::Newer => Verdict::Older,
        Verdict::Older => Verdict::Newer,
        same => same,
    };
    assert_eq!(layouts(new, old, Sides::RELEASES).0, mirrored, "{findings:?}");
    (verdict, findings)
}

fn rules(findings: &[Finding]) -> Vec<&str> {
    let mut rules: Vec<&str> = findings.iter().map(|finding| finding.rule.code).collect();
    rules.dedup();
    rules
}

#[track_caller]
fn is(old: &str, new: &str, verdict: Verdict, rule: &str, path: &str) -> String {
    let (found, findings) = compared(old, new);
    assert_eq!((found, rules(&findings)), (verdict, vec![rule]), "{findings:?}");
    assert_eq!(findings[0].path, path);
    findings[0].sentence.clone()
}

fn grown(more: &str) -> String {
    SCAN.replace("size 24", "size 32").replace("struct Point", &format!("{more}struct Point"))
}

#[test]
fn equal_layouts_are_equivalent_and_nothing_is_found() {
    for text in [SCAN, CREDIT, FAULT, "", "nonsense"] {
        assert_eq!(compared(text, text), (Verdict::Equivalent, Vec::new()));
    }
}

#[test]
fn the_root_of_a_relative_message_grows_at_its_end() {
    let more = grown("  @24 #4 label: VStr\n");
    let said = is(SCAN, &more, Verdict::Newer, "VIL-E005", "/Scan/label");
    assert!(said.contains("`label`") && said.contains("24") && said.contains("in the new one and not"), "{said}");
    is(&more, SCAN, Verdict::Older, "VIL-E005", "/Scan/label");
    let optional = grown("  @24 #4 gain: f32\n  @28 has gain\n");
    is(SCAN, &optional, Verdict::Newer, "VIL-E005", "/Scan/gain");
    let (verdict, findings) =
        compared(SCAN, &grown("  @24 #4 a: VRef<Meta>\n  @28 #5 b: u8\nstruct Meta: size 1 align 1\n"));
    assert_eq!((verdict, findings.len()), (Verdict::Newer, 2), "{findings:?}");
}

#[test]
fn a_root_without_fields_grows() {
    let empty = "vil-layout 1\nrelative A: size 1 align 1\n";
    is(empty, "vil-layout 1\nrelative A: size 8 align 8\n  @0 #1 a: u64\n", Verdict::Newer, "VIL-E005", "/A/a");
}

#[test]
fn a_flat_message_does_not_grow() {
    let more = format!("{}  @16 #3 more: u64\n", CREDIT.replace("size 16", "size 24"));
    let said = is(CREDIT, &more, Verdict::Incompatible, "VIL-E004", "/Credit/more");
    assert!(said.contains("field `more` at offset 16"), "{said}");
}

#[test]
fn a_root_does_not_get_a_field_in_the_middle_or_lose_one() {
    let middle = SCAN.replace("  @16 #3 mode: Mode as u8\n", "  @16 #4 extra: u8\n  @17 #3 mode: Mode as u8\n");
    let (verdict, findings) = compared(SCAN, &middle);
    assert_eq!((verdict, rules(&findings)), (Verdict::Incompatible, vec!["VIL-E004", "VIL-E003"]));
    assert_eq!(findings[0].sentence, "field `extra` at offset 16 stands in the new one and not in the old layout");
    assert_eq!(findings[1].sentence, "field `mode` is at offset 16 in the old layout and 17 in the new one");
    let gone = SCAN.replace("  @8 #2 points: VSlice<Point>\n", "");
    let (verdict, findings) = compared(SCAN, &gone);
    assert_eq!(verdict, Verdict::Incompatible);
    assert!(findings.iter().any(|found| found.path == "/Scan/points"), "{findings:?}");
}

#[test]
fn a_field_that_becomes_optional_is_no_growth() {
    let optional = SCAN.replace("struct Point", "  @17 has mode\nstruct Point");
    is(SCAN, &optional, Verdict::Incompatible, "VIL-E004", "/Scan/mode");
}

#[test]
fn a_field_keeps_type_and_id() {
    let said = is(SCAN, &SCAN.replace("stamp: u64", "stamp: i64"), Verdict::Incompatible, "VIL-E003", "/Scan/stamp");
    assert_eq!(said, "field `stamp` has type u64 in the old layout and i64 in the new one");
    is(SCAN, &SCAN.replace("#2 points", "#9 points"), Verdict::Incompatible, "VIL-E003", "/Scan/points");
    is(SCAN, &SCAN.replace("Mode as u8", "Mode as u16"), Verdict::Incompatible, "VIL-E003", "/Scan/mode");
    is(SCAN, &SCAN.replace("VSlice<Point>", "VSlice<Point, 8>"), Verdict::Incompatible, "VIL-E003", "/Scan/points");
}

#[test]
fn a_renamed_field_is_told_as_one() {
    let said = is(CREDIT, &CREDIT.replace("amount", "sum"), Verdict::Incompatible, "VIL-E003", "/Credit/amount");
    assert_eq!(said, "what stands at offset 8 is called `amount` in the old layout and `sum` in the new one");
}

#[test]
fn what_is_nested_is_frozen() {
    let longer = SCAN.replace("struct Point: size 8", "struct Point: size 12").replace("enum", "  @8 #3 z: f32\nenum");
    is(SCAN, &longer, Verdict::Incompatible, "VIL-E004", "/Point/z");
    let aligned = SCAN.replace("struct Point: size 8 align 4", "struct Point: size 8 align 8");
    is(SCAN, &aligned, Verdict::Incompatible, "VIL-E007", "/Point");
    let relative = SCAN.replace("struct Point", "relative Point");
    is(SCAN, &relative, Verdict::Incompatible, "VIL-E002", "/Point");
}

#[test]
fn a_root_that_also_stands_within_its_message_is_frozen() {
    let tree = "vil-layout 1\nrelative Tree: size 16 align 8\n  @0 #1 n: u64\n  @8 #2 next: VRef<Tree>\n";
    let more = tree.replace("size 16", "size 24") + "  @16 #3 m: u64\n";
    is(tree, &more, Verdict::Incompatible, "VIL-E006", "/Tree");
    let by_another = "vil-layout 1\nrelative Tree: size 8 align 8\n  @0 #1 all: VSlice<Node>\nstruct Node: size 8 align 8\n  @0 #1 sub: VSlice<Tree, 4>\n";
    let more = by_another.replace("Tree: size 8", "Tree: size 16").replace("struct", "  @8 #2 m: u64\nstruct");
    is(by_another, &more, Verdict::Incompatible, "VIL-E006", "/Tree");
    // `Treeline` is another type.
    let other = tree.replace("VRef<Tree>", "VRef<Treeline>") + "struct Treeline: size 1 align 1\n";
    let more = other.replace("size 16", "size 24").replace("struct", "  @16 #3 m: u64\nstruct");
    is(&other, &more, Verdict::Newer, "VIL-E005", "/Tree/m");
}

/// A program whose message holds a struct, a union and an enum, with some text replaced.
fn nested(from: &str, to: &str) -> Vec<String> {
    const TREE: &str = r#"{"vil":1,"program":"p","enums":{"Mode":{"repr":"u8","values":{"off":0}}},
"structs":{"Inner":{"fields":[{"name":"a","type":"u32"},{"name":"b","type":"u32"}]},
 "Outer":{"fields":[{"name":"inner","type":"Inner"},{"name":"mode","type":"Mode"}]},
 "Choice":{"open":true,"variants":{"One":{"tag":1,"fields":[{"name":"of","type":"Inner"}]},"Two":{"tag":2,"fields":[{"name":"n","type":"u16"}]}}}},
"messages":{"M":{"layout":"relative","max_bytes":4096,"fields":[{"name":"outer","type":"Outer"},{"name":"choice","type":"Choice"},
 {"name":"last","type":"u64"}]}}}"#;
    assert_eq!(TREE.matches(from).count(), 1, "{from}");
    let found = programs(&program(TREE), &program(&TREE.replace(from, to)), Level::Layout).expect("both have layouts");
    assert_eq!(found.verdict(), NO);
    found.subjects[0].findings.iter().map(|finding| format!("{}: {}", finding.path, finding.sentence)).collect()
}

#[test]
fn what_somebody_changed_is_told_before_what_moved_because_of_it() {
    let inner = r#"{"name":"b","type":"u32"}"#;
    let arm = r#"{"name":"n","type":"u16"}"#;
    let more = |field: &str| format!(r#"{field},{{"name":"more","type":"u64"}}"#);
    for (from, to, cause) in [
        (inner, &*more(inner), "/Inner/more: field `more` at offset 8 stands in the new one"),
        (
            r#"{"name":"a","type":"u32"}"#,
            r#"{"name":"early","type":"u8"},{"name":"a","type":"u32"}"#,
            "/Inner/early: field `early` at offset 0 stands in the new one",
        ),
        (
            inner,
            r#"{"name":"b","type":"u64"}"#,
            "/Inner/b: field `b` has type u32 in the old layout and u64 in the new one",
        ),
        (&format!(",{inner}"), "", "/Inner/b: field `b` at offset 4 stands in the old layout"),
        (arm, &more(arm), "/Choice/Two/more: field `more` at offset 8 stands in the new one"),
        (arm, r#"{"name":"n","type":"[u16; 40]"}"#, "/Choice/Two/n: field `n` has type u16"),
        (
            r#""Two":"#,
            r#""Huge":{"tag":3,"fields":[{"name":"room","type":"[u64; 40]"}]},"Two":"#,
            "/Choice/Huge: variant `Huge` of `Choice`, of size 320 align 8, for which `Choice` has no room in the old layout",
        ),
        (
            r#""repr":"u8""#,
            r#""repr":"u64""#,
            "/Mode: `Mode` has u8 open in the old layout and u64 open in the new one",
        ),
    ] {
        let found = nested(from, to);
        assert!(found[0].starts_with(cause), "{found:#?}");
        let moved = found.iter().skip_while(|said| !said.contains(" is at offset ") && !said.contains("` has size "));
        let is_effect = |said: &&String| said.contains(" is at offset ") || said.contains(" has size ");
        let effects: Vec<_> = moved.collect();
        assert!(!effects.is_empty() && effects.iter().all(is_effect), "effects come last: {found:#?}");
    }
}

#[test]
fn a_field_that_came_into_padding_is_told_before_positions_that_moved() {
    let text = "vil-layout 1\nstruct A: size 8 align 4\n  @0 #1 a: u8\n  @4 #2 b: u32\n";
    let more = text.replace("  @4 #2", "  @1 #2 more: u8\n  @4 #3");
    let (_, findings) = compared(text, &more);
    let paths: Vec<_> = findings.iter().map(|found| &*found.path).collect();
    assert_eq!(paths, ["/A/more", "/A/b"], "{findings:?}");
}

#[test]
fn a_root_that_grows_as_it_may_is_not_told_as_the_reason() {
    let nested = "vil-layout 1\nrelative M: size 16 align 8\n  @0 #1 p: P\n  @8 #2 n: u64\nstruct P: size 4 align 4\n  @0 #1 x: u32\n";
    let point = nested.replace("size 4 align 4", "size 12 align 4").replace("x: u32\n", "x: u32\n  @4 #2 y: u64\n");
    let both = point.replace("size 16", "size 32").replace("@8 #2 n: u64\n", "@16 #2 n: u64\n  @24 #3 later: u8\n");
    let (verdict, findings) = compared(nested, &both);
    assert_eq!(verdict, NO);
    let breaks: Vec<_> = findings.iter().filter(|found| found.verdict == NO).map(|found| &*found.path).collect();
    assert_eq!(breaks, ["/P/y", "/M/n"], "{findings:?}");
    assert!(findings.iter().any(|found| found.verdict == NEWER && found.path == "/M/later"), "{findings:?}");
}

#[test]
fn a_message_keeps_name_and_form() {
    is(CREDIT, &CREDIT.replace("Credit", "Debit"), Verdict::Incompatible, "VIL-E001", "/Credit");
    is(CREDIT, &CREDIT.replace("struct", "relative"), Verdict::Incompatible, "VIL-E002", "/Credit");
}

#[test]
fn an_enum_keeps_its_repr_and_stays_open() {
    is(SCAN, &SCAN.replace("u8 open", "u8"), Verdict::Incompatible, "VIL-E008", "/Mode");
    is(SCAN, &SCAN.replace("u8 open", "i8 open"), Verdict::Incompatible, "VIL-E008", "/Mode");
}

#[test]
fn an_open_union_gets_arms_and_a_closed_one_does_not() {
    let arm = "  arm Late = 3: size 8 align 8\n    @0 #1 by: u64\n";
    let more = format!("{FAULT}{arm}");
    is(FAULT, &more, Verdict::Newer, "VIL-E011", "/Fault/Late");
    let before = FAULT.replace("  arm Io", &format!("{arm}  arm Io"));
    is(FAULT, &before, Verdict::Newer, "VIL-E011", "/Fault/Late");
    let closed = |text: &str| text.replace(" open", "");
    is(&closed(FAULT), &closed(&more), Verdict::Incompatible, "VIL-E012", "/Fault/Late");
    is(FAULT, &closed(FAULT), Verdict::Incompatible, "VIL-E009", "/Fault");
    let large = more.replace("size 16", "size 24").replace("Late = 3: size 8", "Late = 3: size 16");
    let said = is(FAULT, &large, Verdict::Incompatible, "VIL-E009", "/Fault/Late");
    assert!(said.contains("of size 16 align 8") && said.contains("no room in the old layout"), "{said}");
    // It has room, so it is not why the union is another one.
    for other in [more.replace("size 16", "size 24"), more.replace("@8\n", "@4\n")] {
        let (verdict, findings) = compared(FAULT, &other);
        assert_eq!((verdict, rules(&findings)), (Verdict::Incompatible, vec!["VIL-E011", "VIL-E009"]));
    }
    is(FAULT, &more.replace("Late = 3", "Late = 2"), Verdict::Incompatible, "VIL-E010", "/Fault/Late");
    is(FAULT, &FAULT.replace("Io = 2", "Io = 4"), Verdict::Incompatible, "VIL-E010", "/Fault/Io");
    is(FAULT, &FAULT.replace("errno: i32", "errno: u32"), Verdict::Incompatible, "VIL-E003", "/Fault/Io/errno");
    // An arm more may bring its types along.
    let typed = format!(
        "{FAULT}  arm At = 5: size 8 align 4\n    @0 #1 at: Point\nstruct Point: size 8 align 4\n  @0 #1 x: f32\n"
    );
    is(FAULT, &typed, Verdict::Newer, "VIL-E011", "/Fault/At");
}

#[test]
fn newer_here_and_older_there_is_incompatible() {
    let scan = |arms: &str| {
        format!(
            "vil-layout 1\nrelative A: size 16 align 8\n  @0 #1 f: F\nunion F: size 16 align 8 tag u32 open arms @8\n{arms}"
        )
    };
    let old = scan("  arm X = 1: size 1 align 1\n  arm Y = 2: size 1 align 1\n");
    let new = scan("  arm X = 1: size 1 align 1\n")
        .replace("A: size 16", "A: size 24")
        .replace("union", "  @16 #2 g: u8\nunion");
    let (verdict, findings) = compared(&old, &new);
    assert_eq!((verdict, rules(&findings)), (Verdict::Incompatible, vec!["VIL-E005", "VIL-E011", "VIL-E016"]));
}

#[test]
fn nonsense_is_never_compatible_and_never_a_panic() {
    let lines = |line: &str| format!("{SCAN}{line}\n");
    let nonsense = [
        String::new(),
        "vil-layout 2\n".to_owned(),
        "vil-layout 1\n".to_owned(),
        "vil-layout 1\n  @0 #1 a: u8\n".to_owned(),
        lines("what is this"),
        lines("  @x #1 a: u8"),
        lines("  @99999999999999999999999 #1 a: u8"),
        lines("enum Mode: u8 open"),
        lines("\u{0}: \u{0}"),
        SCAN.replace('\n', "\r\n"),
        SCAN.replace("  @8 #2", "  @8 #2 stamp: u64\n  @8 #2"),
        SCAN.replace("  @0 #1 x: f32\n  @4 #2 y: f32\n", "  @4 #2 y: f32\n  @0 #1 x: f32\n"),
        // Fields that lie in what was there before, and a root that shrinks as it grows.
        SCAN.replace("struct Point", "  @3 #4 evil: u64\nstruct Point"),
        grown("  @24 #4 label: VStr\n").replace("size 32", "size 8"),
        // A type that is used and not described.
        SCAN.replace("enum Mode: u8 open\n", ""),
    ];
    for text in &nonsense {
        let (verdict, findings) = compared(SCAN, text);
        assert_eq!(verdict, Verdict::Incompatible, "{text:?}");
        assert!(rules(&findings).iter().any(|rule| ["VIL-E013", "VIL-E003"].contains(rule)), "{text:?}: {findings:?}");
    }
}

#[test]
fn every_byte_of_a_text_may_be_another_one() {
    for text in [SCAN, CREDIT, FAULT] {
        for at in 0..text.len() {
            for byte in [b'\n', b' ', b'@', b'#', b':', b'9', b'<', b'z'] {
                let mut other = text.as_bytes().to_vec();
                other[at] = byte;
                let other = String::from_utf8(other).expect("it is ASCII");
                compared(text, &other);
                compared(&text[at..], text);
            }
        }
    }
}

#[test]
fn a_thousand_types_of_a_hundred_fields_are_compared_at_once() {
    let text = |name: &str| {
        let fields = |of: usize| (0..100).map(move |at| format!("  @{} #{} {name}{of}_{at}: u8\n", at, at + 1));
        let types = (0..1000).map(|of| format!("struct T{of}: size 1000 align 1\n{}", fields(of).collect::<String>()));
        format!("vil-layout 1\n{}", types.collect::<String>())
    };
    let (old, new) = (text("a"), text("b"));
    let started = std::time::Instant::now();
    assert_eq!(layouts(&old, &new, Sides::RELEASES).0, Verdict::Incompatible);
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}

/// The rules as docs/evolution.md has them.
fn listed() -> String {
    let mut text = String::from(RULES_HEADING);
    for level in Level::ALL {
        text += &format!("\n### {}\n\n| code | rule |\n|---|---|\n", level.word());
        let rules = RULES.iter().filter(|(rule, _)| rule.level == level);
        text += &rules.map(|(rule, title)| format!("| {} | {title} |\n", rule.code)).collect::<String>();
    }
    text
}

const RULES_HEADING: &str = "\
## Rules

Written by the test `evolve` of `vil-ir` from `libvil/ir/src/evolve/rules.rs`; `cargo xtask bless` writes it anew. A code never
changes its meaning and is never reused.
";

#[test]
fn the_document_of_evolution_lists_the_rules_of_the_code() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/evolution.md");
    let found = std::fs::read_to_string(&path).expect("docs/evolution.md exists");
    let (prose, rules) = found.split_at(found.find("## Rules\n").expect("it has a list of rules"));
    if std::env::var_os("VIL_BLESS").is_some() {
        std::fs::write(&path, format!("{prose}{}", listed())).expect("docs can be written");
        return;
    }
    assert_eq!(rules, listed(), "docs/evolution.md differs from the code: run `cargo xtask bless`");
}

fn program(text: &str) -> Program {
    from_json(text).unwrap_or_else(|faults| panic!("{faults}")).0
}

const BANK: &str = r#"{"vil":1,"program":"bank","constants":{"LIMIT":{"type":"u32","value":7}},
"enums":{"Risk":{"repr":"u8","values":{"ok":0,"npl":1}},"Side":{"repr":"u8","open":false,"values":{"in":0}}},
"messages":{"Credit":{"kind":"event","fields":[{"name":"line","type":"u64"},
 {"name":"amount","type":"f64","unit":"IDR","doc":"what is owed"},{"name":"risk","type":"Risk"}]},
 "Note":{"fields":[{"name":"n","type":"u64"}]}},
"interfaces":{"Out":{"ports":{"credits":{"direction":"out","message":"Credit","queue":{"capacity":64}}}},
 "In":{"ports":{"credits":{"direction":"in","message":"Credit","loans":4}}}},
"processes":{"source":{"interface":"Out"},"sink":{"interface":"In"}},
"routes":[{"from":"source.credits","to":"sink.credits"}]}"#;

/// The verdict of each level for BANK with some text replaced, and the rules of the last level.
fn levels(from: &str, to: &str) -> ([Verdict; 3], Vec<String>) {
    assert!(BANK.contains(from), "{from}");
    let (old, new) = (program(BANK), program(&BANK.replacen(from, to, 1)));
    let at = |level| programs(&old, &new, level).expect("both have layouts");
    let told = at(Level::Semantic);
    let rules = told.subjects.iter().flat_map(|subject| {
        subject.findings.iter().map(|found| format!("{} {} {}", found.rule.code, subject.name, found.path))
    });
    (Level::ALL.map(|level| at(level).verdict()), rules.collect())
}

const SAME: Verdict = Verdict::Equivalent;
const NEWER: Verdict = Verdict::Newer;
const OLDER: Verdict = Verdict::Older;
const NO: Verdict = Verdict::Incompatible;

#[test]
fn a_program_is_equivalent_to_itself_and_all_its_messages_are_listed() {
    let comparison = programs(&program(BANK), &program(BANK), Level::Semantic).expect("both have layouts");
    let names: Vec<&str> = comparison.subjects.iter().map(|subject| subject.name.as_str()).collect();
    assert_eq!((comparison.verdict(), names), (SAME, vec!["message Credit", "message Note"]));
    assert!(comparison.subjects.iter().all(|subject| subject.findings.is_empty()));
}

#[test]
fn what_is_said_in_two_ways_is_the_same() {
    for (from, to) in [
        (r#""queue":{"capacity":64}"#, r#""lane":"data","loans":1"#),
        (
            r#"{"interface":"Out"}"#,
            r#"{"interface":"Out","zone":"native_trusted","failure_domain":"source","instances":1}"#,
        ),
        (r#""to":"sink.credits""#, r#""to":"sink.credits","delivery":"at_least_once","transfer":"loan_write""#),
        (r#""kind":"event""#, r#""kind":"event","layout":"flat","memory":"paged_exchange""#),
        (
            r#""routes":["#,
            r#""defaults":{"routes":{"delivery":"at_least_once"},"processes":{"observe":{}},"ports":{"lane":"data"}},"routes":["#,
        ),
    ] {
        let to = to.replace("loans\":1", "loans\":1,\"queue\":{\"capacity\":64,\"backpressure\":\"block\"}");
        assert_eq!(levels(from, &to), ([SAME; 3], vec![]), "{to}");
    }
}

#[test]
fn names_of_generated_code_may_come_and_not_go() {
    assert_eq!(
        levels(
            r#""LIMIT":{"type":"u32","value":7}"#,
            r#""LIMIT":{"type":"u32","value":7},"MORE":{"type":"u8","value":1}"#
        ),
        ([SAME, NEWER, NEWER], vec!["VIL-E021 constant MORE /constants/MORE".to_owned()])
    );
    let (verdicts, rules) = levels("LIMIT", "BOUND");
    assert_eq!((verdicts, rules.len()), ([SAME, NO, NO], 2), "{rules:?}");
    assert!(rules.contains(&"VIL-E020 constant LIMIT /constants/LIMIT".to_owned()), "{rules:?}");
    let (verdicts, rules) = levels(r#""npl":1"#, r#""npl":1,"gone":2"#);
    assert_eq!(
        (verdicts, rules),
        ([SAME, NEWER, NEWER], vec!["VIL-E021 enum Risk /enums/Risk/values/gone".to_owned()])
    );
    let (verdicts, rules) = levels(r#""in":0"#, r#""in":0,"out":1"#);
    assert_eq!(verdicts, [SAME, NEWER, NO], "{rules:?}");
    assert!(rules[1].starts_with("VIL-E031 enum Side"), "{rules:?}");
    let (verdicts, _) = levels(
        r#""Note":{"fields":[{"name":"n","type":"u64"}]}"#,
        r#""Note":{"fields":[{"name":"n","type":"u64"}]},"Tip":{"fields":[]}"#,
    );
    assert_eq!(verdicts, [NEWER, NEWER, NEWER]);
    let (verdicts, rules) = levels(r#""n","type""#, r#""m","type""#);
    assert_eq!(verdicts, [NO; 3], "{rules:?}");
}

#[test]
fn a_removed_message_is_incompatible_at_every_level() {
    let (verdicts, rules) =
        levels("\n \"Note\":{\"fields\":[{\"name\":\"n\",\"type\":\"u64\"}]}}", "\"Other\":{\"fields\":[]}}");
    assert_eq!(verdicts, [NO; 3]);
    assert!(rules.iter().any(|rule| rule == "VIL-E014 message Note /Note"), "{rules:?}");
}

/// A program with one message, and two types for it to refer to.
fn scan(message: &str, point: &str) -> Program {
    program(&format!(
        r#"{{"vil":1,"program":"lidar","package":"a.b","structs":{{"Point":{{"fields":[{point}]}},"Meta":{{"fields":[{{"name":"s","type":"VStr"}}]}}}},
        "messages":{{"Scan":{{"layout":"relative","max_bytes":4096,"fields":[{message}]}}}}}}"#
    ))
}

fn field(name: &str, ty: &str) -> String {
    format!(r#"{{"name":"{name}","type":"{ty}"}}"#)
}

#[test]
fn a_relative_message_of_a_program_grows_and_what_it_refers_to_does_not() {
    let fields = |all: &[(&str, &str)]| all.iter().map(|(name, ty)| field(name, ty)).collect::<Vec<_>>().join(",");
    let base = [("stamp", "u64"), ("points", "VSlice<Point>")];
    let with = |more: &[(&str, &str)]| fields(&[&base[..], more].concat());
    let point = field("x", "f32");
    let old = scan(&with(&[]), &point);
    let answer = |new: &Program| {
        let comparison = programs(&old, new, Level::Layout).expect("both have layouts");
        let rules: Vec<_> = comparison.subjects[0].findings.iter().map(|found| found.rule.code).collect();
        assert_eq!(comparison.subjects[0].name, "message a.b.Scan");
        (comparison.verdict(), rules)
    };
    for more in [("label", "VStr"), ("meta", "VSlice<Meta>"), ("tail", "u8")] {
        assert_eq!(answer(&scan(&with(&[more]), &point)), (NEWER, vec!["VIL-E005"]), "{more:?}");
    }
    let optional = format!(r#"{},{{"name":"meta","type":"VRef<Meta>","optional":true}}"#, with(&[]));
    assert_eq!(answer(&scan(&optional, &point)), (NEWER, vec!["VIL-E005"]));
    assert_eq!(answer(&scan(&fields(&base[..1]), &point)), (OLDER, vec!["VIL-E005"]));
    assert_eq!(answer(&scan(&fields(&[base[1], base[0]]), &point)), (NO, vec!["VIL-E003", "VIL-E003"]));
    let longer = format!("{point},{}", field("y", "f32"));
    assert_eq!(answer(&scan(&with(&[]), &longer)), (NO, vec!["VIL-E004"]));
    assert_eq!(answer(&scan(&with(&[("within", "VSlice<Scan>")]), &point)), (NO, vec!["VIL-E006"]));
    let empty = scan("", &point);
    let grown = programs(&empty, &scan(&field("a", "u8"), &point), Level::Layout).expect("both have layouts");
    assert_eq!(grown.verdict(), NEWER);
}

#[test]
fn a_message_keeps_its_bound_since_slots_of_the_smaller_one_refuse_senders_of_the_larger() {
    let old = scan(&field("stamp", "u64"), &field("x", "f32"));
    let with = |max_bytes| {
        let mut new = old.clone();
        new.messages.get_mut("Scan").expect("it is there").max_bytes = max_bytes;
        new
    };
    for level in Level::ALL {
        let answer = |new: &Program| programs(&old, new, level).expect("both have layouts");
        assert_eq!(answer(&with(Some(4096))).verdict(), SAME);
        for (bound, sender, world) in [(4097, "new", "old"), (4095, "old", "new")] {
            let found = answer(&with(Some(bound)));
            let [finding] = &found.subjects[0].findings[..] else { panic!("{:?}", found.subjects) };
            assert_eq!((found.verdict(), finding.rule.code, &*finding.path), (NO, "VIL-E018", "/a.b.Scan"));
            let said = format!(
                "messages have up to 4096 bytes in the old layout and {bound} in the new one, so senders of the {sender} one \
                 are refused in worlds of the {world} one"
            );
            assert_eq!(finding.sentence, said);
        }
    }
    // What no route carries needs no bound, and stating one refuses nobody.
    let free = with(None);
    assert_eq!(programs(&free, &old, Level::Layout).expect("both have layouts").verdict(), SAME);
    assert_eq!(programs(&free, &old, Level::Semantic).expect("both have layouts").verdict(), SAME);
}

#[test]
fn an_external_message_keeps_what_its_bytes_are() {
    let order = |adapter: &str| {
        program(&format!(
            r#"{{"vil":1,"program":"p","messages":{{"Order":{{"layout":"external","max_bytes":64,"media_type":"application/json","adapter":"{adapter}","fields":[]}}}}}}"#
        ))
    };
    let comparison = programs(&order("json"), &order("cbor"), Level::Layout).expect("external messages have texts");
    assert_eq!((comparison.verdict(), rules(&comparison.subjects[0].findings)), (NO, vec!["VIL-E017"]));
    let same = programs(&order("json"), &order("json"), Level::Semantic).expect("external messages have texts");
    assert_eq!(same.verdict(), SAME);
}

#[test]
fn what_code_is_typed_by_stays() {
    let (verdicts, rules) = levels(r#""type":"u32","value":7"#, r#""type":"u64","value":7"#);
    assert_eq!((verdicts, rules), ([SAME, NO, NO], vec!["VIL-E022 constant LIMIT /constants/LIMIT/type".to_owned()]));
    let (verdicts, _) = levels(r#""type":"f64""#, r#""type":"u64""#);
    assert_eq!(verdicts, [NO; 3]);
}

#[test]
fn what_numbers_mean_stays_and_may_be_stated() {
    let (verdicts, rules) = levels(r#""unit":"IDR""#, r#""unit":"USD""#);
    assert_eq!((verdicts, &rules[0][..8]), ([SAME, SAME, NO], "VIL-E032"));
    assert_eq!(levels(r#""unit":"IDR","#, "").0, [SAME, SAME, OLDER]);
    assert_eq!(levels(r#"{"name":"line","#, r#"{"name":"line","unit":"1","#).0, [SAME, SAME, NEWER]);
    assert_eq!(levels(r#"{"name":"line","#, r#"{"name":"line","range":[1,null],"#).0, [SAME, SAME, NO]);
    let (verdicts, rules) = levels(r#""npl":1"#, r#""npl":3"#);
    assert_eq!(
        (verdicts, rules),
        ([SAME, SAME, NO], vec!["VIL-E030 enum Risk /enums/Risk/values/npl/value".to_owned()])
    );
    assert_eq!(levels(r#""value":7"#, r#""value":8"#).0, [SAME, SAME, NO]);
}

#[test]
fn how_messages_travel_stays_and_room_may_grow() {
    let (verdicts, rules) = levels(r#""kind":"event""#, r#""kind":"message""#);
    assert_eq!(verdicts, [SAME, SAME, NO]);
    assert!(rules.contains(&"VIL-E034 message Credit /messages/Credit/kind".to_owned()), "{rules:?}");
    // Without a kind nothing is delivered at least once, and that is told where it is so: on the route.
    assert!(rules.iter().any(|rule| rule.contains("route source.credits -> sink.credits")), "{rules:?}");
    assert_eq!(levels(r#""capacity":64"#, r#""capacity":128"#).0, [SAME, SAME, NEWER]);
    assert_eq!(levels(r#""loans":4"#, r#""loans":2"#).0, [SAME, SAME, OLDER]);
    let route = r#"{"from":"source.credits","to":"sink.credits"}"#;
    let (verdicts, rules) = levels(route, &format!(r#"{route}],"hosts":{{"a":{{"address":"x"}}}},"failovers":["#));
    assert_eq!((verdicts, rules), ([SAME, SAME, NEWER], vec!["VIL-E037 host a /hosts/a".to_owned()]));
}

#[test]
fn texts_may_differ_and_are_told() {
    let (verdicts, rules) = levels("what is owed", "the debt");
    assert_eq!(
        (verdicts, rules),
        ([SAME; 3], vec!["VIL-E038 message Credit /messages/Credit/fields/amount/doc".to_owned()])
    );
    let (verdicts, rules) = levels(r#""npl":1"#, r#""npl":{"value":1,"doc":"not performing"}"#);
    assert_eq!((verdicts, rules), ([SAME; 3], vec!["VIL-E038 enum Risk /enums/Risk/values/npl/doc".to_owned()]));
}

#[test]
fn every_rule_has_a_code_of_its_own_in_order() {
    assert!(RULES.windows(2).all(|pair| pair[0].0.code < pair[1].0.code && pair[0].0.level <= pair[1].0.level));
    assert!(RULES.iter().all(|(_, title)| title.ends_with('.')));
}
