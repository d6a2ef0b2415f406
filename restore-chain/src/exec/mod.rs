//! The real world: processes without a shell, pipes with both exit statuses, records that survive a power cut.
//!
//! * [`process`]: one command, with a time limit; its whole process group ends with it.
//! * [`pipe`]: a send into a receive, with progress.
//! * [`mod@file`]: records, written atomically.
//! * [`Zfs`]: services whose data is in datasets.
//! * [`Folder`]: services whose data is in plain folders.
//! * [`postgres`]: point-in-time recovery of a database.

pub mod file;
mod folder;
mod mounts;
pub mod pipe;
pub mod postgres;
pub mod process;
mod restic;
mod tools;
mod zfs;

pub use folder::Folder;
pub use tools::{Check, Tell, Tools};
pub use zfs::Zfs;
