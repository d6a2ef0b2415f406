//! A send into a receive: two processes, the bytes between them counted, both exit statuses seen.

use std::io::Write;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::process::{self, ProcessError, Running};
use crate::command::Command;

/// How far a transfer has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Bytes so far.
    pub bytes: u64,
    /// Bytes a second, since the beginning.
    pub rate: u64,
    /// Since the beginning.
    pub elapsed: Duration,
}

/// How often progress is told.
const TELL: Duration = Duration::from_millis(500);
const LOOK: Duration = Duration::from_millis(10);

/// Runs both until they end. It failed if either did; what both said is told then, for the cause is mostly on the side
/// that did not fail first.
pub fn run(
    send: &Command,
    receive: &Command,
    environment: &[(String, String)],
    limit: Duration,
    mut progress: impl FnMut(Progress),
) -> Result<u64, ProcessError> {
    let started = Instant::now();
    let until = process::after(limit);
    let mut receiver = Running::start(receive, environment, Stdio::piped(), Stdio::null())?;
    let mut sender = Running::start(send, environment, Stdio::null(), Stdio::piped())?;
    let (from_sender, from_receiver) = (sender.listen(), receiver.listen());
    let (from, to) = (sender.child().stdout.take(), receiver.child().stdin.take());
    let count = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&count);
    let pump = thread::spawn(move || {
        let (Some(mut from), Some(mut to)) = (from, to) else { return };
        let mut buffer = vec![0; 1 << 20];
        while let Some(read) = process::next(&mut from, &mut buffer) {
            // The receiver ended: the sender gets no reader any more, and ends.
            if to.write_all(buffer.get(..read).unwrap_or_default()).is_err() {
                return;
            }
            counted.fetch_add(read as u64, Ordering::Relaxed);
        }
    });
    let mut told = started;
    let mut ends = (None, None);
    while ends.0.is_none() || ends.1.is_none() {
        ends.0 = ends.0.or(sender.ended()?);
        ends.1 = ends.1.or(receiver.ended()?);
        let now = Instant::now();
        if now >= until {
            sender.end();
            receiver.end();
            return Err(ProcessError::TimedOut(format!("{} | {}", sender.line(), receiver.line())));
        }
        if now - told >= TELL {
            told = now;
            let (bytes, elapsed) = (count.load(Ordering::Relaxed), now - started);
            let rate = u128::from(bytes) * 1000 / elapsed.as_millis().max(1);
            progress(Progress { bytes, rate: u64::try_from(rate).unwrap_or(u64::MAX), elapsed });
        }
        thread::sleep(LOOK);
    }
    let whole = process::finished(&pump, until);
    let (there, here) = (from_sender.text(until), from_receiver.text(until));
    for (status, line) in [(ends.1, receiver.line()), (ends.0, sender.line())] {
        if let Some(status) = status.filter(|status| !status.success()) {
            let said: Vec<&str> = [here.as_str(), there.as_str()]
                .into_iter()
                .filter(|said| !said.is_empty())
                .collect();
            return Err(ProcessError::Failed {
                command: line.to_owned(),
                status,
                stderr: said.join("; "),
            });
        }
    }
    // Both ended well, and something that the sender left behind may still send.
    if !whole {
        return Err(ProcessError::TimedOut(format!("{} | {}", sender.line(), receiver.line())));
    }
    Ok(count.load(Ordering::Relaxed))
}
