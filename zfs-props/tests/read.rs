//! The readers on the output of a real pool, and on values made to deceive them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use zfs_props::nice;
use zfs_props::property::{Notation, Property};
use zfs_props::read::text::Columns;
use zfs_props::read::{Document, Record, Trust, json, text};
use zfs_props::source::Source;

#[path = "read/tables.rs"]
mod tables;

/// One object of each kind, in the recording of a real pool.
const OBJECTS: [&str; 13] = [
    "bookmark",
    "clone",
    "encrypted-child",
    "encrypted-passphrase",
    "encrypted-raw",
    "encrypted-snapshot",
    "filesystem",
    "received",
    "root",
    "snapshot",
    "sparse-volume",
    "volume",
    "volume-snapshot",
];

fn real(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/baseline/real-2.3.9");
    fs::read(path.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

type Read<'a> = BTreeMap<(String, String), Record<'a>>;

fn by_name<'a>(records: impl IntoIterator<Item = Record<'a>>) -> Read<'a> {
    let key = |record: &Record<'_>| (record.dataset.to_string(), record.property.to_string());
    records.into_iter().map(|record| (key(&record), record)).collect()
}

fn read_lines(output: &[u8], columns: Columns) -> (Read<'_>, Document<'_>) {
    let mut lines = text::get_all(output, columns);
    let records = by_name(lines.by_ref().map(Result::unwrap));
    (records, lines.finish())
}

fn read_json(output: &[u8]) -> (Read<'_>, Document<'_>) {
    let mut records = Vec::new();
    let document = json::read(output, |record| records.push(record)).unwrap();
    (by_name(records), document)
}

#[test]
fn formats_agree_about_real_datasets() {
    let mut compared = 0;
    for object in OBJECTS {
        let five = real(&format!("zfs-get-Hp-5col-{object}.tsv"));
        let four = real(&format!("zfs-get-pH-{object}.tsv"));
        let documents =
            ["j", "jp", "j-int"].map(|kind| real(&format!("zfs-get-{kind}-{object}.json")));

        let (truth, document) = read_lines(&five, Columns::ALL);
        assert_eq!(document.trust, Trust::Exact, "{object}: {document:?}");
        assert_eq!(Columns::detect(&five), Some(Columns::ALL));
        assert_eq!(Columns::detect(&four), Some(Columns::GET));

        let (plain, document) = read_lines(&four, Columns::GET);
        assert_eq!(document.trust, Trust::Exact, "{object}: {document:?}");
        let [pretty, literal, numbers] = documents.each_ref().map(|json| read_json(json));
        assert_eq!(literal.1.trust, Trust::Exact, "{object}");
        assert_eq!(literal.1.records, truth.len(), "{object}");

        for (key, record) in &truth {
            for other in [&plain[key], &literal.0[key], &numbers.0[key], &pretty.0[key]] {
                assert_eq!(other.source, record.source, "{object} {key:?}");
                assert!(tells(other, record), "{object}: {other:?}, {record:?}");
                compared += 1;
            }
            assert_eq!(plain[key].value, record.value);
            assert_eq!(literal.0[key].value, record.value);
        }
    }
    assert!(compared > 2000, "{compared}");
}

/// Whether a record says of the value what its trust promises.
fn tells(record: &Record<'_>, truth: &Record<'_>) -> bool {
    let (said, value) = (record.text().unwrap(), truth.text().unwrap());
    let property = Property::from_name(&record.property);
    match record.trust {
        Trust::Exact => {
            let number = || zfs_props::number::parse(said).is_ok_and(|n| n.to_string() == value);
            let none = said == "none" && value == "0";
            said == value || none || said.strip_suffix(['x', '%']) == Some(value) || number()
        }
        Trust::Pretty if property.and_then(Property::notation) == Some(Notation::Date) => true,
        Trust::Pretty => nice::interval(said).unwrap().contains(value.parse().unwrap()),
        Trust::Clipped => said == i64::MAX.to_string() && value.parse::<u64>().unwrap() >= 1 << 63,
        _ => false,
    }
}

