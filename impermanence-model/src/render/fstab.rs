//! fstab(5).

use std::fmt;

use super::{Mounted, mounts, options, source, tmpfs_root};
use crate::escape::fstab::field;
use crate::layout::{Layout, Mount};
use crate::stage::Stage;

/// A table of the layout's mounts, in the order in which `mount -a` can make them.
///
/// Mount points have to exist, and what is bound: `mount -a` creates nothing. (systemd creates directories.)
/// `Display` shows bytes that are not UTF-8 by a replacement: a file is written from [`as_bytes`](Self::as_bytes).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fstab(Vec<u8>);

impl Layout {
    /// All mounts as fstab(5): the root if it is a tmpfs, the host's own file systems, and binds, each after what it
    /// stands on.
    ///
    /// Any other root has a line already, whose options the declaration does not know.
    pub fn fstab(&self) -> Fstab {
        let mut fstab = Fstab(Vec::new());
        if let Some(root) = tmpfs_root(self) {
            fstab.line(&root, &options(&root, false));
        }
        mounts(self).for_each(|mounted| fstab.mounted(&mounted));
        fstab
    }

    /// The binds alone, for a host that has its own file systems in its fstab already.
    pub fn fstab_binds(&self) -> Fstab {
        let mut fstab = Fstab(Vec::new());
        let binds = mounts(self).filter(|mounted| mounted.mount.bound_from().is_some());
        binds.for_each(|mounted| fstab.mounted(&mounted));
        fstab
    }
}

impl Fstab {
    fn mounted(&mut self, mounted: &Mounted<'_>) {
        let mut words = options(mounted.mount, mounted.needs_network);
        if mounted.step.stage == Stage::Initrd {
            // systemd-fstab-generator(8): mounted in the initrd as well, below /sysroot.
            words.push("x-initrd.mount".to_owned());
        }
        self.line(mounted.mount, &words);
    }

    fn line(&mut self, mount: &Mount, words: &[String]) {
        let (what, fs_type) = source(mount, false);
        let words = if words.is_empty() { "defaults".to_owned() } else { words.join(",") };
        for value in [&what, mount.target.as_bytes(), fs_type.as_bytes(), words.as_bytes()] {
            self.0.extend_from_slice(&field(value));
            self.0.push(b' ');
        }
        self.0.extend_from_slice(b"0 0\n");
    }

    /// The file's content.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Fstab {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}
