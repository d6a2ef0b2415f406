//! A file with mistakes gets one report, whichever crate finds them.

use declared::Position;
use examples::{HOSTS, Host, Report};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

fn text(host: &str) -> &'static str {
    HOSTS.into_iter().find(|(name, _)| *name == host).unwrap().1
}

/// A file with some edits, and what is reported of it.
fn edited(host: &str, edits: &[(&str, &str)]) -> (String, Report) {
    let mut edited = text(host).to_owned();
    for (from, to) in edits {
        assert!(edited.contains(from), "{from}");
        edited = edited.replacen(from, to, 1);
    }
    let report = Host::from_toml(&edited).unwrap_err();
    (edited, report)
}

/// Path, code, and the line that is pointed to, as it stands in the file.
fn lines<'t>(text: &'t str, report: &Report) -> Vec<(String, String, &'t str)> {
    let line = |at: Option<Position>| at.map_or("", |at| text.lines().nth(at.line - 1).unwrap());
    let problems = report.problems().iter();
    problems.map(|p| (p.path.clone(), p.code.clone(), line(p.position))).collect()
}

/// One mistake in each table, all of them in one report, in the order of the file, each with the line.
#[test]
fn a_mistake_in_each_table_is_one_report_in_the_order_of_the_file() {
    let edits = [
        ("[host.shares]", "[host.share]"),
        ("recordsize = \"8K\"", "recordsize = \"3K\""),
        ("snapshot = \"blank\"", "snapshoot = \"blank\""),
        ("schedule = \"Sun 06:00\"", "schedule = \"Son 06:00\""),
        ("local = { timeout = 300 }", "local = { timeout = \"soon\" }"),
    ];
    let (text, report) = edited("forge", &edits);
    let found = lines(&text, &report);
    let wanted = [
        ("host.share", "unknown-key", "[host.share]"),
        ("datasets.profiles.postgresql.recordsize", "bad-value", "recordsize = \"3K\""),
        ("persistence.root", "missing-key", "[persistence.root]"),
        ("persistence.root.snapshoot", "unknown-key", "snapshoot = \"blank\""),
        (
            "backup.repositories.nas-primary.check.schedule",
            "bad-value",
            "check = { readPercent = 5, schedule = \"Son 06:00\", persistent = true, runTime = \"3h\" }",
        ),
        ("restore.budget.local.timeout", "bad-value", "local = { timeout = \"soon\" }"),
    ];
    let found: Vec<_> = found.iter().map(|(p, c, l)| (p.as_str(), c.as_str(), *l)).collect();
    assert_eq!(found, wanted, "{report}");
    assert!(report.problems().is_sorted_by_key(|problem| problem.position));
}

/// What a table is given by another one is no longer there: the table that needs it says so.
#[test]
fn what_another_table_no_longer_says_is_missing_where_it_is_needed() {
    // A service that is gone: its job has no mountpoint, and its restore no dataset.
    let (text, report) = edited("forge", &[("\nautobrr  = {", "\nautobr   = {")]);
    let found = lines(&text, &report);
    let paths: Vec<&str> = found.iter().map(|(path, ..)| path.as_str()).collect();
    assert_eq!(
        paths,
        ["backup.jobs.autobrr.dataset", "restore.services.autobrr", "restore.services.autobrr"],
        "{report}"
    );
    assert!(found.iter().all(|(.., line)| line.starts_with("autobrr = {")), "{report}");

    // No replication goes to the machine any more.
    let (_, report) = edited("forge", &[("[restore.replicas.nas-1]", "[restore.replicas.nas-7]")]);
    let [problem] = report.problems() else { panic!("{report}") };
    assert_eq!(
        (problem.path.as_str(), problem.code.as_str()),
        ("restore.replicas.nas-7", "missing-key")
    );
    let (_, report) =
        edited("forge", &[("[restore.repositories.nas-primary]", "[restore.repositories.nas]")]);
    assert!(
        report.problems().iter().all(|p| p.path.starts_with("restore.repositories.nas")),
        "{report}"
    );
}

/// A fact that the table `host` has is not said again.
#[test]
fn a_fact_that_is_said_twice_is_a_problem() {
    for (table, key) in [("persistence", "name"), ("backup", "host"), ("restore", "host")] {
        let text = format!("[{table}]\n{key} = \"other\"\n{}", text("rydev"));
        let report = Host::from_toml(&text).unwrap_err();
        let twice = |p: &declared::Problem<String>| p.code == "duplicate-key";
        let position = report.problems().iter().find(|problem| twice(problem)).unwrap().position;
        assert_eq!(position, Some(Position { line: 2, column: 1 }), "{table}: {report}");
    }
}

