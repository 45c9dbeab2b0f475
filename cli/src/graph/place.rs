//! Where everything in a picture is. Frames are placed from the inside out: to what is around it, a frame is one box
//! with lines that come in on its left and go out on its right. So a frame encloses its members and nothing else.

use std::collections::BTreeMap;

use super::canvas::Canvas;
use super::heights::settle;
use super::order::order;
use super::picture::{Card, Frame, Line, Node, Picture};
use super::sheet::{Item, Row, Sheet, Wire};
use super::text::width;

/// Size of a process's name.
pub(crate) const NAME: i64 = 14;
/// Size of what is said about processes and frames, of ports and of labels.
pub(crate) const TEXT: i64 = 11;
/// Size of the line below a label.
pub(crate) const SMALL: i64 = 10;
/// Room for the mark of the lane before a label.
pub(crate) const MARK: i64 = 14;

/// Room for the name of a card.
const CARD_HEAD: i64 = 48;
/// From one row of a card to the next: a label and what stands below it fit in.
const ROW: i64 = 38;
/// Room for the title of a frame.
pub(crate) const FRAME_HEAD: i64 = 30;
/// Between what is in a frame and its edge, and around the tracks of a channel.
pub(crate) const MARGIN: i64 = 18;

/// An area: left, top, width, height.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Area {
    pub(crate) x: i64,
    pub(crate) y: i64,
    pub(crate) width: i64,
    pub(crate) height: i64,
}

impl Area {
    /// The first x to its right.
    pub(crate) fn right(&self) -> i64 {
        self.x + self.width
    }
}

/// x and y.
pub(crate) type Point = (i64, i64);

/// A card with its place.
#[derive(Debug, Clone)]
pub(crate) struct PlacedCard {
    pub(crate) card: usize,
    pub(crate) area: Area,
    /// Heights of the first and the last row of each dock.
    pub(crate) docks: BTreeMap<usize, (i64, i64)>,
}

/// A frame with its place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlacedFrame<'p> {
    pub(crate) frame: &'p Frame,
    pub(crate) area: Area,
}

/// A picture with places, or a part of it.
#[derive(Debug, Default)]
pub(crate) struct Placed<'p> {
    pub(crate) width: i64,
    pub(crate) height: i64,
    pub(crate) cards: Vec<PlacedCard>,
    /// The outermost first.
    pub(crate) frames: Vec<PlacedFrame<'p>>,
    /// Corners of each line, by its index; one line after the other from here to there.
    pub(crate) lines: BTreeMap<usize, Vec<Point>>,
}

/// Places a whole picture.
pub(crate) fn place(picture: &Picture) -> Placed<'_> {
    let lines: Vec<usize> = (0..picture.lines.len()).collect();
    let mut placed = part(picture, &picture.nodes, &lines, 0);
    placed.frames.sort_by_key(|frame| frame.frame.kind);
    placed.lines.values_mut().for_each(without_joints);
    trim(&mut placed);
    placed
}

/// Takes away what is empty to the left and to the right; labels stand left of where their lines turn or end.
fn trim(placed: &mut Placed<'_>) {
    let cards = placed.cards.iter().map(|card| card.area);
    let areas = cards.chain(placed.frames.iter().map(|frame| frame.area)).flat_map(|area| [area.x, area.right()]);
    let points = placed.lines.values().flatten().map(|(x, _)| *x);
    let ends: Vec<i64> = areas.chain(points).collect();
    let (left, right) = (ends.iter().min().copied().unwrap_or(0), ends.iter().max().copied().unwrap_or(0));
    placed.cards.iter_mut().for_each(|card| card.area.x -= left);
    placed.frames.iter_mut().for_each(|frame| frame.area.x -= left);
    placed.lines.values_mut().flatten().for_each(|(x, _)| *x -= left);
    placed.width = right - left;
}

/// Where a label stands: its text above the beginning of its line, its detail below.
pub(crate) fn label_areas(line: &Line, start: Point) -> [Area; 2] {
    let (x, y) = (start.0 + 14, start.1);
    let text = MARK + width(&line.label, TEXT, false);
    [
        Area { x, y: y - 17, width: text, height: 14 },
        Area { x, y: y + 4, width: width(&line.detail, SMALL, false), height: 12 },
    ]
}

