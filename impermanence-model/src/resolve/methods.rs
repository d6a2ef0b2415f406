//! How a file is kept: the facts about what programs do to it decide.

use crate::host::{How, Kind, Ownership};
use crate::layout::{Content, Via};
use crate::owner::Mode;
use crate::path::AbsolutePath;
use crate::problem::{Code, problem};
use crate::stage::Stage;

use super::Findings;
use super::draft::Draft;

/// What the program that owns a file does when it changes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Writes {
    /// It opens the file and writes. A bind and a link both let it through.
    InPlace,
    /// It writes another file and renames it over this one. On a bind that fails with EBUSY (rename(2)); a link is
    /// replaced by a file that is lost at boot.
    Rename,
    /// It removes the file and creates it again. On a bind the removal fails with EBUSY; a link that it follows when
    /// it creates is fine, one that it removes is lost.
    Recreate,
}

/// What is known about a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileFact {
    /// The whole path; a `*` stands for any bytes but `/`. A path that begins with `~/` is in any home.
    pub pattern: &'static str,
    /// What its program does.
    pub writes: Writes,
    /// How it is kept, if the declaration does not say.
    pub how: How,
    /// Its permissions, if the declaration does not say.
    pub mode: u16,
    /// When it is read first.
    pub stage: Stage,
    /// What it is created with.
    pub content: Content,
    /// The program, and why.
    pub why: &'static str,
}

const fn fact(
    pattern: &'static str,
    writes: Writes,
    how: How,
    mode: u16,
    why: &'static str,
) -> FileFact {
    FileFact { pattern, writes, how, mode, stage: Stage::Early, content: Content::Empty, why }
}

/// The decision table.
pub const FACTS: &[FileFact] = &[
    FileFact {
        stage: Stage::Initrd,
        content: Content::Uninitialized,
        ..fact(
            "/etc/machine-id",
            Writes::InPlace,
            How::Bind,
            0o644,
            "systemd reads it as its first act, writes it in place, and takes `uninitialized` for a first boot (machine-id(5))",
        )
    },
    fact(
        "/etc/ssh/ssh_host_*_key.pub",
        Writes::Recreate,
        How::Symlink,
        0o644,
        "sshd's key generation removes what is no link, and then writes (ssh-keygen(1))",
    ),
    fact(
        "/etc/ssh/ssh_host_*_key",
        Writes::Recreate,
        How::Symlink,
        0o600,
        "sshd's key generation removes what is no link, and then writes; sshd refuses a key that others can read (sshd(8))",
    ),
    fact(
        "/var/lib/systemd/random-seed",
        Writes::InPlace,
        How::Symlink,
        0o600,
        "written in place at shutdown, when binds are gone already (systemd-random-seed.service(8))",
    ),
    fact("/etc/passwd", Writes::Rename, How::Copy, 0o644, "useradd(8) and its like rename"),
    fact("/etc/group", Writes::Rename, How::Copy, 0o644, "groupadd(8) and its like rename"),
    fact("/etc/shadow", Writes::Rename, How::Copy, 0o600, "passwd(1) renames"),
    fact("/etc/gshadow", Writes::Rename, How::Copy, 0o600, "gpasswd(1) renames"),
    fact("/etc/subuid", Writes::Rename, How::Copy, 0o644, "usermod(8) renames"),
    fact("/etc/subgid", Writes::Rename, How::Copy, 0o644, "usermod(8) renames"),
    fact(
        "/etc/resolv.conf",
        Writes::Rename,
        How::Copy,
        0o644,
        "resolvconf(8) and network managers rename",
    ),
    fact("/etc/adjtime", Writes::Rename, How::Copy, 0o644, "systemd-timedated(8) renames"),
    fact("/etc/hostname", Writes::Rename, How::Copy, 0o644, "systemd-hostnamed(8) renames"),
    fact("/etc/locale.conf", Writes::Rename, How::Copy, 0o644, "systemd-localed(8) renames"),
    fact("/etc/vconsole.conf", Writes::Rename, How::Copy, 0o644, "systemd-localed(8) renames"),
    fact("~/.local/share/fish/fish_history", Writes::Rename, How::Parent, 0o600, "fish renames"),
    fact("~/.config/fish/fish_variables", Writes::Rename, How::Parent, 0o644, "fish renames"),
];

