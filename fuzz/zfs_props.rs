// What the fuzz targets of zfs-props do with their input, and `zfs-props/tests/corpus.rs` with every file of the
// corpora. A property that fails panics.

use zfs_props::check::{Context, DatasetFacts, VolumeFacts};
use zfs_props::key::{PropertyList, PropertyName};
use zfs_props::kind::DatasetKind;
use zfs_props::name::{BookmarkName, DatasetName, PoolName, SnapshotName};
use zfs_props::property::Property;
use zfs_props::read::{Trust, json, table, text};
use zfs_props::release::Release;
use zfs_props::set::PropertySet;
use zfs_props::value::Value;
use zfs_props::{nice, number};

pub fn names(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(name) = text.parse::<DatasetName>() {
        assert_eq!(name.as_str(), text);
        for ancestor in name.ancestors() {
            assert!(name.is_under(&ancestor) && ancestor < name);
        }
    }
    let _ = text.parse::<PoolName>();
    let _ = text.parse::<SnapshotName>().map(|name| assert_eq!(name.to_string(), text));
    let _ = text.parse::<BookmarkName>().map(|name| assert_eq!(name.to_string(), text));
}

pub fn numbers(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(value) = number::parse(text) {
        assert_eq!(number::parse(&value.to_string()), Ok(value));
    }
    let _ = nice::interval(text);
}

pub fn values(data: &[u8]) {
    lists(data);
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    let _ = name.parse::<PropertyList>();
    for release in Release::ALL {
        let _ = PropertyName::parse(name, *release);
        if let Some(property) = Property::resolve(name, *release) {
            if let Ok(parsed) = Value::parse(property, value, *release) {
                let again = Value::parse(property, &parsed.to_set_argument(), *release);
                assert_eq!(again.as_ref(), Ok(&parsed), "{property}={value}");
            }
        }
    }
}

/// A list of properties, one per line, is accepted the same way in its normal form, and all errors begin
/// with the one error.
fn lists(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(set) = PropertySet::from_arguments(text.lines()) else { return };
    let volume = VolumeFacts { size: 1 << 30, block_size: 16384, refreservation: 0 };
    let encrypted = DatasetFacts { encrypted: true, ..DatasetFacts::filesystem() };
    let contexts = [
        Context::create(DatasetKind::Filesystem),
        Context::create(DatasetKind::Volume),
        Context::create_in(encrypted, DatasetKind::Filesystem),
        Context::create_root(),
        Context::set(DatasetFacts::filesystem()),
        Context::set(DatasetFacts::volume(volume)),
        Context::set(DatasetFacts::snapshot()),
        Context::set(encrypted),
        Context::change_key(encrypted),
    ];
    // One of them per input: under a sanitizer all of them take too long.
    let sum: usize = data.iter().copied().map(usize::from).sum();
    let context = &contexts[sum % contexts.len()];
    for release in Release::ALL {
        let context = context.clone().release(*release);
        match (set.check(&context), set.check_all(&context)) {
            (Ok(accepted), Ok(all)) => {
                assert_eq!(accepted, all);
                assert!(set.check_list(&context).is_ok());
                let normal = accepted.to_set();
                let again = normal.check(&context);
                let again = again.unwrap_or_else(|e| panic!("{normal:?} of {set:?}: {e}"));
                assert_eq!(again.to_set(), normal);
                assert!(again.iter().eq(accepted.iter()), "{again:?} of {accepted:?}");
            }
            (Err(error), Err(errors)) => assert_eq!(Some(&error), errors.first()),
            verdicts => panic!("{verdicts:?}"),
        }
    }
}

pub fn get_text(data: &[u8]) {
    let mut count = 0;
    let mut records = text::get(data, text::Columns::ALL);
    for record in &mut records {
        count += usize::from(record.is_ok());
    }
    assert_eq!(records.finish().records, count);
}

pub fn get_json(data: &[u8]) {
    let mut count = 0;
    if let Ok(document) = json::read(data, |_| count += 1) {
        assert_eq!(document.records, count);
    }
}

pub fn get_table(data: &[u8]) {
    for read in [table::get, table::list, table::list_pools] {
        let (mut count, mut worst) = (0, Trust::Exact);
        let mut records = read(data);
        for record in records.by_ref().flatten() {
            count += 1;
            worst = worst.max(record.trust);
        }
        let document = records.finish();
        assert!(document.records == count && document.trust >= worst);
        let is_cut = !data.is_empty() && !data.ends_with(b"\n");
        assert!(!is_cut || document.trust >= Trust::Truncated);
    }
}
