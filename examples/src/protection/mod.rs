//! What happens to everything a host has on every loss, by the answers of the crates joined.
//!
//! What becomes of a path at a reboot is `impermanence-model`'s answer. Which copies hold it, how old they are at worst, and
//! whether that is what was asked for, is `backup-spec`'s. Which of those is a way back, in which order, and what each needs is
//! `restore-chain`'s. Nothing here knows a rule of ZFS, restic or systemd: this carries answers from one crate to the next.
//!
//! [`system`] reads a host's declarations; [`item`] lists what it has; [`loss`] says what each loss leaves; [`ways`] shows
//! `restore-chain` what is left; [`past`] is for what was deleted, and noticed later; [`piece`] finds what all ways back have in
//! common; [`row`] is the result, [`summary`] counts it, and [`text`], [`markdown`], [`html`] show it.

pub mod html;
pub mod item;
pub mod loss;
pub mod markdown;
pub mod past;
pub mod piece;
pub mod row;
pub mod summary;
pub mod system;
pub mod text;
pub mod ways;

pub use loss::Loss;
pub use row::{Answer, End, Row, Verdict, table};
pub use system::System;
