//! Encryption parameters and keys.

use thiserror::Error;

use super::{Accepted, CheckError, Context, Key, PoolFacts};
use crate::property::{Feature, Property};
use crate::release::Release;
use crate::set::PropertySet;
use crate::value::Value;

/// The properties that [`create`] looks at.
pub(super) const PARAMETERS: [Property; 4] =
    [Property::Encryption, Property::Keyformat, Property::Keylocation, Property::Pbkdf2iters];

/// Stored for `encryption=off`.
const OFF: u64 = 2;
/// Stored for the forms of keys.
const RAW: u64 = 1;
const HEX: u64 = 2;
const PASSPHRASE: u64 = 3;
/// The length of a key, in bytes.
const KEY_LENGTH: usize = 32;
/// How many rounds make a key of a passphrase if nothing is said.
const DEFAULT_ITERATIONS: u64 = 350_000;

/// What is wrong with encryption parameters or a key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EncryptionFault {
    /// The pool cannot have encrypted datasets.
    #[error("the pool's feature `encryption` is not enabled")]
    NoFeature,
    /// A parameter of something that is not encrypted.
    #[error("is for encrypted datasets only, and `encryption` is off here")]
    Off,
    /// A new key in no form.
    #[error("a dataset that does not share its parent's key needs a `keyformat`")]
    NoKeyFormat,
    /// A new key from nowhere.
    #[error("`none` is no place to read a new key from")]
    NoKeyLocation,
    /// The key cannot be read.
    #[error("the key cannot be read from there")]
    Unreadable,
    /// A key of a length that the form does not have.
    #[error("a key in this form has {least} to {most} bytes; there are {found}")]
    KeyLength {
        /// How many bytes there are.
        found: usize,
        /// How many there have to be.
        least: usize,
        /// How many there may be.
        most: usize,
    },
    /// A hexadecimal key with other characters.
    #[error("the key has characters other than 0-9 and a-f")]
    NotHex,
    /// Rounds for a key that is used as it is.
    #[error("is for passphrases only")]
    NotPassphrase,
    /// Another property than the key's, given to `zfs change-key`.
    #[error("`zfs change-key` sets keyformat, keylocation and pbkdf2iters only")]
    NotOfKey,
}

/// What encryption makes of a creation (OpenZFS `zfs_crypto_create`, `lib/libzfs/libzfs_crypto.c`).
pub(super) fn create(
    accepted: &mut Accepted,
    context: &Context,
    pool: &PoolFacts,
) -> Result<(), CheckError> {
    let refuse =
        |property: Property, fault: EncryptionFault| Err(CheckError::new(property.name(), fault));
    let first_given = PARAMETERS.into_iter().find(|property| is_meant(accepted, *property));

    if !pool.features.contains(&Feature::Encryption) {
        return match first_given {
            Some(property) => refuse(property, EncryptionFault::NoFeature),
            None => Ok(()),
        };
    }
    if !is_on(accepted, context) {
        return match first_given {
            Some(property) => refuse(property, EncryptionFault::Off),
            None => Ok(()),
        };
    }

    let format = accepted.number(Property::Keyformat).filter(|format| *format != 0);
    let has_location = accepted.get(Property::Keylocation).is_some();
    let Some(format) = format else {
        return if has_location || !context.is_parent_encrypted() {
            refuse(Property::Keyformat, EncryptionFault::NoKeyFormat)
        } else {
            Ok(()) // the parent's key
        };
    };
    let release = context.release;
    if !has_location {
        accepted.add(Value::parse(Property::Keylocation, "prompt", release).ok());
    }
    if accepted.get(Property::Keylocation).and_then(Value::text) == Some("none") {
        return refuse(Property::Keylocation, EncryptionFault::NoKeyLocation);
    }
    if let Err(fault) = check_key(format, &context.key) {
        return refuse(Property::Keylocation, fault);
    }
    let iterations = accepted.get(Property::Pbkdf2iters).is_some();
    if format == PASSPHRASE {
        accepted.add_random(Property::Pbkdf2salt);
        if !iterations {
            let default = Value::from_number(Property::Pbkdf2iters, DEFAULT_ITERATIONS, release);
            accepted.add(default);
        }
    } else if iterations {
        return refuse(Property::Pbkdf2iters, EncryptionFault::NotPassphrase);
    }
    accepted.has_new_key = true;
    Ok(())
}

/// Whether what is created is encrypted.
pub(super) fn is_on(accepted: &Accepted, context: &Context) -> bool {
    match accepted.number(Property::Encryption) {
        Some(suite) => suite != OFF,
        None => context.is_parent_encrypted(),
    }
}

/// Whether a parameter says that encryption is meant; any `keyformat` does.
fn is_meant(accepted: &Accepted, property: Property) -> bool {
    accepted.get(property).is_some_and(|value| match property {
        Property::Encryption => value.number() != Some(OFF),
        Property::Keylocation => value.text() != Some("none"),
        _ => true,
    })
}

/// A key read from a file or typed: of texts the first line counts.
fn check_key(format: u64, key: &Key) -> Result<(), EncryptionFault> {
    let bytes = match key {
        Key::Unseen => return Ok(()),
        Key::Unreadable => return Err(EncryptionFault::Unreadable),
        Key::Bytes(bytes) => bytes.as_slice(),
    };
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let (key, least, most) = match format {
        RAW => (bytes, KEY_LENGTH, KEY_LENGTH),
        HEX => (line, 2 * KEY_LENGTH, 2 * KEY_LENGTH),
        _ => (line, 8, 512),
    };
    let found = key.len();
    if !(least..=most).contains(&found) {
        return Err(EncryptionFault::KeyLength { found, least, most });
    }
    if format == HEX && !key.iter().all(u8::is_ascii_hexdigit) {
        return Err(EncryptionFault::NotHex);
    }
    Ok(())
}

/// What `zfs change-key -o` takes (OpenZFS `zfs_crypto_verify_rewrap_nvlist`,
/// `lib/libzfs/libzfs_crypto.c`). Whether the dataset can have a key of its own is not asked.
pub(super) fn change_key(set: &PropertySet, release: Release) -> Result<(), CheckError> {
    let is_of_key = |name: &str| {
        let native = Property::resolve(name, release);
        native.is_some_and(|p| p != Property::Encryption && PARAMETERS.contains(&p))
    };
    match set.iter().find(|(name, _)| !is_of_key(name)) {
        Some((name, _)) => Err(CheckError::new(name, EncryptionFault::NotOfKey)),
        None => Ok(()),
    }
}
