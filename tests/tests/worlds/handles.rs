//! One open handle of every kind, through the C surface: a program, two attachments, a sender and a receiver, a heap and
//! both ends of a queue.

use std::ffi::{CStr, CString, c_char};
use std::path::Path;
use std::ptr::{null, null_mut};

use vil_capi::*;
use vil_tests::runtime_dir::RuntimeDir;

use crate::house::{LONG_NS, PLAIN, Shape};

pub(crate) const NO_LOAN: vil_loan_t = vil_loan_t { data: null_mut(), size: 0, slot: 0, ticket: 0 };
pub(crate) const NO_MESSAGE: vil_message_t =
    vil_message_t { data: null(), size: 0, route: 0, number: 0, answers: 0, ticket: 0 };

pub(crate) const NO_BLOCK: vil_block_t = vil_block_t { data: null_mut(), size: 0, reference: 0 };

/// The heap's classes and its queue.
pub(crate) const CLASSES: [vil_block_class_t; 2] =
    [vil_block_class_t { size: 64, count: 64 }, vil_block_class_t { size: 4096, count: 8 }];
pub(crate) const QUEUES: [vil_queue_shape_t; 1] =
    [vil_queue_shape_t { kind: VIL_QUEUE_SPSC, capacity: 4, when_full: VIL_FULL_BLOCKS, deadline_ms: 20 }];

/// Bytes of a letter.
pub(crate) const LETTER: usize = 32;

/// Four cells, two loans; a full ring waits for 20 ms.
const SHAPE: Shape = Shape { deadline_ms: 20, ..PLAIN };

pub(crate) struct Post {
    pub(crate) json: CString,
    pub(crate) place: CString,
    pub(crate) program: *mut vil_program_t,
    /// Of a program with one fault.
    pub(crate) diagnostics: *mut vil_diagnostics_t,
    /// Between two programs with one difference.
    pub(crate) diff: *mut vil_diff_t,
    pub(crate) writer: *mut vil_world_t,
    pub(crate) reader: *mut vil_world_t,
    pub(crate) sender: *mut vil_sender_t,
    pub(crate) receiver: *mut vil_receiver_t,
    pub(crate) heap: *mut vil_heap_t,
    pub(crate) producer: *mut vil_queue_t,
    pub(crate) consumer: *mut vil_queue_t,
    pub(crate) set: *mut vil_waitset_t,
    /// Whoever made the directory removes it.
    _dir: Option<RuntimeDir>,
}

pub(crate) fn fine(status: vil_status_t, error: &vil_error_t) {
    assert_eq!(status, VIL_OK, "{}", sentence(error));
}

pub(crate) fn no_error() -> vil_error_t {
    vil_error_t { status: 0, message: [0; VIL_ERROR_MESSAGE_SIZE] }
}

pub(crate) fn sentence(error: &vil_error_t) -> String {
    let bytes = error.message.map(|byte| byte as u8);
    CStr::from_bytes_until_nul(&bytes).expect("a sentence ends").to_str().expect("and is text").to_owned()
}

pub(crate) fn audit() -> vil_audit_t {
    vil_audit_t {
        struct_size: size_of::<vil_audit_t>() as u32,
        processes: 0,
        slots: 0,
        free_slots: 0,
        held_slots: 0,
        retained_slots: 0,
        leaked_slots: 0,
        recoveries: 0,
    }
}

pub(crate) fn class_info() -> vil_heap_class_info_t {
    // SAFETY: all zero is a valid class info.
    let mut info: vil_heap_class_info_t = unsafe { std::mem::zeroed() };
    info.struct_size = size_of::<vil_heap_class_info_t>() as u32;
    info
}

pub(crate) fn queue_info() -> vil_queue_info_t {
    // SAFETY: all zero is a valid queue info.
    let mut info: vil_queue_info_t = unsafe { std::mem::zeroed() };
    info.struct_size = size_of::<vil_queue_info_t>() as u32;
    info
}

