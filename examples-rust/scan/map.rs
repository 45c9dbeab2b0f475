//! A map in Rust: reads scans where the lidar wrote them, and copies nothing but what it prints.
//! `cargo run --package vil-examples --example scan-map`

#[path = "generated/scan.rs"]
mod scan;

use scan::{Map, ScanView};
use std::time::Duration;

fn show(scan: ScanView<'_>) {
    let points = scan.points();
    let furthest = points.iter().map(|point| point.x).fold(0.0, f32::max);
    print!("{}: {} points within {furthest} m in {}", scan.stamp(), points.len(), scan.label());
    scan.tags().iter().for_each(|tag| print!(", {tag}"));
    if let Some(meta) = scan.meta() {
        print!(" ({} {})", meta.source(), meta.firmware());
    }
    println!();
}

fn main() -> vil::Result<()> {
    let world = std::env::args().nth(1).unwrap_or_else(|| "scan".into());
    let map = Map::open_or_create(&world)?;
    for _ in 0..3 {
        show(map.scans.receive(Duration::MAX)?.view());
    }
    vil::World::unlink(&world)
}
