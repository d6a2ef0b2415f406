//! Which paths are looked into, and which are passed over.

use std::collections::{HashMap, HashSet};

use super::report::Passed;
use crate::layout::{By, Layout};
use crate::path::{AbsolutePath, ancestors};

/// Where links lead that a NixOS activation makes at every boot.
pub const MANAGED: [&str; 2] = ["/nix/store", "/etc/static"];

/// What a system writes anew at every boot, or uses for nothing but this one. A `*` at the end stands for the rest of a name.
pub const NOISE: [(&str, &str); 22] = [
    ("/dev", "devices: devtmpfs"),
    ("/proc", "processes: procfs"),
    ("/run", "the running system's: a tmpfs by file-hierarchy(7)"),
    ("/sys", "the kernel's: sysfs"),
    ("/tmp", "thrown away at boot by file-hierarchy(7)"),
    ("/.autorelabel", "a request for one boot (selinux)"),
    ("/etc/.clean", "written by NixOS' activation of /etc"),
    ("/etc/.pwd.lock", "a lock: lckpwdf(3)"),
    ("/etc/.updated", "written by systemd-update-done.service"),
    ("/etc/ld.so.cache", "made by ldconfig(8) from the installed libraries"),
    ("/etc/mtab", "a link to /proc: mount(8)"),
    ("/etc/NIXOS", "written by NixOS' activation"),
    ("/etc/resolv.conf", "written by whoever configures the network"),
    ("/var/.updated", "written by systemd-update-done.service"),
    ("/var/cache/ldconfig", "made by ldconfig(8)"),
    ("/var/lib/logrotate.status", "when logs were rotated that are gone with it"),
    ("/var/lib/systemd/catalog", "made by journalctl --update-catalog"),
    ("/var/lock", "a link to /run/lock: file-hierarchy(7)"),
    ("/var/run", "a link to /run: file-hierarchy(7)"),
    ("/root/.cache", "what can be made again: XDG base directories"),
    ("/var/tmp/systemd-private-*", "private temporary directories: systemd.exec(5)"),
    ("/var/empty", "empty by definition: NixOS"),
];

/// Groups of lost files are at least this deep, as `/var/lib/foo` is, or are the directory that a file is in.
const DEPTH: usize = 3;

/// What is kept, made, or of no interest.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Paths that are not looked into, and why.
    stops: HashMap<Box<[u8]>, Passed>,
    /// The same for names that begin so.
    beginnings: Vec<(&'static [u8], Passed)>,
    /// Directories above those.
    above: HashSet<Box<[u8]>>,
    /// Volatile file systems, from their mount points on.
    starts: Vec<AbsolutePath>,
    managed: Vec<Box<[u8]>>,
}

/// What a directory is to the rules, and so what lies in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Not looked into.
    Stopped(Passed),
    /// Something declared is below it: its own files are a group.
    Above,
    /// Nothing declared is in it; where its group ends in its path, once that is settled.
    Free(Option<usize>),
}

impl Rules {
    /// What the layout keeps or makes, [`NOISE`], and links to [`MANAGED`].
    pub fn new(layout: &Layout) -> Self {
        let mut rules = Self {
            stops: HashMap::new(),
            beginnings: Vec::new(),
            above: HashSet::new(),
            starts: Vec::new(),
            managed: MANAGED.iter().map(|prefix| Box::from(prefix.as_bytes())).collect(),
        };
        if layout.root().is_ephemeral() {
            rules.starts.push(AbsolutePath::root());
        }
        for (path, _) in NOISE {
            match path.strip_suffix('*') {
                None => rules.stop(path.as_bytes(), Passed::Noise),
                Some(beginning) => {
                    rules.above.extend(ancestors(path.as_bytes()).map(Box::from));
                    rules.beginnings.push((beginning.as_bytes(), Passed::Noise));
                }
            }
        }
        for store in layout.stores() {
            rules.stop(store.as_bytes(), Passed::Kept);
        }
        for (path, cover) in layout.covers.iter() {
            match cover.by {
                By::Root | By::Made(_) => {}
                // As volatile as the root, and walked by itself; what a bind brings along is walked where it is.
                By::FileSystem if cover.backing.is_thrown_away() => {
                    rules.starts.push(path.clone());
                    rules.stop(path.as_bytes(), Passed::OtherMount);
                }
                By::Submount(_) | By::Entry(_) if cover.backing.is_thrown_away() => {
                    rules.stop(path.as_bytes(), Passed::OtherMount);
                }
                _ => rules.stop(path.as_bytes(), Passed::Kept),
            }
        }
        rules
    }

