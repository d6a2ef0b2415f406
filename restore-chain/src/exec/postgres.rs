//! A point-in-time recovery of PostgreSQL, carried out: base backup, settings, replay, until the server has promoted itself.
//!
//! The base backup is brought into a folder beside the data directory, and renamed into place with its settings when it is
//! there in full. So what is at the place of the data directory is one of these, whenever this was killed:
//!
//! | there | next |
//! |---|---|
//! | nothing, or an empty folder | the base backup is fetched (what a killed run left beside it is fetched anew) |
//! | a data directory with `recovery.signal` and our settings | the server is started, and replays on |
//! | a data directory with a record of this very recovery | nothing: it is done |
//! | any other data | refused: it is not touched |
//!
//! Programs and rules: PostgreSQL 12 and later, `pg_ctl`(1), "Recovery Target Settings" (runtime-config-wal).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::process::{self, ProcessError};
use super::{file, restic};
use crate::command::Command;
use crate::pitr::{Choice, Lsn, TimelineId, render};
use crate::preseed::Fault;

/// Where the base backup comes from, and the log.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Source {
    /// Folders, by the names of the backups, as `pg_basebackup --format=plain` made them, without tablespaces elsewhere; segments
    /// of the log by their names in another folder.
    Folders {
        /// The base backups.
        backups: PathBuf,
        /// The log.
        archive: PathBuf,
    },
    /// pgBackRest.
    PgBackRest {
        /// `--stanza`
        stanza: String,
        /// `--repo`
        repository: u8,
        /// More options for every command, such as `--config=FILE`.
        options: Vec<String>,
    },
    /// Barman's tools for object stores.
    BarmanCloud(render::BarmanCloud),
}

impl Source {
    /// What fills an empty folder with a base backup.
    pub fn fetch(&self, choice: &Choice, data: &str) -> Command {
        match self {
            Self::Folders { backups, .. } => {
                let from = backups.join(&choice.backup.name).join(".");
                Command::new(["cp", "-a", "--"]).arg(from.display()).arg(data)
            }
            Self::PgBackRest { stanza, repository, options } => {
                render::pgbackrest(stanza, *repository, choice, data).args(options.iter().cloned())
            }
            Self::BarmanCloud(barman) => barman.restore(choice, data),
        }
    }

    /// What the server runs for a segment of the log (`restore_command`, in a shell).
    pub fn restore_command(&self) -> String {
        match self {
            Self::Folders { archive, .. } => {
                let folder = Command::new(["cp"]).arg(archive.join("").display());
                format!("{}%f \"%p\"", folder.to_string().replace('%', "%%"))
            }
            Self::PgBackRest { stanza, repository, options } => {
                let command = Command::new(["pgbackrest"])
                    .arg(format!("--stanza={stanza}"))
                    .arg(format!("--repo={repository}"))
                    .args(options.iter().cloned())
                    .arg("archive-get");
                format!("{} %f \"%p\"", command.to_string().replace('%', "%%"))
            }
            Self::BarmanCloud(barman) => barman.restore_command(),
        }
    }
}

/// A server that is to have its data back, and is not running.
#[derive(Clone, Debug)]
pub struct Postgres {
    /// Where `pg_ctl` and `psql` are, such as `/usr/lib/postgresql/17/bin`.
    pub programs: PathBuf,
    /// The data directory. Its parent has to be writable for the server's user.
    pub data: PathBuf,
    /// Words before every command, such as `["runuser", "-u", "postgres", "--"]`.
    pub prefix: Vec<String>,
    /// Where its socket is while it replays: nobody else is to connect meanwhile.
    pub sockets: PathBuf,
    /// What it logs while it replays.
    pub log: PathBuf,
}

/// What is there in the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// The timeline that the server is on.
    pub timeline: TimelineId,
    /// Up to where the old timeline was replayed: where the new one begins.
    pub end: Lsn,
    /// Whether this run did it, or an earlier one had.
    pub now: bool,
}

/// Why there is no recovered server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecoverError {
    /// Data of somebody else's.
    #[error("{0} has data that this recovery did not bring: set it aside first")]
    Occupied(PathBuf),
    /// A command failed.
    #[error("{0}")]
    Command(#[from] ProcessError),
    /// The server ended before it promoted itself.
    #[error("the server did not promote itself; the end of its log:\n{0}")]
    Ended(String),
    /// A tablespace, or the log of a base backup, is a link to somewhere else. A copy has the same link: the server would change
    /// the files of the backup itself.
    #[error(
        "{0} of the base backup is a link: a server would change what it leads to, which is the backup's; restore it by hand, with a copy of that"
    )]
    LeadsOut(PathBuf),
    /// It took too long. The server is stopped; another run goes on.
    #[error("the server was still replaying when the time was over; run it again to go on")]
    TimedOut,
    /// A file could not be read or written.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        #[source]
        error: io::Error,
    },
    /// What the server said of itself makes no sense.
    #[error("the server said {0:?} of its place in the log")]
    Unreadable(String),
}

