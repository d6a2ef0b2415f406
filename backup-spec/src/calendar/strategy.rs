//! Calendar expressions for property tests.

use std::fmt::Write;

use proptest::prelude::*;

use super::Calendar;

/// Zones with rules of many kinds: none, an hour, half an hour, at midnight, a day that never was.
pub const ZONES: [&str; 7] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Asia/Beirut",
    "Pacific/Apia",
];

/// `a`, `a..b`, `a/n`, `a..b/n` between two bounds, which are valid as often as not.
fn part(from: u32, to: u32) -> impl Strategy<Value = String> {
    let value = from..=to;
    (value.clone(), value.clone(), 1..=(to - from).max(1), 0..6_u8).prop_map(
        |(a, b, step, form)| {
            let (low, high) = (a.min(b), a.max(b));
            match form {
                0 => format!("{low}..{high}"),
                1 => format!("{a}/{step}"),
                2 => format!("{low}..{high}/{step}"),
                _ => a.to_string(),
            }
        },
    )
}

fn field(from: u32, to: u32) -> impl Strategy<Value = String> {
    prop_oneof![
        3 => Just("*".to_owned()),
        4 => part(from, to),
        1 => proptest::collection::vec(part(from, to), 1..4).prop_map(|parts| parts.join(",")),
    ]
}

fn seconds() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => field(0, 59),
        1 => (0..60_u32, 0..1_000_000_u32, 1..60_u32).prop_map(|(second, micro, step)| format!("{second}.{micro:06}/{step}.5")),
    ]
}

fn weekdays() -> impl Strategy<Value = String> {
    let day = prop::sample::select(&["Mon", "tue", "Wednesday", "Thu", "FRI", "sat", "Sun"][..]);
    let range = prop::sample::select(&["Mon..Fri", "Sat..Sun", "tue..thu", "Mon-Wed"][..]);
    let item = prop_oneof![3 => day, 1 => range];
    proptest::collection::vec(item, 1..4).prop_map(|days| days.join(","))
}

fn date() -> impl Strategy<Value = String> {
    let year = prop_oneof![
        6 => Just("*-".to_owned()),
        2 => field(2020, 2040).prop_map(|year| format!("{year}-")),
        1 => Just(String::new()),
    ];
    let day = prop_oneof![
        5 => field(1, 31).prop_map(|day| format!("-{day}")),
        1 => field(1, 28).prop_map(|day| format!("~{day}")),
    ];
    (year, field(1, 12), day).prop_map(|(year, month, day)| format!("{year}{month}{day}"))
}

fn time() -> impl Strategy<Value = String> {
    (field(0, 23), field(0, 59), proptest::option::of(seconds())).prop_map(
        |(hour, minute, second)| {
            let mut text = format!("{hour}:{minute}");
            if let Some(second) = second {
                let _ = write!(text, ":{second}");
            }
            text
        },
    )
}

/// Texts in the form of expressions, without a zone: most of them valid.
pub fn expression() -> impl Strategy<Value = String> {
    let words = prop::sample::select(
        &[
            "minutely",
            "hourly",
            "daily",
            "weekly",
            "monthly",
            "quarterly",
            "semiannually",
            "yearly",
        ][..],
    );
    let fields = (
        proptest::option::weighted(0.3, weekdays()),
        proptest::option::of(date()),
        proptest::option::weighted(0.8, time()),
    )
        .prop_map(|(weekdays, date, time)| {
            let fields: Vec<String> = [weekdays, date, time].into_iter().flatten().collect();
            if fields.is_empty() { "daily".to_owned() } else { fields.join(" ") }
        });
    prop_oneof![1 => words.prop_map(str::to_owned), 15 => fields]
}

/// Calendars without a zone of their own.
pub fn local_calendar() -> impl Strategy<Value = Calendar> {
    expression().prop_filter_map("no valid expression", |text| text.parse().ok())
}

/// Calendars of any of [`ZONES`] that is known here, or none.
pub fn calendar() -> impl Strategy<Value = Calendar> {
    let zone = proptest::option::of(prop::sample::select(&ZONES[..]));
    (expression(), zone).prop_filter_map("no valid expression", |(text, zone)| match zone {
        Some(zone) => format!("{text} {zone}").parse().ok(),
        None => text.parse().ok(),
    })
}
