//! Users and groups by name.

use std::collections::BTreeMap;

use nix::unistd::{Group, User};

/// Who has which number. Names that are numbers are never asked for.
pub trait Accounts {
    /// A user's number.
    fn user(&self, name: &str) -> Option<u32>;
    /// A group's number.
    fn group(&self, name: &str) -> Option<u32>;
}

/// The running system's: getpwnam(3), getgrnam(3).
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemAccounts;

impl Accounts for SystemAccounts {
    fn user(&self, name: &str) -> Option<u32> {
        User::from_name(name).ok().flatten().map(|user| user.uid.as_raw())
    }

    fn group(&self, name: &str) -> Option<u32> {
        Group::from_name(name).ok().flatten().map(|group| group.gid.as_raw())
    }
}

/// Those of another system: in an initrd, an image, or a container, the running system's are the wrong ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GivenAccounts {
    /// Users' numbers.
    pub users: BTreeMap<String, u32>,
    /// Groups' numbers.
    pub groups: BTreeMap<String, u32>,
}

impl GivenAccounts {
    /// Reads passwd(5) and group(5); lines that are none are passed over, as getpwnam(3) does.
    pub fn parse(passwd: &str, group: &str) -> Self {
        let numbers = |text: &str| {
            let entry = |line: &str| {
                let mut fields = line.split(':');
                let name = fields.next().filter(|name| !name.is_empty())?;
                Some((name.to_owned(), fields.nth(1)?.parse().ok()?))
            };
            // The first of several counts.
            let mut entries: Vec<_> = text.lines().filter_map(entry).collect();
            entries.reverse();
            entries.into_iter().collect()
        };
        Self { users: numbers(passwd), groups: numbers(group) }
    }
}

impl Accounts for GivenAccounts {
    fn user(&self, name: &str) -> Option<u32> {
        self.users.get(name).copied()
    }

    fn group(&self, name: &str) -> Option<u32> {
        self.groups.get(name).copied()
    }
}
