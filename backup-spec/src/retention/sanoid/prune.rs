//! What sanoid destroys of one dataset.

use std::fmt;

use jiff::Timestamp;

use super::clock::day_as_f64;
use super::name::type_of;
use crate::Snapshot;
use crate::sanoid::{Settings, Type};

/// Why a snapshot stays, or is destroyed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reason {
    /// It stays: its name is not sanoid's.
    Foreign,
    /// It stays: sanoid knows no such type.
    UnknownType,
    /// It stays: nothing is pruned here (`autoprune = no`, `process_children_only = yes`).
    NotPruned,
    /// It stays: it is not older than count times period.
    Young(Type),
    /// It stays: there are not more of its type than are to be kept.
    Few(Type),
    /// It is destroyed: older than that, and there are enough younger ones.
    Expired(Type),
}

impl Reason {
    /// Whether it is a reason to stay.
    pub fn keeps(self) -> bool {
        !matches!(self, Self::Expired(_))
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign => f.write_str("not a snapshot of sanoid's"),
            Self::UnknownType => f.write_str("of no type that sanoid knows"),
            Self::NotPruned => f.write_str("nothing is pruned here"),
            Self::Young(kind) => write!(f, "{kind}, and young enough"),
            Self::Few(kind) => write!(f, "{kind}, of which there are no more than are kept"),
            Self::Expired(kind) => write!(f, "{kind}, too old, and there are enough younger ones"),
        }
    }
}

/// The seconds of a period.
fn period(kind: Type, settings: &Settings) -> f64 {
    match kind {
        Type::Frequently => 60.0 * settings.marks.frequent_period,
        Type::Hourly => 3600.0,
        Type::Daily => 86_400.0,
        Type::Weekly => 7.0 * 86_400.0,
        Type::Monthly => 31.0 * 86_400.0,
        Type::Yearly => 365.25 * 86_400.0,
    }
}

/// What happens to each snapshot of a dataset, in the order given, if it is pruned now.
///
/// Of each type, oldest first: destroyed while it was created before count periods ago (the second counts)
/// and there are more than count left. The time of creation decides, not the one in the name.
/// `prune_defer` is not looked at here.
pub fn prune(settings: &Settings, snapshots: &[Snapshot], now: Timestamp) -> Vec<Reason> {
    let acts = settings.autoprune && !settings.process_children_only;
    let kind = |snapshot: &Snapshot| type_of(&snapshot.id).map(Type::named);
    let mut reasons: Vec<Reason> = snapshots
        .iter()
        .map(|snapshot| match kind(snapshot) {
            None => Reason::Foreign,
            Some(None) => Reason::UnknownType,
            Some(Some(kind)) if acts => Reason::Young(kind),
            Some(Some(_)) => Reason::NotPruned,
        })
        .collect();
    for kind in Type::ALL {
        let mut own: Vec<(i64, &str, &mut Reason)> = snapshots
            .iter()
            .zip(&mut reasons)
            .filter(|(_, reason)| **reason == Reason::Young(kind))
            .map(|(snapshot, reason)| (snapshot.time.as_second(), snapshot.id.as_str(), reason))
            .collect();
        own.sort_unstable_by_key(|&(created, name, _)| (created, name));
        let keep = settings.keep.of(kind);
        let oldest = day_as_f64(now.as_second()) - keep * period(kind, settings);
        let mut left = own.len();
        for (created, _, reason) in own {
            if day_as_f64(created) < oldest {
                #[allow(clippy::cast_precision_loss, reason = "no dataset has 2^52 snapshots")]
                let is_enough = left as f64 > keep;
                *reason = if is_enough { Reason::Expired(kind) } else { Reason::Few(kind) };
                left -= usize::from(is_enough);
            }
        }
    }
    reasons
}
