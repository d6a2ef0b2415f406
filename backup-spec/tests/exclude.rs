//! Excludes: what holds of all of them, by hand where it teaches, and accidents.
#![cfg(feature = "proptest")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use backup_spec::exclude::{
    Excludes, FileError, Lint, Pattern, Verdict, patterns_of_file, strategy,
};
use proptest::prelude::*;

fn excludes(patterns: &[&str]) -> Excludes {
    Excludes::new(patterns).unwrap()
}

fn lints(patterns: &[&str], targets: &[&str]) -> Vec<(String, Lint)> {
    let excludes = excludes(patterns);
    excludes.lint(targets).iter().map(|f| (f.place.to_string(), f.lint)).collect()
}

/// B11: `/persist/postgres-data/**` was excluded, and the job scanned a clone below another path: the exclude
/// did nothing, and a running database was backed up as files.
#[test]
fn an_exclude_for_the_live_path_is_inert_where_a_clone_is_scanned() {
    let clone = "/mnt/backup/persist";
    let found = lints(&["/persist/postgres-data/**"], &[clone]);
    assert_eq!(found, [("/persist/postgres-data/**".to_owned(), Lint::Inert)]);
    let pattern = Pattern::parse("/persist/postgres-data/**").unwrap().unwrap();
    let rebased = pattern.rebased("/persist", clone).remove(0);
    assert_eq!(rebased, "/mnt/backup/persist/postgres-data/**");
    assert!(lints(&[&rebased], &[clone]).is_empty());
    let data = "/mnt/backup/persist/postgres-data/base/1";
    assert!(excludes(&["/persist/postgres-data/**"]).verdict(clone, data).is_included());
    assert!(!excludes(&[&rebased]).verdict(clone, data).is_included());
}

#[test]
fn a_pattern_moves_with_its_root_and_no_further() {
    let rebased = |text: &str, effective: &str| {
        Pattern::parse(text).unwrap().unwrap().rebased("/persist", effective)
    };
    assert_eq!(rebased("!/persist/a", "/x"), ["!/x/a"]);
    assert_eq!(rebased("/persist", "/x"), ["/x"]);
    assert_eq!(rebased("/persistent", "/x"), [""; 0]);
    assert_eq!(rebased("cache", "/x"), [""; 0]);
    assert_eq!(rebased("/", "/x"), ["/x/**"]);
    assert_eq!(rebased("!/persist", "/"), ["!/"]);
    assert_eq!(rebased("/persist/a", "/x[1]"), [r"/x\[1\]/a"]);
    // What is above is not in it, whatever restic would make of it there.
    let above = Pattern::parse("/srv").unwrap().unwrap();
    assert_eq!(above.rebased("/srv/a", "/x"), [""; 0]);
}

/// `/var/lib/*/cache` is about `/var/lib/sonarr` as well. It was compared as a text, found to be about another place, and left
/// out where a clone is read: a `!` of that kind took nothing back, and what was to be kept was not copied.
#[test]
fn a_pattern_moves_by_what_it_matches_and_not_by_how_it_is_written() {
    let rebased =
        |text: &str| Pattern::parse(text).unwrap().unwrap().rebased("/var/lib/sonarr[1]", "/clone");
    for (text, moved) in [
        ("/var/lib/*/cache", vec!["/clone/cache"]),
        ("!/var/lib/s*/keep.db", vec!["!/clone/keep.db"]),
        ("//var/./lib/x/../sonarr[[]1]/a/", vec!["/clone/a"]),
        (r"/var/lib/sonarr\[1\]/a", vec!["/clone/a"]),
        ("/var/lib/sonarr[1]/a", vec![]),
        ("/*/*/*", vec!["/clone"]),
        ("/*/*/*/*/x", vec!["/clone/*/x"]),
        ("/var/lib/radarr*/a", vec![]),
        ("/var/**/cache", vec!["/clone/**/cache"]),
        ("/var/**", vec!["/clone/**"]),
        ("/var/**/sonarr*/x", vec!["/clone/**/sonarr*/x", "/clone/x"]),
        ("/srv/**/x", vec![]),
    ] {
        assert_eq!(rebased(text), moved, "{text}");
    }
    // Whatever it matches there, the moved one matches here, and nothing else.
    let names = ["var", "lib", "sonarr[1]", "a", "cache", "x"];
    let texts =
        ["/var/**/a", "/**/lib/**/x", "/*/lib/**/cache/*", "/var/lib/*/a/*", "/v?r/**/x/**/a"];
    for text in texts {
        let moved = excludes(&rebased(text).iter().map(String::as_str).collect::<Vec<_>>());
        for nr in 0..names.len().pow(3) {
            let rest = [nr, nr / 6, nr / 36].map(|n| names[n % 6]).join("/");
            let there = excludes(&[text]).matches(&format!("/var/lib/sonarr[1]/{rest}"));
            assert_eq!(moved.matches(&format!("/clone/{rest}")), there, "{text} {rest}");
        }
    }
}

