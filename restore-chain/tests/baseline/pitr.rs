//! What PostgreSQL made of backups, archives and settings; and whether the backup that we choose would have worked.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use restore_chain::pitr::target::Action;
use restore_chain::pitr::{
    Archive, BaseBackup, Fatal, Journal, Label, Lsn, Outcome, Prediction, RestorePoint, Segment,
    SegmentSize, Settings, Target, TimelineId, TimelineWish, Transaction, Wish, choose, label,
    predict,
};
use serde_json::Value;

use testing::baseline::{compare, rows, text as recording};

use crate::harness::{Verdict, same};

/// What the recorded server had: see `pitr-catalogue.json`.
struct Catalogue {
    size: SegmentSize,
    names: Vec<String>,
    history: BTreeMap<String, String>,
    backups: Vec<BaseBackup>,
    journal: Journal,
    /// The marks of the recording by where their commits end.
    tags: BTreeMap<(TimelineId, Lsn), String>,
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("text: {value}"))
}

fn time(value: &str) -> Timestamp {
    label::time(value).unwrap_or_else(|| panic!("time: {value}"))
}

fn timeline(value: &Value) -> TimelineId {
    TimelineId(u32::try_from(value.as_u64().unwrap()).unwrap())
}

impl Catalogue {
    fn read() -> Option<Self> {
        let value: Value = serde_json::from_str(&recording("pitr-catalogue.json")?).unwrap();
        let backups = value["backups"].as_array().unwrap().iter().map(|backup| {
            BaseBackup::from_label(
                text(&backup["name"]),
                &Label::parse(text(&backup["history_text"])).unwrap(),
            )
            .unwrap()
        });
        let commits = value["commits"].as_array().unwrap();
        let transaction = |commit: &Value| Transaction {
            timeline: timeline(&commit["timeline"]),
            xid: u32::try_from(commit["xid"].as_u64().unwrap()).unwrap(),
            time: time(text(&commit["commit_time"])),
            end: text(&commit["lsn_after"]).parse().unwrap(),
        };
        let mut transactions: Vec<Transaction> = commits.iter().map(transaction).collect();
        let tags = transactions
            .iter()
            .zip(commits)
            .map(|(one, commit)| ((one.timeline, one.end), text(&commit["tag"]).to_owned()));
        let tags = tags.collect();
        transactions.extend(unmarked());
        let restore_points =
            value["restore_points"].as_array().unwrap().iter().map(|point| RestorePoint {
                name: text(&point["name"]).to_owned(),
                timeline: timeline(&point["timeline"]),
                end: text(&point["lsn"]).parse().unwrap(),
            });
        let restore_points = restore_points.collect();
        Some(Self {
            size: SegmentSize::new(value["wal_segment_size"].as_u64().unwrap()).unwrap(),
            names: serde_json::from_value(value["archive"].clone()).unwrap(),
            history: serde_json::from_value(value["history"].clone()).unwrap(),
            backups: backups.collect(),
            journal: Journal { transactions, restore_points },
            tags,
        })
    }

    fn archive(&self, removed: &[String]) -> Archive {
        let left = self.names.iter().filter(|name| !removed.contains(name));
        let mut archive = Archive::from_names(self.size, left.map(String::as_str));
        for (name, content) in self.history.iter().filter(|(name, _)| !removed.contains(name)) {
            let timeline = TimelineId(u32::from_str_radix(&name[..8], 16).unwrap());
            archive.add_history(timeline, content).unwrap();
        }
        archive
    }

    /// The marks of the recording that are visible.
    fn marked(&self, prediction: &Prediction<'_>) -> Vec<&str> {
        let visible =
            prediction.visible.iter().filter_map(|one| self.tags.get(&(one.timeline, one.end)));
        visible.map(String::as_str).collect()
    }
}

