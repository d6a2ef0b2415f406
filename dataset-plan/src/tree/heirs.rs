//! Who follows when a property changes: undeclared heirs, and what is held back for them.

use std::collections::BTreeSet;

use zfs_props::key::PropertyName;
use zfs_props::name::DatasetName;
use zfs_props::property::Property;
use zfs_props::release::Release;
use zfs_props::source::Source;

use super::sight::{Found, Sight};
use super::{Row, Time, Tree};
use crate::observed::{Dataset, inheritable};
use crate::spec::Wish;

impl Tree<'_> {
    /// Holds back every declared property that undeclared datasets would inherit.
    ///
    /// Whether a dataset's wish is held back depends on those below it alone, so this goes bottom-up.
    pub(crate) fn hold_back(&mut self) {
        for at in (0..self.rows.len()).rev() {
            let Some(Row { want: Some(want), observed: Some(_), end, .. }) = self.row(at) else {
                continue;
            };
            if *end == at + 1 {
                continue;
            }
            let held: BTreeSet<PropertyName> = want
                .settings()
                .filter(|(property, setting)| {
                    // What stays as it is changes nothing below.
                    let now = self.now(at, property);
                    !now.is_some_and(|sight| sight.is(property, setting, self.release))
                })
                .filter(|(property, _)| {
                    let wish = want.properties.get(property).map(|declared| declared.wish);
                    wish.is_some_and(|wish| {
                        let heirs = self.heirs(at, property, wish);
                        !self.with_files(heirs, property).is_empty()
                    })
                })
                .map(|(property, _)| property.clone())
                .collect();
            if !held.is_empty() {
                self.held.entry(at).or_default().extend(held);
            }
        }
    }

    /// A declared property that is not changed.
    pub(crate) fn hold(&mut self, at: usize, property: PropertyName) {
        self.held.entry(at).or_default().insert(property);
    }

    /// Of those who would follow, the ones that may have files.
    pub(crate) fn with_files(
        &self,
        mut heirs: Vec<DatasetName>,
        property: &PropertyName,
    ) -> Vec<DatasetName> {
        heirs.retain(|name| self.find_row(name).is_none_or(|at| !self.only_holds(at, property)));
        heirs
    }

    /// Undeclared datasets that would change if this were done to a property of this one.
    pub(crate) fn heirs(
        &self,
        at: usize,
        property: &PropertyName,
        wish: &Wish,
    ) -> Vec<DatasetName> {
        let mut heirs = Vec::new();
        let Some(top) = self.row(at).filter(|_| inheritable(property)) else { return heirs };
        let mut next = at + 1;
        while let Some(row) = self.row(next).filter(|_| next < top.end) {
            let below = next;
            let Some(dataset) = row.observed.filter(|_| !row.removed) else {
                next = row.end;
                continue;
            };
            if dataset.own(property, false).is_some() {
                next = row.end;
                continue;
            }
            // What it would see if it got no value of its own.
            let then = match self.find(at, property, Time::Later, Some(wish)) {
                None => self.default(below, property, Time::Later),
                Some(Found { held, source }) => {
                    let source = match source {
                        Source::Inherited(from) => Source::Inherited(from),
                        _ => Source::Inherited(&*top.name),
                    };
                    Some(self.seen(below, property, Found { held, source }, Time::Later))
                }
            };
            // A declared dataset gets its own value unless it would have that anyway: then those below it follow.
            let gets_another = |then: Option<&Sight<'_>>| {
                let other = row.want.and_then(|want| want.properties.get(property));
                other.and_then(|other| other.wish.setting()).is_some_and(|wanted| {
                    !then.is_some_and(|then| then.is(property, wanted, self.release))
                })
            };
            if gets_another(then.as_ref()) && self.gets_its_wish(below, property) {
                next = row.end;
                continue;
            }
            // A declared dataset that says nothing of the property follows, as inheritance means it to.
            if row.want.is_none() && applies(property, dataset, self.release) {
                let same = match (self.now(below, property), &then) {
                    (Some(now), Some(then)) => now.same(then, property, self.release),
                    (now, then) => property.native().is_none() && now.is_none() && then.is_none(),
                };
                if !same {
                    heirs.push(row.name.clone().into_owned());
                }
            }
            next += 1;
        }
        heirs
    }

    /// A dataset that is only there to hold declared ones, as plans make them: it is never mounted, so there are no
    /// files that a property could change.
    fn only_holds(&self, at: usize, property: &PropertyName) -> bool {
        let is = |native: Property, word: &[u8]| {
            let now = self.now(at, &native.into());
            *property != native.into() && now.is_some_and(|now| now.is_printed(word))
        };
        let holds = self.row(at).is_some_and(|row| row.holds);
        holds && (is(Property::Mountpoint, b"none") || is(Property::Canmount, b"off"))
    }

    /// Nothing is in the way of a dataset's own value of a declared property.
    fn gets_its_wish(&self, at: usize, property: &PropertyName) -> bool {
        let Some(row) = self.row(at) else { return false };
        let known = property.native().is_none() || self.now(at, property).is_some();
        let kind = row.observed.and_then(|dataset| dataset.kind);
        let fits = row.want.is_some_and(|want| kind.is_none_or(|kind| kind == want.kind()));
        let is_held = self.held.get(&at).is_some_and(|held| held.contains(property));
        known && fits && !is_held
    }
}

/// Whether a property means anything on a dataset of this kind.
fn applies(property: &PropertyName, dataset: &Dataset, release: Release) -> bool {
    match (property, dataset.kind) {
        (PropertyName::Native(native), Some(kind)) => native.applies_to(kind, release),
        _ => true,
    }
}
