//! Strategies of paths and patterns, for your own property tests.

use proptest::prelude::*;

/// Names that paths are made of.
const NAMES: [&str; 8] = ["a", "b", "cache", "Cache", "x.log", "x.txt", "ä", "a b"];

/// What patterns are made of.
const PARTS: [&str; 14] =
    ["a", "b", "cache", "*", "?", "**", "*.log", "[ab]", "[^a]", "c*e", "x.*", "\\a", "ä", "Cache"];

/// An absolute path of one to five components.
pub fn path() -> impl Strategy<Value = String> {
    let names = prop::collection::vec(prop::sample::select(&NAMES[..]), 1..6);
    names.prop_map(|names| format!("/{}", names.join("/")))
}

/// A pattern that restic takes; some of them with `!`.
pub fn pattern() -> impl Strategy<Value = String> {
    let parts = prop::collection::vec(prop::sample::select(&PARTS[..]), 1..4);
    let bang = prop_oneof![4 => Just(""), 1 => Just("!")];
    let root = prop_oneof![Just(""), Just("/")];
    (bang, root, parts).prop_map(|(bang, root, parts)| format!("{bang}{root}{}", parts.join("/")))
}

/// The patterns of a job.
pub fn patterns() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(pattern(), 0..6)
}
