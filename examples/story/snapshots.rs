//! Snapshots by policy, on one machine: what sanoid's rules make of what is there, and doing it.

use std::collections::BTreeMap;

use backup_spec::Snapshot;
use backup_spec::retention::sanoid::{Run, World, run, type_of};
use backup_spec::sanoid::{Settings, Type};
use backup_spec::snapshots::Policies;
use backup_spec::spec::Checked;
use examples::Failure;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use restore_chain::command::Command;
use zfs_props::name::DatasetName;

use crate::claim;
use crate::machine::{run as carried_out, words};

/// Names and guids of the snapshots of each dataset, the oldest first.
///
/// Of these alone ZFS can tell without opening every snapshot.
pub(crate) fn listed(
    datasets: &[DatasetName],
) -> Result<BTreeMap<String, Vec<(String, u64)>>, Failure> {
    let mut all: BTreeMap<String, Vec<(String, u64)>> =
        datasets.iter().map(|dataset| (dataset.to_string(), Vec::new())).collect();
    let list = words("zfs list -Hp -t snapshot -o name,guid -s createtxg").args(all.keys());
    for line in carried_out(&list)?.lines() {
        let (name, guid) = line.split_once('\t').ok_or("two columns")?;
        let (dataset, name) = name.split_once('@').ok_or("a snapshot")?;
        let own = all.get_mut(dataset).ok_or("of a dataset that was asked for")?;
        own.push((name.to_owned(), guid.parse()?));
    }
    Ok(all)
}

/// By dataset, the oldest first.
type Snapshots = BTreeMap<String, Vec<Snapshot>>;

/// sanoid, on one machine.
pub(crate) struct Sanoid {
    settings: Vec<Settings>,
    zone: TimeZone,
    datasets: Vec<DatasetName>,
    /// What there is if the policy is carried out and nothing else happens.
    expected: Snapshots,
    /// When a snapshot was made, by its guid: that never changes, and is what takes ZFS long to tell.
    made: BTreeMap<u64, Timestamp>,
    pub(crate) taken: usize,
    pub(crate) destroyed: usize,
}

impl Sanoid {
    /// Of these datasets, as a machine declares it.
    pub(crate) fn new(copies: &Checked, datasets: Vec<DatasetName>) -> Result<Self, Failure> {
        let sanoid = copies.sanoid.as_ref().ok_or("the machine declares snapshots")?;
        let policies = Policies::of(sanoid, &datasets)?;
        let settings: Option<Vec<Settings>> =
            datasets.iter().map(|dataset| policies.get(dataset).cloned()).collect();
        Ok(Self {
            settings: settings.ok_or("every dataset has a policy")?,
            zone: copies.zone.zone().clone(),
            expected: datasets.iter().map(|dataset| (dataset.to_string(), Vec::new())).collect(),
            datasets,
            made: BTreeMap::new(),
            taken: 0,
            destroyed: 0,
        })
    }

    /// What ZFS lists; to the last name, it has to be what was expected.
    fn there(&mut self) -> Result<Snapshots, Failure> {
        let listed = listed(&self.datasets)?;
        let all =
            listed.iter().flat_map(|(dataset, own)| own.iter().map(move |one| (dataset, one)));
        let unknown: Vec<String> = all
            .filter(|(_, (_, guid))| !self.made.contains_key(guid))
            .map(|(dataset, (name, _))| format!("{dataset}@{name}"))
            .collect();
        if !unknown.is_empty() {
            let list = words("zfs list -Hp -o guid,creation").args(unknown);
            for line in carried_out(&list)?.lines() {
                let (guid, creation) = line.split_once('\t').ok_or("two columns")?;
                self.made.insert(guid.parse()?, Timestamp::from_second(creation.parse()?)?);
            }
        }
        let mut there = Snapshots::new();
        for (dataset, own) in listed {
            let mut snapshots = Vec::with_capacity(own.len());
            for (name, guid) in own {
                let made = self.made.get(&guid).ok_or("every snapshot was made at some time")?;
                snapshots.push(Snapshot::new(name, *made));
            }
            there.insert(dataset, snapshots);
        }
        let (names, expected) = (names(&there), names(&self.expected));
        claim(names == expected, format!("{expected:?} is what exists: {names:?}"))?;
        Ok(there)
    }

    fn decide(&self, now: Timestamp, datasets: Snapshots) -> Run {
        let (zone, capacity) = (self.zone.clone(), BTreeMap::new());
        run(&self.settings, &World { now, zone, datasets, capacity })
    }

