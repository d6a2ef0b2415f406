//! The OpenZFS release lines this crate knows: every fact is asked for one of them.

use core::fmt;
use core::str::FromStr;

use thiserror::Error;

/// A release line of OpenZFS on Linux, as its last patch release of the time behaves
/// (2.1.11, 2.2.9, 2.3.9, 2.4.4). FreeBSD differs in a few defaults and names; it is not modelled.
///
/// ```
/// use zfs_props::release::Release;
///
/// // What `zfs version` prints names the line; the patch release and the packaging don't matter.
/// assert_eq!("zfs-2.3.9-1".parse(), Ok(Release::V2_3));
/// assert!(Release::V2_1 < Release::LATEST);
/// assert!("2.0.7".parse::<Release>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[non_exhaustive]
pub enum Release {
    /// 2.1: dRAID, `zilsaxattr` not yet, no vdev properties.
    V2_1,
    /// 2.2: block cloning, BLAKE3, vdev properties, compression on by default.
    V2_2,
    /// 2.3: RAID-Z expansion, fast dedup, long names, direct I/O, JSON output.
    V2_3,
    /// 2.4: default quotas, any `special_small_blocks` up to 16M.
    #[default]
    V2_4,
}

impl Release {
    /// Every modelled line, oldest first.
    pub const ALL: &'static [Self] = &[Self::V2_1, Self::V2_2, Self::V2_3, Self::V2_4];

    /// The newest modelled line.
    pub const LATEST: Self = Self::V2_4;

    /// The line's number, such as `2.3`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2_1 => "2.1",
            Self::V2_2 => "2.2",
            Self::V2_3 => "2.3",
            Self::V2_4 => "2.4",
        }
    }

    /// Whether this is `other` or a later line: `>=` where constants are computed.
    pub const fn is_at_least(self, other: Self) -> bool {
        self as u8 >= other as u8
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that names none of the modelled release lines.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "not a modelled OpenZFS release: known are 2.1, 2.2, 2.3 and 2.4, \
     as in \"2.3\", \"2.3.9\" or \"zfs-2.3.9-1\""
)]
#[non_exhaustive]
pub struct UnknownRelease;

impl FromStr for Release {
    type Err = UnknownRelease;

    /// Reads `2.3`, `2.3.9`, and what `zfs version` prints: `zfs-2.3.9-1`, `zfs-kmod-2.3.9-1`.
    /// A patch number of 99 is OpenZFS's mark for the development after a line, thus refused.
    fn from_str(text: &str) -> Result<Self, UnknownRelease> {
        let version = text.strip_prefix("zfs-").unwrap_or(text);
        let version = version.strip_prefix("kmod-").unwrap_or(version);
        let number = version.split(['-', '~', '+']).next().unwrap_or_default();
        let is_patch = |text: &str| {
            !text.is_empty() && text != "99" && text.bytes().all(|b| b.is_ascii_digit())
        };
        Self::ALL
            .iter()
            .copied()
            .find(|release| match number.strip_prefix(release.as_str()) {
                Some("") => true,
                Some(rest) => rest.strip_prefix('.').is_some_and(is_patch),
                None => false,
            })
            .ok_or(UnknownRelease)
    }
}

#[cfg(feature = "serde")]
crate::text_serde::as_text!(Release);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_zfs_version_prints_is_read() {
        for text in ["2.1", "2.1.11", "zfs-2.1.11-1+deb12u1", "zfs-kmod-2.1.11-1", "2.1.0~rc3"] {
            assert_eq!(text.parse(), Ok(Release::V2_1), "{text}");
        }
        for text in ["", "2", "2.", "2.0.6", "2.5", "2.10", "2.4.99", "2.3.", "2.3.x", "v2.3"] {
            assert_eq!(text.parse::<Release>(), Err(UnknownRelease), "{text}");
        }
    }
}
