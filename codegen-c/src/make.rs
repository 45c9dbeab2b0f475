//! Makes the plan from a program: the only place that decides. Types are put behind the types they use, every name is
//! taken in the table, every check and every comment is worked out. Finds all faults before it answers.

use std::collections::BTreeMap;

use vil_ir::descriptor;
use vil_ir::fingerprint::{layout_id, layout_text};
use vil_ir::keywords::{camel, escape, snake, upper};
use vil_ir::layout::{self, LayoutBody, Layouts, lay_out};
use vil_ir::model::{self, Named, Notes, Program, Value};
use vil_ir::plan::{Shared, binary, plan};
use vil_ir::vocabulary::{Profile, Scalar};

use crate::literal::plain;
use crate::names::{Names, Scope};
use crate::plan::{
    Arm, Body, Check, Constant, ConstantValue, Enum, EnumValue, Item, Literal, Member, Message, Name, Note, Number,
    Role, Rule, Shape, Struct, Union, Unit, View,
};
use crate::{Faults, Source};

mod external;
mod field;
mod process;
mod reach;

use field::{check_of, facts_of, literal};

/// Suffixes that C puts behind the name of every node of a kind.
const ENUM_SUFFIXES: &[&str] = &["t", "name", "known"];
const STRUCT_SUFFIXES: &[&str] = &["t", "init", "check"];
const MESSAGE_SUFFIXES: &[&str] = &["loan_t", "msg_t", "layout_text", "LAYOUT_ID", "SIZE", "descriptor"];

/// The same for external messages, which are no structs.
const EXTERNAL_SUFFIXES: &[&str] =
    &["loan_t", "msg_t", "layout_text", "LAYOUT_ID", "MAX_BYTES", "MAX_PAYLOAD", "MEDIA_TYPE", "ADAPTER", "descriptor"];

/// The same for structs with references, which have no `init` and no `check`, and what views and writers add.
const REFERRING_SUFFIXES: &[&str] = &["t"];
const VIEW_SUFFIXES: &[&str] = &["view_t", "writer_t"];
const ROOT_SUFFIXES: &[&str] = &["view", "begin", "finish", "MAX_BYTES", "ROOT_SIZE"];
const UNION_SUFFIXES: &[&str] = &["tag"];

/// The same for what slices are of: by views, and as it lies.
const LIST_SUFFIXES: &[&str] = &["views_t", "views_at", "writers_t", "writers_at"];
const SLICE_SUFFIXES: &[&str] = &["slice_t"];

/// What views and writers are called in C++ and Rust, behind the type's own name.
const VIEW_TYPES: &[&str] = &["View", "Writer"];
const LIST_TYPES: &[&str] = &["Views", "Writers"];
const ROOT_TYPES: &[&str] = &["Builder"];

/// Methods of a tagged union in Rust that a constructor of an arm must not hide.
const UNION_METHODS: &[&str] = &["tag", "check", "default"];

