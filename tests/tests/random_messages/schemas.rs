//! Random programs, each with one relative message `M` from a writer to a reader: everything that a message may hold, in
//! any mixture, with names that hurt somewhere.

use vil_ir::builder::{Builder, RouteShape};
use vil_ir::model::{Arm, Body, Enum, Field, Program, Queue, Type, Value, Variants};
use vil_ir::vocabulary::{Kind, Scalar, Verify};
use vil_tests::random::Random;

/// The most bytes of a message.
pub(crate) const MAX_BYTES: u64 = 64 << 10;

const WORDS: &[&str] = &[
    "class", "where", "int", "value", "self", "type", "text", "size", "data", "index", "count", "tag", "union", "view",
    "begin", "finish", "match", "plain", "writer", "values", "root", "item", "made", "found", "x",
];

const ARMS: &[&str] = &["class", "where", "text", "many", "union", "none"];

/// Makes the types of one program.
pub(crate) struct Maker<'r> {
    pub(crate) random: &'r mut Random,
    enums: Vec<String>,
    flats: Vec<String>,
    relatives: Vec<String>,
}

impl Maker<'_> {
    pub(crate) fn value(&mut self) -> Type {
        if !self.enums.is_empty() && self.random.below(4) == 0 {
            return Type::Named(self.random.one(&self.enums).clone());
        }
        Type::Scalar(*self.random.one(Scalar::ALL))
    }

    fn bound(&mut self) -> Option<u32> {
        // Values of every list and text are shorter than this.
        (self.random.below(3) == 0).then(|| 16 + self.random.below(100) as u32)
    }

    fn plain(&mut self) -> Type {
        if !self.flats.is_empty() && self.random.below(3) == 0 {
            return Type::Named(self.random.one(&self.flats).clone());
        }
        self.value()
    }

    fn target(&mut self) -> Option<String> {
        let all: Vec<String> = self.flats.iter().chain(&self.relatives).cloned().collect();
        (!all.is_empty()).then(|| self.random.one(&all).clone())
    }

    fn flat(&mut self) -> Type {
        let plain = self.plain();
        self.in_arrays(plain)
    }

    fn in_arrays(&mut self, ty: Type) -> Type {
        let count = self.random.below(3) as u32 + 1;
        match self.random.below(8) {
            0 => Type::Array(Box::new(ty), count),
            1 => Type::Array(Box::new(Type::Array(Box::new(ty), count)), 2),
            _ => ty,
        }
    }

    pub(crate) fn relative(&mut self) -> Type {
        let ty = match self.random.below(9) {
            0 | 1 => Type::Str(self.bound()),
            2 => Type::Slice(Box::new(self.value()), self.bound()),
            3 => Type::Slice(Box::new(self.target().map_or(Type::Scalar(Scalar::U8), Type::Named)), self.bound()),
            4 => Type::Slice(Box::new(Type::Str(self.bound())), self.bound()),
            5 => self.target().map_or(Type::Str(None), Type::Ref),
            6 if !self.relatives.is_empty() => Type::Named(self.random.one(&self.relatives).clone()),
            _ => self.plain(),
        };
        self.in_arrays(ty)
    }

    fn fields(&mut self, most: u64, ty: fn(&mut Self) -> Type) -> Vec<Field> {
        let (first, count) = (self.random.below(WORDS.len() as u64), self.random.below(most + 1));
        let one = |at| self.field(WORDS[((first + at) % WORDS.len() as u64) as usize], ty);
        (0..count).map(one).collect()
    }

    pub(crate) fn field(&mut self, name: &str, ty: fn(&mut Self) -> Type) -> Field {
        let mut field = Field::new(name, ty(self));
        let bottom = bottom(&field.ty).clone();
        field.optional = self.random.below(4) == 0 && !is_array_of_refs(&field.ty);
        if let Type::Named(name) = &bottom
            && self.enums.contains(name)
            && self.random.below(4) == 0
        {
            field.storage = Some(Scalar::U32);
        }
        if !field.optional && self.random.below(3) == 0 {
            field.default = match &field.ty {
                Type::Scalar(Scalar::Bool) => Some(Value::Bool(true)),
                Type::Scalar(Scalar::F32 | Scalar::F64) => Some(Value::Float(-2.5)),
                Type::Scalar(_) => Some(Value::Int(7)),
                Type::Named(name) if self.enums.contains(name) => Some(Value::Str("one".to_owned())),
                _ => None,
            };
        }
        field
    }

    pub(crate) fn union(&mut self, ty: fn(&mut Self) -> Type) -> Variants {
        let (count, first) = (self.random.below(3) + 1, self.random.below(ARMS.len() as u64));
        let name = |at| ARMS[((first + at) % ARMS.len() as u64) as usize];
        let arms = (0..count).map(|at| Arm::new(name(at), at * 3 + 1, self.fields(3, ty))).collect();
        let tag = *self.random.one(&[Scalar::U8, Scalar::U16, Scalar::U32]);
        Variants { tag, open: self.random.below(2) == 0, arms }
    }

    fn body(&mut self, most: u64, ty: fn(&mut Self) -> Type) -> Body {
        if self.random.below(4) == 0 { self.union(ty).into() } else { self.fields(most, ty).into() }
    }
}

