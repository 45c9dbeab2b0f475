//! What a program says: types, messages, interfaces, processes, routes, as plain data.
//!
//! The model holds exactly what the author wrote, defaults not yet filled in: an `Option` that is `None` was left
//! out. It decides nothing, checks nothing and knows no file format; `load` makes it, the passes judge it, `plan`
//! turns it into numbers.

use crate::keyed::Keyed;
use crate::vocabulary::{
    Backpressure, Boundary, Cleanup, Delivery, Direction, ExecClass, Kind, Lane, MemoryClass, Profile, QueueKind,
    Scalar, Transfer, Verify, Zone,
};

/// A map in name order; output never depends on hash order.
pub type Named<T> = Keyed<String, T>;

/// What may stand on every node and is no part of any layout.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Notes {
    /// Text for people, carried into generated code.
    pub doc: Option<String>,
    /// Why the node should not be used any more.
    pub deprecated: Option<String>,
    /// Free key and scalar pairs for other tools.
    pub annotations: Named<Value>,
}

/// A scalar that an author wrote: a default, a bound, a constant.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// An integer; wide enough for every scalar of the language.
    Int(i128),
    /// A number with a fraction or an exponent, and "NaN", "inf", "-inf" where a float is asked for.
    Float(f64),
    /// Text: a string constant, or the name of an enum's value.
    Str(String),
}

/// One file, with its imports merged in.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Program {
    /// `program:`, also the prefix of generated names.
    pub name: String,
    /// `package:`, dotted.
    pub package: Option<String>,
    /// No policy may be left to a built-in default.
    pub strict: bool,
    /// Doc and annotations of the program itself.
    pub notes: Notes,
    /// Always empty in a program that `load` made: it has merged the imports in.
    pub imports: Vec<String>,
    /// Constants at the top.
    pub constants: Named<Constant>,
    /// Enumerations.
    pub enums: Named<Enum>,
    /// Structs.
    pub structs: Named<Struct>,
    /// Messages: a struct plus a contract.
    pub messages: Named<Message>,
    /// Sets of ports.
    pub interfaces: Named<Interface>,
    /// Processes.
    pub processes: Named<Process>,
    /// Routes, in the order written; a route's position is its index everywhere.
    pub routes: Vec<Route>,
    /// Hosts.
    pub hosts: Named<Host>,
    /// Failovers, in the order written.
    pub failovers: Vec<Failover>,
    /// Policies that stand in for what a node leaves out.
    pub defaults: Defaults,
}

/// `defaults:`; the same keys as on the nodes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Defaults {
    /// For ports.
    pub ports: PortDefaults,
    /// For processes.
    pub processes: ProcessDefaults,
    /// For routes.
    pub routes: RouteDefaults,
}

/// Defaults of ports.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PortDefaults {
    /// See [`Port::lane`].
    pub lane: Option<Lane>,
    /// See [`Port::loans`].
    pub loans: Option<u32>,
    /// See [`Port::queue`].
    pub queue: Queue,
}

/// Defaults of processes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProcessDefaults {
    /// See [`Process::exec`].
    pub exec: Option<ExecClass>,
    /// See [`Process::zone`].
    pub zone: Option<Zone>,
    /// See [`Process::cleanup`].
    pub cleanup: Option<Cleanup>,
    /// See [`Process::priority`].
    pub priority: Option<i32>,
    /// See [`Process::failure_domain`].
    pub failure_domain: Option<String>,
    /// See [`Process::observe`].
    pub observe: Option<Observe>,
}

/// Defaults of routes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RouteDefaults {
    /// See [`Route::transfer`].
    pub transfer: Option<Transfer>,
    /// See [`Route::boundary`].
    pub boundary: Option<Boundary>,
    /// See [`Route::delivery`].
    pub delivery: Option<Delivery>,
    /// See [`Route::verify`].
    pub verify: Option<Verify>,
    /// See [`Route::queue`].
    pub queue: Queue,
}

/// A named value.
#[derive(Debug, Clone, PartialEq)]
pub struct Constant {
    /// `None`: a string.
    pub scalar: Option<Scalar>,
    /// The value.
    pub value: Value,
    /// Doc and annotations.
    pub notes: Notes,
}

