//! One level of a picture: items in columns, and the lines between them cut into links, each of which crosses one channel.
//!
//! A channel is the room between two columns, and the only place where a line turns; through a column a line goes in a
//! cell of its own, a lane. So no line ever meets an item that it does not belong to, whatever the order and the heights.

use super::layers::layers;

/// What stands in a column: a card, or a frame with all that is in it.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) width: i64,
    pub(crate) height: i64,
    /// Rows on the left and on the right, from top to bottom.
    pub(crate) rows: [Vec<Row>; 2],
    /// Rows may change places.
    pub(crate) is_card: bool,
}

/// A row: where one line ends, or none. Rows of one group stay together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) group: usize,
    pub(crate) line: Option<usize>,
    /// Distance from the top of the item.
    pub(crate) y: i64,
}

/// A side of an item or a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// A line on this level; without an item at one end it goes on outside, at the left or the right border.
#[derive(Debug, Clone)]
pub(crate) struct Wire {
    pub(crate) start: Option<usize>,
    pub(crate) end: Option<usize>,
    /// Says where items stand; else it follows.
    pub(crate) is_leading: bool,
    /// Distance of both ends from the top of their items.
    pub(crate) y: [i64; 2],
}

/// A place in a column: an item, or the lane of a line.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    pub(crate) item: Option<usize>,
    pub(crate) column: usize,
    pub(crate) height: i64,
    /// Cells of one part of the picture stay together.
    pub(crate) part: usize,
    pub(crate) y: i64,
}

/// An end of a link: which cell, at which of its sides, and which end of the line where the cell is an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stub {
    pub(crate) cell: usize,
    pub(crate) side: Side,
    pub(crate) end: Option<End>,
}

/// An end of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Start = 0,
    Finish = 1,
}

/// The part of a line in one channel, in the line's direction. Channel 0 is left of the first column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link {
    pub(crate) wire: usize,
    pub(crate) channel: usize,
    pub(crate) stubs: [Stub; 2],
}

/// Everything on a level; cells of items come first, under the index of their item.
#[derive(Debug)]
pub(crate) struct Sheet {
    pub(crate) items: Vec<Item>,
    pub(crate) wires: Vec<Wire>,
    pub(crate) cells: Vec<Cell>,
    /// Cells of each column, from top to bottom.
    pub(crate) columns: Vec<Vec<usize>>,
    /// In the order of wires, and along each of them.
    pub(crate) links: Vec<Link>,
    /// First and last stub of each wire that comes in or goes out at a border.
    pub(crate) borders: Vec<[Option<Stub>; 2]>,
    /// Links of each cell with the end that is at the cell.
    pub(crate) touching: Vec<Vec<(usize, usize)>>,
}

impl Sheet {
    /// Puts items into columns and cuts wires into links. Cells stand in the order of their parts, lanes last.
    pub(crate) fn new(items: Vec<Item>, wires: Vec<Wire>) -> Sheet {
        let led = |wire: &&Wire| wire.is_leading;
        let pair = |wire: &Wire| wire.start.zip(wire.end);
        let edges: Vec<(usize, usize)> = wires.iter().filter(led).filter_map(pair).collect();
        let mut touched = vec![[false; 2]; items.len()];
        for wire in &wires {
            wire.start.into_iter().for_each(|item| touched[item][1] = true);
            wire.end.into_iter().for_each(|item| touched[item][0] = true);
        }
        let column = layers(&edges, &touched);
        let parts = parts(items.len(), wires.iter().filter_map(pair));
        let cell = |(index, item): (usize, &Item)| Cell {
            item: Some(index),
            column: column[index],
            height: item.height,
            part: parts[index],
            y: 0,
        };
        let cells: Vec<Cell> = items.iter().enumerate().map(cell).collect();
        let count = column.iter().max().map_or(0, |last| last + 1);
        let mut sheet = Sheet {
            borders: vec![[None; 2]; wires.len()],
            columns: vec![Vec::new(); count],
            links: Vec::new(),
            touching: Vec::new(),
            items,
            wires,
            cells,
        };
        (0..sheet.wires.len()).for_each(|wire| sheet.cut(wire));
        sheet.touching = vec![Vec::new(); sheet.cells.len()];
        for (index, link) in sheet.links.iter().enumerate() {
            for (end, stub) in link.stubs.iter().enumerate() {
                sheet.touching[stub.cell].push((index, end));
            }
        }
        for (index, cell) in sheet.cells.iter().enumerate() {
            sheet.columns[cell.column].push(index);
        }
        sheet.columns.iter_mut().for_each(|column| column.sort_by_key(|cell| sheet.cells[*cell].part));
        sheet.find_rows();
        sheet
    }

