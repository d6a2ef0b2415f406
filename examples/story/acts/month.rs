//! A month: snapshots are taken and pruned by policy, and replicated.

use std::collections::BTreeMap;
use std::path::Path;

use backup_spec::Snapshot;
use backup_spec::retention::sanoid::{Run, World, run, type_of};
use backup_spec::sanoid::Settings;
use backup_spec::snapshots::Policies;
use examples::Failure;
use jiff::{SignedDuration, Timestamp};
use restore_chain::command::Command;
use zfs_props::name::DatasetName;

use crate::forge::{Forge, SERVICES};
use crate::manifest::Manifest;
use crate::{Story, claim, files, machine, replicate};

const START: &str = "2026-10-22T04:00:00Z";
/// So many hours apart on these days, one hour on the last ones; and in the night when the clock goes back.
const DAYS: i64 = 28;
const APART: usize = 8;
const LAST_DAYS: i64 = 2;
const REPEATED_HOUR: [&str; 2] = ["2026-11-01T05:00:00Z", "2026-11-01T06:00:00Z"];
/// Days between two replications; on the last ones, one.
const REPLICATED: i64 = 3;

/// When sanoid is started.
fn times() -> Result<Vec<Timestamp>, Failure> {
    let start: Timestamp = START.parse()?;
    let hours = (0..DAYS * 24).step_by(APART).chain(DAYS * 24..=(DAYS + LAST_DAYS) * 24);
    let mut times: Vec<Timestamp> =
        hours.map(|hour| start + SignedDuration::from_hours(hour)).collect();
    let end = times.last().copied();
    for time in REPEATED_HOUR {
        times.extend(Some(time.parse()?).filter(|time| Some(*time) < end));
    }
    times.sort();
    times.dedup();
    Ok(times)
}

type Snapshots = BTreeMap<String, Vec<Snapshot>>;

/// What `zfs list` shows: names, and when ZFS made them.
fn observed(datasets: &[DatasetName]) -> Result<Snapshots, Failure> {
    let mut all: Snapshots =
        datasets.iter().map(|dataset| (dataset.to_string(), Vec::new())).collect();
    let list = machine::words("zfs list -Hp -t snapshot -o name,creation -s createtxg");
    for line in machine::run(&list.args(all.keys().cloned()))?.lines() {
        let (name, creation) = line.split_once('\t').ok_or("two columns")?;
        let (dataset, name) = name.split_once('@').ok_or("a snapshot")?;
        let time = Timestamp::from_second(creation.parse()?)?;
        if let Some(own) = all.get_mut(dataset) {
            own.push(Snapshot::new(name, time));
        }
    }
    Ok(all)
}

/// Does what the policy says: one command for all snapshots of a name, one for all that go from a dataset.
fn carry_out(run: &Run) -> Result<(), Failure> {
    let mut taken: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for one in &run.taken {
        taken.entry(&one.name).or_default().push(format!("{}@{}", one.dataset, one.name));
    }
    for snapshots in taken.into_values() {
        machine::run(&Command::new(["zfs", "snapshot"]).args(snapshots))?;
    }
    let mut gone: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (dataset, name, _) in &run.destroyed {
        gone.entry(dataset).or_default().push(name);
    }
    for (dataset, names) in gone {
        machine::run(
            &Command::new(["zfs", "destroy"]).arg(format!("{dataset}@{}", names.join(","))),
        )?;
    }
    Ok(())
}

/// The same, in memory.
fn remember(memory: &mut Snapshots, run: &Run, now: Timestamp) {
    for one in &run.taken {
        let own = memory.entry(one.dataset.clone()).or_default();
        own.push(Snapshot::new(one.name.clone(), now));
    }
    for (dataset, name, _) in &run.destroyed {
        memory.entry(dataset.clone()).or_default().retain(|snapshot| snapshot.id != *name);
    }
}

fn names(snapshots: &Snapshots) -> BTreeMap<&str, Vec<&str>> {
    let names = snapshots.iter().map(|(dataset, own)| {
        let mut names: Vec<&str> = own.iter().map(|snapshot| snapshot.id.as_str()).collect();
        names.sort_unstable();
        (dataset.as_str(), names)
    });
    names.collect()
}

