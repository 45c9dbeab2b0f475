//! Which column an item stands in: lines lead to the right wherever that is possible. Pure, and nothing here recurses.

use std::collections::BTreeSet;

/// The column of each item. `edges` are pairs of items; those from an item to itself say nothing. `touched` says of each
/// item whether any line, also one from or to outside, ends at its left and begins at its right.
pub(crate) fn layers(edges: &[(usize, usize)], touched: &[[bool; 2]]) -> Vec<usize> {
    let count = touched.len();
    let edges: Vec<(usize, usize)> = edges.iter().copied().filter(|(from, to)| from != to).collect();
    let order = line_up(count, &edges);
    let mut rank = vec![0; count];
    for (position, item) in order.iter().enumerate() {
        rank[*item] = position;
    }
    let mut next = vec![Vec::new(); count];
    let mut degree = vec![(0usize, 0usize); count];
    for (from, to) in &edges {
        let (from, to) = if rank[*from] < rank[*to] { (*from, *to) } else { (*to, *from) };
        next[from].push(to);
        degree[to].0 += 1;
        degree[from].1 += 1;
    }
    let mut column = vec![0; count];
    for item in &order {
        for to in &next[*item] {
            column[*to] = column[*to].max(column[*item] + 1);
        }
    }
    // Who mainly sends stands right before those it sends to.
    for item in order.iter().rev() {
        let nearest = next[*item].iter().map(|to| column[*to] - 1).min();
        if let Some(nearest) = nearest.filter(|_| degree[*item].0 < degree[*item].1) {
            column[*item] = nearest;
        }
    }
    spread(&degree, touched, &mut column);
    column
}

/// Items without edges: who only sends to outside stands in the last column; those without any line fill as many columns as
/// make the picture about square.
fn spread(degree: &[(usize, usize)], touched: &[[bool; 2]], column: &mut [usize]) {
    let last = column.iter().max().copied().unwrap_or(0);
    let mut alone = Vec::new();
    for item in (0..degree.len()).filter(|item| degree[*item] == (0, 0)) {
        match touched[item] {
            [false, false] => alone.push(item),
            [false, true] => column[item] = last,
            _ => {}
        }
    }
    let side = (alone.len() as f64).sqrt().ceil() as usize;
    let columns = side.max(last + 1);
    alone.iter().enumerate().for_each(|(position, item)| column[*item] = position % columns);
}

/// Items in an order in which few edges lead back: the heuristic of Eades, Lin and Smyth. Those that only send are taken to the
/// front, those that only receive to the back, and else who sends most for what it receives to the front.
fn line_up(count: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let (mut next, mut before) = (vec![Vec::new(); count], vec![Vec::new(); count]);
    for (from, to) in edges {
        next[*from].push(*to);
        before[*to].push(*from);
    }
    let mut ins: Vec<usize> = before.iter().map(Vec::len).collect();
    let mut outs: Vec<usize> = next.iter().map(Vec::len).collect();
    // What stands first is taken next: sinks, then sources, then by difference; ties by index.
    let key = |item: usize, ins: &[usize], outs: &[usize]| match (ins[item], outs[item]) {
        (_, 0) => (0, 0, usize::MAX - item),
        (0, _) => (1, 0, item),
        (ins, outs) => (2, ins as isize - outs as isize, item),
    };
    let index = |key: (u8, isize, usize)| if key.0 == 0 { usize::MAX - key.2 } else { key.2 };
    let mut waiting: BTreeSet<(u8, isize, usize)> = (0..count).map(|item| key(item, &ins, &outs)).collect();
    let (mut front, mut back) = (Vec::new(), Vec::new());
    let mut is_taken = vec![false; count];
    while let Some(first) = waiting.pop_first() {
        let item = index(first);
        is_taken[item] = true;
        if first.0 == 0 {
            back.push(item)
        } else {
            front.push(item)
        }
        for (others, counts_in) in [(&next[item], true), (&before[item], false)] {
            for other in others {
                if is_taken[*other] {
                    continue;
                }
                waiting.remove(&key(*other, &ins, &outs));
                if counts_in {
                    ins[*other] -= 1
                } else {
                    outs[*other] -= 1
                }
                waiting.insert(key(*other, &ins, &outs));
            }
        }
    }
    front.extend(back.into_iter().rev());
    front
}

#[cfg(test)]
mod tests {
    use super::layers;

    #[test]
    fn a_chain_takes_a_column_each_and_a_way_back_changes_nothing() {
        assert_eq!(layers(&[(0, 1), (1, 2)], &[[true; 2]; 3]), [0, 1, 2]);
        assert_eq!(layers(&[(0, 1), (1, 2), (2, 0), (1, 1)], &[[true; 2]; 3]), [0, 1, 2]);
    }

    #[test]
    fn who_only_sends_stands_right_before_its_receiver() {
        assert_eq!(layers(&[(0, 1), (1, 2), (3, 2)], &[[true; 2]; 4]), [0, 1, 2, 1]);
    }

    #[test]
    fn items_without_lines_are_spread_over_the_columns() {
        assert_eq!(layers(&[], &[[false; 2]; 4]), [0, 1, 0, 1]);
        assert_eq!(layers(&[], &[]), [0; 0]);
    }
}
