//! The shipped library, called by name with numbers, and the handles of one world and one heap of it.

use std::ffi::{CStr, CString, c_void};
use std::os::unix::ffi::OsStrExt;
use std::ptr::null;

use vil_capi::*;
use vil_tests::artifact::artifact;

use crate::LETTER;

/// The shipped library, called by name with numbers: on both platforms integers and pointers travel in the same registers,
/// and those that a function does not take are not looked at.
pub(crate) struct Library(*mut c_void);

/// The last two travel on the stack, where a function that does not take them does not look.
pub(crate) type Any = unsafe extern "C" fn(usize, usize, usize, usize, usize, usize, usize, usize) -> vil_status_t;

impl Library {
    pub(crate) fn load() -> Library {
        let path = CString::new(artifact().shared.as_os_str().as_bytes()).expect("no NUL");
        // SAFETY: a path that ends with NUL; the library is never unloaded.
        let library = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        assert!(!library.is_null(), "libvil.so cannot be loaded");
        Library(library)
    }

    pub(crate) fn call(&self, name: &str, arguments: &[usize]) -> vil_status_t {
        let symbol = CString::new(name).expect("no NUL");
        // SAFETY: the library is loaded, the name ends with NUL.
        let found = unsafe { libc::dlsym(self.0, symbol.as_ptr()) };
        assert!(!found.is_null() && arguments.len() <= 8, "{name} cannot be called");
        let mut all = [0; 8];
        all[..arguments.len()].copy_from_slice(arguments);
        let [a, b, c, d, e, f, g, h] = all;
        // SAFETY: vil.h declares it with integers and pointers alone, at most eight; what they point to is the fixture's.
        unsafe { std::mem::transmute::<*mut c_void, Any>(found)(a, b, c, d, e, f, g, h) }
    }

    pub(crate) fn fine(&self, name: &str, arguments: &[usize]) {
        assert_eq!(self.call(name, arguments), VIL_OK, "{name}");
    }
}

/// The handles of one world and one heap, with a letter, a loan and a block in hand.
pub(crate) struct Post {
    pub(crate) world_name: CString,
    pub(crate) heap_name: CString,
    pub(crate) program: usize,
    pub(crate) newer: usize,
    pub(crate) diagnostics: usize,
    pub(crate) diff: usize,
    pub(crate) writer: usize,
    pub(crate) reader: usize,
    pub(crate) sender: usize,
    pub(crate) receiver: usize,
    pub(crate) heap: usize,
    pub(crate) producer: usize,
    pub(crate) consumer: usize,
    pub(crate) set: usize,
    pub(crate) loan: Box<vil_loan_t>,
    pub(crate) message: Box<vil_message_t>,
    pub(crate) block: Box<vil_block_t>,
}

pub(crate) fn place<T>(place: &T) -> usize {
    std::ptr::from_ref(place) as usize
}

pub(crate) fn text(text: &CStr) -> usize {
    text.as_ptr() as usize
}

/// A plain C struct of zeroes.
pub(crate) fn zero<T>() -> Box<T> {
    // SAFETY: used for C structs of numbers and pointers, of which all zero is one.
    Box::new(unsafe { std::mem::zeroed() })
}

