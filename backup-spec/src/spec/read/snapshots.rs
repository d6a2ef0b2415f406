//! Keys of sanoid's policies and of replications.

use declared::{Data, Entry};

use super::{DATASET, Read};
use crate::replication::Replication;
use crate::sanoid::Key;
use crate::snapshots::{Sanoid, Values};
use crate::spec::Code;
use crate::syncoid::Endpoint;

/// What the options of NixOS call `use_template`.
pub(in crate::spec) const NIXOS_TEMPLATE: &str = "useTemplate";

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
                let what = format!(
                    "`{}` cannot be used: `use_template` separates names at commas",
                    entry.key
                );
                self.reader.report_key(
                    &entry,
                    Code::BadValue,
                    what,
                    "write letters, digits and `-`",
                );
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

    pub(super) fn replication(&mut self, entry: &Entry<'_>) -> Option<Replication> {
        let mut table = self.reader.table(entry)?;
        let enable = self.flag(&mut table, "enable", true);
        let mut place = |key| {
            let remedy = "write a dataset, perhaps with USER@HOST: before it";
            let entry = self.reader.required(&mut table, key, remedy)?;
            self.reader.parsed::<Endpoint>(&entry, remedy)
        };
        let (source, target) = (place("source"), place("target"));
        let options = table.take("options").map(|entry| self.options(&entry));
        let options = options.unwrap_or_else(|| self.defaults.replication.options.clone());
        let user = table.take("user").and_then(|entry| self.user(&entry));
        let user = user.or_else(|| self.defaults.replication.user.clone());
        let offsite = table.take("offsite").and_then(|entry| self.reader.boolean(&entry));
        let offsite = offsite.or(self.defaults.replication.offsite);
        if let (None, Some(Endpoint { host: Some(host), .. })) = (offsite, &target) {
            let remedy = format!("{host} can be anywhere: write true or false");
            self.reader.missing(&table, "offsite", remedy);
        }
        let timing = self.defaults.replication.timing.clone();
        let schedule = self.schedule(&mut table, &timing);
        self.reader.finish(&table);
        let (source, target) = (source?.to_string(), target?.to_string());
        match Replication::job(&source, &target, &options) {
            Ok(job) => Some(Replication {
                enable,
                user,
                offsite: offsite.unwrap_or(false),
                ..Replication::new(job, schedule?)
            }),
            Err(error) => {
                let remedy = "see syncoid(8) for the options; their values follow a `=`";
                self.reader.report_key(entry, Code::Replication, error, remedy);
                None
            }
        }
    }

    /// What replications have that do not say otherwise.
    pub(super) fn replication_defaults(&mut self, entry: &Entry<'_>) {
        let Some(mut table) = self.reader.table(entry) else { return };
        let options = table.take("options").map(|entry| self.options(&entry));
        let user = table.take("user").and_then(|entry| self.user(&entry));
        let offsite = table.take("offsite").and_then(|entry| self.reader.boolean(&entry));
        let timing = self.timing(&mut table);
        self.reader.finish(&table);
        let options = options.unwrap_or_default();
        self.defaults.replication = super::Replications { options, user, offsite, timing };
    }

    fn options(&mut self, entry: &Entry<'_>) -> Vec<String> {
        let remedy = "write options of syncoid that take a value with `=`";
        self.reader.parsed_list(entry, remedy)
    }

    /// A user of this host.
    pub(super) fn user(&mut self, entry: &Entry<'_>) -> Option<String> {
        let text = self.reader.text(entry)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-.$".contains(c);
        if !text.is_empty() && !text.starts_with('-') && text.chars().all(plain) {
            return Some(text.to_owned());
        }
        let what = format!("`{text}` is not the name of a user");
        self.reader.report(entry, Code::BadValue, what, "write a name such as zfs-replication");
        None
    }

    /// The values of a section, by sanoid's own keys.
    fn section(&mut self, entry: &Entry<'_>) -> Option<Values> {
        let mut table = self.reader.table(entry)?;
        let mut values = Values::new();
        for key in Key::ALL {
            let entry = table.take(key.name());
            // NixOS (services.sanoid) spells this one otherwise.
            let nixos = (*key == Key::UseTemplate).then(|| table.take(NIXOS_TEMPLATE)).flatten();
            if let (Some(_), Some(entry)) = (&entry, &nixos) {
                let what = format!("the key is `{}`, which is given too", key.name());
                let code = declared::Fault::DuplicateKey.into();
                self.reader.report_key(entry, code, what, "keep one of the two");
            }
            let Some(entry) = entry.or(nixos) else { continue };
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
        let fits = !value.chars().any(char::is_control)
            && value.trim() == value
            && !value.starts_with("<<");
        if !fits {
            let what = format!("{value:?} cannot stand in a sanoid.conf");
            self.reader.report(
                entry,
                Code::BadValue,
                what,
                "write one line without blanks around it",
            );
            return None;
        }
        Some(value)
    }
}