/// What lies in one frame, or the whole.
fn part<'p>(picture: &'p Picture, nodes: &'p [Node], lines: &[usize], least_width: i64) -> Placed<'p> {
    let mut node_of = BTreeMap::new();
    for (index, node) in nodes.iter().enumerate() {
        node_of.extend(members(node).into_iter().map(|card| (card, index)));
    }
    let ends = |line: &usize| {
        let line = &picture.lines[*line];
        (node_of.get(&line.from.card).copied(), node_of.get(&line.to.card).copied())
    };
    let mut inner: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
    let mut here = Vec::new();
    for line in lines {
        let (start, end) = ends(line);
        let is_within = start == end && start.is_some_and(|node| matches!(nodes[node], Node::Frame(_)));
        if !is_within {
            here.push(*line);
        }
        start.into_iter().for_each(|node| inner[node].push(*line));
        end.filter(|_| end != start).into_iter().for_each(|node| inner[node].push(*line));
    }
    let local: BTreeMap<usize, usize> = here.iter().enumerate().map(|(local, line)| (*line, local)).collect();
    let mut children: Vec<Option<Placed<'p>>> = Vec::new();
    let mut items = Vec::new();
    for (node, lines) in nodes.iter().zip(&inner) {
        match node {
            Node::Card(card) => {
                items.push(card_item(picture, *card, lines, &local));
                children.push(None);
            }
            Node::Frame(frame) => {
                let child = part(picture, &frame.nodes, lines, width(&frame.title, TEXT, true) + 2 * MARGIN);
                items.push(frame_item(frame, &child, picture, lines, &local));
                children.push(Some(child));
            }
        }
    }
    let wire = |line: &usize| {
        let (start, end) = ends(line);
        let is_leading = picture.lines[*line].is_route();
        Wire { start, end, is_leading, y: [0, 0] }
    };
    let mut sheet = Sheet::new(items, here.iter().map(wire).collect());
    order(&mut sheet);
    settle(&mut sheet);
    Canvas::new(picture, nodes, &here, &sheet, least_width).draw(children)
}

/// Cards of a node.
pub(crate) fn members(node: &Node) -> Vec<usize> {
    match node {
        Node::Card(card) => vec![*card],
        Node::Frame(frame) => frame.nodes.iter().flat_map(members).collect(),
    }
}

fn card_item(picture: &Picture, index: usize, lines: &[usize], local: &BTreeMap<usize, usize>) -> Item {
    let card = &picture.cards[index];
    let mut rows = [Vec::new(), Vec::new()];
    for (dock, port) in card.ports.iter().enumerate() {
        let side = usize::from(port.is_out);
        let ends_here = |line: &&usize| {
            let line = &picture.lines[**line];
            let end = if port.is_out { line.from } else { line.to };
            end.card == index && end.dock == dock
        };
        let before = rows[side].len();
        let found = lines.iter().filter(ends_here).filter_map(|line| local.get(line));
        let found: Vec<Row> = found.map(|line| Row { group: dock, line: Some(*line), y: 0 }).collect();
        rows[side].extend(found);
        if rows[side].len() == before {
            rows[side].push(Row { group: dock, line: None, y: 0 });
        }
    }
    for rows in &mut rows {
        rows.iter_mut().enumerate().for_each(|(place, row)| row.y = CARD_HEAD + ROW / 2 + place as i64 * ROW);
    }
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    Item { width: card_width(card), height: CARD_HEAD + 2 + ROW * count as i64, rows, is_card: true }
}

fn card_width(card: &Card) -> i64 {
    let widest = |is_out: bool| {
        let names = card.ports.iter().filter(|port| port.is_out == is_out);
        names.map(|port| width(&port.name, TEXT, false)).max().unwrap_or(0)
    };
    let strip = if card.forwards.is_empty() { 24 } else { 56 };
    let head = width(&card.name, NAME, true).max(width(&card.about, TEXT, false)) + 28;
    head.max(widest(false) + strip + widest(true) + 28)
}

fn frame_item(
    frame: &Frame,
    child: &Placed<'_>,
    picture: &Picture,
    lines: &[usize],
    local: &BTreeMap<usize, usize>,
) -> Item {
    let inside: std::collections::BTreeSet<usize> = frame.nodes.iter().flat_map(members).collect();
    let mut rows = [Vec::new(), Vec::new()];
    for line in lines {
        let (Some(here), Some(points)) = (local.get(line), child.lines.get(line)) else { continue };
        let goes_out = inside.contains(&picture.lines[*line].from.card);
        let at = if goes_out { points.last() } else { points.first() };
        let y = FRAME_HEAD + at.map_or(0, |(_, y)| *y);
        rows[usize::from(goes_out)].push(Row { group: *here, line: Some(*here), y });
    }
    Item { width: child.width, height: FRAME_HEAD + child.height + MARGIN, rows, is_card: false }
}

/// Takes out points that are no corners.
fn without_joints(points: &mut Vec<Point>) {
    points.dedup();
    let mut kept: Vec<Point> = Vec::with_capacity(points.len());
    for point in points.iter() {
        let is_joint = |a: Point, b: Point| (a.0 == b.0 && b.0 == point.0) || (a.1 == b.1 && b.1 == point.1);
        if matches!(kept[..], [.., a, b] if is_joint(a, b)) {
            kept.pop();
        }
        kept.push(*point);
    }
    *points = kept;
}
