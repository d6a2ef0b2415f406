//! What is in a sanoid.conf and does something else than it says.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use super::config::Config;
use super::ini::{Entry, Section, is_space};
use super::key::{Key, Kind};
use super::resolve::template_names;
use super::settings::{Type, count_key, crit_key, is_passed_over, warn_key};
use super::value::{age, is_number, is_true, number, toggle};
use crate::lint::{self, lints};

lints! {
    /// What is odd.
    Lint {
        /// A key that sanoid does not know: it does nothing at all.
        UnknownKey = ("unknown-key", "drop or correct it"),
        /// A key that stands twice: the first counts, since sanoid 2.2. In `template_default` below a section, neither does:
        /// of a count, nothing is ever destroyed; an hour stops sanoid, for every dataset.
        DuplicateKey = ("duplicate-key", "keep one of them"),
        /// A template that does not exist: the defaults apply, and prune.
        UnknownTemplate = ("unknown-template", "add the section [template_NAME]"),
        /// `use_template` or `recursive` in a template: passed over.
        IgnoredInTemplate = ("ignored-in-template", "write it in the sections"),
        /// A template that no section names.
        UnusedTemplate = ("unused-template", "drop it, or name it in a section"),
        /// A value that begins with no number is 0; of a count, that destroys every snapshot of the type.
        NotANumber = ("not-a-number", "write a whole number"),
        /// A number with something after it, such as a comment: the rest is passed over.
        TextAfterNumber = ("text-after-number", "put the comment on a line of its own"),
        /// A word that means neither yes nor no to sanoid: it is true.
        NotAToggle = ("not-a-toggle", "write yes or no"),
        /// A blank at the end of a word in a template below its users: it is not trimmed, and true.
        BlankAfterToggle = ("blank-after-toggle", "drop the blank at the end"),
        /// A section after which a section for a dataset above it, which is recursive, overrides it.
        OverriddenByParent = ("overridden-by-parent", "move the section below its parent's"),
        /// `autosnap` below a dataset with `recursive = zfs`: passed over.
        AutosnapUnderZfsRecursion = ("autosnap-under-zfs-recursion", "drop it, or use recursive = yes above"),
        /// Snapshots are pruned by a count that is said nowhere: the built-in default.
        DefaultCount = ("default-count", "say how many are kept, or autoprune = no"),
        /// A day that some months do not have, or a yearly one that its month does not have in every year: sanoid stops then,
        /// for every dataset.
        DayNotInEveryMonth = ("day-not-in-every-month", "choose a day up to 28"),
        /// An hour, a minute, a month that no clock shows: sanoid stops, for every dataset.
        OutOfRange = ("out-of-range", "choose a time that a clock shows"),
        /// A number that no weekday has. 7 is Sunday all days but Sunday: there its mark stays ahead until it is
        /// passed, and every run takes a weekly snapshot; so does a greater one on any day.
        NoWeekday = ("no-weekday", "write 0 for Sunday, 1 to 6 for Monday to Saturday"),
        /// A period that does not divide an hour: the last of each hour is shorter.
        UnevenPeriod = ("uneven-period", "choose a divisor of 60"),
        /// A yearly mark other than 1 January: until then, sanoid looks back 31 years.
        YearlyMark = ("yearly-mark", "keep 1 January 00:00, or expect it a year late"),
        /// No percentage: sanoid stops when it comes to prune, or to look at the pool.
        BadPercentage = ("bad-percentage", "write a whole number from 0 to 100"),
        /// A limit of the pool's that stands elsewhere than in the section of its first dataset: which of several
        /// counts depends on the order of a Perl hash.
        CapacityBelowPool = ("capacity-below-pool", "write it in the section of the pool"),
        /// An age that is no number with a unit: it counts as one second.
        BadAge = ("bad-age", "write a whole number with s, m, h, d or w"),
        /// An age in `y`: such a year has 31 times 365 days, and the alert never comes.
        EndlessYear = ("endless-year", "write days: 730d for two years"),
        /// A critical age of 0 silences the warning too. It is the built-in one of `frequently`, weekly and yearly snapshots.
        SilencedWarning = ("silenced-warning", "give the critical age too"),
        /// A dataset of which sanoid takes, prunes and watches no snapshots, as it takes the section for a template.
        TakenForTemplate = ("taken-for-template", "call the section something else, and write `path = DATASET` in it"),
        /// A mark at the beginning of the file that sanoid takes for text.
        ByteOrderMark = ("byte-order-mark", "drop it"),
    }
}