pub(crate) fn role(process: &CStr) -> vil_contract_t {
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
    pub(crate) fn open(
        library: &Library,
        names: (&CStr, &CStr),
        json: &CStr,
        options: &vil_world_options_t,
        shape: &vil_heap_options_t,
    ) -> Post {
        let mut post = Post {
            world_name: names.0.to_owned(),
            heap_name: names.1.to_owned(),
            program: 0,
            newer: 0,
            diagnostics: 0,
            diff: 0,
            writer: 0,
            reader: 0,
            sender: 0,
            receiver: 0,
            heap: 0,
            producer: 0,
            consumer: 0,
            set: 0,
            loan: zero(),
            message: zero(),
            block: zero(),
        };
        let (writer, reader, letters) = (role(c"writer"), role(c"reader"), text(c"letters"));
        let (world, heap, o, h) = (text(names.0), text(names.1), place(options), place(shape));
        library.fine("vil_program_parse", &[text(json), json.count_bytes(), place(&post.program), 0]);
        // Another program, one that is wrong, and what differs: a finding each.
        let changed = |from: &str, to: &str| CString::new(json.to_string_lossy().replace(from, to)).expect("no NUL");
        let (newer, wrong) = (changed("u64", "u32"), changed("\"capacity\":8", "\"capacity\":7"));
        library.fine("vil_program_parse", &[text(&newer), newer.count_bytes(), place(&post.newer), 0]);
        library.fine("vil_diagnostics_parse", &[text(&wrong), wrong.count_bytes(), place(&post.diagnostics), 0]);
        library.fine("vil_diff_create", &[post.program, post.newer, 0, place(&post.diff), 0]);
        library.fine("vil_world_create", &[world, post.program, place(&writer), o, place(&post.writer), 0]);
        library.fine("vil_world_open", &[world, place(&reader), o, place(&post.reader), 0]);
        library.fine("vil_sender_open", &[post.writer, letters, place(&post.sender), 0]);
        library.fine("vil_receiver_open", &[post.reader, letters, place(&post.receiver), 0]);
        library.fine("vil_heap_create", &[heap, h, place(&post.heap), 0]);
        library.fine("vil_queue_open", &[post.heap, 0, VIL_PRODUCER as usize, place(&post.producer), 0]);
        library.fine("vil_queue_open", &[post.heap, 0, VIL_CONSUMER as usize, place(&post.consumer), 0]);
        library.fine("vil_waitset_create", &[post.reader, place(&post.set), 0]);
        post.pass(library);
        post.loan = zero();
        post.hold(library);
        post
    }

    /// A loan, a message and a block in hand.
    pub(crate) fn hold(&mut self, library: &Library) {
        let letter = 7u64;
        library.fine("vil_sender_send", &[self.sender, place(&letter), LETTER]);
        library.fine("vil_receiver_receive", &[self.receiver, 0, place(&*self.message)]);
        library.fine("vil_sender_loan", &[self.sender, place(&*self.loan)]);
        library.fine("vil_heap_alloc", &[self.heap, LETTER, 8, place(&*self.block), 0]);
    }

    /// A letter passes by either way.
    pub(crate) fn pass(&self, library: &Library) {
        let (letter, mut message, mut block) = (7u64, zero::<vil_message_t>(), zero::<vil_block_t>());
        library.fine("vil_sender_send", &[self.sender, place(&letter), LETTER]);
        library.fine("vil_receiver_receive", &[self.receiver, 0, &raw mut *message as usize]);
        library.fine("vil_receiver_release", &[self.receiver, &raw mut *message as usize]);
        library.fine("vil_heap_alloc", &[self.heap, LETTER, 8, &raw mut *block as usize, 0]);
        library.fine("vil_queue_push", &[self.producer, &raw mut *block as usize]);
        library.fine("vil_queue_pop", &[self.consumer, 0, &raw mut *block as usize]);
        library.fine("vil_heap_free", &[self.heap, &raw mut *block as usize]);
    }

    /// What is in hand is still in hand, and ends well.
    pub(crate) fn put_down(&self, library: &Library) {
        library.fine("vil_sender_publish", &[self.sender, place(&*self.loan)]);
        library.fine("vil_receiver_release", &[self.receiver, place(&*self.message)]);
        library.fine("vil_heap_free", &[self.heap, place(&*self.block)]);
        let message = zero::<vil_message_t>();
        library.fine("vil_receiver_receive", &[self.receiver, 0, place(&*message)]);
        library.fine("vil_receiver_release", &[self.receiver, place(&*message)]);
        self.pass(library);
    }

    /// The handle that a function is meant for.
    pub(crate) fn handle(&self, noun: &str, function: &str) -> usize {
        match noun {
            "program" => self.program,
            "diagnostics" => self.diagnostics,
            "diff" => self.diff,
            "world" if function.contains("_receiver_") || function.contains("waitset") => self.reader,
            "world" => self.writer,
            "sender" => self.sender,
            "receiver" => self.receiver,
            "heap" => self.heap,
            "queue" if function.contains("_pop") => self.consumer,
            "queue" => self.producer,
            "waitset" => self.set,
            _ => panic!("no handle of `{noun}`"),
        }
    }

    pub(crate) fn close(&self, library: &Library) -> Vec<(&'static str, usize)> {
        let all = [
            ("waitset", self.set),
            ("sender", self.sender),
            ("receiver", self.receiver),
            ("queue", self.producer),
            ("queue", self.consumer),
            ("heap", self.heap),
            ("world", self.writer),
            ("world", self.reader),
            ("program", self.program),
            ("program", self.newer),
            ("diagnostics", self.diagnostics),
            ("diff", self.diff),
        ];
        all.iter().for_each(|(noun, handle)| library.fine(&format!("vil_{noun}_close"), &[*handle]));
        all.to_vec()
    }
}
