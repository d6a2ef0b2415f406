//! What PostgreSQL made of backups, archives and settings; and whether the backup that we choose would have worked.

use std::cell::Cell;
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
        let transactions: Vec<Transaction> = commits.iter().map(transaction).collect();
        let tags = transactions
            .iter()
            .zip(commits)
            .map(|(one, commit)| ((one.timeline, one.end), text(&commit["tag"]).to_owned()));
        let tags = tags.collect();
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

    fn backup(&self, row: &Value) -> &BaseBackup {
        self.backups.iter().find(|backup| backup.name == text(&row["backup"])).unwrap()
    }

    /// The journal, with more transactions.
    fn with(&self, more: impl Iterator<Item = Transaction>) -> Journal {
        let mut journal = self.journal.clone();
        journal.transactions.extend(more);
        journal
    }

    /// The marks of the recording that are visible.
    fn marked(&self, prediction: &Prediction<'_>) -> Vec<&str> {
        let visible =
            prediction.visible.iter().filter_map(|one| self.tags.get(&(one.timeline, one.end)));
        visible.map(String::as_str).collect()
    }
}

/// What is in the log beside the marked commits: transactions that filled it up. The catalogue does not list them, and nothing in
/// it tells when they were committed; but a recovery to a time ends before the first commit that is later, whoever made it, and
/// fails if there is none. Where a recovery stopped before one of them, the server said its number and time, and `replay_lsn` is
/// where its commit record begins: so each recovery shows the others what the log contains, as `pg_waldump` would have.
fn unmarked(catalogue: &Catalogue, row: &Value) -> Option<Transaction> {
    let said = row.get("stopped")?.as_str()?.strip_prefix("before commit of transaction ")?;
    let (xid, at) = said.split_once(", time ")?;
    let begin: Lsn = row.get("replay_lsn")?.as_str()?.parse().ok()?;
    let archive = catalogue.archive(&removed(row));
    let backup = catalogue.backup(row);
    let followed = match settings(row).timeline {
        TimelineWish::Current => backup.timeline,
        TimelineWish::Latest => archive.newest_by_probing(backup.timeline),
        TimelineWish::Id(timeline) => timeline,
    };
    // Whatever is within the record will do for its end: nothing else ends there.
    let end = Lsn(begin.0 + 0x28);
    let one = Transaction {
        timeline: archive.path(followed).owner(end),
        xid: xid.parse().ok()?,
        time: time(at),
        end,
    };
    let marked = |known: &Transaction| (known.timeline, known.xid) == (one.timeline, one.xid);
    (!catalogue.journal.transactions.iter().any(marked)).then_some(one)
}

/// Unmarked transactions, and the numbers of the rows that show each.
struct Filling(Vec<(Transaction, BTreeSet<u64>)>);

impl Filling {
    fn of(catalogue: &Catalogue, rows: &[Value]) -> Self {
        let mut known: Vec<(Transaction, BTreeSet<u64>)> = Vec::new();
        for row in rows {
            let Some(one) = unmarked(catalogue, row) else { continue };
            match known.iter_mut().find(|(other, _)| *other == one) {
                Some((_, shown_by)) => _ = shown_by.insert(number(row)),
                None => known.push((one, [number(row)].into())),
            }
        }
        Self(known)
    }

    /// The journal as all rows but this one show it.
    fn without(&self, catalogue: &Catalogue, row: u64) -> Journal {
        let others = self.0.iter().filter(|(_, by)| by.iter().any(|other| *other != row));
        catalogue.with(others.map(|(one, _)| one.clone()))
    }

    /// The journal as all rows show it.
    fn all(&self, catalogue: &Catalogue) -> Journal {
        catalogue.with(self.0.iter().map(|(one, _)| one.clone()))
    }
}

fn number(row: &Value) -> u64 {
    row["n"].as_u64().unwrap()
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
    let filling = Filling::of(&catalogue, &rows("pitr"));
    // A transaction that no other recovery shows is in the log all the same: what the server did with it is in the row, and
    // that it is there, too. Such rows compare everything but that.
    let own_words = Cell::new(0);
    compare("pitr", |row| {
        match verdict(&catalogue, row, &filling.without(&catalogue, number(row))) {
            Err(_) if unmarked(&catalogue, row).is_some() => {
                own_words.set(own_words.get() + 1);
                verdict(&catalogue, row, &filling.all(&catalogue))
            }
            verdict => verdict,
        }
    });
    println!(
        "baseline pitr: {} unmarked transactions shown by other recoveries, {} rows by their own alone",
        filling.0.len(),
        own_words.get()
    );
}

fn verdict(catalogue: &Catalogue, row: &Value, journal: &Journal) -> Verdict {
    let archive = catalogue.archive(&removed(row));
    let ours = predict(catalogue.backup(row), &archive, &settings(row), journal);
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
    files(catalogue, row, &ours.files)
}

/// For every target that some backup reached as wished, the chosen backup is one that did.
#[test]
fn the_chosen_backup_works_for_every_reachable_target() {
    let Some(catalogue) = Catalogue::read() else { return };
    let mut rows: Vec<Value> = rows("pitr");
    let journal = Filling::of(&catalogue, &rows).all(&catalogue);
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
            let backup_of = |row: &Value| catalogue.backup(row);
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
            match choose(&catalogue.backups, &archive, &wish, Some(&journal)) {
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
                            let prediction =
                                predict(&choice.backup, &archive, &choice.settings, &journal);
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
