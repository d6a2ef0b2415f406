//! How far back the copies reach: a file that was deleted is in those that are old enough, and were not pruned since.

use backup_spec::coverage::{Copy, Via};
use backup_spec::pitr::Pitr;
use backup_spec::retention::sanoid::Dataset;
use backup_spec::retention::simulate::{History, simulate};
use backup_spec::span::Span;
use backup_spec::units::Task;
use jiff::{SignedDuration, Timestamp};
use zfs_props::DatasetName;

use super::system::System;

/// The start of yesterday, seen from the end of today.
const NOTICED: SignedDuration = SignedDuration::from_hours(48);

/// The most that a file can have changed between what a copy has of it and its deletion; none: no copy is old enough, or
/// nobody here says how long they are kept.
pub fn worst(system: &System, dataset: Option<&DatasetName>, copy: &Copy) -> Option<Span> {
    let Via::Task(task) = &copy.via else { return None };
    let gap = match task {
        Task::Snapshot => snapshots(system, dataset?)?,
        Task::Backup(job) => {
            let repository =
                system.copies.repositories.get(&system.copies.jobs.get(job)?.repository)?;
            let days = (0..60).rev().map(|day| system.now - SignedDuration::from_hours(24 * day));
            match &repository.forget {
                // Everything is kept.
                None => Span::ZERO,
                Some(forget) => gap(&simulate(&forget.keep, days).ok()?, system.now)?,
            }
        }
        Task::BaseBackup(nth, name) => {
            let archive = system.copies.pitr.get(name)?;
            window(&archive.pitr, archive.base(*nth)?.repository, system.now)?;
            Span::ZERO
        }
        // What a replica keeps is declared where it is.
        _ => return None,
    };
    Some(gap.max(copy.worst?))
}

/// What sanoid's retention leaves of hourly runs.
fn snapshots(system: &System, dataset: &DatasetName) -> Option<Span> {
    let policy = Dataset {
        settings: system.policies.get(dataset)?.clone(),
        zone: system.copies.zone.zone().clone(),
    };
    let hours = (0..24 * 10).rev().map(|hour| system.now - SignedDuration::from_hours(hour));
    gap(&simulate(&policy, hours).ok()?, system.now)
}

/// The longest time between two neighbours, of those that held a file that was deleted since.
fn gap(history: &History, now: Timestamp) -> Option<Span> {
    let since = now - NOTICED;
    let oldest = history.held.iter().rposition(|snapshot| snapshot.time <= since)?;
    let held = history.held.get(oldest..)?;
    let next = held.iter().skip(1).map(|snapshot| snapshot.time).chain([now]);
    held.iter().zip(next).map(|(one, next)| Span::between(one.time, next)).max()
}

/// How far back an archive reaches, if that is far enough.
fn window(pitr: &Pitr, repository: u32, now: Timestamp) -> Option<Span> {
    let year = now - SignedDuration::from_hours(24 * 366)..now;
    let window = pitr.objectives(repository, year)?.window;
    (window.as_secs() >= NOTICED.unsigned_abs().as_secs()).then_some(window)
}
