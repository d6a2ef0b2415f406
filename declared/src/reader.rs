//! Takes a declaration apart and collects what is wrong with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::str::FromStr;

use crate::node::{Data, Member};
use crate::path::{self, join};
use crate::problem::{Code, Fault, Position, Problem, Problems};
use crate::table::{Entry, Table};

/// Reads a declaration and collects its problems. Every method that gives `None`, or fewer values
/// than there are, has reported why.
#[derive(Debug)]
pub struct Reader<C> {
    problems: Vec<Problem<C>>,
}

impl<C: Code> Default for Reader<C> {
    fn default() -> Self {
        Self { problems: Vec::new() }
    }
}

impl<C: Code> Reader<C> {
    /// A reader that has found nothing wrong yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value that was read, if nothing is wrong; otherwise all problems.
    pub fn done<T>(self, value: T) -> Result<T, Problems<C>> {
        Problems::check(self.problems).map(|()| value)
    }

    /// Nothing is wrong so far.
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }

    /// Reports a problem of a value.
    pub fn report(&mut self, entry: &Entry<'_>, code: C, what: impl Display, remedy: impl Display) {
        self.report_at(entry.node.at.or(entry.at), &entry.path, code, what, remedy);
    }

    /// Reports a problem of a key.
    pub fn report_key(
        &mut self,
        entry: &Entry<'_>,
        code: C,
        what: impl Display,
        remedy: impl Display,
    ) {
        self.report_at(entry.at, &entry.path, code, what, remedy);
    }

    fn report_at(
        &mut self,
        position: Option<Position>,
        path: &str,
        code: C,
        what: impl Display,
        remedy: impl Display,
    ) {
        let (path, what, remedy) = (path.to_owned(), what.to_string(), remedy.to_string());
        self.problems.push(Problem { position, path, code, what, remedy });
    }

    /// Adds problems that were found later, by path below `root`, with the places of those paths. Paths that have a
    /// problem already get no other: what was wrongly read is often wrong as a whole.
    pub fn add(&mut self, root: &Entry<'_>, found: impl IntoIterator<Item = Problem<C>>) {
        let known: BTreeSet<String> = self.problems.iter().map(|p| p.path.clone()).collect();
        let mut places = None;
        for mut problem in found.into_iter().filter(|found| !known.contains(&found.path)) {
            problem.position = problem.position.or_else(|| {
                let places = places.get_or_insert_with(|| places_below(root));
                nearest_place(places, &problem.path)
            });
            self.problems.push(problem);
        }
    }

    /// Reports that a value is not what belongs there: `wanted` is "a string", say.
    pub fn wrong_type(&mut self, entry: &Entry<'_>, wanted: &str) {
        let what = format!("{} where {wanted} belongs", entry.node.noun());
        self.report(entry, Fault::WrongType.into(), what, format_args!("write {wanted}"));
    }

    /// Reports a key that is needed and missing.
    pub fn missing(&mut self, table: &Table<'_>, key: &str, remedy: impl Display) {
        let what = format!("no `{key}`");
        self.report_at(table.at, &table.path, Fault::MissingKey.into(), what, remedy);
    }

    /// The entry of a key that has to be there.
    pub fn required<'n>(
        &mut self,
        table: &mut Table<'n>,
        key: &'static str,
        remedy: impl Display,
    ) -> Option<Entry<'n>> {
        let entry = table.take(key);
        if entry.is_none() {
            self.missing(table, key, remedy);
        }
        entry
    }

    /// A table; keys that are given twice are reported.
    pub fn table<'n>(&mut self, entry: &Entry<'n>) -> Option<Table<'n>> {
        let Data::Table(all) = &entry.node.data else {
            self.wrong_type(entry, "a table");
            return None;
        };
        let mut members: Vec<&Member> = Vec::with_capacity(all.len());
        let mut seen = BTreeSet::new();
        for member in all {
            if seen.insert(member.key.as_str()) {
                members.push(member);
            } else {
                let path = join(&entry.path, &member.key);
                let (code, what) = (Fault::DuplicateKey.into(), "the key is given twice");
                self.report_at(member.at, &path, code, what, "keep one of the two");
            }
        }
        Some(Table { at: entry.at, path: entry.path.clone(), members, known: Vec::new() })
    }

    /// Reports the keys that nobody took, with the nearest known one.
    pub fn finish(&mut self, table: &Table<'_>) {
        self.finish_with(table, |_| None);
    }

    /// As [`finish`](Self::finish), with another remedy for keys that `remedy` knows something about
    /// and that are near to no known one.
    pub fn finish_with(&mut self, table: &Table<'_>, remedy: impl Fn(&str) -> Option<String>) {
        for member in &table.members {
            let key = member.key.as_str();
            let remedy = match nearest(key, &table.known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => {
                    remedy(key).unwrap_or_else(|| format!("known here: {}", table.known.join(", ")))
                }
            };
            let (code, what) = (Fault::UnknownKey.into(), format!("unknown key `{key}`"));
            self.report_at(member.at, &table.path(key), code, what, remedy);
        }
    }

    /// Reads a table whose keys are names, an entry at a time.
    pub fn entries<'n>(&mut self, entry: &Entry<'n>) -> Vec<Entry<'n>> {
        self.table(entry).map(|mut table| table.take_rest().collect()).unwrap_or_default()
    }

    /// A string.
    pub fn text<'n>(&mut self, entry: &Entry<'n>) -> Option<&'n str> {
        let Data::Text(text) = &entry.node.data else {
            self.wrong_type(entry, "a string");
            return None;
        };
        Some(text)
    }

    /// True or false.
    pub fn boolean(&mut self, entry: &Entry<'_>) -> Option<bool> {
        let Data::Boolean(value) = entry.node.data else {
            self.wrong_type(entry, "true or false");
            return None;
        };
        Some(value)
    }

    /// A string or number that has its own way of being read.
    pub fn parsed<T: FromStr<Err: Display>>(
        &mut self,
        entry: &Entry<'_>,
        remedy: impl Display,
    ) -> Option<T> {
        let text = match &entry.node.data {
            Data::Number(number) => number,
            _ => self.text(entry)?,
        };
        text.parse().map_err(|error| self.report(entry, Fault::BadValue.into(), error, remedy)).ok()
    }

    /// One of some words; a word that is none of them is reported with the nearest.
    pub fn word<T: Clone>(&mut self, entry: &Entry<'_>, words: &[(&'static str, T)]) -> Option<T> {
        let text = self.text(entry)?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Some(value.clone());
        }
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let remedy = match nearest(text, &known) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("write one of: {}", known.join(", ")),
        };
        self.report(entry, Fault::BadValue.into(), format_args!("unknown word `{text}`"), remedy);
        None
    }

    /// The elements of a list.
    pub fn list<'n>(&mut self, entry: &Entry<'n>) -> Vec<Entry<'n>> {
        let Data::List(list) = &entry.node.data else {
            self.wrong_type(entry, "a list");
            return Vec::new();
        };
        list.iter().enumerate().map(|(n, node)| Entry::element(&entry.path, n, node)).collect()
    }

    /// The elements of a list, or a value alone for a list of one.
    pub fn one_or_more<'n>(&mut self, entry: &Entry<'n>) -> Vec<Entry<'n>> {
        match entry.node.data {
            Data::List(_) => self.list(entry),
            _ => vec![entry.clone()],
        }
    }

    /// A list of strings or numbers that have their own way of being read.
    pub fn parsed_list<T: FromStr<Err: Display>>(
        &mut self,
        entry: &Entry<'_>,
        remedy: &str,
    ) -> Vec<T> {
        let elements = self.list(entry);
        elements.iter().filter_map(|element| self.parsed(element, remedy)).collect()
    }
}