#[test]
fn list_agrees_with_get() {
    let columns = ["name", "used", "avail", "refer", "mountpoint"];
    let names = ["used", "available", "referenced", "mountpoint"];
    let output = real("zfs-list-Hp-all.tsv");
    let mut rows = text::list(&output, &columns);
    let listed = by_name(rows.by_ref().map(Result::unwrap));
    assert_eq!(rows.finish().trust, Trust::Exact);

    let literal = real("zfs-list-jp-all.json");
    let (literal, document) = read_json(&literal);
    assert_eq!((document.trust, document.records), (Trust::Exact, listed.len()));
    let pretty = real("zfs-list-j-all.json");
    let (pretty, document) = read_json(&pretty);
    assert_eq!(document.trust, Trust::Pretty);
    for ((dataset, column), row) in &listed {
        let name = names[columns.iter().position(|known| known == column).unwrap() - 1];
        let key = (dataset.clone(), name.to_owned());
        assert_eq!(literal[&key].value, row.value, "{key:?}");
        assert!(tells(&pretty[&key], row), "{key:?}");
    }

    // `zfs list` gives a property without value the source of the one before.
    let all = real("zfs-list-j-int-o-all.json");
    let (all, _) = read_json(&all);
    let absent = all.values().filter(|record| &*record.value == b"-").collect::<Vec<_>>();
    assert!(absent.len() > 100);
    for record in absent {
        // A user property may as well hold this text.
        let unknown = record.trust == Trust::Ambiguous && record.source.is_none();
        assert_eq!(unknown, record.property.contains(':'), "{record:?}");
        assert!(unknown || record.is_absent(), "{record:?}");
    }
    for object in OBJECTS {
        let truth = real(&format!("zfs-get-Hp-5col-{object}.tsv"));
        let (truth, _) = read_lines(&truth, Columns::ALL);
        for (key, record) in truth.iter().filter(|(key, _)| all.contains_key(*key)) {
            let listed = &all[key];
            if listed.trust != Trust::Ambiguous {
                assert!(tells(listed, record), "{listed:?}, {record:?}");
                assert_eq!(listed.source, record.source, "{key:?}");
            }
        }
    }
}

#[test]
fn pools_and_vdevs() {
    let lines = real("zpool-get-Hp-all.tsv");
    let records: Vec<_> = text::get(&lines, Columns::GET).map(Result::unwrap).collect();
    let truth = by_name(records);
    let output = real("zpool-get-j-all.json");
    let (pretty, document) = read_json(&output);
    assert_eq!(document.trust, Trust::Pretty);
    for (key, record) in &truth {
        let said = &pretty[key];
        assert!(tells(said, record), "{said:?}, {record:?}");
        assert_eq!(said.source, record.source);
    }

    let lines = real("vdev-get-Hp-all.tsv");
    let mut vdevs = text::get(&lines, Columns::GET);
    assert!(vdevs.by_ref().all(|record| record.is_ok()));
    assert_eq!(vdevs.finish().trust, Trust::Exact);

    let list = real("zpool-list-j.json");
    let (list, _) = read_json(&list);
    assert_eq!(list[&("tank".to_owned(), "size".to_owned())].trust, Trust::Pretty);
}

#[test]
fn status_is_no_document_of_properties() {
    for name in ["zpool-status-j.json", "zpool-status-jp-int.json"] {
        let error = json::read(&real(name), |_| ()).unwrap_err();
        assert!(error.to_string().contains("properties"), "{error}");
    }
    assert!(json::read(b"", |_| ()).is_err());
    assert!(json::read(b"\n", |_| ()).is_err());
    assert!(json::read(b"{}", |_| ()).is_err());
}

#[test]
fn truncated_anywhere_is_never_whole() {
    let output = real("zfs-get-jp-received.json");
    let (whole, _) = read_json(&output);
    let end = output.trim_ascii_end().len();
    for length in 1..end {
        let mut cut = output[..length].to_vec();
        cut.push(b'\n');
        let (part, document) = read_json(&cut);
        assert_eq!(document.trust, Trust::Truncated, "{length}");
        assert!(document.cut.is_some());
        for (key, record) in part {
            assert_eq!(record, whole[&key]);
        }
    }
}

