//! Nodes with nothing said but what they cannot do without; everything else is left out, as an author would.

use crate::model::{
    Arm, Body, Constant, Enum, EnumValue, Failover, Field, Message, Named, Notes, Port, Process, Queue, Struct, Value,
    Variants,
};
use crate::vocabulary::{Direction, Scalar, Strategy};

impl Arm {
    /// An arm without notes.
    pub fn new(name: impl Into<String>, tag: u64, fields: Vec<Field>) -> Arm {
        Arm { name: name.into(), tag, fields, notes: Notes::default() }
    }
}

impl Variants {
    /// A closed union with a tag of 32 bits, as where neither is said.
    pub fn new(arms: Vec<Arm>) -> Variants {
        Variants { tag: Scalar::U32, open: false, arms }
    }
}

impl From<Vec<Field>> for Body {
    fn from(fields: Vec<Field>) -> Body {
        Body::Fields(fields)
    }
}

impl From<Variants> for Body {
    fn from(variants: Variants) -> Body {
        Body::Variants(variants)
    }
}

impl Constant {
    /// A constant of a scalar's type, or of type `str` where there is none.
    pub fn new(scalar: Option<Scalar>, value: Value) -> Constant {
        Constant { scalar, value, notes: Notes::default() }
    }
}

impl Enum {
    /// An open enum without flags.
    pub fn new(repr: Scalar, values: &[(&str, i128)]) -> Enum {
        let one = |(name, value): &(&str, i128)| EnumValue {
            name: (*name).to_owned(),
            value: *value,
            notes: Notes::default(),
        };
        let values = values.iter().map(one).collect();
        Enum { repr, open: true, bitmask: false, aliases: false, values, notes: Notes::default() }
    }
}

impl Struct {
    /// A struct of fields or variants.
    pub fn new(body: impl Into<Body>) -> Struct {
        Struct { body: body.into(), constants: Named::new(), notes: Notes::default() }
    }
}

impl Message {
    /// A message of fields or variants; its contract is derived.
    pub fn new(body: impl Into<Body>) -> Message {
        Message {
            kind: None,
            layout: None,
            memory: None,
            max_bytes: None,
            media_type: None,
            adapter: None,
            body: body.into(),
            constants: Named::new(),
            notes: Notes::default(),
        }
    }
}

impl Port {
    /// A port of one message.
    pub fn new(direction: Direction, message: impl Into<String>) -> Port {
        Port {
            direction,
            message: message.into(),
            reply: None,
            lane: None,
            loans: None,
            queue: Queue::default(),
            notes: Notes::default(),
        }
    }
}

impl Process {
    /// A process that serves an interface.
    pub fn new(interface: impl Into<String>) -> Process {
        Process {
            interface: interface.into(),
            exec: None,
            zone: None,
            cleanup: None,
            priority: None,
            failure_domain: None,
            host: None,
            instances: None,
            forwards: Vec::new(),
            mutates: Vec::new(),
            idempotent: false,
            observe: None,
            notes: Notes::default(),
        }
    }
}

impl Failover {
    /// A failover without a target and without a fault that triggers it.
    pub fn new(source: impl Into<String>, strategy: Strategy) -> Failover {
        Failover { source: source.into(), target: None, on: None, strategy, notes: Notes::default() }
    }
}
