//! Which keys the nodes of the language have: the loader reads no others, and the schema describes the same lists.

use crate::vocabulary::Scalar;

/// The whole program.
pub(crate) const PROGRAM: &[&str] = &[
    "vil",
    "program",
    "package",
    "imports",
    "constants",
    "enums",
    "structs",
    "messages",
    "interfaces",
    "processes",
    "routes",
    "hosts",
    "failovers",
    "defaults",
    "strict",
    "doc",
    "deprecated",
    "annotations",
];

/// A constant.
pub(crate) const CONSTANT: &[&str] = &["type", "value", "doc", "deprecated", "annotations"];

/// An enum.
pub(crate) const ENUM: &[&str] = &["repr", "open", "bitmask", "aliases", "values", "doc", "deprecated", "annotations"];

/// A value of an enum that is more than a number.
pub(crate) const ENUM_VALUE: &[&str] = &["value", "doc", "deprecated", "annotations"];

/// A struct.
pub(crate) const STRUCT: &[&str] =
    &["fields", "variants", "tag", "open", "constants", "doc", "deprecated", "annotations"];

/// A message.
pub(crate) const MESSAGE: &[&str] = &[
    "kind",
    "layout",
    "memory",
    "max_bytes",
    "media_type",
    "adapter",
    "fields",
    "variants",
    "tag",
    "open",
    "constants",
    "doc",
    "deprecated",
    "annotations",
];

/// One of the variants.
pub(crate) const ARM: &[&str] = &["tag", "fields", "doc", "deprecated", "annotations"];

/// A field.
pub(crate) const FIELD: &[&str] = &[
    "name",
    "type",
    "id",
    "optional",
    "default",
    "unit",
    "scale",
    "range",
    "unknown",
    "used_by",
    "clock",
    "key",
    "as",
    "since",
    "doc",
    "deprecated",
    "annotations",
];

/// An interface.
pub(crate) const INTERFACE: &[&str] = &["ports", "doc", "deprecated", "annotations"];

/// A port.
pub(crate) const PORT: &[&str] =
    &["direction", "message", "reply", "lane", "loans", "queue", "doc", "deprecated", "annotations"];

/// A queue, wherever it stands.
pub(crate) const QUEUE: &[&str] = &["kind", "capacity", "backpressure", "deadline_ms"];

/// A process.
pub(crate) const PROCESS: &[&str] = &[
    "interface",
    "exec",
    "zone",
    "cleanup",
    "priority",
    "failure_domain",
    "host",
    "instances",
    "forwards",
    "mutates",
    "idempotent",
    "observe",
    "doc",
    "deprecated",
    "annotations",
];

/// A forward of a process.
pub(crate) const FORWARD: &[&str] = &["from", "to"];

/// What a process lets others observe.
pub(crate) const OBSERVE: &[&str] = &["trace_hop", "latency", "sample"];

/// A route.
pub(crate) const ROUTE: &[&str] =
    &["from", "to", "transfer", "boundary", "delivery", "queue", "verify", "doc", "deprecated", "annotations"];

/// A host.
pub(crate) const HOST: &[&str] = &["address", "doc", "deprecated", "annotations"];

/// A failover.
pub(crate) const FAILOVER: &[&str] = &["source", "target", "on", "strategy", "doc", "deprecated", "annotations"];

/// What stands in for what nodes leave out.
pub(crate) const DEFAULTS: &[&str] = &["ports", "processes", "routes"];

/// The same for ports.
pub(crate) const PORT_DEFAULTS: &[&str] = &["lane", "loans", "queue"];

/// The same for processes.
pub(crate) const PROCESS_DEFAULTS: &[&str] = &["exec", "zone", "cleanup", "priority", "failure_domain", "observe"];

/// The same for routes.
pub(crate) const ROUTE_DEFAULTS: &[&str] = &["transfer", "boundary", "delivery", "verify", "queue"];

/// Clocks of an integer time.
pub(crate) const CLOCKS: &[&str] = &["monotonic", "realtime", "tai"];

/// What the tag of variants may be.
pub(crate) const TAGS: &[Scalar] = &[Scalar::U8, Scalar::U16, Scalar::U32];

/// What may hold the number of an enum: every scalar that is an integer.
pub(crate) const INTEGERS: &[Scalar] =
    &[Scalar::U8, Scalar::U16, Scalar::U32, Scalar::U64, Scalar::I8, Scalar::I16, Scalar::I32, Scalar::I64];
