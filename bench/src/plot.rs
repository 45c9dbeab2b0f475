//! Pictures of a run as SVG: the distribution of latency, and figures over a number of each case. Draws what was measured,
//! leaves out who was not here.

use std::path::{Path, PathBuf};

use plotters::prelude::*;
use vil_bench::Answer;
use vil_bench::samples::quantile;

use crate::benchmarks::{Benchmark, Kind, Plot, Point, Statistic};
use crate::case::Measured;
use crate::pairs::runs;

const SIZE: (u32, u32) = (900, 540);

/// Colours that differ in lightness as well, for those who print or do not see all of them.
const COLOURS: [RGBColor; 10] = [
    RGBColor(0, 90, 160),
    RGBColor(200, 60, 0),
    RGBColor(0, 140, 90),
    RGBColor(150, 80, 170),
    RGBColor(220, 150, 0),
    RGBColor(90, 90, 90),
    RGBColor(0, 170, 200),
    RGBColor(170, 0, 70),
    RGBColor(110, 140, 0),
    RGBColor(150, 110, 80),
];

/// One line of a picture.
#[derive(Debug, PartialEq)]
struct Curve {
    name: String,
    points: Vec<(f64, f64)>,
}

/// Axes of a picture, both logarithmic but for a share, and for latencies that are near each other.
struct Axes<'a> {
    title: &'a str,
    across: &'a str,
    up: &'a str,
    is_share: bool,
}

