//! Why two layouts differ, in one sentence that names message, field and both offsets.
//!
//! Works on layout texts alone (see `fingerprint::layout_text`), because that is what a world keeps. The texts may come
//! from a stranger: anything unreadable is compared line by line, nothing panics, and the work is bounded by the texts.

/// Types that are compared at most; a text of a real program has far fewer.
const MAX_TYPES: usize = 4096;

/// The first difference between two layouts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The message both texts describe, as the world names it.
    pub message: String,
    /// The field that differs; `None` when the difference is in a type as a whole.
    pub field: Option<String>,
    /// Its offset in the world's layout, in bytes from the start of the type that declares it.
    pub theirs: Option<u64>,
    /// Its offset in the layout of this program.
    pub ours: Option<u64>,
    /// The whole sentence, starting with the message's name.
    pub sentence: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.sentence)
    }
}

/// Compares the world's layout text with the one of this program; `None` when they are equal.
pub fn explain(theirs: &str, ours: &str) -> Option<Difference> {
    if theirs == ours {
        return None;
    }
    let (world, here) = (types(theirs), types(ours));
    let message = world.first().or(here.first()).map_or("?", |found| found.name).to_owned();
    let found = compare(&world, &here).unwrap_or_else(|| lines(theirs, ours));
    let sentence = format!("message {message}: {}", found.text);
    Some(Difference { message, field: found.field, theirs: found.theirs, ours: found.ours, sentence })
}

/// A difference before the message's name is put in front of it.
struct Found {
    field: Option<String>,
    theirs: Option<u64>,
    ours: Option<u64>,
    text: String,
}

impl Found {
    fn whole(text: String) -> Found {
        Found { field: None, theirs: None, ours: None, text }
    }
}

/// One type of a layout text.
struct TypeText<'a> {
    kind: &'a str,
    name: &'a str,
    about: &'a str,
    members: Vec<MemberText<'a>>,
}

/// One member line; `arm` is empty outside unions.
#[derive(PartialEq)]
struct MemberText<'a> {
    arm: &'a str,
    offset: u64,
    id: &'a str,
    name: &'a str,
    ty: &'a str,
}

fn types(text: &str) -> Vec<TypeText<'_>> {
    let mut types: Vec<TypeText<'_>> = Vec::new();
    let mut arm = "";
    for line in text.lines().skip(1) {
        if let Some((kind, rest)) = kind(line) {
            let Some((name, about)) = rest.split_once(": ") else { continue };
            if types.len() == MAX_TYPES {
                break;
            }
            types.push(TypeText { kind, name, about, members: Vec::new() });
            arm = "";
            continue;
        }
        let Some(last) = types.last_mut() else { continue };
        let line = line.trim_start();
        if let Some(rest) = line.strip_prefix("arm ") {
            arm = rest.split_once(':').map_or(rest, |(arm, _)| arm);
        } else if let Some(member) = member(arm, line) {
            last.members.push(member);
        }
    }
    types
}

/// The words in front of a type's name; `None` on lines within a type.
fn kind(line: &str) -> Option<(&str, &str)> {
    let union = "relative union";
    let split = line.strip_prefix(union).and_then(|rest| Some((union, rest.strip_prefix(' ')?)));
    split.or_else(|| line.split_once(' ').filter(|(kind, _)| !kind.is_empty()))
}

fn member<'a>(arm: &'a str, line: &'a str) -> Option<MemberText<'a>> {
    let (offset, rest) = line.strip_prefix('@')?.split_once(' ')?;
    let offset = offset.parse().ok()?;
    if let Some(name) = rest.strip_prefix("has ") {
        return Some(MemberText { arm, offset, id: "", name, ty: "presence byte" });
    }
    let (id, rest) = rest.strip_prefix('#')?.split_once(' ')?;
    let (name, ty) = rest.split_once(": ")?;
    Some(MemberText { arm, offset, id, name, ty })
}

fn compare(world: &[TypeText<'_>], here: &[TypeText<'_>]) -> Option<Found> {
    let (root, mine) = (world.first()?, here.first()?);
    if root.name != mine.name {
        return Some(Found::whole(format!("the world carries it under this name, here it is `{}`", mine.name)));
    }
    // Members first, over all types: a moved field says more than the size that changed with it.
    let pairs = || world.iter().filter_map(|theirs| Some((theirs, here.iter().find(|ours| ours.name == theirs.name)?)));
    pairs()
        .find_map(|(theirs, ours)| members(root.name, theirs, ours))
        .or_else(|| pairs().find_map(|(theirs, ours)| heads(theirs, ours)))
}

fn heads(theirs: &TypeText<'_>, ours: &TypeText<'_>) -> Option<Found> {
    if (theirs.kind, theirs.about) == (ours.kind, ours.about) {
        return None;
    }
    let (name, there, here) = (theirs.name, theirs.about, ours.about);
    Some(Found::whole(format!("`{name}` is {} ({there}) in the world and {} ({here}) here", theirs.kind, ours.kind)))
}

