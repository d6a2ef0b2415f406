//! Which mounts stay, and which have to be made anew: a mount that stands on another one goes with it.

use std::collections::{BTreeSet, HashSet};

use crate::layout::{Action, Layout, Mount};
use crate::path::AbsolutePath;

/// The targets of mounts that are gone, new or different, and of all that stand on them in either layout.
pub(super) fn dirty(old: &Layout, new: &Layout) -> BTreeSet<AbsolutePath> {
    let before: HashSet<&Mount> = old.mounts().collect();
    let after: HashSet<&Mount> = new.mounts().collect();
    let changed = before.symmetric_difference(&after);
    let mut dirty: BTreeSet<AbsolutePath> = changed.map(|mount| mount.target.clone()).collect();
    // What is dirty in one layout can make more dirty in the other; each round adds a mount or is the last.
    loop {
        let count = dirty.len();
        spread(old, &mut dirty);
        spread(new, &mut dirty);
        if dirty.len() == count {
            return dirty;
        }
    }
}

/// Marks what stands on a dirty mount.
fn spread(layout: &Layout, dirty: &mut BTreeSet<AbsolutePath>) {
    let standing = standing(layout, dirty);
    for (step, _) in layout.steps().iter().zip(standing).filter(|(_, stands)| *stands) {
        if let Action::Mount(mount) = &step.action {
            dirty.insert(mount.target.clone());
        }
    }
}

/// For each step, whether it is about a dirty mount or stands on one, by the needs of the steps.
pub(super) fn standing(layout: &Layout, dirty: &BTreeSet<AbsolutePath>) -> Vec<bool> {
    let mut stands: Vec<bool> = Vec::with_capacity(layout.steps().len());
    for step in layout.steps() {
        let mut needs = step.needs.iter();
        let is_above = needs.any(|need| stands.get(need.0 as usize).copied().unwrap_or(false));
        let is_mount =
            matches!(&step.action, Action::Mount(mount) if dirty.contains(&mount.target));
        stands.push(is_above || is_mount);
    }
    stands
}
