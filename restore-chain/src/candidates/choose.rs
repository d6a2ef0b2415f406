//! The choice between ways back, and what it loses.

use std::fmt;

use jiff::Timestamp;

use super::candidate::{Candidate, Kind, Tested, age};
use super::discover::Candidates;
use super::rejection::{Rejected, Rejection};
use crate::quantity::Seconds;

/// Which way back comes first.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Order {
    /// By kind, in this order; kinds that are missing are not used. Within a kind the freshest.
    Fixed(Vec<Kind>),
    /// The freshest.
    Freshest,
    /// The fastest of those that lose no more than so many seconds; then the others, freshest first.
    FastestWithin(u64),
}

/// How a way back is chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Policy {
    /// Which comes first.
    pub order: Order,
    /// Data older than so many seconds does not come back at all.
    pub max_age: Option<u64>,
    /// Ways back that a drill has proved within so many seconds come before all others, and those whose last drill failed
    /// after them; the order is for those that are alike. None: drills do not count.
    pub tested_within: Option<u64>,
}

impl Default for Policy {
    /// The freshest, however old it is.
    fn default() -> Self {
        Self { order: Order::Freshest, max_age: None, tested_within: None }
    }
}

/// The ways back in the order in which they are tried.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Choice {
    /// The best by the policy, then what is left if it fails. Empty: there is none.
    pub chain: Vec<Candidate>,
    /// What is no way back, and why.
    pub rejected: Vec<Rejected>,
    /// When it was made.
    pub now: Timestamp,
}

/// There is no way back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no way back for {service}{}", Reasons(.rejected))]
pub struct NoCandidate {
    /// The service.
    pub service: String,
    /// What is no way back, and why.
    pub rejected: Vec<Rejected>,
    /// When it was looked for.
    pub now: Timestamp,
}

impl From<NoCandidate> for Choice {
    /// An empty chain: for a service that may start empty.
    fn from(none: NoCandidate) -> Self {
        Self { chain: Vec::new(), rejected: none.rejected, now: none.now }
    }
}

struct Reasons<'r>(&'r [Rejected]);

impl fmt::Display for Reasons<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|rejected| write!(f, "; {} {}", rejected.id, rejected.why))
    }
}

impl Candidates {
    /// Puts the ways back in order. Deterministic: what is there first, then copies by drills, policy, freshness, cost and
    /// name; an empty start last, where the service's declaration allows it.
    pub fn choose(&self, policy: &Policy) -> Result<Choice, NoCandidate> {
        let mut choice =
            Choice { chain: Vec::new(), rejected: self.rejected.clone(), now: self.now };
        let (empty, others): (Vec<&Candidate>, Vec<&Candidate>) =
            self.candidates.iter().partition(|one| one.method.kind() == Kind::Empty);
        for candidate in others {
            choice.add(candidate, self.refuses(candidate, policy));
        }
        choice.chain.sort_by_cached_key(|candidate| {
            let fresh = std::cmp::Reverse(candidate.point);
            let cost = candidate.seconds.unwrap_or(u64::MAX);
            let copy = candidate.method.kind().is_copy();
            let tested = self.tested(candidate, policy.tested_within);
            (copy, tested, self.rank(candidate, policy), fresh, cost, candidate.id.clone())
        });
        let allowed = self.service.bootstrap.allows(choice.nothing_exists());
        for candidate in empty {
            choice.add(candidate, (!allowed).then_some(Rejection::CopiesMayExist));
        }
        if choice.chain.is_empty() {
            let (service, rejected) = (self.service.name.clone(), choice.rejected);
            return Err(NoCandidate { service, rejected, now: self.now });
        }
        Ok(choice)
    }

