//! sanoid, by hand where it teaches; sanoid.conf written and read.

use backup_spec::Snapshot;
use backup_spec::retention::sanoid::{World, run, type_of};
use backup_spec::sanoid::{Config, Key, Lint, Settings, strategy};
use jiff::tz::TimeZone;
use proptest::prelude::*;

#[test]
fn whose_a_snapshot_is() {
    assert_eq!(type_of("autosnap_2026-01-01_00:00:00_daily"), Some("daily"));
    assert_eq!(type_of("autosnap_2026-10-25_02:00:00dst_hourly"), Some("hourly"));
    assert_eq!(type_of("autosnap-manual_daily"), Some("daily"));
    assert_eq!(type_of("autosnap_2026_early"), Some("early"));
    assert_eq!(type_of("autosnap_daily_x-ly"), Some("daily"));
    assert_eq!(type_of("autosnap_daily-2026"), None);
    assert_eq!(type_of("syncoid_forge_2026_daily"), None);
    assert_eq!(type_of("autosnaply"), None);
}

fn resolved(text: &str) -> Vec<Settings> {
    text.parse::<Config>().unwrap().resolve(&["tank", "tank/a", "tank/a/x"]).unwrap()
}

#[test]
fn a_child_before_its_parent_loses_what_it_says() {
    let child = "[tank/a/x]\ndaily = 3\n";
    let parent = "[tank/a]\nrecursive = yes\ndaily = 30\n";
    let daily = |text: String| resolved(&text)[1].keep.daily.to_string();
    assert_eq!(daily(format!("{child}{parent}")), "30");
    assert_eq!(daily(format!("{parent}{child}")), "3");
}

#[test]
fn a_blank_at_the_end_of_a_template_turns_no_into_yes() {
    let section = "[tank/a]\nuse_template = p\n";
    let template = "[template_p]\nautosnap = no \n";
    assert!(resolved(&format!("{section}{template}"))[0].autosnap);
    assert!(!resolved(&format!("{template}{section}"))[0].autosnap);
}

fn lints(text: &str) -> Vec<(usize, String, Lint)> {
    let config: Config = text.parse().unwrap();
    config.lint().into_iter().map(|f| (f.place.line, f.place.key, f.lint)).collect()
}

