//! Why a property is refused, and as what OpenZFS would report it.

use alloc::boxed::Box;
use alloc::string::ToString;
use core::fmt;

use thiserror::Error;

use super::encryption::EncryptionFault;
use super::pool::PoolFault;
use crate::key::PropertyNameError;
use crate::kind::DatasetKind;
use crate::name::NameError;
use crate::nice::nicebytes;
use crate::number::NumberError;
use crate::property::Stored;
use crate::quoted::Quoted;
use crate::value::ValueError;

/// A refusal: of which property and value, by which rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckError {
    property: Box<str>,
    value: Option<Box<str>>,
    fault: CheckFault,
}

impl CheckError {
    /// Of a rule about several properties.
    pub(super) fn new(property: &str, fault: impl Into<CheckFault>) -> Self {
        Self { property: property.into(), value: None, fault: fault.into() }
    }

    /// Of a rule about one value.
    pub(super) fn of(property: &str, value: Stored<&str>, fault: CheckFault) -> Self {
        let value = match value {
            Stored::Number(number) => number.to_string().into(),
            Stored::Text(text) => text.into(),
        };
        Self { property: property.into(), value: Some(value), fault }
    }

    /// The property, as it was given; of a rule about several, the one that would have to change.
    /// Empty where it is about none, but about the dataset's place.
    pub fn property(&self) -> &str {
        &self.property
    }

    /// The value, as it was given; none where the rule is about several properties.
    pub fn value(&self) -> Option<&str> {
        self.value.as_deref()
    }

    /// The rule, with what broke it.
    pub const fn fault(&self) -> &CheckFault {
        &self.fault
    }

    /// As what libzfs reports it.
    pub const fn class(&self) -> ErrorClass {
        self.fault.class()
    }
}

impl fmt::Display for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.fault, &self.value) {
            // These name the property themselves.
            (CheckFault::Name(error), _) => error.fmt(f),
            (CheckFault::Value(error), _) => error.fmt(f),
            (fault, None) if self.property.is_empty() => fault.fmt(f),
            (fault, None) => write!(f, "{}: {fault}", Quoted(&self.property)),
            (fault, Some(value)) => {
                write!(f, "{} = {}: {fault}", Quoted(&self.property), Quoted(value))
            }
        }
    }
}

impl core::error::Error for CheckError {}

