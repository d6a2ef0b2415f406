//! The tables for people: those of a real pool beside the other formats, and made to deceive.

use std::fmt::Write;

use proptest::prelude::*;
use zfs_props::read::table::{self, Table};
use zfs_props::read::text::{self, Columns};
use zfs_props::read::{Document, ReadFault, Record, Trust};

use crate::{OBJECTS, Read, by_name, read_json, real, tells};

fn read(mut table: Table<'_>) -> (Read<'_>, Document<'_>) {
    let records = by_name(table.by_ref().map(Result::unwrap));
    (records, table.finish())
}

/// Whether a record of a table contradicts what `-Hp` and `-j` print.
fn contradicts(record: &Record<'_>, literal: &Record<'_>, pretty: &Record<'_>) -> bool {
    // What cannot be told is whether there were blanks at the end.
    let is_true = match record.trust {
        Trust::Ambiguous => literal.value.trim_ascii_end() == &*record.value,
        _ => tells(record, literal),
    };
    !is_true || record.value != pretty.value || record.source != literal.source
}

#[test]
fn formats_never_contradict_each_other_about_real_objects() {
    let (mut compared, mut exact) = (0, 0);
    for object in OBJECTS {
        let people = real(&format!("zfs-get-{object}.txt"));
        let lines = real(&format!("zfs-get-pH-{object}.tsv"));
        let pretty = real(&format!("zfs-get-j-{object}.json"));
        let (people, document) = read(table::get(&people));
        assert_eq!((document.malformed, document.cut.as_ref()), (0, None), "{object}");
        assert!(document.doubted().is_empty(), "{object}");
        let literal = by_name(text::get_all(&lines, Columns::GET).map(Result::unwrap));
        let pretty = read_json(&pretty).0;
        assert_eq!(people.len(), literal.len(), "{object}");
        for (key, record) in &people {
            let (literal, pretty) = (&literal[key], &pretty[key]);
            assert!(!contradicts(record, literal, pretty), "{object}: {record:?}, {literal:?}");
            compared += 1;
            exact += usize::from(record.trust == Trust::Exact);
        }
    }
    assert!(compared > 600 && exact * 4 > compared * 3, "{exact} of {compared} are exact");
}

#[test]
fn lists_and_pools_agree_with_the_other_formats() {
    let people = real("zfs-list-all.txt");
    let (people, document) = read(table::list(&people));
    assert_eq!(document.trust, Trust::Pretty);
    let literal = real("zfs-list-jp-all.json");
    let literal = read_json(&literal).0;
    let pretty = real("zfs-list-j-all.json");
    let pretty = read_json(&pretty).0;
    assert_eq!(people.len(), literal.len());
    for (key, record) in &people {
        let mut literal = literal[key].clone();
        literal.source = None;
        assert!(!contradicts(record, &literal, &pretty[key]), "{record:?}, {literal:?}");
    }

    let people = real("zpool-get-all.txt");
    let (people, _) = read(table::get(&people));
    let literal = real("zpool-get-Hp-all.tsv");
    let literal = by_name(text::get(&literal, Columns::GET).map(Result::unwrap));
    let pretty = real("zpool-get-j-all.json");
    let pretty = read_json(&pretty).0;
    assert_eq!(people.len(), literal.len());
    for (key, record) in &people {
        assert!(!contradicts(record, &literal[key], &pretty[key]), "{record:?}");
    }
}

#[test]
fn a_table_cut_within_a_line_is_never_whole() {
    let output = real("zfs-get-bookmark.txt");
    let (whole, _) = read(table::get(&output));
    for length in 1..output.len() {
        let mut rows = table::get(&output[..length]);
        let records: Vec<_> = rows.by_ref().filter_map(Result::ok).collect();
        let document = rows.finish();
        if output[length - 1] != b'\n' {
            assert!(document.trust >= Trust::Truncated && document.cut.is_some(), "{length}");
        }
        for record in records.iter().filter(|record| record.trust < Trust::Truncated) {
            let key = (record.dataset.to_string(), record.property.to_string());
            assert_eq!(*record, whole[&key]);
        }
    }
}

