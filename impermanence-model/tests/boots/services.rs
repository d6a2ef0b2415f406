//! What runs on a machine and writes: into what is kept, beside it, and where nobody expects it.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use impermanence_model::AbsolutePath;
use impermanence_model::layout::{Action, PlaceKind};
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use nix::unistd::{Gid, Uid, chroot, fchdir, setfsgid, setfsuid};

use crate::machine::Machine;

/// What was written, by path.
pub(crate) type Written = BTreeMap<AbsolutePath, Vec<u8>>;

/// Where no host keeps anything, or so one should think.
const STRAYS: [&str; 10] = [
    "/stray",
    "/etc/stray.conf",
    "/etc/ssh/stray_key",
    "/var/lib/stray/db",
    "/var/log/stray.log",
    "/root/.stray",
    "/opt/stray/a/b/c",
    "/home/stray/.config/x",
    "/srv/stray",
    "/usr/local/stray",
];

/// All paths that services of the machine write: into every directory that the layout makes, into new directories
/// below it and beside it, and every file that it keeps.
fn paths(machine: &Machine) -> Vec<AbsolutePath> {
    let mut paths: Vec<AbsolutePath> = STRAYS.iter().map(|path| path.parse().unwrap()).collect();
    let below = |path: &AbsolutePath, rest: &str| {
        let slash: &[u8] = if path.is_root() { b"" } else { b"/" };
        AbsolutePath::new([path.as_bytes(), slash, rest.as_bytes()].concat()).unwrap()
    };
    for step in machine.layout.steps() {
        let path = step.action.path();
        match &step.action {
            Action::Create(place) if place.kind == PlaceKind::Directory => {
                paths.extend([below(path, "probe"), below(path, "new/deep/probe")]);
                paths.extend(path.parent().map(|parent| below(&parent, "beside")));
            }
            Action::Mount(mount) if mount.bound_from().is_none() => {
                paths.extend([below(path, "probe"), below(path, "new/probe")]);
            }
            Action::Mount(_) => {}
            Action::Create(_) | Action::CopyIn(_) => paths.push(path.clone()),
        }
    }
    for entry in machine.layout.entries() {
        match entry.kind {
            impermanence_model::host::Kind::Directory => paths.push(below(&entry.path, "probe")),
            impermanence_model::host::Kind::File => paths.push(entry.path.clone()),
        }
    }
    paths.sort();
    paths.dedup();
    paths
}

/// Writes everywhere as those who own the place; what could be written.
pub(crate) fn run(machine: &Machine) -> Written {
    inside(machine, || {
        let mut written = Written::new();
        for path in paths(machine) {
            let content = format!("{path} of the first boot\n").into_bytes();
            if write(path.as_path(), &content) {
                written.insert(path, content);
            }
        }
        // Where one path leads to another's file (through a link, or a store), the last to write it has won.
        written
            .retain(|path, content| fs::read(path.as_path()).is_ok_and(|found| found == *content));
        written
    })
}

/// Works with the machine's root as the root: links lead where they lead on the machine.
pub(crate) fn inside<T>(machine: &Machine, work: impl FnOnce() -> T) -> T {
    let outside = open("/", OFlag::O_PATH | OFlag::O_DIRECTORY, Mode::empty()).unwrap();
    chroot(&machine.root()).unwrap();
    let done = work();
    fchdir(&outside).unwrap();
    chroot(".").unwrap();
    done
}

/// Writes one file, as the owner of the directory it is in, or of itself; what the owner may not, nobody does.
fn write(path: &Path, content: &[u8]) -> bool {
    let existing = path.ancestors().skip(1).find(|above| above.exists());
    let Some(owner) = path.metadata().ok().or_else(|| existing?.metadata().ok()) else {
        return false;
    };
    as_user(owner.uid(), owner.gid(), || {
        let made =
            path.parent().is_some_and(|above| above.exists() || fs::create_dir_all(above).is_ok());
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(path);
        made && file.and_then(|mut file| file.write_all(content)).is_ok()
    })
}

/// With the rights of a user on files. The thread keeps its others: it is a service's only here.
fn as_user<T>(uid: u32, gid: u32, work: impl FnOnce() -> T) -> T {
    setfsgid(Gid::from_raw(gid));
    setfsuid(Uid::from_raw(uid));
    let done = work();
    setfsuid(Uid::from_raw(0));
    setfsgid(Gid::from_raw(0));
    done
}