#[test]
fn below_an_excluded_directory_nothing_is_taken_back() {
    let all = excludes(&["/persist/**", "!/persist/sonarr/**"]);
    let saved = all.verdict("/persist", "/persist/sonarr/db");
    assert!(matches!(saved, Verdict::Excluded { at: "/persist", .. }));
    let entries = excludes(&["/persist/*", "!/persist/sonarr"]);
    let saved = entries.verdict("/persist", "/persist/sonarr/db");
    assert!(matches!(saved, Verdict::Included { saved_by: Some(_) }));
    assert_eq!(
        lints(&["/persist/**", "!/persist/sonarr/**"], &["/persist"])[0].1,
        Lint::NegationBelowExcluded
    );
    assert!(lints(&["/persist/*", "!/persist/sonarr"], &["/persist"]).is_empty());
}

#[test]
fn what_seems_to_say_something_else() {
    let one = |pattern: &str| lints(&[pattern], &["/home"]).first().map(|(_, lint)| *lint);
    assert_eq!(one("**/cache"), Some(Lint::Greedy));
    assert_eq!(one("*cache*"), Some(Lint::Greedy));
    assert_eq!(one("/home/**/tmp"), None);
    assert_eq!(one("*.o"), None);
    assert_eq!(one("[!a]x"), Some(Lint::ClassWithBang));
    assert_eq!(one("*.{o,c}"), Some(Lint::Braces));
    assert_eq!(one("~/x"), Some(Lint::Tilde));
    assert_eq!(one("$HOME/x"), Some(Lint::Dollar));
    assert_eq!(one("**foo"), Some(Lint::DoubleStarInName));
    assert_eq!(one("foo/"), Some(Lint::SlashAtEnd));
    assert_eq!(one("foo "), Some(Lint::BlankAtEnd));
    assert_eq!(one("[z-a]"), Some(Lint::NeverMatches));
    assert_eq!(one("../foo"), Some(Lint::NeverMatches));
    assert_eq!(one("!foo"), Some(Lint::NegationFirst));
    assert_eq!(one("/home"), Some(Lint::TargetExcluded));
    assert_eq!(lints(&["a", "!b", "b"], &["/home"])[0].1, Lint::NegationOverridden);
}

#[test]
fn a_star_may_begin_in_the_middle_of_a_character() {
    // As Go's filepath.Match has it: three bytes make three characters there.
    assert!(excludes(&["*???"]).matches("/日c"));
    assert!(!excludes(&["???"]).matches("/日c"));
}

#[test]
fn a_double_star_leaves_room_for_those_to_come() {
    // restic does not try the expansions that would match here.
    assert!(!excludes(&["/a/**/b/**/c"]).matches("/a/x/b/c"));
    assert!(!excludes(&["/a/**/b/**/c"]).matches("/a/b/c"));
    assert!(excludes(&["/a/**/b/**/c"]).matches("/a/b/x/c"));
    assert!(excludes(&["/a/**/b/**/c"]).matches("/a/x/b/y/c"));
}

