//! The golden Rust files as a user's crate takes them in, under this workspace's lints with every warning denied, and
//! what their types promise: zeroed defaults, checks, tagged unions.
#![deny(warnings)]

mod taken_in_by_include {
    include!("golden/pipeline/rust/demo_line.rs");
}
#[path = "golden/external/rust/external.rs"]
mod external;
#[path = "golden/keywords/rust/class_.rs"]
mod keywords;
#[path = "golden/modes/rust/modes.rs"]
mod modes;
#[path = "golden/relative/rust/relative.rs"]
mod relative;
#[path = "golden/shapes/rust/shapes.rs"]
mod shapes;

use shapes::{Arrays, Choice, Flags, Kinds, Level, Outcome, Point, Scalars, Side};
use vil::Message;

/// Nothing in Kinds is out of bounds.
fn legal() -> Kinds {
    Kinds { side: Side::SELL, stored: -1, ..Kinds::default() }
}

#[test]
fn a_default_is_all_zero() {
    let mut zero = Kinds::default();
    zero.choice.set_long().value = 7;
    zero.choice.set_none();
    assert_eq!(zero, Kinds::default());
    assert_eq!(Scalars::default().j.to_bits(), 0);
}

#[test]
fn check_sees_each_value_that_is_not_legal() {
    assert!(legal().check());
    let wrong = [
        Kinds { side: Side(0), ..legal() },
        Kinds { flags: Flags(4), ..legal() },
        Kinds { stored: 255, ..legal() },
        Kinds { vil_has_point: 2, ..legal() },
        Kinds { vil_has_point: 1, point: Point { x: 2000.0, y: 0.0 }, ..legal() },
        Kinds { vil_has_note: 1, note: 4, ..legal() },
        Kinds { percent: 101, ..legal() },
    ];
    for (index, kinds) in wrong.iter().enumerate() {
        assert!(!kinds.check(), "{index}: {kinds:?}");
    }
}

#[test]
fn check_lets_pass_what_is_absent_unknown_or_open() {
    let right = [
        Kinds { vil_has_point: 0, point: Point { x: 2000.0, y: 0.0 }, ..legal() },
        Kinds { vil_has_point: 1, point: Point { x: 0.0, y: f32::NAN }, ..legal() },
        Kinds { vil_has_note: 1, note: 0, ..legal() },
        Kinds { level: Level(77), ..legal() },
        Kinds { flags: Flags::DIRTY | Flags::LAST_ONE, ..legal() },
    ];
    for (index, kinds) in right.iter().enumerate() {
        assert!(kinds.check(), "{index}: {kinds:?}");
    }
}

#[test]
fn check_looks_at_the_used_part_of_an_array_only() {
    let far = Point { x: 5000.0, y: 0.0 };
    let sides = [Side::BUY; 3];
    let arrays = Arrays { samples: [Point::default(), far, far, far], used: 1, sides, ..Arrays::default() };
    assert!(arrays.check());
    assert!(!Arrays { used: 2, ..arrays }.check());
    assert!(!Arrays { used: 5, samples: [Point::default(); 4], ..arrays }.check());
    assert!(!Arrays { matrix: [[0, 0, 0], [0, 0, 10]], ..arrays }.check());
}

#[test]
fn a_union_gives_the_arm_that_its_tag_names_and_no_other() {
    let failed = Outcome::failed(-5, Point { x: 1.0, y: 2.0 });
    assert_eq!(failed.tag(), Outcome::TAG_FAILED);
    assert_eq!(failed.as_failed().map(|arm| arm.code), Some(-5));
    assert!(failed.as_done().is_none() && failed.as_text().is_none());
    assert!(failed.check() && !Outcome::default().check());
    assert!(Choice::default().check(), "an open union allows every tag");
    let said = format!("{failed:?}");
    assert!(said.contains("code: -5"), "{said}");
}

#[test]
fn names_of_values_are_found_and_unknown_numbers_have_none() {
    assert_eq!(Side::SELL.name(), Some("sell"));
    assert_eq!(Side(9).name(), None);
    assert!(Level::HIGH.is_known() && !Level(1).is_known());
    assert!((Flags::DIRTY | Flags::STALE).contains(Flags::STALE));
}

#[test]
fn messages_carry_their_layout() {
    assert_eq!(Scalars::NAME, c"Scalars");
    let text = Scalars::LAYOUT_TEXT.to_str().expect("it is ASCII");
    assert!(text.starts_with("vil-layout 1\nstruct Scalars: size 56 align 8\n"), "{text}");
    assert_eq!(Scalars::LAYOUT_ID, vil_ir::fingerprint::layout_id(text));
    let alarm = taken_in_by_include::Alarm::lost(3);
    assert_eq!(alarm.as_lost().map(|lost| lost.errno_), Some(3));
    assert_eq!(keywords::Result::check_().tag(), keywords::Result::TAG_CHECK);
}
