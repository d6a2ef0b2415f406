//! What can go wrong.

/// How a way back behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Behaviour {
    /// As it should.
    #[default]
    Works,
    /// There is nothing any more.
    Absent,
    /// The tool fails at once.
    Fails,
    /// The tool fails when half is there, and leaves it.
    FailsHalfway,
    /// Nothing happens until the time is over; half is there by then.
    Hangs,
    /// The tool says that all is well, and half is missing.
    Partial,
}

impl Behaviour {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Works, Self::Absent, Self::Fails, Self::FailsHalfway, Self::Hangs, Self::Partial];
}

/// When in an act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Moment {
    /// Before it begins.
    Before,
    /// When it is done by half, if it can be.
    Within,
    /// When it is done, and nobody knows.
    After,
}

impl Moment {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Before, Self::Within, Self::After];
}

/// The end of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Crash {
    /// In which act, counted from 0.
    pub act: usize,
    /// When in it.
    pub moment: Moment,
}
