//! A migration, driven in a small model of a host: crashes after and inside every command, with and without a
//! reboot, forwards and backwards.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;

use dataset_plan::Observed;
use dataset_plan::command::Command;
use dataset_plan::migration::{From, Migration, Move, NotNow, Phase, Proof, State, Step, Stuck};

type Files = BTreeMap<String, u32>;

const PATH: &str = "/var/lib/sonarr";
const NEW: &str = "tank/services/sonarr";
const OLD: &str = "tank/old";
const START: u64 = 1_800_000_000;

#[derive(Clone, Debug, Default)]
struct Dataset {
    properties: BTreeMap<String, String>,
    files: Files,
    /// When it was mounted: the latest one at a path covers what was there.
    mounted: Option<u32>,
}

/// A host whose service is enabled, starts at every boot, and writes whenever it can.
#[derive(Clone, Debug)]
struct World {
    datasets: BTreeMap<String, Dataset>,
    directories: BTreeMap<String, Files>,
    running: bool,
    clock: u32,
    /// What the service wrote last, all of it.
    truth: Files,
    /// The service ran where its data was not.
    strayed: bool,
}

impl World {
    fn new(from: &From) -> Self {
        let files: Files = (0..6).map(|n| (format!("file{n}"), n)).collect();
        let mut world = Self {
            datasets: BTreeMap::new(),
            directories: BTreeMap::new(),
            running: true,
            clock: 0,
            truth: files.clone(),
            strayed: false,
        };
        match from {
            From::Directory => {
                world.directories.insert(PATH.into(), files);
            }
            From::Dataset(old) => {
                let properties = [("mountpoint", PATH), ("canmount", "on")];
                let properties = properties.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
                let old_dataset = Dataset { properties, files, mounted: Some(0) };
                world.datasets.insert(old.to_string(), old_dataset);
            }
        }
        world
    }

    fn covering(&self, path: &str) -> Option<&String> {
        let here = self.datasets.iter().filter(|(_, dataset)| {
            dataset.mounted.is_some() && dataset.properties["mountpoint"] == path
        });
        here.max_by_key(|(_, dataset)| dataset.mounted).map(|(name, _)| name)
    }

    fn files(&mut self, path: &str) -> &mut Files {
        let path = path.trim_end_matches('/');
        match self.covering(path).cloned() {
            Some(name) => &mut self.datasets.get_mut(&name).unwrap().files,
            None => self.directories.entry(path.to_owned()).or_default(),
        }
    }

    fn service_writes(&mut self) {
        if !self.running {
            return;
        }
        self.clock += 1;
        let clock = self.clock;
        let (truth, strayed) = (self.truth.clone(), self.strayed);
        let files = self.files(PATH);
        let at_home = *files == truth && !strayed;
        files.insert("database".into(), clock);
        if at_home {
            self.truth = files.clone();
        } else {
            self.strayed = true;
        }
    }

    fn mount(&mut self, name: &str) {
        self.clock += 1;
        let clock = self.clock;
        self.datasets.get_mut(name).unwrap().mounted = Some(clock);
    }

    fn reboot(&mut self) {
        let names: Vec<String> = self.datasets.keys().cloned().collect();
        for name in names {
            self.datasets.get_mut(&name).unwrap().mounted = None;
            if self.datasets[&name].properties["canmount"] == "on" {
                self.mount(&name);
            }
        }
        self.running = true;
        self.service_writes();
    }

