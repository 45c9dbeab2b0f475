//! The calls of a message by where an end is, of an installed libvil: by its handle, which is looked up there.

use core::ffi::c_void;

use crate::{vil_loan_t, vil_message_t, vil_receiver_t, vil_sender_t, vil_status_t};

macro_rules! ends {
    ($($(#[$said:meta])* $name:ident of $handle:ident;)+) => {
        $($(#[$said])*
        #[derive(Clone, Copy)]
        pub struct $name(*mut $handle);

        impl $name {
            /// Of a handle that names one.
            pub fn new(handle: *mut $handle) -> Option<$name> {
                (!handle.is_null()).then_some($name(handle))
            }

            /// The handle.
            #[inline(always)]
            pub fn handle(self) -> *mut $handle {
                self.0
            }
        })+
    };
}

ends! {
    /// A sender that is open.
    SenderAt of vil_sender_t;
    /// A receiver that is open.
    ReceiverAt of vil_receiver_t;
}

macro_rules! calls {
    ($($name:ident($end:ident: $at:ident $(, $argument:ident: $kind:ty)*);)+) => {
        $(/// As the one of vil.h.
        ///
        /// # Safety
        /// As there.
        #[inline(always)]
        pub unsafe fn $name($end: $at $(, $argument: $kind)*) -> vil_status_t {
            // SAFETY: as promised by the caller.
            unsafe { crate::$name($end.0 $(, $argument)*) }
        })+
    };
}

calls! {
    vil_sender_loan(sender: SenderAt, loan: *mut vil_loan_t);
    vil_sender_publish(sender: SenderAt, loan: *mut vil_loan_t);
    vil_sender_discard(sender: SenderAt, loan: *mut vil_loan_t);
    vil_sender_send(sender: SenderAt, data: *const c_void, size: usize);
    vil_receiver_receive(receiver: ReceiverAt, timeout_ns: u64, message: *mut vil_message_t);
    vil_receiver_read(receiver: ReceiverAt, timeout_ns: u64, data: *mut c_void, size: usize);
    vil_receiver_release(receiver: ReceiverAt, message: *mut vil_message_t);
}
