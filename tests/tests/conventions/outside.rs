//! Rules that are checked from outside: of the header, the exports, the sources. Each is a test whose name begins with
//! its id, `c_name_1_...` for C-NAME-1; this file is read to find them.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use vil_tests::artifact::{artifact, root};
use vil_tests::cc::{
    C_STANDARDS, CPP_STANDARDS, Compile, Compiler, c_compiler, c_compilers, cpp_compiler, cpp_compilers, tool,
};
use vil_tests::scratch::Scratch;

use crate::{checked_in, document, here, read};

/// Ids of the rules in this file.
pub(crate) fn ids() -> Vec<String> {
    let text = include_str!("outside.rs");
    let names = text.lines().filter_map(|line| line.strip_prefix("fn c_"));
    let id = |name: &str| {
        let mut words = name.split('_');
        Some(format!("C-{}-{}", words.next()?.to_uppercase(), words.next()?.parse::<u32>().ok()?))
    };
    names.filter_map(id).collect()
}

/// vil.h without its comments.
fn header() -> String {
    let text = read(&root().join("include/vil/vil.h"));
    let code = text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n");
    let mut parts = code.split("/*");
    let first = parts.next().unwrap_or("").to_owned();
    parts.fold(first, |code, part| code + part.split_once("*/").map_or("", |(_, rest)| rest))
}

/// A function of vil.h: what it answers, its name, its parameters.
struct Function {
    answer: String,
    name: String,
    parameters: Vec<String>,
}

fn functions() -> Vec<Function> {
    let header = header();
    let declarations = header.split("VIL_API").skip(1).filter_map(|text| text.split_once(';'));
    declarations.filter_map(|(declaration, _)| function(declaration)).collect()
}

fn function(declaration: &str) -> Option<Function> {
    let words = declaration.split_whitespace().collect::<Vec<_>>().join(" ");
    let (head, rest) = words.split_once('(')?;
    let at = head.rfind(|c: char| !c.is_alphanumeric() && c != '_')?;
    let parameters = rest.rsplit_once(')')?.0.split(',').map(|parameter| parameter.trim().to_owned());
    let parameters = parameters.filter(|parameter| parameter != "void").collect();
    Some(Function { answer: head[..=at].trim().to_owned(), name: head[at + 1..].to_owned(), parameters })
}

const NOUNS: &[&str] =
    &["program", "diagnostics", "diff", "world", "sender", "receiver", "heap", "queue", "registry", "waitset", "msg"];

/// Functions that answer no status.
const CANNOT_FAIL: &[&str] = &["vil_version", "vil_abi_version", "vil_layout_version", "vil_status_name"];

/// Whether a parameter is a handle, not a place for one.
fn is_handle(parameter: &str) -> bool {
    NOUNS.iter().any(|noun| parameter.starts_with(&format!("vil_{noun}_t *"))) && !parameter.contains("**")
}

#[test]
fn c_name_1_everything_is_named_vil() {
    for function in functions() {
        let known = NOUNS.iter().any(|noun| function.name.starts_with(&format!("vil_{noun}_")));
        assert!(known || CANNOT_FAIL.contains(&function.name.as_str()), "{} names no noun", function.name);
    }
    let header = header();
    let types = header.lines().filter_map(|line| line.strip_prefix("typedef ")).filter(|line| line.ends_with(';'));
    let names = types.filter_map(|line| line.trim_end_matches(';').rsplit(' ').next());
    let strange: Vec<_> = names.filter(|name| !(name.starts_with("vil_") && name.ends_with("_t"))).collect();
    assert!(strange.is_empty(), "types: {strange:?}");
    let macros = header.lines().filter_map(|line| line.trim_start().strip_prefix("#define "));
    let strange: Vec<_> = macros.filter(|name| !name.starts_with("VIL_")).collect();
    assert!(strange.is_empty(), "macros: {strange:?}");
    let Some(nm) = tool("nm") else { return };
    let mut nm = Command::new(nm);
    let output = nm.args(["-D", "--defined-only", "--format=posix"]).arg(&artifact().shared).output();
    let said = String::from_utf8_lossy(&output.expect("nm runs").stdout).into_owned();
    let strange: Vec<_> = said.lines().filter(|line| !line.starts_with("vil_") && !line.starts_with("VIL_")).collect();
    assert!(strange.is_empty(), "exports: {strange:?}");
}

