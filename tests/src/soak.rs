//! Long forms: how long a campaign may run when it is asked to run for long, and what it counted.
//!
//! `cargo xtask soak` sets both variables; without them a test runs its short form and reports to nobody. Never decides
//! what a campaign does with its time.

use std::io::Write;

/// Seconds that each campaign may take.
const SECONDS: &str = "VIL_SOAK_SECONDS";
/// The file to which counts are appended.
const REPORT: &str = "VIL_SOAK_REPORT";

/// The budget of a campaign's long form; `None` is the short form.
///
/// # Panics
/// When the variable is set to something that is not a number of seconds.
pub fn seconds() -> Option<u64> {
    let text = std::env::var(SECONDS).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{SECONDS} is `{text}`, not a number of seconds")))
}

/// Adds `key count` to the report of a soak; lines of one key are summed there. Nothing without a soak.
///
/// # Panics
/// When the key is not one word, or the report cannot be written: a count that got lost would look like less work.
pub fn report(key: &str, count: u64) {
    assert!(!key.is_empty() && !key.contains(char::is_whitespace), "`{key}` is not one word");
    let Some(path) = std::env::var_os(REPORT) else { return };
    let line = format!("{key} {count}\n");
    let opened = std::fs::OpenOptions::new().create(true).append(true).open(&path);
    // One write of one line, so that campaigns side by side do not mix.
    let written = opened.and_then(|mut file| file.write_all(line.as_bytes()));
    written.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}
