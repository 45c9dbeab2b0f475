//! Wrong calls through the C surface: wrong handles, NULL, wrong sizes, things that ended, places that are none. Each is a
//! status, nothing happens, and the handles go on.

use std::ptr::{null, null_mut};

use vil_capi::*;
use vil_ir::plan::{Plan, binary};

use crate::handles::{
    LETTER, NO_BLOCK, NO_LOAN, NO_MESSAGE, Post, audit, chars, class_info, contract, no_error, queue_info, sentence,
};
use crate::house::PLAIN;
use crate::surface::{CLOSES, Call, MOVES, uses};

/// Every call that takes a handle.
fn every_call() -> impl Iterator<Item = &'static Call> {
    uses().chain(MOVES).chain(CLOSES)
}

#[test]
fn a_null_a_made_up_and_another_kind_s_handle_are_refused_by_every_function() {
    let post = Post::new("kinds");
    let kinds = post.kinds();
    for Call { kind, name, call } in every_call() {
        let mine = kinds.iter().find(|(known, _)| known == kind).expect("every kind has a handle").1;
        let made_up =
            [0, 1, 8, usize::MAX, mine ^ 1 << 24, mine ^ 1 << 50, mine | 0xff_ffff, mine ^ 1 << 63, mine + (1 << 32)];
        for handle in made_up {
            assert_eq!(call(&post, handle), VIL_E_HANDLE, "{name} with {handle:#x}");
        }
        for (other, handle) in kinds.iter().filter(|(other, _)| other != kind) {
            assert_eq!(call(&post, *handle), VIL_E_HANDLE, "{name} with a {other}");
        }
    }
    for Call { kind, name, call } in uses() {
        let mine = kinds.iter().find(|(known, _)| known == kind).expect("every kind has a handle").1;
        assert_ne!(call(&post, mine), VIL_E_HANDLE, "{name} with its own");
    }
    // The table's cancel was for nobody's wait but the next one of either end.
    let mut message = NO_MESSAGE;
    // SAFETY: `message` is a variable of this function.
    unsafe { vil_receiver_receive(post.receiver, 1, &mut message) };
    post.works();
}

#[test]
fn a_closed_handle_is_refused_by_every_function_also_when_its_place_is_used_again() {
    let closed = Post::new("closed");
    let kinds = closed.kinds();
    for Call { kind, name, call } in CLOSES {
        let mine = kinds.iter().find(|(known, _)| known == kind).expect("every kind has a handle").1;
        assert_eq!(call(&closed, mine), VIL_OK, "{name}");
        assert_eq!(call(&closed, mine), VIL_E_HANDLE, "{name} twice");
    }
    let again = Post::new("closed-again");
    for Call { kind, name, call } in every_call() {
        let mine = kinds.iter().find(|(known, _)| known == kind).expect("every kind has a handle").1;
        assert_eq!(call(&again, mine), VIL_E_HANDLE, "{name}");
    }
    again.works();
}

/// Asserts one status for several calls; each is written where it is looked for.
macro_rules! all {
    ($status:ident: $($call:expr;)+) => {
        // SAFETY: pointers are NULL on purpose or to variables of the test, texts end with NUL.
        $(assert_eq!(unsafe { $call }, $status, stringify!($call));)+
    };
}

