//! `restic backup --exclude`: which files stay out, by which pattern, and which patterns do not do what
//! they seem to.
//!
//! The rules are those of restic 0.18 (`restic-backup(1)`, "Excluding files"):
//!
//! * The **last** pattern that matches decides, and a `!` before it takes the file back in. But restic
//!   does not enter an excluded directory: below it no `!` acts. `/persist/**` with `!/persist/sonarr`
//!   saves nothing; `/persist/*` with `!/persist/sonarr` does.
//! * Patterns that ignore case (`--iexclude`) are a list of their own: no `!` in one list takes back
//!   what the other excludes.
//! * What a target's own path matches is out, target and all.
//! * Paths are those that restic sees. Where a job reads a clone that is mounted elsewhere, an absolute
//!   pattern for the live path matches nothing: see [`Pattern::rebased`] and [`Lint::Inert`].
//!
//! ```
//! use backup_spec::exclude::Excludes;
//!
//! let excludes = Excludes::new(["/persist/*", "!/persist/sonarr", "**/cache"])?;
//! let verdict = excludes.verdict("/persist", "/persist/sonarr/cache/a.db");
//! assert_eq!(verdict.to_string(), "excluded by `**/cache` at /persist/sonarr/cache");
//! assert!(excludes.verdict("/persist", "/persist/sonarr/sonarr.db").is_included());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Paths are text here; on disk they are bytes. What is not UTF-8 has to be converted before.

mod file;
mod glob;
mod lint;
mod pattern;
#[cfg(feature = "proptest")]
#[cfg_attr(docsrs, doc(cfg(feature = "proptest")))]
pub mod strategy;

use std::borrow::Cow;
use std::fmt;

pub use file::{FileError, patterns as patterns_of_file};
pub use lint::{Finding, Lint};
pub use pattern::{Pattern, PatternError};

use pattern::components;

/// The patterns of one `restic backup`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Excludes {
    sensitive: Vec<Pattern>,
    /// As given, and in small letters.
    insensitive: Vec<(Pattern, Pattern)>,
}

/// What becomes of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict<'e, 'p> {
    /// It is backed up.
    Included {
        /// The `!` pattern without which it would not be.
        saved_by: Option<&'e Pattern>,
    },
    /// It stays out.
    Excluded {
        /// The pattern that decides.
        by: &'e Pattern,
        /// Where: the path itself, or the directory above it that restic does not enter.
        at: &'p str,
    },
}

impl Verdict<'_, '_> {
    /// Whether the path is backed up.
    pub fn is_included(&self) -> bool {
        matches!(self, Self::Included { .. })
    }
}

impl fmt::Display for Verdict<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Included { saved_by: None } => f.write_str("included"),
            Self::Included { saved_by: Some(by) } => write!(f, "included because of `{by}`"),
            Self::Excluded { by, at } => write!(f, "excluded by `{by}` at {at}"),
        }
    }
}

impl Excludes {
    /// Patterns that heed case: those of `--exclude`, then those of every `--exclude-file` (that is the
    /// order restic takes them in, wherever the options stand).
    ///
    /// # Errors
    ///
    /// The first pattern that restic does not take.
    pub fn new<I: IntoIterator<Item: AsRef<str>>>(patterns: I) -> Result<Self, PatternError> {
        let parsed = patterns.into_iter().map(|pattern| Pattern::parse(pattern.as_ref()));
        let sensitive = parsed.filter_map(Result::transpose).collect::<Result<_, _>>()?;
        Ok(Self { sensitive, insensitive: Vec::new() })
    }

    /// The same, with patterns that do not heed case: those of `--iexclude`, then of every
    /// `--iexclude-file`.
    ///
    /// # Errors
    ///
    /// The first pattern that restic does not take.
    pub fn ignoring_case<I: IntoIterator<Item: AsRef<str>>>(
        mut self,
        patterns: I,
    ) -> Result<Self, PatternError> {
        for text in patterns {
            let text = text.as_ref();
            let both = Pattern::parse(text)?.zip(Pattern::parse(&lower(text))?);
            self.insensitive.extend(both);
        }
        Ok(self)
    }

