//! What is done next: a pure function of what is on disk, and of what this run has tried.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::act::Act;
use super::names::{self, Aside};
use super::outcome::{Attempt, Block, Outcome};
use super::record::{Intent, Record, RecordKind};
use super::sight::{Content, Pool, Sight, Staging, Target};
use super::world::Fault;
use super::{Budget, Preseed};
use crate::candidates::Candidate;
use crate::service::Unmarked;

/// What this run has done so far. Nothing of it outlives the run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// How often each candidate has failed.
    tries: Vec<u32>,
    /// What failed on the way.
    attempts: Vec<Attempt>,
    /// Acts that failed and are not tried again, with the reason.
    failed: BTreeMap<&'static str, Fault>,
    /// Acts that were done and need not be done again.
    done: BTreeSet<&'static str>,
    /// The candidate that this run has fetched. What a killed run left is compared, too, and costs no attempt.
    fetched: Option<String>,
    /// The staging (by guid) that was compared in vain: it is discarded.
    unfit: Option<u64>,
    /// The dataset (by guid) that was seen mounted and empty.
    empty: Option<u64>,
    /// What the run has written as completion record, or tried to: a tool that failed may have done it.
    completed: Option<Record>,
    /// The candidate whose last fetch ran out of time.
    timed_out: Option<String>,
    /// Whether a pause is due before the next attempt.
    pause: u64,
    /// No more attempts: the time is needed for what comes after.
    late: bool,
}

impl Memory {
    /// Nothing was done yet.
    pub fn new(candidates: usize) -> Self {
        Self { tries: vec![0; candidates], ..Self::default() }
    }

    /// What failed on the way.
    pub fn attempts(&self) -> &[Attempt] {
        &self.attempts
    }

    /// Says that there is no time for another attempt.
    pub(crate) fn late(&mut self) {
        self.late = true;
    }

    /// Keeps what came of an act.
    pub fn note(
        &mut self,
        act: &Act,
        result: &Result<(), Fault>,
        sight: &Sight,
        preseed: &Preseed,
    ) {
        match act {
            Act::Complete(record) => self.completed = Some(record.clone()),
            Act::Fetch { candidate, .. } => {
                self.timed_out = (*result == Err(Fault::TimedOut)).then(|| candidate.id.clone());
            }
            _ => {}
        }
        match (act, result) {
            (Act::Wait(_), _) => self.pause = 0,
            (Act::Fetch { candidate, .. } | Act::Verify { candidate, .. }, Err(fault)) => {
                if matches!(act, Act::Verify { .. }) {
                    self.unfit = sight.staging.as_ref().map(|staging| staging.guid);
                }
                let left_over = matches!(act, Act::Verify { .. })
                    && self.fetched.as_ref() != Some(&candidate.id);
                if left_over {
                    return;
                }
                let (id, fault) = (candidate.id.clone(), fault.clone());
                self.attempts.push(Attempt { candidate: id, act: act.word(), fault });
                let at = preseed.chain().iter().position(|other| other.id == candidate.id);
                if let Some(tries) = at.and_then(|at| self.tries.get_mut(at)) {
                    *tries += 1;
                    let budget = preseed.budget().of(candidate.method.kind());
                    self.pause = if *tries < budget.attempts { budget.pause } else { 0 };
                }
            }
            (Act::Fetch { candidate, .. }, Ok(())) => self.fetched = Some(candidate.id.clone()),
            (Act::Verify { .. } | Act::Discard { .. }, Ok(())) => {}
            (act, Ok(())) => {
                self.done.insert(act.word());
            }
            (act, Err(fault)) => {
                self.failed.insert(act.word(), fault.clone());
            }
        }
    }

    fn blocked(&self, act: &'static str) -> Option<Next> {
        let fault = self.failed.get(act)?.clone();
        Some(Next::End(Outcome::Blocked(Block::Act { act, fault })))
    }
}

