//! A plan as bytes: what is read back, and what is not read at all.

use vil_ir::load::from_yaml;
use vil_ir::plan::{Plan, binary, plan_program};

const PROGRAM: &str = "
vil: 1
program: letters
messages:
  Letter: { fields: [ { name: number, type: u64 } ] }
interfaces:
  Out: { ports: { letters: { direction: out, message: Letter } } }
  In: { ports: { letters: { direction: in, message: Letter } } }
processes: { writer: { interface: Out }, reader: { interface: In } }
routes: [ { from: writer.letters, to: reader.letters } ]
";

fn plan() -> Plan {
    let (program, _) = from_yaml(PROGRAM).unwrap_or_else(|faults| panic!("{faults}"));
    plan_program(&program).expect("it has a plan")
}

/// What is embedded, as bytes.
fn embedded(plan: &Plan) -> Vec<u8> {
    binary::embed(plan).into_iter().flat_map(u64::to_le_bytes).collect()
}

#[test]
fn an_embedded_plan_is_read_beside_its_text() {
    let plan = plan();
    assert_eq!(binary::extract(&embedded(&plan), &plan.contract), Ok(plan));
}

#[test]
fn every_byte_of_an_embedded_plan_and_of_its_text_counts() {
    let plan = plan();
    let bytes = embedded(&plan);
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        assert!(binary::extract(&changed, &plan.contract).is_err(), "byte {at}");
    }
    for at in 0..plan.contract.len() {
        let mut text = plan.contract.clone().into_bytes();
        text[at] ^= 1;
        let Ok(text) = String::from_utf8(text) else { continue };
        assert!(binary::extract(&bytes, &text).is_err(), "byte {at} of the text");
    }
    assert!(binary::extract(&bytes, &format!("{}\0", plan.contract)).is_err(), "a longer text");
}

#[test]
fn an_embedded_plan_that_is_cut_short_or_too_long_is_not_read() {
    let plan = plan();
    let mut bytes = embedded(&plan);
    for size in 0..bytes.len() {
        assert!(binary::extract(&bytes[..size], &plan.contract).is_err(), "{size} bytes");
    }
    bytes.extend([0; 8]);
    assert!(binary::extract(&bytes, &plan.contract).is_err());
}

#[test]
fn a_plan_of_another_form_is_told_apart_from_one_of_another_text() {
    let plan = plan();
    let mut bytes = embedded(&plan);
    let other = binary::extract(&bytes, "{}").expect_err("the text is another one");
    assert!(other.contains("not of this text"), "{other}");
    bytes[7] += 1;
    let other = binary::extract(&bytes, &plan.contract).expect_err("the form is another one");
    assert!(other.contains("another form"), "{other}");
}

#[test]
fn tables_that_reach_beyond_a_plan_are_refused() {
    let plan = plan();
    let whole = binary::encode(&plan);
    for (word, what) in [(1, "classes"), (2, "messages"), (3, "routes")] {
        for count in [u64::from(u32::MAX), 1 << 40, u64::MAX] {
            let mut bytes = whole.clone();
            bytes[word * 8..][..8].copy_from_slice(&count.to_le_bytes());
            assert!(binary::decode(&bytes, &plan.contract).is_err(), "{count} {what}");
        }
    }
    for size in 0..9 * 8 {
        assert!(binary::decode(&whole[..size], &plan.contract).is_err(), "a head of {size} bytes");
    }
}

/// Where the first route's row begins, in words.
fn first_route(plan: &Plan) -> usize {
    9 + 3 * plan.classes.len() + 8 * plan.messages.len()
}

#[test]
fn the_first_of_several_faults_is_told_with_what_it_is() {
    let plan = plan();
    let route = first_route(&plan);
    let faults = [
        (route + 5, 1 << 32, "4294967296 where a 32-bit number belongs"),
        (route + 11, 9, "policy 9 is unknown"),
        (route + 4, 7, "a route carries message 7 of 1"),
        (route, 1 << 40, "a name"),
    ];
    let spoilt = |faults: &[(usize, u64, &str)]| {
        let mut bytes = binary::encode(&plan);
        faults.iter().for_each(|(word, value, _)| bytes[word * 8..][..8].copy_from_slice(&value.to_le_bytes()));
        binary::decode(&bytes, &plan.contract).expect_err("it is spoilt")
    };
    for fault in &faults[..3] {
        assert_eq!(spoilt(&[*fault]), fault.2);
    }
    assert_eq!(spoilt(&faults[..3]), faults[2].2, "in the order in which a row is read");
    let mut bytes = binary::encode(&plan);
    let last = bytes.iter().rposition(|byte| *byte != 0).expect("names are at the end");
    bytes[last] = 0xff;
    assert_eq!(binary::decode(&bytes, &plan.contract), Err("a name is not UTF-8".to_owned()));
}

#[test]
fn a_plan_has_the_size_that_is_said_of_it() {
    assert_eq!(binary::size(&plan()), binary::encode(&plan()).len());
    assert_eq!(binary::size(&Plan::default()), binary::encode(&Plan::default()).len());
}

#[test]
fn names_that_lie_over_one_another_are_refused() {
    let plan = plan();
    let mut bytes = binary::encode(&plan);
    let size = bytes.len() as u64;
    // The program's name is all of the plan, and so is the first message's: what both have is copied once.
    let message = 9 + 3 * plan.classes.len();
    for word in [4, message] {
        bytes[word * 8..][..8].copy_from_slice(&(size << 32).to_le_bytes());
    }
    bytes.iter_mut().for_each(|byte| *byte &= 0x7f);
    let refused = binary::decode(&bytes, &plan.contract).expect_err("more is copied than there is");
    assert!(refused.contains("over one another"), "{refused}");
}
