//! What is on the host: datasets, what is mounted where, files if someone listed them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Bound;

use zfs_props::name::DatasetName;
use zfs_props::read::{ReadError, Trust, text};

use super::class::{Subject, Tier};
use super::mountinfo::{self, Mounted};
use crate::path::{AbsolutePath, BadPath};

/// What is really there, as the tools print it or as another crate planned it.
///
/// What is not in it is unknown and protects nothing: a dataset that is not mounted at the path a job reads is not in that
/// job's copies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    datasets: BTreeMap<DatasetName, Kind>,
    mounts: BTreeMap<AbsolutePath, Filesystem>,
    /// The same the other way round, where all of a dataset is mounted.
    mounted: BTreeMap<DatasetName, BTreeSet<AbsolutePath>>,
    files: BTreeMap<AbsolutePath, u64>,
    vouched: BTreeMap<(Subject, Tier), String>,
}

/// What a dataset is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It can be mounted.
    Filesystem,
    /// A block device: snapshots and replication reach it, jobs that read files do not.
    Volume,
}

/// Something that is mounted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Filesystem {
    /// A ZFS filesystem.
    Dataset(DatasetName),
    /// Anything else, by its device or server.
    Other(String),
}

impl fmt::Display for Filesystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Filesystem::Dataset(name) => f.pad(name.as_str()),
            Filesystem::Other(source) => f.pad(source),
        }
    }
}