struct Month {
    settings: Vec<Settings>,
    datasets: Vec<DatasetName>,
    zone: jiff::tz::TimeZone,
    /// What there is if the policy is carried out and nothing else happens.
    memory: Snapshots,
    /// What was taken of sonarr in the hour that came twice.
    twice: Vec<String>,
    taken: usize,
    destroyed: usize,
}

impl Month {
    fn new(forge: &Forge) -> Result<Self, Failure> {
        let sanoid = forge.copies.sanoid.as_ref().ok_or("forge declares snapshots")?;
        let mut datasets = Vec::new();
        for name in SERVICES {
            datasets.push(forge.service(name)?.dataset.clone());
        }
        let policies = Policies::of(sanoid, &datasets)?;
        let settings: Option<Vec<Settings>> =
            datasets.iter().map(|dataset| policies.get(dataset).cloned()).collect();
        Ok(Self {
            settings: settings.ok_or("every service has a policy")?,
            memory: datasets.iter().map(|dataset| (dataset.to_string(), Vec::new())).collect(),
            zone: forge.copies.zone.zone().clone(),
            datasets,
            twice: Vec::new(),
            taken: 0,
            destroyed: 0,
        })
    }

    fn decide(&self, now: Timestamp, datasets: Snapshots) -> Run {
        let (zone, capacity) = (self.zone.clone(), BTreeMap::new());
        run(&self.settings, &World { now, zone, datasets, capacity })
    }

    /// One run of sanoid: decided from what ZFS lists, and no other than what was to be expected.
    ///
    /// The half of it that prunes runs once a day.
    fn run(&mut self, now: Timestamp, prunes: bool) -> Result<(), Failure> {
        let mut run = self.decide(now, observed(&self.datasets)?);
        claim(run.died.is_none() && run.failed.is_empty(), format!("{run:?} does all it wants"))?;
        let mut expected = self.decide(now, self.memory.clone());
        if !prunes {
            run.destroyed.clear();
            expected.destroyed.clear();
        }
        let taken = |run: &Run| -> Vec<String> {
            run.taken.iter().map(|one| format!("{}@{}", one.dataset, one.name)).collect()
        };
        let gone = |run: &Run| -> Vec<String> {
            run.destroyed.iter().map(|(dataset, name, _)| format!("{dataset}@{name}")).collect()
        };
        claim(
            taken(&run) == taken(&expected) && gone(&run) == gone(&expected),
            format!("at {now} the same from memory and from the disk: {expected:?} and {run:?}"),
        )?;
        carry_out(&run)?;
        remember(&mut self.memory, &run, now);
        let in_hour = |name: &str| name.starts_with("autosnap_2026-11-01_01:");
        let of_one = self.datasets.last().map(DatasetName::as_str);
        let twice = run
            .taken
            .iter()
            .filter(|one| in_hour(&one.name) && Some(one.dataset.as_str()) == of_one);
        self.twice.extend(twice.map(|one| format!("{}@{}", one.dataset, one.name)));
        self.taken += run.taken.len();
        self.destroyed += run.destroyed.len();
        Ok(())
    }

    /// How many of each type a dataset has, and how far back they go.
    fn show(&self, dataset: &DatasetName) -> Vec<String> {
        let own = self.memory.get(dataset.as_str()).map_or(&[][..], Vec::as_slice);
        let keep = self.settings.first().map(|settings| settings.keep);
        let mut lines = Vec::new();
        for kind in ["hourly", "daily", "weekly", "monthly"] {
            let of_kind: Vec<&str> = own
                .iter()
                .map(|snapshot| snapshot.id.as_str())
                .filter(|name| type_of(name) == Some(kind))
                .collect();
            let wanted = backup_spec::sanoid::Type::named(kind).zip(keep.as_ref());
            let wanted = wanted.map_or(0.0, |(kind, keep)| keep.of(kind));
            lines.push(format!(
                "{kind:<8} {:>2} there, {wanted:>2} to be kept: {} to {}",
                of_kind.len(),
                of_kind.first().unwrap_or(&"none"),
                of_kind.last().unwrap_or(&"none"),
            ));
        }
        lines
    }
}

