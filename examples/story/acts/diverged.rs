//! Fifth day: a replica goes its own way.

use std::fs;
use std::path::Path;

use examples::Failure;
use restore_chain::lineage::{Conflict, PlanError, Policy};

use crate::manifest::Manifest;
use crate::{Story, claim, files, machine, replicate};

const NOW: &str = "2026-11-21T18:00:00Z";
/// Where somebody mounts the replica.
const PLACE: &str = "/mnt/replica";

pub(crate) fn play(story: &mut Story) -> Result<(), Failure> {
    story.tell.act("Fifth day: a replica diverges");
    machine::clock(NOW.parse()?)?;
    let target = story.forge.replica("sonarr")?;
    let place = story.forge.place("sonarr")?;
    let by_hand = [
        format!("zfs set mountpoint={PLACE} {target}"),
        format!("dd if=/dev/zero of={PLACE}/sonarr.db bs=4096 count=3 conv=notrunc"),
        format!("zfs snapshot {target}@just-to-be-safe"),
    ];
    let tidied = [format!("zfs unmount {target}"), format!("zfs inherit mountpoint {target}")];
    for line in &by_hand {
        machine::run(&machine::words(line))?;
    }
    let files = story.files.get("sonarr").ok_or("a service with files")?;
    let difference = files.difference(&Manifest::of(Path::new(PLACE))?).unwrap_or_default();
    claim(difference.starts_with("sonarr.db is "), format!("the replica is spoilt: {difference}"))?;
    for line in &tidied {
        machine::run(&machine::words(line))?;
    }
    story.tell.say("On nas-1, somebody repairs the wrong copy of sonarr:");
    let typed: Vec<String> =
        by_hand.iter().chain(&tidied).map(|line| format!("$ {line}")).collect();
    story.tell.show(typed.join("\n"));
    files::day("sonarr", &place, 31)?;
    machine::run(&machine::words(
        "zfs snapshot tank/services/sonarr@autosnap_2026-11-21_13:00:00_hourly",
    ))?;
    let expected = Manifest::of(&place)?;

    let (own, replica) = story.forge.both("sonarr")?;
    let (own, replica) = (own.ok_or("it is there")?, replica.ok_or("it is there")?);
    let refused = replicate::planned(&own, &target, Some(&replica), &replicate::policy())?;
    let Err(refused) = refused else { return Err("a diverged replica is no base".into()) };
    story.tell.say(
        "sonarr goes on here, and has its next snapshot. restore-chain plans no replication; it says why:",
    );
    story.tell.show(&refused);
    let PlanError::Conflict(conflict) = refused else { return Err("a conflict".into()) };
    let Conflict::Diverged { common, receiver_only, .. } = *conflict else {
        return Err(format!("they went apart: {conflict}").into());
    };
    let names: Vec<String> = receiver_only.iter().map(ToString::to_string).collect();
    story.tell.say(format!(
        "Somebody looks at it and decides that {} of the replica may go. That grant names the snapshot by its guid, and \
         nothing else is destroyed:",
        names.join(", ")
    ));
    let may_destroy = receiver_only.iter().map(|version| version.guid).collect();
    let policy = Policy { may_destroy, ..replicate::policy() };
    let replication = replicate::planned(&own, &target, Some(&replica), &policy)??;
    story.tell.show(&replication);
    claim(
        replication
            .destroys
            .iter()
            .map(|version| version.guid)
            .eq(policy.may_destroy.iter().copied()),
        "what is destroyed is what was granted",
    )?;
    replicate::carry_out(&replication)?;
    let (own, after) = story.forge.both("sonarr")?;
    let (own, after) = (own.ok_or("it is there")?, after.ok_or("it is there")?);
    claim(own.newest().map(|v| v.guid) == after.newest().map(|v| v.guid), "the newest arrived")?;
    let survive = replica.snapshots().filter(|version| !policy.may_destroy.contains(&version.guid));
    let kept = survive.filter(|version| after.snapshots().any(|other| other.guid == version.guid));
    let kept = kept.count();
    claim(kept + policy.may_destroy.len() == replica.snapshots().count(), "the others are there")?;

    // The replica itself is looked at, where it changes nothing.
    fs::create_dir_all(PLACE)?;
    let newest = after.newest().ok_or("it has snapshots")?.of(&target);
    machine::run(&machine::words("mount -t zfs -o ro").args([newest.as_str(), PLACE]))?;
    let found = Manifest::of(Path::new(PLACE));
    machine::run(&machine::words("umount").arg(PLACE))?;
    let difference = expected.difference(&found?);
    claim(difference.is_none(), format!("{target}: {}", difference.unwrap_or_default()))?;
    story.tell.say(format!(
        "The {kept} snapshots up to {common} are still there, the new one arrived, and the replica has the files of sonarr, \
         to the byte."
    ));
    story.files.insert("sonarr", expected);
    Ok(())
}