/// Why an output could not be taken as an inventory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadInventory {
    /// A line is not what `zfs get` prints.
    #[error("{0}")]
    Unreadable(#[from] ReadError),
    /// The output is cut, or lines in it contradict each other.
    #[error("the output of zfs get cannot be trusted ({0:?}); observe again")]
    Untrusted(Trust),
    /// A dataset that cannot exist.
    #[error("{0}")]
    Name(#[from] zfs_props::name::NameError),
    /// A mountpoint that is no path.
    #[error("{dataset}: {error}")]
    Mountpoint {
        /// The dataset.
        dataset: DatasetName,
        /// What is wrong with its mountpoint.
        error: BadPath,
    },
    /// A line is not as proc(5) describes mountinfo.
    #[error("line {line} of mountinfo: {what}")]
    Mountinfo {
        /// Line, from 1.
        line: usize,
        /// What is wrong with it.
        what: &'static str,
    },
}

impl Inventory {
    /// Reads `zfs get -Hp -o name,property,value,received,source all` (or of `type,mountpoint,mounted` alone).
    ///
    /// A filesystem is mounted at its mountpoint if `mounted` says so. Where one with mountpoint `legacy` is, only
    /// [`with_mountinfo`](Self::with_mountinfo) can tell.
    pub fn from_zfs_get(output: &[u8]) -> Result<Self, BadInventory> {
        let mut inventory = Self::default();
        let mut mountpoints: BTreeMap<DatasetName, String> = BTreeMap::new();
        let mut mounted: Vec<DatasetName> = Vec::new();
        let mut records = text::get(output, text::Columns::ALL);
        for record in records.by_ref() {
            let record = record?;
            // Snapshots have none of what is asked here.
            if record.dataset.contains('@') || record.dataset.contains('#') {
                continue;
            }
            let value = record.text().unwrap_or_default();
            match (&*record.property, value) {
                ("type", "filesystem") => {
                    inventory.datasets.insert(record.dataset.parse()?, Kind::Filesystem);
                }
                ("type", "volume") => {
                    inventory.datasets.insert(record.dataset.parse()?, Kind::Volume);
                }
                ("mountpoint", path) if path.starts_with('/') => {
                    mountpoints.insert(record.dataset.parse()?, path.to_owned());
                }
                ("mounted", "yes") => mounted.push(record.dataset.parse()?),
                _ => {}
            }
        }
        let document = records.finish();
        if document.trust > Trust::Pretty {
            return Err(BadInventory::Untrusted(document.trust));
        }
        for dataset in mounted {
            let Some(path) = mountpoints.get(&dataset) else { continue };
            let path = path
                .parse()
                .map_err(|error| BadInventory::Mountpoint { dataset: dataset.clone(), error })?;
            inventory.mount(path, Filesystem::Dataset(dataset), true);
        }
        Ok(inventory)
    }

    /// Adds what `/proc/self/mountinfo` lists (proc(5)), ZFS filesystems with mountpoint `legacy` among it.
    ///
    /// Of several filesystems mounted at one path the last one is seen, as by every process, and nothing of what another hides by
    /// being mounted above it. Where a part of a dataset is bound, its files are, and the dataset is not.
    pub fn with_mountinfo(mut self, text: &str) -> Result<Self, BadInventory> {
        for Mounted { path, filesystem, is_whole, .. } in mountinfo::visible(text)? {
            if let Filesystem::Dataset(dataset) = &filesystem {
                self.datasets.insert(dataset.clone(), Kind::Filesystem);
            }
            self.mount(path, filesystem, is_whole);
        }
        Ok(self)
    }

    /// Of several filesystems mounted at one path the last one is seen.
    fn mount(&mut self, path: AbsolutePath, filesystem: Filesystem, is_whole: bool) {
        let hidden = self.mounts.insert(path.clone(), filesystem.clone());
        if let Some(Filesystem::Dataset(hidden)) = hidden {
            let paths = self.mounted.get_mut(&hidden);
            if paths.is_some_and(|paths| paths.remove(&path) && paths.is_empty()) {
                self.mounted.remove(&hidden);
            }
        }
        if let (Filesystem::Dataset(dataset), true) = (filesystem, is_whole) {
            self.mounted.entry(dataset).or_default().insert(path);
        }
    }

    /// Adds a filesystem, and where it is mounted, if it is.
    pub fn add_filesystem(&mut self, dataset: DatasetName, mount: Option<AbsolutePath>) {
        if let Some(mount) = mount {
            self.mount(mount, Filesystem::Dataset(dataset.clone()), true);
        }
        self.datasets.insert(dataset, Kind::Filesystem);
    }

    /// Adds a volume.
    pub fn add_volume(&mut self, dataset: DatasetName) {
        self.datasets.insert(dataset, Kind::Volume);
    }

    /// Adds a mount that is not of ZFS, such as a share.
    pub fn add_mount(&mut self, path: AbsolutePath, source: impl Into<String>) {
        self.mount(path, Filesystem::Other(source.into()), true);
    }

    /// Adds a file and its size in bytes. With files, coverage counts what each job includes and leaves out.
    pub fn add_file(&mut self, path: AbsolutePath, bytes: u64) {
        self.files.insert(path, bytes);
    }

    /// Notes that someone else answers for a tier, and who: another host's backup, a tool that restores by itself.
    pub fn vouch(&mut self, subject: Subject, tier: Tier, who: impl Into<String>) {
        self.vouched.insert((subject, tier), who.into());
    }

    /// All datasets.
    pub fn datasets(&self) -> impl Iterator<Item = (&DatasetName, Kind)> {
        self.datasets.iter().map(|(name, kind)| (name, *kind))
    }

    /// What a dataset is, if it is there.
    pub fn kind(&self, dataset: &DatasetName) -> Option<Kind> {
        self.datasets.get(dataset).copied()
    }

    /// Everything that is mounted, by path.
    pub fn mounts(&self) -> impl Iterator<Item = (&AbsolutePath, &Filesystem)> {
        self.mounts.iter()
    }

    /// Where all of a dataset is mounted; the first path if it is at several.
    pub fn mount_of(&self, dataset: &DatasetName) -> Option<&AbsolutePath> {
        self.mounted.get(dataset)?.first()
    }

    /// Whether all of a dataset is mounted at a path.
    pub fn is_mounted_at(&self, dataset: &DatasetName, path: &AbsolutePath) -> bool {
        self.mounted.get(dataset).is_some_and(|paths| paths.contains(path))
    }

    /// The filesystem that a path lies on: the longest mount that it is within, by whole components. `None` where nothing is
    /// known to be mounted, not even at `/`.
    pub fn resolve(&self, path: &AbsolutePath) -> Option<(&AbsolutePath, &Filesystem)> {
        let mut here = Some(path.clone());
        while let Some(path) = here {
            if let Some(found) = self.mounts.get_key_value(&path) {
                return Some(found);
            }
            here = path.parent();
        }
        None
    }

    /// What is mounted below a path, the path itself not among it.
    pub fn mounts_below<'i>(
        &'i self,
        path: &'i AbsolutePath,
    ) -> impl Iterator<Item = (&'i AbsolutePath, &'i Filesystem)> {
        self.mounts.range::<str, _>(below(path).as_bounds())
    }

    /// The files that were listed within a path.
    pub fn files_within<'i>(
        &'i self,
        path: &'i AbsolutePath,
    ) -> impl Iterator<Item = (&'i AbsolutePath, u64)> {
        let below = self.files.range::<str, _>(below(path).as_bounds());
        self.files.get_key_value(path).into_iter().chain(below).map(|(file, bytes)| (file, *bytes))
    }

    /// The size of a file that was listed.
    pub fn file(&self, path: &AbsolutePath) -> Option<u64> {
        self.files.get(path).copied()
    }

    /// Who answers for a tier.
    pub fn voucher(&self, subject: &Subject, tier: Tier) -> Option<&str> {
        self.vouched.get(&(subject.clone(), tier)).map(String::as_str)
    }
}

