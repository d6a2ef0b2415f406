//! Names of the points in time a dataset is kept at: snapshots and bookmarks.

use alloc::format;

use super::{DatasetName, NameError, NameKind, check, name_type};

macro_rules! point_type {
    ($(#[$doc:meta])* $name:ident, $kind:expr, $delimiter:literal) => {
        name_type! {
            $(#[$doc])*
            $name, |text| check::open(text, $kind)
        }

        impl $name {
            fn parts(&self) -> (&str, &str) {
                self.as_str().split_once($delimiter).unwrap_or_default()
            }

            /// The dataset's name as it is written here.
            pub fn dataset(&self) -> &str {
                self.parts().0
            }

            /// The dataset, without an allocation.
            ///
            /// Refused where it cannot be the name of one: OpenZFS lets a component `.` or `..` pass
            /// right before the delimiter.
            pub fn dataset_name(&self) -> Result<DatasetName, NameError> {
                let dataset = self.dataset();
                let start = dataset.rfind('/').map_or(0, |slash| slash + 1);
                let last = dataset.as_bytes().get(start..).unwrap_or_default();
                match check::reference(last) {
                    Some(fault) => Err(NameError::new(dataset, NameKind::Dataset, (fault, start))),
                    None => Ok(DatasetName(self.0.first(dataset.len()))),
                }
            }

            /// The pool's name as it is written here.
            pub fn pool(&self) -> &str {
                self.dataset().split('/').next().unwrap_or_default()
            }

            #[doc = concat!("What stands after `", $delimiter, "`.")]
            pub fn name(&self) -> &str {
                self.parts().1
            }

            /// The same point of the dataset at the same place below `to`: see [`DatasetName::rebase`].
            pub fn rebase(
                &self,
                from: &DatasetName,
                to: &DatasetName,
            ) -> Result<Option<Self>, NameError> {
                match self.dataset_name()?.rebase(from, to)? {
                    Some(dataset) => format!("{dataset}{}{}", $delimiter, self.name()).parse().map(Some),
                    None => Ok(None),
                }
            }
        }
    };
}

point_type! {
    /// The name of a snapshot that may exist: `dataset@name`, at most 255 bytes.
    SnapshotName, NameKind::Snapshot, '@'
}

point_type! {
    /// The name of a bookmark that may exist: `dataset#name`, at most 255 bytes.
    BookmarkName, NameKind::Bookmark, '#'
}

impl SnapshotName {
    /// Whether a snapshot of this name may be made: no `%` anywhere (`zfs_snapshot_nvl` of libzfs).
    pub fn check_creatable(&self) -> Result<(), NameError> {
        check::no_percent(self.as_str(), NameKind::Snapshot, 0)
    }
}

impl BookmarkName {
    /// Whether a bookmark of this name may be made: no `%` after `#` (`dsl_bookmark_create` of the
    /// kernel module; libzfs looks no further than when opening).
    pub fn check_creatable(&self) -> Result<(), NameError> {
        check::no_percent(self.as_str(), NameKind::Bookmark, self.dataset().len())
    }
}
