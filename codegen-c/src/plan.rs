//! Everything that is decided before a line is printed: types in the order they must be declared, members with names and
//! offsets, checks, contracts, texts. All emitters print the same plan, so no language can lay out, name or check
//! something in its own way. Plain data, no behaviour beyond looking things up.

use vil_ir::vocabulary::{Profile, Scalar, Verify};

/// A whole program, ready to be printed.
#[derive(Debug, Clone)]
pub struct Unit {
    /// Prefix of C names and of file names: `credit`.
    pub stem: String,
    /// Prefix of C macros: `CREDIT`.
    pub upper: String,
    /// Namespaces of C++, outermost first.
    pub namespace: Vec<String>,
    /// The program's name as declared.
    pub program: String,
    /// Base name of the author's file.
    pub origin: String,
    /// What the author says about the program.
    pub note: Note,
    /// Canonical JSON of the program.
    pub contract: String,
    /// SHA-256 of `contract`.
    pub fingerprint: [u8; 32],
    /// The plan of a world of the program, as `vil_ir::plan::binary` embeds it.
    pub plan: Vec<u64>,
    /// Constants of the program.
    pub constants: Vec<Constant>,
    /// Enums, by name.
    pub enums: Vec<Enum>,
    /// Structs, arms and messages, each after the types it uses.
    pub types: Vec<Struct>,
    /// External messages, by name.
    pub externals: Vec<External>,
    /// Processes, by name.
    pub processes: Vec<Process>,
}

impl Unit {
    /// The first type that is read by views; `None` when all are flat.
    pub fn first_viewed(&self) -> Option<&Struct> {
        self.types.iter().find(|found| found.view.is_some())
    }

    /// The fields of an arm as parameters of a constructor; `None` when there are too many or some are optional.
    pub fn fields_of(&self, arm: &Arm) -> Option<Vec<&Member>> {
        let found = self.types.iter().find(|found| found.name == arm.name)?;
        let Body::Members(members) = &found.body else { return None };
        let fields: Vec<&Member> = members.iter().filter(|member| member.role == Role::Field).collect();
        let optional = members.iter().any(|member| member.role == Role::Presence);
        (fields.len() <= MOST_PARAMETERS && !optional).then_some(fields)
    }
}

/// Parameters that a constructor may have; with more nobody knows which is which.
const MOST_PARAMETERS: usize = 7;

/// What is called how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// As the author wrote it; an arm is `Message.Arm`.
    pub declared: String,
    /// In C, without `_t`: `credit_ingest_fault`.
    pub c: String,
    /// In C macros: `CREDIT_INGEST_FAULT`.
    pub upper: String,
    /// In C++ and Rust: `IngestFault`.
    pub camel: String,
}

/// What the author says about a node, for comments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Note {
    /// Doc lines.
    pub doc: Vec<String>,
    /// Facts in short: `unit IDR`, `1 to 5`.
    pub facts: Vec<String>,
}

/// A named value.
#[derive(Debug, Clone)]
pub struct Constant {
    /// Name in C and Rust, in C with the owner's prefix in front: `MAX_LINES`.
    pub upper: String,
    /// Name in C++: `kMaxLines`.
    pub camel: String,
    /// The value.
    pub value: ConstantValue,
    /// Comment.
    pub note: Note,
}

/// What a constant is.
#[derive(Debug, Clone)]
pub enum ConstantValue {
    /// A number or flag.
    Number(Literal),
    /// A text.
    Text(String),
}

/// A number as its type holds it.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub enum Literal {
    /// Of an integer, or of a flag: 0 or 1.
    Int(i128, Scalar),
    /// Of an f32.
    F32(f32),
    /// Of an f64.
    F64(f64),
}

impl Literal {
    /// Its type.
    pub fn scalar(self) -> Scalar {
        match self {
            Literal::Int(_, scalar) => scalar,
            Literal::F32(_) => Scalar::F32,
            Literal::F64(_) => Scalar::F64,
        }
    }

    /// Whether it can be written with digits.
    pub fn is_finite(self) -> bool {
        match self {
            Literal::Int(..) => true,
            Literal::F32(number) => number.is_finite(),
            Literal::F64(number) => number.is_finite(),
        }
    }

