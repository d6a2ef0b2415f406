//! Values: what is written, what is stored, and the ways back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::collections::HashSet;

use zfs_props::property::{Feature, Property, ValueType};
use zfs_props::release::Release;
use zfs_props::value::Value;

/// Printed and read back, written and set again: the same value.
fn assert_comes_back(value: &Value) {
    let (property, release) = (value.property(), value.release());
    let literal = Value::from_literal(property, &value.to_string(), release);
    assert_eq!(literal.as_ref(), Ok(value), "printed as {value}");
    let argument = value.to_set_argument();
    assert_eq!(Value::parse(property, &argument, release).as_ref(), Ok(value), "set to {argument}");
}

#[test]
fn every_word_comes_back() {
    for &release in Release::ALL {
        for property in Property::in_release(release) {
            for word in property.words(release) {
                let value = Value::parse(property, word.text(), release).unwrap();
                assert_eq!(value.number(), Some(word.number()));
                assert_eq!(value.spelling(), word.text());
                if property != Property::Mounted {
                    assert_comes_back(&value);
                }
            }
        }
    }
}

#[test]
fn every_default_that_can_be_set_comes_back() {
    for &release in Release::ALL {
        let settable = Property::in_release(release).filter(|p| !p.is_readonly() && p.is_visible());
        for value in settable.filter_map(|property| Value::default_of(property, release)) {
            if value.property() == Property::Mlslabel {
                assert!(Value::parse(Property::Mlslabel, "none", release).is_err());
            } else {
                assert_comes_back(&value);
            }
        }
    }
}

#[test]
fn the_ends_of_numbers_come_back() {
    for &release in Release::ALL {
        for property in Property::in_release(release) {
            let is_number = property.value_type() == ValueType::Number;
            for number in [0, 1, 99, 100, u64::MAX].into_iter().filter(|_| is_number) {
                let value = Value::from_number(property, number, release).unwrap();
                let literal = value.to_string();
                assert_eq!(Value::from_literal(property, &literal, release), Ok(value));
            }
        }
    }
}

#[test]
fn what_is_stored_is_equal_however_it_is_written() {
    let value = |property, text| Value::parse(property, text, Release::LATEST).unwrap();
    let same = [
        value(Property::Recordsize, "1M"),
        value(Property::Recordsize, "1024k"),
        value(Property::Recordsize, "1048576"),
        value(Property::Recordsize, "1.0MiB"),
    ];
    assert_eq!(HashSet::from(same.clone()).len(), 1);
    assert_eq!(same.map(|value| value.to_string()), ["1048576"; 4]);

    // The first word with the number is shown, the one that was written is kept.
    let gzip = value(Property::Compression, "gzip-6");
    assert_eq!((gzip.to_string().as_str(), gzip.spelling()), ("gzip", "gzip-6"));
    assert_ne!(value(Property::Compression, "zstd"), value(Property::Compression, "zstd-3"));
}

#[test]
fn features_are_needed_by_value() {
    let needed =
        |property, text| Value::parse(property, text, Release::LATEST).unwrap().feature_needed();
    // As `zfs_check_settable` and `zfs_prop_set_special` of module/zfs/zfs_ioctl.c ask for them.
    assert_eq!(needed(Property::Compression, "zstd-fast-10"), Some(Feature::ZstdCompress));
    assert_eq!(needed(Property::Compression, "gzip"), None);
    assert_eq!(needed(Property::Dedup, "skein,verify"), Some(Feature::Skein));
    assert_eq!(needed(Property::Recordsize, "128K"), None);
    assert_eq!(needed(Property::Volblocksize, "256K"), Some(Feature::LargeBlocks));
    assert_eq!(needed(Property::SnapshotLimit, "0"), Some(Feature::FilesystemLimits));
    assert_eq!(needed(Property::SnapshotLimit, "none"), None);
    assert_eq!(needed(Property::Dnodesize, "legacy"), None);
}
