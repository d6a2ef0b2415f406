//! Pool names.

use super::{DatasetName, NameError, check, name_type};

name_type! {
    /// The name of a pool that may exist: at most 239 bytes, starting with a letter.
    PoolName, check::pool
}

impl PoolName {
    /// Whether a pool may be created, imported or renamed to this name: vdev kinds and what starts
    /// with them are reserved (`zpool_name_valid`).
    pub fn check_creatable(&self) -> Result<(), NameError> {
        check::creatable_pool(self.as_str())
    }

    /// The dataset at the pool's top, which has the same name.
    pub fn root(&self) -> DatasetName {
        // A pool's name passes every test of a dataset's.
        DatasetName(self.0.clone())
    }
}
