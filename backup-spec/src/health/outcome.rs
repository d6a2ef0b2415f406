//! How a run ended, without loss: an incomplete copy is not a copy, and a failure is not an absence.

use std::fmt;

/// How a process ended, as `wait(2)` tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ended {
    /// By itself, with this status.
    Exited(u8),
    /// By this signal.
    Signal(u8),
}

/// What a run achieved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Outcome {
    /// All of it was copied. Only this updates what is known of the last success.
    Complete,
    /// A copy exists, and lacks what could not be read.
    Partial,
    /// There is no new copy.
    Failed(Cause),
    /// It was stopped before its end: by a person, by systemd after a timeout, by the kernel for want of memory.
    Killed,
}

/// Why there is no new copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Cause {
    /// The tool said that it failed.
    Error,
    /// The tool broke down (restic: a Go runtime error).
    Crash,
    /// There is no repository there. Nothing makes one by itself: perhaps it is not mounted.
    NoRepository,
    /// Another process holds the lock of the repository.
    Locked,
    /// The password opens no key of the repository.
    WrongPassword,
    /// The program could not be started.
    NotStarted,
    /// A status that the tool does not document.
    Unknown(u8),
}

impl Outcome {
    /// Of `restic` 0.18 (manual, "Scripting", "Exit codes"; 10 to 12 since 0.17).
    ///
    /// 126 and 127 are a shell's for a program it cannot run, 203 is systemd's; 128 and a signal's number is a shell's for a
    /// program that the signal ended, and 130 is restic's own for SIGINT and SIGTERM.
    pub fn of_restic(ended: Ended) -> Self {
        match ended {
            Ended::Exited(3) => Outcome::Partial,
            Ended::Exited(2) => Outcome::Failed(Cause::Crash),
            Ended::Exited(10) => Outcome::Failed(Cause::NoRepository),
            Ended::Exited(11) => Outcome::Failed(Cause::Locked),
            Ended::Exited(12) => Outcome::Failed(Cause::WrongPassword),
            _ => Self::of_any(ended),
        }
    }

    /// Of a tool that documents no more than 0 for success: sanoid, syncoid, pgBackRest, barman-cloud.
    pub fn of_any(ended: Ended) -> Self {
        match ended {
            Ended::Exited(0) => Outcome::Complete,
            Ended::Exited(1) => Outcome::Failed(Cause::Error),
            Ended::Exited(126 | 127 | 203) => Outcome::Failed(Cause::NotStarted),
            Ended::Signal(_) | Ended::Exited(129..=159) => Outcome::Killed,
            Ended::Exited(status) => Outcome::Failed(Cause::Unknown(status)),
        }
    }

    /// Whether everything that was to be copied is. Nothing else is a success.
    pub fn is_complete(self) -> bool {
        self == Outcome::Complete
    }

    /// One word, as metrics have it: `complete`, `partial`, `failed` or `killed`.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Complete => "complete",
            Outcome::Partial => "partial",
            Outcome::Failed(_) => "failed",
            Outcome::Killed => "killed",
        }
    }

    /// Every [`word`](Self::word).
    pub const WORDS: [&str; 4] = ["complete", "partial", "failed", "killed"];
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Failed(cause) => write!(f, "failed: {cause}"),
            _ => f.write_str(self.word()),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Cause::Error => "the tool reported an error",
            Cause::Crash => "the tool broke down",
            Cause::NoRepository => "there is no repository",
            Cause::Locked => "the repository is locked",
            Cause::WrongPassword => "the password is wrong",
            Cause::NotStarted => "the program could not be started",
            Cause::Unknown(status) => return write!(f, "exit status {status}"),
        })
    }
}

/// What systemd tells a unit's `ExecStopPost=` about its end, in `$SERVICE_RESULT`, `$EXIT_CODE` and `$EXIT_STATUS`
/// (systemd.exec(5), "Environment variables set on spawned processes").
///
/// It is the one place that sees every way a run can end: a script that ends with the run cannot report its own death.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceEnd {
    /// How the main process ended, if it ran.
    pub ended: Option<Ended>,
    /// Whether systemd stopped it for its time, its memory or its watchdog.
    pub stopped: bool,
}

