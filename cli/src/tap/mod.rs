//! `vil tap`: prints the messages of a route while they pass, of any program: the world keeps it, and it says how its
//! messages lie.

mod reader;
mod silence;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use vil_core::base::error::{Error, Fault};
use vil_core::observe::{Outside, Tap, Tapped};
use vil_core::sys::file::RuntimeDir;
use vil_ir::descriptor::encode;
use vil_ir::layout::{FRAME_OFFSET, lay_out};
use vil_ir::load;
use vil_ir::plan::RoutePlan;
use vil_msg::{Bytes, Descriptor, Style, to_json};

use crate::json::{Object, quoted};
use crate::output::{self, Written};
use crate::source::{FAULTY, FINE, UNREADABLE};

use silence::Silence;

/// How long a tap that saw nothing rests before it looks again: short enough to see what a sleeping consumer wakes for.
const REST: Duration = Duration::from_micros(20);

/// How long a tap that waits for a world rests before it looks for one again.
const LOOK: Duration = Duration::from_millis(20);

/// Bytes of a text that is tried first; a message whose text is longer says so and is printed in the second go.
const TEXT: usize = 4096;

/// Bytes of the longest text that is printed: memory that any producer could ask for otherwise. The largest message has a quarter.
const MOST_TEXT: usize = 256 << 20;

/// Print the messages of a route as they pass, one JSON object a line, without anybody in the world noticing.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  vil tap ingest.credits                   every route of a port, in the only world that has it
  vil tap 'ingest.credits -> filter.in'    one route
  vil tap filter.in --world credit         of several worlds the one that is meant
  vil tap ingest.credits --count 10        end after ten messages
  vil tap ingest.credits --wait            start before the world is there
  vil tap ingest.credits --pretty          a field a line

