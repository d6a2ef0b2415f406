//! Forge is declared, and becomes what it declares.

use std::path::Path;

use dataset_plan::drift::drift;
use dataset_plan::exec::Cli;
use dataset_plan::{Observed, Plan, Policy, plan, verify};
use examples::Failure;

use crate::forge::{Forge, SERVICES};
use crate::manifest::Manifest;
use crate::{Story, claim, files, machine};

const START: &str = "2026-10-22T03:00:00Z";

/// What is there now.
pub(crate) fn observe() -> Result<Observed, Failure> {
    let cli = Cli::new();
    Ok(cli.observe_directories(cli.observe()?)?)
}

/// What would have to be done now, under the default policy: nothing is destroyed.
pub(crate) fn planned(forge: &Forge, observed: &Observed) -> Result<Plan, Failure> {
    Ok(plan(&forge.datasets, observed, &Policy::default())?)
}

/// Carries a plan out; afterwards nothing is left to do. What is there then, and the plan that says so.
pub(crate) fn apply(forge: &Forge, plan: &Plan) -> Result<(Observed, Plan), Failure> {
    let outcome = Cli::new().apply(plan, |_| {});
    if let Some(interrupted) = outcome.interrupted {
        return Err(interrupted.into());
    }
    let now = Cli::new().observe_directories(outcome.now?)?;
    let left = planned(forge, &now)?;
    claim(left.is_empty(), format!("nothing is left to do, but:\n{left}"))?;
    Ok((now, left))
}

/// How many differences there are, and the lines about them.
pub(crate) fn differences(forge: &Forge, observed: &Observed) -> Result<Vec<String>, Failure> {
    Ok(drift(&forge.datasets, observed)?.iter().map(ToString::to_string).collect())
}

pub(crate) fn play(story: &mut Story) -> Result<(), Failure> {
    story.tell.act("Forge becomes what it declares");
    machine::clock(START.parse()?)?;
    machine::install(&story.forge)?;
    story.tell.say(
        "Two machines are one here: `rpool` and `tank` are the two disks of forge, as its installer leaves them, and \
         `backup` is the pool of nas-1.",
    );
    story.tell.show(machine::typed("zpool list -o name,size,health")?);

    let observed = observe()?;
    let first = planned(&story.forge, &observed)?;
    story.tell.say(format!(
        "What forge declares and what is there differ in {} steps; {} are blocked:",
        first.steps().len(),
        first.blocked().len()
    ));
    story.tell.show_some(first.table(), 7, 3);
    let (now, left) = apply(&story.forge, &first)?;
    let checks = verify(&story.forge.datasets, &now)?;
    claim(checks.passes(), format!("all checks pass:\n{checks}"))?;
    story.tell.say(format!(
        "All were carried out by one `apply`, and none failed. Planned again: {} steps. Of {} things that the declaration \
         promises (that a dataset exists, its properties, its mountpoint, its owner and mode), {} hold.",
        left.steps().len(),
        checks.checks().len(),
        checks.checks().len()
    ));
    story.settled = now;

    for name in SERVICES {
        let place = story.forge.service(name)?.mountpoint.to_string();
        files::begin(name, Path::new(&place))?;
        story.files.insert(name.to_owned(), Manifest::of(Path::new(&place))?);
    }
    story.tell.say(format!("{} services write their first files:", SERVICES.len()));
    let lines: Vec<String> =
        story.files.iter().map(|(name, manifest)| format!("{name}: {manifest}")).collect();
    story.tell.show(lines.join("\n"));
    Ok(())
}