#[test]
fn null_where_it_is_not_allowed_is_an_argument_error_and_nothing_happens() {
    let post = Post::new("null");
    let (options, heap) = (post.options(), post.heap_options());
    let (json, name) = (chars(&post.json), chars(c"new"));
    let (o, h, e) = (&raw const options, &raw const heap, null_mut());
    let mut world: *mut vil_world_t = null_mut();
    let mut a_heap: *mut vil_heap_t = null_mut();
    let mut program: *mut vil_program_t = null_mut();
    let mut queue: *mut vil_queue_t = null_mut();
    let mut sender: *mut vil_sender_t = null_mut();
    let mut receiver: *mut vil_receiver_t = null_mut();
    let mut index = 0;
    let mut letters = [0u8; LETTER];
    all! { VIL_E_ARGUMENT:
        vil_program_parse(null(), 0, &mut program, e);
        vil_program_parse(json, post.json.count_bytes(), null_mut(), e);
        vil_program_load(null(), 0, null(), 0, &mut program, e);
        vil_program_load(json, post.json.count_bytes(), null(), 8, &mut program, e);
        vil_program_load(json, post.json.count_bytes(), json.cast(), usize::MAX, &mut program, e);
        vil_program_load(json, usize::MAX, null(), 0, &mut program, e);
        vil_program_parse(json, 1 << 63, &mut program, e);
        vil_program_load(json, post.json.count_bytes(), null(), 0, null_mut(), e);
        vil_program_fingerprint(post.program, null_mut());
        vil_world_create(null(), post.program, null(), o, &mut world, e);
        vil_world_create(name, post.program, null(), o, null_mut(), e);
        vil_world_open(null(), null(), o, &mut world, e);
        vil_world_open(name, null(), o, null_mut(), e);
        vil_world_open_or_create(null(), post.program, null(), o, &mut world, e);
        vil_world_open_or_create(name, post.program, null(), o, null_mut(), e);
        vil_world_unlink(null(), o, e);
        vil_world_audit(post.writer, null_mut());
        vil_world_route_count(post.writer, null_mut());
        vil_world_route_info(post.writer, 0, null_mut());
        vil_world_process_count(post.writer, null_mut());
        vil_world_process_info(post.writer, 0, null_mut());
        vil_sender_open(post.writer, null(), &mut sender, e);
        vil_sender_open(post.writer, chars(c"letters"), null_mut(), e);
        vil_sender_loan(post.sender, null_mut());
        vil_sender_publish(post.sender, null_mut());
        vil_sender_discard(post.sender, null_mut());
        vil_sender_loan_batch(post.sender, null_mut(), 1, &mut index);
        vil_sender_loan_batch(post.sender, &mut NO_LOAN.clone(), 1, null_mut());
        vil_sender_loan_batch(post.sender, &mut NO_LOAN.clone(), VIL_BATCH_SIZE + 1, &mut index);
        vil_sender_publish_batch(post.sender, null_mut(), 1, &mut index);
        vil_sender_publish_batch(post.sender, &mut NO_LOAN.clone(), 1, null_mut());
        vil_sender_publish_batch(post.sender, &mut NO_LOAN.clone(), 0, &mut index);
        vil_sender_send(post.sender, null(), LETTER);
        vil_sender_send_batch(post.sender, null(), LETTER, 1, &mut index);
        vil_sender_send_batch(post.sender, letters.as_ptr().cast(), LETTER, 1, null_mut());
        vil_sender_send_batch(post.sender, letters.as_ptr().cast(), LETTER, 0, &mut index);
        vil_sender_published(post.sender, null_mut());
        vil_receiver_open(post.reader, null(), &mut receiver, e);
        vil_receiver_open(post.reader, chars(c"letters"), null_mut(), e);
        vil_receiver_receive(post.receiver, 0, null_mut());
        vil_receiver_read(post.receiver, 0, null_mut(), LETTER);
        vil_receiver_read_batch(post.receiver, 0, null_mut(), LETTER, 1, &mut index);
        vil_receiver_read_batch(post.receiver, 0, letters.as_mut_ptr().cast(), LETTER, 1, null_mut());
        vil_receiver_read_batch(post.receiver, 0, letters.as_mut_ptr().cast(), LETTER, VIL_BATCH_SIZE + 1, &mut index);
        vil_receiver_release(post.receiver, null_mut());
        vil_receiver_receive_batch(post.receiver, 0, null_mut(), 1, &mut index);
        vil_receiver_receive_batch(post.receiver, 0, &mut NO_MESSAGE.clone(), 1, null_mut());
        vil_receiver_receive_batch(post.receiver, 0, &mut NO_MESSAGE.clone(), 0, &mut index);
        vil_receiver_release_batch(post.receiver, null_mut(), 1, &mut index);
        vil_receiver_release_batch(post.receiver, &mut NO_MESSAGE.clone(), 1, null_mut());
        vil_receiver_release_batch(post.receiver, &mut NO_MESSAGE.clone(), VIL_BATCH_SIZE + 1, &mut index);
        vil_receiver_wait_any(null(), 1, 0, &mut index);
        vil_receiver_wait_any(&post.receiver, 1, 0, null_mut());
        vil_receiver_received(post.receiver, null_mut());
        vil_heap_create(null(), h, &mut a_heap, e);
        vil_heap_create(name, h, null_mut(), e);
        vil_heap_open(null(), h, &mut a_heap, e);
        vil_heap_open(chars(c"heap"), h, null_mut(), e);
        vil_heap_open_or_create(null(), h, &mut a_heap, e);
        vil_heap_open_or_create(name, h, null_mut(), e);
        vil_heap_audit(post.heap, null_mut());
        vil_heap_alloc(post.heap, 64, 8, null_mut(), e);
        vil_heap_free(post.heap, null_mut());
        vil_heap_resolve(post.heap, 1, null_mut());
        vil_heap_info(post.heap, null_mut());
        vil_heap_class_info(post.heap, 0, null_mut());
        vil_heap_queue_info(post.heap, 0, null_mut());
        vil_queue_open(post.heap, 0, VIL_PRODUCER, null_mut(), e);
        vil_queue_push(post.producer, null_mut());
        vil_queue_push_batch(post.producer, null_mut(), 1, &mut index);
        vil_queue_push_batch(post.producer, &mut NO_BLOCK.clone(), 1, null_mut());
        vil_queue_push_batch(post.producer, &mut NO_BLOCK.clone(), 0, &mut index);
        vil_queue_pop(post.consumer, 0, null_mut());
        vil_queue_pop_batch(post.consumer, 0, null_mut(), 1, &mut index);
        vil_queue_pop_batch(post.consumer, 0, &mut NO_BLOCK.clone(), 1, null_mut());
        vil_queue_pop_batch(post.consumer, 0, &mut NO_BLOCK.clone(), VIL_BATCH_SIZE + 1, &mut index);
        vil_queue_depth(post.producer, null_mut());
    }
    all! { VIL_E_HANDLE: vil_receiver_wait_any(&null_mut(), 1, 0, &mut index); }
    assert!(world.is_null() && a_heap.is_null() && program.is_null());
    assert!(queue.is_null() && sender.is_null() && receiver.is_null());
    all! { VIL_OK:
        vil_world_recover(post.writer, null_mut());
        vil_world_open(chars(c"post"), null(), o, &mut world, e);
    }
    assert_eq!(vil_world_close(world), VIL_OK);
    all! { VIL_E_BUSY: vil_queue_open(post.heap, 0, VIL_CONSUMER, &mut queue, e); }
    post.works();
}

