//! Every function of `vil.h` that takes a handle, as one call with everything else right: what the tests of wrong handles,
//! of other threads and of fork children go through. A function that is missing here fails a test.

use std::collections::BTreeSet;
use std::ptr::{null, null_mut};

use vil_capi::*;

use crate::handles::{LETTER, NO_BLOCK, NO_LOAN, NO_MESSAGE, Post, audit, chars, class_info, heap_info, queue_info};

/// A function: the kind of its handle, its name, and a call of it.
pub(crate) struct Call {
    pub(crate) kind: &'static str,
    pub(crate) name: &'static str,
    pub(crate) call: fn(&Post, usize) -> vil_status_t,
}

macro_rules! calls {
    ($($kind:ident: $name:ident ($post:ident, $handle:ident) $call:expr;)+) => {
        &[$(Call {
            kind: stringify!($kind),
            name: stringify!($name),
            // SAFETY: every pointer is to a variable of the call or of the post, every text ends with NUL; the handle may
            // be anything, which is what is tested.
            call: |$post, handle| unsafe {
                let $handle = handle as *mut _;
                let _ = $post;
                $call
            },
        }),+]
    };
}

/// A loan and a message that look as if they were held.
fn loaned() -> vil_loan_t {
    vil_loan_t { data: std::ptr::dangling_mut::<u64>().cast(), size: LETTER as u32, slot: 0, ticket: 1 << 40 }
}

fn received() -> vil_message_t {
    vil_message_t {
        data: std::ptr::dangling::<u64>().cast(),
        size: LETTER as u32,
        route: 0,
        number: 0,
        answers: 0,
        ticket: 1 << 40 | 77,
    }
}

/// A block that looks as if it were in hand.
fn pushed() -> vil_block_t {
    vil_block_t { data: std::ptr::dangling_mut::<u64>().cast(), size: LETTER, reference: 1 << 40 | 77 }
}

fn route_info() -> vil_route_info_t {
    // SAFETY: all zero is a valid route info.
    let mut info: vil_route_info_t = unsafe { std::mem::zeroed() };
    info.struct_size = size_of::<vil_route_info_t>() as u32;
    info
}

fn process_info() -> vil_process_info_t {
    let struct_size = size_of::<vil_process_info_t>() as u32;
    vil_process_info_t { struct_size, pid: 0, epoch: 0, name: [0; 64] }
}

fn registry_entry() -> vil_registry_entry_t {
    // SAFETY: all zero is a valid entry.
    let mut entry: vil_registry_entry_t = unsafe { std::mem::zeroed() };
    entry.struct_size = size_of::<vil_registry_entry_t>() as u32;
    entry
}

fn event() -> vil_event_t {
    // SAFETY: all zero is a valid event.
    let mut event: vil_event_t = unsafe { std::mem::zeroed() };
    event.struct_size = size_of::<vil_event_t>() as u32;
    event
}

fn diagnostic() -> vil_diagnostic_t {
    // SAFETY: all zero is a valid diagnostic.
    let mut diagnostic: vil_diagnostic_t = unsafe { std::mem::zeroed() };
    diagnostic.struct_size = size_of::<vil_diagnostic_t>() as u32;
    diagnostic
}

fn finding() -> vil_finding_t {
    // SAFETY: all zero is a valid finding.
    let mut finding: vil_finding_t = unsafe { std::mem::zeroed() };
    finding.struct_size = size_of::<vil_finding_t>() as u32;
    finding
}

