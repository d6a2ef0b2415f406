//! What coverage says against what the rendered units do: read back from their command lines, and walked as restic walks.
#![cfg(feature = "proptest")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};

use backup_spec::coverage::{Coverage, Filesystem, Held, Inventory, Subject, Tier, Via};
use backup_spec::path::AbsolutePath;
use backup_spec::render::Units;
use backup_spec::render::restic::Backup;
use backup_spec::render::unit_file::{UnitFile, read_command};
use backup_spec::spec::Checked;
use backup_spec::spec::strategy::{inventory, spec};
use backup_spec::units::Task;
use proptest::prelude::*;

fn commands(unit: &UnitFile, key: &str) -> Vec<Vec<String>> {
    unit.get("Service", key).map(|line| read_command(line).unwrap().0).collect()
}

/// Where a path of the host is while a unit runs, and on which filesystem: its own, or one that the unit's `zfs clone` mounted.
struct World {
    /// Every file: where it is met, its device, its path on the host, its size.
    files: Vec<(String, String, AbsolutePath, u64)>,
    devices: BTreeMap<String, String>,
}

impl World {
    fn of(unit: &UnitFile, inventory: &Inventory) -> Self {
        let mut devices: BTreeMap<String, String> =
            inventory.mounts().map(|(path, fs)| (path.to_string(), fs.to_string())).collect();
        let mut files: Vec<(String, String, AbsolutePath, u64)> = Vec::new();
        let root: AbsolutePath = "/".parse().unwrap();
        for (path, bytes) in inventory.files_within(&root) {
            let device = inventory.resolve(path).map(|(_, fs)| fs.to_string()).unwrap_or_default();
            files.push((path.to_string(), device, path.clone(), bytes));
        }
        for words in commands(unit, "ExecStartPre").iter().filter(|words| words[1] == "clone") {
            let at = words.iter().find_map(|word| word.strip_prefix("mountpoint=")).unwrap();
            let dataset = words[words.len() - 2].split('@').next().unwrap();
            let device = words.last().unwrap().clone();
            let filesystem = Filesystem::Dataset(dataset.parse().unwrap());
            for (path, bytes) in inventory.files_within(&root) {
                let Some((mount, found)) = inventory.resolve(path) else { continue };
                if *found == filesystem {
                    let met = format!("{at}/{}", path.below(mount).unwrap());
                    files.push((met, device.clone(), path.clone(), bytes));
                }
            }
            devices.insert(at.to_owned(), device);
        }
        Self { files, devices }
    }

    fn device(&self, path: &str) -> &str {
        let mut here = path;
        loop {
            let key = if here.is_empty() { "/" } else { here };
            if let Some(device) = self.devices.get(key) {
                return device;
            }
            here = here.rsplit_once('/').unwrap().0;
        }
    }

    /// The files of the host that restic takes.
    fn walk(&self, run: &Backup) -> BTreeSet<AbsolutePath> {
        let taken = self.files.iter().filter(|file| self.takes(run, &file.0, &file.1));
        taken.map(|(_, _, live, _)| live.clone()).collect()
    }

    /// Down from the path that restic was given: at each step the patterns, the device, the tag of a cache.
    fn takes(&self, run: &Backup, met: &str, device: &str) -> bool {
        let within = |root: &&AbsolutePath| {
            let root = root.as_str();
            root == "/" || met == root || met.starts_with(&format!("{root}/"))
        };
        let Some(root) = run.roots.iter().filter(within).max_by_key(|root| root.as_str().len())
        else {
            return false;
        };
        // Each path that was given is walked for itself; what one of them leaves out, a deeper one may take.
        let given = run.roots.iter().filter(within).any(|root| self.walks(run, root.as_str(), met));
        let home = self.device(root.as_str());
        let same = |path: &str| !run.one_file_system || self.device(path) == home;
        let steps: Vec<&str> = met.match_indices('/').map(|(at, _)| &met[..at]).collect();
        let below = steps.into_iter().filter(|step| step.len() >= root.as_str().len());
        given && below.chain([met]).all(same) && (!run.one_file_system || device == home)
    }

    fn walks(&self, run: &Backup, root: &str, met: &str) -> bool {
        let mut steps: Vec<&str> = met.match_indices('/').map(|(at, _)| &met[..at]).collect();
        steps.push(met);
        let below: Vec<&str> = steps.into_iter().filter(|step| step.len() >= root.len()).collect();
        for step in &below {
            if run.excludes.matches(step) {
                return false;
            }
            let Some((directory, name)) = step.rsplit_once('/') else { continue };
            let tagged =
                self.files.iter().any(|(met, ..)| *met == format!("{directory}/CACHEDIR.TAG"));
            if run.marks.exclude_caches && tagged && name != "CACHEDIR.TAG" && *step != root {
                return false;
            }
        }
        true
    }
}

