//! Steps of plans as commands.

use zfs_props::name::DatasetName;
use zfs_props::property::{Property, Stored};
use zfs_props::release::Release;
use zfs_props::set::PropertySet;

use super::refusal::Refusal;
use super::{Younger, Zfs};
use crate::apply::World;
use crate::observed::{Account, Directory};
use crate::plan::{Action, Assignment, Step};
use crate::setting::Setting;

impl World for Zfs {
    type Error = Refusal;

    fn run(&mut self, step: &Step) -> Result<(), Refusal> {
        let name = &step.dataset;
        let none = PropertySet::new();
        if let Some(release) = release(&step.action) {
            self.release = release;
        }
        match &step.action {
            Action::Create { properties, mount } => self.create(name, &listed(properties), *mount),
            Action::CreateVolume { size, sparse, properties } => {
                self.create_volume(name, *size, *sparse, &listed(properties))
            }
            Action::Clone { origin, properties } => {
                self.clone_of(origin, name, &listed(properties))
            }
            Action::Set(properties) => self.set(name, &listed(properties), true),
            Action::Inherit(property) => self.inherit(name, &property.to_string(), false),
            Action::Revert(property) => self.inherit(name, &property.to_string(), true),
            Action::Rename { to } => self.rename(name, to, true),
            Action::Promote => self.promote(name),
            Action::LoadKey => self.load_key(name),
            Action::Mount => self.mount(name, &[]),
            Action::Unmount => self.unmount(name),
            Action::Snapshot(snapshot) => self.snapshot(snapshot, false, &none),
            Action::Hold { snapshot, tag } => self.hold(snapshot, tag, false),
            Action::Release { snapshot, tag } => self.release_hold(snapshot, tag, false),
            Action::Rollback(snapshot) => self.rollback(snapshot, Younger::Refuse),
            Action::Destroy => self.destroy(name, false),
            Action::DestroySnapshot(snapshot) => self.destroy_snapshot(snapshot, false, false),
            Action::Own { path, owner, group, mode } => {
                let here = self.mountpoint(name).as_ref() == Some(path);
                let found = self.nodes.get_mut(name).map(|node| &mut node.dataset);
                let mounted = found.filter(|found| here && found.mounted != Some(false));
                let mounted = mounted.ok_or_else(|| Refusal::NotMounted(path.clone()))?;
                let before = mounted.directory.take().unwrap_or_else(Directory::of_new_dataset);
                let account = |text: Option<&String>, before| {
                    text.map_or(before, |text| Account::declared(text))
                };
                mounted.directory = Some(Directory {
                    owner: account(owner.as_ref(), before.owner),
                    group: account(group.as_ref(), before.group),
                    mode: mode.unwrap_or(before.mode),
                });
                Ok(())
            }
        }
    }
}

/// The release that a step was planned for: its values know.
fn release(action: &Action) -> Option<Release> {
    let (Action::Create { properties, .. }
    | Action::CreateVolume { properties, .. }
    | Action::Clone { properties, .. }
    | Action::Set(properties)) = action
    else {
        return None;
    };
    properties.iter().find_map(|assignment| match &assignment.setting {
        Setting::Native(value) => Some(value.release()),
        Setting::User(_) => None,
    })
}

fn listed(assignments: &[Assignment]) -> PropertySet {
    let mut set = PropertySet::new();
    for Assignment { property, setting } in assignments {
        set.set(&property.to_string(), Stored::Text(setting.argument()));
    }
    set
}

impl Zfs {
    /// `zfs load-key`.
    pub fn load_key(&mut self, name: &DatasetName) -> Result<(), Refusal> {
        let node = self.node(name)?;
        let is_root = node.dataset.encryption_root.as_ref().is_none_or(|root| root == name);
        if !is_root
            || node.dataset.key_loaded == Some(true)
            || !node.is_encrypted() && node.dataset.seen.contains(Property::Encryption)
        {
            return Err(Refusal::Key(name.clone()));
        }
        for below in self.subtree(name) {
            if let Some(node) = self.nodes.get_mut(&below) {
                if node.dataset.encryption_root.as_ref().is_some_and(|root| root == name)
                    || below == *name
                {
                    node.dataset.key_loaded = Some(true);
                }
            }
        }
        Ok(())
    }
}
