//! Where lines turn in a channel: each upright piece has a track, and pieces that share a track or a height keep apart. Pure.

use std::collections::{BTreeMap, BTreeSet};

/// Pieces on one track, and stubs of two lines at different banks, are at least this far apart.
const APART: i64 = 6;

/// The two banks of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bank {
    Left,
    Right,
}

/// A line in a channel: at which bank and height it comes in and goes out.
pub(crate) type Net = [(Bank, i64); 2];

/// How a line passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Both ends are at one height.
    Straight,
    /// On one track.
    Once { track: usize },
    /// On two tracks and between them at a height of its own: from the end at the left bank to that at the right.
    Twice { tracks: [usize; 2], height: i64 },
}

/// The turns of all lines of a channel, and how many tracks they take.
pub(crate) fn turns(nets: &[Net]) -> (Vec<Turn>, usize) {
    let mut turns = vec![Turn::Straight; nets.len()];
    let bent: Vec<usize> = (0..nets.len()).filter(|net| !is_straight(&nets[*net])).collect();
    let mut later = vec![Vec::new(); nets.len()];
    let mut earlier = vec![Vec::new(); nets.len()];
    for (before, after) in conflicts(nets, &bent) {
        later[before].push(after);
        earlier[after].push(before);
    }
    let rank = ranks(nets, &bent);
    let mut open: Vec<usize> = earlier.iter().map(Vec::len).collect();
    let mut ready: BTreeSet<(i64, usize)> = BTreeSet::new();
    let mut waiting: BTreeSet<(i64, usize)> = BTreeSet::new();
    for net in &bent {
        let set = if open[*net] == 0 { &mut ready } else { &mut waiting };
        set.insert((rank[*net], *net));
    }
    let (mut tracks, mut least) = (Tracks::default(), vec![0; nets.len()]);
    let mut split = Vec::new();
    // Where a cycle is left, one line of it turns twice, and then it has to wait for nobody.
    let next = |ready: &mut BTreeSet<(i64, usize)>, waiting: &mut BTreeSet<(i64, usize)>| {
        let split = || waiting.pop_first().map(|(_, net)| (net, true));
        ready.pop_first().map(|(_, net)| (net, false)).or_else(split)
    };
    while let Some((net, is_split)) = next(&mut ready, &mut waiting) {
        split.extend(is_split.then_some(net));
        let [(_, from), (_, to)] = left_first(nets[net]);
        let upto = if is_split { between(nets, from, to) } else { to };
        let track = tracks.take(if is_split { 0 } else { least[net] }, from, upto);
        turns[net] = match is_split {
            true => Turn::Twice { tracks: [track, 0], height: upto },
            false => Turn::Once { track },
        };
        for after in std::mem::take(&mut later[net]) {
            least[after] = least[after].max(track + 1);
            open[after] = open[after].saturating_sub(1);
            if open[after] == 0 && waiting.remove(&(rank[after], after)) {
                ready.insert((rank[after], after));
            }
        }
    }
    let first = tracks.0.len();
    for net in split {
        let [_, (_, to)] = left_first(nets[net]);
        if let Turn::Twice { tracks: taken, height } = &mut turns[net] {
            taken[1] = tracks.take(first, *height, to);
        }
    }
    (turns, tracks.0.len())
}

fn is_straight(net: &Net) -> bool {
    net[0].1 == net[1].1
}

/// The end at the left bank first, where the ends are at both banks.
pub(crate) fn left_first(net: Net) -> Net {
    if net[0].0 == Bank::Right && net[1].0 == Bank::Left { [net[1], net[0]] } else { net }
}

/// Pairs of lines of which the first must turn left of the second: a stub from the left bank and one from the right
/// that lie at about the same height.
fn conflicts(nets: &[Net], bent: &[usize]) -> Vec<(usize, usize)> {
    let mut at_right: Vec<(i64, usize)> = Vec::new();
    for net in bent {
        at_right.extend(nets[*net].iter().filter(|(bank, _)| *bank == Bank::Right).map(|(_, y)| (*y, *net)));
    }
    at_right.sort_unstable();
    let mut pairs = Vec::new();
    for net in bent {
        for (_, y) in nets[*net].iter().filter(|(bank, _)| *bank == Bank::Left) {
            let first = at_right.partition_point(|(other, _)| *other <= y - APART);
            let close = at_right[first..].iter().take_while(|(other, _)| *other < y + APART);
            pairs.extend(close.filter(|(_, other)| other != net).map(|(_, other)| (*net, *other)));
        }
    }
    pairs
}