/// A set of named numbers of fixed width.
#[derive(Debug, Clone, PartialEq)]
pub struct Enum {
    /// Storage: an integer scalar.
    pub repr: Scalar,
    /// Unknown numbers are legal (the default).
    pub open: bool,
    /// Values are bits that may be combined.
    pub bitmask: bool,
    /// Two names for one number are legal.
    pub aliases: bool,
    /// Names and numbers, in the order written.
    pub values: Vec<EnumValue>,
    /// Doc and annotations.
    pub notes: Notes,
}

/// One name of an enum.
#[derive(Debug, Clone, PartialEq)]
pub struct EnumValue {
    /// The name.
    pub name: String,
    /// The number.
    pub value: i128,
    /// Doc and annotations.
    pub notes: Notes,
}

/// A struct that messages and other structs may hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Struct {
    /// Fields or variants.
    pub body: Body,
    /// Constants that belong to it.
    pub constants: Named<Constant>,
    /// Doc and annotations.
    pub notes: Notes,
}

/// What a struct or message is made of.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// Fields, laid out in declaration order; none at all is legal.
    Fields(Vec<Field>),
    /// A tagged union.
    Variants(Variants),
}

/// A tagged union.
#[derive(Debug, Clone, PartialEq)]
pub struct Variants {
    /// `tag: u8|u16|u32`, default u32.
    pub tag: Scalar,
    /// Unknown tags are legal (default false).
    pub open: bool,
    /// Arms, in the order written.
    pub arms: Vec<Arm>,
}

/// One arm of a tagged union.
#[derive(Debug, Clone, PartialEq)]
pub struct Arm {
    /// The name.
    pub name: String,
    /// The number that stands in the tag.
    pub tag: u64,
    /// Its fields.
    pub fields: Vec<Field>,
    /// Doc and annotations.
    pub notes: Notes,
}

/// One field.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// The name.
    pub name: String,
    /// The type as written.
    pub ty: Type,
    /// What evolution compares; all fields of a type have one, or none has.
    pub id: Option<u32>,
    /// Followed by a presence byte.
    pub optional: bool,
    /// Used where a reader does not find the field.
    pub default: Option<Value>,
    /// Unit of measure.
    pub unit: Option<String>,
    /// Factor from the raw value to the unit.
    pub scale: Option<f64>,
    /// Lowest and highest raw value; `None` is an open end.
    pub range: Option<(Option<Value>, Option<Value>)>,
    /// The raw value that says "not known".
    pub unknown: Option<Value>,
    /// The field that tells how much of this array is used.
    pub used_by: Option<String>,
    /// Clock of an integer time.
    pub clock: Option<String>,
    /// Identifies an instance.
    pub key: bool,
    /// `as:`, storage of an enum other than its repr.
    pub storage: Option<Scalar>,
    /// Version that brought the field.
    pub since: Option<String>,
    /// Doc and annotations.
    pub notes: Notes,
}

impl Field {
    /// A field with a name and a type and nothing else.
    pub fn new(name: impl Into<String>, ty: Type) -> Field {
        Field {
            name: name.into(),
            ty,
            id: None,
            optional: false,
            default: None,
            unit: None,
            scale: None,
            range: None,
            unknown: None,
            used_by: None,
            clock: None,
            key: false,
            storage: None,
            since: None,
            notes: Notes::default(),
        }
    }
}

/// A type as written; `crate::types` parses and prints the text form.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Type {
    /// A scalar.
    Scalar(Scalar),
    /// An enum, a struct or a message.
    Named(String),
    /// `[type; N]`.
    Array(Box<Type>, u32),
    /// `VSlice<elem>` or `VSlice<elem, N>`; relative messages only.
    Slice(Box<Type>, Option<u32>),
    /// `VStr` or `VStr<N>`; relative messages only.
    Str(Option<u32>),
    /// `VRef<NAME>`; relative messages only.
    Ref(String),
    /// A heap type by name (String, Vec, Box, ...): it loads so that LayoutLegality can say what to use instead.
    Heap(String),
}

