//! Processes, pipes and records, for real.
#![cfg(feature = "exec")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::time::{Duration, Instant};

use restore_chain::Service;
use restore_chain::command::Command;
use restore_chain::exec::process::ProcessError;
use restore_chain::exec::{Folder, Tools, file, pipe, process};
use restore_chain::preseed::World as _;

const LONG: Duration = Duration::from_secs(30);

fn sh(script: &str) -> Command {
    Command::new(["sh", "-c", script])
}

#[test]
fn what_takes_too_long_ends_with_all_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let alive = folder.path().join("alive");
    let script = format!("(sleep 3; touch {}) & sleep 60", alive.display());
    let started = Instant::now();
    let result = process::run(&sh(&script), &[], Duration::from_millis(300));
    assert!(matches!(result, Err(ProcessError::TimedOut(_))), "{result:?}");
    assert!(started.elapsed() < Duration::from_secs(20));
    std::thread::sleep(Duration::from_millis(3500));
    assert!(!alive.exists(), "what it had started went on");
}

#[test]
fn both_ends_of_a_pipe_are_heard() {
    let sum = pipe::run(&sh("head -c 3000000 /dev/zero"), &sh("cat >/dev/null"), &[], LONG, |_| {});
    assert_eq!(sum.unwrap(), 3_000_000);
    // A sender that fails although the receiver is content, and the other way round.
    let result = pipe::run(
        &sh("echo half; echo broke >&2; exit 3"),
        &sh("cat >/dev/null"),
        &[],
        LONG,
        |_| {},
    );
    assert!(result.unwrap_err().to_string().contains("broke"));
    let result = pipe::run(
        &sh("yes"),
        &sh("head -c 10 >/dev/null; echo full >&2; exit 4"),
        &[],
        LONG,
        |_| {},
    );
    assert!(result.unwrap_err().to_string().contains("full"));
    let result = pipe::run(&sh("sleep 60"), &sh("cat"), &[], Duration::from_millis(200), |_| {});
    assert!(matches!(result, Err(ProcessError::TimedOut(_))));
}

#[test]
fn a_missing_program_is_an_error_and_no_absence() {
    let result = process::run(&Command::new(["/no/such/program"]), &[], LONG);
    assert!(matches!(result, Err(ProcessError::NotStarted { .. })));
}

#[test]
fn records_are_there_in_full_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("below/record");
    assert_eq!(file::read(&path).unwrap(), None);
    for text in ["first", "second, longer", "3"] {
        file::write(&path, text).unwrap();
        assert_eq!(file::read(&path).unwrap().as_deref(), Some(text));
    }
    file::remove(&path).unwrap();
    file::remove(&path).unwrap();
    assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 0);
}

/// The lock of a run is held by what it has started, too, and by nobody after that.
#[test]
fn of_two_runs_one_has_the_lock() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::new("x", "folder/x".parse().unwrap(), "/nowhere/x".parse().unwrap());
    let mut first = Folder::new(Tools::below(folder.path()));
    let mut second = Folder::new(Tools::below(folder.path()));
    assert!(first.lock(&service).unwrap());
    assert!(!second.lock(&service).unwrap());
    first.unlock(&service);
    assert!(second.lock(&service).unwrap());
}

/// A budget may be any number.
#[test]
fn a_limit_that_no_clock_reaches_is_no_panic() {
    process::run(&sh("true"), &[], Duration::MAX).unwrap();
    pipe::run(&sh("echo"), &sh("cat >/dev/null"), &[], Duration::MAX, |_| {}).unwrap();
}

/// The master of shared `ssh` connections, say, stays for hours, with all that it has inherited.
#[test]
fn what_a_command_leaves_behind_holds_up_nobody() {
    let started = Instant::now();
    let output = process::run(&sh("setsid sleep 30 >/dev/null & echo done"), &[], LONG).unwrap();
    assert_eq!(output, b"done\n");
    // What still holds the output could add to it: that is no answer yet.
    let limit = Duration::from_secs(2);
    let result = process::run(&sh("setsid sleep 30 & echo done"), &[], limit);
    assert!(matches!(result, Err(ProcessError::TimedOut(_))), "{result:?}");
    let result =
        pipe::run(&sh("setsid sleep 30 & echo"), &sh("head -c 1 >/dev/null"), &[], limit, |_| {});
    assert!(matches!(result, Err(ProcessError::TimedOut(_))), "{result:?}");
    let quiet = "setsid sleep 30 >/dev/null & echo";
    pipe::run(&sh(quiet), &sh("cat >/dev/null"), &[], LONG, |_| {}).unwrap();
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
}
