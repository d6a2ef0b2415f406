//! What has to be unmounted before something can be unmounted or mounted, and in which order.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::arrange::Arrange;
use super::conflict::Conflict;
use super::stage::{Cause, Effect};
use super::table::{Table, Who};
use crate::plan::Obstacle;
use crate::policy::Heirs;

/// A filesystem and its place, what holds others before them.
type Mounted<'t> = (Cow<'t, str>, usize);

impl<'t> Arrange<'t, '_, '_> {
    /// What is mounted in the way of a draft, innermost first.
    ///
    /// An error is what forbids it; none if that may be the fault of another conflict.
    pub(super) fn obstacles(
        &mut self,
        draft: usize,
        effect: &Effect,
    ) -> Result<Vec<usize>, Option<Conflict>> {
        let leaves = self.stage.leaves(effect);
        self.stage.set_done(draft, true);
        let arrives = self.stage.arrives(effect, &leaves);
        self.stage.set_done(draft, false);
        let mut found = BTreeSet::new();
        let goes = |who: Who| matches!(who, Who::Row(at) if leaves.contains(&at));
        for at in &leaves {
            let Some(place) = self.stage.place(*at) else { continue };
            for (below, who) in self.stage.table.below(&place).filter(|(_, who)| !goes(*who)) {
                if !self.note(&mut found, who, below) {
                    return Err(self.busy(draft, &place, below, who));
                }
            }
            if let Some(who) = self.stage.table.at(&place).find(|who| *who != Who::Row(*at)) {
                return Err(self.busy(draft, &place, &place, who));
            }
        }
        let mut mounted = Table::default();
        for (at, place) in &arrives {
            let name = self.stage.name(Who::Row(*at));
            let is_other = |who: &Who| !goes(*who) && self.stage.name(*who) != name;
            for who in self.stage.table.at(place).filter(is_other) {
                if !self.note(&mut found, who, place) {
                    return Err(self.taken(draft, place, who));
                }
            }
            for (below, who) in self.stage.table.below(place).filter(|(_, who)| is_other(who)) {
                if !self.note(&mut found, who, below) {
                    return Err(self.covers(draft, place, below, who));
                }
            }
            // A rename mounts by the old places, which is not from the root downwards perhaps.
            if let Some(who) = mounted.at(place).next() {
                return Err(self.taken(draft, place, who));
            }
            for (below, who) in mounted.below(place) {
                let was = match who {
                    Who::Row(other) => self.stage.place(other),
                    Who::Other(_) => None,
                };
                if !was.is_some_and(|was| self.note(&mut found, who, &was)) {
                    return Err(self.covers(draft, place, below, who));
                }
            }
            if arrives.len() > 1 {
                mounted.insert(place.clone(), Who::Row(*at));
            }
            if leaves.contains(at) {
                continue;
            }
            if self.observed.occupied.contains(&**place) {
                return Err(Some(self.occupied(draft, place)));
            }
            let undeclared = self.stage.tree.row(*at).is_some_and(|row| row.want.is_none());
            if undeclared && effect.cause != Cause::Create && self.policy.heirs == Heirs::Protect {
                let what = format!("{name}, which is not declared, would be mounted at {place}");
                let remedy = "declare it, or allow it by the policy (heirs: follow)";
                return Err(Some(self.conflict(draft, Obstacle::Heirs, what, remedy)));
            }
        }
        let all = self.with_all_within(found, &|arrange, at| arrange.may_touch(at));
        all.map_err(|(place, below, who)| self.busy(draft, &place, &below, who))
    }

    /// Filesystems with all that has to be unmounted for it, and all that is unmounted with it, innermost first. An error is
    /// what may not be unmounted, and from where.
    pub(super) fn with_all_within(
        &self,
        mut all: BTreeSet<Mounted<'t>>,
        may: &dyn Fn(&Self, usize) -> bool,
    ) -> Result<Vec<usize>, (Cow<'t, str>, Cow<'t, str>, Who)> {
        let mut work: Vec<Mounted<'t>> = all.iter().cloned().collect();
        while let Some((place, at)) = work.pop() {
            let within = self.stage.table.below(&place);
            let mut within: Vec<_> = within.map(|(below, who)| (below.clone(), who)).collect();
            if self.created_by(at).is_none() {
                let along = self.stage.unmounts(at).into_iter();
                within.extend(along.map(|(place, at)| (place, Who::Row(at))));
            }
            for (below, who) in within {
                match who {
                    Who::Row(other) if all.contains(&(below.clone(), other)) => {}
                    Who::Row(other) if may(self, other) => {
                        all.insert((below.clone(), other));
                        work.push((below, other));
                    }
                    _ => return Err((place, below, who)),
                }
            }
        }
        self.in_order(all)
    }

    /// In an order in which they can be unmounted: innermost first, mostly. Something that is unmounted along with its parent
    /// may hold what holds the parent: then there is no such order.
    fn in_order(
        &self,
        all: BTreeSet<Mounted<'t>>,
    ) -> Result<Vec<usize>, (Cow<'t, str>, Cow<'t, str>, Who)> {
        let mut order = Vec::with_capacity(all.len());
        let mut gone: BTreeSet<usize> = BTreeSet::new();
        let mut left: Vec<_> = all.into_iter().rev().collect();
        while !left.is_empty() {
            let mut held = None;
            let free = left.iter().position(|(_, at)| {
                let along = match self.created_by(*at) {
                    Some(_) => self.stage.place(*at).map(|place| (place, *at)),
                    None => None,
                };
                let along = along.map_or_else(|| self.stage.unmounts(*at), |one| vec![one]);
                let rows: BTreeSet<usize> = along.iter().map(|(_, at)| *at).collect();
                let goes = |who: Who| {
                    matches!(who, Who::Row(at) if gone.contains(&at) || rows.contains(&at))
                };
                let stays = along.iter().filter(|(_, at)| !gone.contains(at)).find_map(|(place, _)| {
                    let mut below = self.stage.table.below(place);
                    below.find(|(_, who)| !goes(*who)).map(|(b, who)| (place.clone(), b.clone(), who))
                });
                let is_free = stays.is_none();
                held = held.take().or(stays);
                is_free
            });
            let Some(free) = free else {
                return held.map_or(Ok(order), Err);
            };
            let (_, at) = left.remove(free);
            if self.created_by(at).is_some() {
                gone.insert(at);
            } else {
                gone.extend(self.stage.unmounts(at).into_iter().map(|(_, at)| at));
            }
            order.push(at);
        }
        Ok(order)
    }

    pub(super) fn may_touch(&self, at: usize) -> bool {
        self.stage.tree.row(at).is_some_and(|row| row.want.is_some() && !row.base)
    }

    /// Notes what has to be unmounted; `false` if it may not be.
    #[expect(clippy::ptr_arg, reason = "as the table has it: borrowed mostly")]
    pub(super) fn note(
        &self,
        found: &mut BTreeSet<Mounted<'t>>,
        who: Who,
        place: &Cow<'t, str>,
    ) -> bool {
        match who {
            Who::Row(at) if self.may_touch(at) => {
                found.insert((place.clone(), at));
                true
            }
            _ => false,
        }
    }
}
