//! A plan as data: ordered steps, what is blocked, and what is left alone.

use std::fmt;

use bitflags::bitflags;
use zfs_props::key::PropertyName;
use zfs_props::name::DatasetName;

use crate::command::Command;
use crate::setting::{Setting, short};
use crate::spec::Mode;

/// What to do, in order, to make a machine what its declaration says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Plan {
    pub(crate) steps: Vec<Step>,
    pub(crate) blocked: Vec<Blocked>,
    pub(crate) untouched: Vec<Untouched>,
}

impl Plan {
    /// The steps, in the order they run.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// What cannot be done, or may not; whatever depends on it is not among the steps.
    pub fn blocked(&self) -> &[Blocked] {
        &self.blocked
    }

    /// What is left alone, and why.
    pub fn untouched(&self) -> &[Untouched] {
        &self.untouched
    }

    /// There is nothing to do. (Something may still be blocked.)
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

/// The number of a [`Step`] in its plan, from 1, in the order of running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(transparent))]
pub struct StepId(pub(crate) usize);

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One command, with what it needs and why it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step {
    /// Its number.
    pub id: StepId,
    /// Steps that must have succeeded before.
    pub needs: Vec<StepId>,
    /// The dataset that it changes or makes.
    pub dataset: DatasetName,
    /// What it does.
    pub action: Action,
    /// Why.
    pub reason: Reason,
    /// What it brings about besides.
    pub risk: Risk,
    /// Undeclared datasets that inherit the change; empty unless the policy lets them follow.
    pub heirs: Vec<DatasetName>,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Action {
    /// `zfs create`.
    Create(Vec<Assignment>),
    /// `zfs set`.
    Set(Vec<Assignment>),
    /// Owner, group and mode of the mounted directory.
    Own {
        /// The directory.
        path: String,
        /// User name or number.
        owner: String,
        /// Group name or number.
        group: String,
        /// Permission bits.
        #[cfg_attr(feature = "serde", serde(serialize_with = "crate::render::display"))]
        mode: Mode,
    },
}

/// `property=value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// Left of `=`.
    pub property: PropertyName,
    /// Right of `=`.
    pub setting: Setting,
}

impl fmt::Display for Assignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.property, self.setting.argument())
    }
}

/// Why a step is in the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Reason {
    /// The dataset is declared and does not exist.
    Missing {
        /// The declaration, as `services.sonarr`.
        declared: String,
    },
    /// Datasets are declared below it and it does not exist.
    Container {
        /// The first of them.
        holds: String,
    },
    /// Observed values are not the declared ones.
    Differs(Vec<Difference>),
    /// The directory is not owned as declared.
    Directory {
        /// The declaration, as `services.sonarr`.
        declared: String,
        /// What it is now: `root:root 0755`.
        observed: String,
    },
}

/// One property that is not as declared.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Difference {
    /// The property.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::render::display"))]
    pub property: PropertyName,
    /// Who declares it, as `profiles.sqlite`.
    pub declared: String,
    /// The value it has, as `zfs get -p` prints it; `None`: it is not set (user properties).
    pub observed: Option<String>,
    /// Where that comes from, as `zfs get` prints it.
    pub source: String,
    /// It is as declared now, but a change further up would change it.
    pub protects: bool,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Missing { declared } => write!(f, "declared by {declared}, does not exist"),
            Reason::Container { holds } => write!(f, "does not exist, and shall hold {holds}"),
            Reason::Directory { declared, observed } => {
                write!(f, "declared by {declared}, is {observed}")
            }
            Reason::Differs(differences) => {
                for (n, difference) in differences.iter().enumerate() {
                    let comma = if n > 0 { "; " } else { "" };
                    write!(f, "{comma}{difference}")?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { property, declared, observed, source, protects } = self;
        match observed.as_ref().map(|literal| short(property, literal)) {
            None => write!(f, "{property} is not set, declared by {declared}"),
            Some(value) if *protects => {
                write!(f, "{property} would not stay {value} ({source}), declared by {declared}")
            }
            Some(value) if source == "temporary" => write!(
                f,
                "{property} is {value} by a mount option, what is stored is not shown, declared by {declared}"
            ),
            Some(value) => write!(f, "{property} is {value} ({source}), declared by {declared}"),
        }
    }
}

bitflags! {
    /// What a step brings about besides the change itself.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Risk: u8 {
        /// A file system appears at its mountpoint and covers what is in the directory.
        const MOUNTS = 1;
        /// The dataset, and those that inherit its mountpoint, are unmounted and mounted elsewhere.
        const REMOUNTS = 2;
        /// Only what is written from now on is affected; existing data stays as it is.
        const NEW_WRITES_ONLY = 4;
        /// Undeclared datasets change too.
        const HEIRS = 8;
    }
}

