//! Third day: the second disk is gone, and a new, empty one is there.

use std::collections::BTreeMap;
use std::fs;

use examples::Failure;
use restore_chain::exec::{Tools, Zfs};
use restore_chain::lineage::{Guid, Lineage};
use restore_chain::preseed::{Outcome, World as _, release};
use zfs_props::name::DatasetName;

use super::declare::{apply, differences, observe, planned};
use super::lost_dataset::verify;
use crate::forge::SERVICES;
use crate::restore::{STATE, choose, inventory, restore};
use crate::{Story, claim, machine, replicate};

const NOW: &str = "2026-11-21T14:00:00Z";
/// When the services have their next snapshots.
const AFTER: &str = "2026-11-21T14:11:00Z";

fn guids(lineage: Option<&Lineage>) -> Vec<Guid> {
    lineage.into_iter().flat_map(Lineage::snapshots).map(|version| version.guid).collect()
}

/// Exported, its labels cleared, the file overwritten and cut off.
fn wipe() -> Result<String, Failure> {
    let file = machine::vdev("tank");
    let mut printed = Vec::new();
    for line in ["zpool export tank".to_owned(), format!("zpool labelclear -f {file}")] {
        printed.push(machine::typed(&line)?);
    }
    fs::remove_file(&file)?;
    printed.push(machine::typed("zpool import -d /tmp tank")?);
    Ok(printed.concat())
}

/// What was set aside of a service is destroyed: it was empty, and the service is complete.
fn release(story: &Story, name: &str) -> Result<usize, Failure> {
    let service = story.forge.service(name)?;
    let mut zfs = Zfs::new(Tools::below(STATE));
    let sight = zfs.observe(service)?;
    let policy = release::Policy { after: 0 };
    // Nothing here is a clone.
    let origins = BTreeMap::new();
    let releases = release::plan(service, &sight, &origins, policy, jiff::Timestamp::now())?;
    for command in releases.iter().flat_map(|release| &release.commands) {
        machine::run(command)?;
    }
    Ok(releases.len())
}

pub(crate) fn play(story: &mut Story) -> Result<(), Failure> {
    story.tell.act("Third day: the pool is lost");
    machine::clock(NOW.parse()?)?;
    let mut before = BTreeMap::new();
    for name in SERVICES {
        let (_, replica) = story.forge.both(name)?;
        before.insert(name, guids(replica.as_ref()));
    }
    let known = differences(&story.forge, &story.settled)?.len();
    let printed = wipe()?;
    story.tell.show(printed);
    let found = differences(&story.forge, &observe()?)?;
    let missing = found.iter().filter(|line| line.ends_with(": is missing")).count();
    story.tell.say(format!(
        "Where there were {known} differences from the declaration, there are {} now: {missing} datasets are missing. A new \
         disk gets a pool of the same name, and what the installer makes on it; the rest is planned.",
        found.len()
    ));
    machine::pool("tank")?;
    machine::tank()?;
    let plan = planned(&story.forge, &observe()?)?;
    story.tell.say(format!("{} steps, {} blocked:", plan.steps().len(), plan.blocked().len()));
    story.tell.show_some(plan.table(), 4, 2);
    apply(&story.forge, &plan)?;

    story.tell.say(
        "Now every service has an empty dataset, and none may start: each is restored first. Of all at once, what could \
         come back:",
    );
    machine::clock(NOW.parse()?)?;
    let inventory = inventory(&story.forge)?;
    let services: Vec<_> = story.forge.restores.services.values().collect();
    let mut choices = BTreeMap::new();
    for service in &services {
        choices.insert(service.name.as_str(), choose(&story.forge, &inventory, service));
    }
    let lines: Vec<String> =
        choices.iter().map(|(name, choice)| format!("{name}: {choice}")).collect();
    story.tell.show(lines.join("\n"));
    let mut lines = Vec::new();
    for service in &services {
        let choice = choices.get(service.name.as_str()).ok_or("chosen")?;
        let report = restore(&story.forge, service, choice, |_| {}, |_| {})?;
        let wanted = if SERVICES.contains(&service.name.as_str()) {
            matches!(report.outcome, Outcome::Restored(_))
        } else {
            matches!(report.outcome, Outcome::StartedEmpty(_))
        };
        claim(wanted, format!("{report}"))?;
        lines.push(report.to_string());
    }
    story.tell.show(lines.join("\n"));
    for name in SERVICES {
        let expected = story.files.get(name).ok_or("a service with files")?;
        verify(story, name, expected)?;
        let (own, replica) = story.forge.both(name)?;
        let (own, there) = (guids(own.as_ref()), guids(replica.as_ref()));
        claim(own == there && Some(&own) == before.get(name), "all snapshots came back")?;
    }
    let snapshots: usize = before.values().map(Vec::len).sum();
    let mut released = 0;
    for name in SERVICES {
        released += release(story, name)?;
    }
    story.tell.say(format!(
        "All {snapshots} snapshots of the replicas are here again, by guid. The {released} empty datasets that had been set \
         aside are released."
    ));
    let plan = planned(&story.forge, &observe()?)?;
    story
        .tell
        .say(format!("What is left to set, by the declaration, in {} steps:", plan.steps().len()));
    story.tell.show(plan.table());
    (story.settled, _) = apply(&story.forge, &plan)?;
    let after = differences(&story.forge, &story.settled)?;
    claim(after.len() == known, format!("as before: {after:?}"))?;

    story.tell.say("And replication goes on, incrementally, with the next snapshot; of sonarr:");
    let mut snapshots = Vec::new();
    for name in SERVICES {
        snapshots.push(format!("{}@after-the-fire", story.forge.service(name)?.dataset));
    }
    machine::clock(AFTER.parse()?)?;
    machine::run(&machine::words("zfs snapshot").args(snapshots))?;
    for name in SERVICES {
        let target: DatasetName = story.forge.replica(name)?;
        let (own, replica) = story.forge.both(name)?;
        let own = own.ok_or("it is there")?;
        let replication =
            replicate::planned(&own, &target, replica.as_ref(), &replicate::policy())??;
        if name == "sonarr" {
            story.tell.show(&replication);
        }
        replicate::carry_out(&replication)?;
    }
    Ok(())
}