/// What is known about the file at a path, in a home if it is in one.
pub fn fact_of(path: &AbsolutePath, home: Option<&AbsolutePath>) -> Option<&'static FileFact> {
    let in_home = home.and_then(|home| crate::path::rest(home.as_bytes(), path.as_bytes()));
    FACTS.iter().find(|fact| match fact.pattern.strip_prefix("~/") {
        Some(pattern) => in_home.is_some_and(|rest| matches(pattern.as_bytes(), rest)),
        None => matches(fact.pattern.as_bytes(), path.as_bytes()),
    })
}

/// A pattern with at most one `*`.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let Some(star) = pattern.iter().position(|byte| *byte == b'*') else { return pattern == text };
    let (before, after) = (pattern.get(..star), pattern.get(star + 1..));
    let rest = before.and_then(|before| text.strip_prefix(before));
    let middle = rest.and_then(|rest| rest.strip_suffix(after?));
    middle.is_some_and(|middle| !middle.contains(&b'/'))
}

/// Decides how each entry is kept.
pub(super) fn choose(drafts: &mut [Draft], homes: &super::Homes<'_>, found: &mut Findings) {
    for draft in drafts.iter_mut() {
        let how = match draft.kind {
            Kind::Directory => draft.how.unwrap_or(How::Bind),
            Kind::File => file(draft, homes, found),
        };
        draft.via = match how {
            How::Bind | How::Parent => Via::Bind,
            How::Rbind => Via::Rbind,
            How::Symlink => Via::Symlink,
            How::Copy => Via::Copy,
        };
        if how == How::Parent {
            keep_parent(draft, found);
        }
    }
    // Those whose directory is kept instead have moved.
    drafts.sort_by(Draft::order);
}

fn file(draft: &mut Draft, homes: &super::Homes<'_>, found: &mut Findings) -> How {
    let home = homes.nearest(draft.path.as_bytes()).map(|(home, _)| home);
    // A file that nobody knows is bound: a program that would replace it fails, and nothing is lost in silence.
    let Some(fact) = fact_of(&draft.path, home) else { return draft.how.unwrap_or(How::Bind) };
    draft.content = fact.content;
    draft.stage = draft.stage.or(Some(fact.stage).filter(|stage| *stage == Stage::Initrd));
    draft.own.mode = draft.own.mode.or(Some(Mode::known(fact.mode)));
    let Some(how) = draft.how else { return fact.how };
    let fails = match (fact.writes, how) {
        (Writes::Rename, How::Bind) => {
            Some("its program replaces it by a rename, which fails on a mount point")
        }
        (Writes::Rename, How::Symlink) => {
            Some("its program replaces the link by a file, which is lost at boot")
        }
        (Writes::Recreate, How::Bind) => {
            Some("its program removes it first, which fails on a mount point")
        }
        _ => None,
    };
    if let Some(fails) = fails {
        let what = format!("{} by {}: {fails} ({})", draft.path, how.word(), fact.why);
        let remedy = format!("leave `how` out, or write \"{}\"", fact.how.word());
        found.warnings.push(problem(&draft.origin, Code::FileMethod, what, remedy));
    }
    how
}

/// The directory that a file is in becomes the entry.
fn keep_parent(draft: &mut Draft, found: &mut Findings) {
    match draft.path.parent() {
        Some(parent) if !parent.is_root() => {
            draft.path = parent;
            draft.kind = Kind::Directory;
            draft.is_parent = true;
            draft.own = std::mem::take(&mut draft.parent);
        }
        _ => {
            let what = format!("{} is in /, which is never kept as a whole", draft.path);
            found.problems.push(problem(
                &draft.origin,
                Code::EntryIsRoot,
                what,
                "keep the file alone",
            ));
            draft.own = Ownership::default();
        }
    }
}
