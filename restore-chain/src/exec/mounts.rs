//! What is mounted (proc(5), `/proc/self/mountinfo`).

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs;
use std::path::Path;

use super::tools::failed;
use crate::preseed::{Fault, Occupant};

/// A filesystem, or a part of one, that is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mount {
    /// Its type: `zfs`.
    pub(super) kind: String,
    /// Its source: for ZFS the dataset.
    pub(super) source: String,
    /// Whether it is mounted as a whole; if not, a folder of it is bound here.
    pub(super) whole: bool,
}

impl Mount {
    /// What it is to a service whose dataset it is not, or not all of it.
    pub(super) fn occupant(self) -> Occupant {
        match self.source.parse() {
            Ok(dataset) if self.kind == "zfs" && self.whole => Occupant::Dataset(dataset),
            _ => Occupant::Mount(self.source),
        }
    }
}

/// What is seen at a mountpoint: over which nothing else is mounted, there or on a folder above.
pub(super) fn at(path: &str) -> Result<Option<Mount>, Fault> {
    Ok(Table::of(&lines(&now()?)).seen(path))
}

/// The mountpoint that a path lies in, as it is seen.
pub(super) fn holding(path: &str) -> Result<Option<String>, Fault> {
    let lines = lines(&now()?);
    let table = Table::of(&lines);
    let above = Path::new(path).ancestors().filter_map(Path::to_str);
    Ok(above.into_iter().find(|place| table.seen(place).is_some()).map(str::to_owned))
}

/// The mountpoints below a folder that can be seen.
pub(super) fn below(path: &str) -> Result<Vec<String>, Fault> {
    let lines = lines(&now()?);
    let table = Table::of(&lines);
    let inside = |place: &&str| place.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
    let places: BTreeSet<&str> = lines.iter().map(|line| line.place.as_str()).collect();
    let places = places.into_iter().filter(inside).filter(|place| table.seen(place).is_some());
    Ok(places.map(str::to_owned).collect())
}

fn now() -> Result<String, Fault> {
    fs::read_to_string("/proc/self/mountinfo").map_err(failed)
}

struct Line {
    id: u64,
    /// The mount that it is mounted on.
    on: u64,
    place: String,
    mount: Mount,
}

impl Line {
    fn read(line: &str) -> Option<Self> {
        let (before, after) = line.split_once(" - ")?;
        let mut before = before.split(' ');
        let (id, on) = (before.next()?.parse().ok()?, before.next()?.parse().ok()?);
        let (root, place) = (before.nth(1)?, unescape(before.next()?));
        let mut fields = after.split(' ');
        let (kind, source) = (fields.next()?.to_owned(), unescape(fields.next()?));
        Some(Self { id, on, place, mount: Mount { kind, source, whole: root == "/" } })
    }
}

fn lines(text: &str) -> Vec<Line> {
    text.lines().filter_map(Line::read).collect()
}

/// All that is mounted.
struct Table<'t> {
    /// What the root is mounted on: a mount that is not listed, or itself.
    start: Option<u64>,
    /// By the mount that it is mounted on, and the place.
    on: HashMap<(u64, &'t str), &'t Line>,
}

impl<'t> Table<'t> {
    fn of(lines: &'t [Line]) -> Self {
        let ids: HashSet<u64> = lines.iter().map(|line| line.id).collect();
        let is_first = |line: &&Line| line.on == line.id || !ids.contains(&line.on);
        let start = lines.iter().find(is_first).map(|line| line.on);
        Self {
            start,
            on: lines.iter().map(|line| ((line.on, line.place.as_str()), line)).collect(),
        }
    }

    /// What a path leads to, if that is a mountpoint: from the root on, as the kernel walks, whatever is mounted on the mount
    /// that was reached takes its place. A mount below a folder that something was mounted over later is never reached.
    fn seen(&self, path: &str) -> Option<Mount> {
        let (mut at, mut seen) = (self.start?, None::<&Line>);
        let ends = path.match_indices('/').map(|(end, _)| end).filter(|end| *end > 0);
        for end in [1].into_iter().chain(ends).chain([path.len()]) {
            let prefix = path.get(..end)?;
            seen = seen.filter(|line| line.place == prefix);
            let new = |line: &&&Line| seen.is_none_or(|seen| seen.id != line.id);
            let mut next = self.on.get(&(at, prefix)).filter(new);
            while let Some(line) = next {
                (at, seen) = (line.id, Some(*line));
                next = self.on.get(&(at, prefix)).filter(|next| next.id != line.id);
            }
        }
        seen.map(|line| line.mount.clone())
    }
}

/// Blanks, tabs, newlines and backslashes are `\` and three octal digits.
fn unescape(field: &str) -> String {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field.as_bytes();
    while let Some((first, others)) = rest.split_first() {
        let octal = others.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
        let escaped =
            octal.and_then(|digits| u8::from_str_radix(digits, 8).ok()).filter(|_| *first == b'\\');
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { others.get(3..).unwrap_or_default() } else { others };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{Mount, Table, at, lines};

    fn zfs(source: &str, whole: bool) -> Mount {
        Mount { kind: "zfs".into(), source: source.into(), whole }
    }

    fn look(text: &str, path: &str) -> Option<Mount> {
        Table::of(&lines(text)).seen(path)
    }

    #[test]
    fn the_last_mount_at_a_place_is_seen() {
        let root = "35 1 98:0 / / rw - ext4 /dev/sda rw\n";
        let line = r"36 35 98:1 / /mnt\0402 rw,noatime master:1 - zfs tank/a\040b rw";
        let seen = |more: &str, path: &str| look(&format!("{root}{more}"), path);
        assert_eq!(seen(line, "/mnt 2"), Some(zfs("tank/a b", true)));
        assert_eq!(seen(line, "/mnt"), None);
        let bound = r"36 35 98:0 /sub /mnt rw,noatime - zfs tank/a\040b rw";
        assert_eq!(seen(bound, "/mnt"), Some(zfs("tank/a b", false)));
        let twice = "36 35 0:1 / /mnt rw - zfs tank/a rw\n37 36 0:2 / /mnt rw - zfs tank/b rw\n";
        assert_eq!(seen(twice, "/mnt"), Some(zfs("tank/b", true)));
        assert_eq!(at("/proc").unwrap().unwrap().kind, "proc");
    }

    /// What was read there would be another file system's folder: empty, though the dataset is not.
    #[test]
    fn a_dataset_below_a_folder_that_something_is_mounted_over_is_not_seen() {
        let root = "1 1 0:2 / / rw - rootfs rootfs rw\n20 1 0:3 / / rw - zfs rpool rw\n";
        let own = "36 20 0:4 / /var/lib/svc rw - zfs tank/svc rw\n";
        let seen = |text: &str| look(text, "/var/lib/svc");
        assert_eq!(seen(&format!("{root}{own}")), Some(zfs("tank/svc", true)));
        let over = "40 20 0:5 / /var/lib rw - tmpfs tmpfs rw\n";
        assert_eq!(seen(&format!("{root}{own}{over}")), None);
        // Over it, and then the dataset once more.
        let again = "41 40 0:4 / /var/lib/svc rw - zfs tank/svc rw\n";
        assert_eq!(seen(&format!("{root}{own}{over}{again}")), Some(zfs("tank/svc", true)));
        assert_eq!(look(root, "/"), Some(zfs("rpool", true)));
        // In a root that is no mountpoint, or where nothing is.
        assert_eq!(look(own, "/var/lib/svc"), Some(zfs("tank/svc", true)));
        assert_eq!(seen(""), None);
    }
}
