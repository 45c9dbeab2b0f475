//! Where every field lies: C layout rules with the padding written out. One function; everyone else reads its result.
//!
//! Little-endian, no pointer-sized types, `bool` one byte, enums as fixed-width integers. It computes flat layouts;
//! a type that has none (a reference, a heap type, a type that contains itself) is an error here and a diagnostic of
//! the LayoutLegality pass there.

use crate::model::Named;

use crate::limits::{MAX_ARRAY_COUNT, MAX_FLAT_SIZE};
use crate::model::{Body, Field, Program, Type};
use crate::vocabulary::{Profile, Scalar};

/// Layouts of all structs and all flat messages of a program, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layouts {
    /// By the name of the struct or message.
    pub types: Named<Layout>,
}

/// How one struct or message lies in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Size in bytes, a multiple of `align`, at least 1.
    pub size: u32,
    /// Alignment in bytes: 1, 2, 4 or 8.
    pub align: u32,
    /// What lies in it.
    pub body: LayoutBody,
}

/// What lies in a struct or message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LayoutBody {
    /// Members without a gap: padding is a member.
    Members(Vec<Member>),
    /// A tagged union.
    Union(UnionLayout),
}

/// A tagged union: the tag at offset 0, every arm at `arm_offset`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnionLayout {
    /// Storage of the tag: u8, u16 or u32.
    pub tag: Scalar,
    /// Unknown tags are legal.
    pub open: bool,
    /// Offset of every arm in bytes; bytes between tag and arm are padding.
    pub arm_offset: u32,
    /// Size of the area all arms share, in bytes; trailing padding up to the union's alignment included.
    pub arm_size: u32,
    /// Arms in declaration order.
    pub arms: Vec<ArmLayout>,
}

/// One arm; its members' offsets count from the arm's start, so that an arm is a struct of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArmLayout {
    /// The arm's name.
    pub name: String,
    /// The number in the tag.
    pub tag: u64,
    /// Size in bytes, at least 1 (an empty arm is one reserved byte).
    pub size: u32,
    /// Alignment in bytes.
    pub align: u32,
    /// Members without a gap.
    pub members: Vec<Member>,
}

/// One member, padding included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Offset in bytes from the start of the struct or arm.
    pub offset: u32,
    /// Size in bytes.
    pub size: u32,
    /// What it is.
    pub what: What,
}

/// What a member is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A declared field; `position` is its index in the declaration.
    Field {
        /// Name as declared.
        name: String,
        /// Index in the declaration, from 0.
        position: usize,
        /// Its type with names resolved.
        shape: Shape,
    },
    /// The presence byte of the optional field of this name: 0 or 1.
    Presence {
        /// The optional field.
        of: String,
    },
    /// Zero bytes that C would leave as a hole, or the one byte of an empty struct.
    Padding,
}

/// A type with its names resolved and its storage decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// A number or bool.
    Scalar(Scalar),
    /// An enum stored as an integer.
    Enum {
        /// Its name.
        name: String,
        /// `as:` of the field, else the enum's repr.
        storage: Scalar,
    },
    /// A struct, or a message used as a type.
    Struct {
        /// Its name.
        name: String,
        /// Size in bytes.
        size: u32,
        /// Alignment in bytes.
        align: u32,
    },
    /// A fixed array.
    Array {
        /// What it repeats.
        element: Box<Shape>,
        /// How often, at least 1.
        count: u32,
    },
}

impl Shape {
    /// Size in bytes. Cannot overflow: a shape is only made when it fits `MAX_FLAT_SIZE`.
    pub fn size(&self) -> u32 {
        match self {
            Shape::Scalar(scalar) | Shape::Enum { storage: scalar, .. } => scalar.size(),
            Shape::Struct { size, .. } => *size,
            Shape::Array { element, count } => element.size() * count,
        }
    }

    /// Alignment in bytes.
    pub fn align(&self) -> u32 {
        match self {
            Shape::Scalar(scalar) | Shape::Enum { storage: scalar, .. } => scalar.size(),
            Shape::Struct { align, .. } => *align,
            Shape::Array { element, .. } => element.align(),
        }
    }
}

