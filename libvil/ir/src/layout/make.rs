//! Makes the layouts of a program: each type once, behind those it holds by value.

use super::order::{body, order};
use super::{ArmLayout, Layout, LayoutBody, LayoutError, LayoutReason, Layouts, Member, Shape, UnionLayout, What};
use crate::keyed::Keyed;
use crate::limits::{MAX_ARRAY_COUNT, MAX_FLAT_SIZE};
use crate::model::{Body, Field, Program, Type, Variants};
use crate::vocabulary::Profile;

/// Lays out every struct and every message but external ones; all errors, in the order of their owners' names.
pub fn lay_out(program: &Program) -> Result<Layouts, Vec<LayoutError>> {
    match attempt(program) {
        (layouts, errors) if errors.is_empty() => Ok(layouts),
        (_, errors) => Err(errors),
    }
}

/// What can be laid out, and why the rest cannot, for who judges a program with faults. Where there are errors, elements
/// of a slice whose type has no layout have size 0.
pub fn attempt(program: &Program) -> (Layouts, Vec<LayoutError>) {
    let mut maker = Maker { program, done: Layouts::default(), errors: Vec::new() };
    let order = order(program);
    for cycle in order.cycles {
        let (path, owner) = (cycle.path, cycle.owner);
        let reason = if cycle.by_reference { LayoutReason::Endless(path) } else { LayoutReason::Recursive(path) };
        maker.errors.push(LayoutError { owner, field: None, reason });
    }
    for name in order.names {
        if let Some(layout) = body(program, name).and_then(|body| maker.layout(name, body)) {
            maker.done.types.insert(name.to_owned(), layout);
        }
    }
    know_elements(&mut maker.done);
    maker.errors.sort_by(|a, b| a.owner.cmp(&b.owner));
    (maker.done, maker.errors)
}

struct Maker<'p> {
    program: &'p Program,
    done: Layouts,
    errors: Vec<LayoutError>,
}

/// Members one behind the other: a struct's, or an arm's.
struct Laid {
    size: u32,
    align: u32,
    /// End of the last field; 0 where there is none.
    end: u32,
    /// The first field that refers to bytes elsewhere.
    reference: Option<String>,
    members: Vec<Member>,
}

/// Where an error is told.
#[derive(Clone, Copy)]
struct Place<'a> {
    owner: &'a str,
    field: Option<&'a Field>,
}