/// Everything below a path, in the order of texts: from `/a/` to before `/a0`, for `0` follows `/`.
struct Below(String, String);

fn below(path: &AbsolutePath) -> Below {
    let path = path.as_str().trim_end_matches('/');
    Below(format!("{path}/"), format!("{path}0"))
}

impl Below {
    /// `/` itself is not below `/`.
    fn as_bounds(&self) -> (Bound<&str>, Bound<&str>) {
        (Bound::Excluded(&self.0), Bound::Excluded(&self.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> AbsolutePath {
        text.parse().unwrap()
    }

    #[test]
    fn the_longest_mount_at_a_component_boundary_wins() {
        let mut inventory = Inventory::default();
        for (dataset, mount) in [
            ("rpool/root", "/"),
            ("tank/srv", "/srv"),
            ("tank/srv/a", "/srv/a"),
            ("tank/b", "/srv/a/b"),
        ] {
            inventory.add_filesystem(dataset.parse().unwrap(), Some(path(mount)));
        }
        let on = |text: &str| inventory.resolve(&path(text)).unwrap().1.to_string();
        assert_eq!(on("/srv/a/x"), "tank/srv/a");
        assert_eq!(on("/srv/ab"), "tank/srv");
        assert_eq!(on("/srv/a/b"), "tank/b");
        assert_eq!(on("/srv-old/a"), "rpool/root");
        assert_eq!(inventory.mounts_below(&path("/srv")).count(), 2);
        assert_eq!(inventory.mounts_below(&path("/")).count(), 3);
        for file in ["/srv", "/srv-old/x", "/srv/a/x", "/srv0", "/srv/é"] {
            inventory.add_file(path(file), 1);
        }
        let within = |at: &str| inventory.files_within(&path(at)).count();
        assert_eq!((within("/"), within("/srv"), within("/srv/a"), within("/s")), (5, 3, 1, 0));
        // What is mounted over something hides it.
        assert_eq!(inventory.mount_of(&"tank/b".parse().unwrap()), Some(&path("/srv/a/b")));
        inventory.add_mount(path("/srv/a/b"), "nas-1:/share");
        assert_eq!(inventory.mount_of(&"tank/b".parse().unwrap()), None);
    }

    /// `zfs get` alone told where paths are, and of no dataset where it is: nothing was ever protected.
    #[test]
    fn a_dataset_is_where_zfs_says_that_it_is_mounted() {
        let output = "tank/a\ttype\tfilesystem\t-\t-\ntank/a\tmountpoint\t/srv/a\t-\tlocal\ntank/a\tmounted\tyes\t-\t-\n";
        let inventory = Inventory::from_zfs_get(output.as_bytes()).unwrap();
        assert_eq!(inventory.mount_of(&"tank/a".parse().unwrap()), Some(&path("/srv/a")));
    }

    /// A bind shows a part of a dataset (the fourth field, proc(5)). Whoever copies that has not copied the dataset, though the
    /// bind's path comes first in the alphabet.
    #[test]
    fn a_dataset_is_not_where_a_part_of_it_is_bound() {
        let text = "22 1 0:20 / / rw - zfs rpool/root rw\n\
                    40 22 0:30 / /persist rw - zfs rpool/persist rw\n\
                    41 22 0:30 /etc/ssh /etc/ssh rw - zfs rpool/persist rw\n";
        let inventory = Inventory::default().with_mountinfo(text).unwrap();
        let persist: DatasetName = "rpool/persist".parse().unwrap();
        assert_eq!(inventory.mount_of(&persist), Some(&path("/persist")));
        let on = |text: &str| inventory.resolve(&path(text)).unwrap().1.clone();
        assert_eq!(on("/etc/ssh/key"), Filesystem::Dataset(persist));
    }

    /// A mount on a directory hides what was mounted below before (`mount_namespaces(7)`); the table goes on listing it.
    #[test]
    fn what_is_hidden_by_a_mount_above_is_not_there() {
        let text = "30 22 0:31 / /srv/a rw - zfs tank/a rw\n\
                    22 1 0:20 / / rw - zfs rpool/root rw\n\
                    31 22 0:32 / /srv rw - zfs tank/srv rw\n\
                    32 31 0:33 / /srv/b rw - zfs tank/b rw\n\
                    33 22 0:34 / /home\\012x rw - zfs tank/odd rw\n\
                    34 99 0:35 / /x rw - zfs tank/x rw\n\
                    35 36 0:35 / /c rw - zfs tank/c rw\n36 35 0:36 / /c rw - zfs tank/d rw\n";
        let inventory = Inventory::default().with_mountinfo(text).unwrap();
        let on = |text: &str| inventory.resolve(&path(text)).unwrap().1.to_string();
        assert_eq!((on("/srv/a/x"), on("/srv/b/x")), ("tank/srv".into(), "tank/b".into()));
        // One that is at two places is at each of them.
        let mut twice = inventory.clone();
        twice.add_filesystem("tank/b".parse().unwrap(), Some(path("/again")));
        for at in ["/again", "/srv/b"] {
            assert!(twice.is_mounted_at(&"tank/b".parse().unwrap(), &path(at)), "{at}");
        }
        assert_eq!(inventory.mount_of(&"tank/a".parse().unwrap()), None);
        // What nobody can name is passed over.
        assert_eq!(on("/home"), "rpool/root");
        // Two that are mounted on each other are on nothing.
        assert_eq!(on("/c/x"), "rpool/root");
    }

    #[test]
    fn mountinfo_is_read_with_its_escapes() {
        let text = "\
            22 1 0:20 / / rw,relatime shared:1 - zfs rpool/local/root rw,xattr,posixacl\n\
            40 22 0:30 / /persist rw,relatime shared:2 - zfs rpool/safe/persist rw\n\
            41 22 0:31 / /mnt/my\\040share rw - nfs4 nas-1:/backup rw\n\
            42 22 0:32 / /mnt/my\\040share rw master:1 - tmpfs tmpfs rw\n";
        let inventory = Inventory::default().with_mountinfo(text).unwrap();
        let on = |text: &str| inventory.resolve(&path(text)).unwrap().1.to_string();
        assert_eq!(on("/persist/x"), "rpool/safe/persist");
        assert_eq!(on("/mnt/my share/x"), "tmpfs");
        assert_eq!(inventory.datasets().count(), 2);
        for bad in ["x", "1 2 3 4 - zfs a", "1 2 3 4 rel - zfs a", "1 2 3 4 /\\09x - zfs a"] {
            assert!(Inventory::default().with_mountinfo(bad).is_err(), "{bad}");
        }
    }
}
