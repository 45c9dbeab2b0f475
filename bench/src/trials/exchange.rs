//! The world of a trial and its ends through the crate `vil`: the asker sends by `there_0` and so on and receives by `back`,
//! the answerer the other way. The program comes from the conductor; the types are generated.

#[path = "generated/messages.rs"]
pub(crate) mod messages;

use std::ffi::{CStr, CString};
use std::sync::OnceLock;

use messages::{Bytes8, Bytes16, Bytes64, Bytes256, Bytes1024, Bytes4096, Bytes16384, Bytes65536, Bytes1048576};
use vil::{Contract, Message, PortContract, Program, Receiver, Sender, World};
use vil_bench::Answer;
use vil_bench::arguments::Arguments;

/// A message as its words.
pub(crate) trait Payload: Message {
    fn words(&self) -> &[u64];
    fn words_mut(&mut self) -> &mut [u64];
}

macro_rules! payloads {
    ($($name:ident)+) => {
        $(impl Payload for $name {
            #[inline(always)]
            fn words(&self) -> &[u64] {
                &self.words
            }

            #[inline(always)]
            fn words_mut(&mut self) -> &mut [u64] {
                &mut self.words
            }
        })+

        /// Runs it with the type of `--size`.
        pub(crate) fn with_size(arguments: &Arguments, trial: &impl Trial) -> Answer<()> {
            match arguments.size()? {
                $(size if size == size_of::<$name>() => trial.run::<$name>(arguments),)+
                size => Err(format!("there is no message of {size} B")),
            }
        }
    };
}

payloads! { Bytes8 Bytes16 Bytes64 Bytes256 Bytes1024 Bytes4096 Bytes16384 Bytes65536 Bytes1048576 }

/// A trial for every size.
pub(crate) trait Trial {
    fn run<T: Payload>(&self, arguments: &Arguments) -> Answer<()>;
}

/// Who a process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Asker,
    Answerer,
}

/// One process's ends. They close before the world that made them does.
pub(crate) struct Ends<T: Payload> {
    /// `there_0` and so on of the asker, `back` of the answerer.
    pub(crate) senders: Vec<Sender<T>>,
    /// `back` of the asker, `there_0` and so on of the answerer.
    pub(crate) receivers: Vec<Receiver<T>>,
}

/// The name of the world that this trial makes.
pub(crate) fn world_name() -> String {
    format!("trial-{}", std::process::id())
}

/// Makes the world and opens the ends of one side.
pub(crate) fn create<T: Payload>(arguments: &Arguments, name: &str, side: Side) -> Answer<Ends<T>> {
    let world = World::create(name, &program(arguments)?, Some(contract::<T>(arguments, side)?)).map_err(said)?;
    ends(arguments, &world, side)
}

/// The world's program: loaded as generated code loads it, or parsed.
pub(crate) fn program(arguments: &Arguments) -> Answer<Program> {
    let (json, plan) = read_program(arguments)?;
    Program::load(json, plan).map_err(said)
}

/// Its text and its plan. They are read once, as what is in a program is there once.
pub(crate) fn read_program(arguments: &Arguments) -> Answer<&'static (String, Vec<u64>)> {
    static FILES: OnceLock<Answer<(String, Vec<u64>)>> = OnceLock::new();
    FILES.get_or_init(|| files(arguments)).as_ref().map_err(Clone::clone)
}

fn files(arguments: &Arguments) -> Answer<(String, Vec<u64>)> {
    let read = |path: &str| std::fs::read(path).map_err(|error| format!("{path}: {error}"));
    let json = String::from_utf8(read(arguments.wanted("program")?)?).map_err(|error| error.to_string())?;
    let plan = arguments.text("plan").map_or(Ok(Vec::new()), read)?;
    Ok((json, plan.as_chunks().0.iter().map(|word| u64::from_le_bytes(*word)).collect()))
}

/// Opens the ends of the other side.
pub(crate) fn open<T: Payload>(arguments: &Arguments, name: &str, side: Side) -> Answer<Ends<T>> {
    let world = World::open(name, Some(contract::<T>(arguments, side)?)).map_err(said)?;
    ends(arguments, &world, side)
}

/// Removes the world's name; a world that nobody names is gone with the last process in it.
pub(crate) fn remove(name: &str) {
    // The conductor removes the directory in any case.
    let _ = World::unlink(name);
}

/// A fault of the crate as a sentence.
pub(crate) fn said(error: vil::Error) -> String {
    error.to_string()
}

/// A status as a sentence.
pub(crate) fn status(call: &str) -> impl Fn(vil::Status) -> String {
    move |status| format!("{call} answers {status}")
}

fn theres(arguments: &Arguments) -> Answer<Vec<&'static CStr>> {
    let name = |route| CString::new(format!("there_{route}")).map_err(|error| error.to_string());
    // Contracts are static data; a trial has one.
    (0..arguments.number("routes", 1)?).map(|route| Ok(&*Box::leak(name(route)?.into_boxed_c_str()))).collect()
}

/// The way back, where there is one.
fn back(arguments: &Arguments) -> Option<&'static CStr> {
    (arguments.text("back") != Some("no")).then_some(c"back")
}

fn contract<T: Payload>(arguments: &Arguments, side: Side) -> Answer<&'static Contract> {
    let theres = theres(arguments)?;
    let (process, ports): (_, Vec<PortContract>) = match side {
        Side::Asker => {
            let theres = theres.into_iter().map(PortContract::output::<T>);
            (c"asker", theres.chain(back(arguments).map(PortContract::input::<T>)).collect())
        }
        Side::Answerer => {
            let theres = theres.into_iter().map(PortContract::input::<T>);
            (c"answerer", theres.chain(back(arguments).map(PortContract::output::<T>)).collect())
        }
    };
    Ok(Box::leak(Box::new(Contract::new(c"exchange", process, ports.leak()))))
}

fn ends<T: Payload>(arguments: &Arguments, world: &World, side: Side) -> Answer<Ends<T>> {
    let (theres, back) = (theres(arguments)?, back(arguments).into_iter().collect());
    let (out, into) = if side == Side::Asker { (theres, back) } else { (back, theres) };
    let senders = out.into_iter().map(|port| Sender::open(world, port).map_err(said)).collect::<Answer<_>>()?;
    let receivers = into.into_iter().map(|port| Receiver::open(world, port).map_err(said)).collect::<Answer<_>>()?;
    Ok(Ends { senders, receivers })
}
