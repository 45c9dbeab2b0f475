//! A crate whose messages are generated when it is built: see `build.rs` and `contract/weather.yaml`.

/// Program weather, as generated.
pub mod weather {
    include!(concat!(env!("OUT_DIR"), "/weather.rs"));
}

use weather::{ReportView, ReportWriter, Sky};

/// Writes a report.
pub fn report(mut to: ReportWriter<'_>, sky: Sky, degrees: &[f32], remark: &str) {
    to.set_sky(sky);
    to.alloc_degrees(degrees.len()).copy_from_slice(degrees);
    to.set_remark(remark);
}

/// The warmest of a report, and what was remarked.
pub fn warmest(report: ReportView<'_>) -> (Option<f32>, String) {
    (report.degrees().iter().reduce(f32::max), report.remark().to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;
    use weather::Report;

    #[test]
    fn a_report_is_written_and_read() {
        let fill = |to: ReportWriter<'_>| report(to, Sky::RAIN, &[11.5, 13.0, 12.0], "wet");
        let size = vil::measure::<Report>(fill).expect("nothing is wrong with it");
        assert!(size <= 1024, "{size}");
        let mut memory = [0u64; 128];
        let (_, bytes, _) = {
            // SAFETY: bytes may be anything.
            unsafe { memory.align_to_mut::<u8>() }
        };
        let mut draft = vil::Draft::<Report, _>::within(bytes);
        fill(draft.root());
        let made = draft.finish().expect("it fits");
        assert_eq!(made.size(), size);
        assert_eq!(made.view().sky(), Sky::RAIN);
        assert_eq!(warmest(made.view()), (Some(13.0), "wet".to_owned()));
    }
}
