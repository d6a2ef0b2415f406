//! Patterns that do not do what they seem to.

use std::collections::{BTreeSet, HashMap};

use super::glob::Glob;
use super::pattern::{Pattern, clean, components};
use super::{Excludes, Verdict};
use crate::lint::{self, lints};

lints! {
    /// What is odd about a pattern.
    Lint {
        /// An absolute pattern that lies outside of every target: it excludes nothing.
        Inert = ("exclude-inert", "write the pattern for the path that is scanned"),
        /// A `!` with no pattern before it in its list: there is nothing to take back.
        NegationFirst = ("negation-first", "put it after the pattern it takes back from"),
        /// A `!` for something below a directory that is excluded itself.
        NegationBelowExcluded = ("negation-below-excluded", "exclude the directory's entries (`DIRECTORY/*`) instead of the directory"),
        /// A `!` that a later pattern overrides wherever it matches.
        NegationOverridden = ("negation-overridden", "put it after that pattern"),
        /// A name such as `cache`, at any depth: data of applications is called so too.
        Greedy = ("exclude-greedy", "name the directory by its whole path"),
        /// A target is excluded itself.
        TargetExcluded = ("target-excluded", "drop the target, or the pattern"),
        /// `[z-a]`, or `..` at the beginning: no path matches.
        NeverMatches = ("never-matches", "drop or correct it"),
        /// `[!a]` is a class of `!` and `a`; a class is negated by `^`.
        ClassWithBang = ("class-with-bang", "write [^…] for every other character"),
        /// `{a,b}` is not a choice here, but these characters.
        Braces = ("braces", "write one pattern for each"),
        /// `~` is not the home directory here, but this character.
        Tilde = ("tilde", "write the directory in full"),
        /// `$` in an option is this character; only in files are variables replaced.
        Dollar = ("dollar", "write the value, or use an exclude file"),
        /// `**` beside other characters of a component is one `*`.
        DoubleStarInName = ("double-star-in-name", "write `**/` before the name, or one `*`"),
        /// A `/` at the end does not restrict a pattern to directories.
        SlashAtEnd = ("slash-at-end", "drop it"),
        /// A blank at the end is part of the name.
        BlankAtEnd = ("blank-at-end", "drop it"),
    }
}

/// A pattern, and what is odd about it.
pub type Finding<'e> = lint::Finding<&'e Pattern, Lint>;

/// Names that applications give to data which must not be lost as often as to what may be.
const AMBIGUOUS: [&str; 12] = [
    "cache", "caches", "tmp", "temp", "log", "logs", "build", "target", "result", "data", "old",
    "backup",
];

impl Pattern {
    /// The same pattern for a scan that finds the directory `declared` at `effective`: a snapshot or a clone that is mounted
    /// elsewhere. One for each way in which its beginning can stand for that directory: `/srv/**/a/*` in `/srv/a` is `a`'s own
    /// `*`, and `**/a/*`. None if it is relative (it needs no change), or is about another place or only about what is above.
    pub fn rebased(&self, declared: &str, effective: &str) -> Vec<String> {
        let (bang, path) = match self.as_str().strip_prefix('!') {
            Some(path) => ("!", path),
            None => ("", self.as_str()),
        };
        if !self.is_absolute() || !declared.starts_with('/') {
            return Vec::new();
        }
        let globs: Vec<Option<&Glob>> = self.globs().collect();
        // Where in the pattern one can be after each component: `**` can stay where it is, or be nothing.
        let mut places = BTreeSet::from([0]);
        for component in declared.split('/').filter(|component| !component.is_empty()) {
            let mut next = BTreeSet::new();
            let mut open: Vec<usize> = places.into_iter().collect();
            while let Some(place) = open.pop() {
                match globs.get(place) {
                    Some(None) => {
                        next.insert(place);
                        open.push(place + 1);
                    }
                    Some(Some(glob)) if glob.matches(component) => {
                        next.insert(place + 1);
                    }
                    _ => {}
                }
            }
            places = next;
        }
        let cleaned = clean(path);
        // A bare `/` is `/**`.
        let texts = cleaned.split('/').skip(1);
        let texts: Vec<&str> =
            texts.map(|text| if text.is_empty() { "**" } else { text }).collect();
        let base = escaped(effective.trim_end_matches('/'));
        let rest = |place: usize| {
            let texts = texts.get(place..).unwrap_or_default().iter();
            let path = texts.fold(format!("{bang}{base}"), |path, text| format!("{path}/{text}"));
            if path.len() == bang.len() { format!("{bang}/") } else { path }
        };
        places.into_iter().map(rest).collect()
    }

    /// Whether it could match something in `target`, or `target` itself.
    pub(crate) fn reaches(&self, target: &str) -> bool {
        let mut path = Vec::new();
        components(target, &mut path);
        if !self.is_absolute() || target == "/" {
            return true;
        }
        for (glob, component) in self.globs().zip(path.iter().skip(1)) {
            match glob {
                None => return true,
                Some(glob) if !glob.matches(component) => return false,
                Some(_) => {}
            }
        }
        true
    }

    /// The directory that all it matches lies in, and the part of the path that is literal: its
    /// components up to the first that is a pattern.
    fn literal_path(&self) -> Option<(String, bool)> {
        if !self.is_absolute() {
            return None;
        }
        let mut globs = self.globs().peekable();
        let mut path = String::new();
        while let Some(text) = globs.peek().copied().flatten().and_then(Glob::literal) {
            path.push('/');
            path.push_str(text);
            globs.next();
        }
        Some((path, globs.peek().is_none()))
    }
}

