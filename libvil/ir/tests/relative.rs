//! What must hold for every program with references, legal or not: no panic, no layout with a gap, no plan missing.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use vil_ir::builder::{Builder, RouteShape};
use vil_ir::evolve::{Sides, Verdict, layouts};
use vil_ir::fingerprint::layout_text;
use vil_ir::layout::{Layout, LayoutBody, Member, Shape, What, attempt};
use vil_ir::model::{Arm, Body, Enum, Field, Message, Program, Type, Variants};
use vil_ir::normalize::normalize;
use vil_ir::vocabulary::{Kind, Profile, Scalar, Transfer, Verify};
use vil_ir::{dump, load, passes, plan};

/// A new seed each time, printed, so that a run can be repeated with VIL_SEED.
fn config() -> ProptestConfig {
    let clock = || std::time::UNIX_EPOCH.elapsed().map_or(1, |since| since.as_nanos() as u64);
    let seed = std::env::var("VIL_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(clock);
    println!("VIL_SEED={seed}");
    let rng_seed = RngSeed::Fixed(seed);
    ProptestConfig { cases: 300, failure_persistence: None, rng_seed, ..ProptestConfig::default() }
}

/// Names that a type may use: structs, an enum, messages, one of them external. Any may use any, so there are cycles.
const NAMES: &[&str] = &["S0", "S1", "S2", "S3", "S4", "S5", "E", "M0", "M1", "X"];

fn ty() -> impl Strategy<Value = Type> {
    let name = || {
        let mostly = proptest::sample::select(vec!["S3", "S4", "S5", "E"]);
        prop_oneof![5 => mostly, 1 => proptest::sample::select(NAMES.to_vec())].prop_map(str::to_owned)
    };
    let scalar = || proptest::sample::select(Scalar::ALL.to_vec()).prop_map(Type::Scalar);
    let bound =
        || prop_oneof![4 => Just(None), 4 => (1u32..100).prop_map(Some), 1 => Just(Some(0)), 1 => Just(Some(u32::MAX))];
    let element = prop_oneof![3 => scalar(), 3 => name().prop_map(Type::Named), 1 => bound().prop_map(Type::Str)];
    let slice = (element, bound()).prop_map(|(element, bound)| Type::Slice(Box::new(element), bound));
    let plain = prop_oneof![
        4 => scalar(),
        2 => name().prop_map(Type::Named),
        2 => slice,
        2 => bound().prop_map(Type::Str),
        2 => name().prop_map(Type::Ref),
    ];
    let times = prop_oneof![6 => Just(0u32), 3 => 1u32..5, 1 => Just(u32::MAX)];
    let array = |(ty, times): (Type, u32)| if times == 0 { ty } else { Type::Array(Box::new(ty), times) };
    (plain, times).prop_map(array)
}

fn fields() -> impl Strategy<Value = Vec<Field>> {
    vec((ty(), any::<bool>(), proptest::option::weighted(0.1, Just(Scalar::U8))), 0..5).prop_map(|drafts| {
        let one = |(index, (ty, optional, storage)): (usize, (Type, bool, Option<Scalar>))| {
            let mut field = Field::new(format!("f{index}"), ty);
            (field.optional, field.storage) = (optional, storage);
            field
        };
        drafts.into_iter().enumerate().map(one).collect()
    })
}

fn body() -> impl Strategy<Value = Body> {
    let arms = (vec(fields(), 1..3), any::<bool>()).prop_map(|(arms, open)| {
        let arm = |(index, fields): (usize, Vec<Field>)| Arm::new(format!("a{index}"), index as u64, fields);
        Body::Variants(Variants { open, ..Variants::new(arms.into_iter().enumerate().map(arm).collect()) })
    });
    prop_oneof![3 => fields().prop_map(Body::Fields), 1 => arms]
}

fn message() -> impl Strategy<Value = Message> {
    let layout = proptest::option::weighted(0.4, proptest::sample::select(vec![Profile::Flat, Profile::Relative]));
    let max = prop_oneof![1 => Just(None), 4 => (0u64..600).prop_map(Some), 1 => any::<u64>().prop_map(Some)];
    let kind = proptest::sample::select(vec![Kind::Message, Kind::State, Kind::Event]);
    (body(), layout, max, kind).prop_map(|(body, layout, max_bytes, kind)| {
        let layout = layout.filter(|_| max_bytes.is_none_or(|bytes| bytes % 4 > 0));
        Message { kind: Some(kind), layout, max_bytes, ..Message::new(body) }
    })
}

/// Mostly programs without a fault, because among wild ones hardly any is legal.
fn program() -> impl Strategy<Value = Program> {
    (wild(), proptest::bool::weighted(0.7)).prop_map(|(mut program, is_tame)| {
        if is_tame {
            tame(&mut program);
        }
        program
    })
}

/// Takes out of a program what no pass would accept.
fn tame(program: &mut Program) {
    let structs = program.structs.values_mut().map(|found| &mut found.body).enumerate();
    let messages = program.messages.values_mut().map(|found| &mut found.body).map(|body| (0, body));
    for (index, body) in structs.chain(messages) {
        let lists: Vec<&mut Vec<Field>> = match body {
            Body::Fields(fields) => vec![fields],
            Body::Variants(variants) => variants.arms.iter_mut().map(|arm| &mut arm.fields).collect(),
        };
        for field in lists.into_iter().flatten() {
            tame_type(&mut field.ty, index);
            field.storage = None;
            field.optional &= !matches!(field.ty, Type::Array(..));
        }
    }
    let (layouts, _) = attempt(program);
    for name in ["M0", "M1", "X"] {
        let message = program.messages.get_mut(name).expect("it was made");
        message.layout = message.layout.filter(|profile| *profile == Profile::External);
        let is_flat = layouts.types.get(name).is_some_and(|layout| !layout.references);
        message.max_bytes = (!is_flat).then_some(if name == "X" { 4096 } else { 1 << 20 });
        message.adapter = message.adapter.as_ref().map(|_| "json".to_owned());
    }
    for route in &mut program.routes {
        (route.transfer, route.verify) = (None, None);
    }
}

/// Names of types behind the one that uses them, so that there are no cycles, and numbers in their bounds.
fn tame_type(ty: &mut Type, index: usize) {
    match ty {
        Type::Array(element, count) => {
            *count = (*count).min(4);
            tame_type(element, index);
        }
        Type::Slice(element, bound) => {
            *bound = bound.filter(|bound| (1..100).contains(bound));
            tame_type(element, index);
        }
        Type::Str(bound) => *bound = bound.filter(|bound| (1..100).contains(bound)),
        Type::Named(name) | Type::Ref(name) if index < 5 => *name = format!("S{}", index + 1),
        Type::Named(name) => "E".clone_into(name),
        Type::Ref(_) => *ty = Type::Str(None),
        Type::Scalar(_) | Type::Heap(_) => {}
    }
}

fn verify() -> impl Strategy<Value = Option<Verify>> {
    proptest::option::weighted(0.3, proptest::sample::select(Verify::ALL.to_vec()))
}

fn wild() -> impl Strategy<Value = Program> {
    let transfer = proptest::option::weighted(0.3, proptest::sample::select(Transfer::ALL.to_vec()));
    let external = (0u64..5000, proptest::option::weighted(0.2, Just("json")));
    (vec(body(), 6), vec(message(), 2), external, transfer, verify()).prop_map(
        |(structs, messages, (max_bytes, adapter), transfer, verify)| {
            let mut builder = Builder::new("p").enumeration("E", Enum::new(Scalar::U16, &[("one", 1), ("much", 300)]));
            builder = builder.external("X", "application/json", adapter.unwrap_or("not a name"), max_bytes);
            for (index, body) in structs.into_iter().enumerate() {
                builder = builder.structure(&format!("S{index}"), body);
            }
            for (index, message) in messages.into_iter().enumerate() {
                builder = builder.define(&format!("M{index}"), message);
            }
            for (port, message) in [("x", "X"), ("m0", "M0"), ("m1", "M1")] {
                let transfer = transfer.filter(|_| port == "m1");
                let shape = RouteShape { transfer, ..RouteShape::default() };
                builder = builder.route(("a", port), ("b", port), message, shape);
            }
            builder.with_route(|route| route.verify = verify).build()
        },
    )
}

/// Members follow one another without a gap up to the size, each at a multiple of its alignment.
fn is_whole(members: &[Member], size: u32) -> bool {
    let mut end = 0;
    for member in members {
        let align = if let What::Field { shape, .. } = &member.what { shape.align() } else { 1 };
        if member.offset != end || !end.is_multiple_of(align) || has_unknown_element(&member.what) {
            return false;
        }
        end += member.size;
    }
    end == size
}

/// An element of a slice that nobody filled in.
fn has_unknown_element(what: &What) -> bool {
    let What::Field { shape, .. } = what else { return false };
    let mut shape = shape;
    while let Shape::Array { element, .. } | Shape::Slice { element, .. } = shape {
        shape = element;
    }
    matches!(shape, Shape::Struct { size: 0, .. })
}

fn check(layout: &Layout) {
    assert!(layout.size > 0 && layout.size.is_multiple_of(layout.align) && layout.align <= 8);
    assert!(layout.root_size <= layout.size && layout.size - layout.root_size <= layout.align);
    match &layout.body {
        LayoutBody::Members(members) => assert!(is_whole(members, layout.size), "{members:?}"),
        LayoutBody::Union(union) => {
            for arm in &union.arms {
                assert!(is_whole(&arm.members, arm.size) && arm.size <= union.arm_size, "{arm:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_the_passes_accept_has_a_plan_and_what_they_refuse_makes_nothing_panic(program in program()) {
        let found = passes::run(&program);
        let plan = plan::plan_program(&program);
        let is_accepted = !found.iter().any(|fault| fault.is_error());
        prop_assert!(plan.is_ok() || !is_accepted, "accepted, and has no plan: {:?}", plan);
        let (layouts, errors) = attempt(&program);
        prop_assert!(errors.is_empty() || !is_accepted, "accepted, and has no layout: {:?}", errors);
        for name in program.messages.keys() {
            let text = layout_text(&program, &layouts, name);
            prop_assert_eq!(self::layouts(&text, &text, Sides::RELEASES), (Verdict::Equivalent, Vec::new()));
            // The text can be read: what is added to it is found as what it is.
            if layouts.types.contains_key(name) {
                let (verdict, findings) = self::layouts(&text, &format!("{text}enum other: u8\n"), Sides::RELEASES);
                prop_assert!(verdict == Verdict::Incompatible && !findings[0].sentence.contains("cannot be read"));
            }
        }
        if errors.is_empty() {
            layouts.types.values().for_each(check);
        }
    }

    #[test]
    fn a_program_with_references_that_is_written_and_read_is_the_same_program(program in program()) {
        let json = dump::canonical_json(&program);
        let (read, source) = load::from_json(&json).map_err(|faults| TestCaseError::fail(format!("{faults}\n{json}")))?;
        prop_assert_eq!(&read, &program);
        let found = passes::check(&read, source);
        prop_assert!(found.items.iter().all(|fault| fault.place.is_some()), "{}", found);
        let (from_yaml, _) = load::from_yaml(&dump::yaml(&program)).map_err(|faults| TestCaseError::fail(faults.to_string()))?;
        prop_assert_eq!(&from_yaml, &program);
    }

    #[test]
    fn a_normalized_program_with_references_has_the_same_plan_and_faults(program in program(), verify in verify()) {
        let mut program = program;
        program.defaults.routes.verify = verify;
        let normal = normalize(&program).program;
        prop_assert_eq!(&normalize(&normal).program, &normal);
        prop_assert_eq!(plan::plan(&normal, String::new()), plan::plan(&program, String::new()));
        let codes = |program| passes::run(program).iter().map(|fault| fault.code()).collect::<Vec<_>>();
        prop_assert_eq!(codes(&normal), codes(&program));
        let (layouts, _) = attempt(&program);
        for (name, message) in &normal.messages {
            let profile = layouts.types.get(name).map(|layout| layout.profile);
            prop_assert!(profile.is_none() || message.layout == profile, "{name} is {profile:?}: {message:?}");
        }
    }
}

#[test]
fn enough_of_the_programs_that_are_made_are_legal() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let made = (0..300).map(|_| program().new_tree(&mut runner).expect("a program can be made").current());
    let made: Vec<Program> = made.collect();
    let with_layout = made.iter().filter(|program| attempt(program).1.is_empty()).count();
    let legal = made.iter().filter(|program| passes::run(program).iter().all(|fault| !fault.is_error())).count();
    println!("{with_layout} of 300 have a layout, {legal} are legal");
    assert!(with_layout >= 150 && legal >= 150, "{with_layout} have a layout, {legal} are legal");
}
