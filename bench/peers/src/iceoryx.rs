//! iceoryx2 through its Rust API, set up as well as it can be for what is compared: one publisher, no history, buffers and
//! loans as libvil's, types of a fixed size, written in place, no console.
//!
//! Its names live in the scratch directory and under a prefix of this trial, in memory, with no other service to look at.

use iceoryx2::node::Node;
use iceoryx2::port::listener::Listener;
use iceoryx2::port::notifier::Notifier;
use iceoryx2::port::publisher::Publisher;
use iceoryx2::port::subscriber::Subscriber;
use iceoryx2::prelude::*;
use iceoryx2::service::port_factory::{event, publish_subscribe};

use crate::Answer;
use crate::arguments::Arguments;
use crate::drive::{self, End, Side};
use crate::line::Line;
use crate::link::Link;
use crate::machine::pin;
use crate::message::Touch;
use crate::scratch;

/// What this crate is built with.
pub(crate) const VERSION: &str = "0.10.0";

/// Messages that an end may hold at once, as in libvil's exchange.
const LOANS: usize = 2;

/// A message of `N` words.
type Message<const N: usize> = [u64; N];

/// How often a side that is not the first one asks for a service.
const TRIES: usize = 100_000;

fn sentence(error: impl std::fmt::Debug) -> String {
    format!("iceoryx2: {error:?}")
}

/// A node of this trial.
pub(crate) fn node(arguments: &Arguments) -> Answer<Node<ipc::Service>> {
    set_log_level(LogLevel::Fatal);
    let owner = arguments.owner()?;
    let mut config = Config::default();
    let root = scratch::directory(owner).display().to_string();
    config.global.set_root_path(&Path::new(root.as_bytes()).map_err(sentence)?);
    config.global.prefix = FileName::new(scratch::prefix(owner).as_bytes()).map_err(sentence)?;
    let builder = NodeBuilder::new().config(&config).signal_handling_mode(SignalHandlingMode::Disabled);
    builder.create::<ipc::Service>().map_err(sentence)
}

/// A route: a service of one publisher.
#[derive(Debug)]
pub(crate) struct Route<const N: usize>(publish_subscribe::PortFactory<ipc::Service, Message<N>, ()>);

impl<const N: usize> Route<N> {
    /// Made by whoever comes first.
    pub(crate) fn open(node: &Node<ipc::Service>, name: &str, cells: usize, consumers: usize) -> Answer<Route<N>> {
        let name = ServiceName::new(name).map_err(sentence)?;
        let builder = node.service_builder(&name).publish_subscribe::<Message<N>>();
        let builder = builder.max_publishers(1).max_subscribers(consumers).max_nodes(2).history_size(0);
        let builder = builder.subscriber_max_buffer_size(cells).subscriber_max_borrowed_samples(LOANS);
        builder.enable_safe_overflow(false).open_or_create().map(Route).map_err(sentence)
    }

    /// Its one publisher. It waits when a buffer is full, so that nothing is lost.
    pub(crate) fn publisher(&self) -> Answer<Publisher<ipc::Service, Message<N>, ()>> {
        let builder = self.0.publisher_builder().max_loaned_samples(LOANS);
        builder.backpressure_strategy(BackpressureStrategy::RetryUntilDelivered).create().map_err(sentence)
    }

    /// A subscriber of it.
    pub(crate) fn subscriber(&self) -> Answer<Subscriber<ipc::Service, Message<N>, ()>> {
        self.0.subscriber_builder().create().map_err(sentence)
    }
}

/// Loans, writes and sends message `number`.
#[inline(always)]
pub(crate) fn publish<const N: usize>(
    publisher: &Publisher<ipc::Service, Message<N>, ()>,
    touch: Touch,
    number: u64,
) -> usize {
    let mut sample = publisher.loan_uninit().expect("there is a sample for each message that may be on its way");
    // SAFETY: the sample is ours and has as many words as `touch` was made for.
    unsafe { touch.write(sample.payload_mut().as_mut_ptr().cast(), number) };
    // SAFETY: words are words; what was not written is what another message left, or zero.
    let sample = unsafe { sample.assume_init() };
    sample.send().expect("a message can be sent")
}