/// Why a type has no flat layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayoutError {
    /// The struct or message that has none.
    pub owner: String,
    /// The field that is the reason.
    pub field: Option<String>,
    /// The reason.
    pub reason: LayoutReason,
}

/// Reasons for having no flat layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LayoutReason {
    /// A name that is neither enum, struct nor message.
    UnknownType(String),
    /// The type contains itself by value; the names along the circle.
    Recursive(Vec<String>),
    /// A reference (VSlice, VStr, VRef) in a flat layout.
    Reference,
    /// A heap type by name.
    Heap(String),
    /// An array of no or of too many elements.
    ArrayCount(u32),
    /// Larger than `MAX_FLAT_SIZE` bytes.
    TooLarge,
}

impl std::fmt::Display for LayoutError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let place = match &self.field {
            Some(field) => format!("{}.{field}", self.owner),
            None => self.owner.clone(),
        };
        match &self.reason {
            LayoutReason::UnknownType(name) => write!(f, "{place}: there is no type `{name}`"),
            LayoutReason::Recursive(path) => write!(f, "{place}: contains itself by value ({})", path.join(" -> ")),
            LayoutReason::Reference => write!(f, "{place}: a reference has no flat layout"),
            LayoutReason::Heap(name) => write!(f, "{place}: `{name}` lives on a private heap"),
            LayoutReason::ArrayCount(n) => {
                write!(f, "{place}: an array of {n} elements; 1 to {MAX_ARRAY_COUNT} are legal")
            }
            LayoutReason::TooLarge => write!(f, "{place}: larger than {MAX_FLAT_SIZE} bytes"),
        }
    }
}

impl std::error::Error for LayoutError {}

/// Lays out every struct and every flat message; all errors, in name order.
pub fn lay_out(program: &Program) -> Result<Layouts, Vec<LayoutError>> {
    let mut maker = Maker { program, done: Named::new(), open: Vec::new() };
    let mut errors = Vec::new();
    let flat = |profile: Option<Profile>| matches!(profile, None | Some(Profile::Flat));
    let messages = program.messages.iter().filter(|(_, message)| flat(message.layout)).map(|(name, _)| name);
    for name in program.structs.keys().chain(messages) {
        if let Err(error) = maker.named(name)
            && !errors.contains(&error)
        {
            errors.push(error);
        }
    }
    if errors.is_empty() { Ok(Layouts { types: maker.done }) } else { Err(errors) }
}

struct Maker<'a> {
    program: &'a Program,
    done: Named<Layout>,
    open: Vec<String>,
}

impl<'a> Maker<'a> {
    fn named(&mut self, name: &str) -> Result<(u32, u32), LayoutError> {
        if let Some(layout) = self.done.get(name) {
            return Ok((layout.size, layout.align));
        }
        if let Some(start) = self.open.iter().position(|open| open == name) {
            let mut path = self.open[start..].to_vec();
            path.push(name.to_owned());
            return Err(LayoutError { owner: name.to_owned(), field: None, reason: LayoutReason::Recursive(path) });
        }
        self.open.push(name.to_owned());
        let layout = self.body(name);
        self.open.pop();
        let layout = layout?;
        let answer = (layout.size, layout.align);
        self.done.insert(name.to_owned(), layout);
        Ok(answer)
    }

    fn body(&mut self, owner: &str) -> Result<Layout, LayoutError> {
        let program: &'a Program = self.program;
        let body = match (program.structs.get(owner), program.messages.get(owner)) {
            (Some(found), _) => &found.body,
            (None, Some(found)) => &found.body,
            (None, None) => {
                let reason = LayoutReason::UnknownType(owner.to_owned());
                return Err(LayoutError { owner: owner.to_owned(), field: None, reason });
            }
        };
        match body {
            Body::Fields(fields) => {
                let (size, align, members) = self.members(owner, fields)?;
                Ok(Layout { size, align, body: LayoutBody::Members(members) })
            }
            Body::Variants(variants) => self.union(owner, variants),
        }
    }

