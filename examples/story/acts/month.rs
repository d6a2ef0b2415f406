//! A month: snapshots are taken and pruned by policy on both machines, and replicated from one to the other.

use examples::Failure;
use jiff::{SignedDuration, Timestamp};

use zfs_props::name::DatasetName;

use crate::forge::SERVICES;
use crate::replicate::{self, Done};
use crate::snapshots::{Sanoid, listed};
use crate::{Story, claim, files, machine};

const START: &str = "2026-10-22T04:00:00Z";
/// Steps are so many hours apart on these days, one hour on the last ones; and in the night when the clock goes back.
const DAYS: i64 = 28;
const APART: usize = 24;
const LAST_DAYS: i64 = 2;
const REPEATED_HOUR: [&str; 2] = ["2026-11-01T05:00:00Z", "2026-11-01T06:00:00Z"];
/// Days between two replications; on the last ones, one.
const REPLICATED: i64 = 7;

/// When sanoid is started.
fn times() -> Result<Vec<Timestamp>, Failure> {
    let start: Timestamp = START.parse()?;
    let hours = (0..DAYS * 24).step_by(APART).chain(DAYS * 24..=(DAYS + LAST_DAYS) * 24);
    let mut times: Vec<Timestamp> =
        hours.map(|hour| start + SignedDuration::from_hours(hour)).collect();
    for time in REPEATED_HOUR {
        times.push(time.parse()?);
    }
    times.sort();
    times.dedup();
    Ok(times)
}

/// Brings every replica up to date, and looks whether it is.
fn replicate_all(story: &Story) -> Result<Vec<Done>, Failure> {
    let (mut all, mut ends) = (Vec::new(), Vec::new());
    for name in SERVICES {
        all.push(replicate::bring_up_to_date(&story.forge, name)?);
        ends.push((story.forge.service(name)?.dataset.clone(), story.forge.replica(name)?));
    }
    let asked: Vec<_> = ends.iter().flat_map(|(own, replica)| [own, replica]).cloned().collect();
    let there = listed(&asked)?;
    let newest = |end: &DatasetName| there.get(end.as_str()).and_then(|snapshots| snapshots.last());
    for (own, replica) in &ends {
        let (own, arrived) = (newest(own), newest(replica));
        claim(
            own.is_some() && own == arrived,
            format!("{replica}: {arrived:?} arrived of {own:?}"),
        )?;
    }
    Ok(all)
}

pub(crate) fn play(story: &mut Story) -> Result<(), Failure> {
    story.tell.act("A month of snapshots and replication");
    let (mut own, mut replicas) = (Vec::new(), Vec::new());
    for name in SERVICES {
        own.push(story.forge.service(name)?.dataset.clone());
        replicas.push(story.forge.replica(name)?);
    }
    let mut forge = Sanoid::new(&story.forge.copies, own)?;
    let mut nas = Sanoid::new(&story.forge.nas, replicas)?;
    let times = times()?;
    let start: Timestamp = START.parse()?;
    story.tell.say(format!(
        "The clock of the machine goes from {start} to {}, in {} steps: every {APART} hours for {DAYS} days, every hour \
         for the last {LAST_DAYS}, and twice more in the night in which the clock of {} goes back. At each step \
         backup-spec decides, by sanoid's rules and from what `zfs list` shows, which snapshots are taken; and once a \
         day, which are destroyed. Every day the services write. After every {REPLICATED} days, and after each of the \
         last, restore-chain plans from what both machines have how their datasets are replicated to nas-1; what \
         nas-1 has is pruned then, by a policy of its own. The first replication of sonarr:",
        times.last().ok_or("the month has an end")?,
        times.len(),
        story.forge.copies.zone
    ));
    let (mut twice, mut rounds, mut sends, mut bytes) = (Vec::new(), 0, 0, 0);
    for now in &times {
        machine::clock(*now)?;
        let hours = now.duration_since(start).as_hours();
        let day = hours % 24 == 0;
        if day {
            for name in SERVICES {
                files::day(name, &story.forge.place(name)?, u64::try_from(hours / 24)?)?;
            }
        }
        let run = forge.run(*now, day)?;
        let repeated =
            run.taken.iter().filter(|one| one.name.starts_with("autosnap_2026-11-01_01:"));
        twice.extend(repeated.map(|one| format!("{}@{}", one.dataset, one.name)));
        // While hourly ones come and go within two days, a week would be too long: the base would be gone.
        let often = if hours >= DAYS * 24 { 1 } else { REPLICATED };
        if hours % (24 * often) == 0 && hours > 0 {
            let done = replicate_all(story)?;
            if rounds == 0 {
                let sonarr = done.iter().find(|done| done.of == "sonarr");
                story.tell.show(&sonarr.ok_or("sonarr is replicated")?.replication);
            }
            rounds += 1;
            sends += done.iter().map(|done| done.replication.steps.len()).sum::<usize>();
            bytes += done.iter().map(|done| done.bytes).sum::<u64>();
            nas.receive(&forge);
            let run = nas.run(*now, true)?;
            claim(run.taken.is_empty(), format!("a replica is not snapshotted: {run:?}"))?;
        }
    }
    forge.is_as_expected()?;
    nas.is_as_expected()?;
    claim(nas.taken == 0 && nas.destroyed > 0 && forge.destroyed > 0, "both machines prune")?;
    story.tell.say(format!(
        "{} snapshots were taken of {} datasets, and {} of them destroyed again. At every step, what ZFS listed was to the \
         last name what the policy leaves if it is carried out in memory. tank/services/sonarr now:",
        forge.taken,
        SERVICES.len(),
        forge.destroyed,
    ));
    story.tell.show(forge.summary(&story.forge.service("sonarr")?.dataset));
    claim(!forge.has(|name| name.contains("dst")), "long pruned")?;
    claim(twice.len() == 2 * SERVICES.len(), format!("two of each: {twice:?}"))?;
    twice.retain(|name| name.contains("/sonarr@"));
    story.tell.say(
        "In the hour that came twice, two were taken of each (and destroyed when their time had come):",
    );
    story.tell.show(twice.join("\n"));
    story.tell.say(format!(
        "{rounds} rounds of replication took {sends} sends of {bytes} bytes. After each, the newest snapshot of every \
         replica was that of its source, by name and guid. nas-1 destroyed {} in the replicas, and of sonarr has:",
        nas.destroyed
    ));
    story.tell.show(nas.summary(&story.forge.replica("sonarr")?));
    story.remember_files()
}
