//! Which type needs which: types in an order in which each stands behind those it holds by value, and the cycles.
//!
//! A walk with a stack of its own, because a program may hold one type in another a hundred thousand times.

use crate::keyed::Keyed;
use crate::model::{Body, Program, Type};
use crate::vocabulary::Profile;

/// Names of a cycle that are told at most; of a longer one the middle is left out.
const MOST_NAMES: usize = 16;

/// The types of a program in the order in which they can be laid out.
pub(super) struct Order<'p> {
    /// All structs and all messages but external ones.
    pub(super) names: Vec<&'p str>,
    /// At least one cycle through each type that is on one, in the order found.
    pub(super) cycles: Vec<Cycle>,
}

/// A type that contains itself.
pub(super) struct Cycle {
    /// The type.
    pub(super) owner: String,
    /// The names along the cycle, the owner at both ends.
    pub(super) path: Vec<String>,
    /// A VRef that may not be absent is on it; else all is by value.
    pub(super) by_reference: bool,
}

/// How one type holds another, so that there is none without it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Link {
    Value,
    Reference,
}

/// How far the walk has come with a type.
#[derive(Default, Clone, Copy)]
enum Mark {
    #[default]
    New,
    /// At this position of the stack.
    Open(usize),
    Done,
}

/// A type whose needs are being followed.
struct Step<'p> {
    name: &'p str,
    came_by: Link,
    needs: Vec<(&'p str, Link)>,
    next: usize,
}

/// Follows all types; the order is that of the names but for what stands behind its needs.
pub(super) fn order(program: &Program) -> Order<'_> {
    let mut order = Order { names: Vec::new(), cycles: Vec::new() };
    let mut marks: Keyed<&str, Mark> = Keyed::new();
    let mut stack: Vec<Step<'_>> = Vec::new();
    for name in program.structs.keys().chain(program.messages.keys()).map(String::as_str) {
        enter(program, name, Link::Value, &mut stack, &mut marks);
        while let Some(step) = stack.last_mut() {
            let Some(&(needed, link)) = step.needs.get(step.next) else {
                *marks.or_default(step.name) = Mark::Done;
                order.names.push(step.name);
                stack.pop();
                continue;
            };
            step.next += 1;
            match marks.get(needed) {
                Some(Mark::Open(at)) => cycle(&stack[*at..], link, &mut order.cycles),
                _ => enter(program, needed, link, &mut stack, &mut marks),
            }
        }
    }
    order
}

/// Puts a type on the stack that was not there yet and has a layout.
fn enter<'p>(
    program: &'p Program,
    name: &'p str,
    came_by: Link,
    stack: &mut Vec<Step<'p>>,
    marks: &mut Keyed<&'p str, Mark>,
) {
    let mark = marks.or_default(name);
    if let (Mark::New, Some(body)) = (*mark, body(program, name)) {
        *mark = Mark::Open(stack.len());
        stack.push(Step { name, came_by, needs: needs(program, body), next: 0 });
    }
}

/// One report for each type that is met again, however many ways lead back to it.
fn cycle(steps: &[Step<'_>], back_by: Link, cycles: &mut Vec<Cycle>) {
    let Some(owner) = steps.first().map(|step| step.name) else { return };
    if cycles.last().is_some_and(|last| last.owner == owner) {
        return;
    }
    let mut path: Vec<String> = steps.iter().take(MOST_NAMES).map(|step| step.name.to_owned()).collect();
    if steps.len() > MOST_NAMES {
        path.push("...".to_owned());
    }
    path.push(owner.to_owned());
    let by_reference = back_by == Link::Reference || steps[1..].iter().any(|step| step.came_by == Link::Reference);
    cycles.push(Cycle { owner: owner.to_owned(), path, by_reference });
}

/// The body of a struct or of a message that has a layout.
pub(super) fn body<'p>(program: &'p Program, name: &str) -> Option<&'p Body> {
    match (program.structs.get(name), program.messages.get(name)) {
        (Some(found), _) => Some(&found.body),
        (None, Some(found)) => Some(&found.body).filter(|_| found.layout != Some(Profile::External)),
        (None, None) => None,
    }
}

fn needs<'p>(program: &'p Program, body: &'p Body) -> Vec<(&'p str, Link)> {
    let fields: Vec<_> = match body {
        Body::Fields(fields) => fields.iter().collect(),
        Body::Variants(variants) => variants.arms.iter().flat_map(|arm| &arm.fields).collect(),
    };
    let mut needs: Vec<(&str, Link)> = Vec::with_capacity(fields.len());
    for field in fields {
        match element(&field.ty) {
            Type::Named(name) if !program.enums.contains_key(name) => needs.push((name, Link::Value)),
            Type::Ref(name) if !field.optional => needs.push((name, Link::Reference)),
            _ => {}
        }
    }
    needs
}

/// What fixed arrays repeat in the end.
fn element(mut ty: &Type) -> &Type {
    while let Type::Array(inner, _) = ty {
        ty = inner;
    }
    ty
}
