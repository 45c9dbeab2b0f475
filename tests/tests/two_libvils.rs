//! One process with two copies of libvil: the Rust program has it linked in, and loads libvil.so as a plugin in C++ would
//! bring it along. They are two participants, each with its own tables, entry, lock and ends.

use std::ffi::{CStr, CString, c_char, c_void};
use std::os::unix::ffi::OsStrExt;
use std::ptr::{null, null_mut};

use vil_capi::*;
use vil_tests::artifact::artifact;
use vil_tests::runtime_dir::RuntimeDir;

const PROGRAM: &str = "\
vil: 1
program: twin
messages:
  Item: { fields: [ { name: n, type: u64 } ] }
interfaces:
  Left: { ports: { there: { direction: out, message: Item }, back: { direction: in, message: Item } } }
  Right: { ports: { there: { direction: in, message: Item }, back: { direction: out, message: Item } } }
processes:
  left: { interface: Left }
  right: { interface: Right }
routes:
  - { from: left.there, to: right.there, transfer: loan_write }
  - { from: right.back, to: left.back, transfer: loan_write }
";

/// The functions of one copy.
struct Copy {
    open: Open,
    close: unsafe extern "C" fn(*mut vil_world_t) -> vil_status_t,
    sender: OpenEnd<vil_sender_t>,
    receiver: OpenEnd<vil_receiver_t>,
    send: unsafe extern "C" fn(*mut vil_sender_t, *const c_void, usize) -> vil_status_t,
    receive: unsafe extern "C" fn(*mut vil_receiver_t, u64, *mut vil_message_t) -> vil_status_t,
    release: unsafe extern "C" fn(*mut vil_receiver_t, *mut vil_message_t) -> vil_status_t,
    close_sender: unsafe extern "C" fn(*mut vil_sender_t) -> vil_status_t,
    close_receiver: unsafe extern "C" fn(*mut vil_receiver_t) -> vil_status_t,
    entry: unsafe extern "C" fn(*mut vil_world_t, u32, *mut vil_registry_entry_t) -> vil_status_t,
    watch: unsafe extern "C" fn(*mut vil_world_t, u32) -> vil_status_t,
    recover: unsafe extern "C" fn(*mut vil_world_t, *mut u32) -> vil_status_t,
}

type Open = unsafe extern "C" fn(
    *const c_char,
    *const vil_contract_t,
    *const vil_world_options_t,
    *mut *mut vil_world_t,
    *mut vil_error_t,
) -> vil_status_t;
type OpenEnd<T> = unsafe extern "C" fn(*mut vil_world_t, *const c_char, *mut *mut T, *mut vil_error_t) -> vil_status_t;

/// The copy that is linked in.
fn linked() -> Copy {
    Copy {
        open: vil_world_open,
        close: vil_world_close,
        sender: vil_sender_open,
        receiver: vil_receiver_open,
        send: vil_sender_send,
        receive: vil_receiver_receive,
        release: vil_receiver_release,
        close_sender: vil_sender_close,
        close_receiver: vil_receiver_close,
        entry: vil_registry_entry,
        watch: vil_registry_watch,
        recover: vil_world_recover,
    }
}

