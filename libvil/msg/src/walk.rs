//! The walk through a message: every number is read once and checked before it is used, then shown to a visitor.
//!
//! What it holds on to (`Rule` names each):
//! - head: the base is aligned; id is the message's; size and root_size, read together by one load, lie within what is there.
//! - references: a multiple of the target's alignment, behind whatever refers, within the message, count within its bound; all
//!   targets together no more bytes than lie behind the root. So there is no cycle, and work is linear.
//! - values: bool and presence 0 or 1, closed enums and unions one of theirs, texts UTF-8 that end with NUL.
//!
//! The stack is an array of its own, so no message chooses how deep this recurses.

use vil_ir::vocabulary::{Profile, Scalar};

use crate::MAX_DEPTH;
use crate::bytes::Bytes;
use crate::descriptor::{Descriptor, Field, Shape, Type};
use crate::fault::{Fault, Rule, Stop};
use crate::path::Path;

/// Bytes of the head of a relative message.
pub(crate) const HEAD_SIZE: u32 = vil_ir::layout::ROOT_OFFSET;

/// Bytes of a text that are looked at at once: read once, judged and shown from private memory.
const CHUNK: usize = 256;

/// Steps for each byte of message and word of descriptor; no true descriptor needs more, because each level comes to a byte
/// once and leaves it once. A step takes a time that no message decides: values and arms are found by halving.
const STEPS: u64 = 4 * MAX_DEPTH as u64;

/// Who is shown what a message holds.
pub(crate) trait Visitor {
    /// Types of which any bits are legal need not be shown.
    const SKIPS_PLAIN: bool = false;

    /// A struct begins; fields follow until its end.
    fn struct_begins(&mut self) {}
    /// It ends.
    fn struct_ends(&mut self) {}
    /// A list begins.
    fn list_begins(&mut self) {}
    /// It ends.
    fn list_ends(&mut self) {}
    /// An element follows.
    fn element(&mut self) {}
    /// A field that is there follows.
    fn field(&mut self, _name: &str) {}
    /// An arm of a union begins; its struct follows.
    fn arm_begins(&mut self, _name: &str) {}
    /// It ends.
    fn arm_ends(&mut self) {}
    /// An open union with a tag that is not known.
    fn unknown_arm(&mut self, _tag: u64) {}
    /// A number or bool.
    fn scalar(&mut self, _scalar: Scalar, _bits: u64) {}
    /// An enum; the name where it is known.
    fn enumeration(&mut self, _name: Option<&str>, _storage: Scalar, _bits: u64) {}
    /// A text begins.
    fn text_begins(&mut self) {}
    /// Some of it.
    fn text(&mut self, _part: &str) {}
    /// It ends.
    fn text_ends(&mut self) {}
}

/// Something that is being gone through.
#[derive(Clone, Copy)]
enum Frame {
    /// Fields of a struct; `end`: bytes of it that are there.
    Struct { ty: u32, at: u32, end: u32, floor: u32, next: u32 },
    /// Elements one behind the other.
    List { element: u32, at: u32, stride: u32, count: u32, floor: u32, next: u32 },
    /// The arm of a union, whose struct is above; the arm's name.
    Arm { name: u32 },
    /// A union of which nothing is known but its tag.
    Nothing,
}

struct Walk<'w, 'd, V> {
    descriptor: &'w Descriptor<'d>,
    bytes: Bytes<'w>,
    visitor: &'w mut V,
    frames: [Frame; MAX_DEPTH],
    depth: usize,
    /// Bytes that may still be referred to.
    left: u32,
    steps: u64,
}

/// Goes through a message. Answers its own size.
pub(crate) fn walk<V: Visitor>(descriptor: &Descriptor<'_>, bytes: Bytes<'_>, visitor: &mut V) -> Result<u32, Fault> {
    let root = descriptor.ty(0).ok_or_else(|| Stop::new(Rule::Descriptor, 0, 1, 0))?;
    let (at, end, bytes) = head(descriptor, &root, bytes)?;
    let floor = at.saturating_add(end);
    let steps = STEPS * (u64::from(bytes.size()) + descriptor.size() as u64);
    let left = bytes.size().saturating_sub(floor);
    let mut walk = Walk { descriptor, bytes, visitor, frames: [Frame::Nothing; MAX_DEPTH], depth: 0, left, steps };
    match walk.enter(0, at, Some(end), floor).and_then(|()| walk.run()) {
        Ok(()) => Ok(bytes.size()),
        Err(stop) => Err(stop.at(walk.path())),
    }
}

