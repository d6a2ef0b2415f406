//! Names with wildcards.

use std::fmt;
use std::str::FromStr;

use zfs_props::name::DatasetName;

/// A pattern of dataset names: `*` stands for any run of characters in one component, and a component
/// `**` for any number of components, none included. `tank/scratch/**` is `tank/scratch` and all below.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern(String);

/// A text that no dataset name can match.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` matches no dataset: write components separated by single slashes, with * and **")]
pub struct BadPattern(String);

impl Pattern {
    /// Whether a dataset's name matches.
    pub fn matches(&self, name: &DatasetName) -> bool {
        // One row of the table of (pattern so far, name so far): no backtracking, so the cost is
        // bounded by the product of the lengths.
        let name: Vec<&str> = name.components().collect();
        let mut reached = vec![false; name.len() + 1];
        if let Some(first) = reached.first_mut() {
            *first = true;
        }
        for part in self.0.split('/') {
            let mut next = vec![false; name.len() + 1];
            let mut any = false;
            for (at, here) in reached.iter().enumerate() {
                any |= here;
                let target = if part == "**" {
                    any.then_some(at)
                } else {
                    let fits = *here && name.get(at).is_some_and(|text| component(part, text));
                    fits.then_some(at + 1)
                };
                if let Some(cell) = target.and_then(|target| next.get_mut(target)) {
                    *cell = true;
                }
            }
            reached = next;
        }
        reached.last() == Some(&true)
    }
}

impl FromStr for Pattern {
    type Err = BadPattern;

    fn from_str(text: &str) -> Result<Self, BadPattern> {
        // With the wildcards filled in it has to be a name.
        match text.replace('*', "x").parse::<DatasetName>() {
            Ok(_) => Ok(Self(text.to_owned())),
            Err(_) => Err(BadPattern(text.to_owned())),
        }
    }
}

/// Whether a component matches one with `*` in it: greedy, back to the last star on a mismatch.
fn component(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(rest) = text.strip_prefix(pieces.next().unwrap_or("")) else { return false };
    let Some(last) = pieces.next_back() else { return rest.is_empty() };
    let Some(mut rest) = rest.strip_suffix(last) else { return false };
    for piece in pieces {
        let Some(at) = rest.find(piece) else { return false };
        rest = rest.get(at + piece.len()..).unwrap_or("");
    }
    true
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn a_star_stays_in_its_component() {
        let cases = [
            ("tank/*", "tank/a", true),
            ("tank/*", "tank/a/b", false),
            ("tank/*", "tank", false),
            ("tank/**", "tank", true),
            ("tank/**", "tank/a/b", true),
            ("**/tmp", "tank/a/tmp", true),
            ("**/tmp", "tank/a/tmp/x", false),
            ("tank/**/x/*", "tank/a/x/b/x/c", true),
            ("tank/s*-c*e", "tank/syncoid-cache", true),
            ("tank/a*a", "tank/a", false),
            ("tank/ab", "tank/abc", false),
        ];
        for (pattern, name, expected) in cases {
            let pattern = pattern.parse::<Pattern>().unwrap();
            assert_eq!(pattern.matches(&name.parse().unwrap()), expected, "{pattern} {name}");
        }
        for bad in ["", "/tank", "tank//a", "tank/", "tank/a@*", "tank/a?"] {
            assert!(bad.parse::<Pattern>().is_err(), "{bad}");
        }
    }
}
