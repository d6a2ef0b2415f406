//! Two boots of one machine, and everything that is compared.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Command;

use impermanence_model::audit::{Kind, Listed, NOISE, Rules};
use impermanence_model::exec::{Check, Effect, World};
use impermanence_model::host::Host;
use impermanence_model::layout::{Action, Layout, PlaceKind};
use impermanence_model::live::State;
use impermanence_model::stage::Stage;
use impermanence_model::{AbsolutePath, Fate};

use crate::machine::{Machine, Running};
use crate::services::{self, Written, inside};

/// How much was compared.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) hosts: usize,
    /// Files that were written in the first boot.
    pub(crate) written: usize,
    /// Those that were there in the second.
    pub(crate) survived: usize,
    /// Directories that were made anew.
    pub(crate) recreated: usize,
    /// Steps.
    pub(crate) steps: usize,
    /// Files that an audit found would be lost.
    pub(crate) audited: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, other: Self) {
        self.hosts += other.hosts;
        self.written += other.written;
        self.survived += other.survived;
        self.recreated += other.recreated;
        self.steps += other.steps;
        self.audited += other.audited;
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { hosts, written, survived, recreated, steps, audited } = self;
        write!(
            f,
            "{hosts} hosts booted twice, {steps} steps; {written} files written, {survived} survived, as said; \
             {recreated} directories made anew; {audited} files found by audits"
        )
    }
}

/// Boots a host's machine twice. Panics at the first thing that is not as it was said to be.
pub(crate) fn boot(host: Host, layout: Layout) -> Counts {
    let machine = Machine::new(host, layout);
    let mut counts = Counts { hosts: 1, steps: machine.layout.steps().len(), ..Counts::default() };

    let running = machine.boot();
    owners_and_modes(&machine);
    as_declared(&machine, &running);
    nothing_to_do_again(&machine, &running.world);
    let written = services::run(&machine);
    counts.audited = audited(&machine, &running.world);
    running.shut_down();

    let running = machine.boot();
    as_declared(&machine, &running);
    counts.written = written.len();
    counts.survived = survived_as_said(&machine, &written);
    counts.recreated = recreated_as_said(&machine);
    taken_back(&machine, &running);
    counts
}

/// On a first boot everything is new, so that all of it has the declared owner and mode.
fn owners_and_modes(machine: &Machine) {
    let accounts = machine.layout.accounts();
    let number = |name: &str, known: &BTreeMap<String, u32>| {
        let number = name.parse().ok().or_else(|| known.get(name).copied());
        number.or(match name {
            "root" => Some(0),
            "caddy" => Some(239),
            "users" => Some(100),
            _ => None,
        })
    };
    // A file system brings its own: a tmpfs without the option `mode` is 1777, whatever the mount point is.
    let brought: BTreeSet<_> = machine
        .layout
        .mounts()
        .filter(|mount| mount.bound_from().is_none())
        .map(|mount| &mount.target)
        .collect();
    inside(machine, || {
        for place in machine.layout.places() {
            if matches!(place.kind, PlaceKind::Link { .. }) || brought.contains(&place.path) {
                continue;
            }
            let found = fs::symlink_metadata(place.path.as_path());
            let found = found.unwrap_or_else(|e| panic!("{}: {e}", place.path));
            let is = (found.uid(), found.gid(), found.mode() & 0o7777);
            let uid = number(&place.owner.user, &accounts.users);
            let gid = number(&place.owner.group, &accounts.groups);
            let wanted = (uid.unwrap(), gid.unwrap(), u32::from(place.mode.bits()));
            assert_eq!(is, wanted, "{}: owner, group, mode of {}", machine.host.name, place.path);
        }
        let root = fs::metadata("/").unwrap();
        assert_eq!(
            (root.uid(), root.gid(), root.mode() & 0o7777),
            (0, 0, 0o755),
            "{}: /",
            machine.host.name
        );
    });
}

/// Every step is done, and every mount stands in the kernel's table.
fn as_declared(machine: &Machine, running: &Running<'_>) {
    let (name, world) = (&machine.host.name, &running.world);
    for (id, check) in world.verify(&machine.layout, Stage::Late).unwrap() {
        assert_eq!(check, Check::Done, "{name}: {:?}", machine.layout.step(id));
    }
    let table = world.table().unwrap();
    let root = AbsolutePath::new(machine.root().as_os_str().as_encoded_bytes()).unwrap();
    for finding in machine.layout.compare(&table, &root) {
        let is_bind =
            machine.layout.mounts().any(|m| m.target == finding.target && m.bound_from().is_some());
        let is_as_declared = matches!(finding.state, State::Mounted { .. });
        assert!(is_as_declared || !is_bind, "{name}: {finding}");
    }
}

/// Applying again finds everything as it is.
fn nothing_to_do_again(machine: &Machine, world: &World) {
    let again = world.apply(&machine.layout, Stage::Late).unwrap();
    for done in again.done {
        let idle = matches!(done.effect, Effect::AlreadySo | Effect::NothingToCopy);
        assert!(
            idle,
            "{}: again {:?}: {:?}",
            machine.host.name,
            done.effect,
            machine.layout.step(done.step)
        );
    }
}

