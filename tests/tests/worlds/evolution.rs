//! Processes whose relative message is newer or older than the world's, with contracts made by hand: who comes in, who is
//! refused by which field, and that nobody may write beyond a slot.

use std::sync::Arc;

use vil_core::base::error::{Error, Fault};
use vil_core::world::{Contract, Facing, PortContract, Receiver, Sender, World};
use vil_ir::fingerprint::layout_id;
use vil_ir::plan::Plan;

use crate::house::{House, PLAIN, plan_of, refused, send, take};

const RELATIVE: &str = "vil-layout 1\nrelative Letter: size 16 align 8\n  @0 #1 number: u64\n  @8 #2 check: u64\n";
const FLAT: &str = "vil-layout 1\nstruct Letter: size 16 align 8\n  @0 #1 number: u64\n  @8 #2 check: u64\n";
const UNION: &str =
    "vil-layout 1\nunion Letter: size 16 align 8 tag u32 open arms @8\n  arm A = 1: size 8 align 8\n    @0 #1 a: u64\n";

fn grown(text: &str) -> String {
    text.replace("size 16", "size 24") + "  @16 #3 stamp: u64\n"
}

/// A world whose letters have this layout.
fn house(name: &str, text: &str) -> (House, u32) {
    let mut plan: Plan = PLAIN.plan();
    plan.messages[0].text = text.to_owned();
    plan.messages[0].layout_id = layout_id(text);
    let size = plan.messages[0].size;
    (House::of(name, &plan), size)
}

fn enter(house: &House, text: &str, size: u32, facing: Facing) -> Result<Arc<World>, Error> {
    let process = if facing == Facing::Out { "writer" } else { "reader" };
    let (message, layout_id) = ("Letter", layout_id(text));
    let port = PortContract { port: "letters", message, layout_id, layout_text: text, size, facing };
    World::open(&house.place, "post", &Contract { process: Some(process), ports: &[port] })
}

#[test]
fn a_newer_and_an_older_process_come_in_and_exchange_messages() {
    for (name, world, out, into) in [
        ("newer-writer", RELATIVE.to_owned(), grown(RELATIVE), RELATIVE.to_owned()),
        ("newer-reader", RELATIVE.to_owned(), RELATIVE.to_owned(), grown(RELATIVE)),
        ("older-writer", grown(RELATIVE), RELATIVE.to_owned(), grown(RELATIVE)),
        ("older-reader", grown(RELATIVE), grown(RELATIVE), RELATIVE.to_owned()),
    ] {
        let (house, size) = house(name, &world);
        let [writers, readers] = [(out, Facing::Out), (into, Facing::In)]
            .map(|(text, facing)| enter(&house, &text, size, facing).unwrap_or_else(|error| panic!("{name}: {error}")));
        let mut writer = Sender::open(&writers, "letters").unwrap_or_else(|error| panic!("{error}"));
        let mut reader = Receiver::open(&readers, "letters").unwrap_or_else(|error| panic!("{error}"));
        send(&mut writer, 7).expect("there is room");
        assert_eq!(take(&mut reader), Ok(7), "{name}");
    }
}

#[test]
fn a_flat_message_stays_frozen() {
    let (house, size) = house("frozen", FLAT);
    let said = refused(enter(&house, &grown(FLAT), size, Facing::In), Fault::Contract);
    assert!(said.contains("`stamp`") && said.contains("16"), "{said}");
    let said = refused(enter(&house, RELATIVE, size, Facing::In), Fault::Contract);
    assert!(said.contains("relative") && said.contains("struct"), "{said}");
    assert!(enter(&house, FLAT, size, Facing::In).is_ok());
}

#[test]
fn an_open_union_with_another_arm_comes_in_and_with_another_tag_it_does_not() {
    let (house, size) = house("arms", UNION);
    let more = format!("{UNION}  arm B = 2: size 8 align 8\n    @0 #1 b: u64\n");
    for facing in [Facing::In, Facing::Out] {
        assert!(enter(&house, &more, size, facing).is_ok());
        let said = refused(enter(&house, &UNION.replace("A = 1", "A = 3"), size, facing), Fault::Contract);
        assert!(said.contains('A') && said.contains('3'), "{said}");
    }
    let said = refused(enter(&house, &more, size + 8, Facing::In), Fault::Contract);
    assert!(said.contains(&(size + 8).to_string()), "a flat message has one size: {said}");
}

