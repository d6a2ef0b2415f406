//! Names of filesystems and volumes, and the tree they form.

use alloc::format;
use core::iter::successors;

use super::{
    BookmarkName, NameError, NameFault, NameKind, PoolName, SnapshotName, check, name_type,
};

name_type! {
    /// The name of a filesystem or volume that may exist: `pool` or `pool/component/...`, at most 255
    /// bytes.
    ///
    /// OpenZFS does not hold the first component to the rules of pools here (`9a/x` passes).
    DatasetName, |text| check::open(text, NameKind::Dataset)
}

impl DatasetName {
    /// Whether `zfs create`, `rename` and `receive` may make a dataset of this name: no `%`, at most
    /// [`MAX_COMPONENTS`](super::MAX_COMPONENTS), and below a pool (`zfs_create` of libzfs).
    pub fn check_creatable(&self) -> Result<(), NameError> {
        check::no_percent(self.as_str(), NameKind::Dataset, 0)?;
        check::nesting(self.as_str())?;
        if self.depth() == 0 {
            let end = self.as_str().len();
            let fault = (NameFault::PoolItself, end);
            return Err(NameError::new(self.as_str(), NameKind::Dataset, fault));
        }
        Ok(())
    }

    /// The first component: the pool's name as it is written here.
    pub fn pool(&self) -> &str {
        self.as_str().split('/').next().unwrap_or_default()
    }

    /// The pool; refused where the first component cannot name one (`9a/x`).
    pub fn pool_name(&self) -> Result<PoolName, NameError> {
        self.pool().parse()
    }

    /// The dataset this one is a child of; none for a pool's own dataset.
    pub fn parent(&self) -> Option<Self> {
        let end = self.as_str().rfind('/')?;
        Some(Self(self.0.first(end)))
    }

    /// Parent, grandparent and so on up to the pool's own dataset.
    pub fn ancestors(&self) -> impl Iterator<Item = Self> + use<> {
        successors(self.parent(), Self::parent)
    }

    /// The components, the pool's first.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.as_str().split('/')
    }

    /// The last component.
    pub fn leaf(&self) -> &str {
        self.components().next_back().unwrap_or_default()
    }

    /// How far below the pool's own dataset, which is at 0.
    pub fn depth(&self) -> usize {
        check::depth(self.as_str())
    }

    /// Whether this is a child, grandchild and so on of `other`; not so for `other` itself.
    pub fn is_under(&self, other: &Self) -> bool {
        self.relative_to(other).is_some_and(|below| !below.is_empty())
    }

    /// What follows `other/` in this name: empty for `other` itself, none outside of its subtree.
    pub fn relative_to(&self, other: &Self) -> Option<&str> {
        let below = self.as_str().strip_prefix(other.as_str())?;
        if below.is_empty() { Some(below) } else { below.strip_prefix('/') }
    }

    /// The same place below `to` as this one has below `from`, as replication names its targets.
    ///
    /// `Ok(None)` where this is neither `from` nor below it; refused where the name would be too long.
    ///
    /// ```
    /// # use zfs_props::name::DatasetName;
    /// let home: DatasetName = "tank/home/ann".parse()?;
    /// let (from, to) = ("tank".parse()?, "backup/laptop".parse()?);
    /// assert_eq!(home.rebase(&from, &to)?.unwrap(), "backup/laptop/home/ann");
    /// assert_eq!(home.rebase(&to, &from)?, None);
    /// # Ok::<(), zfs_props::name::NameError>(())
    /// ```
    pub fn rebase(&self, from: &Self, to: &Self) -> Result<Option<Self>, NameError> {
        match self.relative_to(from) {
            None => Ok(None),
            Some("") => Ok(Some(to.clone())),
            Some(below) => format!("{to}/{below}").parse().map(Some),
        }
    }

    /// The dataset one below this one; `component` cannot have a `/`.
    pub fn child(&self, component: &str) -> Result<Self, NameError> {
        check::last_component(component)?;
        format!("{self}/{component}").parse()
    }

    /// A snapshot of this dataset; `name` is what stands after `@`.
    pub fn snapshot(&self, name: &str) -> Result<SnapshotName, NameError> {
        check::last_component(name)?;
        format!("{self}@{name}").parse()
    }

    /// A bookmark of this dataset; `name` is what stands after `#`.
    pub fn bookmark(&self, name: &str) -> Result<BookmarkName, NameError> {
        check::last_component(name)?;
        format!("{self}#{name}").parse()
    }
}
