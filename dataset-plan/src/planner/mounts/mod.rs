//! The mounts of the machine while the plan runs.
//!
//! Properties and names decide where ZFS mounts what, but the commands that change them unmount and mount
//! by themselves, and the kernel has rules of its own: nothing is unmounted while something is mounted
//! within it, and a mount covers whatever is at or below its place. So the drafts are put in an
//! [order](wishes) in which most of it goes by itself; then they are gone through one after the other on a [model](stage)
//! of the machine ([`arrange`]), with its [table] of mounts. What would be [in the way](obstacles) of a command is unmounted before, and
//! mounted again as [late](finish) as needed. What may not be unmounted is a [`Conflict`]: the draft cannot be.

mod arrange;
mod conflict;
mod finish;
mod obstacles;
mod places;
mod stage;
mod table;
mod wishes;

pub(super) use arrange::arrange;
pub(super) use conflict::{Conflict, Part, of_row};