#[test]
fn c_name_2_handle_first_error_last() {
    let mut cold = 0;
    for Function { name, parameters, .. } in functions() {
        let error = parameters.iter().position(|parameter| parameter.starts_with("vil_error_t *"));
        cold += usize::from(error.is_some());
        assert!(error.is_none_or(|at| at + 1 == parameters.len()), "{name}: the error is not last");
        let end = error.unwrap_or(parameters.len());
        let place = parameters[..end].iter().position(|parameter| parameter.contains("**"));
        assert!(place.is_none_or(|at| at + 1 == end), "{name}: the place for the handle is not last");
        let noun = NOUNS.iter().find(|noun| name.starts_with(&format!("vil_{noun}_")));
        let own = noun.and_then(|noun| parameters.iter().position(|one| one.starts_with(&format!("vil_{noun}_t *"))));
        let makes = place.is_some();
        assert!(own.is_none_or(|at| at == 0 || makes), "{name}: the handle is not first");
    }
    assert!(cold > 5, "vil.h has cold calls");
}

/// Compiles one line of C or C++ that includes a header.
fn includes(compiler: &Compiler, standard: &str, ending: &str, header: &str, more: &[&str]) {
    let scratch = Scratch::new("conventions-header");
    let source = scratch.join(format!("one.{ending}"));
    std::fs::write(&source, format!("#include \"{header}\"\nint nothing(void);\n")).expect("the source can be written");
    let compile = Compile::new(compiler, standard, scratch.join("one.o")).arg("-Wsign-conversion").arg("-Wundef");
    more.iter().fold(compile, |compile, flag| compile.arg(flag)).object().source(source).expect();
}

#[test]
fn c_name_4_the_header_stands_alone() {
    for compiler in c_compilers() {
        C_STANDARDS.iter().for_each(|standard| includes(&compiler, standard, "c", "vil/vil.h", &["-Wc++-compat"]));
    }
    for compiler in cpp_compilers() {
        CPP_STANDARDS.iter().for_each(|standard| includes(&compiler, standard, "cpp", "vil/vil.h", &[]));
    }
}

#[test]
fn c_cpp_1_every_header_stands_alone_without_exceptions_and_rtti() {
    let dir = root().join("bindings/cpp/include/vil");
    let entries = std::fs::read_dir(&dir).expect("the headers are there");
    let headers: Vec<_> = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    assert!(headers.iter().any(|name| name == "vil.hpp"));
    let main = read(&dir.join("vil.hpp"));
    for name in &headers {
        assert!(name == "vil.hpp" || main.contains(&format!("\"vil/{name}\"")), "vil.hpp does not include {name}");
    }
    let alone = |compiler: &Compiler, name: &str| {
        includes(compiler, "c++17", "cpp", &format!("vil/{name}"), &["-fno-exceptions", "-fno-rtti"]);
    };
    headers.iter().for_each(|name| alone(&cpp_compiler(), name));
    cpp_compilers().iter().for_each(|compiler| alone(compiler, "vil.hpp"));
}

#[test]
fn c_status_1_what_can_fail_answers_a_status() {
    for function in functions() {
        let fails = !CANNOT_FAIL.contains(&function.name.as_str());
        assert_eq!(function.answer == "vil_status_t", fails, "{} answers {}", function.name, function.answer);
    }
    for (name, number) in statuses_of_the_header() {
        let is_error = name.starts_with("VIL_E_");
        assert!(is_error == (number < 0) && (name == "VIL_OK") == (number == 0), "{name} is {number}");
    }
}

/// Statuses that vil.h defines.
fn statuses_of_the_header() -> BTreeMap<String, i32> {
    let header = header();
    let lines = header.lines().filter_map(|line| line.strip_prefix("#define VIL_"));
    let number = |text: &str| text.trim().trim_matches(['(', ')']).parse().ok();
    let all = lines.filter_map(|line| {
        let (name, value) = line.split_once(' ')?;
        Some((format!("VIL_{name}"), number(value)?))
    });
    let others =
        ["VIL_PRODUCER", "VIL_CONSUMER", "VIL_BATCH_SIZE", "VIL_ERROR_MESSAGE_SIZE", "VIL_WORLD_FENCES", "VIL_NONE"];
    let groups = [
        "VIL_EVENT_",
        "VIL_FULL_",
        "VIL_JSON_",
        "VIL_LANGUAGE_",
        "VIL_MEMORY_",
        "VIL_MSG_",
        "VIL_QUEUE_",
        "VIL_SEVERITY_",
        "VIL_LEVEL_",
        "VIL_VERDICT_",
    ];
    let is_other = |name: &str| others.contains(&name) || groups.iter().any(|group| name.starts_with(group));
    all.filter(|(name, _)| !is_other(name)).collect()
}

