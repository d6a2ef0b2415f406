//! Persistence on roots that are thrown away at boot: which path survives and why, and the mounts that make it so.
//!
//! A host declares what its `/` is, where it keeps things, and what it keeps ([`Host`]). That resolves to an ordered,
//! conflict-free [`Layout`], or to every conflict at once, each with who declared what. The layout answers what becomes of
//! a path ([`Layout::fate`]), is rendered for whoever mounts (fstab, units of systemd, tmpfiles.d, NixOS), and is carried
//! out by `exec` (Linux; feature `exec`).
//!
//! ```
//! use impermanence_model::{Fate, Host};
//!
//! let host = Host::from_toml(
//!     r#"
//!     name = "luna"
//!
//!     [root]
//!     kind = "tmpfs"
//!     size = "2G"
//!
//!     [fileSystems."/persist"]
//!     device = "/dev/vda2"
//!     fsType = "ext4"
//!     neededForBoot = true
//!
//!     [stores."/persist"]
//!
//!     [core]
//!     directories = ["/var/log", "/var/lib/nixos"]
//!     files = ["/etc/machine-id"]
//!
//!     [services.caddy]
//!     state = [{ path = "/var/lib/caddy", owner = "caddy", group = "caddy", mode = "0750" }]
//!
//!     [keep]
//!     caddy = "bind"
//!     "#,
//! )?;
//! let layout = host.resolve()?;
//!
//! assert_eq!(
//!     layout.fate("/var/lib/caddy/certificates/x.pem").to_string(),
//!     "survives: bind from /persist/var/lib/caddy, declared by service caddy (services.caddy.state[0]), \
//!      mounted in stage early",
//! );
//! match layout.fate("/var/lib/cady/x.pem") {
//!     Fate::Lost(why) => assert_eq!(
//!         why.to_string(),
//!         "/ is a tmpfs, empty at every boot; the nearest kept path is /var/lib/caddy",
//!     ),
//!     other => panic!("{other}"),
//! }
//! assert_eq!(layout.fate("/var/lib").word(), "recreated");
//!
//! for unit in layout.systemd_mounts()? {
//!     println!("{}\n{}", unit.name(), unit.text());
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What it does not leave to chance
//!
//! * **Nothing is kept by accident, or lost by accident.** State that a service declares and nobody keeps is an error that
//!   names the candidates; a decision to lose it needs a reason; what has no effect is refused or warned of.
//! * **One decision for each directory**: who owns it, with which mode, in the store and outside of it, whichever of the
//!   declarations is read first.
//! * **An order that works, whoever carries it out**: every step names what it needs; cycles are errors that name their
//!   edges. Any order that keeps the needs gives the same tree.
//! * **No plan takes anything from a store.** What an entry leaves is told; nobody removes it. Data that a mount would hide
//!   stops a [change](mod@change), or is copied in and compared first.
//! * Paths are bytes, compared by component, and never followed while declaring.
//!
//! # The data's way
//!
//! [`host`] (TOML, JSON, or the JSON of two NixOS modules) is [resolved](resolve) to a [`layout`]; [`fate`], [`summary`],
//! [`essentials`], [`garbage`], [`audit`] and [`sizing`] answer questions about it; [`render`] writes it, with [`escape`];
//! [`mod@change`] and [`runbook`] lead from one to another; [`mountinfo`] and [`live`] compare it with what the kernel has;
//! [`sim`] is a machine in memory to try it on.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod audit;
pub mod change;
pub mod escape;
pub mod essentials;
#[cfg(all(feature = "exec", target_os = "linux"))]
#[cfg_attr(docsrs, doc(cfg(feature = "exec")))]
pub mod exec;
pub mod fate;
pub mod garbage;
pub mod host;
mod index;
pub mod layout;
pub mod live;
pub mod mountinfo;
pub mod origin;
pub mod owner;
pub mod path;
pub mod problem;
pub mod render;
pub mod resolve;
pub mod root;
pub mod runbook;
pub mod sim;
pub mod sizing;
pub mod stage;
#[cfg(feature = "proptest")]
#[cfg_attr(docsrs, doc(cfg(feature = "proptest")))]
pub mod strategy;
pub mod summary;

pub use fate::Fate;
pub use host::Host;
pub use layout::Layout;
pub use path::AbsolutePath;
pub use problem::{Problem, Problems};
pub use root::Root;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
