//! Binds, made so that nobody sees them half made.
//!
//! Since Linux 5.12 a bind is taken as a detached tree, given its options, and only then attached (`open_tree(2)`,
//! `mount_setattr(2)`, `move_mount(2)`). Before, it is mounted, and remounted with its options:
//! `MS_BIND | MS_RDONLY` in one call is silently writable, and a recursive bind's remount reaches its top alone, so that
//! each mount below is remounted too (mount(2), "Remounting an existing mount").

use std::ffi::CStr;
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
    pub(super) name: &'b CStr,
    pub(super) recursive: bool,
    pub(super) wanted: Wanted,
}

/// How far a bind is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Made {
    /// With everything that was wanted.
    Whole,
    /// It is mounted, and each of its mounts has to be [given its options](Bind::give_options).
    WithoutOptions,
}

impl Bind<'_> {
    pub(super) fn make(&self, calls: Calls) -> Result<Made, Errno> {
        match calls {
            Calls::Old => self.make_old(),
            Calls::Newest => match self.make_new() {
                Err(Errno::ENOSYS) => self.make_old(),
                result => result,
            },
        }
    }

    fn make_new(&self) -> Result<Made, Errno> {
        let tree = sys::clone_tree(self.from.as_fd(), self.recursive)?;
        let set = |attributes: sys::Attributes| {
            if attributes == sys::Attributes::default() {
                return Ok(());
            }
            sys::set_attributes(tree.as_fd(), self.recursive, attributes)
        };
        let wanted = self.wanted.attributes;
        set(sys::Attributes { propagation: 0, ..wanted })?;
        sys::attach(tree.as_fd(), self.onto.as_fd())?;
        // What is attached to a shared mount becomes shared, and nothing unbindable can be (`mount_namespaces(7)`): so this
        // comes last.
        set(sys::Attributes { propagation: wanted.propagation, ..sys::Attributes::default() })?;
        Ok(Made::Whole)
    }

    fn make_old(&self) -> Result<Made, Errno> {
        let recurse = if self.recursive { MsFlags::MS_REC } else { MsFlags::empty() };
        let (from, onto) = (handle(self.from.as_fd()), handle(self.onto.as_fd()));
        let none = None::<&str>;
        mount(Some(from.as_str()), onto.as_str(), none, MsFlags::MS_BIND | recurse, none)?;
        let sys::Attributes { set, clear, propagation } = self.wanted.attributes;
        if propagation != 0 {
            let flags = libc::c_ulong::try_from(propagation).unwrap_or_default();
            let flags = MsFlags::from_bits_retain(flags) | recurse;
            mount(none, self.name, none, flags, none)?;
        }
        Ok(if set | clear == 0 { Made::Whole } else { Made::WithoutOptions })
    }

    /// Remounts one mount with what is declared, and what it has besides.
    pub(super) fn give_options(&self, name: &CStr, options: &[u8]) -> Result<(), Errno> {
        let flags = kept(options) & !self.wanted.cleared | self.wanted.flags;
        let flags = MsFlags::from_bits_retain(flags) | MsFlags::MS_REMOUNT | MsFlags::MS_BIND;
        mount(None::<&str>, name, None::<&str>, flags, None::<&str>)
    }
}
