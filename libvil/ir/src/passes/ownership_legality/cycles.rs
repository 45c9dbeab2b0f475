//! O004: data routes that all block form no cycle.
//!
//! Whole cycles are found in one walk through the program; then one is told for each process that stands in none told yet.

use super::super::Report;
use super::super::view::{View, backpressure};
use crate::diagnostics::{Diagnostic, Rule};
use crate::keyed::Keyed;
use crate::model::Program;
use crate::plan::lane;
use crate::vocabulary::{Backpressure, Lane};

pub(super) const RULE: Rule = Rule::error("VIL-O004", "Data routes that all block form no cycle.");

/// Cycles that are told of one program. Each takes a walk of its own, and whoever has mended so many sees the next.
const MAX_CYCLES: usize = 64;

/// Processes by number, and the routes that block between them.
struct Graph<'p> {
    names: Vec<&'p str>,
    /// Where routes lead from a process: the other process and the route's index.
    ways: Vec<Vec<(usize, usize)>>,
}

pub(super) fn judge(program: &Program, report: &mut Report) {
    let graph = Graph::of(program, report);
    let groups = graph.groups();
    let mut told = vec![false; graph.names.len()];
    let mut count = 0;
    for start in 0..graph.names.len() {
        if told[start] || count == MAX_CYCLES {
            continue;
        }
        let Some(path) = graph.way_back(start, &groups) else { continue };
        count += 1;
        path.iter().for_each(|(process, _)| told[*process] = true);
        let names = path.iter().map(|(process, _)| graph.names[*process]);
        let names: Vec<&str> = [graph.names[start]].into_iter().chain(names).collect();
        let Some((_, last)) = path.last() else { continue };
        let text = "every process of a cycle may wait for the next one";
        let fault = Diagnostic::new(RULE, format!("/routes/{last}"), text).found(names.join(" -> "));
        report.add(fault.fix("let one of its routes fail or drop, or use the control lane"));
    }
}

impl<'p> Graph<'p> {
    /// Numbers in the order of the names.
    fn of(program: &'p Program, report: &Report<'_>) -> Graph<'p> {
        let blocking = |view: &View<'_>| {
            lane(program, view.source) == Lane::Data && backpressure(program, view) == Backpressure::Block
        };
        let names: Vec<&str> = program.processes.keys().map(String::as_str).collect();
        let numbers: Keyed<&str, usize> = names.iter().copied().zip(0..).collect();
        let mut ways = vec![Vec::new(); names.len()];
        for view in report.routes().filter(blocking) {
            let ends = [&view.route.from, &view.route.to].map(|end| numbers.get(end.process.as_str()));
            if let [Some(&from), Some(&to)] = ends {
                ways[from].push((to, view.index));
            }
        }
        Graph { names, ways }
    }

    /// The group of each process: those that reach each other are of one. Two walks: one lists processes as it leaves them,
    /// the other goes backwards from the last one left.
    fn groups(&self) -> Vec<usize> {
        let mut left = Vec::with_capacity(self.ways.len());
        let mut seen = vec![false; self.ways.len()];
        for start in 0..self.ways.len() {
            let mut walk = vec![(start, 0)];
            while let Some((here, next)) = walk.pop() {
                if next == 0 && std::mem::replace(&mut seen[here], true) {
                    continue;
                }
                match self.ways[here].get(next) {
                    None => left.push(here),
                    Some(&(there, _)) => walk.extend([(here, next + 1), (there, 0)]),
                }
            }
        }
        let mut back = vec![Vec::new(); self.ways.len()];
        for (from, ways) in self.ways.iter().enumerate() {
            ways.iter().for_each(|(to, _)| back[*to].push(from));
        }
        let mut groups = vec![usize::MAX; self.ways.len()];
        for &start in left.iter().rev() {
            let mut walk = vec![start];
            while let Some(here) = walk.pop() {
                if groups[here] == usize::MAX {
                    groups[here] = start;
                    walk.extend(&back[here]);
                }
            }
        }
        groups
    }

    /// The shortest way from a process back to itself: processes reached and routes taken.
    fn way_back(&self, start: usize, groups: &[usize]) -> Option<Vec<(usize, usize)>> {
        let mut came: Keyed<usize, (usize, usize)> = Keyed::new();
        let mut queue = vec![start];
        let mut next = 0;
        while next < queue.len() && !came.contains_key(&start) {
            let here = queue[next];
            next += 1;
            for &(there, route) in self.ways[here].iter().filter(|(there, _)| groups[*there] == groups[start]) {
                if !came.contains_key(&there) {
                    came.insert(there, (here, route));
                    queue.push(there);
                }
            }
        }
        let mut path = Vec::new();
        let mut here = start;
        loop {
            let &(before, route) = came.get(&here)?;
            path.push((here, route));
            here = before;
            if here == start {
                path.reverse();
                return Some(path);
            }
        }
    }
}
