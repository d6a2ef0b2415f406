//! One dataset's settings as a retention, beside those of other tools.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::clock::Clock;
use super::prune::prune;
use super::run::Death;
use super::take::due;
use crate::Snapshot;
use crate::retention::{Decision, Policy, Run};
use crate::sanoid::Settings;

/// What sanoid does to one dataset. There is no pool here: `prune_defer` is not looked at.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// What is in force for it.
    pub settings: Settings,
    /// The zone of the machine.
    pub zone: TimeZone,
}

impl Policy for Dataset {
    type Refusal = Death;

    fn decide(&self, snapshots: &[Snapshot], now: Timestamp) -> Result<Vec<Decision>, Death> {
        let decision = |reason: super::Reason| Decision::new(reason.keeps(), reason.to_string());
        Ok(prune(&self.settings, snapshots, now).into_iter().map(decision).collect())
    }

    fn keeps(&self, snapshots: &[Snapshot], now: Timestamp) -> Result<Vec<bool>, Death> {
        Ok(prune(&self.settings, snapshots, now).iter().map(|reason| reason.keeps()).collect())
    }

    /// Takes what is due, and prunes what there was before.
    fn run(&self, snapshots: &[Snapshot], now: Timestamp) -> Result<Run, Death> {
        let clock = Clock::new(now, &self.zone);
        let due = due(&self.settings, snapshots, &clock).map_err(|(kind, problem)| {
            Death::Mark { section: self.settings.section.clone(), kind, problem }
        })?;
        let is_taken = |name: &str| snapshots.iter().any(|snapshot| snapshot.id == name);
        let retries = due.first().is_some_and(|due| due.kind == crate::sanoid::Type::Hourly)
            && clock.ended_dst > 0.0;
        let names = due.iter().filter_map(|due| {
            let name = |infix: &str| format!("autosnap_{}{infix}_{}", clock.stamp(), due.kind);
            let tries = [name(""), name("dst")];
            tries.into_iter().take(1 + usize::from(retries)).find(|name| !is_taken(name))
        });
        let taken: Vec<Snapshot> = names.map(|name| Snapshot::new(name, now)).collect();
        let kept_taken = vec![true; taken.len()];
        Ok(Run { taken, kept: self.keeps(snapshots, now)?, kept_taken })
    }
}
