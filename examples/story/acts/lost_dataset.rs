//! Second day: two datasets are destroyed, and of one the replica as well.

use examples::Failure;
use restore_chain::Inventory;
use restore_chain::preseed::Outcome;

use super::backup::copied;
use super::declare::{as_declared, differences, observe};
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
    story.tell.show(format!("{name}: {choice}"));
    let mut lines = Vec::new();
    let report = restore(&story.forge, service, &choice, |line| lines.push(line), |_| {})?;
    claim(matches!(report.outcome, Outcome::Restored(_)), format!("restored: {report}"))?;
    story.tell.say("It is restored beside its place, compared with its source, then put into place, all before the service starts:");
    story.tell.show(lines.join("\n"));
    Ok(())
}

pub(crate) fn play(story: &mut Story) -> Result<(), Failure> {
    story.tell.act("Second day: two datasets are destroyed");
    machine::clock(TOO_LATE.parse()?)?;
    let place = story.forge.place("home-assistant")?;
    files::too_late(&place, TOO_LATE.parse()?)?;
    story.tell.say(
        "home-assistant writes one more file, 47 minutes after its last snapshot. Then somebody takes two datasets for other \
         ones; and on nas-1, of one of them, the replica is tidied away as well:",
    );
    story.tell.show(machine::typed_all([
        "zfs destroy -r tank/services/home-assistant",
        "zfs destroy -r tank/services/pocketid",
        "zfs destroy -r backup/forge/zfs-recv/pocketid",
    ])?);
    let found = differences(&story.forge, &observe()?)?;
    claim(found.len() == 2, format!("two are missing: {found:?}"))?;
    story.tell.say("dataset-plan finds:");
    story.tell.show(found.join("\n"));

    machine::clock(TOO_LATE.parse()?)?;
    let inventory = inventory(&story.forge)?;
    story.tell.say(
        "dataset-plan could only make them anew, empty. restore-chain looks at what nas-1 and the repository have, and says \
         which copy comes first, and what would be lost with it:",
    );
    bring_back(story, &inventory, "home-assistant")?;
    story.compare_and_tell("home-assistant")?;
    claim(!place.join("written-too-late").exists(), "what no snapshot has is lost")?;
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
    let files = story.files.get("pocketid").ok_or("a service with files")?;
    let files = copied(&story.forge, "pocketid", files)?;
    story.files.insert("pocketid", files);
    bring_back(story, &inventory, "pocketid")?;
    story.compare_and_tell("pocketid")?;
    story.tell.say(
        "The one file that is missing, `uploads/half.tmp`, is the one that the job leaves out. The dataset is a new one, so \
         replication begins anew, once it has a snapshot:",
    );
    machine::clock(RESTORED.parse()?)?;
    machine::run(&machine::words("zfs snapshot tank/services/pocketid@restored"))?;
    story.tell.show(replicate::bring_up_to_date(&story.forge, "pocketid")?.replication);

    as_declared(&story.forge, &observe()?)?;
    story
        .tell
        .say("dataset-plan finds nothing any more: what was restored has the properties that are declared.");
    Ok(())
}
