//! Whole outputs of the commands, on pools whose contents are known.
//!
//! What the readers call exact has to be what the pool holds, and what they call pretty what is shown
//! for it; a document with something lost must not pass as exact.

use std::collections::BTreeMap;

use serde_json::Value;
use zfs_props::number;
use zfs_props::property::Property;
use zfs_props::read::{Document, Record, Trust, json, text};
use zfs_props::release::Release;
use zfs_props::source::Source;

use crate::commands;
use crate::harness::{Verdict, compare_with_meta};
use crate::state::State;

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
        if row["rc"] != 0 {
            return Verdict::LeftOut("refused: nothing was printed");
        }
        let output = bytes(&row["stdout"]);
        let release: Release = meta["openzfs"].as_str().unwrap().parse().unwrap();
        let mounts = if row["mounts"] == true { meta["mounts"].as_str().unwrap() } else { "" };
        let state = State::parse(meta["states"][row["state"].as_str().unwrap()].as_str().unwrap());
        let run = Run { command: Command::parse(&words), state, mounts, release };
        let Some(result) = run.check(&output) else {
            return Verdict::LeftOut("for people: fields cannot be told apart");
        };
        let read = match result {
            Ok(read) => read,
            Err(how) => return Verdict::Disagree(how),
        };
        for (key, value) in read {
            let command = (run.command.pool, run.command.literal);
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

/// What was asked for.
#[expect(clippy::struct_excessive_bools, reason = "a command line is a heap of switches")]
struct Command<'a> {
    pool: bool,
    list: bool,
    scripted: bool,
    literal: bool,
    json: bool,
    filtered: bool,
    columns: Option<&'a str>,
    /// The properties, of `get`.
    properties: &'a str,
    operands: Vec<&'a str>,
}

impl<'a> Command<'a> {
    fn parse(words: &[&'a str]) -> Self {
        let mut command = Self {
            pool: words[0] == "zpool",
            list: words[1] == "list",
            scripted: false,
            literal: false,
            json: false,
            filtered: false,
            columns: None,
            properties: "",
            operands: Vec::new(),
        };
        let mut rest = words[2..].iter();
        while let Some(word) = rest.next() {
            match *word {
                "--json-int" => command.literal = true,
                "--json" => command.json = true,
                flags if flags.starts_with('-') => {
                    for flag in flags[1..].chars() {
                        match flag {
                            'H' => command.scripted = true,
                            'p' => command.literal = true,
                            'j' => command.json = true,
                            'o' => command.columns = rest.next().copied(),
                            's' => {
                                command.filtered = true;
                                rest.next().unwrap();
                            }
                            't' | 'd' | 'S' => drop(rest.next().unwrap()),
                            'r' => {}
                            other => panic!("-{other} in {words:?}"),
                        }
                    }
                }
                operand => command.operands.push(operand),
            }
        }
        if !command.list {
            command.properties = command.operands.remove(0);
        }
        command
    }
}

/// What was read, by dataset and property.
type Exact = Vec<((String, String), Vec<u8>)>;

struct Run<'a> {
    command: Command<'a>,
    state: State,
    mounts: &'a str,
    release: Release,
}

