//! The real world: a layout is carried out, checked, and undone, by system calls alone. Linux.
//!
//! ```no_run
//! use impermanence_model::Host;
//! use impermanence_model::exec::World;
//! use impermanence_model::stage::Stage;
//!
//! let layout = Host::from_toml(&std::fs::read_to_string("luna.toml")?)?.resolve()?;
//! let world = World::new(&"/sysroot".parse()?)?;
//! let applied = world.apply(&layout, Stage::Initrd)?;
//! assert!(world.verify(&layout, Stage::Initrd)?.iter().all(|(_, check)| check.is_done()));
//! world.undo(&layout, &applied);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! * Every step is looked at before it is done: what is so already is left alone, so that a run that was interrupted
//!   is continued by running again. Mounts are recognised by what they show (`mountinfo`), not by their names.
//! * No path is followed through a symbolic link: mount points below a home are in the hands of its user.
//! * Nothing is hidden: a mount over files that are not its own is refused, unless [`World::may_hide`] says so.
//! * A bind appears with its options, never without them for a moment; read-only reaches the mounts below a
//!   recursive bind.
//! * Nothing is ever removed from a store; owner and mode are never changed below what is declared.
//!
//! From one layout to another on a running system goes [`World::change`]; [`World::audit`] walks a live tree for what
//! the next boot would throw away.
//!
//! It needs `/proc`, and what mount(2) and chown(2) need: root, or a user and a mount namespace of its own. The audit
//! needs Linux 5.8, all else is done with older calls where newer ones are missing.

mod accounts;
mod apply;
pub mod audit;
mod bind;
mod changing;
mod copying;
mod error;
mod holders;
mod mounting;
mod moving;
mod options;
mod placing;
mod sys;
mod tree;
mod undo;

pub use accounts::{Names, SystemNames, accounts};
pub use apply::{Applied, Check, Done, Effect, Interrupted, Unattended};
pub use bind::Calls;
pub use changing::Stopped;
pub use error::ExecError;
pub use undo::Undone;

use std::io;
use std::path::Path;

use crate::layout::{Layout, Mount};
use crate::mountinfo::MountTable;
use crate::owner::{Mode, Owner};
use crate::path::AbsolutePath;
use tree::{Perms, Tree};

/// A root directory, in the mount namespace of the thread, in which layouts are carried out.
pub struct World {
    root: AbsolutePath,
    tree: Tree,
    names: Box<dyn Names>,
    mounter: Option<Box<Mounter>>,
    calls: Calls,
    may_hide: bool,
    at_boot: bool,
    file_systems: FileSystems,
}

/// Mounts a file system of the host's.
type Mounter = dyn Fn(&Mount, &Path) -> io::Result<()>;

/// What is required of the host's own file systems, tmpfs aside, which is mounted where it is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FileSystems {
    /// Each is mounted, and is what was declared.
    #[default]
    AsDeclared,
    /// Something is in their place: a directory stands for a disk, as in an image that is being built, or a test.
    StandIns,
}

impl World {
    /// The system below `root`: `/`, `/sysroot`, or an image's.
    pub fn new(root: &AbsolutePath) -> Result<Self, ExecError> {
        let tree = Tree::open(root)?;
        Ok(Self {
            root: tree.real_path(root)?,
            tree,
            names: Box::new(SystemNames),
            mounter: None,
            calls: Calls::default(),
            may_hide: false,
            at_boot: false,
            file_systems: FileSystems::default(),
        })
    }

    /// Who has which number where the declaration does not say: below another root, not the running system.
    #[must_use]
    pub fn names(mut self, names: impl Names + 'static) -> Self {
        self.names = Box::new(names);
        self
    }

    /// Mounts file systems of the host that are missing when their turn comes: `zfs mount`, `mount`. It is given the
    /// mount, and a path that leads to its mount point, whatever is done to the tree meanwhile. Without, a missing
    /// file system is an error, tmpfs aside.
    #[must_use]
    pub fn mounter(mut self, mounter: impl Fn(&Mount, &Path) -> io::Result<()> + 'static) -> Self {
        self.mounter = Some(Box::new(mounter));
        self
    }

    /// Which system calls are used.
    #[must_use]
    pub fn calls(mut self, calls: Calls) -> Self {
        self.calls = calls;
        self
    }

    /// Lets mounts hide files that lie in their mount points.
    #[must_use]
    pub fn may_hide(mut self) -> Self {
        self.may_hide = true;
        self
    }

    /// Says that the system has not started: files that are copied in take the place of those that the root has, such
    /// as those of the snapshot that it was rolled back to. On a running system they would undo what was changed.
    #[must_use]
    pub fn at_boot(mut self) -> Self {
        self.at_boot = true;
        self
    }

    /// What is required of the host's own file systems.
    #[must_use]
    pub fn file_systems(mut self, file_systems: FileSystems) -> Self {
        self.file_systems = file_systems;
        self
    }

    /// The mounts of the thread's namespace, as they are now.
    pub fn table(&self) -> Result<MountTable, ExecError> {
        let text = std::fs::read("/proc/thread-self/mountinfo");
        let text = text.map_err(|error| ExecError::Table(error.to_string()))?;
        MountTable::parse(&text).map_err(|error| ExecError::Table(error.to_string()))
    }

    fn perms(&self, layout: &Layout, owned: &Owned<'_>) -> Result<Perms, ExecError> {
        let &Owned { path, owner, mode } = owned;
        let unknown = |kind, name: &str| ExecError::Unknown {
            path: path.clone(),
            kind,
            name: name.to_owned(),
        };
        let (user, group, declared) = (&owner.user, &owner.group, layout.accounts());
        let uid = user.parse().ok().or_else(|| declared.user(user));
        let gid = group.parse().ok().or_else(|| declared.group(group));
        Ok(Perms {
            uid: uid.or_else(|| self.names.user(user)).ok_or_else(|| unknown("user", user))?,
            gid: gid.or_else(|| self.names.group(group)).ok_or_else(|| unknown("group", group))?,
            mode: mode.bits(),
        })
    }
}

/// What an owner and a mode are for.
struct Owned<'o> {
    path: &'o AbsolutePath,
    owner: &'o Owner,
    mode: Mode,
}
