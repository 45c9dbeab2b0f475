//! Programs made by code instead of text, for tests and tools.
//!
//! It makes what the text would say and judges nothing; run the passes over what it builds. Whatever has no method of
//! its own is said by a node made whole (`Message::new` and its like leave everything out that can be) or by one of the
//! `with_...` methods, which hand a node out to be changed.
//!
//! ```
//! use vil_ir::builder::{Builder, RouteShape};
//! use vil_ir::model::{Arm, Enum, Field, Message, Variants};
//! use vil_ir::types::parse;
//! use vil_ir::vocabulary::{Kind, Lane, Scalar, Strategy, Verify};
//!
//! let field = |name: &str, ty: &str| parse(ty).map(|ty| Field::new(name, ty));
//! let fault = Variants::new(vec![Arm::new("Blind", 1, vec![field("since", "u64")?])]);
//! let program = Builder::new("lidar")
//!     .enumeration("Quality", Enum::new(Scalar::U8, &[("good", 0), ("dusty", 1)]))
//!     .structure("Point", vec![field("x", "f32")?, field("y", "f32")?])
//!     .relative("Scan", Kind::State, 65_536, vec![field("stamp", "u64")?, field("points", "VSlice<Point>")?])
//!     .external("Order", "application/json", "json", 4096)
//!     .define("Failed", Message { kind: Some(Kind::Fault), ..Message::new(fault) })
//!     .route(("lidar", "scans"), ("map", "scans"), "Scan", RouteShape { loans: Some(2), ..RouteShape::default() })
//!     .with_route(|route| route.verify = Some(Verify::First))
//!     .route(("shop", "orders"), ("map", "orders"), "Order", RouteShape::default())
//!     .route(("lidar", "faults"), ("map", "faults"), "Failed", RouteShape { lane: Some(Lane::Control), ..RouteShape::default() })
//!     .with_process("lidar", |process| process.failure_domain = Some("sensors".to_owned()))
//!     .failover("lidar", None, "Failed", Strategy::Restart)
//!     .build();
//! assert!(vil_ir::passes::run(&program).is_empty());
//! # Ok::<(), vil_ir::types::TypeError>(())
//! ```

mod parts;

use crate::model::{
    Body, Constant, Defaults, End, Enum, Failover, Forward, Host, Interface, Message, Notes, Port, Process, Program,
    Queue, Route, Struct,
};
use crate::vocabulary::{Delivery, Direction, Kind, Lane, Profile, Strategy, Transfer};

/// A program in the making.
#[derive(Debug, Clone, Default)]
pub struct Builder {
    program: Program,
}

/// What a route says; everything else is derived.
#[derive(Debug, Clone, Default)]
pub struct RouteShape {
    /// See [`Route::transfer`].
    pub transfer: Option<Transfer>,
    /// See [`Route::delivery`].
    pub delivery: Option<Delivery>,
    /// See [`Port::lane`]; of both ports.
    pub lane: Option<Lane>,
    /// See [`Port::loans`]; of both ports.
    pub loans: Option<u32>,
    /// See [`Route::queue`].
    pub queue: Queue,
}

/// The program as a whole.
impl Builder {
    /// A program with nothing in it.
    pub fn new(name: impl Into<String>) -> Builder {
        Builder { program: Program { name: name.into(), ..Program::default() } }
    }

    /// The namespace of all its names.
    pub fn package(mut self, package: &str) -> Builder {
        self.program.package = Some(package.to_owned());
        self
    }

    /// No policy may be left to a built-in default.
    pub fn strict(mut self) -> Builder {
        self.program.strict = true;
        self
    }

    /// What stands in for what nodes leave out.
    pub fn defaults(mut self, defaults: Defaults) -> Builder {
        self.program.defaults = defaults;
        self
    }

    /// The program.
    pub fn build(self) -> Program {
        self.program
    }
}

/// Types and values.
impl Builder {
    /// Adds a constant at the top.
    pub fn constant(mut self, name: &str, constant: Constant) -> Builder {
        self.program.constants.insert(name.to_owned(), constant);
        self
    }

    /// Adds an enum.
    pub fn enumeration(mut self, name: &str, enumeration: Enum) -> Builder {
        self.program.enums.insert(name.to_owned(), enumeration);
        self
    }

    /// Adds a struct of fields or variants.
    pub fn structure(mut self, name: &str, body: impl Into<Body>) -> Builder {
        self.program.structs.insert(name.to_owned(), Struct::new(body));
        self
    }

    /// Adds a message of fields or variants; flat, or relative where it holds references.
    pub fn message(self, name: &str, kind: Kind, body: impl Into<Body>) -> Builder {
        self.define(name, Message { kind: Some(kind), ..Message::new(body) })
    }

    /// Adds a message that says it is relative, with references or without.
    pub fn relative(self, name: &str, kind: Kind, max_bytes: u64, body: impl Into<Body>) -> Builder {
        let (layout, max_bytes) = (Some(Profile::Relative), Some(max_bytes));
        self.define(name, Message { kind: Some(kind), layout, max_bytes, ..Message::new(body) })
    }