#[test]
fn text_cut_within_a_line_is_never_whole() {
    let output = real("zfs-get-Hp-5col-received.tsv");
    let (whole, _) = read_lines(&output, Columns::ALL);
    for length in 1..output.len() {
        let part = &output[..length];
        let mut lines = text::get_all(part, Columns::ALL);
        let records: Vec<_> = lines.by_ref().filter_map(Result::ok).collect();
        let document = lines.finish();
        if part.ends_with(b"\n") {
            assert_eq!((document.trust, document.cut.as_ref()), (Trust::Exact, None));
        } else {
            assert_eq!(document.trust, Trust::Truncated, "{length}");
            assert_eq!(document.malformed, 0);
        }
        for record in records.into_iter().filter(|record| document.trust_of(record) == Trust::Exact)
        {
            let key = (record.dataset.to_string(), record.property.to_string());
            assert_eq!(record, whole[&key]);
        }
    }
}

#[test]
fn a_tab_in_a_value_stays_there() {
    let four = b"tank\tx:y\ta\tb\tc\tlocal\n";
    let record = text::get(four, Columns::GET).next().unwrap().unwrap();
    assert_eq!((record.text(), record.trust), (Some("a\tb\tc"), Trust::Exact));

    let five = b"tank\tx:y\ta\tb\t-\tlocal\n";
    let record = text::get(five, Columns::ALL).next().unwrap().unwrap();
    assert_eq!((record.source, record.trust), (Some(Source::Local), Trust::Ambiguous));
}

/// A dataset as the pool has it: native properties, then the user's.
type Pool = Vec<(&'static str, Vec<(&'static str, String, &'static str)>)>;

const NATIVE: [(&str, &str, &str); 3] =
    [("type", "filesystem", "-"), ("used", "4096", "-"), ("quota", "0", "default")];

/// Pieces that values are made of: with luck they add up to lines.
const PIECES: [&str; 16] = [
    "v",
    "-",
    "\t",
    "\n",
    "local",
    "\tlocal\n",
    "tank/a",
    "tank/b",
    "tank/c",
    "tank/d",
    "type",
    "quota",
    "\tquota\t",
    "x:1",
    "\tx:2\t",
    "1048576",
];

fn value() -> impl Strategy<Value = String> {
    let pieces = prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..12);
    pieces.prop_map(|pieces| pieces.concat())
}

fn pool(missing: bool) -> impl Strategy<Value = Pool> {
    let user = prop::option::weighted(if missing { 0.7 } else { 1.0 }, value());
    let users = prop::array::uniform3(prop::array::uniform2(user));
    users.prop_map(|users| {
        let datasets = ["tank/a", "tank/b", "tank/c"].into_iter().zip(users);
        let describe = |(dataset, users): (&'static str, [Option<String>; 2])| {
            let native = NATIVE.map(|(name, value, source)| (name, value.to_owned(), source));
            let user = ["x:1", "x:2"].into_iter().zip(users);
            let user = user.filter_map(|(name, value)| Some((name, value?, "local")));
            (dataset, native.into_iter().chain(user).collect())
        };
        datasets.map(describe).collect()
    })
}

fn json_piece() -> impl Strategy<Value = String> {
    const PIECES: [&str; 14] = [
        "{",
        "}",
        "[",
        "]",
        "\"",
        ",",
        ":",
        "\\u00e9",
        "\\ud83d\\ude00",
        "\\n",
        "é",
        "12",
        "null",
        " ",
    ];
    prop::sample::select(PIECES.to_vec()).prop_map(str::to_owned)
}

