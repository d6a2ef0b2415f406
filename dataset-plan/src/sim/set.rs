//! `zfs set` and `zfs inherit`.
//!
//! Source: OpenZFS `zfs_prop_set_list_flags`, `zfs_prop_inherit` (`lib/libzfs/libzfs_dataset.c`),
//! `zfs_set_prop_nvlist`, `zfs_prop_set_special`, `zfs_ioc_inherit_prop` (`module/zfs/zfs_ioctl.c`).

use zfs_props::check::{Accepted, CheckError, Context, NOT_REVERTIBLE, Setting, inherit};
use zfs_props::key::PropertyName;
use zfs_props::name::DatasetName;
use zfs_props::property::Property;
use zfs_props::release::Release;
use zfs_props::set::PropertySet;
use zfs_props::store::stand_in;

use super::Zfs;
use super::create::is_fixed;
use super::refusal::Refusal;
use super::remount::Cause;
use super::view::MOUNT_OPTIONS;
use crate::observed::Raw;
use crate::spec::LONGEST;

/// What the kernel checks against space.
const SPACE: [Property; 4] =
    [Property::Quota, Property::Refquota, Property::Reservation, Property::Refreservation];

impl Zfs {
    /// `zfs set`; with `-u` unless what moves shall be mounted at its new place.
    pub fn set(
        &mut self,
        name: &DatasetName,
        properties: &PropertySet,
        mount: bool,
    ) -> Result<(), Refusal> {
        self.node(name)?;
        let context = self.context(Context::set(self.facts(name)));
        let refuse = |error: CheckError| Refusal::Property { dataset: name.clone(), error };
        let accepted = properties.check(&context).map_err(refuse)?;
        let mut touched = Vec::new();
        if mount {
            for cause in causes(properties, &accepted, self.release) {
                if cause == Cause::Canmount && !self.is_mounted(name) {
                    continue;
                }
                let these = self.touched(name, cause);
                self.take_down(&these)?;
                touched.push(these);
            }
        }
        self.assign(name, accepted.iter())?;
        for native in accepted.iter().filter_map(|(property, _)| property.native()) {
            self.follow(name, native);
        }
        for these in touched {
            self.put_up(&these);
        }
        Ok(())
    }

    /// `zfs inherit`; with `-S` what was received counts again.
    pub fn inherit(
        &mut self,
        name: &DatasetName,
        property: &str,
        revert: bool,
    ) -> Result<(), Refusal> {
        self.node(name)?;
        let refuse = |error: CheckError| Refusal::Property { dataset: name.clone(), error };
        let property =
            inherit(property, revert, &self.facts(name), self.release).map_err(refuse)?;
        if property.native().is_some_and(|native| revert && NOT_REVERTIBLE.contains(&native)) {
            return Err(Refusal::NotInheritable { dataset: name.clone(), property });
        }
        let native = property.native();
        // The kernel looks at what would be set instead: nothing.
        if native == Some(Property::Keylocation) {
            return Err(Refusal::NotInheritable { dataset: name.clone(), property });
        }
        if native == Some(Property::Volthreading) && !self.has_device(name) {
            return Err(Refusal::NoDevice(name.clone()));
        }
        let cause = match native {
            Some(Property::Mountpoint) => Some(Cause::Mountpoint),
            Some(Property::Sharenfs | Property::Sharesmb) => Some(Cause::Share),
            Some(Property::Canmount) => Some(Cause::Canmount),
            _ => None,
        };
        let touched = cause.map(|cause| self.touched(name, cause));
        if let Some(touched) = &touched {
            self.take_down(touched)?;
        }
        let before = property.native().and_then(|native| self.node(name).ok()?.number(native));
        let has_received = self.has_received(name);
        self.node_mut(name)?.store(&property, |entry| {
            if revert { entry.revert() } else { entry.inherit(has_received) }
        });
        if let Some(native) = property.native().filter(|native| SPACE.contains(native)) {
            let after = self.node(name)?.number(native).unwrap_or_default();
            self.reserve(name, native, before.unwrap_or_default(), after);
        }
        if let Some(touched) = &touched {
            self.put_up(touched);
        }
        if let Some(native) = property.native() {
            self.follow(name, native);
        }
        Ok(())
    }

    /// The mount of a filesystem follows its own properties, but not those that it inherits.
    fn follow(&mut self, name: &DatasetName, native: Property) {
        let is_option = MOUNT_OPTIONS.iter().any(|(_, property, _)| *property == native);
        if !is_option || !self.is_mounted(name) {
            return;
        }
        let all = self.mount_options(name);
        let Some(node) = self.nodes.get_mut(name) else { return };
        let times = [Property::Atime, Property::Relatime];
        for (option, property, _) in MOUNT_OPTIONS {
            if property == native || times.contains(&native) && times.contains(&property) {
                if all.contains(option) {
                    node.options.insert(option);
                } else {
                    node.options.remove(option);
                }
            }
        }
    }

