//! The staleness of a timer, held against a simulation of systemd's timers that draws its delays.
#![cfg(feature = "proptest")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use backup_spec::calendar::strategy::local_calendar;
use backup_spec::span::Span;
use backup_spec::timer::{Load, Timer};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

fn seconds(span: Span) -> i64 {
    i64::try_from(span.as_secs()).unwrap()
}

fn plus(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(seconds)).unwrap()
}

/// What is drawn for a turn: parts of a thousand of each bound.
type Draw = (u16, u16, u16);

/// The greatest age of the newest complete copy.
///
/// systemd looks for the next elapse after the last trigger, adds the delay, and triggers within the accuracy. A trigger
/// while the service runs does nothing. An outage swallows triggers: a persistent timer triggers once at its end, another
/// looks for the next elapse after it.
fn simulate(
    timer: &Timer,
    load: Load,
    from: Timestamp,
    draws: &[Draw],
    fixed: u16,
    off_at: usize,
) -> i64 {
    let (_, to) = year();
    let part = |bound: Span, drawn: u16| seconds(bound) * i64::from(drawn) / 1000;
    let (mut last, mut busy_until, mut started) = (from, from, None::<Timestamp>);
    let mut worst = 0;
    for (n, (delay, accuracy, run)) in draws.iter().enumerate() {
        let delay = if timer.fixed_random_delay { fixed } else { *delay };
        let late = part(timer.randomized_delay, delay) + part(timer.accuracy, *accuracy);
        // With a delay that is always the same, systemd looks for the elapse behind the delayed trigger.
        let base = if timer.fixed_random_delay {
            plus(last, -part(timer.randomized_delay, delay))
        } else {
            last
        };
        // Only what begins in the window that the bound is asked for.
        let Some(elapse) = timer.next_after(base).filter(|_| last < to) else { break };
        let mut trigger = plus(elapse, late);
        if n == off_at && load.outage > Span::ZERO {
            // Off from just before the trigger.
            let back = plus(trigger, seconds(load.outage) - 1);
            trigger = if timer.persistent {
                back
            } else {
                let Some(elapse) = timer.next_after(back) else { break };
                plus(elapse, late)
            };
        }
        last = trigger;
        if trigger < busy_until {
            continue;
        }
        let end = plus(trigger, part(load.run, *run));
        if let Some(started) = started {
            worst = worst.max((end - started).as_secs());
        }
        (started, busy_until) = (Some(trigger), end);
    }
    worst
}

fn timer() -> impl Strategy<Value = Timer> {
    let delay = prop_oneof![Just(0), 1..40_000_u64];
    (local_calendar(), any::<bool>(), any::<bool>(), delay, 0..120_u64).prop_map(
        |(calendar, persistent, fixed, delay, accuracy)| Timer {
            persistent,
            fixed_random_delay: fixed,
            randomized_delay: Span::from_secs(delay),
            accuracy: Span::from_secs(accuracy),
            ..Timer::new(calendar)
        },
    )
}

fn load() -> impl Strategy<Value = Load> {
    let outage = prop_oneof![Just(0), 1..400_000_u64];
    (0..20_000_u64, outage).prop_map(|(run, outage)| Load {
        run: Span::from_secs(run),
        outage: Span::from_secs(outage),
    })
}

fn year() -> (Timestamp, Timestamp) {
    ("2024-01-01T00:00:00Z".parse().unwrap(), "2026-01-01T00:00:00Z".parse().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is drawn, nothing gets staler than said.
    #[test]
    fn the_bound_is_never_exceeded(
        timer in timer(),
        load in load(),
        draws in proptest::collection::vec((0..=1000_u16, 0..=1000_u16, 0..=1000_u16), 40),
        fixed in 0..=1000_u16,
        off_at in 1..40_usize,
    ) {
        let (from, to) = year();
        let Some(bound) = timer.staleness(from..to, load) else { return Ok(()) };
        let worst = simulate(&timer, load, plus(from, 86_400), &draws, fixed, off_at);
        prop_assert!(worst <= seconds(bound.worst) + 1, "{worst} {bound:?}");
    }

    /// A daily timer reaches it: early, then as late as can be, then as slow as can be.
    #[test]
    fn the_bound_is_reached(
        hour in 0..24_u8, minute in 0..60_u8, persistent in any::<bool>(), fixed in any::<bool>(),
        delay in 0..40_000_u64, run in 0..10_000_u64, outage in 0..400_000_u64,
    ) {
        let mut timer = Timer::new(format!("{hour}:{minute}").parse().unwrap());
        (timer.persistent, timer.fixed_random_delay) = (persistent, fixed);
        timer.randomized_delay = Span::from_secs(delay);
        let load = Load { run: Span::from_secs(run), outage: Span::from_secs(outage) };
        let (from, to) = year();
        let bound = timer.staleness(from..to, load).unwrap();
        prop_assert!(!bound.overlaps);
        let draws = [(0, 0, 0), (1000, 1000, 1000)];
        let worst = simulate(&timer, load, plus(from, 86_400 * 3), &draws, 1000, 1);
        // An outage ends at the worst moment between two elapses only if it has that length: by then less than a day is missing.
        let slack = if outage > 0 && !persistent { 86_400 + 60 } else { 2 };
        prop_assert!(worst >= seconds(bound.worst) - slack, "{worst} {bound:?}");
    }
}

/// An outage that ends just after an elapse is the worst for a timer that is not persistent.
#[test]
fn the_bound_of_an_outage_is_reached() {
    let mut timer = Timer::new("02:00".parse().unwrap());
    timer.accuracy = Span::ZERO;
    let load = Load { run: Span::from_secs(600), outage: Span::from_secs(2 * 86_400 + 2) };
    let (from, to) = year();
    let bound = timer.staleness(from..to, load).unwrap();
    let worst = simulate(&timer, load, plus(from, 86_400), &[(0, 0, 0), (0, 0, 1000)], 0, 1);
    assert!((seconds(bound.worst) - worst).abs() <= 2, "{worst} {bound:?}");
}

#[test]
fn several_expressions_elapse_as_one() {
    let mut timer = Timer::new("02:00".parse().unwrap());
    timer.on_calendar.push("14:30".parse().unwrap());
    let (from, to) = year();
    let staleness = timer.staleness(from..to, Load::default()).unwrap();
    assert_eq!(staleness.gap.length().to_string(), "12h 30min");
}

/// What goes on alone after that counts, however often the other elapsed until then.
#[test]
fn an_expression_that_stops_bounds_nothing() {
    let (from, to) = year();
    // More seconds than are looked at one by one.
    let mut timer = Timer::new("2024-01-01..14 *:*:* UTC".parse().unwrap());
    assert_eq!(timer.staleness(from..to, Load::default()).unwrap().worst, Span::INFINITY);
    assert_eq!(timer.flaws(from..to, Span::ZERO).len(), 1);
    timer.on_calendar.push("daily UTC".parse().unwrap());
    let staleness = timer.staleness(from..to, Load::default()).unwrap();
    assert_eq!(staleness.gap.length().to_string(), "1d");
}
