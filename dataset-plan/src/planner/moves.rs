//! Datasets that have a new name.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use zfs_props::name::DatasetName;

use super::{Conflict, Draft, Part, Planner};
use crate::observed::{Dataset, Observed};
use crate::plan::{Action, Expectation, Obstacle, Reason, Risk, Undo};
use crate::spec::{Desired, Moved};
use crate::tree::Tree;

/// Renames, in an order that runs.
#[derive(Default)]
pub(super) struct Moves {
    /// What is renamed, as it is called when it is its turn.
    ordered: Vec<Moved>,
    /// The new names of them.
    targets: BTreeSet<DatasetName>,
    /// What cannot be: the new name stays taken, two change places, or the old name stays in use.
    refused: BTreeMap<DatasetName, DatasetName>,
}

impl Moves {
    /// What is to be moved, and the observation with all of it under the new names.
    ///
    /// A move is one that is declared, or a declared guid that is found under another name. Where the old
    /// name is gone there is nothing to move.
    pub(super) fn find<'o>(desired: &Desired, observed: &'o Observed) -> (Self, Cow<'o, Observed>) {
        let targets: BTreeSet<&DatasetName> = desired.moved.iter().map(|moved| &moved.to).collect();
        let is_in_use = |from: &DatasetName| in_use(desired, &targets, from);
        let wanted = wanted(desired, observed, &is_in_use);
        let mut moves = Self::default();
        let mut renamed = Cow::Borrowed(observed);
        if wanted.is_empty() {
            return (moves, renamed);
        }
        let mut pending: Vec<Moved> = Vec::new();
        for (to, mut sources) in wanted {
            let Some(from) = sources.pop() else { continue };
            let untouchable = untouchable(desired, observed, &from).is_some();
            if !sources.is_empty() || untouchable || is_in_use(&from) {
                moves.refused.insert(to, from);
            } else {
                pending.push(Moved { from, to });
            }
        }
        while let Some(next) = pending.iter().position(|m| is_free(m, &pending, &renamed)) {
            let step = pending.remove(next);
            let datasets = &mut renamed.to_mut().datasets;
            let below: Vec<DatasetName> = subtree(datasets, &step.from).cloned().collect();
            for old in below {
                if let (Ok(Some(new)), Some(dataset)) =
                    (old.rebase(&step.from, &step.to), datasets.remove(&old))
                {
                    datasets.insert(new, dataset);
                }
            }
            for other in &mut pending {
                if let Ok(Some(from)) = other.from.rebase(&step.from, &step.to) {
                    other.from = from;
                }
            }
            moves.targets.insert(step.to.clone());
            moves.ordered.push(step);
        }
        moves.refused.extend(pending.into_iter().map(|moved| (moved.to, moved.from)));
        (moves, renamed)
    }

    /// Tells the tree where each renamed dataset is now.
    pub(super) fn tell(&self, tree: &mut Tree<'_>) {
        for (n, moved) in self.ordered.iter().enumerate() {
            // The parent may itself be renamed after this.
            let mut parent = moved.from.parent();
            for later in self.ordered.iter().skip(n + 1) {
                let new = parent.as_ref().and_then(|p| p.rebase(&later.from, &later.to).ok()?);
                parent = new.or(parent);
            }
            let parent = parent.and_then(|parent| tree.find_row(&parent));
            if let Some(at) = tree.find_row(&moved.to) {
                tree.is_renamed(at, moved.from.clone(), parent);
            }
        }
    }

    /// What a dataset is called when all is renamed.
    fn renamed(&self, name: &DatasetName) -> DatasetName {
        self.ordered.iter().fold(name.clone(), |name, Moved { from, to }| {
            name.rebase(from, to).ok().flatten().unwrap_or(name)
        })
    }

    /// Whether something is moved to this name.
    pub(super) fn to(&self, name: &DatasetName) -> bool {
        self.targets.contains(name)
    }

    /// The new names.
    pub(super) fn targets(&self) -> &BTreeSet<DatasetName> {
        &self.targets
    }

    /// What should have been moved to this name, and cannot be.
    pub(super) fn refused(&self, name: &DatasetName) -> Option<&DatasetName> {
        self.refused.get(name)
    }
}

