//! `zfs create` and `zfs clone`.
//!
//! Source: OpenZFS `zfs_do_create`, `zfs_do_clone` (`cmd/zfs/zfs_main.c`), `zfs_create`, `zfs_clone`
//! (`lib/libzfs/libzfs_dataset.c`), `zfs_fill_zplprops_impl` (`module/zfs/zfs_ioctl.c`).

use zfs_props::check::{Accepted, Context, Setting};
use zfs_props::key::PropertyName;
use zfs_props::kind::DatasetKind;
use zfs_props::name::{DatasetName, SnapshotName};
use zfs_props::property::{Mutability, Property};
use zfs_props::set::PropertySet;
use zfs_props::value::Value;

use super::node::Node;
use super::refusal::Refusal;
use super::{Zfs, guid_of, no_snapshot};
use crate::observed::{Dataset, Directory};

/// What a new filesystem takes from its parent, as it cannot be changed later.
const HANDED_DOWN: [Property; 3] =
    [Property::Utf8only, Property::Normalization, Property::Casesensitivity];
/// The on-disk version of new filesystems.
const VERSION: &[u8] = b"5";

impl Zfs {
    /// `zfs create` of a filesystem, with `-u` unless it shall be mounted.
    pub fn create(
        &mut self,
        name: &DatasetName,
        properties: &PropertySet,
        mount: bool,
    ) -> Result<(), Refusal> {
        self.make(name, DatasetKind::Filesystem, |context| properties.check(context))?;
        if mount { self.mount_new(name) } else { Ok(()) }
    }

    /// What `zfs create -p` does before: creates the missing ancestors, without properties, and mounts them.
    pub fn create_ancestors(&mut self, name: &DatasetName) -> Result<(), Refusal> {
        let mut missing: Vec<_> =
            name.ancestors().take_while(|above| !self.nodes.contains_key(above)).collect();
        while let Some(above) = missing.pop() {
            self.create(&above, &PropertySet::new(), true)?;
        }
        Ok(())
    }

    /// `zfs create -V`, of so many bytes; with `-s` if it is sparse.
    pub fn create_volume(
        &mut self,
        name: &DatasetName,
        size: u64,
        sparse: bool,
        properties: &PropertySet,
    ) -> Result<(), Refusal> {
        self.make(name, DatasetKind::Volume, |context| {
            properties.clone().for_volume(size, sparse, context)?.check(context)
        })
    }

    /// `zfs clone`.
    pub fn clone_of(
        &mut self,
        origin: &SnapshotName,
        name: &DatasetName,
        properties: &PropertySet,
    ) -> Result<(), Refusal> {
        let point = self.point(origin).ok_or_else(|| no_snapshot(origin))?.clone();
        let head = origin.dataset_name()?;
        let kind = self.node(&head)?.dataset.kind.unwrap_or(DatasetKind::Filesystem);
        self.check_place(name)?;
        // Checked as if they were set on the origin: what is fixed at creation is fixed already.
        let context = self.context(Context::set(self.facts(&head)));
        let refuse = |error| Refusal::Property { dataset: name.clone(), error };
        let accepted = properties.check_list(&context).map_err(refuse)?;
        // A clone is under the key of its origin.
        let resolve = |property| Property::resolve(property, self.release);
        if properties.iter().filter_map(|(property, _)| resolve(property)).any(is_of_keys) {
            return Err(Refusal::Key(name.clone()));
        }

        let node = self.node(&head)?;
        let dataset = Dataset {
            kind: Some(kind),
            seen: node.dataset.seen,
            fixed: point.fixed.clone(),
            encryption_root: node.dataset.encryption_root.clone(),
            key_loaded: node.dataset.key_loaded,
            directory: node.dataset.directory.clone(),
            origin: Some(origin.clone()),
            mounted: (kind == DatasetKind::Filesystem).then_some(false),
            ..Dataset::default()
        };
        let node = Node {
            dataset: dataset.into(),
            directories: point.directories.clone(),
            content: point.content,
            ..Node::default()
        };
        self.insert(name, node);
        if let (Some(size), Ok(node)) = (point.size, self.node_mut(name)) {
            node.store(&Property::Volsize.into(), |entry| entry.set(size));
        }
        if let Some(point) = self.point_mut(origin) {
            point.snapshot.clones.push(name.clone());
        }
        let verdict = self.assign(name, accepted.iter());
        if verdict.is_err() {
            self.remove(name);
            return verdict;
        }
        self.mount_new(name)
    }

    fn check_place(&self, name: &DatasetName) -> Result<(), Refusal> {
        name.check_creatable()?;
        let parent = name.parent().ok_or_else(|| Refusal::Missing(name.clone()))?;
        self.node(&parent)?;
        if self.is_volume(&parent) {
            return Err(Refusal::Volume(parent));
        }
        if self.nodes.contains_key(name) {
            return Err(Refusal::Exists(name.clone()));
        }
        Ok(())
    }