/// The rule that a property or a list of them breaks.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CheckFault {
    /// No such property.
    #[error(transparent)]
    Name(#[from] PropertyNameError),
    /// No such value.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// A number where a text belongs; only programs can give one.
    #[error("takes a text, not a number")]
    NotText,
    /// A native property of a snapshot.
    #[error("snapshots can be given properties with a `:` in their name only")]
    OnSnapshot,
    /// A property that datasets of the kind do not have.
    #[error("a {kind} has no such property")]
    WrongKind {
        /// The kind of dataset.
        kind: DatasetKind,
    },
    /// A property that nobody can set.
    #[error("is read-only")]
    ReadOnly,
    /// A property that is fixed once the dataset is there.
    #[error("is set when the dataset is created, and not changed afterwards")]
    OnlyAtCreation,
    /// `zfs inherit` of a property that is not inherited.
    #[error("is not inherited; set it to what it should be, or revert to a received value (`-S`)")]
    NotInherited,
    /// Neither the number nor the name of anybody.
    #[error("{} is neither a number nor a known name", Quoted(.who))]
    UnknownAccount {
        /// What stands after the `@`.
        who: Box<str>,
    },
    /// A limit of an account that is no number.
    #[error(transparent)]
    Limit(#[from] NumberError),
    /// A limit of an account given as the number 0 by a program.
    #[error("no limit is the text `none`, not the number 0")]
    LimitZero,
    /// A filesystem version older than the one it has.
    #[error("is {current} already and does not go back")]
    Downgrade {
        /// The version it has.
        current: u64,
    },
    /// A block size beyond what the pool takes.
    #[error("the greatest block size is {} here", nicebytes(*.greatest))]
    BlockSize {
        /// The greatest block size, in bytes.
        greatest: u64,
    },
    /// `refreservation=auto` of something that is no volume.
    #[error("`auto` is for volumes")]
    AutoNotVolume,
    /// What the global zone cannot set on a dataset that belongs to another one.
    #[error("cannot be set from here on a dataset that is `zoned`")]
    Zoned,
    /// A key location for a dataset without a key.
    #[error("has to be `none`, as the dataset is not encrypted")]
    NotEncrypted,
    /// No key location for a dataset with a key.
    #[error("cannot be `none`, as the dataset is encrypted")]
    Encrypted,
    /// Three copies of encrypted data: one of the three addresses of a block is taken by the cipher.
    #[error("encrypted data has two copies at most")]
    EncryptedCopies,
    /// A volume without a size.
    #[error("a volume needs a size")]
    NoVolumeSize,
    /// A volume of no bytes.
    #[error("a volume cannot be empty")]
    EmptyVolume,
    /// A volume that ends within a block.
    #[error("has to be a multiple of the volume's block size, {}", nicebytes(*.block_size))]
    PartialBlock {
        /// The volume's block size, in bytes.
        block_size: u64,
    },
    /// Normal forms of names that may be any bytes.
    #[error("has to be `on`, as names are normalized")]
    NormalizedNotUtf8,
    /// Blocks for special vdevs that a new pool does not have (up to 2.3).
    #[error("the pool has no special vdev")]
    NoSpecialVdev,
    /// What has to do with encryption.
    #[error(transparent)]
    Encryption(#[from] EncryptionFault),
    /// What is no name, or none of a dataset that can be made.
    #[error(transparent)]
    Place(#[from] NameError),
    /// The dataset to create is there.
    #[error("the dataset exists")]
    Exists,
    /// The parent, or the pool, of the dataset to create is not there.
    #[error("there is no dataset {} to create it in", Quoted(.parent))]
    NoParent {
        /// The parent's name.
        parent: Box<str>,
    },
    /// A dataset to be created in a volume.
    #[error("only filesystems can have datasets below them")]
    ParentIsVolume,
    /// What has to do with pools.
    #[error(transparent)]
    Pool(#[from] PoolFault),
}

impl CheckFault {
    const fn class(&self) -> ErrorClass {
        match self {
            Self::OnSnapshot | Self::WrongKind { .. } => ErrorClass::WrongKind,
            Self::ReadOnly | Self::OnlyAtCreation => ErrorClass::ReadOnly,
            Self::NotInherited => ErrorClass::NotInherited,
            Self::LimitZero => ErrorClass::Unnamed,
            Self::Zoned => ErrorClass::Zoned,
            Self::Encryption(_) => ErrorClass::Encryption,
            Self::Place(_) => ErrorClass::InvalidName,
            Self::Exists => ErrorClass::Exists,
            Self::NoParent { .. } => ErrorClass::NoDataset,
            Self::ParentIsVolume => ErrorClass::BadKind,
            Self::Pool(fault) => fault.class(),
            _ => ErrorClass::BadProperty,
        }
    }
}

/// The text of a value that has to be one.
pub(super) fn text(value: Stored<&str>) -> Result<&str, CheckFault> {
    match value {
        Stored::Text(text) => Ok(text),
        Stored::Number(_) => Err(CheckFault::NotText),
    }
}

/// As what libzfs reports a refusal (OpenZFS `zfs_error_t`, include/libzfs.h).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorClass {
    /// No such property, or no such value.
    BadProperty,
    /// A property that cannot be set.
    ReadOnly,
    /// A property of other kinds of dataset.
    WrongKind,
    /// A property that is not inherited.
    NotInherited,
    /// A dataset that belongs to another zone.
    Zoned,
    /// Encryption parameters or keys.
    Encryption,
    /// A version that is not supported.
    BadVersion,
    /// No path.
    BadPath,
    /// No name.
    InvalidName,
    /// There is no such dataset.
    NoDataset,
    /// There is such a dataset.
    Exists,
    /// A dataset of a kind that does not do.
    BadKind,
    /// libzfs refuses and forgets to say why.
    Unnamed,
}

impl ErrorClass {
    /// The name of OpenZFS's constant.
    pub const fn code(self) -> &'static str {
        match self {
            Self::BadProperty => "EZFS_BADPROP",
            Self::ReadOnly => "EZFS_PROPREADONLY",
            Self::WrongKind => "EZFS_PROPTYPE",
            Self::NotInherited => "EZFS_PROPNONINHERIT",
            Self::Zoned => "EZFS_ZONED",
            Self::Encryption => "EZFS_CRYPTOFAILED",
            Self::BadVersion => "EZFS_BADVERSION",
            Self::BadPath => "EZFS_BADPATH",
            Self::InvalidName => "EZFS_INVALIDNAME",
            Self::NoDataset => "EZFS_NOENT",
            Self::Exists => "EZFS_EXISTS",
            Self::BadKind => "EZFS_BADTYPE",
            Self::Unnamed => "EZFS_SUCCESS",
        }
    }
}
