//! Makes the plan from a program: the only place that decides. Types are put behind the types they use, every name is
//! taken in the table, every check and every comment is worked out. Finds all faults before it answers.

use std::collections::BTreeMap;

use vil_ir::fingerprint::{layout_id, layout_text, sha256};
use vil_ir::keywords::{camel, escape, snake, upper};
use vil_ir::layout::{self, LayoutBody, Layouts, lay_out};
use vil_ir::model::{self, Named, Notes, Program};
use vil_ir::plan::Shared;
use vil_ir::vocabulary::{Profile, Scalar};

use crate::names::{Names, Scope};
use crate::plan::{
    Arm, Body, Check, Constant, Enum, EnumValue, Member, Message, Name, Note, Role, Rule, Shape, Struct, Union, Unit,
};
use crate::{Faults, Source};

mod field;
mod process;

use field::{check_of, facts_of};

/// Suffixes that C puts behind the name of every node of a kind.
const ENUM_SUFFIXES: &[&str] = &["t", "name", "known"];
const STRUCT_SUFFIXES: &[&str] = &["t", "init", "check"];
const MESSAGE_SUFFIXES: &[&str] = &["loan_t", "msg_t", "layout_text", "LAYOUT_ID", "SIZE"];

/// Methods of a tagged union in Rust that a constructor of an arm must not hide.
const UNION_METHODS: &[&str] = &["tag", "check", "default"];

/// Plans a program, or says everything that is wrong with it.
pub(crate) fn unit(source: &Source<'_>) -> Result<Unit, Faults> {
    let program = source.program;
    let layouts = lay_out(program).map_err(|errors| Faults(errors.iter().map(ToString::to_string).collect()))?;
    if let Some(fault) = not_flat(program, &layouts) {
        return Err(Faults(vec![fault]));
    }
    let mut maker = Maker {
        program,
        shared: Shared::of(program),
        layouts,
        names: Names::new(program),
        known: BTreeMap::new(),
        checked: BTreeMap::new(),
        types: Vec::new(),
    };
    maker.name_everything();
    let constants = maker.constants(&program.constants, None);
    let enums: Vec<Enum> = program.enums.iter().map(|(name, found)| maker.enumeration(name, found)).collect();
    for name in program.structs.keys().chain(program.messages.keys()) {
        maker.type_and_what_it_uses(name);
    }
    let processes = maker.processes(source.process);
    if !maker.names.faults.is_empty() {
        return Err(Faults(maker.names.faults));
    }
    Ok(Unit {
        upper: maker.names.upper(),
        stem: maker.names.stem,
        namespace: maker.names.namespace,
        program: program.name.clone(),
        origin: source.origin.to_owned(),
        note: note(&program.notes, Vec::new()),
        contract: source.contract.to_owned(),
        fingerprint: sha256(source.contract.as_bytes()),
        constants,
        enums,
        types: maker.types,
        processes,
    })
}

/// The first message, else the first struct, that is not flat: there is no code for any of the program then, because code
/// for a part of it would be another contract.
fn not_flat(program: &Program, layouts: &Layouts) -> Option<String> {
    let kind_of = |(name, _): (&String, &model::Message)| {
        let profile = layouts.types.get(name).map_or(Profile::External, |layout| layout.profile);
        (profile != Profile::Flat).then(|| format!("message `{name}` is {profile}"))
    };
    let holds = |name: &&String| layouts.types.get(*name).is_some_and(|layout| layout.references);
    let message = program.messages.iter().find_map(kind_of);
    let found =
        message.or_else(|| program.structs.keys().find(holds).map(|name| format!("struct `{name}` is relative")));
    found.map(|found| format!("{found}, and this version generates code for flat messages and structs only"))
}

struct Maker<'a> {
    program: &'a Program,
    shared: Shared<'a>,
    layouts: Layouts,
    names: Names,
    /// Names of enums, structs, messages and arms, by what they were declared as.
    known: BTreeMap<String, Name>,
    /// Types already planned; true: they have checks.
    checked: BTreeMap<String, bool>,
    types: Vec<Struct>,
}

