//! Worlds that are not what was asked for: none, another's contract, another layout, another's file, no name.

use std::fs;
use std::os::unix::fs::FileExt;

use vil_core::base::error::Fault;
use vil_core::base::limits::{LAYOUT_VERSION, MAX_NAME};
use vil_core::world::{Contract, Facing, PortContract, Sender, World};
use vil_tests::runtime_dir::RuntimeDir;

use crate::house::{House, NOBODY, PLAIN, place, plan_of, refused, role};

#[test]
fn a_world_that_does_not_exist_is_not_found_and_the_sentence_names_it() {
    let house = House::new("missing", PLAIN);
    let said = refused(World::open(&house.place, "posts", &NOBODY), Fault::NotFound);
    assert!(said.contains("`posts`") && said.contains("create it first"), "{said}");
    let said = refused(World::unlink(&house.place, "posts"), Fault::NotFound);
    assert!(said.contains("`posts`"), "{said}");
    assert!(World::open(&house.place, "post", &NOBODY).is_ok());
    assert_eq!(house.place.worlds().expect("the directory is there"), ["post"]);
}

#[test]
fn an_unlinked_world_is_not_found_and_who_has_it_keeps_it() {
    let house = House::new("unlinked", PLAIN);
    let (mut writer, mut reader) = (house.writer(), house.reader());
    assert!(World::unlink(&house.place, "post").is_ok());
    refused(World::open(&house.place, "post", &NOBODY), Fault::NotFound);
    crate::house::send(&mut writer, 7).expect("it is still a world");
    assert_eq!(crate::house::take(&mut reader), Ok(7));
    drop((writer, reader));
    house.is_swept();
}

/// A program whose message has two fields of one size in this order.
fn ledger(first: &str, second: &str) -> String {
    format!(
        "vil: 1\nprogram: bank\nmessages:\n  Entry:\n    kind: event\n    fields:\n      - {{ name: line, type: u32 }}\n\
         \x20     - {{ name: {first}, type: u32 }}\n      - {{ name: {second}, type: u32 }}\n\
         interfaces:\n  Out: {{ ports: {{ entries: {{ direction: out, message: Entry }} }} }}\n\
         \x20 In: {{ ports: {{ entries: {{ direction: in, message: Entry }} }} }}\n\
         processes:\n  source: {{ interface: Out }}\n  sink: {{ interface: In }}\n\
         routes:\n  - {{ from: source.entries, to: sink.entries, transfer: loan_write, delivery: at_least_once }}\n"
    )
}

#[test]
fn two_swapped_fields_of_one_size_are_refused_by_message_field_and_both_offsets() {
    let plan = plan_of(&ledger("debit", "credit"));
    let house = House::of("swapped", &plan);
    let open = |plan: &vil_ir::plan::Plan, process: &'static str, facing| {
        let message = &plan.messages[0];
        let port = PortContract {
            port: "entries",
            message: &message.name,
            layout_id: message.layout_id,
            layout_text: &message.text,
            size: message.size,
            facing,
        };
        World::open(&house.place, "post", &Contract { process: Some(process), ports: &[port] })
    };
    let other = plan_of(&ledger("credit", "debit"));
    for (process, facing) in [("source", Facing::Out), ("sink", Facing::In)] {
        let said = refused(open(&other, process, facing), Fault::Contract);
        for word in ["Entry", "post", process, "entries", "4", "8"] {
            assert!(said.contains(word), "{word} is missing: {said}");
        }
        assert!(said.contains("debit") || said.contains("credit"), "{said}");
        assert!(open(&plan, process, facing).is_ok());
    }
    assert_eq!(house.keeper.audit().processes, 1, "a refused process is not attached");
}

#[test]
fn a_contract_of_the_right_layout_and_another_size_is_refused() {
    let plan = PLAIN.plan();
    let house = House::of("sized", &plan);
    let message = &plan.messages[0];
    let open = |size| {
        let port = PortContract {
            port: "letters",
            message: "Letter",
            layout_id: message.layout_id,
            layout_text: &message.text,
            size,
            facing: Facing::Out,
        };
        World::open(&house.place, "post", &Contract { process: Some("writer"), ports: &[port] })
    };
    let said = refused(open(message.size + 8), Fault::Contract);
    assert!(said.contains(&message.size.to_string()) && said.contains("Letter"), "{said}");
    assert!(open(message.size).is_ok());
}

#[test]
fn a_process_and_a_port_that_the_program_lacks_are_answered_with_those_it_has() {
    let house = House::new("ports", PLAIN);
    let said = refused(Sender::open(&house.enter("writer"), "letter"), Fault::NotFound);
    assert!(said.contains("`letter`") && said.contains("letters"), "{said}");
    let said = refused(Sender::open(&house.enter("reader"), "letters"), Fault::NotFound);
    assert!(said.contains("reader") && said.contains("sends"), "{said}");
    refused(Sender::open(&house.keeper, "letters"), Fault::NotFound);
    let stranger = PortContract {
        port: "letters",
        message: "Letter",
        layout_id: 1,
        layout_text: "",
        size: 16,
        facing: Facing::Out,
    };
    let contract = Contract { process: Some("stranger"), ports: &[stranger] };
    refused(World::open(&house.place, "post", &contract), Fault::Contract);
    assert!(Sender::open(&house.enter("writer"), "letters").is_ok());
}

