//! The checks OpenZFS puts names through, each with its order of tests and so its first fault.
//!
//! They are those of `module/zcommon/zfs_namecheck.c` and, for [`creatable_pool`] and what the types
//! of [`super`] accept, of libzfs (`zfs_validate_name`, `zpool_name_valid`); the same in every
//! modelled release. A name type's `parse` is the check to reach for; these say what the single
//! layers of OpenZFS answer.

use super::{MAX_COMPONENTS, NameError, NameFault, NameKind};

/// A broken rule and the byte it is broken at.
type Fault = (NameFault, usize);

/// A name of anything that has one: `entity_namecheck`.
pub fn entity(text: &str) -> Result<(), NameError> {
    found(text, NameKind::Any, entity_fault(text))
}

/// A dataset or snapshot, as the kernel takes it: `dataset_namecheck`.
pub fn dataset(text: &str) -> Result<(), NameError> {
    let fault =
        entity_fault(text).or_else(|| text.find('#').map(|at| (NameFault::InvalidChar, at)));
    found(text, NameKind::Dataset, fault)
}

/// A snapshot: `snapshot_namecheck`.
pub fn snapshot(text: &str) -> Result<(), NameError> {
    let fault = entity_fault(text).or_else(|| missing(text, '@', NameFault::NoAt));
    found(text, NameKind::Snapshot, fault)
}

/// A bookmark: `bookmark_namecheck`.
pub fn bookmark(text: &str) -> Result<(), NameError> {
    let fault = entity_fault(text).or_else(|| missing(text, '#', NameFault::NoPound));
    found(text, NameKind::Bookmark, fault)
}

/// One component of a name to be created: `zfs_component_namecheck`.
pub fn component(text: &str) -> Result<(), NameError> {
    found(text, NameKind::Component, component_fault(text, is_plain))
}

/// A permission set of `zfs allow`: `permset_namecheck`.
pub fn permission_set(text: &str) -> Result<(), NameError> {
    let fault = too_long(text, NameKind::PermissionSet).or_else(|| match text.strip_prefix('@') {
        Some(name) => component_fault(name, is_plain).map(|(fault, at)| (fault, at + 1)),
        None => Some((NameFault::NoAt, 0)),
    });
    found(text, NameKind::PermissionSet, fault)
}

/// A pool that may exist: `pool_namecheck`.
pub fn pool(text: &str) -> Result<(), NameError> {
    let fault = too_long(text, NameKind::Pool)
        .or_else(|| invalid_char(text, is_plain))
        .or_else(|| match text.bytes().next() {
            Some(b'a'..=b'z' | b'A'..=b'Z') => None,
            _ => Some((NameFault::NoLetter, 0)),
        })
        .or_else(|| RESERVED_POOLS.contains(&text).then_some((NameFault::Reserved, 0)));
    found(text, NameKind::Pool, fault)
}

/// A pool to be created, imported or renamed to: `zpool_name_valid`, which reserves more names.
pub fn creatable_pool(text: &str) -> Result<(), NameError> {
    pool(text)?;
    let reserved =
        text == "log" || RESERVED_POOL_PREFIXES.iter().any(|kind| text.starts_with(kind));
    found(text, NameKind::Pool, reserved.then_some((NameFault::Reserved, 0)))
}

const RESERVED_POOLS: [&str; 3] = ["mirror", "raidz", "draid"];
const RESERVED_POOL_PREFIXES: [&str; 4] = ["mirror", "raidz", "draid", "spare"];

/// A path as the property `mountpoint` takes it: `mountpoint_namecheck`.
///
/// Nothing is tidied: `//`, `..` and a trailing `/` pass. The words `none` and `legacy` are the
/// property's, not paths.
pub fn mountpoint(text: &str) -> Result<(), NameError> {
    let max = NameKind::Mountpoint.max_len();
    let fault = if text.starts_with('/') {
        let mut start = 0;
        text.split('/').find_map(|component| {
            let too_long = component.len() > max;
            let at = start + max;
            start += component.len() + 1;
            too_long.then_some((NameFault::TooLong, at))
        })
    } else {
        Some((NameFault::NoLeadingSlash, 0))
    };
    // No C string reaches past a zero byte, so OpenZFS never sees one.
    let fault = fault.or_else(|| text.find('\0').map(|at| (NameFault::InvalidChar, at)));
    found(text, NameKind::Mountpoint, fault)
}

/// How many `/` stand before the first `@` or `#`: `get_dataset_depth`. No other check is made.
pub fn depth(text: &str) -> usize {
    slashes(text).count()
}

/// Whether something of that name may be created: `dataset_nestcheck`, which counts and checks
/// nothing else. What exists may be nested deeper.
pub fn nesting(text: &str) -> Result<(), NameError> {
    let fault = slashes(text).nth(MAX_COMPONENTS - 1).map(|at| (NameFault::TooDeep, at));
    found(text, NameKind::Any, fault)
}