    /// Whether it is NaN, which equals nothing.
    pub fn is_nan(self) -> bool {
        match self {
            Literal::Int(..) => false,
            Literal::F32(number) => number.is_nan(),
            Literal::F64(number) => number.is_nan(),
        }
    }
}

/// A set of named numbers.
#[derive(Debug, Clone)]
pub struct Enum {
    /// Its name.
    pub name: Name,
    /// Storage.
    pub repr: Scalar,
    /// All bits that have a name, when values are bits that may be combined.
    pub mask: Option<i128>,
    /// Values in the order written.
    pub values: Vec<EnumValue>,
    /// Some view answers several of them that lie one behind the other, so languages that need one have a slice type for it.
    pub sliced: bool,
    /// Comment.
    pub note: Note,
}

/// One name of an enum.
#[derive(Debug, Clone)]
pub struct EnumValue {
    /// As declared; what the name function answers.
    pub declared: String,
    /// In C and Rust: `OK`.
    pub upper: String,
    /// In C++: `ok`.
    pub snake: String,
    /// The number.
    pub value: i128,
    /// The first of those with this number; only it has a case in the name function.
    pub first: bool,
    /// Comment.
    pub note: Note,
}

/// A struct, an arm of a tagged union, or a message.
#[derive(Debug, Clone)]
pub struct Struct {
    /// Its name.
    pub name: Name,
    /// Bytes.
    pub size: u32,
    /// Alignment in bytes.
    pub align: u32,
    /// What lies in it. Words of references are members like others: the offset and the count as one `u64`, or the offset.
    pub body: Body,
    /// Set where it is read by a view and written by a writer.
    pub view: Option<View>,
    /// Flat, and some view answers several of them that lie one behind the other.
    pub sliced: bool,
    /// Constants that belong to it.
    pub constants: Vec<Constant>,
    /// Set for messages.
    pub message: Option<Message>,
    /// Values to look at; empty: every bit pattern is legal.
    pub checks: Vec<Check>,
    /// Comment.
    pub note: Note,
}

/// What a struct has that is read by a view and written by a writer: one that refers to other bytes, itself or in what it
/// holds, an arm of such a union, and every root of a relative message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// It refers to other bytes. `false`: its plain struct can be read as it stands too, and what holds it by value, by a
    /// slice or by a reference does that.
    pub references: bool,
    /// Some slice is of it.
    pub listed: bool,
}

/// What a message has beyond a struct.
#[derive(Debug, Clone)]
pub struct Message {
    /// Flat, relative or external.
    pub profile: Profile,
    /// Alignment in bytes.
    pub align: u32,
    /// The most bytes it takes: a flat one its size, others their `max_bytes`, the range of a size where none is stated.
    pub max_bytes: u32,
    /// What the head of a relative one says of its root: where the last field ends. 0 of others.
    pub root_size: u32,
    /// What it looks like, as words for the verifier and for tools; see docs/descriptor.md.
    pub descriptor: Vec<u32>,
    /// First 8 bytes of the text's SHA-256.
    pub layout_id: u64,
    /// The layout text.
    pub layout_text: String,
}

/// A message that is opaque bytes: nobody but its adapter looks into them.
#[derive(Debug, Clone)]
pub struct External {
    /// Its name.
    pub name: Name,
    /// What a port needs to know of it. Its `max_bytes` count what stands in front of the bytes.
    pub message: Message,
    /// The most bytes of it, without what stands in front of them.
    pub max_payload: u32,
    /// What its bytes are: `application/json`.
    pub media_type: String,
    /// The name of what makes and reads them: `json`.
    pub adapter: String,
    /// Constants that belong to it.
    pub constants: Vec<Constant>,
    /// Comment.
    pub note: Note,
}

/// What lies in a struct.
#[derive(Debug, Clone)]
pub enum Body {
    /// Members without a gap.
    Members(Vec<Member>),
    /// A tagged union.
    Union(Union),
}

