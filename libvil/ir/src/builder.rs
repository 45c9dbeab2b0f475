//! Programs made by code instead of text: for heap and queue alone, and for tests.
//!
//! It makes what the text would say and judges nothing; run the passes over what it builds.

use crate::model::{Body, End, Field, Message, Named, Notes, Port, Process, Program, Queue, Route, Struct, Type};
use crate::vocabulary::{Backpressure, Delivery, Direction, Kind, Lane, Scalar, Transfer};

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

/// A heap of equal blocks with queues over it: a world without a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeapShape {
    /// Bytes of a block, 1 to `MAX_FLAT_SIZE`.
    pub block_size: u32,
    /// Queues, 1 to `MAX_ROUTES`; each is a route with a producer and a consumer.
    pub queue_count: u32,
    /// Cells of each queue, a power of two, 1 to `MAX_CAPACITY`.
    pub queue_capacity: u32,
    /// Blocks a producer and messages a consumer may hold at once, at least 1.
    pub loans: u32,
    /// How long a push into a full queue waits, in milliseconds.
    pub deadline_ms: u32,
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
        self.program.processes.entry(process.to_owned()).or_insert_with(|| Process {
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
        let interface = self.program.interfaces.entry(process.to_owned()).or_default();
        interface.ports.entry(port.to_owned()).or_insert_with(|| Port {
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

/// The program behind a heap with queues: message `Block`, processes `producer` and `consumer`, ports `q0`, `q1`, ...
///
/// Route `i` is queue `i`; every queue blocks with the deadline and delivers at least once.
pub fn heap(shape: HeapShape) -> Program {
    let bytes = Type::Array(Box::new(Type::Scalar(Scalar::U8)), shape.block_size);
    let queue = Queue {
        kind: None,
        capacity: Some(shape.queue_capacity),
        backpressure: Some(Backpressure::Block),
        deadline_ms: Some(shape.deadline_ms),
    };
    let route = RouteShape {
        transfer: Some(Transfer::LoanWrite),
        delivery: Some(Delivery::AtLeastOnce),
        lane: None,
        loans: Some(shape.loans),
        queue,
    };
    let builder = Builder::new("heap").message("Block", Kind::Message, vec![Field::new("bytes", bytes)]);
    let queues = (0..shape.queue_count).map(|index| format!("q{index}"));
    let add = |builder: Builder, port: String| {
        builder.route(("producer", &port), ("consumer", &port), "Block", route.clone())
    };
    queues.fold(builder, add).build()
}

#[cfg(test)]
mod tests {
    use super::{HeapShape, heap};
    use crate::{dump, load, passes, plan};

    #[test]
    fn a_heap_with_queues_passes_is_planned_and_is_read_back() {
        let shape = HeapShape { block_size: 100, queue_count: 11, queue_capacity: 16, loans: 2, deadline_ms: 50 };
        let program = heap(shape);
        assert_eq!(passes::run(&program), []);
        let plan = plan::plan_program(&program).expect("it has a plan");
        assert_eq!(plan.routes.len(), 11);
        assert_eq!(plan.routes[10].from.port, "q10");
        assert_eq!(plan.classes[0].count, 11 * (16 + 2));
        assert_eq!(load::from_json(&dump::canonical_json(&program)).expect("it is right").0, program);
    }
}
