//! `vil diff` and `vil lock` as a user meets them: verdicts, rules, exit codes, and a lock that git can merge.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const OLD: &str = "\
vil: 1
program: bank
constants: { LIMIT: { type: u32, value: 7 } }
messages:
  Credit: { kind: event, fields: [ { name: line, type: u64 }, { name: amount, type: f64, unit: IDR } ] }
  Fault: { variants: { Io: { tag: 1, fields: [ { name: errno, type: u64 } ] } }, open: true }
interfaces:
  Out: { ports: { credits: { direction: out, message: Credit } } }
  In: { ports: { credits: { direction: in, message: Credit } } }
processes:
  source: { interface: Out }
  sink: { interface: In }
routes:
  - { from: source.credits, to: sink.credits }
";

/// A directory of its own for each test.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Place {
        let path = std::env::temp_dir().join(format!("vil-diff-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a directory for the test");
        Place(path)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.join(name), text).expect("a file for the test");
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).expect("the file is there")
    }

    /// Runs the command in the directory; its exit code, stdout and stderr.
    fn vil(&self, args: &[&str]) -> (i32, String, String) {
        vil(args, &self.0)
    }

    /// Compares OLD with some text of it replaced.
    fn diff(&self, from: &str, to: &str, level: &str) -> (i32, String) {
        assert!(OLD.contains(from), "{from}");
        self.write("old.yaml", OLD);
        self.write("new.yaml", &OLD.replacen(from, to, 1));
        let (code, said, faults) = self.vil(&["diff", "--level", level, "old.yaml", "new.yaml"]);
        assert_eq!(faults, "");
        (code, said)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn vil(args: &[&str], dir: &Path) -> (i32, String, String) {
    let output: Output =
        Command::new(env!("CARGO_BIN_EXE_vil")).args(args).current_dir(dir).output().expect("vil runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it is text");
    (output.status.code().expect("it exits"), text(output.stdout), text(output.stderr))
}

#[test]
fn each_message_has_a_verdict_and_each_finding_a_rule_and_a_path() {
    let place = Place::new("verdicts");
    assert_eq!(
        place.diff("vil: 1", "vil: 1", "semantic"),
        (0, "message Credit: equivalent\nmessage Fault: equivalent\nequivalent\n".to_owned())
    );
    let (code, said) = place.diff("tag: 1", "tag: 2", "layout");
    assert_eq!(code, 1);
    let line = "  VIL-E010 incompatible /Fault/Io: variant `Io` has tag 1 in the old layout and 2 in the new one\n";
    assert!(said.contains(&format!("message Fault: incompatible\n{line}incompatible\n")), "{said}");
    let arm = "Late: { tag: 2, fields: [ { name: by, type: u64 } ] }, Io:";
    let (code, said) = place.diff("Io:", arm, "layout");
    assert_eq!((code, said.lines().last()), (0, Some("newer")), "{said}");
    assert!(said.contains("message Fault: newer\n  VIL-E011 newer /Fault/Late: "), "{said}");
}

#[test]
fn a_level_finds_what_it_is_for_and_what_those_before_it_find() {
    let place = Place::new("levels");
    for (level, code, last) in
        [("layout", 0, "equivalent"), ("source", 0, "equivalent"), ("semantic", 1, "incompatible")]
    {
        let (found, said) = place.diff("unit: IDR", "unit: USD", level);
        assert_eq!((found, said.lines().last()), (code, Some(last)), "{level}: {said}");
    }
    for (level, code) in [("layout", 0), ("source", 1), ("semantic", 1)] {
        assert_eq!(place.diff("LIMIT", "BOUND", level).0, code, "{level}");
    }
    for level in ["layout", "source", "semantic"] {
        assert_eq!(place.diff("name: amount", "name: sum", level).0, 1, "{level}");
    }
}

#[test]
fn json_has_level_verdict_and_findings() {
    let place = Place::new("json");
    place.write("old.yaml", OLD);
    place.write("new.yaml", &OLD.replace("f64", "u64"));
    let (code, said, _) = place.vil(&["diff", "--format", "json", "old.yaml", "new.yaml"]);
    assert_eq!(code, 1);
    let start = "{\"level\":\"layout\",\"verdict\":\"incompatible\",\"subjects\":[{\"name\":\"message Credit\",\
                 \"verdict\":\"incompatible\",\"findings\":[{\"rule\":\"VIL-E003\",\"verdict\":\"incompatible\",\
                 \"path\":\"/Credit/amount\",\"message\":";
    assert!(said.starts_with(start) && said.lines().count() == 1, "{said}");
}

#[test]
fn what_cannot_be_read_is_exit_code_2() {
    let place = Place::new("unreadable");
    place.write("old.yaml", OLD);
    place.write("bad.yaml", "vil: 1\nprogam: x\n");
    place.write("heap.yaml", "vil: 1\nprogram: x\nmessages: { A: { fields: [ { name: a, type: String } ] } }\n");
    for [old, new] in [["old.yaml", "none.yaml"], ["bad.yaml", "old.yaml"], ["old.yaml", "heap.yaml"]] {
        let (code, said, faults) = place.vil(&["diff", old, new]);
        assert_eq!((code, said.as_str()), (2, ""), "{old} {new}");
        assert!(!faults.is_empty());
    }
    assert_eq!(place.vil(&["diff", "old.yaml"]).0, 2);
    let (code, help, _) = place.vil(&["diff", "--help"]);
    assert!(code == 0 && help.contains("Examples:") && help.contains("Exit codes:"), "{help}");
}

#[test]
fn a_lock_is_written_and_programs_are_held_against_it() {
    let place = Place::new("lock");
    place.write("bank.yaml", OLD);
    assert_eq!(place.vil(&["lock", "bank.yaml"]), (0, String::new(), String::new()));
    let lock = place.read("vil.lock");
    assert!(
        lock.starts_with("vil-lock 1\n") && lock.contains("\n\nmessage Credit 0x")
            || lock.contains("\nmessage Credit 0x")
    );
    assert!(lock.contains("  @8 #2 amount: f64\n"), "{lock}");
    let (code, said, _) = place.vil(&["lock", "--check", "bank.yaml"]);
    assert_eq!((code, said.lines().last()), (0, Some("equivalent")));
    place.write("bank.yaml", &OLD.replace("name: amount", "name: sum"));
    let (code, said, _) = place.vil(&["lock", "--check", "bank.yaml"]);
    assert!(
        code == 1
            && said.contains(
                "/Credit/amount: what stands at offset 8 is called `amount` in the old layout and `sum` in the new one"
            ),
        "{said}"
    );
    assert_eq!(place.vil(&["diff", "vil.lock", "bank.yaml"]), (code, said, String::new()));
    assert_eq!(place.read("vil.lock"), lock, "checking writes nothing");
    let (code, _, faults) = place.vil(&["diff", "--level", "source", "vil.lock", "bank.yaml"]);
    assert!(code == 2 && faults.contains("layouts alone"), "{faults}");
    place.write("old.yaml", OLD);
    assert_eq!(place.vil(&["diff", "old.yaml", "vil.lock"]).0, 0, "a lock may be the new one");
}

#[test]
fn a_bound_that_attach_refuses_is_told_by_diff_and_by_the_lock() {
    let place = Place::new("bound");
    let old = OLD.replace("Credit: { kind: event,", "Credit: { kind: event, layout: relative, max_bytes: 4096,");
    assert_ne!(old, OLD);
    place.write("old.yaml", &old);
    place.write("bank.yaml", &old);
    assert_eq!(place.vil(&["lock", "bank.yaml"]).0, 0);
    assert!(place.read("vil.lock").contains(" max_bytes 4096\n"));
    let (code, said, _) = place.vil(&["lock", "--check", "bank.yaml"]);
    assert_eq!((code, said.lines().last()), (0, Some("equivalent")));
    place.write("bank.yaml", &old.replace("4096", "8192"));
    let (code, said, _) = place.vil(&["lock", "--check", "bank.yaml"]);
    let line = "message Credit: incompatible\n  VIL-E018 incompatible /Credit: messages have up to 4096 bytes in the old layout \
                and 8192 in the new one, so senders of the new one are refused in worlds of the old one\n";
    assert!(code == 1 && said.starts_with(line), "{said}");
    assert_eq!(place.vil(&["diff", "old.yaml", "bank.yaml"]), (code, said.clone(), String::new()));
    assert_eq!(place.vil(&["diff", "--level", "semantic", "old.yaml", "bank.yaml"]), (code, said, String::new()));
    assert_eq!(place.vil(&["lock", "bank.yaml"]).0, 1, "it is a break as any other");
}

#[test]
fn a_message_that_was_released_and_is_gone_breaks_the_lock_and_a_new_one_does_not() {
    let place = Place::new("gone");
    place.write("bank.yaml", OLD);
    place.vil(&["lock", "bank.yaml", "-o", "bank.lock"]);
    place.write("more.yaml", &OLD.replace("  Fault:", "  Tip: { fields: [] }\n  Fault:"));
    let (code, said, _) = place.vil(&["lock", "--check", "more.yaml", "-o", "bank.lock"]);
    assert!(code == 0 && said.contains("message Tip: newer\n  VIL-E015"), "{said}");
    place.write("less.yaml", &OLD.replace("  Fault:", "  Failure:"));
    let (code, said, _) = place.vil(&["lock", "--check", "less.yaml", "-o", "bank.lock"]);
    assert!(code == 1 && said.contains("message Fault: incompatible\n  VIL-E014"), "{said}");
}

#[test]
fn what_comes_through_a_pipe_is_read_once_and_a_newer_lock_is_called_one() {
    let place = Place::new("pipe");
    place.write("bank.yaml", OLD);
    place.vil(&["lock", "bank.yaml"]);
    for file in ["vil.lock", "bank.yaml"] {
        let script = format!("cat {file} | \"$0\" diff /dev/stdin bank.yaml && \"$0\" diff - bank.yaml < {file}");
        let done = Command::new("sh").args(["-c", &script, env!("CARGO_BIN_EXE_vil")]).current_dir(&place.0).output();
        let done = done.expect("sh runs");
        let said = String::from_utf8_lossy(&done.stdout);
        assert!(done.status.success() && said.matches("\nequivalent\n").count() >= 1, "{file}: {done:?}");
    }
    place.write("new.lock", "vil-lock 2\n");
    let (code, _, faults) = place.vil(&["diff", "new.lock", "bank.yaml"]);
    assert!(code == 2 && faults.contains("newer vil") && faults.contains("vil-lock 2"), "{faults}");
}

#[test]
fn a_lock_with_a_conflict_or_an_edit_is_refused() {
    let place = Place::new("conflict");
    place.write("bank.yaml", OLD);
    assert_eq!(place.vil(&["lock", "--check", "bank.yaml"]).0, 2, "there is none yet");
    place.vil(&["lock", "bank.yaml"]);
    let lock = place.read("vil.lock");
    for broken in
        [lock.replace("f64", "u64"), lock.replace("\nmessage F", "\n=======\nmessage F"), "vil-lock 2".to_owned()]
    {
        place.write("vil.lock", &broken);
        let (code, _, faults) = place.vil(&["lock", "--check", "bank.yaml"]);
        assert!(code == 2 && faults.contains("vil.lock"), "{faults}");
    }
    assert_eq!(place.vil(&["lock", "bank.yaml", "-o", "no/such/vil.lock"]).0, 2);
}

#[test]
fn branches_that_add_different_messages_merge() {
    let lock = |name: &str, more: &str| {
        let place = Place::new(name);
        place.write("bank.yaml", &OLD.replace("  Fault:", &format!("{more}  Fault:")));
        place.vil(&["lock", "bank.yaml"]);
        place.read("vil.lock")
    };
    let base = lock("base", "");
    let (tip, ask) = (lock("tip", "  Tip: { fields: [] }\n"), lock("ask", "  Ask: { fields: [] }\n"));
    // What a branch added stands in one piece, and what was there is untouched.
    for (branch, name) in [(&tip, "Tip"), (&ask, "Ask")] {
        let from = branch.find(&format!("message {name} ")).expect("it is there");
        let end = branch[from..].find("\n\n").map_or(branch.len() + 1, |end| from + end + 2);
        let rest = format!("{}{}", &branch[..from], branch.get(end..).unwrap_or(""));
        assert_eq!(rest.trim_end(), base.trim_end());
    }
}

#[test]
fn what_was_released_is_not_given_up_without_a_word() {
    let place = Place::new("force");
    place.write("bank.yaml", OLD);
    place.vil(&["lock", "bank.yaml"]);
    let lock = place.read("vil.lock");
    place.write("bank.yaml", &OLD.replace("type: f64", "type: i64"));
    let (code, said, faults) = place.vil(&["lock", "bank.yaml"]);
    assert!(code == 1 && said.contains("message Credit: incompatible"), "{said}");
    assert!(faults.contains("vil.lock keeps what was released; --force gives it up"), "{faults}");
    assert_eq!(place.read("vil.lock"), lock, "nothing is written");
    assert_eq!(place.vil(&["lock", "--force", "bank.yaml"]).0, 0);
    assert!(place.read("vil.lock").contains("amount: i64"));
    // A new message is no break, and a lock that was damaged is not taken for none.
    place.write(
        "bank.yaml",
        &OLD.replace("type: f64", "type: i64").replace("  Fault:", "  Tip: { fields: [] }\n  Fault:"),
    );
    assert_eq!(place.vil(&["lock", "bank.yaml"]).0, 0);
    place.write("vil.lock", "<<<<<<< ours\n");
    assert_eq!(place.vil(&["lock", "bank.yaml"]).0, 2);
    assert_eq!(place.vil(&["lock", "--force", "bank.yaml"]).0, 0);
}

#[test]
fn a_file_that_is_no_lock_is_kept_and_the_way_to_write_it_anew_is_told() {
    let place = Place::new("foreign");
    place.write("bank.yaml", OLD);
    for foreign in [&b""[..], b"name: somebody else's\n", b"vil-lock 9\n", b"\xff\xfe\0"] {
        std::fs::write(place.0.join("vil.lock"), foreign).expect("a file for the test");
        for args in [&["lock", "bank.yaml"][..], &["lock", "--check", "bank.yaml"]] {
            let (code, _, said) = place.vil(args);
            assert!(code == 2 && said.contains("vil.lock: ") && said.contains("`vil lock --force`"), "{code} {said}");
        }
        assert_eq!(std::fs::read(place.0.join("vil.lock")).expect("it is there"), foreign, "nothing is written");
    }
    assert_eq!(place.vil(&["lock", "--force", "bank.yaml"]).0, 0);
    assert_eq!(place.vil(&["lock", "bank.yaml"]).0, 0, "a lock needs no force");
}

#[test]
fn the_help_of_lock_says_that_it_judges_layouts_and_check_the_program() {
    let help = Place::new("help").vil(&["lock", "--help"]).1;
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(help.contains("Judges layouts alone; `vil check` judges the program"), "{help}");
}
