//! restic, by hand where it teaches.

use backup_spec::retention::restic::{ArgsError, Forget, Keep, Refusal, Within, WithinError};
use backup_spec::{Snapshot, parse_time};
use jiff::tz::TimeZone;

fn at(id: &str, time: &str) -> Snapshot {
    let (time, offset) = parse_time(time).unwrap();
    Snapshot { offset, ..Snapshot::new(id, time) }
}

fn kept(policy: &str, snapshots: &[Snapshot], now: &str) -> Vec<String> {
    let keep: Keep = policy.parse().unwrap();
    let verdict = keep.apply(snapshots, now.parse().unwrap()).unwrap();
    verdict.kept().map(|kept| format!("{}: {}", kept.id(), kept.reasons())).collect()
}

#[test]
fn days_end_where_the_snapshot_was_taken() {
    // One night in UTC, two days in Berlin.
    let berlin = [at("a", "2026-03-01T23:30:00+01:00"), at("b", "2026-03-02T00:30:00+01:00")];
    let utc = [at("a", "2026-03-01T22:30:00Z"), at("b", "2026-03-01T23:30:00Z")];
    let now = "2026-03-05T00:00:00Z";
    assert_eq!(kept("--keep-daily 2", &berlin, now), ["b: daily snapshot", "a: daily snapshot"]);
    assert_eq!(
        kept("--keep-daily 2", &utc, now),
        ["b: daily snapshot", "a: oldest daily snapshot"]
    );
    assert_eq!(kept("--keep-daily 1", &utc, now), ["b: daily snapshot"]);
}

/// `TZ=Europe/Berlin restic forget --keep-within 3m` removes what the same restic keeps under `TZ=UTC` (restic 0.14.0): in Berlin,
/// three months before noon on 1 May it was noon of winter time.
#[test]
fn a_duration_reaches_back_on_the_clock_of_the_machine() {
    let snapshots =
        [at("new", "2024-05-01T12:00:00+02:00"), at("edge", "2024-02-01T11:30:00+01:00")];
    let keep: Keep = "--keep-within 3m".parse().unwrap();
    let now = "2024-05-02T00:00:00Z".parse().unwrap();
    let berlin = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    let kept = |zone| keep.apply_in(&snapshots, now, zone).unwrap().kept().count();
    assert_eq!((kept(&TimeZone::UTC), kept(&berlin)), (2, 1));
}

