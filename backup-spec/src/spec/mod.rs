//! What a host declares about its copies.
//!
//! A [`Spec`] is plain data. Build it in code, or read it from TOML ([`Spec::from_toml`]) or JSON (`Spec::from_json`, which is
//! what Nix emits); the keys are the same. What is serialized is a declaration too, and reads back as the same `Spec`.
//!
//! | key | where | meaning |
//! |---|---|---|
//! | `host` | top | the host's name, as snapshots carry it |
//! | `zone` | top | the time zone of schedules that name none, such as `"Europe/Berlin"`; absent: UTC |
//! | `excludes` | top | patterns that every job leaves out, in front of its own |
//! | `floor` | top | the least `memory` and `cpus` of a job; also what a job has that says nothing |
//! | `parallel` | top | how many jobs may be at work at a time on average, in any window that timers spread them over |
//! | `[defaults]` | top | keys of jobs for those that do not give them: `repository`, `schedule`, `jitter`, `accuracy`, `persistent`, `runTime`, `oneFileSystem`; `[defaults.replication]`: the same for replications, and their `options`, `user`, `offsite` |
//! | `[repositories.NAME]` | top | a restic repository |
//! | `url`, `passwordFile`, `environmentFile` | repository | where it is, and the files of its secrets |
//! | `id` | repository | the id it must have |
//! | `offsite` | repository | whether it survives the loss of this site; needed where the backend does not tell (`sftp`, `rest`) |
//! | `compression` | repository | `auto`, `off` or `max` |
//! | `forget` | repository | `{ keep, groupBy, schedule, ... }`: what is kept, as `restic forget` takes it, and when the rest is pruned |
//! | `check` | repository | `{ readPercent, schedule, ... }`: when it is checked |
//! | `[jobs.NAME]` | top | a backup job |
//! | `enable` | job, replication, archive | `false`: declared, and not in force |
//! | `repository` | job | where it writes |
//! | `dataset`, `mountpoint` | job | the dataset it reads a clone of, and where that is mounted on the running host |
//! | `paths` | job | what it reads, as paths of the running host; with `dataset`: the mountpoint unless given |
//! | `excludes`, `iexcludes` | job | restic patterns; those with `/` in front are paths of the running host |
//! | `excludeCaches`, `excludeIfPresent`, `excludeLargerThan` | job | exclusions that look at files |
//! | `oneFileSystem` | job | stay on the filesystem of each path |
//! | `tags` | job | tags of its snapshots |
//! | `hooks` | job | `[{ open, close, quiesces }]`: commands in pairs |
//! | `memory`, `cpus`, `belowFloor` | job | what it may use |
//! | `schedule`, `jitter`, `accuracy`, `persistent` | whatever runs | systemd's `OnCalendar=`, `RandomizedDelaySec=`, `AccuracySec=`, `Persistent=` |
//! | `runTime` | whatever runs | how long a run may take: it is stopped then, and everything that is computed counts on it |
//! | `[sanoid]` | top | `schedule` and the like, `[sanoid.templates.NAME]`, `[sanoid.datasets."DATASET"]`, with the keys of sanoid.conf (and NixOS' `useTemplate`) |
//! | `[replication.NAME]` | top | a syncoid job |
//! | `source`, `target`, `options`, `user`, `offsite` | replication | syncoid's two places and its options, with `=` before a value; who runs it; whether the target survives the loss of this site |
//! | `[pitr.NAME]` | top | the archive of a database |
//! | `data`, `wal`, `dataDataset`, `walDataset` | archive | where the database's files are |
//! | `archiveTimeout`, `arrival`, `maxWalSenders` | archive | how soon a segment of WAL is closed, and is there |
//! | `barman` | archive | `{ destination, server, retention, compression, endpoint, environmentFile }` |
//! | `pgbackrest` | archive | `{ stanza, repositories = [{ path, retention, s3, differential, archive }], spool, processes }` |
//! | `base` | archive | base backups: `[{ kind, repository, schedule, ... }]` |
//! | `[classes.CLASS]` | top | what `system`, `critical`, `standard` and `ephemeral` ask for |
//! | `tiers`, `onsiteRpo`, `offsiteRpo`, `consistency` | class, protection | the tiers that must be met, the most that may be lost, the least consistency that counts |
//! | `[protection."DATASET or /PATH"]` | top | the `class` of a dataset or path, its own tiers and objectives |
//! | `payload` | protection | paths below it that every copy must hold |
//! | `[alerts]` | top | `backup`, `lag`, `snapshot`: `{ warning, critical }` ages; `capacity`: percentages |
//! | `[notifications.NAME]` | top | a template of messages: `priority`, `title`, `body`, the `variables` it uses, the `events` it tells |

