//! What a pool feature says of itself.

use super::{Feature, FeatureFlags, UnknownName};
use super::{as_name, nearest};
use crate::release::Release;

as_name!(Feature, "feature of pools");

impl Feature {
    /// The name, as in `feature@NAME`.
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// The name with the organisation it came from: `org.freebsd:zstd_compress`.
    pub const fn guid(self) -> &'static str {
        self.row().guid
    }

    /// The oldest modelled release that knows it.
    pub const fn since(self) -> Release {
        self.row().since
    }

    /// Whether `release` knows it.
    pub const fn exists_in(self, release: Release) -> bool {
        release.is_at_least(self.since())
    }

    /// How it behaves.
    pub const fn flags(self) -> FeatureFlags {
        self.row().flags
    }

    /// The features that are enabled with it.
    pub const fn depends(self) -> &'static [Feature] {
        self.row().depends
    }

    /// Whether a dataset that uses it keeps a list of numbers for it, not just a mark.
    pub const fn has_dataset_list(self) -> bool {
        self.row().dataset_list
    }
}