/// Where each key of a declaration stands.
fn places_below(root: &Entry<'_>) -> BTreeMap<String, Position> {
    let mut places = BTreeMap::new();
    let mut open = vec![(root.path.clone(), root.node)];
    while let Some((path, node)) = open.pop() {
        match &node.data {
            Data::Table(members) => {
                for member in members {
                    let path = join(&path, &member.key);
                    if let Some(at) = member.at {
                        places.entry(path.clone()).or_insert(at);
                    }
                    open.push((path, &member.node));
                }
            }
            Data::List(list) => {
                let elements = list.iter().enumerate();
                open.extend(elements.map(|(n, node)| (path::index(&path, n), node)));
            }
            _ => {}
        }
    }
    places
}

/// Where a key stands, or else the nearest table around it.
fn nearest_place(places: &BTreeMap<String, Position>, path: &str) -> Option<Position> {
    std::iter::successors(Some(path), |path| path::parent(path))
        .find_map(|path| places.get(path))
        .copied()
}

/// The nearest of some words, if one is near enough to be a slip. Costs the product of the lengths: words
/// that are much longer than any known one are near to none.
pub fn nearest<'w>(word: &str, known: &[&'w str]) -> Option<&'w str> {
    let longest = known.iter().map(|known| known.len()).max()?;
    if word.len() > 2 * longest {
        return None;
    }
    let word = word.to_lowercase();
    let distance = |known: &str| strsim::damerau_levenshtein(&word, &known.to_lowercase());
    let (distance, near) = known.iter().map(|known| (distance(known), *known)).min()?;
    (distance <= 1 + near.len() / 4).then_some(near)
}
