//! `systemd-analyze`, where it is installed: calendars and time spans compared with what it says.
#![cfg(all(feature = "proptest", feature = "tz"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::process::Command;

use backup_spec::calendar::Calendar;
use backup_spec::calendar::strategy::{ZONES, expression};
use backup_spec::span::Span;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// The release of systemd; says loudly if there is none.
fn release() -> Option<u32> {
    let Ok(output) = Command::new("systemd-analyze").arg("--version").output() else {
        println!("skipped: systemd-analyze (not installed)");
        return None;
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.split_whitespace().nth(1)?.parse().ok()
}

/// How many are compared: 500, or what `LIVE_CASES` says.
fn cases() -> usize {
    std::env::var("LIVE_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(500)
}

/// The same expressions every time.
fn runner() -> TestRunner {
    let seed = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    TestRunner::new_with_rng(Config::default(), seed)
}

/// What systemd says: the normal form and the next elapses, to the second.
struct Said {
    normal: String,
    next: Vec<i64>,
}

const ELAPSES: usize = 6;

/// systemd reads the expression, and then cannot find an elapse that there is: a step that leaves its field across a change
/// of the clock sends it round in circles. True; or it does not read the expression.
struct GaveUp(bool);

fn ask(text: &str, zone: &str, base: Timestamp) -> Result<Said, GaveUp> {
    let base = format!("{} UTC", base.strftime("%Y-%m-%d %H:%M:%S"));
    let output = Command::new("systemd-analyze")
        .env("TZ", zone)
        .args([
            "calendar",
            &format!("--base-time={base}"),
            &format!("--iterations={ELAPSES}"),
            "--",
            text,
        ])
        .output()
        .unwrap();
    if !output.status.success() {
        return Err(GaveUp(String::from_utf8_lossy(&output.stderr).contains("Infinite loop")));
    }
    let output = String::from_utf8(output.stdout).unwrap();
    let after = |line: &str, key: &str| Some(line.trim().strip_prefix(key)?.trim().to_owned());
    let normal = output.lines().find_map(|line| after(line, "Normalized form:")).unwrap();
    // In a zone other than UTC, each elapse is shown twice: there, and `(in UTC)`.
    let utc: Vec<String> = output.lines().filter_map(|line| after(line, "(in UTC):")).collect();
    let local = output.lines().filter_map(|line| {
        after(line, "Next elapse:")
            .or_else(|| Some(line.trim().strip_prefix("Iter. #")?.split_once(": ")?.1.to_owned()))
    });
    let times = if utc.is_empty() { local.collect() } else { utc };
    let next = times.iter().filter(|time| *time != "never").map(|time| {
        let time = time.trim().strip_suffix(" UTC").unwrap();
        let time = time.split_once(' ').unwrap().1; // the weekday
        // A fraction of a second, if there is one.
        let time: jiff::civil::DateTime = time.replace(' ', "T").parse().unwrap();
        TimeZone::UTC.to_timestamp(time).unwrap().as_second()
    });
    Ok(Said { normal, next: next.collect() })
}

/// systemd before 257 resets the month, not the day, when a step of days leaves the year: `*-*-1/7` misses the first days of
/// January, and what follows from that.
fn misses_january(release: u32, ours: &[i64], said: &[i64]) -> bool {
    let first = ours.iter().zip(said).find(|(ours, said)| ours != said);
    let january = |second: i64| {
        let civil = TimeZone::UTC.to_datetime(Timestamp::from_second(second).unwrap());
        civil.month() == 1 || (civil.month() == 12 && civil.day() == 31)
    };
    let shorter = said.iter().all(|second| ours.contains(second) || second > ours.last().unwrap());
    release < 257 && shorter && first.is_some_and(|(ours, said)| january(*ours) && ours < said)
}

#[test]
fn calendars_are_what_systemd_analyze_says() {
    let Some(release) = release() else { return };
    let compared = cases();
    let mut runner = runner();
    let (mut valid, mut elapses, mut old_bug, mut gave_up) = (0, 0, 0, 0);
    let mut wrong = Vec::new();
    let bases = [
        1_711_756_800_i64,
        1_767_225_599,
        1_729_987_000,
        1_729_991_400,
        1_541_300_000,
        1_712_415_000,
    ];
    for n in 0..compared {
        let text = expression().new_tree(&mut runner).unwrap().current();
        let (zone, base) = (ZONES[n % ZONES.len()], bases[n % bases.len()]);
        let base = Timestamp::from_second(base).unwrap();
        let said = ask(&text, zone, base);
        let ours = text.parse::<Calendar>().ok();
        if let (Err(GaveUp(true)), Some(ours)) = (&said, &ours) {
            // Before it has found as many as were asked for: then nothing of them is printed.
            let ours = ours.clone().in_zone(TimeZone::get(zone).unwrap());
            gave_up += 1;
            if ours.upcoming(base).take(ELAPSES).count() == ELAPSES {
                wrong.push(format!("{text} in {zone} after {base}: systemd gives up"));
            }
            continue;
        }
        let (Ok(said), Some(ours)) = (&said, &ours) else {
            if said.is_ok() != ours.is_some() {
                wrong.push(format!(
                    "{text}: valid {} to systemd, {} here",
                    said.is_ok(),
                    ours.is_some()
                ));
            }
            continue;
        };
        valid += 1;
        if said.normal != ours.to_string() {
            wrong.push(format!("{text}: `{}` to systemd, `{ours}` here", said.normal));
        }
        let ours = ours.clone().in_zone(TimeZone::get(zone).unwrap());
        let next: Vec<i64> = ours.upcoming(base).take(ELAPSES).map(Timestamp::as_second).collect();
        elapses += next.len();
        if next != said.next {
            if misses_january(release, &next, &said.next) {
                old_bug += 1;
            } else {
                wrong.push(format!(
                    "{text} in {zone} after {base}: {:?} to systemd, {next:?} here",
                    said.next
                ));
            }
        }
    }
    println!(
        "systemd {release}: {compared} expressions compared, {valid} valid, {elapses} elapses, \
         systemd gave up on {gave_up}, {old_bug} differ by the January of systemd before 257, {} disagree",
        wrong.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(valid > compared / 3);
}

#[test]
fn spans_are_what_systemd_analyze_says() {
    let Some(release) = release() else { return };
    let number = "[0-9]{1,4}(\\.[0-9]{0,8})?|\\.[0-9]{1,3}|[0-9]{17,20}|\\+?[0-9]|-[0-9]";
    let unit = prop_oneof![
        4 => "s|sec|seconds|min|m|minutes|h|hr|hours|d|days|w|weeks|month|months|M|y|years|ms|msec|us|usec|µs|μs",
        1 => "[a-zA-Z]{0,3}",
    ];
    let part =
        (number, "[ \t]{0,1}", unit).prop_map(|(number, blank, unit)| number + &blank + &unit);
    let text = prop_oneof![
        20 => proptest::collection::vec((part, " {0,1}"), 1..4)
            .prop_map(|parts| parts.into_iter().map(|(part, blank)| part + &blank).collect::<String>()),
        1 => "[ ]{0,2}infinity[ a]{0,2}",
        1 => Just(String::new()),
    ];
    let mut runner = runner();
    let (mut compared, mut valid, mut wrong) = (0, 0, Vec::new());
    for _ in 0..cases() {
        let text = text.new_tree(&mut runner).unwrap().current();
        let output =
            Command::new("systemd-analyze").args(["timespan", "--", &text]).output().unwrap();
        let output_text = String::from_utf8_lossy(&output.stdout).into_owned();
        let micros = output_text
            .lines()
            .find_map(|line| line.trim().strip_prefix("μs: ").map(str::to_owned));
        let said: Option<u64> =
            micros.filter(|_| output.status.success()).map(|text| text.parse().unwrap());
        let ours: Option<u64> = text.parse::<Span>().ok().map(Span::as_micros);
        compared += 1;
        valid += usize::from(said.is_some());
        if said != ours {
            wrong.push(format!("{text:?}: {said:?} to systemd, {ours:?} here"));
        }
        // What we write, systemd reads as the same.
        if let Some(ours) = ours {
            let again: Span = Span::from_micros(ours).to_string().parse().unwrap();
            assert_eq!(again.as_micros(), ours);
        }
    }
    println!(
        "systemd {release}: {compared} time spans compared, {valid} valid, {} disagree",
        wrong.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Steps that leave their field across a change of the clock: where systemd goes round in circles, and where it is an hour late.
#[test]
fn steps_across_a_change_of_the_clock_go_where_systemd_goes() {
    let Some(release) = release() else { return };
    let expressions = [
        "*-2/7-1",
        "*-4/7-1 3:00",
        "*-1/9-1",
        "*-*-7/16",
        "*-*-12/9 0:30",
        "*-*~20/9",
        "0/16:47",
        "0/5:10",
        "3/7:0/20",
    ];
    // Some days before changes in both halves of the world, and the turns of years.
    let bases = [
        1_709_600_000_i64,
        1_711_756_800,
        1_712_300_000,
        1_729_900_000,
        1_730_500_000,
        1_727_980_000,
        1_735_680_000,
        1_541_203_200,
    ];
    let (mut compared, mut gave_up, mut wrong) = (0, 0, Vec::new());
    for text in expressions {
        for zone in [
            "Europe/Berlin",
            "America/New_York",
            "Australia/Lord_Howe",
            "America/Sao_Paulo",
            "Asia/Beirut",
        ] {
            for base in bases {
                let base = Timestamp::from_second(base).unwrap();
                let calendar =
                    text.parse::<Calendar>().unwrap().in_zone(TimeZone::get(zone).unwrap());
                let ours: Vec<i64> =
                    calendar.upcoming(base).take(ELAPSES).map(Timestamp::as_second).collect();
                compared += 1;
                match ask(text, zone, base) {
                    Ok(said) if said.next == ours => {}
                    Ok(said) if misses_january(release, &ours, &said.next) => {}
                    Ok(said) => wrong.push(format!(
                        "{text} in {zone} after {base}: {:?} to systemd, {ours:?} here",
                        said.next
                    )),
                    Err(GaveUp(true)) if ours.len() < ELAPSES => gave_up += 1,
                    Err(_) => wrong.push(format!(
                        "{text} in {zone} after {base}: systemd gives up, {ours:?} here"
                    )),
                }
            }
        }
    }
    println!(
        "systemd {release}: {compared} searches across changes of the clock compared, {gave_up} in circles, {} disagree",
        wrong.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