/// A member.
#[derive(Debug, Clone)]
pub struct Member {
    /// Its name, escaped, the same in all languages.
    pub name: String,
    /// As a parameter in C++, never the name of a function or member beside it: `amount_value`.
    pub parameter: String,
    /// Bytes from the start of the struct.
    pub offset: u32,
    /// Its type.
    pub shape: Shape,
    /// What it is for.
    pub role: Role,
    /// How a view and a writer reach it; set for the declared fields of a struct with [`Struct::view`].
    pub reach: Option<Reach>,
    /// Comment.
    pub note: Note,
}

/// How a field is read through a view and set through a writer.
#[derive(Debug, Clone)]
pub struct Reach {
    /// Name in function names: `stamp`, `set_stamp`, `has_stamp`, `alloc_stamp`, `stamp_at`. Keywords are not escaped, what C
    /// calls parts of a type is: `t_`.
    pub snake: String,
    /// Where it ends, presence byte included, in bytes from the start of the struct: it is there when the view's end is not
    /// before that.
    pub end: u32,
    /// Offset of its presence byte: the field is optional, and the byte is set with it.
    pub presence: Option<u32>,
    /// What is answered and taken.
    pub access: Access,
}

impl Reach {
    /// Whether there is a `has_NAME`: of optional fields and of references.
    pub fn has(&self) -> bool {
        self.presence.is_some() || matches!(self.access, Access::Kind(Kind::Ref(_)))
    }
}

/// What a view answers for a field, and what a writer takes.
#[derive(Debug, Clone)]
pub enum Access {
    /// A number, flag or enum, by one load. `set_NAME(value)`.
    Number {
        /// What it is.
        number: Number,
        /// What is answered where the field is not there; `None`: zero.
        default: Option<Literal>,
    },
    /// A struct without references as it lies. `set_NAME(value)`.
    Flat(Name),
    /// A fixed array of what can be read as it lies: so many elements, or none where it is not there; arrays in arrays are
    /// one. `set_NAME(values)`, fewer leave the rest zero.
    Array(Plain, u32),
    /// What is reached by a reference, or by a view.
    Kind(Kind),
    /// A fixed array of what is reached one by one: `NAME_at(index)`, nothing where the index is too high or the array not
    /// there; arrays in arrays are one. `set_NAME_at(index, ...)` or `alloc_NAME_at(index, ...)`.
    Each {
        /// One of them.
        each: Kind,
        /// How many.
        count: u32,
        /// Bytes from one to the next.
        stride: u32,
    },
}

/// What is reached by a reference, or by a view.
#[derive(Debug, Clone)]
pub enum Kind {
    /// A struct with references, by a view. `set_NAME()` answers its writer.
    View(Name),
    /// Text. `set_NAME(text)`.
    Str(Option<u32>),
    /// A VSlice with its bound. `alloc_NAME(count)`.
    Slice(Element, Option<u32>),
    /// What a VRef leads to, or absent. `alloc_NAME()`.
    Ref(Target),
}

impl Kind {
    /// In front of the field's name where it is written.
    pub fn verb(&self) -> &'static str {
        match self {
            Kind::View(_) | Kind::Str(_) => "set",
            Kind::Slice(..) | Kind::Ref(_) => "alloc",
        }
    }
}

/// What lies as it is: any of its bytes may be read.
#[derive(Debug, Clone)]
pub enum Plain {
    /// A number, flag or enum.
    Number(Number),
    /// A struct without references.
    Flat(Name),
}

/// What lies in a slice.
#[derive(Debug, Clone)]
pub enum Element {
    /// As it lies.
    Plain(Plain),
    /// Structs with references, by views.
    View(Name),
    /// Texts, each with the bound on its bytes.
    Str(Option<u32>),
}

/// What a VRef leads to.
#[derive(Debug, Clone)]
pub enum Target {
    /// A struct without references, as it lies.
    Flat(Name),
    /// A struct with references, by a view.
    View(Name),
}

/// What a member is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A declared field.
    Field,
    /// The presence byte of the field before it.
    Presence,
    /// Zero bytes.
    Padding,
}