impl Maker<'_> {
    /// Nothing comes of what cannot be; why is among the errors then.
    fn fail<T>(&mut self, place: Place<'_>, reason: LayoutReason) -> Option<T> {
        let field = place.field.map(|field| field.name.clone());
        self.errors.push(LayoutError { owner: place.owner.to_owned(), field, reason });
        None
    }

    fn layout(&mut self, owner: &str, body: &Body) -> Option<Layout> {
        let (mut layout, reference) = match body {
            Body::Fields(fields) => {
                let Laid { size, align, end, reference, members } = self.members(owner, fields)?;
                (layout(size, align, end, LayoutBody::Members(members)), reference)
            }
            Body::Variants(variants) => self.union(owner, variants)?,
        };
        layout.references = reference.is_some();
        let declared = if self.program.structs.contains_key(owner) { None } else { self.program.messages.get(owner) };
        let derived = if layout.references { Profile::Relative } else { Profile::Flat };
        layout.profile = declared.and_then(|message| message.layout).unwrap_or(derived);
        if layout.profile == Profile::Flat && layout.references {
            let error = LayoutError { owner: owner.to_owned(), field: reference, reason: LayoutReason::Reference };
            self.errors.push(error);
        }
        Some(layout)
    }

    fn union(&mut self, owner: &str, variants: &Variants) -> Option<(Layout, Option<String>)> {
        let mut arms = Vec::with_capacity(variants.arms.len());
        let mut reference = None;
        for arm in &variants.arms {
            let laid = self.members(owner, &arm.fields);
            let Some(Laid { size, align, members, reference: first, .. }) = laid else { continue };
            reference = reference.or(first);
            arms.push(ArmLayout { name: arm.name.clone(), tag: arm.tag, size, align, members });
        }
        if arms.len() < variants.arms.len() {
            return None;
        }
        let arm_align = arms.iter().map(|arm| arm.align).max().unwrap_or(1);
        let align = arm_align.max(variants.tag.size());
        let arm_offset = variants.tag.size().next_multiple_of(arm_align);
        let largest = arms.iter().map(|arm| arm.size).max().unwrap_or(1);
        let size = self.fit(Place { owner, field: None }, u64::from(arm_offset) + u64::from(largest), align)?;
        let union =
            UnionLayout { tag: variants.tag, open: variants.open, arm_offset, arm_size: size - arm_offset, arms };
        Some((layout(size, align, size, LayoutBody::Union(union)), reference))
    }

    fn members(&mut self, owner: &str, fields: &[Field]) -> Option<Laid> {
        let mut laid = Laid { size: 0, align: 1, end: 0, reference: None, members: Vec::new() };
        let mut whole = true;
        for (position, field) in fields.iter().enumerate() {
            let place = Place { owner, field: Some(field) };
            let Some(shape) = self.shape(place, field, &field.ty) else {
                whole = false;
                continue;
            };
            if self.refers(&shape) {
                laid.reference.get_or_insert_with(|| field.name.clone());
            }
            laid.align = laid.align.max(shape.align());
            pad(&mut laid.members, &mut laid.end, shape.align());
            let has_presence = field.optional && !matches!(shape, Shape::Ref { .. });
            let (offset, size) = (laid.end, shape.size());
            let what = What::Field { name: field.name.clone(), position, shape };
            laid.members.push(Member { offset, size, what });
            laid.end = self.fit(place, u64::from(laid.end) + u64::from(size), 1)?;
            if has_presence {
                laid.members.push(Member {
                    offset: laid.end,
                    size: 1,
                    what: What::Presence { of: field.name.clone() },
                });
                laid.end = self.fit(place, u64::from(laid.end) + 1, 1)?;
            }
        }
        if !whole {
            return None;
        }
        let mut size = laid.end;
        if size == 0 {
            laid.members.push(Member { offset: 0, size: 1, what: What::Padding });
            size = 1;
        }
        self.fit(Place { owner, field: None }, u64::from(size), laid.align)?;
        pad(&mut laid.members, &mut size, laid.align);
        Some(Laid { size, ..laid })
    }

    fn shape(&mut self, place: Place<'_>, field: &Field, ty: &Type) -> Option<Shape> {
        match ty {
            Type::Scalar(scalar) => Some(Shape::Scalar(*scalar)),
            Type::Named(name) => self.named(place, field, name),
            Type::Array(element, count) => {
                if *count == 0 || *count > MAX_ARRAY_COUNT {
                    return self.fail(place, LayoutReason::ArrayCount(*count));
                }
                let element = Box::new(self.shape(place, field, element)?);
                if field.optional && matches!(*element, Shape::Ref { .. }) {
                    return self.fail(place, LayoutReason::OptionalReferences);
                }
                match element.size().checked_mul(*count) {
                    Some(size) if size <= MAX_FLAT_SIZE => Some(Shape::Array { element, count: *count }),
                    _ => self.fail(place, LayoutReason::TooLarge),
                }
            }
            Type::Slice(element, bound) => self.slice(place, field, element, *bound),
            Type::Str(bound) => {
                self.bound(place, *bound)?;
                Some(Shape::Str { bound: *bound })
            }
            Type::Ref(name) => match body(self.program, name) {
                Some(_) => Some(Shape::Ref { name: name.clone() }),
                None => self.no_type(place, name, LayoutReason::Target),
            },
            Type::Heap(name) => self.fail(place, LayoutReason::Heap(name.clone())),
        }
    }

    /// A name by value. Where a struct that exists has no layout, that was told with it.
    fn named(&mut self, place: Place<'_>, field: &Field, name: &str) -> Option<Shape> {
        if let Some(found) = self.program.enums.get(name) {
            return Some(Shape::Enum { name: name.to_owned(), storage: field.storage.unwrap_or(found.repr) });
        }
        if body(self.program, name).is_none() {
            return self.no_type(place, name, LayoutReason::UnknownType);
        }
        let layout = self.done.types.get(name)?;
        Some(Shape::Struct { name: name.to_owned(), size: layout.size, align: layout.align })
    }

    /// The element's size is filled in later: it may be the very type that holds the slice.
    fn slice(&mut self, place: Place<'_>, field: &Field, element: &Type, bound: Option<u32>) -> Option<Shape> {
        self.bound(place, bound)?;
        let element = match element {
            Type::Named(name) if !self.program.enums.contains_key(name) => match body(self.program, name) {
                Some(_) => Shape::Struct { name: name.clone(), size: 0, align: 1 },
                None => return self.no_type(place, name, LayoutReason::UnknownType),
            },
            Type::Array(..) | Type::Slice(..) | Type::Ref(_) => {
                return self.fail(place, LayoutReason::Element(element.to_string()));
            }
            element => self.shape(place, field, element)?,
        };
        Some(Shape::Slice { element: Box::new(element), bound })
    }

    fn bound(&mut self, place: Place<'_>, bound: Option<u32>) -> Option<()> {
        match bound {
            Some(bound) if bound == 0 || bound > MAX_ARRAY_COUNT => self.fail(place, LayoutReason::Bound(bound)),
            _ => Some(()),
        }
    }

    /// A name that stands for no struct: nobody's, or an external message's, or as `otherwise` says.
    fn no_type<T>(
        &mut self,
        place: Place<'_>,
        name: &str,
        otherwise: impl FnOnce(String) -> LayoutReason,
    ) -> Option<T> {
        let reason = match (self.program.messages.contains_key(name), self.program.enums.contains_key(name)) {
            (true, _) => LayoutReason::External(name.to_owned()),
            (false, true) => otherwise(name.to_owned()),
            (false, false) => LayoutReason::UnknownType(name.to_owned()),
        };
        self.fail(place, reason)
    }

    /// Whether bytes of this shape refer to bytes elsewhere.
    fn refers(&self, shape: &Shape) -> bool {
        match shape {
            Shape::Scalar(_) | Shape::Enum { .. } => false,
            Shape::Struct { name, .. } => self.done.types.get(name).is_some_and(|layout| layout.references),
            Shape::Array { element, .. } => self.refers(element),
            Shape::Slice { .. } | Shape::Str { .. } | Shape::Ref { .. } => true,
        }
    }

    fn fit(&mut self, place: Place<'_>, end: u64, align: u32) -> Option<u32> {
        let size = end.next_multiple_of(u64::from(align));
        if size <= u64::from(MAX_FLAT_SIZE) { Some(size as u32) } else { self.fail(place, LayoutReason::TooLarge) }
    }
}

