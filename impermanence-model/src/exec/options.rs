//! Mount options, as the kernel takes them for a single mount.

use super::error::ExecError;
use super::sys::Attributes;
use crate::layout::{Mount, Propagation};

/// An option of fstab(5), as `mount_setattr(2)` has it: what it clears, what it sets; and the flag of mount(2) of the
/// same meaning, where there is one.
struct Row {
    name: &'static str,
    clear: u64,
    set: u64,
    flag: libc::c_ulong,
}

const fn on(name: &'static str, set: u64, flag: libc::c_ulong) -> Row {
    Row { name, clear: 0, set, flag }
}

const fn off(name: &'static str, clear: u64) -> Row {
    Row { name, clear, set: 0, flag: 0 }
}

const fn atime(name: &'static str, set: u64, flag: libc::c_ulong) -> Row {
    Row { name, clear: libc::MOUNT_ATTR__ATIME, set, flag }
}

const ROWS: [Row; 15] = [
    on("ro", libc::MOUNT_ATTR_RDONLY, libc::MS_RDONLY),
    off("rw", libc::MOUNT_ATTR_RDONLY),
    on("nosuid", libc::MOUNT_ATTR_NOSUID, libc::MS_NOSUID),
    off("suid", libc::MOUNT_ATTR_NOSUID),
    on("nodev", libc::MOUNT_ATTR_NODEV, libc::MS_NODEV),
    off("dev", libc::MOUNT_ATTR_NODEV),
    on("noexec", libc::MOUNT_ATTR_NOEXEC, libc::MS_NOEXEC),
    off("exec", libc::MOUNT_ATTR_NOEXEC),
    on("nodiratime", libc::MOUNT_ATTR_NODIRATIME, libc::MS_NODIRATIME),
    off("diratime", libc::MOUNT_ATTR_NODIRATIME),
    on("nosymfollow", libc::MOUNT_ATTR_NOSYMFOLLOW, MS_NOSYMFOLLOW),
    off("symfollow", libc::MOUNT_ATTR_NOSYMFOLLOW),
    atime("noatime", libc::MOUNT_ATTR_NOATIME, libc::MS_NOATIME),
    atime("strictatime", libc::MOUNT_ATTR_STRICTATIME, libc::MS_STRICTATIME),
    atime("relatime", libc::MOUNT_ATTR_RELATIME, libc::MS_RELATIME),
];

/// include/uapi/linux/mount.h, since Linux 5.10.
const MS_NOSYMFOLLOW: libc::c_ulong = 0x100;

/// Options that fstab's readers keep for themselves (mount(8), systemd.mount(5)), `x-*` and `X-*` aside.
const USERSPACE: [&str; 11] = [
    "defaults", "auto", "noauto", "nofail", "fail", "user", "nouser", "users", "group", "owner",
    "_netdev",
];

/// What the options come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    /// For `mount_setattr(2)`.
    pub(super) attributes: Attributes,
    /// For mount(2): what is set.
    pub(super) flags: libc::c_ulong,
    /// And what is not.
    pub(super) cleared: libc::c_ulong,
}

/// The options of a mount that the kernel keeps per mount, and those of the file system, comma separated.
pub(super) fn read(mount: &Mount) -> (Wanted, String) {
    let mut wanted = Wanted::default();
    let mut others = Vec::new();
    for option in &mount.options {
        let Some(row) = ROWS.iter().find(|row| row.name == option) else {
            if !is_userspace(option) {
                others.push(option.as_str());
            }
            continue;
        };
        let attributes = &mut wanted.attributes;
        // A later option takes back what an earlier one says.
        attributes.set = attributes.set & !row.clear | row.set;
        attributes.clear = attributes.clear & !row.set | row.clear;
        let cleared = ROWS.iter().filter(|each| each.set & row.clear != 0).map(|each| each.flag);
        let cleared = cleared.fold(0, |flags, flag| flags | flag);
        wanted.flags = wanted.flags & !cleared | row.flag;
        wanted.cleared = wanted.cleared & !row.flag | cleared;
    }
    wanted.attributes.propagation = mount.propagation.map_or(0, propagation);
    (wanted, others.join(","))
}

/// The same for a bind, which has no file system of its own to take options.
pub(super) fn for_bind(mount: &Mount) -> Result<Wanted, ExecError> {
    match read(mount) {
        (wanted, others) if others.is_empty() => Ok(wanted),
        (_, option) => Err(ExecError::Option { path: mount.target.clone(), option }),
    }
}

fn is_userspace(option: &str) -> bool {
    let name = option.split_once('=').map_or(option, |(name, _)| name);
    USERSPACE.contains(&name)
        || name == "comment"
        || name.starts_with("x-")
        || name.starts_with("X-")
}

pub(super) fn propagation(propagation: Propagation) -> libc::c_ulong {
    match propagation {
        Propagation::Private => libc::MS_PRIVATE,
        Propagation::Shared => libc::MS_SHARED,
        Propagation::Slave => libc::MS_SLAVE,
        Propagation::Unbindable => libc::MS_UNBINDABLE,
    }
}

/// The flags with which a mount has to be remounted so that it keeps what mountinfo shows of it: in a user namespace
/// the kernel refuses to take away what was locked (`mount_namespaces(7)`).
pub(super) fn kept(options: &[u8]) -> libc::c_ulong {
    let words = options.split(|&byte| byte == b',');
    let flag = |word: &[u8]| {
        let row = ROWS.iter().find(|row| row.name.as_bytes() == word);
        row.map_or(0, |row| row.flag)
    };
    words.fold(0, |flags, word| flags | flag(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::{BindOf, Source};
    use crate::path::AbsolutePath;

    fn wanted(options: &[&str]) -> Result<Wanted, ExecError> {
        for_bind(&Mount {
            target: AbsolutePath::root(),
            source: Source::Bind {
                from: AbsolutePath::root(),
                of: BindOf::Directory,
                recursive: false,
            },
            options: options.iter().map(ToString::to_string).collect(),
            propagation: None,
        })
    }

    #[test]
    fn later_options_take_back_earlier_ones() {
        assert_eq!(wanted(&["ro", "rw"]).unwrap().attributes.set, 0);
        assert_eq!(wanted(&["rw", "ro"]).unwrap().flags, libc::MS_RDONLY);
        let atime = wanted(&["noatime", "relatime", "x-gvfs-hide"]).unwrap();
        assert_eq!((atime.attributes.set, atime.flags), (0, libc::MS_RELATIME));
        assert_eq!(atime.attributes.clear, libc::MOUNT_ATTR__ATIME);
        assert!(matches!(wanted(&["size=1G"]), Err(ExecError::Option { .. })));
    }
}
