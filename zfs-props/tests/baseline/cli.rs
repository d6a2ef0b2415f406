//! Whole outputs of the commands, on pools whose contents are known.
//!
//! What the readers call exact has to be what the pool holds, and what they call pretty what is shown
//! for it; a document with something lost must not pass as exact. And the exit code is foretold.

use std::collections::BTreeMap;

use serde_json::Value;
use zfs_props::property::Property;
use zfs_props::read::{Document, Record, Trust, json, table, text};
use zfs_props::release::Release;
use zfs_props::source::Source;
use zfs_props::{nice, number};

use self::query::Query;
use crate::commands;
use crate::state::State;
use testing::baseline::{Verdict, compare_with_meta};

#[path = "query.rs"]
mod query;

#[test]
fn cli_2_1() {
    compare("cli-2.1.11");
}

#[test]
fn cli_2_3() {
    compare("cli-2.3.9");
}

#[test]
fn cli_2_4() {
    compare("cli-2.4.4");
}

fn compare(name: &str) {
    let mut read_before = BTreeMap::new();
    compare_with_meta(name, |meta, row| {
        let words: Vec<&str> =
            row["argv"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
        match words[1] {
            "get" | "list" => {}
            _ => return commands::compare(meta, row),
        }
        let output = bytes(&row["stdout"]);
        let release: Release = meta["openzfs"].as_str().unwrap().parse().unwrap();
        let mounts = if row["mounts"] == true { meta["mounts"].as_str().unwrap() } else { "" };
        let state = State::parse(meta["states"][row["state"].as_str().unwrap()].as_str().unwrap());
        let query = match Query::parse(&words, release) {
            Ok(query) => query,
            Err(code) => return Verdict::of(u64::from(code), row["rc"].as_u64().unwrap()),
        };
        let code = query.code(&state, release);
        if row["rc"] != code {
            return Verdict::Disagree(format!("ours: {code}"));
        }
        let run = Run { query, state, mounts, release };
        let read = match run.check(&output) {
            Ok(read) => read,
            Err(how) => return Verdict::Disagree(how),
        };
        for (key, value) in read {
            let command = (run.query.pool, run.query.literal);
            let key = (row["state"].to_string(), mounts.len(), command, key);
            let before = read_before.entry(key.clone()).or_insert_with(|| value.clone());
            if *before != value {
                return Verdict::Disagree(format!("{key:?} read before as {before:?}"));
            }
        }
        Verdict::Agree
    });
}

/// The output; bytes that are no text are recorded as Latin-1.
fn bytes(stdout: &Value) -> Vec<u8> {
    if let Some(text) = stdout.as_str() {
        return text.as_bytes().to_vec();
    }
    let latin = stdout["latin1"].as_str().unwrap();
    latin.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
}

/// What was read, by dataset and property.
type Exact = Vec<((String, String), Vec<u8>)>;

struct Run<'a> {
    query: Query<'a>,
    state: State,
    mounts: &'a str,
    release: Release,
}

