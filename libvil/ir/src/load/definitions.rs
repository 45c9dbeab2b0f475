//! Constants, enums, structs and messages, out of the value tree.

use super::keys::{self, CLOCKS, INTEGERS, TAGS};
use super::node::{Data, Entry, Node, Place, child};
use super::reader::{Object, Reader};
use super::rules::{BAD_TYPE, DUPLICATE, UNKNOWN_NAME, UNKNOWN_WORD, WRONG_FORM};
use super::scope::Scope;
#[cfg(feature = "yaml")]
use super::unquoted;
use crate::diagnostics::Diagnostic;
use crate::model::{Arm, Body, Constant, Enum, EnumValue, Field, Message, Named, Notes, Struct, Type, Value, Variants};
use crate::types;
use crate::vocabulary::Scalar;

/// Bounds of every whole number of the language.
const LOWEST: i128 = i64::MIN as i128;
const HIGHEST: i128 = u64::MAX as i128;

impl Reader {
    /// Constants at the top or inside a type.
    pub(crate) fn constants(&mut self, owner: &Object<'_>) -> Named<Constant> {
        let mut constants = Named::new();
        for entry in self.entries(owner, "constants") {
            let pointer = child(&owner.at("constants"), &entry.key);
            self.name(&entry.key, entry.place, &pointer, owner.pointer.is_empty());
            constants.extend(self.constant(entry, &pointer).map(|constant| (entry.key.clone(), constant)));
        }
        constants
    }

    fn constant(&mut self, entry: &Entry, pointer: &str) -> Option<Constant> {
        let object = self.object(&entry.value, entry.place, pointer, keys::CONSTANT)?;
        let notes = self.notes(&object);
        let written = self.required(&object, "type").and_then(|_| self.text(&object, "type"));
        let value = self.required(&object, "value");
        let value = value.and_then(|value| self.value(&value.value, object.at("value")));
        let written = written?;
        let scalar = match written.as_str() {
            "str" => None,
            word => Some(self.scalar(word, Scalar::ALL, object.get("type")?.value.place, object.at("type"))?),
        };
        let value = value.map(|value| if is_float(scalar) { special(value) } else { value });
        Some(Constant { scalar, value: value?, notes })
    }

    fn scalar(&mut self, word: &str, legal: &[Scalar], place: Place, pointer: String) -> Option<Scalar> {
        let found = Scalar::from_word(word).filter(|scalar| legal.contains(scalar));
        if found.is_none() {
            let what = if Scalar::from_word(word).is_some() { "not usable here:" } else { "unknown type" };
            self.unknown(UNKNOWN_WORD, place, pointer, what, word, &|| {
                legal.iter().map(|scalar| scalar.word()).collect()
            });
        }
        found
    }

    fn scalar_key(&mut self, object: &Object<'_>, key: &str, legal: &[Scalar]) -> Option<Scalar> {
        let word = self.text(object, key)?;
        self.scalar(&word, legal, object.get(key)?.value.place, object.at(key))
    }

    /// One enum.
    pub(crate) fn enumeration(&mut self, entry: &Entry, pointer: &str) -> Option<Enum> {
        let object = self.object(&entry.value, entry.place, pointer, keys::ENUM)?;
        let repr = self.required(&object, "repr").and_then(|_| self.scalar_key(&object, "repr", INTEGERS));
        let mut values = Vec::new();
        self.required(&object, "values");
        for value in self.entries(&object, "values") {
            let at = child(&object.at("values"), &value.key);
            self.name(&value.key, value.place, &at, false);
            values.extend(self.enum_value(value, &at));
        }
        Some(Enum {
            open: self.flag(&object, "open").unwrap_or(true),
            bitmask: self.flag(&object, "bitmask").unwrap_or(false),
            aliases: self.flag(&object, "aliases").unwrap_or(false),
            values,
            notes: self.notes(&object),
            repr: repr?,
        })
    }

    fn enum_value(&mut self, entry: &Entry, pointer: &str) -> Option<EnumValue> {
        let name = entry.key.clone();
        if !matches!(entry.value.data, Data::Map(_)) {
            let value = self.integer_of(&entry.value, pointer.to_owned(), LOWEST, HIGHEST)?;
            let notes = Notes { doc: self.comment(entry.place), ..Notes::default() };
            return Some(EnumValue { name, value, notes });
        }
        let object = self.object(&entry.value, entry.place, pointer, keys::ENUM_VALUE)?;
        let notes = self.notes(&object);
        self.required(&object, "value")?;
        Some(EnumValue { name, value: self.integer(&object, "value", LOWEST, HIGHEST)?, notes })
    }

