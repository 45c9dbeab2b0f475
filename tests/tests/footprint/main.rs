//! What a process runs of libvil.so from its first call to its last lies together in it, so that little of the library becomes
//! resident: `libvil/link/order.ld` names those functions to the linker, first what every process runs, then what only the maker of a
//! world runs. The list is written from what ran (`VIL_BLESS=1`).
//!
//! Names without their hashes change seldom, and one that fits no function any more does no harm; so the list is not compared. What
//! it is for is: how many pages of code a process touches is bounded here.
#![cfg(target_arch = "x86_64")]

mod life;
mod order;

use std::collections::BTreeSet;

use vil_tests::artifact::{artifact, program, root};
use vil_tests::cc::skip;

use life::{Life, Who};
use order::{Function, functions, is_ordered, written};

/// The list.
const LIST: &str = "libvil/link/order.ld";

/// Pages of code with functions that a process runs until messages have passed: who comes, who makes a world, and both together.
const MOST: [usize; 3] = [34, 40, 42];

/// Bytes of a page.
const PAGE: u64 = 4096;

/// The functions that begin at these places.
fn at<'f>(places: &BTreeSet<u64>, functions: &'f [Function]) -> Vec<&'f Function> {
    functions.iter().filter(|function| places.contains(&function.start)).collect()
}

fn names<'f>(functions: &[&'f Function]) -> BTreeSet<&'f str> {
    functions.iter().map(|function| function.name.as_str()).collect()
}

fn pages(functions: &[&Function]) -> usize {
    let pages = functions.iter().flat_map(|function| function.start / PAGE..function.end.div_ceil(PAGE));
    pages.collect::<BTreeSet<_>>().len()
}

#[test]
fn what_a_process_runs_lies_on_few_pages() {
    let library = &artifact().shared;
    let (Some(functions), life) = (functions(library), Life::new()) else { return };
    let (Some(comer), Some(maker)) = (life.ran(Who::Comer, &functions), life.ran(Who::Maker, &functions)) else {
        return;
    };
    let (later, both) = (&comer.later | &maker.later, &comer.first | &maker.first);
    let [comer, maker, later, both] = [comer.first, maker.first, later, both].map(|ran| at(&ran, &functions));
    if std::env::var_os("VIL_BLESS").is_some_and(|value| value == "1") {
        let groups = [
            ("who comes, until messages have passed", names(&comer)),
            ("who makes a world, until then", names(&maker)),
            ("what many do later", names(&later)),
        ];
        std::fs::write(root().join(LIST), written(&groups)).expect("the list can be written");
    }
    let bytes: u64 = both.iter().map(|function| function.end - function.start).sum();
    let found = [comer, maker, both].map(|ran| pages(&ran));
    println!("pages of code: {found:?} of who comes, who makes a world, both; {bytes} bytes of functions");
    if !is_ordered(library) {
        skip("the order of libvil's functions", "libvil.so was linked by neither ld.lld nor ld.bfd");
        return;
    }
    assert!(found.iter().zip(MOST).all(|(found, most)| *found <= most), "{found:?} pages, {MOST:?} are allowed");
}

#[test]
fn a_program_in_rust_that_asks_for_it_is_linked_in_order_and_others_are_not() {
    let [ordered, plain] = ["vil-memory-in-order", "vil-memory"].map(|name| program("vil-bench", name));
    assert!(!is_ordered(&plain));
    // As libvil.so is by the same linker, if by another way.
    assert_eq!(is_ordered(&ordered), is_ordered(&artifact().shared));
}
