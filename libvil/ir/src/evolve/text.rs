//! A layout text as types and members. The text may be a stranger's: what is not written as `fingerprint` writes it is an
//! error that quotes the line.

use crate::model::Named;

/// Types of a text at most; a text of a real program has far fewer.
const MAX_TYPES: usize = 4096;

/// A layout text.
pub(super) struct Text<'a> {
    /// The message first, then what it uses.
    pub(super) types: Vec<Type<'a>>,
    index: Named<usize>,
}

/// One type.
pub(super) struct Type<'a> {
    /// `struct`, `relative`, `union`, `relative union`, `enum`, and whatever comes later.
    pub(super) form: &'a str,
    /// Full name.
    pub(super) name: &'a str,
    /// What the line says behind the name.
    pub(super) about: &'a str,
    /// Members of a struct.
    pub(super) members: Vec<Member<'a>>,
    /// Arms of a union.
    pub(super) arms: Vec<Arm<'a>>,
}

/// One arm of a union.
pub(super) struct Arm<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// The number in the tag.
    pub(super) tag: &'a str,
    /// Size and alignment.
    pub(super) about: &'a str,
    /// Its members.
    pub(super) members: Vec<Member<'a>>,
}

/// One member; a presence byte has neither id nor type.
#[derive(PartialEq, Eq)]
pub(super) struct Member<'a> {
    /// Bytes from the start of the struct or arm.
    pub(super) offset: u64,
    /// The field's id.
    pub(super) id: &'a str,
    /// The field's name.
    pub(super) name: &'a str,
    /// The field's type.
    pub(super) ty: &'a str,
}

impl Member<'_> {
    /// Is it the byte that says whether an optional field is there?
    pub(super) fn is_presence(&self) -> bool {
        self.ty.is_empty()
    }

    /// The names in its type.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        self.ty.split(move |c| !is_name(c)).filter(|name| !name.is_empty())
    }
}

impl<'a> Text<'a> {
    /// Reads a text; the error is what is wrong with it.
    pub(super) fn read(text: &'a str) -> Result<Text<'a>, String> {
        let quoted = |line: &str| format!("`{}`", line.trim().chars().take(60).collect::<String>());
        let mut lines = text.lines();
        match lines.next() {
            Some("vil-layout 1") => {}
            first => return Err(format!("its first line is {}", quoted(first.unwrap_or("")))),
        }
        let mut read = Text { types: Vec::new(), index: Named::new() };
        for line in lines {
            read.line(line).ok_or_else(|| format!("it says {}", quoted(line)))?;
        }
        if read.types.is_empty() { Err("it describes no message".to_owned()) } else { Ok(read) }
    }

    /// The type of a name.
    pub(super) fn find(&self, name: &str) -> Option<&Type<'a>> {
        self.types.get(*self.index.get(name)?)
    }

    /// The message itself. There is one, or there is no text.
    pub(super) fn root(&self) -> &Type<'a> {
        &self.types[0]
    }

    fn line(&mut self, line: &'a str) -> Option<()> {
        let inner = line.trim_start();
        if inner.len() == line.len() {
            return self.begin(line);
        }
        let of = self.types.last_mut()?;
        if let Some(arm) = inner.strip_prefix("arm ") {
            let (name, rest) = arm.split_once(" = ")?;
            let (tag, about) = rest.split_once(": ")?;
            of.arms.push(Arm { name, tag, about, members: Vec::new() });
            return Some(());
        }
        let members = of.arms.last_mut().map_or(&mut of.members, |arm| &mut arm.members);
        members.push(member(inner)?);
        Some(())
    }

    fn begin(&mut self, line: &'a str) -> Option<()> {
        let (head, about) = line.split_once(": ")?;
        let (form, name) = head.rsplit_once(' ')?;
        if self.types.len() == MAX_TYPES || self.index.insert(name.to_owned(), self.types.len()).is_some() {
            return None;
        }
        self.types.push(Type { form, name, about, members: Vec::new(), arms: Vec::new() });
        Some(())
    }
}

fn member(line: &str) -> Option<Member<'_>> {
    let (offset, rest) = line.strip_prefix('@')?.split_once(' ')?;
    let offset = offset.parse().ok()?;
    if let Some(name) = rest.strip_prefix("has ") {
        return Some(Member { offset, id: "", name, ty: "" });
    }
    let (id, rest) = rest.strip_prefix('#')?.split_once(' ')?;
    let (name, ty) = rest.split_once(": ").filter(|(_, ty)| !ty.is_empty())?;
    Some(Member { offset, id, name, ty })
}
