//! How high each cell of a column lies: the order is kept, gaps are kept, and lines are as straight as that allows.

use super::sheet::{Sheet, Side};

/// Rounds of a small picture.
const MOST_ROUNDS: usize = 12;

/// Cells that are moved in all rounds together.
const MOST_WORK: usize = 1_000_000;

/// A step in a line of so few pixels looks like a mistake; gaps may be as much narrower to avoid it.
const NARROWER: i64 = 4;

/// Moves cells up and down, then all of them so that the topmost is at height 0.
pub(crate) fn settle(sheet: &mut Sheet) {
    let rounds = (MOST_WORK / sheet.cells.len().max(1)).clamp(1, MOST_ROUNDS);
    for round in 0..rounds {
        sweep(sheet, round % 2 == 0, balance);
    }
    for round in 0..rounds.min(4) {
        let (is_forth, side) = if round % 2 == 1 { (true, Side::Left) } else { (false, Side::Right) };
        sweep(sheet, is_forth, |sheet, column| straighten(sheet, column, Some(side), 0));
    }
    sweep(sheet, true, |sheet, column| straighten(sheet, column, None, 0));
    sweep(sheet, true, |sheet, column| straighten(sheet, column, None, NARROWER));
    let top = sheet.cells.iter().map(|cell| cell.y).min().unwrap_or(0);
    sheet.cells.iter_mut().for_each(|cell| cell.y -= top);
    gather(sheet);
}

fn sweep(sheet: &mut Sheet, is_forth: bool, mut one: impl FnMut(&mut Sheet, usize)) {
    let count = sheet.columns.len();
    (0..count).for_each(|step| one(sheet, if is_forth { step } else { count - 1 - step }));
}

/// How far a cell would have to move for each of its lines to be straight, and how much that counts.
fn pulls(sheet: &Sheet, cell: usize, side: Option<Side>) -> Vec<(i64, i64)> {
    let mut pulls = Vec::new();
    for (link, end) in &sheet.touching[cell] {
        let link = &sheet.links[*link];
        let (here, there) = (link.stubs[*end], link.stubs[1 - *end]);
        if here.cell == there.cell || side.is_some_and(|side| side != here.side) {
            continue;
        }
        let is_lane = |cell: usize| sheet.cells[cell].item.is_none();
        let weight = match (is_lane(here.cell), is_lane(there.cell)) {
            _ if here.side == there.side => 1,
            (true, true) => 8,
            (false, false) => 3,
            _ => 2,
        };
        pulls.push((sheet.height(link.wire, there) - sheet.height(link.wire, here), weight));
    }
    pulls
}

/// Moves a column's cells to the means of what they are joined to; those that would come too close move as one block.
fn balance(sheet: &mut Sheet, column: usize) {
    struct Block {
        sum: i64,
        weight: i64,
        cells: usize,
    }
    let cells = sheet.columns[column].clone();
    let mut start = vec![0; cells.len()];
    for place in 1..cells.len() {
        let (above, below) = (cells[place - 1], cells[place]);
        start[place] = start[place - 1] + sheet.cells[above].height + sheet.gap(above, below);
    }
    let mut blocks: Vec<Block> = Vec::new();
    for (place, cell) in cells.iter().enumerate() {
        let pulls = pulls(sheet, *cell, None);
        let weight: i64 = pulls.iter().map(|(_, weight)| weight).sum();
        let pulled: i64 = pulls.iter().map(|(far, weight)| far * weight).sum();
        let now = sheet.cells[*cell].y - start[place];
        let mut block = match weight {
            0 => Block { sum: now, weight: 1, cells: 1 },
            _ => Block { sum: now * weight + pulled, weight, cells: 1 },
        };
        while let Some(above) =
            blocks.pop_if(|above| above.sum.div_euclid(above.weight) >= block.sum.div_euclid(block.weight))
        {
            block.sum += above.sum;
            block.weight += above.weight;
            block.cells += above.cells;
        }
        blocks.push(block);
    }
    let mut place = 0;
    for block in blocks {
        for _ in 0..block.cells {
            sheet.cells[cells[place]].y = block.sum.div_euclid(block.weight) + start[place];
            place += 1;
        }
    }
}

/// Moves each cell by the middle one of what pulls at it, as far as its neighbours leave room. With `narrower` only short
/// ways are gone, and gaps may be that much narrower.
fn straighten(sheet: &mut Sheet, column: usize, side: Option<Side>, narrower: i64) {
    let count = sheet.columns[column].len();
    let ways: Vec<Option<i64>> = sheet.columns[column].iter().map(|cell| middle(pulls(sheet, *cell, side))).collect();
    // Who goes down makes room first, the lowest before those above it; then who goes up, the highest first.
    for (place, is_down) in (0..count).rev().map(|place| (place, true)).chain((0..count).map(|place| (place, false))) {
        let cell = sheet.columns[column][place];
        let Some(far) = ways[place] else { continue };
        if (far > 0) != is_down || (narrower > 0 && far.abs() > narrower) {
            continue;
        }
        let wanted = sheet.cells[cell].y + far;
        let below = sheet.columns[column]
            .get(place + 1)
            .map(|below| sheet.cells[*below].y - (sheet.gap(cell, *below) - narrower) - sheet.cells[cell].height);
        let above = end_above(sheet, column, place).map(|end| end - narrower);
        let wanted = below.map_or(wanted, |below| wanted.min(below));
        sheet.cells[cell].y = above.map_or(wanted, |above| wanted.max(above));
    }
}

/// The highest place of a cell below the one above it.
fn end_above(sheet: &Sheet, column: usize, place: usize) -> Option<i64> {
    let (above, cell) = (*sheet.columns[column].get(place.checked_sub(1)?)?, sheet.columns[column][place]);
    Some(sheet.cells[above].y + sheet.cells[above].height + sheet.gap(above, cell))
}

/// Moves cells without lines up to what is above them.
fn gather(sheet: &mut Sheet) {
    for column in 0..sheet.columns.len() {
        for place in 0..sheet.columns[column].len() {
            let cell = sheet.columns[column][place];
            if sheet.touching[cell].is_empty() {
                let end = end_above(sheet, column, place).unwrap_or(0);
                sheet.cells[cell].y = end.min(sheet.cells[cell].y);
            }
        }
    }
}

/// The weighted median.
fn middle(mut pulls: Vec<(i64, i64)>) -> Option<i64> {
    pulls.sort_unstable();
    let total: i64 = pulls.iter().map(|(_, weight)| weight).sum();
    let mut seen = 0;
    pulls
        .iter()
        .find(|(_, weight)| {
            seen += 2 * weight;
            seen >= total
        })
        .map(|(far, _)| *far)
}
