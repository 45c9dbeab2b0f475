//! What two messages of a kind say differently, field by field. For tools: unlike everything else here it takes memory, and
//! libvil.so has none of it.

use std::fmt::{self, Display};

use vil_ir::keyed::Keyed;
use vil_ir::vocabulary::Scalar;

use crate::bytes::Bytes;
use crate::descriptor::Descriptor;
use crate::fault::Fault;
use crate::print::{escape, value_text};
use crate::walk::{Visitor, walk};

/// One place at which two messages differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The field, such as `points[3].label`.
    pub path: String,
    /// What the first message says there, as JSON; nothing where it is absent.
    pub left: Option<String>,
    /// What the second one says.
    pub right: Option<String>,
}

impl Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "nothing".to_owned());
        write!(f, "{}: {} -> {}", self.path, side(&self.left), side(&self.right))
    }
}

/// Everything that two messages say differently, in the order of the first one, then what only the second one has. Where
/// they lie in memory does not matter.
pub fn diff(descriptor: &Descriptor<'_>, left: Bytes<'_>, right: Bytes<'_>) -> Result<Vec<Difference>, Fault> {
    let (mut first, mut second) = (Leaves::default(), Leaves::default());
    walk(descriptor, left, &mut first)?;
    walk(descriptor, right, &mut second)?;
    let said: Keyed<&str, &str> = second.found.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let known: Keyed<&str, ()> = first.found.iter().map(|(path, _)| (path.as_str(), ())).collect();
    let changed = first.found.iter().filter_map(|(path, text)| {
        let right = said.get(path.as_str()).map(|right| (*right).to_owned());
        let differs = right.as_deref() != Some(text.as_str());
        differs.then(|| Difference { path: path.clone(), left: Some(text.clone()), right })
    });
    let added = second.found.iter().filter(|(path, _)| !known.contains_key(path.as_str()));
    let added = added.map(|(path, text)| Difference { path: path.clone(), left: None, right: Some(text.clone()) });
    Ok(changed.chain(added).collect())
}

/// Values by their paths, in the order of the message.
#[derive(Default)]
struct Leaves {
    found: Vec<(String, String)>,
    levels: Vec<Level>,
    /// The text that is being shown, as JSON.
    text: String,
}

enum Level {
    Field(String),
    Element(u32),
    Arm(String),
}

impl Leaves {
    fn path(&self) -> String {
        let mut path = String::new();
        for level in &self.levels {
            match level {
                Level::Element(index) => path.push_str(&format!("[{}]", index.saturating_sub(1))),
                Level::Field(name) | Level::Arm(name) if name.is_empty() || path.is_empty() => path.push_str(name),
                Level::Field(name) | Level::Arm(name) => path.push_str(&format!(".{name}")),
            }
        }
        path
    }

    fn leaf(&mut self, text: String) {
        self.found.push((self.path(), text));
    }
}

impl Visitor for Leaves {
    fn struct_begins(&mut self) {
        if !self.levels.is_empty() {
            self.leaf("{}".to_owned());
        }
        self.levels.push(Level::Field(String::new()));
    }

    fn struct_ends(&mut self) {
        self.levels.pop();
    }

    fn list_begins(&mut self) {
        self.levels.push(Level::Element(0));
    }

    fn list_ends(&mut self) {
        self.levels.pop();
    }

    fn element(&mut self) {
        if let Some(Level::Element(next)) = self.levels.last_mut() {
            *next += 1;
        }
    }

    fn field(&mut self, name: &str) {
        if let Some(level) = self.levels.last_mut() {
            *level = Level::Field(name.to_owned());
        }
    }

    fn arm_begins(&mut self, name: &str) {
        self.levels.push(Level::Arm(name.to_owned()));
    }

    fn arm_ends(&mut self) {
        self.levels.pop();
    }

    fn unknown_arm(&mut self, tag: u64) {
        self.leaf(format!("{{\"#{tag}\":{{}}}}"));
    }

    fn scalar(&mut self, scalar: Scalar, bits: u64) {
        self.leaf(value_text(scalar, bits));
    }

    fn enumeration(&mut self, name: Option<&str>, storage: Scalar, bits: u64) {
        self.leaf(name.map_or_else(|| value_text(storage, bits), |name| format!("\"{name}\"")));
    }

    fn text_begins(&mut self) {
        self.text = "\"".to_owned();
    }

    fn text(&mut self, part: &str) {
        _ = escape(part, &mut self.text);
    }

    fn text_ends(&mut self) {
        let text = std::mem::take(&mut self.text);
        self.leaf(text + "\"");
    }
}