#[test]
fn structs_of_a_size_that_is_none_are_refused_and_short_ones_are_filled_as_far_as_they_reach() {
    let post = Post::new("sizes");
    let (mut world, mut heap) = (null_mut(), null_mut());
    for size in [0, 1, 4, 7, 12, 15, 17, 1 << 16, u32::MAX] {
        let (mut options, mut shape, mut role) = (post.options(), post.heap_options(), contract(c"writer"));
        (options.struct_size, shape.struct_size, role.struct_size) = (size, size, size);
        let mut error = no_error();
        let e = &raw mut error;
        all! { VIL_E_ARGUMENT:
            vil_world_open(chars(c"post"), null(), &options, &mut world, e);
            vil_world_create(chars(c"new"), post.program, null(), &options, &mut world, e);
            vil_world_unlink(chars(c"post"), &options, e);
            vil_world_open(chars(c"post"), &role, &post.options(), &mut world, e);
            vil_heap_create(chars(c"new"), &shape, &mut heap, e);
            vil_heap_open(chars(c"heap"), &shape, &mut heap, e);
        }
        assert!(sentence(&error).contains("struct_size"), "{}", sentence(&error));
    }
    for size in [0, 3, 7, 1 << 17, u32::MAX] {
        let mut seen = audit();
        seen.struct_size = size;
        all! { VIL_E_ARGUMENT:
            vil_world_audit(post.writer, &mut seen);
            vil_heap_audit(post.heap, &mut seen);
            vil_world_route_info(post.writer, 0, (&raw mut seen).cast());
            vil_world_process_info(post.writer, 0, (&raw mut seen).cast());
        }
        assert_eq!((seen.struct_size, seen.slots), (size, 0));
    }
    let mut seen = audit();
    (seen.struct_size, seen.free_slots) = (16, 99);
    all! { VIL_OK: vil_world_audit(post.writer, &mut seen); }
    assert_eq!((seen.struct_size, seen.slots, seen.free_slots), (16, 6, 99), "not a byte further");
    post.works();
}