#[test]
fn files_of_patterns() {
    let home = |name: &str| (name == "HOME").then(|| "/home/u".to_owned());
    let read = |text: &str| patterns_of_file(text.as_bytes(), home).unwrap();
    assert_eq!(read("\u{feff}a\r\n# c\n\n  b c  \n"), ["a", "b c"]);
    assert_eq!(read("$HOME/x ${HOME}y $$z $ ${} $NO $"), ["/home/u/x /home/uy $z $   $"]);
    assert_eq!(patterns_of_file(b"\xff\xfea\0\n\0", home).unwrap(), ["a"]);
    // restic 0.14 leaves out the file of this name, and not `a`.
    assert_eq!(patterns_of_file(b"\xff\xfea\0b", home).unwrap(), ["a\u{fffd}"]);
    assert_eq!(patterns_of_file(b"a\n\xff", home), Err(FileError::Encoding(2)));
    assert_eq!(patterns_of_file(&vec![b'a'; 70_000], home), Err(FileError::TooLong(1)));
}

/// A slow reading of the rules: walk down, ask for each step.
fn walked(excludes: &Excludes, target: &str, path: &str) -> bool {
    let rest = path.strip_prefix(target).unwrap();
    let ends = rest.match_indices('/').map(|(at, _)| target.len() + at).skip(1).chain([path.len()]);
    std::iter::once(target.len()).chain(ends).all(|end| !excludes.matches(&path[..end]))
}

proptest! {
    #[test]
    fn the_verdict_is_that_of_a_walk(
        patterns in strategy::patterns(),
        ignoring in strategy::patterns(),
        path in strategy::path(),
    ) {
        let excludes = Excludes::new(&patterns).unwrap().ignoring_case(&ignoring).unwrap();
        let target = &path[..path[1..].find('/').map_or(path.len(), |at| at + 1)];
        prop_assert_eq!(excludes.verdict(target, &path).is_included(), walked(&excludes, target, &path));
    }

    #[test]
    fn case_is_all_that_ignoring_it_ignores(patterns in strategy::patterns(), path in strategy::path()) {
        let lower: Vec<String> = patterns.iter().map(|p| p.to_lowercase()).collect();
        let one = Excludes::default().ignoring_case(&patterns).unwrap().matches(&path);
        let other = Excludes::new(&lower).unwrap().matches(&path.to_lowercase());
        prop_assert_eq!(one, other);
    }

    #[test]
    fn a_negation_that_is_said_to_do_nothing_does_nothing(
        patterns in strategy::patterns(),
        paths in prop::collection::vec(strategy::path(), 1..40),
    ) {
        // Findings are told apart by their text here.
        let mut seen = std::collections::HashSet::new();
        let patterns: Vec<String> = patterns.into_iter().filter(|p| seen.insert(p.clone())).collect();
        let all = Excludes::new(&patterns).unwrap();
        let inert = |lint: Lint| matches!(
            lint,
            Lint::NegationFirst | Lint::NegationBelowExcluded | Lint::NegationOverridden | Lint::NeverMatches
        );
        let targets = ["/a", "/b", "/cache"];
        let odd: Vec<String> = all.lint(&targets).into_iter()
            .filter(|f| f.place.is_negated() && inert(f.lint))
            .map(|f| f.place.to_string())
            .collect();
        let without: Vec<&String> = patterns.iter().filter(|p| !odd.contains(*p)).collect();
        let without = Excludes::new(without).unwrap();
        for path in &paths {
            if let Some(target) = targets.iter().find(|t| path.strip_prefix(**t).is_some_and(|r| r.is_empty() || r.starts_with('/'))) {
                prop_assert_eq!(
                    all.verdict(target, path).is_included(),
                    without.verdict(target, path).is_included(),
                    "{} with {:?} without {:?}", path, patterns, odd
                );
            }
        }
    }

    #[test]
    fn a_rebased_pattern_matches_there_what_it_matched_here(
        pattern in strategy::pattern(), path in strategy::path(),
    ) {
        let here = format!("/declared/{}", pattern.trim_start_matches(['!', '/']));
        let rebased = Pattern::parse(&here).unwrap().unwrap().rebased("/declared", "/mnt/[1]").remove(0);
        prop_assert_eq!(
            excludes(&[&here]).matches(&format!("/declared{path}")),
            excludes(&[&rebased]).matches(&format!("/mnt/[1]{path}"))
        );
    }

    #[test]
    fn any_text_is_a_pattern_or_an_error(text in "\\PC{0,20}", path in "(/\\PC{0,6}){1,5}") {
        if let Ok(excludes) = Excludes::new([&text]) {
            let _ = excludes.verdict(&path, &path);
            let _ = excludes.lint(&[&path]);
        }
    }
}