/// What is done next.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "one at a time")]
pub enum Next {
    /// This act.
    Do(Act),
    /// Nothing: the run ends.
    End(Outcome),
}

/// Decides. `now` is for records only.
pub fn decide(
    preseed: &Preseed,
    sight: &Sight,
    memory: &mut Memory,
    now: Timestamp,
    seconds: u64,
) -> Next {
    let mut decision = Decision { preseed, sight, memory, now, seconds };
    let next = decision.next();
    // What was to be set aside, and stays in place, is mounted again at the next boot. What somebody else has kept from that
    // stays so.
    let moving = sight.intent.as_ref().and_then(|intent| intent.aside);
    match (&next, &sight.target) {
        (Next::End(Outcome::Blocked(_) | Outcome::NeedsAdoption), Some(target))
            if !target.armed
                && target.verified.is_none()
                && moving == Some(target.guid)
                && !memory.failed.contains_key("arm") =>
        {
            Next::Do(Act::Arm)
        }
        _ => next,
    }
}

struct Decision<'d> {
    preseed: &'d Preseed,
    sight: &'d Sight,
    memory: &'d mut Memory,
    now: Timestamp,
    seconds: u64,
}

impl Decision<'_> {
    fn end(block: Block) -> Next {
        Next::End(Outcome::Blocked(block))
    }

    /// An act, or why it is not possible any more.
    fn act(&self, act: Act) -> Next {
        self.memory.blocked(act.word()).unwrap_or(Next::Do(act))
    }

    fn next(&mut self) -> Next {
        let sight = self.sight;
        if let Some((target, record)) =
            sight.target.as_ref().and_then(|t| Some((t, t.complete.as_ref()?)))
        {
            return self.complete(target, record);
        }
        if sight.pool == Pool::Unavailable {
            return Self::end(Block::Pool);
        }
        if let Some(parent) = &sight.missing_parent {
            return Self::end(Block::NoParent(parent.clone()));
        }
        match &sight.target {
            Some(target) => match &target.verified {
                Some(verified) => self.settle(
                    target,
                    &RecordKind::Restored {
                        candidate: verified.candidate.clone(),
                        point: verified.point,
                    },
                ),
                None => self.unmarked(target),
            },
            None => self.absent(),
        }
    }

    /// Complete: mounted, and what is left of a restore removed; nothing else.
    fn complete(&self, target: &Target, record: &Record) -> Next {
        if !target.mounted {
            if let Some(other) = &self.sight.occupant {
                return Self::end(Block::SharedMountpoint(other.clone()));
            }
            return self.act(Act::Mount);
        }
        if self.sight.intent.is_some() && !self.memory.failed.contains_key("forget") {
            return Next::Do(Act::Forget);
        }
        let left = self.sight.staging.as_ref().is_some_and(|staging| staging.candidate.is_some());
        if left && !self.memory.failed.contains_key("discard") {
            return Next::Do(Act::Discard { staging: self.preseed.staging().clone() });
        }
        let record = record.clone();
        if self.memory.completed.as_ref() != Some(&record) {
            return Next::End(Outcome::Skipped(record));
        }
        Next::End(match record.kind {
            RecordKind::Restored { .. } => Outcome::Restored(record),
            RecordKind::Adopted => Outcome::Adopted(record),
            RecordKind::Empty => Outcome::StartedEmpty(record),
        })
    }

    /// In place: properties, mount, owner; the record last.
    fn settle(&self, target: &Target, kind: &RecordKind) -> Next {
        if let Some(other) = &self.sight.occupant {
            return Self::end(Block::SharedMountpoint(other.clone()));
        }
        if !self.memory.done.contains("set-properties") {
            return self.act(Act::SetProperties);
        }
        if !target.armed {
            return self.act(Act::Arm);
        }
        if !target.mounted {
            return self.act(Act::Mount);
        }
        if matches!(kind, RecordKind::Restored { .. }) && target.content == Content::Empty {
            return Self::end(Block::NothingInIt);
        }
        if self.preseed.service().owner.is_some() && !self.memory.done.contains("set-owner") {
            return self.act(Act::SetOwner);
        }
        let record =
            Record { guid: target.guid, kind: kind.clone(), at: self.now, seconds: self.seconds };
        self.act(Act::Complete(record))
    }

    /// There, and nobody says how it came to be.
    fn unmarked(&mut self, target: &Target) -> Next {
        if let Some(other) = &self.sight.occupant {
            return Self::end(Block::SharedMountpoint(other.clone()));
        }
        if self.memory.empty == Some(target.guid) && !target.mounted {
            return self.replace(target);
        }
        if !target.mounted {
            let failed = self.memory.failed.contains_key("mount");
            return if failed { Self::end(Block::CannotTell) } else { Next::Do(Act::Mount) };
        }
        match target.content {
            Content::Unknown => Self::end(Block::CannotTell),
            Content::Data => self.existing(target),
            Content::Empty => {
                self.memory.empty = Some(target.guid);
                self.replace(target)
            }
        }
    }

    /// Data that nobody restored: never touched, adopted if that is allowed and the check passes.
    fn existing(&self, target: &Target) -> Next {
        let adopt = self.preseed.service().unmarked == Unmarked::Adopt;
        if !adopt || self.memory.failed.contains_key("check-existing") {
            return Next::End(Outcome::NeedsAdoption);
        }
        if !self.memory.done.contains("check-existing") {
            return Next::Do(Act::CheckExisting);
        }
        self.settle(target, &RecordKind::Adopted)
    }

    /// Empty: set aside as soon as there is something to take its place.
    fn replace(&mut self, target: &Target) -> Next {
        let ready = self
            .sight
            .staging
            .as_ref()
            .and_then(|staging| Some((staging, staging.verified.as_ref()?)));
        let Some((_, _)) = ready.filter(|(staging, _)| staging.candidate.is_some()) else {
            return self.fill(Some(target));
        };
        // What failed is not undone and tried again.
        let failed = ["note", "disarm", "unmount", "set-aside", "swap-in"];
        if let Some(next) = failed.iter().find_map(|act| self.memory.blocked(act)) {
            return next;
        }
        // Written before the dataset moves: without this note nobody could put it back.
        let noted =
            self.sight.intent.as_ref().is_some_and(|intent| intent.aside == Some(target.guid));
        if !noted {
            return self.act(Act::Note(Intent { at: self.now, aside: Some(target.guid) }));
        }
        if target.armed {
            return self.act(Act::Disarm);
        }
        if target.mounted {
            return self.act(Act::Unmount);
        }
        let of = self.preseed.service().dataset.clone();
        match names::aside(&of, target.guid) {
            Ok(name) => self.act(Act::SetAside(Aside { name, of, guid: target.guid })),
            // The name was tried when the preseed was made.
            Err(error) => {
                Self::end(Block::Act { act: "set-aside", fault: Fault::Failed(error.to_string()) })
            }
        }
    }

    /// No dataset.
    fn absent(&mut self) -> Next {
        let staging = self.sight.staging.as_ref();
        let ours = staging
            .is_some_and(|staging| staging.candidate.is_some() && staging.verified.is_some());
        let moved = self.sight.intent.as_ref().and_then(|intent| intent.aside);
        let aside = self.sight.asides.iter().find(|aside| Some(aside.guid) == moved);
        if ours && !self.memory.failed.contains_key("swap-in") {
            return Next::Do(Act::SwapIn { staging: self.preseed.staging().clone() });
        }
        match aside {
            // Nothing takes its place: back to where it was.
            Some(aside) => self.act(Act::PutBack(aside.clone())),
            None => self.memory.blocked("swap-in").unwrap_or_else(|| self.fill(None)),
        }
    }

    /// Staging is to be filled, checked or discarded.
    fn fill(&mut self, target: Option<&Target>) -> Next {
        if let Some(other) = &self.sight.occupant {
            return Self::end(Block::SharedMountpoint(other.clone()));
        }
        let name = self.preseed.staging().clone();
        if let Some(staging) = &self.sight.staging {
            let Some(from) = &staging.candidate else {
                return Self::end(Block::ForeignStaging(name));
            };
            let candidate = self.preseed.chain().iter().find(|candidate| candidate.id == *from);
            let usable = candidate.filter(|candidate| {
                self.has_tries(candidate) && self.memory.unfit != Some(staging.guid)
            });
            return match usable {
                Some(candidate) if !self.memory.late => self.proceed(candidate, staging),
                // Nothing takes its place: what has arrived is not thrown away.
                _ if staging.resumable
                    && self.memory.timed_out.as_ref() == Some(from)
                    && (self.memory.late || self.following(target).is_none())
                    && !self.may_start_empty() =>
                {
                    Self::end(Block::Unfinished(from.clone()))
                }
                _ => self.act(Act::Discard { staging: name }),
            };
        }
        match self.following(target) {
            Some(_) if self.memory.late => Self::end(Block::OutOfTime),
            Some(_) if self.memory.pause > 0 => Next::Do(Act::Wait(self.memory.pause)),
            Some(candidate) if self.sight.intent.is_some() => self.fetch(candidate),
            Some(_) => self.act(Act::Note(Intent { at: self.now, aside: None })),
            None => self.nothing(target),
        }
    }

    /// Goes on with staging that was filled, or half filled, by this run or another one.
    fn proceed(&self, candidate: &Candidate, staging: &Staging) -> Next {
        if staging.resumable {
            if self.memory.pause > 0 {
                return Next::Do(Act::Wait(self.memory.pause));
            }
            return self.fetch(candidate);
        }
        Next::Do(Act::Verify {
            candidate: Box::new(candidate.clone()),
            staging: self.preseed.staging().clone(),
        })
    }

    fn fetch(&self, candidate: &Candidate) -> Next {
        Next::Do(Act::Fetch {
            candidate: Box::new(candidate.clone()),
            staging: self.preseed.staging().clone(),
        })
    }

    /// The first way back that may still be tried.
    fn following(&self, target: Option<&Target>) -> Option<&Candidate> {
        let mut chain = self.preseed.chain().iter();
        chain.find(|candidate| self.has_tries(candidate) && possible(candidate, target))
    }

    fn may_start_empty(&self) -> bool {
        self.preseed.service().bootstrap.allows(self.preseed.nothing_exists())
    }

    fn has_tries(&self, candidate: &Candidate) -> bool {
        let at = self.preseed.chain().iter().position(|other| other.id == candidate.id);
        let tries = at.and_then(|at| self.memory.tries.get(at)).copied().unwrap_or(u32::MAX);
        tries < self.preseed.budget().of(candidate.method.kind()).attempts.max(1)
    }

    /// No way back is left.
    fn nothing(&self, target: Option<&Target>) -> Next {
        match target {
            _ if !self.may_start_empty() => Self::end(Block::NothingRestored),
            None => self.act(Act::CreateEmpty),
            Some(target) => self.settle(target, &RecordKind::Empty),
        }
    }
}

/// A local snapshot is of the dataset: without it there is none.
fn possible(candidate: &Candidate, target: Option<&Target>) -> bool {
    target.is_some() || candidate.method.kind() != crate::candidates::Kind::Local
}

/// The time that an act may take.
pub(crate) fn limit(act: &Act, budget: &Budget) -> u64 {
    match act {
        Act::Fetch { candidate, .. } => budget.of(candidate.method.kind()).timeout,
        Act::Verify { .. } | Act::CheckExisting | Act::SetOwner => budget.verify,
        Act::Wait(seconds) => *seconds,
        _ => budget.step,
    }
}
