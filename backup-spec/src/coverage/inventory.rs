//! What is on the host: datasets, what is mounted where, files if someone listed them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Bound;

use zfs_props::name::DatasetName;
use zfs_props::read::{ReadError, Trust, text};

use super::class::{Subject, Tier};
use crate::path::{AbsolutePath, BadPath};

/// What is really there, as the tools print it or as another crate planned it.
///
/// What is not in it is unknown and protects nothing: a dataset that is not mounted at the path a job reads is not in that
/// job's copies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    datasets: BTreeMap<DatasetName, Kind>,
    mounts: BTreeMap<AbsolutePath, Filesystem>,
    /// The same the other way round.
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
            inventory.mounts.insert(path, Filesystem::Dataset(dataset));
        }
        Ok(inventory)
    }

    /// Adds what `/proc/self/mountinfo` lists (proc(5)), ZFS filesystems with mountpoint `legacy` among it.
    ///
    /// Of several filesystems mounted at one path the last one is seen, as by every process.
    pub fn with_mountinfo(mut self, text: &str) -> Result<Self, BadInventory> {
        for (n, line) in text.lines().enumerate() {
            let bad = |what| BadInventory::Mountinfo { line: n + 1, what };
            let (mount, device) =
                line.split_once(" - ").ok_or_else(|| bad("no ` - ` before the filesystem type"))?;
            let path = mount.split(' ').nth(4).ok_or_else(|| bad("no fifth field"))?;
            let path = unescaped(path).ok_or_else(|| bad("an escape that is not octal"))?;
            let path = path.parse().map_err(|_| bad("the fifth field is not an absolute path"))?;
            let mut device = device.split(' ');
            let kind = device.next().unwrap_or_default();
            let source = device.next().ok_or_else(|| bad("no source"))?;
            let source = unescaped(source).ok_or_else(|| bad("an escape that is not octal"))?;
            let filesystem = match source.parse::<DatasetName>() {
                Ok(dataset) if kind == "zfs" => {
                    self.datasets.insert(dataset.clone(), Kind::Filesystem);
                    Filesystem::Dataset(dataset)
                }
                _ => Filesystem::Other(source),
            };
            self.mount(path, filesystem);
        }
        Ok(self)
    }

    /// Of several filesystems mounted at one path the last one is seen.
    fn mount(&mut self, path: AbsolutePath, filesystem: Filesystem) {
        let hidden = self.mounts.insert(path.clone(), filesystem.clone());
        if let Some(Filesystem::Dataset(hidden)) = hidden {
            let paths = self.mounted.get_mut(&hidden);
            if paths.is_some_and(|paths| paths.remove(&path) && paths.is_empty()) {
                self.mounted.remove(&hidden);
            }
        }
        if let Filesystem::Dataset(dataset) = filesystem {
            self.mounted.entry(dataset).or_default().insert(path);
        }
    }

    /// Adds a filesystem, and where it is mounted, if it is.
    pub fn add_filesystem(&mut self, dataset: DatasetName, mount: Option<AbsolutePath>) {
        if let Some(mount) = mount {
            self.mount(mount, Filesystem::Dataset(dataset.clone()));
        }
        self.datasets.insert(dataset, Kind::Filesystem);
    }

    /// Adds a volume.
    pub fn add_volume(&mut self, dataset: DatasetName) {
        self.datasets.insert(dataset, Kind::Volume);
    }

    /// Adds a mount that is not of ZFS, such as a share.
    pub fn add_mount(&mut self, path: AbsolutePath, source: impl Into<String>) {
        self.mount(path, Filesystem::Other(source.into()));
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

    /// Where a dataset is mounted; the first path if it is at several.
    pub fn mount_of(&self, dataset: &DatasetName) -> Option<&AbsolutePath> {
        self.mounted.get(dataset)?.first()
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

/// Octal escapes, as mountinfo has them for blanks, tabs, line ends and backslashes.
fn unescaped(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = match (first, after) {
            (b'\\', [a, b, c, after @ ..]) => {
                let digit =
                    |d: u8| d.is_ascii_digit().then(|| u32::from(d - b'0')).filter(|d| *d < 8);
                let code = digit(*a)? * 64 + digit(*b)? * 8 + digit(*c)?;
                bytes.push(u8::try_from(code).ok()?);
                after
            }
            (b'\\', _) => return None,
            _ => {
                bytes.push(*first);
                after
            }
        };
    }
    String::from_utf8(bytes).ok()
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
