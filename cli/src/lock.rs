//! `vil lock`: the layouts that were released, in a file that is committed and that later programs are held against.
//!
//! One entry a message in the order of names, each a line with name, id and the most bytes of a message, where there is such a
//! bound, and then its layout text, with a blank line between two. So a change of one message is a change of its lines alone, and branches that touch different messages merge.

use std::process::ExitCode;

use vil_ir::evolve::{self, Level, Released, Verdict};
use vil_ir::fingerprint::layout_id;
use vil_ir::model::Named;

use crate::diff::{promises_of, tell};
use crate::output;
use crate::source::{self, FINE, Report, UNREADABLE};

/// What was promised, by message.
pub(crate) type Promises = Named<Released>;

const FIRST_LINE: &str = "vil-lock 1";

/// What the first line of every version begins with; no program does.
const FIRST_WORD: &str = "vil-lock ";

/// What stands between an id and the most bytes of a message.
const BOUND: &str = " max_bytes ";

/// Write the layouts of a program's messages to a lock, or hold the program against it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  vil lock credit.yaml                     write vil.lock; commit it when the layouts are released
  vil lock --check credit.yaml             does the program still hold to it?
  vil lock credit.yaml -o credit.lock      another file
  vil lock --force credit.yaml             give up what was released

Exit codes: 0 written; with --check equivalent, newer or older; 1 incompatible, then nothing is written without --force; \
2 the program or the lock cannot be read, the lock or the answer cannot be written, or wrong usage.")]
pub(crate) struct Args {
    /// Program in YAML or JSON, `-` for stdin.
    #[arg(value_name = "FILE")]
    file: String,

    /// The lock.
    #[arg(short, long, value_name = "LOCK", default_value = "vil.lock")]
    output: String,

    /// Write nothing; compare as `vil diff LOCK FILE` does. Judges layouts alone; `vil check` judges the program.
    #[arg(long)]
    check: bool,

    /// Write although the program is incompatible with what the lock has, or the lock cannot be read.
    #[arg(long, conflicts_with = "check")]
    force: bool,

    /// How the answer of --check is written.
    #[arg(long, value_enum, default_value_t = Report::Text)]
    format: Report,
}

/// Writes or checks, and answers the exit code.
pub(crate) fn run(args: &Args) -> ExitCode {
    let program = match source::read_for(&args.file, args.format) {
        Ok((program, _)) => program,
        Err(code) => return code,
    };
    let done = promises_of(&program).and_then(|promises| {
        if args.check {
            let old = read(&args.output)?;
            return Ok(tell(&evolve::releases(&old, &promises), Level::Layout, args.format));
        }
        if !args.force && std::fs::exists(&args.output).unwrap_or(true) {
            let kept = evolve::releases(&read(&args.output)?, &promises);
            if kept.verdict() == Verdict::Incompatible {
                let code = tell(&kept, Level::Layout, args.format);
                output::error(format_args!("{} keeps what was released; --force gives it up", args.output));
                return Ok(code);
            }
        }
        write(&args.output, &promises).map(|()| ExitCode::from(FINE))
    });
    done.unwrap_or_else(|reason| {
        output::error(reason);
        ExitCode::from(UNREADABLE)
    })
}

/// Does the text begin as locks of any version do?
pub(crate) fn is_lock(text: &str) -> bool {
    text.starts_with(FIRST_WORD)
}

/// Reads a lock; the error is a sentence.
fn read(file: &str) -> Result<Promises, String> {
    let bytes = std::fs::read(file).map_err(|error| format!("cannot read {file}: {error}"))?;
    match str::from_utf8(&bytes) {
        Ok(text) => parse_of(file, text),
        Err(_) => Err(unlike(file, "it is no text")),
    }
}

/// A lock from its text; the error is a sentence.
pub(crate) fn parse_of(file: &str, text: &str) -> Result<Promises, String> {
    parse(text).map_err(|reason| unlike(file, &reason))
}

/// What is wrong with a file that is no lock as this version writes them, and the way out.
fn unlike(file: &str, reason: &str) -> String {
    format!("{file}: {reason}; `vil lock --force` writes it anew and gives up what it held")
}