/// Plans a program, or says everything that is wrong with it.
pub(crate) fn unit(source: &Source<'_>) -> Result<Unit, Faults> {
    let program = source.program;
    let layouts = lay_out(program).map_err(|errors| Faults(errors.iter().map(ToString::to_string).collect()))?;
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
    let mut enums: Vec<Enum> = program.enums.iter().map(|(name, found)| maker.enumeration(name, found)).collect();
    for name in program.structs.keys().chain(program.messages.keys()) {
        maker.type_and_what_it_uses(name);
    }
    reach::mark(&mut maker.types, &mut enums);
    maker.name_slices(&enums);
    let externals = maker.externals();
    let processes = maker.processes(source.process);
    if !maker.names.faults.is_empty() {
        return Err(Faults(maker.names.faults));
    }
    let planned = plan(program, source.contract.to_owned()).map_err(|error| Faults(vec![error.to_string()]))?;
    Ok(Unit {
        upper: maker.names.upper(),
        stem: maker.names.stem,
        namespace: maker.names.namespace,
        program: program.name.clone(),
        origin: source.origin.to_owned(),
        note: note(&program.notes, Vec::new()),
        contract: source.contract.to_owned(),
        fingerprint: planned.fingerprint,
        plan: binary::embed(&planned),
        constants,
        enums,
        types: maker.types,
        externals,
        processes,
    })
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
            self.name_type(name, "struct", &found.body, &[]);
        }
        for (name, found) in &program.messages {
            if found.layout == Some(Profile::External) {
                self.name(name, "message", &[EXTERNAL_SUFFIXES]);
            } else {
                self.name_type(name, "message", &found.body, &[MESSAGE_SUFFIXES]);
            }
        }
    }

    fn name_type(&mut self, declared: &str, kind: &str, body: &model::Body, more: &[&[&str]]) {
        let view = self.view(declared);
        let own = if view.is_some_and(|view| view.references) { REFERRING_SUFFIXES } else { STRUCT_SUFFIXES };
        self.name(declared, kind, &[&[own], more].concat());
        self.name_arms(declared, body, own);
        if view.is_some() {
            self.name_views(declared, kind, body);
        }
    }

    /// Takes what views and writers of a type and of its arms are called.
    fn name_views(&mut self, declared: &str, kind: &str, body: &model::Body) {
        let owner = format!("{kind} `{declared}`");
        self.name_view(declared, &owner, &[VIEW_SUFFIXES], VIEW_TYPES);
        if self.is_root(declared) {
            self.name_view(declared, &owner, &[ROOT_SUFFIXES], ROOT_TYPES);
        }
        let model::Body::Variants(variants) = body else { return };
        self.name_view(declared, &owner, &[UNION_SUFFIXES], &[]);
        for arm in &variants.arms {
            let arm = format!("{declared}.{}", arm.name);
            self.name_view(&arm, &format!("arm `{arm}`"), &[VIEW_SUFFIXES], VIEW_TYPES);
        }
    }

    /// Takes what types are called that exist where slices are of them.
    fn name_slices(&mut self, enums: &[Enum]) {
        let names =
            |found: &Struct| (found.name.declared.clone(), found.sliced, found.view.is_some_and(|view| view.listed));
        let types: Vec<_> = self.types.iter().map(names).collect();
        let enums = enums.iter().map(|found| (found.name.declared.clone(), found.sliced, false));
        for (declared, sliced, listed) in types.into_iter().chain(enums) {
            let owner = format!("slices of `{declared}`");
            if sliced {
                self.name_view(&declared, &owner, &[SLICE_SUFFIXES], &[]);
            }
            if listed {
                self.name_view(&declared, &owner, &[LIST_SUFFIXES], LIST_TYPES);
            }
        }
    }

    fn name_view(&mut self, declared: &str, owner: &str, suffixes: &[&[&str]], types: &[&str]) {
        let name = self.known[declared].clone();
        for suffix in suffixes.concat() {
            self.names.take_behind(&name, suffix, owner);
        }
        for suffix in types {
            self.names.take_type(&format!("{}{suffix}", name.camel), owner);
        }
    }

    /// Whether it is the root of a relative message.
    fn is_root(&self, declared: &str) -> bool {
        let is_relative = |layout: &layout::Layout| layout.profile == Profile::Relative;
        self.program.messages.contains_key(declared) && self.layouts.types.get(declared).is_some_and(is_relative)
    }

    /// How a type is read and written beyond its plain struct. What slices are of it is marked when all types are known.
    fn view(&self, declared: &str) -> Option<View> {
        let references = self.layouts.types.get(declared)?.references;
        (references || self.is_root(declared)).then_some(View { references, listed: false })
    }

    fn name(&mut self, declared: &str, kind: &str, suffixes: &[&[&str]]) {
        let name = self.names.node(declared, &format!("{kind} `{declared}`"), &suffixes.concat());
        self.known.insert(declared.to_owned(), name);
    }

    fn name_arms(&mut self, owner: &str, body: &model::Body, suffixes: &[&str]) {
        let model::Body::Variants(variants) = body else { return };
        for arm in &variants.arms {
            let declared = format!("{owner}.{}", arm.name);
            self.name(&declared, "arm", &[suffixes]);
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
            let plain = name.replace('.', "_");
            let taker = match owner {
                Some(owner) => format!("constant `{name}` of `{}`", owner.declared),
                None => format!("constant `{name}`"),
            };
            match owner {
                Some(owner) => self.names.take_behind(owner, &upper(&plain), &taker),
                None => {
                    self.names.take_c(&upper(&plain), &taker);
                    self.names.take_value(&upper(&plain), &taker);
                }
            }
            let Some(value) = self.constant(found, &taker) else { continue };
            made.push(Constant {
                upper: upper(&plain),
                camel: format!("k{}", camel(&plain)),
                value,
                note: note(&found.notes, Vec::new()),
            });
        }
        made
    }

    fn constant(&mut self, found: &model::Constant, taker: &str) -> Option<ConstantValue> {
        match (found.scalar, &found.value) {
            (Some(scalar), value) => self.literal(value, scalar, taker).map(ConstantValue::Number),
            (None, Value::Str(text)) => Some(ConstantValue::Text(text.clone())),
            (None, value) => {
                self.names.faults.push(format!("{taker}: `{}` is no text", plain(value)));
                None
            }
        }
    }

    /// A value as its type holds it; a fault where it is none of that type, which the passes refuse as well.
    fn literal(&mut self, value: &Value, scalar: Scalar, taker: &str) -> Option<Literal> {
        let made = literal(value, scalar);
        if made.is_none() {
            self.names.faults.push(format!("{taker}: `{}` is no {scalar}", plain(value)));
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
        Enum { name, repr: found.repr, mask, values, sliced: false, note }
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
        let view = self.view(declared);
        let (body, checks) = match (&layout.body, body) {
            (LayoutBody::Members(members), model::Body::Fields(fields)) => {
                let (members, checks) = self.members(&name, members, fields, view);
                (Body::Members(members), checks)
            }
            (LayoutBody::Union(union), model::Body::Variants(variants)) => {
                (Body::Union(self.union(&name, union, variants, view)), Vec::new())
            }
            (LayoutBody::Members(_), model::Body::Variants(_)) | (LayoutBody::Union(_), model::Body::Fields(_)) => {
                return self.names.faults.push(format!("`{declared}` is not laid out as it is declared"));
            }
        };
        let message = message.then(|| self.message(declared, &layout));
        let made = Struct {
            name,
            size: layout.size,
            align: layout.align,
            body,
            view,
            sliced: false,
            constants,
            message,
            checks,
            note: note(notes, Vec::new()),
        };
        self.checked.insert(declared.to_owned(), made.has_checks());
        self.types.push(made);
    }

    fn message(&self, declared: &str, layout: &layout::Layout) -> Message {
        let text = layout_text(self.program, &self.layouts, declared);
        let is_relative = layout.profile == Profile::Relative;
        Message {
            profile: layout.profile,
            align: layout.message_align(),
            max_bytes: self.most_bytes(declared, layout),
            root_size: if is_relative { layout.root_size } else { 0 },
            descriptor: descriptor::encode(self.program, &self.layouts, declared),
            layout_id: layout_id(&text),
            layout_text: text,
        }
    }

    /// The most bytes of a message that is laid out.
    fn most_bytes(&self, declared: &str, layout: &layout::Layout) -> u32 {
        match layout.profile {
            Profile::Relative => self.stated_bytes(declared),
            Profile::Flat | Profile::External => layout.size,
        }
    }

    /// The `max_bytes` of a message. Without a stated bound it has that of its size word, for no route carries it; so one that
    /// is larger says nothing more, and the passes refuse it.
    fn stated_bytes(&self, declared: &str) -> u32 {
        let stated = self.program.messages.get(declared).and_then(|message| message.max_bytes);
        stated.map_or(u32::MAX, |bytes| bytes.min(u32::MAX.into()) as u32)
    }

    fn members(
        &mut self,
        owner: &Name,
        members: &[layout::Member],
        fields: &[model::Field],
        view: Option<View>,
    ) -> (Vec<Member>, Vec<Check>) {
        let mut scope = Scope::default();
        let mut made = Vec::new();
        let mut checks = Vec::new();
        let mut presences = Vec::new();
        for (index, member) in members.iter().enumerate() {
            let byte = |name: String, role, note| Member {
                parameter: parameter(&name),
                name,
                offset: member.offset,
                shape: Shape::of(Item::Number(Number::Scalar(Scalar::U8))),
                role,
                reach: None,
                note,
            };
            match &member.what {
                layout::What::Padding => {
                    let mut pad = byte(format!("vil_pad_{}", member.offset), Role::Padding, Note::default());
                    pad.shape.counts.push(member.size);
                    made.push(pad);
                }
                layout::What::Presence { of } => {
                    let name = format!("vil_has_{}", snake(of));
                    let fact = format!("whether {} is there: 0 or 1", escape(&snake(of)));
                    presences.push((escape(&snake(of)), name.clone()));
                    let note = Note { doc: Vec::new(), facts: vec![fact] };
                    made.push(byte(name, Role::Presence, note));
                }
                layout::What::Field { name, position, shape } => {
                    let Some(field) = fields.get(*position) else { continue };
                    let reach = view.and_then(|_| self.reach(owner, members, index, field, shape));
                    let shape = self.shape(shape);
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
                        reach,
                        note,
                    };
                    checks.extend(check_of(self, fields, field, &made_member, &taker));
                    made.push(made_member);
                }
            }
        }
        (made, with_presence(checks, &presences))
    }

    fn union(
        &mut self,
        owner: &Name,
        union: &layout::UnionLayout,
        variants: &model::Variants,
        view: Option<View>,
    ) -> Union {
        let mut scope = Scope::default();
        let mut arms = Vec::new();
        for (arm, declared) in union.arms.iter().zip(&variants.arms) {
            let full = format!("{}.{}", owner.declared, arm.name);
            let name = self.known[&full].clone();
            let (members, checks) = self.members(&name, &arm.members, &declared.fields, view);
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
                view,
                sliced: false,
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

    fn shape(&self, shape: &layout::Shape) -> Shape {
        Shape::of(match shape {
            layout::Shape::Scalar(scalar) => Item::Number(Number::Scalar(*scalar)),
            layout::Shape::Enum { name, storage } => Item::Number(self.enum_as(name, *storage)),
            layout::Shape::Struct { name, .. } => Item::Struct(self.known[name].clone()),
            layout::Shape::Slice { .. } | layout::Shape::Str { .. } => Item::Word,
            layout::Shape::Ref { .. } => Item::RefWord,
            layout::Shape::Array { element, count } => {
                let mut shape = self.shape(element);
                shape.counts.insert(0, *count);
                return shape;
            }
        })
    }

    fn enum_as(&self, name: &str, storage: Scalar) -> Number {
        let repr = self.program.enums.get(name).map(|found| found.repr);
        let known = self.known[name].clone();
        if repr == Some(storage) { Number::Enum(known, storage) } else { Number::StoredEnum(known, storage) }
    }
}

impl Shape {
    /// No array.
    fn of(item: Item) -> Shape {
        Shape { item, counts: Vec::new() }
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
