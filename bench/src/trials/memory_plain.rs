//! The trial of memory as a program of its own, as those in C are: what others need would be resident beside it.

#[expect(dead_code, reason = "most of it is for trials of other sizes and shapes")]
mod exchange;
#[expect(dead_code, reason = "messages go one by one here")]
mod hands;
mod memory;

fn main() -> std::process::ExitCode {
    memory::main()
}
