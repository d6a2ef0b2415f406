//! From a [`Spec`] to the keys and values that [`read`](super::read) reads: nothing that was declared
//! is lost, but typed keys are written in the map that they are short for.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::{Base, DatasetSpec, Moved, Origin, Pattern, Place, Profile, Spec, Wish};

/// Writes the entries of a map that are there, and not those that are as if they were not.
macro_rules! entries {
    ($map:ident: $($key:literal => $value:expr, $unless:expr;)*) => {
        $(if !$unless { $map.serialize_entry($key, &$value)?; })*
    };
}

impl Serialize for Spec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        entries! { map:
            "release" => self.release.to_string(), false;
            "parentDataset" => self.parent_dataset, self.parent_dataset.is_none();
            "parentMount" => self.parent_mount, self.parent_mount.is_none();
            "ownerProperty" => self.owner_property, self.owner_property.is_none();
            "ignore" => self.ignore, self.ignore.is_empty();
            "moved" => self.moved, self.moved.is_empty();
            "absent" => self.absent, self.absent.is_empty();
            "base" => self.base, self.base.is_empty();
            "places" => self.places, self.places.is_empty();
            "profiles" => self.profiles, self.profiles.is_empty();
            "services" => self.services, self.services.is_empty();
            "utility" => self.utility, self.utility.is_empty();
        }
        map.end()
    }
}

impl Serialize for Base {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        entries! { map: "mountedAt" => self.mounted_at, self.mounted_at.is_none(); }
        map.end()
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        entries! { map:
            "dataset" => self.dataset, false;
            "mount" => self.mount, self.mount.is_none();
        }
        map.end()
    }
}

impl Serialize for Moved {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        entries! { map: "from" => self.from, false; "to" => self.to, false; }
        map.end()
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Wish {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Wish::Set(setting) => serializer.serialize_str(setting.argument()),
            source => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("source", &source.to_string())?;
                map.end()
            }
        }
    }
}

impl Serialize for Profile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.write(&mut map)?;
        map.end()
    }
}

impl Profile {
    fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        entries! { map:
            "properties" => self.properties, self.properties.is_empty();
            "owner" => self.owner, self.owner.is_none();
            "group" => self.group, self.group.is_none();
            "mode" => self.mode, self.mode.is_none();
            "strict" => self.strict, self.strict.is_none();
        }
        Ok(())
    }
}

impl Serialize for DatasetSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let origin = self.origin.as_ref().map(|origin| match origin {
            Origin::Independent => "none".to_owned(),
            Origin::Snapshot(snapshot) => snapshot.to_string(),
        });
        entries! { map:
            "profile" => self.profiles, self.profiles.is_empty();
            "place" => self.place, self.place.is_none();
            "volume" => self.volume.map(|volume| volume.size), self.volume.is_none();
            "sparse" => true, !self.volume.is_some_and(|volume| volume.sparse);
            "origin" => origin, origin.is_none();
            "guid" => self.guid, self.guid.is_none();
        }
        self.own.write(&mut map)?;
        map.end()
    }
}
