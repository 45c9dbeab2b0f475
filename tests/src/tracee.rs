//! A program that is run under ptrace: step by step, or from breakpoint to breakpoint. It stays on the processor of the
//! thread that traces it and dies with that thread. Never changes what the program does.

use std::fs::File;
use std::io::{Error, ErrorKind, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::ptr::{null_mut, without_provenance_mut};

/// How a program goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Go {
    /// To its next breakpoint.
    Breakpoint,
    /// For one instruction.
    Step,
    /// To where it calls the kernel next, or where such a call ends.
    SystemCall,
}

/// Where a program went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// At a breakpoint, or behind a step.
    Trap,
    /// To its end, with this status of `waitpid`.
    End(i32),
}

/// A program that stands still.
#[derive(Debug)]
pub struct Tracee {
    child: Child,
    pid: libc::pid_t,
}

/// A file or nothing that a program has in its memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// The first address.
    pub start: u64,
    /// The address behind the last one.
    pub end: u64,
    /// The path of the file, or nothing.
    pub file: String,
}

impl Tracee {
    /// Starts a program, which stands still at its beginning; `None` when this machine does not let one be traced.
    pub fn start(command: &mut Command) -> Option<Tracee> {
        share_one_processor();
        // SAFETY: ptrace is a system call and nothing else, which is allowed between fork and exec.
        unsafe { command.pre_exec(traced_by_parent) };
        let child = match command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn() {
            Err(error) if error.kind() == ErrorKind::PermissionDenied => return None,
            child => child.expect("the program starts"),
        };
        let pid = libc::pid_t::try_from(child.id()).expect("a pid");
        let mut this = Tracee { child, pid };
        let status = this.waited();
        assert!(libc::WIFSTOPPED(status), "it ended with status {status:#x}: {}", this.said());
        this.ask(libc::PTRACE_SETOPTIONS, libc::PTRACE_O_EXITKILL as usize);
        Some(this)
    }

    /// Its number.
    pub fn pid(&self) -> libc::pid_t {
        self.pid
    }

    /// Lets it run; signals that come meanwhile are passed on.
    pub fn go(&mut self, how: Go) -> Stopped {
        let request = match how {
            Go::Breakpoint => libc::PTRACE_CONT,
            Go::Step => libc::PTRACE_SINGLESTEP,
            Go::SystemCall => libc::PTRACE_SYSCALL,
        };
        let mut signal = 0;
        loop {
            self.ask(request, signal);
            let status = self.waited();
            if !libc::WIFSTOPPED(status) {
                return Stopped::End(status);
            }
            match libc::WSTOPSIG(status) {
                libc::SIGTRAP => return Stopped::Trap,
                other => signal = other as usize,
            }
        }
    }

    /// The same, for a program that must not end now.
    ///
    /// # Panics
    /// When it ends.
    pub fn must_go(&mut self, how: Go) {
        if let Stopped::End(status) = self.go(how) {
            panic!("it ended with status {status:#x}: {}", self.said());
        }
    }

    /// Lets it run to its end, which must be a good one.
    ///
    /// # Panics
    /// When it is not.
    pub fn end(mut self) {
        match self.go(Go::Breakpoint) {
            Stopped::End(0) => {}
            other => panic!("{other:x?} instead of a good end: {}", self.said()),
        }
    }

    /// Where the program stands, and the top of its stack.
    pub fn registers(&self) -> (u64, u64) {
        let registers = self.all_registers();
        (registers.rip, registers.rsp)
    }

    /// The number of the system call at whose beginning or end the program stands.
    pub fn system_call(&self) -> i64 {
        self.all_registers().orig_rax.cast_signed()
    }

    fn all_registers(&self) -> libc::user_regs_struct {
        // SAFETY: integers only, for which all zeroes is a value.
        let mut registers: libc::user_regs_struct = unsafe { std::mem::zeroed() };
        // SAFETY: the process is our tracee and stands still; the place for its registers is ours.
        let answer = unsafe { libc::ptrace(libc::PTRACE_GETREGS, self.pid, null_mut::<u8>(), &raw mut registers) };
        assert_eq!(answer, 0, "{}", Error::last_os_error());
        registers
    }

