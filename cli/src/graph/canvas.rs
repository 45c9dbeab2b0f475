//! One level of a picture on paper: columns and channels from left to right, what is in frames put where they are, and the
//! corners of every line.

use std::collections::BTreeMap;

use super::picture::{Frame, Node, Picture};
use super::place::{Area, FRAME_HEAD, MARGIN, Placed, PlacedCard, PlacedFrame, Point, label_areas};
use super::sheet::{End, Item, Link, Sheet, Side, Stub};
use super::tracks::{Bank, Net, Turn, left_first, turns};

/// From one track to the next.
const TRACK: i64 = 10;

/// Columns and channels with their places from left to right.
pub(crate) struct Canvas<'p, 's> {
    picture: &'p Picture,
    nodes: &'p [Node],
    /// The line of each wire.
    lines: &'s [usize],
    sheet: &'s Sheet,
    columns: Vec<Area>,
    /// Where the first track of each channel is.
    tracks: Vec<i64>,
    /// Width of the cards of each column.
    card_widths: Vec<i64>,
    turns: Vec<Turn>,
    width: i64,
}

impl<'p, 's> Canvas<'p, 's> {
    pub(crate) fn new(
        picture: &'p Picture,
        nodes: &'p [Node],
        lines: &'s [usize],
        sheet: &'s Sheet,
        least: i64,
    ) -> Canvas<'p, 's> {
        let count = sheet.columns.len();
        let mut canvas = Canvas {
            turns: vec![Turn::Straight; sheet.links.len()],
            columns: Vec::new(),
            tracks: Vec::new(),
            card_widths: widths(sheet, |item| item.is_card),
            width: 0,
            picture,
            nodes,
            lines,
            sheet,
        };
        let mut channels: Vec<Vec<usize>> = vec![Vec::new(); count + 1];
        for (index, link) in sheet.links.iter().enumerate() {
            channels[link.channel].push(index);
        }
        let widths = widths(sheet, |_| true);
        let labels = canvas.labels(&widths);
        let mut x = 0;
        for (channel, links) in channels.iter().enumerate() {
            let nets: Vec<Net> = links.iter().map(|link| canvas.net(&sheet.links[*link])).collect();
            let (found, taken) = turns(&nets);
            links.iter().zip(found).for_each(|(link, turn)| canvas.turns[*link] = turn);
            let labels = channel.checked_sub(1).map_or(0, |column| labels[column]);
            canvas.tracks.push(x + labels + MARGIN);
            let is_outside = channel == 0 || channel == count;
            x += labels + MARGIN + if is_outside { 0 } else { MARGIN / 2 };
            x += if taken == 0 { 0 } else { TRACK * (taken as i64 - 1) + MARGIN };
            if channel < count {
                let width = widths[channel];
                canvas.columns.push(Area { x, y: 0, width, height: 0 });
                x += width;
            }
        }
        canvas.width = x.max(least);
        canvas
    }

    /// Room that labels need to the right of each column.
    fn labels(&self, widths: &[i64]) -> Vec<i64> {
        let mut needs = vec![0; widths.len()];
        let inner = self.sheet.links.iter().map(|link| (link.wire, link.stubs[0]));
        let last = self.sheet.borders.iter().enumerate().filter_map(|(wire, ends)| Some((wire, ends[1]?)));
        for (wire, stub) in inner.chain(last).filter(|(_, stub)| stub.end == Some(End::Start)) {
            if !self.sheet.items[stub.cell].is_card {
                continue;
            }
            let column = self.sheet.cells[stub.cell].column;
            let start = (self.card_widths[column] - widths[column]) / 2;
            let areas = label_areas(&self.picture.lines[self.lines[wire]], (start, 0));
            needs[column] = areas.iter().map(|area| area.right() + 8).fold(needs[column], i64::max);
        }
        needs
    }

    fn net(&self, link: &Link) -> Net {
        link.stubs.map(|stub| {
            let bank = if stub.side == Side::Right { Bank::Left } else { Bank::Right };
            (bank, self.sheet.height(link.wire, stub))
        })
    }

    /// Cards of a column are as wide as the widest of them; all stand in the column's middle.
    fn area(&self, item: usize) -> Area {
        let cell = &self.sheet.cells[item];
        let column = self.columns[cell.column];
        let own = &self.sheet.items[item];
        let width = if own.is_card { self.card_widths[cell.column] } else { own.width };
        Area { x: column.x + (column.width - width) / 2, y: cell.y, width, height: own.height }
    }

