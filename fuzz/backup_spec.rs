// What the fuzz targets of backup-spec do with their input, and `backup-spec/tests/corpus.rs` with every file of the
// corpora. A property that fails panics.

use backup_spec::Spec;
use backup_spec::calendar::Calendar;
use backup_spec::coverage::{Coverage, Inventory};
use backup_spec::notify::Text;
use backup_spec::pitr::Retention;
use backup_spec::render::Units;
use backup_spec::render::prometheus::Rules;
use backup_spec::render::restic::Backup;
use backup_spec::render::service::Programs;
use backup_spec::render::unit_file::{UnitFile, read_command};
use backup_spec::span::Span;
use backup_spec::syncoid::Replication;
use backup_spec::units::Task;
use jiff::Timestamp;

/// Expressions, one a line: each reads back from its normal form, and looking for its elapses ends.
pub fn calendar(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for line in text.lines().take(8) {
        let calendar = match line.parse::<Calendar>() {
            Ok(calendar) => calendar,
            Err(error) => {
                assert!(error.at() <= line.len(), "{error}");
                continue;
            }
        };
        let normal = calendar.to_string();
        assert!(normal.parse::<Calendar>().as_ref() == Ok(&calendar), "{line}: {normal}");
        let base = Timestamp::from_second(1_711_756_800).unwrap_or_default();
        let Ok(next) = calendar.next_after(base) else { continue };
        assert!(next > base, "{line}");
        if let Ok(previous) = calendar.previous_before(next) {
            assert!(previous <= base, "{line}: {previous} {next}");
            let again = calendar.next_after(previous);
            assert!(again.is_ok_and(|again| again >= base.min(next)), "{line}: {previous}");
        }
        let week = next.checked_add(jiff::SignedDuration::from_hours(7 * 24)).unwrap_or(next);
        if let Some(gaps) = calendar.gaps(base, week) {
            assert!(gaps.shortest.length() <= gaps.longest.length(), "{line}");
        }
    }
}

/// Time spans and retention policies, one a line: each reads back from what it displays.
pub fn span(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for line in text.lines().take(64) {
        if let Ok(span) = line.parse::<Span>() {
            assert!(span.to_string().parse() == Ok(span), "{line}: {span}");
        }
        if let Ok(retention) = line.parse::<Retention>() {
            assert!(retention.to_string().parse() == Ok(retention), "{line}: {retention}");
        }
    }
}

/// A template text: it reads back, and what it renders is what its parts are.
pub fn template(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match text.parse::<Text>() {
        Ok(read) => {
            assert!(read.to_string().parse().as_ref() == Ok(&read), "{text}");
            let braced = read.render(|name| format!("${{{name}}}").into());
            assert!(braced == text.replace("$$", "$") || text.contains("$$"), "{text}: {braced}");
        }
        Err(error) => assert!(text.get(error.at..).is_some_and(|rest| rest.starts_with('$'))),
    }
}

/// An argument list of syncoid, one word a line: what is read is written so that it reads back.
pub fn syncoid(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let words: Vec<&str> = text.lines().collect();
    if let Ok(job) = Replication::from_argv(&words) {
        if job.flaws().iter().all(backup_spec::syncoid::Flaw::is_warning) {
            let argv = job.argv();
            assert!(Replication::from_argv(&argv).as_ref() == Ok(&job), "{argv:?}");
        }
    }
}

/// A declaration in TOML: it is refused with every problem, or holds together and reads back from its JSON.
pub fn backup_toml(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Spec::from_toml(text) {
        Ok(spec) => holds_together(spec),
        Err(problems) => assert!(problems.iter().next().is_some()),
    }
}

/// The same in JSON.
pub fn backup_json(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(spec) = Spec::from_json(text) {
        holds_together(spec);
    }
}

fn holds_together(spec: Spec) {
    let json = serde_json::to_string(&spec).unwrap_or_default();
    let again = Spec::from_json(&json);
    assert!(again.as_ref() == Ok(&spec), "{json}\n{again:?}");
    let checked = spec.check();
    assert!(checked.is_ok(), "what was read has been checked: {checked:?}");
    let Ok(spec) = checked else { return };
    let coverage = Coverage::of(&spec, &Inventory::default());
    let _ =
        (coverage.to_string(), coverage.report(&spec).to_string(), Rules::of(&spec).to_string());
    let units = Units::of(&spec, &Programs::new());
    assert!(units.is_ok(), "names of clones have been checked");
    for (name, unit) in units.iter().flat_map(|units| &units.files) {
        assert!(UnitFile::parse(&unit.to_string()).as_ref() == Ok(unit), "{unit}");
        assert!(Task::from_unit(name).is_ok_and(|task| spec.tasks().contains(&task)), "{name}");
        let commands = ["ExecStartPre", "ExecStart", "ExecStopPost"];
        let mut lines = commands.iter().flat_map(|key| unit.get("Service", key));
        assert!(lines.all(|line| read_command(line).is_some()), "{unit}");
    }
}

/// A unit file, and its command lines: what is read is written so that it reads back.
pub fn unit_file(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(unit) = UnitFile::parse(text) else { return };
    assert!(UnitFile::parse(&unit.to_string()).as_ref() == Ok(&unit), "{unit}");
    for line in unit.get("Service", "ExecStart") {
        let Some((words, _)) = read_command(line) else { continue };
        let written = UnitFile::default().section("Service").command("ExecStart", &words);
        let again = written.get("Service", "ExecStart").next().and_then(read_command);
        assert!(again == Some((words, true)), "{line}");
    }
}

/// An argument list of `restic backup`, one word a line.
pub fn restic_args(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let words: Vec<&str> = text.lines().collect();
    if let Ok(backup) = Backup::from_args(&words) {
        assert!(Backup::from_args(&backup.args()).as_ref() == Ok(&backup), "{words:?}");
    }
}

/// `/proc/self/mountinfo`: every path on it is found where it is mounted.
pub fn backup_mountinfo(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(inventory) = Inventory::default().with_mountinfo(text) else { return };
    for (path, filesystem) in inventory.mounts() {
        assert!(inventory.resolve(path) == Some((path, filesystem)), "{path}");
    }
}
