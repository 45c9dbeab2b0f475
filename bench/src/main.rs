//! The conductor: `vil-bench [NAME]... --own DIR --rust DIR --native DIR --out DIR`, as `cargo xtask bench` calls it.
//! Measures side by side, says what came out, and ends with 1 when a promise is missed. Builds nothing.

mod benchmarks;
mod case;
mod machine;
mod pairs;
mod plot;
mod raw;
mod report;
mod trial;

use std::path::PathBuf;
use std::process::ExitCode;

use lexopt::Arg::{Long, Value};
use lexopt::ValueExt;
use vil_bench::cores::{Cores, allowed};
use vil_bench::{Answer, Place};

use benchmarks::{Amount, Benchmark};
use case::{Absence, Measured, Settings, Verdict, measure};
use raw::Raw;
use report::Form;
use trial::Places;

/// Pairs of each two entrants, without being told.
const PAIRS: usize = 7;

/// What was asked for.
#[derive(Debug)]
struct Asked {
    names: Vec<String>,
    case: Option<String>,
    form: Form,
    amount: Amount,
    pairs: Option<usize>,
    cores: Cores,
    is_list: bool,
    places: Places,
    out: PathBuf,
}

impl Asked {
    fn parse(mut args: lexopt::Parser) -> Result<Asked, lexopt::Error> {
        let mut asked = Asked {
            names: Vec::new(),
            case: None,
            form: Form::People,
            amount: Amount::Full,
            pairs: None,
            cores: Cores::choose(),
            is_list: false,
            places: Places::default(),
            out: PathBuf::from("."),
        };
        while let Some(arg) = args.next()? {
            match arg {
                Long("json") => asked.form = Form::Json,
                Long("readme") => asked.form = Form::Markdown,
                Long("quick") => asked.amount = Amount::Quick,
                Long("smoke") => asked.amount = Amount::Smoke,
                Long("list") => asked.is_list = true,
                Long("case") => asked.case = Some(args.value()?.string()?),
                Long("pairs") => asked.pairs = Some(args.value()?.parse_with(pairs)?),
                Long("cores") => asked.cores = two(&args.value()?.string()?)?,
                Long("own") => asked.places.own = args.value()?.into(),
                Long("rust") => asked.places.rust = args.value()?.into(),
                Long("native") => asked.places.native = args.value()?.into(),
                Long("peers") => asked.places.peers = Some(args.value()?.into()),
                Long("out") => asked.out = args.value()?.into(),
                Value(name) => asked.names.push(name.string()?),
                other => return Err(other.unexpected()),
            }
        }
        Ok(asked)
    }

    /// How many pairs are wanted.
    fn pairs(&self) -> usize {
        let usual = match self.amount {
            Amount::Full => PAIRS,
            Amount::Quick => 3,
            Amount::Smoke => 1,
        };
        self.pairs.unwrap_or(usual)
    }

    /// Benchmarks with these names, or all; a name that nothing has is an error.
    fn chosen(&self) -> Answer<Vec<Benchmark>> {
        let all = benchmarks::all(self.amount);
        let names: Vec<&str> = all.iter().map(|benchmark| benchmark.name).collect();
        if let Some(name) = self.names.iter().find(|name| !names.contains(&name.as_str())) {
            return Err(format!("nothing is measured as `{name}`; there are {}", names.join(", ")));
        }
        let is_chosen = |benchmark: &Benchmark| self.names.is_empty() || self.names.iter().any(|n| n == benchmark.name);
        let mut chosen: Vec<Benchmark> = all.into_iter().filter(is_chosen).collect();
        if let Some(text) = &self.case {
            chosen.iter_mut().for_each(|benchmark| benchmark.cases.retain(|case| case.name.contains(text.as_str())));
            chosen.retain(|benchmark| !benchmark.cases.is_empty());
            if chosen.is_empty() {
                return Err(format!("no case of what is to be measured has `{text}` in its name"));
            }
        }
        Ok(chosen)
    }
}

fn pairs(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|pairs| *pairs > 0).ok_or_else(|| format!("--pairs wants a count from 1 on, not `{text}`"))
}

