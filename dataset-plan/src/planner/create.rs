//! Datasets that do not exist yet.

use zfs_props::check::{Context, DatasetFacts};
use zfs_props::key::PropertyName;
use zfs_props::kind::DatasetKind;
use zfs_props::name::{DatasetName, SnapshotName};
use zfs_props::property::Property;
use zfs_props::set::PropertySet;

use super::{Draft, Part, Planner};
use crate::observed::{Dataset, Directory, inheritable};
use crate::plan::{Action, Assignment, Expectation, Obstacle, Reason, Undo};
use crate::policy::{EncryptedParent, MissingParent};
use crate::setting::Setting;
use crate::spec::{Origin, Want, Wish};
use crate::tree::Time;

/// Properties of a new filesystem that OpenZFS accepts.
pub(super) struct Accepted {
    /// Below an encrypted one.
    encrypted: bool,
    /// The mountpoint is a path, whichever.
    mountpoint: bool,
    /// All others.
    others: Vec<Assignment>,
}

/// Whether `zfs clone` refuses to give this another value than the origin has.
fn is_kept_by_clones(property: &PropertyName) -> bool {
    let native = property.native();
    native.is_some_and(|native| native.is_settable_once() || native == Property::Keylocation)
}

impl<'a> Planner<'a> {
    /// The parent is there, or will be: a new dataset can be made below it.
    pub(super) fn can_create(&mut self, at: usize, name: &DatasetName) -> bool {
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
            None if parent.arrives.is_some() => true,
            None => {
                let what = format!("its parent {} does not exist and is not made", parent.name);
                let remedy = "see what blocks the parent, or declare it";
                self.block(name, Obstacle::NoParent, what, remedy);
                false
            }
        }
    }

    /// A base dataset that does not exist, needed as a parent.
    pub(super) fn miss_base(&mut self, at: usize, name: &DatasetName) {
        if self.can_create(at, name) {
            let what = "it is declared as a base dataset and does not exist".to_owned();
            let remedy = "base datasets are made by the installer; see why it is missing";
            self.block(name, Obstacle::NoParent, what, remedy);
        }
    }

    /// A dataset that nobody declared, needed as a parent.
    pub(super) fn contain(&mut self, at: usize, name: &DatasetName) {
        if !self.can_create(at, name) {
            return;
        }
        let property = match self.policy.missing_parent {
            MissingParent::Container => Some((Property::Mountpoint, "none")),
            MissingParent::Unmounted => Some((Property::Canmount, "off")),
            MissingParent::Refuse => {
                let what = "does not exist, and the policy makes no containers".to_owned();
                self.block(name, Obstacle::NoParent, what, "declare it, or create it by hand");
                return;
            }
        };
        let wanted = property.and_then(|(property, word)| {
            let key = PropertyName::Native(property);
            Some((Setting::parse(&key, word, self.release).ok()?, key))
        });
        let wanted = wanted.into_iter().map(|(setting, property)| Assignment { property, setting });
        let (properties, rests_on) = self.missing(at, wanted);
        if self.may_be_below_key(at, name, false)
            && self.has_key(at, name, &properties)
            && !self.is_vetoed(at, Part::Arrival, name)
        {
            let holds = self.tree.first_below(at).unwrap_or_else(|| name.to_string());
            let reason = Reason::Container { holds };
            let action = Action::Create { properties, mount: true };
            self.draft_create(at, name, action, reason, rests_on);
        }
    }

    /// A declared dataset that does not exist.
    pub(super) fn create(&mut self, at: usize, name: &DatasetName, want: &'a Want<'a>) {
        if !self.can_create(at, name) {
            return;
        }
        if let Some(guid) = want.guid {
            let what =
                format!("{} declares guid {guid}, which a new dataset would not have", want.path);
            let remedy = "see where that dataset is, or leave `guid` out";
            self.block(name, Obstacle::OtherDataset, what, remedy);
            return;
        }
        if let Err(error) = name.check_creatable() {
            let (what, remedy) = (error.to_string(), "declare it under another name");
            self.block(name, Obstacle::Refused, what, remedy);
            return;
        }
        let set = |(property, declared): (&PropertyName, crate::spec::Declared<'_>)| {
            let (property, setting) = (property.clone(), declared.wish.setting()?.clone());
            Some(Assignment { property, setting })
        };
        let clone_of = match want.origin {
            Some(Origin::Snapshot(origin)) => Some(origin),
            _ => None,
        };
        if clone_of.is_some_and(|of| !self.has_origin(name, of) || !self.is_kept(name, of, want)) {
            return;
        }
        let wanted = want.properties.iter().filter_map(set);
        let wanted = wanted.filter(|a| clone_of.is_none() || !is_kept_by_clones(&a.property));
        let (properties, rests_on) = self.missing(at, wanted);
        // Also where that is what it would have by itself.
        let decided = want.properties.contains_key(&Property::Encryption.into());
        if !self.may_be_below_key(at, name, decided)
            || !self.passes_check(at, name, want, &properties)
            || clone_of.is_none() && !self.has_key(at, name, &properties)
            || self.is_vetoed(at, Part::Arrival, name)
        {
            return;
        }
        let action = match (want.volume, clone_of) {
            (_, Some(origin)) => Action::Clone { origin: origin.clone(), properties },
            (Some(volume), _) => {
                let mut properties = properties;
                properties.retain(|a| a.property != Property::Volsize.into());
                let (size, sparse) = (volume.size, volume.sparse);
                Action::CreateVolume { size, sparse, properties }
            }
            (None, _) => Action::Create { properties, mount: true },
        };
        let reason = Reason::Missing { declared: want.path.path() };
        self.draft_create(at, name, action, reason, rests_on);
        if let Some(path) = want.owned_at().filter(|_| !self.is_vetoed(at, Part::Directory, name)) {
            self.own(at, name, want, path, &Directory::of_new_dataset());
        }
    }

    /// Of the wanted properties, those that a new dataset would not have by itself; and why it has the others.
    fn missing(
        &self,
        at: usize,
        wanted: impl IntoIterator<Item = Assignment>,
    ) -> (Vec<Assignment>, Vec<Expectation>) {
        let (mut missing, mut rests_on) = (Vec::new(), Vec::new());
        for assignment in wanted {
            let Assignment { property, setting } = &assignment;
            match self.tree.later(at, property) {
                Some(sight) if sight.is(property, setting, self.release) => {
                    rests_on.extend(self.handed_down(at, property));
                }
                _ => missing.push(assignment),
            }
        }
        (missing, rests_on)
    }

    /// What the nearest observed dataset above has of a property, if the plan leaves that as it is.
    fn handed_down(&self, at: usize, property: &PropertyName) -> Option<Expectation> {
        let parent = |at: &usize| self.tree.row(*at)?.parent_at(Time::Later);
        let mut above = std::iter::successors(parent(&at), parent);
        let above =
            above.find(|at| self.tree.row(*at).is_some_and(|row| row.observed.is_some()))?;
        let now = self.tree.now(above, property).filter(|_| inheritable(property))?;
        let later = self.tree.later(above, property)?;
        let stays = now.source == later.source && now.text() == later.text();
        let dataset = self.tree.dataset_at(above, Time::Now).filter(|_| stays)?;
        let (value, source) = (Some(now.text().into_owned()), now.source.map(Clone::clone));
        Some(Expectation::Value { dataset, property: property.clone(), value, source })
    }

    /// Below an encrypted dataset nothing is made unless somebody said how.
    fn may_be_below_key(&mut self, at: usize, name: &DatasetName, decided: bool) -> bool {
        match self.key_above(at) {
            Some(root) if !decided && self.policy.encrypted_parent == EncryptedParent::Refuse => {
                let what = format!("it would be encrypted with the key of {root}");
                let remedy =
                    "declare `encryption`, or allow it by the policy (encrypted parent: inherit)";
                self.block(name, Obstacle::Encryption, what, remedy);
                false
            }
            _ => true,
        }
    }

    /// Whose key a new dataset gets by itself: what is nearest above decides, and below an encrypted dataset there may be one
    /// that is not (`dmu_objset_create_crypt_check`, `module/zfs/dsl_crypt.c`).
    fn key_above(&self, at: usize) -> Option<DatasetName> {
        let encryption = PropertyName::Native(Property::Encryption);
        for row in self.tree.upwards(at) {
            let planned = row.planned.iter().find(|planned| planned.property == encryption);
            if let Some(setting) = planned.and_then(|planned| planned.wish.setting()) {
                return (setting.printed() != "off").then(|| row.name.clone().into_owned());
            }
            let known = |dataset: &&Dataset| {
                dataset.encryption_root.is_some() || dataset.seen.contains(Property::Encryption)
            };
            if let Some(dataset) = row.observed.filter(known) {
                return dataset.encryption_root.clone();
            }
        }
        None
    }

    /// What is made under the key of another dataset is made while that is loaded (`dmu_objset_create_crypt_check`,
    /// `module/zfs/dsl_crypt.c`).
    fn has_key(&mut self, at: usize, name: &DatasetName, properties: &[Assignment]) -> bool {
        let otherwise = properties.iter().any(|Assignment { property, setting }| {
            *property == Property::Keyformat.into()
                || *property == Property::Encryption.into() && setting.argument() == "off"
        });
        let root = self.key_above(at).filter(|_| !otherwise);
        let loaded = |root: &DatasetName| self.original.dataset(root)?.key_loaded;
        let Some(root) = root.filter(|root| loaded(root) == Some(false)) else { return true };
        let what = format!("it would be encrypted with the key of {root}, which is not loaded");
        self.block(name, Obstacle::Encryption, what, "run `zfs load-key` for it, and plan again");
        false
    }

    /// What a clone keeps of its origin is as declared.
    fn is_kept(&mut self, name: &DatasetName, origin: &SnapshotName, want: &Want<'_>) -> bool {
        let row = origin.dataset_name().ok().and_then(|head| self.tree.find_row(&head));
        let blocked = self.blocked.len();
        for (property, setting) in want.settings().filter(|(name, _)| is_kept_by_clones(name)) {
            let sight = row.and_then(|row| self.tree.now(row, property));
            if sight.as_ref().is_some_and(|sight| sight.is(property, setting, self.release)) {
                continue;
            }
            let there = sight.map_or("not known".into(), |sight| sight.text().into_owned());
            let what = format!(
                "a clone keeps {property} of its origin, where it is {there}; {} declares {setting}",
                want.path
            );
            self.block(name, Obstacle::CreateOnly, what, "leave it out, or `origin`");
        }
        blocked == self.blocked.len()
    }

    /// What OpenZFS would refuse is not attempted.
    fn passes_check(
        &mut self,
        at: usize,
        name: &DatasetName,
        want: &Want<'_>,
        properties: &[Assignment],
    ) -> bool {
        let mut parent = DatasetFacts::filesystem();
        let encrypted = self.key_above(at).is_some();
        parent.encrypted = encrypted;
        // Declarations of many datasets differ in nothing but the path of the mountpoint.
        let is_path = |a: &&Assignment| {
            a.property == Property::Mountpoint.into() && a.setting.argument().starts_with('/')
        };
        let others = properties.iter().filter(|a| !is_path(a));
        let known = want.volume.is_none()
            && self.accepted.as_ref().is_some_and(|accepted| {
                accepted.encrypted == encrypted
                    && accepted.mountpoint == properties.iter().any(|a| is_path(&a))
                    && others.clone().eq(&accepted.others)
            });
        if known {
            return true;
        }
        let context = Context::create_in(parent, want.kind()).release(self.release);
        let texts: Vec<_> =
            properties.iter().map(|a| (a.property.to_string(), a.setting.argument())).collect();
        let pairs = texts.iter().map(|(name, value)| (name.as_str(), *value));
        let checked = PropertySet::from_pairs(pairs).map_err(|error| error.to_string());
        let checked = checked.and_then(|set| {
            let set = match want.volume {
                Some(volume) => set.for_volume(volume.size, volume.sparse, &context),
                None => Ok(set),
            };
            set.and_then(|set| set.check(&context)).map_err(|error| error.to_string())
        });
        let accepted = match checked {
            Ok(accepted) => accepted,
            Err(what) => {
                self.block(name, Obstacle::Refused, what, "correct the declaration");
                return false;
            }
        };
        let prompts = accepted.has_new_key()
            && accepted.get(Property::Keylocation).is_none_or(|at| at.text() == Some("prompt"));
        if prompts {
            let what = "its key would be asked for at a prompt".to_owned();
            let remedy = "declare a `keylocation`, such as file:///run/keys/NAME";
            self.block(name, Obstacle::Encryption, what, remedy);
        } else if want.volume.is_none() {
            self.accepted = Some(Accepted {
                encrypted,
                mountpoint: properties.iter().any(|a| is_path(&a)),
                others: others.cloned().collect(),
            });
        }
        !prompts
    }

    /// The snapshot that a clone is made of is there, as far as snapshots were observed.
    fn has_origin(&mut self, name: &DatasetName, origin: &SnapshotName) -> bool {
        let dataset = origin.dataset_name().ok();
        let dataset = dataset.and_then(|dataset| self.observed.dataset(&dataset));
        let there = dataset.is_some_and(|dataset| {
            dataset.snapshots.is_empty()
                || dataset.snapshots.iter().any(|s| s.name == origin.name())
        });
        if !there || origin.pool() != name.pool() {
            let what = format!("it is to be a clone of {origin}, which is not there");
            let remedy = "take or receive the snapshot first; clones stay in their pool";
            self.block(name, Obstacle::NoOrigin, what, remedy);
        }
        there && origin.pool() == name.pool()
    }

    fn draft_create(
        &mut self,
        at: usize,
        name: &DatasetName,
        action: Action,
        reason: Reason,
        rests_on: Vec<Expectation>,
    ) {
        let draft = self.drafts.len();
        let properties = match &action {
            Action::Create { properties, .. }
            | Action::CreateVolume { properties, .. }
            | Action::Clone { properties, .. } => properties.as_slice(),
            _ => &[],
        };
        let above = self.tree.arrival(at);
        self.tree.arrive(at, draft);
        let set = |Assignment { property, setting }: &Assignment| {
            (property.clone(), Wish::Set(setting.clone()))
        };
        self.tree.plan(at, draft, properties.iter().map(set));
        let mut new = Draft::new(at, name.clone(), action, reason);
        new.after = self.tree.changes_above(at);
        new.needs = above.into_iter().collect();
        new.expects = rests_on;
        new.expects.push(Expectation::Absent(name.clone()));
        new.undo = Undo::Do(vec![(name.clone(), Action::Destroy)]);
        self.push(new);
    }
}