#[test]
fn what_does_something_else_than_it_says() {
    let found = lints(
        "[tank/a/x]\n autosnap = yes\n[tank/a]\nrecursive = zfs\nuse_template = nosuch\nhourly = 24 # a day\n\
         daily = thirty\nweekly = 0\nmonthly = 1\nyearly = 1\nfrequently = 4\nfrequent_period = 7\n\
         monthly_mday = 31\nyearly_mon = 7\nprune_defer = 101\nautoprune = yEs\nyearly_warn = 2y\n\
         daily_warn = 1x\nhourlies = 3\nhourly = 2\ndaily_hour = 24\nweekly_wday = 7\n\
         [template_p]\nrecursive = yes\n",
    );
    let expected = [
        (1, "", Lint::OverriddenByParent),
        (5, "use_template", Lint::UnknownTemplate),
        (6, "hourly", Lint::DuplicateKey),
        (6, "hourly", Lint::TextAfterNumber),
        (7, "daily", Lint::NotANumber),
        (12, "frequent_period", Lint::UnevenPeriod),
        (13, "monthly_mday", Lint::DayNotInEveryMonth),
        (14, "yearly_mon", Lint::YearlyMark),
        (15, "prune_defer", Lint::BadPercentage),
        (16, "autoprune", Lint::NotAToggle),
        (17, "yearly_warn", Lint::EndlessYear),
        (17, "yearly_warn", Lint::SilencedWarning),
        (18, "daily_warn", Lint::BadAge),
        (19, "hourlies", Lint::UnknownKey),
        (21, "daily_hour", Lint::OutOfRange),
        (22, "weekly_wday", Lint::NoWeekday),
        (23, "", Lint::UnusedTemplate),
        (24, "recursive", Lint::IgnoredInTemplate),
    ];
    let expected: Vec<_> =
        expected.into_iter().map(|(line, key, lint)| (line, key.to_owned(), lint)).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_section_that_says_nothing_prunes_by_the_defaults() {
    let found = "[tank/a]\ndaily = 3\n".parse::<Config>().unwrap().lint();
    assert_eq!((found.len(), found[0].lint), (1, Lint::DefaultCount));
    assert_eq!(found[0].about, "yearly, monthly, weekly, hourly, frequently");
}

/// `sanoid --monitor-snapshots` (2.1.0, 2.3.0) says OK of a weekly snapshot of last week in each of the first four.
#[test]
fn a_warning_that_never_comes_is_told() {
    let counts = "frequently = 0\nhourly = 0\ndaily = 0\nweekly = 4\nmonthly = 0\nyearly = 0\n";
    let found = |keys: &str| lints(&format!("[tank/a]\n{counts}{keys}\n"));
    let silenced = |line, key: &str| vec![(line, key.to_owned(), Lint::SilencedWarning)];
    assert_eq!(found("weekly_warn = 1d"), silenced(8, "weekly_warn"));
    assert_eq!(found("weekly_warn = 1d\nweekly_crit = 0d"), silenced(9, "weekly_crit"));
    assert_eq!(found("weekly_warn = 1d\nweekly_crit = 00"), silenced(9, "weekly_crit"));
    let template = "use_template = p\n[template_p]\nweekly_warn = 1d";
    assert_eq!(found(template), silenced(1, ""));
    assert_eq!(found("weekly_warn = 1d\nweekly_crit = 100d"), []);
    assert_eq!(found(&format!("{template}\nweekly_crit = 100d")), []);
    assert_eq!(found("weekly_warn = 1d\nmonitor = no"), []);
    assert_eq!(found("yearly_warn = 400d"), []);
}

/// sanoid 2.3.0: "Day '30' out of range 1..28", and nothing is taken.
#[test]
fn a_yearly_day_that_its_month_does_not_have_is_told() {
    let counts = "frequently = 0\nhourly = 0\ndaily = 0\nweekly = 0\nmonthly = 0\n";
    let stops = |keys: &str| {
        let found = lints(&format!("[tank/a]\n{counts}{keys}\n"));
        found.iter().any(|(_, _, lint)| *lint == Lint::DayNotInEveryMonth)
    };
    assert!(stops("yearly = 1\nyearly_mon = 2\nyearly_mday = 30"));
    assert!(stops("yearly = 1\nyearly_mon = 4\nyearly_mday = 31"));
    assert!(stops("yearly = 1\nyearly_mon = 2\nyearly_mday = 29"));
    assert!(!stops("yearly = 1\nyearly_mday = 31"));
    assert!(!stops("yearly = 0\nyearly_mon = 2\nyearly_mday = 30"));
}

#[test]
fn every_syntax_error_at_once() {
    let error = "[tank/a]\nnonsense\nhourly = 3\nmore nonsense\n".parse::<Config>().unwrap_err();
    assert_eq!(error.0.len(), 2);
    assert!(error.to_string().starts_with("line 2: `nonsense`"), "{error}");
    assert!("hourly = 3\n".parse::<Config>().is_err());
    assert!("# nothing\n".parse::<Config>().is_err());
    assert!("[a]\npath = <<END\nx\n".parse::<Config>().is_err());
}

#[test]
fn a_value_that_could_not_be_read_back_is_refused() {
    let mut config = Config::default();
    for value in [" a", "a ", "a\nb", "<<a", "a\rb"] {
        assert!(config.set("tank/a", Key::Path, value).is_err(), "{value:?}");
    }
    assert!(config.set("", Key::Path, "x").is_err());
    assert_eq!(config, Config::default());
}

const DATASETS: [&str; 4] = ["tank", "tank/a", "tank/a/x", "tank/b"];

/// Without a snapshot.
fn world(now: &str, zone: &str) -> World {
    World {
        now: now.parse().unwrap(),
        zone: TimeZone::get(zone).unwrap(),
        datasets: DATASETS.iter().map(|name| ((*name).to_owned(), Vec::new())).collect(),
        capacity: std::collections::BTreeMap::new(),
    }
}

/// What is taken of `tank/a`, a second after its last snapshot. Each was tried with sanoid 2.1.0
/// and 2.3.0 at that time (`faketime`, a stand-in for `zfs`).
#[test]
fn a_mark_that_stays_ahead_is_due_at_every_run() {
    for (keys, zone, last, is_due) in [
        // A day that no week has is ahead by more than the week that it is put back by.
        ("weekly = 1\nweekly_wday = 0", "UTC", "2025-03-23T17:00:00Z", false),
        ("weekly = 1\nweekly_wday = 7", "UTC", "2025-03-23T17:00:00Z", true),
        ("weekly = 1\nweekly_wday = 7", "UTC", "2025-03-23T23:40:00Z", false),
        ("weekly = 1\nweekly_wday = 7", "UTC", "2025-03-22T17:00:00Z", false),
        ("weekly = 1\nweekly_wday = -1", "UTC", "2025-03-23T17:00:00Z", false),
        ("weekly = 1\nweekly_wday = 15", "UTC", "2025-03-04T05:00:00Z", true),
        ("weekly = 1\nweekly_wday = 2", "UTC", "2025-03-04T05:00:00Z", false),
        // On the day on which summer time ends, marks of hours are an hour late.
        ("hourly = 3\nhourly_min = 1", "Europe/Berlin", "2025-10-26T19:00:00Z", true),
        ("hourly = 3\nhourly_min = 1", "Europe/Berlin", "2025-10-25T18:00:00Z", false),
    ] {
        let kind = keys.split_whitespace().next().unwrap();
        let mut text = "[tank/a]\n".to_owned();
        for other in ["hourly", "daily", "monthly"].into_iter().filter(|other| *other != kind) {
            text.push_str(other);
            text.push_str(" = 0\n");
        }
        text.push_str(keys);
        let settings = text.parse::<Config>().unwrap();
        let settings = settings.resolve(&DATASETS).unwrap();
        let mut world = world(last, zone);
        let newest = Snapshot::new(format!("autosnap_x_{kind}"), world.now);
        world.datasets.insert("tank/a".to_owned(), vec![newest]);
        world.now += jiff::SignedDuration::from_secs(1);
        let taken = run(&settings, &world).taken;
        assert_eq!(!taken.is_empty(), is_due, "{keys} {taken:?}");
    }
}

/// As sanoid 2.1.0 and 2.3.0 do (`live_sanoid.rs`): what begins with `template` is none of theirs.
#[test]
fn a_pool_called_templates_is_told_to_have_no_snapshots() {
    let text = "[templates/q]\nfrequently = 1\nhourly = 1\ndaily = 1\nweekly = 1\nmonthly = 1\nyearly = 1\n";
    let config: Config = text.parse().unwrap();
    assert_eq!(lints(text), [(1, String::new(), Lint::TakenForTemplate)]);
    let settings = config.resolve(&["templates/q"]).unwrap();
    let mut world = world("2025-03-04T05:00:00Z", "UTC");
    world.datasets.insert("templates/q".to_owned(), Vec::new());
    assert_eq!(run(&settings, &world).taken, []);
    // A section of another name acts.
    let settings = text.replace("[templates/q]", "[q]\npath = templates/q");
    let settings = settings.parse::<Config>().unwrap().resolve(&["templates/q"]).unwrap();
    assert_eq!(run(&settings, &world).taken.len(), 6);
}

/// sanoid 2.3.0 stops with `Hour 'ARRAY(0x55c0bc98fa80)' out of range 0..23`; by such a count it keeps everything.
#[test]
fn a_key_that_stands_twice_in_a_default_template_below_has_neither_value() {
    let section = "[tank/a]\nmonthly = 1\n";
    let hours = "[template_default]\nmonthly_hour = 0\nmonthly_hour = 10\n";
    let world = world("2025-03-04T05:00:00Z", "UTC");
    let died = |text: String| run(&resolved(&text), &world).died.is_some();
    assert!(died(format!("{section}{hours}")));
    assert!(!died(format!("{hours}{section}")));
    let days = "[template_default]\ndaily = 1\ndaily = 2\n";
    let keep = |text: String| resolved(&text)[0].keep.daily;
    assert!(keep(format!("{section}{days}")) > 1e12);
    assert_eq!(keep(format!("{days}{section}")).to_string(), "1");
}

proptest! {
    #[test]
    fn a_config_reads_back_as_it_is_written(config in strategy::config()) {
        prop_assert_eq!(config.to_string().parse::<Config>().unwrap(), config);
    }

    #[test]
    fn any_text_is_a_config_or_an_error(text in "[\\[\\]=a-z0-9<#; \t\r\n_/]{0,120}") {
        if let Ok(config) = text.parse::<Config>() {
            let written = config.to_string();
            prop_assert_eq!(written.parse::<Config>().unwrap(), config, "{}", written);
        }
    }

    #[test]
    fn a_run_leaves_nothing_due(
        config in strategy::config(),
        hour in 0..20_000_i64,
        // Summer time has a test of its own.
        zone in prop::sample::select(&["UTC", "Asia/Kolkata"][..]),
    ) {
        let settings = config.resolve(&DATASETS).unwrap();
        let mut world = world("2025-01-01T00:00:00Z", zone);
        world.now += jiff::SignedDuration::from_hours(hour);
        let first = run(&settings, &world);
        for taken in &first.taken {
            let snapshot = Snapshot::new(taken.name.clone(), world.now);
            let below = format!("{}/", taken.dataset);
            for (dataset, snapshots) in &mut world.datasets {
                if *dataset == taken.dataset || taken.recursive && dataset.starts_with(&below) {
                    snapshots.push(snapshot.clone());
                }
            }
        }
        world.now += jiff::SignedDuration::from_secs(1);
        // No mark is in that second.
        if config.lint().iter().all(|found| found.lint != Lint::NoWeekday) {
            prop_assert_eq!(run(&settings, &world).taken, []);
        }
    }
}