/// A number, flag or enum: what one load reads and one store writes.
#[derive(Debug, Clone)]
pub enum Number {
    /// A number; bool is a byte.
    Scalar(Scalar),
    /// An enum stored in its own repr, which is this.
    Enum(Name, Scalar),
    /// An enum stored in another integer: the integer is what stands there.
    StoredEnum(Name, Scalar),
}

impl Number {
    /// What stands there.
    pub fn storage(&self) -> Scalar {
        match self {
            Number::Scalar(scalar) | Number::Enum(_, scalar) | Number::StoredEnum(_, scalar) => *scalar,
        }
    }
}

/// A type of a member: an item, or fixed arrays of it.
#[derive(Debug, Clone)]
pub struct Shape {
    /// What stands at the bottom of all arrays.
    pub item: Item,
    /// Counts of the arrays from the outside in; none: the item itself.
    pub counts: Vec<u32>,
}

/// What a member is, or what its arrays are made of.
#[derive(Debug, Clone)]
pub enum Item {
    /// A number, flag or enum.
    Number(Number),
    /// A struct.
    Struct(Name),
    /// The word of a VSlice or VStr, eight bytes: offset from the message's start in its low half, count in its high half.
    Word,
    /// The word of a VRef, four bytes: offset from the message's start.
    RefWord,
}

/// A tagged union.
#[derive(Debug, Clone)]
pub struct Union {
    /// Storage of the tag.
    pub tag: Scalar,
    /// Unknown tags are legal.
    pub open: bool,
    /// Offset of the arms in bytes.
    pub arm_offset: u32,
    /// Size of the area that the arms share.
    pub arm_size: u32,
    /// Padding between tag and arms in bytes.
    pub gap: u32,
    /// Arms in the order written.
    pub arms: Vec<Arm>,
}

/// One arm of a tagged union; its struct stands in [`Unit::types`].
#[derive(Debug, Clone)]
pub struct Arm {
    /// Name of its struct.
    pub name: Name,
    /// Name of the union's member, escaped.
    pub member: String,
    /// Name in `as_malformed` and `set_malformed`, not escaped.
    pub snake: String,
    /// Its tag constant in C and Rust, in C with the owner's prefix in front: `TAG_MALFORMED`.
    pub tag_upper: String,
    /// Its tag constant in C++: `kTagMalformed`.
    pub tag_camel: String,
    /// Its constructor in Rust; in C++ it is called like the member.
    pub constructor: String,
    /// The number in the tag.
    pub tag: u64,
    /// Its struct has checks.
    pub checked: bool,
}

/// One thing that `check` looks at.
#[derive(Debug, Clone)]
pub struct Check {
    /// The member.
    pub member: String,
    /// Counts of the arrays around the value, from the outside in.
    pub counts: Vec<u32>,
    /// The member that tells how many elements of the outermost array are used, and its type.
    pub used_by: Option<(String, Scalar)>,
    /// The presence byte that must not be 0 for the value to matter.
    pub presence: Option<String>,
    /// What the value must be.
    pub rule: Rule,
}

/// What a value must be.
#[derive(Debug, Clone)]
pub enum Rule {
    /// 0 or 1.
    Flag,
    /// Within bounds that the type does not imply, or the sentinel.
    Range {
        /// The bounds.
        bounds: Bounds,
        /// The value that says "not known", when it lies outside.
        unknown: Option<Literal>,
    },
    /// One of a closed enum's numbers; the storage where it is not the enum's own.
    Known(Name, Option<Scalar>),
    /// A struct that has checks of its own.
    Struct(Name),
}

/// Bounds of a value, themselves legal.
#[derive(Debug, Clone, Copy)]
pub enum Bounds {
    /// The lowest.
    Low(Literal),
    /// The highest.
    High(Literal),
    /// Both.
    Both(Literal, Literal),
}

impl Bounds {
    /// The lowest legal value, where there is one.
    pub fn low(self) -> Option<Literal> {
        match self {
            Bounds::Low(low) | Bounds::Both(low, _) => Some(low),
            Bounds::High(_) => None,
        }
    }

    /// The highest legal value, where there is one.
    pub fn high(self) -> Option<Literal> {
        match self {
            Bounds::High(high) | Bounds::Both(_, high) => Some(high),
            Bounds::Low(_) => None,
        }
    }
}