/// Who takes a track first, so that few lines cross: of those that descend the lowest, of those that climb the
/// highest; of those that turn around at the left the shortest, at the right the longest.
fn ranks(nets: &[Net], bent: &[usize]) -> Vec<i64> {
    let mut kinds: [Vec<(i64, usize)>; 4] = Default::default();
    for net in bent {
        let [(bank, from), (other, to)] = left_first(nets[*net]);
        let length = (from - to).abs();
        let (kind, key) = match (bank, other) {
            (Bank::Left, Bank::Left) => (0, length),
            (Bank::Right, Bank::Right) => (1, -length),
            _ if to > from => (2, -from),
            _ => (3, from),
        };
        kinds[kind].push((key, *net));
    }
    let mut rank = vec![0; nets.len()];
    for kind in &mut kinds {
        kind.sort_unstable();
        kind.iter().enumerate().for_each(|(place, (_, net))| rank[*net] = place as i64);
    }
    rank
}

/// A height between two others, near the second, at which no line comes in or goes out.
fn between(nets: &[Net], from: i64, to: i64) -> i64 {
    let step = if from > to { 1 } else { -1 };
    let is_free = |y: &i64| nets.iter().flatten().all(|(_, other)| (other - y).abs() >= 4);
    (1..).map(|far| to + step * far).take_while(|y| *y != from).find(is_free).unwrap_or((from + to) / 2)
}

/// What is taken of each track: lowest heights with the highest.
#[derive(Debug, Default)]
struct Tracks(Vec<BTreeMap<i64, i64>>);

impl Tracks {
    /// Takes the first track from `least` on that is free between two heights.
    fn take(&mut self, least: usize, one: i64, other: i64) -> usize {
        let (low, high) = (one.min(other) - APART, one.max(other) + APART);
        let is_free = |track: &BTreeMap<i64, i64>| track.range(..high).next_back().is_none_or(|(_, end)| *end <= low);
        let found = self.0.iter().skip(least).position(is_free).map(|place| place + least);
        let track = found.unwrap_or(self.0.len().max(least));
        self.0.resize_with(self.0.len().max(track + 1), BTreeMap::new);
        self.0[track].insert(low, high);
        track
    }
}

#[cfg(test)]
mod tests {
    use super::{Bank, Turn, turns};

    const LEFT: Bank = Bank::Left;
    const RIGHT: Bank = Bank::Right;

    #[test]
    fn a_straight_line_takes_no_track_and_lines_that_are_apart_share_one() {
        let nets = [[(LEFT, 0), (RIGHT, 0)], [(LEFT, 20), (RIGHT, 40)], [(RIGHT, 80), (LEFT, 60)]];
        let (found, count) = turns(&nets);
        assert_eq!((found[0], count), (Turn::Straight, 1));
        assert_eq!((found[1], found[2]), (Turn::Once { track: 0 }, Turn::Once { track: 0 }));
    }

    #[test]
    fn lines_that_descend_together_do_not_cross() {
        let (found, _) = turns(&[[(LEFT, 0), (RIGHT, 50)], [(LEFT, 20), (RIGHT, 90)]]);
        assert_eq!(found, [Turn::Once { track: 1 }, Turn::Once { track: 0 }]);
    }

    #[test]
    fn two_lines_that_change_places_never_lie_on_each_other() {
        let (found, count) = turns(&[[(LEFT, 0), (RIGHT, 40)], [(LEFT, 40), (RIGHT, 0)]]);
        let twice = found.iter().filter(|turn| matches!(turn, Turn::Twice { .. })).count();
        assert_eq!((twice, count), (1, 3));
    }
}