    /// Does what a command does; `cut`: the machine stops in the middle of it.
    fn run(&mut self, step: &Move, cut: bool) -> Result<(), String> {
        let command = step.command();
        let argv: Vec<&str> = command.argv().iter().map(String::as_str).collect();
        let last = (*argv.last().unwrap()).to_owned();
        match &argv[..2] {
            // One change of the pool, or none.
            ["zfs" | "mv", _] if cut => {}
            ["zfs", "create"] => {
                let properties = assignments(&argv);
                self.datasets.insert(last, Dataset { properties, ..Dataset::default() });
            }
            ["zfs", "set"] => {
                let dataset = self.datasets.get_mut(&last).ok_or("no such dataset")?;
                dataset.properties.extend(assignments(&argv));
                let may = dataset.properties["canmount"] == "on" || dataset.mounted.is_some();
                if may && argv.iter().any(|word| word.starts_with("mountpoint=")) {
                    self.mount(&last);
                }
            }
            ["zfs", "mount"] if self.datasets[&last].mounted.is_some() => {
                return Err("mounted".into());
            }
            ["zfs", "mount"] => self.mount(&last),
            ["zfs", "unmount"] => self.datasets.get_mut(&last).unwrap().mounted = None,
            ["zfs", "destroy"] => {
                self.datasets.remove(&last).ok_or("no such dataset")?;
            }
            ["systemctl", verb] => {
                self.running = *verb == "start";
                self.service_writes();
            }
            ["rsync", _] => {
                let source = self.files(argv[argv.len() - 2]).clone();
                if argv.contains(&"--dry-run") {
                    let same = *self.files(&last) == source;
                    assert!(matches!(step, Move::Run { proof: Proof::Silence, .. }));
                    return if same { Ok(()) } else { Err("differs".into()) };
                }
                let target = self.files(&last);
                let all = if cut { source.len() / 2 } else { source.len() };
                target.extend(source.iter().take(all).map(|(name, file)| (name.clone(), *file)));
                target.retain(|name, _| source.contains_key(name));
            }
            ["mv", _] => {
                let from = argv[argv.len() - 2];
                if self.directories.get(&last).is_some_and(|there| !there.is_empty()) {
                    return Err("not empty".into());
                }
                assert!(self.covering(from).is_none() && self.covering(&last).is_none(), "busy");
                let files = self.directories.remove(from).ok_or("no such directory")?;
                self.directories.insert(last, files);
            }
            ["findmnt", _] => {
                let source = argv[2].to_owned();
                return if self.covering(&last) == Some(&source) {
                    Ok(())
                } else {
                    Err("not there".into())
                };
            }
            ["rm", _] => {
                assert!(self.covering(&last).is_none(), "{last} is a dataset");
                let files = self.directories.entry(last.clone()).or_default();
                while files.len() > usize::from(cut) {
                    files.pop_first();
                }
            }
            ["restic", "backup"] => {}
            _ => panic!("{command}"),
        }
        Ok(())
    }

    fn observed(&self) -> Observed {
        let mut text =
            String::from("tank\ttype\tfilesystem\t-\t-\ntank\tmountpoint\tnone\t-\tlocal\n");
        text.push_str("tank/services\ttype\tfilesystem\t-\t-\n");
        for (name, dataset) in &self.datasets {
            let mounted = if dataset.mounted.is_some() { "yes" } else { "no" };
            writeln!(text, "{name}\ttype\tfilesystem\t-\t-\n{name}\tmounted\t{mounted}\t-\t-")
                .unwrap();
            for (property, value) in &dataset.properties {
                writeln!(text, "{name}\t{property}\t{value}\t-\tlocal").unwrap();
            }
        }
        Observed::from_zfs_get(text).unwrap()
    }

    fn occupied(&self) -> BTreeSet<String> {
        let bare = self
            .directories
            .iter()
            .filter(|(path, files)| !files.is_empty() && self.covering(path).is_none());
        bare.map(|(path, _)| path.clone()).collect()
    }

    /// What the service wrote is somewhere, whole.
    fn is_safe(&self) -> bool {
        let datasets = self.datasets.values().map(|dataset| &dataset.files);
        datasets.chain(self.directories.values()).any(|files| *files == self.truth)
    }
}

fn assignments(argv: &[&str]) -> BTreeMap<String, String> {
    let pairs = argv[..argv.len() - 1].iter().filter_map(|word| word.split_once('='));
    pairs.map(|(property, value)| (property.to_owned(), value.to_owned())).collect()
}

fn migration(from: From) -> Migration {
    Migration {
        from,
        to: NEW.parse().unwrap(),
        path: PATH.into(),
        properties: Vec::new(),
        services: vec!["sonarr".parse().unwrap()],
        backup: Some(Command::new(["restic", "backup", PATH])),
        hold: Migration::HOLD,
    }
}

fn both() -> [Migration; 2] {
    [migration(From::Directory), migration(From::Dataset(OLD.parse().unwrap()))]
}

