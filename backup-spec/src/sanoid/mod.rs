//! sanoid.conf: read as sanoid 2.3 reads it, resolved to what is in force for each dataset, and written.
//!
//! What sanoid then does is in [`retention::sanoid`](crate::retention::sanoid).
//!
//! The rules (`sanoid.conf` of sanoid 2.3, read by Perl's `Config::IniFiles`):
//!
//! * What is in force for a dataset: the built-in defaults, then `[template_default]`, then the
//!   templates of `use_template` in order, then the section. A count that is said nowhere is the
//!   built-in one, and **prunes**: without `weekly`, existing weekly snapshots are destroyed.
//! * A template that does not exist is passed over in silence. An unknown key is fatal.
//! * Numbers are read as Perl does it: `daily = thirty` is 0 and destroys every daily snapshot.
//! * `recursive = yes` hands everything down to the datasets below, in the order of the file: a section
//!   for one of them has to come after.
//!
//! ```
//! use backup_spec::sanoid::Config;
//!
//! let config: Config = "[tank/home]\n  use_template = production\n  hourly = 12\n\
//!                       [template_production]\n  daily = 30\n  weekly = 8".parse()?;
//! let settings = config.resolve(&["tank", "tank/home"])?;
//! let home = &settings[0];
//! assert_eq!((home.keep.hourly, home.keep.daily, home.keep.monthly), (12.0, 30.0, 6.0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod config;
mod ini;
mod key;
mod lint;
mod resolve;
mod settings;
#[cfg(feature = "proptest")]
#[cfg_attr(docsrs, doc(cfg(feature = "proptest")))]
pub mod strategy;
mod value;

pub use config::{Config, ValueError};
pub use ini::{Entry, Section, SyntaxError, SyntaxErrors};
pub use key::Key;
pub use lint::{Finding, Lint, Place};
pub use resolve::UnknownKey;
pub use settings::{
    CapacityLimit, Marks, Monitoring, PerType, PruneDefer, Scripts, Settings, Type,
};
