//! Every function of `vil.h` with every bad value that the types of its parameters allow, one at a time: NULL, closed
//! handles, handles of another kind and of another world, wrong struct sizes, numbers out of range. Each is a status, in
//! the library that is shipped, and the handles go on.
//!
//! The header is the table: a function, a type or a number that is new in it is tried at once, or fails until it is said
//! here what a good value is.

mod post;

use std::collections::LinkedList;
use std::ffi::{CStr, CString};
use std::os::unix::ffi::OsStrExt;

use vil_capi::*;
use vil_tests::artifact::root;
use vil_tests::runtime_dir::RuntimeDir;

use post::{Library, Post, place, role, text, zero};

const PROGRAM: &str = "\
vil: 1
program: post
messages:
  Letter: { fields: [ { name: n, type: u64 } ] }
defaults: { ports: { loans: 4, queue: { capacity: 8, backpressure: fail } } }
interfaces:
  Writer: { ports: { letters: { direction: out, message: Letter } } }
  Reader: { ports: { letters: { direction: in, message: Letter } } }
processes:
  writer: { interface: Writer }
  reader: { interface: Reader }
routes:
  - { from: writer.letters, to: reader.letters, transfer: loan_write }
";

/// Bytes of a letter.
const LETTER: usize = 8;

/// A letter as text.
const LETTER_AS_JSON: &CStr = c"{\"n\":7}";

/// Pointers that may be NULL, by function (or `*`) and parameter.
const MAY_BE_NULL: &[(&str, &str)] = &[
    ("*", "error"),
    ("*", "fault"),
    ("vil_world_create", "contract"),
    ("vil_world_open", "contract"),
    ("vil_world_open_or_create", "contract"),
    ("vil_world_create", "options"),
    ("vil_world_open", "options"),
    ("vil_world_open_or_create", "options"),
    ("vil_world_unlink", "options"),
    ("vil_heap_create", "options"),
    ("vil_heap_open", "options"),
    ("vil_heap_open_or_create", "options"),
    ("vil_world_recover", "recovered"),
    ("vil_registry_recover", "recovered"),
];

/// A member that is gone is not found in its set, rather than refused.
const NOT_FOUND_TOO: &[&str] = &["vil_waitset_remove", "vil_waitset_remove_sender"];

/// A function of the header.
struct Function {
    name: String,
    parameters: Vec<Parameter>,
}

/// `const vil_contract_t *` and `contract`.
#[derive(Debug)]
struct Parameter {
    kind: String,
    name: String,
}

impl Parameter {
    fn parse(text: &str) -> Option<Parameter> {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let at = text.rfind([' ', '*'])? + 1;
        Some(Parameter { kind: text[..at].trim().to_owned(), name: text[at..].to_owned() })
    }

    fn is_pointer(&self) -> bool {
        self.kind.ends_with('*')
    }

    /// "sender" for `vil_sender_t *`.
    fn noun(&self) -> Option<&str> {
        let noun = self.kind.strip_prefix("vil_")?.strip_suffix("_t *")?;
        NOUNS.contains(&noun).then_some(noun)
    }

    /// Bytes of a struct that begins with its size.
    fn sized(&self) -> Option<usize> {
        let name = self.kind.trim_start_matches("const ").strip_suffix(" *")?;
        SIZED.iter().find(|(known, _)| *known == name).map(|(_, size)| *size)
    }
}

const NOUNS: &[&str] = &["program", "diagnostics", "diff", "world", "sender", "receiver", "heap", "queue", "waitset"];

/// Structs that begin with their size.
const SIZED: &[(&str, usize)] = &[
    ("vil_contract_t", size_of::<vil_contract_t>()),
    ("vil_world_options_t", size_of::<vil_world_options_t>()),
    ("vil_heap_options_t", size_of::<vil_heap_options_t>()),
    ("vil_audit_t", size_of::<vil_audit_t>()),
    ("vil_diagnostic_t", size_of::<vil_diagnostic_t>()),
    ("vil_finding_t", size_of::<vil_finding_t>()),
    ("vil_route_info_t", size_of::<vil_route_info_t>()),
    ("vil_process_info_t", size_of::<vil_process_info_t>()),
    ("vil_registry_entry_t", size_of::<vil_registry_entry_t>()),
    ("vil_event_t", size_of::<vil_event_t>()),
    ("vil_heap_info_t", size_of::<vil_heap_info_t>()),
    ("vil_heap_class_info_t", size_of::<vil_heap_class_info_t>()),
    ("vil_queue_info_t", size_of::<vil_queue_info_t>()),
];

