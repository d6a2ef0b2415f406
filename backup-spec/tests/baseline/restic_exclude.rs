//! `restic backup --dry-run` of a tree, with patterns.

use std::collections::BTreeSet;

use backup_spec::exclude::{Excludes, patterns_of_file};
use serde_json::Value;

use testing::baseline::{Verdict, compare, document};

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().map(|text| text.as_str().unwrap()).collect()
}

/// The patterns as options, or as the content of a file.
fn excludes(row: &Value) -> Result<Excludes, String> {
    let patterns = texts(&row["patterns"]);
    let home = |name: &str| (name == "HOME").then(|| "/home/user".to_owned());
    let of_files = || {
        let files = patterns.iter().map(|file| patterns_of_file(file.as_bytes(), home));
        let files: Result<Vec<_>, _> = files.collect();
        files.map(|files| files.concat()).map_err(|e| e.to_string())
    };
    match row["option"].as_str().unwrap() {
        "--exclude" => Excludes::new(&patterns),
        "--iexclude" => Excludes::default().ignoring_case(&patterns),
        "--exclude-file" => Excludes::new(of_files()?),
        "--iexclude-file" => Excludes::default().ignoring_case(of_files()?),
        other => panic!("{other}"),
    }
    .map_err(|e| e.to_string())
}

#[test]
fn restic_exclude() {
    let Some(tree) = document("restic-exclude-tree.json") else { return };
    let tree = texts(&tree);
    let mut paths = 0;
    compare("restic-exclude", |row| {
        let targets = texts(&row["targets"]);
        let refused = row["rc"] != 0;
        let excludes = match excludes(row) {
            Ok(excludes) => excludes,
            Err(e) => return Verdict::of((true, e.clone()), (refused, e)),
        };
        if refused || excludes.leave_nothing_of(&targets) {
            return Verdict::of(excludes.leave_nothing_of(&targets), refused);
        }
        let (mut inside, mut outside) = (BTreeSet::new(), BTreeSet::new());
        for entry in &tree {
            let path = entry.trim_end_matches('/');
            let below = |target: &&&str| {
                path.strip_prefix(**target)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            let mut within = targets.iter().filter(below).peekable();
            if within.peek().is_none() {
                continue;
            }
            paths += 1;
            let is_in = within.any(|target| excludes.verdict(target, path).is_included());
            if is_in {
                inside.insert(*entry)
            } else {
                outside.insert(*entry)
            };
        }
        let recorded = |field: &str| texts(&row[field]).into_iter().collect::<BTreeSet<_>>();
        Verdict::of((inside, outside), (recorded("included"), recorded("excluded")))
    });
    println!("baseline restic-exclude: {paths} paths");
}
