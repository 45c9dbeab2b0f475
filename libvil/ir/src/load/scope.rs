//! Which names exist, over all files of a program, and what a written name means in one of them.
//!
//! Collected from the value trees before anything is read, so that a definition that is faulty in itself does not make
//! everything that uses it faulty too.

use super::node::{Data, Node, Place, child};
use super::reader::Reader;
use super::rules::{DUPLICATE, UNKNOWN_NAME, UNKNOWN_PORT, UNKNOWN_TYPE};
use crate::diagnostics::Diagnostic;
use crate::keyed::Keyed;
use crate::model::{Named, Type};
use crate::types::{HEAP_NAMES, WORDS};
use crate::vocabulary::Scalar;

/// Sections whose names share one space: the names of types.
pub(crate) const TYPE_SECTIONS: &[&str] = &["enums", "structs", "messages"];

/// Other sections with names.
const SECTIONS: &[&str] = &["constants", "interfaces", "processes", "hosts"];

/// Sections that a file of another package gives away.
pub(crate) const SHARED: &[&str] = &["constants", "enums", "structs", "messages", "interfaces"];

/// All names of a program.
#[derive(Default)]
pub(crate) struct Declared {
    names: Keyed<&'static str, Named<(Place, String)>>,
    ports: Named<Named<()>>,
    served: Named<String>,
}

/// How names are meant in one file.
pub(crate) struct Scope<'d> {
    pub(crate) declared: &'d Declared,
    /// Package of the program.
    pub(crate) package: Option<String>,
    /// `pkg.` for a file of another package, else empty.
    pub(crate) prefix: String,
}

impl Scope<'_> {
    /// The name as the merged program has it.
    pub(crate) fn full(&self, written: &str) -> String {
        full(&self.package, &self.prefix, written)
    }
}

fn full(package: &Option<String>, prefix: &str, written: &str) -> String {
    if !written.contains('.') {
        return format!("{prefix}{written}");
    }
    let own = package.as_ref().and_then(|package| written.strip_prefix(package.as_str())?.strip_prefix('.'));
    own.filter(|name| !name.contains('.')).unwrap_or(written).to_owned()
}

fn texts<'n>(names: impl Iterator<Item = &'n String>) -> Vec<&'n str> {
    names.map(String::as_str).collect()
}

impl Declared {
    /// Adds the names of one file.
    pub(crate) fn scan(
        &mut self,
        root: &Node,
        package: &Option<String>,
        prefix: &str,
        files: &[String],
        reader: &mut Reader,
    ) {
        let foreign = !prefix.is_empty();
        for &section in TYPE_SECTIONS.iter().chain(SECTIONS) {
            if foreign && !SHARED.contains(&section) {
                continue;
            }
            let space = if TYPE_SECTIONS.contains(&section) { "types" } else { section };
            for entry in root.entry(section).map_or(&[][..], |section| section.value.entries()) {
                let name = full(package, prefix, &entry.key);
                let pointer = child(&format!("/{section}"), &name);
                let known = self.names.or_default(space);
                if let Some((first, kind)) = known.get(&name) {
                    let file = files.get(first.file as usize).map_or("", String::as_str);
                    let fault = Diagnostic::new(DUPLICATE, pointer, format!("`{name}` is defined twice"))
                        .found(format!("it stands among {kind} in {file}:{} already", first.line))
                        .fix("rename one of them or take it out");
                    reader.fault(entry.place, fault);
                    continue;
                }
                known.insert(name.clone(), (entry.place, section.to_owned()));
                if section == "messages" {
                    self.names.or_default("messages").insert(name.clone(), (entry.place, section.to_owned()));
                }
                self.details(section, name, &entry.value, package, prefix);
            }
        }
    }

    fn details(&mut self, section: &str, name: String, node: &Node, package: &Option<String>, prefix: &str) {
        if section == "interfaces" {
            let ports = node.entry("ports").map_or(&[][..], |ports| ports.value.entries());
            self.ports.insert(name, ports.iter().map(|port| (port.key.clone(), ())).collect());
        } else if section == "processes"
            && let Some(Data::Str(interface)) = node.entry("interface").map(|entry| &entry.value.data)
        {
            self.served.insert(name, full(package, prefix, interface));
        }
    }