impl Run<'_> {
    /// Yields what is exact.
    fn check(&self, output: &[u8]) -> Result<Exact, String> {
        let query = &self.query;
        let mut records = Vec::new();
        let columns: Vec<String>;
        let names: Vec<&str>;
        let document = if query.json && output.is_empty() {
            return Ok(Vec::new());
        } else if query.json {
            let document = json::read(output, |record| records.push(record));
            let document = document.map_err(|error| error.to_string())?;
            let is_whole = serde_json::from_slice::<Value>(output).is_ok();
            if document.cut.is_none() != is_whole {
                return Err(format!("cut: {:?}", document.cut));
            }
            document
        } else if !query.scripted {
            let read = match (query.list, query.pool) {
                (false, _) => table::get,
                (true, false) => table::list,
                (true, true) => table::list_pools,
            };
            let mut rows = read(output);
            records.extend(rows.by_ref().filter_map(Result::ok));
            rows.finish()
        } else if query.list {
            columns = query.list_columns(&self.state, self.release);
            names = columns.iter().map(String::as_str).collect();
            let mut rows = text::list(output, &names);
            records.extend(rows.by_ref().filter_map(Result::ok));
            rows.finish()
        } else {
            let columns = query.get_columns().ok_or("no values to read")?;
            let mut lines = match (query.properties, query.pool) {
                ("all", false) => text::get_all(output, columns),
                _ => text::get(output, columns),
            };
            records.extend(lines.by_ref().filter_map(Result::ok));
            lines.finish()
        };
        let exact = self.check_document(&records, &document)?;
        self.check_only_value(output)?;
        Ok(exact)
    }

    fn check_document(
        &self,
        records: &[Record<'_>],
        document: &Document<'_>,
    ) -> Result<Exact, String> {
        let mut exact = Vec::new();
        for record in records {
            let trust = document.trust_of(record);
            let is_doubted = trust != record.trust;
            let (dataset, property) = match (&*record.dataset, &*record.property) {
                _ if trust > Trust::Pretty && (is_doubted || self.query.json) => continue,
                ("", "") => self.query.only().ok_or("whose value is it?")?,
                ("", property) => (self.query.dataset().ok_or("whose property is it?")?, property),
                known => known,
            };
            self.check_record(record, dataset, property)?;
            if trust == Trust::Exact {
                let key = (dataset.to_owned(), property.to_owned());
                exact.push((key, record.value.to_vec()));
            }
        }
        let worst = records.iter().map(|record| document.trust_of(record)).max();
        if document.records != records.len() || worst > Some(document.trust) {
            return Err(format!("{document:?} for {} records", records.len()));
        }
        self.check_completeness(records, document)?;
        Ok(exact)
    }

    fn check_record(
        &self,
        record: &Record<'_>,
        dataset: &str,
        property: &str,
    ) -> Result<(), String> {
        // Recorded with counts that the state does not tell.
        if property.contains('@') {
            return Ok(());
        }
        let expected = if self.query.pool {
            match self.state.pool_property(property, self.release) {
                Some(expected) => Some(expected),
                None => return Ok(()),
            }
        } else {
            let native = Property::resolve(property, self.release);
            let property = native.map_or(property, |native| native.name());
            self.state.dataset_property(dataset, property, self.mounts, self.release)
        };
        let Some(expected) = expected else {
            let is_absent = match record.source {
                None => &*record.value == b"-",
                Some(_) => record.is_absent(),
            };
            return if is_absent { Ok(()) } else { Err(format!("{record:?} should be absent")) };
        };

        let form = usize::from(self.query.literal);
        let value = if self.query.literal { &expected.literal } else { &expected.pretty };
        let means = || match record.trust {
            Trust::Exact => means(&record.value, &expected.literal),
            Trust::Pretty => rounds(&record.value, &expected.literal),
            _ => true,
        };
        let is_shown = match record.trust {
            // Not modelled for pools.
            _ if self.query.pool && !self.query.literal => true,
            // What cannot be told is whether there were blanks at the end.
            Trust::Ambiguous => record.value.trim_ascii_end() == value.trim_ascii_end(),
            _ => *record.value == **value,
        };
        let source = record.source.clone().map(|source| source.map(|from| from.to_string()));
        let source_agrees = source.is_none_or(|source| source == expected.source);
        let received_agrees = if let Some(received) = &record.received {
            expected.received.as_ref().is_some_and(|both| both[form] == **received)
        } else {
            // Printed in its own column only, or in JSON beside a received value.
            let printed = self.query.has_received();
            let in_json = expected.source == Source::Received;
            expected.received.is_none() || !printed || self.query.json && !in_json
        };
        if is_shown && means() && source_agrees && received_agrees {
            return Ok(());
        }
        Err(format!("{record:?} should be {expected:?}"))
    }

    /// Everything that was asked for is there, unless the document says that it may not be.
    fn check_completeness(
        &self,
        records: &[Record<'_>],
        document: &Document<'_>,
    ) -> Result<(), String> {
        let query = &self.query;
        let all = query.properties == "all" && !query.pool && !query.filtered;
        let is_broken = document.malformed > 0 || !document.doubted().is_empty();
        if !all || is_broken || document.cut.is_some() {
            return Ok(());
        }
        for dataset in self.state.datasets().filter(|name| query.operands.contains(name)) {
            for property in self.state.properties(dataset) {
                let expected =
                    self.state.dataset_property(dataset, &property, self.mounts, self.release);
                let read = records.iter().any(|record| {
                    (record.dataset == dataset || record.dataset.is_empty())
                        && record.property == property
                });
                if read != expected.is_some() {
                    return Err(format!("{dataset} {property}: read {read}, {expected:?}"));
                }
            }
        }
        Ok(())
    }

    /// The one lossless read.
    fn check_only_value(&self, output: &[u8]) -> Result<(), String> {
        let Some((dataset, property)) = self.query.only().filter(|_| self.query.is_only_value())
        else {
            return Ok(());
        };
        let expected = self.state.dataset_property(dataset, property, self.mounts, self.release);
        let expected = expected.map_or(b"-".to_vec(), |expected| expected.literal);
        match text::only_value(output) {
            Ok(value) if value == expected => Ok(()),
            read => Err(format!("{read:?} should be {expected:?}")),
        }
    }
}

/// Whether an exact text tells the stored value, given as `-p` prints it.
fn means(exact: &[u8], literal: &[u8]) -> bool {
    let (Ok(exact), Ok(literal)) = (std::str::from_utf8(exact), std::str::from_utf8(literal))
    else {
        return exact == literal;
    };
    exact == literal
        || exact == "none" && (literal == "0" || literal == "18446744073709551615")
        || exact.strip_suffix(['x', '%']) == Some(literal)
        || number::parse(exact).is_ok_and(|number| number.to_string() == literal)
}

/// Whether a pretty number stands for the stored one, among others; dates are taken as they are.
fn rounds(pretty: &[u8], literal: &[u8]) -> bool {
    let (pretty, literal) = (std::str::from_utf8(pretty), std::str::from_utf8(literal));
    let interval = pretty.ok().and_then(nice::interval);
    let literal = literal.ok().and_then(|literal| literal.parse().ok());
    interval.is_none_or(|interval| literal.is_some_and(|literal| interval.contains(literal)))
}
