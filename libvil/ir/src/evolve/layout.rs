//! Two layout texts of one message. Everything is frozen, but for the end of a relative message's root and the arms of
//! open unions. What somebody changed is told before what moved because of it.

use std::fmt::Display;

use super::rules::{
    ADAPTER, ARM, CLOSED_ARM, ENUM, FIELD, FORM, FROZEN, GROWN, NAME, OPEN_ARM, READABLE, Rule, SIZE, UNION, WITHIN,
};
use super::text::{Arm, Member, Text, Type};
use super::{Finding, Verdict, all_of, mixed, neither};
use crate::model::Named;

/// What the two sides are called in sentences.
#[derive(Debug, Clone, Copy)]
pub struct Sides {
    /// Where the old one is.
    pub old: &'static str,
    /// Where the new one is.
    pub new: &'static str,
}

impl Sides {
    /// Two releases.
    pub const RELEASES: Sides = Sides { old: "in the old layout", new: "in the new one" };

    /// A world and a process that comes to it.
    pub const ATTACH: Sides = Sides { old: "in the world", new: "here" };
}

/// Is this the layout text of a message whose size is a bound and not a number: of a relative or an external one?
pub(super) fn is_bounded(text: &str) -> bool {
    let rest = text.strip_prefix("vil-layout 1\n").unwrap_or("");
    rest.starts_with("relative ") || rest.starts_with("external ")
}

/// Compares two layout texts of a message. Equal texts are equivalent whatever they say.
pub fn layouts(old: &str, new: &str, sides: Sides) -> (Verdict, Vec<Finding>) {
    if old == new {
        return (Verdict::Equivalent, Vec::new());
    }
    let mut found = Found { sides, findings: Vec::new(), effects: Vec::new(), breaks: 0 };
    match (Text::read(old), Text::read(new)) {
        (Ok(old), Ok(new)) => message(&old, &new, &mut found),
        (old, new) => {
            let sides = [(old.err(), sides.old), (new.err(), sides.new)];
            for (reason, side) in sides.into_iter().filter_map(|(reason, side)| Some((reason?, side))) {
                found.broken(&READABLE, "", &format_args!("the layout text {side} cannot be read: {reason}"));
            }
        }
    }
    found.findings.append(&mut found.effects);
    // Texts that differ and of which nothing is found are written in a way that no generator writes.
    if found.findings.is_empty() {
        found.broken(&READABLE, "", &"the texts differ in a way that says nothing");
    }
    if mixed(found.findings.iter()) && !found.findings.iter().any(|one| one.verdict == Verdict::Incompatible) {
        found.findings.push(neither(""));
    }
    (all_of(found.findings.iter().map(|finding| finding.verdict)), found.findings)
}

struct Found {
    sides: Sides,
    findings: Vec<Finding>,
    /// What other findings bring about: offsets, positions and sizes.
    effects: Vec<Finding>,
    /// How many of all of them are incompatible. Counted as they are found: a text may have as many unions as findings.
    breaks: usize,
}

impl Found {
    fn add(&mut self, rule: &'static Rule, verdict: Verdict, path: &str, sentence: &dyn Display) {
        self.findings.push(Finding { rule, verdict, path: path.to_owned(), sentence: sentence.to_string() });
        self.breaks += usize::from(verdict == Verdict::Incompatible);
    }

    fn broken(&mut self, rule: &'static Rule, path: &str, sentence: &dyn Display) {
        self.add(rule, Verdict::Incompatible, path, sentence);
    }

    /// Something that is said in two ways and has to be said in one.
    fn differs(&mut self, rule: &'static Rule, path: &str, what: &dyn Display, old: &dyn Display, new: &dyn Display) {
        let Sides { old: there, new: here } = self.sides;
        self.broken(rule, path, &format_args!("{what} {old} {there} and {new} {here}"));
    }

    /// A number that follows from something else that differs, if anything else does.
    fn follows(&mut self, rule: &'static Rule, path: &str, what: &dyn Display, old: &dyn Display, new: &dyn Display) {
        self.differs(rule, path, what, old, new);
        self.effects.extend(self.findings.pop());
    }

    fn count(&self) -> usize {
        self.findings.len() + self.effects.len()
    }

