//! Processors: which ones this process may use, which two a trial is pinned to, and pinning itself.
//!
//! Two that are no threads of one core and share the last cache are best: nothing then depends on where the scheduler puts
//! whom. Never changes the affinity of anything but the calling thread.

use std::fs::read_to_string;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The two processors of a run. The same one twice where only one is allowed: then nothing is pinned, and whoever waits
/// gives way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cores {
    /// Where the measuring process runs.
    pub a: usize,
    /// Where its peer runs.
    pub b: usize,
}

impl Cores {
    /// Whether both processes have to share one processor.
    pub fn is_one(self) -> bool {
        self.a == self.b
    }

    /// The two of a run: `0,1`.
    pub fn parse(text: &str) -> Option<Cores> {
        let (a, b) = text.split_once(',')?;
        Some(Cores { a: a.trim().parse().ok()?, b: b.trim().parse().ok()? })
    }

    /// The best pair among those that this process may use.
    pub fn choose() -> Cores {
        let allowed = allowed();
        let pairs = allowed.iter().flat_map(|a| allowed.iter().filter(move |b| *b > a).map(|b| (*a, *b)));
        let best = pairs.min_by_key(|(a, b)| (is_one_core(*a, *b), !is_one_cache(*a, *b), *a, *b));
        let only = allowed.first().copied().unwrap_or(0);
        best.map_or(Cores { a: only, b: only }, |(a, b)| Cores { a, b })
    }
}

/// Processors that this process may use, in order.
pub fn allowed() -> Vec<usize> {
    let Ok(set) = sched_getaffinity(None) else { return vec![0] };
    (0..CpuSet::MAX_CPU).filter(|cpu| set.is_set(*cpu)).collect()
}

/// Binds the calling thread to a processor.
pub fn pin(core: usize) -> Result<(), String> {
    let mut set = CpuSet::new();
    if core >= CpuSet::MAX_CPU {
        return Err(format!("there is no processor {core}"));
    }
    set.set(core);
    sched_setaffinity(None, &set).map_err(|error| format!("processor {core} cannot be had: {error}"))
}

fn is_one_core(a: usize, b: usize) -> bool {
    shared("topology/thread_siblings_list", a, b).unwrap_or(false)
}

fn is_one_cache(a: usize, b: usize) -> bool {
    shared("cache/index3/shared_cpu_list", a, b).unwrap_or(true)
}

/// Whether a list that sysfs keeps for processor `a` names `b`.
fn shared(file: &str, a: usize, b: usize) -> Option<bool> {
    let list = read_to_string(format!("/sys/devices/system/cpu/cpu{a}/{file}")).ok()?;
    Some(names(&list, b))
}

/// Whether `0-3,8` names a processor.
fn names(list: &str, cpu: usize) -> bool {
    list.trim().split(',').any(|part| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        matches!((first.parse(), last.parse()), (Ok(first), Ok(last)) if (first..=last).contains(&cpu))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_the_kernel_names_ranges_and_single_processors() {
        assert!(names("0-3,8\n", 2) && names("0-3,8", 8) && names("5", 5));
        assert!(!names("0-3,8", 4) && !names("", 0) && !names("x-y", 1));
    }

    #[test]
    fn two_processors_are_given_as_numbers() {
        assert_eq!(Cores::parse("2, 5"), Some(Cores { a: 2, b: 5 }));
        assert_eq!((Cores::parse("2"), Cores::parse("a,b")), (None, None));
    }

    #[test]
    fn chosen_processors_are_allowed() {
        let (cores, allowed) = (Cores::choose(), allowed());
        assert!(allowed.contains(&cores.a) && allowed.contains(&cores.b));
        assert!(allowed.len() == 1 || !cores.is_one());
    }

    #[test]
    fn a_processor_that_no_machine_has_is_refused() {
        assert!(pin(CpuSet::MAX_CPU).is_err());
    }
}
