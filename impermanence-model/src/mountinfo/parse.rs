//! Reading: proc(5), "/proc/pid/mountinfo"; `show_mountinfo` in `fs/proc_namespace.c`.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{Mount, MountTable, Propagation};
use crate::escape::fstab;

/// A line that is none of mountinfo's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("mountinfo, line {line}: {field} is {found:?}; it should be {expected}")]
pub struct MountinfoError {
    /// The line's number, from 1.
    pub line: usize,
    /// The field.
    pub field: &'static str,
    /// What stands there, lossily where it is not UTF-8; empty at the line's end.
    pub found: String,
    /// What would be right.
    pub expected: &'static str,
}

impl MountTable {
    /// Reads a whole table.
    pub fn parse(text: &[u8]) -> Result<Self, MountinfoError> {
        let lines = text.split(|&byte| byte == b'\n').enumerate();
        let mounts = lines
            .filter(|(_, line)| !line.is_empty())
            .map(|(at, line)| Line { number: at + 1, rest: Some(line) }.mount())
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self::from_mounts(mounts))
    }

    /// A table of these mounts.
    fn from_mounts(mut mounts: Vec<Mount>) -> Self {
        let ids: HashSet<u64> = mounts.iter().map(|mount| mount.id).collect();
        let mut outside = BTreeSet::new();
        let mut by_point: HashMap<Vec<u8>, BTreeMap<u64, usize>> = HashMap::new();
        for (at, mount) in mounts.iter_mut().enumerate() {
            // The kernel's first mount is its own parent.
            if mount.parent == mount.id {
                mount.parent = 0;
            }
            if !ids.contains(&mount.parent) {
                outside.insert(mount.parent);
            }
            by_point.entry(mount.point.clone()).or_default().insert(mount.parent, at);
        }
        Self { mounts, by_point, outside }
    }
}

/// A line, read from its beginning.
struct Line<'t> {
    number: usize,
    /// What is left; `None` behind the last field.
    rest: Option<&'t [u8]>,
}

impl<'t> Line<'t> {
    fn mount(mut self) -> Result<Mount, MountinfoError> {
        let id = self.number("the mount's id")?;
        let parent = self.number("the parent's id")?;
        let device = self.device()?;
        let root = self.text("the root", |root| !root.is_empty(), "a path in the file system")?;
        let is_absolute = |point: &[u8]| point.starts_with(b"/");
        let point = self.text("the mount point", is_absolute, "an absolute path")?;
        let options = self.text("the options", |_| true, "options, comma separated")?;
        let propagation = self.propagation()?;
        let fs_type = self.text("the type", |_| true, "a type of file systems")?;
        let source = self.text("the source", |_| true, "a source, or nothing")?;
        // Of the file system's own making, to the line's end.
        let super_options = self.rest.unwrap_or_default().to_vec();
        Ok(Mount {
            id,
            parent,
            device,
            root,
            point,
            options,
            propagation,
            fs_type,
            source,
            super_options,
        })
    }

    /// The next field, which ends at a single blank: it may be empty.
    fn field(&mut self) -> Option<&'t [u8]> {
        let rest = self.rest?;
        let end = rest.iter().position(|&byte| byte == b' ');
        let (field, after) = match end.and_then(|end| rest.split_at_checked(end)) {
            Some((field, after)) => (field, after.get(1..)),
            None => (rest, None),
        };
        self.rest = after;
        Some(field)
    }

    fn refuse(
        &self,
        field: &'static str,
        found: Option<&[u8]>,
        expected: &'static str,
    ) -> MountinfoError {
        let found = String::from_utf8_lossy(found.unwrap_or_default()).into_owned();
        MountinfoError { line: self.number, field, found, expected }
    }

    fn number(&mut self, name: &'static str) -> Result<u64, MountinfoError> {
        let field = self.field();
        field.and_then(number).ok_or_else(|| self.refuse(name, field, "a number"))
    }

    fn device(&mut self) -> Result<(u32, u32), MountinfoError> {
        let field = self.field();
        let device = field.and_then(|field| {
            let colon = field.iter().position(|&byte| byte == b':')?;
            let (major, minor) = (field.get(..colon)?, field.get(colon + 1..)?);
            Some((number(major)?.try_into().ok()?, number(minor)?.try_into().ok()?))
        });
        device.ok_or_else(|| self.refuse("the device", field, "MAJOR:MINOR"))
    }

    fn text(
        &mut self,
        name: &'static str,
        valid: impl Fn(&[u8]) -> bool,
        expected: &'static str,
    ) -> Result<Vec<u8>, MountinfoError> {
        let field = self.field();
        match field {
            Some(text) if valid(text) => Ok(fstab::read(text).into_owned()),
            _ => Err(self.refuse(name, field, expected)),
        }
    }

    /// The optional fields and the `-` behind them. Tags of later kernels are passed over, as proc(5) asks.
    fn propagation(&mut self) -> Result<Propagation, MountinfoError> {
        let mut propagation = Propagation::default();
        loop {
            let Some(field) = self.field() else {
                return Err(self.refuse("the end of the optional fields", None, "`-`"));
            };
            if field == b"-" {
                return Ok(propagation);
            }
            let colon = field.iter().position(|&byte| byte == b':').unwrap_or(field.len());
            let (tag, value) = field.split_at_checked(colon).unwrap_or((field, b""));
            let slot = match tag {
                b"shared" => &mut propagation.shared,
                b"master" => &mut propagation.master,
                b"propagate_from" => &mut propagation.propagate_from,
                b"unbindable" => {
                    propagation.unbindable = true;
                    continue;
                }
                _ => continue,
            };
            *slot = value.get(1..).and_then(number);
            if slot.is_none() {
                return Err(self.refuse("an optional field", Some(field), "TAG:NUMBER"));
            }
        }
    }
}

/// A decimal number, without a sign.
fn number(digits: &[u8]) -> Option<u64> {
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}
