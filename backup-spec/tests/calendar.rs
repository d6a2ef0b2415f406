//! Laws of calendars, held against a search that only asks whether an instant matches.
#![cfg(all(feature = "proptest", feature = "tz"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use backup_spec::calendar::Calendar;
use backup_spec::calendar::strategy::{ZONES, calendar, expression, local_calendar};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

/// 2020 to 2035, and the days around changes of the clock in particular.
fn instant() -> impl Strategy<Value = Timestamp> {
    let second = prop_oneof![
        1_577_836_800_i64..2_051_222_400,
        1_711_700_000_i64..1_711_950_000, // Europe, spring 2024
        1_729_900_000_i64..1_730_100_000, // Europe, autumn 2024
        1_325_000_000_i64..1_325_500_000, // Samoa leaves out a day
        1_541_200_000_i64..1_541_400_000, // São Paulo, at midnight
    ];
    (second, 0..1_000_000_000_i32).prop_map(|(second, nano)| Timestamp::new(second, nano).unwrap())
}

fn micro() -> SignedDuration {
    SignedDuration::from_micros(1)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// The normal form reads back as the same calendar, and is its own normal form.
    #[test]
    fn the_normal_form_is_a_fixpoint(calendar in calendar()) {
        let again: Calendar = calendar.to_string().parse().unwrap();
        prop_assert_eq!(&again, &calendar);
        prop_assert_eq!(again.to_string(), calendar.to_string());
    }

    /// What the expression said and what its normal form says elapses at the same times.
    #[test]
    fn the_normal_form_keeps_all_elapses(text in expression(), base in instant()) {
        let Ok(read) = text.parse::<Calendar>() else { return Ok(()) };
        let normal: Calendar = read.to_string().parse().unwrap();
        let next = |calendar: &Calendar| calendar.upcoming(base).take(5).collect::<Vec<_>>();
        prop_assert_eq!(next(&read), next(&normal));
    }

    #[test]
    fn next_is_after_and_previous_before(calendar in calendar(), base in instant()) {
        if let Ok(next) = calendar.next_after(base) {
            prop_assert!(next > base);
        }
        if let Ok(previous) = calendar.previous_before(base) {
            prop_assert!(previous < base);
        }
    }

    /// Nothing lies between an instant and the next elapse, nor between it and the one before.
    #[test]
    fn next_and_previous_meet(calendar in calendar(), base in instant()) {
        if let Ok(previous) = calendar.previous_before(base) {
            let back = calendar.next_after(previous);
            prop_assert!(back.is_err() || back.unwrap() >= base, "{calendar}: {previous} {base} {back:?}");
        }
        if let Ok(next) = calendar.next_after(base) {
            // Between two elapses the same one is next.
            prop_assert_eq!(calendar.next_after(next - micro()).unwrap(), next);
            // `base` may itself be an elapse.
            if let Ok(back) = calendar.previous_before(next) {
                prop_assert!(back <= base, "{calendar}: {base} {next} {back}");
            }
        }
    }

    /// Going on from an elapse and back again is where one was.
    #[test]
    fn previous_undoes_next(calendar in calendar(), base in instant()) {
        let Ok(first) = calendar.previous_before(base) else { return Ok(()) };
        let Ok(second) = calendar.next_after(first) else { return Ok(()) };
        prop_assert_eq!(calendar.previous_before(second).unwrap(), first);
    }

    /// Every elapse is a time of the clock that the fields name: read at the elapse, `*` matches, and so does its own date.
    #[test]
    fn an_elapse_is_what_the_clock_shows(calendar in local_calendar(), zone in 0..ZONES.len(), base in instant()) {
        let zone = TimeZone::get(ZONES[zone]).unwrap();
        let calendar = calendar.in_zone(zone.clone());
        let Ok(next) = calendar.next_after(base) else { return Ok(()) };
        let local = zone.to_datetime(next);
        // The same fields without a zone elapse at that very time of a clock that never changes.
        let steady = calendar.clone().in_zone(TimeZone::UTC);
        let shown = TimeZone::UTC.to_timestamp(local).unwrap();
        prop_assert_eq!(steady.next_after(shown - micro()).unwrap(), shown);
    }

    /// The gaps are those that a walk through every elapse finds.
    #[test]
    fn gaps_are_those_of_a_walk(calendar in calendar(), from in instant(), days in 1..40_i64) {
        let to = from + SignedDuration::from_hours(24 * days);
        let from = calendar.next_after(from - micro()).unwrap_or(from).max(from);
        let mut walk = calendar.upcoming(from - micro()).take(20_001).peekable();
        let (mut longest, mut shortest, mut count) = (None, None, 0);
        while let Some(start) = walk.next() {
            let Some(end) = walk.peek().copied().filter(|_| start < to) else { break };
            let length = end - start;
            let length = u64::try_from(length.as_micros()).unwrap();
            longest = longest.max(Some(length));
            shortest = Some(shortest.unwrap_or(length).min(length));
            count += 1;
        }
        if count == 20_000 {
            return Ok(());
        }
        let gaps = calendar.gaps(from, to);
        prop_assert_eq!(gaps.map(|gaps| gaps.longest.length().as_micros()), longest, "{} {} {}", calendar, from, to);
        prop_assert_eq!(gaps.map(|gaps| gaps.shortest.length().as_micros()), shortest, "{} {} {}", calendar, from, to);
    }

    /// No text makes the reader fail in another way than by an error that points into the text.
    #[test]
    fn errors_point_into_the_text(text in "\\PC{0,40}") {
        if let Err(error) = text.parse::<Calendar>() {
            prop_assert!(error.at() <= text.len());
            prop_assert_eq!(error.text(), text);
        }
    }
}

