//! What `zfs get` prints for what is stored.
//!
//! [`Printed`] is a value in its two forms; [`shown`] is a whole line: value and source of one property
//! of one dataset, or nothing where `zfs get all` leaves the property out.
//!
//! ```
//! use zfs_props::display::{Dataset, shown};
//! use zfs_props::kind::DatasetKind;
//! use zfs_props::property::{Property, Stored};
//! use zfs_props::release::Release;
//! use zfs_props::source::Source;
//!
//! let home = Dataset::new("tank/home/ann", DatasetKind::Filesystem);
//! let stored = Some((Stored::Text("/home"), Source::Inherited("tank/home")));
//! let line = shown(&home, Property::Mountpoint, stored, Release::V2_3).unwrap();
//! assert_eq!(line.value.pretty().to_string(), "/home/ann");
//! assert_eq!(line.source.to_string(), "inherited from tank/home");
//!
//! // Nothing is stored: the default shows, unless the property is one that only OpenZFS sets.
//! let line = shown(&home, Property::Compression, None, Release::V2_3).unwrap();
//! assert_eq!((line.value.literal().to_string(), line.source), ("on".into(), Source::Default));
//! assert!(shown(&home, Property::Used, None, Release::V2_3).is_none());
//! ```

mod date;
mod printed;

use alloc::borrow::Cow;

use crate::kind::DatasetKind;
use crate::mountpoint;
use crate::property::{Mutability, Property, Stored, ValueType};
use crate::release::Release;
use crate::source::Source;

pub use printed::Printed;

/// What is known of a dataset beside its properties.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Dataset<'a> {
    /// Its whole name.
    pub name: &'a str,
    /// What it is.
    pub kind: DatasetKind,
    /// What it is a snapshot or bookmark of; the same as `kind` for all else.
    pub head: DatasetKind,
    /// The property `altroot` of its pool.
    pub altroot: Option<&'a str>,
    /// The options it is mounted with, as in `/proc/self/mounts`; `None` if it is not.
    pub mount: Option<&'a str>,
}

impl<'a> Dataset<'a> {
    /// A dataset that is not mounted, in a pool without `altroot`. A snapshot or bookmark is taken to
    /// be one of a filesystem.
    pub const fn new(name: &'a str, kind: DatasetKind) -> Self {
        let head = match kind {
            DatasetKind::Volume => kind,
            _ => DatasetKind::Filesystem,
        };
        Self { name, kind, head, altroot: None, mount: None }
    }
}

/// Value and source of a property, as `zfs get` prints them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown<'a> {
    /// The value.
    pub value: Printed<'a>,
    /// The source.
    pub source: Source<&'a str>,
}

/// What `zfs get` prints for a property of a dataset; `None` if it has no such property or the value
/// is missing, so that `zfs get all` leaves it out and `zfs get PROPERTY` prints `-` with source `-`
/// (OpenZFS `zfs_prop_get`, `lib/libzfs/libzfs_dataset.c`).
///
/// `stored` is what the kernel hands out for it: the value in effect and its source, or `None` if
/// nothing is stored on the way up, so that the default holds. For properties kept elsewhere than in
/// property lists ([`place`]) the source is of no importance.
pub fn shown<'a>(
    dataset: &Dataset<'a>,
    property: Property,
    stored: Option<(Stored<&'a str>, Source<&'a str>)>,
    release: Release,
) -> Option<Shown<'a>> {
    if !property.exists_in(release) || !property.applies_to(dataset.kind, release) {
        return None;
    }
    let hidden_by_head = dataset.kind == DatasetKind::Snapshot
        && has_number(property)
        && !property.applies_to_snapshot_of(dataset.head, release);
    if hidden_by_head {
        return None;
    }
    let text = |text| Some(Printed::text(Cow::Borrowed(text)));
    let (value, source) = match place(property) {
        Place::Dataset => {
            let value = match property {
                Property::Name => text(dataset.name),
                Property::Type => text(dataset.kind.as_str()),
                _ => text(if dataset.mount.is_some() { "yes" } else { "no" }),
            };
            (value, Source::None)
        }
        Place::Elsewhere => (Printed::of(property, stored?.0, release), Source::None),
        Place::List => {
            let (stored, source) = listed(property, stored, release)?;
            let (stored, source) = overridden(dataset, property, stored, source);
            let value = match (property, stored) {
                (Property::Mountpoint, Stored::Text(path)) => {
                    let path = mountpoint::effective(path, source, dataset.name, dataset.altroot);
                    Some(Printed::text(path))
                }
                _ => Printed::of(property, stored, release),
            };
            (value, source)
        }
    };
    Some(Shown { value: value?, source })
}