/// A value that systemd does not give these variables.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{variable} is `{value}`, which systemd.exec(5) does not list")]
pub struct BadServiceEnd {
    variable: &'static str,
    value: String,
}

/// Signals by the names that `$EXIT_STATUS` has (signal(7), x86 and ARM).
const SIGNALS: [(&str, u8); 15] = [
    ("HUP", 1),
    ("INT", 2),
    ("QUIT", 3),
    ("ILL", 4),
    ("ABRT", 6),
    ("BUS", 7),
    ("FPE", 8),
    ("KILL", 9),
    ("USR1", 10),
    ("SEGV", 11),
    ("USR2", 12),
    ("PIPE", 13),
    ("ALRM", 14),
    ("TERM", 15),
    ("SYS", 31),
];

impl ServiceEnd {
    /// Reads the three variables; the last two are empty or unset where no process ran.
    pub fn read(result: &str, code: &str, status: &str) -> Result<Self, BadServiceEnd> {
        let bad = |variable, value: &str| BadServiceEnd { variable, value: value.to_owned() };
        let stopped = match result {
            "timeout" | "oom-kill" | "watchdog" => true,
            "success" | "exit-code" | "signal" | "core-dump" | "protocol" | "start-limit-hit"
            | "resources" | "exec-condition" => false,
            _ => return Err(bad("SERVICE_RESULT", result)),
        };
        let ended = match code {
            "" => None,
            "exited" => Some(Ended::Exited(match status.parse() {
                Ok(status) => status,
                Err(_) => return Err(bad("EXIT_STATUS", status)),
            })),
            "killed" | "dumped" => {
                let named = SIGNALS.iter().find(|(name, _)| *name == status);
                let number = named.map(|(_, number)| *number).or_else(|| status.parse().ok());
                Some(Ended::Signal(number.ok_or_else(|| bad("EXIT_STATUS", status))?))
            }
            _ => return Err(bad("EXIT_CODE", code)),
        };
        Ok(Self { ended, stopped })
    }

    /// The outcome; `of` is the tool's own mapping, such as [`Outcome::of_restic`].
    ///
    /// A tool that ends with status 0 on the signal of a timeout has not done its work, and a run of which no process was
    /// started has not either.
    pub fn outcome(self, of: fn(Ended) -> Outcome) -> Outcome {
        match self.ended {
            _ if self.stopped => Outcome::Killed,
            Some(ended) => of(ended),
            None => Outcome::Failed(Cause::NotStarted),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_one_outcome_and_only_zero_is_complete() {
        for status in 0..=255 {
            for of in [Outcome::of_restic, Outcome::of_any] {
                assert_eq!(of(Ended::Exited(status)).is_complete(), status == 0, "{status}");
                assert_eq!(of(Ended::Signal(status)), Outcome::Killed);
                assert!(Outcome::WORDS.contains(&of(Ended::Exited(status)).word()));
            }
        }
        assert_eq!(Outcome::of_restic(Ended::Exited(143)), Outcome::Killed);
        assert_eq!(Outcome::of_restic(Ended::Exited(130)), Outcome::Killed);
    }

    #[test]
    fn a_service_that_systemd_stopped_did_not_complete() {
        let end = |result, code, status| ServiceEnd::read(result, code, status).unwrap();
        let restic = |end: ServiceEnd| end.outcome(Outcome::of_restic);
        assert_eq!(restic(end("success", "exited", "0")), Outcome::Complete);
        assert_eq!(restic(end("exit-code", "exited", "3")), Outcome::Partial);
        assert_eq!(restic(end("timeout", "exited", "0")), Outcome::Killed);
        assert_eq!(restic(end("oom-kill", "killed", "KILL")), Outcome::Killed);
        assert_eq!(restic(end("signal", "killed", "TERM")), Outcome::Killed);
        assert_eq!(restic(end("resources", "", "")), Outcome::Failed(Cause::NotStarted));
        assert!(ServiceEnd::read("fine", "exited", "0").is_err());
        assert!(ServiceEnd::read("success", "exited", "zero").is_err());
    }
}
