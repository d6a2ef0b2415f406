//! Keys of jobs.

use declared::{Entry, Table};

use super::{DATASET, NAME, PATH, Read};
use crate::job::{Hook, Job, Marks, Resources, Source};
use crate::path::AbsolutePath;

impl Read {
    pub(super) fn job(&mut self, entry: &Entry<'_>, floor: Resources) -> Option<Job> {
        let mut table = self.reader.table(entry)?;
        let enable = self.flag(&mut table, "enable", true);
        let repository = match table.take("repository") {
            Some(entry) => self.reader.parsed(&entry, NAME),
            None => self.defaults.repository.clone(),
        };
        if repository.is_none() {
            self.reader.missing(&table, "repository", "name the repository that it writes to");
        }
        let source = self.source(&mut table);
        let paths = table.take("paths").map(|entry| {
            self.reader.parsed_list::<AbsolutePath>(&entry, "write a list of absolute paths")
        });
        let paths = match (paths, &source) {
            (Some(paths), _) => paths,
            (None, Some(Source::Clone { mountpoint, .. })) => vec![mountpoint.clone()],
            // What is wrong with the dataset is known by now.
            (None, None) => Vec::new(),
            (None, Some(Source::Live {})) => {
                self.reader.missing(&table, "paths", "name what shall be copied");
                Vec::new()
            }
        };
        let mut patterns =
            |key| table.take(key).map(|entry| self.patterns(&entry)).unwrap_or_default();
        let (excludes, iexcludes) = (patterns("excludes"), patterns("iexcludes"));
        let marks = self.marks(&mut table);
        let one_file_system = self.flag(&mut table, "oneFileSystem", self.defaults.one_file_system);
        let mut tags: Vec<crate::job::Tag> = table
            .take("tags")
            .map(|entry| self.reader.parsed_list(&entry, "write a list of words without commas"))
            .unwrap_or_default();
        tags.sort();
        tags.dedup();
        let timing = self.defaults.timing.clone();
        let schedule = self.schedule(&mut table, &timing);
        let hooks = table.take("hooks").map(|entry| self.hooks(&entry)).unwrap_or_default();
        let mut resources = self.resources(&mut table, floor);
        resources.below_floor = self.flag(&mut table, "belowFloor", false);
        self.reader.finish(&table);
        let job = Job::new(repository?, paths, schedule?);
        Some(Job {
            enable,
            source: source?,
            excludes,
            iexcludes,
            marks,
            one_file_system,
            tags,
            hooks,
            resources,
            ..job
        })
    }

    /// What it reads from, if that can be said.
    fn source(&mut self, table: &mut Table<'_>) -> Option<Source> {
        let dataset = table.take("dataset");
        let mountpoint = table.take("mountpoint");
        let (Some(dataset), Some(mountpoint)) = (&dataset, &mountpoint) else {
            if let Some(entry) = &dataset {
                let what = "`dataset` without `mountpoint`";
                let remedy =
                    "write where the dataset is mounted: paths are those of the running host";
                self.reader.report_key(entry, crate::spec::Code::MissingKey, what, remedy);
            }
            if let Some(entry) = &mountpoint {
                let what = "`mountpoint` without `dataset`";
                let remedy = "name the dataset that is mounted there, or leave it out";
                self.reader.report_key(entry, crate::spec::Code::NoEffect, what, remedy);
            }
            return dataset.is_none().then_some(Source::Live {});
        };
        let dataset = self.reader.parsed(dataset, DATASET);
        let mountpoint = self.reader.parsed(mountpoint, PATH);
        Some(Source::Clone { dataset: dataset?, mountpoint: mountpoint? })
    }

    fn marks(&mut self, table: &mut Table<'_>) -> Marks {
        let exclude_caches = self.flag(table, "excludeCaches", false);
        let exclude_if_present = table
            .take("excludeIfPresent")
            .map(|entry| self.reader.parsed_list(&entry, "write a list of names of files"));
        let exclude_larger_than = table.take("excludeLargerThan");
        let exclude_larger_than = exclude_larger_than
            .and_then(|entry| self.reader.parsed(&entry, "write an amount such as \"2G\""));
        Marks {
            exclude_caches,
            exclude_if_present: exclude_if_present.unwrap_or_default(),
            exclude_larger_than,
        }
    }

    fn hooks(&mut self, entry: &Entry<'_>) -> Vec<Hook> {
        let mut hooks = Vec::new();
        for entry in self.reader.list(entry) {
            let Some(mut table) = self.reader.table(&entry) else { continue };
            let mut command = |key, remedy| {
                let entry = self.reader.required(&mut table, key, remedy)?;
                self.command(&entry)
            };
            let open = command("open", "write the command that is run before, as a list of words");
            let close = command(
                "close",
                "write the command that ends what the first one began, as a list of words: it runs however the job ends",
            );
            let quiesces = self.flag(&mut table, "quiesces", false);
            self.reader.finish(&table);
            if let (Some(open), Some(close)) = (open, close) {
                let mut hook = Hook::new(open, close);
                hook.quiesces = quiesces;
                hooks.push(hook);
            }
        }
        hooks
    }

    /// A program with its arguments.
    fn command(&mut self, entry: &Entry<'_>) -> Option<Vec<String>> {
        let words = self.reader.parsed_list::<String>(entry, "write a list of strings");
        let code = crate::spec::Code::BadValue;
        if words.first().is_none_or(String::is_empty) {
            self.reader.report(entry, code, "no program", "write the program first");
            return None;
        }
        if let Some(program) = words.first().filter(|program| !is_program(program)) {
            let what = format!("no unit can run a program called `{program}`");
            let remedy = "write its absolute path, or its name alone, without quotes, backslashes and control characters: \
                          as one word of `/bin/sh -c` it can have any name";
            self.reader.report(entry, code, what, remedy);
            return None;
        }
        if words.iter().any(|word| word.contains('\0')) {
            self.reader.report(entry, code, "a NUL in an argument", "no program can be given one");
            return None;
        }
        Some(words)
    }
}

/// Whether systemd runs a program of that name, and no other (`config_parse_exec` of systemd 252): prefixes count behind quotes
/// too, and a name has nothing that would have to be escaped.
fn is_program(name: &str) -> bool {
    let is_name = !name.contains('/') && !matches!(name, "." | "..");
    let is_path = name.starts_with('/') && !name.ends_with('/');
    (is_name || is_path)
        && !name.starts_with(['@', '-', ':', '+', '!', '|'])
        && !name.contains(|c: char| c.is_control() || "\"'\\".contains(c))
}
