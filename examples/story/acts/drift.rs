//! First day: somebody changes properties by hand.

use std::path::Path;

use examples::Failure;

use super::declare::{apply, differences, observe, planned};
use crate::manifest::Manifest;
use crate::{Story, claim, machine};

const NOW: &str = "2026-11-21T04:25:00Z";

pub(crate) fn play(story: &mut Story) -> Result<(), Failure> {
    story.tell.act("First day: properties drift");
    machine::clock(NOW.parse()?)?;
    let before = differences(&story.forge, &story.settled)?;
    for line in [
        "zfs set compression=off tank/services/sonarr",
        "zfs inherit recordsize tank/services/radarr",
        "chmod 0777 /var/lib/pocket-id",
    ] {
        machine::run(&machine::words(line))?;
    }
    story.tell.say("Somebody was in a hurry:");
    story.tell.show(
        "$ zfs set compression=off tank/services/sonarr\n$ zfs inherit recordsize tank/services/radarr\n\
         $ chmod 0777 /var/lib/pocket-id",
    );
    let observed = observe()?;
    let found: Vec<String> = differences(&story.forge, &observed)?
        .into_iter()
        .filter(|line| !before.contains(line))
        .collect();
    story.tell.say(format!(
        "Compared with the declaration, {} differences before, and {} more now:",
        before.len(),
        found.len()
    ));
    story.tell.show(found.join("\n"));
    let plan = planned(&story.forge, &observed)?;
    story.tell.say(format!("The plan, {} steps:", plan.steps().len()));
    story.tell.show(plan.table());
    let (now, _) = apply(&story.forge, &plan)?;
    let after = differences(&story.forge, &now)?;
    claim(after == before, format!("no difference is left: {after:?}"))?;
    for (name, files) in &story.files {
        let place = story.forge.service(name)?.mountpoint.to_string();
        files.same(&Manifest::of(Path::new(&place))?)?;
    }
    story.tell.say(format!(
        "Carried out, and the differences are {} again. The files of all {} services are as they were, to the byte and in \
         everything that is known of them.",
        after.len(),
        story.files.len()
    ));
    story.settled = now;
    Ok(())
}
