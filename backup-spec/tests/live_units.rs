//! What is rendered, before those who read it: systemd on units, `promtool` on rules and on series that they are to judge.
#![cfg(feature = "tz")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use backup_spec::Spec;
use backup_spec::health::{Observations, Outcome, Record};
use backup_spec::render::Units;
use backup_spec::render::prometheus::{COMPLETE, Rules};
use backup_spec::spec::Checked;
use jiff::{SignedDuration, Timestamp};

/// What the program said; loudly skipped where it is not installed.
fn run(program: &str, arguments: &[&str], folder: &Path) -> Option<Output> {
    match Command::new(program).args(arguments).current_dir(folder).output() {
        Ok(output) => Some(output),
        Err(error) => {
            println!("skipped: {program} ({error})");
            None
        }
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.clone(), output.stderr.clone()].concat()).into_owned()
}

fn forge() -> Checked {
    let spec = Spec::from_node(&testing::hosts::backup("forge"));
    spec.unwrap_or_else(|problems| panic!("{problems}")).check().unwrap()
}

/// A host whose paths and words need every kind of quoting.
const AWKWARD: &str = r#"
host = "forge"
excludes = ["**/100%", "\"quoted\"", "back\\\\slash", "it's", "; rm", "-x", "/srv/a b/*?[a-z]", "é"]
[repositories.nas]
url = "/mnt/my backup 100%"
passwordFile = "/run/secrets/pass word"
id = "0c6e084a1e258dc8fd75ca315281fe1c80c9b2c8dc2a6321b2543c9471a2e4c4"
[jobs."a.b_c-d"]
repository = "nas"
paths = ["/srv/a b", "/srv/$x%y", "/srv/-z"]
tags = ["tag with blank", "100%"]
hooks = [{ open = ["/bin/sh", "-c", "echo '$HOME' %n \"x\""], close = ["/bin/true", ""] }]
schedule = ["Mon..Fri 02:30 Europe/Berlin", "Sat 04:00"]
jitter = "90s"
accuracy = "1us"
fixedJitter = true
runTime = "1h 30min"
memory = "512M"
cpus = "0.29"
"#;

fn verify(spec: &Checked) -> Option<usize> {
    let folder = tempfile::tempdir().unwrap();
    // systemd looks whether programs are there: what is not installed here is stood in for.
    let names = [
        "restic",
        "zfs",
        "mkdir",
        "touch",
        "rm",
        "sanoid",
        "syncoid",
        "pgbackrest",
        "/bin/sh",
        "/bin/true",
    ];
    let programs: BTreeMap<String, String> =
        names.map(|name| (name.into(), "/bin/true".into())).into();
    let units = Units::of(spec, &programs).unwrap();
    for (name, unit) in &units.files {
        std::fs::write(folder.path().join(name), unit.to_string()).unwrap();
    }
    let mut arguments = vec!["verify", "--man=no"];
    arguments.extend(units.files.keys().map(String::as_str));
    let output = run("systemd-analyze", &arguments, folder.path())?;
    let text = said(&output);
    // The tests' machine has no mail, mounts or networks of its own; only what is about our files counts.
    let about: Vec<&str> = text
        .lines()
        .filter(|line| units.files.keys().any(|name| line.contains(name.as_str())))
        .collect();
    assert_eq!(about, Vec::<&str>::new(), "{text}");
    assert!(output.status.success(), "{text}");
    Some(units.files.len())
}

#[test]
fn systemd_reads_every_unit() {
    let awkward =
        Spec::from_toml(AWKWARD).unwrap_or_else(|problems| panic!("{problems}")).check().unwrap();
    let Some(awkward) = verify(&awkward) else { return };
    let forge = verify(&forge()).unwrap();
    println!("units: {} verified by systemd-analyze", forge + awkward);
}

