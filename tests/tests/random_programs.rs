//! Random programs through the generator and the compilers: whatever the types, names, docs, constants and ranges, the
//! text compiles without a warning, and the asserts in it hold the compilers' layout against ours. The seed is printed.

use std::fmt::Write;
use std::path::Path;

use vil_codegen::{Language, Source, generate};
use vil_ir::dump::canonical_json;
use vil_ir::model::{
    Arm, Body, Constant, End, Enum, EnumValue, Field, Forward, Interface, Message, Notes, Port, Process, Program,
    Queue, Route, Struct, Type, Value, Variants,
};
use vil_ir::vocabulary::{Direction, Scalar, Transfer};
use vil_tests::cc::{Compile, c_compilers, cpp_compilers};
use vil_tests::rustc::rustc;
use vil_tests::scratch::Scratch;

/// Programs of one run; all of them are compiled in one go.
const PROGRAMS: usize = 12;

/// Words that hurt somewhere, as names and in texts.
const WORDS: &[&str] = &[
    "class",
    "match",
    "int",
    "errno",
    "self",
    "type",
    "restrict",
    "co_await",
    "x",
    "value",
    "HTTPServer",
    "line_2",
    "default",
    "union",
    "size",
    "data",
    "index",
    "name",
    "check",
    "tag",
    "stdin",
    "main",
];
const TEXTS: &[&str] = &[
    "",
    "plain",
    "*/ /* //",
    "ends with \\",
    "trigraph ??/ ??'",
    "- a list\n- of two",
    "1. one\n2) two",
    "```rust\nfn",
    "[link] <tag> `code`",
    "\u{202e}reversed",
    "tab\there",
    "ümläut €",
    "a \"quote\"",
    "    indented",
    "# title",
];

struct Maker {
    state: u64,
    program: Program,
    count: usize,
}

