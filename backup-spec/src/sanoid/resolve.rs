//! From the sections of a file to what is in force for each dataset.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;

use super::config::Config;
use super::ini::{Entry, Section, is_space};
use super::key::{Key, Kind};
use super::settings::Settings;
use super::value::{is_true, number, toggle, truth};

/// A key that sanoid does not know. sanoid stops before it does anything, for any dataset.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("[{section}], line {line}: sanoid knows no key `{key}`, and stops")]
pub struct UnknownKey {
    /// The section.
    pub section: String,
    /// The key.
    pub key: String,
    /// The line, from 1; 0 if it comes from no file.
    pub line: usize,
}

/// What is known about one dataset on the way.
#[derive(Clone)]
struct Row<'c> {
    values: Vec<Option<&'c str>>,
    path: &'c str,
    /// A section above has set it up: defaults are not set again.
    is_set_up: bool,
    zfs_recursion: bool,
}

impl Row<'_> {
    fn new() -> Self {
        Self {
            values: vec![None; Key::ALL.len()],
            path: "",
            is_set_up: false,
            zfs_recursion: false,
        }
    }
}

impl<'c> Row<'c> {
    fn get(&self, key: Key) -> &'c str {
        self.values.get(key as usize).copied().flatten().unwrap_or_default()
    }

    fn set(&mut self, key: Key, value: &'c str) {
        if let Some(place) = self.values.get_mut(key as usize) {
            *place = Some(value);
        }
    }
}

/// The value that counts: the first. sanoid trims the values of a section when it comes to it, so that
/// those of a template further down still have their blanks at the end.
fn value(entry: &Entry, is_trimmed: bool) -> &str {
    let first = entry.values.first().map_or("", String::as_str);
    if is_trimmed { first.trim_matches(is_space) } else { first }
}

/// What sanoid makes of a value that stands twice in a default template that it has not come to: it takes the list for the
/// value. As a number that is its address; as a word, an age, a percentage or an hour it is none that sanoid knows.
const LIST: &str = "9e13)";

/// The value of a default template, of which sanoid takes the first only when it comes to it.
fn default_value(entry: &Entry, is_trimmed: bool) -> &str {
    if !is_trimmed && entry.values.len() > 1 { LIST } else { value(entry, is_trimmed) }
}

impl Section {
    pub(super) fn is_template(&self) -> bool {
        self.name.starts_with("template_")
    }

    /// The trimmed value of a key of this section itself.
    pub(super) fn get(&self, key: Key) -> &str {
        let entry = self.entries.iter().find(|entry| entry.key == key.name());
        entry.map_or("", |entry| value(entry, true))
    }
}

impl Config {
    /// What is in force for each dataset, sorted by section. `datasets` are all that there are: `recursive`
    /// finds those below among them.
    ///
    /// # Errors
    ///
    /// The first key that sanoid does not know.
    pub fn resolve<D: AsRef<str>>(&self, datasets: &[D]) -> Result<Vec<Settings>, UnknownKey> {
        let datasets: BTreeSet<&str> = datasets.iter().map(AsRef::as_ref).collect();
        let mut rows: BTreeMap<&str, Row<'_>> = BTreeMap::new();
        let templates = Templates::of(self);
        for (nr, section) in self.sections().iter().enumerate() {
            let unknown = section.entries.iter().find(|entry| Key::named(&entry.key).is_none());
            if let Some(entry) = unknown {
                let (section, key) = (section.name.clone(), entry.key.clone());
                return Err(UnknownKey { section, key, line: entry.line });
            }
            if section.is_template() {
                continue;
            }
            let row = rows.entry(&section.name).or_insert_with(Row::new);
            fill(row, section, nr, &templates);
            let row = row.clone();
            hand_down(&mut rows, section, row, &datasets);
        }
        let settings = |(section, row): (&str, Row<'_>)| {
            Settings::new(section, row.path, row.zfs_recursion, |key| row.get(key))
        };
        Ok(rows.into_iter().map(settings).collect())
    }
}