/// What systemd makes of a unit: the lines of its own account, `systemd-analyze verify` with everything logged.
fn loaded(unit: &str, folder: &Path) -> Option<Vec<String>> {
    let output = Command::new("systemd-analyze")
        .args(["verify", "--man=no", &format!("./{unit}")])
        .env("SYSTEMD_LOG_LEVEL", "debug")
        .current_dir(folder)
        .output();
    let output = match output {
        Ok(output) => output,
        Err(error) => {
            println!("skipped: systemd-analyze ({error})");
            return None;
        }
    };
    assert!(output.status.success(), "{}", said(&output));
    let text = said(&output);
    let lines = text.lines().skip_while(|line| !line.contains(&format!("-> Unit {unit}:")));
    Some(lines.map(|line| line.trim().to_owned()).collect())
}

/// systemd runs the words that were meant, whatever is in them.
#[test]
fn systemd_splits_commands_into_the_words_that_were_meant() {
    let folder = tempfile::tempdir().unwrap();
    let words: Vec<String> =
        ["/bin/echo", "a b", "100%", "$HOME", "\"\\", "it's", ";", "", "*?[x]", "-n", "%n", "a\tb"]
            .map(String::from)
            .into();
    let unit = backup_spec::render::unit_file::UnitFile::default()
        .section("Service")
        .set("Type", "oneshot")
        .command("ExecStart", &words);
    std::fs::write(folder.path().join("words.service"), unit.to_string()).unwrap();
    let Some(lines) = loaded("words.service", folder.path()) else { return };
    // systemd shows the words as a shell would have to be given them (`quote_command_line`).
    let wanted = r#"Command Line: /bin/echo "a b" "100%" "\$HOME" "\"\\" "it's" ";" "" "*?[x]" -n %n "a\tb""#;
    let commands: Vec<&String> =
        lines.iter().filter(|line| line.starts_with("Command Line:")).collect();
    assert_eq!(commands, [wanted.replace("\"100%\"", "100%").as_str()]);
    println!("words: {} as systemd has them", words.len());
}

/// systemd looks for prefixes behind the quotes, and takes neither quotes nor backslashes in a program (`string_is_safe`): a hook
/// `@/bin/x y` would run /bin/x under the name y, and one with a quote would leave the unit unloadable.
#[test]
fn a_hook_whose_program_no_unit_can_name_is_refused() {
    let spec = |program: &str| {
        let text = format!(
            "host = \"forge\"\n[repositories.nas]\nurl = \"/mnt/nas\"\npasswordFile = \"/run/p\"\n\
             [jobs.a]\nrepository = \"nas\"\npaths = [\"/srv\"]\nschedule = \"daily UTC\"\nrunTime = \"1h\"\n\
             hooks = [{{ open = [{program:?}, \"@x\"], close = [\"true\"] }}]\n"
        );
        Spec::from_toml(&text)
    };
    let folder = tempfile::tempdir().unwrap();
    for program in
        ["@/bin/true", "-/bin/true", ":true", "+true", "!true", "!!true", "|true", "bin/x", "./x"]
            .into_iter()
            .chain(["/bin/a\"b", "/bin/a\\b", "/bin/it's", "/bin/", "/bin/a\tb", ".."])
    {
        let problems = spec(program).map(|_| ()).expect_err(program);
        let problem = problems.iter().next().unwrap();
        assert_eq!(problem.path, "jobs.a.hooks[0].open", "{problems}");
    }
    for program in ["/bin/true", "true", "/opt/my tools/$x%n;/run", "a@b", "$x", "ünï"] {
        let spec = spec(program).unwrap_or_else(|problems| panic!("{problems}")).check().unwrap();
        let units = Units::of(&spec, &BTreeMap::new()).unwrap();
        let unit = &units.files["restic-backup-a.service"];
        std::fs::write(folder.path().join("a.service"), unit.to_string()).unwrap();
        let output = run("systemd-analyze", &["verify", "--man=no", "./a.service"], folder.path());
        let Some(output) = output else { return };
        // It is the program that was meant, and that is not there.
        let text = said(&output);
        let bad = ["executable name", "bad unit file", "specifies a directory"];
        assert!(!bad.iter().any(|bad| text.contains(bad)), "{text}");
        let is_missing = format!("Command {program} is not executable");
        assert!(text.contains(&is_missing) || program.ends_with("true"), "{program}: {text}");
    }
}