    /// One struct.
    pub(crate) fn structure(&mut self, scope: &Scope<'_>, entry: &Entry, pointer: &str) -> Option<Struct> {
        let object = self.object(&entry.value, entry.place, pointer, keys::STRUCT)?;
        let (body, constants, notes) = (self.body(scope, &object), self.constants(&object), self.notes(&object));
        Some(Struct { body, constants, notes })
    }

    /// One message.
    pub(crate) fn message(&mut self, scope: &Scope<'_>, entry: &Entry, pointer: &str) -> Option<Message> {
        let object = self.object(&entry.value, entry.place, pointer, keys::MESSAGE)?;
        Some(Message {
            kind: self.word(&object, "kind"),
            layout: self.word(&object, "layout"),
            memory: self.word(&object, "memory"),
            max_bytes: self.integer(&object, "max_bytes", 0, u64::MAX.into()).map(|bytes| bytes as u64),
            media_type: self.text(&object, "media_type"),
            adapter: self.text(&object, "adapter"),
            body: self.body(scope, &object),
            constants: self.constants(&object),
            notes: self.notes(&object),
        })
    }

    fn body(&mut self, scope: &Scope<'_>, object: &Object<'_>) -> Body {
        let variants = object.get("variants");
        if variants.is_none() {
            for key in ["tag", "open"] {
                if let Some(entry) = object.get(key) {
                    let fault = Diagnostic::new(WRONG_FORM, object.at(key), format!("`{key}` belongs to variants"));
                    self.fault(entry.place, fault.fix("take it out, or add `variants`"));
                }
            }
            return Body::Fields(self.fields(scope, object));
        }
        if let Some(fields) = object.get("fields") {
            let fault = Diagnostic::new(WRONG_FORM, object.at("fields"), "a type has fields or variants, not both");
            self.fault(fields.place, fault.fix("put the fields into a variant, or the variants into a struct"));
        }
        let mut arms = Vec::new();
        for entry in self.entries(object, "variants") {
            let pointer = child(&object.at("variants"), &entry.key);
            self.name(&entry.key, entry.place, &pointer, false);
            arms.extend(self.arm(scope, entry, &pointer));
        }
        Body::Variants(Variants {
            tag: self.scalar_key(object, "tag", TAGS).unwrap_or(Scalar::U32),
            open: self.flag(object, "open").unwrap_or(false),
            arms,
        })
    }

    fn arm(&mut self, scope: &Scope<'_>, entry: &Entry, pointer: &str) -> Option<Arm> {
        let object = self.object(&entry.value, entry.place, pointer, keys::ARM)?;
        let (fields, notes) = (self.fields(scope, &object), self.notes(&object));
        self.required(&object, "tag")?;
        let tag = self.integer(&object, "tag", 0, HIGHEST)? as u64;
        Some(Arm { name: entry.key.clone(), tag, fields, notes })
    }

    fn fields(&mut self, scope: &Scope<'_>, owner: &Object<'_>) -> Vec<Field> {
        let list = owner.at("fields");
        let mut fields: Vec<Field> = Vec::new();
        let mut seen: Named<Place> = Named::new();
        let mut lengths = Vec::new();
        for (index, node) in self.items(owner, "fields").iter().enumerate() {
            let pointer = format!("{list}/{index}");
            if let Some(Entry { value: Node { data: Data::Str(name), place }, .. }) = node.entry("name") {
                self.name(name, *place, &format!("{pointer}/name"), false);
                if let Some(first) = seen.get(name) {
                    let fault =
                        Diagnostic::new(DUPLICATE, format!("{pointer}/name"), format!("two fields are named `{name}`"))
                            .found(format!("`{name}` in line {} already", first.line))
                            .fix("rename one of them or take it out");
                    self.fault(*place, fault);
                } else {
                    seen.insert(name.clone(), *place);
                }
            }
            let Some(field) = self.field(scope, node, &pointer) else { continue };
            lengths.extend(
                field
                    .used_by
                    .clone()
                    .zip(node.entry("used_by"))
                    .map(|(name, entry)| (name, entry.value.place, pointer)),
            );
            fields.push(field);
        }
        for (name, place, pointer) in lengths {
            if !seen.contains_key(&name) {
                let names = || seen.keys().map(String::as_str).collect();
                self.unknown(UNKNOWN_NAME, place, format!("{pointer}/used_by"), "there is no field", &name, &names);
            }
        }
        fields
    }