/// What a message says of its own size, held against what is there.
pub(crate) fn size_of_message(descriptor: &Descriptor<'_>, bytes: Bytes<'_>) -> Result<u32, Fault> {
    let root = descriptor.ty(0).ok_or_else(|| Stop::new(Rule::Descriptor, 0, 1, 0))?;
    let (_, _, bytes) = head(descriptor, &root, bytes)?;
    Ok(bytes.size())
}

/// Where the root stands, how many bytes of it are there, and the bytes of the message itself.
fn head<'b>(descriptor: &Descriptor<'_>, root: &Type, bytes: Bytes<'b>) -> Result<(u32, u32, Bytes<'b>), Stop> {
    let there = u64::from(bytes.size());
    let is_relative = match descriptor.profile() {
        Profile::Relative => true,
        Profile::Flat => false,
        Profile::External => return Err(Stop::new(Rule::Descriptor, 0, 1, 2)),
    };
    let align = if is_relative { vil_ir::layout::RELATIVE_ALIGN } else { root.align };
    if bytes.off(align) != 0 {
        return Err(Stop::new(Rule::Address, 0, align.into(), bytes.off(align).into()));
    }
    if !is_relative {
        let fits = u64::from(root.size) <= there;
        return if fits { Ok((0, root.size, bytes.first(root.size))) } else { Err(short(root.size, there)) };
    }
    let (Some(id), Some(sizes)) = (bytes.u64(0), bytes.u64(8)) else { return Err(short(HEAD_SIZE, there)) };
    let (size, root_size) = (sizes as u32, (sizes >> 32) as u32);
    // A root of another version ends elsewhere; where it does not, arms more or less of an open union make another id.
    let is_other = id != descriptor.layout_id() && root_size == root.end && !descriptor.has_open_union();
    if id == 0 || is_other {
        return Err(Stop::new(Rule::Id, 0, descriptor.layout_id(), id));
    }
    if size < HEAD_SIZE || u64::from(size) > there {
        return Err(Stop::new(Rule::Size, 8, there, size.into()));
    }
    let is_cut = root.is_union() && root_size < root.end;
    if root_size > size - HEAD_SIZE || is_cut {
        let expected = if is_cut { root.end } else { size - HEAD_SIZE };
        return Err(Stop::new(Rule::RootSize, 12, expected.into(), root_size.into()));
    }
    Ok((HEAD_SIZE, root_size, bytes.first(size)))
}

fn short(needed: u32, there: u64) -> Stop {
    Stop::new(Rule::Size, 0, needed.into(), there)
}

impl<V: Visitor> Walk<'_, '_, V> {
    fn run(&mut self) -> Result<(), Stop> {
        while let Some(top) = self.depth.checked_sub(1) {
            self.steps = self.steps.checked_sub(1).ok_or_else(|| self.broken())?;
            match self.frames[top] {
                Frame::Struct { ty, at, end, floor, next } => self.next_field(top, ty, at, end, floor, next)?,
                Frame::List { element, at, stride, count, floor, next } if next < count => {
                    self.frames[top] = Frame::List { element, at, stride, count, floor, next: next + 1 };
                    self.visitor.element();
                    let place = stride.checked_mul(next).and_then(|gone| at.checked_add(gone));
                    self.value(element, place.ok_or_else(|| self.broken())?, floor)?;
                }
                Frame::List { .. } => {
                    self.depth = top;
                    self.visitor.list_ends();
                }
                Frame::Arm { .. } => {
                    self.depth = top;
                    self.visitor.arm_ends();
                }
                Frame::Nothing => self.depth = top,
            }
        }
        Ok(())
    }

