//! Texts that make readers slow: twice the text takes twice the work, whatever it says and whatever is wrong with it.
//!
//! Counted are calls of the heap, which are the same every time; measured is the time of this thread alone, at four times
//! the size, so that what grows with the square is sixteen times as slow and a busy machine is not.

use std::fmt::Write;
use std::time::Duration;

use vil_ir::evolve::{Level, Verdict, programs};
use vil_ir::load::{Format, NoFiles, from_text};
use vil_ir::{passes, render};

use crate::counting::count;

/// What `count` of something becomes as a text.
type Make = fn(usize) -> String;

/// The processor time that this thread has taken.
fn thread_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock exists on every Linux, and `time` is ours to be written to.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    assert_eq!(failed, 0, "the clock of this thread can be read");
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Calls of the heap, and time.
type Cost = (u64, Duration);

/// What is done with a text, and what it cost.
type Work = fn(String) -> Cost;

fn cost_of(work: impl FnOnce()) -> Cost {
    let start = thread_time();
    let ((), spent) = count(work);
    (spent.calls, thread_time() - start)
}

/// Reads, judges and draws what is wrong.
fn judge(text: String, format: Format) -> Cost {
    cost_of(|| {
        let faults = match from_text("text", text, format, &mut NoFiles) {
            Ok((program, source)) => passes::check(&program, source),
            Err(faults) => faults,
        };
        let _ = (faults.to_json(), faults.to_string(), render::render(&faults, false));
    })
}

/// Compares a program with what says the same of other zones.
fn compare(text: String) -> Cost {
    let read = |text| from_text("text", text, Format::Yaml, &mut NoFiles).unwrap_or_else(|faults| panic!("{faults}")).0;
    let (old, new) = (read(text.clone()), read(text.replace("native_core", "native_trusted")));
    cost_of(|| {
        let found = programs(&old, &new, Level::Semantic).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(found.verdict(), Verdict::Incompatible);
    })
}

/// Twice as many take at most 2.3 times the calls, four times as many at most nine times the time.
fn grows_linearly(name: &str, make: Make, work: Work, n: usize) {
    let (calls, twice) = (work(make(n)).0, work(make(2 * n)).0);
    let ratio = twice as f64 / calls as f64;
    assert!(ratio < 2.3, "{name}: {calls} calls of the heap for {n}, {twice} for {}", 2 * n);
    let mut ratios = Vec::new();
    for _ in 0..3 {
        let (one, four) = (work(make(n)).1, work(make(4 * n)).1);
        // What takes no time at all cannot be measured, and need not be.
        let ratio = four.as_secs_f64() / one.as_secs_f64().max(0.000_5);
        if ratio < 9.0 {
            println!("{name}: {n} took {one:?}, {} took {four:?}", 4 * n);
            return;
        }
        ratios.push((one, four));
    }
    panic!("{name}: {n} and {} took {ratios:?}", 4 * n);
}

/// `count` of something in a row, by their number.
fn each(count: usize, one: impl Fn(usize) -> String) -> String {
    (0..count).map(one).collect()
}

const HEAD: &str = "vil: 1\nprogram: p\n";

fn of_messages(count: usize) -> String {
    let one = |at: usize| {
        format!("  Message{at}: {{ kind: event, fields: [ {{ name: a, type: u64 }}, {{ name: b, type: f32 }} ] }}\n")
    };
    format!("{HEAD}messages:\n{}", each(count, one))
}

fn of_unknown_types(count: usize) -> String {
    let one = |at: usize| format!("  Message{at}: {{ fields: [ {{ name: a, type: Massage{at}x }} ] }}\n");
    format!("{HEAD}messages:\n{}", each(count, one))
}

fn of_unknown_keys(count: usize) -> String {
    format!("{HEAD}{}", each(count, |at| format!("massages{at}: 1\n")))
}

fn of_keys_that_stand_twice(count: usize) -> String {
    format!("{HEAD}hosts:\n{}", each(count, |at| format!("  h{}: {{}}\n", at / 2)))
}

fn of_faulty_fields(count: usize) -> String {
    let one = |at: usize| format!("  S{at}: {{ fields: [ {{ name: a, type: u8, default: 256 }} ] }}\n");
    format!("{HEAD}structs:\n{}", each(count, one))
}