impl From<RecoverError> for Fault {
    fn from(error: RecoverError) -> Self {
        match error {
            RecoverError::Command(ProcessError::TimedOut(_)) | RecoverError::TimedOut => {
                Self::TimedOut
            }
            other => Self::Failed(other.to_string()),
        }
    }
}

/// What the settings begin with: how an interrupted recovery of this choice is recognised.
const MARK: &str = "# restore-chain: ";
/// How long the server may take to stop.
const STOP: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(100);
/// Of its socket while it replays, whatever its own settings say.
const PORT: &str = "5432";
/// So much of the log is told.
const TOLD: usize = 2000;

impl Postgres {
    /// Carries it out, or goes on with what a killed run began. The server is stopped afterwards: its own unit starts it.
    pub fn recover(
        &self,
        choice: &Choice,
        source: &Source,
        limit: Duration,
    ) -> Result<Recovered, RecoverError> {
        let until = process::after(limit);
        let settings = render::conf(choice, &source.restore_command());
        let mark = format!("{MARK}{} {}", choice.backup.name, digest(&settings));
        let record = self.beside("restore-complete");
        if self.is_empty()? {
            self.fetch(choice, source, &format!("{mark}\n{settings}"), until)?;
        }
        if !self.is_ours(&mark)? {
            return Err(RecoverError::Occupied(self.data.clone()));
        }
        let waits = self.data.join("recovery.signal").exists();
        let done = file::read(&record).map_err(|error| at(&record, error))?;
        if let Some(done) = done.as_deref().filter(|_| !waits).and_then(|text| read(text, &mark)) {
            return Ok(done);
        }
        self.replay(until)?;
        let place = self.place();
        self.ctl(&["stop", "-w", "-m", "fast"], STOP)?;
        let recovered = place?;
        let text = format!("{mark}\n{} {}\n", recovered.timeline, recovered.end);
        file::write(&record, &text).map_err(|error| at(&record, error))?;
        Ok(recovered)
    }

    fn beside(&self, what: &str) -> PathBuf {
        PathBuf::from(format!("{}.{what}", self.data.display()))
    }

    fn run(&self, command: &Command, limit: Duration) -> Result<String, RecoverError> {
        let command =
            Command::new(self.prefix.iter().cloned()).args(command.argv().iter().cloned());
        let output = process::run(&command, &[], limit)?;
        Ok(String::from_utf8_lossy(&output).into_owned())
    }

    fn ctl(&self, words: &[&str], limit: Duration) -> Result<String, RecoverError> {
        let command = Command::new([self.programs.join("pg_ctl").display().to_string()]);
        let command = command.args(words.iter().copied()).arg("-D").arg(self.data.display());
        self.run(&command, limit)
    }

    fn sql(&self, text: &str) -> Result<String, RecoverError> {
        let command = Command::new([self.programs.join("psql").display().to_string()])
            .args(["-X", "-At", "-d", "postgres", "-h"])
            .arg(self.sockets.display())
            .args(["-p", PORT, "-c", text]);
        Ok(self.run(&command, Duration::from_secs(30))?.trim().to_owned())
    }