#[test]
fn a_contract_of_nonsense_is_an_argument_error() {
    let post = Post::new("contract");
    let mut world = null_mut();
    let nameless = vil_port_contract_t {
        port: null(),
        message: null(),
        layout_id: 0,
        layout_text: null(),
        size: 0,
        align: 0,
        direction: 0,
        reserved: 0,
    };
    let sideways = vil_port_contract_t {
        port: chars(c"letters"),
        message: chars(c"Letter"),
        layout_text: chars(c""),
        direction: 2,
        ..nameless
    };
    let good = contract(c"writer");
    let wrong = [
        vil_contract_t { generator_level: 0, ..good },
        vil_contract_t { generator_level: 2, ..good },
        vil_contract_t { port_count: 1, ..good },
        vil_contract_t { port_count: u32::MAX, ports: &nameless, ..good },
        vil_contract_t { port_count: 1, ports: &nameless, ..good },
        vil_contract_t { port_count: 1, ports: &sideways, ..good },
        vil_contract_t { process: chars(c"\xff"), ..good },
    ];
    for contract in &wrong {
        all! { VIL_E_ARGUMENT: vil_world_open(chars(c"post"), contract, &post.options(), &mut world, null_mut()); }
    }
    all! { VIL_OK: vil_world_open(chars(c"post"), &good, &post.options(), &mut world, null_mut()); }
    assert_eq!(vil_world_close(world), VIL_OK);
}

#[test]
fn a_create_that_its_own_contract_refuses_leaves_no_world() {
    let post = Post::new("refused");
    let options = post.options();
    let mut world = null_mut();
    let port = vil_port_contract_t {
        port: chars(c"letters"),
        message: chars(c"Letter"),
        layout_id: 1,
        layout_text: chars(c""),
        size: 8,
        align: 8,
        direction: 1,
        reserved: 0,
    };
    let role = vil_contract_t { ports: &port, port_count: 1, ..contract(c"writer") };
    all! { VIL_E_CONTRACT:
        vil_world_create(chars(c"new"), post.program, &role, &options, &mut world, null_mut());
        vil_world_open_or_create(chars(c"new"), post.program, &role, &options, &mut world, null_mut());
    }
    all! { VIL_E_NOT_FOUND: vil_world_open(chars(c"new"), null(), &options, &mut world, null_mut()); }
}