    /// Adds an external message: opaque bytes with a media type and an adapter.
    pub fn external(self, name: &str, media_type: &str, adapter: &str, max_bytes: u64) -> Builder {
        let message = Message {
            layout: Some(Profile::External),
            max_bytes: Some(max_bytes),
            media_type: Some(media_type.to_owned()),
            adapter: Some(adapter.to_owned()),
            ..Message::new(Vec::new())
        };
        self.define(name, message)
    }

    /// Adds a message made whole.
    pub fn define(mut self, name: &str, message: Message) -> Builder {
        self.program.messages.insert(name.to_owned(), message);
        self
    }

    /// Hands a message out to be changed; nothing happens where there is none.
    pub fn with_message(mut self, name: &str, change: impl FnOnce(&mut Message)) -> Builder {
        if let Some(message) = self.program.messages.get_mut(name) {
            change(message);
        }
        self
    }
}

/// Processes, their ports, and what lies between them. A process and an interface of its name are there as soon as they
/// are named.
impl Builder {
    /// Adds a route, and the processes, interfaces and ports of its ends where they are new. The interface of a
    /// process has the process's name.
    pub fn route(mut self, from: (&str, &str), to: (&str, &str), message: &str, shape: RouteShape) -> Builder {
        for (end, direction) in [(from, Direction::Out), (to, Direction::In)] {
            self.port(end, direction, message, None, &shape);
        }
        self.connect(from, to, shape)
    }

    /// Adds a route from a request port to a response port, as [`Builder::route`] does.
    pub fn request(
        mut self,
        from: (&str, &str),
        to: (&str, &str),
        (message, reply): (&str, &str),
        shape: RouteShape,
    ) -> Builder {
        for (end, direction) in [(from, Direction::Request), (to, Direction::Response)] {
            self.port(end, direction, message, Some(reply), &shape);
        }
        self.connect(from, to, shape)
    }

    /// Hands the last route out to be changed; nothing happens where there is none.
    pub fn with_route(mut self, change: impl FnOnce(&mut Route)) -> Builder {
        if let Some(route) = self.program.routes.last_mut() {
            change(route);
        }
        self
    }

    /// Hands a port of a process out to be changed; nothing happens where there is none.
    pub fn with_port(mut self, (process, port): (&str, &str), change: impl FnOnce(&mut Port)) -> Builder {
        if let Some(port) = self.interface(process).ports.get_mut(port) {
            change(port);
        }
        self
    }

    /// Hands a process out to be changed.
    pub fn with_process(mut self, name: &str, change: impl FnOnce(&mut Process)) -> Builder {
        change(self.process(name));
        self
    }

    /// Lets a process pass messages on without a copy.
    pub fn forward(self, process: &str, from: &str, to: &str) -> Builder {
        let forward = Forward { from: from.to_owned(), to: to.to_owned() };
        self.with_process(process, |process| process.forwards.push(forward))
    }

    /// Adds a host.
    pub fn host(mut self, name: &str, address: &str) -> Builder {
        let host = Host { address: Some(address.to_owned()), notes: Notes::default() };
        self.program.hosts.insert(name.to_owned(), host);
        self
    }

    /// Adds a failover: what happens when `source` fails with the fault `on`.
    pub fn failover(mut self, source: &str, target: Option<&str>, on: &str, strategy: Strategy) -> Builder {
        let (target, on) = (target.map(str::to_owned), Some(on.to_owned()));
        self.program.failovers.push(Failover { target, on, ..Failover::new(source, strategy) });
        self
    }

    fn connect(mut self, from: (&str, &str), to: (&str, &str), shape: RouteShape) -> Builder {
        let end = |(process, port): (&str, &str)| End { process: process.to_owned(), port: port.to_owned() };
        self.program.routes.push(Route {
            from: end(from),
            to: end(to),
            transfer: shape.transfer,
            boundary: None,
            delivery: shape.delivery,
            queue: shape.queue,
            verify: None,
            notes: Notes::default(),
        });
        self
    }

    fn port(
        &mut self,
        (process, port): (&str, &str),
        direction: Direction,
        message: &str,
        reply: Option<&str>,
        shape: &RouteShape,
    ) {
        self.process(process);
        let (reply, lane, loans) = (reply.map(str::to_owned), shape.lane, shape.loans);
        let made = || Port { reply, lane, loans, ..Port::new(direction, message) };
        self.interface(process).ports.or_insert_with(port.to_owned(), made);
    }

    fn process(&mut self, name: &str) -> &mut Process {
        self.program.processes.or_insert_with(name.to_owned(), || Process::new(name))
    }

    /// The interface that a process serves; of its own name where the process is new.
    fn interface(&mut self, process: &str) -> &mut Interface {
        let name = self.process(process).interface.clone();
        self.program.interfaces.or_default(name)
    }
}