fn members(root: &str, theirs: &TypeText<'_>, ours: &TypeText<'_>) -> Option<Found> {
    let place = |member: &MemberText<'_>| {
        let what = if member.ty == "presence byte" { "presence byte of field" } else { "field" };
        let arm = member.arm.split(' ').next().unwrap_or("");
        let owner = match (theirs.name == root, arm.is_empty()) {
            (true, true) => String::new(),
            (true, false) => format!(" of variant `{arm}`"),
            (false, true) => format!(" of `{}`", theirs.name),
            (false, false) => format!(" of variant `{arm}` of `{}`", theirs.name),
        };
        format!("{what} `{}`{owner}", member.name)
    };
    let same = |a: &MemberText<'_>, b: &MemberText<'_>| {
        (a.arm.split(' ').next(), a.name, a.id.is_empty()) == (b.arm.split(' ').next(), b.name, b.id.is_empty())
    };
    let mut gone = None;
    for there in &theirs.members {
        let Some(here) = ours.members.iter().find(|here| same(there, here)) else {
            gone = gone.or_else(|| Some(missing(&place(there), there, &ours.members)));
            continue;
        };
        if let Some(text) = member_text(&place(there), there, here) {
            let (theirs, ours) = (Some(there.offset), Some(here.offset));
            return Some(Found { field: Some(there.name.to_owned()), theirs, ours, text });
        }
    }
    gone.or_else(|| {
        let new = ours.members.iter().find(|here| !theirs.members.iter().any(|there| same(there, here)))?;
        let text = format!("{} is at offset {} here and does not exist in the world", place(new), new.offset);
        Some(Found { field: Some(new.name.to_owned()), theirs: None, ours: Some(new.offset), text })
    })
}

/// A field of the world that this program lacks; what stands at its offset here is named, it may be a renaming.
fn missing(place: &str, there: &MemberText<'_>, ours: &[MemberText<'_>]) -> Found {
    let offset = there.offset;
    let instead = ours.iter().find(|here| here.offset == offset && here.arm == there.arm && here.id == there.id);
    let (ours, text) = match instead {
        Some(here) => (
            Some(here.offset),
            format!("{place} is at offset {offset} in the world; at offset {} here is `{}`", here.offset, here.name),
        ),
        None => (None, format!("{place} is at offset {offset} in the world and does not exist here")),
    };
    Found { field: Some(there.name.to_owned()), theirs: Some(offset), ours, text }
}

fn member_text(place: &str, there: &MemberText<'_>, here: &MemberText<'_>) -> Option<String> {
    let (theirs, ours) = (there.offset, here.offset);
    if theirs != ours {
        return Some(format!("{place} is at offset {theirs} in the world and at offset {ours} here"));
    }
    let differs = |what: &str, a: &str, b: &str| {
        Some(format!("{place} {what} {a} in the world (offset {theirs}) and {b} here (offset {ours})"))
    };
    if there.ty != here.ty {
        return differs("has type", there.ty, here.ty);
    }
    if there.id != here.id {
        return differs("has id", there.id, here.id);
    }
    if there.arm != here.arm {
        return differs("stands in variant", there.arm, here.arm);
    }
    None
}