#[test]
fn programs_that_do_not_parse_are_refused_with_a_place() {
    let mut program = null_mut();
    let whole = Post::new("parse").json.clone();
    let texts =
        [c"", c"{", c"[]", c"nonsense", c"{\"vil\":2}", c"{\"vil\":1,\"program\":\"x\",\"unknown\":1}", c"\xff\xfe"];
    for text in texts {
        let mut error = no_error();
        all! { VIL_E_PROGRAM: vil_program_parse(text.as_ptr(), text.count_bytes(), &mut program, &mut error); }
        assert!(program.is_null() && error.status == VIL_E_PROGRAM && !sentence(&error).is_empty());
    }
    let mut wrong = 0;
    for end in (0..whole.count_bytes()).step_by(7) {
        // SAFETY: a part of a text that lives for the call.
        wrong +=
            u32::from(unsafe { vil_program_parse(whole.as_ptr(), end, &mut program, null_mut()) } == VIL_E_PROGRAM);
    }
    assert_eq!(wrong as usize, whole.count_bytes().div_ceil(7), "no part of a program is a program");
    all! { VIL_OK: vil_program_parse(whole.as_ptr(), whole.count_bytes(), &mut program, null_mut()); }
    assert_eq!(vil_program_close(program), VIL_OK);
}

#[test]
fn a_plan_that_belongs_to_its_text_is_read_and_the_text_is_not() {
    let plan = Plan { contract: "what nobody can parse".into(), ..PLAIN.plan() };
    let (text, words) = (plan.contract.as_bytes(), binary::embed(&plan));
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let (mut program, mut error) = (null_mut(), no_error());
    let (json, size) = (text.as_ptr().cast(), text.len());
    all! { VIL_OK: vil_program_load(json, size, bytes.as_ptr().cast(), bytes.len(), &mut program, &mut error); }
    assert_eq!(vil_program_close(program), VIL_OK);
    all! { VIL_E_PROGRAM:
        vil_program_parse(json, size, &mut program, &mut error);
        vil_program_load(json, size, null(), 0, &mut program, &mut error);
        vil_program_load(json, size, bytes.as_ptr().cast(), bytes.len() - 8, &mut program, &mut error);
        vil_program_load(json, size - 1, bytes.as_ptr().cast(), bytes.len(), &mut program, &mut error);
    }
    assert!(program.is_null());
}

#[test]
fn an_index_out_of_range_is_an_argument_error() {
    let post = Post::new("range");
    let (mut routes, mut entries, mut queue) = (0, 0, null_mut());
    all! { VIL_OK:
        vil_world_route_count(post.writer, &mut routes);
        vil_world_process_count(post.writer, &mut entries);
    }
    assert_eq!(routes, 1);
    // SAFETY: all zero is a valid info.
    let (mut route, mut process): (vil_route_info_t, vil_process_info_t) = unsafe { std::mem::zeroed() };
    route.struct_size = size_of::<vil_route_info_t>() as u32;
    process.struct_size = size_of::<vil_process_info_t>() as u32;
    let (mut class, mut shape) = (class_info(), queue_info());
    for beyond in [0, 1, 1 << 16, u32::MAX - routes.max(entries)] {
        all! { VIL_E_ARGUMENT:
            vil_world_route_info(post.writer, routes + beyond, &mut route);
            vil_world_process_info(post.writer, entries + beyond, &mut process);
            vil_queue_open(post.heap, 1 + beyond, VIL_PRODUCER, &mut queue, null_mut());
            vil_heap_class_info(post.heap, 2 + beyond, &mut class);
            vil_heap_queue_info(post.heap, 1 + beyond, &mut shape);
        }
    }
    for role in [0, 3, u32::MAX] {
        all! { VIL_E_ARGUMENT: vil_queue_open(post.heap, 0, role, &mut queue, null_mut()); }
    }
    all! { VIL_OK:
        vil_world_route_info(post.writer, 0, &mut route);
        vil_world_process_info(post.writer, 1, &mut process);
    }
    all! { VIL_EMPTY: vil_world_process_info(post.writer, entries - 1, &mut process); }
    assert_eq!((route.capacity, process.pid), (4, std::process::id() as i32));
    assert!(vil_capi_name(&route.name).starts_with("writer.letters -> reader.letters"));
}

