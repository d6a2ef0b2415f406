//! What is wrong with a declaration: every problem at once, each with its place and its remedy.

pub use declared::Position;

declared::code! {
    /// The kind of a [`Problem`], stable across releases of this crate.
    pub enum Code {
        /// A name that ZFS does not accept, or a path that is none.
        BadName = "bad-name",
        /// A property that ZFS would not take, or that a restore sets itself.
        BadProperty = "bad-property",
        /// Two services in one dataset.
        DuplicateDataset = "duplicate-dataset",
        /// Two services at one mountpoint: one would hide the other, and its records.
        DuplicateMountpoint = "duplicate-mountpoint",
        /// Something that serves no service: it would never be used.
        NoEffect = "no-effect",
        /// A service that is not declared.
        UnknownService = "unknown-service",
        /// A secret lies on what it is needed to restore.
        SecretInside = "secret-inside",
        /// The time does not suffice for all ways back.
        Budget = "budget",
        /// No way back at all, and the service may not start empty.
        NoWayBack = "no-way-back",
        /// A replica's target in or above its source: sending would destroy what is sent.
        SelfReplica = "self-replica",
    }
}

/// One thing that is wrong with a declaration.
pub type Problem = declared::Problem<Code>;

/// All problems of a declaration, in the order of the text.
pub type Problems = declared::Problems<Code>;
