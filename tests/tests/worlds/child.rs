//! Another process: this test binary started anew in a role. It lives no longer than the test, however that ends.
//!
//! A role says lines to the test and hears lines from it. The one test here is the way in; started by a person it has no
//! role and passes.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};

use crate::house::{LONG, within};

const ROLE: &str = "VIL_WORLDS_ROLE";
const PLACE: &str = "VIL_WORLDS_PLACE";
const ARGUMENT: &str = "VIL_WORLDS_ARGUMENT";
const MARK: &str = "@ ";

/// What another process can be: a name and what it does with the test's directory and an argument.
pub(crate) type Role = (&'static str, fn(&Path, &str));

const ROLES: &[&[Role]] = &[
    crate::creators::ROLES,
    crate::crowd::ROLES,
    crate::deaths::ROLES,
    crate::forks::ROLES,
    crate::heap::ROLES,
    crate::limits::ROLES,
    crate::owners::ROLES,
    crate::queue::ROLES,
    crate::registry::ROLES,
    crate::trail::ROLES,
    crate::waiting_barrier::ROLES,
    crate::waiting_deaths::ROLES,
    crate::waiting_sets::ROLES,
];

/// A process in a role.
pub(crate) struct Other {
    process: Child,
    lines: Receiver<String>,
}

impl Other {
    pub(crate) fn start(role: &str, place: &Path, argument: &str) -> Other {
        let itself = std::env::current_exe().expect("a running program has a path");
        let mut command = Command::new(itself);
        command.args(["--exact", "child::in_a_role", "--nocapture", "--test-threads=1"]);
        command.env(ROLE, role).env(PLACE, place).env(ARGUMENT, argument).env("VIL_RUNTIME_DIR", place);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("this program runs twice");
        let said = BufReader::new(process.stdout.take().expect("stdout was piped"));
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in said.lines().map_while(Result::ok) {
                let Some((_, line)) = line.split_once(MARK) else { continue };
                if sender.send(line.to_owned()).is_err() {
                    return;
                }
            }
        });
        Other { process, lines }
    }

    pub(crate) fn pid(&self) -> i32 {
        self.process.id() as i32
    }

    /// The next line it says.
    pub(crate) fn heard(&self) -> String {
        self.lines.recv_timeout(LONG).unwrap_or_else(|error| panic!("the other process says nothing: {error}"))
    }

    /// All that is left to hear, once it has ended by itself and well.
    pub(crate) fn all(mut self) -> Vec<String> {
        let status = self.ended();
        let lines: Vec<String> = self.lines.iter().collect();
        assert_eq!(status.code(), Some(0), "{status}, after {lines:?}");
        lines
    }

    pub(crate) fn tell(&mut self, line: &str) {
        let stdin = self.process.stdin.as_mut().expect("stdin was piped");
        writeln!(stdin, "{line}").expect("it hears");
    }

    /// SIGKILL, and waits for the end of it.
    pub(crate) fn kill(mut self) {
        self.process.kill().expect("it can be killed");
        let status = self.ended();
        assert_eq!(status.signal(), Some(libc::SIGKILL), "it ended before it was killed: {status}");
    }

    pub(crate) fn signal(&self, signal: i32) {
        // SAFETY: the process was not waited for yet, so the number is its own.
        assert_eq!(unsafe { libc::kill(self.pid(), signal) }, 0);
    }

    /// Waits until it has ended.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let mut status = None;
        let is_over = within(LONG, || {
            status = self.process.try_wait().expect("it is ours");
            status.is_some()
        });
        assert!(is_over, "the other process does not end");
        status.expect("it has ended")
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Said by a role to its test.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("\n{MARK}{line}\n").as_bytes()).and_then(|()| out.flush()).expect("the test listens");
}

/// The next line from the test; `None` when it has no more.
pub(crate) fn hear() -> Option<String> {
    let mut line = String::new();
    let size = std::io::stdin().read_line(&mut line).expect("stdin is there");
    (size > 0).then(|| line.trim_end().to_owned())
}

#[test]
fn in_a_role() {
    let Ok(name) = std::env::var(ROLE) else { return };
    // SAFETY: a number; the test's death then is ours, and no process is left behind.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
    let place = std::env::var(PLACE).expect("the test says where");
    let argument = std::env::var(ARGUMENT).expect("the test says what");
    let role = ROLES.iter().flat_map(|roles| roles.iter()).find(|(known, _)| *known == name);
    role.unwrap_or_else(|| panic!("no role {name}")).1(Path::new(&place), &argument);
}
