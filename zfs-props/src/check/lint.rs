//! What is accepted, but hardly meant, or refused by the kernel later on.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use thiserror::Error;

use super::{Accepted, Context, PoolFacts, Setting, account, encryption};
use crate::key::PropertyName;
use crate::kind::DatasetKind;
use crate::property::{Feature, Property};
use crate::quoted::Quoted;
use crate::release::Release;
use crate::set::PropertySet;
use crate::value::Value;

/// A warning about accepted properties.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Lint {
    /// The number of an account does not fit into 32 bits, or is missing or negative: another account
    /// gets the limit.
    #[error("{}: the limit is for account {id}", Quoted(.property))]
    AccountWraps {
        /// The property as it was given.
        property: Box<str>,
        /// The account that gets the limit.
        id: u32,
    },
    /// An account given by name: whose it is, the machine's list of accounts decides.
    #[error("{property}: refused unless the machine knows the name")]
    AccountName {
        /// The property.
        property: PropertyName,
    },
    /// A limit of an account on a volume: the kernel has them for filesystems only. It refuses to set one, and at creation
    /// `zfs` 2.3 breaks down.
    #[error("{property}: the kernel refuses limits of accounts on volumes")]
    AccountOnVolume {
        /// The property.
        property: PropertyName,
    },
    /// A path with `.`, `..`, an empty component or a `/` at its end, which OpenZFS stores as it is and
    /// no mount table shows so.
    #[error("mountpoint: {} is stored as it is, not tidied", Quoted(.path))]
    MountpointUntidy {
        /// The path.
        path: Box<str>,
    },
    /// Blanks around a text, which are stored as part of it.
    #[error("{property}: blanks around {} are stored with it", Quoted(.text))]
    BlanksAround {
        /// The property.
        property: PropertyName,
        /// The text.
        text: Box<str>,
    },
    /// Two names of one property; the value given last counts.
    #[error("{property} is given twice, the second time as {}", Quoted(.again))]
    GivenTwice {
        /// The property.
        property: Property,
        /// The name that was used the second time.
        again: Box<str>,
    },
    /// A value that needs a feature which the pool has not enabled; the kernel refuses it.
    #[error("{property}: the pool's feature `{feature}` is not enabled")]
    NeedsFeature {
        /// The property.
        property: PropertyName,
        /// The feature.
        feature: Feature,
    },
    /// Small blocks for special vdevs that the pool does not have.
    #[error("special_small_blocks: has no effect before the pool has a special vdev")]
    NoSpecialVdev,
    /// `refreservation=auto` at creation, which is not computed there: the kernel is asked for all there
    /// could be.
    #[error("refreservation: `auto` is not computed at creation; leave it to `zfs create -V`")]
    AutoAtCreation,
    /// Three copies of encrypted data, which the kernel refuses at creation.
    #[error("copies: encrypted data has two copies at most")]
    EncryptedCopies,
    /// A text longer than the kernel stores.
    #[error("{property}: {length} bytes are too long, the kernel takes 8191")]
    TextTooLong {
        /// The property.
        property: PropertyName,
        /// The length, in bytes.
        length: usize,
    },
    /// A block size beyond what the module takes unless told otherwise (`zfs_max_recordsize`, up to
    /// 2.1).
    #[error("{property}: the kernel takes more than 1M only if `zfs_max_recordsize` says so")]
    LargeBlocks {
        /// The property.
        property: Property,
    },
    /// What a filesystem of an old version cannot have; the kernel refuses it.
    #[error("{property}: needs filesystem version {needed}; this is {version}")]
    NeedsVersion {
        /// The property.
        property: PropertyName,
        /// The first version that can have it.
        needed: u64,
        /// The filesystem's.
        version: u64,
    },
}

impl Lint {
    /// A stable name of the warning.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AccountWraps { .. } => "account-wraps",
            Self::AccountName { .. } => "account-name",
            Self::AccountOnVolume { .. } => "account-on-volume",
            Self::MountpointUntidy { .. } => "mountpoint-untidy",
            Self::BlanksAround { .. } => "blanks-around",
            Self::GivenTwice { .. } => "given-twice",
            Self::NeedsFeature { .. } => "needs-feature",
            Self::NoSpecialVdev => "no-special-vdev",
            Self::AutoAtCreation => "auto-at-creation",
            Self::EncryptedCopies => "encrypted-copies",
            Self::TextTooLong { .. } => "text-too-long",
            Self::LargeBlocks { .. } => "large-blocks",
            Self::NeedsVersion { .. } => "needs-version",
        }
    }
}

/// The longest text of a user property that the kernel stores, in bytes (`ZAP_MAXVALUELEN`).
const LONGEST_TEXT: usize = 8191;
/// `zfs_max_recordsize` up to 2.1, in bytes.
const OLD_MAX_RECORD_SIZE: u64 = 1 << 20;