    fn next_field(&mut self, top: usize, ty: u32, at: u32, end: u32, floor: u32, next: u32) -> Result<(), Stop> {
        let of = self.descriptor.ty(ty).ok_or_else(|| self.broken())?;
        if next >= of.count {
            self.depth = top;
            self.visitor.struct_ends();
            return Ok(());
        }
        let found = self.descriptor.field(&of, next).ok_or_else(|| self.broken())?;
        self.frames[top] = Frame::Struct { ty, at, end, floor, next: next + 1 };
        if self.is_there(&found, at, end)? {
            let place = at.checked_add(found.offset).ok_or_else(|| self.broken())?;
            let name = self.descriptor.text(found.name).unwrap_or("?");
            if let Some(Shape::Ref { ty }) = self.descriptor.shape(found.shape).filter(|_| found.is_optional) {
                // Loaded once: a key is shown where a value follows, whatever a writer does meanwhile.
                let offset = self.u32(place)?;
                if offset != 0 {
                    self.visitor.field(name);
                    self.reference(ty, place, offset, floor)?;
                }
                return Ok(());
            }
            self.visitor.field(name);
            self.value(found.shape, place, floor)?;
        }
        Ok(())
    }

    /// Whether a field ends within the bytes of its struct that are there, and its presence byte says so.
    fn is_there(&self, field: &Field, at: u32, end: u32) -> Result<bool, Stop> {
        let size = self.descriptor.extent(field.shape).ok_or_else(|| self.broken())?.size;
        let ends = field.offset.checked_add(size).ok_or_else(|| self.broken())?;
        let Some(presence) = field.presence else { return Ok(ends <= end) };
        if ends > end || presence >= end {
            return Ok(false);
        }
        let place = at.checked_add(presence).ok_or_else(|| self.broken())?;
        match self.bytes.u8(place).ok_or_else(|| self.broken())? {
            flag @ (0 | 1) => Ok(flag == 1),
            other => Err(Stop::new(Rule::Presence, place, 1, other.into())),
        }
    }

    /// One value; what lies in it is put on the stack.
    fn value(&mut self, shape: u32, at: u32, floor: u32) -> Result<(), Stop> {
        match self.descriptor.shape(shape).ok_or_else(|| self.broken())? {
            Shape::Scalar(scalar) => {
                let bits = self.bits(scalar, at)?;
                if scalar == Scalar::Bool && bits > 1 {
                    return Err(Stop::new(Rule::Bool, at, 1, bits));
                }
                self.visitor.scalar(scalar, bits);
                Ok(())
            }
            Shape::Enum { ty, storage } => self.enumeration(ty, storage, at),
            Shape::Struct { ty } => self.enter(ty, at, None, floor),
            Shape::Array { element, count } => self.list(element, at, count, floor),
            Shape::Slice { element, bound } => self.slice(element, bound, at, floor),
            Shape::Str { bound } => self.text(bound, at, floor),
            Shape::Ref { ty } => match self.u32(at)? {
                0 => Err(Stop::new(Rule::Absent, at, 1, 0)),
                offset => self.reference(ty, at, offset, floor),
            },
        }
    }

    fn enumeration(&mut self, ty: u32, storage: Scalar, at: u32) -> Result<(), Stop> {
        let bits = self.bits(storage, at)?;
        let of = self.descriptor.ty(ty).ok_or_else(|| self.broken())?;
        if V::SKIPS_PLAIN && of.is_open() {
            return Ok(());
        }
        let name = self.descriptor.value(&of, bits, storage);
        if name.is_none() && !of.is_open() {
            return Err(Stop::new(Rule::Enum, at, of.count.into(), bits));
        }
        self.visitor.enumeration(name.and_then(|name| self.descriptor.text(name)), storage, bits);
        Ok(())
    }

