// What the fuzz targets of restore-chain do with their input, and `restore-chain/tests/corpus.rs` with every file of the
// corpora. A property that fails panics.

use restore_chain::Spec;
use restore_chain::lineage::{Policy, incremental_path, plan, read};
use restore_chain::pitr::history::History;
use restore_chain::pitr::{
    Archive, ArchiveName, BaseBackup, Label, SegmentSize, Target, TimelineId, Wish, choose,
};
use restore_chain::preseed::{Intent, Record, Verified};

/// A segment's name is what is made of what it was read as; an archive counts each once.
pub fn wal_names(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for bytes in [1 << 20, 16 << 20, 1 << 30] {
        let Ok(size) = SegmentSize::new(bytes) else { return };
        for name in text.lines() {
            if let Some(ArchiveName::Segment(segment)) = ArchiveName::parse(name, size) {
                assert!(name.starts_with(&size.name(segment)), "{name}");
            }
        }
        let archive = Archive::from_names(size, text.lines());
        let mut backwards: Vec<&str> = text.lines().collect();
        backwards.reverse();
        let again = Archive::from_names(size, backwards);
        for timeline in archive.timelines() {
            assert_eq!(archive.runs(timeline), again.runs(timeline));
            let apart =
                archive.runs(timeline).windows(2).all(|pair| matches!(pair, [a, b] if a.1 < b.0));
            assert!(apart, "runs are apart from each other");
        }
    }
}

/// What was read is written as it was, and an archive with it answers every wish.
pub fn histories(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(history) = History::parse(TimelineId(9), text) else { return };
    let again = History::parse(TimelineId(9), &history.text());
    assert!(again.is_ok_and(|again| again.forks.len() == history.forks.len()));
    let names = "000000010000000000000001\n000000090000000000000002\n000000090000000000000003";
    let mut archive = Archive::from_names(SegmentSize::default(), names.lines());
    assert!(archive.add_history(TimelineId(9), text).is_ok());
    let label = "START WAL LOCATION: 0/1000028 (file x)\nSTOP WAL LOCATION: 0/1000100\nCHECKPOINT LOCATION: 0/1000060\n\
                 START TIMELINE: 1\nSTOP TIME: 2026-11-21 09:13:52 UTC\n";
    let backup = Label::parse(label).and_then(|label| BaseBackup::from_label("b", &label));
    let Ok(backup) = backup else { panic!("the label is sound") };
    for lsn in history.forks.iter().map(|fork| fork.at) {
        let _ = choose(
            std::slice::from_ref(&backup),
            &archive,
            &Wish::new(Target::Lsn(lsn)).on(TimelineId(9)),
            None,
        );
    }
}

/// A label is read, or it is said why not.
pub fn labels(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Label::parse(text) {
        Ok(label) => drop(
            BaseBackup::from_label("b", &label)
                .map_err(|error| assert!(!error.to_string().is_empty())),
        ),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Two halves of a listing as sender and receiver: what is planned is taken, and destroys nothing.
pub fn lineages(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(datasets) = read::table(text, "name,guid,createtxg,creation") else { return };
    let all: Vec<_> = datasets.values().take(6).collect();
    for sender in &all {
        for receiver in &all {
            if let Ok(path) = incremental_path(sender, receiver) {
                assert_eq!(receiver.newest().map(|newest| newest.guid), Some(path.base.guid));
            }
            let planned = plan(sender, &receiver.dataset, Some(receiver), None, &Policy::default());
            assert!(planned.is_err() || planned.is_ok_and(|planned| planned.destroys.is_empty()));
        }
    }
}

/// A record that was read is written, and read again as the same.
pub fn records(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(record) = text.parse::<Record>() {
        assert_eq!(record.to_string().parse(), Ok(record));
    }
    if let Ok(verified) = text.parse::<Verified>() {
        assert_eq!(verified.to_string().parse(), Ok(verified));
    }
    if let Ok(intent) = text.parse::<Intent>() {
        assert_eq!(intent.to_string().parse(), Ok(intent));
    }
}

/// A declaration is read, or every problem is named.
pub fn restore_spec(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for spec in [Spec::from_toml(text), Spec::from_json(text)] {
        if let Err(problems) = spec {
            assert!(problems.iter().next().is_some());
        }
    }
}
