//! A lidar in Rust: three scans, each as long as what it saw, written where the map reads them.
//! `cargo run --package vil-examples --example scan-lidar`

#[path = "generated/scan.rs"]
mod scan;

use scan::{Lidar, Point, ScanWriter};

/// What is seen in one turn: number points, further away each time.
fn turn(mut scan: ScanWriter<'_>, number: u32) {
    let mut points = scan.alloc_points(number as usize);
    (0..number).for_each(|i| points.set(i as usize, Point { x: (i + number) as f32, y: 0.0 }));
    scan.set_stamp(number.into());
    scan.set_label("hall");
    let mut tags = scan.alloc_tags(2);
    tags.set(0, "indoor");
    tags.set(1, "low light");
    if number == 1 {
        let mut meta = scan.alloc_meta();
        meta.set_source("roof");
        meta.set_firmware(7);
    }
}

fn main() -> vil::Result<()> {
    let world = std::env::args().nth(1).unwrap_or_else(|| "scan".into());
    let lidar = Lidar::open_or_create(&world)?;
    for number in 1..=3 {
        let mut draft = lidar.scans.draft()?;
        turn(draft.root(), number);
        draft.finish()?.publish()?;
    }
    Ok(())
}