/// Calls that look and leave everything as it is, or fail to end what is not held.
const USES: &[Call] = calls! {
    program: vil_program_fingerprint(post, handle) vil_program_fingerprint(handle, [0u8; 32].as_mut_ptr());
    program: vil_program_dump(post, handle) vil_program_dump(handle, null_mut(), 0, &mut 0);
    program: vil_diff_create(post, handle) {
        let mut diff = null_mut();
        let status = vil_diff_create(handle, post.program, VIL_LEVEL_SEMANTIC, &mut diff, null_mut());
        vil_diff_close(diff);
        status
    };
    diagnostics: vil_diagnostics_count(post, handle) vil_diagnostics_count(handle, &mut 0, &mut 0);
    diagnostics: vil_diagnostics_get(post, handle) vil_diagnostics_get(handle, 0, &mut diagnostic());
    diff: vil_diff_verdict(post, handle) vil_diff_verdict(handle, &mut 0, &mut 0);
    diff: vil_diff_finding(post, handle) vil_diff_finding(handle, 0, &mut finding());
    program: vil_world_create(post, handle) vil_world_create(
        chars(c"post"), handle, null(), &post.options(), &mut null_mut(), null_mut());
    program: vil_world_open_or_create(post, handle) {
        let mut world = null_mut();
        let status = vil_world_open_or_create(chars(c"post"), handle, null(), &post.options(), &mut world, null_mut());
        vil_world_close(world);
        status
    };
    world: vil_world_audit(post, handle) vil_world_audit(handle, &mut audit());
    world: vil_world_route_count(post, handle) vil_world_route_count(handle, &mut 0);
    world: vil_world_route_info(post, handle) vil_world_route_info(handle, 0, &mut route_info());
    world: vil_world_process_count(post, handle) vil_world_process_count(handle, &mut 0);
    world: vil_world_process_info(post, handle) vil_world_process_info(handle, 0, &mut process_info());
    world: vil_world_recover(post, handle) vil_world_recover(handle, null_mut());
    world: vil_registry_count(post, handle) vil_registry_count(handle, &mut 0);
    world: vil_registry_entry(post, handle) vil_registry_entry(handle, 0, &mut registry_entry());
    world: vil_registry_slots(post, handle) vil_registry_slots(handle, 0, &mut 0);
    world: vil_registry_ends(post, handle) vil_registry_ends(handle, 0, 0, &mut 0);
    world: vil_registry_recover(post, handle) vil_registry_recover(handle, 0, null_mut());
    world: vil_registry_trail(post, handle) vil_registry_trail(handle, &mut 0, &mut event());
    world: vil_registry_trail_end(post, handle) vil_registry_trail_end(handle, &mut 0);
    world: vil_sender_open(post, handle) vil_sender_open(handle, chars(c"letters"), &mut null_mut(), null_mut());
    world: vil_receiver_open(post, handle) vil_receiver_open(handle, chars(c"letters"), &mut null_mut(), null_mut());
    world: vil_sender_open_within(post, handle) vil_sender_open_within(
        handle, chars(c"letters"), 0, &mut null_mut(), null_mut());
    world: vil_receiver_open_within(post, handle) vil_receiver_open_within(
        handle, chars(c"letters"), 0, &mut null_mut(), null_mut());
    sender: vil_sender_loan(post, handle) {
        let mut loan = NO_LOAN;
        let status = vil_sender_loan(handle, &mut loan);
        if status == VIL_OK { vil_sender_discard(handle, &mut loan) } else { status }
    };
    sender: vil_sender_publish(post, handle) vil_sender_publish(handle, &mut loaned());
    sender: vil_sender_discard(post, handle) vil_sender_discard(handle, &mut loaned());
    sender: vil_sender_loan_batch(post, handle) {
        let (mut loan, mut taken) = (NO_LOAN, 0);
        let status = vil_sender_loan_batch(handle, &mut loan, 1, &mut taken);
        if status == VIL_OK { vil_sender_discard(handle, &mut loan) } else { status }
    };
    sender: vil_sender_publish_batch(post, handle) vil_sender_publish_batch(handle, &mut loaned(), 1, &mut 0);
    sender: vil_sender_keep(post, handle) vil_sender_keep(handle, &mut loaned());
    sender: vil_sender_release(post, handle) vil_sender_release(handle, &mut loaned());
    sender: vil_sender_answer(post, handle) vil_sender_answer(handle, &mut loaned(), &received());
    sender: vil_sender_send(post, handle) vil_sender_send(handle, [0u8; LETTER + 1].as_ptr().cast(), LETTER + 1);
    sender: vil_sender_send_batch(post, handle) vil_sender_send_batch(
        handle, [0u8; LETTER + 1].as_ptr().cast(), LETTER + 1, 1, &mut 0);
    sender: vil_sender_published(post, handle) vil_sender_published(handle, &mut 0);
    receiver: vil_receiver_receive(post, handle) vil_receiver_receive(handle, 0, &mut NO_MESSAGE.clone());
    receiver: vil_receiver_read(post, handle) vil_receiver_read(
        handle, 0, [0u8; LETTER].as_mut_ptr().cast(), LETTER);
    receiver: vil_receiver_read_batch(post, handle) vil_receiver_read_batch(
        handle, 0, [0u8; LETTER].as_mut_ptr().cast(), LETTER, 1, &mut 0);
    receiver: vil_receiver_release(post, handle) vil_receiver_release(handle, &mut received());
    receiver: vil_receiver_receive_batch(post, handle) vil_receiver_receive_batch(
        handle, 0, &mut NO_MESSAGE.clone(), 1, &mut 0);
    receiver: vil_receiver_release_batch(post, handle) vil_receiver_release_batch(handle, &mut received(), 1, &mut 0);
    receiver: vil_receiver_consume(post, handle) vil_receiver_consume(handle, &mut received());
    receiver: vil_receiver_forward(post, handle) vil_receiver_forward(handle, &mut received(), post.sender);
    receiver: vil_receiver_wait_any(post, handle) vil_receiver_wait_any(&handle, 1, 0, &mut 0);
    receiver: vil_receiver_received(post, handle) vil_receiver_received(handle, &mut 0);
    world: vil_waitset_create(post, handle) {
        let mut set = null_mut();
        let status = vil_waitset_create(handle, &mut set, null_mut());
        vil_waitset_close(set);
        status
    };
    waitset: vil_waitset_add(post, handle) vil_waitset_add(handle, post.receiver, 1, null_mut());
    waitset: vil_waitset_add_sender(post, handle) vil_waitset_add_sender(handle, post.sender, 1, null_mut());
    waitset: vil_waitset_wait(post, handle) vil_waitset_wait(handle, 0, &mut 0);
    waitset: vil_waitset_fd(post, handle) vil_waitset_fd(handle, &mut 0, null_mut());
    heap: vil_heap_audit(post, handle) vil_heap_audit(handle, &mut audit());
    heap: vil_queue_open(post, handle) vil_queue_open(handle, 0, VIL_PRODUCER, &mut null_mut(), null_mut());
    heap: vil_heap_alloc(post, handle) {
        let mut block = NO_BLOCK;
        let status = vil_heap_alloc(handle, LETTER, 8, &mut block, null_mut());
        if status == VIL_OK { vil_heap_free(handle, &mut block) } else { status }
    };
    heap: vil_heap_free(post, handle) vil_heap_free(handle, &mut pushed());
    heap: vil_heap_resolve(post, handle) vil_heap_resolve(handle, pushed().reference, &mut NO_BLOCK.clone());
    heap: vil_heap_info(post, handle) vil_heap_info(handle, &mut heap_info());
    heap: vil_heap_class_info(post, handle) vil_heap_class_info(handle, 0, &mut class_info());
    heap: vil_heap_queue_info(post, handle) vil_heap_queue_info(handle, 0, &mut queue_info());
    queue: vil_queue_push(post, handle) vil_queue_push(handle, &mut pushed());
    queue: vil_queue_push_batch(post, handle) vil_queue_push_batch(handle, &mut pushed(), 1, &mut 0);
    queue: vil_queue_pop(post, handle) vil_queue_pop(handle, 0, &mut NO_BLOCK.clone());
    queue: vil_queue_pop_batch(post, handle) vil_queue_pop_batch(handle, 0, &mut NO_BLOCK.clone(), 1, &mut 0);
    queue: vil_queue_depth(post, handle) vil_queue_depth(handle, &mut 0);
};

