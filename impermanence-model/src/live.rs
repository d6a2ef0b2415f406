//! The kernel's mounts beside those of a layout.
//!
//! A mount is judged by what it shows, not by its name: `findmnt PATH` also finds a mount that another one hides, and a
//! file bind still stands in the table when its file was replaced in the store. So each is looked for where its path
//! leads to, and compared with where its source is: the same file system, the same directory in it.

use std::collections::BTreeSet;
use std::fmt;

use crate::layout::{Layout, Mount, Source};
use crate::mountinfo::{self, MountTable};
use crate::path::{AbsolutePath, Shown, rest};

/// What became of a declared mount.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum State {
    /// As declared.
    Mounted {
        /// Its id in the table.
        id: u64,
    },
    /// Nothing is mounted there.
    Missing,
    /// It is mounted, and another mount lies over it.
    Hidden {
        /// Where that one is.
        by: Vec<u8>,
    },
    /// Something else is mounted there.
    WrongSource {
        /// Its type, and what it is: the source, or the directory of it.
        found: String,
    },
    /// The file or directory was removed or replaced in the store: what is written here is lost.
    Stale {
        /// The path it had in its file system.
        was: Vec<u8>,
    },
    /// Mounted with other options than declared.
    WrongOptions {
        /// Declared, and not so.
        missing: Vec<String>,
    },
    /// Mounted several times on one path: unmounting it once will not do.
    Stacked {
        /// How many times.
        times: usize,
    },
    /// A bind out of a store that nothing declares.
    Undeclared,
}

/// One mount, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Finding {
    /// The mount point.
    pub target: AbsolutePath,
    /// What became of it.
    pub state: State,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.target, self.state)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mounted { .. } => f.write_str("mounted as declared"),
            Self::Missing => f.write_str("not mounted: what is written here is lost with the root"),
            Self::Hidden { by } => {
                write!(f, "hidden by what is mounted on {}; unmount that", Shown(by))
            }
            Self::WrongSource { found } => {
                write!(f, "{found} is mounted here instead; unmount it, then apply again")
            }
            Self::Stale { was } => write!(
                f,
                "{} was removed or replaced since it was mounted; unmount, then apply again",
                Shown(was)
            ),
            Self::WrongOptions { missing } => {
                write!(f, "mounted without {}; remount it", missing.join(","))
            }
            Self::Stacked { times } => write!(f, "mounted {times} times on one another"),
            Self::Undeclared => {
                f.write_str("bound from a store, and not declared; unmount it, or declare it")
            }
        }
    }
}

impl Layout {
    /// Compares the table with the layout, whose paths are below `root` (`/`; in an initrd, `/sysroot`).
    ///
    /// All mounts of the layout, in order; then binds out of its stores that it knows nothing of.
    pub fn compare(&self, table: &MountTable, root: &AbsolutePath) -> Vec<Finding> {
        let declared = self
            .mounts()
            .map(|mount| Finding { target: mount.target.clone(), state: mount.state(table, root) });
        let mut findings: Vec<_> = declared.collect();
        findings.extend(self.undeclared(table, root));
        findings
    }

    fn undeclared(&self, table: &MountTable, root: &AbsolutePath) -> Vec<Finding> {
        let place = |store: &AbsolutePath| Spot::of(table, &store.inside(root));
        let stores: Vec<Spot> = self.stores.iter().filter_map(place).collect();
        let declared: BTreeSet<_> = self.mounts().map(|mount| mount.target.inside(root)).collect();
        let stray = |mount: &&mountinfo::Mount| {
            let is_store =
                self.stores.iter().any(|store| store.inside(root).as_bytes() == mount.point);
            let kept = Spot { device: mount.device, path: mount.root.clone() };
            !is_store && stores.iter().any(|store| store.contains(&kept))
        };
        let strays = table.mounts().iter().filter(stray).filter_map(|mount| {
            let target = AbsolutePath::new(&mount.point).ok()?;
            let target = target.rebased(root, &AbsolutePath::root())?;
            let known = declared.contains(&target.inside(root));
            (!known).then_some(Finding { target, state: State::Undeclared })
        });
        strays.collect()
    }
}

impl Mount {
    /// What became of this one.
    pub fn state(&self, table: &MountTable, root: &AbsolutePath) -> State {
        let target = self.target.inside(root);
        let wanted = Wanted::of(self, table, root);
        let matching = table.stacked(target.as_bytes()).filter(|mount| wanted.is(mount));
        let (times, newest) = matching.fold((0_usize, None), |(n, _), mount| (n + 1, Some(mount)));
        let Some(top) = table.at(target.as_bytes()) else {
            return match (newest, table.covering(target.as_bytes())) {
                (Some(_), Some(over)) => State::Hidden { by: over.point.clone() },
                _ => State::Missing,
            };
        };
        if !wanted.is(top) {
            if let (Some(was), true) = (top.deleted(), wanted.is_from(top)) {
                return State::Stale { was: was.to_vec() };
            }
            return match newest {
                Some(_) => State::Hidden { by: top.point.clone() },
                None => State::WrongSource { found: shown(top) },
            };
        }
        let missing = self.options_missing(top);
        match (times, missing.is_empty()) {
            (2.., _) => State::Stacked { times },
            (_, false) => State::WrongOptions { missing },
            _ => State::Mounted { id: top.id },
        }
    }

