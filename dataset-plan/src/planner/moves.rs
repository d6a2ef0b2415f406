//! Datasets that have a new name.

use std::borrow::Cow;
use std::collections::BTreeMap;

use zfs_props::name::DatasetName;

use super::{Draft, Planner};
use crate::observed::{Dataset, Observed};
use crate::plan::{Action, Expectation, Obstacle, Reason, Risk, Undo};
use crate::spec::{Desired, Moved};

/// The old names of moved datasets, by the new ones.
pub(super) struct Moves(BTreeMap<DatasetName, DatasetName>);

impl Moves {
    /// What is to be moved, and the observation with all of it under the new names.
    ///
    /// A move is one that is declared, or a declared guid that is found under another name. Where the
    /// new name is taken, or the old one is gone, there is nothing to move.
    pub(super) fn find<'o>(desired: &Desired, observed: &'o Observed) -> (Self, Cow<'o, Observed>) {
        let mut moves: BTreeMap<DatasetName, DatasetName> = BTreeMap::new();
        let mut add = |from: &DatasetName, to: &DatasetName| {
            if observed.datasets.contains_key(from) && !observed.datasets.contains_key(to) {
                moves.entry(to.clone()).or_insert_with(|| from.clone());
            }
        };
        for Moved { from, to } in &desired.moved {
            add(from, to);
        }
        let named: Vec<_> =
            desired.datasets.iter().filter_map(|(name, want)| Some((want.guid?, name))).collect();
        if !named.is_empty() {
            let guids: BTreeMap<u64, &DatasetName> =
                observed.datasets.iter().filter_map(|(name, d)| Some((d.guid?, name))).collect();
            for (guid, to) in named {
                let from = guids.get(&guid).filter(|from| !desired.datasets.contains_key(**from));
                if let Some(from) = from.filter(|from| from.pool() == to.pool()) {
                    add(from, to);
                }
            }
        }
        let mut renamed = Cow::Borrowed(observed);
        for (to, from) in &moves {
            let datasets = &mut renamed.to_mut().datasets;
            let below: Vec<DatasetName> = subtree(datasets, from).cloned().collect();
            for old in below {
                if let (Ok(Some(new)), Some(dataset)) =
                    (old.rebase(from, to), datasets.remove(&old))
                {
                    datasets.insert(new, dataset);
                }
            }
        }
        (Self(moves), renamed)
    }

    /// Whether something is moved to this name.
    pub(super) fn to(&self, name: &DatasetName) -> bool {
        self.0.contains_key(name)
    }
}

/// The names of a dataset and of all below it.
fn subtree<'m>(
    datasets: &'m BTreeMap<DatasetName, Dataset>,
    top: &'m DatasetName,
) -> impl Iterator<Item = &'m DatasetName> {
    let from_top = datasets.range::<DatasetName, _>(top..).map(|(name, _)| name);
    from_top.take_while(move |name| *name == top || name.is_under(top))
}

impl Planner<'_> {
    /// Renames a dataset to where it shall be; `false` if that is not possible.
    pub(super) fn arrive(&mut self, at: usize, to: &DatasetName) -> bool {
        let Some(from) = self.moves.0.get(to).cloned() else { return false };
        if !self.can_create(at, to) || !self.can_rename(at, &from, to) {
            return false;
        }
        let mut draft = Draft::new(
            from.clone(),
            Action::Rename { to: to.clone() },
            Reason::Moved { to: to.clone() },
        );
        draft.needs = self.tree.changes_above(at);
        draft.needs.extend(self.tree.arrival(at));
        let guid = self.tree.row(at).and_then(|row| row.observed?.guid);
        draft.expects.push(Expectation::Present { dataset: from.clone(), guid });
        draft.expects.push(Expectation::Absent(to.clone()));
        draft.undo = Undo::Do(vec![(to.clone(), Action::Rename { to: from.clone() })]);
        // A rename unmounts and mounts everything that inherits its mountpoint.
        draft.remounts = self.tree.remounts(at);
        draft.risk.set(Risk::REMOUNTS, true);
        draft.heirs = self.undeclared_below(at);
        draft.risk.set(Risk::HEIRS, !draft.heirs.is_empty());
        let draft = self.push(draft);
        self.tree.arrive(at, draft);
        true
    }

    /// Undeclared datasets that move along: their names change, and with them what they inherit.
    fn undeclared_below(&self, at: usize) -> Vec<DatasetName> {
        let below = self.tree.below(at).iter();
        let undeclared = below.filter(|row| row.want.is_none() && row.observed.is_some());
        undeclared.map(|row| row.name.clone().into_owned()).collect()
    }

    fn can_rename(&mut self, at: usize, from: &DatasetName, to: &DatasetName) -> bool {
        if self.desired.base.contains_key(from)
            || self.desired.ignore.iter().any(|pattern| pattern.matches(from))
        {
            let what = format!("{from} is to be moved here, and is never to be touched");
            self.block(to, Obstacle::Refused, what, "leave it out of `moved`, or out of `base`");
            return false;
        }
        let row = self.tree.row(at).and_then(|row| row.observed);
        let root = row.and_then(|dataset| dataset.encryption_root.as_ref());
        let above = self.tree.upwards(at).skip(1).find_map(|row| row.observed);
        let above = above.and_then(|dataset| dataset.encryption_root.as_ref());
        // OpenZFS `dsl_dir_rename_crypt_check`, module/zfs/dsl_crypt.c.
        if root.is_some_and(|root| root != from && !root.is_under(from)) && root != above {
            let what = format!("{from} is encrypted with a key that its new parent does not have");
            let remedy = "make it an encryption root first: see zfs-change-key(8)";
            self.block(to, Obstacle::Encryption, what, remedy);
            return false;
        }
        // A name that got too long was left where it was.
        let mut too_long = subtree(&self.observed.datasets, from).next().map(ToString::to_string);
        for row in std::iter::once(at).chain(at + 1..=at + self.tree.below(at).len()) {
            let Some(row) = self.tree.row(row) else { continue };
            let snapshots = row.observed.iter().flat_map(|dataset| &dataset.snapshots);
            let bad = |name: &String| row.name.snapshot(name).is_err();
            too_long = too_long.or(snapshots.map(|s| &s.name).find(|name| bad(name)).cloned());
            if row.name.check_creatable().is_err() {
                too_long = too_long.or(Some(row.name.to_string()));
            }
        }
        if let Some(name) = too_long {
            let what = format!("{from} cannot be moved here: the name of {name} would be too long");
            self.block(to, Obstacle::Refused, what, "choose a shorter name");
            return false;
        }
        true
    }
}
