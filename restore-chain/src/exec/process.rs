//! One command: no shell, no input, a time limit.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Child, ExitStatus, Stdio};
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

    /// Reads its standard error in the background.
    pub(super) fn listen(&mut self) -> JoinHandle<String> {
        let stderr = self.child.stderr.take();
        thread::spawn(move || {
            let mut kept = Vec::new();
            let mut buffer = [0; 4096];
            let mut stderr = stderr;
            while let Some(read) = stderr
                .as_mut()
                .and_then(|stderr| stderr.read(&mut buffer).ok())
                .filter(|read| *read > 0)
            {
                kept.extend_from_slice(buffer.get(..read).unwrap_or_default());
                let surplus = kept.len().saturating_sub(KEPT);
                kept.drain(..surplus);
            }
            String::from_utf8_lossy(&kept).trim_end().to_owned()
        })
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
        let _ = self.child.wait();
        self.done = true;
    }
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
    let until = Instant::now() + limit;
    let mut running = Running::start(command, environment, Stdio::null(), Stdio::piped())?;
    let listener = running.listen();
    let stdout = running.child().stdout.take();
    let reader = thread::spawn(move || {
        let mut all = Vec::new();
        if let Some(mut stdout) = stdout {
            let _ = stdout.read_to_end(&mut all);
        }
        all
    });
    let status = running.wait(until)?;
    let stdout = reader.join().unwrap_or_default();
    let stderr = listener.join().unwrap_or_default();
    Ok(Output { status, stdout, stderr })
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
