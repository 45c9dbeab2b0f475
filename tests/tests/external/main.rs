//! External messages from C to C, C++ and Rust: a flat and a relative message as JSON, bytes that are none of them, frames that
//! lie, and bytes as they are, in place and as questions and answers.
#![deny(warnings)]

#[path = "../golden/external/rust/external.rs"]
mod external;

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use external::{Basket, Item, Order, Shop, Stock, Wire};
use vil::{Adapter, Descriptor, Draft, External, JsonAdapter, MessageFault, Options, Status};
use vil_tests::artifact::root;
use vil_tests::cc::{Compile, c_compiler, cpp_compiler};
use vil_tests::runtime_dir::RuntimeDir;
use vil_tests::scratch::Scratch;

/// Memory that is aligned as a message.
#[repr(align(8))]
struct Room([u8; 512]);

fn build(source: &str, language: &str, dir: &Scratch) -> PathBuf {
    let (compiler, standard) = if language == "c" { (c_compiler(), "c99") } else { (cpp_compiler(), "c++17") };
    let program = dir.join(source.replace('.', "_"));
    let generated = root().join("tests/tests/golden/external").join(language);
    let compile = Compile::new(&compiler, standard, &program).include(generated);
    compile.source(root().join("tests/tests/external").join(source)).link_shared().expect();
    program
}

