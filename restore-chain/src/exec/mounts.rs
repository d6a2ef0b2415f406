//! What is mounted (proc(5), `/proc/self/mountinfo`).

use std::fs;

use super::tools::failed;
use crate::preseed::Fault;

/// Type and source of the filesystem that is seen at a mountpoint: of several, the one mounted last.
pub(super) fn at(path: &str) -> Result<Option<(String, String)>, Fault> {
    let text = fs::read_to_string("/proc/self/mountinfo").map_err(failed)?;
    Ok(text.lines().rev().find_map(|line| entry(line, path)))
}

fn entry(line: &str, path: &str) -> Option<(String, String)> {
    let (before, after) = line.split_once(" - ")?;
    let place = before.split(' ').nth(4)?;
    if unescape(place) != path {
        return None;
    }
    let mut fields = after.split(' ');
    Some((fields.next()?.to_owned(), unescape(fields.next()?)))
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
    use super::{at, entry};

    #[test]
    fn the_last_mount_at_a_place_is_seen() {
        let line = r"36 35 98:0 / /mnt\0402 rw,noatime master:1 - zfs tank/a\040b rw";
        assert_eq!(entry(line, "/mnt 2"), Some(("zfs".to_owned(), "tank/a b".to_owned())));
        assert_eq!(entry(line, "/mnt"), None);
        assert_eq!(at("/proc").unwrap().unwrap().0, "proc");
    }
}
