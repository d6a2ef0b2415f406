//! One pattern: a path of which some components are patterns themselves.

use std::fmt;

use super::glob::{BadGlob, Glob};

/// One part of a pattern.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Part {
    /// The `/` that an absolute pattern begins with.
    Root,
    /// `**`: any number of components, none included.
    Any,
    /// One component.
    One(Glob),
}

/// A pattern of `restic backup --exclude`.
///
/// `/a/b` matches from the root on, and everything below is matched too. `a/b` matches these two
/// components anywhere. `**` stands for any number of whole components, none included, so that `/a/**`
/// is `/a` itself too. A `!` before it takes back what patterns before it match; a name that begins
/// with `!` is written `\!`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern {
    text: String,
    negated: bool,
    parts: Vec<Part>,
    /// How many parts are `**`.
    wild: usize,
}

/// A pattern that restic does not take: an unclosed `[`, a `\` at the end, or a class that begins with
/// `]` or `-`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "pattern `{pattern}`: `{component}` has a [ without ], a range without an end, or a \\ with nothing after it"
)]
pub struct PatternError {
    /// The pattern.
    pub pattern: String,
    /// The component that is wrong.
    pub component: String,
}

impl Pattern {
    /// Reads a pattern; an empty one is none (`None`), and restic passes it over.
    ///
    /// # Errors
    ///
    /// [`PatternError`]; restic refuses to run.
    pub fn parse(text: &str) -> Result<Option<Self>, PatternError> {
        if text.is_empty() {
            return Ok(None);
        }
        let (negated, path) = match text.strip_prefix('!') {
            Some(path) => (true, path),
            None => (false, text),
        };
        let cleaned = clean(path);
        let part = |component: &str| match component {
            "**" | "" => Ok(Part::Any),
            component => Glob::new(component).map(Part::One).map_err(|BadGlob| PatternError {
                pattern: text.to_owned(),
                component: component.to_owned(),
            }),
        };
        let (root, rest) = match cleaned.strip_prefix('/') {
            Some(rest) => (Some(Part::Root), rest),
            None => (None, cleaned.as_str()),
        };
        let parts: Vec<Part> =
            root.into_iter().map(Ok).chain(rest.split('/').map(part)).collect::<Result<_, _>>()?;
        let wild = parts.iter().filter(|part| **part == Part::Any).count();
        Ok(Some(Self { text: text.to_owned(), negated, parts, wild }))
    }

    /// The pattern as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it takes back what patterns before it match.
    pub fn is_negated(&self) -> bool {
        self.negated
    }

    /// Whether it matches from the root on only.
    pub fn is_absolute(&self) -> bool {
        self.parts.first() == Some(&Part::Root)
    }

    /// The components as they are matched, `**` as `None`.
    pub(super) fn globs(&self) -> impl Iterator<Item = Option<&Glob>> {
        self.parts.iter().filter_map(|part| match part {
            Part::Root => None,
            Part::Any => Some(None),
            Part::One(glob) => Some(Some(glob)),
        })
    }

    /// Whether it matches a path, or something above it, given as components (the first is [`ROOT`]).
    ///
    /// restic replaces each `**`, first to last, by none, one, two … `*`, as long as the pattern is no
    /// longer than the path, where `**` that are still to come count as one component. So a `**` may
    /// not use up the last components that those after it would need if they stood for one each.
    pub(super) fn matches(&self, path: &[&str]) -> bool {
        let first = usize::from(path.first() == Some(&ROOT));
        let anywhere = |parts: &[Part]| {
            let mut runs = path.windows(parts.len().max(1)).skip(first);
            runs.any(|run| is_run(parts, run))
        };
        match (self.is_absolute(), self.wild, self.parts.as_slice()) {
            (true, 0, parts) => is_run(parts, path),
            (true, ..) => self.matches_at(path, 0),
            // Anywhere below anything is anywhere.
            (false, 0, parts) | (false, 1, [Part::Any, parts @ ..]) => anywhere(parts),
            (false, ..) => (first..=path.len()).any(|offset| self.matches_at(path, offset)),
        }
    }

    /// The same, from one component on.
    fn matches_at(&self, path: &[&str], offset: usize) -> bool {
        // Where we are, how many components `**` have used up, and how many of them are to come.
        let (mut at, mut used, mut to_come) = (offset, 0, self.wild);
        let mut parts = self.parts.as_slice();
        let mut anchored = true;
        loop {
            let run = parts.iter().position(|part| *part == Part::Any).unwrap_or(parts.len());
            let Some((ones, rest)) = parts.split_at_checked(run) else { return false };
            // After `**`, the first place will do: it leaves the most to what follows.
            while !path.get(at..).is_some_and(|path| is_run(ones, path)) {
                if anchored || at >= path.len() {
                    return false;
                }
                (at, used) = (at + 1, used + 1);
            }
            // What a `**` that has been passed used up must leave one component for each to come.
            if !anchored && used + self.parts.len() > path.len() + self.wild - to_come {
                return false;
            }
            at += ones.len();
            let Some((_, after)) = rest.split_first() else { return true };
            (parts, anchored, to_come) = (after, false, to_come - 1);
        }
    }
}

/// Whether the path begins with these components.
fn is_run(ones: &[Part], path: &[&str]) -> bool {
    ones.len() <= path.len()
        && ones.iter().zip(path).all(|(part, component)| match part {
            Part::Root => *component == ROOT,
            Part::One(glob) => glob.matches(component),
            Part::Any => false,
        })
}

/// The first component of an absolute path.
pub(super) const ROOT: &str = "/";

/// The components of a path; an absolute one begins with [`ROOT`].
pub(super) fn components<'p>(path: &'p str, into: &mut Vec<&'p str>) {
    into.clear();
    match path.strip_prefix('/') {
        Some(rest) => {
            into.push(ROOT);
            into.extend(rest.split('/'));
        }
        None => into.extend(path.split('/')),
    }
}

/// The shortest path of the same meaning: without `//`, `.`, `..` and a `/` at the end.
pub(super) fn clean(path: &str) -> String {
    let is_absolute = path.starts_with('/');
    let mut kept: Vec<&str> = Vec::new();
    for component in path.split('/') {
        match component {
            "" | "." => {}
            ".." => match kept.last() {
                Some(&last) if last != ".." => {
                    kept.pop();
                }
                _ if is_absolute => {}
                _ => kept.push(".."),
            },
            other => kept.push(other),
        }
    }
    let joined = kept.join("/");
    match (is_absolute, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
