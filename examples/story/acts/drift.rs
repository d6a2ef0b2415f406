//! First day: somebody changes properties by hand.

use examples::Failure;

use super::declare::{apply, differences, observe, planned};
use crate::forge::SERVICES;
use crate::{Story, claim, machine};

const NOW: &str = "2026-11-21T04:25:00Z";
/// What the machine says of what was changed.
const LOOK: [&str; 3] = [
    "zfs get -H -o name,property,value,source compression tank/services/sonarr",
    "zfs get -H -o name,property,value,source recordsize tank/services/home-assistant",
    "stat -c %a:%n /var/lib/pocket-id",
];

pub(crate) fn play(story: &mut Story) -> Result<(), Failure> {
    story.tell.act("First day: properties drift");
    machine::clock(NOW.parse()?)?;
    let before = machine::typed_all(LOOK)?;
    story.tell.say("Somebody was in a hurry:");
    story.tell.show(machine::typed_all([
        "zfs set compression=off tank/services/sonarr",
        "zfs inherit recordsize tank/services/home-assistant",
        "chmod 0777 /var/lib/pocket-id",
    ])?);
    let observed = observe()?;
    let found = differences(&story.forge, &observed)?;
    claim(found.len() == 3, format!("three things are found: {found:?}"))?;
    story.tell.say("dataset-plan finds what is otherwise than declared:");
    story.tell.show(found.join("\n"));
    let plan = planned(&story.forge, &observed)?;
    claim(plan.steps().len() == 3, format!("a step for each: {plan}"))?;
    story.tell.say("And it plans a step for each:");
    story.tell.show(plan.table());
    apply(&story.forge, &plan)?;
    let after = machine::typed_all(LOOK)?;
    claim(after == before, format!("as before:\n{before}\nnow:\n{after}"))?;
    for name in SERVICES {
        story.compare(name)?;
    }
    story.tell.say(format!(
        "Carried out, nothing is left to find or to plan. The files of all {} services are as they were, to the byte and in \
         everything that is known of them. The machine shows what it showed before that day:",
        SERVICES.len()
    ));
    story.tell.show(after);
    Ok(())
}
