//! One run: start, feed, watch, kill, restart, audit, compare.

use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use signal_hook::consts::SIGKILL;
use vil::RouteInfo;
use vil_examples::totals::{Sum, Totals};

use crate::Signals;
use crate::arguments::{Arguments, Plan};
use crate::feed::{self, Feed, Hold};
use crate::outcome::{Outcome, Refusal};
use crate::source::{Source, bytes_until};
use crate::stages::{Programs, Role, Stage};
use crate::told::{Told, first_ns};
use crate::usage::Usage;
use crate::world::Stand;

/// How often the stages are looked at.
const LOOK: Duration = Duration::from_millis(1);

/// How often the bar moves.
const DRAW: Duration = Duration::from_millis(100);

/// Restarts after kills that were not ours; more look like a machine that is out of memory.
const MOST_RESTARTS: u32 = 100;

/// Differences that are told one by one.
const MOST_DIFFERENCES: usize = 20;

/// Index of `ingest.credits -> filter.credits` in the program's routes.
const CREDITS: usize = 0;

/// Index of `filter.npls -> report.npls`.
const NPLS: usize = 1;

/// Index of `ingest.faults -> report.faults`.
const FAULTS: usize = 2;

/// Runs the pipeline to its end.
pub(crate) fn run(arguments: &Arguments, plan: &Plan, signals: &Signals) -> Result<Outcome, Refusal> {
    let hold = match plan.kill {
        None => Hold::No,
        Some(strike) => {
            let bytes = |path: &_| bytes_until(path, strike.hold, signals);
            feed::hold(&plan.source, strike.hold, bytes)?
        }
    };
    let stand = Stand::make()?;
    let mut show = Show::start(arguments, plan, &stand, hold)?;
    let report_killed = show.watch(signals)?;
    show.finish(report_killed)
}

/// Everything that runs. Fields are dropped in this order: the stages are gone before the bar is.
struct Show<'a> {
    plan: &'a Plan,
    stand: &'a Stand,
    programs: Programs,
    /// In the order of `Role::ALL`; `None` once a stage has ended well.
    stages: [Option<Stage>; 3],
    feed: Option<Feed>,
    pids: [u32; 3],
    usage: [Usage; 3],
    restarts: u32,
    struck: bool,
    /// What a feed has counted that ran to its end.
    fed: Option<Totals>,
    first_ns: Option<u64>,
    told: String,
    bar: Option<ProgressBar>,
}

impl<'a> Show<'a> {
    /// Consumers first: whoever publishes finds somebody who takes.
    fn start(arguments: &Arguments, plan: &'a Plan, stand: &'a Stand, hold: Hold) -> Result<Self, Refusal> {
        let mut show = Show {
            plan,
            stand,
            programs: Programs::new(&arguments.bin_dir),
            stages: [const { None }; 3],
            feed: None,
            pids: [0; 3],
            usage: [Usage::default(); 3],
            restarts: 0,
            struck: plan.kill.is_none(),
            fed: None,
            first_ns: None,
            told: String::new(),
            bar: bar(arguments, &plan.source),
        };
        show.begin(Role::Report, Hold::No)?;
        show.begin(Role::Filter, Hold::No)?;
        show.begin(Role::Ingest, hold)?;
        Ok(show)
    }

    /// Starts a stage, and for ingest a feed from line 1.
    fn begin(&mut self, role: Role, hold: Hold) -> Result<(), Refusal> {
        let input = match role {
            Role::Ingest => {
                let fed = Feed::start(&self.plan.source, hold);
                let (feed, input) = fed.map_err(|error| format!("the input cannot be fed: {error}"))?;
                self.feed = Some(feed);
                Some(input)
            }
            Role::Filter | Role::Report => None,
        };
        let stage = Stage::start(&self.programs, role, self.stand.name(), input)?;
        self.pids[role as usize] = stage.pid();
        self.stages[role as usize] = Some(stage);
        Ok(())
    }

    /// Until all stages have ended. True when report was killed, which is the end too.
    fn watch(&mut self, signals: &Signals) -> Result<bool, Refusal> {
        let mut drawn = Instant::now();
        while self.stages.iter().any(Option::is_some) {
            signals.check()?;
            for role in Role::ALL {
                if self.look(role)? {
                    return Ok(true);
                }
            }
            if !self.struck && self.strike()? {
                return Ok(true);
            }
            if drawn.elapsed() >= DRAW {
                drawn = Instant::now();
                self.draw()?;
            }
            std::thread::sleep(LOOK);
        }
        Ok(false)
    }

    /// Sees whether a stage has ended, and how. True when report was killed.
    fn look(&mut self, role: Role) -> Result<bool, Refusal> {
        let Some(stage) = &mut self.stages[role as usize] else { return Ok(false) };
        let Some((status, usage)) = stage.ended()? else { return Ok(false) };
        self.usage[role as usize] = usage;
        let told = stage.told();
        self.stages[role as usize] = None;
        self.hear(role, told);
        match status.signal() {
            None if status.success() => Ok(false),
            Some(SIGKILL) => self.replace(role),
            _ => Err(Refusal::Failed(format!("{} failed: {status}", role.name()))),
        }
    }

