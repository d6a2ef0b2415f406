//! Where a filesystem is mounted, from the property that says so.

use alloc::borrow::Cow;

use crate::source::Source;

/// The mountpoint of `dataset`, as `zfs get mountpoint` prints it and `zfs mount` uses it.
///
/// `value` is what is stored at the place that `source` names. An inherited path is extended by the
/// names between that place and `dataset`, the default `/` by all of its name; a local or received one
/// stands as it is. The pool's `altroot`, if it has one, comes in front. `none` and `legacy` are
/// inherited unchanged. Nothing else is tidied up: `//` stays (OpenZFS `zfs_prop_get`,
/// `lib/libzfs/libzfs_dataset.c`).
///
/// ```
/// use zfs_props::mountpoint::effective;
/// use zfs_props::source::Source;
///
/// assert_eq!(effective("/home", Source::Inherited("tank/h"), "tank/h/ann/src", None), "/home/ann/src");
/// assert_eq!(effective("/", Source::Default, "tank/var", Some("/mnt")), "/mnt/tank/var");
/// assert_eq!(effective("legacy", Source::Inherited("tank"), "tank/var", Some("/mnt")), "legacy");
/// ```
pub fn effective<'a>(
    value: &'a str,
    source: Source<&str>,
    dataset: &str,
    altroot: Option<&str>,
) -> Cow<'a, str> {
    if !value.starts_with('/') {
        return Cow::Borrowed(value);
    }
    let below = match source {
        Source::Default => dataset,
        Source::Inherited(from) => dataset.get(from.len()..).unwrap_or_default(),
        Source::Local | Source::Received | Source::Temporary | Source::None => "",
    };
    let below = below.strip_prefix('/').unwrap_or(below);
    let root = altroot.filter(|&root| root != "/" && root != "-").unwrap_or_default();
    if root.is_empty() && below.is_empty() {
        return Cow::Borrowed(value);
    }
    let value = if value == "/" { "" } else { value };
    let slash = if below.is_empty() { "" } else { "/" };
    Cow::Owned([root, value, slash, below].concat())
}