pub(crate) fn heap_info() -> vil_heap_info_t {
    // SAFETY: all zero is a valid heap info.
    let mut info: vil_heap_info_t = unsafe { std::mem::zeroed() };
    info.struct_size = size_of::<vil_heap_info_t>() as u32;
    info
}

/// A contract without ports.
pub(crate) fn contract(process: &CStr) -> vil_contract_t {
    vil_contract_t {
        struct_size: size_of::<vil_contract_t>() as u32,
        generator_level: 1,
        program: c"post".as_ptr(),
        process: process.as_ptr(),
        ports: null(),
        port_count: 0,
        reserved: 0,
    }
}

impl Post {
    /// In a directory of its own.
    pub(crate) fn new(name: &str) -> Post {
        let dir = RuntimeDir::new(name);
        let path = dir.to_path_buf();
        Post::within(&path, Some(dir))
    }

    /// In a directory that somebody else looks after.
    pub(crate) fn within(path: &Path, dir: Option<RuntimeDir>) -> Post {
        let (program, _) = vil_ir::load::from_yaml(&SHAPE.yaml()).unwrap_or_else(|faults| panic!("{faults}"));
        let json = CString::new(vil_ir::dump::canonical_json(&program)).expect("no NUL");
        let place = CString::new(path.to_str().expect("the path is text")).expect("no NUL");
        let mut post = Post {
            json,
            place,
            program: null_mut(),
            diagnostics: null_mut(),
            diff: null_mut(),
            writer: null_mut(),
            reader: null_mut(),
            sender: null_mut(),
            receiver: null_mut(),
            heap: null_mut(),
            producer: null_mut(),
            consumer: null_mut(),
            set: null_mut(),
            _dir: dir,
        };
        post.open();
        post
    }

    fn open(&mut self) {
        let (options, heap) = (self.options(), self.heap_options());
        let mut error = no_error();
        let (json, e) = (self.json.as_bytes(), &raw mut error);
        let (writer, reader) = (contract(c"writer"), contract(c"reader"));
        let (name, heap_name, letters) = (c"post".as_ptr(), c"heap".as_ptr(), c"letters".as_ptr());
        // SAFETY: every pointer is to a variable of this function or of `self`, every text ends with NUL.
        unsafe {
            fine(vil_program_parse(json.as_ptr().cast(), json.len(), &mut self.program, e), &error);
            let (faulty, other) = (c"{\"vil\":1}".to_bytes(), c"{\"vil\":1,\"program\":\"other\"}".to_bytes());
            fine(vil_diagnostics_parse(faulty.as_ptr().cast(), faulty.len(), &mut self.diagnostics, e), &error);
            let mut others = null_mut();
            fine(vil_program_parse(other.as_ptr().cast(), other.len(), &mut others, e), &error);
            fine(vil_diff_create(others, self.program, VIL_LEVEL_SOURCE, &mut self.diff, e), &error);
            fine(vil_program_close(others), &error);
            fine(vil_world_create(name, self.program, &writer, &options, &mut self.writer, e), &error);
            fine(vil_world_open(name, &reader, &options, &mut self.reader, e), &error);
            fine(vil_sender_open(self.writer, letters, &mut self.sender, e), &error);
            fine(vil_receiver_open(self.reader, letters, &mut self.receiver, e), &error);
            fine(vil_waitset_create(self.reader, &mut self.set, e), &error);
            fine(vil_heap_create(heap_name, &heap, &mut self.heap, e), &error);
            fine(vil_queue_open(self.heap, 0, VIL_PRODUCER, &mut self.producer, e), &error);
            fine(vil_queue_open(self.heap, 0, VIL_CONSUMER, &mut self.consumer, e), &error);
        }
    }

    pub(crate) fn options(&self) -> vil_world_options_t {
        let struct_size = size_of::<vil_world_options_t>() as u32;
        vil_world_options_t {
            struct_size,
            flags: 0,
            runtime_dir: self.place.as_ptr(),
            language: VIL_LANGUAGE_C,
            reserved: 0,
        }
    }