/// Receives, reads and drops a message.
#[inline(always)]
pub(crate) fn take<const N: usize>(subscriber: &Subscriber<ipc::Service, Message<N>, ()>, touch: Touch) -> Option<u64> {
    let sample = subscriber.receive().expect("receiving is possible")?;
    // SAFETY: the sample is borrowed, and has as many words as `touch` was made for.
    Some(unsafe { touch.read(sample.payload().as_ptr()) })
}

/// One side of an exchange.
#[derive(Debug)]
struct Ports<const N: usize> {
    publisher: Option<Publisher<ipc::Service, Message<N>, ()>>,
    subscribers: Vec<Subscriber<ipc::Service, Message<N>, ()>>,
    touch: Touch,
}

impl<const N: usize> Ports<N> {
    /// Round trips need a route each way; a stream flows to side A.
    fn open(arguments: &Arguments, node: &Node<ipc::Service>, side: Side) -> Answer<Ports<N>> {
        let touch = Touch::new(arguments.size()?, arguments.is_filled());
        let (cells, consumers) = (arguments.capacity()?, arguments.consumers()?);
        let to_a = Route::open(node, "to a", cells, consumers)?;
        let mut ports = Ports { publisher: None, subscribers: Vec::new(), touch };
        match side {
            Side::A => ports.subscribers = (0..consumers).map(|_| to_a.subscriber()).collect::<Answer<_>>()?,
            Side::B => ports.publisher = Some(to_a.publisher()?),
        }
        if arguments.benchmark == "round-trip" {
            let to_b = Route::open(node, "to b", cells, 1)?;
            match side {
                Side::A => ports.publisher = Some(to_b.publisher()?),
                Side::B => ports.subscribers = vec![to_b.subscriber()?],
            }
        }
        Ok(ports)
    }

    /// A subscriber connects when it first asks for a message. Until then a publisher with a full buffer does not wait for
    /// it: it drops what it sends, and says nothing.
    fn connect(&self) {
        for subscriber in &self.subscribers {
            assert!(take(subscriber, self.touch).is_none(), "nothing was sent yet");
        }
    }
}

impl<const N: usize> End for Ports<N> {
    #[inline(always)]
    fn send(&mut self, number: u64) -> bool {
        let publisher = self.publisher.as_ref().expect("this side sends");
        publish(publisher, self.touch, number);
        true
    }

    /// A message has come when every subscriber of this side has received it.
    #[inline(always)]
    fn receive(&mut self) -> Option<u64> {
        let (first, others) = self.subscribers.split_first().expect("this side receives");
        let number = take(first, self.touch)?;
        for other in others {
            drive::check(drive::repeated(|| take(other, self.touch)), number);
        }
        Some(number)
    }
}

/// Calls a function that is generic over the words of a message with those of this size.
macro_rules! of_size {
    ($arguments:expr, $function:ident ( $($argument:expr),* )) => {
        match $arguments.size()? {
            16 => $function::<2>($($argument),*),
            64 => $function::<8>($($argument),*),
            256 => $function::<32>($($argument),*),
            1024 => $function::<128>($($argument),*),
            4096 => $function::<512>($($argument),*),
            16_384 => $function::<2048>($($argument),*),
            65_536 => $function::<8192>($($argument),*),
            1_048_576 => $function::<131_072>($($argument),*),
            other => Err(format!("no type of {other} bytes was compiled")),
        }
    };
}

/// One side of `round-trip`, `stream` or `fan-out`.
pub(crate) fn exchange(arguments: &Arguments, link: &Link, side: Side) -> Answer<Option<Line>> {
    of_size!(arguments, exchange_of(arguments, link, side))
}

fn exchange_of<const N: usize>(arguments: &Arguments, link: &Link, side: Side) -> Answer<Option<Line>> {
    let node = node(arguments)?;
    if side == Side::B {
        link.meet(1, 2);
    }
    let mut ports = Ports::<N>::open(arguments, &node, side)?;
    if side == Side::A {
        link.meet(1, 2);
    }
    link.meet(2, 2);
    ports.connect();
    link.meet(3, 2);
    let line = drive::run(arguments, side, &mut ports)?;
    link.meet(4, 2);
    Ok(line.map(|line| about(line, arguments, VERSION).text("shape", "two processes, both poll")))
}

