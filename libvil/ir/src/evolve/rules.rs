//! The rules of evolution: what may differ between two releases, and what it means when it does.

use super::Level;

/// A rule of evolution.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Stable code, `VIL-E` and three digits; never reused.
    pub code: &'static str,
    /// The level that it belongs to.
    pub level: Level,
}

macro_rules! rules {
    ($($name:ident = $code:literal $level:ident $title:literal;)*) => {
        $(pub(super) static $name: Rule = Rule { code: $code, level: Level::$level };)*

        /// Every rule in the order of its code, and what it says in one sentence, as docs/evolution.md lists it. The sentences
        /// stand apart from the rules, so that a program which names rules alone does not carry them.
        pub static RULES: &[(&Rule, &str)] = &[$((&$name, $title)),*];
    };
}

rules! {
    NAME = "VIL-E001" Layout "A message keeps its name.";
    FORM = "VIL-E002" Layout "A type keeps its form: flat or relative, struct, union or enum.";
    FIELD = "VIL-E003" Layout "A field keeps its name, offset, id and type.";
    FROZEN = "VIL-E004" Layout "Fields come and go only at the end of a relative message's root; everything else is frozen.";
    GROWN = "VIL-E005" Layout "The root of a relative message may grow by fields at its end.";
    WITHIN = "VIL-E006" Layout "The root of a message that also stands within the message does not grow.";
    SIZE = "VIL-E007" Layout "A struct keeps its size and alignment, but for a root that grows.";
    ENUM = "VIL-E008" Layout "An enum keeps its repr, and stays open or closed.";
    UNION = "VIL-E009" Layout "A union keeps size, alignment, tag, the place of its arms, and stays open or closed.";
    ARM = "VIL-E010" Layout "An arm keeps its tag, size and alignment.";
    OPEN_ARM = "VIL-E011" Layout "An open union may get arms.";
    CLOSED_ARM = "VIL-E012" Layout "A closed union keeps its arms.";
    READABLE = "VIL-E013" Layout "A layout text can be read, and says all that it refers to.";
    MESSAGE_GONE = "VIL-E014" Layout "A message that was released stays.";
    MESSAGE_NEW = "VIL-E015" Layout "A program may get messages.";
    ONE_DIRECTION = "VIL-E016" Layout "What is newer in one part is not older in another.";
    ADAPTER = "VIL-E017" Layout "An external message keeps its media type and adapter.";
    BOUND = "VIL-E018" Layout "A relative or external message keeps its max_bytes: slots of the smaller one refuse senders of the larger.";
    NAME_GONE = "VIL-E020" Source "A name that generated code has stays: of types, fields, values, variants, constants, ports, processes.";
    NAME_NEW = "VIL-E021" Source "Generated code may get names.";
    TYPED = "VIL-E022" Source "What generated code is typed by stays: types, reprs, optional, open, direction, message, reply.";
    NUMBER = "VIL-E030" Semantic "What has a number keeps it: ids, values of enums, tags, constants.";
    CLOSED_VALUE = "VIL-E031" Semantic "A closed enum keeps its values.";
    MEANING = "VIL-E032" Semantic "What a raw value means stays: unit, scale, clock, range, unknown, used_by, key, default.";
    STATED = "VIL-E033" Semantic "A unit, clock, key or default may be stated where none was.";
    WAY = "VIL-E034" Semantic "How messages travel stays: kind, lane, memory, transfer, delivery, queue, zone, cleanup, forwards.";
    ROOM = "VIL-E035" Semantic "There may be more room: capacity, loans, instances.";
    PLACE_GONE = "VIL-E036" Semantic "A route, host or failover stays.";
    PLACE_NEW = "VIL-E037" Semantic "A program may get routes, hosts and failovers.";
    REMARK = "VIL-E038" Semantic "What nothing depends on may differ: texts, annotations, priority, deadlines, what is observed.";
}
