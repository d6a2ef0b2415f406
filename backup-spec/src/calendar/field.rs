//! One field of an expression: the chain of single values, ranges and steps between its commas.

/// Microseconds in a second: the unit of the field of seconds.
pub(super) const SECOND: u32 = 1_000_000;

/// `start`, `start..stop`, `start/step`, `start..stop/step`. A range without a step has one of 1 (seconds: of one
/// second).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Part {
    pub(super) start: u32,
    pub(super) stop: Option<u32>,
    /// 0: the start alone.
    pub(super) step: u32,
}

/// The parts of a field, in order and each once; none for `*`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Field(Box<[Part]>);

impl Part {
    /// What `*` is in the field of seconds.
    pub(super) const EVERY_SECOND: Self = Self { start: 0, stop: None, step: SECOND };

    pub(super) fn one(start: u32) -> Self {
        Self { start, stop: None, step: 0 }
    }

    /// The part with an end that it reaches, without a step that it never takes.
    fn normal(mut self) -> Self {
        if let Some(stop) = self.stop.as_mut().filter(|stop| **stop > self.start) {
            if self.step > 0 {
                *stop -= (*stop - self.start) % self.step;
            }
        }
        if self.stop == Some(self.start) { Self::one(self.start) } else { self }
    }

    /// Whether every value lies between `from` and `to`, and a step leads somewhere. Counted from a month's end, an
    /// open step runs towards that end.
    fn fits(&self, from: u32, to: u32, from_end: bool) -> bool {
        let within = |value: u32| (from..=to).contains(&value);
        let reaches = match self.stop {
            Some(stop) => within(stop) && self.start.saturating_add(self.step) <= stop,
            None if from_end => self.step == 0 || self.start >= from.saturating_add(self.step),
            None => self.start.saturating_add(self.step) <= to,
        };
        within(self.start) && self.step <= to - from && reaches
    }

    /// The least value that is not below `from`.
    fn at_least(&self, from: u32) -> Option<u32> {
        let Some(over) = from.checked_sub(self.start) else { return Some(self.start) };
        if over == 0 {
            return Some(self.start);
        }
        let steps = over.div_ceil(if self.step == 0 { return None } else { self.step });
        let value = self.start.checked_add(steps.checked_mul(self.step)?)?;
        self.stop.is_none_or(|stop| value <= stop).then_some(value)
    }

    /// The greatest value that is not above `to`.
    fn at_most(&self, to: u32) -> Option<u32> {
        let over = self.stop.map_or(to, |stop| stop.min(to)).checked_sub(self.start)?;
        let over = over.checked_div(self.step).map_or(0, |steps| steps * self.step);
        Some(self.start + over)
    }

    /// The values up to `to`, smallest first.
    pub(super) fn values(self, to: u32) -> impl Iterator<Item = u32> {
        std::iter::successors(Some(self.start), move |value| {
            let next = value.checked_add(self.step).filter(|_| self.step > 0)?;
            self.stop.is_none_or(|stop| next <= stop).then_some(next)
        })
        .take_while(move |value| *value <= to)
    }
}

impl Field {
    pub(super) fn new(parts: Vec<Part>) -> Self {
        let mut parts: Vec<Part> = parts.into_iter().map(Part::normal).collect();
        parts.sort_unstable();
        parts.dedup();
        Self(parts.into())
    }

    /// The field of seconds: beside every second, only what lies between them means anything.
    pub(super) fn seconds(mut parts: Vec<Part>) -> Self {
        if parts.contains(&Part::EVERY_SECOND) {
            let is_between = |part: &Part| part.start % SECOND != 0 || part.step % SECOND != 0;
            parts.retain(|part| *part == Part::EVERY_SECOND || is_between(part));
        }
        Self::new(parts)
    }

    pub(super) fn parts(&self) -> &[Part] {
        &self.0
    }

    pub(super) fn is_any(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every part lies within the bounds. Counted from a month's end, systemd lowers the upper bound by 3 with
    /// every part (`chain_valid` of `calendarspec.c`): `~28` and `~4,25` are days to it, `~4,26` is none.
    pub(super) fn fits(&self, from: u32, to: u32, from_end: bool) -> bool {
        let lowered = if from_end { 3 } else { 0 };
        let mut to = Some(to);
        self.0.iter().all(|part| {
            let fits = to.is_some_and(|to| part.fits(from, to, from_end));
            to = to.and_then(|to| to.checked_sub(lowered)).filter(|to| *to >= from);
            fits
        })
    }

    /// The least value from `from` on; `from` itself where every value is meant.
    pub(super) fn at_least(&self, from: u32) -> Option<u32> {
        if self.is_any() {
            return Some(from);
        }
        self.0.iter().filter_map(|part| part.at_least(from)).min()
    }

    /// The greatest value up to `to`; `to` itself where every value is meant.
    pub(super) fn at_most(&self, to: u32) -> Option<u32> {
        if self.is_any() {
            return Some(to);
        }
        self.0.iter().filter_map(|part| part.at_most(to)).max()
    }

    /// How far beyond `limit` the first value lies that an open step comes to there; 0 without an open step.
    pub(super) fn left_over(&self, limit: u32) -> u32 {
        let open = self.0.iter().filter(|part| part.step > 0 && part.stop.is_none());
        open.filter_map(|part| part.at_least(limit)).map(|value| value - limit).min().unwrap_or(0)
    }

    pub(super) fn has_open_step(&self) -> bool {
        self.0.iter().any(|part| part.step > 0 && part.stop.is_none())
    }

    /// The same, of days that are counted from a month's end: how far into the next month.
    pub(super) fn left_over_from_end(&self) -> u32 {
        let open = self.0.iter().filter(|part| part.step > 0 && part.stop.is_none());
        let left = open.map(|part| part.step - (part.start - 1) % part.step - 1);
        left.min().unwrap_or(0)
    }

    /// The values as bits, up to `to`, which is below 64.
    pub(super) fn mask(&self, from: u32, to: u32) -> u64 {
        let bit = |value: u32| 1 << value;
        if self.is_any() {
            return (from..=to).map(bit).fold(0, |bits, bit| bits | bit);
        }
        let values = self.0.iter().flat_map(|part| part.values(to));
        values.map(bit).fold(0, |bits, bit| bits | bit)
    }

    /// The distances from a month's end (1: its last day) as bits.
    pub(super) fn mask_from_end(&self) -> u64 {
        // An open step runs from its start to the end: the distances get smaller.
        let upwards = |part: &Part| match part.stop {
            None if part.step > 0 => {
                let least = (part.start - 1) % part.step + 1;
                Part { start: least, stop: Some(part.start), step: part.step }
            }
            _ => *part,
        };
        let distances = self.0.iter().flat_map(|part| upwards(part).values(31));
        distances.fold(0, |bits, distance| bits | 1 << distance)
    }
}