    /// Passes over a path of the embedding tool's own, and all below it.
    #[must_use]
    pub fn noise(mut self, path: &AbsolutePath) -> Self {
        self.stop(path.as_bytes(), Passed::Noise);
        self
    }

    /// Passes over links that lead to `prefix` or below it.
    #[must_use]
    pub fn managed(mut self, prefix: &AbsolutePath) -> Self {
        self.managed.push(Box::from(prefix.as_bytes()));
        self
    }

    /// The volatile file systems' mount points: where a walk begins.
    pub fn starts(&self) -> &[AbsolutePath] {
        &self.starts
    }

    fn stop(&mut self, path: &[u8], why: Passed) {
        self.above.extend(ancestors(path).map(Box::from));
        self.stops.insert(Box::from(path), why);
    }

    /// Whether a path is not looked into, and why, given that something not to be looked into is in its directory.
    fn stops(&self, path: &[u8]) -> Option<Passed> {
        let begins = || {
            let named = |beginning: &[u8]| {
                path.strip_prefix(beginning).is_some_and(|rest| !rest.contains(&b'/'))
            };
            self.beginnings.iter().find(|(beginning, _)| named(beginning)).map(|(_, why)| *why)
        };
        self.stops.get(path).copied().or_else(begins)
    }

    /// What the directory a walk begins with is.
    pub(crate) fn start(&self, path: &[u8]) -> State {
        if self.above.contains(path) { State::Above } else { State::Free(None) }
    }

    /// What a directory is, given what the one it is in is.
    pub(crate) fn enter(&self, parent: State, path: &[u8]) -> State {
        let free = |settled: Option<usize>| {
            State::Free(settled.or_else(|| (depth(path) >= DEPTH).then_some(path.len())))
        };
        match parent {
            State::Stopped(_) => parent,
            State::Free(settled) => free(settled),
            State::Above => match self.stops(path) {
                Some(why) => State::Stopped(why),
                None if self.above.contains(path) => State::Above,
                None => free(None),
            },
        }
    }

    /// Why a file that is not a directory is passed over, given the directory it is in.
    pub(crate) fn passes(&self, parent: State, path: &[u8], link: Option<&[u8]>) -> Option<Passed> {
        match parent {
            State::Stopped(why) => return Some(why),
            State::Above => {
                if let Some(why) = self.stops(path) {
                    return Some(why);
                }
            }
            State::Free(_) => {}
        }
        let leads = |prefix: &[u8]| link.is_some_and(|to| crate::path::contains(prefix, to));
        self.managed.iter().any(|prefix| leads(prefix)).then_some(Passed::Managed)
    }

    /// What the directory is that a path of a listing is in.
    pub(super) fn state_of_parent(&self, path: &[u8]) -> State {
        let above: Vec<&[u8]> = ancestors(path).collect();
        let is_start = |path: &[u8]| self.starts.iter().any(|start| start.as_bytes() == path);
        let mut state = State::Stopped(Passed::Kept);
        for directory in above.into_iter().rev() {
            state = if is_start(directory) {
                self.start(directory)
            } else {
                self.enter(state, directory)
            };
        }
        state
    }
}

fn depth(path: &[u8]) -> usize {
    path.split(|&byte| byte == b'/').filter(|name| !name.is_empty()).count()
}