#[test]
fn an_expression_that_never_elapses_says_so() {
    for text in
        ["*-02-30", "*-02-31 12:00", "2024-02-30", "2023-02-29", "1971-01-01", "Thu 2027-01-01"]
    {
        let calendar: Calendar = text.parse().unwrap();
        let now = "2026-06-01T00:00:00Z".parse().unwrap();
        assert!(calendar.next_after(now).is_err(), "{text}");
    }
    // The last Sunday of March at 02:30 is jumped over every year.
    let jumped: Calendar = "Sun *-03-25..31 02:30 Europe/Berlin".parse().unwrap();
    assert!(jumped.next_after("1997-01-01T00:00:00Z".parse().unwrap()).is_err());
    // The 29th of February on a Saturday comes every 28 years, and not after 2199.
    let rare: Calendar = "Sat *-02-29 UTC".parse().unwrap();
    let next = rare.next_after("2026-01-01T00:00:00Z".parse().unwrap()).unwrap();
    assert_eq!(next.to_string(), "2048-02-29T00:00:00Z");
}

/// What a clock shows twice happens the first time. A timer started in the second pass elapses in it, as systemd does.
#[test]
fn a_second_pass_counts_only_from_inside() {
    let quarter: Calendar = "*:0/15 Europe/Berlin".parse().unwrap();
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    assert_eq!(quarter.next_after(at("2024-10-27T00:45:00Z")).unwrap(), at("2024-10-27T02:00:00Z"));
    assert_eq!(quarter.next_after(at("2024-10-27T01:10:00Z")).unwrap(), at("2024-10-27T01:15:00Z"));
    assert_eq!(
        quarter.previous_before(at("2024-10-27T01:10:00Z")).unwrap(),
        at("2024-10-27T00:45:00Z")
    );
}

/// An abbreviation of the host's own zone stands for a half of the year (recorded from systemd 252).
#[test]
fn an_abbreviation_of_the_local_zone_is_half_a_year() {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let next = |text: &str, zone: &str, base: &str| {
        let calendar = text.parse::<Calendar>().unwrap().in_zone(TimeZone::get(zone).unwrap());
        calendar.upcoming(at(base)).take(3).collect::<Vec<_>>()
    };
    let (berlin, york) = ("Europe/Berlin", "America/New_York");
    let winter = next("10:00 CET", berlin, "2024-01-10T00:00:00Z");
    assert_eq!(
        winter,
        ["2024-01-10T09:00:00Z", "2024-01-11T09:00:00Z", "2024-01-12T09:00:00Z"].map(at)
    );
    // Until the clocks change.
    assert_eq!(next("10:00 EST", york, "2024-03-09T00:00:00Z"), [at("2024-03-09T15:00:00Z")]);
    for base in ["2024-06-01T00:00:00Z", "2024-10-26T00:00:00Z"] {
        assert_eq!(next("10:00 CET", berlin, base), []);
        assert_eq!(next("10:00 EST", york, base), []);
    }
    assert_eq!(next("10:00 CET", berlin, "2024-10-27T00:00:00Z")[0], at("2024-10-27T09:00:00Z"));
    // To another host it is the zone of that name.
    assert_eq!(next("10:00 EST", berlin, "2024-06-01T00:00:00Z")[0], at("2024-06-01T15:00:00Z"));
    let calendar: Calendar = "10:00 CET".parse().unwrap();
    let calendar = calendar.in_zone(TimeZone::get(berlin).unwrap());
    assert_eq!(
        calendar.previous_before(at("2024-07-01T00:00:00Z")).unwrap(),
        at("2024-03-30T09:00:00Z")
    );
}

