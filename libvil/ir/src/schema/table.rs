//! What each key of each kind of node is: its form, and a sentence about it. The keys themselves are the loader's.

use crate::load::keys::{self, CLOCKS, INTEGERS, TAGS};
use crate::vocabulary::{
    Backpressure, Boundary, Cleanup, Delivery, Direction, ExecClass, Kind as MessageKind, Lane, MemoryClass, Profile,
    QueueKind, Scalar, Strategy, Transfer, Verify, Zone,
};

/// The form of a value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    /// The number of the language's version.
    Version,
    /// Any text.
    Text,
    /// A name as a definition has it.
    Name,
    /// A name that may have its package before it.
    Path,
    /// `process.port`.
    End,
    /// `true` or `false`.
    Flag,
    /// A whole number, lowest and highest.
    Whole(i128, i128),
    /// Any number.
    Number,
    /// A number, a text, a flag.
    Raw,
    /// Two of these, or null for an open end.
    Range,
    /// A word of a closed set.
    Words(&'static [&'static str]),
    /// A scalar of these, or one of more words.
    Scalars(&'static [Scalar], &'static [&'static str]),
    /// A node of a kind.
    One(&'static str),
    /// A list.
    List(&'static Form),
    /// A map whose keys the author chooses.
    Map(Names, &'static Form),
    /// One or the other.
    Either(&'static Form, &'static Form),
}

/// What the keys of a map may be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Names {
    /// Anything.
    Any,
    /// Names.
    Own,
    /// Names that may have their package before them.
    Full,
}

/// A kind of node.
#[derive(Debug)]
pub(super) struct Kind {
    /// What other nodes refer to it by.
    pub(super) name: &'static str,
    /// What it is.
    pub(super) about: &'static str,
    /// Its keys, by the loader's table.
    pub(super) keys: &'static [&'static str],
    /// Those it cannot do without.
    pub(super) required: &'static [&'static str],
    forms: &'static [(&'static str, Form, &'static str)],
}

impl Kind {
    /// Form and sentence of a key.
    pub(super) fn form(&self, key: &str) -> Option<&'static (&'static str, Form, &'static str)> {
        self.forms.iter().chain(NOTES).find(|(known, ..)| *known == key)
    }

    /// Keys that have a form here, those of every definition left aside.
    #[cfg(test)]
    pub(super) fn formed(&self) -> impl Iterator<Item = &'static str> {
        self.forms.iter().map(|(key, ..)| *key)
    }
}

/// A number that the loader keeps in 32 bits.
const SMALL: Form = Form::Whole(0, u32::MAX as i128);

/// What may stand on every definition.
const NOTES: &[(&str, Form, &str)] = &[
    ("doc", Form::Text, "Text for people, carried into generated code; no part of a layout."),
    ("deprecated", Form::Text, "Why this should not be used any more."),
    ("annotations", Form::Map(Names::Any, &Form::Raw), "Free pairs of key and scalar for other tools."),
];

const CONSTANTS: &str = "Named values that are generated into every language.";
const FIELDS: &str = "Fields, laid out in the order written.";
const VARIANTS: &str = "The arms of a tagged union, in place of fields.";
const TAG: &str = "What holds the tag; default u32.";
const OPEN: &str = "Unknown tags are legal; default false.";
const LANE: &str = "The ring's purpose; default data.";
const LOANS: &str = "Messages the port may hold at once, 1 to 65,536; default 1.";
const QUEUE: &str = "Policy of the ring; keys that are left out come from the producing port, then from defaults.";
const EXEC: &str = "What runs the process's code; default thread.";
const ZONE: &str = "How far the process is trusted; default native_trusted.";
const CLEANUP: &str = "What becomes of a dead process's slots; default reclaim_orphans.";
const PRIORITY: &str = "A hint to whoever starts the process.";
const DOMAIN: &str = "Who fails together; default the process's own name.";
const OBSERVE: &str = "What the process lets others observe; default counters only.";
const TRANSFER: &str = "Who owns a message while it travels; derived from queue, forwards and fan-out.";
const BOUNDARY: &str = "What lies between the two ends; derived from their processes and hosts.";
const DELIVERY: &str = "What a consumer's death means for what lies in the ring; default by the message's kind.";
const VERIFY: &str = "When relative messages are verified, others have no references; default never.";