/// The old names by the new ones.
fn wanted(
    desired: &Desired,
    observed: &Observed,
    is_in_use: &dyn Fn(&DatasetName) -> bool,
) -> BTreeMap<DatasetName, Vec<DatasetName>> {
    let mut wanted: BTreeMap<DatasetName, Vec<DatasetName>> = BTreeMap::new();
    let mut sources: BTreeSet<&DatasetName> = BTreeSet::new();
    // Who was renamed twice is moved to the last name at once, wherever it is found.
    let last_names = last_names(&desired.moved);
    for (first, last) in &last_names {
        // Those that are renamed in a circle have no last name.
        let Some(last) = last else { continue };
        let from = if observed.datasets.contains_key(first) || is_in_use(first) {
            Some(*first)
        } else {
            came_along(first, last, &last_names, observed)
        };
        if let Some(from) = from {
            wanted.entry((*last).clone()).or_default().push(from.clone());
            sources.insert(from);
        }
    }
    let named: Vec<_> =
        desired.datasets.iter().filter_map(|(name, want)| Some((want.guid?, name))).collect();
    if named.is_empty() {
        return wanted;
    }
    // A pool that was split off has the guids of the other one.
    let guids: BTreeMap<(&str, u64), &DatasetName> = observed
        .datasets
        .iter()
        .filter_map(|(name, d)| Some(((name.pool(), d.guid?), name)))
        .collect();
    for (guid, to) in named {
        let from = guids.get(&(to.pool(), guid));
        let from = from.filter(|from| !desired.datasets.contains_key(from));
        let free = !observed.datasets.contains_key(to);
        let from = from.filter(|from| free && sources.insert(from));
        if let Some(from) = from {
            wanted.entry(to.clone()).or_default().push((*from).clone());
        }
    }
    wanted
}

/// Where a dataset is that came along when one above it was renamed, and was to be renamed itself after that: so it is wherever
/// an interrupted plan has left it.
fn came_along<'o>(
    first: &DatasetName,
    last: &DatasetName,
    last_names: &BTreeMap<&DatasetName, Option<&DatasetName>>,
    observed: &'o Observed,
) -> Option<&'o DatasetName> {
    if observed.datasets.contains_key(last) {
        return None;
    }
    first.ancestors().filter(|above| !observed.datasets.contains_key(above)).find_map(|above| {
        let now = first.rebase(&above, (*last_names.get(&above)?)?).ok()??;
        observed.datasets.get_key_value(&now).map(|(now, _)| now)
    })
}

/// Where each old name leads in the end; `None`: in a circle. Each link is followed once.
fn last_names(moved: &[Moved]) -> BTreeMap<&DatasetName, Option<&DatasetName>> {
    let next: BTreeMap<_, _> = moved.iter().map(|moved| (&moved.from, &moved.to)).collect();
    let mut known: BTreeMap<&DatasetName, Option<&DatasetName>> = BTreeMap::new();
    for first in next.keys() {
        let mut names = vec![*first];
        let last = loop {
            let Some(name) = names.last() else { break None };
            if let Some(last) = known.get(name) {
                break *last;
            }
            let Some(to) = next.get(name) else { break Some(*name) };
            // Whoever comes here again while this is not known is in a circle.
            known.insert(name, None);
            names.push(to);
        };
        known.extend(names.into_iter().map(|name| (name, last)));
    }
    known.retain(|name, _| next.contains_key(name));
    known
}

/// Something is declared at or below an old name: it would be made there anew, to be moved again.
fn in_use(desired: &Desired, targets: &BTreeSet<&DatasetName>, from: &DatasetName) -> bool {
    let parent = desired.parents.range::<DatasetName, _>(from..).next();
    let mut moved = targets.range::<DatasetName, _>((Bound::Excluded(from), Bound::Unbounded));
    desired.datasets.at_or_below(from).is_some()
        || parent.is_some_and(|name| name == from || name.is_under(from))
        || moved.next().is_some_and(|to| to.is_under(from))
}

/// What is never to be touched, and would be renamed with this.
fn untouchable<'o>(
    desired: &Desired,
    observed: &'o Observed,
    from: &'o DatasetName,
) -> Option<&'o DatasetName> {
    let never = |name: &DatasetName| {
        desired.base.contains_key(name)
            || desired.ignore.iter().any(|pattern| pattern.matches(name))
    };
    subtree(&observed.datasets, from).find(|name| never(name))
}

/// Whether a rename can be the next one: the new name is free, its parent has its name already, and what
/// leaves the renamed tree has left.
fn is_free(moved: &Moved, pending: &[Moved], observed: &Observed) -> bool {
    let waits_for = |other: &Moved| {
        let comes_along = other.to.is_under(&moved.to);
        moved.to.is_under(&other.to)
            || other.from.is_under(&moved.from) && !comes_along
            || moved.from.is_under(&other.from) && moved.to.is_under(&other.to)
    };
    !observed.datasets.contains_key(&moved.to)
        && !pending.iter().any(|other| other != moved && waits_for(other))
}

/// The names of a dataset and of all below it.
fn subtree<'m, D>(
    datasets: &'m BTreeMap<DatasetName, D>,
    top: &'m DatasetName,
) -> impl Iterator<Item = &'m DatasetName> {
    let from_top = datasets.range::<DatasetName, _>(top..).map(|(name, _)| name);
    from_top.take_while(move |name| *name == top || name.is_under(top))
}

