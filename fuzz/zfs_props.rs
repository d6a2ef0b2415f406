// What the fuzz targets of zfs-props do with their input, and `zfs-props/tests/corpus.rs` with every file of the
// corpora. A property that fails panics.

use zfs_props::key::{PropertyList, PropertyName};
use zfs_props::name::{BookmarkName, DatasetName, PoolName, SnapshotName};
use zfs_props::property::Property;
use zfs_props::read::{json, text};
use zfs_props::release::Release;
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