It begins with the oldest message that was not released. A line is {\"route\", \"number\", \"message\"}; \"late\" stands there where \
the message was released before it was copied. Nobody waits for a tap: messages that went too fast are counted as \
lost on stderr. Bytes that are no message of the route are told on stderr too, with the rule that they break, and so is \
why nothing comes: nobody publishes, or nobody lives in the world. It ends when nobody reads its output any more, and when the \
world is removed.

Exit codes: 0 fine, 1 something was no message, 2 no such route or world, a message cannot be printed, or wrong usage.")]
pub(crate) struct Args {
    /// A port, process.port, or a route as `vil doctor` names it.
    #[arg(value_name = "ROUTE|PORT")]
    what: String,

    /// The world; without it the only one that has the route.
    #[arg(long, value_name = "NAME")]
    world: Option<String>,

    /// End after so many messages; without it only Ctrl-C ends it.
    #[arg(long, value_name = "N")]
    count: Option<u64>,

    /// Wait for a world that has the route, where there is none yet.
    #[arg(long)]
    wait: bool,

    /// A field a line.
    #[arg(long)]
    pretty: bool,

    /// Directory of the worlds; otherwise $VIL_RUNTIME_DIR, and without that /dev/shm/vil-UID.
    #[arg(long, value_name = "DIR")]
    runtime_dir: Option<PathBuf>,
}

/// Taps until the count is reached or nobody reads what is printed.
pub(crate) fn run(args: &Args) -> ExitCode {
    let watched = found(args).and_then(|world| world.map(|world| Watch::new(world, &args.what)).transpose());
    match watched {
        Ok(Some(mut watch)) => ExitCode::from(watch.run(args)),
        Ok(None) => ExitCode::from(FINE),
        Err(error) => {
            output::error(error.message);
            ExitCode::from(UNREADABLE)
        }
    }
}

/// The world that is meant, and with --wait as soon as it is there; `None` when nobody reads any more before that.
fn found(args: &Args) -> Result<Option<Outside>, Error> {
    let mut was_said = false;
    loop {
        match find(args) {
            Err(error) if error.fault == Fault::NotFound && args.wait => {
                if !was_said {
                    output::note(format_args!("{}; waiting for it, Ctrl-C ends it", error.message));
                }
                was_said = true;
            }
            found => return found.map(Some),
        }
        if !reader::rest(LOOK) {
            return Ok(None);
        }
    }
}

/// The world that is meant.
fn find(args: &Args) -> Result<Outside, Error> {
    let dir = RuntimeDir::find(args.runtime_dir.as_deref())?;
    if let Some(name) = &args.world {
        return Outside::look(&dir, name);
    }
    let looked = dir.worlds()?.into_iter().filter_map(|name| Some((Outside::look(&dir, &name).ok()?, name)));
    let mut found: Vec<_> = looked.filter(|(world, _)| !routes(world, &args.what).is_empty()).collect();
    match found.pop() {
        Some((world, _)) if found.is_empty() => Ok(world),
        Some((_, last)) => {
            let names: Vec<_> = found.iter().map(|(_, name)| name.as_str()).chain([last.as_str()]).collect();
            let names = names.join(", ");
            Err(Error::new(Fault::Argument, format!("several worlds have `{}`: {names}; say --world", args.what)))
        }
        None => Err(Error::new(Fault::NotFound, format!("no world has a route or port `{}`", args.what))),
    }
}

/// Routes of this name or with this port.
fn routes(world: &Outside, what: &str) -> Vec<usize> {
    let all = world.catalog().plan.routes.iter().enumerate();
    let is_meant =
        |route: &RoutePlan| route.name() == what || [&route.from, &route.to].iter().any(|end| end.to_string() == what);
    all.filter(|(_, route)| is_meant(route)).map(|(index, _)| index).collect()
}

/// Routes that are watched.
struct Watch {
    world: Outside,
    taps: Vec<Watched>,
    /// What was no message.
    faults: u64,
    silence: Silence,
}

struct Watched {
    tap: Tap,
    route: usize,
    name: String,
    words: Vec<u32>,
    /// Messages that were lost when it was last said.
    said: u64,
}

impl Watch {
    fn new(world: Outside, what: &str) -> Result<Watch, Error> {
        let refused = |fault: Fault, text: String| Error::new(fault, text);
        let plan = &world.catalog().plan;
        let found = routes(&world, what);
        if found.is_empty() {
            let names: Vec<_> = plan.routes.iter().map(|route| format!("`{}`", route.name())).collect();
            let names = names.join(", ");
            return Err(refused(Fault::NotFound, format!("there is no route or port `{what}`; there are {names}")));
        }
        let (program, _) = load::from_json(&plan.contract)
            .map_err(|faults| refused(Fault::Program, format!("the world's program: {}", faults.to_json())))?;
        let layouts = lay_out(&program).map_err(|errors| {
            let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
            refused(Fault::Program, format!("the world's program: {}", errors.join("; ")))
        })?;
        let mut taps = Vec::new();
        for index in found {
            let route = &plan.routes[index];
            let name = route.name();
            let tap = world.tap(index).ok_or_else(|| {
                let why =
                    "its queue is mpmc or drops its oldest, so who takes a message clears its cell, or it is unsound";
                refused(Fault::Unsupported, format!("route `{name}` cannot be tapped: {why}"))
            })?;
            let message = plan.messages.get(route.message as usize).map_or("", |message| message.name.as_str());
            taps.push(Watched { tap, route: index, name, words: encode(&program, &layouts, message), said: 0 });
        }
        Ok(Watch { world, taps, faults: 0, silence: Silence::default() })
    }

    fn run(&mut self, args: &Args) -> u8 {
        let style = if args.pretty { Style::Pretty } else { Style::Compact };
        let mut printed = 0;
        let is_enough = |printed: u64| args.count.is_some_and(|count| printed >= count);
        'all: while !is_enough(printed) {
            let mut was_idle = true;
            for watched in &mut self.taps {
                let Some(tapped) = self.world.tapped(&mut watched.tap) else { continue };
                was_idle = false;
                match line(watched, tapped, style) {
                    Ok(line) => {
                        printed += 1;
                        match output::write(&(line + "\n")) {
                            Written::Whole if !is_enough(printed) => {}
                            Written::Lost => return UNREADABLE,
                            // Nobody reads any more: that is how a tap into `head` ends.
                            Written::Whole | Written::Unread => break 'all,
                        }
                    }
                    Err(told) => {
                        self.faults += 1;
                        output::note(told);
                    }
                }
            }
            if was_idle {
                self.say_lost();
                if !self.is_worth_waiting() || !reader::rest(REST) {
                    break;
                }
            }
        }
        self.say_lost();
        if self.faults == 0 { FINE } else { FAULTY }
    }

    fn is_worth_waiting(&mut self) -> bool {
        let routes = self.taps.iter().map(|watched| (watched.route, watched.name.as_str()));
        self.silence.explain(&self.world, routes)
    }

    fn say_lost(&mut self) {
        for watched in self.taps.iter_mut().filter(|watched| watched.tap.lost != watched.said) {
            let lost = watched.tap.lost - watched.said;
            output::note(format_args!("{}: {lost} messages went too fast to be seen", watched.name));
            watched.said = watched.tap.lost;
        }
    }
}

