//! Running a preseed: look, decide, act, until nothing is left to do.

use std::collections::BTreeSet;
use std::fmt;

use zfs_props::name::{DatasetName, NameError};

use super::budget::{Budget, BudgetError, OTHER_STEPS};
use super::decide::{Memory, Next, decide, limit};
use super::event::Event;
use super::names;
use super::outcome::{Block, Outcome, Report};
use super::world::{Fault, World};
use crate::candidates::{Candidate, Choice, Need};
use crate::quantity::Seconds;
use crate::service::Service;

/// The restore of one service, ready to run, and to be run again.
#[derive(Clone, Debug)]
pub struct Preseed {
    service: Service,
    chain: Vec<Candidate>,
    nothing_exists: bool,
    budget: Budget,
    staging: DatasetName,
}

/// Why a preseed cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PreseedError {
    /// The time does not suffice for all ways back.
    #[error(transparent)]
    Budget(#[from] BudgetError),
    /// The names of the datasets beside the service's own are not possible.
    #[error("the dataset's name leaves no room for staging and what is set aside: {0}")]
    Name(#[from] NameError),
    /// Two candidates of one name.
    #[error("two candidates are called {0}: records could not tell them apart")]
    Twice(String),
}

/// What a chain cannot survive, though it looks as if it could.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Warning {
    /// Every way back needs it: without it, all fail at once.
    SinglePoint(Need),
    /// A way back is estimated to take longer than one attempt may.
    TooSlow {
        /// The candidate.
        candidate: String,
        /// Seconds that it is estimated to take.
        seconds: u64,
        /// Seconds that an attempt may take.
        timeout: u64,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SinglePoint(need) => {
                write!(f, "every way back needs {need}: without it, all of them fail at once")
            }
            Self::TooSlow { candidate, seconds, timeout } => {
                let (seconds, timeout) = (Seconds(*seconds), Seconds(*timeout));
                write!(f, "{candidate} takes about {seconds}, and an attempt may take {timeout}")
            }
        }
    }
}

/// The run was ended from outside. What is on disk is a named state; another run goes on from there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the preseed of {service} was ended{}; run it again to go on", .during.map_or(String::new(), |act| format!(" during {act}")))]
pub struct Interrupted {
    /// The service.
    pub service: String,
    /// During which act.
    pub during: Option<&'static str>,
}

impl Preseed {
    /// A preseed with these ways back, in this order, each of which can be reached within the budget even if all those
    /// before it hang. Whether data is adopted, and whether the service may start empty, is decided by what is on disk then, and
    /// by the service's declaration: as [`Candidates::choose`](crate::Candidates::choose) does.
    pub fn new(service: &Service, choice: &Choice, budget: &Budget) -> Result<Self, PreseedError> {
        let chain: Vec<Candidate> = choice.copies().cloned().collect();
        budget.check(&chain)?;
        let staging = names::staging(&service.dataset)?;
        names::aside(&service.dataset, u64::MAX)?;
        let mut seen = BTreeSet::new();
        if let Some(twice) = chain.iter().find(|candidate| !seen.insert(&candidate.id)) {
            return Err(PreseedError::Twice(twice.id.clone()));
        }
        Ok(Self {
            service: service.clone(),
            nothing_exists: choice.nothing_exists(),
            chain,
            budget: budget.clone(),
            staging,
        })
    }

    /// The service.
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// The copies, in the order in which they are tried.
    pub fn chain(&self) -> &[Candidate] {
        &self.chain
    }

    /// Whether there is no copy anywhere, as far as everybody was asked and answered.
    pub fn nothing_exists(&self) -> bool {
        self.nothing_exists
    }

    /// How long everything may take.
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    /// Where it restores to.
    pub fn staging(&self) -> &DatasetName {
        &self.staging
    }