/// `0/7` leaves the hour at 63: systemd goes on from there, and misses midnight.
#[test]
fn a_step_that_overshoots_the_day_misses_its_first_minutes() {
    let sevens: Calendar = "*:0/7 UTC".parse().unwrap();
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    assert_eq!(sevens.next_after(at("2024-05-10T23:57:00Z")).unwrap(), at("2024-05-11T00:07:00Z"));
    assert_eq!(sevens.next_after(at("2024-05-10T22:57:00Z")).unwrap(), at("2024-05-10T23:00:00Z"));
    assert_eq!(
        sevens.previous_before(at("2024-05-11T00:07:00Z")).unwrap(),
        at("2024-05-10T23:56:00Z")
    );
    let hours: Calendar = "0/7:00 UTC".parse().unwrap();
    assert_eq!(hours.next_after(at("2024-05-31T22:00:00Z")).unwrap(), at("2024-06-01T07:00:00Z"));
    assert_eq!(hours.next_after(at("2024-05-10T22:00:00Z")).unwrap(), at("2024-05-11T00:00:00Z"));
}

/// The first hour of the 31st is jumped over in Beirut: from the last elapse of the day before, systemd 252 finds no other
/// (`systemd-analyze calendar`: "Resource deadlock avoided"), though it does from noon. A timer is dead then, and has no gap.
#[test]
fn gaps_end_where_a_timer_does() {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let calendar: Calendar = "00/7:*:00 Asia/Beirut".parse().unwrap();
    let (from, to) = (at("2024-03-29T12:00:00Z"), at("2024-04-01T08:00:00Z"));
    let last = at("2024-03-30T19:59:00Z");
    assert!(
        calendar.next_after(last).is_err()
            && calendar.next_after(at("2024-03-31T12:00:00Z")).is_ok()
    );
    assert_eq!(calendar.stuck_after(from, to), Some(last));
    let gaps = calendar.gaps(from, to).unwrap();
    assert_eq!(gaps.longest.length().to_string(), "6h 1min");
    assert!(gaps.longest.to <= last);
}

/// Beside every second, whole seconds mean nothing more (`systemd-analyze calendar`, systemd 252); halves do, and systemd's
/// own normal form, `*-*-* *:*:*`, has lost them.
#[test]
fn every_second_is_written_as_a_star_unless_there_is_more() {
    for (text, normal) in [
        ("*:*:0/1,26", "*-*-* *:*:*"),
        ("*:*:0/1,30..40", "*-*-* *:*:*"),
        ("*:*:0,0/2,0/1", "*-*-* *:*:*"),
        ("*:*:0/1,0.5", "*-*-* *:*:00/1,00.500000"),
    ] {
        let calendar: Calendar = text.parse().unwrap();
        assert_eq!(calendar.to_string(), normal);
        assert_eq!(normal.parse(), Ok(calendar));
    }
}

/// Instants have years before the first and up to 9999, elapses do not.
#[test]
fn an_instant_of_any_year_has_the_elapses_before_it() {
    let daily: Calendar = "02:00".parse().unwrap();
    let before = |base: Timestamp| daily.previous_before(base).ok().map(|last| last.to_string());
    for base in ["-002000-01-01T00:00:00Z", "-001969-01-01T00:00:00Z", "1970-01-01T02:00:00Z"] {
        assert_eq!(before(base.parse().unwrap()), None, "{base}");
    }
    assert_eq!(before(Timestamp::MIN), None);
    assert_eq!(before(Timestamp::MAX).unwrap(), "2199-12-31T02:00:00Z");
}

#[test]
fn years_that_end_are_told() {
    let ends = |text: &str| text.parse::<Calendar>().unwrap().ends().map(|at| at.to_string());
    assert_eq!(ends("2020-*-* 02:00").unwrap(), "2020-12-31T02:00:00Z");
    assert_eq!(ends("2026,2030..2032-03-01").unwrap(), "2032-03-01T00:00:00Z");
    for text in ["daily", "2024/4-02-29", "2026..2199-*-*", "*-02-30", "2023-02-29"] {
        assert_eq!(ends(text), None, "{text}");
    }
}
