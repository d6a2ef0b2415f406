//! The choice between ways back, and what it loses.

use std::fmt;

use jiff::Timestamp;

use super::candidate::{Candidate, Kind, Rejected, Rejection};
use super::discover::Candidates;
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
}

impl Default for Policy {
    /// The freshest, however old it is.
    fn default() -> Self {
        Self { order: Order::Freshest, max_age: None }
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
    /// Puts the ways back in order. Deterministic: by the policy, then freshness, then cost, then name.
    pub fn choose(&self, policy: &Policy) -> Result<Choice, NoCandidate> {
        let mut rejected = self.rejected.clone();
        let mut chain = Vec::new();
        for candidate in &self.candidates {
            let why = self.refuses(candidate, policy);
            match why {
                None => chain.push(candidate.clone()),
                Some(why) => {
                    rejected.push(Rejected {
                        id: candidate.id.clone(),
                        point: Some(candidate.point),
                        why,
                    });
                }
            }
        }
        chain.sort_by_cached_key(|candidate| {
            let fresh = std::cmp::Reverse(candidate.point);
            let cost = candidate.seconds.unwrap_or(u64::MAX);
            let rank = match &policy.order {
                Order::Fixed(kinds) => kinds
                    .iter()
                    .position(|kind| *kind == candidate.method.kind())
                    .unwrap_or(kinds.len()) as u64,
                Order::Freshest => 0,
                Order::FastestWithin(rpo) if self.age(candidate) <= *rpo => cost.min(u64::MAX - 1),
                Order::FastestWithin(_) => u64::MAX,
            };
            (rank, fresh, cost, candidate.id.clone())
        });
        if chain.is_empty() {
            return Err(NoCandidate {
                service: self.service.name.clone(),
                rejected,
                now: self.now,
            });
        }
        Ok(Choice { chain, rejected, now: self.now })
    }

    fn age(&self, candidate: &Candidate) -> u64 {
        age(self.now, candidate.point)
    }

    fn refuses(&self, candidate: &Candidate, policy: &Policy) -> Option<Rejection> {
        if let Order::Fixed(kinds) = &policy.order {
            if !kinds.contains(&candidate.method.kind()) {
                return Some(Rejection::NotInPolicy);
            }
        }
        let over = self.age(candidate).checked_sub(policy.max_age?)?;
        (over > 0).then_some(Rejection::TooOld(over))
    }
}

/// Seconds from a point to now; 0 for one that is not past.
fn age(now: Timestamp, point: Timestamp) -> u64 {
    u64::try_from(now.duration_since(point).as_secs()).unwrap_or(0)
}

impl Choice {
    /// Whether somebody was asked and could not answer: it is not known then that there is no other way back.
    pub fn is_unsure(&self) -> bool {
        self.rejected.iter().any(|rejected| matches!(rejected.why, Rejection::Unknown(_)))
    }

    /// The freshest point of all.
    pub fn freshest(&self) -> Option<&Candidate> {
        self.chain.iter().max_by_key(|candidate| candidate.point)
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(first) = self.chain.first() else { return f.write_str("no way back") };
        write!(f, "{first}: loses the last {}", Seconds(age(self.now, first.point)))?;
        for other in self.chain.iter().skip(1) {
            write!(f, "\n  then {other}")?;
            let (more, less) = (age(first.point, other.point), age(other.point, first.point));
            match (more, less) {
                (0, 0) => {}
                (more, 0) => write!(f, ": loses {} more", Seconds(more))?,
                (_, less) => {
                    write!(f, ": would lose {} less, and comes later by policy", Seconds(less))?;
                }
            }
        }
        // Of many that are no way back for the same kind of reason, the first stands for all.
        let mut kinds: Vec<(&Rejected, usize)> = Vec::new();
        for rejected in &self.rejected {
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
