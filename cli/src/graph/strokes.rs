//! Lines as SVG: how each kind is stroked, around its corners, with its heads and its label.

use std::fmt::Write;

use vil_ir::vocabulary::Lane;

use super::picture::{Line, LineKind};
use super::place::{MARK, Point, SMALL, label_areas};
use super::svg::tooltip;
use super::text::xml;

/// Radius of a corner.
const ROUND: i64 = 7;

/// How a kind of line is stroked.
pub(crate) fn stroke(kind: LineKind) -> String {
    match kind {
        LineKind::Failover => "stroke-width=\"1.6\" stroke-dasharray=\"1 4\" stroke-linecap=\"round\"".to_owned(),
        LineKind::Route { lane, is_best_effort, .. } => {
            let thick = if lane == Lane::Data { "2.2" } else { "1.8" };
            let dash = if is_best_effort { " stroke-dasharray=\"7 4\"" } else { "" };
            format!("stroke-width=\"{thick}\"{dash}")
        }
    }
}

pub(crate) fn draw_line(out: &mut String, line: &Line, points: &[Point]) {
    let (colour, style) = (line.kind.colour(), stroke(line.kind));
    let [.., before, last] = points else { return };
    let is_answered = matches!(line.kind, LineKind::Route { is_answered: true, .. });
    // The arrow covers the end, so the line stops within it.
    let mut ends = points.to_vec();
    let back = |from: Point, to: Point| (to.0 + 6 * (from.0 - to.0).signum(), to.1 + 6 * (from.1 - to.1).signum());
    let count = ends.len();
    ends[count - 1] = back(*before, *last);
    if is_answered {
        ends[0] = back(points[1], points[0]);
    }
    out.push_str("<g>\n");
    tooltip(out, &line.tip);
    let _ = writeln!(out, "<path d=\"{}\" fill=\"none\" stroke=\"{colour}\" {style}/>", path(&ends));
    arrow(out, *last, 1, colour);
    if is_answered {
        arrow(out, points[0], -1, colour);
    }
    draw_label(out, line, points[0], colour);
    out.push_str("</g>\n");
}

/// The head of an arrow that points to the right, or with -1 to the left.
pub(crate) fn arrow(out: &mut String, (x, y): Point, direction: i64, colour: &str) {
    let back = x - 9 * direction;
    let _ = writeln!(out, "<path d=\"M{x} {y}L{back} {}L{back} {}Z\" fill=\"{colour}\"/>", y - 4, y + 4);
}

/// A line around its corners.
fn path(points: &[Point]) -> String {
    let mut path = String::new();
    for (index, (x, y)) in points.iter().enumerate() {
        let neighbours = index.checked_sub(1).and_then(|before| points.get(before)).zip(points.get(index + 1));
        let _ = match neighbours {
            None => write!(path, "{}{x} {y}", if index == 0 { 'M' } else { 'L' }),
            Some((before, after)) => {
                let far = |point: &Point| (point.0 - x).abs() + (point.1 - y).abs();
                let round = ROUND.min(far(before) / 2).min(far(after) / 2);
                let toward = |point: &Point| (x + round * (point.0 - x).signum(), y + round * (point.1 - y).signum());
                let (one, other) = (toward(before), toward(after));
                write!(path, "L{} {}Q{x} {y} {} {}", one.0, one.1, other.0, other.1)
            }
        };
    }
    path
}

fn draw_label(out: &mut String, line: &Line, start: Point, colour: &str) {
    let [text, detail] = label_areas(line, start);
    mark(out, line.kind, (text.x + 4, text.y + 7), colour);
    let (x, y) = (text.x + MARK, text.y + 11);
    let _ = writeln!(out, "<text x=\"{x}\" y=\"{y}\" fill=\"{colour}\">{}</text>", xml(&line.label));
    let (x, y) = (detail.x, detail.y + 9);
    let _ =
        writeln!(out, "<text x=\"{x}\" y=\"{y}\" font-size=\"{SMALL}\" fill=\"#555555\">{}</text>", xml(&line.detail));
}

/// What tells lanes apart without colour.
pub(crate) fn mark(out: &mut String, kind: LineKind, (x, y): Point, colour: &str) {
    let shape = match kind {
        LineKind::Route { lane: Lane::Data, .. } => format!("<circle cx=\"{x}\" cy=\"{y}\" r=\"4\""),
        LineKind::Route { lane: Lane::Control, .. } => {
            format!("<rect x=\"{}\" y=\"{}\" width=\"8\" height=\"8\"", x - 4, y - 4)
        }
        LineKind::Route { lane: Lane::Trigger, .. } => {
            format!("<path d=\"M{x} {}L{} {}L{} {}Z\"", y - 5, x + 5, y + 4, x - 5, y + 4)
        }
        LineKind::Failover => {
            let (left, right, top, bottom) = (x - 3, x + 3, y - 3, y + 3);
            let cross = format!("M{left} {top}L{right} {bottom}M{right} {top}L{left} {bottom}");
            let _ = writeln!(out, "<path d=\"{cross}\" stroke=\"{colour}\" stroke-width=\"1.8\"/>");
            return;
        }
    };
    let _ = writeln!(out, "{shape} fill=\"{colour}\"/>");
}
