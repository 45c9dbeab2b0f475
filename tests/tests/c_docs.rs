//! Every function of `vil.h` says who may call it, who owns what, what NULL means, whether it blocks, which errors it
//! answers and since when.

use std::path::Path;

const TAGS: [&str; 6] = ["Threads:", "Ownership:", "NULL:", "Blocks:", "Errors:", "Since:"];

/// The functions of a header with the comment in front of each.
fn functions(header: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut comment = String::new();
    for line in header.lines() {
        if let Some(text) = line.strip_prefix("//") {
            comment.push_str(text);
            comment.push(' ');
            continue;
        }
        if let Some(name) =
            line.split(['(', ' ', '*']).find(|word| word.starts_with("vil_") && line.contains(&format!("{word}(")))
        {
            found.push((name.to_owned(), std::mem::take(&mut comment)));
        }
        if line.trim().is_empty() {
            comment.clear();
        }
    }
    found
}

fn header() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../include/vil/vil.h");
    std::fs::read_to_string(path).expect("vil.h is committed")
}

#[test]
fn every_function_of_the_header_states_its_contract() {
    let functions = functions(&header());
    assert!(functions.len() > 40, "only {} functions were found", functions.len());
    for (name, comment) in functions {
        let missing: Vec<_> = TAGS.iter().filter(|tag| !comment.contains(**tag)).collect();
        assert!(missing.is_empty(), "{name} does not say {missing:?}");
    }
}

#[test]
fn a_function_without_a_tag_is_found() {
    let header = "// Does it.\n// Threads: any.\nVIL_API int vil_x_do(void);\n";
    let [(name, comment)] = &functions(header)[..] else { panic!("one function was expected") };
    assert_eq!(name, "vil_x_do");
    assert!(!comment.contains("Errors:"));
}

#[test]
fn the_surface_stays_under_120_functions() {
    let count = functions(&header()).len();
    assert!(count < 120, "{count} functions");
}