fn of_fields_of_one_struct(count: usize) -> String {
    let one = |at: usize| {
        format!("      - {{ name: n{at}, type: u8 }}\n      - {{ name: a{at}, type: \"[u8; 4]\", used_by: n{at} }}\n")
    };
    format!("{HEAD}structs:\n  S:\n    fields:\n{}", each(count, one))
}

fn of_structs_in_a_chain(count: usize) -> String {
    let one = |at: usize| format!("  S{at}: {{ fields: [ {{ name: a, type: S{} }} ] }}\n", at + 1);
    format!("{HEAD}structs:\n{}  S{count}: {{ fields: [ {{ name: a, type: u8 }} ] }}\n", each(count, one))
}

fn of_structs_in_a_cycle(count: usize) -> String {
    let one = |at: usize| format!("  S{at}: {{ fields: [ {{ name: a, type: S{} }} ] }}\n", (at + 1) % count);
    format!("{HEAD}structs:\n{}", each(count, one))
}

/// Processes in a row, each with one route to the next one; `more` stands in every process, `ring` closes the cycle.
fn line(count: usize, more: &str, ring: bool) -> String {
    let mut text =
        format!("{HEAD}messages:\n  M: {{ fields: [ {{ name: a, type: u64 }} ] }}\ninterfaces:\n  I:\n    ports:\n");
    let queue = "queue: { backpressure: block, deadline_ms: 9 }";
    let _ =
        writeln!(text, "      a: {{ direction: in, message: M }}\n      b: {{ direction: out, message: M, {queue} }}");
    let _ = writeln!(text, "processes:\n{}routes:", each(count, |at| format!("  p{at}: {{ interface: I{more} }}\n")));
    let last = if ring { count } else { count - 1 };
    text + &each(last, |at| format!("  - {{ from: p{at}.b, to: p{}.a }}\n", (at + 1) % count))
}

fn of_processes_in_a_row(count: usize) -> String {
    line(count, "", false)
}

fn of_processes_in_a_cycle(count: usize) -> String {
    line(count, "", true)
}

fn of_forwarding_processes(count: usize) -> String {
    line(count, ", forwards: [ { from: a, to: b } ]", false)
}

fn of_processes_that_run_twice(count: usize) -> String {
    line(count, ", instances: 2, mutates: [a]", false)
}

/// One process that sends to all others and hears from all.
fn of_processes_around_one(count: usize) -> String {
    let queue = "queue: { backpressure: block, deadline_ms: 9 }";
    let ports = |direction: &str| {
        each(count, |at| format!("      {direction}{at}: {{ direction: {direction}, message: M, {queue} }}\n"))
    };
    let processes = each(count, |at| format!("  p{at}: {{ interface: Leaf }}\n"));
    let route =
        |at: usize| format!("  - {{ from: hub.out{at}, to: p{at}.in }}\n  - {{ from: p{at}.out, to: hub.in{at} }}\n");
    format!(
        "{HEAD}messages:\n  M: {{ fields: [ {{ name: a, type: u64 }} ] }}\ninterfaces:\n  Leaf:\n    ports:\n      in: {{ direction: \
         in, message: M }}\n      out: {{ direction: out, message: M, {queue} }}\n  Hub:\n    ports:\n{}{}processes:\n  hub: {{ \
         interface: Hub }}\n{processes}routes:\n{}",
        ports("in"),
        ports("out"),
        each(count, route)
    )
}

/// One process whose ports are all forwarded and changed.
fn of_ports_that_are_forwarded(count: usize) -> String {
    let ports = |direction: &str| {
        each(count, |at| format!("      {direction}{at}: {{ direction: {direction}, message: M }}\n"))
    };
    let names = each(count, |at| format!("in{at}, "));
    let forwards = each(count, |at| format!("{{ from: in{at}, to: out{at} }}, "));
    let route = |at: usize| {
        format!("  - {{ from: first.out{at}, to: mid.in{at} }}\n  - {{ from: mid.out{at}, to: last.in{at} }}\n")
    };
    format!(
        "{HEAD}messages:\n  M: {{ fields: [ {{ name: a, type: u64 }} ] }}\ninterfaces:\n  First:\n    ports:\n{}  Mid:\n    ports:\n{}{}  \
         Last:\n    ports:\n{}processes:\n  first: {{ interface: First }}\n  mid: {{ interface: Mid, mutates: [{names}], forwards: \
         [{forwards}] }}\n  last: {{ interface: Last }}\nroutes:\n{}",
        ports("out"),
        ports("in"),
        ports("out"),
        ports("in"),
        each(count, route)
    )
}

