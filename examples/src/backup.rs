//! What protects a host, for a person: coverage, what runs next, and what retention keeps.

use std::io::{self, Write};

use backup_spec::coverage::{Coverage, Inventory};
use backup_spec::retention::{Policy, simulate};
use backup_spec::spec::Checked;
use jiff::{SignedDuration, Timestamp};

use crate::Failure;

/// Writes what is protected by what and what is missing, what runs next after `now`, and what the retention of each repository keeps.
pub fn report(
    out: &mut impl Write,
    spec: &Checked,
    inventory: &Inventory,
    now: Timestamp,
) -> Result<(), Failure> {
    writeln!(out, "{}\n", Coverage::of(spec, inventory))?;
    upcoming(out, spec, now)?;
    for (name, repository) in &spec.repositories {
        let Some(forget) = &repository.forget else { continue };
        let years = (0..3 * 365).rev().map(|day| now - SignedDuration::from_hours(24 * day));
        let history = simulate::simulate(&forget.keep, years)?;
        let dates: Vec<String> =
            history.held.iter().map(|s| s.time.to_string()[..10].to_owned()).collect();
        writeln!(
            out,
            "\n{name} keeps {} of {} daily snapshots of the last three years: {}",
            dates.len(),
            history.taken,
            dates.join(" ")
        )?;
        let kept = forget.keep.keeps(&history.held, now)?;
        if kept.contains(&false) {
            return Err("a policy that was applied leaves nothing to do".into());
        }
    }
    Ok(())
}

fn upcoming(out: &mut impl Write, spec: &Checked, now: Timestamp) -> io::Result<()> {
    let tasks = spec.tasks();
    let mut next: Vec<_> =
        tasks.iter().filter_map(|task| Some((spec.next_after(task, now)?, task))).collect();
    next.sort();
    writeln!(out, "{} timers; the next after {now}:", tasks.len())?;
    let mut shown: Vec<(Timestamp, String, usize)> = Vec::new();
    for (at, task) in next {
        let kind = task.to_string();
        let schedule = spec.schedule(task).map(|schedule| schedule.to_string()).unwrap_or_default();
        match shown.last_mut() {
            Some((last, text, more)) if *last == at && text.ends_with(&schedule) => *more += 1,
            _ => shown.push((at, format!("{kind}, {schedule}"), 0)),
        }
    }
    for (at, text, more) in shown.iter().take(10) {
        let more = if *more > 0 { format!(" (and {more} more)") } else { String::new() };
        writeln!(out, "  {at} {text}{more}")?;
    }
    Ok(())
}
