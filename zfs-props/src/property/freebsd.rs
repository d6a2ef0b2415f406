//! What is different on FreeBSD. All else in this crate is as on Linux.

use super::Property;
use crate::release::Release;

/// How a property of datasets on FreeBSD differs from the same on Linux.
///
/// From the source (`module/zcommon/zfs_prop.c` of 2.1.11, 2.2.9, 2.3.9 and 2.4.4), not from recorded
/// answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnFreebsd {
    /// It has another name; the column is that name in capitals.
    Named(&'static str),
    /// It has another default, as a word.
    Defaults(&'static str),
    /// It lacks a word before this release.
    Lacks(&'static str, Release),
}

/// Every difference, in the order of the properties.
///
/// ```
/// use zfs_props::property::{FREEBSD, OnFreebsd, Property};
///
/// assert!(FREEBSD.contains(&(Property::Zoned, OnFreebsd::Named("jailed"))));
/// ```
pub const FREEBSD: &[(Property, OnFreebsd)] = &[
    (Property::Checksum, OnFreebsd::Lacks("edonr", Release::V2_2)),
    (Property::Zoned, OnFreebsd::Named("jailed")),
    (Property::Dedup, OnFreebsd::Lacks("edonr,verify", Release::V2_2)),
    (Property::Acltype, OnFreebsd::Defaults("nfsv4")),
];