/// The templates of a file, by name, with their places.
struct Templates<'c>(HashMap<&'c str, (usize, &'c Section)>);

impl<'c> Templates<'c> {
    fn of(config: &'c Config) -> Self {
        let sections = config.sections().iter().enumerate();
        let templates = sections.filter_map(|(nr, section)| {
            Some((section.name.strip_prefix("template_")?, (nr, section)))
        });
        Self(templates.collect())
    }

    /// The values of a template, as they are when section `nr` is read. What is not there has none.
    fn values(
        &self,
        name: &str,
        nr: usize,
        value: fn(&Entry, bool) -> &str,
    ) -> impl Iterator<Item = (Key, &'c str)> {
        self.0.get(name).into_iter().flat_map(move |&(place, section)| {
            let values = section.entries.iter().filter_map(move |entry| {
                Some((Key::named(&entry.key)?, value(entry, place <= nr)))
            });
            values.filter(|(key, _)| key.is_handed_down())
        })
    }
}

/// The templates that a section names, in order.
pub(super) fn template_names(section: &Section) -> impl Iterator<Item = &str> {
    let names = section.get(Key::UseTemplate).split(',');
    names.map(|name| name.trim_matches(' ').trim_end_matches(is_space)).filter(|n| !n.is_empty())
}

/// Defaults, templates, and the section itself.
fn fill<'c>(row: &mut Row<'c>, section: &'c Section, nr: usize, templates: &Templates<'c>) {
    if !row.is_set_up {
        for &key in Key::ALL {
            if key.is_handed_down() && key != Key::ProcessChildrenOnly {
                row.set(key, key.default_value());
            }
        }
        templates.values("default", nr, default_value).for_each(|(key, value)| row.set(key, value));
    }
    for name in template_names(section) {
        templates.values(name, nr, value).for_each(|(key, value)| row.set(key, value));
    }
    for entry in &section.entries {
        match Key::named(&entry.key) {
            Some(Key::SkipChildren) | None => {}
            Some(key) if key.is_handed_down() => row.set(key, value(entry, true)),
            Some(_) => {}
        }
    }
    for &key in Key::ALL.iter().filter(|key| key.kind() == Kind::Toggle) {
        if let Some(Some(value)) = row.values.get(key as usize).copied() {
            row.set(key, toggle(value));
        }
    }
    let has_path = section.entries.iter().any(|entry| entry.key == Key::Path.name());
    row.path = if has_path { section.get(Key::Path) } else { &section.name };
    // The snapshot of the dataset above takes this one along.
    #[allow(clippy::float_cmp, reason = "as Perl does it")]
    if row.zfs_recursion && number(row.get(Key::Autosnap)) == 1.0 {
        row.set(Key::Autosnap, "0");
    }
}

/// What a section says about the datasets below its own.
fn hand_down<'c>(
    rows: &mut BTreeMap<&'c str, Row<'c>>,
    section: &'c Section,
    mut row: Row<'c>,
    datasets: &BTreeSet<&'c str>,
) {
    let recursive = section.get(Key::Recursive);
    let by_zfs = truth(recursive) && recursive.to_ascii_lowercase().contains("zfs");
    let skip = is_true(section.get(Key::SkipChildren));
    if !(by_zfs || is_true(recursive) || skip) {
        return;
    }
    if by_zfs {
        row.zfs_recursion = true;
        if let Some(own) = rows.get_mut(section.name.as_str()) {
            own.zfs_recursion = true;
        }
    }
    let prefix = format!("{}/", row.path);
    let from = (Bound::Included(prefix.as_str()), Bound::Unbounded);
    for &dataset in datasets.range::<str, _>(from).take_while(|name| name.starts_with(&prefix)) {
        if skip && !by_zfs {
            rows.remove(dataset);
            continue;
        }
        let below = rows.entry(dataset).or_insert_with(Row::new);
        for &key in Key::ALL {
            let is_handed_down = key.is_handed_down() && key != Key::ProcessChildrenOnly;
            match row.values.get(key as usize).copied().flatten() {
                Some(value) if is_handed_down && !(by_zfs && key == Key::Autosnap) => {
                    below.set(key, value);
                }
                _ => {}
            }
        }
        if by_zfs {
            below.set(Key::Autosnap, "0");
        }
        below.zfs_recursion |= row.zfs_recursion;
        (below.path, below.is_set_up) = (dataset, true);
    }
}
