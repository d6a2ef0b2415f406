//! The planner: one walk down the tree, parents before children.
//!
//! At each dataset it asks what a property would be *after* the steps already planned further up,
//! and plans a change only if that is not what is declared. So a child that will inherit what it
//! wants gets none, and a child that has by inheritance what it wants and would lose it gets one
//! that runs before its ancestor's.

use std::collections::BTreeSet;

use zfs_props::key::PropertyName;
use zfs_props::kind::DatasetKind;
use zfs_props::name::DatasetName;
use zfs_props::property::Property;
use zfs_props::release::Release;

use crate::observed::{Account, Dataset, Directory, Observed};
use crate::plan::{
    Action, Assignment, Blocked, Difference, Kept, Obstacle, Plan, Reason, Risk, Untouched,
};
use crate::policy::{Heirs, MissingParent, Policy};
use crate::problem::Problems;
use crate::setting::Setting;
use crate::spec::{Declared, Desired, Spec, Want};
use crate::tree::{Row, Sight, Tree};

/// Plans what makes the observed datasets what the declaration says.
///
/// The plan depends on nothing else, and not on the order in which things were declared or
/// observed: the same input gives the same plan, byte for byte. What cannot be done is in
/// [`Plan::blocked`]; an error means that the declaration does not hold together.
pub fn plan(spec: &Spec, observed: &Observed, policy: &Policy) -> Result<Plan, Problems> {
    let desired = spec.expand()?;
    let mut planner = Planner {
        release: desired.release,
        policy,
        tree: Tree::new(&desired, observed),
        drafts: Vec::new(),
        blocked: Vec::new(),
        untouched: Vec::new(),
    };
    if policy.heirs == Heirs::Protect {
        planner.tree.hold_back(planner.release);
    }
    planner.walk(&desired);
    let steps = crate::order::steps(&planner.tree, planner.drafts);
    Ok(Plan { steps, blocked: planner.blocked, untouched: planner.untouched })
}

/// A step before it has its place in the order; `needs` are indices of drafts.
pub(crate) struct Draft {
    pub(crate) row: usize,
    pub(crate) action: Action,
    pub(crate) reason: Reason,
    pub(crate) risk: Risk,
    pub(crate) heirs: Vec<DatasetName>,
    pub(crate) needs: Vec<usize>,
}

struct Planner<'a> {
    release: Release,
    policy: &'a Policy,
    tree: Tree<'a>,
    drafts: Vec<Draft>,
    blocked: Vec<Blocked>,
    untouched: Vec<Untouched>,
}

/// Properties that existing data does not follow: they count when a block is written.
const NEW_WRITES_ONLY: [Property; 6] = [
    Property::Recordsize,
    Property::Compression,
    Property::Checksum,
    Property::Copies,
    Property::Dedup,
    Property::SpecialSmallBlocks,
];

/// Properties whose change unmounts and mounts.
const REMOUNTS: [Property; 2] = [Property::Mountpoint, Property::Canmount];

/// Properties that make a new dataset an encrypted one.
const ENCRYPTION: [Property; 4] =
    [Property::Encryption, Property::Keyformat, Property::Keylocation, Property::Pbkdf2iters];

impl<'a> Planner<'a> {
    fn walk(&mut self, desired: &'a Desired) {
        let holding: BTreeSet<DatasetName> =
            desired.datasets.keys().flat_map(DatasetName::ancestors).collect();
        for at in 0..self.tree.len() {
            let Some(&Row { ref name, observed, want, base, .. }) = self.tree.row(at) else {
                break;
            };
            let name = name.clone();
            match (want, observed) {
                (_, Some(_)) if base => self.leave(name, Kept::Base),
                (_, None) if base => self.miss_base(at, &name),
                (Some(want), Some(dataset)) => self.settle(at, &name, want, dataset),
                (Some(want), None) => self.create(at, &name, want),
                (None, None) => self.contain(at, &name),
                (None, Some(_)) if holding.contains(&name) => self.leave(name, Kept::Holds),
                (None, Some(_)) => self.leave(name, Kept::Undeclared),
            }
        }
    }