/// A layout whose references are not known yet.
fn layout(size: u32, align: u32, root_size: u32, body: LayoutBody) -> Layout {
    Layout { profile: Profile::Flat, references: false, size, align, root_size, body }
}

fn pad(members: &mut Vec<Member>, end: &mut u32, align: u32) {
    let aligned = end.next_multiple_of(align);
    if aligned > *end {
        members.push(Member { offset: *end, size: aligned - *end, what: What::Padding });
        *end = aligned;
    }
}

/// Fills in how large the elements of slices are, now that all types are known.
fn know_elements(layouts: &mut Layouts) {
    let sizes: Keyed<String, (u32, u32)> =
        layouts.types.iter().map(|(name, layout)| (name.clone(), (layout.size, layout.align))).collect();
    for layout in layouts.types.values_mut() {
        match &mut layout.body {
            LayoutBody::Members(members) => members.iter_mut().for_each(|member| know(member, &sizes)),
            LayoutBody::Union(union) => {
                let members = union.arms.iter_mut().flat_map(|arm| &mut arm.members);
                members.for_each(|member| know(member, &sizes));
            }
        }
    }
}

fn know(member: &mut Member, sizes: &Keyed<String, (u32, u32)>) {
    let What::Field { shape, .. } = &mut member.what else { return };
    let mut shape = shape;
    while let Shape::Array { element, .. } | Shape::Slice { element, .. } = shape {
        shape = element;
    }
    if let Shape::Struct { name, size, align } = shape
        && let Some(&known) = sizes.get(name)
    {
        (*size, *align) = known;
    }
}