    fn union(&mut self, owner: &str, variants: &crate::model::Variants) -> Result<Layout, LayoutError> {
        let mut arms = Vec::new();
        for arm in &variants.arms {
            let (size, align, members) = self.members(owner, &arm.fields)?;
            arms.push(ArmLayout { name: arm.name.clone(), tag: arm.tag, size, align, members });
        }
        let arm_align = arms.iter().map(|arm| arm.align).max().unwrap_or(1);
        let align = arm_align.max(variants.tag.size());
        let arm_offset = variants.tag.size().next_multiple_of(arm_align);
        let largest = arms.iter().map(|arm| arm.size).max().unwrap_or(1);
        let size = fit(owner, None, u64::from(arm_offset) + u64::from(largest), align)?;
        let body =
            UnionLayout { tag: variants.tag, open: variants.open, arm_offset, arm_size: size - arm_offset, arms };
        Ok(Layout { size, align, body: LayoutBody::Union(body) })
    }

    fn members(&mut self, owner: &str, fields: &[Field]) -> Result<(u32, u32, Vec<Member>), LayoutError> {
        let mut members = Vec::new();
        let mut end = 0u32;
        let mut align = 1;
        for (position, field) in fields.iter().enumerate() {
            let shape = self.shape(owner, field, &field.ty)?;
            align = align.max(shape.align());
            pad(&mut members, &mut end, shape.align());
            let size = shape.size();
            members.push(Member { offset: end, size, what: What::Field { name: field.name.clone(), position, shape } });
            end = fit(owner, Some(field), u64::from(end) + u64::from(size), 1)?;
            if field.optional {
                members.push(Member { offset: end, size: 1, what: What::Presence { of: field.name.clone() } });
                end = fit(owner, Some(field), u64::from(end) + 1, 1)?;
            }
        }
        if end == 0 {
            members.push(Member { offset: 0, size: 1, what: What::Padding });
            end = 1;
        }
        fit(owner, None, u64::from(end), align)?;
        pad(&mut members, &mut end, align);
        Ok((end, align, members))
    }

    fn shape(&mut self, owner: &str, field: &Field, ty: &Type) -> Result<Shape, LayoutError> {
        let fail = |reason| Err(LayoutError { owner: owner.to_owned(), field: Some(field.name.clone()), reason });
        match ty {
            Type::Scalar(scalar) => Ok(Shape::Scalar(*scalar)),
            Type::Named(name) => match self.program.enums.get(name) {
                Some(found) => Ok(Shape::Enum { name: name.clone(), storage: field.storage.unwrap_or(found.repr) }),
                None if !self.program.structs.contains_key(name) && !self.program.messages.contains_key(name) => {
                    fail(LayoutReason::UnknownType(name.clone()))
                }
                None => {
                    let (size, align) = self.named(name)?;
                    Ok(Shape::Struct { name: name.clone(), size, align })
                }
            },
            Type::Array(element, count) => {
                if *count == 0 || *count > MAX_ARRAY_COUNT {
                    return fail(LayoutReason::ArrayCount(*count));
                }
                let element = Box::new(self.shape(owner, field, element)?);
                match element.size().checked_mul(*count) {
                    Some(size) if size <= MAX_FLAT_SIZE => Ok(Shape::Array { element, count: *count }),
                    _ => fail(LayoutReason::TooLarge),
                }
            }
            Type::Slice(..) | Type::Str(_) | Type::Ref(_) => fail(LayoutReason::Reference),
            Type::Heap(name) => fail(LayoutReason::Heap(name.clone())),
        }
    }
}

fn pad(members: &mut Vec<Member>, end: &mut u32, align: u32) {
    let aligned = end.next_multiple_of(align);
    if aligned > *end {
        members.push(Member { offset: *end, size: aligned - *end, what: What::Padding });
        *end = aligned;
    }
}

fn fit(owner: &str, field: Option<&Field>, end: u64, align: u32) -> Result<u32, LayoutError> {
    let size = end.next_multiple_of(u64::from(align));
    if size <= u64::from(MAX_FLAT_SIZE) {
        return Ok(size as u32);
    }
    let field = field.map(|field| field.name.clone());
    Err(LayoutError { owner: owner.to_owned(), field, reason: LayoutReason::TooLarge })
}
