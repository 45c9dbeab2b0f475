//! Why a type has no layout: a sentence for people, a reason for the pass that shows it in the author's file.

use crate::limits::{MAX_ARRAY_COUNT, MAX_FLAT_SIZE};

/// Why a type has no layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayoutError {
    /// The struct or message that has none.
    pub owner: String,
    /// The field that is the reason.
    pub field: Option<String>,
    /// The reason.
    pub reason: LayoutReason,
}

/// Reasons for having no layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LayoutReason {
    /// A name that is neither enum, struct nor message.
    UnknownType(String),
    /// The type contains itself by value; the names along the cycle, those in the middle of a long one left out.
    Recursive(Vec<String>),
    /// The type contains itself by at least one VRef that may not be absent; the names as above.
    Endless(Vec<String>),
    /// A reference (VSlice, VStr, VRef) in a message that says it is flat.
    Reference,
    /// A heap type by name.
    Heap(String),
    /// An external message as a type: nobody but its adapter knows what it is.
    External(String),
    /// A VRef to what is no struct and no message.
    Target(String),
    /// An element of a VSlice that is no scalar, no name and no VStr.
    Element(String),
    /// An optional array of VRef: absent would be said twice.
    OptionalReferences,
    /// An array of no or of too many elements.
    ArrayCount(u32),
    /// A bound of a VSlice or VStr that nothing or no message can keep.
    Bound(u32),
    /// Larger than `MAX_FLAT_SIZE` bytes.
    TooLarge,
}

impl std::fmt::Display for LayoutError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.owner)?;
        if let Some(field) = &self.field {
            write!(f, ".{field}")?;
        }
        f.write_str(": ")?;
        match &self.reason {
            LayoutReason::UnknownType(name) => write!(f, "there is no type `{name}`"),
            LayoutReason::Recursive(path) => write!(f, "contains itself by value ({})", path.join(" -> ")),
            LayoutReason::Endless(path) => write!(f, "contains itself by a mandatory VRef ({})", path.join(" -> ")),
            LayoutReason::Reference => f.write_str("a flat message holds no references"),
            LayoutReason::Heap(name) => write!(f, "`{name}` lives on a private heap"),
            LayoutReason::External(name) => write!(f, "`{name}` is external and no type of a field"),
            LayoutReason::Target(name) => write!(f, "a VRef leads to a struct or message, `{name}` is neither"),
            LayoutReason::Element(ty) => write!(f, "`{ty}` is no element of a VSlice"),
            LayoutReason::OptionalReferences => f.write_str("an array of VRef is not optional"),
            LayoutReason::ArrayCount(n) => write!(f, "an array of {n} elements; 1 to {MAX_ARRAY_COUNT} are legal"),
            LayoutReason::Bound(n) => write!(f, "a bound of {n}; 1 to {MAX_ARRAY_COUNT} are legal"),
            LayoutReason::TooLarge => write!(f, "larger than {MAX_FLAT_SIZE} bytes"),
        }
    }
}

impl std::error::Error for LayoutError {}