    /// A struct or union at this place. `end`: bytes of it that are there, where that is not all.
    fn enter(&mut self, ty: u32, at: u32, end: Option<u32>, floor: u32) -> Result<(), Stop> {
        let of = self.descriptor.ty(ty).ok_or_else(|| self.broken())?;
        if V::SKIPS_PLAIN && of.is_plain() {
            return Ok(());
        }
        if !of.is_union() {
            self.push(Frame::Struct { ty, at, end: end.unwrap_or(of.size), floor, next: 0 }, at)?;
            self.visitor.struct_begins();
            return Ok(());
        }
        let storage = of.scalar().ok_or_else(|| self.broken())?;
        let tag = self.bits(storage, at)?;
        match self.descriptor.arm(&of, tag) {
            Some((name, arm)) => {
                self.push(Frame::Arm { name }, at)?;
                self.visitor.arm_begins(self.descriptor.text(name).unwrap_or("?"));
                let place = at.checked_add(of.arms_at).ok_or_else(|| self.broken())?;
                // An arm is a struct; a damaged descriptor may lead from union to union, and the stack ends that.
                self.enter_arm(arm, place, floor)
            }
            None if of.is_open() => {
                self.visitor.unknown_arm(tag);
                Ok(())
            }
            None => Err(Stop::new(Rule::Tag, at, of.count.into(), tag)),
        }
    }

    fn enter_arm(&mut self, ty: u32, at: u32, floor: u32) -> Result<(), Stop> {
        let of = self.descriptor.ty(ty).filter(|of| !of.is_union()).ok_or_else(|| self.broken())?;
        self.push(Frame::Struct { ty, at, end: of.size, floor, next: 0 }, at)?;
        self.visitor.struct_begins();
        Ok(())
    }

    fn list(&mut self, element: u32, at: u32, count: u32, floor: u32) -> Result<(), Stop> {
        let extent = self.descriptor.extent(element).ok_or_else(|| self.broken())?;
        if V::SKIPS_PLAIN && extent.is_plain {
            return Ok(());
        }
        self.push(Frame::List { element, at, stride: extent.size, count, floor, next: 0 }, at)?;
        self.visitor.list_begins();
        Ok(())
    }

    fn slice(&mut self, element: u32, bound: u32, at: u32, floor: u32) -> Result<(), Stop> {
        let extent = self.descriptor.extent(element).ok_or_else(|| self.broken())?;
        let (offset, count) = self.word(at)?;
        let Some(offset) = self.target(at, offset, count, bound, floor, extent.align)? else {
            self.visitor.list_begins();
            self.visitor.list_ends();
            return Ok(());
        };
        let size = u64::from(count) * u64::from(extent.size);
        let floor = self.take(at, offset, size)?;
        self.list(element, offset, count, floor)
    }

    fn text(&mut self, bound: u32, at: u32, floor: u32) -> Result<(), Stop> {
        let (offset, count) = self.word(at)?;
        self.visitor.text_begins();
        if let Some(offset) = self.target(at, offset, count, bound, floor, 1)? {
            self.take(at, offset, u64::from(count) + 1)?;
            self.characters(offset, count)?;
        }
        self.visitor.text_ends();
        Ok(())
    }

    /// What a VRef leads to; its offset was loaded and is not 0.
    fn reference(&mut self, ty: u32, at: u32, offset: u32, floor: u32) -> Result<(), Stop> {
        let of = self.descriptor.ty(ty).ok_or_else(|| self.broken())?;
        self.target(at, offset, 1, u32::MAX, floor, of.align)?;
        let floor = self.take(at, offset, of.size.into())?;
        self.enter(ty, offset, None, floor)
    }

    /// Where a reference leads; nothing where it is empty.
    fn target(
        &self,
        at: u32,
        offset: u32,
        count: u32,
        bound: u32,
        floor: u32,
        align: u32,
    ) -> Result<Option<u32>, Stop> {
        if count == 0 {
            return if offset == 0 { Ok(None) } else { Err(Stop::new(Rule::Empty, at, 0, offset.into())) };
        }
        if count > bound {
            return Err(Stop::new(Rule::Bound, at, bound.into(), count.into()));
        }
        if !offset.is_multiple_of(align) {
            return Err(Stop::new(Rule::Alignment, at, align.into(), offset.into()));
        }
        if offset < floor {
            return Err(Stop::new(Rule::Order, at, floor.into(), offset.into()));
        }
        Ok(Some(offset))
    }

