//! What is mounted (proc(5), `/proc/self/mountinfo`).

use std::fs;

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

/// What is seen at a mountpoint: of several mounts, the last one.
pub(super) fn at(path: &str) -> Result<Option<Mount>, Fault> {
    let text = fs::read_to_string("/proc/self/mountinfo").map_err(failed)?;
    Ok(text.lines().rev().find_map(|line| entry(line, path)))
}

fn entry(line: &str, path: &str) -> Option<Mount> {
    let (before, after) = line.split_once(" - ")?;
    let mut before = before.split(' ').skip(3);
    let (root, place) = (before.next()?, before.next()?);
    if unescape(place) != path {
        return None;
    }
    let mut fields = after.split(' ');
    let (kind, source) = (fields.next()?.to_owned(), unescape(fields.next()?));
    Some(Mount { kind, source, whole: root == "/" })
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
    use super::{Mount, at, entry};

    #[test]
    fn the_last_mount_at_a_place_is_seen() {
        let line = r"36 35 98:0 / /mnt\0402 rw,noatime master:1 - zfs tank/a\040b rw";
        let mount = |whole| Mount { kind: "zfs".into(), source: "tank/a b".into(), whole };
        assert_eq!(entry(line, "/mnt 2"), Some(mount(true)));
        assert_eq!(entry(line, "/mnt"), None);
        let bound = r"36 35 98:0 /sub /mnt rw,noatime - zfs tank/a\040b rw";
        assert_eq!(entry(bound, "/mnt"), Some(mount(false)));
        assert_eq!(at("/proc").unwrap().unwrap().kind, "proc");
    }
}
