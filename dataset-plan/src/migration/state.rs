//! How far a migration is, from what can be observed.

use std::collections::{BTreeMap, BTreeSet};

use zfs_props::key::PropertyName;
use zfs_props::name::DatasetName;
use zfs_props::property::Property;
use zfs_props::release::Release;
use zfs_props::source::Source;

use super::moves::assignment;
use super::{From, Migration};
use crate::observed::Observed;
use crate::path::{is_within, tidy};

/// How far a migration is. See the [module](super) for what decides it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum State {
    /// Nothing was done.
    Begin,
    /// The new dataset is there, mounted aside.
    Created,
    /// It holds a copy; the old copy is in use.
    Seeded,
    /// The old copy is put away, the new one not in its place yet.
    Switching,
    /// The new copy is in use.
    Switched {
        /// Seconds since 1970 in UTC, as they were given to [`Migration::next`].
        since: u64,
    },
    /// The new copy is aside again, the old one not in its place yet.
    Returning,
    /// The old copy is gone.
    Done,
}

/// Something that nobody but a person can decide; nothing is done, and every copy is kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Stuck {
    /// The new dataset was not made by this migration.
    #[error("{0} is there, and its own {marker} does not say that this migration made it", marker = Migration::MARKER)]
    NotOurs(String),
    /// Neither at its path nor where it is put away: copying from there would empty the new copy.
    #[error("{0} holds no data to move; see where it is")]
    NoSource(String),
    /// The old dataset has children, which a copy of files would mix in.
    #[error("{0} has datasets below it; move those first")]
    Children(String),
    /// The services' path is none that a mountpoint can be.
    #[error(
        "{0:?} is no path to mount at; write an absolute one, without `.`, `..` and slashes at its end"
    )]
    BadPath(String),
    /// Something else is mounted where files would be copied from, or where they are used.
    #[error(
        "{dataset} is mounted at or below {path}: its files would be copied too, or cover the copy; unmount it first"
    )]
    Covered {
        /// The other dataset.
        dataset: String,
        /// The services' path.
        path: String,
    },
    /// Something wrote to the services' path while no copy was there, or somebody put the old copy back by hand.
    #[error("{path} holds files, and so does {kept}: see which are newer, and keep one of the two")]
    Both {
        /// The services' path.
        path: String,
        /// Where the old copy is kept.
        kept: String,
    },
}

impl Migration {
    /// How far it is.
    ///
    /// `occupied` are those of the directories [`path`](Self::path) and [`kept`](Self::kept) that hold files
    /// themselves; a mounted dataset counts as its own, not as the directory it covers.
    pub fn state(&self, observed: &Observed, occupied: &BTreeSet<String>) -> Result<State, Stuck> {
        self.check_path()?;
        let places = places(observed);
        let old = self.old_place(observed, &places, occupied)?;
        self.check_others(observed, &places, old)?;
        if observed.dataset(&self.to).is_none() {
            return match old {
                Place::Here => Ok(State::Begin),
                Place::Away | Place::Gone => Err(Stuck::NoSource(self.source())),
            };
        }
        let not_ours = || Stuck::NotOurs(self.to.to_string());
        let marker = self.marker(observed).ok_or_else(not_ours)?;
        let word = marker.strip_suffix(&format!(" {}", self.source())).ok_or_else(not_ours)?;
        let since = word.strip_prefix("switched@").map(str::parse::<u64>);
        match (word, since, old) {
            ("done", ..) => Ok(State::Done),
            // Which of them was used since, no marker tells.
            (_, Some(Ok(_)), Place::Here) => {
                let path = match &self.from {
                    From::Directory => self.path.clone(),
                    From::Dataset(old) => old.to_string(),
                };
                Err(Stuck::Both { path, kept: self.to.to_string() })
            }
            (_, Some(Ok(since)), _) => Ok(State::Switched { since }),
            ("created", _, Place::Here) => Ok(State::Created),
            ("seeded" | "switching" | "returning", _, Place::Here) => Ok(State::Seeded),
            ("switching", _, Place::Away) => Ok(State::Switching),
            ("returning", _, Place::Away) => Ok(State::Returning),
            ("created" | "seeded" | "switching" | "returning", ..) => {
                Err(Stuck::NoSource(self.source()))
            }
            _ => Err(not_ours()),
        }
    }

