//! Where two policies disagree about the same snapshots.

use std::fmt;

use jiff::Timestamp;

use super::{Decision, Policy};
use crate::Snapshot;

/// A snapshot that one policy keeps and the other removes, and what each of them says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub struct Disagreement<'a> {
    /// The snapshot.
    pub snapshot: &'a Snapshot,
    /// What the first policy decides.
    pub left: Decision,
    /// What the second policy decides.
    pub right: Decision,
}

/// `ID: kept (REASON) / removed (REASON)`
impl fmt::Display for Disagreement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |decision: &Decision| if decision.keeps() { "kept" } else { "removed" };
        write!(
            f,
            "{}: {} ({}) / {} ({})",
            self.snapshot.id,
            word(&self.left),
            self.left.reason(),
            word(&self.right),
            self.right.reason()
        )
    }
}

/// Which of the two policies refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompareError<L: fmt::Display, R: fmt::Display> {
    /// The first.
    #[error("the first policy: {0}")]
    Left(L),
    /// The second.
    #[error("the second policy: {0}")]
    Right(R),
}

/// Every snapshot that one of two policies keeps and the other removes, in the order given. The policies
/// may be of different tools.
///
/// ```
/// use backup_spec::{Snapshot, retention::{compare, restic, zrepl}};
///
/// let snapshots: Vec<Snapshot> = (0..24)
///     .map(|hour| Ok(Snapshot::new(hour.to_string(), jiff::Timestamp::from_second(hour * 3600)?)))
///     .collect::<Result<_, jiff::Error>>()?;
/// // Of a day restic keeps the newest snapshot, and zrepl the oldest.
/// let restic: restic::Keep = "--keep-daily 1".parse()?;
/// let zrepl: zrepl::Grid = "1x1d".parse()?;
/// let differ = compare(&restic, &zrepl, &snapshots, "1970-01-02T00:00Z".parse()?)?;
/// let ids: Vec<&str> = differ.iter().map(|d| d.snapshot.id.as_str()).collect();
/// assert_eq!(ids, ["0", "23"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// If one of them refuses to decide.
pub fn compare<'a, L: Policy, R: Policy>(
    left: &L,
    right: &R,
    snapshots: &'a [Snapshot],
    now: Timestamp,
) -> Result<Vec<Disagreement<'a>>, CompareError<L::Refusal, R::Refusal>> {
    let left = left.decide(snapshots, now).map_err(CompareError::Left)?;
    let right = right.decide(snapshots, now).map_err(CompareError::Right)?;
    let all = snapshots.iter().zip(left).zip(right);
    Ok(all
        .filter(|((_, left), right)| left.keeps() != right.keeps())
        .map(|((snapshot, left), right)| Disagreement { snapshot, left, right })
        .collect())
}
