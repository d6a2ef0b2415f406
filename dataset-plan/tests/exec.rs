//! The real world, with a stand-in for `zfs` that says what real ones say.
#![cfg(feature = "exec")]
#![allow(clippy::format_push_string, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::os::unix::fs::PermissionsExt;

use dataset_plan::exec::{Cli, CliError};
use dataset_plan::{Observed, Plan, Policy, Spec, plan};

/// Writes its arguments to `calls`, a line each with `|` behind every word, and does what the file `answer` says.
const ZFS: &str = r#"#!/bin/sh
here=${0%/*}
{ printf '%s|' "$LC_ALL" "$@"; echo; } >>"$here/calls"
. "$here/answer"
"#;

const POOL: &str = "tank\ttype\tfilesystem\t-\t-\n";

struct Host(tempfile::TempDir);

impl Host {
    fn new(answer: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let zfs = folder.path().join("zfs");
        fs::write(&zfs, ZFS).unwrap();
        fs::set_permissions(&zfs, fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(folder.path().join("answer"), answer).unwrap();
        fs::write(folder.path().join("pool"), POOL).unwrap();
        Self(folder)
    }

    fn cli(&self) -> Cli {
        let path = format!("PATH={}:/usr/bin:/bin", self.0.path().display());
        Cli::new().prefix(["env".to_owned(), path])
    }

    fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.0.path().join("calls")).unwrap_or_default();
        calls.lines().map(str::to_owned).collect()
    }
}

fn planned() -> Plan {
    let spec = "[utility.\"tank/a\"]\nmountpoint = \"/srv/a b\"\n[utility.\"tank/b\"]\nproperties = { \"x:y\" = \"$(id) 'q'\" }\n";
    let observed = Observed::from_zfs_get(POOL).unwrap();
    plan(&Spec::from_toml(spec).unwrap(), &observed, &Policy::default()).unwrap()
}

#[test]
fn arguments_reach_the_program_as_they_are() {
    let host = Host::new("case $1 in list) [ $2 = -Hp ] ;; get) cat \"$here/pool\" ;; esac");
    let mut told = Vec::new();
    let outcome = host.cli().apply(&planned(), |progress| told.push((progress.done, progress.all)));
    assert!(outcome.interrupted.is_none(), "{outcome:?}");
    assert_eq!(outcome.now.unwrap(), Observed::from_zfs_get(POOL).unwrap());
    assert_eq!(told, [(0, 2), (1, 2)]);
    let calls = host.calls();
    let creates: Vec<_> = calls.iter().filter(|call| call.starts_with("C|create|")).collect();
    assert_eq!(
        creates,
        [
            "C|create|-o|mountpoint=/srv/a b|tank/a|",
            "C|create|-o|mountpoint=none|-o|x:y=$(id) 'q'|tank/b|",
        ]
    );
    assert_eq!(
        calls[calls.len() - 2..],
        [
            "C|get|-Hp|-o|name,property,value,received,source|-t|filesystem,volume|all|",
            "C|list|-Hp|-t|snapshot|-o|name,guid,createtxg,userrefs,clones|",
        ]
    );
}

/// A pool with this many datasets that are to inherit another value.
fn with_many(count: usize, name: impl Fn(usize) -> String) -> (String, Plan) {
    let mut pool = POOL.to_owned();
    let mut spec = String::new();
    for number in 0..count {
        let name = name(number);
        pool += &format!("{name}\ttype\tfilesystem\t-\t-\n{name}\tmountpoint\tnone\t-\tlocal\n");
        pool += &format!("{name}\tmounted\tno\t-\t-\n{name}\tatime\ton\t-\tdefault\n");
        spec += &format!(
            "[utility.\"{name}\"]\nmountpoint = \"none\"\nproperties = {{ atime = \"off\" }}\n"
        );
    }
    let observed = Observed::from_zfs_get(pool.as_str()).unwrap();
    let plan = plan(&Spec::from_toml(&spec).unwrap(), &observed, &Policy::default()).unwrap();
    assert_eq!(plan.steps().len(), count, "{plan}");
    (pool, plan)
}

#[test]
fn one_process_does_the_same_to_many_datasets() {
    let (pool, plan) = with_many(300, |number| format!("tank/{number:03}"));
    let host = Host::new("case $1 in get) cat \"$here/pool\" ;; esac");
    fs::write(host.0.path().join("pool"), pool).unwrap();
    let mut told = 0;
    let outcome = host.cli().apply(&plan, |_| told += 1);
    assert!(outcome.interrupted.is_none(), "{outcome:?}");
    assert_eq!(told, 300);
    let calls = host.calls();
    let [set, get, _] = calls.as_slice() else { panic!("{calls:?}") };
    assert!(set.starts_with("C|set|atime=off|tank/000|tank/001|"), "{set}");
    assert!(set.ends_with("|tank/299|") && get.starts_with("C|get|"), "{set}");
}

/// No command is longer than any Linux allows (128 KiB; `getconf ARG_MAX` says more nearly everywhere).
#[test]
fn long_names_are_shared_out_among_processes() {
    let long = "n".repeat(200);
    let (_, plan) = with_many(1000, |number| format!("tank/{number:03}{long}"));
    let host = Host::new("");
    let _ = host.cli().apply(&plan, |_| {});
    let calls = host.calls();
    let sets: Vec<&String> = calls.iter().filter(|call| call.starts_with("C|set|")).collect();
    assert_eq!(sets.len(), 4);
    assert!(sets.iter().all(|call| call.len() < 128 << 10));
    let names: usize = sets.iter().map(|call| call.matches("|tank/").count()).sum();
    assert_eq!(names, 1000);
}

/// ZFS goes on after the dataset that it fails for, and says no more than that one failed.
#[test]
fn the_step_that_fails_among_many_is_found() {
    let (pool, plan) = with_many(5, |number| format!("tank/{number}"));
    let host = Host::new(
        r#"case "$1 $*" in
        set*tank/3*) echo "cannot set property for 'tank/3': permission denied" >&2; exit 1 ;;
        get*) cat "$here/pool" ;;
        esac"#,
    );
    fs::write(host.0.path().join("pool"), pool).unwrap();
    let interrupted = host.cli().apply(&plan, |_| {}).interrupted.unwrap();
    assert_eq!((interrupted.done, interrupted.not_begun), (3, 1));
    let failed = plan.steps().iter().find(|step| step.id == interrupted.failed).unwrap();
    assert_eq!(failed.dataset.as_str(), "tank/3");
    assert!(interrupted.error.to_string().contains("permission denied"), "{interrupted}");
}

/// OpenZFS, as a user who may not mount: exit 1, and the dataset is there.
#[test]
fn a_dataset_that_was_created_and_could_not_be_mounted_is_called_so() {
    let host = Host::new(
        r#"case $1 in
        create) : >"$here/made"; echo 'filesystem successfully created, but it may only be mounted by root' >&2; exit 1 ;;
        list) [ $2 = -Hp ] && exit; [ -e "$here/made" ] && echo no || exit 1 ;;
        get) cat "$here/pool"; printf 'tank/a\ttype\tfilesystem\t-\t-\n' ;;
        esac"#,
    );
    let outcome = host.cli().apply(&planned(), |_| {});
    let interrupted = outcome.interrupted.unwrap();
    assert_eq!((interrupted.done, interrupted.not_begun), (0, 1));
    assert!(
        matches!(&interrupted.error, CliError::CreatedNotMounted { dataset, .. } if dataset.as_str() == "tank/a"),
        "{interrupted}"
    );
    // What is there is what was observed, not what the exit status suggests.
    assert!(outcome.now.unwrap().dataset(&"tank/a".parse().unwrap()).is_some());
}

/// It was there before, so this step did not make it.
#[test]
fn a_dataset_of_somebody_else_is_not_taken_for_a_new_one() {
    let host = Host::new(
        r#"case $1 in
        create) echo "cannot create: dataset already exists" >&2; exit 1 ;;
        list) echo no ;;
        get) cat "$here/pool" ;;
        esac"#,
    );
    let error = host.cli().apply(&planned(), |_| {}).interrupted.unwrap().error;
    assert!(
        matches!(&error, CliError::Failed { stderr, .. } if stderr.contains("exists")),
        "{error}"
    );
}

/// A tool that fails says nothing of what is there.
#[test]
fn a_failed_observation_is_no_empty_machine() {
    let host = Host::new("echo 'The ZFS modules are not loaded.' >&2; exit 1");
    let error = host.cli().observe().unwrap_err();
    assert!(error.to_string().contains("not loaded"), "{error}");
    let host = Host::new("printf 'tank\ttype\tfile'");
    assert!(matches!(host.cli().observe(), Err(CliError::Unreadable { .. })));
    let absent = Cli::new().prefix(["/nonexistent/program"]);
    assert!(matches!(absent.observe(), Err(CliError::NotStarted { .. })));
}

/// What `zfs get -t snapshot all` and `zfs list -t snapshot` say of the same snapshots is the same for a plan.
#[test]
fn snapshots_are_observed_as_they_are_listed() {
    let recorded = include_str!("../../examples/hosts/forge.get");
    let whole = Observed::from_zfs_get(recorded).unwrap();
    let is_snapshot = |line: &&str| line.split('\t').next().unwrap().contains('@');
    let without: Vec<&str> = recorded.lines().filter(|line| !is_snapshot(line)).collect();
    let without = without.join("\n") + "\n";
    let mut listed = String::new();
    for line in recorded.lines().filter(is_snapshot).filter(|line| line.contains("\tguid\t")) {
        let name = line.split('\t').next().unwrap();
        let value = |property: &str| {
            let line =
                recorded.lines().find(|line| line.starts_with(&format!("{name}\t{property}\t")));
            line.map_or("-", |line| line.split('\t').nth(2).unwrap())
        };
        let cells = ["guid", "createtxg", "userrefs", "clones"].map(value);
        listed += &format!("{name}\t{}\n", cells.join("\t"));
    }
    assert!(listed.lines().count() > 3, "{listed}");
    let parts = Observed::from_zfs_get(&without).unwrap().with_snapshots(&listed).unwrap();
    assert_eq!(parts, whole);
    let pretty = "tank/services/mealie@a\t1\tx\t0\t-\n";
    assert!(Observed::from_zfs_get(&without).unwrap().with_snapshots(pretty).is_err());
    assert!(
        Observed::from_zfs_get(&without).unwrap().with_snapshots("tank\t1\t2\t0\t-\n").is_err()
    );
}
