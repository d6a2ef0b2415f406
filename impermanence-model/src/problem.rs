//! What is wrong with a declaration: every problem at once, each with its place and its remedy.

use crate::origin::Origin;

declared::code! {
    /// The kind of a problem, stable across releases of this crate.
    pub enum Code {
        /// A path that is relative, has `..`, or is otherwise none.
        BadPath = "bad-path",
        /// `/` itself is declared as something to keep.
        EntryIsRoot = "entry-is-root",
        /// A store is declared as something to keep.
        EntryIsStore = "entry-is-store",
        /// An entry is above a store, and would hide it.
        StoreInEntry = "store-in-entry",
        /// An entry is in a store already.
        EntryInStore = "entry-in-store",
        /// A store that is inside another store's copy of an entry, or is `/`.
        BadStore = "bad-store",
        /// No store is named, and there are several or none.
        NoStore = "no-store",
        /// A store that is not declared.
        UnknownStore = "unknown-store",
        /// A store on a file system that is thrown away.
        StoreNotPersistent = "store-not-persistent",
        /// A user that is not declared.
        UnknownUser = "unknown-user",
        /// How a service that is not declared is kept.
        UnknownService = "unknown-service",
        /// One path declared more than once.
        DeclaredTwice = "declared-twice",
        /// One path kept in two stores.
        TwoStores = "two-stores",
        /// One path declared as a file and as a directory.
        FileAndDirectory = "file-and-directory",
        /// Something below a path that is a file.
        BelowFile = "below-file",
        /// Something below a path that is a link: a mount point has to be free of links.
        BelowLink = "below-link",
        /// Two mounts on one path.
        TwoMounts = "two-mounts",
        /// Two owners or modes for one directory.
        TwoOwners = "two-owners",
        /// Mounts that wait for each other.
        Cycle = "cycle",
        /// Something is needed before what it stands on is there.
        TooEarly = "too-early",
        /// State of a service that nothing keeps.
        Uncovered = "uncovered",
        /// Something declared ephemeral that is kept, or the reverse.
        EphemeralButKept = "ephemeral-but-kept",
        /// The root is declared in two ways.
        TwoRoots = "two-roots",
        /// No root is declared.
        NoRoot = "no-root",
        /// A root that is not thrown away when, or as, it is meant to be.
        RootNotWiped = "root-not-wiped",
        /// A root that is thrown away with more than it should be.
        RootLosesMore = "root-loses-more",
        /// A method that loses what a program writes.
        FileMethod = "file-method",
        /// An entry that another entry keeps already.
        Redundant = "redundant",
        /// A bind declared where a dataset is mounted, or for a host that keeps services in datasets.
        BindOnDataset = "bind-on-dataset",
        /// Something kept that would be kept anyway.
        AlreadyKept = "already-kept",
        /// Secrets that others could read in the store.
        SecretMode = "secret-mode",
        /// A plain bind of a directory that has mounts below it.
        Submounts = "submounts",
        /// Something that hosts must not forget.
        Essential = "essential",
    }
}

/// One thing that is wrong with a declaration.
pub type Problem = declared::Problem<Code>;

/// All problems of a declaration.
pub type Problems = declared::Problems<Code>;

/// A problem of what `origin` declared.
pub(crate) fn problem(
    origin: &Origin,
    code: Code,
    what: impl Into<String>,
    remedy: impl Into<String>,
) -> Problem {
    Problem {
        position: origin.position,
        path: origin.key.to_string(),
        code,
        what: what.into(),
        remedy: remedy.into(),
    }
}
