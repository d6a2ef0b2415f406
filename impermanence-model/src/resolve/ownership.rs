//! Whose each directory is, and with which permissions: one decision for the union of all declarations.

use std::collections::HashMap;
use std::sync::Arc;

use crate::host::{Host, Kind, Ownership};
use crate::layout::Why;
use crate::origin::Origin;
use crate::owner::{Mode, Owner};
use crate::path::AbsolutePath;
use crate::problem::{Code, problem};

use super::draft::Draft;
use super::{Findings, Homes};

/// Directories that their programs refuse with other permissions.
const KNOWN: [(&str, u16, &str); 9] = [
    ("/root", 0o700, "the home of root"),
    ("/tmp", 0o1777, "file-hierarchy(7)"),
    ("/var/tmp", 0o1777, "file-hierarchy(7)"),
    ("/var/lib/private", 0o700, "refused by services with DynamicUser= (systemd.exec(5))"),
    ("/var/cache/private", 0o700, "refused by services with DynamicUser= (systemd.exec(5))"),
    ("/var/log/private", 0o700, "refused by services with DynamicUser= (systemd.exec(5))"),
    (
        "/etc/NetworkManager/system-connections",
        0o700,
        "where the passwords of networks are (NetworkManager(8))",
    ),
    ("/var/lib/iwd", 0o700, "where the passwords of networks are (iwd(8))"),
    ("/etc/wireguard", 0o700, "where private keys are (wg-quick(8))"),
];

/// The same, below a home: what others must not read, also in a store that has no closed home around it.
const SECRETS: [&str; 7] =
    [".gnupg", ".ssh", ".aws", ".kube", ".password-store", ".local/share/keyrings", ".pki"];

/// A decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decision<'d> {
    pub(super) owner: Owner,
    pub(super) mode: Mode,
    pub(super) why: Why,
    /// The home that it is, or is in.
    pub(super) home: Option<&'d AbsolutePath>,
}

/// What was said about a path, and by whom.
struct Said {
    own: Ownership,
    why: Why,
    origin: Origin,
}

/// All decisions. A path and its place in a store have the same one.
pub(super) struct Decisions<'h> {
    host: &'h Host,
    homes: &'h Homes<'h>,
    said: HashMap<Arc<[u8]>, Said>,
}

/// Collects what is said; two that contradict are refused.
pub(super) fn decide<'h>(
    host: &'h Host,
    drafts: &[Draft],
    homes: &'h Homes<'h>,
    found: &mut Findings,
) -> Decisions<'h> {
    let mut said: HashMap<Arc<[u8]>, Said> = HashMap::new();
    let mut say = |path: AbsolutePath, own: &Ownership, why, origin: &Origin| {
        if own.is_empty() {
            return;
        }
        let new = Said { own: own.clone(), why, origin: origin.clone() };
        match said.get_mut(path.as_bytes()) {
            None => {
                said.insert(path.key(), new);
            }
            Some(old) => merge(&path, old, &new, found),
        }
    };
    // Entries first: what an entry says wins over what another says about its parent.
    for draft in drafts {
        say(draft.path.clone(), &draft.own, Why::Entry, &draft.origin);
    }
    for service in host.services.values() {
        for state in &service.state {
            say(state.path.clone(), &state.own, Why::Entry, &state.origin);
        }
    }
    for draft in drafts {
        if let Some(parent) = draft.path.parent().filter(|parent| !parent.is_root()) {
            say(parent, &draft.parent, Why::Parent, &draft.origin);
        }
    }
    let decisions = Decisions { host, homes, said };
    for draft in drafts {
        check_secret(draft, &decisions, found);
    }
    decisions
}

