//! Reads what people declare, and tells them everything that is wrong with it at once.
//!
//! A declaration is a tree of tables, lists and scalars, written as TOML or emitted as JSON (by Nix, say).
//! [`Node`] is that tree, and still knows where each value stood. A [`Reader`] takes it apart: keys
//! are taken by name, and those that nobody took are reported with the nearest known one; a value
//! of the wrong type, a missing key, a text that does not parse each become a [`Problem`] with its
//! place and its remedy, and reading goes on. In the end there is either the value or all
//! [`Problems`].
//!
//! ```
//! use declared::{Entry, Node, Reader, code};
//!
//! code! {
//!     /// What can be wrong with the declaration of a backup.
//!     pub enum Code {
//!         /// Kept for no time at all.
//!         KeepsNothing = "keeps-nothing",
//!     }
//! }
//!
//! #[derive(Debug, PartialEq)]
//! struct Backup { paths: Vec<String>, keep: u32 }
//!
//! fn backup(node: &Node) -> Result<Backup, declared::Problems<Code>> {
//!     let mut reader = Reader::new();
//!     let mut backup = Backup { paths: Vec::new(), keep: 7 };
//!     if let Some(mut table) = reader.table(&Entry::root(node)) {
//!         if let Some(entry) = reader.required(&mut table, "paths", "name what shall be copied") {
//!             backup.paths = reader.parsed_list(&entry, "write a path");
//!         }
//!         if let Some(entry) = table.take("keep") {
//!             backup.keep = reader.parsed(&entry, "write a number of days").unwrap_or(7);
//!             if backup.keep == 0 {
//!                 reader.report(&entry, Code::KeepsNothing, "0 days", "write 1 or more");
//!             }
//!         }
//!         reader.finish(&table);
//!     }
//!     reader.done(backup)
//! }
//!
//! let node = Node::from_toml("paths = [\"/srv\"]\nkeep = 14\n").unwrap();
//! assert_eq!(backup(&node), Ok(Backup { paths: vec!["/srv".into()], keep: 14 }));
//!
//! let node = Node::from_toml("path = [\"/srv\"]\nkeep = 0\n").unwrap();
//! assert_eq!(backup(&node).unwrap_err().to_string(), "\
//! no `paths`; name what shall be copied [missing-key]
//! line 1, column 1: path: unknown key `path`; did you mean `paths`? [unknown-key]
//! line 2, column 8: keep: 0 days; write 1 or more [keeps-nothing]");
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "serde")]
mod json;
mod node;
mod path;
mod problem;
mod reader;
mod table;
mod toml_text;

pub use node::{Data, Member, Node};
pub use path::join;
pub use problem::{Code, Fault, Position, Problem, Problems};
pub use reader::{Reader, nearest};
pub use table::{Entry, Table};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
