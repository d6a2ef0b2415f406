//! One command: no shell, no input, a time limit.

use std::io::{ErrorKind, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::command::Command;
use crate::preseed::Fault;

/// How long a process group has between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(5);
/// How often a running process is looked at.
const LOOK: Duration = Duration::from_millis(10);
/// How long the end of what was said is waited for, after the one who said it has ended. A process that it left behind (the
/// master of shared `ssh` connections, say) may hold its standard error for hours.
const LINGER: Duration = Duration::from_secs(1);
/// So much of what a command says on standard error is kept: its end.
const KEPT: usize = 64 << 10;

/// What a command left.
#[derive(Debug)]
pub struct Output {
    /// How it ended.
    pub status: ExitStatus,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// The end of its standard error.
    pub stderr: String,
}

/// Why a command gave nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProcessError {
    /// The program could not be started.
    #[error("{command}: cannot be started: {error}")]
    NotStarted {
        /// The command line.
        command: String,
        /// What the system says.
        #[source]
        error: std::io::Error,
    },
    /// It took too long, and was ended with all it had started.
    #[error("{0}: took too long, and was ended")]
    TimedOut(String),
    /// It failed.
    #[error("{command}: {status}: {stderr}")]
    Failed {
        /// The command line.
        command: String,
        /// How it ended.
        status: ExitStatus,
        /// The end of its standard error.
        stderr: String,
    },
    /// It could not be waited for.
    #[error("{command}: {error}")]
    Lost {
        /// The command line.
        command: String,
        /// What the system says.
        #[source]
        error: std::io::Error,
    },
}

impl From<ProcessError> for Fault {
    fn from(error: ProcessError) -> Self {
        match error {
            ProcessError::TimedOut(_) => Self::TimedOut,
            other => Self::Failed(other.to_string()),
        }
    }
}

/// A process that is ended with its whole group when nobody wants it any more.
pub(super) struct Running {
    child: Child,
    line: String,
    done: bool,
}

impl Running {
    pub(super) fn start(
        command: &Command,
        environment: &[(String, String)],
        input: Stdio,
        output: Stdio,
    ) -> Result<Self, ProcessError> {
        let line = command.to_string();
        let mut words = command.argv().iter();
        let started =
            std::process::Command::new(words.next().map(String::as_str).unwrap_or_default())
                .args(words)
                .env("LC_ALL", "C")
                .envs(environment.iter().map(|(name, value)| (name, value)))
                .stdin(input)
                .stdout(output)
                .stderr(Stdio::piped())
                .process_group(0)
                .spawn();
        match started {
            Ok(child) => Ok(Self { child, line, done: false }),
            Err(error) => Err(ProcessError::NotStarted { command: line, error }),
        }
    }

    pub(super) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    pub(super) fn line(&self) -> &str {
        &self.line
    }

    /// Reads its standard error in the background: the end of it is kept.
    pub(super) fn listen(&mut self) -> Heard {
        Heard::of(self.child.stderr.take(), KEPT)
    }

    /// How it ended, if it has.
    pub(super) fn ended(&mut self) -> Result<Option<ExitStatus>, ProcessError> {
        let status = self
            .child
            .try_wait()
            .map_err(|error| ProcessError::Lost { command: self.line.clone(), error })?;
        self.done = status.is_some();
        Ok(status)
    }

    /// Waits until it ends, at most until then.
    pub(super) fn wait(&mut self, until: Instant) -> Result<ExitStatus, ProcessError> {
        loop {
            if let Some(status) = self.ended()? {
                return Ok(status);
            }
            if Instant::now() >= until {
                self.end();
                return Err(ProcessError::TimedOut(self.line.clone()));
            }
            thread::sleep(LOOK);
        }
    }

    /// Ends it, and everything in its group.
    pub(super) fn end(&mut self) {
        if self.done {
            return;
        }
        let group = Pid::from_raw(i32::try_from(self.child.id()).unwrap_or(i32::MAX));
        let _ = killpg(group, Signal::SIGTERM);
        let until = Instant::now() + GRACE;
        while Instant::now() < until {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                break;
            }
            thread::sleep(LOOK);
        }
        // What it started may have outlived it.
        let _ = killpg(group, Signal::SIGKILL);
        // One that waits in the kernel for a pool that is suspended does not even end then, and nobody waits for it here.
        let until = Instant::now() + GRACE;
        while Instant::now() < until && !matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)) {
            thread::sleep(LOOK);
        }
        self.done = true;
    }
}

/// What is written into a pipe, read in the background.
pub(super) struct Heard {
    thread: JoinHandle<()>,
    kept: Arc<Mutex<Vec<u8>>>,
}

impl Heard {
    /// Reads to the end, and keeps so many bytes of that end.
    fn of(from: Option<impl Read + Send + 'static>, keep: usize) -> Self {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&kept);
        let thread = thread::spawn(move || {
            let Some(mut from) = from else { return };
            let mut buffer = vec![0; 64 << 10];
            while let Some(read) = next(&mut from, &mut buffer) {
                let mut kept = shared.lock().unwrap_or_else(PoisonError::into_inner);
                kept.extend_from_slice(buffer.get(..read).unwrap_or_default());
                let surplus = kept.len().saturating_sub(keep);
                kept.drain(..surplus);
            }
        });
        Self { thread, kept }
    }

    /// All of it; none if it has no end until then: something that the process has left behind still holds the pipe.
    fn all(self, until: Instant) -> Option<Vec<u8>> {
        finished(&self.thread, until).then(|| self.so_far())
    }

    /// What was said, as text, by a process that has ended.
    pub(super) fn text(self, until: Instant) -> String {
        finished(&self.thread, until.min(Instant::now() + LINGER));
        String::from_utf8_lossy(&self.so_far()).trim_end().to_owned()
    }

    fn so_far(self) -> Vec<u8> {
        std::mem::take(&mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// How many bytes come next; none at the end, or where nothing more can be read.
pub(super) fn next(from: &mut impl Read, buffer: &mut [u8]) -> Option<usize> {
    loop {
        return match from.read(buffer) {
            Ok(read) => (read > 0).then_some(read),
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) => None,
        };
    }
}

/// Whether a thread has ended, or does until then.
pub(super) fn finished<T>(thread: &JoinHandle<T>, until: Instant) -> bool {
    while !thread.is_finished() {
        if Instant::now() >= until {
            return false;
        }
        thread::sleep(LOOK);
    }
    true
}

/// So much later. What no clock ever shows is in a hundred years.
pub(super) fn after(limit: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(limit).unwrap_or_else(|| now + Duration::from_secs(100 * 365 * 86_400))
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

/// Runs a command to its end, however it ends.
pub fn output(
    command: &Command,
    environment: &[(String, String)],
    limit: Duration,
) -> Result<Output, ProcessError> {
    let until = after(limit);
    let mut running = Running::start(command, environment, Stdio::null(), Stdio::piped())?;
    let said = running.listen();
    let printed = Heard::of(running.child().stdout.take(), usize::MAX);
    let status = running.wait(until)?;
    // A listing that may go on is none.
    let stdout =
        printed.all(until).ok_or_else(|| ProcessError::TimedOut(running.line().to_owned()))?;
    Ok(Output { status, stdout, stderr: said.text(until) })
}

/// Runs a command that has to succeed.
pub fn run(
    command: &Command,
    environment: &[(String, String)],
    limit: Duration,
) -> Result<Vec<u8>, ProcessError> {
    let Output { status, stdout, stderr } = output(command, environment, limit)?;
    if status.success() {
        return Ok(stdout);
    }
    Err(ProcessError::Failed { command: command.to_string(), status, stderr })
}
