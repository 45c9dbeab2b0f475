//! A program whose messages hold one of everything, random messages of it, and memory that is aligned.

use std::fmt::Write;

use vil_ir::descriptor::encode;
use vil_ir::layout::{Layouts, lay_out};
use vil_ir::load::{self, Disk, Format};
use vil_ir::model::Program;
use vil_msg::{Descriptor, from_json};

/// A program and its layouts.
pub(crate) struct Land {
    pub(crate) program: Program,
    pub(crate) layouts: Layouts,
}

impl Land {
    /// The program of `land.yaml`.
    pub(crate) fn new() -> Land {
        Land::of(include_str!("land.yaml"))
    }

    /// A program as written.
    pub(crate) fn of(text: &str) -> Land {
        let read = load::from_text("land.yaml", text.to_owned(), Format::Yaml, &mut Disk);
        let (program, _) = read.unwrap_or_else(|faults| panic!("{}", faults.to_json()));
        let layouts = lay_out(&program).unwrap_or_else(|errors| panic!("{errors:?}"));
        Land { program, layouts }
    }

    /// The descriptor of one of its messages.
    pub(crate) fn words(&self, message: &str) -> Vec<u32> {
        encode(&self.program, &self.layouts, message)
    }
}

/// Bytes that begin at a multiple of 8.
#[derive(Clone)]
pub(crate) struct Room {
    words: Vec<u64>,
    size: usize,
}

impl Room {
    /// This many bytes, all the same.
    pub(crate) fn of(size: usize, byte: u8) -> Room {
        Room { words: vec![u64::from_ne_bytes([byte; 8]); size.div_ceil(8)], size }
    }

    /// A message made from JSON.
    pub(crate) fn message(descriptor: &Descriptor<'_>, text: &str) -> Room {
        let mut room = Room::of(1 << 14, 0xee);
        let size = from_json(descriptor, text, room.bytes_mut()).unwrap_or_else(|fault| panic!("{fault}: {text}"));
        room.size = size;
        room
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: a word is eight bytes, any of which may have any value.
        let (_, bytes, _) = unsafe { self.words.align_to::<u8>() };
        &bytes[..self.size]
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        let size = self.size;
        // SAFETY: a word is eight bytes, any of which may have any value.
        let (_, bytes, _) = unsafe { self.words.as_mut_slice().align_to_mut::<u8>() };
        &mut bytes[..size]
    }
}

/// Random numbers that a seed decides.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        (self.next() >> 11) % limit.max(1)
    }

    fn list(&mut self, most: u64, mut one: impl FnMut(&mut Random) -> String) -> String {
        let count = self.below(most + 1);
        let items: Vec<_> = (0..count).map(|_| one(self)).collect();
        format!("[{}]", items.join(","))
    }

    fn text(&mut self, most: u64) -> String {
        let count = self.below(most + 1);
        let parts = ["a", "é", "\\n", "\\\"", "\\\\", "語", "\\u0001", "z"];
        let mut size = 0;
        let mut text = String::new();
        for _ in 0..count {
            let part = parts[self.below(8) as usize];
            size += if part.starts_with('\\') { 1 } else { part.len() as u64 };
            if size <= most {
                text.push_str(part);
            }
        }
        format!("\"{text}\"")
    }

    fn float(&mut self) -> String {
        ["0.0", "-1.5", "1e16", "\"NaN\"", "\"-inf\"", "0.1"][self.below(6) as usize].to_owned()
    }

    fn point(&mut self) -> String {
        format!("{{\"x\":{},\"y\":{}}}", self.float(), self.float())
    }

    fn meta(&mut self, depth: u64) -> String {
        let mut text = format!("{{\"source\":{}", self.text(40));
        if depth > 0 && self.below(2) == 0 {
            let _ = write!(text, ",\"before\":{}", self.meta(depth - 1));
        }
        text + "}"
    }

    fn shape(&mut self) -> String {
        match self.below(3) {
            0 => format!("{{\"Circle\":{{\"radius\":{}}}}}", self.float()),
            1 => format!("{{\"Named\":{{\"name\":{},\"sure\":{}}}}}", self.text(8), self.below(2) == 0),
            _ => format!("{{\"#{}\":{{}}}}", 3 + self.below(250)),
        }
    }

    fn choice(&mut self) -> String {
        match self.below(2) {
            0 => "{\"Left\":{}}".to_owned(),
            _ => format!("{{\"Right\":{{\"at\":{}}}}}", self.point()),
        }
    }

    /// A Scan as `to_json` writes it.
    pub(crate) fn scan(&mut self) -> String {
        let mut text = format!("{{\"stamp\":{}", self.next() >> self.below(64));
        let _ = write!(text, ",\"points\":{}", self.list(9, Random::point));
        let _ = write!(text, ",\"label\":{}", self.text(16));
        if self.below(2) == 0 {
            let _ = write!(text, ",\"meta\":{}", self.meta(5));
        }
        let _ = write!(text, ",\"mode\":\"{}\"", ["on", "off"][self.below(2) as usize]);
        let _ =
            write!(text, ",\"risks\":{}", self.list(5, |r| ["\"ok\"", "\"npl\"", "77"][r.below(3) as usize].into()));
        let _ = write!(text, ",\"names\":{}", self.list(4, |r| r.text(300)));
        let _ = write!(text, ",\"shapes\":{}", self.list(4, Random::shape));
        if self.below(2) == 0 {
            let _ = write!(text, ",\"corner\":{}", self.point());
        }
        let _ = write!(text, ",\"matrix\":[[1,-1],[127,-128],[0,{}]]", self.below(9));
        let _ = write!(text, ",\"pair\":[{},{}]", self.point(), self.point());
        let _ = write!(text, ",\"choice\":{},\"flag\":{}}}", self.choice(), self.below(2) == 0);
        text
    }
}
