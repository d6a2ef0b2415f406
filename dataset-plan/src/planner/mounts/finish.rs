//! What waits to be mounted at the end, and what each draft needs.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use zfs_props::key::PropertyName;
use zfs_props::name::DatasetName;
use zfs_props::property::Property;

use super::arrange::{Arrange, Arranged, Since, Waiting, Why};
use super::conflict::{Conflict, Part};
use super::table::Who;
use crate::path::{tidy, upwards};
use crate::plan::{Action, Expectation, Obstacle, Reason, Risk};
use crate::planner::Draft;
use crate::policy::Mounting as MountPolicy;

/// Drafts that come after so many of the others, in this order.
type Late = Vec<(usize, usize)>;

impl<'t> Arrange<'t, '_, '_> {
    /// Mounts what waits, from the root downwards, each as early as it can be.
    pub(super) fn finish(mut self) -> Arranged {
        let mut work: BTreeMap<(Cow<'t, str>, usize), Waiting<'t>> = BTreeMap::new();
        for (at, waiting) in std::mem::take(&mut self.waiting) {
            if let Some(place) = self.may_wait(at, &waiting) {
                work.insert((place, at), waiting);
            }
        }
        let mut late = Late::new();
        let mut mounted: BTreeMap<Cow<'t, str>, usize> = BTreeMap::new();
        let mut keys: BTreeMap<DatasetName, usize> = BTreeMap::new();
        while let Some(((place, at), waiting)) = work.pop_first() {
            let above = upwards(&place).skip(1).filter_map(|above| mounted.get(above));
            let mut ready = above.copied().fold(waiting.ready, usize::max);
            let below = loop {
                match self.in_the_way(at, &place, ready, &waiting) {
                    Err(conflict) => break Err(conflict),
                    Ok(below) => {
                        // Not before what is unmounted for it is mounted.
                        let along = below.iter().flat_map(|other| self.stage.unmounts(*other));
                        let since = along.filter_map(|(_, at)| Some(self.since.get(&at)?.position));
                        let later = since.fold(ready, usize::max);
                        if later == ready {
                            break Ok(below);
                        }
                        ready = later;
                    }
                }
            };
            let below = match below {
                Ok(below) => below,
                Err(conflict) => {
                    self.conflicts.extend(conflict);
                    continue;
                }
            };
            for other in below {
                if self.stage.place(other).is_none() {
                    continue;
                }
                let sake = self.sake(at, waiting.why);
                let Some(unmount) = self.draft_unmount(other, at, sake) else { continue };
                late.push((ready, unmount));
                let why = Why::InTheWay { of: unmount, unmount };
                for (there, along) in self.stage.unmounts(other) {
                    self.stage.unmount(along);
                    self.since.remove(&along);
                    work.insert((there, along), Waiting::new(ready, why));
                }
            }
            let mut needs = Vec::new();
            if waiting.why == Why::Before {
                match self.key(at, &mut keys, &mut late, ready) {
                    Err(()) => continue,
                    Ok(key) => needs.extend(key),
                }
            }
            let Some(mount) = self.draft_mount(at, &waiting, needs, &place) else {
                continue;
            };
            late.push((ready, mount));
            late.extend(self.owning.remove(&at).into_iter().flatten().map(|own| (ready, own)));
            self.since.insert(at, Since { position: ready, draft: mount });
            mounted.insert(place, ready);
        }
        let sequence = self.merged(late);
        self.add_needs(&sequence);
        Arranged {
            sequence,
            conflicts: self.conflicts,
            unmounted: self.unmounted,
            unmountable: self.unmountable,
        }
    }

    /// The place where something is to be mounted, if it is to be at all.
    fn may_wait(&mut self, at: usize, waiting: &Waiting<'t>) -> Option<Cow<'t, str>> {
        let row = self.stage.tree.row(at)?;
        if waiting.why != Why::Before {
            return self.stage.mountable(at);
        }
        // Where the mountpoint is not as declared, that was reported.
        let place = self.stage.mountpoint(at)?;
        let declared = row.want.and_then(|want| want.mounted_at())?;
        if *tidy(declared.into()) != *place {
            return None;
        }
        if !self.stage.can(at, "on") {
            self.unmountable.push(at);
            return None;
        }
        if self.policy.mount == MountPolicy::Refuse {
            self.unmounted.push(at);
            return None;
        }
        Some(place)
    }

    /// What has to be unmounted before something is mounted, innermost first.
    fn in_the_way(
        &self,
        at: usize,
        place: &str,
        ready: usize,
        waiting: &Waiting<'t>,
    ) -> Result<Vec<usize>, Option<Conflict>> {
        let name = self.stage.name(Who::Row(at));
        if let Some(who) = self.stage.table.at(place).find(|who| self.stage.name(*who) != name) {
            return Err(
                self.blame(at, who, waiting, |arrange, draft| arrange.taken(draft, place, who))
            );
        }
        if waiting.why == Why::Before && self.observed.occupied.contains(place) {
            let conflict = self.occupied(0, place);
            return Err(Some(Conflict { parts: vec![(at, Part::Mount)], ..conflict }));
        }
        let mut found = BTreeSet::new();
        for (below, who) in self.stage.table.below(place) {
            let since = match who {
                Who::Row(other) => self.since.get(&other).map_or(0, |since| since.position),
                Who::Other(_) => 0,
            };
            if since <= ready && !self.note(&mut found, who, below) {
                return Err(self.blame(at, who, waiting, |arrange, draft| {
                    arrange.covers(draft, place, below, who)
                }));
            }
        }
        self.with_all_within(found, &|arrange, at| arrange.may_touch(at)).map_err(
            |(_, below, who)| {
                self.blame(at, who, waiting, |arrange, draft| {
                    arrange.covers(draft, place, &below, who)
                })
            },
        )
    }

    /// Which draft is to blame if something cannot be mounted: the one that put the other there, or else the one
    /// that moved this one.
    fn blame(
        &self,
        at: usize,
        who: Who,
        waiting: &Waiting<'t>,
        conflict: impl Fn(&Self, usize) -> Option<Conflict>,
    ) -> Option<Conflict> {
        let since = match who {
            Who::Row(other) => self.since.get(&other).map(|since| since.draft),
            Who::Other(_) => None,
        };
        let of = match waiting.why {
            Why::InTheWay { of, .. } => Some(of),
            Why::Created(draft) => Some(draft),
            Why::Before => None,
        };
        let mut found = conflict(self, since.or(of).unwrap_or_default())?;
        if waiting.why == Why::Before && since.is_none() {
            found.parts = vec![(at, Part::Mount)];
        }
        Some(found)
    }

    /// What must be left out if this cannot be mounted.
    fn sake(&self, at: usize, why: Why) -> Vec<(usize, Part)> {
        let of = match why {
            Why::InTheWay { of: draft, .. } | Why::Created(draft) => self.drafts.get(draft),
            Why::Before => None,
        };
        of.map_or_else(|| vec![(at, Part::Mount)], Draft::parts)
    }

    #[expect(clippy::ptr_arg, reason = "as the table has it: borrowed mostly")]
    fn draft_mount(
        &mut self,
        at: usize,
        waiting: &Waiting<'t>,
        needs: Vec<usize>,
        place: &Cow<'t, str>,
    ) -> Option<usize> {
        let name = self.stage.dataset(at)?;
        let row = self.stage.tree.row(at);
        let declared = row.and_then(|row| row.want).map(|want| want.path.path());
        let reason = match waiting.why {
            Why::InTheWay { unmount, .. } => self.drafts.get(unmount).map(|d| d.reason.clone()),
            Why::Created(_) | Why::Before => None,
        };
        let reason =
            reason.unwrap_or(Reason::NotMounted { declared: declared.unwrap_or_default() });
        let mut draft = Draft::new(at, name.clone(), Action::Mount, reason);
        draft.needs = needs;
        draft.sake = self.sake(at, waiting.why);
        match waiting.why {
            Why::InTheWay { unmount, .. } => draft.needs.push(unmount),
            Why::Created(create) => draft.needs.push(create),
            Why::Before => {
                draft.needs.extend(self.stage.tree.arrival(at));
                draft.expects.push(Expectation::Mounted { dataset: name.clone(), mounted: false });
            }
        }
        draft.risk = match waiting.why {
            Why::InTheWay { .. } => Risk::empty(),
            _ => Risk::MOUNTS,
        };
        self.stage.mount(at, place.clone());
        Some(self.push(draft, vec![place.clone()]))
    }

    /// Loads the key that a dataset needs, once for all datasets that share it.
    fn key(
        &mut self,
        at: usize,
        keys: &mut BTreeMap<DatasetName, usize>,
        late: &mut Late,
        ready: usize,
    ) -> Result<Option<usize>, ()> {
        let tree = self.stage.tree;
        let dataset = tree.row(at).and_then(|row| row.observed);
        let Some(dataset) = dataset.filter(|d| d.key_loaded == Some(false)) else {
            return Ok(None);
        };
        let Some(name) = self.stage.dataset(at) else { return Err(()) };
        let root = dataset.encryption_root.clone().unwrap_or_else(|| name.clone());
        if let Some(draft) = keys.get(&root) {
            return Ok(Some(*draft));
        }
        let location = PropertyName::Native(Property::Keylocation);
        let row = tree.find_row(&root);
        let entry = row.and_then(|at| tree.row(at)?.observed?.entries.get(&location)?.own());
        if entry.is_none_or(|(text, _)| **text == *b"prompt") {
            self.conflicts.push(Conflict {
                parts: vec![(at, Part::Mount)],
                code: Obstacle::Encryption,
                what: format!("the key of {root} is not loaded, and would be asked for"),
                remedy: "run `zfs load-key` for it, or give it a keylocation",
            });
            return Err(());
        }
        let reason = Reason::KeyNeeded { by: name.to_string() };
        let mut draft = Draft::new(row.unwrap_or(at), root.clone(), Action::LoadKey, reason);
        draft.needs.extend(tree.arrival(at));
        draft.sake = vec![(at, Part::Mount)];
        let draft = self.push(draft, Vec::new());
        late.push((ready, draft));
        keys.insert(root, draft);
        Ok(Some(draft))
    }

    /// The drafts in order, with the late ones in their places.
    fn merged(&mut self, mut late: Late) -> Vec<usize> {
        late.sort_by_key(|(position, _)| *position);
        let mut late = late.into_iter().peekable();
        let mut merged = Vec::with_capacity(self.drafts.len());
        for position in 0..=self.sequence.len() {
            while let Some((_, draft)) = late.next_if(|(ready, _)| *ready <= position) {
                merged.push(draft);
            }
            merged.extend(self.sequence.get(position).copied().flatten());
        }
        merged
    }

    /// What mounts and unmounts at, above or below one place needs what did so before.
    fn add_needs(&mut self, sequence: &[usize]) {
        // The draft that did so last at a place, or at one below and all others below it before.
        let mut last: BTreeMap<Cow<'t, str>, usize> = BTreeMap::new();
        for draft in sequence {
            let owned = match self.drafts.get(*draft).map(|draft| &draft.action) {
                Some(Action::Own { path, .. }) => Some(path.clone()),
                _ => None,
            };
            let mut needs = Vec::new();
            if let Some(path) = &owned {
                let path = tidy(path.into());
                needs.extend(upwards(&path).find_map(|place| last.get(place)).copied());
            }
            let places = self.events.remove(draft).unwrap_or_default();
            for place in &places {
                needs.extend(upwards(place).filter_map(|above| last.get(above)).copied());
                let prefix = [place.trim_end_matches('/'), "/"].concat();
                let from = last.range::<str, _>((Bound::Included(&*prefix), Bound::Unbounded));
                let below = from.take_while(|(other, _)| other.starts_with(&prefix));
                let below: Vec<_> = below.map(|(place, draft)| (place.clone(), *draft)).collect();
                for (place, draft) in below {
                    last.remove(&place);
                    needs.push(draft);
                }
            }
            last.extend(places.into_iter().map(|place| (place, *draft)));
            needs.retain(|need| need != draft);
            if let Some(draft) = self.drafts.get_mut(*draft) {
                draft.needs.extend(needs);
            }
        }
    }
}