    /// Draws everything; `children` are the insides of frames.
    pub(crate) fn draw(&self, children: Vec<Option<Placed<'p>>>) -> Placed<'p> {
        let bottom = self.sheet.cells.iter().map(|cell| cell.y + cell.height).max().unwrap_or(0);
        let mut placed = Placed { width: self.width, height: bottom, ..Placed::default() };
        let mut own: Vec<Vec<Point>> = (0..self.lines.len()).map(|wire| self.entry(wire)).collect();
        for (index, link) in self.sheet.links.iter().enumerate() {
            own[link.wire].extend(self.corners(index, link));
        }
        for (wire, (mut points, line)) in own.into_iter().zip(self.lines).enumerate() {
            points.extend(self.exit(wire));
            placed.lines.insert(*line, points);
        }
        for (index, (node, child)) in self.nodes.iter().zip(children).enumerate() {
            match (node, child) {
                (Node::Card(card), _) => placed.cards.push(self.card(*card, index)),
                (Node::Frame(frame), Some(child)) => self.put_in(&mut placed, frame, index, child),
                (Node::Frame(_), None) => {}
            }
        }
        placed
    }

    /// A frame with all that is in it; lines that leave it or come in are lengthened by what they have inside.
    fn put_in(&self, placed: &mut Placed<'p>, frame: &'p Frame, item: usize, child: Placed<'p>) {
        let area = self.area(item);
        for (line, points) in child.lines {
            let mut inside: Vec<Point> = points.iter().map(|(x, y)| (x + area.x, y + area.y + FRAME_HEAD)).collect();
            let outside = placed.lines.entry(line).or_default();
            let begins = self.sheet.wires.get(wire_of(self.lines, line)).is_some_and(|wire| wire.start == Some(item));
            if begins {
                inside.append(outside);
                *outside = inside;
            } else {
                outside.append(&mut inside);
            }
        }
        let cards = child.cards.into_iter();
        placed.cards.extend(cards.map(|card| PlacedCard {
            area: shifted(card.area, area),
            docks: card.docks.iter().map(|(dock, rows)| (*dock, lowered(*rows, area.y + FRAME_HEAD))).collect(),
            ..card
        }));
        let frames = child.frames.into_iter();
        placed.frames.extend(frames.map(|frame| PlacedFrame { area: shifted(frame.area, area), ..frame }));
        placed.frames.push(PlacedFrame { frame, area });
    }

    fn card(&self, card: usize, item: usize) -> PlacedCard {
        let area = self.area(item);
        let mut docks: BTreeMap<usize, (i64, i64)> = BTreeMap::new();
        for row in self.sheet.items[item].rows.iter().flatten() {
            docks.entry(row.group).or_insert((row.y, row.y)).1 = row.y;
        }
        let docks = docks.into_iter().map(|(dock, rows)| (dock, lowered(rows, area.y))).collect();
        PlacedCard { card, area, docks }
    }

    /// Where a stub is.
    fn point(&self, wire: usize, stub: Stub) -> Point {
        let cell = &self.sheet.cells[stub.cell];
        let area = match cell.item {
            Some(item) => self.area(item),
            None => self.columns[cell.column],
        };
        let x = if stub.side == Side::Left { area.x } else { area.right() };
        (x, self.sheet.height(wire, stub))
    }

    fn entry(&self, wire: usize) -> Vec<Point> {
        let Some(stub) = self.sheet.borders[wire][0] else { return Vec::new() };
        let to = self.point(wire, stub);
        vec![(0, to.1), to]
    }

    fn exit(&self, wire: usize) -> Vec<Point> {
        let Some(stub) = self.sheet.borders[wire][1] else { return Vec::new() };
        let from = self.point(wire, stub);
        vec![from, (self.width, from.1)]
    }

    fn corners(&self, index: usize, link: &Link) -> Vec<Point> {
        let [from, to] = link.stubs.map(|stub| self.point(link.wire, stub));
        let x = |track: usize| self.tracks[link.channel] + TRACK * track as i64;
        match self.turns[index] {
            Turn::Straight => vec![from, to],
            Turn::Once { track } => vec![from, (x(track), from.1), (x(track), to.1), to],
            Turn::Twice { tracks: [first, second], height } => {
                let net = self.net(link);
                let is_turned = left_first(net) != net;
                let [first, second] = if is_turned { [second, first] } else { [first, second] };
                let (one, other) = (x(first), x(second));
                vec![from, (one, from.1), (one, height), (other, height), (other, to.1), to]
            }
        }
    }
}

/// The wire of a line; the lines of a level are in ascending order. A line that stays inside of a frame has none.
fn wire_of(lines: &[usize], line: usize) -> usize {
    lines.binary_search(&line).unwrap_or(usize::MAX)
}

/// Width of the widest of the chosen items of each column.
fn widths(sheet: &Sheet, chosen: impl Fn(&Item) -> bool) -> Vec<i64> {
    let mut widths = vec![0; sheet.columns.len()];
    for (cell, item) in sheet.cells.iter().zip(&sheet.items).filter(|(_, item)| chosen(item)) {
        widths[cell.column] = widths[cell.column].max(item.width);
    }
    widths
}

/// An area inside of a frame, seen from outside.
fn shifted(area: Area, frame: Area) -> Area {
    Area { x: area.x + frame.x, y: area.y + frame.y + FRAME_HEAD, ..area }
}

fn lowered((first, last): (i64, i64), by: i64) -> (i64, i64) {
    (first + by, last + by)
}
