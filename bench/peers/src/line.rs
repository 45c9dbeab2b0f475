//! What a trial says: one line of JSON, with the times of single messages or with one figure.

use crate::arguments::Arguments;
use crate::machine::tick_ns;

/// At most so many times are said: evenly spaced order statistics, the least and the most among them.
const SAID_AT_MOST: usize = 4097;

/// A line.
#[derive(Debug, Clone)]
pub(crate) struct Line(String);

impl Line {
    /// Of times in ticks, each for `messages` messages.
    pub(crate) fn ticks(arguments: &Arguments, ticks: &[u64], messages: usize) -> Line {
        let ns = tick_ns() / messages as f64;
        Line::times(arguments, ticks.iter().map(|ticks| *ticks as f64 * ns).collect())
    }

    /// Of times in nanoseconds.
    pub(crate) fn times(arguments: &Arguments, mut times: Vec<f64>) -> Line {
        let mean = times.iter().sum::<f64>() / times.len().max(1) as f64;
        times.sort_by(f64::total_cmp);
        let said: Vec<String> = decimated(&times).iter().map(|ns| format!("{ns:.1}")).collect();
        Line::new(arguments, "ns").put("samples", &format!("[{}]", said.join(","))).number("mean", mean)
    }

    /// Of one figure.
    pub(crate) fn value(arguments: &Arguments, unit: &str, value: f64) -> Line {
        Line::new(arguments, unit).number("value", value)
    }

    fn new(arguments: &Arguments, unit: &str) -> Line {
        let line = Line(String::new()).text("benchmark", &arguments.benchmark);
        line.text("subject", &arguments.subject).text("unit", unit)
    }

    /// One more key.
    #[must_use]
    pub(crate) fn text(self, key: &str, value: &str) -> Line {
        let value = value.replace('\\', "\\\\").replace('"', "\\\"");
        self.put(key, &format!("\"{value}\""))
    }

    /// One more key.
    #[must_use]
    pub(crate) fn number(self, key: &str, value: f64) -> Line {
        self.put(key, &format!("{value}"))
    }

    fn put(mut self, key: &str, value: &str) -> Line {
        let comma = if self.0.is_empty() { "" } else { "," };
        self.0.push_str(&format!("{comma}\"{key}\":{value}"));
        self
    }

    /// Says it on stdout.
    pub(crate) fn say(&self) {
        println!("{{{}}}", self.0);
    }
}

fn decimated(sorted: &[f64]) -> Vec<f64> {
    if sorted.len() <= SAID_AT_MOST {
        return sorted.to_vec();
    }
    let last = sorted.len() - 1;
    (0..SAID_AT_MOST).map(|i| sorted[i * last / (SAID_AT_MOST - 1)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_object() {
        let line = Line::times(&Arguments::default(), vec![3.0, 1.0]).text("shape", "a \"b\"");
        let said = r#""benchmark":"","subject":"","unit":"ns","samples":[1.0,3.0],"mean":2,"shape":"a \"b\"""#;
        assert_eq!(line.0, said);
    }

    #[test]
    fn decimation_keeps_the_ends_and_the_middle() {
        let times: Vec<f64> = (0..=100_000).map(f64::from).collect();
        let said = decimated(&times);
        assert_eq!((said.len(), said[0], said[2048], said[4096]), (4097, 0.0, 50_000.0, 100_000.0));
    }
}
