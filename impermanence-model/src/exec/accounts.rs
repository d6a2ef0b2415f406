//! Users and groups by name.

use nix::unistd::{Group, User};

use crate::owner::Accounts;

/// Who has which number, beside what the declaration says. Names that are numbers are never asked for.
pub trait Names {
    /// A user's number.
    fn user(&self, name: &str) -> Option<u32>;
    /// A group's number.
    fn group(&self, name: &str) -> Option<u32>;
}

/// Those of the running system: getpwnam(3), getgrnam(3).
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemNames;

impl Names for SystemNames {
    fn user(&self, name: &str) -> Option<u32> {
        User::from_name(name).ok().flatten().map(|user| user.uid.as_raw())
    }

    fn group(&self, name: &str) -> Option<u32> {
        Group::from_name(name).ok().flatten().map(|group| group.gid.as_raw())
    }
}

impl Names for Accounts {
    fn user(&self, name: &str) -> Option<u32> {
        // There is no system without it.
        self.users.get(name).copied().or_else(|| (name == "root").then_some(0))
    }

    fn group(&self, name: &str) -> Option<u32> {
        self.groups.get(name).copied().or_else(|| (name == "root").then_some(0))
    }
}

/// The users and groups of another system, such as the one that an initrd is about to start: what its passwd(5) and
/// group(5) say. Lines that are none are passed over, and of several the first counts, as for getpwnam(3).
pub fn accounts(passwd: &str, group: &str) -> Accounts {
    let numbers = |text: &str| {
        let entry = |line: &str| {
            let mut fields = line.split(':');
            let name = fields.next().filter(|name| !name.is_empty())?;
            Some((name.to_owned(), fields.nth(1)?.parse().ok()?))
        };
        text.lines().rev().filter_map(entry).collect()
    };
    Accounts { users: numbers(passwd), groups: numbers(group) }
}