#[test]
fn what_evolution_refuses_is_refused_by_the_field_that_breaks_it() {
    let (house, size) = house("broken", RELATIVE);
    // The root grew as it may, and a field changed as it may not: the field is named.
    let broken = grown(RELATIVE).replace("number: u64", "number: i64");
    let said = refused(enter(&house, &broken, size, Facing::Out), Fault::Contract);
    assert!(said.contains("message Letter: field `number` has type u64 in the world and i64 here"), "{said}");
    assert!(said.contains("post") && said.contains("writer.letters"), "{said}");
    // What is nested grew and moved what stands behind it: the cause is named.
    let flat = |point: &str, at: u32| {
        format!(
            "vil-layout 1\nstruct Letter: size 16 align 8\n  @0 #1 at: Point\n  @{at} #2 check: u64\nstruct Point: size {at} align 8\n{point}"
        )
    };
    let point = "  @0 #1 x: u64\n";
    let (nested, bytes) = self::house("nested", &flat(point, 8));
    let longer = flat(&format!("{point}  @8 #2 y: u64\n"), 16);
    let said = refused(enter(&nested, &longer, bytes, Facing::In), Fault::Contract);
    assert!(said.contains("field `y` at offset 8 stands here and not in the world (/Point/y)"), "{said}");
    let nonsense = "vil-layout 1\nrelative Letter: \u{1}\n@";
    refused(enter(&house, nonsense, size, Facing::In), Fault::Contract);
    assert_eq!(house.keeper.audit().processes, 1, "who is refused is not attached");
}

#[test]
fn a_sender_that_promises_more_than_a_slot_is_refused_and_a_receiver_of_any_bound_is_not() {
    let (house, size) = house("bounds", RELATIVE);
    for text in [RELATIVE.to_owned(), grown(RELATIVE)] {
        let said = refused(enter(&house, &text, size + 1, Facing::Out), Fault::Contract);
        assert!(said.contains(&size.to_string()) && said.contains(&(size + 1).to_string()), "{said}");
        let writers = enter(&house, &text, size - 8, Facing::Out).unwrap_or_else(|error| panic!("{error}"));
        let mut writer = Sender::open(&writers, "letters").unwrap_or_else(|error| panic!("{error}"));
        let loan = writer.loan().expect("there is room");
        assert_eq!(loan.size, size, "a loan has what the world's slot has");
        writer.discard(loan.ticket).expect("it is held");
        for bound in [1, size, u32::MAX] {
            assert!(enter(&house, &text, bound, Facing::In).is_ok());
        }
    }
}

/// A program whose letters are relative, with more fields behind the first one.
fn program(more: &str, max_bytes: u32) -> Plan {
    plan_of(&format!(
        "vil: 1\nprogram: post\nmessages:\n  Letter: {{ layout: relative, max_bytes: {max_bytes}, fields: [ {{ name: number, type: u64 }}{more} ] }}\n\
         interfaces:\n  Writer: {{ ports: {{ letters: {{ direction: out, message: Letter }} }} }}\n\
         \x20 Reader: {{ ports: {{ letters: {{ direction: in, message: Letter }} }} }}\n\
         processes:\n  writer: {{ interface: Writer }}\n  reader: {{ interface: Reader }}\n\
         routes:\n  - {{ from: writer.letters, to: reader.letters }}\n"
    ))
}

#[test]
fn programs_that_grew_apart_from_one_release_meet_in_worlds_of_either() {
    let releases = [
        program("", 256),
        program(", { name: text, type: VStr }", 256),
        program(", { name: text, type: VStr }, { name: at, type: u32 }", 512),
    ];
    for (made, world) in releases.iter().enumerate() {
        let house = House::of(&format!("release-{made}"), world);
        for (came, binary) in releases.iter().enumerate() {
            let (message, bound) = (&binary.messages[0], world.messages[0].size);
            let out = enter(&house, &message.text, message.size, Facing::Out);
            assert_eq!(out.is_ok(), message.size <= bound, "{came} writes into {made}: {out:?}");
            let into = enter(&house, &message.text, message.size, Facing::In);
            assert!(into.is_ok(), "{came} reads from {made}: {into:?}");
        }
        let other = program(", { name: text, type: u64 }", 256).messages[0].clone();
        let answer = enter(&house, &other.text, other.size, Facing::In);
        match made {
            0 => assert!(answer.is_ok(), "another line of releases from the same start: {answer:?}"),
            _ => {
                let said = refused(answer, Fault::Contract);
                assert!(said.contains("field `text` has type VStr in the world and u64 here"), "{said}");
            }
        }
    }
}