    /// Options that the kernel keeps per mount, and that this one lacks.
    fn options_missing(&self, found: &mountinfo::Mount) -> Vec<String> {
        /// An option that is declared, and the word of mountinfo that shows it, or whose absence does.
        const SHOWN: [(&str, &str, bool); 8] = [
            ("nosuid", "nosuid", true),
            ("suid", "nosuid", false),
            ("nodev", "nodev", true),
            ("dev", "nodev", false),
            ("noexec", "noexec", true),
            ("exec", "noexec", false),
            ("noatime", "noatime", true),
            ("nosymfollow", "nosymfollow", true),
        ];
        let has = |word: &str| found.has_option(word.as_bytes());
        let mut missing = Vec::new();
        if self.is_read_only() != found.is_read_only() {
            missing.push(if self.is_read_only() { "ro" } else { "rw" }.to_owned());
        }
        for option in &self.options {
            let row = SHOWN.iter().find(|(name, ..)| name == option);
            if row.is_some_and(|&(_, word, present)| has(word) != present) {
                missing.push(option.clone());
            }
        }
        missing
    }
}

/// A place in a file system, by whichever path it is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    device: (u32, u32),
    path: Vec<u8>,
}

impl Spot {
    /// Where the path leads to in the table's mounts.
    pub(crate) fn of(table: &MountTable, path: &AbsolutePath) -> Option<Self> {
        let mount = table.covering(path.as_bytes())?;
        let below = rest(&mount.point, path.as_bytes())?;
        let mut path = mount.root.clone();
        if !below.is_empty() {
            if path.last() != Some(&b'/') {
                path.push(b'/');
            }
            path.extend_from_slice(below);
        }
        Some(Self { device: mount.device, path })
    }

    /// Whether `other` is in it.
    pub(crate) fn contains(&self, other: &Self) -> bool {
        self.device == other.device && rest(&self.path, &other.path).is_some()
    }

    /// A mount of it.
    #[cfg(all(feature = "exec", target_os = "linux"))]
    pub(crate) fn mounted(self, id: u64, parent: u64, point: &AbsolutePath) -> mountinfo::Mount {
        mountinfo::Mount {
            id,
            parent,
            device: self.device,
            root: self.path,
            point: point.as_bytes().to_vec(),
            options: Vec::new(),
            propagation: mountinfo::Propagation::default(),
            fs_type: Vec::new(),
            source: Vec::new(),
            super_options: Vec::new(),
        }
    }
}

/// How a declared mount looks in the table.
enum Wanted<'m> {
    /// A bind of this place; none if the table does not say where its source is.
    Bind(Option<Spot>),
    Device {
        device: &'m str,
        fs_type: &'m str,
    },
}

impl<'m> Wanted<'m> {
    fn of(mount: &'m Mount, table: &MountTable, root: &AbsolutePath) -> Self {
        match &mount.source {
            Source::Bind { from, .. } => Self::Bind(Spot::of(table, &from.inside(root))),
            Source::Device { device, fs_type } => Self::Device { device, fs_type },
        }
    }

    fn is(&self, found: &mountinfo::Mount) -> bool {
        match self {
            Self::Bind(spot) => spot
                .as_ref()
                .is_some_and(|spot| spot.device == found.device && spot.path == found.root),
            // A device has many names (by-uuid, mapper), of which the table shows one: only datasets, exports and the
            // like are compared by name.
            Self::Device { device, fs_type } => {
                let is_type = *fs_type == "auto" || fs_type.as_bytes() == found.fs_type;
                let is_named = device.starts_with("/dev/") || device.contains('=');
                let is_nameless = matches!(*fs_type, "tmpfs" | "ramfs");
                is_type && (is_named || is_nameless || device.as_bytes() == found.source)
            }
        }
    }

    /// Whether it is of the source's file system, and had the source's path.
    fn is_from(&self, found: &mountinfo::Mount) -> bool {
        let Self::Bind(Some(spot)) = self else { return false };
        spot.device == found.device && found.deleted() == Some(&spot.path)
    }
}

/// A mount for a person.
fn shown(mount: &mountinfo::Mount) -> String {
    let (fs_type, source, root) = (Shown(&mount.fs_type), Shown(&mount.source), Shown(&mount.root));
    if mount.root == b"/" {
        format!("{fs_type} {source}")
    } else {
        format!("{root} of {fs_type} {source}")
    }
}
