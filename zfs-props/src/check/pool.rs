//! Properties of pools.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use thiserror::Error;

use super::accepted::Outcome;
use super::error::text;
use super::{CheckError, CheckFault, ErrorClass};
use crate::key::{PoolPropertyName, UserProperty, UserPropertyFault};
use crate::name::Name;
use crate::number::{self, NumberError};
use crate::property::{Feature, PoolProperty, Stored, ValueType};
use crate::quoted::Quoted;
use crate::release::Release;
use crate::set::PropertySet;
use crate::value::longest_text;

/// The pool whose properties are set, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolContext {
    name: String,
    release: Release,
    operation: Operation,
    has_host_id: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Create,
    Import,
    Set { version: u64 },
}

impl PoolContext {
    fn new(name: &str, operation: Operation) -> Self {
        Self { name: name.into(), release: Release::LATEST, operation, has_host_id: true }
    }

    /// `zpool create -o` of a pool of this name.
    pub fn create(name: &str) -> Self {
        Self::new(name, Operation::Create)
    }

    /// `zpool import -o` of a pool of this name.
    pub fn import(name: &str) -> Self {
        Self::new(name, Operation::Import)
    }

    /// `zpool set` on the pool of this name, which has features.
    pub fn set(name: &str) -> Self {
        Self::set_on_version(name, FEATURES_VERSION)
    }

    /// `zpool set` on the pool of this name and on-disk version.
    pub fn set_on_version(name: &str, version: u64) -> Self {
        Self::new(name, Operation::Set { version })
    }

    /// With this release.
    #[must_use]
    pub const fn release(mut self, release: Release) -> Self {
        self.release = release;
        self
    }

    /// On a machine without a host id, which `multihost` needs.
    #[must_use]
    pub const fn without_host_id(mut self) -> Self {
        self.has_host_id = false;
        self
    }

    const fn is_create(&self) -> bool {
        matches!(self.operation, Operation::Create)
    }

    /// The version that is not gone below; libzfs doesn't look at that of a pool to be imported.
    const fn version(&self) -> u64 {
        match self.operation {
            Operation::Set { version } => version,
            Operation::Create | Operation::Import => 1,
        }
    }
}

/// The on-disk version of pools with features.
const FEATURES_VERSION: u64 = 5000;
/// The last version before.
const LAST_PLAIN_VERSION: u64 = 28;
/// The first version that has `bootfs`.
const BOOTFS_VERSION: u64 = 6;
/// The longest `comment`, in bytes.
const LONGEST_COMMENT: usize = 32;

/// Properties of a pool as OpenZFS would send them to the kernel.
pub type PoolAccepted = BTreeMap<PoolPropertyName, Stored<Box<str>>>;

