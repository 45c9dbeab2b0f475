//! Another process: this test binary started anew in a role, in one of several manners. It lives no longer than the test.
//!
//! The one test here is the way in; started by a person it has no role and passes.

use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use vil_tests::random::Random;

const ROLE: &str = "VIL_KILLS_ROLE";
const PLACE: &str = "VIL_KILLS_PLACE";
const MANNER: &str = "VIL_KILLS_MANNER";

/// Longer than anything that works takes, on any machine. To enter a world a process with threads waits for the kernel to have
/// passed all processors once (membarrier), which on two busy processors was seen to take 30 s.
pub(crate) const LONG: Duration = Duration::from_secs(120);

/// The longest that a waiting process is kept from running on a machine that runs.
const LONGEST_TURN: Duration = Duration::from_millis(200);

/// What another process can be, and what it does with the village's directory.
pub(crate) type Role = (&'static str, fn(&Path));

const ROLES: &[&[Role]] = &[crate::roles::ROLES, crate::creators::ROLES];

/// How a process lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Manner {
    /// As itself.
    Plain,
    /// A fork child of it lives on when it is killed.
    Forks,
    /// At some moment it becomes another program.
    Execs,
    /// In a pid namespace of its own, where its number is 1.
    Unshared,
}

impl Manner {
    const ALL: [(Manner, &str); 4] =
        [(Manner::Plain, "plain"), (Manner::Forks, "forks"), (Manner::Execs, "execs"), (Manner::Unshared, "unshared")];

    fn word(self) -> &'static str {
        Manner::ALL.iter().find(|(manner, _)| *manner == self).expect("all are there").1
    }

    fn of(word: &str) -> Manner {
        Manner::ALL.iter().find(|(_, known)| *known == word).expect("a manner").0
    }
}

/// A process in a role. Its stdin is open for as long as this lives, and so is a fork child of it.
pub(crate) struct Other {
    process: Child,
    stdin: Option<ChildStdin>,
    life: String,
}

impl Other {
    pub(crate) fn start(role: &str, place: &Path, manner: Manner) -> Other {
        Other::try_start(role, place, manner).expect("this program runs twice")
    }

    /// The same, for what this machine may not allow.
    pub(crate) fn try_start(role: &str, place: &Path, manner: Manner) -> std::io::Result<Other> {
        let itself = std::env::current_exe().expect("a running program has a path");
        let mut command = Command::new(itself);
        command.args(["--exact", "child::in_a_role", "--nocapture", "--test-threads=1"]);
        command.env(ROLE, role).env(PLACE, place).env(MANNER, manner.word());
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        if manner == Manner::Unshared {
            // SAFETY: it makes system calls, and the file names it writes to are formatted without a lock that a thread
            // of this process could have.
            unsafe { command.pre_exec(unshare) };
        }
        let mut process = command.spawn()?;
        let stdin = process.stdin.take();
        Ok(Other { process, stdin, life: format!("{role}, {manner:?}") })
    }

    pub(crate) fn pid(&self) -> i32 {
        self.process.id() as i32
    }

    pub(crate) fn signal(&self, signal: i32) {
        // SAFETY: the process was not waited for yet, so the number is its own.
        assert_eq!(unsafe { libc::kill(self.pid(), signal) }, 0);
    }

    /// Kills it; whoever it has left behind is left alone.
    ///
    /// # Panics
    /// When it had ended by itself: it must not, unless its end was asked for.
    pub(crate) fn kill(&mut self) {
        self.signal(libc::SIGKILL);
        let status = self.ended();
        assert_eq!(status.signal(), Some(libc::SIGKILL), "{} ended before it was killed: {status}", self.life);
    }

    /// Asks it to end; it hears that its stdin has.
    pub(crate) fn dismiss(&mut self) {
        self.stdin = None;
    }

    /// Waits until it has ended.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let mut status = None;
        until("another process ends", || {
            status = self.process.try_wait().expect("it is ours");
            status.is_some()
        });
        status.expect("it has ended")
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Waits until something is true, and not for ever. What counts is time in which this process may run: a machine that
/// stands still for a while, and everybody in it, is no process that hangs.
pub(crate) fn until(what: &str, mut is_true: impl FnMut() -> bool) {
    let (mut waited, mut before) = (Duration::ZERO, Instant::now());
    while !is_true() {
        assert!(waited < LONG, "waited {LONG:?} for: {what}");
        std::thread::park_timeout(Duration::from_micros(200));
        let now = Instant::now();
        waited += now.duration_since(before).min(LONGEST_TURN);
        before = now;
    }
}

/// Lets time pass.
pub(crate) fn pass(time: Duration) {
    let deadline = Instant::now() + time;
    while let Some(left) = deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
        std::thread::park_timeout(left);
    }
}

