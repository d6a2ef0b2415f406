//! Beside the sanoid that is installed: files that we write, over datasets of a stand-in for `zfs`.
#![cfg(all(feature = "proptest", feature = "tz", unix))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use backup_spec::Snapshot;
use backup_spec::retention::sanoid::{World, monitor_capacity, run};
use backup_spec::sanoid::{Config, strategy};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

const DATASETS: [&str; 5] = ["tank", "tank/a", "tank/a/x", "tank/b", "templates/q"];

/// Keeps datasets in one file, snapshots with their creation in another, and writes down what it is asked
/// to do.
const ZFS: &str = r#"#!/bin/sh
case "$1" in
list)
    for last in "$@"; do :; done
    grep -E "^$last(/|\$)" "$WORLD/datasets" ;;
get) cat "$WORLD/snapshots" ;;
snapshot)
    shift
    flag=; [ "$1" = -r ] && { flag='-r '; shift; }
    if grep -q "^$1	" "$WORLD/snapshots"; then echo 'dataset already exists' >&2; exit 1; fi
    echo "take $flag$1" >> "$WORLD/done" ;;
destroy) echo "destroy $2" >> "$WORLD/done" ;;
esac
"#;

fn executable(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Without the time in a name that is taken: each dataset has the second in which it was its turn.
fn timeless(line: &str) -> String {
    match (line.split_once('@'), line.rsplit_once('_')) {
        (Some((dataset, _)), Some((_, kind))) if line.starts_with("take") => {
            format!("{dataset}@{kind}")
        }
        _ => line.to_owned(),
    }
}

/// What a run of ours would do, in the words of the stand-in.
fn ours(config: &Config, world: &World) -> Option<BTreeSet<String>> {
    let run = run(&config.resolve(&DATASETS).unwrap(), world);
    if run.died.is_some() {
        return None;
    }
    let taken = run.taken.iter().map(|taken| {
        let flag = if taken.recursive { "-r " } else { "" };
        timeless(&format!("take {flag}{}@{}", taken.dataset, taken.name))
    });
    let destroyed =
        run.destroyed.iter().map(|(dataset, name, _)| format!("destroy {dataset}@{name}"));
    Some(taken.chain(destroyed).collect())
}

#[test]
fn does_what_sanoid_does() {
    let Ok(version) = Command::new("sanoid").arg("--version").output() else {
        println!("skipped: sanoid (no sanoid)");
        return;
    };
    println!("{}", String::from_utf8_lossy(&version.stdout).lines().next().unwrap_or_default());
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::create_dir(path("bin")).unwrap();
    executable(&path("bin/zfs"), ZFS);
    executable(&path("bin/zpool"), "#!/bin/sh\necho ${USED:-50}%\n");
    // Older versions look for a `zfs send` before each destroy.
    executable(&path("bin/ps"), "#!/bin/sh\n");
    std::fs::write(path("datasets"), DATASETS.join("\n") + "\n").unwrap();
    let search = format!("{}:{}", path("bin").display(), std::env::var("PATH").unwrap_or_default());

    let mut runner = TestRunner::default();
    let (mut same, mut died, mut taken, mut destroyed) = (0, 0, 0, 0);
    for nr in 0..40_i64 {
        let config = strategy::config().new_tree(&mut runner).unwrap().current();
        // Scripts are of no concern here, one key is younger than some installed versions, and how full
        // the pool is has its own recordings.
        let mut text = String::new();
        for line in config.to_string().lines() {
            if !line.contains("_script") && !line.contains("prune_defer") {
                writeln!(text, "{line}").unwrap();
            }
        }
        // A pool that sanoid passes over.
        text.push_str("[templates/q]\nhourly = 1\n");
        let config: Config = text.parse().unwrap();
        std::fs::write(path("sanoid.conf"), &text).unwrap();
        if Path::new("/usr/share/sanoid/sanoid.defaults.conf").exists() {
            std::fs::copy("/usr/share/sanoid/sanoid.defaults.conf", path("sanoid.defaults.conf"))
                .unwrap();
        }

        let start = Timestamp::now();
        let mut datasets = BTreeMap::new();
        let mut listed = String::new();
        for dataset in DATASETS {
            let mut snapshots = Vec::new();
            for (kind, seconds) in [
                ("frequently", 900),
                ("hourly", 3600),
                ("daily", 86_400),
                ("weekly", 604_800),
                ("monthly", 2_678_400),
            ] {
                for age in 0..8 {
                    // Young ones in some runs only.
                    let age = seconds * age + nr * 977 % (2 * seconds);
                    let created = start.as_second() - age - 5;
                    let name = format!("autosnap_{age}_{kind}");
                    writeln!(listed, "{dataset}@{name}\tcreation\t{created}\t-").unwrap();
                    snapshots.push(Snapshot::new(name, Timestamp::from_second(created).unwrap()));
                }
            }
            datasets.insert(dataset.to_owned(), snapshots);
        }
        std::fs::write(path("snapshots"), &listed).unwrap();
        std::fs::write(path("done"), "").unwrap();
        for name in ["cache", "run"] {
            let _ = std::fs::remove_dir_all(path(name));
        }
        let zone = ["UTC", "Europe/Berlin", "Asia/Kolkata"][usize::try_from(nr % 3).unwrap()];
        let before = Timestamp::now();
        let output = Command::new("sanoid")
            .args(["--cron", "--configdir"])
            .arg(folder.path())
            .arg("--cache-dir")
            .arg(path("cache"))
            .arg("--run-dir")
            .arg(path("run"))
            .env("PATH", &search)
            .env("WORLD", folder.path())
            .env("TZ", zone)
            .output()
            .unwrap();
        let after = Timestamp::now();
        let done = std::fs::read_to_string(path("done")).unwrap();
        let theirs: BTreeSet<String> = done.lines().map(timeless).collect();
        let mut world = World {
            now: before,
            zone: TimeZone::get(zone).unwrap(),
            datasets,
            capacity: BTreeMap::from([("tank".to_owned(), 50)]),
        };
        // The clock went on while it ran: the answer of one of these seconds.
        let mut answers = (before.as_second()..=after.as_second()).map(|second| {
            world.now = Timestamp::from_second(second).unwrap();
            ours(&config, &world)
        });
        let expected = output.status.success().then(|| theirs.clone());
        let found = answers.any(|answer| answer == expected);
        let error = String::from_utf8_lossy(&output.stderr);
        let last = ours(&config, &world).unwrap_or_default();
        let differ: Vec<_> = last.symmetric_difference(&theirs).collect();
        assert!(found, "{zone}\n{text}\n{error}\nonly one of us: {differ:#?}");
        same += 1;
        died += usize::from(expected.is_none());
        taken += theirs.iter().filter(|line| line.starts_with("take")).count();
        destroyed += theirs.iter().filter(|line| line.starts_with("destroy")).count();
    }
    println!(
        "sanoid: {same} files alike ({died} of them fatal), {taken} taken, {destroyed} destroyed"
    );
    assert!(taken > 0 && destroyed > 0);
}

#[test]
fn watches_pools_as_sanoid_does() {
    if Command::new("sanoid").arg("--version").output().is_err() {
        println!("skipped: sanoid --monitor-capacity (no sanoid)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::create_dir(path("bin")).unwrap();
    executable(&path("bin/zfs"), "#!/bin/sh\n");
    executable(&path("bin/zpool"), "#!/bin/sh\necho $USED%\n");
    let search = format!("{}:{}", path("bin").display(), std::env::var("PATH").unwrap_or_default());
    let defaults = Path::new("/usr/share/sanoid/sanoid.defaults.conf");
    if defaults.exists() {
        std::fs::copy(defaults, path("sanoid.defaults.conf")).unwrap();
    }
    let mut compared = 0;
    for text in [
        "[tank/a]\ndaily = 1\n",
        "[tank]\ncapacity_warn = 50\ncapacity_crit = 60\n[tank/a]\ncapacity_warn = 10\n",
        "[tank]\ncapacity_warn = 0\ncapacity_crit = 0\n",
        "[tank]\ncapacity_warn = 0\ncapacity_crit = 90\n",
        "[tank]\ncapacity_warn = 80\ncapacity_crit = 101\n",
        "[tank]\ncapacity_warn = many\n",
    ] {
        std::fs::write(path("sanoid.conf"), text).unwrap();
        for used in [49_u8, 50, 60, 79, 80, 90, 95, 100] {
            let status = Command::new("sanoid")
                .args(["--monitor-capacity", "--configdir"])
                .arg(folder.path())
                .arg("--cache-dir")
                .arg(path("cache"))
                .arg("--run-dir")
                .arg(path("run"))
                .env("PATH", &search)
                .env("USED", used.to_string())
                .output()
                .unwrap()
                .status;
            let world = World {
                now: Timestamp::UNIX_EPOCH,
                zone: TimeZone::UTC,
                datasets: BTreeMap::new(),
                capacity: BTreeMap::from([("tank".to_owned(), used)]),
            };
            let config: Config = text.parse().unwrap();
            let report = monitor_capacity(&config.resolve(&["tank", "tank/a"]).unwrap(), &world);
            match (status.code().unwrap(), report) {
                (code @ 0..=2, Ok(report)) => {
                    assert_eq!(i32::from(report.code), code, "{text} {used}");
                }
                (code, report) => assert!(code > 2 && report.is_err(), "{text} {used}: {code}"),
            }
            compared += 1;
        }
    }
    println!("sanoid --monitor-capacity: {compared} exit codes alike");
}

/// Prints each file: `!` if it cannot be read, else section, key and values, with unit separators.
const READER: &str = r#"
use Config::IniFiles;
for my $file (@ARGV) {
    my $ini = Config::IniFiles->new(-file => $file);
    if (!$ini) { print "!\n\x1e"; next; }
    for my $section ($ini->Sections) {
        print "[$section\n";
        for my $key ($ini->Parameters($section)) {
            print join("\x1f", $key, $ini->val($section, $key)), "\n";
        }
    }
    print "\x1e";
}
"#;

fn as_read(config: &Config) -> String {
    let mut text = String::new();
    for section in config.sections() {
        writeln!(text, "[{}", section.name).unwrap();
        for entry in &section.entries {
            let mut parts = vec![entry.key.as_str()];
            parts.extend(entry.values.iter().map(String::as_str));
            writeln!(text, "{}", parts.join("\u{1f}")).unwrap();
        }
    }
    text
}

#[test]
fn takes_a_file_apart_as_perl_does() {
    let perl = Command::new("perl").args(["-MConfig::IniFiles", "-e", "1"]).output();
    if !perl.is_ok_and(|output| output.status.success()) {
        println!("skipped: Config::IniFiles (no perl with it)");
        return;
    }
    let lines = [
        "[a]",
        "[ b/c ]",
        "[a] ",
        "\t[d e]",
        "[]",
        "[ ]",
        "[x",
        "x]",
        "[a]b]",
        "k = v",
        " k=v ",
        "k =",
        "=v",
        " = v",
        "k = a = b",
        "long key = 1 # one",
        "# c",
        "  ; c",
        "",
        "  ",
        "junk",
        "k = <<E",
        "E",
        "k = <<",
        "k2 = \u{e4}",
        "k = v\r",
        "\u{feff}[a]",
        "; = ",
        "k",
        "[a]=b",
    ];
    let text = proptest::collection::vec(
        (
            proptest::sample::select(lines.to_vec()),
            proptest::sample::select(&["\n", "\n", "\n", "\r\n"][..]),
        ),
        0..8,
    );
    let mut runner = TestRunner::default();
    let folder = tempfile::tempdir().unwrap();
    let texts: Vec<String> = (0..1500)
        .map(|nr| {
            let pairs = text.new_tree(&mut runner).unwrap().current();
            // Most files begin as a file does. Lines may end in two ways after a first that ends in one;
            // after a first that ends as Windows' do, lines that do not are no lines, and never keys that
            // sanoid knows.
            let begins = nr % 4 > 0;
            let mut text = if begins { "[a]\n".to_owned() } else { String::new() };
            for (line, end) in pairs {
                text.push_str(line);
                text.push_str(match (nr % 3, begins) {
                    (0, true) => end,
                    (0, false) => "\r\n",
                    _ => "\n",
                });
            }
            // Editors of another persuasion leave the end of the last line out; a line without any end is not read.
            if nr % 5 == 0 {
                text.truncate(text.trim_end_matches(['\r', '\n']).len());
            }
            text
        })
        .collect();
    let files: Vec<_> = (0..texts.len()).map(|nr| folder.path().join(nr.to_string())).collect();
    for (file, text) in files.iter().zip(&texts) {
        std::fs::write(file, text).unwrap();
    }
    let output = Command::new("perl").args(["-e", READER]).args(&files).output().unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    let theirs: Vec<&str> = output.split('\u{1e}').collect();
    let (mut read, mut refused) = (0, 0);
    for (text, theirs) in texts.iter().zip(theirs) {
        match text.parse::<Config>() {
            Ok(config) => {
                assert_eq!(as_read(&config), theirs, "{text:?}");
                read += 1;
            }
            Err(error) => {
                assert_eq!(theirs, "!\n", "{text:?}: {error}");
                refused += 1;
            }
        }
    }
    println!("Config::IniFiles: {read} files read alike, {refused} refused alike");
    assert!(read > 0 && refused > 0);
}
