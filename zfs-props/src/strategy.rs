//! Strategies for property tests: valid names of each kind, values and lists of properties, and texts
//! that are nearly such.
//!
//! Names come short and from few letters as often as not, so that sets of them hold relatives.

mod props;
mod tree;

use alloc::format;
use alloc::string::String;

use proptest::prelude::*;
use proptest::sample::Index;

use crate::name::{BookmarkName, DatasetName, PoolName, SnapshotName};

pub use props::{almost_valid_set, number_text, property_set, value_of};
pub use tree::{change, tree, tree_dataset, tree_property};

/// One component, as it may be created: not `.` or `..`.
pub fn component() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[ab](-[ab])?",
        2 => "[A-Za-z0-9_:. -]{1,12}",
    ]
    .prop_filter("a component that is a reference", |text| !matches!(text.as_str(), "." | ".."))
}

/// A pool that may be created.
pub fn pool_name() -> impl Strategy<Value = PoolName> {
    prop_oneof!["[ab]", "[A-Za-z][A-Za-z0-9_:. -]{0,12}"]
        .prop_filter_map("a reserved pool name", |text| text.parse::<PoolName>().ok())
        .prop_filter("a reserved pool name", |pool| pool.check_creatable().is_ok())
}

/// A pool's own dataset or one some levels below.
pub fn dataset_name() -> impl Strategy<Value = DatasetName> {
    pool_name().prop_flat_map(|pool| dataset_name_under(&pool))
}

/// A dataset of that pool, its own one among them.
pub fn dataset_name_under(pool: &PoolName) -> impl Strategy<Value = DatasetName> + use<> {
    let root = pool.root();
    prop::collection::vec(component(), 0..5).prop_filter_map("a name too long", move |components| {
        components.iter().try_fold(root.clone(), |dataset, name| dataset.child(name).ok())
    })
}

/// A snapshot that may be created.
pub fn snapshot_name() -> impl Strategy<Value = SnapshotName> {
    (dataset_name(), component())
        .prop_filter_map("a name too long", |(dataset, name)| dataset.snapshot(&name).ok())
}

/// A bookmark that may be created.
pub fn bookmark_name() -> impl Strategy<Value = BookmarkName> {
    (dataset_name(), component())
        .prop_filter_map("a name too long", |(dataset, name)| dataset.bookmark(&name).ok())
}

/// A text that is a name of some kind or nearly one: valid names with a piece put in somewhere, and
/// runs of the characters that decide.
pub fn almost_name() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        dataset_name().prop_map(|name| String::from(name.as_str())),
        snapshot_name().prop_map(|name| String::from(name.as_str())),
        bookmark_name().prop_map(|name| String::from(name.as_str())),
    ];
    let piece = prop_oneof!["[/@#%.é\\x00~$]{0,2}", "(/[ab]){45,55}", "a{200,260}"];
    let broken = (name, piece, any::<Index>()).prop_map(|(name, piece, at)| {
        // Names are ASCII: every byte starts a character.
        let (before, after) = name.split_at(at.index(name.len() + 1));
        format!("{before}{piece}{after}")
    });
    prop_oneof![broken, "[ab./@#% ]{0,8}"]
}
