//! What the stages say on stdout when they are through, as plain lines of words. Numbers with a fraction travel as
//! their bits, names as hexadecimal digits: nothing is rounded and nothing needs quoting.

use vil_examples::totals::{Sum, Totals, padded};

/// What report says at its end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    pub(crate) totals: Totals,
    /// Non-performing credits of collectability 3, 4 and 5.
    pub(crate) risks: [u64; 3],
    /// Messages that came again after a restart.
    pub(crate) repeated: u64,
    /// Time of the last record, on the machine's monotonic clock.
    pub(crate) last_ns: u64,
}

impl Told {
    /// Reads report's lines; `None` when one is missing or makes no sense.
    pub(crate) fn read(text: &str) -> Option<Told> {
        let mut told = Told::default();
        let mut ended = false;
        for line in text.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            match words.as_slice() {
                ["records", good, "malformed", malformed] => {
                    told.totals.records = good.parse().ok()?;
                    told.totals.malformed = malformed.parse().ok()?;
                }
                ["all", npl, bits] => told.totals.all = sum(npl, bits)?,
                ["branch", name, npl, bits] => {
                    told.totals.branches.insert(padded(&bytes(name)?)?, sum(npl, bits)?);
                }
                ["line", line] => told.totals.malformed_lines.push(line.parse().ok()?),
                ["risks", rest @ ..] => {
                    for (risk, count) in told.risks.iter_mut().zip(rest) {
                        *risk = count.parse().ok()?;
                    }
                }
                ["repeated", count] => told.repeated = count.parse().ok()?,
                ["last", time] => {
                    told.last_ns = time.parse().ok()?;
                    ended = true;
                }
                _ => return None,
            }
        }
        ended.then_some(told)
    }
}

/// The time of the first record, from what ingest says.
pub(crate) fn first_ns(text: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix("first ")?.parse().ok())
}

fn sum(npl: &str, bits: &str) -> Option<Sum> {
    Some(Sum { npl: npl.parse().ok()?, outstanding: f64::from_bits(u64::from_str_radix(bits, 16).ok()?) })
}

/// `-` stands for no bytes at all.
fn bytes(hex: &str) -> Option<Vec<u8>> {
    if hex == "-" {
        return Some(Vec::new());
    }
    let digit = |digit: u8| (digit as char).to_digit(16).map(|value| value as u8);
    hex.as_bytes().chunks(2).map(|pair| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?)).collect()
}
