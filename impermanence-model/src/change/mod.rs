//! From one layout to another: what is different, and the steps that change a running system.
//!
//! ```
//! use impermanence_model::{Host, change};
//!
//! let host = |directories: &str| {
//!     Host::from_toml(&format!(
//!         "root = {{ kind = 'tmpfs' }}\n\
//!          fileSystems.'/persist' = {{ device = '/dev/vda', fsType = 'ext4', neededForBoot = true }}\n\
//!          stores.'/persist' = {{}}\n\
//!          host.directories = {directories}\n"
//!     ))
//! };
//! let old = host("['/var/lib/caddy']")?.resolve()?;
//! let new = host("['/var/lib/caddy', '/var/lib/omada']")?.resolve()?;
//!
//! let difference = change::diff(&old, &new);
//! assert_eq!(difference.added[0].path.to_string(), "/var/lib/omada");
//!
//! // Whoever plans has looked: nothing is assumed to be empty.
//! let observed = change::Observed::nothing_at(change::to_look_at(&old, &new));
//! let plan = change::plan(&old, &new, &observed, change::Existing::Refuse)?;
//! let steps: Vec<String> = plan.steps.iter().map(ToString::to_string).collect();
//! assert_eq!(steps, [
//!     "create /persist/var/lib/omada",
//!     "create /var/lib/omada",
//!     "mount /persist/var/lib/omada on /var/lib/omada",
//! ]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod difference;
mod dirty;
mod observed;
mod planning;
mod step;

pub use difference::{Altered, Difference, Moved, diff};
pub use observed::{Holding, Observed};
pub use planning::{Blocked, Blockers, Existing, Obstacle, plan, to_look_at};
pub use step::{Change, Left, Plan};
