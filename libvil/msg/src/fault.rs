//! Why a message is none: which rule, where, what was expected and what was found.

use std::fmt::{self, Display};

use crate::path::Path;

/// A rule that messages, and texts that messages are made from, keep. Numbers are C's: assigned once and never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Rule {
    /// The descriptor is one, of a level that is known, of a message that has a layout.
    Descriptor = 1,
    /// The message begins at a multiple of its alignment.
    Address = 2,
    /// The head's size is what is there or less, and enough for head and root.
    Size = 3,
    /// The head's layout id is the descriptor's; another version's only where its root is longer or shorter.
    Id = 4,
    /// The root lies within the message.
    RootSize = 5,
    /// An offset is a multiple of its target's alignment.
    Alignment = 6,
    /// What is referred to lies within the message.
    Bounds = 7,
    /// What is referred to lies behind what refers to it.
    Order = 8,
    /// All targets together, each as often as it is referred to, are no more than what lies behind the root: so work is linear.
    Overlap = 9,
    /// An empty VSlice or VStr is all zeros.
    Empty = 10,
    /// A count keeps the bound of its type.
    Bound = 11,
    /// A NUL stands behind the bytes of a VStr, and none among them.
    Nul = 12,
    /// A VStr is UTF-8.
    Utf8 = 13,
    /// A bool is 0 or 1.
    Bool = 14,
    /// A presence byte is 0 or 1.
    Presence = 15,
    /// A closed enum has one of its values.
    Enum = 16,
    /// A closed union has one of its tags.
    Tag = 17,
    /// A VRef that is not optional leads somewhere.
    Absent = 18,
    /// No more levels than `MAX_DEPTH`.
    Depth = 19,
    /// The text is JSON.
    Syntax = 20,
    /// A key of the text is the name of a field or variant.
    Name = 21,
    /// A key stands once.
    Twice = 22,
    /// A value of the text is of the kind that its field asks for.
    Kind = 23,
    /// A value of the text is one that its field can hold.
    Range = 24,
}

impl Rule {
    /// What is wrong, for people; expected and found are told behind it.
    fn sentence(self) -> &'static str {
        match self {
            Rule::Descriptor => "the descriptor is damaged, of an unknown level, or of a message without a layout",
            Rule::Address => "the message does not begin at a multiple of its alignment",
            Rule::Size => "the message's size does not fit the bytes that are there",
            Rule::Id => "the layout id is not this message's; 0 is a message that was not finished",
            Rule::RootSize => "the root does not lie within the message",
            Rule::Alignment => "an offset is not a multiple of its target's alignment",
            Rule::Bounds => "what is referred to does not lie within the message",
            Rule::Order => "what is referred to does not lie behind what refers to it",
            Rule::Overlap => "more is referred to than lies behind the root, so something is referred to twice",
            Rule::Empty => "a count of 0 has an offset",
            Rule::Bound => "the count is above its bound",
            Rule::Nul => "a text does not end with NUL, or has one inside",
            Rule::Utf8 => "a text is not UTF-8",
            Rule::Bool => "a bool is neither 0 nor 1",
            Rule::Presence => "a presence byte is neither 0 nor 1",
            Rule::Enum => "a closed enum has none of its values",
            Rule::Tag => "a closed union has none of its tags",
            Rule::Absent => "a VRef that is not optional is absent",
            Rule::Depth => "the message has too many levels",
            Rule::Syntax => "the text is not JSON",
            Rule::Name => "there is no such field or variant",
            Rule::Twice => "a key stands twice",
            Rule::Kind => "a value is not of the kind that its field asks for",
            Rule::Range => "a value is none that its field can hold",
        }
    }
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// The rule that is broken.
    pub rule: Rule,
    /// Where, in bytes from the message's start; of rules about a text, from the text's start.
    pub offset: u32,
    /// What was expected: a limit, a value, as the rule has it.
    pub expected: u64,
    /// What was found.
    pub found: u64,
    /// The field, such as `points[3].label`.
    pub path: Path,
}

/// A fault before it is said where in the message it is: small, because most calls here may answer one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stop {
    pub(crate) rule: Rule,
    pub(crate) offset: u32,
    pub(crate) expected: u64,
    pub(crate) found: u64,
}

impl Stop {
    #[cold]
    pub(crate) fn new(rule: Rule, offset: u32, expected: u64, found: u64) -> Stop {
        Stop { rule, offset, expected, found }
    }

    /// With its place.
    #[cold]
    pub(crate) fn at(self, path: Path) -> Fault {
        let Stop { rule, offset, expected, found } = self;
        Fault { rule, offset, expected, found, path }
    }
}

impl From<Stop> for Fault {
    fn from(stop: Stop) -> Fault {
        stop.at(Path::default())
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, sentence) = (self.path.as_str(), self.rule.sentence());
        let colon = if path.is_empty() { "" } else { ": " };
        write!(f, "{path}{colon}{sentence} (at byte {}, expected {}, found {})", self.offset, self.expected, self.found)
    }
}

impl std::error::Error for Fault {}
