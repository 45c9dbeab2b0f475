//! Bytes that nobody made: no panic, nothing outside of the message, bounded work; and what is accepted is a message.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::land::{Land, Random, Room};
use vil_msg::{Bytes, Descriptor, Rule, Style, from_json, snapshot, to_json, verify};

/// Verifies, prints and makes anew. Answers whether the bytes were accepted.
fn try_all(descriptor: &Descriptor<'_>, bytes: &[u8], told: &str) -> bool {
    let accepted = verify(descriptor, Bytes::of(bytes));
    let mut room = vec![0; 1 << 15];
    let shown = to_json(descriptor, Bytes::of(bytes), Style::Compact, &mut room);
    assert_eq!(accepted.is_ok(), shown.is_ok(), "{told}: what is shown is what is accepted");
    let (Ok(_), Ok(size)) = (accepted, shown) else { return false };
    let text = std::str::from_utf8(&room[..size]).unwrap_or_else(|_| panic!("{told}: JSON is UTF-8"));
    // The canonical message of what was said: it says the same, and making it again gives the same bytes. Newer and
    // older roots are printed as they are and made as ours.
    let mut first = Room::of(1 << 15, 0x11);
    let made = match from_json(descriptor, text, first.bytes_mut()) {
        Ok(made) => made,
        // An older root need not have what ours must have.
        Err(fault) => {
            assert!([Rule::Absent, Rule::Tag].contains(&fault.rule), "{told}: {fault}: {text}");
            return true;
        }
    };
    let mut again = vec![0; 1 << 15];
    let size = to_json(descriptor, Bytes::of(&first.bytes()[..made]), Style::Compact, &mut again).expect(told);
    let mut second = Room::of(1 << 15, 0x22);
    let text = std::str::from_utf8(&again[..size]).expect("JSON is UTF-8");
    assert_eq!(from_json(descriptor, text, second.bytes_mut()), Ok(made), "{told}");
    assert!(first.bytes()[..made] == second.bytes()[..made], "{told}: {text}");
    true
}

/// Changes a few bytes or words of a message.
fn mutate(random: &mut Random, bytes: &mut [u8]) {
    for _ in 0..1 + random.below(3) {
        let at = random.below(bytes.len() as u64) as usize;
        match random.below(5) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = random.next() as u8,
            2 => bytes[at] = 0,
            3 => {
                let at = at & !3;
                let value = random.below(2 * bytes.len() as u64) as u32;
                bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
            }
            _ => {
                let (from, at) = (random.below(bytes.len() as u64) as usize & !7, at & !7);
                let word: [u8; 8] = bytes[from..from + 8].try_into().unwrap_or_default();
                bytes[at..at + 8].copy_from_slice(&word);
            }
        }
    }
}

#[test]
fn mutated_messages_are_refused_or_say_something() {
    let words = Land::new().words("Scan");
    let descriptor = Descriptor::new(&words).expect("a descriptor");
    let mut accepted = 0u32;
    for seed in 0..60_000 {
        let mut random = Random::new(seed);
        let mut message = Room::message(&descriptor, &random.scan());
        while !message.bytes().len().is_multiple_of(8) {
            message = Room::message(&descriptor, &random.scan());
        }
        mutate(&mut random, message.bytes_mut());
        accepted += u32::from(try_all(&descriptor, message.bytes(), &format!("seed {seed}")));
    }
    assert!((10_000..55_000).contains(&accepted), "{accepted} of 60,000 were accepted");
}

#[test]
fn random_bytes_are_refused_or_say_something() {
    let land = Land::new();
    let kinds: Vec<_> = ["Scan", "Flat"].iter().map(|message| land.words(message)).collect();
    for seed in 0..40_000 {
        let mut random = Random::new(seed);
        let descriptor = Descriptor::new(&kinds[(seed % 2) as usize]).expect("a descriptor");
        let mut message = Room::of(8 * random.below(40) as usize, 0);
        let size = message.bytes().len() as u64;
        message.bytes_mut().iter_mut().for_each(|byte| {
            *byte = [0, 1, random.next() as u8, random.below(size) as u8][random.below(4) as usize];
        });
        if size >= 16 {
            let head = [size as u32, random.below(size) as u32].map(u32::to_le_bytes).concat();
            message.bytes_mut()[8..16].copy_from_slice(&head);
            message.bytes_mut()[..8].copy_from_slice(&descriptor.layout_id().to_le_bytes());
        }
        try_all(&descriptor, message.bytes(), &format!("seed {seed}"));
    }
}