    fn is_empty(&self) -> Result<bool, RecoverError> {
        match fs::read_dir(&self.data) {
            Ok(mut entries) => Ok(entries.next().is_none()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
            Err(error) => Err(at(&self.data, error)),
        }
    }

    fn is_ours(&self, mark: &str) -> Result<bool, RecoverError> {
        let path = self.data.join("postgresql.auto.conf");
        let text = file::read(&path).map_err(|error| at(&path, error))?;
        Ok(text.is_some_and(|text| text.lines().any(|line| line == mark)))
    }

    /// The base backup with its settings, in place when it is there in full.
    fn fetch(
        &self,
        choice: &Choice,
        source: &Source,
        settings: &str,
        until: Instant,
    ) -> Result<(), RecoverError> {
        let left = || until.saturating_duration_since(Instant::now());
        let staging = self.beside("restore-staging");
        let name = staging.display().to_string();
        self.run(&Command::new(["rm", "-rf", "--", &name]), left())?;
        self.run(&Command::new(["mkdir", "-m", "700", "--", &name]), left())?;
        self.run(&source.fetch(choice, &name), left())?;
        if let Source::Folders { .. } = source {
            leads_out(&staging)?;
        }
        self.run(&Command::new(["chmod", "700", "--", &name]), left())?;
        // The last word counts: what the backup or its tool set before does not.
        let conf = staging.join("postgresql.auto.conf");
        let before = file::read(&conf).map_err(|error| at(&conf, error))?.unwrap_or_default();
        // A server that was recovered once has that in its base backups: it is no mark of this recovery.
        let before = before.lines().filter(|line| !line.starts_with(MARK));
        let before: String = before.flat_map(|line| [line, "\n"]).collect();
        let target = format!("{name}/postgresql.auto.conf");
        let text = format!("{before}{settings}");
        // As the server's user, whose file it has to be.
        self.run(
            &Command::new(["sh", "-c", "printf %s \"$1\" >\"$2\"", "sh", &text, &target]),
            left(),
        )?;
        // The backup of a standby has this, and with it no server promotes itself.
        let standby = format!("{name}/standby.signal");
        self.run(&Command::new(["rm", "-f", "--", &standby]), left())?;
        self.run(&Command::new(["touch", "--", &format!("{name}/recovery.signal")]), left())?;
        restic::sync_filesystem(&staging)
            .map_err(|error| at(&staging, io::Error::other(error.to_string())))?;
        if self.data.exists() {
            fs::remove_dir(&self.data).map_err(|error| at(&self.data, error))?;
        }
        fs::rename(&staging, &self.data).map_err(|error| at(&self.data, error))?;
        let parent = self.data.parent().unwrap_or(Path::new("/"));
        file::sync_folder(parent).map_err(|error| at(parent, error))
    }

    /// Starts the server, if none is at work, and waits until it has promoted itself.
    fn replay(&self, until: Instant) -> Result<(), RecoverError> {
        let left = || until.saturating_duration_since(Instant::now());
        if self.ctl(&["status"], LOOK * 100).is_err() {
            // `pg_ctl` gives the options to a shell.
            let own = Command::new(["-c", "listen_addresses=", "-c"])
                .arg(format!("unix_socket_directories={}", self.sockets.display()))
                .args(["-c", &format!("port={PORT}")])
                .to_string();
            let log = self.log.display().to_string();
            let seconds = left().as_secs().max(1).to_string();
            let start = ["start", "-w", "-t", &seconds, "-l", &log, "-o", &own];
            if let Err(error) = self.ctl(&start, left() + STOP) {
                return Err(self.why(error));
            }
        }
        loop {
            match self.sql("select pg_is_in_recovery()") {
                Ok(text) if text == "f" => return Ok(()),
                Err(error) if self.ctl(&["status"], LOOK * 100).is_err() => {
                    return Err(self.why(error));
                }
                // It replays, or takes no connections yet.
                Ok(_) | Err(_) => {}
            }
            if Instant::now() >= until {
                self.ctl(&["stop", "-w", "-m", "fast"], STOP)?;
                return Err(RecoverError::TimedOut);
            }
            std::thread::sleep(LOOK);
        }
    }

    /// What a server that ended logged at its end; what the command said, if there is no log.
    fn why(&self, error: RecoverError) -> RecoverError {
        let Ok(text) = fs::read(&self.log) else { return error };
        let tail = text.get(text.len().saturating_sub(TOLD)..).unwrap_or(&text);
        RecoverError::Ended(String::from_utf8_lossy(tail).into_owned())
    }

    /// The timeline that the server is on, and where it began.
    fn place(&self) -> Result<Recovered, RecoverError> {
        let name = self.sql("select pg_walfile_name(pg_current_wal_insert_lsn())")?;
        let timeline = name.get(..8).and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let timeline = timeline.ok_or_else(|| RecoverError::Unreadable(name.clone()))?;
        // The last line of its history is where it left the one before.
        let path = self.data.join("pg_wal").join(TimelineId(timeline).history_name());
        let text = fs::read_to_string(&path).map_err(|error| at(&path, error))?;
        let last = text.lines().rev().find(|line| line.split_whitespace().nth(1).is_some());
        let end = last.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
        let end = end.ok_or_else(|| RecoverError::Unreadable(text.clone()))?;
        Ok(Recovered { timeline: TimelineId(timeline), end, now: true })
    }
}

/// Refuses a data directory with a tablespace or a log that is a link (`pg_tblspc`, `pg_basebackup --waldir`).
fn leads_out(data: &Path) -> Result<(), RecoverError> {
    let mut paths = vec![data.join("pg_wal")];
    let spaces = data.join("pg_tblspc");
    let listed = match fs::read_dir(&spaces) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        entries => entries.and_then(Iterator::collect).map_err(|error| at(&spaces, error))?,
    };
    paths.extend(listed.iter().map(fs::DirEntry::path));
    match paths.iter().find(|path| path.is_symlink()) {
        Some(link) => {
            Err(RecoverError::LeadsOut(link.strip_prefix(data).unwrap_or(link).to_owned()))
        }
        None => Ok(()),
    }
}

fn at(path: &Path, error: io::Error) -> RecoverError {
    RecoverError::File { path: path.to_owned(), error }
}

/// What a record says, if it is of this recovery.
fn read(text: &str, mark: &str) -> Option<Recovered> {
    let mut lines = text.lines();
    let place = (lines.next() == Some(mark)).then(|| lines.next()).flatten()?;
    let (timeline, end) = place.split_once(' ')?;
    Some(Recovered {
        timeline: TimelineId(timeline.parse().ok()?),
        end: end.parse().ok()?,
        now: false,
    })
}

/// FNV-1a, the same for every release.
fn digest(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    format!("{hash:016x}")
}