#[test]
fn a_number_wider_than_its_column_moves_the_rest() {
    let output = b"NAME  PROPERTY  VALUE  SOURCE\n\
        tank  guid      12044664196120876974  -\n\
        tank  used      706G   -\n";
    let (records, document) = read(table::get(output));
    let guid = &records[&("tank".to_owned(), "guid".to_owned())];
    assert_eq!((guid.text(), guid.trust), (Some("12044664196120876974"), Trust::Exact));
    assert_eq!(document.trust, Trust::Pretty);

    let output = b"NAME     GUID  AVAIL  MOUNTPOINT\n\
        tank  12044664196120876974  1.07T  /tank\n\
        tank/a b    12   512B  /tank/a b\n";
    let (records, document) = read(table::list(output));
    assert_eq!(document.trust, Trust::Pretty);
    let value = |dataset: &str, property: &str| {
        records[&(dataset.to_owned(), property.to_owned())].text().unwrap()
    };
    assert_eq!(value("tank", "guid"), "12044664196120876974");
    assert_eq!(value("tank", "available"), "1.07T");
    assert_eq!(value("tank/a b", "guid"), "12");
    assert_eq!(value("tank/a b", "mountpoint"), "/tank/a b");

    // A pool's user property may be wider too, and hold anything.
    let output = b"NAME  PROPERTY  VALUE  SOURCE\ntank  x:y       a b c d  local\n";
    let (records, _) = read(table::get(output));
    let record = records.values().next().unwrap();
    assert_eq!((record.text(), record.trust), (Some("a b c d"), Trust::Ambiguous));
}

#[test]
fn heads_that_are_none_are_an_error() {
    for output in ["no datasets available\n", "NAME  PROPERTY\n", "\n", "NAME  VALUE  VALUE\n"] {
        let mut rows = table::get(output.as_bytes());
        let error = rows.next().unwrap().unwrap_err();
        assert!(matches!(error.fault, ReadFault::Name { .. }), "{error}");
        assert_eq!((error.line, rows.finish().trust), (1, Trust::Ambiguous));
    }
    assert!(table::list(b"NAME  SIZE\n").next().unwrap().is_err());
    assert!(table::list_pools(b"NAME  SIZE\n").next().is_none());
    assert_eq!(table::list(b"NAME\ntank\nta").finish().trust, Trust::Truncated);
    // About a vdev.
    let mut rows = table::list_pools(b"NAME     SIZE\ntank    1.88G\n  sda     1G\n");
    assert!(rows.next().unwrap().is_ok() && rows.next().unwrap().is_err());
    assert!(table::get(b"").next().is_none());
}

#[test]
fn columns_without_names_are_about_what_was_asked_for() {
    let output = b"VALUE  PROPERTY\nnone   quota\n/a     mountpoint\n";
    let (records, document) = read(table::get(output));
    assert_eq!(records[&(String::new(), "quota".to_owned())].trust, Trust::Exact);
    assert!(document.doubted().is_empty());

    // Two datasets: which is which?
    let output = b"VALUE  PROPERTY\nnone   quota\n10G    quota\n";
    let mut rows = table::get(output);
    let records: Vec<_> = rows.by_ref().map(Result::unwrap).collect();
    let document = rows.finish();
    assert!(records.iter().all(|record| document.trust_of(record) == Trust::Ambiguous));

    let values = Columns::from_option("value").unwrap();
    for (output, trust) in [(&b"v\n"[..], Trust::Exact), (b"two\nlines\n", Trust::Ambiguous)] {
        let mut lines = text::get(output, values);
        let first = lines.next().unwrap().unwrap();
        assert_eq!(lines.finish().trust_of(&first), trust);
    }
}

/// Where the value is the last column, one with newlines can forge any line.
#[test]
fn a_forged_line_is_doubted() {
    let output = b"NAME    PROPERTY  VALUE\n\
        tank/a  x:1       v\n\
        tank/b  quota     none\n\
        tank/b  quota     10G\n\
        tank/b  used      96K\n";
    let (records, document) = read(table::get(output));
    assert_eq!((document.doubted(), document.malformed), (&["tank/b"][..], 0));
    assert!(records.values().all(|record| record.trust == Trust::Exact));

    let output = b"NAME    X:1\ntank/a  v\ntank/b  forged\ntank/b  real\n";
    assert_eq!(table::list(output).finish().doubted(), ["tank/b"]);

    // Elsewhere the column is as wide as the whole value, so that a part does not reach the next.
    let output = b"NAME    PROPERTY  VALUE    SOURCE\n\
        tank/a  x:1       v  local\n\
        tank/b  quota     n  local\n\
        tank/b  quota     10G      local\n";
    let document = table::get(output).finish();
    assert_eq!((document.records, document.malformed, document.trust), (1, 2, Trust::Ambiguous));
}

