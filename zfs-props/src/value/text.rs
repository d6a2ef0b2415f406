//! Texts: how long they may be, and those that have a form.

use thiserror::Error;

use super::ValueFault;
use super::share;
use crate::property::Property;
use crate::release::Release;

/// The longest text a property can be set to, in bytes (`ZFS_MAXPROPLEN`, which counts the end of the
/// text: the longest path, since 2.3 twice that).
pub(crate) const fn longest_text(release: Release) -> usize {
    if release.is_at_least(Release::V2_3) { 8191 } else { 4095 }
}

/// Checks the text of a property, in the order in which OpenZFS does.
pub(super) fn check(property: Property, text: &str, release: Release) -> Result<(), ValueFault> {
    if text.contains('\0') {
        return Err(ValueFault::Nul);
    }
    let limit = longest_text(release);
    if text.len() > limit {
        return Err(ValueFault::TooLong { limit });
    }
    match property {
        Property::Mountpoint => check_mountpoint(text).map_err(ValueFault::Mountpoint),
        // Which of the two an encrypted dataset is, is for the context to say: both forms pass.
        Property::Keylocation => check_key_location(text, false).map_err(ValueFault::KeyLocation),
        Property::Sharenfs => share::check_nfs(text, release)
            .map_err(|option| ValueFault::ShareNfs { option: option.into() }),
        Property::Sharesmb if !matches!(text, "on" | "off") => Err(ValueFault::ShareSmb),
        Property::Mlslabel => Err(ValueFault::Unsupported),
        _ => Ok(()),
    }
}

/// Why a text is no mount point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum MountpointFault {
    /// Neither `none` nor `legacy`, nor does it start with `/`.
    #[error("is neither an absolute path nor `legacy` nor `none`")]
    Relative,
    /// A component of the path is longer than file names can be.
    #[error("has a component of {length} bytes; at most 255 can be")]
    LongComponent {
        /// Its length, in bytes.
        length: usize,
    },
}

/// OpenZFS `mountpoint_namecheck` (`module/zcommon/zfs_namecheck.c`).
fn check_mountpoint(text: &str) -> Result<(), MountpointFault> {
    const LONGEST: usize = 255;
    if matches!(text, "none" | "legacy") {
        return Ok(());
    }
    if !text.starts_with('/') {
        return Err(MountpointFault::Relative);
    }
    match text.split('/').map(str::len).find(|length| *length > LONGEST) {
        Some(length) => Err(MountpointFault::LongComponent { length }),
        None => Ok(()),
    }
}

/// Why a text is no `keylocation`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum KeyLocationFault {
    /// None of the forms.
    #[error("is none of prompt, file:///PATH, https://ADDRESS, http://ADDRESS and none")]
    Form,
    /// `none`, where there has to be a key.
    #[error("would leave an encrypted dataset without a key")]
    NoKey,
}

/// Checks where the key of a dataset is to be read from; `none` only if it is not `encrypted`
/// (OpenZFS `zfs_prop_valid_keylocation`, `module/zcommon/zfs_prop.c`).
///
/// ```
/// use zfs_props::value::check_key_location;
///
/// assert!(check_key_location("file:///etc/zfs/key", true).is_ok());
/// assert!(check_key_location("/etc/zfs/key", true).is_err());
/// assert!(check_key_location("none", true).is_err());
/// ```
pub fn check_key_location(text: &str, encrypted: bool) -> Result<(), KeyLocationFault> {
    match text {
        "none" if encrypted => Err(KeyLocationFault::NoKey),
        "none" | "prompt" => Ok(()),
        _ => ["file:///", "https://", "http://"]
            .iter()
            .any(|scheme| text.strip_prefix(scheme).is_some_and(|place| !place.is_empty()))
            .then_some(())
            .ok_or(KeyLocationFault::Form),
    }
}
