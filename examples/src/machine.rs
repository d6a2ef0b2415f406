//! A machine: what it declares, and what was seen of its datasets.

use std::fs;

use backup_spec::coverage::{Inventory, Tier};
use dataset_plan::Observed;
use restore_chain::render::systemd;
use zfs_props::Property;
use zfs_props::kind::DatasetKind;

use crate::{Failure, Host};

/// A declaration and an observation.
#[derive(Clone, Debug)]
pub struct Machine {
    /// What it declares.
    pub host: Host,
    /// What was observed of its datasets.
    pub observed: Observed,
}

impl Machine {
    /// The application server that comes with the examples, as it was recorded half built.
    pub fn forge() -> Result<Self, Failure> {
        let observed = observed("forge.get", include_bytes!("../hosts/forge.get"))?;
        let directories = include_str!("../hosts/forge.stat");
        let observed = of_file("forge.stat", observed.with_directories(directories))?;
        Ok(Self { host: Host::forge()?, observed })
    }

    /// The small machine that comes with the examples.
    pub fn luna() -> Result<Self, Failure> {
        let observed = observed("luna.get", include_bytes!("../hosts/luna.get"))?;
        Ok(Self { host: Host::luna()?, observed })
    }

    /// Another one, from its declaration (TOML or JSON) and its observation (`zfs get -Hp -o
    /// name,property,value,received,source all`, or `zfs get -jp all`), perhaps with what `stat -c '%U:%u %G:%g %a %n'`
    /// prints of its mounted directories.
    pub fn read(host: &str, get: &str, stat: Option<&str>) -> Result<Self, Failure> {
        let host = read_host(host)?;
        let mut seen = observed(get, &fs::read(get).map_err(|error| format!("{get}: {error}"))?)?;
        if let Some(stat) = stat {
            seen = of_file(stat, seen.with_directories(&read_text(stat)?))?;
        }
        Ok(Self { host, observed: seen })
    }

    /// What is on it with these datasets: where they are mounted, its shares, and who vouches for what. A service that
    /// comes back by itself has the unit that brings it back.
    pub fn inventory(&self, observed: &Observed) -> Result<Inventory, Failure> {
        let Host { datasets, restore, facts, .. } = &self.host;
        let mut inventory = Inventory::default();
        for (name, dataset) in observed.datasets() {
            match dataset.kind {
                Some(DatasetKind::Volume) => inventory.add_volume(name.clone()),
                Some(DatasetKind::Filesystem) => inventory.add_filesystem(name.clone(), None),
                _ => {}
            }
        }
        let mountpoint = Property::Mountpoint.into();
        for effective in observed.effective(datasets.release) {
            let path = effective.value.parse().ok();
            if effective.property == mountpoint && path.is_some() {
                inventory.add_filesystem(effective.dataset, path);
            }
        }
        // `legacy` does not say where: the installer's part of the declaration does.
        for (dataset, base) in &datasets.base {
            if let Some(path) = &base.mounted_at {
                inventory.add_filesystem(dataset.clone(), Some(path.parse()?));
            }
        }
        for (path, machine) in &facts.shares {
            inventory.add_mount(path.parse()?, machine.clone());
        }
        for service in restore.services.values() {
            let unit = format!("preseed-{}.service", systemd::escape(&service.name));
            let subject = service.dataset.as_str().parse()?;
            inventory.vouch(subject, Tier::AutomatedRestore, unit);
        }
        for (subject, tier, who) in &facts.vouched {
            inventory.vouch(subject.clone(), *tier, who.clone());
        }
        Ok(inventory)
    }
}

/// Reads a host's file; an error names the file at every problem.
pub fn read_host(file: &str) -> Result<Host, Failure> {
    of_file(file, Host::from_text(&read_text(file)?))
}

fn read_text(file: &str) -> Result<String, Failure> {
    fs::read_to_string(file).map_err(|error| format!("{file}: {error}").into())
}

/// JSON begins with a brace; what `zfs get -H` prints does not.
fn observed(file: &str, content: &[u8]) -> Result<Observed, Failure> {
    let first = content.iter().find(|byte| !byte.is_ascii_whitespace());
    of_file(
        file,
        match first {
            Some(b'{') => Observed::from_zfs_get_json(content),
            _ => Observed::from_zfs_get(content),
        },
    )
}

/// Names the file in an error about it.
fn of_file<T, E: std::fmt::Display>(file: &str, result: Result<T, E>) -> Result<T, Failure> {
    result.map_err(|error| {
        let lines: Vec<_> =
            error.to_string().lines().map(|line| format!("{file}: {line}")).collect();
        lines.join("\n").into()
    })
}