fn two(text: &str) -> Result<Cores, lexopt::Error> {
    let wrong = || lexopt::Error::Custom(format!("--cores wants two processors such as 0,1, not `{text}`").into());
    let cores = Cores::parse(text).ok_or_else(wrong)?;
    let allowed = allowed();
    if cores.is_one() && allowed.len() > 1 {
        let message = format!("--cores {text}: two that poll on one processor measure how it is shared");
        return Err(lexopt::Error::Custom(message.into()));
    }
    let is_allowed = allowed.contains(&cores.a) && allowed.contains(&cores.b);
    is_allowed.then_some(cores).ok_or_else(|| format!("of processors {text} not all are allowed: {allowed:?}").into())
}

/// What all of them came to.
#[derive(Debug, Default, Clone, Copy)]
struct Sum {
    is_missed: bool,
    is_failed: bool,
}

fn run(asked: &Asked) -> Answer<ExitCode> {
    let chosen = asked.chosen()?;
    if asked.is_list {
        chosen.iter().for_each(|benchmark| println!("{:<12} {}", benchmark.name, benchmark.about));
        return Ok(ExitCode::SUCCESS);
    }
    let place = Place::new();
    std::fs::create_dir_all(&asked.out).map_err(|error| format!("{}: {error}", asked.out.display()))?;
    let places = Places { scratch: place.path().to_owned(), ..asked.places.clone() };
    let settings = Settings { cores: asked.cores, pairs: asked.pairs(), places };
    place.dir()?;
    print!("{}", report::head(asked.form, &machine::line(asked.cores)));
    let mut sum = Sum::default();
    for benchmark in &chosen {
        let one = one(asked, benchmark, &settings)?;
        sum.is_missed |= one.is_missed;
        sum.is_failed |= one.is_failed;
    }
    // A smoke run is too short for any promise.
    let is_missed = sum.is_missed && asked.amount != Amount::Smoke;
    Ok(ExitCode::from(if sum.is_failed { 2 } else { u8::from(is_missed) }))
}

/// Measures one benchmark, says it and draws it.
fn one(asked: &Asked, benchmark: &Benchmark, settings: &Settings) -> Answer<Sum> {
    eprintln!(
        "> {}: {} (processors {} and {}, {} pairs)",
        benchmark.name, benchmark.about, settings.cores.a, settings.cores.b, settings.pairs
    );
    let mut raw = Raw::create(&asked.out, benchmark.name)?;
    let mut markdown = report::head(Form::Markdown, &machine::line(settings.cores));
    let mut sum = Sum::default();
    let mut all: Vec<Measured<'_>> = Vec::new();
    for case in &benchmark.cases {
        eprintln!("  {}", case.name);
        let measured = measure(benchmark, case, settings, &mut raw)?;
        print!("{}", report::said(asked.form, benchmark, &measured, settings.pairs));
        markdown.push_str(&report::said(Form::Markdown, benchmark, &measured, settings.pairs));
        let judged = measured.judged(settings.pairs);
        sum.is_missed |= judged.iter().any(|one| matches!(one.verdict, Verdict::Missed | Verdict::Unsettled));
        sum.is_failed |= measured.absent.iter().flatten().any(|why| matches!(why, Absence::Failed(_)));
        all.push(measured);
    }
    let table = asked.out.join(format!("{}.md", benchmark.name));
    std::fs::write(&table, markdown).map_err(|error| format!("{}: {error}", table.display()))?;
    eprintln!("  raw data: {}\n  table: {}", raw.close()?.display(), table.display());
    for file in plot::draw(benchmark, &all, &asked.out)? {
        eprintln!("  picture: {}", file.display());
    }
    Ok(sum)
}

fn main() -> ExitCode {
    let asked = Asked::parse(lexopt::Parser::from_env()).map_err(|error| error.to_string());
    asked.and_then(|asked| run(&asked)).unwrap_or_else(|sentence| {
        eprintln!("bench: {sentence}");
        ExitCode::from(2)
    })
}
