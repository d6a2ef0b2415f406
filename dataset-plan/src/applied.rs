//! What was applied, kept by the caller from one plan to the next, so that what leaves the declaration can be given up.
//!
//! A plan changes what is declared and leaves alone what is not, as it may belong to somebody else. So a property that is
//! taken out of the declaration would stay as it was set for ever. It is unset if it is known to be ours: by a note on the
//! dataset itself (`ownerProperty` of the [declaration](crate::spec)), or by an [`Applied`] that the caller has kept.
//!
//! ```
//! use dataset_plan::{Applied, Observed, Policy, Spec, plan_desired, sim};
//!
//! let observed = Observed::from_zfs_get_set(
//!     "tank\ttype\tfilesystem\t-\t-\n\
//!      tank\tmountpoint\tnone\t-\tlocal\n\
//!      tank/a\ttype\tfilesystem\t-\t-\n\
//!      tank/a\tatime\toff\t-\tlocal\n",
//! )?;
//! let mut zfs = sim::Zfs::from(&observed);
//! let policy = Policy::default();
//!
//! // The first time nothing was applied before.
//! let spec = Spec::from_toml("[utility.\"tank/a\"]\nquota = \"1G\"\nproperties.sync = \"always\"")?;
//! let desired = spec.expand()?;
//! plan_desired(&desired, &zfs.observe(), &policy).apply(&mut zfs)?;
//! let kept: Applied = desired.applied(&zfs.observe());
//!
//! // Then `sync` leaves the declaration. It is ours, and `atime` never was.
//! let spec = Spec::from_toml("[utility.\"tank/a\"]\nquota = \"1G\"")?;
//! let desired = spec.expand()?.after(&kept);
//! let plan = plan_desired(&desired, &zfs.observe(), &policy);
//! let commands: Vec<String> = plan.steps().iter().map(|step| step.command().to_string()).collect();
//! assert_eq!(commands, ["zfs inherit sync tank/a"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # When to keep it
//!
//! [`Desired::applied`] names what is declared, and what was applied before, has left the declaration and is still set. So it can
//! be written down before a plan is carried out, from the observation that the plan was made from: wherever the machine
//! stops, nothing of ours is forgotten. Written down once more from an observation afterwards, it names no more than
//! what is ours by then. What is out of sight (a pool that is not imported) stays named.
//!
//! Whoever declares a property takes it over: from then on it counts as ours, also where somebody had set it before.

use std::collections::{BTreeMap, BTreeSet};

use zfs_props::key::PropertyName;
use zfs_props::name::DatasetName;

use crate::observed::{Dataset, Observed};
use crate::spec::Desired;

/// Which properties of which datasets were set by plans.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Applied {
    /// By the datasets' names at that time.
    pub datasets: BTreeMap<DatasetName, Owned>,
}

/// What was set on one dataset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Owned {
    /// The dataset, under whatever name it is found; `None`: the one of that name, as no guid was known.
    #[cfg_attr(feature = "serde", serde(default))]
    pub guid: Option<u64>,
    /// The properties.
    pub properties: BTreeSet<PropertyName>,
}

/// An [`Applied`], to be looked up.
#[derive(Clone, Debug)]
pub(crate) struct Claims<'s> {
    applied: &'s Applied,
    by_guid: BTreeMap<u64, &'s Owned>,
}

impl<'s> Claims<'s> {
    fn new(applied: &'s Applied) -> Self {
        let guids = applied.datasets.values().filter_map(|owned| Some((owned.guid?, owned)));
        Self { applied, by_guid: guids.collect() }
    }

    /// The properties of a dataset that are ours: of this very dataset, not of another one that has its name now.
    pub(crate) fn of(
        &self,
        name: &DatasetName,
        dataset: &Dataset,
    ) -> impl Iterator<Item = &'s PropertyName> + use<'s> {
        let named = self.applied.datasets.get(name);
        let named = named.filter(|owned| owned.guid.is_none() || owned.guid == dataset.guid);
        let found = dataset.guid.and_then(|guid| self.by_guid.get(&guid)).copied();
        let both = named.into_iter().chain(found);
        both.flat_map(|owned| &owned.properties)
    }
}

impl<'s> Desired<'s> {
    /// Planned after this was applied: what has left the declaration since is unset, also on datasets that have left it as a
    /// whole. They are not destroyed.
    #[must_use]
    pub fn after(mut self, applied: &'s Applied) -> Self {
        self.claims = Some(Claims::new(applied));
        self
    }

    /// What to keep for the next plan: what is declared, and what was applied before and is still set.
    pub fn applied(&self, observed: &Observed) -> Applied {
        let mut applied = Applied::default();
        for (name, want) in self.datasets.iter() {
            let guid = observed.dataset(name).and_then(|dataset| dataset.guid);
            let properties = want.settings().map(|(property, _)| property.clone()).collect();
            applied.datasets.insert(name.clone(), Owned { guid, properties });
        }
        let Some(claims) = &self.claims else { return applied };
        // What is out of sight is still ours when it is seen again.
        let seen: BTreeSet<u64> =
            observed.datasets().filter_map(|(_, dataset)| dataset.guid).collect();
        for (name, owned) in &claims.applied.datasets {
            let is_away =
                name.ancestors().last().is_none_or(|pool| observed.dataset(&pool).is_none());
            let found = observed.dataset(name).is_some()
                || owned.guid.is_some_and(|guid| seen.contains(&guid));
            // Where its pool is there, it is gone, and made anew if it is declared.
            let is_gone = !is_away && (owned.guid.is_none() || applied.datasets.contains_key(name));
            if !found && !is_gone {
                let kept = applied.datasets.entry(name.clone()).or_default();
                kept.properties.extend(owned.properties.iter().cloned());
                kept.guid = owned.guid;
            }
        }
        for (name, dataset) in observed.datasets() {
            for property in claims.of(name, dataset).filter(|p| dataset.sets(p, self.release)) {
                let owned = applied
                    .datasets
                    .entry(name.clone())
                    .or_insert_with(|| Owned { guid: dataset.guid, properties: BTreeSet::new() });
                owned.properties.insert(property.clone());
            }
        }
        applied
    }
}
