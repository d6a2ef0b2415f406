//! From declared and observed ZFS datasets to an ordered, safe, minimal and explained plan.
//!
//! A host declares which datasets it wants ([`Spec`]); the ZFS tools say what is there
//! ([`Observed`]); [`plan`] says what to do about the difference, in order, each step with its exact
//! command, its reason and what else it brings about ([`Plan`]). Nothing is run: a plan is data, and
//! the same input gives the same plan. [`Plan::apply`] carries it out, in memory ([`sim::Zfs`]) or
//! in a [`World`](apply::World) of yours.
//!
//! ```
//! use dataset_plan::{Observed, Policy, Spec, plan, sim};
//!
//! let spec = Spec::from_toml(
//!     r#"
//!     parentDataset = "tank/services"
//!     parentMount = "/srv"
//!
//!     [profiles.sqlite]
//!     recordsize = "16K"
//!
//!     [services.sonarr]
//!     profile = "sqlite"
//!     mountpoint = "/var/lib/sonarr"
//!     "#,
//! )?;
//! // `zfs get -Hp -o name,property,value,received,source all`, here of an empty pool.
//! let observed = Observed::from_zfs_get(
//!     b"tank\ttype\tfilesystem\t-\t-\n\
//!       tank\trecordsize\t131072\t-\tdefault\n\
//!       tank\tmountpoint\t/tank\t-\tdefault\n",
//! )?;
//!
//! let plan = plan(&spec, &observed, &Policy::default())?;
//! let commands: Vec<String> = plan.steps().iter().map(|step| step.command().to_string()).collect();
//! assert_eq!(commands, [
//!     "zfs create -o mountpoint=none tank/services",
//!     "zfs create -o recordsize=16K -o mountpoint=/var/lib/sonarr tank/services/sonarr",
//! ]);
//!
//! let mut zfs = sim::Zfs::from(&observed);
//! plan.apply(&mut zfs)?;
//! assert!(dataset_plan::plan(&spec, &zfs.observe(), &Policy::default())?.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What a plan never does
//!
//! * It touches nothing that is not declared, not even through inheritance: a change that an undeclared
//!   dataset would inherit is blocked, unless the [`Policy`] lets it through.
//! * It destroys nothing that a grant of the policy does not name, and re-creates nothing. What only a
//!   new dataset could give (another `normalization`, say) is blocked, with a remedy.
//! * It hides nothing: where something else is mounted, or files lie, nothing is mounted.
//! * It hands out no step that is known to fail: a plan that renames, mounts or destroys anything is carried out in memory
//!   ([`sim`]) first, and so is what takes it back. What is refused there is blocked.
//! * It unsets nothing that is not known to be its own ([`applied`]), unless the declaration is `strict` there.
//! * It does not guess. A property that was not observed is unknown, and a declared value for it is
//!   blocked until it is.
//!
//! # The data's way
//!
//! [`spec`] (declaration, read from TOML or JSON; all [problems](problem) at once) and [`observed`]
//! meet in [`plan()`], which gives a [`plan::Plan`](crate::Plan); [`render`] shows it,
//! a [`document`] keeps it until tomorrow; [`drift`](drift::drift) tells what is wrong, for dashboards;
//! [`apply`] carries it out, [`sim`] is a world to do so, and so is `exec` (the `zfs` command; feature
//! `exec`). [`verify()`] is a checklist of what holds. [`migration`] brings data that is elsewhere
//! into a dataset.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod applied;
pub mod apply;
pub mod batch;
pub mod by_property;
pub mod command;
pub mod digest;
pub mod document;
pub mod drift;
#[cfg(feature = "exec")]
#[cfg_attr(docsrs, doc(cfg(feature = "exec")))]
pub mod exec;
pub mod migration;
pub mod observed;
mod order;
mod ownership;
mod path;
mod plan;
mod planner;
pub mod policy;
pub mod problem;
pub mod render;
pub mod setting;
mod shared;
pub mod sim;
pub mod spec;
#[cfg(feature = "proptest")]
#[cfg_attr(docsrs, doc(cfg(feature = "proptest")))]
pub mod strategy;
mod tree;
pub mod unit;
pub mod verify;

pub use applied::Applied;
pub use observed::Observed;
pub use plan::{
    Action, Assignment, Blocked, Difference, Expectation, Kept, Names, Obstacle, Plan, Reason,
    Risk, Step, StepId, Undo, Untouched,
};
pub use planner::{plan, plan_desired};
pub use policy::Policy;
pub use problem::{Problem, Problems};
pub use spec::Spec;
pub use verify::verify;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