/// A message: a struct plus a contract.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Semantic kind, default message.
    pub kind: Option<Kind>,
    /// Layout profile, default from the fields.
    pub layout: Option<Profile>,
    /// Memory class, default from the kind.
    pub memory: Option<MemoryClass>,
    /// Upper bound in bytes, for relative and external messages.
    pub max_bytes: Option<u64>,
    /// Media type of an external message.
    pub media_type: Option<String>,
    /// Adapter of an external message.
    pub adapter: Option<String>,
    /// Fields or variants.
    pub body: Body,
    /// Constants that belong to it.
    pub constants: Named<Constant>,
    /// Doc and annotations.
    pub notes: Notes,
}

/// A set of ports.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Interface {
    /// Ports by name.
    pub ports: Named<Port>,
    /// Doc and annotations.
    pub notes: Notes,
}

/// Where messages enter or leave a process.
#[derive(Debug, Clone, PartialEq)]
pub struct Port {
    /// in, out, request, response.
    pub direction: Direction,
    /// The message it carries.
    pub message: String,
    /// The answer of a request port.
    pub reply: Option<String>,
    /// Default data.
    pub lane: Option<Lane>,
    /// Messages held at once, default 1.
    pub loans: Option<u32>,
    /// Queue policy.
    pub queue: Queue,
    /// Doc and annotations.
    pub notes: Notes,
}

/// Policy of a queue; keys left out come from further up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Queue {
    /// Default spsc.
    pub kind: Option<QueueKind>,
    /// A power of two from 1 to 65,536; default 256.
    pub capacity: Option<u32>,
    /// Default block under at_least_once and fail otherwise.
    pub backpressure: Option<Backpressure>,
    /// How long block waits, in milliseconds.
    pub deadline_ms: Option<u32>,
}

/// One process of the program.
#[derive(Debug, Clone, PartialEq)]
pub struct Process {
    /// The interface it serves.
    pub interface: String,
    /// Default thread.
    pub exec: Option<ExecClass>,
    /// Default native_trusted.
    pub zone: Option<Zone>,
    /// Default reclaim_orphans.
    pub cleanup: Option<Cleanup>,
    /// Scheduling hint.
    pub priority: Option<i32>,
    /// Default its own name.
    pub failure_domain: Option<String>,
    /// Host it runs on.
    pub host: Option<String>,
    /// How many run at once, default 1.
    pub instances: Option<u32>,
    /// Ports that pass messages on without a copy.
    pub forwards: Vec<Forward>,
    /// In-ports whose messages it changes in place.
    pub mutates: Vec<String>,
    /// Redelivery of a changed message does no harm.
    pub idempotent: bool,
    /// What is recorded, default counters only.
    pub observe: Option<Observe>,
    /// Doc and annotations.
    pub notes: Notes,
}

/// A pair of ports of one process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forward {
    /// In-port.
    pub from: String,
    /// Out-port.
    pub to: String,
}

/// What a process lets others see.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Observe {
    /// Record the hop in the message's trace.
    pub trace_hop: Option<bool>,
    /// Label of a latency histogram.
    pub latency: Option<String>,
    /// Stamp every Nth message; 1 stamps each.
    pub sample: Option<u32>,
}

/// A `process.port`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct End {
    /// Process.
    pub process: String,
    /// Port.
    pub port: String,
}

impl std::fmt::Display for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.process, self.port)
    }
}

/// A ring from one port to another.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// Producing end.
    pub from: End,
    /// Consuming end.
    pub to: End,
    /// Derived where left out.
    pub transfer: Option<Transfer>,
    /// Derived where left out.
    pub boundary: Option<Boundary>,
    /// Default from the message's kind.
    pub delivery: Option<Delivery>,
    /// Overrides the producing port's queue key by key.
    pub queue: Queue,
    /// When relative messages are verified; default never.
    pub verify: Option<Verify>,
    /// Doc and annotations.
    pub notes: Notes,
}

/// A machine.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Host {
    /// Where it is reached.
    pub address: Option<String>,
    /// Doc and annotations.
    pub notes: Notes,
}

/// What happens when a process fails.
#[derive(Debug, Clone, PartialEq)]
pub struct Failover {
    /// Who fails.
    pub source: String,
    /// Who takes over; restart has none.
    pub target: Option<String>,
    /// The fault that triggers it.
    pub on: Option<String>,
    /// restart, replace, degrade.
    pub strategy: crate::vocabulary::Strategy,
    /// Doc and annotations.
    pub notes: Notes,
}
