//! What is copied, how often, kept how long, and whether that covers what must live: restic, sanoid, syncoid, systemd
//! timers and point-in-time recovery as data that is checked, evaluated, explained and rendered.
//!
//! Nothing is run and no clock is read: a host declares ([`Spec`]), the tools' own rules decide, as the tools themselves do it, and
//! what they are to be given comes out.
//!
//! ```
//! use backup_spec::coverage::{Coverage, Finding, Inventory};
//! use backup_spec::render::Units;
//! use backup_spec::retention::restic;
//! use backup_spec::{Snapshot, Spec, calendar::Calendar};
//!
//! // What would `restic forget` keep, and why?
//! let now = "2026-03-31T12:00:00Z".parse()?;
//! let snapshots: Vec<Snapshot> = (1..=31)
//!     .map(|day| Snapshot::new(format!("{day:08x}"), format!("2026-03-{day:02}T02:30:00Z").parse().unwrap()))
//!     .collect();
//! let keep: restic::Keep = "--keep-daily 14 --keep-weekly 8 --keep-monthly 6".parse()?;
//! let verdict = keep.apply(&snapshots, now)?;
//! // Fourteen days, and the last of each week before: 1, 8 and 15 March.
//! assert_eq!(verdict.kept().count(), 17);
//!
//! // When does systemd start it?
//! let workdays: Calendar = "Mon..Fri 2:30 UTC".parse()?;
//! assert_eq!(workdays.to_string(), "Mon..Fri *-*-* 02:30:00 UTC");
//! assert_eq!(workdays.next_after(now)?.to_string(), "2026-04-01T02:30:00Z");
//!
//! // And does all of it together cover what must live?
//! let spec = Spec::from_toml(
//!     r#"
//!     host = "forge"
//!
//!     [repositories.nas]
//!     url = "/mnt/nas-backup"
//!     passwordFile = "/run/secrets/restic"
//!
//!     [jobs.system]
//!     repository = "nas"
//!     dataset = "rpool/persist"
//!     mountpoint = "/persist"
//!     excludes = ["/persist/var/log"]
//!     schedule = "daily"
//!     jitter = "4h"
//!     runTime = "45min"
//!
//!     [classes.standard]
//!     tiers = ["nas-backup"]
//!     onsiteRpo = "2d"
//!
//!     [protection]
//!     "rpool/persist" = { class = "standard" }
//!     "rpool/persist/sonarr" = { class = "standard" }
//!     "#,
//! )?
//! .check()?;
//! let mut inventory = Inventory::default();
//! inventory.add_filesystem("rpool/temp".parse()?, None); // where clones are made
//! inventory.add_filesystem("rpool/persist".parse()?, Some("/persist".parse()?));
//! inventory.add_filesystem("rpool/persist/sonarr".parse()?, Some("/persist/sonarr".parse()?));
//!
//! let coverage = Coverage::of(&spec, &inventory);
//! let persist = coverage.get(&"rpool/persist".parse()?).unwrap();
//! // A day, up to four hours and a minute later, and until that run is complete.
//! assert_eq!(persist.onsite.unwrap().to_string(), "1d 4h 46min");
//! // A clone of the parent does not hold the child.
//! let missing: Vec<String> = coverage.findings().map(|(subject, what)| format!("{subject}: {what}")).collect();
//! assert_eq!(missing[0], "rpool/persist/sonarr: no nas-backup [missing-tier]");
//!
//! // The units that do it: from the same scan that coverage looked at.
//! let units = Units::of(&spec, &Default::default())?;
//! let service = &units.files["restic-backup-system.service"];
//! assert_eq!(
//!     service.get("Service", "ExecStart").next().unwrap(),
//!     ":restic backup --host=forge --exclude=/var/lib/backup-snapshots/system/var/log -- \
//!      /var/lib/backup-snapshots/system"
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The data's way
//!
//! | step | module |
//! |---|---|
//! | declare and check | [`spec`]: the keys, every problem at once. Its parts are [`job`], [`repository`], [`snapshots`], [`replication`], [`archive`], and what must be protected how well ([`coverage`]) |
//! | evaluate as the tools do | [`retention`] (restic, sanoid, zrepl), [`exclude`] (restic), [`calendar`], [`timer`] and [`span`] (systemd), [`sanoid`] (sanoid.conf), [`syncoid`], [`pitr`] (barman-cloud, pgBackRest) |
//! | know what a job really reads | [`scan`]: the one place that both coverage and the argument list come from |
//! | ask whether that is enough | [`coverage`]: by dataset and path, tiers, the most that can be lost, the proof |
//! | ask whether it happens | [`health`]: outcomes, ages, thresholds that follow from the schedules |
//! | tell people | [`notify`]: templates whose variables are declared, used and provided |
//! | hand it to the tools | [`render`]: argument lists, units, rules, a report; names from [`units`] |
//!
//! # Features
//!
//! `serde` (on by default) reads declarations from JSON and writes declarations and reports; `tz` (on by default) brings time zones by
//! name, compiled in; `proptest` brings strategies for your own property tests; `schemars` the JSON Schema of a declaration.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod archive;
pub mod calendar;
pub mod coverage;
pub mod exclude;
pub mod health;
pub mod job;
pub mod lint;
pub mod name;
pub mod notify;
pub mod path;
pub mod pitr;
pub mod render;
pub mod replication;
pub mod repository;
pub mod retention;
pub mod sanoid;
pub mod scan;
pub mod schedule;
pub mod shell;
pub mod size;
mod snapshot;
pub mod snapshots;
pub mod span;
pub mod spec;
pub mod syncoid;
mod text_form;
pub mod timer;
pub mod units;

#[cfg(feature = "serde")]
pub use snapshot::ReadError;
pub use snapshot::{Snapshot, TimeError, parse_time};
pub use spec::Spec;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
