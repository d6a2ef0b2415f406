//! Jobs of syncoid: written and read back, and where real syncoid is installed, carried out by it over a stand-in for `zfs`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::fmt::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use backup_spec::syncoid::option::{Form, OPTIONS, find};
use backup_spec::syncoid::{ArgvError, Compression, Flaw, Preserve, Replication, SyncSnapshots};
use proptest::prelude::*;
use zfs_props::name::DatasetName;

fn dataset(under: &'static str) -> impl Strategy<Value = DatasetName> {
    "[a-c]([.:_-][a-c])?(/[a-c])?".prop_map(move |name| format!("{under}/{name}").parse().unwrap())
}

fn job() -> impl Strategy<Value = Replication> {
    let snapshots = prop_oneof![
        Just(SyncSnapshots::Taken),
        Just(SyncSnapshots::TakenAndKept),
        any::<bool>().prop_map(|bookmark| SyncSnapshots::Existing { bookmark }),
    ];
    let preserve =
        prop_oneof![Just(Preserve::Nothing), Just(Preserve::Recordsize), Just(Preserve::Local)];
    let flags = proptest::array::uniform8(any::<bool>());
    let texts = (
        proptest::option::of("[a-z:._-]{1,5}"),
        "[wcLe]{0,2}",
        proptest::collection::vec("[a-z]{1,3}=[a-z/]{0,3}", 0..3),
        proptest::collection::vec("[a-z]{1,5}", 0..2),
        proptest::option::of("[0-9]{1,3}[kMG]"),
        proptest::option::of("/[a-z]{1,5}/key"),
        proptest::collection::vec("[A-Z][a-z]{1,5}=[a-z]{1,3}", 0..2),
    );
    let places = (
        dataset("tank"),
        prop_oneof![Just("nas:"), Just("repl@nas-1.lan:"), Just("")],
        proptest::collection::vec(dataset("tank"), 0..3),
    );
    let rest = (
        proptest::option::of(prop::sample::select(Compression::ALL)),
        proptest::option::of(1..=u16::MAX),
    );
    (places, snapshots, preserve, flags, texts, rest).prop_map(
        |((source, host, exclude), snapshots, preserve, flags, texts, (compress, port))| {
            let target = format!("{host}backup/{}", source.leaf());
            let mut job =
                Replication::new(source.as_str().parse().unwrap(), target.parse().unwrap());
            (job.snapshots, job.preserve, job.exclude, job.compress) =
                (snapshots, preserve, exclude, compress);
            let [recursive, skip, hold, intermediate, rollback, resume, sudo, unmounted] = flags;
            (job.recursive, job.skip_parent, job.hold, job.intermediate) =
                (recursive, skip, hold, intermediate);
            (job.rollback, job.resume, job.sudo, job.receive.unmounted) =
                (rollback, resume, sudo, unmounted);
            (job.identifier, job.send, job.receive.set, job.receive.without, ..) =
                (texts.0, texts.1, texts.2, texts.3);
            (job.source_limit, job.ssh.key, job.ssh.options, job.ssh.port) =
                (texts.4, texts.5, texts.6, port);
            job
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// What is written reads back as the same job, whether it has flaws or not.
    #[test]
    fn an_argument_list_reads_back(job in job()) {
        prop_assert_eq!(Replication::from_argv(&job.argv()).unwrap(), job);
    }

    /// Every word that is no place is an option of the table, in its order.
    #[test]
    fn options_are_those_of_the_table(job in job()) {
        let argv = job.argv();
        let (places, options) = argv[1..].split_at(argv.len() - 3);
        let (options, places) = (places, options);
        prop_assert_eq!(places.len(), 2);
        let order: Vec<usize> = options.iter().map(|word| {
            let name = word.split('=').next().unwrap();
            let row = find(name).unwrap();
            assert_eq!(row.form == Form::Flag, !word.contains('='), "{word}");
            OPTIONS.iter().position(|known| known.name == row.name).unwrap_or(OPTIONS.len())
        }).collect();
        prop_assert!(order.is_sorted(), "{argv:?}");
    }

    /// What is copied lies below the source, keeps its place below the target, and is not excluded.
    #[test]
    fn a_copy_keeps_its_place(job in job(), dataset in dataset("tank")) {
        if let Some(copy) = job.target_of(&dataset) {
            prop_assert_eq!(dataset.relative_to(&job.source.dataset), copy.relative_to(&job.target.dataset));
            prop_assert!(job.recursive || dataset == job.source.dataset);
            prop_assert!(job.exclude.iter().all(|out| dataset != *out && !dataset.is_under(out)));
        }
    }
}

#[test]
fn options_without_effect_are_flaws() {
    let mut job = Replication::new("tank/a".parse().unwrap(), "backup/a".parse().unwrap());
    job.skip_parent = true;
    job.exclude = vec!["tank/b".parse().unwrap()];
    job.ssh.port = Some(22);
    let flaws = job.flaws();
    assert_eq!(
        flaws.iter().filter(|flaw| matches!(flaw, Flaw::NoEffect { .. })).count(),
        3,
        "{flaws:?}"
    );
    assert!(flaws.contains(&Flaw::ExcludedElsewhere("tank/b".to_owned())));
    // What would break out of the command lines that syncoid makes.
    job.source_limit = Some("10M; id".to_owned());
    job.receive.set = vec!["a=b c".to_owned(), "nothing".to_owned()];
    job.send = "R".to_owned();
    let flaws = job.flaws();
    assert!(flaws.contains(&Flaw::SendOption('R')));
    assert!(flaws.iter().any(|flaw| matches!(flaw, Flaw::Unsafe { .. })));
    assert_eq!(flaws.iter().filter(|flaw| matches!(flaw, Flaw::ReceiveOption(_))).count(), 2);
    assert!("-oProxyCommand=id:tank/a".parse::<backup_spec::syncoid::Endpoint>().is_err());
}

/// A `zfs` with one snapshot on every source, no target, that writes down what is received.
const STAND_IN: &str = r#"#!/bin/sh
case "$*" in
    "list -o name,origin"*|"list -o name -t"*) cat "$STATE/list" ;;
    "list -d0"*) echo tank ;;
    *receive*-A*) ;;
    receive*) for last; do :; done; echo "$last" >> "$STATE/received"; cat > /dev/null ;;
    send*-n*) echo "size 1000" ;;
    send*) echo stream ;;
    snapshot*|destroy*|bookmark*|hold*|release*|rollback*) ;;
    *"-t snapshot"*) for last; do :; done
        case "$last" in tank*)
            printf '%s@one\tguid\t7\t-\n%s@one\tcreation\t1700000000\t-\n%s@one\tcreatetxg\t5\t-\n' "$last" "$last" "$last" ;;
        *) exit 1 ;; esac ;;
    *"get -H name"*|*"get -H -p name"*) for last; do :; done; case "$last" in tank*) printf '%s\tname\t%s\t-\n' "$last" "$last" ;; *) exit 1 ;; esac ;;
    get*) for last; do :; done; case "$last" in tank*) printf '%s\tx\t-\t-\n' "$last" ;; *) exit 1 ;; esac ;;