    fn rank(&self, candidate: &Candidate, policy: &Policy) -> u64 {
        match &policy.order {
            Order::Fixed(kinds) => kinds
                .iter()
                .position(|kind| *kind == candidate.method.kind())
                .unwrap_or(kinds.len()) as u64,
            Order::Freshest => 0,
            Order::FastestWithin(rpo)
                if candidate.loses(self.now).is_some_and(|lost| lost <= *rpo) =>
            {
                candidate.seconds.unwrap_or(u64::MAX).min(u64::MAX - 1)
            }
            Order::FastestWithin(_) => u64::MAX,
        }
    }

    /// 0: proved of late, 1: nobody knows, 2: failed.
    fn tested(&self, candidate: &Candidate, within: Option<u64>) -> u8 {
        match (within, candidate.tested) {
            (Some(_), Some(Tested { passed: false, .. })) => 2,
            (Some(within), Some(Tested { at, .. })) if age(self.now, at) <= within => 0,
            _ => 1,
        }
    }

    fn refuses(&self, candidate: &Candidate, policy: &Policy) -> Option<Rejection> {
        let kind = candidate.method.kind();
        match &policy.order {
            Order::Fixed(kinds) if kind.is_copy() && !kinds.contains(&kind) => {
                return Some(Rejection::NotInPolicy);
            }
            _ => {}
        }
        let over = candidate.loses(self.now)?.checked_sub(policy.max_age?)?;
        (over > 0).then_some(Rejection::TooOld(over))
    }
}

impl Choice {
    fn add(&mut self, candidate: &Candidate, why: Option<Rejection>) {
        let (id, point) = (candidate.id.clone(), candidate.point);
        match why {
            None => self.chain.push(candidate.clone()),
            Some(why) => self.rejected.push(Rejected { id, point, why }),
        }
    }

    /// The copies of the chain, in its order.
    pub fn copies(&self) -> impl Iterator<Item = &Candidate> {
        self.chain.iter().filter(|candidate| candidate.method.kind().is_copy())
    }

    /// Whether there is no copy at all, and everybody who was asked said so. A copy that is no good is one nevertheless: too
    /// old, of a kind that the policy leaves out, with its password inside; and so is one that nobody could look at.
    pub fn nothing_exists(&self) -> bool {
        self.copies().next().is_none()
            && self.rejected.iter().all(|rejected| rejected.why.is_absence())
    }

    /// The freshest point of all.
    pub fn freshest(&self) -> Option<&Candidate> {
        self.chain.iter().max_by_key(|candidate| candidate.point)
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(first) = self.chain.first() else { return f.write_str("no way back") };
        match first.loses(self.now) {
            _ if first.method.kind() == Kind::Adopt => write!(f, "{first}: loses nothing")?,
            Some(lost) => write!(f, "{first}: loses the last {}", Seconds(lost))?,
            None => write!(f, "{first}: loses everything")?,
        }
        for other in self.chain.iter().skip(1) {
            write!(f, "\n  then {other}")?;
            let (Some(best), Some(point)) = (first.point, other.point) else {
                f.write_str(": loses everything")?;
                continue;
            };
            match (age(best, point), age(point, best)) {
                (0, 0) => {}
                (more, 0) => write!(f, ": loses {} more", Seconds(more))?,
                (_, less) => {
                    write!(f, ": would lose {} less, and comes later by policy", Seconds(less))?;
                }
            }
        }
        // Of many that are no way back for the same kind of reason, the first stands for all.
        let mut kinds: Vec<(&Rejected, usize)> = Vec::new();
        let telling = |rejected: &&Rejected| rejected.why != Rejection::NotLookedAt;
        for rejected in self.rejected.iter().filter(telling) {
            let kind = std::mem::discriminant(&rejected.why);
            match kinds.iter_mut().find(|(first, _)| std::mem::discriminant(&first.why) == kind) {
                Some((_, more)) => *more += 1,
                None => kinds.push((rejected, 0)),
            }
        }
        for (first, more) in kinds {
            write!(f, "\n  not {}: {}", first.id, first.why)?;
            match more {
                0 => {}
                more => write!(f, " (and {more} more of that kind)")?,
            }
        }
        Ok(())
    }
}
