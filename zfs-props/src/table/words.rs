//! The words of properties that are one of a set, with the numbers stored for them. Order matters:
//! the first word with a number is the one that is shown for it.
//!
//! The sets are OpenZFS's `zprop_index_t` tables (`module/zcommon/zfs_prop.c`, `zpool_prop.c`),
//! hidden aliases included.

use crate::property::{Feature, Word};
use crate::release::Release::{V2_2, V2_3};

/// A word without an own pool feature.
const fn w(text: &'static str, number: u64) -> Word {
    Word::new(text, number)
}

pub(crate) const OFF_ON: &[Word] = &[w("off", 0), w("on", 1)];

pub(crate) const LONGNAME: &[Word] = &[w("off", 0), w("on", 1).needs(Feature::Longname)];

pub(crate) const CHECKSUM: &[Word] = &[
    w("on", 1),
    w("off", 2),
    w("fletcher2", 6),
    w("fletcher4", 7),
    w("sha256", 8),
    w("noparity", 10),
    w("sha512", 11).needs(Feature::Sha512),
    w("skein", 12).needs(Feature::Skein),
    w("edonr", 13).needs(Feature::Edonr),
    w("blake3", 14).needs(Feature::Blake3).since(V2_2),
];

/// A `zstd` word: the algorithm in the low 7 bits, the level above them (0: zstd's own default,
/// from 103 on: the fast ones).
const fn zstd(text: &'static str, level: u64) -> Word {
    Word::new(text, level << 7 | 16).needs(Feature::ZstdCompress)
}

pub(crate) const COMPRESSION: &[Word] = &[
    w("on", 1),
    w("off", 2),
    w("lzjb", 3),
    w("gzip", 10),
    w("gzip-1", 5),
    w("gzip-2", 6),
    w("gzip-3", 7),
    w("gzip-4", 8),
    w("gzip-5", 9),
    w("gzip-6", 10),
    w("gzip-7", 11),
    w("gzip-8", 12),
    w("gzip-9", 13),
    w("zle", 14),
    w("lz4", 15).needs(Feature::Lz4Compress),
    zstd("zstd", 0),
    zstd("zstd-fast", 103),
    zstd("zstd-1", 1),
    zstd("zstd-2", 2),
    zstd("zstd-3", 3),
    zstd("zstd-4", 4),
    zstd("zstd-5", 5),
    zstd("zstd-6", 6),
    zstd("zstd-7", 7),
    zstd("zstd-8", 8),
    zstd("zstd-9", 9),
    zstd("zstd-10", 10),
    zstd("zstd-11", 11),
    zstd("zstd-12", 12),
    zstd("zstd-13", 13),
    zstd("zstd-14", 14),
    zstd("zstd-15", 15),
    zstd("zstd-16", 16),
    zstd("zstd-17", 17),
    zstd("zstd-18", 18),
    zstd("zstd-19", 19),
    zstd("zstd-fast-1", 103),
    zstd("zstd-fast-2", 104),
    zstd("zstd-fast-3", 105),
    zstd("zstd-fast-4", 106),
    zstd("zstd-fast-5", 107),
    zstd("zstd-fast-6", 108),
    zstd("zstd-fast-7", 109),
    zstd("zstd-fast-8", 110),
    zstd("zstd-fast-9", 111),
    zstd("zstd-fast-10", 112),
    zstd("zstd-fast-20", 113),
    zstd("zstd-fast-30", 114),
    zstd("zstd-fast-40", 115),
    zstd("zstd-fast-50", 116),
    zstd("zstd-fast-60", 117),
    zstd("zstd-fast-70", 118),
    zstd("zstd-fast-80", 119),
    zstd("zstd-fast-90", 120),
    zstd("zstd-fast-100", 121),
    zstd("zstd-fast-500", 122),
    zstd("zstd-fast-1000", 123),
];

pub(crate) const SNAPDIR: &[Word] =
    &[w("hidden", 0), w("visible", 1), w("disabled", 2).since(V2_3)];

pub(crate) const ACLMODE: &[Word] =
    &[w("discard", 0), w("groupmask", 2), w("passthrough", 3), w("restricted", 4)];

pub(crate) const ACLINHERIT: &[Word] = &[
    w("discard", 0),
    w("noallow", 1),
    w("restricted", 4),
    w("passthrough", 3),
    w("secure", 4),
    w("passthrough-x", 5),
];

pub(crate) const CANMOUNT: &[Word] = &[w("off", 0), w("on", 1), w("noauto", 2)];