impl Maker<'_> {
    fn name_everything(&mut self) {
        let program = self.program;
        for name in program.enums.keys() {
            self.name(name, "enum", &[ENUM_SUFFIXES]);
        }
        for (name, found) in &program.structs {
            self.name(name, "struct", &[STRUCT_SUFFIXES]);
            self.name_arms(name, &found.body);
        }
        for (name, found) in &program.messages {
            self.name(name, "message", &[STRUCT_SUFFIXES, MESSAGE_SUFFIXES]);
            self.name_arms(name, &found.body);
        }
    }

    fn name(&mut self, declared: &str, kind: &str, suffixes: &[&[&str]]) {
        let name = self.names.node(declared, &format!("{kind} `{declared}`"), &suffixes.concat());
        self.known.insert(declared.to_owned(), name);
    }

    fn name_arms(&mut self, owner: &str, body: &model::Body) {
        let model::Body::Variants(variants) = body else { return };
        for arm in &variants.arms {
            let declared = format!("{owner}.{}", arm.name);
            self.name(&declared, "arm", &[STRUCT_SUFFIXES]);
            let node = self.known[owner].clone();
            let taker = format!("arm `{declared}`");
            for suffix in [format!("as_{}", snake(&arm.name)), format!("set_{}", snake(&arm.name))] {
                self.names.take_behind(&node, &suffix, &taker);
            }
            self.names.take_behind(&node, &tag_upper(&arm.name), &taker);
        }
    }

    fn constants(&mut self, constants: &Named<model::Constant>, owner: Option<&Name>) -> Vec<Constant> {
        let mut made = Vec::new();
        for (name, found) in constants {
            let taker = match owner {
                Some(owner) => format!("constant `{name}` of `{}`", owner.declared),
                None => format!("constant `{name}`"),
            };
            match owner {
                Some(owner) => self.names.take_behind(owner, &upper(name), &taker),
                None => {
                    self.names.take_c(&upper(name), &taker);
                    self.names.take_value(&upper(name), &taker);
                }
            }
            made.push(Constant {
                upper: upper(name),
                camel: format!("k{}", camel(name)),
                scalar: found.scalar,
                value: found.value.clone(),
                note: note(&found.notes, Vec::new()),
            });
        }
        made
    }

    fn enumeration(&mut self, declared: &str, found: &model::Enum) -> Enum {
        let name = self.known[declared].clone();
        let mut values: Vec<EnumValue> = Vec::new();
        let mut scope = Scope::default();
        for value in &found.values {
            let owner = format!("value `{}` of `{declared}`", value.name);
            self.names.take_behind(&name, &upper(&value.name), &owner);
            values.push(EnumValue {
                declared: value.name.clone(),
                upper: upper(&value.name),
                snake: self.names.member(&mut scope, &value.name, &owner),
                value: value.value,
                first: !values.iter().any(|other| other.value == value.value),
                note: note(&value.notes, Vec::new()),
            });
        }
        let kind = match (found.bitmask, found.open) {
            (true, true) => "bits, unknown ones are legal",
            (true, false) => "bits, no others are legal",
            (false, true) => "open: other numbers are legal",
            (false, false) => "closed: no other number is legal",
        };
        let note = note(&found.notes, vec![kind.to_owned()]);
        let mask = found.bitmask.then(|| values.iter().fold(0, |bits, value| bits | value.value));
        Enum { name, repr: found.repr, mask, values, note }
    }

    /// Plans a type behind those it holds. With a stack of its own: types may hold one another thousands of times.
    fn type_and_what_it_uses(&mut self, declared: &str) {
        let mut stack = vec![(declared.to_owned(), false)];
        while let Some((name, is_ready)) = stack.pop() {
            if is_ready {
                self.one_type(&name);
                continue;
            }
            let Some(layout) = self.layouts.types.get(&name).filter(|_| !self.checked.contains_key(&name)) else {
                continue;
            };
            let used = used_structs(&layout.body);
            self.checked.insert(name.clone(), false);
            stack.push((name, true));
            stack.extend(used.into_iter().rev().map(|used| (used, false)));
        }
    }

    fn one_type(&mut self, declared: &str) {
        let Some(layout) = self.layouts.types.get(declared).cloned() else { return };
        let program = self.program;
        let (body, constants, notes, message) = match (program.structs.get(declared), program.messages.get(declared)) {
            (Some(found), _) => (&found.body, &found.constants, &found.notes, false),
            (None, Some(found)) => (&found.body, &found.constants, &found.notes, true),
            (None, None) => return,
        };
        let name = self.known[declared].clone();
        let constants = self.constants(constants, Some(&name));
        let (body, checks) = match (&layout.body, body) {
            (LayoutBody::Members(members), model::Body::Fields(fields)) => {
                let (members, checks) = self.members(&name, members, fields);
                (Body::Members(members), checks)
            }
            (LayoutBody::Union(union), model::Body::Variants(variants)) => {
                (Body::Union(self.union(&name, union, variants)), Vec::new())
            }
            _ => return,
        };
        let message = message.then(|| {
            let text = layout_text(program, &self.layouts, declared);
            Message { layout_id: layout_id(&text), layout_text: text }
        });
        let made = Struct {
            name,
            size: layout.size,
            align: layout.align,
            body,
            constants,
            message,
            checks,
            note: note(notes, Vec::new()),
        };
        self.checked.insert(declared.to_owned(), made.has_checks());
        self.types.push(made);
    }

    fn members(
        &mut self,
        owner: &Name,
        members: &[layout::Member],
        fields: &[model::Field],
    ) -> (Vec<Member>, Vec<Check>) {
        let mut scope = Scope::default();
        let mut made = Vec::new();
        let mut checks = Vec::new();
        let mut presences = Vec::new();
        for member in members {
            let byte = |name: String, role, note| Member {
                parameter: parameter(&name),
                name,
                offset: member.offset,
                shape: Shape::Scalar(Scalar::U8),
                role,
                note,
            };
            match &member.what {
                layout::What::Padding => {
                    let shape = Shape::Array(Box::new(Shape::Scalar(Scalar::U8)), member.size);
                    let pad = byte(format!("vil_pad_{}", member.offset), Role::Padding, Note::default());
                    made.push(Member { shape, ..pad });
                }
                layout::What::Presence { of } => {
                    let name = format!("vil_has_{}", snake(of));
                    let fact = format!("whether {} is there: 0 or 1", escape(&snake(of)));
                    presences.push((escape(&snake(of)), name.clone()));
                    let note = Note { doc: Vec::new(), facts: vec![fact] };
                    made.push(byte(name, Role::Presence, note));
                }
                layout::What::Field { name, position, shape } => {
                    let (Some(field), Some(shape)) = (fields.get(*position), self.shape(shape)) else { continue };
                    let taker = format!("field `{name}` of `{}`", owner.declared);
                    let member_name = self.names.member(&mut scope, name, &taker);
                    let role = Role::Field;
                    let note = note(&field.notes, facts_of(field, &shape));
                    let made_member = Member {
                        parameter: parameter(&member_name),
                        name: member_name,
                        offset: member.offset,
                        shape,
                        role,
                        note,
                    };
                    checks.extend(check_of(self, fields, field, &made_member));
                    made.push(made_member);
                }
            }
        }
        (made, with_presence(checks, &presences))
    }

    fn union(&mut self, owner: &Name, union: &layout::UnionLayout, variants: &model::Variants) -> Union {
        let mut scope = Scope::default();
        let mut arms = Vec::new();
        for (arm, declared) in union.arms.iter().zip(&variants.arms) {
            let full = format!("{}.{}", owner.declared, arm.name);
            let name = self.known[&full].clone();
            let (members, checks) = self.members(&name, &arm.members, &declared.fields);
            let member = self.names.member(&mut scope, &arm.name, &format!("arm `{full}`"));
            let hides = UNION_METHODS.contains(&member.as_str());
            arms.push(Arm {
                name: name.clone(),
                constructor: if hides { format!("{member}_") } else { member.clone() },
                member,
                snake: snake(&arm.name),
                tag_upper: tag_upper(&arm.name),
                tag_camel: format!("kTag{}", camel(&snake(&arm.name))),
                tag: arm.tag,
                checked: !checks.is_empty(),
            });
            self.types.push(Struct {
                name,
                size: arm.size,
                align: arm.align,
                body: Body::Members(members),
                constants: Vec::new(),
                message: None,
                checks,
                note: note(&declared.notes, Vec::new()),
            });
        }
        Union {
            tag: union.tag,
            open: union.open,
            arm_offset: union.arm_offset,
            arm_size: union.arm_size,
            gap: union.arm_offset - union.tag.size(),
            arms,
        }
    }

    /// `None` for references, which are no part of a flat program.
    fn shape(&self, shape: &layout::Shape) -> Option<Shape> {
        Some(match shape {
            layout::Shape::Scalar(scalar) => Shape::Scalar(*scalar),
            layout::Shape::Enum { name, storage } => {
                let repr = self.program.enums.get(name).map(|found| found.repr);
                let known = self.known[name].clone();
                if repr == Some(*storage) { Shape::Enum(known) } else { Shape::StoredEnum(known, *storage) }
            }
            layout::Shape::Struct { name, .. } => Shape::Struct(self.known[name].clone()),
            layout::Shape::Array { element, count } => Shape::Array(Box::new(self.shape(element)?), *count),
            layout::Shape::Slice { .. } | layout::Shape::Str { .. } | layout::Shape::Ref { .. } => return None,
        })
    }
}

