//! What is left: nothing.

use std::path::Path;

use dataset_plan::verify;
use examples::Failure;

use super::declare::{apply, observe, planned};
use crate::manifest::Manifest;
use crate::{Story, claim};

pub(crate) fn play(story: &mut Story) -> Result<(), Failure> {
    story.tell.act("Afterwards");
    let plan = planned(&story.forge, &observe()?)?;
    story.tell.say("What is left to set, of what was restored on the fourth day:");
    story.tell.show(plan.table());
    let (observed, plan) = apply(&story.forge, &plan)?;
    let checks = verify(&story.forge.datasets, &observed)?;
    claim(plan.is_empty() && checks.passes(), format!("forge is as declared: {plan}\n{checks}"))?;
    for (name, files) in &story.files {
        let place = story.forge.service(name)?.mountpoint.to_string();
        files
            .same(&Manifest::of(Path::new(&place))?)
            .map_err(|error| format!("{name}: {error}"))?;
    }
    story.tell.say(format!(
        "Planned once more: {} steps, {} blocked; {} of {} checks hold. The files of all {} services are what they were.",
        plan.steps().len(),
        plan.blocked().len(),
        checks.checks().len(),
        checks.checks().len(),
        story.files.len()
    ));
    story.tell.timings();
    Ok(())
}