    fn leave(&mut self, dataset: DatasetName, why: Kept) {
        self.untouched.push(Untouched { dataset, why });
    }

    fn block(&mut self, dataset: &DatasetName, code: Obstacle, what: String, remedy: &str) {
        let (dataset, remedy) = (dataset.clone(), remedy.to_owned());
        self.blocked.push(Blocked { dataset, code, what, remedy });
    }

    /// The parent is there, or will be: a new dataset can be made below it.
    fn can_create(&mut self, at: usize, name: &DatasetName) -> bool {
        let Some(parent) = self.tree.parent(at) else {
            let what = format!("pool {name} was not observed");
            let remedy = "import or create it, and observe again; plans do not make pools";
            self.block(name, Obstacle::NoPool, what, remedy);
            return false;
        };
        match parent.observed {
            Some(dataset) if dataset.kind == Some(DatasetKind::Volume) => {
                let what = format!("{} is a volume, which holds no datasets", parent.name);
                self.block(name, Obstacle::NoParent, what, "declare it elsewhere");
                false
            }
            Some(_) => true,
            None if parent.draft.is_some() => true,
            None => {
                let what = format!("its parent {} does not exist and is not made", parent.name);
                let remedy = "see what blocks the parent, or declare it";
                self.block(name, Obstacle::NoParent, what, remedy);
                false
            }
        }
    }

    /// A base dataset that does not exist, needed as a parent.
    fn miss_base(&mut self, at: usize, name: &DatasetName) {
        if self.can_create(at, name) {
            let what = "it is declared as a base dataset and does not exist".to_owned();
            let remedy = "base datasets are made by the installer; see why it is missing";
            self.block(name, Obstacle::NoParent, what, remedy);
        }
    }

    /// A dataset that nobody declared, needed as a parent.
    fn contain(&mut self, at: usize, name: &DatasetName) {
        if !self.can_create(at, name) {
            return;
        }
        if self.policy.missing_parent == MissingParent::Refuse {
            let what = "does not exist, and the policy makes no containers".to_owned();
            self.block(name, Obstacle::NoParent, what, "declare it, or create it by hand");
            return;
        }
        let holds = self.tree.first_below(at).unwrap_or_else(|| name.to_string());
        let key = PropertyName::Native(Property::Mountpoint);
        let none = Setting::parse(&key, "none", self.release).ok();
        let wanted = none.into_iter().map(|setting| (key.clone(), setting)).collect();
        let assignments = self.missing(at, wanted);
        self.draft_create(at, assignments, Reason::Container { holds }, Risk::empty());
    }

    /// A declared dataset that does not exist.
    fn create(&mut self, at: usize, name: &DatasetName, want: &Want) {
        if !self.can_create(at, name) {
            return;
        }
        let wanted = want.properties.iter().map(|(p, d)| (p.clone(), d.setting.clone())).collect();
        let assignments = self.missing(at, wanted);
        let encrypting = assignments
            .iter()
            .find(|a| matches!(&a.property, PropertyName::Native(p) if ENCRYPTION.contains(p)));
        if let Some(assignment) = encrypting {
            let what = format!("`{assignment}` makes an encrypted dataset, which needs a key");
            let remedy = "create it by hand; it is kept in shape from then on";
            self.block(name, Obstacle::Unsupported, what, remedy);
            return;
        }
        let mounts = want.mounted_at();
        let risk = if mounts.is_some() { Risk::MOUNTS } else { Risk::empty() };
        let reason = Reason::Missing { declared: want.path.clone() };
        let draft = self.draft_create(at, assignments, reason, risk);
        if let Some(path) = mounts {
            self.own(at, want, path, &Directory::of_new_dataset(), Some(draft));
        }
    }

    /// Of the wanted properties, those that a new dataset would not have by itself.
    fn missing(&self, at: usize, wanted: Vec<(PropertyName, Setting)>) -> Vec<Assignment> {
        let differs = |(property, setting): &(PropertyName, Setting)| {
            let sight = self.tree.later(at, property, self.release);
            sight.is_none_or(|sight| sight.setting.as_ref() != Some(setting))
        };
        let wanted = wanted.into_iter().filter(differs);
        wanted.map(|(property, setting)| Assignment { property, setting }).collect()
    }

