//! What is wrong with a declaration: every problem at once, each with its place and its remedy.

pub use declared::Position;

declared::code! {
    /// The kind of a [`Problem`], stable across releases of this crate.
    pub enum Code {
        /// A name that ZFS (or the system, for owners) does not accept.
        BadName = "bad-name",
        /// A property that does not exist, or cannot be declared.
        BadProperty = "bad-property",
        /// A typed key and the `properties` map set the same property.
        SetTwice = "set-twice",
        /// A profile that is used but not declared.
        UnknownProfile = "unknown-profile",
        /// Two declarations of one dataset.
        DuplicateDataset = "duplicate-dataset",
        /// Two datasets would be mounted at one place.
        DuplicateMountpoint = "duplicate-mountpoint",
        /// A key that has no effect where it stands.
        NoEffect = "no-effect",
    }
}

/// One thing that is wrong with a declaration.
pub type Problem = declared::Problem<Code>;

/// All problems of a declaration, in the order of the text.
pub type Problems = declared::Problems<Code>;
