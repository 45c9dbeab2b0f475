//! What a trial program says: one JSON line, with the times of single messages or with one figure.
//!
//! Times are decimated to evenly spaced order statistics, so each of those that are said was measured, and the least and the
//! most are among them.

use serde_json::{Map, Value, json};

/// At most this many samples are said; enough for the 99.9th percentile to be one of several.
pub const SAID_AT_MOST: usize = 4097;

/// Evenly spaced order statistics of all samples; sorts.
pub fn decimated(samples: &mut [f64]) -> Vec<f64> {
    samples.sort_by(f64::total_cmp);
    if samples.len() <= SAID_AT_MOST {
        return samples.to_vec();
    }
    let last = samples.len() - 1;
    (0..SAID_AT_MOST).map(|i| samples[i * last / (SAID_AT_MOST - 1)]).collect()
}

/// The value below which this share of sorted samples lies; 0 of none.
pub fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    sorted[((last as f64 * share).round() as usize).min(last)]
}

/// A line to say.
#[derive(Debug, Clone)]
pub struct Line(Map<String, Value>);

impl Line {
    /// Of times in nanoseconds.
    pub fn times(benchmark: &str, subject: &str, mut samples: Vec<f64>) -> Line {
        let rounded: Vec<f64> = decimated(&mut samples).into_iter().map(|ns| (ns * 10.0).round() / 10.0).collect();
        Line::new(benchmark, subject, "ns").with("samples", json!(rounded))
    }

    /// Of one figure.
    pub fn value(benchmark: &str, subject: &str, unit: &str, value: f64) -> Line {
        Line::new(benchmark, subject, unit).with("value", json!(value))
    }

    fn new(benchmark: &str, subject: &str, unit: &str) -> Line {
        Line(Map::new()).with("benchmark", json!(benchmark)).with("subject", json!(subject)).with("unit", json!(unit))
    }

    /// One more key.
    #[must_use]
    pub fn with(mut self, key: &str, value: Value) -> Line {
        self.0.insert(key.to_owned(), value);
        self
    }

    /// Says it on stdout.
    pub fn say(self) {
        println!("{}", Value::Object(self.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimation_keeps_the_ends_and_the_middle() {
        let mut samples: Vec<f64> = (0..100_001).rev().map(f64::from).collect();
        let said = decimated(&mut samples);
        assert_eq!(said.len(), SAID_AT_MOST);
        assert_eq!((said[0], quantile(&said, 0.5), said[SAID_AT_MOST - 1]), (0.0, 50_000.0, 100_000.0));
        assert!((quantile(&said, 0.999) - 99_900.0).abs() <= 25.0);
    }

    #[test]
    fn few_samples_stay_as_they_are() {
        assert_eq!(decimated(&mut [3.0, 1.0, 2.0]), [1.0, 2.0, 3.0]);
        assert_eq!((quantile(&[], 0.5), quantile(&[7.0], 0.999)), (0.0, 7.0));
    }
}