    fn field(&mut self, scope: &Scope<'_>, node: &Node, pointer: &str) -> Option<Field> {
        let whole = self.whole(node, pointer);
        let object = self.object(whole.as_ref().unwrap_or(node), node.place, pointer, keys::FIELD)?;
        let name = self.required(&object, "name").and_then(|_| self.text(&object, "name"));
        let ty = self.required(&object, "type").and_then(|_| self.field_type(scope, &object));
        let float = ty.as_ref().is_some_and(has_floats);
        let raw = |value: Value| if float { special(value) } else { value };
        let mut field = Field::new(String::new(), Type::Scalar(Scalar::U8));
        field.id = self.number(&object, "id");
        field.optional = self.flag(&object, "optional").unwrap_or(false);
        field.default = self.scalar_value(&object, "default").map(raw);
        field.unit = self.text(&object, "unit");
        field.scale = self.float(&object, "scale");
        field.range = self.range(&object).map(|(low, high)| (low.map(raw), high.map(raw)));
        field.unknown = self.scalar_value(&object, "unknown").map(raw);
        field.used_by = self.text(&object, "used_by");
        field.clock = self.clock(&object);
        field.key = self.flag(&object, "key").unwrap_or(false);
        field.storage = self.scalar_key(&object, "as", INTEGERS);
        field.since = self.text(&object, "since");
        field.notes = self.notes(&object);
        field.name = name?;
        field.ty = ty?;
        Some(field)
    }

    /// The field with its type in one piece, where YAML took it apart, and a fault that says how it is written.
    #[cfg(feature = "yaml")]
    fn whole(&mut self, node: &Node, pointer: &str) -> Option<Node> {
        let (text, whole) = unquoted::mended(node)?;
        let place = node.entry("type")?.value.place;
        let fault =
            Diagnostic::new(WRONG_FORM, format!("{pointer}/type"), "`type` is a text, and YAML takes this one apart");
        self.fault(place, fault.fix(unquoted::advice(&text)));
        Some(whole)
    }

    /// JSON has quotes.
    #[cfg(not(feature = "yaml"))]
    fn whole(&mut self, _node: &Node, _pointer: &str) -> Option<Node> {
        None
    }

    fn field_type(&mut self, scope: &Scope<'_>, object: &Object<'_>) -> Option<Type> {
        let text = self.text(object, "type")?;
        let place = object.get("type")?.value.place;
        match types::parse(&text) {
            Ok(ty) => Some(self.resolve(scope, ty, place, &object.at("type"))),
            Err(error) => {
                let fault = Diagnostic::new(BAD_TYPE, object.at("type"), error.message)
                    .found(format!("{text:?}, at character {}", error.at + 1))
                    .expected(
                        "a scalar, a name, [type; N], VSlice<elem>, VSlice<elem, N>, VStr, VStr<N> or VRef<NAME>",
                    );
                self.fault(place, fault);
                None
            }
        }
    }

    fn clock(&mut self, object: &Object<'_>) -> Option<String> {
        let clock = self.text(object, "clock")?;
        if !CLOCKS.contains(&clock.as_str()) {
            let place = object.get("clock")?.value.place;
            self.unknown(UNKNOWN_WORD, place, object.at("clock"), "unknown clock", &clock, &|| CLOCKS.to_vec());
        }
        Some(clock)
    }

    fn scalar_value(&mut self, object: &Object<'_>, key: &str) -> Option<Value> {
        let entry = object.get(key)?;
        self.value(&entry.value, object.at(key))
    }

    fn range(&mut self, object: &Object<'_>) -> Option<(Option<Value>, Option<Value>)> {
        let entry = object.get("range")?;
        let [low, high] = entry.value.items() else {
            let fault = Diagnostic::new(WRONG_FORM, object.at("range"), "a range is a list of two numbers")
                .found(entry.value.what())
                .expected("[lowest, highest], null for an open end");
            self.fault(entry.value.place, fault);
            return None;
        };
        let mut end = |index: usize, node: &Node| match node.data {
            Data::Null => None,
            _ => self.value(node, format!("{}/{index}", object.at("range"))),
        };
        Some((end(0, low), end(1, high)))
    }
}

fn is_float(scalar: Option<Scalar>) -> bool {
    matches!(scalar, Some(Scalar::F32 | Scalar::F64))
}

fn has_floats(ty: &Type) -> bool {
    match ty {
        Type::Scalar(scalar) => is_float(Some(*scalar)),
        Type::Array(element, _) | Type::Slice(element, _) => has_floats(element),
        _ => false,
    }
}

/// "NaN", "inf" and "-inf" where a float is asked for.
fn special(value: Value) -> Value {
    match value {
        Value::Str(text) if text == "NaN" => Value::Float(f64::NAN),
        Value::Str(text) if text == "inf" => Value::Float(f64::INFINITY),
        Value::Str(text) if text == "-inf" => Value::Float(f64::NEG_INFINITY),
        other => other,
    }
}