#[test]
fn a_damaged_descriptor_leads_nowhere() {
    let words = Land::new().words("Scan");
    let good = Descriptor::new(&words).expect("a descriptor");
    for seed in 0..150 {
        let mut random = Random::new(seed);
        let written = random.scan();
        let message = Room::message(&good, &written);
        let mut words = words.clone();
        for _ in 0..1 + random.below(4) {
            let at = 5 + random.below(words.len() as u64 - 5) as usize;
            words[at] = match random.below(3) {
                0 => random.next() as u32,
                1 => random.below(words.len() as u64) as u32,
                _ => words[at] ^ 1 << random.below(32),
            };
        }
        let Ok(descriptor) = Descriptor::new(&words) else { continue };
        let _ = verify(&descriptor, Bytes::of(message.bytes()));
        let mut room = Room::of(1 << 12, 0);
        let _ = to_json(&descriptor, Bytes::of(message.bytes()), Style::Pretty, room.bytes_mut());
        // What is large by its own account is measured, and the room is what it is.
        let _ = from_json(&descriptor, &written, room.bytes_mut());
    }
}

#[test]
fn a_snapshot_holds_whatever_its_writer_does() {
    let words = Land::new().words("Scan");
    let descriptor = Descriptor::new(&words).expect("a descriptor");
    let shared: Vec<AtomicU64> = (0..512).map(|_| AtomicU64::new(0)).collect();
    let stop = AtomicBool::new(false);
    let (mut good, mut bad) = (0u32, 0u32);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut random = Random::new(1);
            while !stop.load(Ordering::Relaxed) {
                let mut message = Room::message(&descriptor, &random.scan());
                if random.below(4) == 0 {
                    let size = message.bytes().len() & !7;
                    mutate(&mut random, &mut message.bytes_mut()[..size]);
                }
                let words = message.bytes().chunks(8).map(|chunk| {
                    let mut word = [0; 8];
                    word[..chunk.len()].copy_from_slice(chunk);
                    u64::from_le_bytes(word)
                });
                shared.iter().zip(words).for_each(|(to, word)| to.store(word, Ordering::Relaxed));
            }
        });
        let end = std::time::Instant::now() + std::time::Duration::from_millis(700);
        while std::time::Instant::now() < end {
            // SAFETY: the vector lives longer, and its words are read as words.
            let bytes = unsafe { Bytes::new(shared.as_ptr().cast(), 8 * shared.len()) };
            let mut room = Room::of(8 * shared.len(), 0);
            let _ = verify(&descriptor, bytes);
            match snapshot(&descriptor, bytes, room.bytes_mut()) {
                Ok(size) => {
                    let text = &mut vec![0; 1 << 16];
                    let copy = Bytes::of(&room.bytes()[..size as usize]);
                    to_json(&descriptor, copy, Style::Compact, text).expect("what was verified stays so");
                    good += 1;
                }
                Err(_) => bad += 1,
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(good + bad > 100, "{good} good, {bad} bad");
}

#[test]
fn a_key_has_a_value_while_a_writer_takes_the_reference_away() {
    let words = Land::new().words("Scan");
    let descriptor = Descriptor::new(&words).expect("a descriptor");
    let written = |meta: &str| format!("{{{meta}\"pair\":[{{}},{{}}],\"choice\":{{\"Left\":{{}}}}}}");
    let (with, without) = (written("\"meta\":{},"), written(""));
    let (with, without) = (Room::message(&descriptor, &with), Room::message(&descriptor, &without));
    let words_of = |room: &Room| -> Vec<u64> {
        room.bytes().chunks_exact(8).map(|chunk| u64::from_le_bytes(chunk.try_into().unwrap_or_default())).collect()
    };
    let (with, without) = (words_of(&with), words_of(&without));
    // The one word of the root in which the reference stands.
    let word = (2..with.len().min(without.len()))
        .find(|at| with[*at] != without[*at] && without[*at] as u32 == 0)
        .expect("a reference");
    let shared: Vec<AtomicU64> = with.iter().map(|word| AtomicU64::new(*word)).collect();
    let stop = AtomicBool::new(false);
    let mut seen = [0u32; 2];
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                shared[word].store(without[word], Ordering::Relaxed);
                shared[word].store(with[word], Ordering::Relaxed);
            }
        });
        let end = std::time::Instant::now() + std::time::Duration::from_millis(300);
        let mut room = vec![0; 1 << 12];
        while std::time::Instant::now() < end {
            // SAFETY: the vector lives longer, and its words are read as words.
            let bytes = unsafe { Bytes::new(shared.as_ptr().cast(), 8 * shared.len()) };
            let size = to_json(&descriptor, bytes, Style::Compact, &mut room).expect("a message either way");
            let text = std::str::from_utf8(&room[..size]).expect("JSON is UTF-8");
            assert!(!text.contains(":,") && !text.contains(":}"), "{text}");
            seen[usize::from(text.contains("\"meta\":{"))] += 1;
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(seen[0] + seen[1] > 100, "{seen:?}");
}