    fn of(&self, space: &str) -> Vec<&str> {
        self.names.get(space).map_or(Vec::new(), |names| texts(names.keys()))
    }

    fn has(&self, space: &str, name: &str) -> bool {
        self.names.get(space).is_some_and(|names| names.contains_key(name))
    }

    /// True when the definition of a name stands where this place says: the first of two.
    pub(crate) fn is_first(&self, section: &str, name: &str, place: Place) -> bool {
        let space = if TYPE_SECTIONS.contains(&section) { "types" } else { section };
        self.names.get(space).and_then(|names| names.get(name)).is_none_or(|(first, _)| *first == place)
    }
}

impl Reader {
    /// A name of a section as the merged program has it; a fault when there is none.
    pub(crate) fn reference(
        &mut self,
        scope: &Scope<'_>,
        space: &str,
        what: &str,
        written: &str,
        place: Place,
        pointer: String,
    ) -> String {
        let name = scope.full(written);
        if !scope.declared.has(space, &name) {
            let (what, names) = (format!("there is no {what}"), || scope.declared.of(space));
            if !self.may_be_elsewhere(written, None, &names) {
                self.unknown(UNKNOWN_NAME, place, pointer, &what, written, &names);
            }
        }
        name
    }

    /// A port of a process; a fault when there is none. Unknown processes are somebody else's fault.
    pub(crate) fn port(&mut self, scope: &Scope<'_>, process: &str, port: &str, place: Place, pointer: String) {
        let interface = scope.declared.served.get(process);
        let Some(ports) = interface.and_then(|interface| scope.declared.ports.get(interface)) else { return };
        if !ports.contains_key(port) {
            let what = format!("process `{process}` has no port");
            self.unknown(UNKNOWN_PORT, place, pointer, &what, port, &|| texts(ports.keys()));
        }
    }

    /// A type with its names as the merged program has them.
    pub(crate) fn resolve(&mut self, scope: &Scope<'_>, ty: Type, place: Place, pointer: &str) -> Type {
        match ty {
            Type::Named(written) => {
                let name = scope.full(&written);
                if scope.declared.has("types", &name) {
                    return Type::Named(name);
                }
                if HEAP_NAMES.contains(&written.as_str()) {
                    return Type::Heap(written);
                }
                self.unknown_type(scope, &written, place, pointer);
                Type::Named(name)
            }
            Type::Ref(written) => {
                let name = scope.full(&written);
                if !scope.declared.has("types", &name) {
                    self.unknown_type(scope, &written, place, pointer);
                }
                Type::Ref(name)
            }
            Type::Array(element, count) => Type::Array(Box::new(self.resolve(scope, *element, place, pointer)), count),
            Type::Slice(element, bound) => Type::Slice(Box::new(self.resolve(scope, *element, place, pointer)), bound),
            other => other,
        }
    }

    fn unknown_type(&mut self, scope: &Scope<'_>, written: &str, place: Place, pointer: &str) {
        let names = || [&scope.declared.of("types"), Scalar::WORDS, WORDS].concat();
        let known = in_other_languages(written);
        if !self.may_be_elsewhere(written, known, &names) {
            let said = (format!("unknown type `{written}`"), written, known);
            self.unknown_near(UNKNOWN_TYPE, place, pointer.to_owned(), said, &names);
        }
    }
}

/// The scalar that other languages call by another name.
fn in_other_languages(name: &str) -> Option<&'static str> {
    Some(match name.strip_suffix("_t").unwrap_or(name) {
        "uint8" | "uchar" | "byte" | "char8" => "u8",
        "uint16" | "ushort" => "u16",
        "uint32" | "uint" | "unsigned" => "u32",
        "uint64" | "ulong" | "size" | "usize" => "u64",
        "int8" | "char" => "i8",
        "int16" | "short" => "i16",
        "int32" | "int" => "i32",
        "int64" | "long" | "isize" => "i64",
        "float" | "float32" => "f32",
        "double" | "float64" => "f64",
        "boolean" | "_Bool" => "bool",
        _ => return None,
    })
}