impl Maker {
    fn below(&mut self, end: usize) -> usize {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.state >> 33) % end as u64) as usize
    }

    fn one<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    fn bits(&mut self) -> u64 {
        (self.below(1 << 30) as u64) << 40 ^ (self.below(1 << 30) as u64) << 20 ^ self.below(1 << 30) as u64
    }

    /// A name that no other node of the program has, whatever becomes of its case.
    fn name(&mut self) -> String {
        self.count += 1;
        format!("{}_n{}", self.one(WORDS), self.count)
    }

    /// Bare words, each once.
    fn words(&mut self, count: usize) -> Vec<String> {
        let start = self.below(WORDS.len());
        let word = |at: usize| WORDS[(start + at) % WORDS.len()].to_owned();
        (0..count).map(word).collect()
    }

    fn notes(&mut self) -> Notes {
        let doc = self.one(TEXTS);
        let deprecated = (self.below(8) == 0).then(|| self.one(TEXTS).to_owned());
        Notes { doc: (!doc.is_empty()).then(|| doc.to_owned()), deprecated, ..Notes::default() }
    }

    fn scalar(&mut self) -> Scalar {
        self.one(Scalar::ALL)
    }

    fn integer(&mut self) -> Scalar {
        self.one(&[
            Scalar::U8,
            Scalar::U16,
            Scalar::U32,
            Scalar::U64,
            Scalar::I8,
            Scalar::I16,
            Scalar::I32,
            Scalar::I64,
        ])
    }

    fn value(&mut self, scalar: Scalar) -> Value {
        match scalar.integer_range() {
            Some((low, high)) => {
                let middle = low + i128::from(self.bits()) % (high - low + 1);
                Value::Int(self.one(&[low, high, 0, 1, middle, low + 1, high - 1]))
            }
            None if scalar == Scalar::Bool => Value::Bool(self.below(2) == 0),
            None => {
                let all = [
                    0.0,
                    -0.0,
                    1.5,
                    std::f64::consts::PI,
                    -std::f64::consts::E,
                    1e30,
                    1e-30,
                    f64::NAN,
                    f64::INFINITY,
                    f64::NEG_INFINITY,
                    0.1,
                ];
                Value::Float(self.one(&all))
            }
        }
    }

    fn ty(&mut self, depth: usize) -> Type {
        let named: Vec<String> = self.program.enums.keys().chain(self.program.structs.keys()).cloned().collect();
        match self.below(5) {
            0 if depth < 3 => {
                let element = self.ty(depth + 1);
                Type::Array(Box::new(element), self.below(4) as u32 + 1)
            }
            1 | 2 if !named.is_empty() => Type::Named(named[self.below(named.len())].clone()),
            _ => Type::Scalar(self.scalar()),
        }
    }

    fn fields(&mut self) -> Vec<Field> {
        let count = self.below(9);
        let mut fields: Vec<Field> = Vec::new();
        for name in self.words(count) {
            let mut field = Field::new(name, self.ty(0));
            let mut bottom = &field.ty;
            while let Type::Array(element, _) = bottom {
                bottom = element;
            }
            if let Type::Scalar(scalar) = *bottom {
                let ends = ordered(self.value(scalar), self.value(scalar));
                let range = ends.filter(|_| scalar != Scalar::Bool && self.below(2) == 0);
                field.range = range.map(|(low, high)| (self.maybe(low), self.maybe(high)));
                field.unknown = (self.below(4) == 0).then(|| self.value(scalar));
            }
            field.optional = self.below(4) == 0;
            field.notes = self.notes();
            field.unit = (self.below(4) == 0).then(|| self.one(TEXTS).to_owned());
            let counter = fields.iter().find(|found| {
                matches!(found.ty, Type::Scalar(scalar) if scalar.integer_range().is_some()) && !found.optional
            });
            if matches!(field.ty, Type::Array(..)) {
                field.used_by = counter.map(|found| found.name.clone());
            }
            fields.push(field);
        }
        fields
    }

    fn maybe(&mut self, value: Value) -> Option<Value> {
        (self.below(3) > 0).then_some(value)
    }

    fn body(&mut self) -> Body {
        if self.below(3) > 0 {
            return Body::Fields(self.fields());
        }
        let tag = self.one(&[Scalar::U8, Scalar::U16, Scalar::U32]);
        let (_, most) = tag.integer_range().unwrap_or((0, 255));
        let count = self.below(4) + 1;
        let names = self.words(count);
        let last = names.len() - 1;
        let mut arms = Vec::new();
        for (at, name) in names.into_iter().enumerate() {
            let tag = if at == last { most as u64 } else { at as u64 };
            arms.push(Arm { name, tag, fields: self.fields(), notes: self.notes() });
        }
        Body::Variants(Variants { tag, open: self.below(2) == 0, arms })
    }

    fn enumeration(&mut self) -> Enum {
        let repr = self.integer();
        let count = self.below(6);
        let mut values: Vec<EnumValue> = Vec::new();
        for name in self.words(count) {
            let Value::Int(value) = self.value(repr) else { continue };
            values.push(EnumValue { name, value, notes: self.notes() });
        }
        let unsigned = repr.integer_range().is_some_and(|(low, _)| low == 0);
        let bitmask = unsigned && self.below(3) == 0;
        Enum { repr, open: self.below(2) == 0, bitmask, aliases: true, values, notes: self.notes() }
    }

    fn constants(&mut self) -> vil_ir::model::Named<Constant> {
        (0..self.below(3))
            .map(|at| {
                let scalar = (self.below(4) > 0).then(|| self.scalar());
                let value = match scalar {
                    Some(scalar) => self.value(scalar),
                    None => Value::Str(self.one(TEXTS).to_owned()),
                };
                (format!("CONSTANT_{at}"), Constant { scalar, value, notes: self.notes() })
            })
            .collect()
    }

    fn message(&mut self) -> Message {
        let (body, constants, notes) = (self.body(), self.constants(), self.notes());
        Message {
            kind: None,
            layout: None,
            memory: None,
            max_bytes: None,
            media_type: None,
            adapter: None,
            body,
            constants,
            notes,
        }
    }

    fn fill(&mut self) {
        self.program.notes = self.notes();
        self.program.constants = self.constants();
        for _ in 0..self.below(4) {
            let (name, made) = (self.name(), self.enumeration());
            self.program.enums.insert(name, made);
        }
        for _ in 0..self.below(5) {
            let (name, body, constants, notes) = (self.name(), self.body(), self.constants(), self.notes());
            self.program.structs.insert(name, Struct { body, constants, notes });
        }
        for _ in 0..self.below(4) + 1 {
            let (name, made) = (self.name(), self.message());
            self.program.messages.insert(name, made);
        }
        self.processes();
    }

    fn processes(&mut self) {
        let messages: Vec<String> = self.program.messages.keys().cloned().collect();
        let mut interface = Interface::default();
        let count = self.below(5);
        for name in self.words(count) {
            let direction = self.one(Direction::ALL);
            // Of few, so that many ports have a like.
            let message = messages[self.below(messages.len().min(2))].clone();
            let asks = matches!(direction, Direction::Request | Direction::Response);
            let reply = asks.then(|| messages[self.below(messages.len())].clone());
            let (queue, notes) = (Queue::default(), self.notes());
            let port = Port { direction, message, reply, lane: None, loans: None, queue, notes };
            interface.ports.insert(name, port);
        }
        let (name, notes) = (self.name(), self.notes());
        let (forwards, mutates) = self.ways(&name, &interface);
        self.program.interfaces.insert("I".to_owned(), interface);
        let process = Process {
            interface: "I".to_owned(),
            exec: None,
            zone: None,
            cleanup: None,
            priority: None,
            failure_domain: None,
            host: None,
            instances: None,
            forwards,
            mutates,
            idempotent: false,
            observe: None,
            notes,
        };
        self.program.processes.insert(name, process);
    }

    /// Routes from every out port back to every in port of its message, each in a mode of its own, which decides what the ports are;
    /// and what is forwarded and changed.
    fn ways(&mut self, process: &str, interface: &Interface) -> (Vec<Forward>, Vec<String>) {
        let of = |direction| interface.ports.iter().filter(move |(_, port)| port.direction == direction);
        let end = |port: &str| End { process: process.to_owned(), port: port.to_owned() };
        let (mut forwards, mut mutates) = (Vec::new(), Vec::new());
        for (to, arrives) in of(Direction::In) {
            if self.below(3) == 0 {
                mutates.push(to.clone());
            }
            for (from, _) in of(Direction::Out).filter(|(_, leaves)| leaves.message == arrives.message) {
                let transfer = Some(self.one(Transfer::ALL));
                self.program.routes.push(Route {
                    from: end(from),
                    to: end(to),
                    transfer,
                    boundary: None,
                    delivery: None,
                    queue: Queue::default(),
                    verify: None,
                    notes: Notes::default(),
                });
                forwards.push(Forward { from: to.clone(), to: from.clone() });
            }
        }
        (forwards, mutates)
    }
}

