//! Programs made by code instead of text, for tests and tools.
//!
//! It makes what the text would say and judges nothing; run the passes over what it builds.

use crate::model::{Body, End, Field, Message, Named, Notes, Port, Process, Program, Queue, Route, Struct};
use crate::vocabulary::{Delivery, Direction, Kind, Lane, Transfer};

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

impl Builder {
    /// A program with nothing in it.
    pub fn new(name: impl Into<String>) -> Builder {
        Builder { program: Program { name: name.into(), ..Program::default() } }
    }

    /// Adds a struct.
    pub fn structure(mut self, name: &str, fields: Vec<Field>) -> Builder {
        let found = Struct { body: Body::Fields(fields), constants: Named::new(), notes: Notes::default() };
        self.program.structs.insert(name.to_owned(), found);
        self
    }

    /// Adds a message.
    pub fn message(mut self, name: &str, kind: Kind, fields: Vec<Field>) -> Builder {
        let message = Message {
            kind: Some(kind),
            layout: None,
            memory: None,
            max_bytes: None,
            media_type: None,
            adapter: None,
            body: Body::Fields(fields),
            constants: Named::new(),
            notes: Notes::default(),
        };
        self.program.messages.insert(name.to_owned(), message);
        self
    }

    /// Adds a route, and the processes, interfaces and ports of its ends where they are new. The interface of a
    /// process has the process's name.
    pub fn route(mut self, from: (&str, &str), to: (&str, &str), message: &str, shape: RouteShape) -> Builder {
        for ((process, port), direction) in [(from, Direction::Out), (to, Direction::In)] {
            self.port(process, port, direction, message, &shape);
        }
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

    fn port(&mut self, process: &str, port: &str, direction: Direction, message: &str, shape: &RouteShape) {
        self.program.processes.or_insert_with(process.to_owned(), || Process {
            interface: process.to_owned(),
            exec: None,
            zone: None,
            cleanup: None,
            priority: None,
            failure_domain: None,
            host: None,
            instances: None,
            forwards: Vec::new(),
            mutates: Vec::new(),
            idempotent: false,
            observe: None,
            notes: Notes::default(),
        });
        let interface = self.program.interfaces.or_default(process.to_owned());
        interface.ports.or_insert_with(port.to_owned(), || Port {
            direction,
            message: message.to_owned(),
            reply: None,
            lane: shape.lane,
            loans: shape.loans,
            queue: Queue::default(),
            notes: Notes::default(),
        });
    }

    /// The program.
    pub fn build(self) -> Program {
        self.program
    }
}