    /// What all ways back depend on, where there are several: none of it may be required by the unit itself, or the
    /// others could not be reached when it is missing. And which of them are slower than their budget.
    pub fn warnings(&self) -> Vec<Warning> {
        let mut warnings = Vec::new();
        if let Some((first, others)) = self.chain.split_first().filter(|(_, rest)| !rest.is_empty())
        {
            let shared = |need: &&Need| others.iter().all(|other| other.needs.contains(need));
            let shared = first.needs.iter().filter(shared);
            warnings.extend(shared.cloned().map(Warning::SinglePoint));
        }
        warnings.extend(self.chain.iter().filter_map(|candidate| {
            let timeout = self.budget.of(candidate.method.kind()).timeout;
            let seconds = candidate.seconds.filter(|seconds| *seconds > timeout)?;
            Some(Warning::TooSlow { candidate: candidate.id.clone(), seconds, timeout })
        }));
        warnings
    }

    /// Runs it, or goes on with a run that was killed.
    ///
    /// Ends in an [`Outcome`] within the budget; an error only where [`World`] says that the run is to end now.
    pub fn run<W: World + ?Sized>(&self, world: &mut W) -> Result<Report, Interrupted> {
        self.run_with(world, |_| {})
    }

    /// [`run`](Self::run), telling of each act before it begins.
    pub fn run_with<W: World + ?Sized>(
        &self,
        world: &mut W,
        mut progress: impl FnMut(&super::Act),
    ) -> Result<Report, Interrupted> {
        let started = world.clock();
        let ended = |during| Interrupted { service: self.service.name.clone(), during };
        let mut memory = Memory::new(self.chain.len());
        let locked = world.lock(&self.service);
        let outcome = match &locked {
            Ok(true) => {
                self.act_until_done(world, &mut memory, started, &mut progress).map_err(ended)?
            }
            Ok(false) => Outcome::Busy,
            Err(Fault::Ended) => return Err(ended(None)),
            Err(fault) => Outcome::Blocked(Block::Act { act: "lock", fault: fault.clone() }),
        };
        let seconds = world.clock().saturating_sub(started);
        let mut report = self.report(outcome, &memory, seconds);
        // What was told, or not, changes nothing.
        match world.tell(&Event::of(&report)) {
            Ok(()) => {}
            Err(Fault::Ended) => return Err(ended(Some("tell"))),
            Err(fault) => report.untold = Some(fault),
        }
        if locked == Ok(true) {
            world.unlock(&self.service);
        }
        Ok(report)
    }

    fn report(&self, outcome: Outcome, memory: &Memory, seconds: u64) -> Report {
        let (service, attempts) = (self.service.name.clone(), memory.attempts().to_vec());
        Report { service, outcome, attempts, seconds, untold: None }
    }

    fn act_until_done<W: World + ?Sized>(
        &self,
        world: &mut W,
        memory: &mut Memory,
        started: u64,
        progress: &mut impl FnMut(&super::Act),
    ) -> Result<Outcome, Option<&'static str>> {
        // Every act is either done once, or uses up an attempt: an attempt is a pause, a fetch, a comparison, a discard.
        let attempts: u64 = self
            .chain
            .iter()
            .map(|c| u64::from(self.budget.of(c.method.kind()).attempts.max(1)))
            .sum();
        for _ in 0..4 * attempts + 2 * OTHER_STEPS {
            let sight = match world.observe(&self.service) {
                Ok(sight) => sight,
                Err(Fault::Ended) => return Err(None),
                Err(fault) => return Ok(Outcome::Blocked(Block::Unobservable(fault))),
            };
            let seconds = world.clock().saturating_sub(started);
            if seconds.saturating_add(self.budget.reserve()) >= self.budget.unit {
                memory.late();
            }
            match decide(self, &sight, memory, world.now(), seconds) {
                Next::End(outcome) => return Ok(outcome),
                Next::Do(act) => {
                    progress(&act);
                    let result = world.act(&self.service, &act, limit(&act, &self.budget));
                    if result == Err(Fault::Ended) {
                        return Err(Some(act.word()));
                    }
                    memory.note(&act, &result, &sight, self);
                }
            }
        }
        Ok(Outcome::Blocked(Block::NoProgress))
    }
}