    /// Something that only one side has.
    fn only(&mut self, rule: &'static Rule, verdict: Verdict, path: &str, what: &dyn Display, in_old: bool) {
        let Sides { old, new } = self.sides;
        let (there, not) = if in_old { (old, new) } else { (new, old) };
        self.add(rule, verdict, path, &format_args!("{what} stands {there} and not {not}"));
    }
}

fn message(old: &Text<'_>, new: &Text<'_>, found: &mut Found) {
    let (root, other) = (old.root(), new.root());
    if root.name != other.name {
        let path = format!("/{}", root.name);
        return found.differs(&NAME, &path, &"it is called", &tick(root.name), &tick(other.name));
    }
    // A field's type names how its enum is stored, so the enum comes first.
    let (enums, others): (Vec<_>, Vec<_>) = old.types.iter().partition(|ty| ty.form == "enum");
    for theirs in enums.into_iter().chain(others) {
        let Some(ours) = new.find(theirs.name) else { continue };
        let path = format!("/{}", theirs.name);
        if theirs.form != ours.form {
            let what = format!("`{}` is a", theirs.name);
            found.differs(&FORM, &path, &what, &theirs.form, &ours.form);
        } else if theirs.form.ends_with("union") {
            union(&path, theirs, ours, found);
        } else if theirs.form == "relative" && theirs.name == root.name {
            grown(&path, (old, theirs), (new, ours), found);
        } else {
            frozen(&path, theirs, ours, found);
        }
    }
    described(old, new, found);
}

/// The root of a relative message: the members of one side are the first ones of the other.
fn grown(path: &str, (old, theirs): (&Text<'_>, &Type<'_>), (new, ours): (&Text<'_>, &Type<'_>), found: &mut Found) {
    let shared = theirs.members.len().min(ours.members.len());
    let both = || theirs.members.iter().zip(&ours.members);
    if theirs.members.len() == ours.members.len() || both().any(|(theirs, ours)| key(theirs) != key(ours)) {
        return frozen(path, theirs, ours, found);
    }
    // A presence byte at the end of what both have is a field that became optional, not one that came.
    if theirs.members.get(shared).or(ours.members.get(shared)).is_some_and(Member::is_presence) {
        return frozen(path, theirs, ours, found);
    }
    both().for_each(|(theirs, ours)| member(path, theirs, ours, found));
    let is_newer = ours.members.len() > shared;
    let (long, short, verdict) = if is_newer { (ours, theirs, Verdict::Newer) } else { (theirs, ours, Verdict::Older) };
    let from = shared.saturating_sub(1);
    // What moved in front of it moved it as well.
    let has_moved = theirs.members[..shared] != ours.members[..shared];
    let is_behind = has_moved || long.members[from..].windows(2).all(|pair| pair[0].offset < pair[1].offset);
    if !is_behind || !has_moved && size(long) < size(short) {
        return found.broken(&READABLE, path, &format_args!("`{}` grows into what it had", theirs.name));
    }
    if stands_within(old) || stands_within(new) {
        let what = format!("`{}` stands within itself, and a field more", theirs.name);
        return found.only(&WITHIN, Verdict::Incompatible, path, &what, !is_newer);
    }
    for member in long.members[shared..].iter().filter(|member| !member.is_presence()) {
        let what = format!("field `{}` at the end of the root, at offset {},", member.name, member.offset);
        found.only(&GROWN, verdict, &format!("{path}/{}", member.name), &what, !is_newer);
    }
}

fn size(ty: &Type<'_>) -> Option<u64> {
    ty.about.strip_prefix("size ")?.split(' ').next()?.parse().ok()
}

/// Does a message refer to its own root, or hold it?
fn stands_within(text: &Text<'_>) -> bool {
    let root = text.root().name;
    text.types.iter().flat_map(all_members).any(|member| member.names().any(|name| name == root))
}

fn all_members<'t>(ty: &'t Type<'_>) -> impl Iterator<Item = &'t Member<'t>> {
    ty.members.iter().chain(ty.arms.iter().flat_map(|arm| &arm.members))
}

/// A struct, an enum, or the one line of an external message.
fn frozen(path: &str, old: &Type<'_>, new: &Type<'_>, found: &mut Found) {
    let before = found.count();
    members(path, &old.members, &new.members, found);
    if old.about == new.about || found.count() > before {
        return;
    }
    let what = format_args!("`{}` has", old.name);
    match old.form {
        "enum" => found.differs(&ENUM, path, &what, &old.about, &new.about),
        "external" => found.differs(&ADAPTER, path, &what, &old.about, &new.about),
        _ => found.follows(&SIZE, path, &what, &old.about, &new.about),
    }
}

