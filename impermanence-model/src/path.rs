//! Paths as the kernel sees them: bytes, absolute, normalised, compared component by component.
//!
//! Nothing here looks at a disk: normalising is lexical, and `..` is refused, because what it names depends on
//! links that only a live system knows (`path_resolution(7)`).

use std::borrow::{Borrow, Cow};
use std::cmp::Ordering;
use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

/// Why a text is not a path that can be declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadPath {
    /// Nothing at all.
    #[error("it is empty")]
    Empty,
    /// An absolute path begins with `/`.
    #[error("it does not begin with `/`, so it would depend on a working directory")]
    Relative,
    /// A path below a home does not begin with `/`.
    #[error("it begins with `/`, and is meant to be relative to a home")]
    Absolute,
    /// `..` names something that depends on links.
    #[error("`..` depends on links, so the place is not known before the system runs")]
    DotDot,
    /// The kernel ends a path at a NUL byte.
    #[error("a NUL byte ends a path")]
    Nul,
    /// `NAME_MAX` of Linux.
    #[error("a component is longer than 255 bytes")]
    LongComponent,
    /// `PATH_MAX` of Linux, with the byte that ends the string.
    #[error("it is longer than 4095 bytes")]
    Long,
}

/// An absolute, normalised path: no empty, `.` or `..` component, no `/` at the end unless it is the root.
///
/// Cheap to clone. The order is by component, so that everything below a directory follows it directly: `/a`, `/a/b`, `/a-b`.
/// `Display` shows bytes that are not UTF-8, and control characters, as `\xNN`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AbsolutePath(Arc<[u8]>);

impl AbsolutePath {
    /// Normalises: `/var//log/./` is `/var/log`.
    pub fn new(path: impl AsRef<[u8]>) -> Result<Self, BadPath> {
        let normal = normal(path.as_ref())?;
        Ok(Self(Arc::from(&*normal)))
    }

    /// `/`.
    pub fn root() -> Self {
        Self(Arc::from(*b"/"))
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// For functions of `std::fs`.
    pub fn as_path(&self) -> &Path {
        as_path(&self.0)
    }

    /// Whether it is `/`.
    pub fn is_root(&self) -> bool {
        self.0.len() == 1
    }

    /// The names between the slashes; none for `/`.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &[u8]> + Clone {
        self.0.split(|byte| *byte == b'/').filter(|name| !name.is_empty())
    }

    /// The last component; none for `/`.
    pub fn file_name(&self) -> Option<&[u8]> {
        self.components().next_back()
    }

    /// The directory it is in; none for `/`.
    pub fn parent(&self) -> Option<Self> {
        parent(&self.0).map(|bytes| Self(Arc::from(bytes)))
    }

    /// The directories above it, nearest first, `/` last.
    pub fn ancestors(&self) -> impl Iterator<Item = Self> {
        ancestors(&self.0).map(|bytes| Self(Arc::from(bytes)))
    }

    /// Whether `other` is this path or below it: `/a` contains `/a/b`, and not `/ab`.
    pub fn contains(&self, other: &Self) -> bool {
        contains(&self.0, &other.0)
    }

    /// Whether `other` is below this path.
    pub fn is_above(&self, other: &Self) -> bool {
        self != other && self.contains(other)
    }

    /// A path below this one.
    #[must_use]
    pub fn join(&self, path: &HomePath) -> Self {
        self.with(&path.0)
    }

    /// Where this path is kept below a store: `/var/log` in `/persist` is `/persist/var/log`.
    #[must_use]
    pub fn inside(&self, store: &Self) -> Self {
        if self.is_root() { store.clone() } else { store.with(self.0.get(1..).unwrap_or_default()) }
    }

    /// The same place below another directory: what is below `from` moves below `to`. None if it is not
    /// `from` or below it.
    pub fn rebased(&self, from: &Self, to: &Self) -> Option<Self> {
        let rest = rest(&from.0, &self.0)?;
        Some(if rest.is_empty() { to.clone() } else { to.with(rest) })
    }

    fn with(&self, rest: &[u8]) -> Self {
        let slash: &[u8] = if self.is_root() { b"" } else { b"/" };
        Self(Arc::from([&self.0, slash, rest].concat()))
    }
}

/// A path below some user's home: relative, normalised, not empty.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct HomePath(Box<[u8]>);

