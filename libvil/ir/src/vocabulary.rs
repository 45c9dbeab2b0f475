//! The closed sets of words: the same in the IR, in Rust, in C and in the docs.
//!
//! Each set is one enum with its words in one table, so a word can neither be missing from a parser nor be spelled in
//! two ways. Nothing here has behaviour beyond the relation between words.

/// A member of a closed set, for code that reads any of them.
pub trait Word: Copy + 'static {
    /// Every member.
    fn all() -> &'static [Self];

    /// Their words, in the same order.
    fn texts() -> &'static [&'static str];

    /// The word.
    fn text(self) -> &'static str;
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// Every member. Worlds hold some sets as positions in this list: another order is another memory layout.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// Their words, in the same order.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word.
            pub const fn word(self) -> &'static str {
                Self::WORDS[self as usize]
            }

            /// The member that a word names.
            pub fn from_word(word: &str) -> Option<$name> {
                Self::WORDS.iter().position(|known| *known == word).map(|position| Self::ALL[position])
            }
        }

        impl Word for $name {
            fn all() -> &'static [Self] {
                Self::ALL
            }

            fn texts() -> &'static [&'static str] {
                Self::WORDS
            }

            fn text(self) -> &'static str {
                self.word()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }
    };
}

words! {
    /// A number type of the language.
    Scalar {
        /// Unsigned, 8 bit.
        U8 = "u8",
        /// Unsigned, 16 bit.
        U16 = "u16",
        /// Unsigned, 32 bit.
        U32 = "u32",
        /// Unsigned, 64 bit.
        U64 = "u64",
        /// Signed, 8 bit.
        I8 = "i8",
        /// Signed, 16 bit.
        I16 = "i16",
        /// Signed, 32 bit.
        I32 = "i32",
        /// Signed, 64 bit.
        I64 = "i64",
        /// IEEE 754 binary32.
        F32 = "f32",
        /// IEEE 754 binary64.
        F64 = "f64",
        /// One byte, 0 or 1.
        Bool = "bool",
    }
}

impl Scalar {
    /// Size and alignment in bytes; the same number for every scalar.
    pub const fn size(self) -> u32 {
        match self {
            Scalar::U8 | Scalar::I8 | Scalar::Bool => 1,
            Scalar::U16 | Scalar::I16 => 2,
            Scalar::U32 | Scalar::I32 | Scalar::F32 => 4,
            Scalar::U64 | Scalar::I64 | Scalar::F64 => 8,
        }
    }

    /// Lowest and highest value of an integer; `None` for floats and bool.
    pub const fn integer_range(self) -> Option<(i128, i128)> {
        Some(match self {
            Scalar::U8 => (0, u8::MAX as i128),
            Scalar::U16 => (0, u16::MAX as i128),
            Scalar::U32 => (0, u32::MAX as i128),
            Scalar::U64 => (0, u64::MAX as i128),
            Scalar::I8 => (i8::MIN as i128, i8::MAX as i128),
            Scalar::I16 => (i16::MIN as i128, i16::MAX as i128),
            Scalar::I32 => (i32::MIN as i128, i32::MAX as i128),
            Scalar::I64 => (i64::MIN as i128, i64::MAX as i128),
            Scalar::F32 | Scalar::F64 | Scalar::Bool => return None,
        })
    }
}

words! {
    /// How a message lies in memory.
    Profile {
        /// Plain old data without references.
        Flat = "flat",
        /// References as offsets within the message.
        Relative = "relative",
        /// Opaque bytes through an adapter.
        External = "external",
    }
}

words! {
    /// What a message means; it decides the lanes it may take.
    Kind {
        /// Anything, on any lane.
        Message = "message",
        /// The current value of something; data lane.
        State = "state",
        /// Something happened; data or control lane.
        Event = "event",
        /// Something failed; control lane.
        Fault = "fault",
        /// A choice was made; trigger lane.
        Decision = "decision",
    }
}

words! {
    /// A ring's purpose between two processes.
    Lane {
        /// Start and hand-off.
        Trigger = "trigger",
        /// The hot path.
        Data = "data",
        /// Done, error, abort; may overtake data, because each route is a ring of its own.
        Control = "control",
    }
}

