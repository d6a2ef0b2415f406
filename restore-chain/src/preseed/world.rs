//! The world that a preseed acts in: the simulator, or the machine.

use jiff::Timestamp;

use super::act::Act;
use super::event::Event;
use super::sight::Sight;
use crate::service::Service;

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Fault {
    /// A tool failed, and said why.
    #[error("{0}")]
    Failed(String),
    /// It took too long, and was ended.
    #[error("took longer than its limit, and was ended")]
    TimedOut,
    /// The run is to end now: nothing more is done, not even told.
    #[error("the run was ended")]
    Ended,
}

/// Where a preseed acts. Each call is one step that may be the last one of the run.
pub trait World {
    /// Seconds by a clock that never goes back.
    fn clock(&mut self) -> u64;

    /// The time of day, for records.
    fn now(&mut self) -> Timestamp;

    /// Makes this run the only one for the service; false: another one is. The lock ends with the process that holds
    /// it, however that ends (`flock`), and never otherwise.
    fn lock(&mut self, service: &Service) -> Result<bool, Fault>;

    /// Ends the lock.
    fn unlock(&mut self, service: &Service);

    /// Looks at what is on disk. What cannot be looked at is a fault, never an absence.
    fn observe(&mut self, service: &Service) -> Result<Sight, Fault>;

    /// Acts, for so many seconds at most.
    fn act(&mut self, service: &Service, act: &Act, limit: u64) -> Result<(), Fault>;

    /// Tells somebody. A failure here is reported, and changes nothing.
    fn tell(&mut self, event: &Event) -> Result<(), Fault>;
}
