//! What must hold for every program that is right, over all that the language can say: no pass refuses it, it has a plan, it
//! survives being written and read, and its layout ids are equal exactly where its layouts are.

mod valid;

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use vil_ir::fingerprint::{layout_id, layout_text};
use vil_ir::layout::lay_out;
use vil_ir::load::{self, Files, Format};
use vil_ir::model::Program;
use vil_ir::normalize::normalize;
use vil_ir::vocabulary::Profile;
use vil_ir::{dump, passes, plan};

use valid::{Choices, shape, wound};

/// A new seed each time, printed, so that a run can be repeated with VIL_SEED. A soak tries more, about
/// as many as the six properties judge together in the time it gives.
fn config() -> ProptestConfig {
    let clock = || std::time::UNIX_EPOCH.elapsed().map_or(1, |since| since.as_nanos() as u64);
    let seed = std::env::var("VIL_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(clock);
    println!("VIL_SEED={seed}");
    let rng_seed = RngSeed::Fixed(seed);
    let seconds = std::env::var("VIL_SOAK_SECONDS").ok().and_then(|seconds| seconds.parse::<u32>().ok()).unwrap_or(0);
    ProptestConfig { cases: 200 + 30 * seconds, failure_persistence: None, rng_seed, ..ProptestConfig::default() }
}

fn choices() -> impl Strategy<Value = Choices> {
    proptest::collection::vec(any::<u32>(), 0..600).prop_map(Choices::new)
}

fn program() -> impl Strategy<Value = Program> {
    choices().prop_map(|mut choices| valid::program(&mut choices))
}

fn fail(program: &Program, why: impl std::fmt::Display) -> TestCaseError {
    TestCaseError::fail(format!("{why}\n{}", dump::yaml(program)))
}

/// Files that are nowhere but here.
struct Given(BTreeMap<String, String>);

impl Files for Given {
    fn read(&mut self, path: &str) -> Result<String, String> {
        self.0.get(path).cloned().ok_or_else(|| "it is not given".to_owned())
    }
}

/// Layout ids of all messages; none where types cannot be laid out.
fn ids(program: &Program) -> Option<BTreeMap<String, u64>> {
    let layouts = lay_out(program).ok()?;
    let id = |name: &String| layout_id(&layout_text(program, &layouts, name));
    Some(program.messages.keys().map(|name| (name.clone(), id(name))).collect())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_program_that_is_right_is_accepted_and_has_a_plan(program in program()) {
        let faults = passes::run(&program);
        let error = faults.iter().find(|fault| fault.is_error());
        prop_assert!(error.is_none(), "{}", fail(&program, error.map_or(String::new(), ToString::to_string)));
        let plan = plan::plan_program(&program).map_err(|error| fail(&program, error))?;
        prop_assert!(plan.routes.len() >= program.routes.len());
        for message in &plan.messages {
            prop_assert!(message.layout_id != 0 && message.size > 0, "{}", fail(&program, &message.name));
        }
        let read = plan::binary::decode(&plan::binary::encode(&plan), &plan.contract);
        prop_assert_eq!(plan::binary::size(&plan), plan::binary::encode(&plan).len());
        prop_assert!(read.as_ref() == Ok(&plan), "{}", fail(&program, format!("{read:?}")));
    }

    #[test]
    fn a_program_that_is_written_and_read_is_the_same_program(program in program()) {
        let json = dump::canonical_json(&program);
        let (from_json, _) = load::from_json(&json).map_err(|faults| fail(&program, faults))?;
        prop_assert!(from_json == program, "{}", fail(&program, &json));
        prop_assert_eq!(dump::canonical_json(&from_json), &*json);
        let yaml = dump::yaml(&program);
        let (from_yaml, _) = load::from_yaml(&yaml).map_err(|faults| fail(&program, faults))?;
        prop_assert!(from_yaml == program, "{}", fail(&program, &json));
        prop_assert_eq!(dump::yaml(&from_yaml), yaml);
    }

    #[test]
    fn a_program_with_everything_stated_is_normal_and_has_the_same_plan(program in program()) {
        let normal = normalize(&program).program;
        prop_assert!(normalize(&normal).program == normal, "{}", fail(&program, dump::yaml(&normal)));
        let (planned, stated) = (plan::plan(&program, String::new()), plan::plan(&normal, String::new()));
        prop_assert!(planned.is_ok() && planned == stated, "{}", fail(&program, dump::yaml(&normal)));
        let faults = passes::run(&normal);
        let error = faults.iter().find(|fault| fault.is_error());
        prop_assert!(error.is_none(), "{}", fail(&normal, error.map_or(String::new(), ToString::to_string)));
    }

    #[test]
    fn a_program_in_several_files_of_one_package_is_the_same_program(program in program()) {
        let mut types = Program { name: "types".to_owned(), package: program.package.clone(), ..Program::default() };
        types.enums = program.enums.clone();
        types.structs = program.structs.clone();
        types.constants = program.constants.clone();
        let mut rest = Program { imports: vec!["./types.yaml".to_owned()], ..program.clone() };
        rest.enums.clear();
        rest.structs.clear();
        rest.constants.clear();
        let mut files = Given(BTreeMap::from([("types.yaml".to_owned(), dump::yaml(&types))]));
        let read = load::from_text("rest.json", dump::canonical_json(&rest), Format::Json, &mut files);
        let (merged, _) = read.map_err(|faults| fail(&program, faults))?;
        prop_assert!(merged == program, "{}", fail(&program, dump::canonical_json(&merged)));
    }

    #[test]
    fn types_of_another_package_have_one_layout_at_home_and_where_they_are_imported(program in program()) {
        let mut home = Program { package: Some("home.types".to_owned()), ..program };
        (home.interfaces, home.processes, home.hosts) = Default::default();
        (home.routes, home.failovers, home.defaults, home.strict) = Default::default();
        let away = r#"{"vil":1,"program":"away","package":"away","imports":["home.json"]}"#;
        let mut files = Given(BTreeMap::from([("home.json".to_owned(), dump::canonical_json(&home))]));
        let read = load::from_text("away.json", away.to_owned(), Format::Json, &mut files);
        let (away, _) = read.map_err(|faults| fail(&home, faults))?;
        let there = ids(&away).ok_or_else(|| fail(&home, "it has no layouts"))?;
        for (name, id) in ids(&home).ok_or_else(|| fail(&home, "it has no layouts"))? {
            prop_assert_eq!(there.get(&format!("home.types.{name}")), Some(&id), "{}", fail(&home, name));
        }
        let (again, _) = load::from_json(&dump::canonical_json(&away)).map_err(|faults| fail(&away, faults))?;
        prop_assert!(again == away, "what was imported does not stand alone: {}", fail(&away, ""));
    }

    #[test]
    fn layout_ids_differ_exactly_where_layouts_do((program, mut choices) in (program(), choices())) {
        let before = ids(&program).ok_or_else(|| fail(&program, "it has no layouts"))?;
        let mut changed = program.clone();
        for _ in 0..1 + choices.below(2) {
            wound::change(&mut changed, &mut choices);
        }
        // What cannot be laid out is refused, and nobody compares it.
        if let Some(after) = ids(&changed) {
            for (name, id) in &before {
                let is_same = shape::of(&program, name) == shape::of(&changed, name);
                let texts = || format!("{name}\n{}\n{}", shape::of(&program, name), shape::of(&changed, name));
                prop_assert_eq!(is_same, after.get(name) == Some(id), "{}", fail(&changed, texts()));
            }
        } else {
            prop_assert!(passes::run(&changed).iter().any(|fault| fault.is_error()), "{}", fail(&changed, "no layout"));
        }
    }
}

#[test]
fn the_programs_that_are_made_have_everything_that_the_language_can_say() {
    let mut numbers = 1u32;
    let mut next = || {
        numbers = numbers.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        numbers >> 8
    };
    let programs: Vec<Program> =
        (0..300).map(|_| valid::program(&mut Choices::new((0..600).map(|_| next()).collect()))).collect();
    let text: String = programs.iter().map(|program| dump::canonical_json(program) + "\n").collect();
    for word in [
        "VSlice<",
        "VStr",
        "VRef<",
        "\"variants\"",
        "\"optional\"",
        "\"aliases\"",
        "\"bitmask\"",
        "\"open\"",
        "\"as\"",
        "\"used_by\"",
        "\"clock\"",
        "\"key\"",
        "\"range\"",
        "\"unknown\"",
        "\"scale\"",
        "\"unit\"",
        "\"since\"",
        "\"id\"",
        "\"external\"",
        "\"max_bytes\"",
        "\"media_type\"",
        "\"request\"",
        "\"response\"",
        "\"in\"",
        "\"out\"",
        "\"mpmc\"",
        "\"loan_write\"",
        "\"loan_read\"",
        "\"consume_once\"",
        "\"instances\"",
        "\"forwards\"",
        "\"mutates\"",
        "\"failovers\"",
        "\"hosts\"",
        "\"strict\"",
        "\"defaults\"",
        "\"annotations\"",
        "\"deprecated\"",
        "\"constants\"",
        "\"package\"",
        "\"verify\"",
        "\"drop_oldest\"",
        "\"drop_newest\"",
        "\"pinned_remote\"",
        "\"observe\"",
        "\"boundary\"",
        "\"state\"",
    ] {
        assert!(text.contains(word), "no program says {word}");
    }
    let transfers: Vec<_> =
        programs.iter().flat_map(|program| plan::plan_program(program).expect("it is right").routes).collect();
    for transfer in vil_ir::vocabulary::Transfer::ALL {
        assert!(transfers.iter().any(|ring| ring.transfer == *transfer), "no ring is {transfer}");
    }
    let profiles: Vec<Profile> = programs
        .iter()
        .flat_map(|program| plan::plan_program(program).expect("it is right").messages)
        .map(|message| message.profile)
        .collect();
    for profile in Profile::ALL {
        assert!(profiles.contains(profile), "no {profile} message is carried");
    }
}