    /// The patterns that heed case, in order.
    pub fn patterns(&self) -> &[Pattern] {
        &self.sensitive
    }

    /// The patterns that do not heed case, in order.
    pub fn patterns_ignoring_case(&self) -> impl Iterator<Item = &Pattern> {
        self.insensitive.iter().map(|(pattern, _)| pattern)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.sensitive.is_empty() && self.insensitive.is_empty()
    }

    /// What becomes of `path`, which is `target` or lies below it; `target` is what restic was told to
    /// back up. Both are absolute and without `/` at the end.
    pub fn verdict<'p>(&self, target: &str, path: &'p str) -> Verdict<'_, 'p> {
        let lowered = self.lowered(path);
        let (mut parts, mut small) = (Vec::new(), Vec::new());
        components(path, &mut parts);
        components(&lowered, &mut small);
        // Without `!`, what matches a directory matches all below it.
        if !self.has_negation() && self.decides(&parts, &small).is_none() {
            return Verdict::Included { saved_by: None };
        }
        // Told to back up `/`, restic takes what is in it for its targets.
        let first = if target == "/" { 2 } else { target.split('/').count() };
        let mut saved_by = None;
        for depth in first.min(parts.len())..=parts.len() {
            let (Some(above), small) = (parts.get(..depth), small.get(..depth)) else { break };
            match self.decides(above, small.unwrap_or_default()) {
                Some(by) if !by.is_negated() => {
                    let after: usize = parts.iter().skip(depth).map(|part| part.len() + 1).sum();
                    let end = path.len().saturating_sub(after).max(1);
                    return Verdict::Excluded { by, at: path.get(..end).unwrap_or(path) };
                }
                saving => saved_by = saving,
            }
        }
        Verdict::Included { saved_by }
    }

    /// Whether a pattern excludes this very path: what restic asks at each step of its way down. For
    /// walkers that do not enter what is excluded; everything else wants [`verdict`](Self::verdict).
    pub fn matches(&self, path: &str) -> bool {
        let lowered = self.lowered(path);
        let (mut parts, mut small) = (Vec::new(), Vec::new());
        components(path, &mut parts);
        components(&lowered, &mut small);
        self.decides(&parts, &small).is_some_and(|by| !by.is_negated())
    }

    /// Whether restic would find nothing to back up, and fail: every target is excluded, and none of
    /// them lies so deep that a directory above it is backed up anyway.
    pub fn leave_nothing_of<I: IntoIterator<Item: AsRef<str>>>(&self, targets: I) -> bool {
        targets.into_iter().all(|target| {
            let target = target.as_ref();
            target.trim_start_matches('/').split('/').count() < 2
                && !self.verdict(target, target).is_included()
        })
    }

    /// The path in small letters, if that is asked for.
    fn lowered<'p>(&self, path: &'p str) -> Cow<'p, str> {
        if self.insensitive.is_empty() { Cow::Borrowed("") } else { Cow::Owned(lower(path)) }
    }

    fn has_negation(&self) -> bool {
        let insensitive = self.insensitive.iter().map(|(pattern, _)| pattern);
        self.sensitive.iter().chain(insensitive).any(Pattern::is_negated)
    }

    /// The pattern that excludes exactly this, or else the `!` that takes it back in.
    fn decides(&self, path: &[&str], small: &[&str]) -> Option<&Pattern> {
        let sensitive = self.sensitive.iter().rev().find(|pattern| pattern.matches(path));
        let mut insensitive = self.insensitive.iter().rev();
        let insensitive = insensitive.find(|(_, pattern)| pattern.matches(small)).map(|(p, _)| p);
        match (sensitive, insensitive) {
            (Some(one), Some(other)) if one.is_negated() => Some(other),
            (Some(one), _) => Some(one),
            (None, other) => other,
        }
    }
}

/// Letter by letter, as Go's `strings.ToLower`.
fn lower(text: &str) -> String {
    text.chars().filter_map(|c| c.to_lowercase().next()).collect()
}