/// Does a phase's moves; `budget` is how many commands are left until the machine stops, inside one or
/// after it. `Err`: it stopped, or a command failed.
fn carry_out(
    world: &mut World,
    phase: &Phase,
    budget: &mut usize,
    inside: bool,
) -> Result<(), String> {
    for step in &phase.moves {
        if *budget == 0 {
            if inside {
                let _ = world.run(step, true);
            }
            return Err("stopped".into());
        }
        *budget -= 1;
        world.run(step, false).map_err(|error| format!("{step}: {error}"))?;
        assert!(world.is_safe(), "lost after {step}: {world:?}");
        world.service_writes();
    }
    Ok(())
}

/// Goes on until the new copy is in use, or the machine stops.
fn forwards(
    world: &mut World,
    migration: &Migration,
    budget: &mut usize,
    inside: bool,
) -> Result<(), String> {
    loop {
        let next = migration.next(&world.observed(), &world.occupied(), START, &BTreeSet::new());
        let phase = next.map_err(|error| error.to_string())?;
        carry_out(world, &phase, budget, inside)?;
        if matches!(phase.step, Step::Hold { .. }) {
            return Ok(());
        }
    }
}

fn backwards(
    world: &mut World,
    migration: &Migration,
    budget: &mut usize,
    inside: bool,
) -> Result<(), String> {
    let phase = migration.back(&world.observed(), &world.occupied());
    let phase = phase.map_err(|error| error.to_string())?;
    carry_out(world, &phase, budget, inside)
}

/// Every world that a machine can be left in that stops during `drive`, with and without a reboot.
fn interrupted(
    start: &World,
    drive: impl Fn(&mut World, &mut usize, bool) -> Result<(), String>,
) -> Vec<(String, World)> {
    let mut left = Vec::new();
    for inside in [false, true] {
        for commands in 0.. {
            let mut world = start.clone();
            let mut budget = commands;
            let done = drive(&mut world, &mut budget, inside).is_ok();
            assert!(world.is_safe(), "{world:?}");
            let mut rebooted = world.clone();
            rebooted.reboot();
            assert!(rebooted.is_safe(), "{rebooted:?}");
            let how = format!("after {commands} commands, inside {inside}");
            left.push((how.clone(), world));
            left.push((how + ", rebooted", rebooted));
            if done {
                break;
            }
            assert!(commands < 100, "it never ends");
        }
    }
    left
}

/// Either it is stuck by name, because the service ran where no data was, or it ended well.
fn ended(how: &str, world: &World, migration: &Migration, result: Result<(), String>) -> bool {
    assert!(world.is_safe(), "{how}: {world:?}");
    let Err(error) = result else { return true };
    let stuck = migration.state(&world.observed(), &world.occupied());
    assert!(world.strayed && matches!(stuck, Err(Stuck::Both { .. })), "{how}: {error}, {world:?}");
    false
}

#[test]
fn undisturbed_it_goes_from_the_old_copy_to_the_new_one_and_the_old_one_goes_by_grant_and_time_alone()
 {
    for migration in both() {
        let mut world = World::new(&migration.from);
        forwards(&mut world, &migration, &mut 1000, false).unwrap();
        assert_eq!(world.covering(PATH).unwrap(), NEW);
        assert!(world.running && !world.strayed);

        let granted = BTreeSet::from([migration.old_copy()]);
        let next = |world: &World, now, grants: &BTreeSet<String>| {
            migration.next(&world.observed(), &world.occupied(), now, grants)
        };
        let early = next(&world, START + Migration::HOLD - 1, &granted).unwrap();
        assert_eq!(early.step, Step::Hold { until: START + Migration::HOLD });
        let late = START + Migration::HOLD;
        for grants in [BTreeSet::new(), BTreeSet::from(["tank/other".to_owned()])] {
            let refused = next(&world, late, &grants).unwrap_err();
            assert_eq!(refused, NotNow::NoGrant(migration.old_copy()));
        }
        let retire = next(&world, late, &granted).unwrap();
        assert_eq!(retire.step, Step::Retire);
        for (how, mut world) in
            interrupted(&world, |world, budget, inside| carry_out(world, &retire, budget, inside))
        {
            if let Ok(phase) = next(&world, late, &granted) {
                carry_out(&mut world, &phase, &mut 1000, false)
                    .unwrap_or_else(|error| panic!("{how}: {error}"));
            }
            assert_eq!(next(&world, late, &granted).unwrap_err(), NotNow::Done, "{how}");
            assert_eq!(world.files(PATH).clone(), world.truth, "{how}");
            assert_eq!(world.datasets.len(), 1, "{how}");
            assert!(world.occupied().is_empty(), "{how}");
        }
    }
}

