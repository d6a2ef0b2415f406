//! Reads what criterion estimated, and prints one line per group: subject, floor, their ratio, and
//! whether that meets the bar.
//!
//! ```text
//! cargo bench -p benches && cargo run -p benches --example ratios
//! ```

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use benches::GROUPS;

fn main() -> ExitCode {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"), PathBuf::from);
    let mut missing = false;
    for group in GROUPS {
        let folder = target.join("criterion").join(group.name);
        let (Some(subject), Some(floor)) =
            (seconds(&folder.join("subject")), seconds(&folder.join("floor")))
        else {
            println!("{}: not measured; run cargo bench -p benches", group.name);
            missing = true;
            continue;
        };
        let ratio = floor / subject;
        let verdict = if ratio >= group.bar { "ok" } else { "short" };
        println!(
            "{}: subject {}, floor {}, ratio {ratio:.2}, bar {}: {verdict}",
            group.name,
            time(subject),
            time(floor),
            group.bar
        );
    }
    if missing { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// The median time of one iteration.
fn seconds(benchmark: &Path) -> Option<f64> {
    let text = std::fs::read_to_string(benchmark.join("new/estimates.json")).ok()?;
    let estimates: serde_json::Value = serde_json::from_str(&text).ok()?;
    Some(estimates.get("median")?.get("point_estimate")?.as_f64()? / 1e9)
}

fn time(seconds: f64) -> String {
    if seconds < 1e-3 {
        format!("{:.1} µs", seconds * 1e6)
    } else {
        format!("{:.1} ms", seconds * 1e3)
    }
}