    /// Its memory, by address.
    pub fn memory(&self) -> File {
        File::open(format!("/proc/{}/mem", self.pid)).expect("a tracee's memory is readable")
    }

    /// Its memory, by address, to be changed: also what the program itself cannot write to.
    pub fn memory_to_write(&self) -> File {
        File::options()
            .read(true)
            .write(true)
            .open(format!("/proc/{}/mem", self.pid))
            .expect("a tracee is ours to change")
    }

    /// Lets it go on from another address.
    pub fn go_on_at(&mut self, address: u64) {
        let mut registers = self.all_registers();
        registers.rip = address;
        // SAFETY: the process is our tracee and stands still; the registers are its own, but for where it goes on.
        let answer = unsafe { libc::ptrace(libc::PTRACE_SETREGS, self.pid, null_mut::<u8>(), &raw mut registers) };
        assert_eq!(answer, 0, "{}", Error::last_os_error());
    }

    /// What is mapped where at this moment.
    pub fn mappings(&self) -> Vec<Mapping> {
        let text =
            std::fs::read_to_string(format!("/proc/{}/maps", self.pid)).expect("a tracee's mappings are readable");
        text.lines().filter_map(mapping).collect()
    }

    /// What an ended program has written to its stderr.
    pub fn said(&mut self) -> String {
        let mut text = String::new();
        let pipe = self.child.stderr.as_mut().expect("stderr is a pipe");
        pipe.read_to_string(&mut text).expect("a pipe is readable");
        text
    }

    fn ask(&self, request: libc::c_uint, data: usize) {
        // SAFETY: the process is our tracee and stands still; these requests take no address, and a number as data.
        let answer = unsafe { libc::ptrace(request, self.pid, null_mut::<u8>(), without_provenance_mut::<u8>(data)) };
        assert_eq!(answer, 0, "{}", Error::last_os_error());
    }

    fn waited(&self) -> libc::c_int {
        let mut status = 0;
        // SAFETY: the status is ours to write.
        let pid = unsafe { libc::waitpid(self.pid, &raw mut status, 0) };
        assert_eq!(pid, self.pid, "{}", Error::last_os_error());
        status
    }
}

/// Where a file begins in memory.
pub fn base(mappings: &[Mapping], file: &str) -> Option<u64> {
    mappings.iter().find(|mapping| mapping.file == file).map(|mapping| mapping.start)
}

/// `55d0-55e0 r-xp 00001000 fe:00 42     /usr/lib/libc.so.6`
fn mapping(line: &str) -> Option<Mapping> {
    let mut words = line.split_whitespace();
    let (start, end) = words.next()?.split_once('-')?;
    let [start, end] = [start, end].map(|text| u64::from_str_radix(text, 16));
    Some(Mapping { start: start.ok()?, end: end.ok()?, file: words.nth(4).unwrap_or("").to_owned() })
}

/// Keeps this thread, and what it starts, on the processor it is on: a step then costs two changes of context and no
/// message between processors, which makes it several times faster. Where that is refused it is only slower.
fn share_one_processor() {
    // SAFETY: integers only, for which all zeroes is a value.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: sched_getcpu takes nothing; the set is ours, and a processor that does not fit into it is left out.
    unsafe {
        if let Ok(processor) = usize::try_from(libc::sched_getcpu()) {
            libc::CPU_SET(processor, &mut set);
        }
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const set);
    }
}

fn traced_by_parent() -> std::io::Result<()> {
    // SAFETY: takes no pointer that is looked at.
    let answer = unsafe { libc::ptrace(libc::PTRACE_TRACEME, 0, null_mut::<u8>(), null_mut::<u8>()) };
    if answer == -1 { Err(Error::last_os_error()) } else { Ok(()) }
}
