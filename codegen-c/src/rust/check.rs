//! The `check` method: one expression that is true when every value is a legal one.

use vil_ir::vocabulary::Scalar;

use super::scalar;
use crate::literal::rust_value;
use crate::plan::{Arm, Body, Bounds, Check, Rule, Struct, Union};
use crate::writer::Writer;

/// The method that looks at every value which not every bit pattern suits.
pub(super) fn write(out: &mut Writer, found: &Struct) {
    let what = if found.has_checks() { "Whether every value is a legal one." } else { "Every value is a legal one." };
    out.line(format!("/// {what}"));
    out.block("pub fn check(&self) -> bool {", "}", |out| match &found.body {
        _ if !found.has_checks() => out.line("true"),
        Body::Members(_) => {
            let tests: Vec<Test> = found.checks.iter().flat_map(right).collect();
            conjunction(out, &tests);
        }
        Body::Union(union) => check_arms(out, union),
    });
}

fn check_arms(out: &mut Writer, union: &Union) {
    let (checked, free): (Vec<&Arm>, Vec<&Arm>) = union.arms.iter().partition(|arm| arm.checked);
    let tags = free.iter().map(|arm| format!("Self::{}", arm.tag_upper)).collect::<Vec<_>>().join(" | ");
    if checked.is_empty() {
        out.line(format!("matches!(self.vil_tag, {tags})"));
        return;
    }
    out.block("match self.vil_tag {", "}", |out| {
        for arm in checked {
            let checks = format!("self.as_{}().is_some_and({}::check)", arm.snake, arm.name.camel);
            out.line(format!("Self::{} => {checks},", arm.tag_upper));
        }
        if !union.open && !tags.is_empty() {
            out.line(format!("{tags} => true,"));
        }
        out.line(format!("_ => {},", union.open));
    });
}

fn conjunction(out: &mut Writer, tests: &[Test]) {
    let Some((first, rest)) = tests.split_first() else { return };
    out.line(if rest.is_empty() { first.alone() } else { first.operand() });
    out.inset(|out| out.lines(rest.iter().map(|test| format!("&& {}", test.operand()))));
}

/// Conditions that make one.
enum Test {
    All(Vec<String>),
    Any(Vec<String>),
}

impl Test {
    /// Where nothing stands beside it.
    fn alone(&self) -> String {
        match self {
            Test::All(tests) => tests.join(" && "),
            Test::Any(tests) => tests.join(" || "),
        }
    }

    /// As an operand of `&&`.
    fn operand(&self) -> String {
        match self {
            Test::All(_) => self.alone(),
            Test::Any(_) => format!("({})", self.alone()),
        }
    }
}

/// The conditions under which a member is legal, all of them.
fn right(check: &Check) -> Vec<Test> {
    let member = format!("self.{}", check.member);
    let Some(count) = check.counts.first() else {
        let test = value(&check.rule, &member, &format!("&{member}"));
        return match (&check.presence, test) {
            (None, Test::All(tests)) => tests.into_iter().map(|test| Test::All(vec![test])).collect(),
            (_, test) => vec![if_present(check, test)],
        };
    };
    let take = match &check.used_by {
        Some((used, _)) => format!(".take(self.{used} as usize)"),
        None => String::new(),
    };
    let flatten = ".flatten()".repeat(check.counts.len() - 1);
    let inner = value(&check.rule, "*value", "value").alone();
    let test = Test::All(vec![format!("{member}.iter(){take}{flatten}.all(|value| {inner})")]);
    let fits = check.used_by.as_ref().map(|(used, scalar)| match scalar {
        Scalar::U64 => format!("self.{used} <= {count}"),
        _ => format!("self.{used} as u64 <= {count}"),
    });
    let fits = fits.map(|fits| Test::All(vec![fits]));
    fits.into_iter().chain([if_present(check, test)]).collect()
}

/// The test, when it matters only while a presence byte is set.
fn if_present(check: &Check, test: Test) -> Test {
    match &check.presence {
        Some(byte) => Test::Any(vec![format!("self.{byte} == 0"), test.alone()]),
        None => test,
    }
}

/// The condition under which a value is legal; `place` is the value, `borrowed` a reference to it.
fn value(rule: &Rule, place: &str, borrowed: &str) -> Test {
    let one = |test: String| Test::All(vec![test]);
    let dotted = place.trim_start_matches('*');
    match rule {
        Rule::Flag => one(format!("{place} <= 1")),
        Rule::Known(_, None) => one(format!("{dotted}.is_known()")),
        Rule::Known(name, Some(storage)) => {
            let narrow = format!("{}({place} as _)", name.camel);
            let same = format!("{narrow}.0 as {} == {place}", scalar(*storage));
            Test::All(vec![same, format!("{narrow}.is_known()")])
        }
        Rule::Struct(_) => one(format!("{dotted}.check()")),
        Rule::Range { bounds, unknown } => {
            let inside = match *bounds {
                Bounds::Both(low, high) => {
                    format!("({}..={}).contains({borrowed})", rust_value(low), rust_value(high))
                }
                Bounds::Low(low) => format!("{place} >= {}", rust_value(low)),
                Bounds::High(high) => format!("{place} <= {}", rust_value(high)),
            };
            match unknown {
                None => one(inside),
                Some(value) if value.is_nan() => Test::Any(vec![format!("{dotted}.is_nan()"), inside]),
                Some(value) => Test::Any(vec![format!("{place} == {}", rust_value(*value)), inside]),
            }
        }
    }
}