    /// Cuts one wire: out to the right of its start, through a lane in each column between, in from the left of its end.
    fn cut(&mut self, wire: usize) {
        let Wire { start, end, .. } = self.wires[wire];
        let part = start.or(end).map_or(0, |item| self.cells[item].part);
        let first = start.map_or(0, |item| self.cells[item].column + 1);
        let last = end.map_or(self.columns.len(), |item| self.cells[item].column);
        let mut at = start.map(|cell| Stub { cell, side: Side::Right, end: Some(End::Start) });
        // Forwards through the columns that are passed, or back through all from the start's to the end's.
        let (columns, entry, exit): (Vec<usize>, _, _) = match first <= last {
            true => ((first..last).collect(), Side::Left, Side::Right),
            false => ((last..first).rev().collect(), Side::Right, Side::Left),
        };
        let channel = |column: usize, side: Side| column + usize::from(side == Side::Right);
        for column in columns {
            let cell = self.cells.len();
            self.cells.push(Cell { item: None, column, height: 0, part, y: 0 });
            let entered = Stub { cell, side: entry, end: None };
            self.join(wire, channel(column, entry), at, entered);
            at = Some(Stub { cell, side: exit, end: None });
        }
        match end {
            Some(cell) => self.join(wire, last, at, Stub { cell, side: Side::Left, end: Some(End::Finish) }),
            None => self.borders[wire][1] = at,
        }
    }

    fn join(&mut self, wire: usize, channel: usize, from: Option<Stub>, to: Stub) {
        match from {
            Some(from) => self.links.push(Link { wire, channel, stubs: [from, to] }),
            None => self.borders[wire][0] = Some(to),
        }
    }

    /// Writes into each wire where its rows are: one on the right is its start, the first of the two.
    pub(crate) fn find_rows(&mut self) {
        for item in &self.items {
            for (side, rows) in item.rows.iter().enumerate() {
                for row in rows {
                    let Some(wire) = row.line else { continue };
                    self.wires[wire].y[1 - side] = row.y;
                }
            }
        }
    }

    /// Distance of a stub from the top of its cell.
    pub(crate) fn offset(&self, wire: usize, stub: Stub) -> i64 {
        stub.end.map_or(0, |end| self.wires[wire].y[end as usize])
    }

    /// Height at which a stub is.
    pub(crate) fn height(&self, wire: usize, stub: Stub) -> i64 {
        self.cells[stub.cell].y + self.offset(wire, stub)
    }

    /// Distance that two cells above each other keep.
    pub(crate) fn gap(&self, above: usize, below: usize) -> i64 {
        match (self.cells[above].item, self.cells[below].item) {
            (None, None) => 14,
            (Some(_), Some(_)) => 32,
            _ => 14,
        }
    }
}

/// Numbers of the parts that no wire joins, in the order of their first items.
fn parts(count: usize, pairs: impl Iterator<Item = (usize, usize)>) -> Vec<usize> {
    let mut parent: Vec<usize> = (0..count).collect();
    fn root(parent: &mut [usize], mut item: usize) -> usize {
        while parent[item] != item {
            parent[item] = parent[parent[item]];
            item = parent[item];
        }
        item
    }
    for (one, other) in pairs {
        let (one, other) = (root(&mut parent, one), root(&mut parent, other));
        parent[one.max(other)] = one.min(other);
    }
    (0..count).map(|item| root(&mut parent, item)).collect()
}