impl Run<'_> {
    /// `None` if this is no output for machines. Yields what is exact.
    fn check(&self, output: &[u8]) -> Option<Result<Exact, String>> {
        let command = &self.command;
        let mut records = Vec::new();
        let document = if command.json {
            let read = json::read(output, |record| records.push(record));
            let document = match read {
                Ok(document) => document,
                Err(error) => return Some(Err(error.to_string())),
            };
            let is_whole = serde_json::from_slice::<Value>(output).is_ok();
            if document.cut.is_none() != is_whole {
                return Some(Err(format!("cut: {:?}", document.cut)));
            }
            document
        } else if !command.scripted {
            return None;
        } else if command.list {
            let columns: Vec<&str> = match command.columns {
                Some("all") | None => return None,
                Some(columns) => columns.split(',').collect(),
            };
            // The iterator borrows the names for as long as the output.
            let mut rows = text::list(output, columns.leak());
            records.extend(rows.by_ref().filter_map(Result::ok));
            rows.finish()
        } else if command.columns == Some("value") {
            return self.check_one_value(output);
        } else {
            let columns = match command.columns {
                Some(columns) => text::Columns::from_option(columns)?,
                None => text::Columns::GET,
            };
            let mut lines = match (command.properties, command.pool) {
                ("all", false) => text::get_all(output, columns),
                _ => text::get(output, columns),
            };
            records.extend(lines.by_ref().filter_map(Result::ok));
            lines.finish()
        };
        Some(self.check_document(&records, &document))
    }

    fn check_document(
        &self,
        records: &[Record<'_>],
        document: &Document<'_>,
    ) -> Result<Exact, String> {
        let mut exact = Vec::new();
        for record in records {
            self.check_record(record, document.trust_of(record))?;
            if document.trust_of(record) == Trust::Exact {
                let key = (record.dataset.to_string(), record.property.to_string());
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

    fn check_record(&self, record: &Record<'_>, trust: Trust) -> Result<(), String> {
        // Recorded with counts that the state does not tell.
        if record.property.contains('@') || trust > Trust::Pretty {
            return Ok(());
        }
        let expected = if self.command.pool {
            match self.state.pool_property(&record.property, self.release) {
                Some(expected) => Some(expected),
                None => return Ok(()),
            }
        } else {
            let property = Property::resolve(&record.property, self.release);
            let property = property.map_or(&*record.property, |native| native.name());
            self.state.dataset_property(&record.dataset, property, self.mounts, self.release)
        };
        let Some(expected) = expected else {
            let absent = if self.command.list && !self.command.json {
                &*record.value == b"-"
            } else {
                record.is_absent()
            };
            return if absent { Ok(()) } else { Err(format!("{record:?} should be absent")) };
        };

        let form = usize::from(self.command.literal);
        let value = if self.command.literal { &expected.literal } else { &expected.pretty };
        let value_agrees = if self.command.pool && !self.command.literal {
            trust == Trust::Pretty || means(&record.value, &expected.literal)
        } else {
            *record.value == **value
                && (trust == Trust::Pretty || means(&record.value, &expected.literal))
        };
        let source = record.source.clone().map(|source| source.map(|from| from.to_string()));
        let source_agrees = source.is_none_or(|source| source == expected.source);
        let received_agrees = if let Some(received) = &record.received {
            expected.received.as_ref().is_some_and(|both| both[form] == **received)
        } else {
            // Printed in its own column only, or in JSON beside a received value.
            let printed = matches!(self.command.columns, Some(columns)
                if columns == "all" || columns.contains("received"));
            let in_json = expected.source == Source::Received;
            expected.received.is_none() || !printed || self.command.json && !in_json
        };
        if value_agrees && source_agrees && received_agrees {
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
        let command = &self.command;
        let all = command.properties == "all" && !command.pool && !command.filtered;
        if !all || document.trust >= Trust::Truncated {
            return Ok(());
        }
        for dataset in self.state.datasets().filter(|name| command.operands.contains(name)) {
            for property in self.state.properties(dataset) {
                let expected =
                    self.state.dataset_property(dataset, &property, self.mounts, self.release);
                let read = records
                    .iter()
                    .any(|record| record.dataset == dataset && record.property == property);
                if read != expected.is_some() {
                    return Err(format!("{dataset} {property}: read {read}, {expected:?}"));
                }
            }
        }
        Ok(())
    }

    fn check_one_value(&self, output: &[u8]) -> Option<Result<Exact, String>> {
        let property = self.command.properties;
        let [dataset] = self.command.operands[..] else { return None };
        if property == "all" || property.contains(',') {
            return None;
        }
        let expected = self.state.dataset_property(dataset, property, self.mounts, self.release);
        let expected = expected.map_or(b"-".to_vec(), |expected| expected.literal);
        Some(match text::only_value(output) {
            Ok(value) if value == expected => {
                Ok(vec![((dataset.to_owned(), property.to_owned()), expected)])
            }
            read => Err(format!("{read:?} should be {expected:?}")),
        })
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
