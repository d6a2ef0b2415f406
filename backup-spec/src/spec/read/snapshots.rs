//! Keys of sanoid's policies.

use declared::{Data, Entry};

use super::{DATASET, Read};
use crate::sanoid::Key;
use crate::snapshots::{Sanoid, Values};
use crate::spec::Code;

impl Read {
    pub(super) fn sanoid(&mut self, entry: &Entry<'_>) -> Option<Sanoid> {
        let mut table = self.reader.table(entry)?;
        let mut sections = |key| {
            let entry = table.take(key);
            let entries = entry.map(|entry| self.reader.entries(&entry)).unwrap_or_default();
            let read = entries.iter().filter_map(|entry| {
                let values = self.section(entry)?;
                Some((entry.clone(), values))
            });
            read.collect::<Vec<_>>()
        };
        let (templates, datasets) = (sections("templates"), sections("datasets"));
        let schedule = self.schedule(&mut table, &super::Timing::default());
        self.reader.finish(&table);
        let mut sanoid = Sanoid::new(schedule?);
        for (entry, values) in templates {
            let plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
            if entry.key.is_empty() || !entry.key.chars().all(plain) {
                let what = format!("`{}` cannot be used: `use_template` separates names at commas", entry.key);
                self.reader.report_key(&entry, Code::BadValue, what, "write letters, digits and `-`");
                continue;
            }
            sanoid.templates.insert(entry.key.to_owned(), values);
        }
        for (entry, values) in datasets {
            match entry.key.parse() {
                Ok(dataset) => {
                    sanoid.datasets.insert(dataset, values);
                }
                Err(error) => self.reader.report_key(&entry, Code::BadValue, error, DATASET),
            }
        }
        Some(sanoid)
    }

    /// The values of a section, by sanoid's own keys.
    fn section(&mut self, entry: &Entry<'_>) -> Option<Values> {
        let mut table = self.reader.table(entry)?;
        let mut values = Values::new();
        for key in Key::ALL {
            let Some(entry) = table.take(key.name()) else { continue };
            if let Some(value) = self.value(&entry) {
                values.insert(*key, value);
            }
        }
        self.reader.finish(&table);
        Some(values)
    }

    /// A value as sanoid reads it; true and false are its yes and no, a list is joined by commas.
    fn value(&mut self, entry: &Entry<'_>) -> Option<String> {
        let value = match &entry.node.data {
            Data::Text(text) => text.clone(),
            Data::Number(number) => number.clone(),
            Data::Boolean(true) => "yes".into(),
            Data::Boolean(false) => "no".into(),
            Data::List(_) => self.reader.parsed_list::<String>(entry, "write strings").join(","),
            _ => {
                self.reader.wrong_type(entry, "a string, a number or true or false");
                return None;
            }
        };
        let fits = !value.chars().any(char::is_control) && value.trim() == value && !value.starts_with("<<");
        if !fits {
            let what = format!("{value:?} cannot stand in a sanoid.conf");
            self.reader.report(entry, Code::BadValue, what, "write one line without blanks around it");
            return None;
        }
        Some(value)
    }
}