/// The copy in libvil.so.
fn loaded() -> Copy {
    let path = CString::new(artifact().shared.as_os_str().as_bytes()).expect("no NUL");
    // SAFETY: a path that ends with NUL; the library is never unloaded.
    let library = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
    assert!(!library.is_null(), "libvil.so cannot be loaded");
    let find = |name: &CStr| {
        // SAFETY: the library is loaded, the name ends with NUL.
        let found = unsafe { libc::dlsym(library, name.as_ptr()) };
        assert!(!found.is_null(), "{name:?} is not exported");
        found
    };
    // SAFETY: each symbol is the function that vil.h declares under this name, with the type that vil-capi gives it.
    unsafe {
        Copy {
            open: std::mem::transmute::<*mut c_void, Open>(find(c"vil_world_open")),
            close: std::mem::transmute::<*mut c_void, unsafe extern "C" fn(*mut vil_world_t) -> i32>(find(
                c"vil_world_close",
            )),
            sender: std::mem::transmute::<*mut c_void, OpenEnd<vil_sender_t>>(find(c"vil_sender_open")),
            receiver: std::mem::transmute::<*mut c_void, OpenEnd<vil_receiver_t>>(find(c"vil_receiver_open")),
            send: std::mem::transmute::<
                *mut c_void,
                unsafe extern "C" fn(*mut vil_sender_t, *const c_void, usize) -> i32,
            >(find(c"vil_sender_send")),
            receive: std::mem::transmute::<
                *mut c_void,
                unsafe extern "C" fn(*mut vil_receiver_t, u64, *mut vil_message_t) -> i32,
            >(find(c"vil_receiver_receive")),
            release: std::mem::transmute::<
                *mut c_void,
                unsafe extern "C" fn(*mut vil_receiver_t, *mut vil_message_t) -> i32,
            >(find(c"vil_receiver_release")),
            close_sender: std::mem::transmute::<*mut c_void, unsafe extern "C" fn(*mut vil_sender_t) -> i32>(find(
                c"vil_sender_close",
            )),
            close_receiver: std::mem::transmute::<*mut c_void, unsafe extern "C" fn(*mut vil_receiver_t) -> i32>(find(
                c"vil_receiver_close",
            )),
            entry: std::mem::transmute::<
                *mut c_void,
                unsafe extern "C" fn(*mut vil_world_t, u32, *mut vil_registry_entry_t) -> i32,
            >(find(c"vil_registry_entry")),
            watch: std::mem::transmute::<*mut c_void, unsafe extern "C" fn(*mut vil_world_t, u32) -> i32>(find(
                c"vil_registry_watch",
            )),
            recover: std::mem::transmute::<*mut c_void, unsafe extern "C" fn(*mut vil_world_t, *mut u32) -> i32>(find(
                c"vil_world_recover",
            )),
        }
    }
}

/// A copy with its attachment and both of its ends.
struct Participant {
    copy: Copy,
    world: *mut vil_world_t,
    sender: *mut vil_sender_t,
    receiver: *mut vil_receiver_t,
}

impl Participant {
    fn new(copy: Copy, options: &vil_world_options_t, process: &CStr, sends: &CStr, receives: &CStr) -> Participant {
        let contract = vil_contract_t {
            struct_size: size_of::<vil_contract_t>() as u32,
            generator_level: 1,
            program: c"twin".as_ptr(),
            process: process.as_ptr(),
            ports: null(),
            port_count: 0,
            reserved: 0,
        };
        let (mut world, mut sender, mut receiver) = (null_mut(), null_mut(), null_mut());
        // SAFETY: every pointer is to a variable of this function or of the caller, texts end with NUL.
        unsafe {
            assert_eq!((copy.open)(c"twin".as_ptr(), &contract, options, &mut world, null_mut()), VIL_OK);
            assert_eq!((copy.sender)(world, sends.as_ptr(), &mut sender, null_mut()), VIL_OK);
            assert_eq!((copy.receiver)(world, receives.as_ptr(), &mut receiver, null_mut()), VIL_OK);
        }
        Participant { copy, world, sender, receiver }
    }

    fn send(&self, number: u64) {
        // SAFETY: eight bytes of a variable, which is the message's size.
        let status = unsafe { (self.copy.send)(self.sender, (&raw const number).cast(), 8) };
        assert_eq!(status, VIL_OK, "item {number}");
    }

    fn receive(&self) -> u64 {
        // SAFETY: all zero is a valid message; what is received has eight bytes until it is released.
        unsafe {
            let mut message: vil_message_t = std::mem::zeroed();
            assert_eq!((self.copy.receive)(self.receiver, 10_000_000_000, &mut message), VIL_OK);
            let number = message.data.cast::<u64>().read();
            assert_eq!((self.copy.release)(self.receiver, &mut message), VIL_OK);
            number
        }
    }