/// Each file is there, with what was written, exactly if it was to survive.
fn survived_as_said(machine: &Machine, written: &Written) -> usize {
    let said = |path: &AbsolutePath| machine.layout.fate(path.as_path());
    inside(machine, || {
        let mut survived = 0;
        for (path, content) in written {
            let fate = said(path);
            let is_there = fs::read(path.as_path()).is_ok_and(|found| found == *content);
            survived += usize::from(is_there);
            assert!(!matches!(fate, Fate::Unknown(_)), "{}: {path}: {fate}", machine.host.name);
            assert_eq!(is_there, fate.survives(), "{}: {path}: {fate}", machine.host.name);
        }
        survived
    })
}

/// Directories of which it was said that they are made anew are there.
fn recreated_as_said(machine: &Machine) -> usize {
    inside(machine, || {
        let places = machine.layout.places();
        let recreated = places.filter(|place| {
            matches!(machine.layout.fate(place.path.as_path()), Fate::Recreated(_))
        });
        recreated
            .filter(|place| {
                assert!(place.path.as_path().is_dir(), "{}: {}", machine.host.name, place.path);
                true
            })
            .count()
    })
}

/// What the audit of the live tree finds is what `fate` says of each file that `find` finds; and the audit of find's
/// listing is the same.
fn audited(machine: &Machine, world: &World) -> u64 {
    let name = &machine.host.name;
    let report =
        world.audit(&Rules::new(&machine.layout), |_| std::ops::ControlFlow::Continue(())).unwrap();
    let rules = Rules::new(&machine.layout);
    let mut listing = Vec::new();
    for start in rules.starts() {
        listing.extend(found(machine, start));
    }
    let lost = listing.iter().filter(|file| {
        let is_made =
            machine.layout.steps().iter().any(|step| {
                step.action.path().as_bytes() == file.path && !is_directory(&step.action)
            });
        let is_noise = NOISE.iter().any(|(noise, _)| {
            AbsolutePath::new(noise).unwrap().contains(&AbsolutePath::new(&file.path).unwrap())
        });
        !is_made && !is_noise && machine.layout.fate_of(&file.path).is_lost()
    });
    let lost: BTreeSet<&[u8]> = lost.map(|file| file.path.as_slice()).collect();
    assert_eq!(
        report.files(),
        lost.len() as u64,
        "{name}: audit\n{report}\n{}",
        lost.iter().map(|p| String::from_utf8_lossy(p).into_owned()).collect::<Vec<_>>().join("\n")
    );
    let listed = listing.iter().map(|file| Listed {
        path: &file.path,
        kind: Kind::File,
        bytes: file.bytes,
        modified: file.modified,
    });
    assert_eq!(rules.audit(listed).groups, report.groups, "{name}: audit of the listing");
    report.files()
}

fn is_directory(action: &Action) -> bool {
    matches!(action, Action::Create(place) if place.kind == PlaceKind::Directory)
}

struct File {
    path: Vec<u8>,
    bytes: u64,
    modified: i64,
}

/// Everything but directories, as find(1) sees it on one file system.
fn found(machine: &Machine, start: &AbsolutePath) -> Vec<File> {
    let top = machine.path(start);
    let mut find = Command::new("find");
    find.arg(&top).args(["-mount", "-not", "-type", "d", "-printf", "%b %T@ %P\\0"]);
    let output = find.output().unwrap();
    let prefix = if start.is_root() { b"" } else { start.as_bytes() };
    let parse = |line: &[u8]| {
        let mut fields = line.splitn(3, |&byte| byte == b' ');
        let mut number = || std::str::from_utf8(fields.next().unwrap()).unwrap().to_owned();
        let (blocks, time) = (number(), number());
        let path = [prefix, b"/", fields.next().unwrap()].concat();
        File {
            path,
            bytes: blocks.parse::<u64>().unwrap() * 512,
            modified: time.split('.').next().unwrap().parse().unwrap(),
        }
    };
    output.stdout.split(|&byte| byte == 0).filter(|line| !line.is_empty()).map(parse).collect()
}

/// What a boot made is unmade, but for stores and what has been put into it.
fn taken_back(machine: &Machine, running: &Running<'_>) {
    use impermanence_model::exec::Undone;
    for (id, undone) in running.world.undo(&machine.layout, &running.applied) {
        let step = machine.layout.step(id);
        assert!(
            !matches!(undone, Undone::Failed(_)),
            "{}: {undone:?}: {step:?}",
            machine.host.name
        );
    }
    let root = machine.root();
    let table = running.world.table().unwrap();
    let below = |point: &[u8]| {
        AbsolutePath::new(root.as_os_str().as_encoded_bytes())
            .unwrap()
            .is_above(&AbsolutePath::new(point).unwrap())
    };
    let left: Vec<_> = table.mounts().iter().filter(|mount| below(&mount.point)).collect();
    assert!(left.is_empty(), "{}: still mounted: {left:?}", machine.host.name);
}
