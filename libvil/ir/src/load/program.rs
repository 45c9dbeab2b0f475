//! The value trees of a program's files, read into one model.

use super::keys;
use super::node::{Data, Entry, Node, Place, child};
use super::reader::{Object, Reader};
use super::rules::{BAD_NAME, BAD_NUMBER, NOT_IMPORTABLE};
use super::scope::{Declared, SHARED, Scope, TYPE_SECTIONS};
use super::source::SourceFile;
use crate::diagnostics::Diagnostic;
use crate::model::Program;
use crate::types::is_path;

/// Reads all files into one program; the first is the program's own, the others are its imports.
pub(crate) fn read(files: &mut [SourceFile], reader: &mut Reader) -> Program {
    let package = files.first().and_then(|file| package(file.root.as_ref()));
    let names: Vec<String> = files.iter().map(|file| file.name.clone()).collect();
    let mut declared = Declared::default();
    for file in files.iter_mut() {
        let own = self::package(file.root.as_ref());
        file.prefix = own.filter(|_| own_differs(file.root.as_ref(), &package)).map_or(String::new(), |own| own + ".");
        if let Some(root) = &file.root {
            declared.scan(root, &package, &file.prefix, &names, reader);
        }
    }
    let mut program = Program { package: package.clone(), ..Program::default() };
    for (index, file) in files.iter_mut().enumerate() {
        file.first_route = program.routes.len();
        file.first_failover = program.failovers.len();
        let Some(root) = &file.root else { continue };
        let scope = Scope { declared: &declared, package: package.clone(), prefix: file.prefix.clone() };
        let place = Place { file: index as u32, line: 1, column: 1, length: 1 };
        let Some(object) = reader.object(root, place, "", keys::PROGRAM) else { continue };
        reader.head(&object, index > 0, &mut program);
        reader.types(&scope, &object, &mut program);
        if file.prefix.is_empty() {
            reader.parts(&scope, &object, &mut program);
        }
    }
    program
}

fn package(root: Option<&Node>) -> Option<String> {
    match &root?.entry("package")?.value.data {
        Data::Str(package) => Some(package.clone()),
        _ => None,
    }
}

fn own_differs(root: Option<&Node>, package: &Option<String>) -> bool {
    self::package(root) != *package
}

/// Reads the entries of one section into a map of the program.
macro_rules! section {
    ($reader:ident, $scope:ident, $root:ident, $program:ident . $section:ident, |$entry:ident, $pointer:ident| $read:expr) => {
        for $entry in $reader.entries($root, stringify!($section)) {
            if let Some((name, $pointer)) = $reader.defined($scope, stringify!($section), $entry) {
                if let Some(found) = $read {
                    $program.$section.insert(name, found);
                }
            }
        }
    };
}

impl Reader {
    fn head(&mut self, root: &Object<'_>, imported: bool, program: &mut Program) {
        if let Some(version) = self.required(root, "vil")
            && version.value.data != Data::Int(1)
        {
            let fault = Diagnostic::new(BAD_NUMBER, "/vil", "this library reads version 1 of the language");
            self.fault(version.value.place, fault.found(version.value.what()).expected("1"));
        }
        let name = self.required(root, "program").and_then(|_| self.text(root, "program"));
        if let (Some(name), Some(entry)) = (&name, root.get("program")) {
            self.name(name, entry.value.place, "/program", false);
        }
        if let (Some(package), Some(entry)) = (self.text(root, "package"), root.get("package"))
            && !is_path(&package)
        {
            let fault = Diagnostic::new(BAD_NAME, "/package", format!("`{package}` is not a legal package"));
            self.fault(entry.value.place, fault.expected("names joined by dots"));
        }
        let (strict, notes) = (self.flag(root, "strict"), self.notes(root));
        if !imported {
            program.name = name.unwrap_or_default();
            program.strict = strict.unwrap_or(false);
            program.notes = notes;
            program.defaults = self.defaults(root);
            return;
        }
        for key in ["defaults", "strict"] {
            if let Some(entry) = root.get(key) {
                let message = format!("`{key}` belongs to the program that imports this file");
                self.fault(entry.place, Diagnostic::new(NOT_IMPORTABLE, child("", key), message).fix("move it there"));
            }
        }
    }

    /// Name in the merged program and pointer of a definition; `None` for the second of two.
    fn defined(&mut self, scope: &Scope<'_>, section: &str, entry: &Entry) -> Option<(String, String)> {
        let name = scope.full(&entry.key);
        let pointer = child(&format!("/{section}"), &name);
        self.name(&entry.key, entry.place, &pointer, SHARED.contains(&section));
        if TYPE_SECTIONS.contains(&section) {
            self.type_name(&entry.key, entry.place, &pointer);
        }
        scope.declared.is_first(section, &name, entry.place).then_some((name, pointer))
    }

    fn types(&mut self, scope: &Scope<'_>, root: &Object<'_>, program: &mut Program) {
        for (name, constant) in &self.constants(root) {
            program.constants.insert(scope.full(name), constant.clone());
        }
        section!(self, scope, root, program.enums, |entry, pointer| self.enumeration(entry, &pointer));
        section!(self, scope, root, program.structs, |entry, pointer| self.structure(scope, entry, &pointer));
        section!(self, scope, root, program.messages, |entry, pointer| self.message(scope, entry, &pointer));
        section!(self, scope, root, program.interfaces, |entry, pointer| self.interface(scope, entry, &pointer));
    }

    fn parts(&mut self, scope: &Scope<'_>, root: &Object<'_>, program: &mut Program) {
        section!(self, scope, root, program.hosts, |entry, pointer| self.host(entry, &pointer));
        section!(self, scope, root, program.processes, |entry, pointer| self.process(scope, entry, &pointer));
        for node in self.items(root, "routes") {
            let pointer = format!("/routes/{}", program.routes.len());
            program.routes.extend(self.route(scope, node, &pointer));
        }
        for node in self.items(root, "failovers") {
            let pointer = format!("/failovers/{}", program.failovers.len());
            program.failovers.extend(self.failover(scope, node, &pointer));
        }
    }
}