impl fmt::Display for Risk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const WORDS: [(Risk, &str); 4] = [
            (Risk::MOUNTS, "mounts over its mountpoint"),
            (Risk::REMOUNTS, "remounts"),
            (Risk::NEW_WRITES_ONLY, "affects only data written from now on"),
            (Risk::HEIRS, "undeclared datasets follow"),
        ];
        let words = WORDS.iter().filter(|(flag, _)| self.contains(*flag));
        for (n, (_, word)) in words.enumerate() {
            let comma = if n > 0 { ", " } else { "" };
            write!(f, "{comma}{word}")?;
        }
        Ok(())
    }
}

/// Something that the plan does not do, though it is declared.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Blocked {
    /// The dataset.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::render::display"))]
    pub dataset: DatasetName,
    /// What kind of obstacle.
    pub code: Obstacle,
    /// What cannot be done.
    pub what: String,
    /// What would help.
    pub remedy: String,
}

/// The kind of a [`Blocked`] entry, stable across releases of this crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Obstacle {
    /// The pool was not observed.
    NoPool,
    /// The parent does not exist, and the policy makes none, or it is a volume.
    NoParent,
    /// A volume where a filesystem is declared.
    WrongKind,
    /// The property can be set at creation only, and differs.
    CreateOnly,
    /// The observation does not say what the property is.
    NotObserved,
    /// The dataset is not mounted where it shall be.
    NotMounted,
    /// Undeclared datasets would inherit the change.
    Heirs,
    /// This version cannot plan it.
    Unsupported,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Obstacle::NoPool => "no-pool",
            Obstacle::NoParent => "no-parent",
            Obstacle::WrongKind => "wrong-kind",
            Obstacle::CreateOnly => "create-only",
            Obstacle::NotObserved => "not-observed",
            Obstacle::NotMounted => "not-mounted",
            Obstacle::Heirs => "heirs",
            Obstacle::Unsupported => "unsupported",
        })
    }
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {} [{}]", self.dataset, self.what, self.remedy, self.code)
    }
}

/// A dataset, or some of its properties, that the plan leaves as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Untouched {
    /// The dataset.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::render::display"))]
    pub dataset: DatasetName,
    /// Why.
    pub why: Kept,
}

/// Why something is left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Kept {
    /// It is declared as a base dataset.
    Base,
    /// Nobody declared it.
    Undeclared,
    /// Declared datasets live below it; its own properties are not declared.
    Holds,
    /// It is as declared.
    InSync,
    /// Owner and mode of its directory were not observed, though they are declared.
    UnseenDirectory,
    /// These local settings of a declared dataset are not declared: `atime=off`.
    Settings(Vec<String>),
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kept::Base => f.write_str("base dataset"),
            Kept::Undeclared => f.write_str("not declared"),
            Kept::Holds => f.write_str("holds declared datasets"),
            Kept::InSync => f.write_str("as declared"),
            Kept::UnseenDirectory => f.write_str("owner and mode of the directory not observed"),
            Kept::Settings(settings) => {
                write!(f, "set here and not declared: {}", settings.join(", "))
            }
        }
    }
}

impl Step {
    /// The exact command.
    pub fn command(&self) -> Command {
        let dataset = self.dataset.as_str();
        match &self.action {
            Action::Create(assignments) => {
                let options = assignments.iter().flat_map(|a| ["-o".to_owned(), a.to_string()]);
                Command::new(["zfs", "create"]).args(options).arg(dataset)
            }
            Action::Set(assignments) => {
                let settings = assignments.iter().map(ToString::to_string);
                Command::new(["zfs", "set"]).args(settings).arg(dataset)
            }
            Action::Own { path, owner, group, mode } => Command::new(["install", "-d"])
                .args(["-o".to_owned(), owner.clone(), "-g".to_owned(), group.clone()])
                .args(["-m".to_owned(), mode.to_string()])
                .arg(path),
        }
    }
}

#[cfg(feature = "serde")]
mod serialize {
    use serde::ser::{Serialize, SerializeStruct, Serializer};

    use zfs_props::name::DatasetName;

    use super::{Assignment, Risk, Step};

    impl Serialize for Risk {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(self.iter_names().map(|(name, _)| name))
        }
    }

    impl Serialize for Assignment {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(self)
        }
    }

    impl Serialize for Step {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut step = serializer.serialize_struct("Step", 8)?;
            step.serialize_field("id", &self.id)?;
            step.serialize_field("needs", &self.needs)?;
            step.serialize_field("dataset", self.dataset.as_str())?;
            step.serialize_field("action", &self.action)?;
            step.serialize_field("command", self.command().argv())?;
            step.serialize_field("reason", &self.reason)?;
            step.serialize_field("risk", &self.risk)?;
            let heirs: Vec<&str> = self.heirs.iter().map(DatasetName::as_str).collect();
            step.serialize_field("heirs", &heirs)?;
            step.end()
        }
    }
}