/// Draws all pictures of a benchmark; where they are.
pub(crate) fn draw(benchmark: &Benchmark, measured: &[Measured<'_>], dir: &Path) -> Answer<Vec<PathBuf>> {
    let mut files = Vec::new();
    for plot in &benchmark.plots {
        let curves = curves(plot, measured);
        if curves.is_empty() {
            continue;
        }
        let file = dir.join(format!("{}-{}.svg", benchmark.name, plot.name));
        let axes = match &plot.kind {
            Kind::Distribution { .. } => Axes {
                title: &plot.title,
                across: "ns",
                up: "share of messages, to the 99th percentile",
                is_share: true,
            },
            Kind::Scaling { across, up, .. } => Axes { title: &plot.title, across, up, is_share: false },
        };
        picture(&file, &axes, &curves).map_err(|error| format!("{}: {error}", file.display()))?;
        files.push(file);
    }
    Ok(files)
}

fn curves(plot: &Plot, measured: &[Measured<'_>]) -> Vec<Curve> {
    let curves = match &plot.kind {
        Kind::Distribution { case } => measured.iter().filter(|one| one.case.name == *case).flat_map(shares).collect(),
        Kind::Scaling { points, .. } => scaling(points, measured),
    };
    curves.into_iter().filter(|curve| curve.points.len() > 1).collect()
}

/// The largest share of a distribution that is drawn: one interruption by the kernel would make all the rest a line.
const DRAWN: f64 = 0.99;

/// Latency against the share of messages below it, of each entrant that ran: its samples of all runs that count.
fn shares(measured: &Measured<'_>) -> Vec<Curve> {
    const STEPS: usize = 400;
    let entrants = measured.case.entrants.iter().enumerate();
    let curve = |(at, entrant): (usize, &crate::benchmarks::Entrant)| {
        let runs = runs(&measured.rounds, at);
        let samples = runs.iter().flat_map(|run| run.figures.samples.iter().copied()).filter(|ns| *ns > 0.0);
        let samples = crate::pairs::sorted(samples.collect());
        let steps = if samples.len() < 2 { 0 } else { STEPS + 1 };
        let share = |step: usize| step as f64 / STEPS as f64 * DRAWN;
        let points = (0..steps).map(|step| (quantile(&samples, share(step)), share(step))).collect();
        Curve { name: entrant.label.clone(), points }
    };
    entrants.map(curve).collect()
}

/// The median figure of each entrant over the number of each case.
fn scaling(points: &[Point], measured: &[Measured<'_>]) -> Vec<Curve> {
    let mut names: Vec<&String> = Vec::new();
    for label in measured.iter().flat_map(|one| one.case.entrants.iter().map(|entrant| &entrant.label)) {
        if !names.contains(&label) {
            names.push(label);
        }
    }
    let of = |name: &String, point: &Point| {
        let measured = measured.iter().find(|one| one.case.name == point.case)?;
        let figures = measured.figures(measured.index(name)?, |run| run.figures.statistic(Statistic::Median));
        let figure = (!figures.is_empty()).then(|| quantile(&figures, 0.5) / point.per)?;
        let figure = if point.is_rate { 1.0 / figure } else { figure };
        (figure > 0.0 && figure.is_finite()).then_some((point.x, figure))
    };
    let curve = |name: &String| Curve {
        name: name.clone(),
        points: points.iter().filter_map(|point| of(name, point)).collect(),
    };
    names.into_iter().map(curve).collect()
}

/// What an axis has more than curves of shares need, as a part of theirs: at its right end stands the legend.
const LEGEND: f64 = 0.25;

/// Least and most, a little apart from each other.
fn range(values: impl Iterator<Item = f64> + Clone) -> std::ops::Range<f64> {
    let least = values.clone().fold(f64::INFINITY, f64::min);
    let most = values.fold(0.0, f64::max);
    least * 0.9..most.max(least) * 1.1
}

fn picture(file: &Path, axes: &Axes<'_>, curves: &[Curve]) -> Result<(), Box<dyn std::error::Error>> {
    let area = SVGBackend::new(file, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let points = || curves.iter().flat_map(|curve| curve.points.iter());
    let (across, up) = (range(points().map(|point| point.0)), range(points().map(|point| point.1)));
    let mut chart = ChartBuilder::on(&area);
    chart.caption(axes.title, ("sans-serif", 24)).margin(16).x_label_area_size(52).y_label_area_size(76);
    // Within a few tens a logarithmic axis has hardly a label.
    let is_wide = across.end > across.start * 30.0;
    if axes.is_share && !is_wide {
        let end = across.end + (across.end - across.start) * LEGEND;
        lines(chart.build_cartesian_2d(across.start..end, 0.0..1.0)?, axes, curves)?;
    } else if axes.is_share {
        let end = across.end * (across.end / across.start).powf(LEGEND);
        lines(chart.build_cartesian_2d((across.start..end).log_scale(), 0.0..1.0)?, axes, curves)?;
    } else {
        lines(chart.build_cartesian_2d(across.log_scale(), up.log_scale())?, axes, curves)?;
    }
    area.present()?;
    Ok(())
}

/// A number on an axis, as short as it can be.
fn number(figure: f64) -> String {
    match figure {
        figure if figure >= 1e6 => format!("{} M", figure / 1e6),
        figure if figure >= 1e3 => format!("{} k", figure / 1e3),
        figure => format!("{}", (figure * 1000.0).round() / 1000.0),
    }
}

type Picture<'a, X, Y> = ChartContext<'a, SVGBackend<'a>, Cartesian2d<X, Y>>;

fn lines<X, Y>(
    mut chart: Picture<'_, X, Y>,
    axes: &Axes<'_>,
    curves: &[Curve],
) -> Result<(), Box<dyn std::error::Error>>
where
    X: Ranged<ValueType = f64> + plotters::coord::ranged1d::ValueFormatter<f64>,
    Y: Ranged<ValueType = f64> + plotters::coord::ranged1d::ValueFormatter<f64>,
{
    let (label, number) = (("sans-serif", 17), |figure: &f64| number(*figure));
    let mut mesh = chart.configure_mesh();
    mesh.x_desc(axes.across).y_desc(axes.up).light_line_style(WHITE.mix(0.0)).label_style(label);
    mesh.x_label_formatter(&number).y_label_formatter(&number).draw()?;
    for (curve, colour) in curves.iter().zip(COLOURS.iter().cycle()) {
        let line = LineSeries::new(curve.points.iter().copied(), colour.stroke_width(2));
        let drawn = chart.draw_series(if axes.is_share { line } else { line.point_size(3) })?;
        let key = *colour;
        drawn.label(&curve.name).legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], key.stroke_width(2)));
    }
    let mut legend = chart.configure_series_labels();
    let place = if axes.is_share { SeriesLabelPosition::LowerRight } else { SeriesLabelPosition::UpperLeft };
    legend.label_font(label).position(place).border_style(BLACK.mix(0.3)).background_style(WHITE.mix(0.9)).draw()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::benchmarks::{Case, Entrant, Program};
    use crate::pairs::Run;
    use crate::trial::Figures;

    /// Whether all elements of a text are closed in order and no quote is left open.
    fn is_well_formed(text: &str) -> bool {
        let mut open = Vec::new();
        let mut rest = text;
        while let Some((_, after)) = rest.split_once('<') {
            let Some((tag, after)) = after.split_once('>') else { return false };
            rest = after;
            let name = |tag: &str| tag.split_whitespace().next().unwrap_or("").to_owned();
            if tag.matches('"').count() % 2 != 0 {
                return false;
            }
            if let Some(closed) = tag.strip_prefix('/') {
                if open.pop() != Some(name(closed)) {
                    return false;
                }
            } else if !tag.ends_with('/') && !tag.starts_with(['?', '!']) {
                open.push(name(tag));
            }
        }
        open.is_empty() && text.contains("<svg")
    }

    /// Whether the legend of a picture of shares stands right of all its curves, which are drawn before it.
    fn stands_apart(text: &str) -> bool {
        let (before, legend) = text.split_once("opacity=\"0.9\"").expect("the legend has a ground");
        let (curves, place) = before.rsplit_once("<rect x=\"").expect("it is a box");
        assert!(legend.contains("<text"), "there are names in it");
        let left: f64 = place.split('"').next().and_then(|x| x.parse().ok()).expect("the box has a place");
        let points = curves.split("stroke-width=\"2\" points=\"").skip(1).flat_map(|rest| rest.split('"').next());
        let places: Vec<f64> = points
            .flat_map(str::split_whitespace)
            .map(|point| point.split(',').next().and_then(|x| x.parse().ok()).expect("a place"))
            .collect();
        !places.is_empty() && places.into_iter().all(|x| x < left)
    }

    #[test]
    fn the_check_of_the_legend_finds_a_curve_behind_it() {
        let legend = "<rect x=\"50\" opacity=\"0.9\"/><text/>";
        let curve = |x: u32| format!("<polyline stroke-width=\"2\" points=\"1,2 {x},3 \"/>{legend}");
        assert!(stands_apart(&curve(49)) && !stands_apart(&curve(51)) && !stands_apart(legend));
    }

    #[test]
    fn the_check_of_form_finds_what_is_open() {
        assert!(is_well_formed("<svg a=\"1\"><b/></svg>"));
        assert!(
            !is_well_formed("<svg><b></svg>") && !is_well_formed("<svg a=\"1></svg>") && !is_well_formed("<b></b>")
        );
    }

    #[test]
    fn numbers_on_axes_are_short() {
        assert_eq!([0.1 + 0.2, 64.0, 4000.0, 2e6].map(number), ["0.3", "64", "4 k", "2 M"]);
    }

    fn case(name: &str) -> Case {
        let entrants =
            ["vil-rust", "floor & more", "iceoryx2"].map(|label| Entrant::new("s", Program::Rust).called(label));
        Case { name: name.into(), geometry: String::new(), entrants: entrants.into(), promises: Vec::new() }
    }

    fn measured(case: &Case) -> Measured<'_> {
        let line = r#"{"benchmark":"b","subject":"s","unit":"ns","samples":[100,110,120,500]}"#;
        let run = || Some(Run { before: 60.0, after: 60.0, figures: Figures::parse(line).expect("it parses") });
        Measured { case, rounds: vec![vec![run(), run(), None]], absent: vec![None; 3] }
    }

    #[test]
    fn pictures_are_well_formed_and_leave_out_who_was_not_here() {
        let cases = ["small", "large"].map(case);
        let point = |(case, x): (&Case, f64)| Point { case: case.name.clone(), x, per: x, is_rate: true };
        let points = cases.iter().zip([64.0, 4096.0]).map(point).collect();
        let benchmark = Benchmark {
            name: "b",
            about: "",
            shape: "",
            cases: Vec::new(),
            plots: vec![
                Plot { name: "latency", title: "a < b".into(), kind: Kind::Distribution { case: "small".into() } },
                Plot { name: "size", title: "c".into(), kind: Kind::Scaling { across: "bytes", up: "B/ns", points } },
            ],
        };
        let dir = std::env::temp_dir().join(format!("vil-bench-plot-{}", std::process::id()));
        std::fs::create_dir_all(&dir).expect("a directory can be made");
        let measured = cases.iter().map(measured).collect::<Vec<_>>();
        let files = draw(&benchmark, &measured, &dir).expect("it draws");
        assert_eq!(files.len(), 2);
        let shares = std::fs::read_to_string(&files[0]).expect("it was written");
        assert!(stands_apart(&shares), "the legend covers a curve:\n{shares}");
        for file in files {
            let text = std::fs::read_to_string(&file).expect("it was written");
            assert!(is_well_formed(&text), "{text}");
            assert!(text.contains("vil-rust") && text.contains("floor &amp; more") && !text.contains("iceoryx2"));
        }
        std::fs::remove_dir_all(&dir).expect("it is ours");
    }
}
