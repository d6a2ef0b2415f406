//! Paths into a declaration: `services.sonarr.recordsize`, `jobs[2].paths`.

/// A path with one more key; keys that TOML would quote are quoted.
///
/// ```
/// assert_eq!(declared::join("utility", "tank/temp"), "utility.\"tank/temp\"");
/// ```
pub fn join(path: &str, key: &str) -> String {
    let bare = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    let plain = |b: u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\');
    let mut joined = String::with_capacity(path.len() + key.len() + 3);
    joined.push_str(path);
    if !path.is_empty() {
        joined.push('.');
    }
    if !key.is_empty() && key.bytes().all(bare) {
        joined.push_str(key);
    } else if key.bytes().all(plain) {
        joined.extend(["\"", key, "\""]);
    } else {
        joined = format!("{joined}{key:?}");
    }
    joined
}

/// A path of a part of a document, as a path of the document.
pub(crate) fn within(table: &str, path: &str) -> String {
    match path {
        "" => table.to_owned(),
        element if element.starts_with('[') => [table, element].concat(),
        key => [table, ".", key].concat(),
    }
}

/// The path of an element of a list, counted from 0.
pub(crate) fn index(path: &str, index: usize) -> String {
    format!("{path}[{index}]")
}

/// The path without its last key or index.
pub(crate) fn parent(path: &str) -> Option<&str> {
    path.rfind(['.', '[']).and_then(|end| path.get(..end))
}
