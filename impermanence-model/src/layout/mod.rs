//! What a host's declaration comes to: every directory, file, link and mount that has to be made at boot, in order.

mod cover;
mod entry;
mod mount;
mod place;
mod service;
mod step;

pub(crate) use cover::{By, Cover, Covers};
pub use entry::{Entry, Via};
pub use mount::{BindOf, Mount, Propagation, Source};
pub use place::{Content, Copy, Place, PlaceKind, Why};
pub use service::ServiceState;
pub use step::{Action, Step, StepId};

use std::collections::BTreeMap;

use crate::host::Backing;
use crate::owner::Accounts;
use crate::path::{AbsolutePath, compare};
use crate::problem::Problem;
use crate::root::Root;

/// The resolved, ordered, conflict-free result of a declaration.
///
/// Back ends render it, `exec` carries it out, [`fate`](Layout::fate) reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Layout {
    pub(crate) host: String,
    pub(crate) root: Root,
    pub(crate) stores: Vec<AbsolutePath>,
    pub(crate) steps: Vec<Step>,
    /// The numbers of the steps in order of path; at one path, places before mounts.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub(crate) by_path: Vec<StepId>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) services: Vec<ServiceState>,
    pub(crate) users: BTreeMap<String, AbsolutePath>,
    pub(crate) accounts: Accounts,
    pub(crate) warnings: Vec<Problem>,
    #[cfg_attr(feature = "serde", serde(skip))]
    pub(crate) covers: Covers,
}

impl Layout {
    /// The host's name; empty if it has none.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// What `/` is.
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// The directories that entries are kept in, in order of path.
    pub fn stores(&self) -> &[AbsolutePath] {
        &self.stores
    }

    /// Everything that has to be done at boot, in an order that works: a step comes after all it [needs](Step::needs).
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// What becomes of what is written to the mount at a path; none if nothing is mounted there.
    pub fn backing(&self, target: &AbsolutePath) -> Option<Backing> {
        let found = self.covers.nearest(target.as_bytes());
        let is_mount = |cover: &Cover| !matches!(cover.by, By::Made(_));
        found
            .filter(|(path, cover)| *path == target && is_mount(cover))
            .map(|(_, cover)| cover.backing.clone())
    }

    /// A step by its number.
    pub fn step(&self, id: StepId) -> Option<&Step> {
        self.steps.get(id.0 as usize)
    }

    /// The first step about a path, in normal form: the one that makes it, if the layout does.
    pub fn first_step_at(&self, path: &[u8]) -> Option<&Step> {
        let path_of = |id: &StepId| self.step(*id).map_or(&[][..], |s| s.action.path().as_bytes());
        let index = self.by_path.partition_point(|id| compare(path_of(id), path).is_lt());
        let step = self.step(*self.by_path.get(index)?)?;
        (step.action.path().as_bytes() == path).then_some(step)
    }

    /// What is kept, in order of path.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entries at a path or below it, in order of path.
    pub fn entries_in(&self, path: &AbsolutePath) -> impl Iterator<Item = &Entry> {
        let start = self.entries.partition_point(|entry| entry.path < *path);
        let rest = self.entries.get(start..).unwrap_or_default().iter();
        let path = path.clone();
        rest.take_while(move |entry| path.contains(&entry.path))
    }

    /// The state of services, in order of path.
    pub fn services(&self) -> &[ServiceState] {
        &self.services
    }

    /// Homes by user.
    pub fn homes(&self) -> &BTreeMap<String, AbsolutePath> {
        &self.users
    }

    /// Numbers of users and groups, as far as they are declared.
    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// What is odd about the declaration, and does not refuse it.
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }

    /// The mounts, in order: the host's own file systems (whose source is a [device](Source::Device)), and binds.
    pub fn mounts(&self) -> impl Iterator<Item = &Mount> {
        self.steps.iter().filter_map(|step| match &step.action {
            Action::Mount(mount) => Some(mount),
            _ => None,
        })
    }

    /// What has to exist, in order: directories, files and links, in the stores and outside of them.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        self.steps.iter().filter_map(|step| match &step.action {
            Action::Create(place) => Some(place),
            _ => None,
        })
    }

    /// Files that are copied in at boot, and out at shutdown.
    pub fn copies(&self) -> impl Iterator<Item = &Copy> {
        self.steps.iter().filter_map(|step| match &step.action {
            Action::CopyIn(copy) => Some(copy),
            _ => None,
        })
    }
}