/// A path in a unit is written by the rules of its setting: one list takes quotes, one takes patterns, a condition takes neither.
/// With one escaping for all, systemd waited for the mount of `/srv/ax20b`, read no secrets, and found no lock of a dataset that
/// has a dash in its name: it was sent while a job still read its clone.
#[test]
fn systemd_reads_every_path_as_it_was_meant() {
    let text = r#"
host = "forge"
[repositories.nas]
url = "/mnt/my \"backup\" 100% \\"
passwordFile = "/run/secrets/pass word"
environmentFile = "/run/secrets/the env*[1] 100%\\"
[jobs.a]
repository = "nas"
paths = ["/srv/a b", "/srv/$x%y", "/srv/it's"]
schedule = "daily UTC"
runTime = "1h"
[jobs.b]
repository = "nas"
dataset = "tank/my-data/a b"
mountpoint = "/data"
schedule = "daily UTC"
runTime = "1h"
[replication.r]
source = "tank/my-data"
target = "nas:backup/my-data"
options = ["--recursive"]
offsite = false
user = "machine$"
schedule = "hourly UTC"
jitter = "5min"
runTime = "10min"
"#;
    let spec = Spec::from_toml(text).unwrap_or_else(|problems| panic!("{problems}"));
    let spec = spec.check().unwrap();
    let names = ["restic", "zfs", "mkdir", "touch", "rm", "syncoid"];
    let programs: BTreeMap<String, String> =
        names.map(|name| (name.into(), "/bin/true".into())).into();
    let units = Units::of(&spec, &programs).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (name, unit) in &units.files {
        std::fs::write(folder.path().join(name), unit.to_string()).unwrap();
    }
    let Some(backup) = loaded("restic-backup-a.service", folder.path()) else { return };
    let values = |lines: &[String], key: &str| -> Vec<String> {
        let prefix = format!("{key}: ");
        let values = lines.iter().filter_map(|line| line.strip_prefix(&prefix));
        values.map(str::to_owned).collect()
    };
    let mut waits = values(&backup, "RequiresMountsFor");
    waits.retain(|line| !line.contains("/cache/"));
    waits.sort();
    let wanted = ["/mnt/my \"backup\" 100% \\", "/srv/$x%y", "/srv/a b", "/srv/it's"];
    assert_eq!(waits, wanted.map(|path| format!("{path} (origin-file)")));

    // This one is a pattern (systemd.exec(5)); glob(7) says what it finds.
    let secrets = values(&backup, "EnvironmentFile");
    assert_eq!(secrets, ["/run/secrets/the env\\*\\[1] 100%\\\\"]);

    let replicate = loaded("syncoid-r.service", folder.path()).unwrap();
    let lock = &spec.jobs[&"b".parse().unwrap()].brackets(&"b".parse().unwrap()).unwrap()[0];
    let directory = lock.open[0].last().unwrap();
    assert!(directory.contains('\\') && directory.contains(' '), "{directory}");
    let conditions: Vec<&String> =
        replicate.iter().filter(|line| line.starts_with("ConditionDirectoryNotEmpty:")).collect();
    assert_eq!(conditions.len(), 1, "{replicate:?}");
    assert!(conditions[0].contains(&format!("!{directory} ")), "{conditions:?} {directory}");
    assert_eq!(values(&replicate, "User"), ["machine$"]);
}

