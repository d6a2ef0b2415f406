//! Time zones of expressions, and where clocks jump.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Dst, TimeZone};

use super::error::Fault;

/// What stands at the end of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Zone {
    /// Nothing: the host's own zone.
    Local,
    /// `UTC`, in any case.
    Utc,
    /// A name of the database.
    #[cfg(feature = "tz")]
    Named(TimeZone, Box<str>),
}

impl Zone {
    #[cfg(feature = "tz")]
    pub(super) fn named(name: &str) -> Result<Self, Fault> {
        let zone = database().get(name).map_err(|_| Fault::Zone)?;
        // The database finds names in any case, systemd does not.
        let exact = zone.iana_name() == Some(name);
        if exact { Ok(Zone::Named(zone, name.into())) } else { Err(Fault::Zone) }
    }

    #[cfg(not(feature = "tz"))]
    pub(super) fn named(_: &str) -> Result<Self, Fault> {
        Err(Fault::NoZoneData)
    }

    pub(super) fn clock(&self) -> TimeZone {
        match self {
            Zone::Local | Zone::Utc => TimeZone::UTC,
            #[cfg(feature = "tz")]
            Zone::Named(zone, _) => zone.clone(),
        }
    }
}

/// The data compiled in: answers do not depend on the machine, and no file is read.
#[cfg(feature = "tz")]
fn database() -> &'static jiff::tz::TimeZoneDatabase {
    static BUNDLED: std::sync::OnceLock<jiff::tz::TimeZoneDatabase> = std::sync::OnceLock::new();
    BUNDLED.get_or_init(jiff::tz::TimeZoneDatabase::bundled)
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Zone::Local => Ok(()),
            Zone::Utc => f.write_str(" UTC"),
            #[cfg(feature = "tz")]
            Zone::Named(_, name) => write!(f, " {name}"),
        }
    }
}

impl Zone {
    fn name(&self) -> Option<&str> {
        match self {
            Zone::Local | Zone::Utc => None,
            #[cfg(feature = "tz")]
            Zone::Named(_, name) => Some(name),
        }
    }

    /// Which half of the year the name stands for on a host with this local zone, if it is one of the zone's own
    /// abbreviations: `CET` in Berlin. systemd then reads the local zone's time (`tzname`(3)), not that of the name.
    pub(super) fn half_of(&self, local: &TimeZone) -> Option<Dst> {
        let name = self.name()?;
        // As the rules are that hold on: 2037 is the last year that files list.
        let late = Timestamp::from_second(2_114_380_800).ok()?;
        let now = local.to_offset_info(late);
        let turns = local.following(late).take(2);
        let turns = turns.map(|turn| (turn.abbreviation().to_owned(), turn.dst()));
        let mut halves = std::iter::once((now.abbreviation().to_owned(), now.dst())).chain(turns);
        halves.find(|(abbreviation, _)| abbreviation == name).map(|(_, half)| half)
    }
}

/// When a clock shows `local` in that half of the year; none if it does not.
pub(super) fn in_half(zone: &TimeZone, local: DateTime, half: Dst) -> Option<Timestamp> {
    let instants = match place(zone, local)? {
        Place::Once(instant) => [Some(instant), None],
        Place::Twice(first, second) => [Some(first), Some(second)],
        Place::Missing { .. } => [None, None],
    };
    let fits = |instant: &Timestamp| zone.to_offset_info(*instant).dst() == half;
    instants.into_iter().flatten().find(fits)
}

/// Where the time of a clock lies.
pub(super) enum Place {
    /// Shown once.
    Once(Timestamp),
    /// Shown twice, before and after the clock was set back.
    Twice(Timestamp, Timestamp),
    /// Jumped over: `begin` is the first time of the clock that does not exist, `end` the first after it.
    Missing { begin: DateTime, end: DateTime },
}

/// Where `local` lies; none beyond what instants can be.
pub(super) fn place(zone: &TimeZone, local: DateTime) -> Option<Place> {
    let at = |offset: jiff::tz::Offset| offset.to_timestamp(local).ok();
    match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } => at(offset).map(Place::Once),
        AmbiguousOffset::Fold { before, after } => Some(Place::Twice(at(before)?, at(after)?)),
        AmbiguousOffset::Gap { before, after } => {
            // Read with the offset of before the jump, it lies at the jump or behind it.
            let behind = at(before)?.checked_add(jiff::SignedDuration::from_nanos(1)).ok()?;
            let jump = zone.preceding(behind).next()?.timestamp();
            Some(Place::Missing { begin: before.to_datetime(jump), end: after.to_datetime(jump) })
        }
    }
}

/// The time of the clock up to which everything was shown before `instant`: in a second pass, the end of the first one.
pub(super) fn shown_until(zone: &TimeZone, instant: Timestamp) -> DateTime {
    let local = zone.to_datetime(instant);
    let AmbiguousOffset::Fold { before, after } = zone.to_ambiguous_timestamp(local).offset()
    else {
        return local;
    };
    if zone.to_offset(instant) != after {
        return local;
    }
    let behind = instant.checked_add(jiff::SignedDuration::from_nanos(1));
    let back = behind.ok().and_then(|behind| Some(zone.preceding(behind).next()?.timestamp()));
    let last = |back: Timestamp| {
        let back = before.to_datetime(back);
        back.checked_sub(jiff::SignedDuration::from_micros(1)).ok()
    };
    back.and_then(last).unwrap_or(local)
}