/// Where something odd stands. Displayed: `line N: [SECTION] KEY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The section.
    pub section: String,
    /// The key; empty where the section as a whole is meant.
    pub key: String,
    /// The line, from 1; 0 if it comes from no file.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: [{}]", self.line, self.section)?;
        if self.key.is_empty() { Ok(()) } else { write!(f, " {}", self.key) }
    }
}

/// A place of a sanoid.conf, and what is odd there.
pub type Finding = lint::Finding<Place, Lint>;

/// The greatest value that `timelocal` takes for each clock key, and the least.
const RANGES: [(Key, f64, f64); 10] = [
    (Key::HourlyMin, 0.0, 59.0),
    (Key::DailyHour, 0.0, 23.0),
    (Key::DailyMin, 0.0, 59.0),
    (Key::WeeklyHour, 0.0, 23.0),
    (Key::WeeklyMin, 0.0, 59.0),
    (Key::MonthlyHour, 0.0, 23.0),
    (Key::MonthlyMin, 0.0, 59.0),
    (Key::YearlyMon, 1.0, 12.0),
    (Key::YearlyHour, 0.0, 23.0),
    (Key::YearlyMin, 0.0, 59.0),
];

struct Linter<'c> {
    config: &'c Config,
    /// The sections by their names.
    sections: HashMap<&'c str, &'c Section>,
    findings: Vec<Finding>,
}

impl Config {
    /// Everything odd, in the order of the file.
    pub fn lint(&self) -> Vec<Finding> {
        // Of two sections of one name the first counts here, as everywhere.
        let sections = self.sections().iter().rev();
        let sections = sections.map(|section| (section.name.as_str(), section)).collect();
        let mut linter = Linter { config: self, sections, findings: Vec::new() };
        linter.templates();
        linter.order();
        for section in self.sections() {
            section.entries.iter().for_each(|entry| linter.entry(section, entry));
            linter.section(section);
        }
        let mut findings = linter.findings;
        findings.sort_by_key(|finding| finding.place.line);
        findings
    }
}