/// The rule that a property of a pool breaks.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PoolFault {
    /// No such property.
    #[error("pools have no such property in OpenZFS {release}")]
    Unknown {
        /// The release that was asked for.
        release: Release,
    },
    /// No such feature.
    #[error("OpenZFS {release} has no such feature")]
    UnknownFeature {
        /// The release that was asked for.
        release: Release,
    },
    /// A feature is enabled, or (at creation) disabled.
    #[error("takes `enabled`, and when the pool is created `disabled`")]
    FeatureState,
    /// The name of a user property is too long.
    #[error(transparent)]
    User(#[from] UserPropertyFault),
    /// Not a number.
    #[error(transparent)]
    Number(#[from] NumberError),
    /// `auto` where nothing is automatic.
    #[error("`auto` is for dedup_table_quota only")]
    Auto,
    /// No limit is to be written `none`.
    #[error("no limit is written `none`")]
    WriteNone,
    /// None of the property's words.
    #[error("{} is none of {words}", Quoted(.text))]
    Word {
        /// What was found.
        text: Box<str>,
        /// What OpenZFS's usage text says.
        words: &'static str,
    },
    /// Longer than a value can be.
    #[error("OpenZFS takes at most {limit} bytes")]
    TooLong {
        /// The greatest length, in bytes.
        limit: usize,
    },
    /// What can be set at creation only.
    #[error("is set when the pool is created, and not changed afterwards")]
    OnlyAtCreation,
    /// What can be set at import, or at creation too.
    #[error("cannot be set on a pool in use")]
    InUse,
    /// What can be set at import only.
    #[error("is an option of `zpool import` only")]
    OnlyAtImport,
    /// What can be set on an imported pool only.
    #[error("is set once the pool is there, with `zpool set`")]
    NotYet,
    /// A version that is not known, or older than the pool's.
    #[error("{found} is no version from {least} on that is supported: up to 28, and 5000")]
    Version {
        /// What was found.
        found: u64,
        /// The least.
        least: u64,
    },
    /// A pool too old to have the property.
    #[error("needs pool version {needed}")]
    OldPool {
        /// The version that has it.
        needed: u64,
    },
    /// Sectors smaller than 512 bytes or larger than 64 KiB.
    #[error("takes 0 (find out), and 9 to 16")]
    Ashift,
    /// No name of a dataset of this pool.
    #[error("{} is no filesystem or snapshot of this pool", Quoted(.name))]
    BootFs {
        /// What was found.
        name: Box<str>,
    },
    /// No absolute path.
    #[error("{} is not an absolute path", Quoted(.path))]
    Relative {
        /// What was found.
        path: Box<str>,
    },
    /// A path that ends in no name.
    #[error("{} names no file", Quoted(.path))]
    NoFile {
        /// What was found.
        path: Box<str>,
    },
    /// A comment with other than printable ASCII characters.
    #[error("takes printable ASCII characters only")]
    Unprintable,
    /// A comment that is too long.
    #[error("takes at most {LONGEST_COMMENT} bytes")]
    LongComment,
    /// A machine without a number.
    #[error("needs a host id that is not 0 (`zgenhostid`)")]
    NoHostId,
}

impl PoolFault {
    pub(super) const fn class(&self) -> ErrorClass {
        match self {
            Self::Version { .. } | Self::OldPool { .. } => ErrorClass::BadVersion,
            Self::BootFs { .. } => ErrorClass::InvalidName,
            Self::Relative { .. } | Self::NoFile { .. } => ErrorClass::BadPath,
            _ => ErrorClass::BadProperty,
        }
    }
}

/// OpenZFS `zpool_valid_proplist` (`lib/libzfs/libzfs_pool.c`). What is on the machine's disks (the
/// directory of `cachefile`, the files of `compatibility`) is not looked at.
pub(crate) fn pool(set: &PropertySet, context: &PoolContext) -> Outcome<PoolAccepted> {
    let mut outcome = Outcome { accepted: PoolAccepted::new(), errors: Vec::new() };
    for (name, value) in set.iter() {
        match entry(name, value, context) {
            Ok((property, stored)) => {
                outcome.accepted.insert(property, stored);
            }
            Err(fault) => outcome.errors.push(CheckError::of(name, value, fault)),
        }
    }
    outcome
}

fn entry(
    name: &str,
    value: Stored<&str>,
    context: &PoolContext,
) -> Result<(PoolPropertyName, Stored<Box<str>>), CheckFault> {
    let release = context.release;
    let property = PoolPropertyName::parse_for_reading(name, release);
    let property = property.ok_or(PoolFault::Unknown { release })?;
    let stored = match &property {
        PoolPropertyName::Native(native) => self::native(*native, value, context)?,
        PoolPropertyName::Feature(feature) => {
            let known = Feature::from_name(feature).filter(|feature| feature.exists_in(release));
            known.ok_or(PoolFault::UnknownFeature { release })?;
            match text(value)? {
                "enabled" => (),
                "disabled" if context.is_create() => (),
                _ => return Err(PoolFault::FeatureState.into()),
            }
            Stored::Number(0)
        }
        PoolPropertyName::User(user) => {
            UserProperty::parse(user.as_str()).map_err(PoolFault::User)?;
            let text = text(value)?;
            fits(text, release)?;
            Stored::Text(text.into())
        }
        PoolPropertyName::Unsupported(_) => return Err(PoolFault::Unknown { release }.into()),
    };
    Ok((property, stored))
}

fn native(
    property: PoolProperty,
    value: Stored<&str>,
    context: &PoolContext,
) -> Result<Stored<Box<str>>, CheckFault> {
    if property.is_readonly() {
        return Err(CheckFault::ReadOnly);
    }
    if property.is_settable_once() && !context.is_create() {
        return Err(PoolFault::OnlyAtCreation.into());
    }
    let release = context.release;
    match (property.value_type(), value) {
        (ValueType::Number, value) => {
            let number = match value {
                Stored::Number(number) => number,
                Stored::Text(text) => read_number(property, text)?,
            };
            check_number(property, number, context)?;
            Ok(Stored::Number(number))
        }
        (ValueType::Word, value) => {
            let text = text(value)?;
            let number = property.number_of(text, release).ok_or_else(|| PoolFault::Word {
                text: text.into(),
                words: property.values_text(release).unwrap_or_default(),
            })?;
            check_word(property, context)?;
            Ok(Stored::Number(number))
        }
        (ValueType::Text, value) => {
            let text = text(value)?;
            fits(text, release)?;
            check_text(property, text, context)?;
            Ok(Stored::Text(text.into()))
        }
    }
}

fn read_number(property: PoolProperty, text: &str) -> Result<u64, PoolFault> {
    let is_limit = property == PoolProperty::DedupTableQuota;
    match text {
        "none" => Ok(0),
        "auto" if is_limit => Ok(u64::MAX),
        "auto" => Err(PoolFault::Auto),
        _ => match number::parse(text)? {
            0 if is_limit => Err(PoolFault::WriteNone),
            number => Ok(number),
        },
    }
}

fn check_number(
    property: PoolProperty,
    number: u64,
    context: &PoolContext,
) -> Result<(), PoolFault> {
    match property {
        PoolProperty::Version => {
            let least = context.version();
            let is_known = (1..=LAST_PLAIN_VERSION).contains(&number) || number == FEATURES_VERSION;
            if is_known && number >= least {
                Ok(())
            } else {
                Err(PoolFault::Version { found: number, least })
            }
        }
        PoolProperty::Ashift if number != 0 && !(9..=16).contains(&number) => {
            Err(PoolFault::Ashift)
        }
        _ => Ok(()),
    }
}

const fn check_word(property: PoolProperty, context: &PoolContext) -> Result<(), PoolFault> {
    match property {
        PoolProperty::Readonly if !matches!(context.operation, Operation::Import) => {
            Err(PoolFault::OnlyAtImport)
        }
        PoolProperty::Multihost if !context.has_host_id => Err(PoolFault::NoHostId),
        _ => Ok(()),
    }
}

fn check_text(property: PoolProperty, text: &str, context: &PoolContext) -> Result<(), PoolFault> {
    match (property, context.operation) {
        (PoolProperty::Bootfs, Operation::Set { version }) => {
            if version < BOOTFS_VERSION {
                return Err(PoolFault::OldPool { needed: BOOTFS_VERSION });
            }
            let is_of_pool = text.is_empty() || is_filesystem_of(&context.name, text);
            is_of_pool.then_some(()).ok_or_else(|| PoolFault::BootFs { name: text.into() })
        }
        (PoolProperty::Bootfs, _) => Err(PoolFault::NotYet),
        (PoolProperty::Altroot, Operation::Set { .. }) => Err(PoolFault::InUse),
        (PoolProperty::Altroot, _) => absolute(text),
        (PoolProperty::Cachefile, _) if matches!(text, "" | "none") => Ok(()),
        (PoolProperty::Cachefile, _) => {
            absolute(text)?;
            let file = text.rsplit('/').next().unwrap_or_default();
            let is_file = !matches!(file, "" | "." | "..");
            is_file.then_some(()).ok_or_else(|| PoolFault::NoFile { path: text.into() })
        }
        (PoolProperty::Comment, _) => {
            let is_printable = |byte: u8| matches!(byte, b' '..=b'~');
            if !text.bytes().all(is_printable) {
                return Err(PoolFault::Unprintable);
            }
            if text.len() > LONGEST_COMMENT { Err(PoolFault::LongComment) } else { Ok(()) }
        }
        _ => Ok(()),
    }
}

/// A filesystem, volume or snapshot: the kind is not looked at.
fn is_filesystem_of(pool: &str, text: &str) -> bool {
    let is_name = matches!(text.parse(), Ok(Name::Dataset(_) | Name::Snapshot(_)));
    let below = text.strip_prefix(pool);
    is_name && below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
}

fn absolute(path: &str) -> Result<(), PoolFault> {
    if path.starts_with('/') { Ok(()) } else { Err(PoolFault::Relative { path: path.into() }) }
}

fn fits(text: &str, release: Release) -> Result<(), PoolFault> {
    let limit = longest_text(release);
    if text.len() > limit { Err(PoolFault::TooLong { limit }) } else { Ok(()) }
}
