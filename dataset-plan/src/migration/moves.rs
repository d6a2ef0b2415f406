//! One command of a migration, and what proves that it worked.

use std::fmt;

use zfs_props::name::DatasetName;

use super::{From, Migration};
use crate::command::Command;
use crate::plan::{Action, Assignment};
use crate::setting::Setting;

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Move {
    /// Something done to a dataset.
    Zfs {
        /// The dataset.
        dataset: DatasetName,
        /// What is done to it.
        action: Action,
    },
    /// Another program.
    Run {
        /// Its argument vector.
        command: Command,
        /// What proves that it worked.
        proof: Proof,
    },
}

/// What proves that a program did its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Proof {
    /// Exit status 0.
    Success,
    /// Exit status 0, and nothing on standard output.
    Silence,
}

impl Move {
    /// The exact command.
    pub fn command(&self) -> Command {
        match self {
            Move::Zfs { dataset, action } => action.command([dataset]),
            Move::Run { command, .. } => command.clone(),
        }
    }
}

impl fmt::Display for Move {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.command().fmt(f)
    }
}

/// Attributes, hard links, ACLs, extended attributes and holes survive, and what is gone goes.
const COPY: [&str; 4] = ["rsync", "-aHAXS", "--numeric-ids", "--delete"];

pub(super) fn zfs(dataset: &DatasetName, action: Action) -> Move {
    Move::Zfs { dataset: dataset.clone(), action }
}

fn run(command: Command) -> Move {
    Move::Run { command, proof: Proof::Success }
}

/// The contents of one directory, and no more, into another.
pub(super) fn copy(from: &str, to: &str) -> Move {
    run(Command::new(COPY).arg("--").args([from, to].map(|path| format!("{path}/"))))
}

/// Reads both sides, and prints what differs.
pub(super) fn compare(from: &str, to: &str) -> Move {
    let how = ["--checksum", "--dry-run", "--itemize-changes", "--"].map(str::to_owned);
    let sides = [from, to].map(|path| format!("{path}/"));
    Move::Run { command: Command::new(COPY).args(how).args(sides), proof: Proof::Silence }
}

pub(super) fn assignment(property: &str, value: &str) -> Option<Assignment> {
    let property = property.parse().ok()?;
    let setting = Setting::parse(&property, value, zfs_props::release::Release::LATEST).ok()?;
    Some(Assignment { property, setting })
}

impl Migration {
    pub(super) fn systemctl(&self, verb: &str) -> Option<Move> {
        let units = self.services.iter().map(ToString::to_string);
        let command = Command::new(["systemctl", verb]).args(units);
        (!self.services.is_empty()).then(|| run(command))
    }

    pub(super) fn backed_up(&self) -> Option<Move> {
        self.backup.clone().map(run)
    }

    /// Where the new dataset is mounted, and what its marker says.
    pub(super) fn place(&self, path: &str, canmount: &str, marker: &str) -> Vec<Assignment> {
        let marker = format!("{marker} {}", self.source());
        let pairs = [("mountpoint", path), ("canmount", canmount), (Self::MARKER, &marker)];
        pairs.into_iter().filter_map(|(property, value)| assignment(property, value)).collect()
    }

    /// The marker alone.
    pub(super) fn mark(&self, word: &str) -> Move {
        let marker = assignment(Self::MARKER, &format!("{word} {}", self.source()));
        zfs(&self.to, Action::Set(marker.into_iter().collect()))
    }

    /// What the marker says of the source: another migration's dataset is not taken for this one's.
    pub(super) fn source(&self) -> String {
        match &self.from {
            From::Directory => self.path.clone(),
            From::Dataset(old) => old.to_string(),
        }
    }

    /// Takes the old copy from the services' path, or puts it back there.
    pub(super) fn move_old(&self, away: bool) -> Move {
        let kept = self.kept();
        match &self.from {
            From::Directory => {
                let path = self.path.trim_end_matches('/').to_owned();
                let (from, to) = if away { (path, kept) } else { (kept, path) };
                run(Command::new(["mv", "-T", "--"]).args([from, to]))
            }
            From::Dataset(old) => {
                let path = if away { &kept } else { &self.path };
                let setting = assignment("mountpoint", path).into_iter().collect();
                zfs(old, Action::Set(setting))
            }
        }
    }

    pub(super) fn remove_kept(&self) -> Move {
        run(Command::new(["rm", "-rf", "--one-file-system", "--"]).arg(self.kept()))
    }
}