pub(super) fn lints(
    set: &PropertySet,
    context: &Context,
    pool: &PoolFacts,
    accepted: &Accepted,
) -> Vec<Lint> {
    let mut lints = Vec::new();
    about_names(set, context.release, &mut lints);
    let version = version(context, accepted);
    for (name, setting) in accepted.iter() {
        let needed = version_needed(name);
        if let Some(version) = version.filter(|version| *version < needed) {
            lints.push(Lint::NeedsVersion { property: name.clone(), needed, version });
        }
        match setting {
            Setting::Value(value) => {
                about_feature(name, value.feature_needed(), pool, &mut lints);
                lints.extend(about_value(value, context, pool, accepted));
                if value.property() == Property::Mountpoint {
                    lints.extend(about_blanks(name, value.spelling()));
                }
            }
            Setting::Text(text) => {
                lints.extend(about_blanks(name, text));
                let length = text.len();
                if length > LONGEST_TEXT {
                    lints.push(Lint::TextTooLong { property: name.clone(), length });
                }
            }
            Setting::Limit(_) => {
                about_account(name, pool, &mut lints);
                if context.kind() == DatasetKind::Volume {
                    lints.push(Lint::AccountOnVolume { property: name.clone() });
                }
            }
            Setting::Random => (),
        }
    }
    lints
}

/// The version of the filesystem, as it is or is to be created.
fn version(context: &Context, accepted: &Accepted) -> Option<u64> {
    match context.dataset() {
        Some(dataset) => dataset.version(),
        None => accepted.number(Property::Version),
    }
}

/// The first version of filesystems that can have the property (OpenZFS `zfs_check_settable` and
/// `zfs_fill_zplprops_impl`, `module/zfs/zfs_ioctl.c`).
const fn version_needed(name: &PropertyName) -> u64 {
    match name {
        PropertyName::Account(_) => 4,
        PropertyName::Native(
            Property::Sharesmb
            | Property::Utf8only
            | Property::Normalization
            | Property::Casesensitivity,
        ) => 3,
        _ => 1,
    }
}

fn about_names(set: &PropertySet, release: Release, lints: &mut Vec<Lint>) {
    let mut seen = BTreeSet::new();
    for (name, _) in set.iter() {
        match PropertyName::parse(name, release) {
            Ok(PropertyName::Native(property)) if !seen.insert(property) => {
                lints.push(Lint::GivenTwice { property, again: name.into() });
            }
            Ok(PropertyName::Account(account)) => {
                if let Some((id, true)) = account::number_of(&account.who) {
                    lints.push(Lint::AccountWraps { property: name.into(), id });
                }
            }
            _ => (),
        }
    }
}

fn about_feature(
    property: &PropertyName,
    feature: Option<Feature>,
    pool: &PoolFacts,
    lints: &mut Vec<Lint>,
) {
    if let Some(feature) = feature.filter(|feature| !pool.features.contains(feature)) {
        lints.push(Lint::NeedsFeature { property: property.clone(), feature });
    }
}

fn about_value(
    value: &Value,
    context: &Context,
    pool: &PoolFacts,
    accepted: &Accepted,
) -> Option<Lint> {
    let is_new = context.dataset().is_none();
    let number = value.number().unwrap_or_default();
    match value.property() {
        Property::Mountpoint if is_untidy(value.spelling()) => {
            Some(Lint::MountpointUntidy { path: value.spelling().into() })
        }
        Property::SpecialSmallBlocks if number != 0 && !pool.has_special_vdev => {
            Some(Lint::NoSpecialVdev)
        }
        Property::Refreservation if value.is_auto() && is_new => Some(Lint::AutoAtCreation),
        Property::Copies if number > 2 && is_new && encryption::is_on(accepted, context) => {
            Some(Lint::EncryptedCopies)
        }
        property @ (Property::Recordsize | Property::Volblocksize)
            if number > OLD_MAX_RECORD_SIZE && !context.release.is_at_least(Release::V2_2) =>
        {
            Some(Lint::LargeBlocks { property })
        }
        _ => None,
    }
}

fn about_blanks(name: &PropertyName, text: &str) -> Option<Lint> {
    let has_blanks = text.trim() != text;
    has_blanks.then(|| Lint::BlanksAround { property: name.clone(), text: text.into() })
}

fn about_account(name: &PropertyName, pool: &PoolFacts, lints: &mut Vec<Lint>) {
    let PropertyName::Account(account) = name else { return };
    if account::number_of(&account.who).is_none() {
        lints.push(Lint::AccountName { property: name.clone() });
    }
    about_feature(name, account.family.feature(), pool, lints);
}

/// Whether the path would be another one if it were tidied.
fn is_untidy(path: &str) -> bool {
    path.strip_prefix('/').is_some_and(|below| {
        !below.is_empty() && below.split('/').any(|name| matches!(name, "" | "." | ".."))
    })
}
