//! What will be there in a year, and what would be gone if the retention were another?
//!
//! ```text
//! cargo run --example simulate_retention                                             daily snapshots, for two years
//! cargo run --example simulate_retention -- "--keep-daily 7" "--keep-within 1y"      this retention, and that
//! ```

use std::collections::BTreeMap;
use std::process::ExitCode;

use backup_spec::Snapshot;
use backup_spec::retention::restic::Keep;
use backup_spec::retention::simulate::{History, outage, simulate};
use backup_spec::span::Span;
use examples::Failure;
use jiff::{SignedDuration, Timestamp};

const DAYS: i64 = 730;
const END: &str = "2026-11-21T02:00:00Z";

fn run() -> Result<(), Failure> {
    let mut words = std::env::args().skip(1);
    let now = words
        .next()
        .unwrap_or("--keep-daily 14 --keep-weekly 8 --keep-monthly 6 --keep-yearly 2".to_owned());
    let then = words.next().unwrap_or("--keep-daily 7 --keep-weekly 4 --keep-monthly 6".to_owned());
    let end: Timestamp = END.parse()?;
    let times: Vec<Timestamp> =
        (0..DAYS).rev().map(|day| end - SignedDuration::from_hours(24 * day)).collect();

    let (keep, other): (Keep, Keep) = (now.parse()?, then.parse()?);
    let history = simulate(&keep, times.iter().copied())?;
    show(&now, &history, end);

    // What a change would remove, before anybody makes it.
    let kept = other.apply(&history.held, end)?;
    let stays: Vec<&str> = kept.kept().map(|snapshot| snapshot.id()).collect();
    let gone: Vec<String> =
        history.held.iter().filter(|s| !stays.contains(&s.id.as_str())).map(day).collect();
    println!("\n{then} would remove {} of them: {}", gone.len(), gone.join(" "));

    // Three weeks without a run, half a year ago.
    let from = end - SignedDuration::from_hours(24 * 180);
    let cost = outage(&keep, times, from, from + SignedDuration::from_hours(24 * 21))?;
    println!(
        "\nThree weeks without a run, half a year ago: {} snapshots instead of {}; of {} in between nothing can be restored.",
        cost.with.held.len(),
        cost.without.held.len(),
        cost.uncovered.map_or_else(|| "nothing".to_owned(), span),
    );
    Ok(())
}

fn show(policy: &str, history: &History, end: Timestamp) {
    println!("{policy}\nkeeps {} of {}:", history.held.len(), history.taken);
    let mut months: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for snapshot in &history.held {
        let day = day(snapshot);
        let (month, day) = day.rsplit_once('-').unwrap_or((&day, ""));
        months.entry(month.to_owned()).or_default().push(day.to_owned());
    }
    for (month, days) in months {
        println!("  {month}: {}", days.join(" "));
    }
    let or_none =
        |span_of: Option<SignedDuration>| span_of.map_or_else(|| "nothing".to_owned(), span);
    println!(
        "back to {} ago, with holes of up to {}",
        or_none(history.reach(end)),
        or_none(history.worst_gap())
    );
}

fn day(snapshot: &Snapshot) -> String {
    snapshot.time.to_string().chars().take(10).collect()
}

fn span(duration: SignedDuration) -> String {
    Span::from_secs(duration.unsigned_abs().as_secs()).to_string()
}

fn main() -> ExitCode {
    examples::exit(run())
}
