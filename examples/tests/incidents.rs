//! Every incident is in INCIDENTS.md, once, and every test that it names exists.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::path::Path;

const TEXT: &str = include_str!("../../INCIDENTS.md");

/// Each letter, and how many there are.
const NUMBERS: [(char, u32); 4] = [('R', 31), ('D', 10), ('I', 5), ('B', 31)];

/// The rows of all tables: a number, and the other cells.
fn rows() -> Vec<(&'static str, Vec<&'static str>)> {
    let cells = TEXT.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let rows = cells.map(|line| line.split(" | ").collect::<Vec<_>>());
    rows.filter(|cells| cells[0].len() > 1 && cells[0].starts_with(char::is_uppercase))
        .map(|cells| (cells[0], cells[1..].to_vec()))
        .collect()
}

/// The links of a text that name a test and its file: ``[`name`](file)``.
fn tests(text: &str) -> Vec<(&str, &str)> {
    let links = text.split("[`").skip(1);
    links
        .map(|link| link.split_once("`](").unwrap())
        .map(|(name, rest)| (name, rest.split(')').next().unwrap()))
        .collect()
}

#[test]
fn no_incident_is_missing_and_none_is_there_twice() {
    let expected: BTreeSet<String> = NUMBERS
        .iter()
        .flat_map(|(letter, last)| (1..=*last).map(move |n| format!("{letter}{n}")))
        .collect();
    let rows = rows();
    let found: BTreeSet<String> = rows.iter().map(|(number, _)| (*number).to_owned()).collect();
    assert_eq!(expected.symmetric_difference(&found).collect::<Vec<_>>(), Vec::<&String>::new());
    assert_eq!(rows.len(), expected.len(), "an incident is there twice");
}

#[test]
fn every_incident_has_a_test_and_every_test_exists() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for (number, cells) in rows() {
        assert_eq!(
            cells.len(),
            3,
            "{number}: what happened, what stands against it, what shows it"
        );
        let tests = tests(cells[2]);
        assert!(!tests.is_empty(), "{number} names no test");
        for (name, file) in tests {
            let text = std::fs::read_to_string(workspace.join(file))
                .unwrap_or_else(|e| panic!("{number}: {file}: {e}"));
            let declaration = format!("fn {name}(");
            let at = text
                .find(&declaration)
                .unwrap_or_else(|| panic!("{number}: no `{name}` in {file}"));
            // Far enough back for attributes and documentation of the function itself.
            let before: Vec<&str> = text[..at].lines().rev().take(12).collect();
            let is_test = before.iter().any(|line| line.trim() == "#[test]")
                || text[..at].contains("proptest! {");
            assert!(is_test, "{number}: `{name}` in {file} is no test");
        }
    }
}