fn of_routes_from_one_port(count: usize) -> String {
    let ports = each(count, |at| format!("      in{at}: {{ direction: in, message: M }}\n"));
    format!(
        "{HEAD}messages:\n  M: {{ fields: [ {{ name: a, type: u64 }} ] }}\ninterfaces:\n  A:\n    ports:\n      out: {{ direction: out, \
         message: M }}\n  B:\n    ports:\n{ports}processes:\n  a: {{ interface: A }}\n  b: {{ interface: B }}\nroutes:\n{}",
        each(count, |at| format!("  - {{ from: a.out, to: b.in{at} }}\n"))
    )
}

fn of_routes_to_nowhere(count: usize) -> String {
    let one = |at: usize| format!("  - {{ from: proces{at}.out, to: p{at}.i }}\n");
    line(count, "", false) + &each(count, one)
}

fn of_enum_values(count: usize) -> String {
    format!("{HEAD}enums:\n  E:\n    repr: u32\n    values:\n{}", each(count, |at| format!("      v{at}: {at}\n")))
}

fn of_variants(count: usize) -> String {
    let one = |at: usize| format!("      V{at}: {{ tag: {}, fields: [ {{ name: x, type: u32 }} ] }}\n", at / 2);
    format!("{HEAD}messages:\n  M:\n    variants:\n{}", each(count, one))
}

/// As a whole program is: for each message two routes, twenty of them to a pair of processes.
fn of_a_whole_program(count: usize) -> String {
    let message = |at: usize| {
        format!("  M{at}: {{ kind: event, fields: [ {{ name: a, type: u64 }}, {{ name: b, type: \"[u8; 9]\" }} ] }}\n")
    };
    let port = |at: usize, way: &str| format!("      p{at}: {{ direction: {way}, message: M{} }}\n", at % count);
    let pairs = count / 10;
    let face = |pair: usize, name: &str, way: &str| {
        let ports: String = (pair * 20..pair * 20 + 20).map(|at| port(at, way)).collect();
        format!("  {name}{pair}:\n    ports:\n{ports}")
    };
    let faces = |pair: usize| face(pair, "Left", "out") + &face(pair, "Right", "in");
    let processes =
        |pair: usize| format!("  l{pair}: {{ interface: Left{pair} }}\n  r{pair}: {{ interface: Right{pair} }}\n");
    let route = |at: usize| format!("  - {{ from: l{}.p{at}, to: r{}.p{at} }}\n", at / 20, at / 20);
    format!(
        "{HEAD}messages:\n{}interfaces:\n{}processes:\n{}routes:\n{}",
        each(count, message),
        each(pairs, faces),
        each(pairs, processes),
        each(pairs * 20, route)
    )
}

fn of_words_in_one_line(count: usize) -> String {
    format!("{HEAD}doc: \"{}\"\n", "word é ".repeat(count))
}

fn of_comments(count: usize) -> String {
    format!("{HEAD}{}", "# a comment\n\n".repeat(count))
}

fn of_comments_on_messages(count: usize) -> String {
    let one = |at| format!("  # above\n  # it\n  M{at}: {{ fields: [] }} # behind it\n");
    format!("{HEAD}messages:\n{}", each(count, one))
}

fn of_comments_on_one_message(count: usize) -> String {
    format!("{HEAD}messages:\n{}  M: {{ fields: [] }}\n", "  # above it\n".repeat(count))
}

fn of_open_quotes(count: usize) -> String {
    format!("{HEAD}doc: {}", "'a' \"b\" ".repeat(count))
}

fn of_lines_without_an_end(count: usize) -> String {
    format!("{HEAD}doc: |\n{}", "  text\n".repeat(count))
}

fn of_possible_keys(count: usize) -> String {
    format!("{HEAD}annotations: [{}", "a, ? b, ".repeat(count))
}

