//! What is left: nothing.

use std::sync::atomic::Ordering;

use examples::Failure;

use super::declare::{as_declared, mounted, observe};
use crate::forge::SERVICES;
use crate::{CLAIMS, Story};

pub(crate) fn play(story: &mut Story) -> Result<(), Failure> {
    story.tell.act("Afterwards");
    let checks = as_declared(&story.forge, &observe()?)?;
    let mounted = mounted(&story.forge)?;
    for name in SERVICES {
        story.compare(name)?;
    }
    story.tell.say(format!(
        "dataset-plan finds nothing that is otherwise than declared, and nothing to do: all {checks} checks hold, {mounted} \
         datasets are mounted where they should be, and the files of all {} services are what they were.",
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
