//! Binds, made so that nobody sees them half made.
//!
//! Since Linux 5.12 a bind is taken as a detached tree, given its options and its propagation, and only then attached
//! (open_tree(2), mount_setattr(2), move_mount(2)). Before, it is mounted, and remounted with its options:
//! `MS_BIND | MS_RDONLY` in one call is silently writable, and a recursive bind's remount reaches its top alone, so that
//! each mount below is remounted too (mount(2), "Remounting an existing mount").

use std::os::fd::{AsFd, OwnedFd};

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};

use super::options::{Wanted, kept};
use super::sys;
use super::tree::handle;

/// Which calls are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Calls {
    /// Those of Linux 5.12 and later, and the old ones where the kernel, or a filter of system calls, does not know
    /// them.
    #[default]
    Newest,
    /// mount(2) alone.
    Old,
}

/// What is bound where.
pub(super) struct Bind<'b> {
    pub(super) from: &'b OwnedFd,
    pub(super) onto: &'b OwnedFd,
    /// The mount point by name, in a directory that is held.
    pub(super) name: &'b std::ffi::CStr,
    pub(super) recursive: bool,
    pub(super) wanted: Wanted,
}

impl Bind<'_> {
    /// Mounts. `below` gives the mounts of the tree once it is there, as handles and with their options, for a kernel on
    /// which each has to be remounted by itself.
    pub(super) fn make(
        &self,
        calls: Calls,
        below: impl FnOnce() -> Result<Vec<(std::ffi::CString, Vec<u8>)>, Errno>,
    ) -> Result<(), Errno> {
        match calls {
            Calls::Old => self.make_old(below),
            Calls::Newest => match self.make_new() {
                Err(Errno::ENOSYS) => self.make_old(below),
                result => result,
            },
        }
    }

    fn make_new(&self) -> Result<(), Errno> {
        let tree = sys::clone_tree(self.from.as_fd(), self.recursive)?;
        if self.wanted.attributes != sys::Attributes::default() {
            sys::set_attributes(tree.as_fd(), self.recursive, self.wanted.attributes)?;
        }
        sys::attach(tree.as_fd(), self.onto.as_fd())
    }

    fn make_old(
        &self,
        below: impl FnOnce() -> Result<Vec<(std::ffi::CString, Vec<u8>)>, Errno>,
    ) -> Result<(), Errno> {
        let recurse = if self.recursive { MsFlags::MS_REC } else { MsFlags::empty() };
        let (from, onto) = (handle(self.from.as_fd()), handle(self.onto.as_fd()));
        let none = None::<&str>;
        mount(Some(from.as_str()), onto.as_str(), none, MsFlags::MS_BIND | recurse, none)?;
        let attributes = self.wanted.attributes;
        if attributes.set != 0 || attributes.clear != 0 {
            for (name, options) in below()? {
                // What is declared, and what the mount has besides.
                let flags = kept(&options) & !self.wanted.cleared | self.wanted.flags;
                let flags = MsFlags::from_bits_retain(flags) | MsFlags::MS_REMOUNT | MsFlags::MS_BIND;
                mount(none, name.as_c_str(), none, flags, none)?;
            }
        }
        if attributes.propagation != 0 {
            let flags = MsFlags::from_bits_truncate(
                libc::c_ulong::try_from(attributes.propagation).unwrap_or_default(),
            );
            mount(none, self.name, none, flags | recurse, none)?;
        }
        Ok(())
    }
}