/// Transactions that the recording did not mark (they filled the log), by what the server said when it stopped before
/// one: the timeline, the number, the time, and a place a little behind its start.
fn unmarked() -> impl Iterator<Item = Transaction> {
    const UNMARKED: [(u32, u32, &str, u64); 8] = [
        (1, 736, "2026-11-21 09:13:54.219469+00", 0xB8_E738),
        (1, 742, "2026-11-21 09:13:56.602932+00", 0xD8_E8A0),
        (1, 744, "2026-11-21 09:13:57.645492+00", 0xE1_CCF8),
        (1, 748, "2026-11-21 09:13:58.35333+00", 0x101_C8A0),
        (1, 752, "2026-11-21 09:13:58.787482+00", 0x113_9140),
        (2, 742, "2026-11-21 09:14:00.473728+00", 0xCA_B4A0),
        (2, 750, "2026-11-21 09:14:03.450585+00", 0x10A_B108),
        (3, 732, "2026-11-21 09:14:04.694717+00", 0x91_ECC8),
    ];
    UNMARKED.into_iter().chain([(4, 750, "2026-11-21 09:14:06.043696+00", 0x10A_B608)]).map(
        |(timeline, xid, at, start)| Transaction {
            timeline: TimelineId(timeline),
            xid,
            time: time(at),
            end: Lsn(start + 0x28),
        },
    )
}

fn settings(row: &Value) -> Settings {
    let get = |name: &str| row["settings"].get(name).map(text);
    let target = match () {
        () if get("recovery_target") == Some("immediate") => Target::Immediate,
        () => get("recovery_target_time")
            .map(|at| Target::Time(time(at)))
            .or_else(|| get("recovery_target_lsn").map(|lsn| Target::Lsn(lsn.parse().unwrap())))
            .or_else(|| get("recovery_target_xid").map(|xid| Target::Xid(xid.parse().unwrap())))
            .or_else(|| get("recovery_target_name").map(|name| Target::Name(name.to_owned())))
            .unwrap_or(Target::End),
    };
    Settings {
        target,
        inclusive: get("recovery_target_inclusive") != Some("off"),
        timeline: match get("recovery_target_timeline") {
            Some("current") => TimelineWish::Current,
            Some("latest") | None => TimelineWish::Latest,
            Some(id) => TimelineWish::Id(TimelineId(id.parse().unwrap())),
        },
        action: match get("recovery_target_action") {
            Some("promote") => Action::Promote,
            Some("shutdown") => Action::Shutdown,
            _ => Action::Pause,
        },
    }
}

/// Which of the server's refusals a row shows.
fn fatal(row: &Value) -> Option<Fatal> {
    const TEXTS: [(&str, Fatal); 7] = [
        ("does not exist", Fatal::NoSuchTimeline),
        ("could not locate required checkpoint record", Fatal::NoCheckpoint),
        ("could not find redo location", Fatal::NoRedo),
        ("is not a child of this server's history", Fatal::NotAChild),
        ("before consistent recovery point", Fatal::BeforeConsistency),
        ("recovery ended before configured recovery target", Fatal::TargetNotReached),
        ("WAL ends before end of online backup", Fatal::EndsInsideBackup),
    ];
    let said = row.get("fatal")?.to_string();
    let known = TEXTS.iter().find(|(text, _)| said.contains(text));
    Some(known.unwrap_or_else(|| panic!("{said}")).1)
}

fn removed(row: &Value) -> Vec<String> {
    serde_json::from_value(row["removed"].clone()).unwrap()
}

fn segments(names: &Value) -> BTreeSet<String> {
    let names = names.as_array().unwrap().iter().map(text);
    names.filter(|name| name.len() == 24).map(str::to_owned).collect()
}

/// The server reads ahead, and so asks for segments after those it needs; nothing else may be missing or too many.
fn files(catalogue: &Catalogue, row: &Value, needed: &[Segment]) -> Verdict {
    let restored = segments(&row["restored"]);
    let ours: BTreeSet<String> =
        needed.iter().map(|segment| catalogue.size.name(*segment)).collect();
    let lacking: Vec<&String> = ours.difference(&restored).collect();
    if !lacking.is_empty() {
        return Err(format!("files: the server did not read {lacking:?}"));
    }
    let last = ours.iter().map(|name| &name[8..]).max();
    let between: Vec<&String> =
        restored.difference(&ours).filter(|name| Some(&name[8..]) <= last).collect();
    let ahead = restored.difference(&ours).count();
    let allowed =
        if row["ok"] == true || fatal(row) == Some(Fatal::BeforeConsistency) { 2 } else { 1 };
    if !between.is_empty() || ahead > allowed {
        return Err(format!("files: the server read {restored:?}, ours {ours:?}"));
    }
    Ok(())
}

