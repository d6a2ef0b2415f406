//! Telling forged lines from real ones.

use alloc::vec::Vec;
use core::mem;

use super::trust;
use crate::property::Property;

/// How far ahead in the table the next native property is looked for first.
const NEAR: usize = 8;

/// Watches the lines of an output for evidence that a value with a newline in it forged some.
///
/// OpenZFS prints every property of every dataset once, all properties of a dataset together. A value
/// can add lines, but neither remove nor change the line of another property. So a forged line about
/// a property that is really printed shows as a repetition: the dataset comes twice, or the property
/// comes twice within it.
#[derive(Debug, Default)]
pub(super) struct Watch<'a> {
    /// What `zfs get all` prints is also known to be in order: native properties in the order of the
    /// table, then the user's.
    ordered: bool,
    run: Run<'a>,
    /// The dataset of each run.
    runs: Vec<&'a str>,
    doubted: Vec<&'a str>,
    /// The line before was malformed.
    after_malformed: bool,
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

// Why a bit per native property is enough.
const _: () = assert!(Property::ALL.len() <= 128);

impl<'a> Watch<'a> {
    pub(super) fn new(ordered: bool) -> Self {
        Self { ordered, ..Self::default() }
    }

    /// The dataset of the last line, empty before the first.
    pub(super) fn dataset(&self) -> &'a str {
        self.run.dataset
    }

    /// A line about one property.
    pub(super) fn line(&mut self, dataset: &'a str, property: &'a str) {
        if dataset != self.run.dataset {
            self.row(dataset);
        } else if mem::take(&mut self.after_malformed) {
            self.doubted.push(dataset);
        }
        let run = &mut self.run;
        if let Some(native) = run.native(property) {
            let bit = 1 << native as u32;
            let out_of_order = run.has_user || run.last.is_some_and(|last| native <= last);
            run.is_contradictory |= run.natives & bit != 0 || self.ordered && out_of_order;
            run.natives |= bit;
            run.last = Some(native);
        } else {
            run.has_user |= trust::is_user(property);
            run.others.push(property);
        }
    }

    /// A line about a dataset; the first of a run, or the only one.
    pub(super) fn row(&mut self, dataset: &'a str) {
        self.end_run();
        self.run.dataset = dataset;
        self.runs.push(dataset);
        if mem::take(&mut self.after_malformed) {
            self.doubted.push(dataset);
        }
    }

    /// A line that is no record: it belongs to a value of the dataset before it, and the next line
    /// may still belong to that value.
    pub(super) fn malformed(&mut self) {
        self.after_malformed = true;
        if !self.run.dataset.is_empty() {
            self.doubted.push(self.run.dataset);
        }
    }

    fn end_run(&mut self) {
        let mut run = mem::take(&mut self.run);
        if run.is_contradictory || has_repetition(&mut run.others) {
            self.doubted.push(run.dataset);
        }
        // Kept for its room.
        run.others.clear();
        self.run.others = run.others;
    }

    /// All datasets there is evidence against, sorted.
    pub(super) fn doubted(mut self) -> Vec<&'a str> {
        self.end_run();
        self.runs.sort_unstable();
        self.doubted.extend(repetitions(&self.runs));
        self.doubted.sort_unstable();
        self.doubted.dedup();
        self.doubted
    }
}

impl Run<'_> {
    /// The native property of this name. Most often it is one of the next in the table.
    fn native(&self, name: &str) -> Option<Property> {
        let next = self.last.map_or(0, |last| last as usize + 1);
        let near = Property::ALL.iter().skip(next).take(NEAR).find(|near| near.name() == name);
        near.copied()
            .or_else(|| if trust::is_user(name) { None } else { Property::from_name(name) })
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
