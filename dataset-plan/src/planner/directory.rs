//! Where a dataset is mounted, and who owns its directory.

use zfs_props::key::PropertyName;
use zfs_props::name::DatasetName;
use zfs_props::property::Property;

use super::properties::Settings;
use super::{Draft, Planner};
use crate::observed::{Account, Dataset, Directory};
use crate::plan::{Action, Expectation, Kept, Obstacle, Reason, Risk, Undo};
use crate::policy::Mounting as MountPolicy;
use crate::spec::Want;

impl<'a> Planner<'a> {
    /// The directory at the mountpoint, if it is not owned as declared.
    pub(super) fn own(
        &mut self,
        name: &DatasetName,
        want: &Want,
        path: &str,
        now: &Directory,
        after: Option<usize>,
    ) {
        let is = |declared: &Option<String>, account: &Account| {
            declared.as_ref().is_none_or(|declared| account.is(declared))
        };
        let mode = want.mode.unwrap_or(now.mode);
        if is(&want.owner, &now.owner) && is(&want.group, &now.group) && mode == now.mode {
            return;
        }
        let declared = want.path.to_string();
        let reason = Reason::Directory { declared, observed: now.to_string() };
        let owner = want.owner.clone().unwrap_or_else(|| now.owner.to_string());
        let group = want.group.clone().unwrap_or_else(|| now.group.to_string());
        let (owner, group, mode) = (Some(owner), Some(group), Some(mode));
        let action = Action::Own { path: path.to_owned(), owner, group, mode };
        let mut draft = Draft::new(name.clone(), action, reason);
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
        draft.needs = after.into_iter().collect();
        self.push(draft);
    }

    /// The directory of a declared dataset that exists.
    pub(super) fn settle_directory(
        &mut self,
        at: usize,
        name: &DatasetName,
        want: &'a Want,
        dataset: &Dataset,
        settings: Settings,
    ) {
        let wanted = want.mounted_at();
        if wanted.is_none() && settings.draft.is_none() {
            return;
        }
        let affected = self.tree.is_affected(at);
        if !affected && dataset.mounted == Some(true) && dataset.directory.is_none() {
            if want.owner.is_some() || want.group.is_some() || want.mode.is_some() {
                self.leave(name.clone(), Kept::UnseenDirectory);
            }
            return;
        }
        let key = PropertyName::Native(Property::Mountpoint);
        let place = self.tree.later(at, &key).map(|sight| sight.text().into_owned());
        // A new mountpoint, own or inherited, mounts what may be mounted; canmount=on alone does not.
        let mounts = self.mount_place(at).is_some();
        let now = self.tree.now(at, &key).map(|sight| sight.text().into_owned());
        // So does the same one, where it is set anew.
        let anew = dataset.mounted == Some(false) && self.tree.sets(at, &key);
        let moves = affected && mounts && (now != place || anew);
        let mut ready = settings.draft.or_else(|| self.tree.arrival(at));
        if let (true, Some(path), Some(draft)) = (moves, &place, settings.draft) {
            self.mounting(at, path.clone(), draft);
        }
        // Where the mountpoint is not as declared, that was reported.
        let Some(path) = wanted.filter(|path| place.as_deref() == Some(path)) else { return };
        if dataset.mounted == Some(false) && !moves {
            match self.mount(at, name, want, dataset, path, ready) {
                Some(draft) => ready = Some(draft),
                None => return,
            }
        }
        let appears = moves || dataset.mounted == Some(false);
        let (owner, group, mode) = (want.owner.clone(), want.group.clone(), want.mode);
        if owner.is_none() && group.is_none() && mode.is_none() {
            return;
        }
        if let Some(now) = &dataset.directory {
            self.own(name, want, path, now, ready);
        } else if appears {
            // It could not be seen while nothing was mounted.
            let action = Action::Own { path: path.to_owned(), owner, group, mode };
            let declared = want.path.to_string();
            let reason = Reason::Directory { declared, observed: "not seen yet".into() };
            let mut draft = Draft::new(name.clone(), action, reason);
            draft.undo = Undo::Impossible { because: "its owner before is not known".into() };
            draft.needs = ready.into_iter().collect();
            self.push(draft);
        } else {
            self.leave(name.clone(), Kept::UnseenDirectory);
        }
    }

    /// Mounts what is there and not mounted, if the policy lets it.
    fn mount(
        &mut self,
        at: usize,
        name: &DatasetName,
        want: &Want,
        dataset: &Dataset,
        path: &str,
        after: Option<usize>,
    ) -> Option<usize> {
        if self.policy.mount == MountPolicy::Refuse {
            let what = format!("it shall be mounted at {path}, and is not mounted");
            let remedy = format!(
                "see what is in the directory, then run `zfs mount {name}` (policy mount: allow)"
            );
            self.block(name, Obstacle::NotMounted, what, &remedy);
            return None;
        }
        if !self.may_mount(at, name, path) {
            return None;
        }
        let mut needs: Vec<usize> = after.into_iter().collect();
        if dataset.key_loaded == Some(false) {
            needs.push(self.load_key(at, name, dataset)?);
        }
        let reason = Reason::NotMounted { declared: want.path.to_string() };
        let mut draft = Draft::new(name.clone(), Action::Mount, reason);
        draft.risk = Risk::MOUNTS;
        draft.needs = needs;
        draft.expects.push(Expectation::Mounted { dataset: name.clone(), mounted: false });
        draft.undo = Undo::Do(vec![(name.clone(), Action::Unmount)]);
        let draft = self.push(draft);
        Some(self.mounting(at, path.to_owned(), draft))
    }

    /// Loads the key that a dataset needs, once for all datasets that share it.
    fn load_key(&mut self, at: usize, name: &DatasetName, dataset: &Dataset) -> Option<usize> {
        let root = dataset.encryption_root.clone().unwrap_or_else(|| name.clone());
        if let Some(draft) = self.keys.get(&root) {
            return Some(*draft);
        }
        let location = PropertyName::Native(Property::Keylocation);
        let row = self.tree.upwards(at).find(|row| *row.name == root);
        let location = row.and_then(|row| row.observed?.entries.get(&location)?.own());
        if location.is_none_or(|(text, _)| **text == *b"prompt") {
            let what = format!("the key of {root} is not loaded, and would be asked for");
            let remedy = format!("run `zfs load-key {root}`, or give it a keylocation");
            self.block(name, Obstacle::Encryption, what, &remedy);
            return None;
        }
        let reason = Reason::KeyNeeded { by: name.to_string() };
        let mut draft = Draft::new(root.clone(), Action::LoadKey, reason);
        draft.needs.extend(self.tree.arrival(at));
        let draft = self.push(draft);
        self.keys.insert(root, draft);
        Some(draft)
    }
}
