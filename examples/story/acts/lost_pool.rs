//! Third day: the second disk is gone, and a new, empty one is there.

use std::collections::BTreeMap;
use std::fs;

use examples::Failure;
use restore_chain::exec::{Tools, Zfs};
use restore_chain::lineage::{Base, Step};
use restore_chain::preseed::{Outcome, World as _, release};

use super::declare::{apply, as_declared, differences, mounted, observe, planned};
use crate::forge::{SERVICES, WITHOUT};
use crate::restore::{STATE, choose, inventory, restore};
use crate::snapshots::listed;
use crate::{Story, claim, machine, replicate};

const NOW: &str = "2026-11-21T14:05:00Z";
/// When the services have their next snapshots.
const AFTER: &str = "2026-11-21T14:30:00Z";

/// Exported, its labels cleared, the file overwritten and cut off.
fn wipe() -> Result<String, Failure> {
    let file = machine::vdev("tank");
    let mut printed = Vec::new();
    for line in ["zpool export tank".to_owned(), format!("zpool labelclear -f {file}")] {
        printed.push(machine::typed(&line)?);
    }
    fs::remove_file(&file)?;
    printed.push(machine::refused("zpool import -d /tmp tank")?);
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
    let (mut own, mut replicas) = (Vec::new(), Vec::new());
    for name in SERVICES {
        own.push(story.forge.service(name)?.dataset.clone());
        replicas.push(story.forge.replica(name)?);
    }
    let before = listed(&replicas)?;
    story.tell.say("The second disk of forge is gone, with everything on it:");
    story.tell.show(wipe()?);
    let found = differences(&story.forge, &observe()?)?;
    let missing = found.iter().filter(|line| line.ends_with(": is missing")).count();
    claim(
        missing == found.len() && missing > SERVICES.len(),
        format!("they are missing: {found:?}"),
    )?;
    story.tell.say(format!(
        "dataset-plan finds {missing} datasets missing. A new disk gets a pool of the same name, and what the installer makes \
         on it; the rest is planned:"
    ));
    machine::pool("tank")?;
    machine::tank()?;
    let plan = planned(&story.forge, &observe()?)?;
    claim(plan.blocked().is_empty(), format!("nothing is in the way: {plan}"))?;
    story.tell.show_some(plan.table(), 4, 2);
    apply(&story.forge, &plan)?;

    story.tell.say(
        "Now every service has a dataset, and nothing in it. None may start before it is restored. What could come back, of \
         all at once; recyclarr never had a copy, and is declared to start without:",
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
        let wanted = if service.name == WITHOUT {
            matches!(report.outcome, Outcome::StartedEmpty(_))
        } else {
            matches!(report.outcome, Outcome::Restored(_))
        };
        claim(wanted, format!("{report}"))?;
        lines.push(report.to_string());
    }
    story.tell.say("And what restore-chain did:");
    story.tell.show(lines.join("\n"));
    for name in SERVICES {
        story.compare_and_tell(name)?;
    }
    let (back, after) = (listed(&own)?, listed(&replicas)?);
    claim(before == after, "the replicas have what they had")?;
    for (own, replica) in own.iter().zip(&replicas) {
        let (back, there) = (back.get(own.as_str()), after.get(replica.as_str()));
        claim(back == there, format!("of {replica} came back {back:?}, of {there:?}"))?;
    }
    let snapshots: usize = before.values().map(Vec::len).sum();
    let mut released = 0;
    for name in SERVICES {
        released += release(story, name)?;
    }
    let left = machine::run(&machine::words("zfs list -H -o name -r tank/services"))?;
    claim(!left.contains(".restore-"), format!("nothing is left beside the services: {left}"))?;
    story.tell.say(format!(
        "All {snapshots} snapshots that the replicas have are here again, by name and guid. The {released} empty datasets \
         had been set aside, and not destroyed; now they are."
    ));
    let checks = as_declared(&story.forge, &observe()?)?;
    let mounted = mounted(&story.forge)?;
    story.tell.say(format!(
        "All {checks} checks hold again, and {mounted} datasets are mounted where they should be. Replication goes on, \
         incrementally, with the next snapshot; of sonarr:"
    ));
    let snapshots = own.iter().map(|dataset| format!("{dataset}@after-the-fire"));
    machine::clock(AFTER.parse()?)?;
    machine::run(&machine::words("zfs snapshot").args(snapshots))?;
    for name in SERVICES {
        let done = replicate::bring_up_to_date(&story.forge, name)?;
        claim(
            matches!(
                done.replication.steps.as_slice(),
                [Step::Send { base: Base::Incremental(_), .. }]
            ),
            format!("incrementally: {}", done.replication),
        )?;
        if name == "sonarr" {
            story.tell.show(done.replication);
        }
    }
    Ok(())
}