pub(crate) const XATTR: &[Word] = &[w("off", 0), w("on", 1), w("sa", 2), w("dir", 1)];

pub(crate) const XATTR_2_3: &[Word] = &[w("off", 0), w("on", 2), w("sa", 2), w("dir", 1)];

pub(crate) const XATTR_2_4: &[Word] = &[w("off", 0), w("sa", 2), w("on", 2), w("dir", 1)];

pub(crate) const COPIES: &[Word] = &[w("1", 1), w("2", 2), w("3", 3)];

/// For `primarycache`, `secondarycache` and `prefetch`.
pub(crate) const CACHED: &[Word] = &[w("none", 0), w("metadata", 1), w("all", 2)];

pub(crate) const VERSION: &[Word] =
    &[w("1", 1), w("2", 2), w("3", 3), w("4", 4), w("5", 5), w("current", 5)];

pub(crate) const NORMALIZATION: &[Word] =
    &[w("none", 0), w("formD", 16), w("formKC", 96), w("formC", 80), w("formKD", 32)];

pub(crate) const CASESENSITIVITY: &[Word] =
    &[w("sensitive", 0), w("insensitive", 1), w("mixed", 2)];

pub(crate) const LOGBIAS: &[Word] = &[w("latency", 0), w("throughput", 1)];

/// A `dedup` word: what has an equal checksum is compared before it is taken for equal.
const fn verified(text: &'static str, checksum: u64) -> Word {
    const VERIFY: u64 = 256;
    Word::new(text, checksum | VERIFY)
}

pub(crate) const DEDUP: &[Word] = &[
    w("on", 1),
    w("off", 2),
    verified("verify", 1),
    w("sha256", 8),
    verified("sha256,verify", 8),
    w("sha512", 11).needs(Feature::Sha512),
    verified("sha512,verify", 11).needs(Feature::Sha512),
    w("skein", 12).needs(Feature::Skein),
    verified("skein,verify", 12).needs(Feature::Skein),
    verified("edonr,verify", 13).needs(Feature::Edonr),
    w("blake3", 14).needs(Feature::Blake3).since(V2_2),
    verified("blake3,verify", 14).needs(Feature::Blake3).since(V2_2),
];

pub(crate) const SYNC: &[Word] = &[w("standard", 0), w("always", 1), w("disabled", 2)];

pub(crate) const DNODESIZE: &[Word] = &[
    w("legacy", 0),
    w("auto", 1).needs(Feature::LargeDnode),
    w("1k", 1024).needs(Feature::LargeDnode),
    w("2k", 2048).needs(Feature::LargeDnode),
    w("4k", 4096).needs(Feature::LargeDnode),
    w("8k", 8192).needs(Feature::LargeDnode),
    w("16k", 16384).needs(Feature::LargeDnode),
];

pub(crate) const VOLMODE: &[Word] =
    &[w("default", 0), w("full", 1), w("geom", 1), w("dev", 2), w("none", 3)];

pub(crate) const SNAPDEV: &[Word] = &[w("hidden", 0), w("visible", 1)];

pub(crate) const ACLTYPE: &[Word] =
    &[w("off", 0), w("posix", 1), w("nfsv4", 2), w("disabled", 0), w("noacl", 0), w("posixacl", 1)];

pub(crate) const REDUNDANT_METADATA: &[Word] =
    &[w("all", 0), w("most", 1), w("some", 2), w("none", 3)];

pub(crate) const ENCRYPTION: &[Word] = &[
    w("on", 1).needs(Feature::Encryption),
    w("off", 2),
    w("aes-128-ccm", 3).needs(Feature::Encryption),
    w("aes-192-ccm", 4).needs(Feature::Encryption),
    w("aes-256-ccm", 5).needs(Feature::Encryption),
    w("aes-128-gcm", 6).needs(Feature::Encryption),
    w("aes-192-gcm", 7).needs(Feature::Encryption),
    w("aes-256-gcm", 8).needs(Feature::Encryption),
];

pub(crate) const KEYFORMAT: &[Word] = &[w("none", 0), w("raw", 1), w("hex", 2), w("passphrase", 3)];

pub(crate) const KEYSTATUS: &[Word] = &[w("none", 0), w("unavailable", 1), w("available", 2)];

pub(crate) const DIRECT: &[Word] = &[w("disabled", 0), w("standard", 1), w("always", 2)];

pub(crate) const FAILMODE: &[Word] = &[w("wait", 0), w("continue", 1), w("panic", 2)];

/// The last one: the question does not arise.
pub(crate) const ALLOCATING: &[Word] = &[w("off", 0), w("on", 1), w("-", 2)];