#[test]
fn recoveries() {
    let Some(catalogue) = Catalogue::read() else {
        println!("skipped: baseline pitr (no catalogue)");
        return;
    };
    compare("pitr", |row| {
        let archive = catalogue.archive(&removed(row));
        let backup =
            catalogue.backups.iter().find(|backup| backup.name == text(&row["backup"])).unwrap();
        let ours = predict(backup, &archive, &settings(row), &catalogue.journal);
        let recorded = match (text(&row["end_state"]), fatal(row)) {
            (_, Some(fatal)) => Outcome::Failed(fatal),
            ("paused", _) => Outcome::Paused,
            ("promoted", _) => Outcome::Promoted(timeline(&row["new_timeline"])),
            _ => Outcome::ShutDown,
        };
        same("outcome", &ours.outcome, &recorded)?;
        if row["ok"] == true {
            let marked = catalogue.marked(&ours);
            same("visible", &(marked.len() as u64), &row["visible"].as_u64().unwrap())?;
            same("last commit", &marked.last().copied().unwrap_or_default(), &text(&row["last"]))?;
        }
        files(&catalogue, row, &ours.files)
    });
}

/// For every target that some backup reached as wished, the chosen backup is one that did.
#[test]
fn the_chosen_backup_works_for_every_reachable_target() {
    let Some(catalogue) = Catalogue::read() else { return };
    let mut rows: Vec<Value> = rows("pitr");
    rows.retain(|row| row["settings"].get("recovery_target_timeline").is_some());
    let tagged: BTreeMap<&str, &(TimelineId, Lsn)> =
        catalogue.tags.iter().map(|(place, tag)| (tag.as_str(), place)).collect();
    let (mut targets, mut confirmed) = (0, 0);
    let mut wrong = Vec::new();
    for (tag, (timeline, end)) in tagged {
        let commit = catalogue
            .journal
            .transactions
            .iter()
            .find(|one| (one.timeline, one.end) == (*timeline, *end))
            .unwrap();
        for target in [Target::Lsn(*end), Target::Time(commit.time)] {
            // What really happened with this target on this timeline.
            let branch = |row: &Value, backup: &BaseBackup| match settings(row).timeline {
                TimelineWish::Current => backup.timeline,
                TimelineWish::Latest => catalogue.archive(&[]).newest_by_probing(backup.timeline),
                TimelineWish::Id(id) => id,
            };
            let backup_of = |row: &Value| {
                catalogue.backups.iter().find(|backup| backup.name == text(&row["backup"])).unwrap()
            };
            let same_wish = rows.iter().filter(|row| {
                removed(row).is_empty() && settings(row).target == target && settings(row).inclusive
            });
            let same_branch: Vec<&Value> =
                same_wish.filter(|row| branch(row, backup_of(row)) == *timeline).collect();
            let reached = |row: &&&Value| row["ok"] == true && row["last"] == tag;
            if !same_branch.iter().any(|row| reached(&row)) {
                continue;
            }
            targets += 1;
            let wish = Wish::new(target.clone()).on(*timeline);
            let archive = catalogue.archive(&[]);
            match choose(&catalogue.backups, &archive, &wish, Some(&catalogue.journal)) {
                Err(unreachable) => wrong.push(format!("{tag} by {target}: {unreachable}")),
                Ok(choice) => {
                    let with_it =
                        same_branch.iter().find(|row| text(&row["backup"]) == choice.backup.name);
                    match with_it {
                        Some(row) if reached(&row) => confirmed += 1,
                        Some(row) => wrong
                            .push(format!("{tag} by {target}: {choice}, and the server: {row}")),
                        // Not recorded with this backup: what the server would do, by the compared prediction.
                        None => {
                            let prediction = predict(
                                &choice.backup,
                                &archive,
                                &choice.settings,
                                &catalogue.journal,
                            );
                            if !matches!(prediction.outcome, Outcome::Promoted(_))
                                || catalogue.marked(&prediction).last() != Some(&tag)
                            {
                                wrong.push(format!(
                                    "{tag} by {target}: {choice}, and predicted: {prediction:?}"
                                ));
                            }
                        }
                    }
                }
            }
        }
    }
    println!(
        "baseline pitr picker: {targets} reachable targets, {confirmed} confirmed by a recovery, {} wrong",
        wrong.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(targets > 0);
}