/// One mistake is one problem: the tables that need what is wrong do not complain, too.
#[test]
fn a_mistake_is_told_once() {
    for (from, to, path) in [
        ("name = \"forge\"", "nam = \"forge\"", "host"),
        ("zone = \"America/New_York\"", "zone = \"America/New York\"", "host.zone"),
        (
            "mountpoint = \"/var/lib/plex\"",
            "mountpoint = \"var/lib/plex\"",
            "datasets.services.plex.mountpoint",
        ),
        ("[persistence.root]\nkind", "[persistence.root]\nkin", "persistence.root"),
        ("release = \"2.3\"", "release = \"two\"", "datasets.release"),
    ] {
        let (_, report) = edited("forge", &[(from, to)]);
        let paths: Vec<&str> = report.problems().iter().map(|p| p.path.as_str()).collect();
        assert!(paths.iter().all(|found| found.starts_with(path)), "{to}: {report}");
    }
}

/// A service on a host that keeps state nowhere is an error of the whole, with its line.
#[test]
fn state_that_nobody_keeps_is_an_error() {
    let (text, report) = edited("luna", &[("adguardhome = \"bind\"\n", "")]);
    let found = lines(&text, &report);
    assert_eq!(found.len(), 1, "{report}");
    assert!(found[0].0.starts_with("persistence.services.adguardhome"), "{report}");
}

/// `host.directories` would be a key of another table of the file: what a problem or a warning says of other keys names theirs.
#[test]
fn a_key_that_is_named_on_the_way_is_named_with_its_table() {
    let twice = "[persistence.host]\ndirectories = [\"/srv/x\", \"/srv/x\"]";
    let report = Host::from_toml(&format!("{}\n{twice}", text("rydev"))).unwrap_err();
    let [problem] = report.problems() else { panic!("{report}") };
    assert_eq!(problem.path, "persistence.host.directories[1]");
    assert!(problem.what.contains("(persistence.host.directories[0])"), "{report}");
    let host = Host::from_toml(text("rydev")).unwrap();
    let entries = host.layout.entries().iter();
    let keys: Vec<&str> = entries.map(|entry| &*entry.origin.key).collect();
    assert!(keys.iter().all(|key| key.starts_with("persistence.")), "{keys:?}");
}

/// `zfs set` would refuse them, after everything has come back.
#[test]
fn what_is_set_once_is_no_property_of_a_restore() {
    let host = Host::from_toml(
        r#"
        host.name = "x"
        datasets.parentDataset = "tank"
        datasets.services.a = { mountpoint = "/srv/a", recordsize = "16K", properties = { casesensitivity = "mixed", canmount = "on" } }
        persistence.root.kind = "tmpfs"
        restore.services.a = { bootstrap = "if-nothing-exists" }
        "#,
    );
    let host = host.unwrap_or_else(|report| panic!("{report}"));
    let own = ("recordsize".to_owned(), "16K".to_owned());
    assert_eq!(host.restore.services["a"].properties, [own]);
}

/// Text that is neither, and a table that nobody reads.
#[test]
fn a_document_of_another_kind_is_refused() {
    let report = Host::from_text("{ \"host\": ").unwrap_err();
    assert_eq!(report.problems()[0].code, "syntax");
    let (_, report) = edited("rydev", &[("[datasets]\n", "[dataset]\nx = 1\n[datasets]\n")]);
    assert!(report.to_string().contains("did you mean `datasets`?"), "{report}");
    assert!(Host::from_text("[]").is_err() && Host::from_text("").is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Whatever is done to a file, it is read or refused, with the places in order.
    #[test]
    fn any_edit_is_read_or_refused(
        host in 2..HOSTS.len(),
        edits in vec((any::<Index>(), any::<Index>(), 0..4), 1..6),
    ) {
        let mut lines: Vec<&str> = HOSTS[host].1.lines().collect();
        for (one, other, kind) in edits {
            let (one, other) = (one.index(lines.len()), other.index(lines.len()));
            match kind {
                0 if lines.len() > 1 => _ = lines.remove(one),
                1 => lines.insert(one, lines[other]),
                2 => lines.swap(one, other),
                _ => lines[one] = lines[one].get(..other).unwrap_or_default(),
            }
        }
        if let Err(report) = Host::from_toml(&lines.join("\n")) {
            prop_assert!(!report.problems().is_empty());
            prop_assert!(report.problems().is_sorted());
        }
    }
}