pub(crate) fn bottom(ty: &Type) -> &Type {
    match ty {
        Type::Array(element, _) | Type::Slice(element, _) => bottom(element),
        ty => ty,
    }
}

fn is_array_of_refs(ty: &Type) -> bool {
    matches!(ty, Type::Array(..)) && matches!(bottom(ty), Type::Ref(_))
}

/// What was generated wrongly once.
pub(crate) fn known(name: &str) -> Program {
    let texts = || Type::Array(Box::new(Type::Str(None)), 2);
    let lists = || Type::Array(Box::new(Type::Slice(Box::new(Type::Scalar(Scalar::F32)), None)), 2);
    let fields = vec![
        // Names that C has for parts of a type, of what is reached by an index.
        Field::new("view", texts()),
        Field { optional: true, ..Field::new("tag", lists()) },
        Field::new("begin", lists()),
    ];
    routed(Builder::new(name), fields)
}

fn routed(builder: Builder, body: impl Into<Body>) -> Program {
    let queue = Queue { capacity: Some(8), ..Queue::default() };
    let shape = RouteShape { queue, ..RouteShape::default() };
    builder
        .relative("M", Kind::Message, MAX_BYTES, body)
        .route(("writer", "out"), ("reader", "into"), "M", shape)
        .with_route(|route| route.verify = Some(Verify::Always))
        .build()
}

/// A program of this name, and the maker of its types for more of them.
pub(crate) fn program<'r>(name: &str, random: &'r mut Random) -> (Program, Maker<'r>) {
    let mut maker = Maker { random, enums: Vec::new(), flats: Vec::new(), relatives: Vec::new() };
    let mut builder = Builder::new(name);
    for at in 0..maker.random.below(3) {
        let repr = *maker.random.one(&[Scalar::U8, Scalar::U16, Scalar::U32]);
        let mut made = Enum::new(repr, &[("one", 1), ("two", 2), ("much", 100)]);
        made.open = maker.random.below(2) == 0;
        builder = builder.enumeration(&format!("E{at}"), made);
        maker.enums.push(format!("E{at}"));
    }
    for at in 0..maker.random.below(3) {
        builder = builder.structure(&format!("F{at}"), maker.body(4, Maker::flat));
        maker.flats.push(format!("F{at}"));
    }
    for at in 0..maker.random.below(4) {
        let name = format!("S{at}");
        let mut body = maker.body(4, Maker::relative);
        if let Body::Fields(fields) = &mut body {
            let own = if maker.random.below(2) == 0 { Type::Ref(name.clone()) } else { Type::Str(None) };
            fields.push(Field { optional: matches!(own, Type::Ref(_)), ..Field::new("own", own) });
        } else if let Body::Variants(variants) = &mut body {
            variants.arms[0].fields.push(Field::new("own", Type::Slice(Box::new(Type::Scalar(Scalar::U16)), None)));
        }
        builder = builder.structure(&name, body);
        maker.relatives.push(name);
    }
    let body = maker.body(10, Maker::relative);
    (routed(builder, body), maker)
}