    fn make(
        &mut self,
        name: &DatasetName,
        kind: DatasetKind,
        check: impl Fn(&Context) -> Result<Accepted, zfs_props::check::CheckError>,
    ) -> Result<(), Refusal> {
        self.check_place(name)?;
        let parent = name.parent().ok_or_else(|| Refusal::Missing(name.clone()))?;
        let context = self.context(Context::create_in(self.facts(&parent), kind));
        let mut accepted = check(&context);
        let asks = |accepted: &Accepted| {
            let place = accepted.get(Property::Keylocation).and_then(Value::text);
            accepted.has_new_key() && place == Some("prompt")
        };
        if accepted.as_ref().is_ok_and(asks) {
            accepted = check(&context.key(self.typed.clone()));
        }
        let accepted =
            accepted.map_err(|error| Refusal::Property { dataset: name.clone(), error })?;
        let node = self.begin(name, kind, &accepted)?;
        // What is under a key cannot be made without it (`dmu_objset_create_crypt_check`, `module/zfs/dsl_crypt.c`).
        if let (Some(root), Some(false)) = (&node.dataset.encryption_root, node.dataset.key_loaded)
        {
            return Err(Refusal::Key(root.clone()));
        }
        self.insert(name, node);
        let verdict = self.assign(name, accepted.iter());
        if verdict.is_err() {
            self.remove(name);
        }
        verdict
    }

    /// A new dataset with what is fixed from then on.
    pub(super) fn begin(
        &self,
        name: &DatasetName,
        kind: DatasetKind,
        accepted: &Accepted,
    ) -> Result<Node, Refusal> {
        let parent = name.parent().ok_or_else(|| Refusal::Missing(name.clone()))?;
        let above = &self.node(&parent)?.dataset;
        let mut dataset = Dataset { kind: Some(kind), used: Some(0), ..Dataset::default() };
        for property in Property::in_release(self.release) {
            if property.applies_to(kind, self.release) {
                dataset.seen.insert(property);
            }
        }
        if kind == DatasetKind::Filesystem {
            dataset.directory = Some(Directory::of_new_dataset());
            dataset.mounted = Some(false);
            dataset.fixed.insert(Property::Version, (*VERSION).into());
            for property in HANDED_DOWN {
                let raw = above.fixed.get(&property).cloned();
                let raw = raw.or_else(|| {
                    let value = Value::default_of(property, self.release)?;
                    Some(value.to_string().into_bytes().into())
                });
                dataset.fixed.extend(raw.map(|raw| (property, raw)));
            }
        }
        for (property, setting) in accepted.iter() {
            if let (PropertyName::Native(native), Setting::Value(value)) = (property, setting) {
                let is_stored = (*native, value.word()) != (Property::Encryption, Some("off"));
                if is_fixed(*native) && is_stored {
                    dataset.fixed.insert(*native, value.to_string().into_bytes().into());
                }
            }
        }
        encrypt(name, &mut dataset, above, accepted);
        Ok(Node { dataset: dataset.into(), ..Node::default() })
    }

    pub(super) fn insert(&mut self, name: &DatasetName, mut node: Node) {
        let txg = self.next_txg();
        node.dataset.createtxg = Some(txg);
        node.dataset.guid = Some(guid_of(txg));
        if node.content == 0 {
            node.content = txg;
        }
        self.nodes.insert(name.clone(), node.into());
    }

    /// Mounts what was created.
    pub(super) fn mount_new(&mut self, name: &DatasetName) -> Result<(), Refusal> {
        if self.is_volume(name) || !self.is(name, Property::Canmount, "on") {
            return Ok(());
        }
        self.mount_one(name)
    }
}

/// Under whose key a new dataset is.
fn encrypt(name: &DatasetName, dataset: &mut Dataset, above: &Dataset, accepted: &Accepted) {
    if accepted.has_new_key() {
        dataset.encryption_root = Some(name.clone());
        dataset.key_loaded = Some(true);
        if let Some(suite) = dataset.fixed.get_mut(&Property::Encryption) {
            if **suite == *b"on" {
                *suite = (*DEFAULT_SUITE).into();
            }
        }
    } else if let Some(root) = &above.encryption_root {
        if accepted.get(Property::Encryption).is_none_or(|suite| suite.to_string() != "off") {
            dataset.encryption_root = Some(root.clone());
            dataset.key_loaded = above.key_loaded;
            for property in [Property::Encryption, Property::Keyformat, Property::Pbkdf2iters] {
                dataset.fixed.extend(above.fixed.get(&property).map(|raw| (property, raw.clone())));
            }
        }
    }
}

/// What `encryption=on` stands for.
const DEFAULT_SUITE: &[u8] = b"aes-256-gcm";

/// Says how to encrypt, and where the key is.
pub(super) fn is_of_keys(property: Property) -> bool {
    matches!(property, Property::Encryption | Property::Keylocation) || property.is_key_parameter()
}

/// Kept by the filesystem itself, or fixed when the dataset was created.
pub(super) fn is_fixed(property: Property) -> bool {
    property == Property::Version
        || matches!(property.mutability(), Mutability::Once | Mutability::OnceDefault)
}