/// A path as a pattern that matches it alone.
fn escaped(path: &str) -> String {
    let mut escaped = String::with_capacity(path.len());
    for c in path.chars() {
        if matches!(c, '\\' | '[' | ']' | '*' | '?') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

impl Excludes {
    /// Everything odd about the patterns of a job that scans `targets`. These are the paths that restic
    /// is given: those of the clone, where it reads a clone.
    pub fn lint<T: AsRef<str>>(&self, targets: &[T]) -> Vec<Finding<'_>> {
        let mut findings = Vec::new();
        let insensitive: Vec<&Pattern> = self.patterns_ignoring_case().collect();
        let sensitive: Vec<&Pattern> = self.sensitive.iter().collect();
        for list in [&sensitive, &insensitive] {
            let excluding = || list.iter().enumerate().filter(|(_, other)| !other.is_negated());
            let first = excluding().next().map(|(nr, _)| nr);
            // Where each text excludes last.
            let last: HashMap<&str, usize> =
                excluding().map(|(nr, other)| (other.as_str(), nr)).collect();
            for (nr, &pattern) in list.iter().enumerate() {
                let mut add = |lint, about: &str| {
                    findings.push(Finding { place: pattern, lint, about: about.to_owned() });
                };
                spelling(pattern, &mut add);
                if !targets.is_empty() && !targets.iter().any(|t| pattern.reaches(t.as_ref())) {
                    add(Lint::Inert, "");
                }
                let text = pattern.as_str().trim_start_matches('!');
                if !pattern.is_negated() {
                    greedy(pattern, &mut add);
                } else if first.is_none_or(|first| first > nr) {
                    add(Lint::NegationFirst, "");
                } else if last.get(text).is_some_and(|last| *last > nr) {
                    add(Lint::NegationOverridden, text);
                } else {
                    self.negation(pattern, targets, &mut add);
                }
            }
        }
        for target in targets {
            let target = target.as_ref();
            if let Verdict::Excluded { by, .. } = self.verdict(target, target) {
                let about = target.to_owned();
                findings.push(Finding { place: by, lint: Lint::TargetExcluded, about });
            }
        }
        findings
    }

    fn negation<T: AsRef<str>>(
        &self,
        pattern: &Pattern,
        targets: &[T],
        add: &mut impl FnMut(Lint, &str),
    ) {
        // The directories above what it matches, as far as they have a name.
        let Some((path, is_whole)) = pattern.literal_path() else { return };
        let directory = match path.rsplit_once('/') {
            Some((directory, _)) if is_whole => directory,
            _ => &path,
        };
        let target = targets.iter().map(AsRef::as_ref).find(|target| is_below(&path, target));
        let Some(first) = target.or(targets.is_empty().then_some("/")) else { return };
        if is_below(directory, first) && !directory.is_empty() {
            if let Verdict::Excluded { by, at } = self.verdict(first, directory) {
                add(Lint::NegationBelowExcluded, &format!("{at} is excluded by `{by}`"));
            }
        }
    }
}

/// Whether `path` is `directory` or lies below it.
fn is_below(path: &str, directory: &str) -> bool {
    let directory = directory.trim_end_matches('/');
    path.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What the text alone shows.
fn spelling(pattern: &Pattern, add: &mut impl FnMut(Lint, &str)) {
    let text = pattern.as_str().trim_start_matches('!');
    let never = pattern.globs().flatten().any(|glob| !glob.can_match())
        || pattern.globs().flatten().any(|glob| matches!(glob.literal(), Some("." | "..")));
    let in_name = |part: &str| part.contains("**") && !part.trim_matches('*').is_empty();
    let checks = [
        (never, Lint::NeverMatches),
        (pattern.globs().flatten().any(Glob::has_class_with_bang), Lint::ClassWithBang),
        (text.contains('{') && text.contains(',') && text.contains('}'), Lint::Braces),
        (text.starts_with('~'), Lint::Tilde),
        (text.contains('$'), Lint::Dollar),
        (text.split('/').any(in_name), Lint::DoubleStarInName),
        (text.len() > 1 && text.ends_with('/'), Lint::SlashAtEnd),
        (text.ends_with(char::is_whitespace), Lint::BlankAtEnd),
    ];
    checks.iter().filter(|(applies, _)| *applies).for_each(|(_, lint)| add(*lint, ""));
}

/// A pattern that reaches any depth and whose last name is an everyday word.
fn greedy(pattern: &Pattern, add: &mut impl FnMut(Lint, &str)) {
    let any_depth = !pattern.is_absolute() || pattern.globs().any(|glob| glob.is_none());
    let Some(last) = pattern.globs().flatten().last() else { return };
    let one_name = pattern.globs().flatten().count() == 1;
    let is_word = |word: &&str| last.matches(word) || last.matches(&capital(word));
    if any_depth && (one_name || pattern.globs().last() == Some(None)) {
        // A pattern that takes in everything (`*`) is no mistake about a word.
        if let Some(word) =
            AMBIGUOUS.iter().copied().find(is_word).filter(|_| !last.matches("\u{1}"))
        {
            add(Lint::Greedy, word);
        }
    }
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(chars).collect()
}