    fn draft_create(
        &mut self,
        at: usize,
        assignments: Vec<Assignment>,
        reason: Reason,
        risk: Risk,
    ) -> usize {
        let needs = self.tree.drafts_above(at);
        self.tree.plan(at, self.drafts.len(), &assignments);
        let action = Action::Create { properties: assignments, mount: true };
        self.push(Draft { row: at, action, reason, risk, heirs: Vec::new(), needs })
    }

    fn push(&mut self, draft: Draft) -> usize {
        self.drafts.push(draft);
        self.drafts.len() - 1
    }

    /// The directory at the mountpoint, if it is not owned as declared.
    fn own(&mut self, at: usize, want: &Want, path: &str, now: &Directory, after: Option<usize>) {
        let is = |declared: &Option<String>, account: &Account| {
            declared.as_ref().is_none_or(|declared| account.is(declared))
        };
        let mode = want.mode.unwrap_or(now.mode);
        if is(&want.owner, &now.owner) && is(&want.group, &now.group) && mode == now.mode {
            return;
        }
        let reason = Reason::Directory { declared: want.path.clone(), observed: now.to_string() };
        let owner = want.owner.clone().unwrap_or_else(|| now.owner.to_string());
        let group = want.group.clone().unwrap_or_else(|| now.group.to_string());
        let action = Action::Own { path: path.to_owned(), owner, group, mode };
        let needs = after.into_iter().collect();
        self.push(Draft { row: at, action, reason, risk: Risk::empty(), heirs: Vec::new(), needs });
    }

    /// A declared dataset that exists.
    fn settle(&mut self, at: usize, name: &DatasetName, want: &Want, dataset: &Dataset) {
        if dataset.kind == Some(DatasetKind::Volume) {
            let what = format!("{} declares a filesystem, and it is a volume", want.path);
            self.block(name, Obstacle::WrongKind, what, "rename one of the two");
            return;
        }
        let (planned, blocked) = (self.drafts.len(), self.blocked.len());
        let mut assignments = Vec::new();
        let mut differences = Vec::new();
        let mut heirs = BTreeSet::new();
        for (property, declared) in &want.properties {
            if let Some(difference) = self.difference(at, name, property, declared) {
                let follow = self.tree.heirs(at, property, &declared.setting, self.release);
                if !follow.is_empty() && self.policy.heirs == Heirs::Protect {
                    self.block_heirs(name, property, declared, &follow);
                    continue;
                }
                heirs.extend(follow);
                differences.push(difference);
                let (property, setting) = (property.clone(), declared.setting.clone());
                assignments.push(Assignment { property, setting });
            }
        }
        let set = self.draft_set(at, assignments, differences, heirs);
        if let Some(path) = want.mounted_at() {
            self.settle_directory(at, name, want, dataset, path, set);
        }
        if (planned, blocked) == (self.drafts.len(), self.blocked.len()) {
            self.leave(name.clone(), Kept::InSync);
        }
        let undeclared = dataset.entries.iter().filter_map(|(property, entry)| {
            let local = entry.local.as_ref().filter(|_| !want.properties.contains_key(property))?;
            Some(format!("{property}={}", String::from_utf8_lossy(local)))
        });
        let undeclared: Vec<_> = undeclared.collect();
        if !undeclared.is_empty() {
            self.leave(name.clone(), Kept::Settings(undeclared));
        }
    }

    /// The directory of a declared dataset that exists.
    fn settle_directory(
        &mut self,
        at: usize,
        name: &DatasetName,
        want: &Want,
        dataset: &Dataset,
        path: &str,
        set: Option<usize>,
    ) {
        let text = |sight: Option<Sight>| sight.map(|sight| sight.text);
        let later =
            |property| text(self.tree.later(at, &PropertyName::Native(property), self.release));
        let now = text(self.tree.now(at, &Property::Mountpoint.into(), self.release));
        // A new mountpoint, own or inherited, mounts what may be mounted; canmount=on alone does not.
        let moves = later(Property::Mountpoint) != now;
        let mounts = moves && later(Property::Canmount).is_none_or(|word| word == "on");
        if dataset.mounted == Some(false) && !mounts {
            let what = format!("it shall be mounted at {path}, and is not mounted");
            let remedy = format!("see what is in the directory, then run `zfs mount {name}`");
            self.block(name, Obstacle::NotMounted, what, &remedy);
        } else if let Some(now) = &dataset.directory {
            self.own(at, want, path, now, set);
        } else if want.owner.is_some() || want.group.is_some() || want.mode.is_some() {
            self.leave(name.clone(), Kept::UnseenDirectory);
        }
    }