/// A stock reads what the shop in C sends.
fn stock_reads(source: &str, language: &str) {
    let (dir, runtime) = (Scratch::new("external"), RuntimeDir::new("external"));
    let (shop, stock) = (build("shop.c", "c", &dir), build(source, language, &dir));
    let mut command = Command::new("timeout");
    command.arg("60").arg(stock).arg("market").arg(format!("{} market", shop.display()));
    let output = command.env("VIL_RUNTIME_DIR", &*runtime).output().expect("it runs");
    assert!(output.status.success(), "{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
}

#[test]
fn c_reads_what_c_sends() {
    stock_reads("stock.c", "c");
}

#[test]
fn cpp_reads_what_c_sends() {
    stock_reads("stock.cpp", "cpp");
}

/// Both sides of a world of their own in this process.
fn sides(runtime: &RuntimeDir) -> (Stock, Shop) {
    let stock = stock(runtime);
    let shop = Options::new().runtime_dir(&**runtime).open("market", Some(&external::SHOP_CONTRACT));
    (stock, Shop::attach(shop.expect("it is there")).expect("all ports open"))
}

/// The side that reads, in a world that it makes.
fn stock(runtime: &RuntimeDir) -> Stock {
    let program = external::program().expect("it parses");
    let options = Options::new().runtime_dir(&**runtime);
    let world = options.open_or_create("market", &program, Some(&external::STOCK_CONTRACT)).expect("a new world");
    Stock::attach(world).expect("all ports open")
}

fn item(stock: &Stock) -> Result<Item, MessageFault> {
    stock.orders.receive_into(Duration::ZERO, &JsonAdapter)
}

#[test]
fn rust_reads_what_c_sends() {
    let (dir, runtime) = (Scratch::new("external"), RuntimeDir::new("external"));
    let shop = build("shop.c", "c", &dir);
    let stock = stock(&runtime);
    let output = Command::new("timeout").arg("60").arg(shop).arg("market").env("VIL_RUNTIME_DIR", &*runtime).output();
    let output = output.expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    assert_eq!(item(&stock).map(|item| (item.id, item.cents, item.sold)), Ok((7, -250, 1)));
    let mut room = Room([0xa5; 512]);
    let made = stock.orders.receive_relative_into::<Basket>(Duration::ZERO, &JsonAdapter, &mut room.0);
    let basket = vil::view::<Basket>(made.expect("it is a basket"));
    assert_eq!(basket.owner(), "Frau Äpfel");
    assert_eq!(basket.items().iter().map(|item| (item.id, item.cents)).collect::<Vec<_>>(), [(7, -250), (8, 0)]);

    let fault = item(&stock).expect_err("no UTF-8");
    assert_eq!((fault.status, fault.offset, fault.found), (Status::E_MESSAGE, 6, 0xff));
    let fault = item(&stock).expect_err("no item");
    assert_eq!((fault.status, fault.path.as_str()), (Status::E_MESSAGE, "cents"));
    assert_eq!(item(&stock).expect_err("nothing").status, Status::E_MESSAGE);
    for _ in 0..2 {
        let lied = stock.orders.receive(Duration::ZERO).map(|_| ());
        assert_eq!(lied, Err(Status::E_MESSAGE), "its frame says more than there is");
    }
    let most = stock.orders.receive(Duration::ZERO).expect("as much as there may be");
    assert_eq!(most.bytes(), [0; Order::MAX_PAYLOAD]);
    drop(most);
    assert_eq!(item(&stock).expect_err("that was all").status, Status::EMPTY);
}

#[test]
fn bytes_go_as_they_are_and_no_more_of_them_than_there_may_be() {
    let runtime = RuntimeDir::new("external-bytes");
    let (stock, shop) = sides(&runtime);
    assert_eq!((Wire::MAX_PAYLOAD, Wire::MEDIA_TYPE, Wire::ADAPTER), (32, "application/octet-stream", "none"));
    let mut envelope = shop.wires.envelope().expect("room");
    assert_eq!(envelope.len(), 32);
    envelope[..2].copy_from_slice(b"ab");
    envelope.publish(2).expect("sent");
    assert_eq!(shop.wires.send_bytes(&[7; 32]), Ok(()));
    assert_eq!(shop.wires.send_bytes(&[]), Ok(()));
    assert_eq!(shop.wires.send_bytes(&[7; 33]), Err(Status::E_LIMIT));
    let envelope = shop.wires.envelope().expect("room");
    assert_eq!(envelope.publish(33).map_err(|fault| fault.status), Err(Status::E_LIMIT));
    for expected in [&b"ab"[..], &[7; 32], &[]] {
        assert_eq!(stock.wires.receive(Duration::ZERO).expect("sent").bytes(), expected);
    }
    assert_eq!(stock.wires.receive(Duration::ZERO).map(|_| ()), Err(Status::EMPTY));
}

#[test]
fn questions_and_answers_are_bytes_too() {
    let runtime = RuntimeDir::new("external-asked");
    let (stock, shop) = sides(&runtime);
    let mut envelope = shop.quote.envelope().expect("room");
    envelope[..3].copy_from_slice(b"how");
    assert_eq!(envelope.ask(3).expect("asked"), 0);
    let question = stock.quote.receive(Duration::ZERO).expect("a question");
    assert_eq!(question.bytes(), b"how");
    let mut answer = stock.quote.envelope().expect("room");
    answer[..2].copy_from_slice(b"so");
    answer.answer(&question, 2).expect("answered");
    assert_eq!(shop.quote.receive(Duration::ZERO).expect("an answer").bytes(), b"so");
}

/// An adapter of another name.
struct Other;

impl Adapter for Other {
    fn name(&self) -> &str {
        "other"
    }

    fn media_type(&self) -> &str {
        "application/json"
    }

    fn encode(&self, _: &Descriptor<'_>, _: &[u8], _: &mut [u8]) -> Result<usize, MessageFault> {
        unreachable!("it is not the message's")
    }

    fn decode(&self, _: &Descriptor<'_>, _: &[u8], _: &mut [u8]) -> Result<usize, MessageFault> {
        unreachable!("it is not the message's")
    }
}

#[test]
fn messages_go_through_the_adapter_of_the_program_and_through_no_other() {
    let runtime = RuntimeDir::new("external-adapter");
    let (stock, shop) = sides(&runtime);
    let sold = Item { id: 3, cents: 4, sold: 1, ..Item::default() };
    shop.orders.send_from(&JsonAdapter, &sold).expect("sent");
    assert_eq!(item(&stock), Ok(sold));
    let refused = shop.orders.send_from(&Other, &sold).expect_err("another adapter");
    assert_eq!(refused.status, Status::E_ARGUMENT);
    let refused = stock.orders.receive_into::<Item>(Duration::ZERO, &Other).expect_err("another adapter");
    assert_eq!(refused.status, Status::E_ARGUMENT);

    let mut room = Room([0; 512]);
    let mut draft = Draft::<Basket, _>::within(&mut room.0);
    draft.root().set_owner(&"o".repeat(400));
    let basket = draft.finish().expect("it is whole");
    shop.orders.send_from(&JsonAdapter, &basket).expect("sent");
    let mut back = Room([0xa5; 512]);
    let made = stock.orders.receive_relative_into::<Basket>(Duration::ZERO, &JsonAdapter, &mut back.0);
    assert_eq!(made.expect("it is a basket"), basket.bytes());

    let mut draft = Draft::<Basket, _>::within(&mut room.0);
    draft.root().set_owner(&"\u{1}".repeat(200));
    let long = draft.finish().expect("it is whole");
    let refused = shop.orders.send_from(&JsonAdapter, &long).expect_err("longer as JSON than it may be");
    assert_eq!(refused.status, Status::E_LIMIT);
    assert_eq!(item(&stock).expect_err("nothing was sent").status, Status::EMPTY);
}
