//! Messages with known values: what a writer must fill in, and the bytes that must come of it, worked out from the
//! layout alone. Never asks generated code, which is what is being tested.

use vil_ir::layout::{LayoutBody, Layouts, Member, Shape, What};
use vil_ir::model::Program;
use vil_ir::vocabulary::Scalar;

/// One message to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Instance {
    /// Every value in declaration order, as bits; the index of the arm before the values of a tagged union's arm.
    pub(crate) leaves: Vec<u64>,
    /// The whole message as it must lie in memory.
    pub(crate) bytes: Vec<u8>,
}

/// How values are chosen.
#[derive(Debug)]
pub(crate) enum Choice<'a> {
    /// The lowest of each type, the first arm of each union.
    Lowest,
    /// The highest of each type, the last arm of each union.
    Highest,
    /// Any that is legal.
    Random(&'a mut Random),
}

/// Numbers that a seed repeats.
#[derive(Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// The next 64 bits (splitmix64).
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }
}

/// Makes messages of one program.
#[derive(Debug)]
pub(crate) struct Maker<'a> {
    pub(crate) program: &'a Program,
    pub(crate) layouts: &'a Layouts,
}

impl Maker<'_> {
    /// A message of this name.
    pub(crate) fn message(&self, name: &str, choice: &mut Choice<'_>) -> Instance {
        let size = self.layouts.types[name].size as usize;
        let mut made = Instance { leaves: Vec::new(), bytes: vec![0; size] };
        self.fill(name, 0, choice, &mut made);
        made
    }

    fn fill(&self, name: &str, base: u32, choice: &mut Choice<'_>, made: &mut Instance) {
        match &self.layouts.types[name].body {
            LayoutBody::Members(members) => self.members(members, base, choice, made),
            LayoutBody::Union(union) => {
                let index = pick(union.arms.len(), choice);
                let arm = &union.arms[index];
                made.leaves.push(index as u64);
                write(made, base, union.tag.size(), arm.tag);
                self.members(&arm.members, base + union.arm_offset, choice, made);
            }
        }
    }

    fn members(&self, members: &[Member], base: u32, choice: &mut Choice<'_>, made: &mut Instance) {
        for member in members {
            match &member.what {
                What::Padding => {}
                What::Presence { .. } => leaf(made, base + member.offset, 1, scalar(Scalar::Bool, choice)),
                What::Field { shape, .. } => self.shape(shape, base + member.offset, choice, made),
            }
        }
    }

    fn shape(&self, shape: &Shape, at: u32, choice: &mut Choice<'_>, made: &mut Instance) {
        match shape {
            Shape::Scalar(found) => leaf(made, at, found.size(), scalar(*found, choice)),
            Shape::Enum { name, storage } => leaf(made, at, storage.size(), self.enumeration(name, *storage, choice)),
            Shape::Struct { name, .. } => self.fill(name, at, choice, made),
            Shape::Array { element, count } => {
                (0..*count).for_each(|index| self.shape(element, at + index * element.size(), choice, made));
            }
            Shape::Slice { .. } | Shape::Str { .. } | Shape::Ref { .. } => panic!("a flat program has no references"),
        }
    }

    fn enumeration(&self, name: &str, storage: Scalar, choice: &mut Choice<'_>) -> u64 {
        let found = &self.program.enums[name];
        if found.open {
            return scalar(storage, choice);
        }
        let mut values: Vec<i128> = found.values.iter().map(|value| value.value).collect();
        values.sort_unstable();
        values[pick(values.len(), choice)] as u64
    }
}

fn pick(count: usize, choice: &mut Choice<'_>) -> usize {
    match choice {
        Choice::Lowest => 0,
        Choice::Highest => count - 1,
        Choice::Random(random) => (random.next() % count as u64) as usize,
    }
}

/// The bits of a value; only as many as the scalar has bytes count.
fn scalar(scalar: Scalar, choice: &mut Choice<'_>) -> u64 {
    let (low, high) = match scalar {
        Scalar::F32 => (f32::MIN.to_bits().into(), f32::MAX.to_bits().into()),
        Scalar::F64 => (f64::MIN.to_bits(), f64::MAX.to_bits()),
        _ => scalar.integer_range().map_or((0, 1), |(low, high)| (low as u64, high as u64)),
    };
    match choice {
        Choice::Lowest => low,
        Choice::Highest => high,
        Choice::Random(random) if scalar == Scalar::Bool => random.next() & 1,
        Choice::Random(random) => random.next(),
    }
}

fn leaf(made: &mut Instance, at: u32, size: u32, bits: u64) {
    made.leaves.push(bits & (u64::MAX >> (64 - 8 * size)));
    write(made, at, size, bits);
}

fn write(made: &mut Instance, at: u32, size: u32, bits: u64) {
    let (at, size) = (at as usize, size as usize);
    made.bytes[at..at + size].copy_from_slice(&bits.to_le_bytes()[..size]);
}
