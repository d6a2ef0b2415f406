//! fstab(5).

use std::fmt;

use super::{mounts, options, source};
use crate::escape::fstab::field;
use crate::layout::Layout;
use crate::stage::Stage;

/// A table of the layout's mounts, in the order in which `mount -a` can make them.
///
/// Mount points have to exist, and what is bound: `mount -a` creates nothing. (systemd creates directories.)
/// `Display` shows bytes that are not UTF-8 by a replacement: a file is written from [`as_bytes`](Self::as_bytes).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fstab(Vec<u8>);

impl Layout {
    /// All mounts as fstab(5): the host's own file systems, then binds, each after what it stands on.
    pub fn fstab(&self) -> Fstab {
        self.table(|_| true)
    }

    /// The binds alone, for a host that has its own file systems in its fstab already.
    pub fn fstab_binds(&self) -> Fstab {
        self.table(|mount| mount.bound_from().is_some())
    }

    fn table(&self, wanted: impl Fn(&crate::layout::Mount) -> bool) -> Fstab {
        let mut text = Vec::new();
        for (_, mount, stage) in mounts(self, true).filter(|(_, mount, _)| wanted(mount)) {
            let (what, fs_type) = source(mount, false);
            let mut all = options(mount);
            if stage == Stage::Initrd && !mount.target.is_root() {
                // systemd-fstab-generator(8): mounted in the initrd as well, below /sysroot.
                all.push("x-initrd.mount".to_owned());
            }
            let all = if all.is_empty() { "defaults".to_owned() } else { all.join(",") };
            let fields = [what.as_slice(), mount.target.as_bytes(), fs_type.as_bytes(), all.as_bytes()];
            for value in fields {
                text.extend_from_slice(&field(value));
                text.push(b' ');
            }
            text.extend_from_slice(b"0 0\n");
        }
        Fstab(text)
    }
}

impl Fstab {
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
