//! Listens in Rust: greetings, read where the speaker wrote them.
//! `cargo run --package vil-examples --example hello-listen`

#[path = "generated/hello.rs"]
mod hello;

use std::time::Duration;

fn main() -> vil::Result<()> {
    let world = std::env::args().nth(1).unwrap_or_else(|| "hello".into());
    let process = hello::Listen::open_or_create(&world)?;
    for _ in 0..3 {
        let greeting = process.greetings.receive(Duration::MAX)?;
        let text = String::from_utf8_lossy(&greeting.text);
        println!("{} {}", greeting.number, text.trim_end_matches('\0'));
    }
    vil::World::unlink(&world)
}