/// A source is cut at 127 bytes.
#[test]
fn the_end_of_a_long_ancestor_is_lost() {
    for (length, trust) in [(111, Trust::Exact), (112, Trust::Ambiguous)] {
        let ancestor = "a".repeat(length);
        let line = format!("tank\tatime\toff\tinherited from {ancestor}\n");
        let record = text::get(line.as_bytes(), Columns::GET).next().unwrap().unwrap();
        assert_eq!(record.trust, trust);
        let table = format!(
            "NAME  PROPERTY  VALUE  SOURCE\ntank  atime     off    inherited from {ancestor}\n"
        );
        let record = table::get(table.as_bytes()).next().unwrap().unwrap();
        assert_eq!(record.trust, trust);
    }
}

/// A dataset as the pool has it: properties with value and source.
type Described = (String, Vec<(&'static str, String, &'static str)>);

/// As `zprop_print_one_property` prints it; widths are those of the widest field, numbers aside.
fn print_get(pool: &[Described], order: &[usize]) -> String {
    let heads = ["NAME", "PROPERTY", "VALUE", "SOURCE"];
    let mut widths = heads.map(str::len);
    for (dataset, properties) in pool {
        widths[0] = widths[0].max(dataset.len());
        for (name, value, _) in properties {
            widths[1] = widths[1].max(name.len());
            if *name != "guid" {
                widths[2] = widths[2].max(value.len());
            }
        }
    }
    let rows = pool.iter().flat_map(|(dataset, properties)| {
        properties.iter().map(move |(name, value, source)| [dataset.as_str(), name, value, source])
    });
    if widths[0] > "NAME".len() {
        widths[3] = widths[0] + "inherited from".len();
    }
    let mut output = String::new();
    for row in std::iter::once(heads).chain(rows) {
        for (at, &column) in order.iter().enumerate() {
            let is_last = at + 1 == order.len();
            print(&mut output, row[column], if is_last { 0 } else { widths[column] }, false);
            output.push_str(if is_last { "\n" } else { "  " });
        }
    }
    output
}

/// As `print_dataset` prints it.
fn print_list(pool: &[Described], columns: &[&str]) -> String {
    let cell = |(dataset, properties): &Described, column: &str| {
        if column == "name" {
            return dataset.clone();
        }
        let found = properties.iter().find(|(name, ..)| *name == column);
        found.map_or("-".to_owned(), |(_, value, _)| value.clone())
    };
    let is_number = |column: &str| ["used", "quota", "guid"].contains(&column);
    let width = |column: &str| {
        let widest = pool.iter().map(|dataset| cell(dataset, column).len()).max().unwrap_or(0);
        let least = column.len().max(if is_number(column) { 5 } else { 0 });
        if column == "guid" { least } else { least.max(widest) }
    };
    let mut output = String::new();
    let heads = columns.iter().map(|column| column.to_uppercase()).collect();
    let rows = pool.iter().map(|dataset| columns.iter().map(|c| cell(dataset, c)).collect());
    for row in std::iter::once::<Vec<String>>(heads).chain(rows) {
        for (at, (text, column)) in row.iter().zip(columns).enumerate() {
            let is_last = at + 1 == columns.len();
            let is_right = is_number(column);
            print(
                &mut output,
                text,
                if is_last && !is_right { 0 } else { width(column) },
                is_right,
            );
            output.push_str(if is_last { "\n" } else { "  " });
        }
    }
    output
}

/// `printf` counts bytes.
fn print(output: &mut String, text: &str, width: usize, is_right: bool) {
    let padding = width.saturating_sub(text.len());
    let (before, after) = if is_right { (padding, 0) } else { (0, padding) };
    write!(output, "{:before$}{text}{:after$}", "", "").unwrap();
}

const PIECES: [&str; 16] = [
    "v",
    "-",
    " ",
    "  ",
    "\n",
    "local",
    "  local",
    "tank/a",
    "tank/b",
    "quota",
    "x:1",
    "  x:2  ",
    "inherited from x",
    "é",
    "\t",
    "1048576",
];

fn value(is_broken: bool) -> impl Strategy<Value = String> {
    let pieces: Vec<_> = PIECES.into_iter().filter(|piece| is_broken || *piece != "\n").collect();
    let pieces = prop::collection::vec(prop::sample::select(pieces), 0..8);
    pieces.prop_map(|pieces| pieces.concat())
}

