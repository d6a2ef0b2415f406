//! Second day: two datasets are destroyed, and of one the replica as well.

use std::path::Path;

use examples::Failure;
use restore_chain::Inventory;
use restore_chain::preseed::Outcome;

use super::backup::copied;
use super::declare::{apply, differences, observe, planned};
use crate::manifest::Manifest;
use crate::restore::{choose, inventory, restore};
use crate::{Story, claim, files, machine, replicate};

/// 47 minutes after the last snapshot.
const TOO_LATE: &str = "2026-11-21T04:47:00Z";
/// When pocketid has its next snapshot.
const RESTORED: &str = "2026-11-21T04:50:00Z";

/// Tells of a service's ways back, restores it, tells of that.
fn bring_back(story: &Story, inventory: &Inventory, name: &str) -> Result<(), Failure> {
    let service = story.forge.service(name)?;
    let choice = choose(&story.forge, inventory, service);
    story.tell.say("What could come back:");
    story.tell.show(format!("{name}: {choice}"));
    let mut lines = Vec::new();
    let report = restore(&story.forge, service, &choice, |line| lines.push(line), |_| {})?;
    claim(matches!(report.outcome, Outcome::Restored(_)), format!("restored: {report}"))?;
    story.tell.say("It is restored before the service starts:");
    story.tell.show(lines.join("\n"));
    Ok(())
}

/// Whether a service's files are these.
pub(crate) fn verify(story: &Story, name: &str, expected: &Manifest) -> Result<(), Failure> {
    let place = story.forge.service(name)?.mountpoint.to_string();
    let found = Manifest::of(Path::new(&place))?;
    expected.same(&found).map_err(|difference| format!("{name}: {difference}"))?;
    story.tell.say(format!("{name}, compared with what was there: {found}; no difference."));
    Ok(())
}

pub(crate) fn play(story: &mut Story) -> Result<(), Failure> {
    story.tell.act("Second day: two datasets are destroyed");
    machine::clock(TOO_LATE.parse()?)?;
    let place = story.forge.service("home-assistant")?.mountpoint.to_string();
    let home = story.files.get("home-assistant").ok_or("a service with files")?.clone();
    let pocket = story.files.get("pocketid").ok_or("a service with files")?;
    let pocket = copied(&story.forge, "pocketid", pocket)?;
    files::too_late(Path::new(&place), TOO_LATE.parse()?)?;
    story.tell.say(
        "home-assistant writes one more file, 47 minutes after its last snapshot. Then somebody takes two datasets for other \
         ones; and on nas-1, of one of them, the replica is tidied away as well:",
    );
    let mut typed = String::new();
    for dataset in
        ["tank/services/home-assistant", "tank/services/pocketid", "backup/forge/zfs-recv/pocketid"]
    {
        typed += &machine::typed(&format!("zfs destroy -r {dataset}"))?;
    }
    story.tell.show(&typed);
    let before = differences(&story.forge, &story.settled)?;
    let found = differences(&story.forge, &observe()?)?;
    let found: Vec<String> = found.into_iter().filter(|line| !before.contains(line)).collect();
    claim(found.len() == 2, format!("two are missing: {found:?}"))?;
    story.tell.say("Compared with the declaration:");
    story.tell.show(found.join("\n"));

    machine::clock(TOO_LATE.parse()?)?;
    let inventory = inventory(&story.forge)?;
    bring_back(story, &inventory, "home-assistant")?;
    verify(story, "home-assistant", &home)?;
    let lost = Path::new(&place).join("written-too-late");
    claim(!lost.exists(), "what was written after the last snapshot is lost")?;
    story.tell.say(
        "What was lost is what was announced: the file that was written after the last snapshot. Replication goes on from \
         where it was:",
    );
    let (own, replica) = story.forge.both("home-assistant")?;
    let target = story.forge.replica("home-assistant")?;
    let own = own.ok_or("it is there")?;
    let nothing = replicate::planned(&own, &target, replica.as_ref(), &replicate::policy())?;
    story.tell.show(nothing.err().ok_or("there is nothing to send")?);

    story.tell.say("Of pocketid only restic has a copy:");
    bring_back(story, &inventory, "pocketid")?;
    verify(story, "pocketid", &pocket)?;
    story.tell.say(
        "The one file that is missing is the one that the job leaves out. The dataset is a new one, so replication begins \
         anew, once it has a snapshot:",
    );
    machine::clock(RESTORED.parse()?)?;
    machine::run(&machine::words("zfs snapshot tank/services/pocketid@restored"))?;
    let (own, replica) = story.forge.both("pocketid")?;
    let target = story.forge.replica("pocketid")?;
    let own = own.ok_or("it is there")?;
    let replication = replicate::planned(&own, &target, replica.as_ref(), &replicate::policy())??;
    replicate::carry_out(&replication)?;
    story.tell.show(&replication);
    story.files.insert("pocketid".to_owned(), pocket);

    let plan = planned(&story.forge, &observe()?)?;
    story.tell.say("What a restore does not know of, the declaration does:");
    story.tell.show(plan.table());
    (story.settled, _) = apply(&story.forge, &plan)?;
    Ok(())
}
