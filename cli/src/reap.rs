//! `vil reap`: recovers the dead, and removes worlds in which nobody lives.

use std::process::ExitCode;

use vil_core::base::error::Error;
use vil_core::observe::Outside;
use vil_core::sys::file::RuntimeDir;
use vil_core::world::{Reaped, foresee, reap};

use crate::json::{Object, list};
use crate::output;
use crate::source::{FINE, Report, UNREADABLE};
use crate::worlds::Which;

/// Recover what dead processes left, and remove worlds in which nobody lives any more.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  vil reap credit                          the dead of one world; itself, if nobody lives in it
  vil reap --all                           every world of this user
  vil reap --all --dry-run                 say what would be done, and touch nothing
  vil reap --all --format json             one JSON object on stdout

A living process is never touched, stopped or not. A world that is removed takes the messages with it that \
at_least_once kept for a restart; --dry-run says how many there are. A damaged file in which nobody lives is \
removed too.

Exit codes: 0 done, or nothing to do; 2 no such world or directory, no permission, a damaged world in which somebody lives, \
the answer cannot be written, or wrong usage. The worst of several worlds counts.")]
pub(crate) struct Args {
    #[command(flatten)]
    which: Which,

    /// Say what would be done, and touch nothing.
    #[arg(long)]
    dry_run: bool,
}

/// What was done with one world.
struct Done {
    name: String,
    result: Result<Reaped, Error>,
    /// Messages that nobody had released.
    messages: u64,
}

/// Reaps the worlds and answers the worst exit code.
pub(crate) fn run(args: &Args) -> ExitCode {
    if args.which.name.is_none() && !args.which.all {
        output::error("name a world, or say --all; `vil doctor` lists them");
        return ExitCode::from(UNREADABLE);
    }
    let (dir, names) = match args.which.find() {
        Ok(found) => found,
        Err(error) => {
            output::error(error);
            return ExitCode::from(UNREADABLE);
        }
    };
    let done: Vec<Done> =
        dir.iter().flat_map(|dir| names.iter().map(|name| reap_one(dir, name, args.dry_run))).collect();
    let told = match args.which.report() {
        Report::Json => json(&done, args.dry_run) + "\n",
        Report::Text if done.is_empty() => args.which.none(dir.as_ref()) + "\n",
        Report::Text => {
            let reaped = done.iter().filter_map(|done| Some((done, *done.result.as_ref().ok()?)));
            reaped.map(|(done, reaped)| sentence(done, reaped, args.dry_run) + "\n").collect()
        }
    };
    let failed: Vec<_> = done.iter().filter_map(|done| Some((&done.name, done.result.as_ref().err()?))).collect();
    let code = output::answer(&told, if failed.is_empty() { FINE } else { UNREADABLE });
    failed.iter().for_each(|(name, error)| output::error(format_args!("{name}: {error}")));
    code
}

fn reap_one(dir: &RuntimeDir, name: &str, dry_run: bool) -> Done {
    let messages = Outside::look(dir, name).map_or(0, |world| waiting(&world));
    let result = if dry_run { foresee(dir, name) } else { reap(dir, name) };
    Done { name: name.to_owned(), result, messages }
}

/// Messages in all rings.
pub(crate) fn waiting(world: &Outside) -> u64 {
    let routes = 0..world.catalog().plan.routes.len();
    routes.filter_map(|index| world.route(index)).map(|route| u64::from(route.depth)).sum()
}

fn sentence(done: &Done, reaped: Reaped, dry_run: bool) -> String {
    let would = |done: &'static str, foreseen: &'static str| if dry_run { foreseen } else { done };
    let name = &done.name;
    match reaped {
        Reaped::Removed => {
            let verb = would("removed", "would be removed");
            let lost = match done.messages {
                0 => String::new(),
                1 => ", and 1 message in it".to_owned(),
                count => format!(", and {count} messages in it"),
            };
            format!("{name}: {verb}, nobody lives in it{lost}")
        }
        Reaped::Recovered { recovered: 0, pending: 0 } => format!("{name}: nothing to do, all its processes live"),
        Reaped::Recovered { recovered, pending } => {
            let verb = would("recovered", "would recover");
            let waits = if pending == 0 {
                String::new()
            } else {
                format!("; {pending} wait until messages that they forwarded are released")
            };
            format!("{name}: {verb} {recovered} dead{waits}")
        }
        Reaped::HeldByChildren { recovered } => {
            let verb = would("recovered", "would recover");
            format!(
                "{name}: {verb} {recovered} dead; kept, because processes that they forked hold it open; end those first"
            )
        }
    }
}

fn json(done: &[Done], dry_run: bool) -> String {
    let worlds = done.iter().map(|done| {
        let world = Object::default().text("name", &done.name);
        match &done.result {
            Ok(Reaped::Removed) => world.text("action", "removed").plain("messages", done.messages),
            Ok(Reaped::Recovered { recovered: 0, pending: 0 }) => world.text("action", "none"),
            Ok(Reaped::Recovered { recovered, pending }) => {
                world.text("action", "recovered").plain("recovered", recovered).plain("pending", pending)
            }
            Ok(Reaped::HeldByChildren { recovered }) => world.text("action", "kept").plain("recovered", recovered),
            Err(error) => world.text("action", "failed").text("error", &error.message),
        }
        .end()
    });
    Object::default().plain("dry_run", dry_run).raw("worlds", list(worlds)).end()
}