/// What an entry and its parent say is joined; what two of one rank say has to agree.
fn merge(path: &AbsolutePath, old: &mut Said, new: &Said, found: &mut Findings) {
    fn field<T: Clone + PartialEq>(old: &mut Option<T>, new: Option<&T>) -> bool {
        match (old.as_ref(), new) {
            (Some(old), Some(new)) => old == new,
            (None, Some(new)) => {
                *old = Some(new.clone());
                true
            }
            _ => true,
        }
    }
    let ranks_equal = old.why == new.why;
    let agree = [
        field(&mut old.own.user, new.own.user.as_ref()),
        field(&mut old.own.group, new.own.group.as_ref()),
        field(&mut old.own.mode, new.own.mode.as_ref()),
    ];
    if ranks_equal && agree.contains(&false) {
        let what = format!("{path} has another owner or mode here than {} says", old.origin);
        let remedy = "say the same, or say it once";
        found.problems.push(problem(&new.origin, Code::TwoOwners, what, remedy));
    }
}

/// Whether group or others may do anything.
fn is_open(mode: u16) -> bool {
    mode & 0o077 > 0
}

/// A mode that shows secrets to others.
fn check_secret(draft: &Draft, decisions: &Decisions<'_>, found: &mut Findings) {
    let Some(mode) = draft.own.mode.filter(|mode| is_open(mode.bits())) else { return };
    let path = draft.path.as_bytes();
    let home = decisions.homes.nearest(path).map(|(home, _)| home);
    if let Some((known, why)) = known(path, home).filter(|(known, _)| !is_open(*known)) {
        let (path, source) = (&draft.path, draft.source());
        let what = format!("{path} has mode {mode}, and so has {source}; it is {why}");
        let remedy = format!("write mode = \"{known:04o}\", or leave it out");
        found.warnings.push(problem(&draft.origin, Code::SecretMode, what, remedy));
    }
}

impl Decisions<'_> {
    /// The decision for a path outside of stores.
    pub(super) fn of(&self, path: &[u8], kind: Kind) -> Decision<'_> {
        let home = self.homes.nearest(path);
        let (owner, mode, why) = match home {
            Some((home, (owner, user))) => {
                let mode = if home.as_bytes() == path { user.home_mode } else { Mode::DIRECTORY };
                (owner.clone(), mode, Why::Home)
            }
            None => (Owner::root(), Mode::DIRECTORY, Why::Default),
        };
        let home = home.map(|(home, _)| home);
        let (mode, why) = match (kind, known(path, home)) {
            (Kind::File, _) => (Mode::FILE, why),
            (_, Some((known, _))) if why == Why::Default || is_secret(path, home) => {
                (Mode::known(known), Why::Known)
            }
            _ => (mode, why),
        };
        let mut decision = Decision { owner, mode, why, home };
        if let Some(said) = self.said.get(path) {
            said.apply(&mut decision, self.host);
        }
        decision
    }
}

/// What is known about a directory.
fn known(path: &[u8], home: Option<&AbsolutePath>) -> Option<(u16, &'static str)> {
    if is_secret(path, home) {
        return Some((0o700, "what only its owner may read"));
    }
    let known = KNOWN.iter().find(|(known, ..)| known.as_bytes() == path);
    known.map(|(_, mode, why)| (*mode, *why))
}

fn is_secret(path: &[u8], home: Option<&AbsolutePath>) -> bool {
    let rest = home.and_then(|home| crate::path::rest(home.as_bytes(), path));
    rest.is_some_and(|rest| SECRETS.iter().any(|secret| secret.as_bytes() == rest))
}

impl Said {
    fn apply(&self, decision: &mut Decision<'_>, host: &Host) {
        if let Some(user) = &self.own.user {
            let group = host.users.get(user).map_or("root", |user| &user.group);
            decision.owner = Owner { user: user.as_str().into(), group: group.into() };
        }
        if let Some(group) = &self.own.group {
            decision.owner.group = group.as_str().into();
        }
        if let Some(mode) = self.own.mode {
            decision.mode = mode;
        }
        decision.why = self.why;
    }
}