    pub(crate) fn heap_options(&self) -> vil_heap_options_t {
        vil_heap_options_t {
            struct_size: size_of::<vil_heap_options_t>() as u32,
            memory: VIL_MEMORY_PAGED_EXCHANGE,
            classes: CLASSES.as_ptr(),
            queues: QUEUES.as_ptr(),
            class_count: CLASSES.len() as u32,
            queue_count: QUEUES.len() as u32,
            max_processes: 0,
            cap_blocks: 0,
            cap_bytes: 0,
            flags: 0,
            language: VIL_LANGUAGE_RUST,
            runtime_dir: self.place.as_ptr(),
        }
    }

    /// A loan with a letter in it.
    pub(crate) fn loan(&self) -> vil_loan_t {
        let mut loan = NO_LOAN;
        // SAFETY: `loan` is a variable of this function; the slot is ours and has a letter's size.
        unsafe {
            assert_eq!(vil_sender_loan(self.sender, &mut loan), VIL_OK);
            loan.data.cast::<u8>().write_bytes(3, LETTER);
        }
        loan
    }

    pub(crate) fn send(&self) {
        let mut loan = self.loan();
        // SAFETY: `loan` is a variable of this function.
        assert_eq!(unsafe { vil_sender_publish(self.sender, &mut loan) }, VIL_OK);
    }

    /// A received letter.
    pub(crate) fn message(&self) -> vil_message_t {
        let mut message = NO_MESSAGE;
        // SAFETY: `message` is a variable of this function.
        assert_eq!(unsafe { vil_receiver_receive(self.receiver, LONG_NS, &mut message) }, VIL_OK);
        message
    }

    /// Everything goes on: a letter passes by either way.
    pub(crate) fn works(&self) {
        self.send();
        let (mut message, mut block) = (self.message(), NO_BLOCK);
        // SAFETY: all are variables of this function.
        unsafe {
            assert_eq!(vil_receiver_release(self.receiver, &mut message), VIL_OK);
            assert_eq!(vil_heap_alloc(self.heap, LETTER, 8, &mut block, null_mut()), VIL_OK);
            assert_eq!(vil_queue_push(self.producer, &mut block), VIL_OK);
            assert_eq!(vil_queue_pop(self.consumer, LONG_NS, &mut block), VIL_OK);
            assert_eq!(vil_heap_free(self.heap, &mut block), VIL_OK);
        }
        let mut seen = audit();
        // SAFETY: as above.
        assert_eq!(unsafe { vil_world_audit(self.writer, &mut seen) }, VIL_OK);
        assert_eq!(seen.leaked_slots, 0);
    }

    /// What every kind of handle is called, and one of it.
    pub(crate) fn kinds(&self) -> [(&'static str, usize); 9] {
        [
            ("program", self.program as usize),
            ("diagnostics", self.diagnostics as usize),
            ("diff", self.diff as usize),
            ("world", self.writer as usize),
            ("sender", self.sender as usize),
            ("receiver", self.receiver as usize),
            ("heap", self.heap as usize),
            ("queue", self.producer as usize),
            ("waitset", self.set as usize),
        ]
    }
}

impl Drop for Post {
    fn drop(&mut self) {
        // Some may be closed already, or be another thread's: then these answer so, which is as well.
        vil_waitset_close(self.set);
        vil_sender_close(self.sender);
        vil_receiver_close(self.receiver);
        vil_queue_close(self.producer);
        vil_queue_close(self.consumer);
        vil_heap_close(self.heap);
        vil_world_close(self.writer);
        vil_world_close(self.reader);
        vil_diff_close(self.diff);
        vil_diagnostics_close(self.diagnostics);
        vil_program_close(self.program);
    }
}

/// A text as C has it.
pub(crate) fn chars(text: &CStr) -> *const c_char {
    text.as_ptr()
}
