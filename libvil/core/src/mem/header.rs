//! The static part of a world: what it is and the plan it was made from, written once before anyone else can open it.
//!
//! A header of 64-bit little-endian words, the plan as `vil_ir::plan::binary` writes it, the contract. It holds numbers
//! and names, no offsets into the dynamic part: those follow from the numbers. Attach copies it once, decodes the private
//! copy here, and never reads the shared one again. `docs/memory-layout.md` draws the same bytes.

use vil_ir::plan::{Plan, binary};
use vil_ir::words::{seal as seal_over, word_at, words_of};

use crate::base::atomic::Barrier;
use crate::base::error::{Error, Fault};
use crate::base::limits::{LAYOUT_VERSION, MAGIC, MAX_STATIC_SIZE, PAGE};

/// Bytes of the header, before the plan.
pub const HEADER_SIZE: u64 = 128;

/// Positions of the header's words; `encode` writes them in this order.
mod word {
    pub(super) const MAGIC: usize = 0;
    pub(super) const VERSION: usize = 1;
    pub(super) const TOTAL_SIZE: usize = 2;
    pub(super) const STATIC_SIZE: usize = 3;
    pub(super) const PLAN_SIZE: usize = 4;
    pub(super) const CONTRACT_SIZE: usize = 5;
    pub(super) const CREATED_TICKS: usize = 6;
    pub(super) const CREATED_NS: usize = 7;
    /// Who orders stores before looks.
    pub(super) const BARRIER: usize = 8;
    /// All others are multiplied into it, so that a half-written world is refused.
    pub(super) const SEAL: usize = 9;
}

const _: () = assert!((word::SEAL + 1) * 8 <= HEADER_SIZE as usize);

/// What a world says of itself, privately copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalog {
    /// What it was made from.
    pub plan: Plan,
    /// Clock ticks when the world was created.
    pub created_ticks: u64,
    /// Monotonic nanoseconds at the same moment.
    pub created_ns: u64,
    /// Who orders stores before looks.
    pub barrier: Barrier,
}

/// Bytes of the static part of a world that is made from this plan, whole pages. More than `MAX_STATIC_SIZE` makes no world.
pub fn static_size(plan: &Plan) -> u64 {
    (HEADER_SIZE + (binary::size(plan) + plan.contract.len()) as u64).next_multiple_of(PAGE)
}

/// The static part as bytes, whole pages.
pub fn encode(catalog: &Catalog, total_size: u64) -> Vec<u8> {
    let (plan, contract) = (binary::encode(&catalog.plan), catalog.plan.contract.as_bytes());
    let static_size = static_size(&catalog.plan);
    let sizes = [total_size, static_size, plan.len() as u64, contract.len() as u64];
    let made = [catalog.created_ticks, catalog.created_ns, catalog.barrier as u64];
    let words = [MAGIC, LAYOUT_VERSION].into_iter().chain(sizes).chain(made);
    let mut bytes: Vec<u8> = words.flat_map(u64::to_le_bytes).collect();
    bytes.resize(HEADER_SIZE as usize, 0);
    bytes.extend_from_slice(&plan);
    bytes.extend_from_slice(contract);
    bytes.resize(static_size as usize, 0);
    seal(&mut bytes);
    bytes
}

/// Writes the seal that fits all other bytes of a static part.
pub fn seal(bytes: &mut [u8]) {
    let seal = seal_of(bytes);
    bytes[word::SEAL * 8..][..8].copy_from_slice(&seal.to_le_bytes());
}

fn seal_of(bytes: &[u8]) -> u64 {
    let words = words_of(bytes).enumerate().filter(|(index, _)| *index != word::SEAL);
    seal_over(MAGIC, words.map(|(_, word)| word))
}

/// Bytes that are no world, and why.
pub(crate) fn corrupt(reason: String) -> Error {
    Error::new(Fault::Corrupt, format!("not a world: {reason}"))
}

/// A word of a header that may be too short to have it.
fn read_word(bytes: &[u8], index: usize) -> Result<u64, String> {
    word_at(bytes, index).ok_or_else(|| "its header is cut short".into())
}

/// Total and static size of a world from its first `HEADER_SIZE` bytes: enough to map and copy it.
pub fn peek_sizes(header: &[u8], file_size: u64) -> Result<(u64, u64), Error> {
    let word = |index: usize| read_word(header, index).map_err(corrupt);
    if word(word::MAGIC)? != MAGIC {
        return Err(corrupt("the magic word is missing".into()));
    }
    let version = word(word::VERSION)?;
    if version != LAYOUT_VERSION {
        let message = format!(
            "the world has memory layout {version}, this libvil has {LAYOUT_VERSION}; use one version of libvil for all"
        );
        return Err(Error::new(Fault::Abi, message));
    }
    let (total, fixed) = (word(word::TOTAL_SIZE)?, word(word::STATIC_SIZE)?);
    if total != file_size {
        return Err(corrupt(format!(
            "the file has {file_size} bytes, its header says {total}; remove it and create it again"
        )));
    }
    if fixed < HEADER_SIZE || fixed > total.min(MAX_STATIC_SIZE) || !fixed.is_multiple_of(PAGE) {
        return Err(corrupt(format!("a static part of {fixed} bytes")));
    }
    Ok((total, fixed))
}

/// Decodes a private copy of the static part.
pub fn decode(bytes: &[u8]) -> Result<Catalog, Error> {
    decode_checked(bytes).map_err(corrupt)
}

fn decode_checked(bytes: &[u8]) -> Result<Catalog, String> {
    let word = |index: usize| read_word(bytes, index);
    if word(word::SEAL)? != seal_of(bytes) {
        return Err("its static part is not the one that was sealed; it was torn or changed".into());
    }
    let (_, parts) = part(bytes, HEADER_SIZE)?;
    let (plan, rest) = part(parts, word(word::PLAN_SIZE)?)?;
    let (contract, _) = part(rest, word(word::CONTRACT_SIZE)?)?;
    let contract = std::str::from_utf8(contract).map_err(|_| "its contract is not UTF-8")?;
    Ok(Catalog {
        plan: binary::decode(plan, contract)?,
        created_ticks: word(word::CREATED_TICKS)?,
        created_ns: word(word::CREATED_NS)?,
        barrier: decode_barrier(word(word::BARRIER)?)?,
    })
}

/// The first so many bytes, and what is behind them.
fn part(bytes: &[u8], size: u64) -> Result<(&[u8], &[u8]), String> {
    let size = usize::try_from(size).ok();
    size.and_then(|size| bytes.split_at_checked(size)).ok_or_else(|| "plan and contract are longer than it is".into())
}

fn decode_barrier(word: u64) -> Result<Barrier, String> {
    let known = usize::try_from(word).ok().and_then(|word| Barrier::ALL.get(word));
    known.copied().ok_or_else(|| format!("barrier {word} is unknown"))
}