fn members(path: &str, old: &[Member<'_>], new: &[Member<'_>], found: &mut Found) {
    if old == new {
        return;
    }
    let named = |members: &[Member<'_>]| -> Named<usize> {
        members.iter().enumerate().map(|(at, member)| (key(member), at)).collect()
    };
    let (in_old, in_new) = (named(old), named(new));
    let before = found.count();
    // At one place, with one id, and each of a name that the other side does not have: one field with two names.
    let renamed = |at: usize| {
        let (theirs, ours) = (old.get(at)?, new.get(at)?);
        let is_alone = !in_new.contains_key(&key(theirs)) && !in_old.contains_key(&key(ours));
        ((theirs.offset, theirs.id) == (ours.offset, ours.id) && is_alone).then_some(ours.name)
    };
    for (at, theirs) in old.iter().enumerate() {
        match (in_new.get(&key(theirs)), renamed(at)) {
            (Some(at), _) => member(path, theirs, &new[*at], found),
            (None, Some(name)) => {
                let what = format!("what stands at offset {} is called", theirs.offset);
                found.differs(&FIELD, &format!("{path}/{}", theirs.name), &what, &tick(theirs.name), &tick(name));
            }
            (None, None) => alone(path, theirs, true, found),
        }
    }
    for (at, ours) in new.iter().enumerate() {
        if !in_old.contains_key(&key(ours)) && renamed(at).is_none() {
            alone(path, ours, false, found);
        }
    }
    if found.count() == before {
        found.broken(&READABLE, path, &"a field stands twice, or fields do not stand in the order of their offsets");
    }
}

/// A name that keeps a field and its presence byte apart.
fn key(member: &Member<'_>) -> String {
    let mark = if member.is_presence() { "?" } else { "" };
    format!("{}{mark}", member.name)
}

fn member(path: &str, old: &Member<'_>, new: &Member<'_>, found: &mut Found) {
    if old == new {
        return;
    }
    let (path, what) = (format!("{path}/{}", old.name), place(old));
    if old.ty != new.ty {
        found.differs(&FIELD, &path, &format_args!("{what} has type"), &old.ty, &new.ty);
    } else if old.offset != new.offset {
        found.follows(&FIELD, &path, &format_args!("{what} is at offset"), &old.offset, &new.offset);
    } else {
        // Where none are stated, ids are positions, and move with the fields.
        found.follows(&FIELD, &path, &format_args!("{what} has id"), &old.id, &new.id);
    }
}

fn alone(path: &str, member: &Member<'_>, in_old: bool, found: &mut Found) {
    let what = format!("{} at offset {}", place(member), member.offset);
    found.only(&FROZEN, Verdict::Incompatible, &format!("{path}/{}", member.name), &what, in_old);
}

fn place(member: &Member<'_>) -> String {
    let of = if member.is_presence() { "presence byte of " } else { "" };
    format!("{of}field `{}`", member.name)
}

