//! What OpenZFS made of sends and receives between generated pairs of datasets, and what the crate says.
//!
//! Recorded by `examples/replications.rs` on a machine that was thrown away afterwards (`tests/zfs.rs`).

use restore_chain::lineage::receive::{Receiver, Refusal, Stream};
use restore_chain::lineage::{
    Encryption, Guid, Lineage, PlanError, Policy, ResumeToken, Step, plan, read,
};
use serde_json::Value;

use crate::harness::{Verdict, same};

/// The columns of recordings in which nothing is encrypted.
const PLAIN: &str = "name,guid,createtxg,creation,type,userrefs,clones,written,receive_resume_token,encryption,origin";

fn lineage(value: &Value) -> Option<Lineage> {
    let text = value.as_str()?;
    let plain = text.lines().next()?.split('\t').count() == PLAIN.split(',').count();
    let columns = if plain { PLAIN } else { read::COLUMNS };
    read::table(text, columns).unwrap().into_values().next()
}

/// Whether what the target is below is encrypted.
fn parent(row: &Value) -> Encryption {
    lineage(&row["parent"]).map_or(Encryption::Off, |parent| parent.head.encryption)
}

/// Our refusals in the words of the recording.
fn class(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::NoDataset => "no-dataset",
        Refusal::Exists => "exists",
        Refusal::HasSnapshots(_) => "has-snapshots",
        Refusal::IsClone => "is-clone",
        Refusal::Interrupted => "interrupted",
        Refusal::SnapshotExists(_) => "snapshot-exists",
        Refusal::NoBase(_) => "no-base",
        Refusal::Modified { .. } => "modified",
        Refusal::Pinned(_) => "pinned",
        Refusal::RawOntoPlain => "raw-onto-plain",
        Refusal::ForceOntoEncrypted => "force-encrypted",
        Refusal::EmbeddedOntoEncrypted => "embedded",
        Refusal::KeyNotLoaded => "key",
        Refusal::OtherIvset(_) => "ivset",
        _ => "other",
    }
}

/// Snapshots by name and guid, oldest first.
fn snapshots(lineage: Option<&Lineage>) -> Vec<(String, Guid)> {
    let snapshots = lineage.into_iter().flat_map(Lineage::snapshots);
    snapshots.map(|version| (version.name.clone(), version.guid)).collect()
}

fn stream(
    row: &Value,
    sender: &Lineage,
    before: Option<Lineage>,
    after: Option<&Lineage>,
) -> Verdict {
    let to = sender.snapshot(row["snapshot"].as_str().unwrap()).unwrap().clone();
    let base = row["base"]
        .as_str()
        .map(|base| sender.versions().iter().find(|version| version.to_string() == base).unwrap());
    let mut receiver = Receiver::new("to/d".parse().unwrap(), before).below(parent(row));
    let force = row["force"].as_bool().unwrap();
    let (w, encrypted) = (row["raw"] == true, sender.head.encryption == Encryption::On);
    let stream = Stream {
        raw: w && encrypted,
        embedded: w && !encrypted,
        base_ivset: base.and_then(|base| base.ivset),
        ..Stream::new(base.map(|base| base.guid), to)
    };
    let result = receiver.receive(&stream, force);
    same("refusal", &result.as_ref().err().map(class), &row["refusal"].as_str())?;
    same("after", &snapshots(receiver.lineage()), &snapshots(after))
}

fn planned(
    row: &Value,
    sender: &Lineage,
    before: Option<&Lineage>,
    after: Option<&Lineage>,
) -> Verdict {
    let target = row["target"].as_str().map_or(format!("to/d{}", row["n"]), str::to_owned);
    let target = target.parse().unwrap();
    let may_destroy = match (row["granted"] == true, before) {
        (true, Some(before)) => before.snapshots().map(|version| version.guid).collect(),
        _ => Vec::new(),
    };
    let (raw, parent) = (row["raw"] == true, parent(row));
    let policy = Policy { may_destroy, raw, parent, ..Policy::default() };
    let token = before.and_then(|before| before.head.resume_token.clone());
    let token = token
        .zip(row["token"].as_str())
        .map(|(token, contents)| ResumeToken::from_send_dry_run(&token, contents));
    let token = token.transpose().unwrap_or(None);
    let ours = plan(sender, &target, before, token.as_ref(), &policy);
    let steps = ours
        .as_ref()
        .ok()
        .map(|replication| replication.steps.iter().map(ToString::to_string).collect::<Vec<_>>());
    same(
        "steps",
        &steps,
        &serde_json::from_value::<Option<Vec<String>>>(row["steps"].clone()).unwrap(),
    )?;
    same("failed", &row["failed"].as_str(), &None::<&str>)?;
    let (before, after) = (snapshots(before), snapshots(after));
    match ours {
        Ok(replication) => {
            let destroyed: Vec<Guid> = before
                .iter()
                .map(|(_, guid)| *guid)
                .filter(|guid| after.iter().all(|(_, one)| one != guid))
                .collect();
            let announced: Vec<Guid> =
                replication.destroys.iter().map(|version| version.guid).collect();
            same("destroyed", &announced, &destroyed)?;
            let aborted = replication.steps.iter().all(|step| matches!(step, Step::Abort { .. }));
            let newest = sender.newest().map(|version| version.guid).filter(|_| !aborted);
            same("newest", &newest, &after.last().map(|(_, guid)| *guid).filter(|_| !aborted))
        }
        // What is not planned changes nothing.
        Err(
            PlanError::Conflict(_)
            | PlanError::Refused { .. }
            | PlanError::Rollback(_)
            | PlanError::Locked(_)
            | PlanError::UnreadToken(_),
        ) => same("after", &before, &after),
        Err(other) => Err(other.to_string()),
    }
}

/// One row.
pub(crate) fn judge(row: &Value) -> Verdict {
    let (Some(sender), before, after) =
        (lineage(&row["from"]), lineage(&row["to"]), lineage(&row["after"]))
    else {
        return Err("the sender has no listing".to_owned());
    };
    match row["kind"].as_str() {
        Some("stream") => stream(row, &sender, before, after.as_ref()),
        Some("plan") => planned(row, &sender, before.as_ref(), after.as_ref()),
        _ => Ok(()),
    }
}
