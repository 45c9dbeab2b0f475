//! The text of a type: read and written in one place.
//!
//! ```text
//! type   := scalar | NAME | [type; N] | VSlice<elem> | VSlice<elem, N> | VStr | VStr<N> | VRef<NAME>
//! scalar := u8 u16 u32 u64 i8 i16 i32 i64 f32 f64 bool
//! ```
//! Whether a NAME exists is the loader's question. Types of other languages that live on a heap are read as
//! [`Type::Heap`], so that a pass can say what to use instead.

use std::fmt::{Display, Formatter};

use crate::model::Type;
use crate::vocabulary::Scalar;

/// Depth of a type; nobody has needed more than four.
const MAX_DEPTH: u32 = 16;

/// Words of the type language that are no scalars; definitions may not take them.
pub const WORDS: &[&str] = &["VSlice", "VStr", "VRef"];

/// Heap types by their bare names; they mean this only where no definition has the name.
pub const HEAP_NAMES: &[&str] =
    &["String", "str", "string", "Vec", "vector", "Box", "Rc", "Arc", "Option", "HashMap", "BTreeMap", "map", "list"];

/// A text that is no type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeError {
    /// Where in the text, in characters from 0.
    pub at: u32,
    /// What is wrong there.
    pub message: String,
}

impl Display for TypeError {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for TypeError {}

/// True for `[A-Za-z][A-Za-z0-9_]*`.
pub fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|next| next.is_ascii_alphanumeric() || next == '_')
}

/// True for names joined by dots, one name included.
pub fn is_path(text: &str) -> bool {
    text.split('.').all(is_name)
}

/// True for the words of the type language, which no definition may take.
pub fn is_reserved(name: &str) -> bool {
    Scalar::from_word(name).is_some() || WORDS.contains(&name)
}

/// Reads the text of a type.
pub fn parse(text: &str) -> Result<Type, TypeError> {
    let mut parser = Parser { text, at: 0 };
    if let Some(heap) = heap(text.trim()) {
        return Ok(Type::Heap(heap.to_owned()));
    }
    let ty = parser.ty(0)?;
    parser.blank();
    match parser.peek() {
        None => Ok(ty),
        Some(_) => parser.fail("nothing may follow a type"),
    }
}

/// Types of C, C++ and Rust that point somewhere else.
fn heap(text: &str) -> Option<&str> {
    let generic = text.split_once('<').is_some_and(|(name, _)| {
        let name = name.trim().rsplit("::").next().unwrap_or("");
        HEAP_NAMES.contains(&name)
            || ["unordered_map", "unique_ptr", "shared_ptr", "HashSet", "BTreeSet"].contains(&name)
    });
    let scoped = text.contains("::") && text.chars().all(|c| c.is_ascii_alphanumeric() || "_:<>, ".contains(c));
    let pointer = text.starts_with(['*', '&']) || text.ends_with(['*', '&']);
    (generic || scoped || pointer).then_some(text)
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Parser<'t> {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    fn blank(&mut self) {
        while self.peek() == Some(' ') {
            self.at += 1;
        }
    }

    fn fail<T>(&self, message: impl Into<String>) -> Result<T, TypeError> {
        let at = self.text.get(..self.at).map_or(0, |before| before.chars().count()) as u32;
        Err(TypeError { at, message: message.into() })
    }

    fn expect(&mut self, wanted: char) -> Result<(), TypeError> {
        self.blank();
        match self.peek() {
            Some(found) if found == wanted => {
                self.at += found.len_utf8();
                Ok(())
            }
            Some(found) => self.fail(format!("expected `{wanted}` in a type, found `{found}`")),
            None => self.fail(format!("expected `{wanted}` at the end of a type")),
        }
    }

    fn takes(&mut self, wanted: char) -> bool {
        self.blank();
        let found = self.peek() == Some(wanted);
        self.at += if found { wanted.len_utf8() } else { 0 };
        found
    }

    fn word(&mut self) -> Result<&'t str, TypeError> {
        self.blank();
        let rest = self.text.get(self.at..).unwrap_or("");
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.').unwrap_or(rest.len());
        let word = &rest[..end];
        if !is_path(word) {
            return self.fail("expected a type");
        }
        self.at += end;
        Ok(word)
    }

    fn count(&mut self) -> Result<u32, TypeError> {
        self.blank();
        let rest = self.text.get(self.at..).unwrap_or("");
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        if end == 0 {
            return self.fail("expected a number of elements");
        }
        match rest[..end].parse() {
            Ok(count) => {
                self.at += end;
                Ok(count)
            }
            Err(_) => self.fail(format!("{} elements are more than any array can have", &rest[..end])),
        }
    }

    fn ty(&mut self, depth: u32) -> Result<Type, TypeError> {
        if depth > MAX_DEPTH {
            return self.fail("the type is nested too deeply");
        }
        if self.takes('[') {
            return self.array(depth);
        }
        let word = self.word()?;
        match word {
            "VSlice" => self.slice(depth),
            "VStr" => self.str(),
            "VRef" => {
                self.expect('<')?;
                let name = self.word()?;
                self.expect('>')?;
                Ok(Type::Ref(name.to_owned()))
            }
            _ => match Scalar::from_word(word) {
                Some(scalar) => Ok(Type::Scalar(scalar)),
                None => Ok(Type::Named(word.to_owned())),
            },
        }
    }

    fn array(&mut self, depth: u32) -> Result<Type, TypeError> {
        let rest = self.text.get(self.at..).unwrap_or("");
        let element = match rest.split_once(';').and_then(|(element, _)| Some((element.len(), heap(element.trim())?))) {
            Some((length, heap)) => {
                self.at += length;
                Type::Heap(heap.to_owned())
            }
            None => self.ty(depth + 1)?,
        };
        self.expect(';')?;
        let count = self.count()?;
        self.expect(']')?;
        Ok(Type::Array(Box::new(element), count))
    }

    fn slice(&mut self, depth: u32) -> Result<Type, TypeError> {
        self.expect('<')?;
        let element = self.ty(depth + 1)?;
        if !matches!(element, Type::Scalar(_) | Type::Named(_) | Type::Str(_)) {
            return self.fail("an element of a VSlice is a scalar, a name or a VStr");
        }
        let bound = if self.takes(',') { Some(self.count()?) } else { None };
        self.expect('>')?;
        Ok(Type::Slice(Box::new(element), bound))
    }

    fn str(&mut self) -> Result<Type, TypeError> {
        if !self.takes('<') {
            return Ok(Type::Str(None));
        }
        let bound = self.count()?;
        self.expect('>')?;
        Ok(Type::Str(Some(bound)))
    }
}