#[test]
fn prometheus_reads_every_rule() {
    let folder = tempfile::tempdir().unwrap();
    let rules = Rules::of(&forge());
    std::fs::write(folder.path().join("rules.yml"), rules.to_string()).unwrap();
    let Some(output) = run("promtool", &["check", "rules", "rules.yml"], folder.path()) else {
        return;
    };
    assert!(output.status.success(), "{}", said(&output));
    let count = format!("SUCCESS: {} rules found", rules.all().len());
    assert!(said(&output).contains(&count), "{}", said(&output));
    println!("rules: {} read by promtool", rules.all().len());
}

/// Durations of Prometheus end after 292 years; one that is longer costs all rules of the file.
#[test]
fn prometheus_reads_the_longest_ages() {
    let text = "host = \"forge\"\nalerts.backup = { warning = \"300y\", critical = \"400y\" }\n\
        [repositories.nas]\nurl = \"/mnt/nas\"\npasswordFile = \"/run/p\"\n\
        [jobs.a]\nrepository = \"nas\"\npaths = [\"/srv\"]\nschedule = \"hourly UTC\"\nrunTime = \"10min\"\n";
    let spec =
        Spec::from_toml(text).unwrap_or_else(|problems| panic!("{problems}")).check().unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rules.yml"), Rules::of(&spec).to_string()).unwrap();
    let Some(output) = run("promtool", &["check", "rules", "rules.yml"], folder.path()) else {
        return;
    };
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn prometheus_reads_every_metric() {
    let spec = forge();
    let mut seen = Observations::default();
    let now: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
    for (n, task) in spec.tasks().into_iter().enumerate() {
        let outcome = if n % 7 == 0 { Outcome::Partial } else { Outcome::Complete };
        seen.tasks.insert(task, Record::since(now).after(now, outcome));
    }
    for (dataset, _) in spec.snapshotted() {
        seen.snapshots.insert(dataset.clone(), Some(now));
        seen.capacity.insert(dataset.clone(), backup_spec::health::Capacity::new(1, 2));
        seen.lags.insert(("persist".parse().unwrap(), dataset.clone()), None);
    }
    seen.preseeds.insert("sonarr".parse().unwrap(), backup_spec::health::Preseed::Failed);
    let mut child = match Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
    {
        Ok(child) => child,
        Err(error) => return println!("skipped: promtool ({error})"),
    };
    child.stdin.take().unwrap().write_all(seen.metrics().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    println!("metrics: {} lines read by promtool", seen.metrics().lines().count());
}

/// A run that a wrong clock dated years ahead was never too old, and no rule fired.
#[test]
fn prometheus_sees_what_is_dated_in_the_future() {
    let text = "host = \"forge\"\n[repositories.nas]\nurl = \"/mnt/nas\"\npasswordFile = \"/run/p\"\n\
        [jobs.a]\nrepository = \"nas\"\npaths = [\"/srv\"]\nschedule = \"hourly UTC\"\nrunTime = \"10min\"\n";
    let spec =
        Spec::from_toml(text).unwrap_or_else(|problems| panic!("{problems}")).check().unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rules.yml"), Rules::of(&spec).to_string()).unwrap();
    let moments = format!(
        "rule_files: [rules.yml]\nevaluation_interval: 1m\ntests:\n  - interval: 1m\n    input_series:\n\
        \x20     - series: '{COMPLETE}{{task=\"restic-backup-a\"}}'\n        values: '999999+0x900'\n\
        \x20   alert_rule_test:\n\
        \x20     - eval_time: 12h\n        alertname: BackupInFuture\n        exp_alerts:\n\
        \x20         - exp_labels: {{ severity: warning, task: restic-backup-a }}\n\
        \x20           exp_annotations: {{ summary: \"restic-backup-a is dated in the future: a clock is wrong\" }}\n"
    );
    std::fs::write(folder.path().join("test.yml"), moments).unwrap();
    let Some(output) = run("promtool", &["test", "rules", "test.yml"], folder.path()) else {
        return;
    };
    assert!(output.status.success(), "{}", said(&output));
}

/// Prometheus itself judges series of a job: silent in health; stale after the bound, critical after twice that; and loud about a
/// series that never was.
#[test]
fn prometheus_judges_as_we_do() {
    let text = "host = \"forge\"\n[repositories.nas]\nurl = \"/mnt/nas\"\npasswordFile = \"/run/p\"\n\
        [jobs.a]\nrepository = \"nas\"\npaths = [\"/srv\"]\nschedule = \"hourly UTC\"\nrunTime = \"10min\"\n\
        [jobs.b]\nrepository = \"nas\"\npaths = [\"/srv\"]\nschedule = \"hourly UTC\"\nrunTime = \"10min\"\n";
    let spec =
        Spec::from_toml(text).unwrap_or_else(|problems| panic!("{problems}")).check().unwrap();
    let task = "restic-backup-a".parse().unwrap();
    let bound = i64::try_from(spec.bound(&task).unwrap().as_secs()).unwrap();
    assert_eq!(SignedDuration::from_secs(bound), SignedDuration::from_mins(60 + 1 + 10));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rules.yml"), Rules::of(&spec).to_string()).unwrap();
    // `promtool test rules` begins at 1970. The job completes at every hour and at the worst moment, then stops at 12 h.
    let minutes: Vec<i64> = (0..20 * 60).collect();
    let last = |minute: i64| {
        let ends: Vec<i64> =
            (0..12).map(|hour| hour * 60 + if hour % 2 == 0 { 0 } else { 11 }).collect();
        ends.into_iter().filter(|end| *end <= minute).max().unwrap_or(0) * 60
    };
    let series: Vec<String> = minutes.iter().map(|minute| last(*minute).to_string()).collect();
    let stopped = last(20 * 60) / 60;
    let mut text = String::from(
        "rule_files: [rules.yml]\nevaluation_interval: 1m\ntests:\n  - interval: 1m\n    input_series:\n",
    );
    let _ = writeln!(
        text,
        "      - series: '{COMPLETE}{{task=\"restic-backup-a\"}}'\n        values: '{}'",
        series.join(" ")
    );
    let _ = writeln!(text, "    alert_rule_test:");
    let stale = |severity: &str| {
        let age = if severity == "warning" { "1h 11min" } else { "2h 22min" };
        format!(
            "          - exp_labels: {{ severity: {severity}, task: restic-backup-a }}\n            exp_annotations: {{ summary: \"restic-backup-a did not complete for {age}\" }}\n"
        )
    };
    let never = "          - exp_labels: { severity: critical, task: restic-backup-b }\n            exp_annotations: { summary: \"nothing is known of a complete run of restic-backup-b\" }\n";
    let mut judged = 0;
    let mut expect = |text: &mut String, minute: i64, alert: &str, alerts: &str| {
        let _ = writeln!(
            text,
            "      - eval_time: {minute}m\n        alertname: {alert}\n        exp_alerts:\n{alerts}"
        );
        judged += 1;
    };
    for minute in (0..=stopped + 71).step_by(7) {
        expect(&mut text, minute, "BackupStale", "");
    }
    expect(&mut text, stopped + 71, "BackupStale", "");
    expect(&mut text, stopped + 72, "BackupStale", &stale("warning"));
    expect(&mut text, stopped + 142, "BackupStale", &stale("warning"));
    expect(&mut text, stopped + 143, "BackupStale", &(stale("critical") + &stale("warning")));
    // Absent from the beginning: it has one bound to come.
    expect(&mut text, 70, "BackupNeverComplete", "");
    expect(&mut text, 71, "BackupNeverComplete", never);
    std::fs::write(folder.path().join("test.yml"), text).unwrap();
    let Some(output) = run("promtool", &["test", "rules", "test.yml"], folder.path()) else {
        return;
    };
    assert!(output.status.success(), "{}", said(&output));
    println!("moments: {judged} judged by promtool");
}
