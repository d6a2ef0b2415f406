//! A plan that is kept: reviewed today, carried out tomorrow, unless the world has changed.
//!
//! ```
//! use dataset_plan::{Observed, Policy, Spec, document::Document, sim};
//!
//! let spec = Spec::from_toml("[utility.\"tank/a\"]\nmountpoint = \"/a\"\n")?;
//! let get = "tank\ttype\tfilesystem\t-\t-\ntank\tmountpoint\tnone\t-\tlocal\n";
//! let observed = Observed::from_zfs_get(get)?;
//! let document = Document::new(&spec, &observed, &Policy::default())?;
//!
//! // Meanwhile somebody has made the dataset.
//! let later = Observed::from_zfs_get(format!("{get}tank/a\ttype\tfilesystem\t-\t-\n"))?;
//! let mut zfs = sim::Zfs::from(&later);
//! let refused = document.apply(&later, &mut zfs).unwrap_err();
//! assert!(refused.to_string().contains("tank/a does not exist"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt;

use crate::apply::{Interrupted, World};
use crate::digest::Digest;
use crate::observed::Observed;
use crate::plan::{Expectation, Plan};
use crate::planner::plan_desired;
use crate::policy::Policy;
use crate::problem::Problems;
use crate::spec::Spec;

/// The format of documents that this version writes, and the only one that it reads.
pub const FORMAT: u32 = 1;

/// A plan, with what it was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "Unchecked"))]
#[non_exhaustive]
pub struct Document {
    /// The format of the document: [`FORMAT`].
    pub format: u32,
    /// Of the declaration, worked out.
    pub spec: Digest,
    /// Of what was observed, as far as it matters: see [`Plan::digest`].
    pub observation: Digest,
    /// What to do.
    pub plan: Plan,
}

/// A document as it is written, which somebody may have edited.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    format: u32,
    spec: Digest,
    observation: Digest,
    plan: Plan,
}

/// Why a document cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadDocument {
    /// Another version wrote it.
    #[error("the document has format {0}, and this version reads format {FORMAT}: plan again")]
    Format(u32),
    /// The plan is not the one that the digest is of.
    #[error("the plan is not the one that was written: its digest is {found}, not {written}")]
    Edited {
        /// In the document.
        written: Digest,
        /// Of the plan in the document.
        found: Digest,
    },
}

#[cfg(feature = "serde")]
impl TryFrom<Unchecked> for Document {
    type Error = BadDocument;

    fn try_from(unchecked: Unchecked) -> Result<Self, BadDocument> {
        let Unchecked { format, spec, observation, plan } = unchecked;
        if format != FORMAT {
            return Err(BadDocument::Format(format));
        }
        let found = plan.digest();
        if found != observation {
            return Err(BadDocument::Edited { written: observation, found });
        }
        Ok(Self { format, spec, observation, plan })
    }
}

/// The world is not any more what the plan was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stale(Vec<Expectation>);

impl Stale {
    /// What does not hold any more.
    pub fn expectations(&self) -> &[Expectation] {
        &self.0
    }
}

impl fmt::Display for Stale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the plan is out of date, plan again; it was made when")?;
        for (n, expectation) in self.0.iter().enumerate() {
            write!(f, "{}{expectation}", if n > 0 { ", " } else { " " })?;
        }
        Ok(())
    }
}

impl std::error::Error for Stale {}

/// Why a document was not carried out, or not to the end.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError<E: std::error::Error + 'static> {
    /// Nothing was begun.
    #[error(transparent)]
    Stale(#[from] Stale),
    /// A step failed.
    #[error(transparent)]
    Interrupted(#[from] Interrupted<E>),
}

impl Document {
    /// Plans, and notes what from.
    pub fn new(spec: &Spec, observed: &Observed, policy: &Policy) -> Result<Self, Problems> {
        let desired = spec.expand()?;
        let plan = plan_desired(&desired, observed, policy);
        Ok(Self { format: FORMAT, spec: desired.digest(), observation: plan.digest(), plan })
    }

    /// Carries the plan out, if everything that it rests on is still so. `observed` is to be fresh.
    pub fn apply<W: World>(
        &self,
        observed: &Observed,
        world: &mut W,
    ) -> Result<(), ApplyError<W::Error>> {
        self.plan.check(observed)?;
        Ok(self.plan.apply(world)?)
    }
}

impl Plan {
    /// Whether everything that the plan rests on is still so.
    pub fn check(&self, observed: &Observed) -> Result<(), Stale> {
        let expectations = self.steps().iter().flat_map(|step| &step.expects);
        let broken = observed.broken(expectations, self.release());
        let broken: Vec<_> = broken.into_iter().cloned().collect();
        if broken.is_empty() { Ok(()) } else { Err(Stale(broken)) }
    }
}
