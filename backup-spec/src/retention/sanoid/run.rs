//! One run of `sanoid --cron` over every dataset.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::clock::{Clock, OutOfRange};
use super::prune::{Reason, prune};
use super::take::{Due, due};
use crate::Snapshot;
use crate::sanoid::{PruneDefer, Settings, Type};

/// What sanoid finds when it starts.
#[derive(Clone, Debug)]
pub struct World {
    /// The time.
    pub now: Timestamp,
    /// The zone of the machine.
    pub zone: TimeZone,
    /// Every dataset with its snapshots; `id` is what follows the `@`.
    pub datasets: BTreeMap<String, Vec<Snapshot>>,
    /// How full each pool is, in percent.
    pub capacity: BTreeMap<String, u8>,
}

/// A snapshot that a run takes, or tries to.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    /// The dataset.
    pub dataset: String,
    /// What follows the `@`.
    pub name: String,
    /// Whether every dataset below is taken along.
    pub recursive: bool,
    /// Why.
    pub due: Due,
}

/// A snapshot that is due and cannot be taken. The run goes on.
#[derive(Clone, Debug, PartialEq)]
pub struct Failed {
    /// What was tried.
    pub taken: Taken,
    /// Whether the dataset is there, so that it is the name that exists.
    pub exists: bool,
}

/// Why sanoid stops in the middle, for every dataset.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Death {
    /// While it looks for what is due: nothing is taken, and nothing destroyed.
    #[error("[{section}] {kind}: {problem}")]
    Mark {
        /// The section.
        section: String,
        /// Whose mark.
        kind: Type,
        /// What is wrong with it.
        problem: OutOfRange,
    },
    /// While it prunes, after everything was taken. Which other datasets were pruned before depends on the
    /// order of a Perl hash.
    #[error("[{section}] prune_defer is not a whole number from 0 to 100")]
    PruneDefer {
        /// The section.
        section: String,
    },
}

/// What a run does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    /// What is taken.
    pub taken: Vec<Taken>,
    /// What could not be taken.
    pub failed: Vec<Failed>,
    /// What is destroyed: dataset, name, reason.
    pub destroyed: Vec<(String, String, Reason)>,
    /// Sections that are not pruned because there is room.
    pub deferred: Vec<String>,
    /// Why it stopped, if it did. sanoid's exit code is then not 0.
    pub died: Option<Death>,
}

/// What is due of one dataset.
struct Group<'s> {
    settings: &'s Settings,
    due: Vec<Due>,
    /// Whether a name that exists is tried again with `dst`: only if the first type that was found due is
    /// hourly.
    retries: bool,
}

/// What `sanoid --cron` does: takes what is due, then prunes what there was before.
pub fn run(settings: &[Settings], world: &World) -> Run {
    let mut run = Run::default();
    let clock = Clock::new(world.now, &world.zone);
    match groups(settings, world, &clock) {
        Ok(groups) => groups.values().for_each(|group| take(&mut run, group, world, &clock)),
        Err(death) => {
            run.died = Some(death);
            return run;
        }
    }
    for settings in settings.iter().filter(|s| s.autoprune && !s.process_children_only) {
        let pool = settings.section.split('/').next().unwrap_or_default();
        let used = world.capacity.get(pool).copied().unwrap_or(0);
        match settings.prune_defer {
            PruneDefer::UpTo(limit) if used <= limit => {
                run.deferred.push(settings.section.clone());
                continue;
            }
            PruneDefer::Invalid => {
                run.destroyed.clear();
                run.died = Some(Death::PruneDefer { section: settings.section.clone() });
                return run;
            }
            PruneDefer::UpTo(_) | PruneDefer::Never => {}
        }
        let snapshots = world.datasets.get(&settings.dataset).map_or(&[][..], Vec::as_slice);
        for (snapshot, reason) in snapshots.iter().zip(prune(settings, snapshots, world.now)) {
            if !reason.keeps() {
                run.destroyed.push((settings.dataset.clone(), snapshot.id.clone(), reason));
            }
        }
    }
    run
}

fn groups<'s>(
    settings: &'s [Settings],
    world: &World,
    clock: &Clock<'_>,
) -> Result<BTreeMap<&'s str, Group<'s>>, Death> {
    let mut groups = BTreeMap::<&str, Group<'_>>::new();
    for settings in settings {
        let snapshots = world.datasets.get(&settings.dataset).map_or(&[][..], Vec::as_slice);
        let due = due(settings, snapshots, clock).map_err(|(kind, problem)| Death::Mark {
            section: settings.section.clone(),
            kind,
            problem,
        })?;
        let Some(first) = due.first() else { continue };
        let retries = first.kind == Type::Hourly && clock.ended_dst > 0.0;
        let new = || Group { settings, due: Vec::new(), retries };
        groups.entry(&settings.dataset).or_insert_with(new).due.extend(due);
    }
    Ok(groups)
}

fn take(run: &mut Run, group: &Group<'_>, world: &World, clock: &Clock<'_>) {
    let dataset = &group.settings.dataset;
    let recursive = group.settings.zfs_recursion;
    let prefix = format!("{dataset}/");
    let below =
        world.datasets.range(prefix.clone()..).take_while(|(name, _)| name.starts_with(&prefix));
    let own = world.datasets.get_key_value(dataset);
    let mut names: BTreeSet<String> = own
        .into_iter()
        .chain(below.filter(|_| recursive))
        .flat_map(|(_, snapshots)| snapshots.iter().map(|snapshot| snapshot.id.clone()))
        .collect();
    for &due in &group.due {
        let mut name = format!("autosnap_{}_{}", clock.stamp(), due.kind);
        if names.contains(&name) && group.retries {
            name = format!("autosnap_{}dst_{}", clock.stamp(), due.kind);
        }
        let is_free = own.is_some() && names.insert(name.clone());
        let taken = Taken { dataset: dataset.clone(), name, recursive, due };
        if is_free {
            run.taken.push(taken);
        } else {
            run.failed.push(Failed { taken, exists: own.is_some() });
        }
    }
}