static IS_DISMISSED: AtomicBool = AtomicBool::new(false);

/// Has the test asked for the end?
pub(crate) fn is_dismissed() -> bool {
    IS_DISMISSED.load(Ordering::SeqCst)
}

/// Blocks until stdin ends: the test asks for the end, or has ended itself.
fn until_dismissed() {
    let mut byte = [0u8; 1];
    // SAFETY: one byte of ours, and the only call that reads this file.
    while unsafe { libc::read(0, byte.as_mut_ptr().cast(), 1) } > 0 {}
}

#[test]
fn in_a_role() {
    let Ok(name) = std::env::var(ROLE) else { return };
    // The test's death then is ours, and no process is left behind.
    dies_with_parent();
    let place = std::env::var(PLACE).expect("the test says where");
    let role = ROLES.iter().flat_map(|roles| roles.iter()).find(|(known, _)| *known == name);
    let act = role.unwrap_or_else(|| panic!("no role {name}")).1;
    // Before anybody becomes another program: the kernel refuses a new thread at that moment.
    std::thread::spawn(|| {
        until_dismissed();
        IS_DISMISSED.store(true, Ordering::SeqCst);
    });
    match Manner::of(&std::env::var(MANNER).expect("the test says how")) {
        Manner::Plain | Manner::Unshared => {}
        Manner::Forks => leave_a_child(),
        Manner::Execs => become_another(),
    }
    act(Path::new(&place));
}

/// From time to time a fork child is made that does nothing but live until stdin ends, whatever becomes of its parent.
fn leave_a_child() {
    std::thread::spawn(|| {
        for milliseconds in [1, 4, 10] {
            pass(Duration::from_millis(milliseconds));
            // SAFETY: the child calls nothing but read and _exit, which it may.
            unsafe {
                if libc::fork() == 0 {
                    until_dismissed();
                    libc::_exit(0);
                }
            }
        }
    });
}

/// At a random moment all threads are replaced by a program that only waits for the end of stdin.
fn become_another() {
    std::thread::spawn(|| {
        let mut random = Random::of(u64::from(std::process::id()));
        pass(Duration::from_micros(random.below(12_000)));
        let error = Command::new("cat").stdout(Stdio::null()).exec();
        panic!("cat: {error}");
    });
}

/// Between fork and exec: goes on as the first process of a pid namespace, and dies with who waits for it outside. That
/// one lets go of all files, so that nobody waits for it.
fn unshare() -> std::io::Result<()> {
    enter_namespaces()?;
    dies_with_parent();
    // SAFETY: this process has one thread, and its child goes on to exec.
    let child = unsafe { libc::fork() };
    if child < 0 {
        return Err(std::io::Error::last_os_error());
    }
    if child == 0 {
        dies_with_parent();
        return Ok(());
    }
    let mut status = 0;
    // SAFETY: the child is ours and the status is ours to write; nothing of this process is used after it.
    unsafe {
        libc::close_range(0, libc::c_uint::MAX, 0);
        libc::waitpid(child, &mut status, 0);
        libc::_exit(if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { 1 });
    }
}

fn dies_with_parent() {
    // SAFETY: a number.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
}

/// New pid and user namespaces in which this user keeps its number. The next child is the first of the new one.
fn enter_namespaces() -> std::io::Result<()> {
    // SAFETY: takes nothing, and can not fail.
    let (user, group) = unsafe { (libc::geteuid(), libc::getegid()) };
    // SAFETY: takes flags.
    if unsafe { libc::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWPID) } != 0 {
        return Err(std::io::Error::last_os_error());
    }
    std::fs::write("/proc/self/setgroups", "deny")?;
    std::fs::write("/proc/self/uid_map", format!("{user} {user} 1"))?;
    std::fs::write("/proc/self/gid_map", format!("{group} {group} 1"))
}