/// Adds what was compared.
pub(crate) fn about(line: Line, arguments: &Arguments, version: &str) -> Line {
    let geometry = format!(
        "publish-subscribe, 1 publisher, {} subscriber(s), buffer {}, {LOANS} loans, {LOANS} borrows, no history, no overflow",
        arguments.consumers().unwrap_or(1),
        arguments.capacity().unwrap_or(0),
    );
    line.text("version", version).text("geometry", &geometry)
}

/// `one-thread` and `empty`: both ends in one thread of one process.
pub(crate) fn alone(arguments: &Arguments) -> Answer<Line> {
    of_size!(arguments, alone_of(arguments))
}

fn alone_of<const N: usize>(arguments: &Arguments) -> Answer<Line> {
    pin(arguments.cores()?.a)?;
    let node = node(arguments)?;
    let route = Route::<N>::open(&node, "alone", arguments.capacity()?, 1)?;
    let (subscriber, publisher) = (route.subscriber()?, route.publisher()?);
    let touch = Touch::new(arguments.size()?, arguments.is_filled());
    let line = match (arguments.benchmark.as_str(), arguments.text("operation")) {
        ("empty", _) => drive::alone(arguments, |_| assert!(take(&subscriber, touch).is_none(), "there is no message")),
        (_, Some("loan")) => drive::alone(arguments, |number| {
            let mut sample = publisher.loan_uninit().expect("there is a sample");
            // SAFETY: the sample is ours and has at least a word.
            unsafe { sample.payload_mut().as_mut_ptr().cast::<u64>().write(number) };
            std::hint::black_box(&sample);
        }),
        _ => drive::alone(arguments, |number| {
            publish(&publisher, touch, number);
            assert_eq!(take(&subscriber, touch), Some(number), "it is there at once");
        }),
    };
    line.map(|line| about(line, arguments, VERSION).text("shape", "one thread"))
}

/// One side of `wake`: notifier and listener, both sides asleep in turn.
pub(crate) fn wake(arguments: &Arguments, link: &Link, side: Side) -> Answer<Option<Line>> {
    let node = node(arguments)?;
    let mut events = Events::open(&node, side)?;
    link.meet(1, 2);
    let line = drive::run(arguments, side, &mut events)?;
    link.meet(2, 2);
    let shape = "two processes, both sleep; events carry no message";
    Ok(line.map(|line| line.text("version", VERSION).text("shape", shape)))
}

#[derive(Debug)]
struct Events {
    notifier: Notifier<ipc::Service>,
    listener: Listener<ipc::Service>,
    seen: u64,
}

impl Events {
    fn open(node: &Node<ipc::Service>, side: Side) -> Answer<Events> {
        let (to_a, to_b) = (Events::route(node, "event to a")?, Events::route(node, "event to b")?);
        let (out, into) = if side == Side::A { (to_b, to_a) } else { (to_a, to_b) };
        let listener = into.listener_builder().create().map_err(sentence)?;
        Ok(Events { notifier: out.notifier_builder().create().map_err(sentence)?, listener, seen: 0 })
    }

    fn route(node: &Node<ipc::Service>, name: &str) -> Answer<event::PortFactory<ipc::Service>> {
        let name = ServiceName::new(name).map_err(sentence)?;
        let open =
            || node.service_builder(&name).event().max_notifiers(1).max_listeners(1).max_nodes(2).open_or_create();
        // Both sides may come at once; then one of them has to ask again.
        let mut last = None;
        for _ in 0..TRIES {
            match open() {
                Ok(route) => return Ok(route),
                Err(error) => last = Some(error),
            }
        }
        Err(sentence(last))
    }
}

impl End for Events {
    fn send(&mut self, _: u64) -> bool {
        self.notifier.notify().expect("notifying is possible") > 0
    }

    fn receive(&mut self) -> Option<u64> {
        let mut count = 0;
        self.listener.blocking_wait(|_| count += 1).expect("waiting is possible");
        if count == 0 {
            return None;
        }
        self.seen += 1;
        Some(self.seen)
    }
}
