//! In which order cells stand in a column and rows at a card, so that few lines cross: sweeps to and fro that put each
//! cell at the mean of what it is joined to, the best order that was seen kept. Work is bounded for pictures of any size.

use super::sheet::{Row, Sheet, Side};

/// Sweeps of a small picture.
const MOST_SWEEPS: usize = 24;

/// Cells that are put in order in all sweeps together.
const MOST_WORK: usize = 1_500_000;

/// Orders all columns and the rows of all cards.
pub(crate) fn order(sheet: &mut Sheet) {
    stack(sheet);
    let mut best = (cost(sheet), sheet.columns.clone(), rows(sheet));
    let sweeps = (MOST_WORK / sheet.cells.len().max(1)).clamp(2, MOST_SWEEPS);
    for sweep in 0..sweeps {
        let count = sheet.columns.len();
        let is_forth = sweep % 2 == 0;
        for step in 0..count {
            let column = if is_forth { step } else { count - 1 - step };
            order_column(sheet, column, if is_forth { Side::Left } else { Side::Right });
            restack(sheet, column);
        }
        order_rows(sheet);
        let now = cost(sheet);
        if now < best.0 {
            best = (now, sheet.columns.clone(), rows(sheet));
        }
    }
    let (_, columns, rows) = best;
    sheet.columns = columns;
    for (item, rows) in sheet.items.iter_mut().zip(rows) {
        item.rows = rows;
    }
    sheet.find_rows();
    stack(sheet);
}

fn rows(sheet: &Sheet) -> Vec<[Vec<Row>; 2]> {
    sheet.items.iter().map(|item| item.rows.clone()).collect()
}

/// Puts all columns' cells right below each other.
fn stack(sheet: &mut Sheet) {
    (0..sheet.columns.len()).for_each(|column| restack(sheet, column));
}

/// Puts a column's cells right below each other, its middle at height 0.
fn restack(sheet: &mut Sheet, column: usize) {
    let (mut y, mut above) = (0, None);
    for place in 0..sheet.columns[column].len() {
        let cell = sheet.columns[column][place];
        y += above.map_or(0, |above| sheet.gap(above, cell));
        sheet.cells[cell].y = y;
        y += sheet.cells[cell].height;
        above = Some(cell);
    }
    for place in 0..sheet.columns[column].len() {
        let cell = sheet.columns[column][place];
        sheet.cells[cell].y -= y / 2;
    }
}

/// Where what a cell is joined to would have it: the mean over its links on one side, and over those that turn around.
fn wanted(sheet: &Sheet, cell: usize, side: Side) -> Option<i64> {
    let (mut sum, mut count) = (0, 0);
    for (link, end) in &sheet.touching[cell] {
        let link = &sheet.links[*link];
        let (here, there) = (link.stubs[*end], link.stubs[1 - *end]);
        if here.side == side || here.side == there.side {
            sum += sheet.height(link.wire, there) - sheet.offset(link.wire, here) + sheet.cells[cell].height / 2;
            count += 1;
        }
    }
    (count > 0).then(|| sum / count)
}

fn order_column(sheet: &mut Sheet, column: usize, side: Side) {
    let middle = |cell: usize| sheet.cells[cell].y + sheet.cells[cell].height / 2;
    let key = |cell: &usize| (sheet.cells[*cell].part, wanted(sheet, *cell, side).unwrap_or(middle(*cell)));
    let mut cells = sheet.columns[column].clone();
    cells.sort_by_cached_key(key);
    sheet.columns[column] = cells;
}

/// Orders the rows of each card by where their lines come from or go to; groups stay together.
fn order_rows(sheet: &mut Sheet) {
    let mut far = vec![[0, 0]; sheet.wires.len()];
    for link in &sheet.links {
        for (end, stub) in link.stubs.iter().enumerate() {
            if let Some(which) = stub.end {
                far[link.wire][which as usize] = sheet.height(link.wire, link.stubs[1 - end]);
            }
        }
    }
    for item in sheet.items.iter_mut().filter(|item| item.is_card) {
        for (side, rows) in item.rows.iter_mut().enumerate() {
            let heights: Vec<i64> = rows.iter().map(|row| row.y).collect();
            let far = |row: &Row| row.line.map_or(i64::MAX / 4, |wire| far[wire][1 - side]);
            let mut means = std::collections::BTreeMap::new();
            for row in rows.iter() {
                let (sum, count) = means.entry(row.group).or_insert((0i128, 0));
                *sum += i128::from(far(row));
                *count += 1;
            }
            let mean = |group: usize| means.get(&group).map_or(0, |(sum, count)| sum / count);
            rows.sort_by_cached_key(|row| (mean(row.group), row.group, far(row)));
            rows.iter_mut().zip(heights).for_each(|(row, y)| row.y = y);
        }
    }
    sheet.find_rows();
}

/// Crossings of lines that pass channels, then how far lines climb.
fn cost(sheet: &Sheet) -> (usize, i64) {
    let mut channels = vec![Vec::new(); sheet.columns.len() + 1];
    let mut climbed = 0;
    for link in &sheet.links {
        let [from, to] = link.stubs.map(|stub| sheet.height(link.wire, stub));
        climbed += (from - to).abs();
        match (link.stubs[0].side, link.stubs[1].side) {
            (Side::Right, Side::Left) => channels[link.channel].push((from, to)),
            (Side::Left, Side::Right) => channels[link.channel].push((to, from)),
            _ => {}
        }
    }
    (channels.into_iter().map(crossings).sum(), climbed)
}

/// Pairs that stand in one order on the left and in the other one on the right, counted while they are sorted.
fn crossings(mut pairs: Vec<(i64, i64)>) -> usize {
    pairs.sort_unstable();
    let mut right: Vec<i64> = pairs.iter().map(|(_, right)| *right).collect();
    let mut sorted = right.clone();
    sorted.sort_unstable();
    let mut tree = vec![0usize; sorted.len() + 1];
    let mut count = 0;
    for (seen, y) in right.drain(..).enumerate() {
        let upto = sorted.partition_point(|other| *other <= y);
        let (mut at, mut not_below) = (upto, 0);
        while at > 0 {
            not_below += tree[at];
            at &= at - 1;
        }
        count += seen - not_below;
        at = sorted.partition_point(|other| *other < y) + 1;
        while at < tree.len() {
            tree[at] += 1;
            at += at & at.wrapping_neg();
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::crossings;

    #[test]
    fn crossings_are_pairs_in_opposite_orders() {
        assert_eq!(crossings(vec![(0, 0), (1, 1), (2, 2)]), 0);
        assert_eq!(crossings(vec![(0, 2), (1, 1), (2, 0)]), 3);
        assert_eq!(crossings(vec![(0, 5), (1, 5), (2, 0)]), 2);
    }
}