/// The two as the ends of a range; none when one is no number.
fn ordered(left: Value, right: Value) -> Option<(Value, Value)> {
    let is_less = match (&left, &right) {
        (Value::Int(left), Value::Int(right)) => left <= right,
        (Value::Float(left), Value::Float(right)) if left.is_nan() || right.is_nan() => return None,
        (Value::Float(left), Value::Float(right)) => left <= right,
        _ => true,
    };
    Some(if is_less { (left, right) } else { (right, left) })
}

/// Programs that the generator accepts.
fn programs(seed: u64) -> Vec<Program> {
    (0..PROGRAMS)
        .map(|at| {
            let program = Program { name: format!("random{at}"), ..Program::default() };
            let mut maker = Maker { state: seed ^ (at as u64).wrapping_mul(0x9e37_79b9), program, count: 0 };
            maker.fill();
            maker.program
        })
        .collect()
}

fn write(dir: &Path, programs: &[Program], language: Language, line: impl Fn(&str) -> String) -> String {
    let mut including = String::new();
    for program in programs {
        let contract = canonical_json(program);
        let source = Source { program, contract: &contract, origin: "random.yaml", process: None };
        let files = generate(&source, language).unwrap_or_else(|faults| panic!("{}: {faults}", program.name));
        for file in files {
            std::fs::write(dir.join(&file.name), file.text).expect("a generated file can be written");
            let _ = writeln!(including, "{}", line(&file.name));
        }
    }
    including
}

#[test]
fn whatever_a_program_holds_its_generated_code_compiles_and_lies_as_planned() {
    let seed = std::env::var("VIL_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or_else(|| {
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(1, |now| now.as_nanos() as u64)
    });
    println!("VIL_SEED={seed}");
    let programs = programs(seed);
    let dir = Scratch::new("random-programs");
    for (language, name, standard, compilers) in
        [(Language::C, "all.c", "c99", c_compilers()), (Language::Cpp, "all.cpp", "c++17", cpp_compilers())]
    {
        let text = write(&dir, &programs, language, |file| format!("#include \"{file}\""));
        std::fs::write(dir.join(name), format!("{text}int main(void) {{ return 0; }}\n"))
            .expect("a source can be written");
        for compiler in compilers {
            let compile = Compile::new(&compiler, standard, dir.join("all.o")).include(&*dir);
            compile.arg("-Wsign-conversion").arg("-Wundef").arg("-fsyntax-only").source(dir.join(name)).expect();
        }
    }
    let text = write(&dir, &programs, Language::Rust, |file| {
        format!("/// Random.\npub mod {};", file.trim_end_matches(".rs"))
    });
    let source = dir.join("all.rs");
    std::fs::write(&source, format!("//! Random programs.\n#![deny(warnings, missing_docs)]\n{text}"))
        .expect("a source can be written");
    let output = rustc()
        .args(["--crate-type", "lib", "--emit", "metadata", "--out-dir"])
        .arg(&*dir)
        .arg(&source)
        .output()
        .expect("rustc runs");
    assert!(output.status.success(), "rustc refuses:\n{}", String::from_utf8_lossy(&output.stderr));
}
