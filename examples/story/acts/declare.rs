//! Forge is declared, and becomes what it declares.

use dataset_plan::drift::drift;
use dataset_plan::exec::Cli;
use dataset_plan::{Observed, Plan, Policy, plan, verify};
use examples::Failure;

use crate::forge::{Forge, SERVICES};
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

/// What is otherwise than declared, a line each.
pub(crate) fn differences(forge: &Forge, observed: &Observed) -> Result<Vec<String>, Failure> {
    Ok(drift(&forge.datasets, observed)?.iter().map(ToString::to_string).collect())
}

/// Carries a plan out, and looks whether all is as declared then: how many things that are.
pub(crate) fn apply(forge: &Forge, plan: &Plan) -> Result<usize, Failure> {
    let outcome = Cli::new().apply(plan, |_| {});
    if let Some(interrupted) = outcome.interrupted {
        return Err(interrupted.into());
    }
    as_declared(forge, &Cli::new().observe_directories(outcome.now?)?)
}

/// That nothing is left to do, and nothing is otherwise than declared: how many things that are.
pub(crate) fn as_declared(forge: &Forge, now: &Observed) -> Result<usize, Failure> {
    let left = planned(forge, now)?;
    claim(left.is_empty() && left.blocked().is_empty(), format!("nothing is left, but:\n{left}"))?;
    let differences = differences(forge, now)?;
    claim(differences.is_empty(), format!("it is as declared, but: {differences:?}"))?;
    let checks = verify(&forge.datasets, now)?;
    claim(checks.passes(), format!("all checks pass:\n{checks}"))?;
    Ok(checks.checks().len())
}

/// That the kernel has every declared filesystem where it is declared to be, as far as ZFS mounts them: how many.
pub(crate) fn mounted(forge: &Forge) -> Result<usize, Failure> {
    let (there, desired) = (machine::mounts()?, forge.datasets.expand()?);
    let mut count = 0;
    for (dataset, want) in desired.datasets.iter() {
        if let Some(place) = want.mounted_at().filter(|place| place.starts_with('/')) {
            let found = there.at(place.as_bytes()).map(|mount| mount.source.as_slice());
            claim(found == Some(dataset.as_str().as_bytes()), format!("{dataset} is on {place}"))?;
            count += 1;
        }
    }
    Ok(count)
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
    claim(first.blocked().is_empty(), format!("nothing is in the way: {first}"))?;
    story.tell.say(format!(
        "dataset-plan compares what forge declares with what is there, and plans {} steps:",
        first.steps().len(),
    ));
    story.tell.show_some(first.table(), 7, 3);
    let checks = apply(&story.forge, &first)?;
    let mounted = mounted(&story.forge)?;
    story.tell.say(format!(
        "All were carried out by one `apply`, and none failed. Planned again, there is nothing to do, and {checks} of \
         {checks} things hold that the declaration promises (that a dataset exists, its properties, its mountpoint, its \
         owner and mode). The kernel says the same: {mounted} datasets are mounted where they should be. One of them, as \
         the machine shows it:"
    ));
    story.tell.show(machine::typed_all([
        "zfs get -o property,value,source recordsize,compression,mountpoint,mounted tank/services/sonarr",
        "stat -c %A:%U:%G /var/lib/sonarr",
    ])?);

    for name in SERVICES {
        files::begin(name, &story.forge.place(name)?)?;
    }
    story.remember_files()?;
    story.tell.say(format!("{} services write their first files:", SERVICES.len()));
    let lines: Vec<String> =
        story.files.iter().map(|(name, manifest)| format!("{name}: {manifest}")).collect();
    story.tell.show(lines.join("\n"));
    Ok(())
}