/// restic 0.14.0 takes each of these (`restic forget --dry-run -l1`, `-l=1`, `-ghost -l1`), and refuses `-dl1` and `-l=`.
#[test]
fn short_options_may_have_their_value_in_the_same_word() {
    let read = |text: &str| text.parse::<Forget>();
    for text in ["-l1", "-l=1", "-l 1", "--keep-last=1", "--keep-last 1"] {
        assert_eq!(read(text), read("--keep-last 1"), "{text}");
    }
    assert_eq!(read("-ghost -l1"), read("--group-by host --keep-last 1"));
    assert_eq!(read("-w2 -y=3").unwrap().to_string(), "--keep-weekly 2 --keep-yearly 3");
    for bad in ["-dl1", "-l=", "-x1", "-", "--", "-é1"] {
        assert!(read(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_week_of_two_years_is_one() {
    let snapshots = [at("old", "2024-12-30T12:00:00Z"), at("new", "2025-01-05T12:00:00Z")];
    assert_eq!(kept("-w 1", &snapshots, "2025-02-01T00:00:00Z"), ["new: weekly snapshot"]);
}

#[test]
fn three_months_before_the_31st_of_may_are_in_march() {
    let snapshots = [
        at("new", "2026-05-31T12:00:00Z"),
        at("in", "2026-03-03T12:00:01Z"),
        at("out", "2026-03-03T12:00:00Z"),
    ];
    let kept = kept("--keep-within 3m", &snapshots, "2026-06-01T00:00:00Z");
    assert_eq!(kept, ["new: within 3m", "in: within 3m"]);
}

#[test]
fn newest_first_whatever_the_times_and_the_offsets() {
    let now = "9000-01-01T00:00:00Z".parse().unwrap();
    let keep: Keep = "--keep-last unlimited".parse().unwrap();
    // Few offsets in a few years; a hundred offsets; all of the calendar.
    for (offsets, step) in [(3, 100_003), (100, 100_003), (3, 1_000_000_007)] {
        let mut snapshots: Vec<Snapshot> = (0..200_i64)
            .map(|nr| {
                let second =
                    (nr * 7919 % 200) * step - 50_000_000_000 * i64::from(step > 1_000_000);
                let time = jiff::Timestamp::new(second, i32::try_from(nr % 2).unwrap()).unwrap();
                let offset = i32::try_from(nr % offsets).unwrap() * 60;
                let offset = jiff::tz::Offset::from_seconds(offset).unwrap();
                Snapshot { offset, ..Snapshot::new(nr.to_string(), time) }
            })
            .collect();
        let verdict = keep.apply(&snapshots, now).unwrap();
        let ours: Vec<String> = verdict.kept().map(|kept| kept.id().to_owned()).collect();
        snapshots.sort_by_key(|snapshot| std::cmp::Reverse(snapshot.time));
        assert_eq!(ours, snapshots.into_iter().map(|s| s.id).collect::<Vec<_>>());
    }
}

#[test]
fn durations() {
    let read = |text: &str| text.parse::<Within>().map(|within| within.to_string());
    assert_eq!(read("7h1y"), Ok("1y7h".to_owned()));
    assert_eq!(read("2d3d"), Ok("3d".to_owned()));
    assert_eq!(read(" 1m "), Ok("1m".to_owned()));
    assert_eq!(read("0h"), Ok(String::new()));
    assert!(matches!(read("-3d"), Err(WithinError::Negative(_))));
    assert!(matches!(read("1w"), Err(WithinError::NoUnit(_))));
    assert!(matches!(read("7"), Err(WithinError::NoUnit(_))));
    assert!(matches!(read("d"), Err(WithinError::NoNumber(_))));
    assert!(matches!(read("99999999999999999999y"), Err(WithinError::TooLarge(_))));
}

#[test]
fn words_as_in_a_shell() {
    let keep: Keep = r#"--keep-tag '' --keep-tag="a b,c" -d 3"#.parse().unwrap();
    assert_eq!(keep.to_string(), "--keep-daily 3 --keep-tag '' --keep-tag 'a b,c'");
    assert_eq!("--keep-tag 'x".parse::<Keep>(), Err(ArgsError::Quotation));
    assert_eq!("--keep-last".parse::<Keep>(), Err(ArgsError::NoValue("--keep-last".to_owned())));
}

#[test]
fn everything_goes_only_if_a_filter_names_it() {
    let snapshots = [at("a", "2026-03-01T00:00:00Z")];
    let apply = |options: &str| {
        let forget: Forget = options.parse().unwrap();
        forget
            .apply(&snapshots, "2026-03-02T00:00:00Z".parse().unwrap())
            .map(|v| v.removed().count())
    };
    assert_eq!(apply(""), Err(Refusal::NoPolicy));
    assert_eq!(apply("--unsafe-allow-remove-all"), Err(Refusal::RemoveAllWithoutFilter));
    assert_eq!(apply("--unsafe-allow-remove-all --host forge"), Ok(0));
    assert_eq!(apply("--unsafe-allow-remove-all --host ''"), Ok(1));
}

#[cfg(feature = "serde")]
#[test]
fn reads_what_restic_prints() {
    let text = br#"[{"time":"2026-03-01T04:00:00.123456789+01:00","tree":"t","paths":["/b","/a"],
        "hostname":"forge","username":"root","uid":0,"tags":["x"],"program_version":"restic 0.18.0",
        "id":"abc","short_id":"a"}]"#;
    let snapshots = Snapshot::from_json(text).unwrap();
    assert_eq!(snapshots[0].offset.seconds(), 3600);
    assert_eq!(snapshots[0].time.to_string(), "2026-03-01T03:00:00.123456789Z");
    assert_eq!((snapshots[0].host.as_str(), snapshots[0].paths.len()), ("forge", 2));
    assert!(Snapshot::from_json(b"null").unwrap().is_empty());
    let error = Snapshot::from_json(br#"[{"id":"a","time":"yesterday"}]"#).unwrap_err();
    assert!(error.to_string().starts_with("snapshot a: `yesterday` is not a time"), "{error}");
    assert!(Snapshot::from_json(br#"{"id":"a"}"#).is_err());
    let written = serde_json::to_vec(&snapshots).unwrap();
    assert_eq!(Snapshot::from_json(&written).unwrap(), snapshots);
    let keep: Keep = "--keep-daily 3 --keep-tag a".parse().unwrap();
    let text = serde_json::to_string(&keep).unwrap();
    assert_eq!(text, r#""--keep-daily 3 --keep-tag a""#);
    assert_eq!(serde_json::from_str::<Keep>(&text).unwrap(), keep);
}
