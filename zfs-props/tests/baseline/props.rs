//! The tables of properties: every field of every registered property.

use serde_json::{Value, json};
use zfs_props::kind::{DatasetKind, Kinds};
use zfs_props::property::{
    ColumnWidth, Mutability, PoolProperty, Property, Stored, ValueType, VdevProperty,
};
use zfs_props::release::Release;

use testing::baseline::{Verdict, compare_with_meta};

/// What the three kinds of properties have in common, as a row of the recording.
macro_rules! row_of {
    ($Scope:ty, $scope:literal, $name:expr, $release:expr) => {{
        let release: Release = $release;
        let Some((position, property)) = <$Scope>::in_release(release)
            .enumerate()
            .find(|(_, property)| property.name() == $name)
        else {
            return Err(format!("{} is unknown in {release}", $name));
        };
        assert_eq!(<$Scope>::from_name($name), Some(property));
        let ColumnWidth { least, is_fixed } = property.column_width(release);
        let default = match property.default(release) {
            None => json!(null),
            Some(Stored::Number(number)) => json!(number),
            Some(Stored::Text(text)) => json!(text),
        };
        let mut row = json!({
            "scope": $scope,
            "num": position,
            "name": property.name(),
            "column": property.column(),
            "kind": match property.value_type() {
                ValueType::Number => "number",
                ValueType::Text => "string",
                ValueType::Word => "index",
                other => panic!("{other:?}"),
            },
            "attr": match property.mutability() {
                Mutability::ReadOnly => "readonly",
                Mutability::Settable => "default",
                Mutability::Inherited => "inherit",
                Mutability::Once => "onetime",
                Mutability::OnceDefault => "onetime_default",
                other => panic!("{other:?}"),
            },
            "default": default,
            "values": property.values_text(release),
            "visible": property.is_visible(),
            "right_align": property.is_right_aligned(),
            "is_readonly": property.is_readonly(),
            "width": least,
            "fixed": is_fixed,
            "always_flex": !is_fixed,
        });
        if let (ValueType::Word, Some(Stored::Number(number))) =
            (property.value_type(), property.default(release))
        {
            row["index"] = property
                .words(release)
                .map(|word| json!([word.text(), word.number()]))
                .collect::<Value>();
            row["default_text"] = json!(property.word_for(number, release));
        }
        (property, row)
    }};
}

fn dataset(name: &str, release: Release) -> Result<Value, String> {
    let (property, mut row) = row_of!(Property, "dataset", name, release);
    let kinds = [
        DatasetKind::Filesystem,
        DatasetKind::Snapshot,
        DatasetKind::Volume,
        DatasetKind::Bookmark,
    ];
    let applies = |kind: &&DatasetKind| property.applies_to(**kind, release);
    let mut valid_for = json!({});
    for (kind, key) in kinds.iter().zip(["fs", "snap", "vol", "bm"]) {
        valid_for[key] = json!(applies(&kind));
        valid_for[format!("{key}_head")] = json!(property.applies_to_snapshot_of(*kind, release));
    }
    row["types"] = json!(property.kinds(release).bits());
    row["applies"] = kinds.iter().filter(applies).map(|kind| json!(kind.as_str())).collect();
    row["valid_for"] = valid_for;
    row["is_setonce"] = json!(property.is_settable_once());
    row["is_inheritable"] = json!(property.is_inheritable());
    row["is_delegatable"] = json!(property.is_delegatable());
    row["is_visible"] = json!(property.is_visible());
    row["is_string"] = json!(property.value_type() != ValueType::Number);
    row["is_key_param"] = json!(property.is_key_parameter());
    Ok(row)
}

fn pool(name: &str, release: Release) -> Result<Value, String> {
    let (property, mut row) = row_of!(PoolProperty, "pool", name, release);
    row["types"] = json!(Kinds::POOL.bits());
    row["is_setonce"] = json!(property.is_settable_once());
    Ok(row)
}

fn vdev(name: &str, release: Release) -> Result<Value, String> {
    let (_, mut row) = row_of!(VdevProperty, "vdev", name, release);
    row["types"] = json!(Kinds::VDEV.bits());
    Ok(row)
}

fn agrees(name: &str) {
    compare_with_meta(name, |meta, recorded| {
        let release = meta["openzfs"].as_str().unwrap().parse().unwrap();
        let property = recorded["name"].as_str().unwrap();
        let ours = match recorded["scope"].as_str().unwrap() {
            "dataset" => dataset(property, release),
            "pool" => pool(property, release),
            "vdev" => vdev(property, release),
            other => panic!("{other}"),
        };
        match ours {
            Ok(ours) => Verdict::fields(recorded, &ours),
            Err(unknown) => Verdict::Disagree(unknown),
        }
    });
}

#[test]
fn props_2_1() {
    agrees("props-2.1.11");
}

#[test]
fn props_2_3() {
    agrees("props-2.3.9");
}

#[test]
fn props_2_4() {
    agrees("props-2.4.4");
}