impl Linter<'_> {
    fn add(&mut self, section: &Section, entry: Option<&Entry>, lint: Lint, about: &str) {
        let place = Place {
            section: section.name.clone(),
            key: entry.map_or_else(String::new, |entry| entry.key.clone()),
            line: entry.map_or(section.line, |entry| entry.line),
        };
        self.findings.push(Finding { place, lint, about: about.to_owned() });
    }

    fn templates(&mut self) {
        let sections = self.config.sections();
        let known: BTreeSet<&str> =
            sections.iter().filter_map(|s| s.name.strip_prefix("template_")).collect();
        let mut used = BTreeSet::from(["default"]);
        for section in sections.iter().filter(|section| !section.is_template()) {
            for name in template_names(section) {
                used.insert(name);
                if !known.contains(name) {
                    let entry = section.entries.iter().find(|e| e.key == Key::UseTemplate.name());
                    self.add(section, entry, Lint::UnknownTemplate, name);
                }
            }
        }
        for section in sections {
            match section.name.strip_prefix("template_") {
                Some(name) if !used.contains(name) => {
                    self.add(section, None, Lint::UnusedTemplate, "");
                }
                _ => {}
            }
        }
    }

    /// Sections that a later one for a dataset above overrides.
    fn order(&mut self) {
        let sections = self.config.sections();
        let datasets: BTreeMap<&str, usize> =
            sections.iter().enumerate().map(|(nr, section)| (section.name.as_str(), nr)).collect();
        for (nr, section) in sections.iter().enumerate().filter(|(_, s)| !s.is_template()) {
            let mut above = section.name.as_str();
            while let Some((parent, _)) = above.rsplit_once('/') {
                above = parent;
                let Some((place, parent)) =
                    datasets.get(parent).and_then(|&at| Some((at, sections.get(at)?)))
                else {
                    continue;
                };
                let recursive = parent.get(Key::Recursive);
                let by_zfs = recursive.to_ascii_lowercase().contains("zfs");
                if place > nr && (by_zfs || is_true(recursive)) {
                    self.add(section, None, Lint::OverriddenByParent, &parent.name);
                }
                let autosnap = section.entries.iter().find(|e| e.key == Key::Autosnap.name());
                if place < nr && by_zfs && is_true(section.get(Key::Autosnap)) {
                    self.add(section, autosnap, Lint::AutosnapUnderZfsRecursion, &parent.name);
                }
            }
        }
    }

    fn entry(&mut self, section: &Section, entry: &Entry) {
        if entry.values.len() > 1 {
            self.add(section, Some(entry), Lint::DuplicateKey, &entry.values.join(", "));
        }
        let raw = entry.values.first().map_or("", String::as_str);
        let value = raw.trim_matches(is_space);
        let Some(key) = Key::named(&entry.key) else {
            let bare = entry.key.trim_start_matches('\u{feff}');
            let lint = if bare == entry.key { Lint::UnknownKey } else { Lint::ByteOrderMark };
            return self.add(section, Some(entry), lint, "");
        };
        if section.is_template() && !key.is_handed_down() {
            return self.add(section, Some(entry), Lint::IgnoredInTemplate, value);
        }
        match key.kind() {
            Kind::Text => {}
            Kind::Toggle => {
                if !value.is_empty() && !matches!(toggle(value), "0" | "1") {
                    self.add(section, Some(entry), Lint::NotAToggle, value);
                } else if section.is_template() && raw != value && !value.is_empty() {
                    self.add(section, Some(entry), Lint::BlankAfterToggle, value);
                }
            }
            Kind::Number
                if matches!(key, Key::PruneDefer | Key::CapacityWarn | Key::CapacityCrit) =>
            {
                let is_percent =
                    value.bytes().all(|b| b.is_ascii_digit()) && number(value) <= 100.0;
                if value.is_empty() || !is_percent {
                    self.add(section, Some(entry), Lint::BadPercentage, value);
                } else if key != Key::PruneDefer && section.name.contains('/') {
                    self.add(section, Some(entry), Lint::CapacityBelowPool, value);
                }
            }
            Kind::Number => self.number(section, entry, key, value),
            Kind::Age => {
                #[allow(clippy::float_cmp, reason = "no arithmetic has been done")]
                let is_fallback = age(value, 7.0) == 1.0 && !matches!(value, "1s" | "1S" | "01s");
                if is_fallback {
                    self.add(section, Some(entry), Lint::BadAge, value);
                } else if value.ends_with(['y', 'Y']) {
                    self.add(section, Some(entry), Lint::EndlessYear, value);
                }
            }
        }
    }

    fn number(&mut self, section: &Section, entry: &Entry, key: Key, value: &str) {
        let begins =
            value.trim_start_matches(['-', '+', '.']).starts_with(|c: char| c.is_ascii_digit());
        if !begins {
            return self.add(section, Some(entry), Lint::NotANumber, value);
        }
        if !is_number(value) {
            self.add(section, Some(entry), Lint::TextAfterNumber, value);
        }
        let is = number(value);
        let range = RANGES.iter().find(|(of, ..)| *of == key);
        if range.is_some_and(|(_, low, high)| is < *low || is > *high) {
            self.add(section, Some(entry), Lint::OutOfRange, value);
        }
        match key {
            Key::MonthlyMday | Key::YearlyMday if !(1.0..=31.0).contains(&is) => {
                self.add(section, Some(entry), Lint::OutOfRange, value);
            }
            Key::MonthlyMday if is > 28.0 => {
                self.add(section, Some(entry), Lint::DayNotInEveryMonth, value);
            }
            Key::WeeklyWday if !(0.0..7.0).contains(&is) => {
                self.add(section, Some(entry), Lint::NoWeekday, value);
            }
            Key::FrequentPeriod if is <= 0.0 => {
                self.add(section, Some(entry), Lint::OutOfRange, value);
            }
            Key::FrequentPeriod if 60.0 % is > 0.0 => {
                self.add(section, Some(entry), Lint::UnevenPeriod, value);
            }
            Key::YearlyMon | Key::YearlyMday if is > 1.0 => {
                self.add(section, Some(entry), Lint::YearlyMark, value);
            }
            _ => {}
        }
    }

    /// What the section as a whole shows, with its templates.
    fn section(&mut self, section: &Section) {
        if section.is_template() {
            return;
        }
        if is_passed_over(&section.name) {
            self.add(section, None, Lint::TakenForTemplate, "");
        }
        let named = |name: &str| self.sections.get(&*format!("template_{name}")).copied();
        let mut templates: Vec<&Section> = template_names(section).filter_map(named).collect();
        templates.reverse();
        // What is said nearer counts.
        let sources: Vec<&Section> =
            std::iter::once(section).chain(templates).chain(named("default")).collect();
        let says = |key: Key| section.entries.iter().find(|entry| entry.key == key.name());
        let said = |key: Key| {
            let has = |s: &&&Section| s.entries.iter().any(|entry| entry.key == key.name());
            sources.iter().find(has).map(|s| s.get(key))
        };
        let has_parent = section.name.match_indices('/').any(|(at, _)| {
            let parent = section.name.get(..at).and_then(|name| self.sections.get(name));
            parent.is_some_and(|parent| !parent.get(Key::Recursive).is_empty())
        });
        // What a section above hands down is not looked at.
        let value = |key: Key| said(key).or((!has_parent).then(|| key.default_value()));
        let is = |key: Key| value(key).is_none_or(|word| toggle(word) != "0");
        let keeps = |kind: Type| value(count_key(kind)).is_none_or(|count| number(count) > 0.0);
        let mut found = Vec::new();
        for kind in Type::ALL.into_iter().filter(|kind| is(Key::Monitor) && keeps(*kind)) {
            let (warn, crit) = (warn_key(kind), crit_key(kind));
            let ages = said(warn).zip(value(crit));
            if let Some((age_of, _)) = ages.filter(|(w, c)| age(w, 1.0) > 0.0 && age(c, 1.0) <= 0.0)
            {
                found.push((says(crit).or(says(warn)), Lint::SilencedWarning, age_of.to_owned()));
            }
        }
        let date = value(Key::YearlyMon).zip(value(Key::YearlyMday));
        if let Some((month, day)) = date.filter(|_| is(Key::Autosnap) && keeps(Type::Yearly)) {
            if days(number(month)).is_some_and(|days| number(day) > days) {
                let entry = says(Key::YearlyMday).or(says(Key::YearlyMon));
                let about = format!("day {day} of month {month}");
                found.push((entry, Lint::DayNotInEveryMonth, about));
            }
        }
        if is(Key::Autoprune) {
            let missing: Vec<&str> = Type::ALL
                .iter()
                .filter(|kind| value(count_key(**kind)).is_some())
                .filter(|kind| said(count_key(**kind)).is_none())
                .map(|kind| kind.name())
                .collect();
            if !missing.is_empty() {
                found.push((None, Lint::DefaultCount, missing.join(", ")));
            }
        }
        for (entry, lint, about) in found {
            self.add(section, entry, lint, &about);
        }
    }
}

/// The days that a month has in every year; `None` if there is no such month.
fn days(month: f64) -> Option<f64> {
    const DAYS: [f64; 12] =
        [31.0, 28.0, 31.0, 30.0, 31.0, 30.0, 31.0, 31.0, 30.0, 31.0, 30.0, 31.0];
    let mut months = (1_u8..).zip(DAYS);
    months.find(|(number, _)| (0.0..1.0).contains(&(month - f64::from(*number)))).map(|(_, d)| d)
}