/// What libzfs opens as that kind: the delimiters first, then the whole name (`zfs_validate_name`).
pub(super) fn open(text: &str, kind: NameKind) -> Result<(), NameError> {
    let delimiter = |delimiter, owner, missed| match text.find(delimiter) {
        None if kind == owner => Some((missed, text.len())),
        Some(at) if kind != owner => Some((NameFault::UnexpectedDelimiter, at)),
        _ => None,
    };
    let fault = delimiter('@', NameKind::Snapshot, NameFault::NoAt)
        .or_else(|| delimiter('#', NameKind::Bookmark, NameFault::NoPound))
        .or_else(|| entity_fault(text));
    found(text, kind, fault)
}

/// What may follow a `/`, `@` or `#` at the end of a name that exists.
pub(super) fn last_component(text: &str) -> Result<(), NameError> {
    let fault = component_fault(text, is_known)
        .or_else(|| reference(text.as_bytes()).map(|fault| (fault, 0)));
    found(text, NameKind::Component, fault)
}

/// Names with `%` exist for a while during `zfs receive`; none is created by name.
pub(super) fn no_percent(text: &str, kind: NameKind, from: usize) -> Result<(), NameError> {
    let at = text.bytes().enumerate().skip(from).find(|&(_, byte)| byte == b'%');
    found(text, kind, at.map(|(at, _)| (NameFault::InvalidChar, at)))
}

fn found(text: &str, kind: NameKind, fault: Option<Fault>) -> Result<(), NameError> {
    fault.map_or(Ok(()), |fault| Err(NameError::new(text, kind, fault)))
}

fn too_long(text: &str, kind: NameKind) -> Option<Fault> {
    (text.len() > kind.max_len()).then_some((NameFault::TooLong, kind.max_len()))
}

fn missing(text: &str, delimiter: char, fault: NameFault) -> Option<Fault> {
    (!text.contains(delimiter)).then_some((fault, text.len()))
}

fn component_fault(text: &str, accepted: fn(u8) -> bool) -> Option<Fault> {
    too_long(text, NameKind::Component)
        .or_else(|| text.is_empty().then_some((NameFault::EmptyComponent, 0)))
        .or_else(|| invalid_char(text, accepted))
}

fn entity_fault(text: &str) -> Option<Fault> {
    if let Some(fault) = too_long(text, NameKind::Any) {
        return Some(fault);
    }
    if text.starts_with('/') {
        return Some((NameFault::LeadingSlash, 0));
    }
    let (mut rest, mut start, mut delimited) = (text.as_bytes(), 0, false);
    loop {
        let len = rest.iter().position(|&byte| !is_known(byte)).unwrap_or(rest.len());
        let (component, after) = rest.split_at(len);
        let end = start + len;
        let (next, after) = after.split_first().map_or((None, after), |(b, rest)| (Some(*b), rest));

        if next.is_none() && component.is_empty() && text.ends_with('/') {
            return Some((NameFault::TrailingSlash, end - 1));
        }
        if !matches!(next, None | Some(b'/' | b'@' | b'#')) {
            return Some((NameFault::InvalidChar, end));
        }
        if matches!(next, Some(b'@' | b'#')) {
            if delimited {
                return Some((NameFault::MultipleDelimiters, end));
            }
            delimited = true;
        } else if let Some(fault) = reference(component) {
            // Before a delimiter OpenZFS does not look: `tank/..@a` passes.
            return Some((fault, start));
        }
        if component.is_empty() {
            return Some((NameFault::EmptyComponent, start));
        }
        match next {
            None => return None,
            Some(b'/') if delimited => return Some((NameFault::TrailingSlash, end)),
            Some(_) => (rest, start) = (after, end + 1),
        }
    }
}

/// The fault of a component that is `.` or `..`.
pub(super) fn reference(component: &[u8]) -> Option<NameFault> {
    match component {
        b"." => Some(NameFault::SelfRef),
        b".." => Some(NameFault::ParentRef),
        _ => None,
    }
}

fn invalid_char(text: &str, accepted: fn(u8) -> bool) -> Option<Fault> {
    text.bytes().position(|byte| !accepted(byte)).map(|at| (NameFault::InvalidChar, at))
}

fn slashes(text: &str) -> impl Iterator<Item = usize> {
    let dataset = text.bytes().take_while(|byte| !matches!(byte, b'@' | b'#'));
    dataset.enumerate().filter(|&(_, byte)| byte == b'/').map(|(at, _)| at)
}

const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':' | b' ')
}

fn is_known(byte: u8) -> bool {
    // A look-up, as names are read by the million.
    #[expect(clippy::indexing_slicing, reason = "when it is compiled")]
    static KNOWN: [bool; 256] = {
        let mut known = [false; 256];
        let mut byte = 0;
        while byte < 128 {
            known[byte as usize] = is_plain(byte) || byte == b'%';
            byte += 1;
        }
        known
    };
    KNOWN.get(usize::from(byte)).is_some_and(|known| *known)
}