esac
"#;

/// The targets that real syncoid receives into are those that the job says.
#[test]
fn syncoid_copies_what_the_job_says() {
    let Ok(version) = Command::new("syncoid").arg("--version").output() else {
        println!("skipped: syncoid (not installed)");
        return;
    };
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    let release = version.split_whitespace().find_map(|word| {
        let mut numbers = word.trim_end_matches(',').split('.').map(str::parse::<u8>);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    });
    let release = release.unwrap_or((2, 1));
    let folder = tempfile::tempdir().unwrap();
    let bin = folder.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let zfs = bin.join("zfs");
    std::fs::write(&zfs, STAND_IN).unwrap();
    std::fs::set_permissions(&zfs, std::fs::Permissions::from_mode(0o755)).unwrap();
    let zpool = bin.join("zpool");
    std::fs::write(&zpool, "#!/bin/sh\nexit 0\n").unwrap();
    std::fs::set_permissions(&zpool, std::fs::Permissions::from_mode(0o755)).unwrap();

    let tree = ["tank/s", "tank/s/a", "tank/s/a/x", "tank/s/a.b", "tank/s/ab", "tank/s/c"];
    let jobs: [(bool, bool, &[&str]); 6] = [
        (false, false, &[]),
        (true, false, &[]),
        (true, true, &[]),
        (true, false, &["tank/s/a"]),
        (true, false, &["tank/s/a.b", "tank/s/a/x"]),
        (true, true, &["tank/s/ab"]),
    ];
    let mut received = 0;
    for (recursive, skip_parent, exclude) in jobs {
        let mut job = Replication::new("tank/s".parse().unwrap(), "backup/s".parse().unwrap());
        (job.recursive, job.skip_parent) = (recursive, skip_parent);
        job.exclude = exclude.iter().map(|name| name.parse().unwrap()).collect();
        (job.snapshots, job.resume) = (SyncSnapshots::Existing { bookmark: false }, false);
        assert!(job.flaws().is_empty());
        let mut argv = job.argv();
        // What 2.3 calls `--exclude-datasets` was `--exclude` before.
        if release < (2, 3) {
            for word in &mut argv {
                *word = word.replace("--exclude-datasets=", "--exclude=");
            }
        }
        let mut list = String::new();
        for name in tree {
            let _ = writeln!(list, "{name}\t-");
        }
        std::fs::write(folder.path().join("list"), list).unwrap();
        let log = folder.path().join("received");
        let _ = std::fs::remove_file(&log);
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
        let output = Command::new("syncoid")
            .args(["--no-command-checks", "--compress=none"])
            .args(&argv[1..])
            .env("PATH", path)
            .env("STATE", folder.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!said.contains("Unknown option"), "{said}");
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        let got: BTreeSet<String> =
            text.lines().map(|line| line.trim_matches('\'').to_owned()).collect();
        let names = tree.iter().map(|name| name.parse::<DatasetName>().unwrap());
        let meant: BTreeSet<String> =
            names.filter_map(|name| job.target_of(&name)).map(|name| name.to_string()).collect();
        assert_eq!(got, meant, "{argv:?}\n{said}");
        received += got.len();
    }
    println!(
        "syncoid {}.{}: {} jobs compared, {received} datasets received",
        release.0,
        release.1,
        jobs.len()
    );
}

