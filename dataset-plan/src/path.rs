//! Paths of mountpoints, as the kernel takes them.

use std::borrow::Cow;

/// A path as it is compared: without doubled slashes, and without those at its end.
pub(crate) fn tidy(path: Cow<'_, str>) -> Cow<'_, str> {
    // Most paths are tidy, and `contains` is made for longer ones.
    let doubled = path.as_bytes().windows(2).any(|two| two == b"//");
    if path == "/" || !doubled && !path.ends_with('/') {
        return path;
    }
    let parts = path.split('/').filter(|part| !part.is_empty());
    let tidied: String = parts.flat_map(|part| ["/", part]).collect();
    if tidied.is_empty() { "/".into() } else { tidied.into() }
}

/// A place and those above it, nearest first.
pub(crate) fn upwards(place: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(place), |place| {
        let (parent, _) = place.rsplit_once('/')?;
        (*place != "/").then_some(if parent.is_empty() { "/" } else { parent })
    })
}

/// A path is another one, or below it.
pub(crate) fn is_within(path: &str, outer: &str) -> bool {
    let rest = path.strip_prefix(outer);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || outer == "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_compared_by_component() {
        for path in ["/srv/a", "/srv//a", "//srv/a", "/srv/a/", "/srv/a//"] {
            assert_eq!(tidy(path.into()), "/srv/a");
        }
        assert_eq!(tidy("//".into()), "/");
        assert_eq!(upwards("/srv/a").collect::<Vec<_>>(), ["/srv/a", "/srv", "/"]);
        assert!(is_within("/srv/a", "/srv") && is_within("/srv", "/") && is_within("/", "/"));
        assert!(!is_within("/srv-a", "/srv") && !is_within("/srv", "/srv/a"));
    }
}