fn union(path: &str, old: &Type<'_>, new: &Type<'_>, found: &mut Found) {
    let what = format!("`{}` has", old.name);
    let (there, here) = (Geometry::read(old.about), Geometry::read(new.about));
    let is_tagged_alike = there.as_ref().zip(here.as_ref()).is_some_and(|(there, here)| there.tag == here.tag);
    if old.about != new.about && !is_tagged_alike {
        found.differs(&UNION, path, &what, &old.about, &new.about);
    }
    let before = found.breaks;
    members(path, &old.members, &new.members, found);
    let named = |arms: &[Arm<'_>]| -> Named<usize> {
        arms.iter().enumerate().map(|(at, arm)| (arm.name.to_owned(), at)).collect()
    };
    let tags = |arms: &[Arm<'_>]| -> Named<()> { arms.iter().map(|arm| (arm.tag.to_owned(), ())).collect() };
    let (in_old, in_new) = (named(&old.arms), named(&new.arms));
    if in_old.len() != old.arms.len() || in_new.len() != new.arms.len() {
        return found.broken(&READABLE, path, &"an arm stands twice");
    }
    let is_open = old.about.contains(" open ");
    let alone = |arm: &Arm<'_>, others: &Named<()>, in_old: bool, found: &mut Found| {
        let path = format!("{path}/{}", arm.name);
        let what = format!("variant `{}` of `{}`", arm.name, old.name);
        let verdict = if in_old { Verdict::Older } else { Verdict::Newer };
        let union = if in_old { &here } else { &there };
        let is_large = there != here && union.as_ref().is_some_and(|union| !union.has_room_for(arm));
        match (is_open, others.contains_key(arm.tag)) {
            (_, true) => found.broken(&ARM, &path, &format_args!("{what} has tag {} of another variant", arm.tag)),
            (true, false) if is_large => {
                let other = if in_old { found.sides.new } else { found.sides.old };
                let what = format!("{what}, of {}, for which `{}` has no room {other},", arm.about, old.name);
                found.only(&UNION, Verdict::Incompatible, &path, &what, in_old);
            }
            (true, false) => found.only(&OPEN_ARM, verdict, &path, &what, in_old),
            (false, false) => found.only(&CLOSED_ARM, Verdict::Incompatible, &path, &what, in_old),
        }
    };
    let (old_tags, new_tags) = (tags(&old.arms), tags(&new.arms));
    for theirs in &old.arms {
        match in_new.get(theirs.name) {
            Some(at) => arm(path, theirs, &new.arms[*at], found),
            None => alone(theirs, &new_tags, true, found),
        }
    }
    for ours in new.arms.iter().filter(|arm| !in_old.contains_key(arm.name)) {
        alone(ours, &old_tags, false, found);
    }
    if there != here && is_tagged_alike && found.breaks == before {
        found.follows(&UNION, path, &what, &old.about, &new.about);
    }
}

/// What a union's line says: the room that it has, and the tag, with whether it is open.
#[derive(PartialEq, Eq)]
struct Geometry<'a> {
    size: u64,
    align: u64,
    tag: &'a str,
    arms: u64,
}

impl<'a> Geometry<'a> {
    fn read(about: &'a str) -> Option<Geometry<'a>> {
        let (size, rest) = about.strip_prefix("size ")?.split_once(" align ")?;
        let (align, rest) = rest.split_once(" tag ")?;
        let (tag, arms) = rest.split_once(" arms @")?;
        let number = |text: &str| text.parse().ok();
        Some(Geometry { size: number(size)?, align: number(align)?, tag, arms: number(arms)? })
    }

    fn has_room_for(&self, arm: &Arm<'_>) -> bool {
        let said = arm.about.strip_prefix("size ").and_then(|rest| rest.split_once(" align "));
        let numbers = said.and_then(|(size, align)| Some((size.parse::<u64>().ok()?, align.parse::<u64>().ok()?)));
        numbers.is_none_or(|(size, align)| size <= self.size.saturating_sub(self.arms) && align <= self.align)
    }
}

fn arm(path: &str, old: &Arm<'_>, new: &Arm<'_>, found: &mut Found) {
    let path = format!("{path}/{}", old.name);
    let what = |about: &str| format!("variant `{}` has {about}", old.name);
    if old.tag != new.tag {
        return found.differs(&ARM, &path, &what("tag"), &old.tag, &new.tag);
    }
    let before = found.count();
    members(&path, &old.members, &new.members, found);
    if old.about != new.about && found.count() == before {
        found.follows(&ARM, &path, &what("").trim_end(), &old.about, &new.about);
    }
}

/// What a shared member refers to is described by both sides or, as the scalars are, by none.
fn described(old: &Text<'_>, new: &Text<'_>, found: &mut Found) {
    let lacks = |name: &str| old.find(name).is_some() != new.find(name).is_some();
    let lonely = |text: &Text<'_>, other: &Text<'_>| text.types.iter().any(|ty| other.find(ty.name).is_none());
    if !lonely(old, new) && !lonely(new, old) {
        return;
    }
    for theirs in &old.types {
        let Some(ours) = new.find(theirs.name) else { continue };
        let shared: Named<()> = all_members(ours).map(|member| (member.ty.to_owned(), ())).collect();
        let both = all_members(theirs).filter(|member| shared.contains_key(member.ty));
        if let Some(name) = both.flat_map(|member| member.names()).find(|name| lacks(name)) {
            let path = format!("/{}", theirs.name);
            found.only(
                &READABLE,
                Verdict::Incompatible,
                &path,
                &format_args!("what `{name}` is"),
                old.find(name).is_some(),
            );
        }
    }
}

fn tick(name: &str) -> String {
    format!("`{name}`")
}
