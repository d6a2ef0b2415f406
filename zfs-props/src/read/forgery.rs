//! Telling forged lines from real ones.

use alloc::vec::Vec;
use core::mem;

use super::foresight::Foresight;
use super::trust;
use crate::property::Property;

/// Watches the lines of an output for evidence that a value with a newline in it forged some.
///
/// OpenZFS prints every property of every dataset once, all properties of a dataset together. A value
/// can add lines, but neither remove nor change the line of another property. So a forged line about
/// a property that is really printed shows as a repetition: the dataset comes twice, or the property
/// comes twice within it.
#[derive(Debug)]
pub(super) struct Watch<'a> {
    /// What `zfs get all` prints is also known to be in order: native properties in the order of the
    /// table, then the user's.
    ordered: bool,
    run: Run<'a>,
    foresight: Foresight,
    /// The dataset of each run.
    runs: Vec<&'a str>,
    doubts: Doubts<'a>,
    /// The line before was malformed.
    after_malformed: bool,
}

/// What a line is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names<'a> {
    pub(super) dataset: &'a str,
    pub(super) property: &'a str,
    /// What `property` stands for.
    pub(super) native: Option<Property>,
}

impl Names<'_> {
    /// What stands in a line after these, if it begins with them.
    #[inline]
    pub(super) fn strip<'l>(&self, line: &'l [u8]) -> Option<&'l [u8]> {
        let line = line.strip_prefix(self.dataset.as_bytes())?.strip_prefix(b"\t")?;
        line.strip_prefix(self.property.as_bytes())?.strip_prefix(b"\t")
    }
}

/// Datasets there is evidence against.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Doubts<'a> {
    /// Nothing about these can be trusted.
    pub(super) all: Vec<&'a str>,
    /// What is printed for user properties of these cannot be trusted.
    user: Vec<&'a str>,
}

impl Doubts<'_> {
    pub(super) fn covers(&self, dataset: &str, property: &str) -> bool {
        let within = |datasets: &[&str]| datasets.binary_search(&dataset).is_ok();
        within(&self.all) || trust::is_user(property) && within(&self.user)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty() && self.user.is_empty()
    }
}

/// Lines about the same dataset.
#[derive(Debug, Default)]
struct Run<'a> {
    dataset: &'a str,
    /// The native properties so far, one bit each.
    natives: u128,
    /// The last of them.
    last: Option<Property>,
    /// All other properties so far.
    others: Vec<&'a str>,
    /// One of those was a user property.
    has_user: bool,
    is_contradictory: bool,
}

impl Run<'_> {
    /// The dataset is empty where its name is not printed.
    fn is_empty(&self) -> bool {
        self.dataset.is_empty() && self.natives == 0 && self.others.is_empty()
    }
}

// Why a bit per native property is enough.
const _: () = assert!(Property::ALL.len() <= 128);

impl<'a> Watch<'a> {
    pub(super) fn new(ordered: bool) -> Self {
        Self {
            ordered,
            run: Run::default(),
            foresight: Foresight::new(),
            runs: Vec::new(),
            doubts: Doubts::default(),
            after_malformed: false,
        }
    }

    /// The dataset of the last line, empty before the first.
    pub(super) fn dataset(&self) -> &'a str {
        self.run.dataset
    }

    /// What the next line begins with if it is like those of the dataset before.
    pub(super) fn foreseen(&self) -> Option<Names<'a>> {
        let native = self.foresight.next(self.run.last).filter(|_| !self.run.dataset.is_empty())?;
        Some(Names { dataset: self.run.dataset, property: native.name(), native: Some(native) })
    }

    /// The native property called `property`, in a line about `dataset`.
    pub(super) fn native(&mut self, dataset: &str, property: &str) -> Option<Property> {
        let last = self.run.last.filter(|_| dataset == self.run.dataset);
        self.foresight.find(property, last)
    }

    /// A line about one property.
    pub(super) fn line(&mut self, Names { dataset, property, native }: Names<'a>) {
        if dataset != self.run.dataset {
            self.row(dataset);
        }
        let run = &mut self.run;
        if let Some(native) = native {
            let bit = 1 << native as u32;
            let out_of_order = run.has_user || run.last.is_some_and(|last| native <= last);
            run.is_contradictory |= run.natives & bit != 0 || self.ordered && out_of_order;
            run.natives |= bit;
            run.last = Some(native);
        } else {
            run.has_user |= trust::is_user(property);
            run.others.push(property);
        }
        if mem::take(&mut self.after_malformed) {
            self.doubt_neighbour();
        }
    }

    /// A line about a dataset; the first of a run, or the only one.
    pub(super) fn row(&mut self, dataset: &'a str) {
        self.end_run();
        self.run.dataset = dataset;
        self.runs.push(dataset);
        if mem::take(&mut self.after_malformed) {
            self.doubt_neighbour();
        }
    }

    /// A line that is no record: it belongs to a value of the dataset before it, and the next line
    /// may still belong to that value.
    pub(super) fn malformed(&mut self) {
        self.after_malformed = true;
        self.doubt_neighbour();
    }

    /// Where order tells, a forged native property contradicts the real ones.
    fn doubt_neighbour(&mut self) {
        let doubted = if self.ordered { &mut self.doubts.user } else { &mut self.doubts.all };
        if !self.run.is_empty() {
            doubted.push(self.run.dataset);
        }
    }

    fn end_run(&mut self) {
        let mut run = mem::take(&mut self.run);
        if run.is_contradictory || has_repetition(&mut run.others) {
            self.doubts.all.push(run.dataset);
        }
        // Kept for its room.
        run.others.clear();
        self.run.others = run.others;
    }

    /// What there is evidence against, now that all lines are known.
    pub(super) fn conclude(mut self) -> Doubts<'a> {
        self.end_run();
        self.runs.sort_unstable();
        self.doubts.all.extend(repetitions(&self.runs));
        for doubted in [&mut self.doubts.all, &mut self.doubts.user] {
            doubted.sort_unstable();
            doubted.dedup();
        }
        self.doubts
    }
}

fn has_repetition(names: &mut [&str]) -> bool {
    names.sort_unstable();
    repetitions(names).next().is_some()
}

fn repetitions<'a>(sorted: &[&'a str]) -> impl Iterator<Item = &'a str> {
    sorted.windows(2).filter_map(|pair| match pair {
        [one, other] if one == other => Some(*one),
        _ => None,
    })
}
