//! What must hold for every flat program: it survives being written and read, and its layout is the C compiler's.

mod making;

use std::fmt::Write;
use std::process::Command;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{RngSeed, TestRunner};
use vil_ir::layout::{Layout, LayoutBody, Member, What, lay_out};
use vil_ir::model::{Body, Field, Program, Queue, Type};
use vil_ir::normalize::normalize;
use vil_ir::plan::plan;
use vil_ir::vocabulary::Scalar;
use vil_ir::{dump, load, passes};

/// A new seed each time, printed, so that a run can be repeated with VIL_SEED.
fn config() -> ProptestConfig {
    let clock = || std::time::UNIX_EPOCH.elapsed().map_or(1, |since| since.as_nanos() as u64);
    let seed = std::env::var("VIL_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(clock);
    println!("VIL_SEED={seed}");
    let rng_seed = RngSeed::Fixed(seed);
    ProptestConfig { cases: 48, failure_persistence: None, rng_seed, ..ProptestConfig::default() }
}

/// The program with what one process and one route say moved to `defaults`, and numbers that a world has room for.
fn with_defaults(mut program: Program) -> Program {
    program.processes.values_mut().for_each(|process| process.instances = process.instances.map(|count| count % 3 + 1));
    let tame = |queue: &mut Queue| queue.capacity = queue.capacity.map(|capacity| 1 << (capacity % 11));
    tame(&mut program.defaults.ports.queue);
    for port in program.interfaces.values_mut().flat_map(|interface| interface.ports.values_mut()) {
        tame(&mut port.queue);
        port.loans = port.loans.map(|loans| loans % 8 + 1);
    }
    program.routes.iter_mut().for_each(|route| tame(&mut route.queue));
    let Program { processes, routes, defaults, .. } = &mut program;
    if let Some(process) = processes.get_mut("source") {
        let to = &mut defaults.processes;
        (to.exec, to.zone, to.cleanup) = (process.exec.take(), process.zone.take(), process.cleanup.take());
        (to.priority, to.failure_domain) = (process.priority.take(), process.failure_domain.take());
        to.observe = process.observe.take();
    }
    if let Some(route) = routes.first_mut() {
        let to = &mut defaults.routes;
        (to.transfer, to.boundary) = (route.transfer.take(), route.boundary.take());
        (to.delivery, to.verify) = (route.delivery.take(), route.verify.take());
        to.queue = std::mem::take(&mut route.queue);
    }
    program
}

/// Nothing that has a default is left out.
fn is_complete(program: &Program) -> bool {
    let queue = |queue: &Queue| {
        queue.kind.is_some() && queue.capacity.is_some() && queue.backpressure.is_some() && queue.deadline_ms.is_some()
    };
    let mut ports = program.interfaces.values().flat_map(|interface| interface.ports.values());
    program.messages.values().all(|found| found.kind.is_some() && found.layout.is_some() && found.memory.is_some())
        && ports.all(|port| port.lane.is_some() && port.loans.is_some())
        && program.processes.values().all(|found| {
            found.exec.is_some()
                && found.zone.is_some()
                && found.cleanup.is_some()
                && found.failure_domain.is_some()
                && found.instances.is_some()
                && found.observe.as_ref().is_some_and(|observe| observe.trace_hop.is_some())
        })
        && program.routes.iter().all(|route| {
            route.transfer.is_some() && route.boundary.is_some() && route.delivery.is_some() && queue(&route.queue)
        })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_program_that_is_written_and_read_is_the_same_program(program in making::program()) {
        let json = dump::canonical_json(&program);
        let (from_json, _) = load::from_json(&json).map_err(|faults| TestCaseError::fail(format!("{faults}\n{json}")))?;
        prop_assert_eq!(&from_json, &program);
        prop_assert_eq!(dump::canonical_json(&from_json), json);
        let yaml = dump::yaml(&program);
        let (from_yaml, _) = load::from_yaml(&yaml).map_err(|faults| TestCaseError::fail(format!("{faults}\n{yaml}")))?;
        prop_assert_eq!(&from_yaml, &program);
    }

    #[test]
    fn no_pass_panics_and_every_diagnostic_finds_its_place(program in making::program()) {
        let text = dump::yaml(&program);
        let (read, source) = load::from_yaml(&text).map_err(|faults| TestCaseError::fail(faults.to_string()))?;
        let found = passes::check(&read, source);
        for fault in &found.items {
            prop_assert!(fault.place.is_some(), "{}", fault);
        }
        let plan = vil_ir::plan::plan_program(&program);
        prop_assert!(plan.is_ok() || found.any_error(), "accepted, and has no plan: {:?}", plan);
    }

    #[test]
    fn a_normalized_program_is_normal_has_the_same_plan_and_can_be_read(program in making::program()) {
        let normalized = normalize(&with_defaults(program.clone()));
        let normal = &normalized.program;
        let again = normalize(normal);
        prop_assert_eq!(&again.program, normal);
        prop_assert!(again.reasons.is_empty(), "left to say: {:?}", again.reasons);
        prop_assert!(is_complete(normal), "{}", dump::canonical_json(normal));
        let program = with_defaults(program);
        let planned = plan(&program, String::new());
        prop_assert!(planned.is_ok(), "{:?}", planned);
        prop_assert_eq!(plan(&normalize(&program).program, String::new()), planned);
        let json = dump::canonical_json(normal);
        let read = load::from_json(&json).map_err(|faults| TestCaseError::fail(format!("{faults}\n{json}")))?;
        prop_assert_eq!(&read.0, normal);
        let yaml = dump::normalized_yaml(&normalized);
        let read = load::from_yaml(&yaml).map_err(|faults| TestCaseError::fail(format!("{faults}\n{yaml}")))?;
        prop_assert_eq!(&read.0, normal, "{}", yaml);
        let remarks = yaml.lines().filter(|line| line.contains("  # ")).count();
        prop_assert!(remarks >= normalized.reasons.len(), "{}", yaml);
    }

    #[test]
    fn no_text_makes_the_loader_panic(text in "[ -~\n]{0,200}", broken in making::broken_text()) {
        for text in [text, broken] {
            let _ = load::from_yaml(&text);
            let _ = load::from_json(&text);
            if let Ok((program, source)) = load::from_yaml(&text) {
                let _ = passes::check(&program, source);
            }
        }
    }
}

#[test]
fn layouts_are_those_of_the_c_compiler() {
    let mut runner = TestRunner::deterministic();
    let programs: Vec<Program> =
        (0..80).map(|_| making::program().new_tree(&mut runner).expect("a program can be made").current()).collect();
    let (mut source, mut expected) = (String::from(HEAD), String::new());
    for (index, program) in programs.iter().enumerate() {
        describe(program, &format!("p{index}_"), &mut source, &mut expected);
    }
    source.push_str("    return 0;\n}\n");
    assert!(expected.lines().count() > 1000, "too little was made: {}", expected.lines().count());
    let found = compile_and_run(&source);
    for (ours, gcc) in expected.lines().zip(found.lines()) {
        assert_eq!(ours, gcc, "proptest's deterministic seed; ours on the left, the C compiler's on the right");
    }
    assert_eq!(expected.lines().count(), found.lines().count());
}

const HEAD: &str = "#include <stddef.h>\n#include <stdint.h>\n#include <stdio.h>\n";

fn compile_and_run(source: &str) -> String {
    let directory = std::env::temp_dir().join(format!("vil-layout-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory for the C program");
    let (file, program) = (directory.join("layout.c"), directory.join("layout"));
    // Declarations first, then main: the calls of printf were collected behind a mark.
    let (types, calls): (Vec<&str>, Vec<&str>) = source.lines().partition(|line| !line.starts_with("    "));
    let (mut text, calls) = (types.join("\n"), calls.join("\n"));
    text = text.trim_end_matches('}').to_owned();
    let _ = write!(text, "\nint main(void) {{\n{calls}\n}}\n");
    std::fs::write(&file, text).expect("the C program is written");
    let compiler = std::env::var("CC").unwrap_or("cc".to_owned());
    let built = Command::new(&compiler).args(["-std=c11", "-O0", "-w", "-o"]).arg(&program).arg(&file).output();
    let built = built.unwrap_or_else(|error| panic!("{compiler} does not run: {error}"));
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let run = Command::new(&program).output().expect("the program runs");
    std::fs::remove_dir_all(&directory).expect("the directory goes away");
    String::from_utf8(run.stdout).expect("it prints text")
}

/// Adds the C types of a program, the calls that print their layout, and what they must print.
fn describe(program: &Program, prefix: &str, source: &mut String, expected: &mut String) {
    let layouts = lay_out(program).expect("made programs are flat");
    let structs = program.structs.iter().map(|(name, found)| (name, &found.body));
    let messages = program.messages.iter().map(|(name, found)| (name, &found.body));
    for (name, body) in structs.chain(messages) {
        let (ty, layout) = (format!("{prefix}{name}"), &layouts.types[name]);
        let members = match body {
            Body::Fields(fields) => members(program, prefix, fields),
            Body::Variants(variants) => {
                let arms = variants
                    .arms
                    .iter()
                    .map(|arm| format!("struct {{ {} }} {};", members(program, prefix, &arm.fields), arm.name));
                format!("{} tag; union {{ {} }} u;", scalar(variants.tag), arms.collect::<String>())
            }
        };
        let _ = writeln!(source, "typedef struct {{ {members} }} {ty};");
        let _ = writeln!(source, "    printf(\"{ty} %zu %zu\\n\", sizeof({ty}), _Alignof({ty}));");
        let _ = writeln!(expected, "{ty} {} {}", layout.size, layout.align);
        offsets(&ty, layout, source, expected);
    }
}

fn offsets(ty: &str, layout: &Layout, source: &mut String, expected: &mut String) {
    let mut one = |path: &str, member: &Member, base: u32| {
        let name = match &member.what {
            What::Field { name, .. } => name.clone(),
            What::Presence { of } => format!("vil_has_{of}"),
            What::Padding => return,
        };
        let _ = writeln!(source, "    printf(\"{ty}.{path}{name} %zu\\n\", offsetof({ty}, {path}{name}));");
        let _ = writeln!(expected, "{ty}.{path}{name} {}", member.offset + base);
    };
    match &layout.body {
        LayoutBody::Members(members) => members.iter().for_each(|member| one("", member, 0)),
        LayoutBody::Union(union) => {
            for arm in &union.arms {
                let path = format!("u.{}.", arm.name);
                arm.members.iter().for_each(|member| one(&path, member, union.arm_offset));
            }
        }
    }
}

fn members(program: &Program, prefix: &str, fields: &[Field]) -> String {
    let mut text = String::new();
    for field in fields {
        let (mut ty, mut dimensions) = (&field.ty, String::new());
        while let Type::Array(element, count) = ty {
            let _ = write!(dimensions, "[{count}]");
            ty = element;
        }
        let base = match ty {
            Type::Scalar(found) => scalar(*found).to_owned(),
            Type::Named(name) => match program.enums.get(name) {
                Some(found) => scalar(field.storage.unwrap_or(found.repr)).to_owned(),
                None => format!("{prefix}{name}"),
            },
            other => panic!("{other} is not flat"),
        };
        let _ = write!(text, "{base} {}{dimensions}; ", field.name);
        if field.optional {
            let _ = write!(text, "uint8_t vil_has_{}; ", field.name);
        }
    }
    if text.is_empty() { "uint8_t vil_reserved;".to_owned() } else { text }
}

fn scalar(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::U8 | Scalar::Bool => "uint8_t",
        Scalar::U16 => "uint16_t",
        Scalar::U32 => "uint32_t",
        Scalar::U64 => "uint64_t",
        Scalar::I8 => "int8_t",
        Scalar::I16 => "int16_t",
        Scalar::I32 => "int32_t",
        Scalar::I64 => "int64_t",
        Scalar::F32 => "float",
        Scalar::F64 => "double",
    }
}
