//! Attaching to a static part of nonsense under a seal that fits: its numbers and names are refused, or they are a world
//! that all calls can be made in.

use std::sync::Arc;
use std::time::Instant;

use vil_core::base::error::Fault;
use vil_core::mem::{Geometry, HEADER_SIZE, decode, encode, peek_sizes, seal, static_size};
use vil_strict::random::{Random, seed};
use vil_strict::soak;

use crate::ground::{Ground, catalog, ports};
use crate::siege::a_short_siege;

/// Static parts in the short form; one in so many is besieged when it is a world.
const PARTS: u64 = 12_000;
const BESIEGED: u64 = 16;
/// Larger worlds are believed, not built.
const LARGEST: u64 = 4 << 20;

/// Numbers that lie where something ends.
const NUMBERS: [u64; 16] =
    [0, 1, 2, 3, 8, 15, 16, 17, 64, 128, 4096, 65_536, 65_537, 1 << 20, u32::MAX as u64, u64::MAX];

fn spoil(random: &mut Random, bytes: &mut [u8]) {
    let header = HEADER_SIZE / 8;
    for _ in 0..1 + random.below(4) {
        // The tables begin behind the header; names and text come last and are most of it.
        let end = if random.once_in(8) { bytes.len() as u64 / 8 } else { header + 200 };
        let at = 8 * random.below(end) as usize;
        let Some(place) = bytes.get_mut(at..at + 8) else { continue };
        let old = place.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
        let word = match random.below(6) {
            0 => old.wrapping_add(1),
            1 => old.wrapping_sub(1),
            2 => old ^ 1 << random.below(64),
            3 => random.next_word(),
            4 => old << random.below(16),
            _ => *random.pick(&NUMBERS),
        };
        place.copy_from_slice(&word.to_le_bytes());
    }
    seal(bytes);
}

#[test]
fn a_static_part_of_nonsense_is_refused_or_is_a_world() {
    let seed = seed();
    let mut random = Random::new(seed);
    let started = Instant::now();
    let catalog = catalog();
    let whole = Geometry::compute(&catalog.plan, static_size(&catalog.plan)).expect("it is a plan's");
    let bytes = encode(&catalog, whole.total_size);
    let (mut parts, mut worlds, mut besieged) = (0, 0, 0);
    let time = soak::seconds().map(|seconds| seconds / 10);
    while time.map_or(parts < PARTS, |time| started.elapsed().as_secs() < time) {
        parts += 1;
        let mut spoilt = bytes.clone();
        spoil(&mut random, &mut spoilt);
        let Some(ground) = read(&spoilt, whole.total_size) else { continue };
        worlds += 1;
        if random.once_in(BESIEGED) && ground.total_size <= LARGEST && !ground.rings.is_empty() {
            let catalog = decode(&spoilt).expect("it was decoded before");
            let ground = Arc::new(Ground::new(ground.clone(), ports(&catalog.plan, &ground)));
            a_short_siege(&ground, random.next_word()).unwrap_or_else(|wrong| panic!("VIL_SEED={seed}: {wrong}"));
            besieged += 1;
        }
    }
    println!(
        "static parts: VIL_SEED={seed}, {parts}, {worlds} of them worlds, {besieged} besieged, {:.1} s",
        started.elapsed().as_secs_f64()
    );
    soak::report("hostile_parts", parts);
    assert!(worlds * 20 > parts && parts > worlds + parts / 20 && besieged * 100 > worlds, "too much of one kind");
}

/// What attach does with a file's first bytes, but for the file.
fn read(bytes: &[u8], total: u64) -> Option<Geometry> {
    let refused = |fault: Fault| assert!(matches!(fault, Fault::Corrupt | Fault::Abi), "{fault:?}");
    let fixed = match peek_sizes(&bytes[..HEADER_SIZE as usize], total) {
        Ok((_, fixed)) if fixed as usize == bytes.len() => fixed,
        Ok(_) => return None,
        Err(error) => {
            refused(error.fault);
            return None;
        }
    };
    match decode(&bytes[..fixed as usize]) {
        Ok(catalog) => Geometry::compute(&catalog.plan, fixed).ok(),
        Err(error) => {
            refused(error.fault);
            None
        }
    }
}