/// The blocks of a heap.
const CLASSES: &[vil_block_class_t] = &[vil_block_class_t { size: 64, count: 8 }];

fn header() -> String {
    std::fs::read_to_string(root().join("include/vil/vil.h")).expect("vil.h is there")
}

/// Functions of the header that answer a status about parameters.
fn functions() -> Vec<Function> {
    let header = header();
    let code: String = header.lines().filter(|line| !line.starts_with("//")).collect::<Vec<_>>().join("\n");
    let declared = code.split("VIL_API").skip(1).filter_map(|text| text.split_once(';')).map(|(text, _)| text);
    let parse = |text: &str| {
        let (head, rest) = text.trim().strip_prefix("vil_status_t")?.split_once('(')?;
        let parameters = rest.trim_end_matches(')').split(',').filter_map(Parameter::parse).collect();
        Some(Function { name: head.trim().to_owned(), parameters })
    };
    declared.filter_map(parse).collect()
}

/// Sizes of structs in the header begin with `struct_size`; each must be known here.
#[test]
fn every_struct_with_a_size_is_known() {
    let header = header();
    let structs = header.split("typedef struct {").skip(1).filter_map(|text| text.split_once("} "));
    let sized = structs.filter(|(body, _)| body.contains("uint32_t struct_size;"));
    let names: Vec<&str> = sized.filter_map(|(_, rest)| rest.split(';').next()).collect();
    assert!(names.len() >= SIZED.len(), "{names:?}");
    let missing: Vec<_> = names.iter().filter(|name| !SIZED.iter().any(|(known, _)| known == *name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// What every call of this file needs.
struct Bench {
    library: Library,
    json: CString,
    plan: Vec<u64>,
    options: vil_world_options_t,
    shape: vil_heap_options_t,
    contract: vil_contract_t,
    data: [u64; LETTER],
    descriptor: Vec<u32>,
    one: Post,
    other: Post,
    closed: Vec<(&'static str, usize)>,
    _dir: RuntimeDir,
    _place: CString,
}

impl Bench {
    fn new() -> Bench {
        let dir = RuntimeDir::new("bad-input");
        let (program, _) = vil_ir::load::from_yaml(PROGRAM).unwrap_or_else(|faults| panic!("{faults}"));
        let json = CString::new(vil_ir::dump::canonical_json(&program)).expect("no NUL");
        let runtime_dir = CString::new(dir.as_os_str().as_bytes()).expect("no NUL");
        let mut options = *zero::<vil_world_options_t>();
        (options.struct_size, options.runtime_dir) = (size_of_val(&options) as u32, runtime_dir.as_ptr());
        let mut shape = *zero::<vil_heap_options_t>();
        (shape.struct_size, shape.runtime_dir) = (size_of_val(&shape) as u32, runtime_dir.as_ptr());
        (shape.classes, shape.class_count, shape.queue_count) = (CLASSES.as_ptr(), 1, 1);
        let library = Library::load();
        let open = |names| Post::open(&library, names, &json, &options, &shape);
        let closed = open((c"closed", c"closed-heap"));
        closed.put_down(&library);
        let (closed, one, other) = (closed.close(&library), open((c"post", c"heap")), open((c"other", c"other-heap")));
        let contract = role(c"writer");
        let plan = vil_ir::plan::plan_program(&program).expect("the program is legal");
        let layouts = vil_ir::layout::lay_out(&program).expect("the program is legal");
        Bench {
            library,
            json,
            plan: vil_ir::plan::binary::embed(&plan),
            options,
            shape,
            contract,
            data: [0; LETTER],
            descriptor: vil_ir::descriptor::encode(&program, &layouts, "Letter"),
            one,
            other,
            closed,
            _dir: dir,
            _place: runtime_dir,
        }
    }

    /// A call of a function with everything right but one argument, if any.
    fn call(&self, function: &Function, wrong: Option<(usize, usize)>) -> vil_status_t {
        let mut room = [0u64; 512];
        let mut arguments = Vec::new();
        let mut outs = Outs::default();
        for parameter in &function.parameters {
            arguments.push(self.good(function, parameter, &mut room, &mut outs));
        }
        if let Some((at, value)) = wrong {
            arguments[at] = value;
        }
        self.library.call(&function.name, &arguments)
    }

    /// A good value of a parameter.
    fn good(&self, function: &Function, parameter: &Parameter, room: &mut [u64; 512], outs: &mut Outs) -> usize {
        let name = function.name.as_str();
        if let Some(noun) = parameter.noun() {
            return self.one.handle(noun, name);
        }
        let mut out = || {
            outs.0.push_back([0; 64]);
            outs.0.back_mut().map_or(0, |out| out.as_mut_ptr() as usize)
        };
        match (parameter.kind.as_str(), parameter.name.as_str()) {
            ("const char *", "name") if name.contains("_heap_") => text(&self.one.heap_name),
            ("const char *", "name") => text(&self.one.world_name),
            ("const char *", "port") => text(c"letters"),
            ("const char *", "json") => text(&self.json),
            ("size_t", "size") if name.ends_with("_parse") || name.ends_with("_load") => self.json.count_bytes(),
            ("const void *", "plan") => self.plan.as_ptr() as usize,
            ("size_t", "plan_size") => size_of_val(self.plan.as_slice()),
            ("size_t", "size") => LETTER,
            ("size_t", "count") => 1,
            ("size_t", "capacity") => 256,
            ("const uint32_t *", "descriptor") => self.descriptor.as_ptr() as usize,
            ("const char *", "text") => text(LETTER_AS_JSON),
            ("size_t", "text_size") => LETTER_AS_JSON.count_bytes(),
            ("uint32_t", "style") => VIL_JSON_COMPACT as usize,
            ("uint32_t", "level") => VIL_LEVEL_SEMANTIC as usize,
            ("const void *", "data") => place(&self.data),
            ("const vil_world_options_t *", _) => place(&self.options),
            ("const vil_heap_options_t *", _) => place(&self.shape),
            ("const vil_contract_t *", _) => place(&self.contract),
            ("vil_block_t *", "block" | "blocks") if name.contains("_push") || name.ends_with("_free") => {
                place(&*self.one.block)
            }
            ("uint64_t", "reference") => self.one.block.reference as usize,
            ("size_t", "align") => 8,
            ("vil_loan_t *", "loan" | "loans") if !name.contains("_loan") => place(&*self.one.loan),
            ("vil_message_t *" | "const vil_message_t *", _) if !name.contains("_receive") => place(&*self.one.message),
            ("vil_receiver_t *const *", _) => place(&self.one.receiver),
            ("uint64_t", "timeout_ns" | "token") => 0,
            ("uint32_t", "index" | "route") => 0,
            ("uint32_t", "role") => VIL_PRODUCER as usize,
            ("uint32_t", "interval_ms") => 1000,
            (kind, _) if parameter.sized().is_some() => {
                room[0] = parameter.sized().expect("it was asked") as u64;
                assert!(!kind.starts_with("const"), "{name}: no good {kind}");
                room.as_mut_ptr() as usize
            }
            (kind, _) if kind.ends_with('*') && !kind.starts_with("const") => out(),
            (kind, what) => panic!("{name}: say here what a good `{kind}` called `{what}` is"),
        }
    }
}

/// Places for answers, which stay where they are while more are added.
#[derive(Default)]
struct Outs(LinkedList<[u64; 64]>);

/// Does it copy messages from or to the caller's memory, and so is told their size?
fn is_copied(name: &str) -> bool {
    ["vil_sender_send", "vil_sender_send_batch", "vil_receiver_read", "vil_receiver_read_batch"].contains(&name)
}

fn may_be_null(function: &Function, parameter: &Parameter) -> bool {
    let is_it = |(of, what): &(&str, &str)| (*of == "*" || *of == function.name) && *what == parameter.name;
    MAY_BE_NULL.iter().any(is_it)
}

/// Every parameter of every function for which `wrong` has bad values, with what they must answer.
fn each(
    bench: &Bench,
    mut wrong: impl FnMut(&Function, &Parameter) -> Vec<(String, usize, &'static [vil_status_t])>,
) -> u32 {
    let mut tried = 0;
    for function in functions() {
        for (at, parameter) in function.parameters.iter().enumerate() {
            for (what, value, statuses) in wrong(&function, parameter) {
                let status = bench.call(&function, Some((at, value)));
                assert!(
                    statuses.contains(&status),
                    "{} with {what} for {} answers {status}, not one of {statuses:?}",
                    function.name,
                    parameter.name
                );
                tried += 1;
            }
        }
    }
    bench.one.put_down(&bench.library);
    bench.other.put_down(&bench.library);
    println!("{tried} calls");
    tried
}

#[test]
fn the_header_is_read_whole() {
    let functions = functions();
    assert!(functions.len() > 60, "{}", functions.len());
    let count = header().matches("VIL_API").count();
    assert_eq!(functions.len(), count - 4, "all but those that answer no status, or take one");
    assert!(functions.iter().all(|function| !function.parameters.is_empty()));
    let open = functions.iter().find(|function| function.name == "vil_queue_open").expect("it is there");
    let kinds: Vec<&str> = open.parameters.iter().map(|parameter| parameter.kind.as_str()).collect();
    assert_eq!(kinds, ["vil_heap_t *", "uint32_t", "uint32_t", "vil_queue_t **", "vil_error_t *"]);
}

#[test]
fn null_for_any_pointer_is_a_status_and_nothing_happens() {
    let bench = Bench::new();
    let tried = each(&bench, |function, parameter| match parameter.noun() {
        Some(_) => vec![("NULL".into(), 0, &[VIL_E_HANDLE])],
        None if parameter.is_pointer() && !may_be_null(function, parameter) => {
            vec![("NULL".into(), 0, &[VIL_E_ARGUMENT])]
        }
        None => vec![],
    });
    assert!(tried > 120, "{tried}");
}

#[test]
fn closed_handles_and_those_of_another_kind_are_refused_in_every_place() {
    const REFUSED: &[vil_status_t] = &[VIL_E_HANDLE];
    const REFUSED_OR_ABSENT: &[vil_status_t] = &[VIL_E_HANDLE, VIL_E_NOT_FOUND];
    let bench = Bench::new();
    let tried = each(&bench, |function, parameter| {
        let Some(noun) = parameter.noun() else { return vec![] };
        let is_member = noun != "waitset" && NOT_FOUND_TOO.contains(&function.name.as_str());
        let closed = bench.closed.iter().filter(|(known, _)| *known == noun).map(|(_, handle)| {
            ("a closed one".to_owned(), *handle, if is_member { REFUSED_OR_ABSENT } else { REFUSED })
        });
        let others = NOUNS.iter().filter(|other| **other != noun);
        let others = others.map(|other| (format!("a {other}"), bench.one.handle(other, &function.name), REFUSED));
        let made_up = [1, 8, usize::MAX, bench.one.handle(noun, &function.name) ^ 1 << 50];
        let made_up = made_up.into_iter().map(|handle| (format!("{handle:#x}"), handle, REFUSED));
        closed.chain(others).chain(made_up).collect()
    });
    assert!(tried > 600, "{tried}");
}

#[test]
fn handles_loans_and_messages_of_another_world_are_refused() {
    const REFUSED: &[vil_status_t] = &[VIL_E_ARGUMENT, VIL_E_STATE, VIL_E_NOT_FOUND, VIL_E_UNSUPPORTED];
    let bench = Bench::new();
    let mut copies: LinkedList<vil_message_t> = LinkedList::new();
    let tried = each(&bench, |function, parameter| {
        let is_second = function.parameters.first().is_some_and(|first| first.name != parameter.name);
        let name = function.name.as_str();
        let other = &bench.other;
        match parameter.kind.as_str() {
            _ if parameter.noun().is_some() && is_second && parameter.noun() != Some("program") => {
                let noun = parameter.noun().expect("it has one");
                vec![("another world's".into(), other.handle(noun, name), REFUSED)]
            }
            "vil_loan_t *" if !name.contains("_loan") => {
                vec![("another world's".into(), place(&*other.loan), REFUSED)]
            }
            "vil_message_t *" if !name.contains("_receive") => {
                // A copy, because a release sets the struct to zero whatever it answers.
                copies.push_back(*other.message);
                let copy = copies.back_mut().map_or(0, |copy| &raw mut *copy as usize);
                vec![("another world's".into(), copy, REFUSED)]
            }
            _ => vec![],
        }
    });
    assert!(tried >= 10, "{tried}");
    let pair = [bench.one.receiver, bench.other.receiver];
    let mut index = 77usize;
    let arguments = [pair.as_ptr() as usize, 2, 0, &raw mut index as usize];
    assert_eq!(bench.library.call("vil_receiver_wait_any", &arguments), VIL_E_ARGUMENT);
    assert_eq!(index, 77);
}

#[test]
fn a_struct_size_that_is_none_is_refused_wherever_a_struct_has_one() {
    let bench = Bench::new();
    let mut rooms: LinkedList<[u64; 512]> = LinkedList::new();
    let tried = each(&bench, |_, parameter| {
        let Some(size) = parameter.sized() else { return vec![] };
        let is_answer = !parameter.kind.starts_with("const");
        let wrong = [0, 1, 7, 1 << 17, u32::MAX].into_iter().chain((!is_answer).then_some(size as u32 - 1));
        let tries = wrong.map(|size| {
            rooms.push_back([u64::from(size); 512]);
            let room = rooms.back_mut().map_or(0, |room| room.as_mut_ptr() as usize);
            (format!("struct_size {size}"), room, &[VIL_E_ARGUMENT][..])
        });
        tries.collect()
    });
    assert!(tried > 50, "{tried}");
    assert!(rooms.iter().all(|room| room.iter().all(|word| *word == room[0])), "an answer was written");
}

#[test]
fn numbers_out_of_range_are_refused_with_a_status() {
    let bench = Bench::new();
    let long = CString::new("n".repeat(300)).expect("no NUL");
    let tried = each(&bench, |function, parameter| {
        let number = |value: u32| (value.to_string(), value as usize, &[VIL_E_ARGUMENT][..]);
        match (parameter.kind.as_str(), parameter.name.as_str()) {
            // Any may be the number of a route; of those from the 64th on nothing is remembered.
            ("uint32_t", "route") if function.name == "vil_msg_verify_first" => vec![],
            ("uint32_t", "index" | "route") => [1 << 12, 1 << 16, u32::MAX].map(number).into(),
            ("uint32_t", "role") => [0, 3, u32::MAX].map(number).into(),
            ("uint32_t", "interval_ms") => [0, 3_600_001, u32::MAX].map(number).into(),
            ("size_t", "count") if function.name == "vil_queue_push_batch" => [1 << 20, u32::MAX].map(number).into(),
            ("size_t", "count") => [0, 1 << 20, u32::MAX].map(number).into(),
            ("size_t", "align") => [3, 8192, u32::MAX].map(number).into(),
            ("size_t", "size") if function.name == "vil_heap_alloc" => [65, 1 << 30, u32::MAX].map(number).into(),
            ("size_t", "size") if is_copied(&function.name) => [0, 7, 9, u32::MAX].map(number).into(),
            ("size_t", "size") if ["vil_program_parse", "vil_program_load"].contains(&function.name.as_str()) => {
                vec![("3".into(), 3, &[VIL_E_PROGRAM])]
            }
            // What is wrong with the text is what it answers.
            ("size_t", "size") if function.name == "vil_diagnostics_parse" => vec![],
            ("size_t", "size" | "text_size") => vec![("3".into(), 3, &[VIL_E_MESSAGE])],
            ("size_t", "capacity") if function.name == "vil_program_dump" => vec![number(3)],
            ("size_t", "capacity") => vec![("3".into(), 3, &[VIL_E_LIMIT])],
            ("uint32_t", "style") => [2, u32::MAX].map(number).into(),
            ("uint32_t", "level") => [3, u32::MAX].map(number).into(),
            ("const char *", "name") => {
                let names = [(c"", "an empty text"), (c"a/b", "a slash"), (c".x", "a dot"), (&long, "300 bytes")];
                names.map(|(name, what)| (what.to_owned(), text(name), &[VIL_E_NAME][..])).into()
            }
            ("const char *", "port") => {
                vec![
                    ("no port of it".into(), text(c"parcels"), &[VIL_E_NOT_FOUND]),
                    ("what is not UTF-8".into(), text(c"\xff"), &[VIL_E_ARGUMENT]),
                ]
            }
            ("uint32_t", what) => panic!("{}: say here which numbers `{what}` may not be", function.name),
            _ => vec![],
        }
    });
    assert!(tried > 50, "{tried}");
}
