//! The same program as `memory_plain`, linked as `vil_build::link_in_order` has programs linked (`build.rs`).

#[expect(dead_code, reason = "most of it is for trials of other sizes and shapes")]
mod exchange;
#[expect(dead_code, reason = "messages go one by one here")]
mod hands;
mod memory;

fn main() -> std::process::ExitCode {
    memory::main()
}
