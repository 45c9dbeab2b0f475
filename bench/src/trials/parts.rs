//! Processes of a trial by the names that its program gives them and their ports, for worlds of other shapes than one
//! exchange.

use std::ffi::{CStr, CString};

use vil::{Contract, PortContract, Receiver, Sender, World};
use vil_bench::Answer;
use vil_bench::arguments::Arguments;

use crate::exchange::{Ends, Payload, program, said};

/// A process: its name and the names of its ports.
#[derive(Debug)]
pub(crate) struct Part {
    program: &'static CStr,
    process: &'static CStr,
    outs: Vec<&'static CStr>,
    ins: Vec<&'static CStr>,
}

impl Part {
    /// One without ports.
    pub(crate) fn new(program: &'static CStr, process: &'static CStr) -> Part {
        Part { program, process, outs: Vec::new(), ins: Vec::new() }
    }

    /// With out ports `NAME_0` and so on.
    pub(crate) fn sends(mut self, name: &str, count: usize) -> Answer<Part> {
        self.outs = names(name, count)?;
        Ok(self)
    }

    /// With in ports `NAME_0` and so on.
    pub(crate) fn receives(mut self, name: &str, count: usize) -> Answer<Part> {
        self.ins = names(name, count)?;
        Ok(self)
    }

    /// Makes the world of `--program`, and enters it.
    pub(crate) fn create<T: Payload>(&self, arguments: &Arguments, name: &str) -> Answer<Ends<T>> {
        self.ends(&World::create(name, &program(arguments)?, Some(self.contract::<T>())).map_err(said)?)
    }

    /// Enters the world that another process has made.
    pub(crate) fn enter<T: Payload>(&self, name: &str) -> Answer<Ends<T>> {
        self.ends(&World::open(name, Some(self.contract::<T>())).map_err(said)?)
    }

    /// Contracts are static data; a process of a trial has one.
    fn contract<T: Payload>(&self) -> &'static Contract {
        let outs = self.outs.iter().map(|port| PortContract::output::<T>(port));
        let ports: Vec<_> = outs.chain(self.ins.iter().map(|port| PortContract::input::<T>(port))).collect();
        Box::leak(Box::new(Contract::new(self.program, self.process, ports.leak())))
    }

    fn ends<T: Payload>(&self, world: &World) -> Answer<Ends<T>> {
        let senders = self.outs.iter().map(|port| Sender::open(world, port).map_err(said));
        let senders = senders.collect::<Answer<_>>()?;
        let receivers = self.ins.iter().map(|port| Receiver::open(world, port).map_err(said));
        Ok(Ends { senders, receivers: receivers.collect::<Answer<_>>()? })
    }
}

fn names(name: &str, count: usize) -> Answer<Vec<&'static CStr>> {
    let name = |at| CString::new(format!("{name}_{at}")).map_err(|error| error.to_string());
    (0..count).map(|at| Ok(&*Box::leak(name(at)?.into_boxed_c_str()))).collect()
}
