//! What `/proc/self/mountinfo` lists (proc(5)), as far as a path can lead there.

use std::collections::{HashMap, HashSet};

use zfs_props::name::DatasetName;

use super::inventory::{BadInventory, Filesystem};
use crate::path::{AbsolutePath, BadPath};

/// A mount.
pub(super) struct Mounted {
    id: u64,
    /// The mount that it is on.
    parent: u64,
    pub(super) path: AbsolutePath,
    pub(super) filesystem: Filesystem,
    /// All of the filesystem, and not a directory of it.
    pub(super) is_whole: bool,
}

/// The mounts that are not hidden, each after the one it is on.
pub(super) fn visible(text: &str) -> Result<Vec<Mounted>, BadInventory> {
    let mut mounts: Vec<Option<Mounted>> = Vec::new();
    for (n, line) in text.lines().enumerate() {
        let read = mounted(line).map_err(|what| BadInventory::Mountinfo { line: n + 1, what })?;
        mounts.extend(read.map(Some));
    }
    let ids: HashSet<u64> = mounts.iter().flatten().map(|mount| mount.id).collect();
    let mut on: HashMap<u64, Vec<usize>> = HashMap::new();
    let mut first = Vec::new();
    for (n, mount) in mounts.iter().enumerate() {
        let Some(mount) = mount else { continue };
        if mount.parent == mount.id || !ids.contains(&mount.parent) {
            first.push(n);
        } else {
            on.entry(mount.parent).or_default().push(n);
        }
    }
    let mut found: Vec<Mounted> = Vec::new();
    let mut take = |numbers: Vec<usize>, found: &mut Vec<Mounted>| {
        found.extend(numbers.into_iter().filter_map(|n| mounts.get_mut(n)?.take()));
    };
    take(first, &mut found);
    let mut at = 0;
    while let Some(mount) = found.get(at) {
        at += 1;
        let Some(numbers) = on.remove(&mount.id) else { continue };
        let mut below = Vec::new();
        take(numbers, &mut below);
        // What is mounted on the same, nearer to its root, is met first on the way to it.
        let paths: HashSet<AbsolutePath> = below.iter().map(|mount| mount.path.clone()).collect();
        below.retain(|mount| !mount.path.clone().and_above().skip(1).any(|p| paths.contains(&p)));
        found.extend(below);
    }
    Ok(found)
}

/// A line; none for a path that nothing declared can name.
fn mounted(line: &str) -> Result<Option<Mounted>, &'static str> {
    let (mount, device) = line.split_once(" - ").ok_or("no ` - ` before the filesystem type")?;
    let mut fields = mount.split(' ');
    let mut number = |what| fields.next().and_then(|field| field.parse().ok()).ok_or(what);
    let id = number("the first field is no number")?;
    let parent = number("the second field is no number")?;
    let root = fields.nth(1).ok_or("no fourth field")?;
    let path = fields.next().ok_or("no fifth field")?;
    let path = unescaped(path).ok_or("an escape that is not octal")?;
    let path = match path.parse() {
        Ok(path) => path,
        Err(BadPath::Control(_)) => return Ok(None),
        Err(_) => return Err("the fifth field is not an absolute path"),
    };
    let mut device = device.split(' ');
    let kind = device.next().unwrap_or_default();
    let source = device.next().ok_or("no source")?;
    let source = unescaped(source).ok_or("an escape that is not octal")?;
    let filesystem = match source.parse::<DatasetName>() {
        Ok(dataset) if kind == "zfs" => Filesystem::Dataset(dataset),
        _ => Filesystem::Other(source),
    };
    Ok(Some(Mounted { id, parent, path, filesystem, is_whole: root == "/" }))
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
