//! One line of input becomes a record, or is malformed. The rules are the pipeline's, word for word; the JSON grammar
//! is serde_json's, which is strict, keeps no tree, and skips ignored values of any depth without recursion.
//! Never sees line ends, never allocates for a line without escapes, never says why a line is malformed.
//!
//! Three choices where the grammar leaves room: `-0` is no integer, so it is malformed as `id` and `kol`, while it is
//! a finite number and thus an amount; a lone surrogate has no UTF-8, so it is malformed in `branch`, while the
//! grammar allows it in keys and values that are ignored; a line is valid only if all of it is, the ignored parts too.
//!
//! Other crates were tried: simd-json refuses 1e400 in an ignored value, sonic-rs recurses on nested ones until the
//! stack ends, jiter refuses depth over 200, numbers over 4,300 digits and lone surrogates. None was faster here.

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Most bytes of a branch.
pub const BRANCH_SIZE: usize = 16;

/// A good line.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Record {
    /// The bank's number of the loan.
    pub id: u64,
    /// Outstanding amount; finite, may be negative.
    pub amount: f64,
    /// Collectability, 1 to 5.
    pub kol: u8,
    /// UTF-8 without a NUL, zero padded.
    pub branch: [u8; BRANCH_SIZE],
}

/// Reads one line without its end. `None`: malformed.
pub fn parse(line: &[u8]) -> Option<Record> {
    let text = std::str::from_utf8(line).ok()?;
    let mut object = Object::default();
    let mut json = serde_json::Deserializer::from_str(text);
    json.deserialize_map(&mut object).ok()?;
    json.end().ok()?;
    // An escaped key was read as bytes, which lets a bare control character pass; the grammar check does not.
    if object.escaped_key && serde_json::from_str::<IgnoredAny>(text).is_err() {
        return None;
    }
    (object.seen == Key::ALL_SEEN).then_some(object.record)
}

/// What has been read of an object.
#[derive(Default)]
struct Object {
    record: Record,
    /// One bit per key of the four.
    seen: u8,
    escaped_key: bool,
}

impl<'de> Visitor<'de> for &mut Object {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key_seed(KeySeed(&mut self.escaped_key))? {
            if self.seen & key.bit() != 0 {
                return Err(de::Error::custom("a key twice"));
            }
            self.seen |= key.bit();
            match key {
                Key::Id => self.record.id = map.next_value()?,
                Key::Amount => self.record.amount = amount(map.next_value()?)?,
                Key::Kol => self.record.kol = kol(map.next_value()?)?,
                Key::Branch => self.record.branch = map.next_value_seed(BranchSeed)?,
                Key::Other => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// The raw text is read by the standard library: always rounded correctly, however many digits there are.
fn amount<E: de::Error>(raw: &RawValue) -> Result<f64, E> {
    let number = raw.get().starts_with(|first: char| first == '-' || first.is_ascii_digit());
    match raw.get().parse::<f64>() {
        Ok(amount) if number && amount.is_finite() => Ok(amount),
        _ => Err(E::custom("not a finite number")),
    }
}

fn kol<E: de::Error>(kol: u8) -> Result<u8, E> {
    if (1..=5).contains(&kol) { Ok(kol) } else { Err(E::custom("kol out of range")) }
}

#[derive(Clone, Copy)]
enum Key {
    Id,
    Amount,
    Kol,
    Branch,
    Other,
}

impl Key {
    const ALL_SEEN: u8 = 0b1111;

    fn from_bytes(key: &[u8]) -> Key {
        match key {
            b"id" => Key::Id,
            b"amount" => Key::Amount,
            b"kol" => Key::Kol,
            b"branch" => Key::Branch,
            _ => Key::Other,
        }
    }

    /// Other keys have none: they may come as often as they like.
    fn bit(self) -> u8 {
        match self {
            Key::Other => 0,
            key => 1 << key as u8,
        }
    }
}

/// Reads keys as bytes, because a key with a lone surrogate is legal and is no `str`.
struct KeySeed<'a>(&'a mut bool);

impl<'de> DeserializeSeed<'de> for KeySeed<'_> {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, key: D) -> Result<Key, D::Error> {
        key.deserialize_bytes(self)
    }
}

impl<'de> Visitor<'de> for KeySeed<'_> {
    type Value = Key;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_bytes<E: de::Error>(self, key: &'de [u8]) -> Result<Key, E> {
        if key.iter().any(|byte| *byte < b' ') {
            return Err(E::custom("a control character in a key"));
        }
        Ok(Key::from_bytes(key))
    }

    fn visit_bytes<E: de::Error>(self, key: &[u8]) -> Result<Key, E> {
        *self.0 = true;
        Ok(Key::from_bytes(key))
    }
}

struct BranchSeed;

impl<'de> DeserializeSeed<'de> for BranchSeed {
    type Value = [u8; BRANCH_SIZE];

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<Self::Value, D::Error> {
        value.deserialize_str(self)
    }
}

impl Visitor<'_> for BranchSeed {
    type Value = [u8; BRANCH_SIZE];

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a branch of at most 16 bytes without a NUL")
    }

    fn visit_str<E: de::Error>(self, branch: &str) -> Result<Self::Value, E> {
        let mut padded = [0; BRANCH_SIZE];
        match padded.get_mut(..branch.len()) {
            Some(start) if !branch.contains('\0') => start.copy_from_slice(branch.as_bytes()),
            _ => return Err(E::custom("a branch too long or with a NUL")),
        }
        Ok(padded)
    }
}