const FIELD_LIST: Form = Form::List(&Form::One("field"));
const ARM_MAP: Form = Form::Map(Names::Own, &Form::One("variant"));
const CONSTANT_MAP: Form = Form::Map(Names::Own, &Form::One("constant"));
const TAGS_FORM: Form = Form::Scalars(TAGS, &[]);

/// The program: the schema's root.
pub(super) const PROGRAM: Kind = Kind {
    name: "program",
    about: "Messages, processes, ports, routes and policies of one program.",
    keys: keys::PROGRAM,
    required: &["vil", "program"],
    forms: &[
        ("vil", Form::Version, "Version of the language."),
        ("program", Form::Name, "Name of the program, also the prefix of generated names."),
        ("package", Form::Path, "Namespace of all names of the file, dotted."),
        ("imports", Form::List(&Form::Text), "Files whose definitions are used here, relative to this one."),
        ("constants", Form::Map(Names::Full, &Form::One("constant")), CONSTANTS),
        ("enums", Form::Map(Names::Full, &Form::One("enum")), "Sets of named numbers of fixed width."),
        ("structs", Form::Map(Names::Full, &Form::One("struct")), "Types that messages and other structs may hold."),
        ("messages", Form::Map(Names::Full, &Form::One("message")), "What travels: a struct plus a contract."),
        ("interfaces", Form::Map(Names::Full, &Form::One("interface")), "Sets of ports that processes serve."),
        ("processes", Form::Map(Names::Own, &Form::One("process")), "Who sends and receives."),
        ("routes", Form::List(&Form::One("route")), "Rings from one port to another; the position is the number."),
        ("hosts", Form::Map(Names::Own, &Form::One("host")), "Machines."),
        ("failovers", Form::List(&Form::One("failover")), "What happens when a process fails."),
        ("defaults", Form::One("defaults"), "What stands in for what nodes leave out."),
        ("strict", Form::Flag, "No policy may be left to a built-in default; default false."),
    ],
};