#[test]
fn whatever_interrupts_it_going_on_ends_with_all_data_in_the_new_dataset_or_stuck_by_name() {
    for migration in both() {
        let start = World::new(&migration.from);
        let drive = |world: &mut World, budget: &mut usize, inside| {
            forwards(world, &migration, budget, inside)
        };
        let mut well = 0;
        for (how, mut world) in interrupted(&start, drive) {
            let result = forwards(&mut world, &migration, &mut 1000, false);
            if ended(&how, &world, &migration, result) {
                well += 1;
                assert_eq!(world.covering(PATH).unwrap(), NEW, "{how}");
                assert_eq!(world.files(PATH).clone(), world.truth, "{how}");
                assert!(world.running, "{how}");
            }
        }
        assert!(well > 40, "{well}");
    }
}

#[test]
fn from_every_point_there_is_a_way_back_with_all_that_was_written() {
    for migration in both() {
        let start = World::new(&migration.from);
        let drive = |world: &mut World, budget: &mut usize, inside| {
            forwards(world, &migration, budget, inside)
        };
        for (how, world) in interrupted(&start, drive) {
            let back = |world: &mut World, budget: &mut usize, inside| {
                backwards(world, &migration, budget, inside)
            };
            // The way back is interrupted too.
            let mut once = world.clone();
            if !ended(
                &how,
                &once.clone(),
                &migration,
                backwards(&mut once, &migration, &mut 1000, false),
            ) {
                continue;
            }
            for (then, mut world) in interrupted(&world, back) {
                let how = format!("{how}; back: {then}");
                let result = backwards(&mut world, &migration, &mut 1000, false);
                if ended(&how, &world, &migration, result) {
                    assert_ne!(world.covering(PATH).map(String::as_str), Some(NEW), "{how}");
                    assert_eq!(world.files(PATH).clone(), world.truth, "{how}");
                    assert!(world.running, "{how}");
                }
            }
        }
    }
}

/// A property that is inherited says nothing of this dataset, and another's marker nothing of this migration.
#[test]
fn only_its_own_marker_counts() {
    let migration = migration(From::Directory);
    let occupied = BTreeSet::from([PATH.to_owned()]);
    let state = |source: &str, value: &str| {
        let text = format!(
            "tank\ttype\tfilesystem\t-\t-\n{NEW}\ttype\tfilesystem\t-\t-\n{NEW}\t{}\t{value}\t-\t{source}\n",
            Migration::MARKER
        );
        migration.state(&Observed::from_zfs_get(text).unwrap(), &occupied)
    };
    let seeded = format!("seeded {PATH}");
    assert_eq!(state("local", &seeded), Ok(State::Seeded));
    for (source, value) in [
        ("received", seeded.as_str()),
        ("inherited from tank", &seeded),
        ("local", "seeded /var/lib/radarr"),
        ("local", "seeded"),
        ("local", "switched@soon /var/lib/sonarr"),
        ("local", ""),
    ] {
        assert_eq!(state(source, value), Err(Stuck::NotOurs(NEW.into())), "{source} {value}");
    }
}

/// An empty directory where data was expected empties no copy.
#[test]
fn a_source_that_is_gone_is_not_copied() {
    let migration = migration(From::Directory);
    let mut world = World::new(&migration.from);
    let _ = forwards(&mut world, &migration, &mut 4, false);
    world.directories.clear();
    let state = migration.state(&world.observed(), &world.occupied());
    assert_eq!(state, Err(Stuck::NoSource(PATH.into())));
}

