//! Whether what was declared happens: outcomes of runs, ages of what should be fresh, and thresholds.
//!
//! Health is judged from the inventory's side. Every task that is declared and enabled is expected, and its absence from what
//! was observed is a finding like its age: a task that died before it could report anything is not forgotten. What was
//! not observed at all is [unknown](Level::Unknown), which is never well.

mod evaluate;
mod observations;
mod outcome;
mod record;
mod thresholds;

pub use evaluate::{Alert, Level, What, evaluate};
pub use observations::{Capacity, Observations, Preseed};
pub use outcome::{BadServiceEnd, Cause, Ended, Outcome, ServiceEnd};
pub use record::Record;
pub use thresholds::{Ages, Percents, Thresholds};