    /// What has to change about one property, if anything has to and can.
    fn difference(
        &mut self,
        at: usize,
        name: &DatasetName,
        property: &PropertyName,
        declared: &Declared,
    ) -> Option<Difference> {
        let wanted = &declared.setting;
        let now = self.tree.now(at, property, self.release);
        let has_it = now.as_ref().is_some_and(|sight| sight.setting.as_ref() == Some(wanted));
        match (property, &now) {
            (PropertyName::Native(native), None) => {
                let what = format!("{native} was not observed, so it may or may not be {wanted}");
                let remedy = "observe with `zfs get ... all`";
                self.block(name, Obstacle::NotObserved, what, remedy);
                return None;
            }
            (PropertyName::Native(native), Some(sight)) if native.is_settable_once() => {
                if !has_it {
                    let what = format!(
                        "{native} is {} and can be set at creation only; {} declares {wanted}",
                        sight.text, declared.path
                    );
                    let remedy = "declare what it is, or move the data into a new dataset";
                    self.block(name, Obstacle::CreateOnly, what, remedy);
                }
                return None;
            }
            _ => {}
        }
        let covered = now.as_ref().is_some_and(Sight::is_temporary);
        let later = self.tree.later(at, property, self.release);
        if !covered && later.is_some_and(|sight| sight.setting.as_ref() == Some(wanted)) {
            return None;
        }
        Some(Difference {
            property: property.clone(),
            declared: declared.path.clone(),
            source: now.as_ref().map(|sight| sight.source.to_string()).unwrap_or_default(),
            observed: now.map(|sight| sight.text),
            protects: has_it && !covered,
        })
    }

    fn block_heirs(
        &mut self,
        name: &DatasetName,
        property: &PropertyName,
        declared: &Declared,
        heirs: &[DatasetName],
    ) {
        let first = heirs.first().map(ToString::to_string).unwrap_or_default();
        let others = match heirs.len() {
            0 | 1 => String::new(),
            n => format!(" and {} more", n - 1),
        };
        let what = format!(
            "{property}={} would change {first}{others}, which inherit it and are not declared",
            declared.setting
        );
        let remedy = "declare them, or allow it by the policy (heirs: follow)";
        self.block(name, Obstacle::Heirs, what, remedy);
    }

    fn draft_set(
        &mut self,
        at: usize,
        assignments: Vec<Assignment>,
        differences: Vec<Difference>,
        heirs: BTreeSet<DatasetName>,
    ) -> Option<usize> {
        if assignments.is_empty() {
            return None;
        }
        let sets = |list: &[Property], a: &Assignment| matches!(&a.property, PropertyName::Native(property) if list.contains(property));
        let mut risk = Risk::empty();
        risk.set(Risk::REMOUNTS, assignments.iter().any(|a| sets(&REMOUNTS, a)));
        risk.set(Risk::NEW_WRITES_ONLY, assignments.iter().all(|a| sets(&NEW_WRITES_ONLY, a)));
        risk.set(Risk::HEIRS, !heirs.is_empty());
        // Where a value is kept that an ancestor's change would take away, the ancestor waits.
        let set = self.drafts.len();
        for difference in differences.iter().filter(|difference| difference.protects) {
            for above in self.tree.planned_above(at, &difference.property) {
                if let Some(draft) = self.drafts.get_mut(above) {
                    draft.needs.push(set);
                }
            }
        }
        self.tree.plan(at, set, &assignments);
        let (action, reason) = (Action::Set(assignments), Reason::Differs(differences));
        let heirs = heirs.into_iter().collect();
        Some(self.push(Draft { row: at, action, reason, risk, heirs, needs: Vec::new() }))
    }
}
