//! `PROPERTIES.md`, the table of all properties in the documentation, says what the data says.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fmt::{Display, Write};

use zfs_props::kind::{DatasetKind, Kinds};
use zfs_props::property::{
    FREEBSD, Feature, Mutability, OnFreebsd, PoolProperty, Property, Stored, ValueType,
    VdevProperty,
};
use zfs_props::release::Release;

/// Runs of releases in which something is the same: `off; 2.2: on`.
fn by_release<T: PartialEq + Display>(since: Release, of: impl Fn(Release) -> T) -> String {
    let mut text = String::new();
    let mut before = None;
    for release in Release::ALL.iter().filter(|release| **release >= since) {
        let now = of(*release);
        if before.as_ref() != Some(&now) {
            match before {
                None => write!(text, "{now}").unwrap(),
                Some(_) => write!(text, "; {release}: {now}").unwrap(),
            }
        }
        before = Some(now);
    }
    text.replace('|', "\\|")
}

fn code(text: impl Display) -> String {
    format!("`{text}`")
}

fn mutability(mutability: Mutability) -> &'static str {
    match mutability {
        Mutability::ReadOnly => "read-only",
        Mutability::Settable => "set",
        Mutability::Inherited => "set, inherited",
        Mutability::Once => "at creation, inherited",
        Mutability::OnceDefault => "at creation",
        _ => panic!("a new mutability"),
    }
}

fn kinds(kinds: Kinds) -> String {
    let words = DatasetKind::ALL.iter().filter(|kind| kinds.contains(kind.only()));
    words.map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ")
}

/// A table of one of the three enums of properties.
macro_rules! properties {
    ($text:ident, $Property:ty, $applies:expr) => {
        let applies: fn($Property, Release) -> String = $applies;
        $text.push_str(
            "| property | can be | of | values | default | since |\n|---|---|---|---|---|---|\n",
        );
        for property in <$Property>::ALL.iter().filter(|property| property.is_visible()) {
            let since = property.since();
            let default = by_release(since, |release| match property.default(release) {
                // What only OpenZFS sets has no default that anybody sees.
                _ if property.mutability() == Mutability::ReadOnly => String::new(),
                None => String::new(),
                Some(Stored::Text(text)) => code(text),
                Some(Stored::Number(number)) => match property.value_type() {
                    ValueType::Word => match property.word_for(number, release) {
                        Some(word) => code(word),
                        None => String::new(),
                    },
                    _ if number == u64::MAX => code("none"),
                    _ => code(number),
                },
            });
            let values = by_release(since, |release| match property.value_type() {
                ValueType::Word => {
                    let words: Vec<_> = property.words(release).map(|word| word.text()).collect();
                    // The long families stand in the documentation of `compression` once.
                    match words.as_slice() {
                        [first, .., last] if words.len() > 20 => {
                            format!("{} ... {} ({} words)", code(first), code(last), words.len())
                        }
                        words => words.iter().map(code).collect::<Vec<_>>().join(" "),
                    }
                }
                ValueType::Number => "number".to_owned(),
                ValueType::Text => "text".to_owned(),
                _ => panic!("a new type of value"),
            });
            let applies = by_release(since, |release| applies(*property, release));
            let can_be = mutability(property.mutability());
            let name = code(property.name());
            writeln!($text, "| {name} | {can_be} | {applies} | {values} | {default} | {since} |")
                .unwrap();
        }
    };
}

fn table() -> String {
    let mut text = String::from(
        "# Every property and feature\n\nGenerated from the data of this crate by its tests. \
         A value that changed is given with the release that changed it; *since* 2.1 means 2.1 or \
         earlier. Numbers are in bytes where they are sizes.\n\n## Properties of datasets\n\n",
    );
    properties!(text, Property, |property, release| kinds(property.kinds(release)));
    text.push_str("\n## Properties of pools\n\n");
    properties!(text, PoolProperty, |_, _| "pool".to_owned());
    text.push_str("\n## Properties of vdevs\n\n");
    properties!(text, VdevProperty, |_, _| "vdev".to_owned());
    text.push_str("\n## Where FreeBSD differs\n\nFrom the source, not from recorded answers.\n\n");
    for (property, difference) in FREEBSD {
        let difference = match difference {
            OnFreebsd::Named(name) => format!("is called `{name}`"),
            OnFreebsd::Defaults(word) => format!("is `{word}` by default"),
            OnFreebsd::Lacks(word, since) => format!("takes `{word}` since {since} only"),
            _ => panic!("no words for {difference:?}"),
        };
        writeln!(text, "* `{property}` {difference}").unwrap();
    }
    text.push_str("\n## Features of pools\n\n| feature | guid | since |\n|---|---|---|\n");
    for feature in Feature::ALL {
        let (name, guid) = (code(feature.name()), code(feature.guid()));
        writeln!(text, "| {name} | {guid} | {} |", feature.since()).unwrap();
    }
    text
}

/// After a change of the data: `UPDATE_PROPERTIES=1 cargo test -p zfs-props --test table`.
#[test]
fn the_table_says_what_the_data_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/PROPERTIES.md");
    if std::env::var_os("UPDATE_PROPERTIES").is_some() {
        std::fs::write(path, table()).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap();
    assert!(committed == table(), "PROPERTIES.md is out of date; see the comment at this test");
}