words! {
    /// Who owns a message while it travels.
    Transfer {
        /// Written in place by the producer, read in place by the consumer.
        LoanWrite = "loan_write",
        /// As loan_write, and the producer keeps reading.
        LoanRead = "loan_read",
        /// A slot already held is published.
        PublishOffset = "publish_offset",
        /// Bytes are copied in and out.
        Copy = "copy",
        /// One message into several rings, immutable.
        ShareRead = "share_read",
        /// The slot moves to the consumer.
        ConsumeOnce = "consume_once",
    }
}

words! {
    /// Which memory a message lives in.
    MemoryClass {
        /// Slots of the exchange heap.
        PagedExchange = "paged_exchange",
        /// Small, copied inline.
        ControlHeap = "control_heap",
        /// Locked, for devices and other hosts.
        PinnedRemote = "pinned_remote",
        /// Private to a process.
        LocalScratch = "local_scratch",
    }
}

words! {
    /// What lies between the two ends of a route.
    Boundary {
        /// One process, one thread.
        IntraProcess = "intra_process",
        /// One process, several threads.
        InterThread = "inter_thread",
        /// Two processes of one host.
        InterProcess = "inter_process",
        /// Another runtime, through an adapter.
        ForeignRuntime = "foreign_runtime",
        /// Another host.
        InterHost = "inter_host",
    }
}

words! {
    /// How many may use a queue's ends.
    QueueKind {
        /// One producer, one consumer.
        Spsc = "spsc",
        /// Several of both.
        Mpmc = "mpmc",
    }
}

words! {
    /// What happens when a queue is full.
    Backpressure {
        /// Wait until the deadline.
        Block = "block",
        /// The new message is dropped and counted.
        DropNewest = "drop_newest",
        /// The oldest message is dropped and counted.
        DropOldest = "drop_oldest",
        /// The call says so.
        Fail = "fail",
    }
}

words! {
    /// What a consumer's death means for what lies in the ring.
    Delivery {
        /// Dropped and counted.
        BestEffort = "best_effort",
        /// Kept for a replacement.
        AtLeastOnce = "at_least_once",
    }
}

words! {
    /// What becomes of a dead process's slots.
    Cleanup {
        /// They return to the pool.
        ReclaimOrphans = "reclaim_orphans",
        /// They stay for a debugger.
        KeepForDebug = "keep_for_debug",
    }
}

words! {
    /// How far a process is trusted.
    Zone {
        /// Everything.
        NativeCore = "native_core",
        /// Everything but secrets.
        NativeTrusted = "native_trusted",
        /// By copy only.
        WasmCapsule = "wasm_capsule",
        /// External messages by copy only.
        ExternalBoundary = "external_boundary",
    }
}

words! {
    /// What runs a process's code.
    ExecClass {
        /// A thread.
        Thread = "thread",
        /// A task of an async runtime.
        AsyncTask = "async_task",
        /// A worker pinned to a core.
        PinnedWorker = "pinned_worker",
    }
}

words! {
    /// Which way a port faces.
    Direction {
        /// Receives.
        In = "in",
        /// Sends.
        Out = "out",
        /// Asks and receives the answer.
        Request = "request",
        /// Is asked and answers.
        Response = "response",
    }
}

words! {
    /// When a relative message is verified.
    Verify {
        /// Each one.
        Always = "always",
        /// The first of each sender.
        First = "first",
        /// None.
        Never = "never",
    }
}

words! {
    /// What a failover does.
    Strategy {
        /// Start the source again.
        Restart = "restart",
        /// The target takes over.
        Replace = "replace",
        /// The target does less.
        Degrade = "degrade",
    }
}

impl Kind {
    /// The lanes this kind may take.
    pub const fn lanes(self) -> &'static [Lane] {
        match self {
            Kind::Message => &[Lane::Trigger, Lane::Data, Lane::Control],
            Kind::State => &[Lane::Data],
            Kind::Event => &[Lane::Data, Lane::Control],
            Kind::Fault => &[Lane::Control],
            Kind::Decision => &[Lane::Trigger],
        }
    }

    /// The memory class of a message that names none.
    pub const fn memory(self) -> MemoryClass {
        match self {
            Kind::Fault | Kind::Decision => MemoryClass::ControlHeap,
            Kind::Message | Kind::State | Kind::Event => MemoryClass::PagedExchange,
        }
    }

    /// The delivery of a route that names none.
    pub const fn delivery(self) -> Delivery {
        match self {
            Kind::Event | Kind::Fault | Kind::Decision => Delivery::AtLeastOnce,
            Kind::Message | Kind::State => Delivery::BestEffort,
        }
    }
}
