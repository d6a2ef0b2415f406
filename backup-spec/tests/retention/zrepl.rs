//! zrepl's rules together, by hand.

use backup_spec::Snapshot;
use backup_spec::retention::zrepl::{Grid, Names, Prune, Rule};
use jiff::Timestamp;

fn at(name: &str, hour: i64) -> Snapshot {
    Snapshot::new(name, Timestamp::from_second(hour * 3600).unwrap())
}

#[test]
fn a_snapshot_goes_if_no_rule_keeps_it() {
    let snapshots =
        [at("zrepl_0", 0), at("zrepl_1", 1), at("zrepl_2", 2), at("manual", 0), at("other", 2)];
    let grid: Grid = "1x1h".parse().unwrap();
    let prune = Prune {
        rules: vec![
            Rule::Grid { grid, names: "^zrepl_.*".parse().unwrap() },
            Rule::Regex { names: "^manual".parse().unwrap(), negate: false },
            Rule::NotReplicated,
        ],
    };
    let kept = prune.apply(&snapshots, |s| s.time.as_second() <= 3600).unwrap();
    let rules: Vec<Vec<usize>> = (0..5).map(|index| kept.rules(index).collect()).collect();
    assert_eq!(rules, [vec![], vec![], vec![0, 2], vec![1], vec![2]]);
    assert!(!kept.stays(0) && kept.stays(3));
    // A rule that is not about a name does not keep it.
    let only = Prune { rules: prune.rules[..1].to_vec() };
    assert!(!only.apply(&snapshots, |_| true).unwrap().stays(3));
    assert!(Prune::default().apply(&snapshots, |_| true).unwrap().stays(3));
}

#[test]
fn the_last_in_the_alphabet_is_the_newest_of_an_instant() {
    let snapshots = [at("a", 1), at("b", 1), at("c", 0)];
    let prune = Prune { rules: vec![Rule::LastN { count: 1, names: Names::All }] };
    let kept = prune.apply(&snapshots, |_| true).unwrap();
    assert_eq!([0, 1, 2].map(|index| kept.stays(index)), [false, true, false]);
}

#[test]
fn names_are_any_or_those_that_begin_so() {
    assert_eq!(".*".parse(), Ok(Names::All));
    assert_eq!("^zrepl_.*$".parse(), Ok(Names::Prefix("zrepl_".to_owned())));
    assert_eq!("^zrepl_".parse::<Names>().unwrap().to_string(), "^zrepl_.*");
    for other in ["zrepl_.*", "^(a|b).*", "^a.b", "^a$"] {
        assert!(other.parse::<Names>().is_err(), "{other}");
    }
}

#[test]
fn intervals_must_not_shrink() {
    let check = |text: &str| text.parse::<Grid>().unwrap().check();
    assert!(check("24x1h | 7x1d").is_ok());
    assert!(check("7x1d(keep=all) | 24x1h").is_ok());
    let shrinks = check("7x1d | 24x1h").unwrap_err();
    assert_eq!((shrinks.longer, shrinks.shorter), (86_400, 3600));
}
