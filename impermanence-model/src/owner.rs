//! Who owns a directory or file, with which permissions, and how insistently.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, LazyLock};

/// User and group, each a name or a number. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Owner {
    /// User name or number.
    pub user: Arc<str>,
    /// Group name or number.
    pub group: Arc<str>,
}

impl Owner {
    /// `root:root`.
    pub fn root() -> Self {
        static ROOT: LazyLock<Arc<str>> = LazyLock::new(|| Arc::from("root"));
        Self { user: ROOT.clone(), group: ROOT.clone() }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.user, self.group)
    }
}

/// Numbers of users and groups, as far as they are declared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Accounts {
    /// Users by name.
    pub users: BTreeMap<String, u32>,
    /// Groups by name.
    pub groups: BTreeMap<String, u32>,
}

/// Twelve permission bits, as in chmod(1). `Display` is four octal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mode(u16);

impl Mode {
    /// `0755`: what a directory has if nobody says otherwise.
    pub const DIRECTORY: Self = Self(0o755);
    /// `0644`: what a file has if nobody says otherwise.
    pub const FILE: Self = Self(0o644);

    /// None beyond `07777`.
    pub const fn new(bits: u16) -> Option<Self> {
        if bits <= 0o7777 { Some(Self(bits)) } else { None }
    }

    /// For tables of facts in this crate.
    pub(crate) const fn known(bits: u16) -> Self {
        Self(bits & 0o7777)
    }

    /// The bits.
    pub const fn bits(self) -> u16 {
        self.0
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04o}", self.0)
    }
}

impl fmt::Debug for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Mode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Why a text is no mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a mode is octal up to 7777, as `0750`, or symbolic, as `u=rwx,g=rx,o=`")]
pub struct BadMode;

/// Octal (`750`, `0750`), or symbolic clauses (`u=rwx,g=rx,o=`) that start from `a=rwx`, as GNU `mkdir -m` takes them
/// with a umask of 022 (coreutils 9, "Symbolic Modes").
impl FromStr for Mode {
    type Err = BadMode;

    fn from_str(text: &str) -> Result<Self, BadMode> {
        if text.bytes().all(|byte| matches!(byte, b'0'..=b'7')) {
            let bits = u16::from_str_radix(text, 8).map_err(|_| BadMode)?;
            return Self::new(bits).ok_or(BadMode);
        }
        let made = text.split(',').try_fold(Symbolic { bits: 0o777, set: 0 }, clause)?;
        // With set-ID or sticky bits the directory is made closed to others, and changed only if a bit that a clause
        // sets is then wrong (gnulib, mkdir-p.c and dirchownmod.c).
        let is_special = made.set & SET_ID != 0 || made.bits & 0o1000 != 0;
        let first = made.bits & 0o1777 & !0o022;
        let stays = is_special && (first ^ made.bits) & made.set == 0;
        Ok(Self(if stays { first } else { made.bits }))
    }
}

/// Of those that make directories.
const UMASK: u16 = 0o022;
/// Of a directory, these stay as they are unless a clause names them.
const SET_ID: u16 = 0o6000;

/// Bits while clauses are applied.
struct Symbolic {
    bits: u16,
    /// Those that a clause has set or cleared.
    set: u16,
}

/// One clause, as `ug+rw-x`, on the bits so far.
fn clause(Symbolic { mut bits, mut set }: Symbolic, text: &str) -> Result<Symbolic, BadMode> {
    let end = text.find(|c| !"ugoa".contains(c)).ok_or(BadMode)?;
    let (who, mut rest) = text.split_at(end);
    let affected = who.chars().fold(0, |mask, c| {
        mask | match c {
            'u' => 0o4700,
            'g' => 0o2070,
            'o' => 0o1007,
            _ => 0o7777,
        }
    });
    while let Some(operator) = rest.chars().next() {
        let after = rest.get(operator.len_utf8()..).ok_or(BadMode)?;
        let end = after.find(['+', '-', '=']).unwrap_or(after.len());
        let (operand, next) = after.split_at(end);
        let (value, affected, named) = match octal(operand, next.is_empty()) {
            Some(value) if who.is_empty() => (value, 0o7777, 0o7777),
            Some(_) => return Err(BadMode),
            None => {
                let value = permissions(operand, bits)?;
                (value, affected, if affected == 0 { value } else { affected & value })
            }
        };
        let left_alone = SET_ID & !named;
        let reach = if affected == 0 { !UMASK } else { affected };
        let value = value & reach & !left_alone & 0o7777;
        let kept = if affected == 0 { 0 } else { !affected };
        (bits, set) = match operator {
            '+' => (bits | value, set | value),
            '-' => (bits & !value, set | value),
            '=' => {
                let kept = kept | left_alone;
                ((bits & kept) | value, set | (0o7777 & !kept))
            }
            _ => return Err(BadMode),
        };
        rest = next;
    }
    Ok(Symbolic { bits, set })
}

/// A number as the operand, as in `=755`: the last one of its clause.
fn octal(operand: &str, is_last: bool) -> Option<u16> {
    let is_number = !operand.is_empty() && operand.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
    let value = if is_number && is_last { u16::from_str_radix(operand, 8).ok() } else { None };
    value.filter(|value| *value <= 0o7777)
}

/// `rwxXst`, or one of `ugo`, which copies. `X` is `x`: it is about directories.
fn permissions(letters: &str, bits: u16) -> Result<u16, BadMode> {
    let copied = match letters {
        "u" => Some((bits >> 6) & 7),
        "g" => Some((bits >> 3) & 7),
        "o" => Some(bits & 7),
        _ => None,
    };
    if let Some(three) = copied {
        return Ok(three * 0o111);
    }
    letters.chars().try_fold(0, |value, c| {
        Ok(value
            | match c {
                'r' => 0o444,
                'w' => 0o222,
                'x' | 'X' => 0o111,
                's' => 0o6000,
                't' => 0o1000,
                _ => return Err(BadMode),
            })
    })
}

/// What is done where something exists already, and has another owner or mode than declared.
///
/// Nothing is ever done to what lies below.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Enforcement {
    /// Owner and mode are given when it is created, and never again.
    #[default]
    CreateOnly,
    /// Owner and mode are set at every boot.
    Enforce,
    /// It is created if missing; a difference is reported.
    Report,
}

impl Enforcement {
    /// As it is declared, and what it means.
    pub const ALL: [(&'static str, Self); 3] =
        [("create", Self::CreateOnly), ("always", Self::Enforce), ("report", Self::Report)];
}
