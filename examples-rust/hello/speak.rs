//! Hello from Rust: three greetings, written where the listener reads them.
//! `cargo run --package vil-examples --example hello-speak`

#[path = "generated/hello.rs"]
mod hello;

use hello::{Greeting, Speak};

fn main() -> vil::Result<()> {
    let world = std::env::args().nth(1).unwrap_or_else(|| "hello".into());
    let process = Speak::open_or_create(&world)?;
    for number in 1..=3 {
        let mut loan = process.greetings.loan()?;
        *loan = Greeting { number, ..Greeting::default() };
        loan.text[..15].copy_from_slice(b"hello from Rust");
        loan.publish()?;
    }
    Ok(())
}