macro_rules! plain_calls {
    ($($kind:ident: $name:ident;)+) => {
        &[$(Call { kind: stringify!($kind), name: stringify!($name), call: |_, handle| $name(handle as *mut _) }),+]
    };
}

const CANCEL: &[Call] = plain_calls! { world: vil_world_cancel; heap: vil_heap_cancel; };

/// Calls that say so themselves are for any thread, though their handle is one thread's.
pub(crate) const ANY_THREAD: &[Call] = plain_calls! { waitset: vil_waitset_cancel; };

/// Calls that take a second handle and no pointer.
const REMOVES: &[Call] = &[
    Call {
        kind: "waitset",
        name: "vil_waitset_remove",
        call: |post, handle| vil_waitset_remove(handle as *mut _, post.receiver),
    },
    Call {
        kind: "waitset",
        name: "vil_waitset_remove_sender",
        call: |post, handle| vil_waitset_remove_sender(handle as *mut _, post.sender),
    },
];

const WATCH: &[Call] =
    &[Call { kind: "world", name: "vil_registry_watch", call: |_, handle| vil_registry_watch(handle as *mut _, 1000) }];

const UNWATCH: &[Call] = plain_calls! { world: vil_registry_unwatch; };

/// Every call that leaves its handle as it is.
pub(crate) fn uses() -> impl Iterator<Item = &'static Call> {
    USES.iter().chain(CANCEL).chain(ANY_THREAD).chain(REMOVES).chain(WATCH).chain(UNWATCH)
}