    /// The marker, if it was set on the dataset itself: what is inherited speaks of another dataset, and what was
    /// received of another machine.
    fn marker(&self, observed: &Observed) -> Option<String> {
        let property: PropertyName = Self::MARKER.parse().ok()?;
        let all = observed.effective(Release::LATEST);
        let marker = all.into_iter().find(|value| {
            value.dataset == self.to && value.property == property && value.source == Source::Local
        });
        marker.map(|value| value.value)
    }

    fn check_path(&self) -> Result<(), Stuck> {
        let path = &self.path;
        let strange = path.split('/').any(|part| matches!(part, "." | ".."));
        let good = path.starts_with('/') && path != "/" && !strange && tidy(path.into()) == *path;
        let good = good && assignment("mountpoint", path).is_some();
        if good { Ok(()) } else { Err(Stuck::BadPath(path.clone())) }
    }

    /// What else is mounted at the services' path; and below it, as long as files are copied from there.
    fn check_others(
        &self,
        observed: &Observed,
        places: &BTreeMap<DatasetName, String>,
        old: Place,
    ) -> Result<(), Stuck> {
        let is_ours = |name: &DatasetName| {
            *name == self.to || matches!(&self.from, From::Dataset(old) if name == old)
        };
        let is_mounted = |name| observed.dataset(name).and_then(|dataset| dataset.mounted);
        let covers = |place: &str| {
            let place = tidy(place.into());
            *place == self.path || old == Place::Here && is_within(&place, &self.path)
        };
        let other = places.iter().find(|(name, place)| {
            !is_ours(name) && is_mounted(name) == Some(true) && covers(place)
        });
        match other {
            Some((name, _)) => {
                Err(Stuck::Covered { dataset: name.to_string(), path: self.path.clone() })
            }
            None => Ok(()),
        }
    }

    fn old_place(
        &self,
        observed: &Observed,
        places: &BTreeMap<DatasetName, String>,
        occupied: &BTreeSet<String>,
    ) -> Result<Place, Stuck> {
        let (path, kept) = (&self.path, self.kept());
        match &self.from {
            From::Directory => match (occupied.contains(path), occupied.contains(&kept)) {
                (true, true) => Err(Stuck::Both { path: path.clone(), kept }),
                (true, false) => Ok(Place::Here),
                (false, true) => Ok(Place::Away),
                (false, false) => Ok(Place::Gone),
            },
            From::Dataset(old) => {
                if observed.datasets().any(|(name, _)| name.is_under(old)) {
                    return Err(Stuck::Children(old.to_string()));
                }
                match places.get(old) {
                    // It was not mounted, and its directory was written to.
                    Some(place) if *place == *path && occupied.contains(path) => {
                        Err(Stuck::Both { path: path.clone(), kept: old.to_string() })
                    }
                    Some(place) if *place == *path => Ok(Place::Here),
                    Some(place) if *place == kept && occupied.contains(path) => {
                        Err(Stuck::Both { path: path.clone(), kept })
                    }
                    Some(place) if *place == kept => Ok(Place::Away),
                    _ => Ok(Place::Gone),
                }
            }
        }
    }
}

/// Where each dataset is to be mounted.
fn places(observed: &Observed) -> BTreeMap<DatasetName, String> {
    let mountpoint = PropertyName::Native(Property::Mountpoint);
    let all = observed.effective(Release::LATEST).into_iter();
    let places = all.filter(|value| value.property == mountpoint);
    places.map(|value| (value.dataset, value.value)).collect()
}

/// Where the old copy is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Here,
    Away,
    Gone,
}