    fn entry(&self, index: u32) -> (vil_status_t, i32, u32) {
        // SAFETY: all zero is a valid entry, and it says its size.
        unsafe {
            let mut entry: vil_registry_entry_t = std::mem::zeroed();
            entry.struct_size = size_of::<vil_registry_entry_t>() as u32;
            let status = (self.copy.entry)(self.world, index, &mut entry);
            (status, entry.pid, entry.is_alive)
        }
    }

    fn leave(self) {
        // SAFETY: handles are looked up, never followed.
        unsafe {
            assert_eq!((self.copy.close_sender)(self.sender), VIL_OK);
            assert_eq!((self.copy.close_receiver)(self.receiver), VIL_OK);
            assert_eq!((self.copy.close)(self.world), VIL_OK);
        }
    }
}

#[test]
fn a_program_with_libvil_linked_in_and_libvil_so_loaded_is_two_participants() {
    let dir = RuntimeDir::new("two-libvils");
    let (program, _) = vil_ir::load::from_yaml(PROGRAM).unwrap_or_else(|faults| panic!("{faults}"));
    let json = vil_ir::dump::canonical_json(&program);
    let place = CString::new(dir.as_os_str().as_bytes()).expect("no NUL");
    let mut options: vil_world_options_t = vil_world_options_t {
        struct_size: size_of::<vil_world_options_t>() as u32,
        flags: 0,
        runtime_dir: place.as_ptr(),
        language: VIL_LANGUAGE_RUST,
        reserved: 0,
    };
    let (mut program, mut keeper) = (null_mut(), null_mut());
    // SAFETY: every pointer is to a variable of the test, texts end with NUL.
    unsafe {
        assert_eq!(vil_program_parse(json.as_ptr().cast(), json.len(), &mut program, null_mut()), VIL_OK);
        assert_eq!(vil_world_create(c"twin".as_ptr(), program, null(), &options, &mut keeper, null_mut()), VIL_OK);
    }
    let (ours, theirs) = (linked(), loaded());
    assert_ne!(ours.open as usize, theirs.open as usize, "two copies of the code");
    let left = Participant::new(ours, &options, c"left", c"there", c"back");
    options.language = VIL_LANGUAGE_CPP;
    let right = Participant::new(theirs, &options, c"right", c"back", c"there");
    for number in 0..1000 {
        left.send(number);
        right.send(!number);
        assert_eq!((right.receive(), left.receive()), (number, !number));
    }
    let pid = std::process::id() as i32;
    for seen_by in [&left, &right] {
        let entries: Vec<_> = (0..3).map(|index| seen_by.entry(index)).collect();
        assert_eq!(entries, [(VIL_OK, pid, 1); 3], "the keeper and one entry for each copy");
    }
    // SAFETY: the child calls what looks handles up, and ends; `count` is a variable of it.
    unsafe {
        assert_eq!((left.copy.watch)(left.world, 1), VIL_OK);
        assert_eq!((right.copy.watch)(right.world, 1), VIL_OK);
        let child = libc::fork();
        if child == 0 {
            let mut count = 0;
            let forked = [&left, &right].map(|one| (one.copy.recover)(one.world, &mut count) == VIL_E_FORKED);
            libc::_exit(if forked == [true; 2] { 0 } else { 1 });
        }
        let mut status = 1;
        assert_eq!(libc::waitpid(child, &mut status, 0), child);
        assert_eq!(status, 0, "a fork child has neither copy's handles");
    }
    right.leave();
    assert_eq!(left.entry(2).0, VIL_EMPTY, "one copy left, and the other goes on");
    left.send(7);
    left.leave();
    assert_eq!((vil_world_close(keeper), vil_program_close(program)), (VIL_OK, VIL_OK));
}