    /// One run: decided from what ZFS lists, and no other than what was to be expected. The half of it that destroys
    /// need not be part of it: sanoid has that as a run of its own.
    pub(crate) fn run(&mut self, now: Timestamp, prunes: bool) -> Result<Run, Failure> {
        let there = self.there()?;
        let mut run = self.decide(now, there);
        claim(run.died.is_none() && run.failed.is_empty(), format!("{run:?} does all it wants"))?;
        let mut expected = self.decide(now, self.expected.clone());
        if !prunes {
            run.destroyed.clear();
            expected.destroyed.clear();
        }
        claim(
            done(&run) == done(&expected),
            format!("at {now} the same from memory and from the disk: {expected:?} and {run:?}"),
        )?;
        carry_out(&run)?;
        for one in &run.taken {
            let own = self.expected.entry(one.dataset.clone()).or_default();
            own.push(Snapshot::new(one.name.clone(), now));
        }
        for (dataset, name, _) in &run.destroyed {
            let own = self.expected.entry(dataset.clone()).or_default();
            own.retain(|snapshot| snapshot.id != *name);
        }
        self.taken += run.taken.len();
        self.destroyed += run.destroyed.len();
        Ok(run)
    }

    /// What the datasets of another machine, in the same order, have beyond the newest here, arrives here.
    pub(crate) fn receive(&mut self, from: &Self) {
        for (own, source) in self.datasets.iter().zip(&from.datasets) {
            let sent = from.expected.get(source.as_str()).map_or(&[][..], Vec::as_slice);
            let own = self.expected.entry(own.to_string()).or_default();
            let known = own.last().map(|snapshot| snapshot.id.clone());
            let newest = known.and_then(|id| sent.iter().position(|snapshot| snapshot.id == id));
            own.extend(sent.iter().skip(newest.map_or(0, |newest| newest + 1)).cloned());
        }
    }

    /// That ZFS lists what is left if the policy is carried out in memory.
    pub(crate) fn is_as_expected(&mut self) -> Result<(), Failure> {
        self.there().map(drop)
    }

    /// Whether one of the snapshots is called so.
    pub(crate) fn has(&self, name: impl Fn(&str) -> bool) -> bool {
        self.expected.values().flatten().any(|snapshot| name(&snapshot.id))
    }

    /// How many of each type a dataset has, and how far back they go.
    pub(crate) fn summary(&self, dataset: &DatasetName) -> String {
        let own = self.expected.get(dataset.as_str()).map_or(&[][..], Vec::as_slice);
        let settings = self.datasets.iter().zip(&self.settings).find(|(own, _)| *own == dataset);
        let mut lines = Vec::new();
        for kind in ["hourly", "daily", "weekly", "monthly"] {
            let of_kind: Vec<&str> = own
                .iter()
                .map(|snapshot| snapshot.id.as_str())
                .filter(|name| type_of(name) == Some(kind))
                .collect();
            let wanted = Type::named(kind).zip(settings);
            let wanted = wanted.map_or(0.0, |(kind, (_, settings))| settings.keep.of(kind));
            lines.push(format!(
                "{kind:<8} {:>2} there, {wanted:>2} to be kept: {} to {}",
                of_kind.len(),
                of_kind.first().unwrap_or(&"none"),
                of_kind.last().unwrap_or(&"none"),
            ));
        }
        lines.join("\n")
    }
}

/// What a run takes and what it destroys, by name: to the second, ZFS makes a snapshot later than it was decided.
fn done(run: &Run) -> Vec<(bool, &str, &str)> {
    let taken = run.taken.iter().map(|one| (true, one.dataset.as_str(), one.name.as_str()));
    let gone =
        run.destroyed.iter().map(|(dataset, name, _)| (false, dataset.as_str(), name.as_str()));
    taken.chain(gone).collect()
}

fn names(snapshots: &Snapshots) -> BTreeMap<&str, Vec<&str>> {
    let names = snapshots.iter().map(|(dataset, own)| {
        let mut names: Vec<&str> = own.iter().map(|snapshot| snapshot.id.as_str()).collect();
        names.sort_unstable();
        (dataset.as_str(), names)
    });
    names.collect()
}

/// One command for all snapshots of a name (ZFS takes no two of a dataset at once), one for all that go from a dataset.
fn carry_out(run: &Run) -> Result<(), Failure> {
    let mut taken: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for one in &run.taken {
        taken.entry(&one.name).or_default().push(format!("{}@{}", one.dataset, one.name));
    }
    for snapshots in taken.into_values() {
        carried_out(&words("zfs snapshot").args(snapshots))?;
    }
    let mut gone: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (dataset, name, _) in &run.destroyed {
        gone.entry(dataset).or_default().push(name);
    }
    for (dataset, names) in gone {
        let snapshots = format!("{dataset}@{}", names.join(","));
        carried_out(&Command::new(["zfs", "destroy"]).arg(snapshots))?;
    }
    Ok(())
}
