//! The preseed: brings a service's data back before the service starts, and can be killed at any moment.
//!
//! What is done next follows from what is on disk alone ([`decide`](mod@decide)), so that it does not matter whether this
//! run, a killed one, or none brought it there:
//!
//! | on disk | next |
//! |---|---|
//! | dataset with its own completion record | nothing: skipped, whatever the pool's health |
//! | no dataset above it | nothing: somebody makes it, as it is declared |
//! | something else at the mountpoint, or files in the folder itself | nothing: somebody decides which of them holds the data |
//! | dataset with data, without a record | somebody adopts it; never anything else |
//! | dataset, mounted and empty | fetch into staging |
//! | no dataset | fetch into staging |
//! | staging, unverified | check it, or go on receiving, or discard it |
//! | staging, and nothing in it | discard it: it is of a time when the data was lost |
//! | staging, verified, and an empty dataset | set the dataset aside, by rename |
//! | staging, verified, and no dataset | rename it into place |
//! | dataset in place, verified | properties, mount, owner; the record last |
//!
//! Nothing is destroyed but staging of its own. What was set aside stays until [`release`], and so does a receive that ran out of
//! time, if nothing came back instead: the next run goes on with it.
//!
//! ```
//! use restore_chain::preseed::{Budget, Outcome, Preseed};
//! use restore_chain::{Choice, Service, sim};
//!
//! let service = Service::new("sonarr", "tank/services/sonarr".parse()?, "/var/lib/sonarr".parse()?);
//! let mut world = sim::World::new();
//! let candidate = world.add_copy("nas-1", &"backup/sonarr".parse()?, &[("config.xml", "<Config/>")]);
//! let choice = Choice { chain: vec![candidate], ..Choice::default() };
//!
//! let restore = Preseed::new(&service, &choice, &Budget::default())?;
//! let report = restore.run(&mut world)?;
//! assert!(matches!(report.outcome, Outcome::Restored(_)));
//! assert_eq!(world.read("/var/lib/sonarr/config.xml"), Some("<Config/>"));
//!
//! // Once more: nothing is to be done, and nothing is.
//! assert!(matches!(restore.run(&mut world)?.outcome, Outcome::Skipped(_)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod act;
mod budget;
pub mod decide;
mod event;
mod names;
mod outcome;
pub mod record;
pub mod release;
mod run;
mod sight;
mod world;

pub use act::{Act, chown};
pub use budget::{Budget, BudgetError, MethodBudget};
pub use event::{Event, EventKind};
pub use names::{Aside, aside, staging};
pub use outcome::{Attempt, Block, Outcome, Report};
pub use record::{Intent, Record, RecordKind, Verified};
pub use run::{Interrupted, Preseed, PreseedError, Warning};
pub use sight::{Content, Occupant, Pool, Sight, Staging, Target};
pub use world::{Fault, World};

/// The local property that holds a dataset's completion [`Record`].
pub const COMPLETE: &str = "restore-chain:complete";
/// The local property that says that a dataset's content was checked against its source: [`Verified`].
pub const VERIFIED: &str = "restore-chain:verified";
/// The local property that marks staging, with the candidate it is filled from.
pub const STAGING: &str = "restore-chain:staging";
