//! Whose limit `userquota@...` and its like are.

use alloc::boxed::Box;
use alloc::string::{String, ToString};

use super::{Accounts, CheckFault};
use crate::key::{AccountFamily, AccountProperty};
use crate::number;
use crate::property::Stored;

/// The account's number as text, or the name where nobody knows what it means (OpenZFS
/// `userquota_propname_decode`, `lib/libzfs/libzfs_dataset.c`).
pub(super) fn who(
    property: &AccountProperty,
    accounts: Option<&Accounts>,
    zoned: bool,
) -> Result<String, CheckFault> {
    let who = &*property.who;
    let unknown = || CheckFault::UnknownAccount { who: Box::from(who) };
    let names = match kind(property.family) {
        Kind::User => accounts.map(|accounts| &accounts.users),
        Kind::Group => accounts.map(|accounts| &accounts.groups),
        Kind::Project => return number_of(who).map(|(id, _)| id.to_string()).ok_or_else(unknown),
    };
    match names {
        // Names of another zone mean others there.
        Some(names) if names.contains_key(who) && zoned => Err(unknown()),
        Some(names) => names
            .get(who)
            .copied()
            .or_else(|| Some(number_of(who)?.0))
            .map(|id| id.to_string())
            .ok_or_else(unknown),
        None => Ok(number_of(who).map_or_else(|| who.into(), |(id, _)| id.to_string())),
    }
}

/// The limit; 0 is none.
pub(super) fn limit(value: Stored<&str>) -> Result<u64, CheckFault> {
    match value {
        Stored::Number(0) => Err(CheckFault::LimitZero),
        Stored::Number(limit) => Ok(limit),
        Stored::Text("none") => Ok(0),
        Stored::Text(text) => Ok(number::parse(text)?),
    }
}

enum Kind {
    User,
    Group,
    Project,
}

const fn kind(family: AccountFamily) -> Kind {
    use AccountFamily as F;
    match family {
        F::UserUsed | F::UserQuota | F::UserObjUsed | F::UserObjQuota => Kind::User,
        F::GroupUsed | F::GroupQuota | F::GroupObjUsed | F::GroupObjQuota => Kind::Group,
        F::ProjectUsed | F::ProjectQuota | F::ProjectObjUsed | F::ProjectObjQuota => Kind::Project,
    }
}

/// The number that C's `strtoul` makes of a text, of which the low 32 bits count, and whether that is
/// another number than was written. No text at all is 0.
pub(super) fn number_of(who: &str) -> Option<(u32, bool)> {
    if who.is_empty() {
        return Some((0, true));
    }
    let unsigned = who.trim_start_matches([' ', '\t', '\n', '\u{b}', '\u{c}', '\r']);
    let (negative, digits) = match unsigned.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, unsigned.strip_prefix('+').unwrap_or(unsigned)),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = match digits.parse::<u64>() {
        Ok(number) if negative => number.wrapping_neg(),
        Ok(number) => number,
        Err(_) => u64::MAX,
    };
    #[allow(clippy::cast_possible_truncation, reason = "as `uid_t` does")]
    let id = number as u32;
    Some((id, negative || u64::from(id) != number))
}