fn vil_capi_name(name: &[std::ffi::c_char]) -> String {
    name.iter().take_while(|byte| **byte != 0).map(|byte| *byte as u8 as char).collect()
}

#[test]
fn loans_end_once_and_copies_of_their_structs_are_of_no_use() {
    let post = Post::new("loans");
    let sender = post.sender;
    let mut loan = post.loan();
    let mut copy = loan;
    all! { VIL_OK: vil_sender_publish(sender, &mut loan); }
    assert!(loan.data.is_null() && loan.ticket == 0);
    all! { VIL_E_STATE:
        vil_sender_publish(sender, &mut loan);
        vil_sender_discard(sender, &mut loan);
        vil_sender_publish(sender, &mut copy);
        vil_sender_discard(sender, &mut copy);
    }
    let mut next = post.loan();
    all! { VIL_E_STATE: vil_sender_publish(sender, &mut copy); }
    all! { VIL_OK: vil_sender_discard(sender, &mut next); }
    for ticket in [0, 1, u64::MAX, copy.ticket + 1, copy.ticket << 16, 1 << 63] {
        copy.ticket = ticket;
        all! { VIL_E_STATE: vil_sender_publish(sender, &mut copy); vil_sender_discard(sender, &mut copy); }
    }
    let mut message = post.message();
    let mut copy = message;
    all! { VIL_OK: vil_receiver_release(post.receiver, &mut message); }
    assert!(message.data.is_null() && message.ticket == 0);
    all! { VIL_E_STATE:
        vil_receiver_release(post.receiver, &mut message);
        vil_receiver_release(post.receiver, &mut copy);
    }
    post.send();
    let mut message = post.message();
    all! { VIL_E_STATE: vil_receiver_release(post.receiver, &mut copy); }
    for (route, ticket) in [(1, message.ticket), (u32::MAX, message.ticket), (0, u64::MAX), (0, 1 << 32), (0, 7)] {
        (copy.route, copy.ticket) = (route, ticket);
        all! { VIL_E_STATE: vil_receiver_release(post.receiver, &mut copy); }
    }
    all! { VIL_OK: vil_receiver_release(post.receiver, &mut message); }
    post.works();
}

#[test]
fn blocks_end_once_and_each_end_of_a_queue_refuses_the_other_s_calls() {
    let post = Post::new("blocks");
    let (mut block, mut again, mut done) = (NO_BLOCK, NO_BLOCK, 7);
    all! { VIL_OK: vil_heap_alloc(post.heap, LETTER, 8, &mut block, null_mut()); }
    let mut copy = block;
    all! { VIL_E_STATE:
        vil_queue_push(post.consumer, &mut copy);
        vil_queue_push_batch(post.consumer, &mut copy, 1, &mut done);
        vil_queue_pop(post.producer, 0, &mut again);
        vil_queue_pop_batch(post.producer, 0, &mut again, 1, &mut done);
    }
    all! { VIL_OK: vil_queue_push(post.producer, &mut block); }
    all! { VIL_E_STATE:
        vil_queue_push(post.producer, &mut block);
        vil_queue_push(post.producer, &mut copy);
        vil_heap_free(post.heap, &mut block);
        vil_heap_free(post.heap, &mut copy);
        vil_heap_resolve(post.heap, copy.reference, &mut again);
    }
    all! { VIL_OK: vil_queue_pop(post.consumer, 0, &mut block); }
    assert_eq!(block.data, copy.data, "the bytes stayed where they were");
    assert_ne!(block.reference, copy.reference, "and began another life");
    all! { VIL_OK: vil_heap_resolve(post.heap, block.reference, &mut again); }
    copy = block;
    all! { VIL_OK: vil_heap_free(post.heap, &mut block); }
    all! { VIL_E_STATE: vil_heap_free(post.heap, &mut copy); vil_queue_push(post.producer, &mut copy); }
    all! { VIL_EMPTY: vil_queue_pop(post.consumer, 0, &mut block); }
    post.works();
}