/// The first line that differs: for texts of another version and for nonsense.
fn lines(theirs: &str, ours: &str) -> Found {
    let (mut there, mut here) = (theirs.lines(), ours.lines());
    loop {
        match (there.next(), here.next()) {
            (None, None) => return Found::whole("the layout texts differ in their line ends".to_owned()),
            (a, b) if a == b => {}
            (a, b) => {
                let quote = |line: Option<&str>| line.map_or("nothing".to_owned(), |line| format!("`{}`", line.trim()));
                return Found::whole(format!("the world says {}, here it is {}", quote(a), quote(b)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::explain;

    const WORLD: &str =
        "vil-layout 1\nstruct Credit: size 24 align 8\n  @0 #1 line: u64\n  @8 #2 id: u64\n  @16 #3 amount: f64\n";

    #[test]
    fn equal_texts_need_no_explanation() {
        assert_eq!(explain(WORLD, WORLD), None);
    }

    #[test]
    fn two_swapped_fields_are_named_with_both_offsets() {
        let here =
            "vil-layout 1\nstruct Credit: size 24 align 8\n  @0 #1 line: u64\n  @8 #2 amount: f64\n  @16 #3 id: u64\n";
        let found = explain(WORLD, here).expect("they differ");
        assert_eq!(found.sentence, "message Credit: field `id` is at offset 8 in the world and at offset 16 here");
        assert_eq!((found.theirs, found.ours), (Some(8), Some(16)));
        assert_eq!(found.field.as_deref(), Some("id"));
    }

    #[test]
    fn another_type_a_missing_field_and_a_new_field_are_named() {
        let ty = explain(WORLD, &WORLD.replace("amount: f64", "amount: u64")).expect("they differ");
        assert_eq!(
            ty.sentence,
            "message Credit: field `amount` has type f64 in the world (offset 16) and u64 here (offset 16)"
        );
        let renamed = explain(WORLD, &WORLD.replace("amount", "sum")).expect("they differ");
        assert_eq!(
            renamed.sentence,
            "message Credit: field `amount` is at offset 16 in the world; at offset 16 here is `sum`"
        );
        let short = WORLD.replace("  @16 #3 amount: f64\n", "").replace("size 24", "size 16");
        let missing = explain(WORLD, &short).expect("they differ");
        assert_eq!(
            missing.sentence,
            "message Credit: field `amount` is at offset 16 in the world and does not exist here"
        );
        let new = explain(&short, WORLD).expect("they differ");
        assert_eq!(new.sentence, "message Credit: field `amount` is at offset 16 here and does not exist in the world");
    }

    #[test]
    fn a_field_of_a_nested_type_or_variant_names_its_owner() {
        let nested = "vil-layout 1\nstruct Scan: size 8 align 4\n  @0 #1 at: Point\nstruct Point: size 8 align 4\n  @0 #1 x: f32\n  @4 #2 y: f32\n";
        let swapped = nested.replace("@0 #1 x", "@4 #2 x").replace("@4 #2 y", "@0 #1 y");
        let found = explain(nested, &swapped).expect("they differ");
        assert_eq!(
            found.sentence,
            "message Scan: field `x` of `Point` is at offset 0 in the world and at offset 4 here"
        );
        let union = "vil-layout 1\nunion Fault: size 16 align 8 tag u32 arms @8\n  arm Io = 2: size 8 align 8\n    @0 #1 line: u64\n";
        let found = explain(union, &union.replace("u64", "i64")).expect("they differ");
        assert!(found.sentence.contains("field `line` of variant `Io` has type u64"), "{}", found.sentence);
        let tag = explain(union, &union.replace("= 2", "= 3")).expect("they differ");
        assert!(tag.sentence.contains("stands in variant Io = 2"), "{}", tag.sentence);
    }

    #[test]
    fn an_enum_that_is_stored_otherwise_is_named() {
        let world = "vil-layout 1\nstruct A: size 1 align 1\n  @0 #1 r: Risk as u8\nenum Risk: u8 open\n";
        let found = explain(world, &world.replace("u8 open", "u8")).expect("they differ");
        assert_eq!(found.sentence, "message A: `Risk` is enum (u8 open) in the world and enum (u8) here");
    }

    #[test]
    fn a_field_of_a_relative_message_and_a_change_of_its_profile_are_named() {
        let relative = "vil-layout 1\nrelative Scan: size 16 align 8\n  @0 #1 points: VSlice<Point>\n  @8 #2 label: VStr\nstruct Point: size 4 align 4\n  @0 #1 x: f32\n";
        let found = explain(relative, &relative.replace("label: VStr", "label: VStr<16>")).expect("they differ");
        assert_eq!(
            found.sentence,
            "message Scan: field `label` has type VStr in the world (offset 8) and VStr<16> here (offset 8)"
        );
        let found = explain(relative, &relative.replace("x: f32", "x: u32")).expect("they differ");
        assert!(found.sentence.starts_with("message Scan: field `x` of `Point` has type f32"), "{}", found.sentence);
        let flat = "vil-layout 1\nstruct A: size 1 align 1\n  @0 #1 a: u8\n";
        let found = explain(flat, &flat.replace("struct", "relative")).expect("they differ");
        assert_eq!(
            found.sentence,
            "message A: `A` is struct (size 1 align 1) in the world and relative (size 1 align 1) here"
        );
    }

    #[test]
    fn a_relative_union_and_an_external_message_are_called_by_their_names() {
        let union = "vil-layout 1\nrelative union Pick: size 16 align 8 tag u32 arms @8\n  arm A = 1: size 8 align 8\n    @0 #1 s: VStr\n";
        let found = explain(union, &union.replace("VStr", "u64")).expect("they differ");
        assert!(found.sentence.starts_with("message Pick: field `s` of variant `A`"), "{}", found.sentence);
        let odd = "vil-layout 1\nrelative union: size 1 align 1\n  @0 #1 a: u8\n";
        let found = explain(odd, &odd.replace("u8", "i8")).expect("they differ");
        assert!(found.sentence.starts_with("message union: field `a`"), "{}", found.sentence);
        let external = "vil-layout 1\nexternal Order: media application/json adapter json\n";
        let found = explain(external, &external.replace("adapter json", "adapter cbor")).expect("they differ");
        let adapter = "`Order` is external (media application/json adapter json) in the world";
        assert!(found.sentence.contains(adapter), "{}", found.sentence);
    }

    #[test]
    fn nonsense_is_answered_with_the_line_that_differs() {
        for (theirs, ours) in [("", WORLD), (WORLD, ""), ("\u{0}@ #\nstruct", "x"), ("vil-layout 2\n", WORLD)] {
            assert!(explain(theirs, ours).is_some());
        }
        let found = explain("vil-layout 2\nzzz\n", "vil-layout 1\nzzz\n").expect("they differ");
        assert!(found.sentence.contains("`vil-layout 2`"), "{}", found.sentence);
    }
}