    /// `zfs inherit -r`: of all below too, where they have the property, snapshots among them.
    pub fn inherit_below(
        &mut self,
        name: &DatasetName,
        property: &str,
        revert: bool,
    ) -> Result<(), Refusal> {
        self.node(name)?;
        let native = Property::resolve(property, self.release);
        if let Some(native) = native {
            let is_given_up = !native.is_readonly() && (revert || native.is_inheritable());
            if !is_given_up || revert && NOT_REVERTIBLE.contains(&native) {
                return Err(Refusal::NotInheritable {
                    dataset: name.clone(),
                    property: native.into(),
                });
            }
        }
        let mut verdict = Ok(());
        for at in self.subtree(name) {
            let kind = self.node(&at)?.dataset.kind;
            let applies =
                native.zip(kind).is_none_or(|(native, kind)| native.applies_to(kind, self.release));
            if applies {
                let one = self.inherit(&at, property, revert);
                verdict = verdict.and(one);
            }
            if native.is_none() {
                let snapshots: Vec<String> = self.snapshots(&at).map(str::to_owned).collect();
                for snapshot in snapshots {
                    let one = self.inherit_on_snapshot(&at.snapshot(&snapshot)?, property, revert);
                    verdict = verdict.and(one);
                }
            }
        }
        verdict
    }

    /// What the kernel does with accepted properties: it sets as many as it can, and then says whether one failed.
    pub(super) fn assign<'a>(
        &mut self,
        name: &DatasetName,
        accepted: impl Iterator<Item = (&'a PropertyName, &'a Setting)>,
    ) -> Result<(), Refusal> {
        let mut failed = None;
        let mut again = Vec::new();
        for (property, setting) in accepted {
            let Some(raw) = printed(setting) else { continue };
            if let Err(refusal) = self.assign_one(name, property, &raw) {
                again.push((property, raw));
                failed = failed.or(Some(refusal));
            }
        }
        if again.is_empty() {
            return Ok(());
        }
        // Perhaps a quota or reservation stood in the way that was set after it.
        let verdicts =
            again.into_iter().map(|(property, raw)| self.assign_one(name, property, &raw));
        verdicts.collect::<Vec<_>>().into_iter().collect()
    }

    fn assign_one(
        &mut self,
        name: &DatasetName,
        property: &PropertyName,
        raw: &Raw,
    ) -> Result<(), Refusal> {
        let native = property.native();
        if matches!(property, PropertyName::User(_)) && raw.len() > LONGEST {
            return Err(Refusal::TooLong { dataset: name.clone(), property: property.clone() });
        }
        if matches!(property, PropertyName::Account(_) | PropertyName::Written(_)) {
            // Volumes have no accounts.
            return if self.is_volume(name) { Err(Refusal::Volume(name.clone())) } else { Ok(()) };
        }
        if let Some(native) = native {
            if is_fixed(native) {
                let node = self.node_mut(name)?;
                if native == Property::Version {
                    node.dataset.fixed.insert(native, raw.clone());
                }
                return Ok(());
            }
            if native == Property::Volsize
                && self.is(name, Property::Readonly, "on")
                && self.node(name)?.number(native).is_some()
            {
                return Err(Refusal::ReadOnly(name.clone()));
            }
            if native == Property::Volsize {
                // The volume itself knows its size.
                let content = self.next_txg();
                self.node_mut(name)?.content = content;
            }
            if native == Property::Volthreading && !self.has_device(name) {
                return Err(Refusal::NoDevice(name.clone()));
            }
            if SPACE.contains(&native) {
                let new = std::str::from_utf8(raw)
                    .ok()
                    .and_then(|text| text.parse().ok())
                    .unwrap_or_default();
                // A reservation that nobody has worked out is more than any pool has.
                if **raw == *b"auto" || new == u64::MAX {
                    return Err(Refusal::NoSpace {
                        dataset: name.clone(),
                        property: native.name(),
                    });
                }
                self.fits(name, native, new)?;
                let before = self.node(name)?.number(native).unwrap_or_default();
                self.reserve(name, native, before, new);
            }
        }
        let word = std::str::from_utf8(raw).unwrap_or_default();
        let known = native.and_then(|native| stand_in(native, word));
        self.node_mut(name)?.store(property, |entry| match known {
            Some(known) => entry.set_iuv(raw.clone(), known.as_bytes().into()),
            None => entry.set(raw.clone()),
        });
        Ok(())
    }
}

/// In the order in which the properties are given.
fn causes(properties: &PropertySet, accepted: &Accepted, release: Release) -> Vec<Cause> {
    let given = properties.iter().filter_map(|(name, _)| Property::resolve(name, release));
    let causes = given.filter_map(|property| match property {
        Property::Mountpoint => Some(Cause::Mountpoint),
        Property::Canmount => {
            let off = accepted.get(property).is_some_and(|value| value.word() == Some("off"));
            off.then_some(Cause::Canmount)
        }
        Property::Sharenfs | Property::Sharesmb => Some(Cause::Share),
        _ => None,
    });
    causes.collect()
}

/// As `zfs get -p` prints it.
pub(super) fn printed(setting: &Setting) -> Option<Raw> {
    match setting {
        Setting::Value(value) => Some(value.to_string().into_bytes().into()),
        Setting::Text(text) => Some(text.as_bytes().into()),
        Setting::Limit(limit) => Some(limit.to_string().into_bytes().into()),
        _ => None,
    }
}
