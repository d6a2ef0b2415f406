//! The real world: ZFS by its command line tools.
//!
//! [`Cli`] runs argument vectors, without a shell, one after another, in the locale `C`. It needs the rights that
//! `zfs` needs, and does not look for them.

use std::ffi::OsString;
use std::io;
use std::process::{Command as Process, Output, Stdio};

use zfs_props::key::PropertyName;
use zfs_props::name::DatasetName;
use zfs_props::property::Property;
use zfs_props::release::Release;

use crate::apply::{Interrupted, Progress, World};
use crate::command::Command;
use crate::observed::{ObserveError, Observed};
use crate::plan::{Action, Plan, Step};

/// Runs `zfs` (and `install`, for the owners of directories).
#[derive(Clone, Debug, Default)]
pub struct Cli {
    prefix: Vec<OsString>,
}

/// Why a command did not do what it is for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CliError {
    /// The program could not be started.
    #[error("{command}: cannot be started: {error}")]
    NotStarted {
        /// The command, as for a shell.
        command: String,
        /// What the system says.
        #[source]
        error: io::Error,
    },
    /// The program failed, and what it is for was not done.
    #[error("{command}: {status}: {stderr}")]
    Failed {
        /// The command, as for a shell.
        command: String,
        /// How it ended.
        status: std::process::ExitStatus,
        /// What it said on standard error.
        stderr: String,
    },
    /// The dataset was created and could not be mounted.
    #[error("{dataset} was created and is not mounted ({stderr}); mount it, then plan again")]
    CreatedNotMounted {
        /// The dataset.
        dataset: DatasetName,
        /// What `zfs create` said on standard error.
        stderr: String,
    },
    /// What a command printed cannot be relied on.
    #[error("{command}: {error}")]
    Unreadable {
        /// The command, as for a shell.
        command: String,
        /// What is wrong with it.
        #[source]
        error: ObserveError,
    },
}

/// What is observed of filesystems and volumes: `-t all` would add bookmarks, which no plan is about.
const OBSERVE: [&str; 8] = [
    "zfs",
    "get",
    "-Hp",
    "-o",
    "name,property,value,received,source",
    "-t",
    "filesystem,volume",
    "all",
];

/// What is observed of snapshots. `zfs get all` costs a hundred times as much of each: it opens the snapshot several times,
/// for properties that no plan is about.
const OBSERVE_SNAPSHOTS: [&str; 7] =
    ["zfs", "list", "-Hp", "-t", "snapshot", "-o", "name,guid,createtxg,userrefs,clones"];

/// Paths of 4096 bytes each (`PATH_MAX`) stay far below what Linux takes as arguments.
const STAT_AT_ONCE: usize = 250;

impl Cli {
    /// Runs the programs that the search path names.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts words in front of every command: `["sudo", "-n"]`, `["timeout", "600"]`, `["env", "PATH=/opt/zfs/bin"]`.
    /// (Not `["ssh", "host"]`: at the other end a shell would take the words apart.)
    #[must_use]
    pub fn prefix(mut self, words: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.prefix.extend(words.into_iter().map(Into::into));
        self
    }

    /// Reads all filesystems, volumes and snapshots of all imported pools.
    pub fn observe(&self) -> Result<Observed, CliError> {
        let command = Command::new(OBSERVE);
        let output = self.success(&command)?;
        let observed = Observed::from_zfs_get(output.stdout)
            .map_err(|error| CliError::Unreadable { command: command.to_string(), error })?;
        let command = Command::new(OBSERVE_SNAPSHOTS);
        let output = self.success(&command)?;
        observed
            .with_snapshots(&String::from_utf8_lossy(&output.stdout))
            .map_err(|error| CliError::Unreadable { command: command.to_string(), error })
    }

    /// Adds owner, group and mode of the directories where filesystems are mounted.
    pub fn observe_directories(&self, mut observed: Observed) -> Result<Observed, CliError> {
        let mounted = observed.effective(Release::LATEST).into_iter().filter(|value| {
            let dataset = observed.dataset(&value.dataset);
            value.property == PropertyName::Native(Property::Mountpoint)
                && dataset.is_some_and(|dataset| dataset.mounted == Some(true))
        });
        // `stat` prints a line for each: a path that would break it stays unknown.
        let paths = mounted.map(|value| value.value);
        let paths = paths.filter(|path| path.starts_with('/') && !path.contains('\n'));
        let paths: Vec<String> = paths.collect();
        for some in paths.chunks(STAT_AT_ONCE) {
            let command = Command::new(["stat", "-c", "%U:%u %G:%g %a %n", "--"]);
            let command = command.args(some.iter().cloned());
            let output = self.success(&command)?;
            let text = String::from_utf8_lossy(&output.stdout);
            observed = observed
                .with_directories(&text)
                .map_err(|error| CliError::Unreadable { command: command.to_string(), error })?;
        }
        Ok(observed)
    }