/// Brings every replica up to date, and tells of one.
fn replicate_all(story: &Story, shown: Option<&str>) -> Result<(usize, u64), Failure> {
    let (mut steps, mut bytes) = (0, 0);
    for name in SERVICES {
        let (own, replica) = story.forge.both(name)?;
        let own = own.ok_or("the service has its dataset")?;
        let target = story.forge.replica(name)?;
        let replication =
            replicate::planned(&own, &target, replica.as_ref(), &replicate::policy())??;
        if shown == Some(name) {
            story.tell.show(&replication);
        }
        steps += replication.steps.len();
        bytes += replicate::carry_out(&replication)?;
        let (own, replica) = story.forge.both(name)?;
        let newest = |lineage: &Option<restore_chain::lineage::Lineage>| {
            lineage.as_ref().and_then(|lineage| lineage.newest().map(|version| version.guid))
        };
        claim(newest(&own).is_some() && newest(&own) == newest(&replica), "the newest arrived")?;
    }
    Ok((steps, bytes))
}

pub(crate) fn play(story: &mut Story) -> Result<(), Failure> {
    story.tell.act("A month of snapshots and replication");
    let mut month = Month::new(&story.forge)?;
    let times = times()?;
    let start: Timestamp = START.parse()?;
    story.tell.say(format!(
        "The clock of the machine goes from {start} to {}, in {} steps: every {APART} hours for {DAYS} days, every hour for the \
         last {LAST_DAYS}, and twice more in the night in which the clock of {} goes back. At each step sanoid's rules \
         decide, from what `zfs list` shows, which snapshots are taken, and once a day which are destroyed. Every day the services write; \
         every {REPLICATED} days, and every day at last, their datasets are replicated to nas-1. The first replication of sonarr:",
        times.last().ok_or("the month has an end")?,
        times.len(),
        story.forge.copies.zone
    ));
    let (mut rounds, mut steps, mut bytes) = (0, 0, 0);
    for now in &times {
        machine::clock(*now)?;
        let hours = now.duration_since(start).as_hours();
        if hours % 24 == 0 {
            for name in SERVICES {
                let place = story.forge.service(name)?.mountpoint.to_string();
                files::day(name, Path::new(&place), u64::try_from(hours / 24)?)?;
            }
        }
        month.run(*now, hours % 24 == 0)?;
        // While hourly ones come and go within two days, three days would be too long: the base would be gone.
        let often = if hours >= DAYS * 24 { 1 } else { REPLICATED };
        if hours % (24 * often) == 0 && hours > 0 {
            let shown = (rounds == 0).then_some("sonarr");
            let (more, sent) = replicate_all(story, shown)?;
            (rounds, steps, bytes) = (rounds + 1, steps + more, bytes + sent);
        }
    }
    let there = observed(&month.datasets)?;
    claim(names(&there) == names(&month.memory), "what exists is what the policy says")?;
    story.tell.say(format!(
        "{} snapshots were taken and {} of them destroyed again. What exists now is, for each of the {} datasets and to the \
         last name, what the policy leaves if it is carried out in memory. tank/services/sonarr:",
        month.taken,
        month.destroyed,
        month.datasets.len()
    ));
    story.tell.show(month.show(&story.forge.service("sonarr")?.dataset).join("\n"));
    claim(!names(&there).values().flatten().any(|name| name.contains("dst")), "long pruned")?;
    story.tell.say(
        "In the hour that came twice, both were taken (and destroyed when their time had come):",
    );
    story.tell.show(month.twice.join("\n"));
    story.tell.say(format!(
        "{rounds} rounds of replication took {steps} sends and received {bytes} bytes. After each, the newest snapshot of \
         every replica was that of its source."
    ));
    for name in SERVICES {
        let place = story.forge.service(name)?.mountpoint.to_string();
        story.files.insert(name.to_owned(), Manifest::of(Path::new(&place))?);
    }
    Ok(())
}
