//! A name whose kind shows only in its delimiter, as in the first column of `zfs list`.

use core::cmp::Ordering;
use core::str::FromStr;

use super::text::Text;
use super::{BookmarkName, DatasetName, NameError, SnapshotName, check, textual};

/// The name of a dataset, snapshot or bookmark that may exist.
///
/// Sorts as the tree is walked, whatever the kinds: `a`, `a#b`, `a@s`, `a/c`, `a-d`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Name {
    /// A filesystem or volume.
    Dataset(DatasetName),
    /// A snapshot.
    Snapshot(SnapshotName),
    /// A bookmark.
    Bookmark(BookmarkName),
}

impl Name {
    /// The whole name.
    pub fn as_str(&self) -> &str {
        self.text().as_str()
    }

    /// The dataset's name as it is written here: this one's, or that of the snapshot or bookmark.
    pub fn dataset(&self) -> &str {
        match self {
            Self::Dataset(name) => name.as_str(),
            Self::Snapshot(name) => name.dataset(),
            Self::Bookmark(name) => name.dataset(),
        }
    }

    /// The pool's name as it is written here.
    pub fn pool(&self) -> &str {
        self.dataset().split('/').next().unwrap_or_default()
    }

    fn text(&self) -> &Text {
        match self {
            Self::Dataset(DatasetName(text))
            | Self::Snapshot(SnapshotName(text))
            | Self::Bookmark(BookmarkName(text)) => text,
        }
    }
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        check::entity(text)?;
        let shared = Text::new(text);
        Ok(match text.bytes().find(|byte| matches!(byte, b'@' | b'#')) {
            Some(b'@') => Self::Snapshot(SnapshotName(shared)),
            Some(_) => Self::Bookmark(BookmarkName(shared)),
            None => Self::Dataset(DatasetName(shared)),
        })
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text().cmp(other.text())
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

textual!(Name);