impl Struct {
    /// Whether `check` has anything to look at.
    pub(crate) fn has_checks(&self) -> bool {
        match &self.body {
            Body::Members(_) => !self.checks.is_empty(),
            Body::Union(union) => !union.open || union.arms.iter().any(|arm| arm.checked),
        }
    }
}

/// An arm's tag constant in C and Rust.
fn tag_upper(arm: &str) -> String {
    format!("TAG_{}", upper(arm))
}

/// A member as a parameter in C++.
fn parameter(member: &str) -> String {
    format!("{}_value", member.trim_end_matches('_'))
}

/// Doc lines and facts of a node.
fn note(notes: &Notes, mut facts: Vec<String>) -> Note {
    let lines = notes.doc.as_deref().unwrap_or("").trim().lines();
    facts.extend(notes.deprecated.as_ref().map(|text| format!("deprecated: {}", text.trim())));
    let doc = lines.map(|line| line.trim_end().to_owned()).collect();
    Note { doc, facts: facts.into_iter().map(|fact| fact.split_whitespace().collect::<Vec<_>>().join(" ")).collect() }
}

/// Structs and messages that a layout holds by value, in the order of first use.
fn used_structs(body: &LayoutBody) -> Vec<String> {
    let members: Vec<&layout::Member> = match body {
        LayoutBody::Members(members) => members.iter().collect(),
        LayoutBody::Union(union) => union.arms.iter().flat_map(|arm| &arm.members).collect(),
    };
    let mut used = Vec::new();
    for member in members {
        let layout::What::Field { shape, .. } = &member.what else { continue };
        let mut shape = shape;
        while let layout::Shape::Array { element, .. } = shape {
            shape = element;
        }
        if let layout::Shape::Struct { name, .. } = shape {
            used.push(name.clone());
        }
    }
    used
}

/// Checks of optional fields look at the presence byte first, which is itself a flag.
fn with_presence(checks: Vec<Check>, presences: &[(String, String)]) -> Vec<Check> {
    let flag = |(_, byte): &(String, String)| Check {
        member: byte.clone(),
        counts: Vec::new(),
        used_by: None,
        presence: None,
        rule: Rule::Flag,
    };
    let mut all: Vec<Check> = presences.iter().map(flag).collect();
    for mut check in checks {
        let found = presences.iter().find(|(member, _)| *member == check.member);
        check.presence = found.map(|(_, byte)| byte.clone());
        all.push(check);
    }
    all
}