/// Calls that make the calling thread the owner.
pub(crate) const MOVES: &[Call] = plain_calls! {
    sender: vil_sender_move_to_thread;
    receiver: vil_receiver_move_to_thread;
    queue: vil_queue_move_to_thread;
    waitset: vil_waitset_move_to_thread;
};

/// Calls that end a handle, ends before what they were opened from.
pub(crate) const CLOSES: &[Call] = plain_calls! {
    waitset: vil_waitset_close;
    sender: vil_sender_close;
    receiver: vil_receiver_close;
    queue: vil_queue_close;
    heap: vil_heap_close;
    world: vil_world_close;
    diff: vil_diff_close;
    diagnostics: vil_diagnostics_close;
    program: vil_program_close;
};

/// Functions that take no handle.
const WITHOUT: &[&str] = &[
    "vil_abi_version",
    "vil_diagnostics_parse",
    "vil_heap_create",
    "vil_heap_open",
    "vil_heap_open_or_create",
    "vil_layout_version",
    "vil_msg_from_json",
    "vil_msg_snapshot",
    "vil_msg_to_json",
    "vil_msg_verify",
    "vil_msg_verify_first",
    "vil_program_load",
    "vil_program_parse",
    "vil_status_name",
    "vil_version",
    "vil_world_open",
    "vil_world_unlink",
];

#[test]
fn every_function_of_vil_h_is_called_here() {
    let header =
        std::fs::read_to_string(vil_tests::artifact::root().join("include/vil/vil.h")).expect("vil.h is there");
    let code: String =
        header.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let called = code.split('(').filter_map(|before| before.rsplit([' ', '*', '\n']).next());
    let declared: BTreeSet<&str> = called.filter(|name| name.starts_with("vil_")).collect();
    let known = uses().chain(MOVES).chain(CLOSES).map(|call| call.name);
    let known: BTreeSet<&str> = known.chain(WITHOUT.iter().copied()).collect();
    assert!(declared.len() > 40, "{declared:?}");
    assert_eq!(known, declared);
}
