//! Where a value comes from that a program may leave out. Made by the code that decides the value, so that what people
//! are told is what was done.

use std::fmt;

/// A value and where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Derived<T> {
    /// The value.
    pub value: T,
    /// Where it comes from.
    pub why: Why,
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The node itself says it.
    Stated,
    /// The producing port of the route says it.
    Port,
    /// `defaults.routes`.
    Routes,
    /// `defaults.ports`.
    Ports,
    /// `defaults.processes`.
    Processes,
    /// Nobody says it, and the language has a number or word for that.
    BuiltIn,
    /// By the message's kind.
    Kind,
    /// What lives on the control heap is copied.
    ControlHeap,
    /// What is external is copied.
    External,
    /// What is claimed cell by cell is handed over.
    Claimed,
    /// A forward leads to the port.
    Forwarded,
    /// Several routes lead away from the port.
    Shared,
    /// Nothing asks for anything else.
    Plain,
    /// What is taken is lost with who took it.
    Taken,
    /// What at_least_once promises must wait for room.
    Waits,
    /// What best_effort sends need not wait for room.
    Fails,
    /// Both ends are on one process.
    OneProcess,
    /// The ends are on two processes of one host.
    TwoProcesses,
    /// The ends are on two hosts.
    TwoHosts,
    /// A field is a reference, or holds one.
    References,
    /// No field is a reference, nor holds one.
    NoReferences,
    /// The process fails alone.
    Alone,
}

impl Why {
    /// For people, without a full stop.
    pub const fn text(self) -> &'static str {
        match self {
            Why::Stated => "stated here",
            Why::Port => "from the producing port",
            Why::Routes => "from defaults.routes",
            Why::Ports => "from defaults.ports",
            Why::Processes => "from defaults.processes",
            Why::BuiltIn => "built-in default",
            Why::Kind => "by the message's kind",
            Why::ControlHeap => "control_heap implies copy",
            Why::External => "external implies copy",
            Why::Claimed => "the queue is mpmc or drops its oldest: whoever receives takes",
            Why::Forwarded => "a forward leads to the port: what arrived is published as it lies",
            Why::Shared => "several routes from one port: share_read",
            Why::Plain => "nothing asks for another: one route, written in place",
            Why::Taken => "what is taken is lost with who took it",
            Why::Waits => "at_least_once waits for room",
            Why::Fails => "best_effort does not wait for room",
            Why::OneProcess => "both ends are on one process",
            Why::TwoProcesses => "the ends are on two processes of one host",
            Why::TwoHosts => "the ends are on two hosts",
            Why::References => "a field is a reference or holds one",
            Why::NoReferences => "no field is a reference or holds one",
            Why::Alone => "the process's own name",
        }
    }

    /// With the value that is so.
    pub(super) const fn gives<T: Copy>(self, value: T) -> Derived<T> {
        Derived { value, why: self }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}
