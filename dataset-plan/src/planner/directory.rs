//! Who owns the directory where a dataset is mounted, and what is not mounted.

use zfs_props::key::PropertyName;
use zfs_props::name::DatasetName;
use zfs_props::property::Property;

use super::{Draft, Part, Planner};
use crate::observed::{Account, Dataset, Directory};
use crate::plan::{Action, Expectation, Kept, Obstacle, Reason, Undo};
use crate::spec::Want;

impl<'a> Planner<'a> {
    /// The directory at the mountpoint, if it is not owned as declared.
    pub(super) fn own(
        &mut self,
        at: usize,
        name: &DatasetName,
        want: &Want<'_>,
        path: &str,
        now: &Directory,
    ) {
        let is = |declared: Option<&str>, account: &Account| {
            declared.is_none_or(|declared| account.is(declared))
        };
        let mode = want.mode.unwrap_or(now.mode);
        if is(want.owner, &now.owner) && is(want.group, &now.group) && mode == now.mode {
            return;
        }
        let declared = want.path.path();
        let reason = Reason::Directory { declared, observed: now.to_string() };
        let owner = want.owner.map_or_else(|| now.owner.to_string(), str::to_owned);
        let group = want.group.map_or_else(|| now.group.to_string(), str::to_owned);
        let (owner, group, mode) = (Some(owner), Some(group), Some(mode));
        let action = Action::Own { path: path.to_owned(), owner, group, mode };
        let mut draft = Draft::new(at, name.clone(), action, reason);
        // A new dataset's directory goes with the dataset.
        if self.observed.datasets.contains_key(name) {
            let before = Action::Own {
                path: path.to_owned(),
                owner: Some(now.owner.to_string()),
                group: Some(now.group.to_string()),
                mode: Some(now.mode),
            };
            draft.undo = Undo::Do(vec![(name.clone(), before)]);
        }
        draft.needs.extend(self.tree.arrival(at));
        draft.expects = self.expected_there(at, name);
        self.push(draft);
    }

    /// The dataset is there, and mounted if it was: below a missing mount there is another directory.
    fn expected_there(&self, at: usize, name: &DatasetName) -> Vec<Expectation> {
        let there = self.observed.dataset(name).filter(|_| self.tree.arrival(at).is_none());
        let Some(there) = there else { return Vec::new() };
        let present = Expectation::Present { dataset: name.clone(), guid: there.guid };
        let mounted = there.mounted.filter(|mounted| *mounted);
        let mounted =
            mounted.map(|mounted| Expectation::Mounted { dataset: name.clone(), mounted });
        std::iter::once(present).chain(mounted).collect()
    }

    /// The directory of a declared dataset that exists.
    pub(super) fn settle_directory(
        &mut self,
        at: usize,
        name: &DatasetName,
        want: &'a Want<'a>,
        dataset: &Dataset,
    ) {
        let Some(path) = want.owned_at() else { return };
        let key = PropertyName::Native(Property::Mountpoint);
        let place = self.tree.later(at, &key).map(|sight| sight.text().into_owned());
        // Where the mountpoint is not as declared, that was reported.
        if place.as_deref() != Some(path) {
            return;
        }
        if self.is_vetoed(at, Part::Directory, name) {
            return;
        }
        let now = self.tree.now(at, &key).map(|sight| sight.text().into_owned());
        if let Some(now) = &dataset.directory {
            self.own(at, name, want, path, now);
        } else if dataset.mounted == Some(false) || now != place {
            // It could not be seen while nothing was mounted.
            let (owner, group) = (want.owner.map(str::to_owned), want.group.map(str::to_owned));
            let action = Action::Own { path: path.to_owned(), owner, group, mode: want.mode };
            let declared = want.path.path();
            let reason = Reason::Directory { declared, observed: "not seen yet".into() };
            let mut draft = Draft::new(at, name.clone(), action, reason);
            draft.undo = Undo::Impossible { because: "its owner before is not known".into() };
            draft.needs.extend(self.tree.arrival(at));
            draft.expects = self.expected_there(at, name);
            self.push(draft);
        } else {
            self.leave(name.clone(), Kept::UnseenDirectory);
        }
    }

    /// A dataset that shall be mounted, is not, and may not be by the policy.
    pub(super) fn block_unmounted(&mut self, at: usize) {
        let Some(row) = self.tree.row(at) else { return };
        let name = row.name.clone().into_owned();
        let path = row.want.and_then(Want::mounted_at).unwrap_or_default();
        let what = format!("it shall be mounted at {path}, and is not mounted");
        let remedy = format!(
            "see what is in the directory, then run `zfs mount {name}` (policy mount: allow)"
        );
        self.block(&name, Obstacle::NotMounted, what, &remedy);
    }

    /// Declared, not mounted, and not to be by ZFS, though nobody declared that.
    pub(super) fn block_unmountable(&mut self, at: usize) {
        let Some(name) = self.tree.row(at).map(|row| row.name.clone().into_owned()) else { return };
        let canmount = self.tree.later(at, &Property::Canmount.into());
        let word = canmount.map(|sight| sight.text().into_owned()).unwrap_or_default();
        let what = format!("it is not mounted, and ZFS does not mount it: canmount is {word}");
        let remedy = "declare canmount, as `on`, or as `noauto` if something else mounts it";
        self.block(&name, Obstacle::NotMounted, what, remedy);
    }
}
