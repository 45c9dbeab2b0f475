//! Programs that are right: everything the language can say, put together so that no pass refuses it.
//!
//! All choices come from a list of numbers that proptest makes smaller: where the list ends, the first of several is chosen,
//! so a short list is a small program.

pub(crate) mod shape;
mod topology;
mod types;
pub(crate) mod wound;

use vil_ir::model::{Named, Notes, Program, Value};

/// Numbers that decide, one after the other.
#[derive(Debug, Clone)]
pub(crate) struct Choices {
    numbers: Vec<u32>,
    next: usize,
}

impl Choices {
    pub(crate) fn new(numbers: Vec<u32>) -> Choices {
        Choices { numbers, next: 0 }
    }

    /// From 0 up to `end`; 0 where the list has ended.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let number = self.numbers.get(self.next).copied().unwrap_or(0);
        self.next += 1;
        number as usize % end.max(1)
    }

    /// True about one time in `of`, never where the list has ended.
    pub(crate) fn rarely(&mut self, of: usize) -> bool {
        self.below(of) == of - 1
    }

    pub(crate) fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    /// Something, about one time in `of`.
    pub(crate) fn some<T: Clone>(&mut self, of: usize, all: &[T]) -> Option<T> {
        if self.rarely(of) { Some(self.one(all)) } else { None }
    }

    fn text(&mut self) -> String {
        self.one(&[
            "",
            "plain",
            "two\nlines",
            "\"quoted\"",
            "\u{1f980} é",
            "a: b # c",
            "\t\u{0}\u{85}",
            "- x",
            "~",
            "1.0",
        ])
        .to_owned()
    }

    pub(crate) fn notes(&mut self) -> Notes {
        if !self.rarely(6) {
            return Notes::default();
        }
        let values =
            [Value::Bool(true), Value::Int(-7), Value::Float(0.5), Value::Float(1e300), Value::Str("x y".to_owned())];
        let mut annotations = Named::new();
        for key in ["a", "b/c", "~", ""].iter().take(self.below(4)) {
            annotations.insert((*key).to_owned(), self.one(&values));
        }
        let (doc, deprecated) = (self.rarely(2).then(|| self.text()), self.rarely(3).then(|| self.text()));
        Notes { doc, deprecated, annotations }
    }
}

/// One program.
pub(crate) fn program(choices: &mut Choices) -> Program {
    let mut program = Program { name: "made".to_owned(), notes: choices.notes(), ..Program::default() };
    program.package = choices.some(4, &["geo".to_owned(), "a.b".to_owned()]);
    types::add(&mut program, choices);
    topology::add(&mut program, choices);
    program
}