    /// Runs a command to its end; its standard input is empty, so that nothing waits for a person.
    pub fn output(&self, command: &Command) -> Result<Output, CliError> {
        let mut words = self.prefix.iter().cloned().chain(command.argv().iter().map(Into::into));
        let program = words.next().unwrap_or_default();
        Process::new(program)
            .args(words)
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .output()
            .map_err(|error| CliError::NotStarted { command: command.to_string(), error })
    }

    /// Runs a command that has to succeed.
    fn success(&self, command: &Command) -> Result<Output, CliError> {
        let output = self.output(command)?;
        if output.status.success() {
            return Ok(output);
        }
        let (status, stderr) = (output.status, said(&output));
        Err(CliError::Failed { command: command.to_string(), status, stderr })
    }

    /// Whether a dataset is there, and mounted; an error is neither a yes nor a no.
    fn mounted(&self, dataset: &DatasetName) -> Result<bool, CliError> {
        let words = ["zfs", "list", "-H", "-o", "mounted"];
        let output = self.success(&Command::new(words).arg(dataset))?;
        Ok(output.stdout.starts_with(b"yes"))
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).trim_end().to_owned()
}

impl World for Cli {
    type Error = CliError;

    /// Runs the step's command.
    ///
    /// `zfs create` and `zfs clone` fail as a whole when the new dataset cannot be mounted. So where one is to be
    /// mounted, the dataset is looked for before and after, and the error says that it was created.
    fn run(&mut self, step: &Step) -> Result<(), CliError> {
        let mounts =
            matches!(step.action, Action::Create { mount: true, .. } | Action::Clone { .. });
        let absent = mounts && matches!(self.mounted(&step.dataset), Err(CliError::Failed { .. }));
        let Err(failure) = self.success(&step.command()) else { return Ok(()) };
        match (&failure, absent.then(|| self.mounted(&step.dataset))) {
            (CliError::Failed { stderr, .. }, Some(Ok(false))) => {
                let (dataset, stderr) = (step.dataset.clone(), stderr.clone());
                Err(CliError::CreatedNotMounted { dataset, stderr })
            }
            _ => Err(failure),
        }
    }
}

/// How far a plan was carried out, and what is there now.
#[derive(Debug)]
pub struct Outcome {
    /// Where it stopped, if it did.
    pub interrupted: Option<Interrupted<CliError>>,
    /// What was observed afterwards: after a failure this, and no exit status, says what the failed step did.
    pub now: Result<Observed, CliError>,
}

impl Cli {
    /// Carries a plan out, and observes again, whether all went well or not.
    ///
    /// Steps that one command can do are done [together](crate::batch), and counted as done when it ends. Where such a
    /// command fails, ZFS has done some of them: they are run once more one by one, which changes nothing where they
    /// are done, and tells which one fails. Those behind it may be done too; what is there [`now`](Outcome::now) knows.
    pub fn apply(&mut self, plan: &Plan, progress: impl FnMut(Progress<'_>)) -> Outcome {
        let interrupted = self.carry_out(plan, progress).err();
        Outcome { interrupted, now: self.observe() }
    }

    fn carry_out(
        &mut self,
        plan: &Plan,
        mut progress: impl FnMut(Progress<'_>),
    ) -> Result<(), Interrupted<CliError>> {
        let all = plan.steps().len();
        let mut done = 0;
        for batch in plan.batches() {
            for &step in batch.steps() {
                progress(Progress { step, done, all });
            }
            let together = batch.steps().len() > 1 && self.success(&batch.command()).is_ok();
            if together {
                done += batch.steps().len();
                continue;
            }
            for &step in batch.steps() {
                self.run(step).map_err(|error| Interrupted {
                    done,
                    failed: step.id,
                    not_begun: all - done - 1,
                    error,
                })?;
                done += 1;
            }
        }
        Ok(())
    }
}
