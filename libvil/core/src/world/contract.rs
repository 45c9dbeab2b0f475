//! What a binary was generated from, held against what a world was made from.
//!
//! Only the layout ids of the binary's own ports are compared, so a program may grow other processes. Texts are read
//! only where the ids differ: then evolution decides, and a binary that is newer or older than the world comes in. Slots have
//! the size that the world was made with, and no sender comes in that promises more.

use vil_ir::evolve::{Sides, Verdict, is_refused, layouts};
use vil_ir::plan::{MessagePlan, Plan};

use crate::base::error::{Error, Fault};
use crate::world::ends::Index;

/// A binary's role and its ports; borrowed from the binary's static data.
#[derive(Debug, Clone, Copy)]
pub struct Contract<'a> {
    /// Its process in the program; `None` has no role and opens no port.
    pub process: Option<&'a str>,
    /// Its ports.
    pub ports: &'a [PortContract<'a>],
}

/// One port of a binary.
#[derive(Debug, Clone, Copy)]
pub struct PortContract<'a> {
    /// The port's name.
    pub port: &'a str,
    /// The message it carries.
    pub message: &'a str,
    /// The message's layout id.
    pub layout_id: u64,
    /// The message's layout text.
    pub layout_text: &'a str,
    /// Bytes per message.
    pub size: u32,
    /// Which way it faces.
    pub facing: Facing,
}

/// Which way a port faces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Facing {
    /// It receives.
    In,
    /// It sends.
    Out,
}

/// Accepts or refuses a binary; the sentence names message, field and both offsets.
pub(super) fn check(plan: &Plan, world: &str, contract: &Contract<'_>) -> Result<(), Error> {
    let Some(process) = contract.process else { return Ok(()) };
    let known = |name: &str| plan.routes.iter().any(|route| route.from.process == name || route.to.process == name);
    if !known(process) && !contract.ports.is_empty() {
        let message = format!("world `{world}` of program `{}` has no routes for a process `{process}`", plan.program);
        return Err(Error::new(Fault::Contract, message));
    }
    if contract.ports.is_empty() {
        return Ok(());
    }
    let index = Index::new(plan);
    contract.ports.iter().try_for_each(|port| check_port(plan, &index, world, process, port))
}

fn check_port(plan: &Plan, index: &Index, world: &str, process: &str, port: &PortContract<'_>) -> Result<(), Error> {
    let name = port.port;
    let found = index.find(plan, port.facing == Facing::Out, process, name);
    for route in found.iter().map(|route| &plan.routes[*route as usize]) {
        let theirs = &plan.messages[route.message as usize];
        if theirs.layout_id == port.layout_id && route.size == port.size {
            continue;
        }
        let Some(why) = mismatch(theirs, route.size, port) else { continue };
        let message = format!(
            "port {process}.{name} of world `{world}` carries {}, this binary was generated for {}: {why}; generate both from one program, \
             or remove a world of before in which nobody lives (vil reap {world})",
            theirs.name, port.message
        );
        return Err(Error::new(Fault::Contract, message));
    }
    if !found.is_empty() {
        return Ok(());
    }
    let message = format!(
        "world `{world}` of program `{}` has no route for port {process}.{}, which this binary was generated for; \
         generate both from one program, or remove a world of before in which nobody lives (vil reap {world})",
        plan.program, port.port
    );
    Err(Error::new(Fault::Contract, message))
}

/// Why a binary whose layout or size is another one may not come in; `None` when it may.
#[cold]
fn mismatch(theirs: &MessagePlan, size: u32, port: &PortContract<'_>) -> Option<String> {
    if theirs.layout_id != port.layout_id {
        if theirs.text == port.layout_text {
            return Some("one layout has two ids".to_owned());
        }
        let (verdict, findings) = layouts(&theirs.text, port.layout_text, Sides::ATTACH);
        if verdict == Verdict::Incompatible {
            let found = findings.iter().find(|finding| finding.verdict == verdict);
            let (sentence, path) = found.map_or(("", ""), |finding| (&finding.sentence, &finding.path));
            return Some(format!("message {}: {sentence} ({path})", theirs.name));
        }
    }
    let is_sender = port.facing == Facing::Out;
    // By our own text, of which theirs is no other kind here: where the ids are one, nobody has read theirs.
    let is_refused = is_refused(port.layout_text, is_sender, port.size.into(), size.into());
    is_refused.then(|| format!("messages have up to {size} bytes in the world and {} here", port.size))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::post::post;

    #[test]
    fn a_world_that_calls_a_flat_message_relative_does_not_shorten_it() {
        let plan = post("[u64; 64]");
        let mut other = plan.clone();
        let letter = &plan.messages[0];
        let port = PortContract {
            port: "letters",
            message: &letter.name,
            layout_id: letter.layout_id,
            layout_text: &letter.text,
            size: letter.size,
            facing: Facing::In,
        };
        let contract = Contract { process: Some("reader"), ports: &[port] };
        assert!(check(&other, "post", &contract).is_ok());
        other.messages[0].text = letter.text.replacen("vil-layout 1\n", "vil-layout 1\nrelative ", 1);
        other.routes[0].size = 8;
        let refused = check(&other, "post", &contract).expect_err("its messages are shorter than the reader's");
        assert_eq!(refused.fault, Fault::Contract);
    }
}
