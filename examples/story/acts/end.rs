//! What is left: nothing.

use std::sync::atomic::Ordering;

use examples::Failure;

use super::declare::{apply, mounted, observe, planned};
use crate::forge::SERVICES;
use crate::{CLAIMS, Story};

pub(crate) fn play(story: &mut Story) -> Result<(), Failure> {
    story.tell.act("Afterwards");
    let plan = planned(&story.forge, &observe()?)?;
    story.tell.say("What is left to set, of what was restored on the fourth day:");
    story.tell.show(plan.table());
    let checks = apply(&story.forge, &plan)?;
    let mounted = mounted(&story.forge)?;
    for name in SERVICES {
        story.compare(name)?;
    }
    story.tell.say(format!(
        "Planned once more, there is nothing to do; {checks} of {checks} checks hold, {mounted} datasets are mounted where \
         they should be, and the files of all {} services are what they were.",
        SERVICES.len()
    ));
    story.tell.say(format!(
        "The story made {} claims about the machine, and looked whether each holds: the first that does not would have \
         been its end.",
        CLAIMS.load(Ordering::Relaxed)
    ));
    story.tell.timings();
    Ok(())
}