impl Planner<'_> {
    /// What is to be moved and cannot be: nothing else is made in its place.
    pub(super) fn refuse_move(&mut self, from: &DatasetName, to: &DatasetName) {
        if let Some(name) = untouchable(self.desired, self.original, from) {
            let what = format!("{from} is to be moved here, and {name} is never to be touched");
            self.block(
                to,
                Obstacle::Refused,
                what,
                "leave it out of `moved`, or out of `base` and `ignore`",
            );
            return;
        }
        let what = match self.observed.dataset(to) {
            Some(_) => format!("{from} is to be moved here, and the name is taken"),
            None => {
                format!("{from} is to be moved here, and another one too, or its name is in use")
            }
        };
        let remedy = "rename one of the two by hand, or leave it out of `moved`";
        self.block(to, Obstacle::OtherDataset, what, remedy);
    }

    /// Renames in the order in which they can run, each after the one before, so that names are not confused.
    pub(super) fn order_renames(&mut self) -> Vec<Conflict> {
        let mut conflicts = Vec::new();
        let mut last = None;
        let arrives = |to: &DatasetName| self.tree.row(self.tree.find_row(to)?)?.arrives;
        let refused = self.moves.refused.values();
        let left = self.moves.ordered.iter().filter(|moved| arrives(&moved.to).is_none());
        let stay: Vec<&DatasetName> = left.map(|moved| &moved.from).chain(refused).collect();
        for moved in &self.moves.ordered {
            let row = self.tree.find_row(&moved.to);
            let Some((at, draft)) = row.and_then(|at| Some((at, self.tree.row(at)?.arrives?)))
            else {
                continue;
            };
            // What has the name, or shall not come along.
            let first = |from: &DatasetName| *from == moved.to || from.is_under(&moved.from);
            if let Some(stays) = stay.iter().copied().find(|from| first(from)) {
                let what = format!("{stays} has to be moved first, and cannot be");
                let remedy = "see why it cannot be moved";
                let (parts, code) = (vec![(at, Part::Arrival)], Obstacle::OtherDataset);
                conflicts.push(Conflict { parts, code, what, remedy });
            }
            if let Some(draft) = self.drafts.get_mut(draft) {
                draft.needs.extend(last);
            }
            last = Some(draft);
        }
        conflicts
    }

    /// Renames a dataset to where it shall be; `false` if that is not possible.
    pub(super) fn arrive(&mut self, at: usize, to: &DatasetName) -> bool {
        let old = self.tree.row(at).and_then(|row| row.old.as_ref());
        let Some(from) = old.map(|old| old.name.clone()) else { return false };
        if !self.can_create(at, to)
            || !self.can_rename(at, &from, to)
            || self.is_vetoed(at, Part::Arrival, to)
        {
            return false;
        }
        let action = Action::Rename { to: to.clone() };
        let mut draft = Draft::new(at, from.clone(), action, Reason::Moved { to: to.clone() });
        draft.after = self.tree.changes_above(at);
        draft.needs.extend(self.tree.arrival(at));
        // Another rename may come before, of what it lies in, or of what has the new name.
        let guid = self.tree.row(at).and_then(|row| row.observed?.guid);
        let there = self.original.dataset(&from);
        if there.is_some_and(|dataset| dataset.guid == guid) {
            draft.expects.push(Expectation::Present { dataset: from.clone(), guid });
        }
        if self.original.dataset(to).is_none() {
            draft.expects.push(Expectation::Absent(to.clone()));
        }
        draft.undo = Undo::Do(vec![(to.clone(), Action::Rename { to: from })]);
        // A rename unmounts and mounts everything that is mounted.
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
        let row = self.tree.row(at).and_then(|row| row.observed);
        // Encryption roots were observed under their old names, which another rename may have changed before this one.
        let root = |dataset: &Dataset| Some(self.moves.renamed(dataset.encryption_root.as_ref()?));
        let own = row.and_then(root);
        let above = self.tree.upwards(at).skip(1).find_map(|row| row.observed).and_then(root);
        // OpenZFS `dsl_dir_rename_crypt_check`, module/zfs/dsl_crypt.c.
        if own.as_ref().is_some_and(|root| root != to && !root.is_under(to)) && own != above {
            let what = format!("{from} is encrypted with a key that its new parent does not have");
            let remedy = "make it an encryption root first: see zfs-change-key(8)";
            self.block(to, Obstacle::Encryption, what, remedy);
            return false;
        }
        // A name that got too long was left where it was.
        let mut too_long = subtree(&self.observed.datasets, from)
            .next()
            .filter(|_| !self.moves.to(from))
            .map(ToString::to_string);
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