/// Every option of the table that this release has is one that real syncoid reads.
#[test]
fn syncoid_reads_every_option() {
    let Ok(output) = Command::new("syncoid").arg("--version").output() else {
        println!("skipped: syncoid (not installed)");
        return;
    };
    let version = String::from_utf8_lossy(&output.stdout).into_owned();
    let release = if version.contains("2.3") {
        (2, 3)
    } else if version.contains("2.2") {
        (2, 2)
    } else {
        (2, 1)
    };
    let mut read = 0;
    for option in OPTIONS {
        let value = if option.name.ends_with("port") { "22" } else { "lz4" };
        let word = if option.form == Form::Flag {
            option.name.to_owned()
        } else {
            format!("{}={value}", option.name)
        };
        let output = Command::new("syncoid").arg(&word).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let known = !said.contains("Unknown option");
        assert_eq!(known, option.since <= release, "{word} {release:?}: {said}");
        read += usize::from(known);
    }
    println!("syncoid {}.{}: {read} of {} options read", release.0, release.1, OPTIONS.len());
}

/// Read and written again, `--no-sync-snap --keep-sync-snap` was `--keep-sync-snap`, which takes snapshots and keeps them all,
/// and `--create-bookmark` alone took none any more. In syncoid the first takes none, and the other does nothing
/// ("only works with --no-sync-snap").
#[test]
fn options_that_do_nothing_do_not_take_over() {
    let read = |options: &[&str]| {
        let words = [&["syncoid"], options, &["tank/a", "backup/a"]].concat();
        Replication::from_argv(&words).map(|job| job.argv().len() - 3)
    };
    for options in [
        &["--no-sync-snap", "--keep-sync-snap"][..],
        &["--keep-sync-snap", "--no-sync-snap"],
        &["--create-bookmark"],
        &["--preserve-properties", "--preserve-recordsize"],
    ] {
        let error = read(options).unwrap_err();
        assert!(matches!(error, ArgvError::NoEffect { .. }), "{options:?}: {error}");
    }
    for options in [
        &["--create-bookmark", "--no-sync-snap"][..],
        &["--keep-sync-snap"],
        &["--preserve-recordsize"],
    ] {
        assert_eq!(read(options), Ok(options.len()));
    }
}
