//! Keys of classes, of decisions about subjects, and of alerts.

use std::collections::BTreeSet;

use declared::{Entry, Table};

use super::{Read, SPAN};
use crate::coverage::{Class, Consistency, Protection, Requirement, Subject, Tier};
use crate::health::{Ages, Percents};
use crate::spec::{Code, Spec};

impl Read {
    pub(super) fn classes(&mut self, top: &mut Table<'_>, spec: &mut Spec) {
        for entry in self.entries(top, "classes") {
            let class = Class::WORDS.iter().find(|(word, _)| *word == entry.key);
            let Some((_, class)) = class else {
                let what = format!("unknown class `{}`", entry.key);
                let remedy = "the classes are system, critical, standard and ephemeral";
                self.reader.report_key(&entry, Code::UnknownKey, what, remedy);
                continue;
            };
            let Some(mut table) = self.reader.table(&entry) else { continue };
            let requirement = self.requirement(&mut table, Requirement::default());
            self.reader.finish(&table);
            spec.classes.insert(*class, requirement);
        }
    }

    pub(super) fn protections(&mut self, top: &mut Table<'_>, spec: &mut Spec) {
        for entry in self.entries(top, "protection") {
            let subject = entry.key.parse::<Subject>();
            let subject = subject.map_err(|error| {
                let remedy =
                    "write a dataset such as tank/services/sonarr, or a path such as /persist";
                self.reader.report_key(&entry, Code::BadValue, error, remedy);
            });
            let Some(mut table) = self.reader.table(&entry) else { continue };
            let class = self.reader.required(&mut table, "class", "write its class");
            let class = class.and_then(|entry| {
                let class = self.reader.word(&entry, Class::WORDS)?;
                if !spec.classes.contains_key(&class) {
                    let what = format!("nothing is said of the class `{class}`");
                    let remedy = format!("declare [classes.{class}], if only to ask for nothing");
                    self.reader.report(&entry, Code::UnknownClass, what, remedy);
                }
                Some(class)
            });
            let asked =
                class.and_then(|class| spec.classes.get(&class)).cloned().unwrap_or_default();
            let requirement = self.requirement(&mut table, asked);
            let payload = table.take("payload").map(|entry| self.payload(&entry));
            self.reader.finish(&table);
            if let (Ok(subject), Some(class)) = (subject, class) {
                let mut protection = Protection::new(class, requirement);
                protection.payload = payload.unwrap_or_default();
                spec.protection.insert(subject, protection);
            }
        }
    }

    fn requirement(&mut self, table: &mut Table<'_>, asked: Requirement) -> Requirement {
        let mut requirement = asked;
        if let Some(entry) = table.take("tiers") {
            let tiers = self.reader.list(&entry);
            let tiers = tiers.iter().filter_map(|entry| self.reader.word(entry, Tier::WORDS));
            requirement.tiers = tiers.collect::<BTreeSet<_>>();
        }
        let mut span = |key| {
            let entry = table.take(key)?;
            Some(self.reader.parsed(&entry, SPAN))
        };
        let (onsite, offsite) = (span("onsiteRpo"), span("offsiteRpo"));
        requirement.onsite_rpo = onsite.unwrap_or(requirement.onsite_rpo);
        requirement.offsite_rpo = offsite.unwrap_or(requirement.offsite_rpo);
        if let Some(entry) = table.take("consistency") {
            if let Some(consistency) = self.reader.word(&entry, Consistency::WORDS) {
                requirement.consistency = consistency;
            }
        }
        requirement
    }

    /// Paths below the subject.
    fn payload(&mut self, entry: &Entry<'_>) -> Vec<String> {
        let mut paths = Vec::new();
        for element in self.reader.list(entry) {
            let Some(text) = self.reader.text(&element) else { continue };
            let path = format!("/{text}").parse::<crate::path::AbsolutePath>();
            match path {
                Ok(path) if !text.starts_with('/') && path.as_str().len() > 1 => {
                    paths.push(path.as_str().trim_start_matches('/').to_owned());
                }
                _ => {
                    let what = format!("`{text}` is not a path below it");
                    let remedy = "write a relative path, without `..`";
                    self.reader.report(&element, Code::BadValue, what, remedy);
                }
            }
        }
        paths
    }

    pub(super) fn alerts(&mut self, top: &mut Table<'_>, spec: &mut Spec) {
        let Some(mut table) = top.take("alerts").and_then(|entry| self.reader.table(&entry)) else {
            return;
        };
        let mut ages = |key| table.take(key).and_then(|entry| self.ages(&entry));
        spec.alerts.backup = ages("backup");
        spec.alerts.lag = ages("lag");
        spec.alerts.snapshot = ages("snapshot");
        if let Some(percents) = table.take("capacity").and_then(|entry| self.percents(&entry)) {
            spec.alerts.capacity = percents;
        }
        self.reader.finish(&table);
    }

    fn ages(&mut self, entry: &Entry<'_>) -> Option<Ages> {
        let mut table = self.reader.table(entry)?;
        let mut age = |key| {
            let entry = self.reader.required(&mut table, key, SPAN)?;
            self.reader.parsed(&entry, SPAN)
        };
        let (warning, critical) = (age("warning"), age("critical"));
        self.reader.finish(&table);
        Some(Ages { warning: warning?, critical: critical? })
    }

    fn percents(&mut self, entry: &Entry<'_>) -> Option<Percents> {
        let mut table = self.reader.table(entry)?;
        let mut percent = |key| {
            let entry = self.reader.required(&mut table, key, "write 1 to 99")?;
            let percent: u8 = self.reader.parsed(&entry, "write 1 to 99")?;
            if !(1..=99).contains(&percent) {
                let what = format!("{percent} % is never exceeded, or always");
                self.reader.report(&entry, Code::BadValue, what, "write 1 to 99");
            }
            Some(percent)
        };
        let (warning, critical) = (percent("warning"), percent("critical"));
        self.reader.finish(&table);
        Some(Percents { warning: warning?, critical: critical? })
    }
}