/// Where the value of a property comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// From the list of properties that is inherited and received.
    List,
    /// From the dataset itself: its name, its kind, whether it is mounted.
    Dataset,
    /// From the filesystem's own records, written when it was created, or from counters.
    Elsewhere,
}

/// Where the value of a property comes from (OpenZFS `get_numeric_property`,
/// `lib/libzfs/libzfs_dataset.c`).
pub const fn place(property: Property) -> Place {
    use Property::{
        Casesensitivity, Defaultgroupobjquota, Defaultgroupquota, Defaultprojectobjquota,
        Defaultprojectquota, Defaultuserobjquota, Defaultuserquota, Inconsistent, Mounted, Name,
        Normalization, Numclones, Redacted, Type, Utf8only, Version,
    };
    match property {
        Name | Type | Mounted => Place::Dataset,
        Casesensitivity
        | Normalization
        | Utf8only
        | Version
        | Defaultuserquota
        | Defaultgroupquota
        | Defaultprojectquota
        | Defaultuserobjquota
        | Defaultgroupobjquota
        | Defaultprojectobjquota
        | Inconsistent
        | Numclones
        | Redacted => Place::Elsewhere,
        _ => Place::List,
    }
}

/// Whether a snapshot's head has a say in whether the property is shown.
fn has_number(property: Property) -> bool {
    property.value_type() != ValueType::Text && property != Property::Creation
}

/// A value from the list, or the default.
fn listed<'a>(
    property: Property,
    stored: Option<(Stored<&'a str>, Source<&'a str>)>,
    release: Release,
) -> Option<(Stored<&'a str>, Source<&'a str>)> {
    let (mut value, source) = match stored {
        Some(stored) => stored,
        None => (property.default(release)?, Source::Default),
    };
    if property == Property::Origin && value == Stored::Text("") && release >= Release::V2_2 {
        value = property.default(release)?;
    }
    match source {
        // What only OpenZFS sets has no default: it is missing.
        Source::Default if is_missing(property, release) => None,
        Source::None if has_own_value(property) => Some((value, Source::Local)),
        _ => Some((value, source)),
    }
}

fn is_missing(property: Property, release: Release) -> bool {
    let always_there = match property {
        Property::Creation | Property::FilesystemCount | Property::SnapshotCount => true,
        Property::Guid => release >= Release::V2_2,
        _ => false,
    };
    has_number(property) && property.mutability() == Mutability::ReadOnly && !always_there
}

/// What a dataset never takes from elsewhere: stored without a source, it was set here.
fn has_own_value(property: Property) -> bool {
    const OWN: [Property; 10] = [
        Property::Canmount,
        Property::Volsize,
        Property::Quota,
        Property::Refquota,
        Property::Reservation,
        Property::Refreservation,
        Property::FilesystemLimit,
        Property::SnapshotLimit,
        Property::FilesystemCount,
        Property::SnapshotCount,
    ];
    OWN.contains(&property)
}

/// Options of mount(8) that switch a property on and off, whatever is stored.
const MOUNT_OPTIONS: [(Property, &str, &str); 8] = [
    (Property::Atime, "atime", "noatime"),
    (Property::Relatime, "relatime", "norelatime"),
    (Property::Devices, "dev", "nodev"),
    (Property::Exec, "exec", "noexec"),
    (Property::Readonly, "ro", "rw"),
    (Property::Setuid, "suid", "nosuid"),
    (Property::Xattr, "xattr", "noxattr"),
    (Property::Nbmand, "mand", "nomand"),
];

/// What the mount says instead, where it says otherwise.
fn overridden<'a>(
    dataset: &Dataset<'a>,
    property: Property,
    stored: Stored<&'a str>,
    source: Source<&'a str>,
) -> (Stored<&'a str>, Source<&'a str>) {
    let row = MOUNT_OPTIONS.iter().find(|(with_option, ..)| *with_option == property);
    let (Some(options), Some((_, on, off))) = (dataset.mount, row) else {
        return (stored, source);
    };
    let has = |option| options.split(',').any(|given| given == option);
    let number = match stored {
        Stored::Number(0) if has(*on) => 1,
        Stored::Number(1..) if has(*off) => 0,
        _ => return (stored, source),
    };
    (Stored::Number(number), Source::Temporary)
}
