//! What is kept differently.

use std::fmt;

use crate::layout::{Entry, Layout};
use crate::origin::Origin;
use crate::path::AbsolutePath;

/// What is kept differently in two layouts. Moving an entry between layers, or declaring it elsewhere, is told apart from
/// changing what is kept: across a refactoring, [`is_empty`](Self::is_empty) has to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Difference {
    /// Kept from now on.
    pub added: Vec<Entry>,
    /// Kept no more. What is in the store stays there, and is garbage.
    pub removed: Vec<Entry>,
    /// Kept otherwise.
    pub altered: Vec<Altered>,
    /// Kept as before, and declared by another layer.
    pub moved: Vec<Moved>,
}

/// An entry that is kept otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Altered {
    /// As it was.
    pub old: Entry,
    /// As it shall be.
    pub new: Entry,
}

/// An entry that another layer declares.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Moved {
    /// Which.
    pub path: AbsolutePath,
    /// Who did.
    pub old: Origin,
    /// Who does.
    pub new: Origin,
}

impl Difference {
    /// Whether the same is kept in the same way.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.altered.is_empty()
    }
}

/// What is kept differently. Linear: both lists are in order of path.
pub fn diff(old: &Layout, new: &Layout) -> Difference {
    let mut difference = Difference::default();
    let (mut before, mut after) =
        (old.entries().iter().peekable(), new.entries().iter().peekable());
    loop {
        let order = match (before.peek(), after.peek()) {
            (None, None) => return difference,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(old), Some(new)) => old.path.cmp(&new.path),
        };
        let old = if order.is_le() { before.next() } else { None };
        let new = if order.is_ge() { after.next() } else { None };
        match (old, new) {
            (Some(old), None) => difference.removed.push(old.clone()),
            (None, Some(new)) => difference.added.push(new.clone()),
            (Some(old), Some(new)) => difference.compare(old, new),
            (None, None) => {}
        }
    }
}

impl Difference {
    fn compare(&mut self, old: &Entry, new: &Entry) {
        let same = Entry { origin: old.origin.clone(), ..new.clone() };
        if same != *old {
            self.altered.push(Altered { old: old.clone(), new: new.clone() });
        } else if old.origin.layer != new.origin.layer {
            let (path, old, new) = (old.path.clone(), old.origin.clone(), new.origin.clone());
            self.moved.push(Moved { path, old, new });
        }
    }
}

impl fmt::Display for Difference {
    /// A line each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for entry in &self.added {
            writeln!(f, "+ {} ({} from {}, {})", entry.path, entry.via, entry.store, entry.origin)?;
        }
        for entry in &self.removed {
            writeln!(f, "- {} (stays in {}, {})", entry.path, entry.source(), entry.origin)?;
        }
        for Altered { old, new } in &self.altered {
            writeln!(f, "~ {}: {}, now {}", old.path, Kept(old), Kept(new))?;
        }
        for Moved { path, old, new } in &self.moved {
            writeln!(f, "= {path}: declared by {new}, before by {old}")?;
        }
        Ok(())
    }
}

struct Kept<'e>(&'e Entry);

impl fmt::Display for Kept<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Entry { via, store, owner, mode, stage, .. } = self.0;
        write!(f, "{via} from {store}, {owner} {mode}, {stage}")
    }
}