/// All other kinds.
pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "constant",
        about: "A named value.",
        keys: keys::CONSTANT,
        required: &["type", "value"],
        forms: &[
            ("type", Form::Scalars(Scalar::ALL, &["str"]), "A scalar, or str for a text."),
            ("value", Form::Raw, "The value."),
        ],
    },
    Kind {
        name: "enum",
        about: "A set of named numbers of fixed width.",
        keys: keys::ENUM,
        required: &["repr", "values"],
        forms: &[
            ("repr", Form::Scalars(INTEGERS, &[]), "What holds the number."),
            ("open", Form::Flag, "Unknown numbers are legal; default true."),
            ("bitmask", Form::Flag, "Values are bits that may be combined; default false."),
            ("aliases", Form::Flag, "Two names for one number are legal; default false."),
            ("values", Form::Map(Names::Own, &VALUE), "Names and numbers, in the order written."),
        ],
    },
    Kind {
        name: "value",
        about: "A value of an enum, with what there is to say about it.",
        keys: keys::ENUM_VALUE,
        required: &["value"],
        forms: &[("value", ENUM_NUMBER, "The number.")],
    },
    Kind {
        name: "struct",
        about: "A type that messages and other structs may hold.",
        keys: keys::STRUCT,
        required: &[],
        forms: &[
            ("fields", FIELD_LIST, FIELDS),
            ("variants", ARM_MAP, VARIANTS),
            ("tag", TAGS_FORM, TAG),
            ("open", Form::Flag, OPEN),
            ("constants", CONSTANT_MAP, CONSTANTS),
        ],
    },
    Kind {
        name: "message",
        about: "What travels: a struct plus a contract.",
        keys: keys::MESSAGE,
        required: &[],
        forms: &[
            (
                "kind",
                Form::Words(MessageKind::WORDS),
                "What it means; decides lanes, memory and delivery. Default message.",
            ),
            (
                "layout",
                Form::Words(Profile::WORDS),
                "How it lies in memory; default flat without references, else relative. External is opaque bytes.",
            ),
            ("memory", Form::Words(MemoryClass::WORDS), "Which memory it lives in; default by kind."),
            (
                "max_bytes",
                Form::Whole(0, u64::MAX as i128),
                "Most bytes of a relative or external message, head included; required where a route carries it.",
            ),
            ("media_type", Form::Text, "What the bytes of an external message are, type/subtype."),
            ("adapter", Form::Text, "Name of who reads and writes an external message."),
            ("fields", FIELD_LIST, FIELDS),
            ("variants", ARM_MAP, VARIANTS),
            ("tag", TAGS_FORM, TAG),
            ("open", Form::Flag, OPEN),
            ("constants", CONSTANT_MAP, CONSTANTS),
        ],
    },
    Kind {
        name: "variant",
        about: "One arm of a tagged union.",
        keys: keys::ARM,
        required: &["tag"],
        forms: &[
            ("tag", Form::Whole(0, u64::MAX as i128), "The number that stands in the tag."),
            ("fields", FIELD_LIST, FIELDS),
        ],
    },
    Kind {
        name: "field",
        about: "One field.",
        keys: keys::FIELD,
        required: &["name", "type"],
        forms: &[
            ("name", Form::Name, "Its name."),
            (
                "type",
                Form::Text,
                "A scalar, a name, [type; N], VSlice<elem>, VSlice<elem, N>, VStr, VStr<N> or VRef<NAME>.",
            ),
            ("id", SMALL, "What evolution compares, from 1; all fields of a type have one, or none has."),
            ("optional", Form::Flag, "It may be absent: a presence byte follows, but for a VRef. Default false."),
            ("default", Form::Raw, "Raw value where there is none; of an enum by name or number."),
            ("unit", Form::Text, "Unit of measure."),
            ("scale", Form::Number, "Factor from the raw value to the unit."),
            ("range", Form::Range, "Lowest and highest raw value, null for an open end."),
            ("unknown", Form::Raw, "The raw value that says that it is not known."),
            ("used_by", Form::Text, "The field that tells how much of this array is used."),
            ("clock", Form::Words(CLOCKS), "Clock of an integer time."),
            ("key", Form::Flag, "Identifies an instance; default false."),
            ("as", Form::Scalars(INTEGERS, &[]), "What holds an enum here, in place of its repr."),
            ("since", Form::Text, "The version that brought the field."),
        ],
    },
    Kind {
        name: "interface",
        about: "A set of ports.",
        keys: keys::INTERFACE,
        required: &[],
        forms: &[("ports", Form::Map(Names::Own, &Form::One("port")), "Ports by name.")],
    },
    Kind {
        name: "port",
        about: "Where messages enter or leave a process.",
        keys: keys::PORT,
        required: &["direction", "message"],
        forms: &[
            ("direction", Form::Words(Direction::WORDS), "Which way it faces."),
            ("message", Form::Text, "The message it carries."),
            ("reply", Form::Text, "The message that answers; on request and response ports."),
            ("lane", Form::Words(Lane::WORDS), LANE),
            ("loans", SMALL, LOANS),
            ("queue", Form::One("queue"), QUEUE),
        ],
    },
    Kind {
        name: "queue",
        about: "Policy of a ring.",
        keys: keys::QUEUE,
        required: &[],
        forms: &[
            ("kind", Form::Words(QueueKind::WORDS), "How many may use its ends; default spsc."),
            ("capacity", SMALL, "Messages it holds, a power of two from 1 to 65,536; default 256."),
            (
                "backpressure",
                Form::Words(Backpressure::WORDS),
                "What a full ring means; default block under at_least_once, else fail.",
            ),
            ("deadline_ms", SMALL, "How long block waits; default 1000, required beside a stated block."),
        ],
    },
    Kind {
        name: "process",
        about: "One process of the program.",
        keys: keys::PROCESS,
        required: &["interface"],
        forms: &[
            ("interface", Form::Text, "The interface it serves."),
            ("exec", Form::Words(ExecClass::WORDS), EXEC),
            ("zone", Form::Words(Zone::WORDS), ZONE),
            ("cleanup", Form::Words(Cleanup::WORDS), CLEANUP),
            ("priority", Form::Whole(i32::MIN as i128, i32::MAX as i128), PRIORITY),
            ("failure_domain", Form::Text, DOMAIN),
            ("host", Form::Text, "The host it runs on."),
            ("instances", SMALL, "How many run at once; default 1."),
            ("forwards", Form::List(&Form::One("forward")), "Ports that pass messages on without a copy."),
            ("mutates", Form::List(&Form::Text), "In ports whose messages it changes in place."),
            ("idempotent", Form::Flag, "A changed message that comes again does no harm; default false."),
            ("observe", Form::One("observe"), OBSERVE),
        ],
    },
    Kind {
        name: "forward",
        about: "A pair of ports of one process.",
        keys: keys::FORWARD,
        required: &["from", "to"],
        forms: &[("from", Form::Text, "The in port."), ("to", Form::Text, "The out port.")],
    },
    Kind {
        name: "observe",
        about: "What a process lets others observe.",
        keys: keys::OBSERVE,
        required: &[],
        forms: &[
            ("trace_hop", Form::Flag, "Record the hop in the message's trace; default false."),
            ("latency", Form::Text, "Label of a latency histogram."),
            ("sample", SMALL, "Every Nth message is stamped, 1 to 1,048,576; default 64."),
        ],
    },
    Kind {
        name: "route",
        about: "A ring from one port to another.",
        keys: keys::ROUTE,
        required: &["from", "to"],
        forms: &[
            ("from", Form::End, "The producing end, process.port."),
            ("to", Form::End, "The consuming end, process.port."),
            ("transfer", Form::Words(Transfer::WORDS), TRANSFER),
            ("boundary", Form::Words(Boundary::WORDS), BOUNDARY),
            ("delivery", Form::Words(Delivery::WORDS), DELIVERY),
            ("queue", Form::One("queue"), QUEUE),
            ("verify", Form::Words(Verify::WORDS), VERIFY),
        ],
    },
    Kind {
        name: "host",
        about: "A machine.",
        keys: keys::HOST,
        required: &[],
        forms: &[("address", Form::Text, "Where it is reached.")],
    },
    Kind {
        name: "failover",
        about: "What happens when a process fails.",
        keys: keys::FAILOVER,
        required: &["source", "strategy"],
        forms: &[
            ("source", Form::Text, "The process that fails."),
            ("target", Form::Text, "The process that takes over; restart has none."),
            ("on", Form::Text, "The fault that triggers it."),
            ("strategy", Form::Words(Strategy::WORDS), "What is done."),
        ],
    },
    Kind {
        name: "defaults",
        about: "What stands in for what nodes leave out.",
        keys: keys::DEFAULTS,
        required: &[],
        forms: &[
            ("ports", Form::One("port_defaults"), "For ports."),
            ("processes", Form::One("process_defaults"), "For processes."),
            ("routes", Form::One("route_defaults"), "For routes."),
        ],
    },
    Kind {
        name: "port_defaults",
        about: "What stands in for what ports leave out.",
        keys: keys::PORT_DEFAULTS,
        required: &[],
        forms: &[
            ("lane", Form::Words(Lane::WORDS), LANE),
            ("loans", SMALL, LOANS),
            ("queue", Form::One("queue"), QUEUE),
        ],
    },
    Kind {
        name: "process_defaults",
        about: "What stands in for what processes leave out.",
        keys: keys::PROCESS_DEFAULTS,
        required: &[],
        forms: &[
            ("exec", Form::Words(ExecClass::WORDS), EXEC),
            ("zone", Form::Words(Zone::WORDS), ZONE),
            ("cleanup", Form::Words(Cleanup::WORDS), CLEANUP),
            ("priority", Form::Whole(i32::MIN as i128, i32::MAX as i128), PRIORITY),
            ("failure_domain", Form::Text, DOMAIN),
            ("observe", Form::One("observe"), OBSERVE),
        ],
    },
    Kind {
        name: "route_defaults",
        about: "What stands in for what routes leave out.",
        keys: keys::ROUTE_DEFAULTS,
        required: &[],
        forms: &[
            ("transfer", Form::Words(Transfer::WORDS), TRANSFER),
            ("boundary", Form::Words(Boundary::WORDS), BOUNDARY),
            ("delivery", Form::Words(Delivery::WORDS), DELIVERY),
            ("verify", Form::Words(Verify::WORDS), VERIFY),
            ("queue", Form::One("queue"), QUEUE),
        ],
    },
];

/// The number of an enum's value, whatever its repr.
const ENUM_NUMBER: Form = Form::Whole(i64::MIN as i128, u64::MAX as i128);

/// A number, or a node that has it.
const VALUE: Form = Form::Either(&ENUM_NUMBER, &Form::One("value"));