mod check;
mod checked;
mod code;
mod read;
#[cfg(feature = "schemars")]
mod schema;
#[cfg(feature = "proptest")]
#[cfg_attr(docsrs, doc(cfg(feature = "proptest")))]
pub mod strategy;

use std::collections::BTreeMap;

pub use checked::Checked;
pub use code::Code;
use declared::Node;

use crate::archive::Archive;
use crate::coverage::{Class, Protection, Requirement, Subject};
use crate::exclude::Pattern;
use crate::health::Thresholds;
use crate::job::{Job, Resources};
use crate::name::Name;
use crate::notify::Notifications;
use crate::replication::Replication;
use crate::repository::Repository;
use crate::schedule::HostZone;
use crate::snapshots::Sanoid;

/// One thing that is wrong with a declaration.
pub type Problem = declared::Problem<Code>;
/// Everything that is wrong with a declaration.
pub type Problems = declared::Problems<Code>;

/// What a host declares about its copies. See the [module](self) for the keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct Spec {
    /// The host's name, as snapshots carry it.
    pub host: String,
    /// The time zone of schedules that name none.
    pub zone: HostZone,
    /// Patterns that every job leaves out, in front of its own.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::text_form::list"))]
    pub excludes: Vec<Pattern>,
    /// The least that a job has.
    pub floor: Resources,
    /// How many jobs may be at work at a time on average.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub parallel: Option<u32>,
    /// Where backups go.
    pub repositories: BTreeMap<Name, Repository>,
    /// What is backed up.
    pub jobs: BTreeMap<Name, Job>,
    /// What snapshots are taken and kept.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub sanoid: Option<Sanoid>,
    /// What is replicated.
    pub replication: BTreeMap<Name, Replication>,
    /// What databases are archived.
    pub pitr: BTreeMap<Name, Archive>,
    /// What each class asks for.
    pub classes: BTreeMap<Class, Requirement>,
    /// What was decided about each subject.
    pub protection: BTreeMap<Subject, Protection>,
    /// From when on something is late or full.
    pub alerts: Thresholds,
    /// Messages; none at all, or one for every event.
    #[cfg_attr(feature = "serde", serde(serialize_with = "notifications"))]
    pub notifications: Notifications,
}

impl Spec {
    /// Reads a TOML declaration and checks it; what is wrong is reported all at once, with its lines.
    pub fn from_toml(text: &str) -> Result<Self, Problems> {
        Self::from_node(&Node::from_toml(text).map_err(|problems| problems.map(Code::from))?)
    }

    /// Reads a JSON declaration, as Nix emits it, and checks it.
    #[cfg(feature = "serde")]
    pub fn from_json(text: &str) -> Result<Self, Problems> {
        Self::from_node(&Node::from_json(text).map_err(|problems| problems.map(Code::from))?)
    }

    /// Reads a tree that is at hand: for hosts that declare more than copies, in one document. Positions are those of the
    /// document; paths are of this part, until [`within`](declared::Problem::within) says where it is.
    pub fn from_node(node: &Node) -> Result<Self, Problems> {
        Checked::from_node(node).map(Checked::into_spec)
    }

    /// Checks that it fits together, and computes what follows. What was read has been checked already; what was built or
    /// changed has not.
    pub fn check(self) -> Result<Checked, Problems> {
        let (checked, problems) = Checked::with_problems(self);
        Problems::check(problems).map(|()| checked)
    }
}

/// Templates as the keys of a declaration: each with the events it tells.
#[cfg(feature = "serde")]
fn notifications<S: serde::Serializer>(
    all: &Notifications,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    use crate::notify::{Event, Template};
    #[derive(serde::Serialize)]
    struct Form<'n> {
        #[serde(flatten)]
        template: &'n Template,
        events: Vec<&'static str>,
    }
    let events = |name: &str| -> Vec<&'static str> {
        let told = all.routes.iter().filter(|(_, template)| template.as_str() == name);
        told.map(|(event, _): (&Event, _)| event.as_str()).collect()
    };
    let forms = all.templates.iter();
    serializer
        .collect_map(forms.map(|(name, template)| (name, Form { template, events: events(name) })))
}
