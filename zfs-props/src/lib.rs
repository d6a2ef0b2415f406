//! What OpenZFS accepts, stores, prints and inherits, without a pool, a kernel module or root.
//!
//! For OpenZFS 2.1 to 2.4 on Linux. Everything that libzfs decides before it asks the kernel is here, and is compared
//! with recorded answers of 2.1.11, 2.3.9 and 2.4.4: names, numbers, tables of properties, values, whole lists at
//! creation and in `zfs set`, what is printed, and reading it back.
//!
//! # Is this value valid?
//!
//! ```
//! use zfs_props::{Context, DatasetKind, Property, PropertySet, Release, Value};
//!
//! // One value, by itself:
//! let error = Value::parse(Property::Recordsize, "3K", Release::V2_3).unwrap_err();
//! assert_eq!(error.suggestions(), ["2K", "4K"]);
//!
//! // A list, as `zfs create` would take it:
//! let props = PropertySet::from_pairs([
//!     ("recordsize", "16K"),
//!     ("compression", "zstd-3"),
//!     ("normalization", "formD"),
//!     ("com.sun:auto-snapshot", "true"),
//! ])?;
//! let context = Context::create(DatasetKind::Filesystem).release(Release::V2_3);
//! let accepted = props.check(&context).unwrap();
//! assert_eq!(accepted.get(Property::Recordsize).unwrap().number(), Some(16384));
//! // What `zfs create` adds by itself:
//! assert!(accepted.added().any(|value| value.property() == Property::Utf8only));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What will this print?
//!
//! ```
//! use zfs_props::display::Printed;
//! use zfs_props::property::Stored;
//! use zfs_props::{Property, Release, nice};
//!
//! let quota = Printed::of(Property::Quota, Stored::Number(6_443_499_520), Release::V2_3).unwrap();
//! assert_eq!(quota.pretty().to_string(), "6.00G");
//! assert_eq!(quota.literal().to_string(), "6443499520"); // zfs get -p
//!
//! // The other way round: which numbers of bytes print as 6.00G?
//! let printed = nice::interval("6.00G").unwrap();
//! assert!(printed.contains(6_443_499_520));
//! ```
//!
//! # Where does this value come from?
//!
//! ```
//! use zfs_props::property::Stored;
//! use zfs_props::store::{Change, Tree};
//! use zfs_props::{DatasetName, Property, Release, Source};
//!
//! let (tank, home): (DatasetName, DatasetName) = ("tank".parse()?, "tank/home".parse()?);
//! let atime = Property::Atime.into();
//! let off = Stored::Number(Property::Atime.number_of("off", Release::V2_3).unwrap());
//!
//! let mut tree = Tree::new(Release::V2_3);
//! tree.insert(home.clone());
//! tree.change(&tank, &atime, Change::Set(off));
//! assert_eq!(tree.get(&home, &atime).unwrap().source, Source::Inherited(tank));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is where
//!
//! | module | for |
//! |---|---|
//! | [`name`] | pools, datasets, snapshots, bookmarks: what may exist, what may be created, the algebra of the tree |
//! | [`number`], [`nice`] | `16K` to 16384 and back, exactly as OpenZFS does it |
//! | [`property`] | [every property of each release](property#every-property-and-feature), and every pool feature |
//! | [`key`], [`value`] | what may stand left and right of `=` in `zfs set` |
//! | [`set`], [`check`], [`reservation`] | lists of properties in a context: accepted with what OpenZFS adds, or refused |
//! | [`source`], [`store`], [`mountpoint`] | where a value comes from, what the commands do to that, where it is mounted |
//! | [`display`] | what `zfs get` prints |
//! | [`read`] | reading what `zfs get`, `zfs list` and `zpool get` print, and what each output loses |
//!
//! # Features
//!
//! `std` and `serde` are on by default; without them the crate is `no_std` with `alloc`. `proptest` brings
//! strategies for your own property tests.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

pub mod check;
pub mod display;
pub mod key;
pub mod kind;
pub mod mountpoint;
pub mod name;
pub mod nice;
pub mod number;
pub mod property;
mod quoted;
pub mod read;
pub mod release;
pub mod reservation;
pub mod set;
pub mod source;
pub mod store;
#[cfg(feature = "proptest")]
pub mod strategy;
mod table;
#[cfg(feature = "serde")]
mod text_serde;
pub mod value;

pub use check::Context;
pub use key::PropertyName;
pub use kind::DatasetKind;
pub use name::{BookmarkName, DatasetName, PoolName, SnapshotName};
pub use property::Property;
pub use release::Release;
pub use set::PropertySet;
pub use source::Source;
pub use value::Value;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