#[test]
fn another_memory_layout_is_refused_by_its_number_and_the_right_one_is_not() {
    let house = House::new("layout", PLAIN);
    let file = fs::File::options().write(true).open(house.file()).expect("the world has a file");
    let set = |version: u64| file.write_all_at(&version.to_le_bytes(), 8).expect("it can be written");
    for version in [0, LAYOUT_VERSION + 1, u64::MAX] {
        set(version);
        let said = refused(World::open(&house.place, "post", &NOBODY), Fault::Abi);
        assert!(said.contains(&version.to_string()) && said.contains(&LAYOUT_VERSION.to_string()), "{said}");
        refused(World::open_or_create(&house.place, "post", &PLAIN.plan(), &NOBODY), Fault::Abi);
    }
    set(LAYOUT_VERSION);
    assert!(World::open(&house.place, "post", &NOBODY).is_ok());
}

#[test]
fn a_world_of_another_layout_in_which_somebody_lives_is_not_replaced() {
    let house = House::new("layout-lived-in", PLAIN);
    let file = fs::File::options().write(true).open(house.file()).expect("the world has a file");
    file.write_all_at(&99u64.to_le_bytes(), 8).expect("it can be written");
    refused(World::create(&house.place, "post", &PLAIN.plan(), &NOBODY), Fault::Exists);
    let House { keeper, place, .. } = &house;
    let name = keeper.name().to_owned();
    file.write_all_at(b"not even a world", 0).expect("it can be written");
    refused(World::create(place, &name, &PLAIN.plan(), &NOBODY), Fault::Exists);
}

#[test]
fn what_is_left_of_a_damaged_world_is_replaced_when_nobody_lives_in_it() {
    let dir = RuntimeDir::new("damaged");
    let place = place(&dir);
    fs::write(dir.join("post.vil"), "not a world at all").expect("it can be written");
    refused(World::open(&place, "post", &NOBODY), Fault::Corrupt);
    let world = World::create(&place, "post", &PLAIN.plan(), &role("writer"));
    assert!(world.is_ok(), "{world:?}");
}

#[test]
fn a_directory_a_link_and_a_pipe_are_no_worlds() {
    let house = House::new("no-file", PLAIN);
    fs::create_dir(house.join("dir.vil")).expect("a directory");
    std::os::unix::fs::symlink(house.file(), house.join("link.vil")).expect("a link");
    let pipe = std::ffi::CString::new(house.join("pipe.vil").into_os_string().into_encoded_bytes()).expect("no NUL");
    // SAFETY: a path that ends with NUL.
    assert_eq!(unsafe { libc::mkfifo(pipe.as_ptr(), 0o600) }, 0);
    fs::write(house.join("empty.vil"), "").expect("a file");
    for (name, fault) in
        [("dir", Fault::Corrupt), ("link", Fault::Owner), ("pipe", Fault::Corrupt), ("empty", Fault::Corrupt)]
    {
        let said = refused(World::open(&house.place, name, &NOBODY), fault);
        assert!(said.contains(name) || name == "empty", "{said}");
        refused(World::open_or_create(&house.place, name, &PLAIN.plan(), &NOBODY), fault);
    }
    for (name, fault) in [("dir", Fault::Corrupt), ("link", Fault::Owner), ("pipe", Fault::Corrupt)] {
        refused(World::create(&house.place, name, &PLAIN.plan(), &NOBODY), fault);
    }
    assert!(World::open(&house.place, "post", &NOBODY).is_ok());
}

#[test]
fn names_that_are_none_are_refused_and_the_longest_and_oddest_legal_ones_are_not() {
    let house = House::new("names", PLAIN);
    let (long, longest) = ("n".repeat(MAX_NAME + 1), "n".repeat(MAX_NAME));
    let wrong = [
        "",
        "/",
        "a/b",
        "../post",
        ".",
        "..",
        ".hidden",
        "a\0b",
        "a b",
        "post\n",
        "é",
        long.as_str(),
        &"x".repeat(300),
    ];
    for name in wrong {
        let said = refused(World::open(&house.place, name, &NOBODY), Fault::Name);
        assert!(said.contains(&MAX_NAME.to_string()) && said.len() < 300, "{said}");
        refused(World::create(&house.place, name, &PLAIN.plan(), &NOBODY), Fault::Name);
        refused(World::open_or_create(&house.place, name, &PLAIN.plan(), &NOBODY), Fault::Name);
        refused(World::unlink(&house.place, name), Fault::Name);
    }
    for name in [longest.as_str(), "-", "a.", "A-1_b.c", "0"] {
        assert!(World::create(&house.place, name, &PLAIN.plan(), &NOBODY).is_ok(), "{name}");
        assert!(World::unlink(&house.place, name).is_ok(), "{name}");
    }
}
