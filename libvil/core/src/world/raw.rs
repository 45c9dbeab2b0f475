//! A world without a program: blocks of one size and queues of descriptors, planned from a handful of numbers.
//!
//! It is a program all the same, of one message and `queues` routes from `producer` to `consumer`, so that everything
//! else, tools included, sees nothing new.

use vil_ir::limits::{DEFAULT_DEADLINE_MS, MAX_CAPACITY, MAX_FLAT_SIZE, MAX_ROUTES};
use vil_ir::model::{Body, End, Field, Interface, Message, Named, Notes, Port, Process, Program, Queue, Route, Type};
use vil_ir::plan::{Plan, plan_program};
use vil_ir::vocabulary::{Backpressure, Delivery, Direction, Kind, Scalar, Transfer};

use crate::base::error::{Error, Fault};

/// The numbers of a world without a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawShape {
    /// Bytes per block.
    pub block_size: u32,
    /// Queues.
    pub queues: u32,
    /// Descriptors per queue, a power of two.
    pub capacity: u32,
    /// Blocks one end may hold at once; 0 stands for 1.
    pub loans: u32,
    /// How long a push into a full queue waits, in milliseconds; 0 stands for the default.
    pub deadline_ms: u32,
}

impl RawShape {
    /// The plan; `Argument` names the number that is out of range.
    pub fn plan(&self) -> Result<Plan, Error> {
        bounded("slot_size", self.block_size, MAX_FLAT_SIZE)?;
        bounded("queue_count", self.queues, MAX_ROUTES)?;
        bounded("queue_capacity", self.capacity, MAX_CAPACITY)?;
        bounded("loans", self.loans.max(1), MAX_CAPACITY)?;
        if !self.capacity.is_power_of_two() {
            return Err(Error::new(Fault::Argument, format!("queue_capacity {} is not a power of two", self.capacity)));
        }
        plan_program(&self.program()).map_err(|error| Error::new(Fault::Argument, error.to_string()))
    }

    fn program(&self) -> Program {
        let names: Vec<String> = (0..self.queues).map(|queue| format!("queue{queue}")).collect();
        let mut program = Program { name: "heap".to_owned(), ..Program::default() };
        program.messages.insert("Block".to_owned(), self.block());
        for (process, direction) in [("producer", Direction::Out), ("consumer", Direction::In)] {
            let ports = names.iter().map(|name| (name.clone(), self.port(direction))).collect();
            program.interfaces.insert(process.to_owned(), Interface { ports, notes: Notes::default() });
            program.processes.insert(process.to_owned(), plain_process(process));
        }
        program.routes = names.iter().map(|name| route(name)).collect();
        program
    }

    fn block(&self) -> Message {
        let bytes = Type::Array(Box::new(Type::Scalar(Scalar::U8)), self.block_size);
        Message {
            kind: Some(Kind::Message),
            layout: None,
            memory: None,
            max_bytes: None,
            media_type: None,
            adapter: None,
            body: Body::Fields(vec![Field::new("bytes", bytes)]),
            constants: Named::new(),
            notes: Notes::default(),
        }
    }

    fn port(&self, direction: Direction) -> Port {
        let deadline_ms = if self.deadline_ms == 0 { DEFAULT_DEADLINE_MS } else { self.deadline_ms };
        let queue = Queue {
            kind: None,
            capacity: Some(self.capacity),
            backpressure: Some(Backpressure::Block),
            deadline_ms: Some(deadline_ms),
        };
        let loans = Some(self.loans.max(1));
        Port { direction, message: "Block".to_owned(), reply: None, lane: None, loans, queue, notes: Notes::default() }
    }
}

fn plain_process(interface: &str) -> Process {
    Process {
        interface: interface.to_owned(),
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
    }
}

fn route(name: &str) -> Route {
    let end = |process: &str| End { process: process.to_owned(), port: name.to_owned() };
    Route {
        from: end("producer"),
        to: end("consumer"),
        transfer: Some(Transfer::LoanWrite),
        boundary: None,
        delivery: Some(Delivery::AtLeastOnce),
        queue: Queue::default(),
        verify: None,
        notes: Notes::default(),
    }
}

fn bounded(what: &str, number: u32, high: u32) -> Result<(), Error> {
    if (1..=high).contains(&number) {
        return Ok(());
    }
    Err(Error::new(Fault::Argument, format!("{what} {number}; 1 to {high} are legal")))
}