fn write(file: &str, promises: &Promises) -> Result<(), String> {
    std::fs::write(file, print(promises)).map_err(|error| format!("cannot write {file}: {error}"))
}

fn print(promises: &Promises) -> String {
    let entry = |(name, Released { text, max_bytes }): (&String, &Released)| {
        let bound = max_bytes.map_or(String::new(), |bytes| format!("{BOUND}{bytes}"));
        format!("\nmessage {name} {:#018x}{bound}\n{text}", layout_id(text))
    };
    let head = format!("{FIRST_LINE}\n# Layouts that were released, written by `vil lock`. Commit this file.\n");
    promises.iter().fold(head, |lock, one| lock + &entry(one))
}

fn parse(lock: &str) -> Result<Promises, String> {
    let mut promises = Promises::new();
    let first = lock.lines().next().unwrap_or("");
    if first != FIRST_LINE {
        return Err(format!("its first line is `{first}`, not `{FIRST_LINE}`; it is no lock, or one of a newer vil"));
    }
    let mut lines = lock.lines().enumerate().skip_while(|(at, line)| *at == 0 || line.starts_with('#')).peekable();
    while let Some((at, line)) = lines.next() {
        if line.is_empty() {
            continue;
        }
        let at = at + 1;
        let Some((name, id, max_bytes)) = head(line) else {
            return Err(format!(
                "line {at} is no `message NAME ID` or `message NAME ID max_bytes N`: `{line}`; resolve it by hand"
            ));
        };
        let mut text = String::new();
        while let Some((_, line)) = lines.next_if(|(_, line)| !line.is_empty()) {
            text += line;
            text.push('\n');
        }
        if layout_id(&text) != id {
            return Err(format!(
                "the layout of message {name}, line {at}, is not that of its id; it was edited or merged by hand"
            ));
        }
        if promises.insert(name.to_owned(), Released { text, max_bytes }).is_some() {
            return Err(format!("message {name}, line {at}, stands twice; keep one"));
        }
    }
    Ok(promises)
}

/// Name, id and the most bytes of a message, of a line that begins one.
fn head(line: &str) -> Option<(&str, u64, Option<u64>)> {
    let (name, rest) = line.strip_prefix("message ")?.split_once(" 0x")?;
    let (id, bound) = rest.split_once(BOUND).map_or((rest, None), |(id, bound)| (id, Some(bound)));
    let max_bytes = bound.map(str::parse).transpose().ok()?;
    Some((name, u64::from_str_radix(id, 16).ok()?, max_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn promises() -> Promises {
        let text = |name: &str| format!("vil-layout 1\nrelative {name}: size 8 align 8\n  @0 #1 n: u64\n");
        let promise = |name: &str, max_bytes| (name.to_owned(), Released { text: text(name), max_bytes });
        [promise("B", None), promise("a.A", Some(4096))].into_iter().collect()
    }

    #[test]
    fn what_was_written_is_read_and_written_the_same() {
        let lock = print(&promises());
        assert_eq!(parse(&lock), Ok(promises()));
        assert_eq!(parse(&print(&Promises::new())), Ok(Promises::new()));
        assert!(
            lock.lines().any(|line| line.starts_with("message a.A 0x") && line.ends_with(" max_bytes 4096")),
            "{lock}"
        );
        assert!(lock.starts_with("vil-lock 1\n#") && lock.contains("\nmessage B 0x"), "{lock}");
    }

    #[test]
    fn a_lock_that_was_edited_is_refused_with_the_message() {
        let lock = print(&promises());
        let said = |lock: String| {
            let said = parse_of("a.lock", &lock).expect_err("it was edited");
            assert!(said.starts_with("a.lock: ") && said.matches("--force").count() == 1, "{said}");
            said
        };
        assert!(said(lock.replace("n: u64", "m: u64")).contains("message B"), "{lock}");
        assert!(said(lock.replace("\nmessage B", "\n<<<<<<< ours\nmessage B")).contains("line 4"));
        assert!(said(lock.replace("max_bytes 4096", "max_bytes 4o96")).contains("max_bytes N"));
        let twice = lock.split_once("\nmessage B").expect("it is there").1;
        assert!(said(format!("{lock}\nmessage B{twice}")).contains("twice"));
    }
}