    /// Takes a target's bytes from those that may be referred to; answers its end.
    fn take(&mut self, at: u32, offset: u32, size: u64) -> Result<u32, Stop> {
        let (end, there) = (u64::from(offset) + size, u64::from(self.bytes.size()));
        if end > there {
            return Err(Stop::new(Rule::Bounds, at, there, end));
        }
        // It fits 32 bits, because the end does.
        let left = self.left.checked_sub(size as u32);
        self.left = left.ok_or_else(|| Stop::new(Rule::Overlap, at, self.left.into(), size))?;
        Ok(end as u32)
    }

    /// Counted bytes and the NUL behind them, through private memory. A character that a chunk cuts goes with the next.
    fn characters(&mut self, offset: u32, count: u32) -> Result<(), Stop> {
        let mut chunk = [0u8; CHUNK];
        let (mut done, mut kept) = (0u32, 0usize);
        while done < count {
            let more = ((count - done) as usize).min(CHUNK - kept);
            let place = offset.saturating_add(done);
            if !self.bytes.copy(place, &mut chunk[kept..kept + more]) {
                return Err(self.broken());
            }
            done += more as u32;
            let part = &chunk[..kept + more];
            let good = match std::str::from_utf8(part) {
                Ok(_) => part.len(),
                Err(error) if error.error_len().is_none() && done < count => error.valid_up_to(),
                Err(error) => {
                    let byte = part.get(error.valid_up_to()).copied().unwrap_or(0);
                    let at = (place + error.valid_up_to() as u32).saturating_sub(kept as u32);
                    return Err(Stop::new(Rule::Utf8, at, 0, byte.into()));
                }
            };
            if let Some(at) = part[..good].iter().position(|byte| *byte == 0) {
                let at = (place + at as u32).saturating_sub(kept as u32);
                return Err(Stop::new(Rule::Nul, at, 1, 0));
            }
            self.visitor.text(std::str::from_utf8(&part[..good]).unwrap_or(""));
            let size = part.len();
            chunk.copy_within(good..size, 0);
            kept = size - good;
        }
        let end = offset.saturating_add(count);
        match self.bytes.u8(end).ok_or_else(|| self.broken())? {
            0 => Ok(()),
            other => Err(Stop::new(Rule::Nul, end, 0, other.into())),
        }
    }

    fn push(&mut self, frame: Frame, at: u32) -> Result<(), Stop> {
        if self.depth == MAX_DEPTH {
            return Err(Stop::new(Rule::Depth, at, MAX_DEPTH as u64, MAX_DEPTH as u64 + 1));
        }
        self.frames[self.depth] = frame;
        self.depth += 1;
        Ok(())
    }

    fn word(&self, at: u32) -> Result<(u32, u32), Stop> {
        let word = self.bytes.u64(at).ok_or_else(|| self.broken())?;
        Ok((word as u32, (word >> 32) as u32))
    }

    fn u32(&self, at: u32) -> Result<u32, Stop> {
        self.bytes.u32(at).ok_or_else(|| self.broken())
    }

    fn bits(&self, scalar: Scalar, at: u32) -> Result<u64, Stop> {
        let bits = match scalar.size() {
            1 => self.bytes.u8(at).map(u64::from),
            2 => self.bytes.u16(at).map(u64::from),
            4 => self.bytes.u32(at).map(u64::from),
            _ => self.bytes.u64(at),
        };
        bits.ok_or_else(|| self.broken())
    }

    /// The descriptor leads to where nothing is.
    #[cold]
    fn broken(&self) -> Stop {
        Stop::new(Rule::Descriptor, 0, 1, 0)
    }

    /// Where the walk is: the field or element that each level has come to.
    fn path(&self) -> Path {
        let mut path = Path::default();
        for frame in &self.frames[..self.depth] {
            match frame {
                Frame::Struct { ty, next: 1.., .. } => {
                    let Frame::Struct { next, .. } = frame else { continue };
                    let of = self.descriptor.ty(*ty);
                    let found = of.and_then(|of| self.descriptor.field(&of, next - 1));
                    path.name(found.and_then(|found| self.descriptor.text(found.name)).unwrap_or("?"));
                }
                Frame::List { next, .. } => path.index(next.saturating_sub(1)),
                Frame::Arm { name } => path.name(self.descriptor.text(*name).unwrap_or("?")),
                Frame::Struct { .. } | Frame::Nothing => {}
            }
        }
        path
    }
}
