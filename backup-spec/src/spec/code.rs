//! The kinds of problems of a declaration.

declared::code! {
    /// The kind of a problem, stable across releases of this crate.
    pub enum Code {
        /// A job names a repository that is not declared.
        UnknownRepository = "unknown-repository",
        /// Two repositories are one place.
        DuplicateRepository = "duplicate-repository",
        /// A path that the dataset of its job does not hold: it would not be read.
        OutsideMountpoint = "outside-mountpoint",
        /// A pattern that can match nothing of what its job reads.
        InertExclude = "inert-exclude",
        /// A pattern list that makes no sense as a whole: a negation that can never act, and the like.
        DoubtfulExclude = "doubtful-exclude",
        /// The excludes of a job leave nothing of one of its paths.
        NothingRead = "nothing-read",
        /// A timer that never elapses, or from some day on never again.
        NeverRuns = "never-runs",
        /// A run may take longer than the pause between two: the next one would be skipped.
        RunExceedsPause = "run-exceeds-pause",
        /// Less than the host's floor, and not marked as meant.
        BelowFloor = "below-floor",
        /// More jobs at a time than the host wants to bear.
        Crowded = "crowded",
        /// A threshold that a host in health would exceed.
        FalseAlarm = "false-alarm",
        /// A warning that comes after its emergency.
        ThresholdOrder = "threshold-order",
        /// A policy that keeps nothing.
        KeepsNothing = "keeps-nothing",
        /// A template of sanoid that is not declared, or something else its configuration gets silently wrong.
        Sanoid = "sanoid",
        /// A replication that its tool would refuse, or that goes nowhere.
        Replication = "replication",
        /// An archive that could not be restored from.
        Pitr = "pitr",
        /// The files of a running database are copied as files, although an archive has them.
        CopiedWhileRunning = "copied-while-running",
        /// A message that would be sent with something missing.
        Notification = "notification",
        /// A class that is used and says nothing.
        UnknownClass = "unknown-class",
        /// A key that has no effect where it stands.
        NoEffect = "no-effect",
    }
}