#[test]
fn a_block_of_another_heap_or_with_another_address_changes_nothing() {
    let (post, other) = (Post::new("own-blocks"), Post::new("other-blocks"));
    let (mut block, mut theirs, mut again, mut done) = (NO_BLOCK, NO_BLOCK, NO_BLOCK, 7);
    all! { VIL_OK:
        vil_heap_alloc(post.heap, LETTER, 8, &mut block, null_mut());
        vil_heap_alloc(other.heap, LETTER, 8, &mut theirs, null_mut());
    }
    let mut moved = block;
    moved.data = block.data.wrapping_byte_add(8);
    for mut stranger in [moved, theirs] {
        all! { VIL_E_STATE:
            vil_heap_free(post.heap, &mut stranger);
            vil_queue_push(post.producer, &mut stranger);
            vil_queue_push_batch(post.producer, &mut stranger, 1, &mut done);
        }
        assert!(done == 0 && !stranger.data.is_null(), "it stayed the caller's");
    }
    all! { VIL_E_STATE: vil_heap_resolve(post.heap, theirs.reference, &mut again); }
    all! { VIL_OK:
        vil_heap_resolve(post.heap, block.reference, &mut again);
        vil_heap_free(post.heap, &mut block);
        vil_heap_free(other.heap, &mut theirs);
    }
    post.works();
    other.works();
}

#[test]
fn a_send_of_another_size_sends_nothing_and_a_send_into_a_full_ring_keeps_no_loan() {
    let post = Post::new("send");
    let bytes = [9u8; LETTER * 2];
    let (data, mut count) = (bytes.as_ptr().cast(), 7);
    for size in [0, 1, LETTER - 1, LETTER + 1, LETTER * 2, usize::MAX] {
        all! { VIL_E_ARGUMENT: vil_sender_send(post.sender, data, size); }
    }
    all! { VIL_OK: vil_sender_published(post.sender, &mut count); }
    assert_eq!(count, 0);
    for _ in 0..4 {
        all! { VIL_OK: vil_sender_send(post.sender, data, LETTER); }
    }
    for _ in 0..4 {
        all! { VIL_TIMEOUT: vil_sender_send(post.sender, data, LETTER); }
    }
    for _ in 0..4 {
        let mut message = post.message();
        // SAFETY: the letter is ours until it is released.
        assert_eq!(unsafe { std::slice::from_raw_parts(message.data.cast::<u8>(), LETTER) }, &bytes[..LETTER]);
        all! { VIL_OK: vil_receiver_release(post.receiver, &mut message); }
    }
    post.works();
}

#[test]
fn more_than_64_receivers_one_twice_and_those_of_two_worlds_are_no_wait() {
    let post = Post::new("wait");
    let mut index = 77;
    let many = [post.receiver; 65];
    all! { VIL_E_ARGUMENT:
        vil_receiver_wait_any(many.as_ptr(), 0, 0, &mut index);
        vil_receiver_wait_any(many.as_ptr(), 65, 0, &mut index);
        vil_receiver_wait_any(many.as_ptr(), usize::MAX, 0, &mut index);
        vil_receiver_wait_any(many.as_ptr(), 2, 0, &mut index);
    }
    let other = Post::new("wait-other");
    let both = [post.receiver, other.receiver];
    all! { VIL_E_ARGUMENT: vil_receiver_wait_any(both.as_ptr(), 2, 0, &mut index); }
    assert_eq!(index, 77);
    all! { VIL_TIMEOUT: vil_receiver_wait_any(both.as_ptr(), 1, 1, &mut index); }
    other.send();
    all! { VIL_OK: vil_receiver_wait_any(both[1..].as_ptr(), 1, 1_000_000_000, &mut index); }
    assert_eq!(index, 0);
    let mut message = other.message();
    all! { VIL_OK: vil_receiver_release(other.receiver, &mut message); }
}
