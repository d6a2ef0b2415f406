//! The longest and the shortest time between two elapses.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::Calendar;
use super::elapse::Local;
use super::field::{Part, SECOND};
use crate::span::Span;

/// Two elapses that follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Gap {
    /// The earlier.
    pub from: Timestamp,
    /// The later.
    pub to: Timestamp,
}

/// How far elapses are apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Gaps {
    /// Two that are nearest to each other; the first such pair.
    pub shortest: Gap,
    /// Two that are farthest from each other; the first such pair.
    pub longest: Gap,
}

impl Gap {
    /// The real time between them.
    pub fn length(&self) -> Span {
        Span::between(self.from, self.to)
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} from {} to {}", self.length(), self.from, self.to)
    }
}

/// Steps of seconds below this many microseconds, times the parts of the field, are looked at in multiples of themselves that
/// are not below it: what is said of gaps is exact to a millisecond for each part, at the cost of 60,000 values.
const FINEST: u32 = 1000;

/// Times of one day after which the next elapse is farthest or nearest, among those of the same day.
struct Inner {
    /// Within a minute, microseconds since it began.
    minute: Vec<u64>,
    /// Within a day, microseconds since midnight.
    day: Vec<u64>,
}

impl Calendar {
    /// The longest and the shortest real time between two elapses that follow each other, where the earlier lies from
    /// `from` up to, not including, `to`; no further than [where a timer dies](Self::stuck_after). None if none does.
    ///
    /// Every change of the clock counts: `*:0/15` in Berlin has a gap of 75 minutes once a year. The cost is that of a few
    /// looks at every matching day.
    pub fn gaps(&self, from: Timestamp, to: Timestamp) -> Option<Gaps> {
        let mut gaps: Option<Gaps> = None;
        let mut look = |start: Timestamp| {
            // What the clock jumps over is no elapse: then it is the next one that counts.
            let start = self.after(just_before(start)?)?;
            let gap = Gap { from: start, to: self.after(start)? };
            if start < from || start >= to {
                return None;
            }
            let found = gaps.get_or_insert(Gaps { shortest: gap, longest: gap });
            if gap.length() < found.shortest.length() {
                found.shortest = gap;
            }
            if gap.length() > found.longest.length() {
                found.longest = gap;
            }
            Some(gap)
        };
        let inner = self.inner();
        let mut seen = just_before(from)?;
        while let Some(first) = self.after(seen).filter(|first| *first < to) {
            let date = self.clock.to_datetime(first).date();
            let (Some(start), Some(end)) =
                (self.midnight(date), date.tomorrow().ok().and_then(|date| self.midnight(date)))
            else {
                break;
            };
            let instant = |time: u64| {
                let local = Local { date, time }.datetime()?;
                self.clock.to_ambiguous_timestamp(local).compatible().ok()
            };
            look(first);
            for time in &inner.day {
                instant(*time).and_then(&mut look);
            }
            self.before(end).and_then(&mut look);
            let jump = |jump: &Timestamp| *jump <= end;
            let mut jumps = self.clock.following(just_before(start)?).map(|t| t.timestamp());
            let jumps: Vec<Timestamp> = jumps.by_ref().take_while(jump).collect();
            // Of a day that is cut or in which the clock changes, any minute may be where the extremes are.
            if !jumps.is_empty() || start < from || end > to {
                for minute in self.pattern.minutes_of_day() {
                    for micro in &inner.minute {
                        instant(minute + micro).and_then(&mut look);
                    }
                }
            }
            for jump in jumps {
                self.before(jump).and_then(&mut look);
            }
            // From there a timer goes on, if it does.
            let Some(last) = self.before(end).filter(|last| *last >= first) else { break };
            seen = last;
        }
        gaps
    }

    /// The instant from which systemd fails to find the next elapse, though there is one before `to`: `from`, or an elapse
    /// after it. See [what it does with steps and abbreviations](super#zones). From then on a timer of this calendar is dead.
    pub fn stuck_after(&self, from: Timestamp, to: Timestamp) -> Option<Timestamp> {
        let plain = self.without_quirks()?;
        let mut seen = just_before(from)?;
        loop {
            let Some(first) = self.after(seen) else {
                let missed = plain.after(seen).is_some_and(|missed| missed < to);
                return missed.then_some(seen.max(from));
            };
            if first >= to {
                return None;
            }
            // Within a day, a search never fails.
            let end = self.midnight(self.clock.to_datetime(first).date().tomorrow().ok()?)?;
            seen = self.before(end).unwrap_or(first).max(first);
        }
    }

    fn midnight(&self, date: jiff::civil::Date) -> Option<Timestamp> {
        let midnight = date.to_datetime(jiff::civil::Time::midnight());
        self.clock.to_ambiguous_timestamp(midnight).compatible().ok()
    }

    fn inner(&self) -> Inner {
        let parts = self.pattern.micro().parts();
        let finest = FINEST.saturating_mul(u32::try_from(parts.len()).unwrap_or(u32::MAX));
        let coarse = |part: &Part| match part.step {
            0 => *part,
            step => Part { step: finest.div_ceil(step).saturating_mul(step), ..*part },
        };
        let mut micros: Vec<u64> = parts
            .iter()
            .flat_map(|part| coarse(part).values(60 * SECOND - 1).map(u64::from))
            .collect();
        micros.sort_unstable();
        micros.dedup();
        let ends = micros.first().copied().zip(micros.last().copied());
        let mut minute = extremes(|| micros.iter().map(|micro| (*micro, *micro)));
        let (first, last) = ends.unwrap_or_default();
        let slots = || self.pattern.minutes_of_day();
        // Between minutes, the last of one and the first of the next matter.
        let mut day = extremes(|| slots().map(|slot| (slot + first, slot + last)));
        day.extend(slots().take(1).flat_map(|slot| minute.iter().map(move |micro| slot + micro)));
        minute.push(last);
        Inner { minute, day }
    }
}

fn just_before(instant: Timestamp) -> Option<Timestamp> {
    instant.checked_sub(SignedDuration::from_micros(1)).ok()
}

/// Where the longest and the shortest way to the next begins, of things that have a first and a last value.
fn extremes<I: Iterator<Item = (u64, u64)>>(values: impl Fn() -> I) -> Vec<u64> {
    let pairs = || values().zip(values().skip(1));
    let length = |pair: &((u64, u64), (u64, u64))| pair.1.0 - pair.0.1;
    let both = [pairs().max_by_key(length), pairs().min_by_key(length)];
    both.into_iter().flatten().map(|pair| pair.0.1).collect()
}
