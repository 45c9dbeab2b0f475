//! Raw data: one JSON line for each trial, with its probes, appended to `target/bench/NAME.jsonl`. What every figure of a
//! report can be computed from again.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::json;
use vil_bench::Answer;

use crate::benchmarks::{Benchmark, Case, Entrant};
use crate::trial::Figures;

/// The file of one benchmark's run.
#[derive(Debug)]
pub(crate) struct Raw {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Raw {
    /// Makes it anew.
    pub(crate) fn create(dir: &Path, benchmark: &str) -> Answer<Raw> {
        let path = dir.join(format!("{benchmark}.jsonl"));
        let file = File::create(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Raw { path, file: BufWriter::new(file) })
    }

    /// Adds a trial.
    pub(crate) fn add(
        &mut self,
        benchmark: &Benchmark,
        case: &Case,
        entrant: &Entrant,
        round: usize,
        probes: (f64, f64),
        figures: &Figures,
    ) -> Answer<()> {
        let keys: serde_json::Map<_, _> = entrant.keys.iter().map(|(key, text)| ((*key).into(), json!(text))).collect();
        let line = json!({
            "benchmark": benchmark.name, "case": case.name, "geometry": case.geometry, "entrant": entrant.label,
            "keys": keys, "round": round, "probe_before_ns": probes.0, "probe_after_ns": probes.1, "said": figures.line,
        });
        let refused = |error: std::io::Error| format!("{}: {error}", self.path.display());
        writeln!(self.file, "{line}").map_err(refused)
    }

    /// Where it is, all of it written.
    pub(crate) fn close(mut self) -> Answer<PathBuf> {
        self.file.flush().map_err(|error| format!("{}: {error}", self.path.display()))?;
        Ok(self.path)
    }
}