fn units(spec: &Checked) -> Units {
    Units::of(spec, &BTreeMap::new()).unwrap()
}

/// A path of the host that each file of a job's copies stands for.
fn taken(spec: &Checked, task: &Task, inventory: &Inventory) -> BTreeSet<AbsolutePath> {
    let unit = &units(spec).files[&task.service()];
    let run = Backup::from_args(&commands(unit, "ExecStart")[0]).unwrap();
    World::of(unit, inventory).walk(&run)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// Coverage says that a job holds a file exactly if the job's rendered unit copies it.
    #[test]
    fn a_file_is_covered_if_and_only_if_the_unit_copies_it(spec in spec(), inventory in inventory()) {
        for (name, job) in spec.jobs.iter().filter(|(_, job)| job.enable) {
            let scan = spec.scan(name).unwrap();
            let copied = taken(&spec, &Task::Backup(name.clone()), &inventory);
            for (file, _) in inventory.files_within(&"/".parse().unwrap()) {
                let verdict = scan.verdict(file, &inventory);
                // A dataset that is not where its job expects it is none of its own, though the clone would hold it.
                if matches!(verdict, backup_spec::scan::Verdict::MountedElsewhere { .. }) {
                    continue;
                }
                prop_assert_eq!(verdict.is_included(), copied.contains(file), "{} {}: {:?}\n{:?}", name, file, verdict, job);
            }
        }
    }

    /// What is counted as included is what is copied; no job that is off, and none that is not declared, counts.
    #[test]
    fn what_is_counted_is_what_is_copied(spec in spec(), inventory in inventory()) {
        for entry in &Coverage::of(&spec, &inventory).entries {
            for copy in &entry.copies {
                let (Via::Task(task @ Task::Backup(name)), Held::Files { path, included, .. }) = (&copy.via, &copy.held) else { continue };
                prop_assert!(spec.jobs[name].enable);
                let copied = taken(&spec, task, &inventory);
                let within = |file: &&AbsolutePath| file.is_within(path) && inventory.file(file).is_some();
                prop_assert_eq!(included.files, copied.iter().filter(within).count() as u64);
            }
        }
    }

    /// A subject is protected by a job only if an ordinary file in it would be copied.
    #[test]
    fn an_ordinary_file_of_whatever_is_protected_is_copied(spec in spec(), inventory in inventory()) {
        for entry in &Coverage::of(&spec, &inventory).entries {
            let top = match &entry.subject {
                Subject::Path(path) => path.clone(),
                Subject::Dataset(dataset) => {
                    let Some(mount) = inventory.mount_of(dataset) else {
                        let jobs = entry.copies.iter().filter(|copy| matches!(&copy.via, Via::Task(Task::Backup(_))));
                        prop_assert_eq!(jobs.count(), 0, "a dataset that is not mounted has no files");
                        continue;
                    };
                    mount.clone()
                }
                _ => continue,
            };
            let mut fuller = inventory.clone();
            let file = top.join("nobody knows me");
            fuller.add_file(file.clone(), 1);
            for copy in &entry.copies {
                let Via::Task(task @ Task::Backup(_)) = &copy.via else { continue };
                prop_assert!(taken(&spec, task, &fuller).contains(&file), "{} {}", entry.subject, task);
            }
        }
    }

    /// Neither the order of declarations nor more jobs make coverage worse.
    #[test]
    fn one_job_less_never_protects_more(spec in spec(), inventory in inventory()) {
        let before = Coverage::of(&spec, &inventory);
        for name in spec.jobs.keys().take(1) {
            let mut fewer = spec.clone().into_spec();
            fewer.jobs.remove(name);
            let Ok(fewer) = fewer.check() else { continue };
            let after = Coverage::of(&fewer, &inventory);
            for (before, after) in before.entries.iter().zip(&after.entries) {
                prop_assert_eq!(&before.subject, &after.subject);
                let met = |entry: &backup_spec::coverage::Entry| -> BTreeSet<Tier> {
                    entry.copies.iter().map(|copy| copy.tier).collect()
                };
                prop_assert!(met(after).is_subset(&met(before)));
                prop_assert!(after.onsite.is_none() || after.onsite >= before.onsite);
            }
        }
    }
}
