//! `systemd-analyze calendar` of systemd 252 and 257. Where the two differ, 257 is the authority.

use std::cell::Cell;

use backup_spec::calendar::Calendar;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use testing::baseline::{Verdict, compare};

const AUTHORITY: &str = "257";

#[test]
fn oncalendar_normalise() {
    compare("oncalendar-normalise", |row| {
        let read = row["expr"].as_str().unwrap().parse::<Calendar>();
        let recorded = row["normalized"].as_str().map(str::to_owned);
        assert_eq!(row["valid"], recorded.is_some());
        Verdict::of(read.ok().map(|calendar| calendar.to_string()), recorded)
    });
}

#[test]
fn oncalendar_elapse() {
    elapses("oncalendar-elapse");
}

#[test]
fn oncalendar_dst() {
    elapses("oncalendar-dst");
}

fn elapses(name: &str) {
    let differ = Cell::new(0);
    compare(name, |row| {
        let answer = row.get("versions_differ").map_or(row, |versions| {
            differ.set(differ.get() + 1);
            &versions[AUTHORITY]
        });
        let recorded: Vec<i64> =
            answer["next"].as_array().unwrap().iter().map(|next| next.as_i64().unwrap()).collect();
        let ends = answer.get("never_after").and_then(Value::as_bool).unwrap_or(false);
        let calendar = row["expr"].as_str().unwrap().parse::<Calendar>().unwrap();
        let zone = TimeZone::get(row["tz"].as_str().unwrap()).unwrap();
        let calendar = calendar.in_zone(zone);
        let base = Timestamp::from_second(row["base"].as_i64().unwrap()).unwrap();
        let more = usize::from(ends);
        // Recorded to the second, rounded down.
        let ours: Vec<i64> =
            calendar.upcoming(base).take(recorded.len() + more).map(Timestamp::as_second).collect();
        Verdict::of(ours, recorded)
    });
    println!("baseline {name}: {} rows differ between versions, {AUTHORITY} decided", differ.get());
}
