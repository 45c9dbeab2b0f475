//! Seeded mistakes and what became of them, said in one form by every campaign, so that `cargo xtask mutants` can add
//! them up.

/// One seeded mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mutant<'a> {
    /// Its name in `cfg`-gated code.
    pub name: &'a str,
    /// What is wrong about it.
    pub meaning: &'a str,
    /// What became of it.
    pub verdict: Verdict,
}

/// What became of a seeded mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Which layer found it, how soon, and by what.
    Found(String),
    /// It changes nothing that anybody could see; why.
    Equivalent(String),
    /// A hole in the harness.
    Missed,
}

/// Longest account of a verdict that is printed.
const MOST: usize = 180;

/// Prints one line for each mistake.
///
/// # Panics
/// When one of them was missed.
pub fn tell(mutants: &[Mutant<'_>]) {
    for mutant in mutants {
        println!("{}", line(mutant));
    }
    let is_missed = |mutant: &&Mutant<'_>| mutant.verdict == Verdict::Missed;
    let missed: Vec<_> = mutants.iter().filter(is_missed).map(|mutant| mutant.name).collect();
    assert!(missed.is_empty(), "nobody found {missed:?}");
}

/// `mutant NAME found|equivalent|missed: what is wrong about it: how it was found`
fn line(mutant: &Mutant<'_>) -> String {
    let (word, account) = match &mutant.verdict {
        Verdict::Found(account) => ("found", account.as_str()),
        Verdict::Equivalent(account) => ("equivalent", account.as_str()),
        Verdict::Missed => ("missed", "nobody saw it"),
    };
    let account: String = account.chars().take(MOST).collect();
    format!("mutant {} {word}: {}: {}", mutant.name, mutant.meaning, account.replace('\n', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_the_mistake_and_its_verdict() {
        let verdict = Verdict::Found("L1 after 3 checks".into());
        let mutant = Mutant { name: "tail_first", meaning: "tail before the cell", verdict };
        assert_eq!(line(&mutant), "mutant tail_first found: tail before the cell: L1 after 3 checks");
    }

    #[test]
    #[should_panic(expected = "tail_first")]
    fn a_missed_mistake_fails_the_campaign() {
        tell(&[Mutant { name: "tail_first", meaning: "tail before the cell", verdict: Verdict::Missed }]);
    }
}