/// A process and its ports.
#[derive(Debug, Clone)]
pub struct Process {
    /// Its name.
    pub name: Name,
    /// Prefix of its C++ constants: `ingest`.
    pub snake: String,
    /// Prefix of its Rust constants: `INGEST`.
    pub upper: String,
    /// Its ports, by name.
    pub ports: Vec<Port>,
    /// What it passes on without a copy, as written.
    pub forwards: Vec<Forward>,
    /// Comment.
    pub note: Note,
}

/// A typed port.
#[derive(Debug, Clone)]
pub struct Port {
    /// As declared; what the runtime knows it by.
    pub declared: String,
    /// The member, escaped.
    pub member: String,
    /// In C function names, not escaped.
    pub snake: String,
    /// Its end in C++ while the process is opened: `vil_credits_end`.
    pub opening: String,
    /// The member in C that a request's answers come or go by: `vil_prices_answers`.
    pub answers: String,
    /// What passes through it, and how.
    pub way: Way,
    /// Comment.
    pub note: Note,
}

/// What passes through a port, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// Messages leave here.
    Out(Payload, Sends),
    /// Messages arrive here.
    In(Payload, Receives),
    /// Questions leave, answers arrive.
    Request {
        /// What is asked.
        question: Payload,
        /// What is answered.
        answer: Payload,
    },
    /// Questions arrive, answers leave.
    Response {
        /// What is asked.
        question: Payload,
        /// What is answered.
        answer: Payload,
    },
}

/// What an out port may do with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sends {
    /// Publish it.
    Publish,
    /// Publish it and go on reading it.
    Keep,
}

/// What an in port may do with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receives {
    /// Read it and give it back.
    Read,
    /// Change it in place too.
    Change,
    /// Have it for good: change it, and consume it or pass it on.
    Take,
}

/// A message as a port carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// The message.
    pub name: Name,
    /// Its size in bytes; of a relative or external one its `max_bytes`.
    pub size: u32,
    /// Its alignment in bytes.
    pub align: u32,
    /// Flat, relative or external. Of what is not flat the port carries up to `size` bytes.
    pub profile: Profile,
    /// When what arrives is verified: where routes differ, as the strictest says; never where it is not relative or leaves here.
    pub verify: Verify,
}

/// One end of a port, as the runtime opens it.
#[derive(Debug, Clone, Copy)]
pub struct PortEnd<'a> {
    /// Messages leave here.
    pub out: bool,
    /// The member in C.
    pub member: &'a str,
    /// What passes through it.
    pub payload: &'a Payload,
}

impl Port {
    /// Its ends: one, or two where questions are answered.
    pub fn ends(&self) -> Vec<PortEnd<'_>> {
        let end = |out, member, payload| PortEnd { out, member, payload };
        match &self.way {
            Way::Out(payload, _) => vec![end(true, &self.member, payload)],
            Way::In(payload, _) => vec![end(false, &self.member, payload)],
            Way::Request { question, answer } => {
                vec![end(true, &self.member, question), end(false, &self.answers, answer)]
            }
            Way::Response { question, answer } => {
                vec![end(false, &self.member, question), end(true, &self.answers, answer)]
            }
        }
    }

    /// What is sent, received or asked by it.
    pub fn message(&self) -> &Name {
        match &self.way {
            Way::Out(payload, _) | Way::In(payload, _) => &payload.name,
            Way::Request { question, .. } | Way::Response { question, .. } => &question.name,
        }
    }

    /// The direction as the author wrote it.
    pub fn direction(&self) -> &'static str {
        match self.way {
            Way::Out(..) => "out",
            Way::In(..) => "in",
            Way::Request { .. } => "request",
            Way::Response { .. } => "response",
        }
    }
}

/// A message of an in port that goes on by an out port as it lies.
#[derive(Debug, Clone)]
pub struct Forward {
    /// In function names: `credits_forward_passed`.
    pub name: String,
    /// Where it arrives.
    pub from: Port,
    /// Where it leaves.
    pub to: Port,
}