impl Display for Type {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Type::Scalar(scalar) => write!(f, "{scalar}"),
            Type::Named(name) | Type::Heap(name) => f.write_str(name),
            Type::Array(element, count) => write!(f, "[{element}; {count}]"),
            Type::Slice(element, None) => write!(f, "VSlice<{element}>"),
            Type::Slice(element, Some(bound)) => write!(f, "VSlice<{element}, {bound}>"),
            Type::Str(None) => f.write_str("VStr"),
            Type::Str(Some(bound)) => write!(f, "VStr<{bound}>"),
            Type::Ref(name) => write!(f, "VRef<{name}>"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Type, parse};

    #[test]
    fn every_form_is_read_and_printed_as_written() {
        let forms = [
            "u8",
            "bool",
            "Risk",
            "geo.Point",
            "[u8; 16]",
            "[[f32; 3]; 4]",
            "VSlice<Point>",
            "VSlice<u8, 9>",
            "VStr",
            "VStr<16>",
            "VSlice<VStr>",
            "VSlice<VStr<4>, 2>",
            "VRef<Meta>",
            "[VRef<Meta>; 2]",
        ];
        for form in forms {
            assert_eq!(parse(form).map(|ty| ty.to_string()), Ok(form.to_owned()));
        }
        assert_eq!(parse(" [ u8 ;16 ] ").map(|ty| ty.to_string()), Ok("[u8; 16]".to_owned()));
    }

    #[test]
    fn types_that_live_on_a_heap_are_read_as_such() {
        let heap = ["Vec<u8>", "Option<u32>", "HashMap<String, u8>", "std::string", "const char *", "&str", "char*"];
        for form in heap {
            assert_eq!(parse(form), Ok(Type::Heap(form.to_owned())), "{form}");
        }
        assert_eq!(parse("[Vec<u8>; 4]"), Ok(Type::Array(Box::new(Type::Heap("Vec<u8>".to_owned())), 4)));
    }

    #[test]
    fn a_text_that_is_no_type_says_where() {
        for (text, at) in [("", 0), ("[u8; ]", 5), ("[u8 16]", 4), ("[u8; 16", 7), ("u8 u8", 3), ("VRef<>", 5)] {
            assert_eq!(parse(text).map_err(|error| error.at), Err(at), "{text}");
        }
        for text in ["[u8; 4294967296]", "VSlice<[u8; 2]>", "9x", "a..b", "u8]", &"[".repeat(10_000)] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