/// Where a dataset leaves, its directory stays, empty: a person who begins the last copy anew after the switch would copy
/// that over the new copy, and start the services on nothing.
#[test]
fn an_empty_directory_that_was_left_behind_is_not_copied() {
    for migration in both() {
        let mut world = World::new(&migration.from);
        let none = BTreeSet::new();
        let next =
            |world: &World| migration.next(&world.observed(), &world.occupied(), START, &none);
        while next(&world).unwrap().step != Step::CutOver {
            let phase = next(&world).unwrap();
            carry_out(&mut world, &phase, &mut 100, false).unwrap();
        }
        let phase = next(&world).unwrap();
        for done in 0..=phase.moves.len() {
            let mut world = world.clone();
            let _ = carry_out(&mut world, &phase, &mut done.clone(), false);
            let again = carry_out(&mut world, &phase, &mut 100, false);
            assert!(world.is_safe() && !world.strayed, "{done} {again:?}: {world:?}");
        }
    }
}

#[test]
fn the_runbook_is_the_same_commands_in_order() {
    for mut migration in both() {
        migration.path = "/srv/it's ```\n# here".into();
        let text = migration.runbook().to_string();
        assert!(
            text.contains("switched@\"$(date +%s)\"' /srv/it")
                || text.contains("switched@\"$(date +%s)\"' tank/old'"),
            "{text}"
        );
        let create = text.find("zfs create").unwrap();
        let stop = text.find("systemctl stop sonarr.service").unwrap();
        let verify = text.find("# prints nothing").unwrap();
        let start = text[verify..].find("systemctl start").unwrap() + verify;
        assert!(create < stop && stop < verify && verify < start, "{text}");
        // Nothing of the path gets out of a heading or a code block.
        assert!(
            !text.lines().any(|line| line.starts_with("# here") && !text.contains("````sh")),
            "{text}"
        );
    }
}

/// The copying and comparing commands of a migration, by the real program.
#[test]
fn a_copy_is_whole_and_a_single_changed_byte_is_seen() {
    if std::process::Command::new("rsync").arg("--version").output().is_err() {
        println!("skipped: a_copy_is_whole_and_a_single_changed_byte_is_seen (no rsync)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("it's old: a\nb"), folder.path().join("new"));
    fs::create_dir_all(old.join("deep")).unwrap();
    fs::create_dir(&new).unwrap();
    fs::write(old.join("deep/database"), "rows").unwrap();
    fs::hard_link(old.join("deep/database"), old.join("link")).unwrap();
    fs::write(new.join("stale"), "").unwrap();

    let migration = migration(From::Directory);
    let mut world = World::new(&migration.from);
    let _ = forwards(&mut world, &migration, &mut 6, false);
    let occupied = world.occupied();
    let phase = migration.next(&world.observed(), &occupied, START, &BTreeSet::new()).unwrap();
    assert_eq!(phase.step, Step::CutOver);
    let rsync = |dry: bool| {
        let commands = phase.moves.iter().map(Move::command);
        let mut wanted = commands.filter(|command| {
            command.argv()[0] == "rsync" && command.argv().contains(&"--dry-run".to_owned()) == dry
        });
        let command = wanted.next().unwrap();
        // The same words, between two folders of this machine.
        let words = command.argv()[1..].iter().map(|word| match word.strip_suffix('/') {
            Some(PATH) => format!("{}/", old.display()),
            Some(_) => format!("{}/", new.display()),
            None => word.clone(),
        });
        let done = std::process::Command::new("rsync").args(words).output().unwrap();
        assert!(done.status.success(), "{done:?}");
        String::from_utf8(done.stdout).unwrap()
    };
    assert_ne!(rsync(true), "");
    rsync(false);
    assert_eq!(rsync(true), "");
    assert_eq!(fs::read(new.join("deep/database")).unwrap(), b"rows");
    assert!(!new.join("stale").exists());

    // As long as before, and as old: only reading it tells.
    let time = fs::metadata(new.join("link")).unwrap().modified().unwrap();
    fs::write(new.join("link"), "rowz").unwrap();
    fs::File::options().write(true).open(new.join("link")).unwrap().set_modified(time).unwrap();
    assert_ne!(rsync(true), "");
}