/// One message as it is printed, or what is wrong with it.
fn line(watched: &Watched, tapped: Tapped, style: Style) -> Result<String, String> {
    let told = |what: String| format!("{}: message {}: {what}", watched.name, tapped.number);
    let bytes: Vec<u8> = tapped.words.iter().flat_map(|word| word.to_le_bytes()).take(tapped.size as usize).collect();
    let descriptor = Descriptor::new(&watched.words).map_err(|fault| told(fault.to_string()))?;
    let text = match descriptor.profile() {
        vil_ir::vocabulary::Profile::External => {
            let held = held(&bytes).ok_or_else(|| told("its frame says more than there is".to_owned()))?;
            quoted(&String::from_utf8_lossy(held))
        }
        _ => text(&descriptor, &tapped.words, tapped.size, style, MOST_TEXT).map_err(told)?,
    };
    let object = Object::default().text("route", &watched.name).plain("number", tapped.number);
    let object = if tapped.is_late { object.plain("late", true) } else { object };
    Ok(object.raw("message", text).end())
}

/// The bytes of an external message: as many behind its frame as that says.
fn held(bytes: &[u8]) -> Option<&[u8]> {
    let stated = u32::from_le_bytes(*bytes.first_chunk()?);
    bytes.get(FRAME_OFFSET as usize..)?.get(..usize::try_from(stated).ok()?)
}

/// The message as JSON. Its words lie where a message lies: at a multiple of 8.
fn text(descriptor: &Descriptor<'_>, words: &[u64], size: u32, style: Style, most: usize) -> Result<String, String> {
    let mut room = vec![0; TEXT];
    loop {
        let made = to_json(descriptor, Bytes::of_words(words, size), style, &mut room);
        let needed = made.map_err(|fault| fault.to_string())?;
        if needed > most {
            return Err(format!("its text would have {needed} bytes, more than the {most} that are printed"));
        }
        if needed <= room.len() {
            room.truncate(needed);
            return Ok(String::from_utf8_lossy(&room).into_owned());
        }
        room.resize(needed, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_too_long_is_told_and_not_printed() {
        let program = "{ vil: 1, program: p, messages: { M: { fields: [ { name: a, type: '[u8; 4000]' } ] } } }";
        let (program, _) = load::from_yaml(program).expect("a program");
        let layouts = lay_out(&program).expect("it has layouts");
        let words = encode(&program, &layouts, "M");
        let descriptor = Descriptor::new(&words).expect("a descriptor");
        let print = |most| text(&descriptor, &[0; 500], 4000, Style::Compact, most);
        let whole = print(MOST_TEXT).expect("it is printed");
        assert_eq!(whole.len(), "{\"a\":[]}".len() + 2 * 4000 - 1);
        assert_eq!(print(whole.len()).as_ref(), Ok(&whole));
        let told = print(whole.len() - 1).expect_err("too long");
        assert!(told.contains(&format!("{} bytes", whole.len())), "{told}");
    }
}