    fn hear(&mut self, role: Role, told: String) {
        match role {
            Role::Ingest => self.first_ns = self.first_ns.or_else(|| first_ns(&told)),
            Role::Report => self.told = told,
            Role::Filter => {}
        }
    }

    /// Starts a stage again that was killed, where that can be done. True when it was report.
    fn replace(&mut self, role: Role) -> Result<bool, Refusal> {
        if role == Role::Report {
            return Ok(true);
        }
        if role == Role::Ingest {
            if !self.plan.source.can_be_read_again() {
                return Err(Refusal::Failed("ingest was killed, and a stream cannot be read again".into()));
            }
            self.end_feed()?;
        }
        self.restarts += 1;
        if self.restarts > MOST_RESTARTS {
            return Err(Refusal::Failed(format!("{} was killed again and again", role.name())));
        }
        self.begin(role, Hold::No)?;
        Ok(false)
    }

    /// Kills the stage that is to be killed once its time has come. True when it was report.
    fn strike(&mut self) -> Result<bool, Refusal> {
        let Some(strike) = self.plan.kill else { return Ok(false) };
        if self.stand.routes()?[CREDITS].published < strike.at {
            return Ok(false);
        }
        self.struck = true;
        if let Some(stage) = &mut self.stages[strike.role as usize] {
            stage.kill();
        }
        let report_killed = self.look(strike.role)?;
        if !report_killed && let Some(feed) = &mut self.feed {
            feed.open_gate();
        }
        Ok(report_killed)
    }

    fn end_feed(&mut self) -> Result<(), Refusal> {
        let fed = self.feed.take().map(Feed::finish).transpose();
        self.fed = fed.map_err(|error| format!("the input cannot be fed: {error}"))?.flatten().or(self.fed.take());
        Ok(())
    }

    fn draw(&self) -> Result<(), Refusal> {
        if let Some(bar) = &self.bar {
            let routes = self.stand.routes()?;
            bar.set_position(routes[CREDITS].published);
            bar.set_message(format!("{} malformed", HumanCount(routes[FAULTS].published)));
        }
        Ok(())
    }

    /// After the last stage: counts, slots, and the comparison.
    fn finish(mut self, report_killed: bool) -> Result<Outcome, Refusal> {
        self.stages = [const { None }; 3];
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let audit = self.stand.settle()?;
        let routes = self.stand.routes()?;
        let mut sentences = Vec::new();
        let told = if report_killed {
            sentences.push("report was killed, and its sums with it: the run ends here".to_owned());
            lost(&routes)
        } else {
            Told::read(&self.told).ok_or_else(|| Refusal::Failed("report said something that makes no sense".into()))?
        };
        let differences = if report_killed { Vec::new() } else { told.totals.differences(&self.expected()?) };
        let totals_agree = !report_killed && differences.is_empty();
        sentences.extend(differences.iter().take(MOST_DIFFERENCES).cloned());
        if differences.len() > MOST_DIFFERENCES {
            sentences.push(format!("and {} differences more", differences.len() - MOST_DIFFERENCES));
        }
        let first_ns = self.first_ns.unwrap_or(told.last_ns);
        let seconds = told.last_ns.saturating_sub(first_ns) as f64 / 1e9;
        let [ingest, filter, report] = self.usage;
        let usage = [ingest, filter, report, Usage::of(std::process::id())];
        let (pids, restarts) = (self.pids, self.restarts);
        Ok(Outcome { told, report_killed, seconds, routes, pids, usage, restarts, audit, sentences, totals_agree })
    }

    /// The independent count.
    fn expected(&mut self) -> Result<Totals, Refusal> {
        self.end_feed()?;
        match &self.plan.source {
            Source::File { expected, .. } => Ok(expected.clone()),
            Source::Made { records, seed } => Ok(self.fed.take().unwrap_or_else(|| feed::expected(*records, *seed))),
            Source::Stream(_) => {
                self.fed.take().ok_or_else(|| Refusal::Failed("the stream was not read to its end".into()))
            }
        }
    }
}

/// What the routes know when report can say nothing any more.
fn lost(routes: &[RouteInfo]) -> Told {
    let mut told = Told::default();
    told.totals.records = routes[CREDITS].published;
    told.totals.malformed = routes[FAULTS].published;
    told.totals.all = Sum { npl: routes[NPLS].published, outstanding: f64::NAN };
    told
}

/// A bar where somebody is watching: on a terminal, and not beside JSON.
fn bar(arguments: &Arguments, source: &Source) -> Option<ProgressBar> {
    use std::io::IsTerminal;
    if arguments.json || !std::io::stderr().is_terminal() || !std::io::stdout().is_terminal() {
        return None;
    }
    let style = |template: &str| ProgressStyle::with_template(template).ok();
    let (bar, style) = match source.records() {
        Some(records) => {
            let template = "{bar:40} {human_pos}/{human_len} records, {msg}, {eta} left";
            (ProgressBar::new(records), style(template))
        }
        None => (ProgressBar::new_spinner(), style("{spinner} {human_pos} records, {msg}")),
    };
    let bar = bar.with_message("0 malformed");
    Some(match style {
        Some(style) => bar.with_style(style),
        None => bar,
    })
}