#[test]
fn c_status_2_the_table_is_that_of_the_header() {
    let document = document();
    let rows = document.lines().filter_map(|line| line.strip_prefix("| `VIL_"));
    let cells = rows.map(|row| row.split('|').map(|cell| cell.trim().trim_matches('`')).collect::<Vec<_>>());
    let rows: Vec<(String, i32)> =
        cells.map(|cells| (format!("VIL_{}", cells[0]), cells[1].parse().expect("a number"))).collect();
    let numbers: BTreeSet<_> = rows.iter().map(|(_, number)| number).collect();
    assert_eq!(numbers.len(), rows.len(), "two statuses of the table have one number");
    assert_eq!(rows.into_iter().collect::<BTreeMap<_, _>>(), statuses_of_the_header());
}

#[test]
fn c_null_1_no_function_with_a_handle_is_forgotten() {
    let checks = read(&here().join("null.c"));
    let taking = functions().into_iter().filter(|function| function.parameters.iter().any(|one| is_handle(one)));
    let names: Vec<_> = taking.map(|function| function.name).collect();
    assert!(names.len() > 25, "vil.h has functions that take handles");
    let forgotten: Vec<_> =
        names.iter().filter(|name| !checks.contains(&format!("SAYS(VIL_E_HANDLE, {name}("))).collect();
    assert!(forgotten.is_empty(), "C-NULL-1 does not call {forgotten:?}");
    assert!(checked_in("null.c").contains(&"C-NULL-1".to_owned()));
}

#[test]
fn c_plat_1_other_platforms_do_not_compile() {
    let scratch = Scratch::new("conventions-platform");
    let source = scratch.join("one.c");
    std::fs::write(&source, "#include \"vil/vil.h\"\n").expect("the source can be written");
    for missing in ["-U__linux__", "-U__LP64__", "-U__x86_64__ -U__aarch64__"] {
        let compile = Compile::new(&c_compiler(), "c99", scratch.join("one.o")).arg("-fsyntax-only").source(&source);
        let refused = missing.split(' ').fold(compile, |compile, flag| compile.arg(flag)).run();
        let said = refused.expect_err("another platform compiles");
        assert!(said.contains("Linux") && said.contains("x86_64"), "{said}");
    }
    let core = read(&root().join("libvil/core/src/lib.rs"));
    let condition =
        ["target_os = \"linux\"", "target_arch = \"x86_64\"", "target_arch = \"aarch64\"", "compile_error!"];
    condition.iter().for_each(|text| assert!(core.contains(text), "vil-core does not ask for {text}"));
}

/// `5.14` as numbers.
fn release(text: &str) -> (u32, u32) {
    let mut parts = text.split(|c: char| !c.is_ascii_digit()).map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

#[test]
fn c_plat_2_the_newest_facility_decides_the_kernel_floor() {
    let document = document();
    let line = document.lines().find(|line| line.starts_with("- [C-PLAT-2]")).expect("the line is there");
    let floor = release(line.split("Linux ").nth(1).expect("it names Linux"));
    let rows = document.lines().skip_while(|line| !line.starts_with("| facility")).skip(2);
    let rows =
        rows.take_while(|line| line.starts_with('|')).map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
    let facilities: Vec<_> = rows.map(|cells| (cells[1].trim_matches('`').to_owned(), release(cells[2]))).collect();
    assert_eq!(facilities.iter().map(|(_, since)| *since).max(), Some(floor), "the floor is not the newest facility's");
    let door = std::fs::read_dir(root().join("libvil/core/src/sys")).expect("the floor sys is there");
    let sources: String = door.filter_map(|entry| std::fs::read_to_string(entry.ok()?.path()).ok()).collect();
    let unused: Vec<_> = facilities.iter().filter(|(name, _)| !sources.contains(name)).collect();
    assert!(unused.is_empty(), "libvil does not ask for {unused:?}");
    let running = read("/proc/sys/kernel/osrelease".as_ref());
    assert!(release(&running) >= floor, "this machine runs Linux {running}, and libvil needs {floor:?}");
}