fn of_one_long_key(count: usize) -> String {
    format!("{HEAD}{}: 1\n", "a".repeat(100 * count))
}

fn of_aliases(count: usize) -> String {
    format!("{HEAD}imports: [&a a, {}]\n", "*a, ".repeat(count))
}

const YAML: &[(&str, Make, usize)] = &[
    ("a whole program", of_a_whole_program, 200),
    ("messages", of_messages, 333),
    ("unknown types", of_unknown_types, 333),
    ("unknown keys", of_unknown_keys, 333),
    ("keys that stand twice", of_keys_that_stand_twice, 666),
    ("faulty fields", of_faulty_fields, 333),
    ("fields of one struct", of_fields_of_one_struct, 333),
    ("structs in a chain", of_structs_in_a_chain, 666),
    ("structs in a cycle", of_structs_in_a_cycle, 333),
    ("processes in a row", of_processes_in_a_row, 333),
    ("processes in a cycle", of_processes_in_a_cycle, 333),
    ("forwarding processes", of_forwarding_processes, 333),
    ("processes that run twice", of_processes_that_run_twice, 333),
    ("processes around one", of_processes_around_one, 200),
    ("ports that are forwarded", of_ports_that_are_forwarded, 200),
    ("routes from one port", of_routes_from_one_port, 333),
    ("routes to nowhere", of_routes_to_nowhere, 200),
    ("enum values", of_enum_values, 666),
    ("variants", of_variants, 333),
    ("words in one line", of_words_in_one_line, 10_000),
    ("comments", of_comments, 10_000),
    ("comments on messages", of_comments_on_messages, 333),
    ("comments on one message", of_comments_on_one_message, 10_000),
    ("open quotes", of_open_quotes, 1333),
    ("lines without an end", of_lines_without_an_end, 10_000),
    ("possible keys", of_possible_keys, 1333),
    ("one long key", of_one_long_key, 666),
    ("aliases", of_aliases, 1333),
];

#[test]
fn twice_the_text_takes_twice_the_work() {
    for (name, make, n) in YAML {
        grows_linearly(name, *make, |text| judge(text, Format::Yaml), *n);
    }
}

/// The same in one line, as canonical JSON has it: an excerpt must not draw the whole program.
#[test]
fn twice_the_text_in_one_line_takes_twice_the_work() {
    let faulty: Make = |count| {
        let one = |at: usize| format!("\"S{at}\":{{\"fields\":[{{\"name\":\"a\",\"type\":\"u8\",\"default\":256}}]}},");
        format!("{{\"vil\":1,\"program\":\"p\",\"structs\":{{{}\"Z\":{{}}}}}}", each(count, one))
    };
    let unknown: Make =
        |count| format!("{{\"vil\":1,\"program\":\"p\"{}}}", each(count, |at| format!(",\"kex{at}\":0")));
    let texts: Make = |count| format!("{{\"vil\":1,\"program\":\"p\",\"doc\":\"{}\"}}", "é\\u00e9".repeat(count));
    for (name, make, n) in [("faulty fields", faulty, 300), ("unknown keys", unknown, 300), ("texts", texts, 20_000)] {
        grows_linearly(name, make, |text| judge(text, Format::Json), n);
    }
}

/// Processes that each have an interface and a message of their own, and send to themselves.
fn of_processes_with_their_own_interfaces(count: usize) -> String {
    let ports =
        |at: usize| format!("out: {{ direction: out, message: M{at} }}, in: {{ direction: in, message: M{at} }}");
    format!(
        "{HEAD}messages:\n{}interfaces:\n{}processes:\n{}routes:\n{}",
        each(count, |at| format!("  M{at}: {{ fields: [ {{ name: a, type: u64 }} ] }}\n")),
        each(count, |at| format!("  I{at}: {{ ports: {{ {} }} }}\n", ports(at))),
        each(count, |at| format!("  p{at}: {{ interface: I{at}, zone: native_core }}\n")),
        each(count, |at| format!("  - {{ from: p{at}.out, to: p{at}.in }}\n"))
    )
}

#[test]
fn comparing_programs_twice_as_large_takes_twice_the_work() {
    grows_linearly("own interfaces", of_processes_with_their_own_interfaces, compare, 2500);
}