fn pool(is_broken: bool) -> impl Strategy<Value = Vec<Described>> {
    let number = prop::sample::select(vec!["0", "1.50G", "4096", "-"]);
    let guid = prop::sample::select(vec!["-", "12", "12044664196120876974"]);
    let quota = prop::sample::select(vec!["none", "10G"]);
    let described = (number, guid, quota, prop::option::of(value(is_broken)), value(is_broken));
    let name =
        prop::sample::select(vec!["tank", "tank/a", "tank/b  c", "tank/é d", "tank/x  local"]);
    prop::collection::btree_map(name, described, 1..4).prop_map(|datasets| {
        let describe =
            |(dataset, (used, guid, quota, one, two)): (&str, (&str, &str, &str, _, _))| {
                let mut properties = vec![
                    ("used", used.to_owned(), "-"),
                    ("quota", quota.to_owned(), if quota == "none" { "default" } else { "local" }),
                    ("guid", guid.to_owned(), "-"),
                ];
                properties.extend(Option::map(one, |one| ("x:1", one, "local")));
                properties.push(("x:2", two, "inherited from tank/b c"));
                (dataset.to_owned(), properties)
            };
        datasets.into_iter().map(describe).collect()
    })
}

/// What is exact has to be true of what exists; of pools without newlines, all that exists is read.
fn assert_sound(
    pool: &[Described],
    output: &str,
    is_printed: impl Fn(&str) -> bool,
    mut rows: Table<'_>,
) -> Result<(), TestCaseError> {
    let records: Vec<_> = rows.by_ref().filter_map(Result::ok).collect();
    let document = rows.finish();
    let is_broken = pool.iter().flat_map(|(_, all)| all).any(|(_, value, _)| value.contains('\n'));
    prop_assert!(is_broken || document.malformed == 0, "{:?} {}", document, output);
    let mut count = 0;
    for (dataset, properties) in pool {
        for (name, value, source) in properties.iter().filter(|(name, ..)| is_printed(name)) {
            let is_it = |r: &&Record<'_>| r.dataset == *dataset && r.property == *name;
            let Some(record) = records.iter().find(is_it) else {
                prop_assert!(is_broken, "no {} of {} in\n{}", name, dataset, output);
                continue;
            };
            count += 1;
            let trust = document.trust_of(record);
            if value.contains('\n') || trust > Trust::Pretty && is_broken {
                continue;
            }
            let said = record.text().unwrap();
            let shown = if trust == Trust::Ambiguous { value.trim_end_matches(' ') } else { value };
            prop_assert_eq!(said, shown, "{}", output);
            if let Some(said) = &record.source {
                prop_assert_eq!(said.to_string(), *source, "{}", output);
            }
        }
    }
    prop_assert!(is_broken || count >= records.len() - pool.len(), "{}", output);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn exact_records_of_tables_are_true(pool in prop::bool::ANY.prop_flat_map(pool), order in 0_usize..4) {
        let orders: [&[usize]; 4] = [&[0, 1, 2, 3], &[0, 1, 2], &[2, 0, 1, 3], &[3, 2, 1, 0]];
        let output = print_get(&pool, orders[order]);
        assert_sound(&pool, &output, |_| true, table::get(output.as_bytes()))?;
    }

    #[test]
    fn exact_records_of_lists_are_true(pool in prop::bool::ANY.prop_flat_map(pool), order in 0_usize..4) {
        let orders: [&[&str]; 4] = [
            &["name", "used", "quota", "guid", "x:1", "x:2"],
            &["x:1", "used", "x:2", "guid", "name"],
            &["guid", "name", "x:1", "x:2", "used"],
            &["used", "guid", "x:2", "name", "quota"],
        ];
        let output = print_list(&pool, orders[order]);
        let is_printed = |name: &str| orders[order].contains(&name);
        assert_sound(&pool, &output, is_printed, table::list(output.as_bytes()))?;
    }

    #[test]
    fn tables_never_panic(bytes: Vec<u8>, pieces in value(true)) {
        let heads = "NAME  PROPERTY  VALUE  SOURCE\n";
        for input in [bytes.as_slice(), pieces.as_bytes(), format!("{heads}{pieces}").as_bytes()] {
            for read in [table::get, table::list, table::list_pools] {
                read(input).finish();
            }
        }
    }
}
