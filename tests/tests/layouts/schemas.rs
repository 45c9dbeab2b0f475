//! Schemas as people write them: MAVLink's common set, flat, and the interfaces of ROS 2, relative. They pass without a
//! word, all of their messages can be carried, and they lie as the compilers lay them.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use vil_ir::builder::{Builder, RouteShape};
use vil_ir::layout::lay_out;
use vil_ir::model::Program;
use vil_ir::vocabulary::Profile;
use vil_ir::{load, passes, plan};

use crate::agree;

/// Messages and enums of the generated dialect.
const MESSAGES: usize = 260;
const ENUMS: usize = 200;

/// Bytes that each relative message may have where the test carries it.
const MAX_BYTES: u64 = 64 << 10;

fn schema(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/layouts/schemas").join(name)
}

/// Reads a schema, which must be clean.
fn read(name: &str) -> Program {
    let path = schema(name);
    let (program, source) = load::from_file(&path.to_string_lossy()).unwrap_or_else(|faults| panic!("{faults}"));
    let found = passes::check(&program, source);
    assert!(found.items.is_empty(), "{found}");
    program
}

/// The names of all messages of a profile.
fn of_profile(program: &Program, profile: Profile) -> Vec<String> {
    let layouts = lay_out(program).expect("a clean program has layouts");
    let names = program.messages.keys().filter(|name| layouts.types[name.as_str()].profile == profile);
    names.cloned().collect()
}

/// The same types with a route for each message, which must be clean too and have a plan.
fn carried(types: &Program) {
    let mut builder = Builder::new("carried");
    for name in types.messages.keys() {
        let port = name.to_lowercase();
        let shape = RouteShape {
            queue: vil_ir::model::Queue { capacity: Some(4), ..Default::default() },
            ..Default::default()
        };
        builder = builder.route(("source", &port), ("sink", &port), name, shape);
    }
    let relative = of_profile(types, Profile::Relative);
    let mut program = Program { package: types.package.clone(), ..builder.build() };
    (program.enums, program.structs, program.messages) =
        (types.enums.clone(), types.structs.clone(), types.messages.clone());
    for name in relative {
        program.messages.get_mut(&name).expect("it was listed").max_bytes = Some(MAX_BYTES);
    }
    let found = passes::run(&program);
    assert!(found.is_empty(), "{found:?}");
    let plan = plan::plan_program(&program).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((plan.messages.len(), plan.routes.len()), (types.messages.len(), types.messages.len()));
}

#[test]
fn several_hundred_flat_messages_in_the_manner_of_mavlink_are_clean_and_lie_as_in_c() {
    let program = read("dialect.yaml");
    let flat = of_profile(&program, Profile::Flat);
    assert_eq!(flat.len(), program.messages.len(), "all are flat");
    assert!(flat.len() >= 300 && program.enums.len() >= 200, "{} and {}", flat.len(), program.enums.len());
    agree(&[(String::new(), &program)]);
    carried(&program);
    let size = |name: &str| lay_out(&program).expect("it is clean").types[name].size;
    assert_eq!([size("Heartbeat"), size("Attitude"), size("GpsRawInt")], [12, 28, 64]);
}

#[test]
fn a_hundred_relative_messages_in_the_manner_of_ros_are_clean_and_lie_as_in_c() {
    let program = read("ros.yaml");
    let relative = of_profile(&program, Profile::Relative);
    assert!(relative.len() >= 100, "{} are relative", relative.len());
    agree(&[(String::new(), &program)]);
    carried(&program);
}

#[test]
fn the_dialect_is_what_its_generator_writes() {
    let path = schema("dialect.yaml");
    if std::env::var_os("VIL_BLESS").is_some() {
        std::fs::write(&path, dialect()).expect("the schema can be written");
    }
    let found = std::fs::read_to_string(&path).expect("the schema lies there");
    assert!(found == dialect(), "dialect.yaml differs from its generator: run `cargo xtask bless`");
}

/// What fields of telemetry are like: name, type, what is said about it.
const FIELDS: &[(&str, &str, &str)] = &[
    ("time_usec", "u64", ", unit: us"),
    ("time_boot_ms", "u32", ", unit: ms, clock: monotonic"),
    ("target_system", "u8", ""),
    ("target_component", "u8", ""),
    ("lat", "i32", ", unit: degE7, scale: 1e-7"),
    ("lon", "i32", ", unit: degE7, scale: 1e-7"),
    ("alt", "f32", ", unit: m, unknown: NaN"),
    ("q", "\"[f32; 4]\"", ""),
    ("covariance", "\"[f32; 21]\"", ", unknown: NaN"),
    ("temperature", "i16", ", unit: cdegC, unknown: 32767"),
    ("voltage", "u16", ", unit: mV, unknown: 65535"),
    ("remaining", "i8", ", unit: \"%\", range: [0, 100]"),
    ("label", "\"[u8; 16]\"", ", doc: \"UTF-8, zero padded\""),
    ("flags", "u32", ""),
    ("capabilities", "u64", ", optional: true"),
    ("is_valid", "bool", ""),
    ("count", "u8", ""),
    ("distances", "\"[u16; 72]\"", ", unit: cm, unknown: 65535"),
    ("bias", "f64", ", optional: true"),
];

/// Many more messages and enums in the manner of `mavlink.yaml`, the same each time.
fn dialect() -> String {
    let mut text = String::from(
        "# Generated by the test `layouts`: messages and enums in the manner of MAVLink's, beside those of mavlink.yaml.\nvil: \
         1\nprogram: dialect\nimports: [mavlink.yaml]\nenums:\n",
    );
    for at in 0..ENUMS {
        let (repr, count) = (["u8", "u16", "u32", "i8"][at % 4], 2 + at % 7);
        let is_bits = at % 5 == 1 && repr != "i8";
        let value = |value: usize| format!("v{value}: {}", if is_bits { 1 << value } else { value });
        let values: Vec<String> = (0..count).map(value).collect();
        let bits = if is_bits { "bitmask: true, " } else { "" };
        let _ = writeln!(text, "  Option{at:03}: {{ repr: {repr}, {bits}values: {{ {} }} }}", values.join(", "));
    }
    text.push_str("messages:\n");
    for at in 0..MESSAGES {
        let _ = writeln!(text, "  Telemetry{at:03}:\n    constants: {{ ID: {{ type: u32, value: {} }} }}", 1000 + at);
        text.push_str("    fields:\n");
        for place in 0..3 + at * 7 % 11 {
            let (name, ty, says) = FIELDS[(at * 5 + place * (1 + at % 4)) % FIELDS.len()];
            let _ = writeln!(text, "      - {{ name: {name}_{place}, type: {ty}{says} }}");
        }
        let wide = if at % 6 == 0 { ", as: u32" } else { "" };
        let _ = writeln!(text, "      - {{ name: option, type: Option{:03}{wide} }}", at % ENUMS);
        let _ = writeln!(text, "      - {{ name: frames, type: \"[MavFrame; {}]\" }}", 1 + at % 4);
    }
    text
}