impl HomePath {
    /// Normalises: `.config//gh/` is `.config/gh`.
    pub fn new(path: impl AsRef<[u8]>) -> Result<Self, BadPath> {
        let path = path.as_ref();
        if path.first() == Some(&b'/') {
            return Err(BadPath::Absolute);
        }
        let absolute = [b"/", path].concat();
        match normal(&absolute)?.get(1..) {
            None | Some([]) => Err(BadPath::Empty),
            Some(rest) => Ok(Self(Box::from(rest))),
        }
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A normalised form of the bytes, borrowed where they are normal already.
pub(crate) fn normal(path: &[u8]) -> Result<Cow<'_, [u8]>, BadPath> {
    match path.first() {
        None => return Err(BadPath::Empty),
        Some(b'/') => {}
        Some(_) => return Err(BadPath::Relative),
    }
    if path.len() > 4095 {
        return Err(BadPath::Long);
    }
    let mut is_normal = true;
    let mut names = path.split(|byte| *byte == b'/');
    names.next();
    for name in names {
        match name {
            b".." => return Err(BadPath::DotDot),
            b"" | b"." => is_normal = false,
            name if name.len() > 255 => return Err(BadPath::LongComponent),
            _ => {}
        }
    }
    if path.contains(&0) {
        return Err(BadPath::Nul);
    }
    if is_normal || path.len() == 1 {
        return Ok(Cow::Borrowed(path));
    }
    let mut bytes = Vec::with_capacity(path.len());
    for name in path.split(|byte| *byte == b'/').filter(|name| !matches!(*name, b"" | b".")) {
        bytes.push(b'/');
        bytes.extend_from_slice(name);
    }
    if bytes.is_empty() {
        bytes.push(b'/');
    }
    Ok(Cow::Owned(bytes))
}

/// The directory a normalised path is in; none for `/`.
pub(crate) fn parent(path: &[u8]) -> Option<&[u8]> {
    let slash = path.iter().rposition(|byte| *byte == b'/')?;
    match slash {
        0 if path.len() == 1 => None,
        0 => path.get(..1),
        _ => path.get(..slash),
    }
}

/// The directories above a normalised path, nearest first.
pub(crate) fn ancestors(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::successors(parent(path), |path| parent(path))
}

/// Whether a normalised path is `above` or below it.
pub(crate) fn contains(above: &[u8], path: &[u8]) -> bool {
    rest(above, path).is_some()
}

/// What of a normalised path comes below `above`: empty if they are the same.
pub(crate) fn rest<'p>(above: &[u8], path: &'p [u8]) -> Option<&'p [u8]> {
    let rest = path.strip_prefix(above)?;
    match rest.first() {
        None => Some(rest),
        Some(b'/') => rest.get(1..),
        Some(_) if above.len() == 1 => Some(rest),
        Some(_) => None,
    }
}

/// Component by component, as if `/` were the least of all bytes.
pub(crate) fn compare(a: &[u8], b: &[u8]) -> Ordering {
    let same = same(a, b);
    match (a.get(same), b.get(same)) {
        (Some(b'/'), Some(_)) => Ordering::Less,
        (Some(_), Some(b'/')) => Ordering::Greater,
        (a, b) => a.cmp(&b),
    }
}

/// The number of bytes at the front that are equal, eight at a time as far as that goes.
fn same(a: &[u8], b: &[u8]) -> usize {
    let words = a.chunks_exact(8).zip(b.chunks_exact(8)).take_while(|(a, b)| a == b).count() * 8;
    let (a, b) = (a.get(words..).unwrap_or_default(), b.get(words..).unwrap_or_default());
    words + a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// The bytes as a path of the standard library.
pub(crate) fn as_path(bytes: &[u8]) -> &Path {
    use std::os::unix::ffi::OsStrExt;
    Path::new(std::ffi::OsStr::from_bytes(bytes))
}

impl Ord for AbsolutePath {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(&self.0, &other.0)
    }
}

impl PartialOrd for AbsolutePath {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for HomePath {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(&self.0, &other.0)
    }
}

impl PartialOrd for HomePath {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Equal paths have equal bytes, and one hash: `Hash` of both is that of the bytes.
impl Borrow<[u8]> for AbsolutePath {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl FromStr for AbsolutePath {
    type Err = BadPath;

    fn from_str(text: &str) -> Result<Self, BadPath> {
        Self::new(text)
    }
}

impl FromStr for HomePath {
    type Err = BadPath;

    fn from_str(text: &str) -> Result<Self, BadPath> {
        Self::new(text)
    }
}

/// Bytes for a person: what is not text is shown as `\xNN`.
pub(crate) struct Shown<'b>(pub(crate) &'b [u8]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for c in chunk.valid().chars() {
                if c.is_ascii_control() {
                    write!(f, "\\x{:02x}", u32::from(c))?;
                } else {
                    fmt::Write::write_char(f, c)?;
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

macro_rules! shown {
    ($path:ident) => {
        impl fmt::Display for $path {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&Shown(&self.0).to_string())
            }
        }

        impl fmt::Debug for $path {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "`{}`", Shown(&self.0))
            }
        }

        /// A string; an array of bytes where the path is not UTF-8.
        #[cfg(feature = "serde")]
        impl serde::Serialize for $path {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match std::str::from_utf8(&self.0) {
                    Ok(text) => serializer.serialize_str(text),
                    Err(_) => self.0.as_ref().serialize(serializer),
                }
            }
        }
    };
}

shown!(AbsolutePath);
shown!(HomePath);
