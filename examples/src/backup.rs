//! What protects a host: from the datasets that a plan leaves behind and a declaration of copies.

use std::io::{self, Write};

use backup_spec::Spec;
use backup_spec::coverage::{Coverage, Inventory, Subject};
use backup_spec::retention::{Policy, simulate};
use backup_spec::spec::Checked;
use dataset_plan::Observed;
use jiff::{SignedDuration, Timestamp};
use zfs_props::Property;
use zfs_props::kind::DatasetKind;

use crate::{Failure, File};

/// What a host declares about its copies, and who answers for what it does not do itself.
#[derive(Clone, Debug)]
pub struct Backup {
    spec: File,
    vouched: Option<File>,
    /// Shares, and the machines that they are of.
    shares: &'static [(&'static str, &'static str)],
}

impl Backup {
    /// Of the application server that comes with the examples.
    pub fn forge() -> Self {
        let file = |name: &str, content: &[u8]| File { name: name.into(), content: content.into() };
        Self {
            spec: file("forge-backup.toml", include_bytes!("../hosts/forge-backup.toml")),
            vouched: Some(file("forge.vouched", include_bytes!("../hosts/forge.vouched"))),
            shares: &[
                ("/mnt/nas-backup", "nas-1"),
                ("/mnt/nas-postgresql", "nas-1"),
                ("/mnt/media", "nas-1"),
            ],
        }
    }

    /// Of the small machine that comes with the examples.
    pub fn luna() -> Self {
        let content = include_bytes!("../hosts/luna-backup.toml").into();
        let spec = File { name: "luna-backup.toml".into(), content };
        Self { spec, vouched: None, shares: &[] }
    }

    /// Of another host, in TOML or JSON.
    pub fn read(spec: &str) -> Result<Self, Failure> {
        Ok(Self { spec: File::read(spec)?, vouched: None, shares: &[] })
    }

    /// The declaration; an error lists every problem with its line.
    pub fn spec(&self) -> Result<Checked, Failure> {
        let text = self.spec.text()?;
        let spec = if self.spec.is_json() { Spec::from_json(text) } else { Spec::from_toml(text) };
        self.spec.name(self.spec.name(spec)?.check())
    }

    /// What is on the host: its datasets where they are mounted, its shares, and who vouches for what.
    pub fn inventory(
        &self,
        declared: &dataset_plan::Spec,
        observed: &Observed,
    ) -> Result<Inventory, Failure> {
        let mut inventory = Inventory::default();
        for (name, dataset) in observed.datasets() {
            match dataset.kind {
                Some(DatasetKind::Volume) => inventory.add_volume(name.clone()),
                Some(DatasetKind::Filesystem) => inventory.add_filesystem(name.clone(), None),
                _ => {}
            }
        }
        let mountpoint = Property::Mountpoint.into();
        for effective in observed.effective(declared.release) {
            let path = effective.value.parse().ok();
            if effective.property == mountpoint && path.is_some() {
                inventory.add_filesystem(effective.dataset, path);
            }
        }
        // `legacy` does not say where: the installer's part of the declaration does.
        for (dataset, base) in &declared.base {
            if let Some(path) = &base.mounted_at {
                inventory.add_filesystem(dataset.clone(), Some(path.parse()?));
            }
        }
        for (path, machine) in self.shares {
            inventory.add_mount(path.parse()?, *machine);
        }
        let text = self.vouched.as_ref().map(File::text).transpose()?.unwrap_or_default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let [subject, tier, who] = line.split(' ').collect::<Vec<_>>()[..] else {
                return Err(format!("`{line}` is not SUBJECT TIER WHO").into());
            };
            let tiers = backup_spec::coverage::Tier::WORDS;
            let tier = tiers.iter().find(|(word, _)| *word == tier);
            let (_, tier) = tier.ok_or_else(|| format!("`{line}` names no tier"))?;
            inventory.vouch(subject.parse::<Subject>()?, *tier, who);
        }
        Ok(inventory)
    }
}

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