fn value_in(document: &serde_json::Value, record: &Record<'_>) -> Option<String> {
    let mut datasets = document["datasets"].as_object()?.iter();
    let (_, dataset) = datasets.find(|(member, dataset)| {
        dataset.get("name").map_or(***member == *record.dataset, |name| *name == *record.dataset)
    })?;
    let value = &dataset["properties"][&*record.property]["value"];
    Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

/// How many properties a document has.
fn count(document: &serde_json::Value) -> usize {
    let datasets = document["datasets"].as_object().into_iter().flatten();
    datasets
        .filter_map(|(_, dataset)| dataset["properties"].as_object())
        .map(serde_json::Map::len)
        .sum()
}

/// What is exact has to be true of what exists, however the values are made: but for the one that
/// forges, which may be cut short.
fn assert_sound(pool: &Pool, columns: Columns, all: bool) -> Result<(), TestCaseError> {
    let received = if columns == Columns::ALL { "-\t" } else { "" };
    let lines = pool.iter().flat_map(|(dataset, properties)| {
        properties.iter().map(move |(name, value, source)| {
            format!("{dataset}\t{name}\t{value}\t{received}{source}\n")
        })
    });
    let output: String = lines.collect();
    let read = if all { text::get_all } else { text::get };
    let mut lines = read(output.as_bytes(), columns);
    let records: Vec<_> = lines.by_ref().filter_map(Result::ok).collect();
    let document = lines.finish();
    let truth: BTreeMap<_, _> = pool
        .iter()
        .flat_map(|(dataset, all)| {
            all.iter().map(|(name, value, source)| ((*dataset, *name), (value, *source)))
        })
        .collect();
    for record in &records {
        let Some((value, source)) = truth.get(&(&*record.dataset, &*record.property)) else {
            continue;
        };
        if document.trust_of(record) == Trust::Exact && !value.contains('\n') {
            prop_assert_eq!(record.text(), Some(value.as_str()), "{}", &output);
            prop_assert_eq!(record.source.clone().unwrap().to_string(), *source, "{}", &output);
        }
    }
    let hostile = truth.values().any(|(value, _)| value.contains('\n'));
    if !hostile && columns == Columns::GET {
        prop_assert_eq!(document.trust, Trust::Exact, "{}", &output);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn forged_lines_are_never_exact(pool in pool(true), all: bool, five: bool) {
        assert_sound(&pool, if five { Columns::ALL } else { Columns::GET }, all)?;
    }

    #[test]
    fn readers_never_panic(bytes: Vec<u8>, pieces in value()) {
        for input in [&bytes, pieces.as_bytes()] {
            text::get_all(input, Columns::ALL).finish();
            text::get(input, Columns::GET).finish();
            text::list(input, &["name", "x:1", "used"]).finish();
            let _ = (Columns::detect(input), json::read(input, |_| ()));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// What is JSON, however it is written, is read as another reader of JSON reads it.
    #[test]
    fn json_is_read_as_serde_json_reads_it(
        changes in prop::collection::vec((any::<prop::sample::Index>(), json_piece()), 0..4),
        spaced: bool,
    ) {
        let mut output = real("zfs-get-jp-received.json");
        if spaced {
            let value: serde_json::Value = serde_json::from_slice(&output).unwrap();
            output = serde_json::to_vec_pretty(&value).unwrap();
        }
        for (place, piece) in changes {
            let at = place.index(output.len());
            output.splice(at..(at + piece.len() / 2).min(output.len()), piece.bytes());
        }
        let mut records = Vec::new();
        let ours = json::read(&output, |record| records.push(record));
        // A cut document ends in a newline all the same.
        let theirs = serde_json::from_slice::<serde_json::Value>(output.trim_ascii_end());
        match (ours, theirs) {
            (Ok(document), Ok(theirs)) => {
                prop_assert_eq!(document.cut, None);
                // Of members with the same name only the last one counts there.
                if document.records == count(&theirs) {
                    for record in records {
                        let value = value_in(&theirs, &record);
                        prop_assert_eq!(record.text(), value.as_deref());
                    }
                }
            }
            (Ok(document), Err(error)) => {
                prop_assert!(document.cut.is_some() && error.is_eof(), "{error}");
            }
            (Err(error), Ok(theirs)) => {
                // Well formed, but not what OpenZFS prints.
                prop_assert!(error.to_string().contains("expected"), "{error} {theirs}");
            }
            (Err(_), Err(_)) => {}
        }
    }
}
