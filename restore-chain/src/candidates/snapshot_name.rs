//! What a snapshot's name says about who took it, and what for.
//!
//! Total: every name is of some [`Purpose`]. What a tool took for its own work, and will destroy when that is done, is no
//! way back; nor is what a restore took to protect what it was about to replace.

/// Who took a snapshot, and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Purpose {
    /// By a schedule: sanoid (`autosnap_…`), zrepl (`zrepl_…`), zfs-auto-snapshot (`zfs-auto-snap_…`), znapzend.
    Scheduled,
    /// For replication: syncoid (`syncoid_…`), zfs-autobackup.
    Replication,
    /// For the time of a backup: `backup-…`, `restic-…`, `pgbackrest-…`.
    Temporary,
    /// To protect what a restore was about to replace: `preseed_protect_…`.
    Protective,
    /// By a person, or by a tool that is not known here.
    Other,
}

const PREFIXES: [(&str, Purpose); 10] = [
    ("autosnap_", Purpose::Scheduled),
    ("zrepl_", Purpose::Scheduled),
    ("zfs-auto-snap", Purpose::Scheduled),
    ("syncoid_", Purpose::Replication),
    ("backup-", Purpose::Temporary),
    ("restic-", Purpose::Temporary),
    ("pgbackrest-", Purpose::Temporary),
    ("preseed_protect", Purpose::Protective),
    ("preseed-protect", Purpose::Protective),
    ("restore-protect", Purpose::Protective),
];

impl Purpose {
    /// What a name (after the `@`) stands for.
    pub fn of(name: &str) -> Self {
        let known = PREFIXES.iter().find(|(prefix, _)| name.starts_with(prefix));
        known.map_or(Self::Other, |(_, purpose)| *purpose)
    }

    /// Whether it is a way back on the machine that took it.
    pub fn restores_locally(self) -> bool {
        matches!(self, Self::Scheduled | Self::Other)
    }

    /// Whether it is a way back on a replica, where it is as good as any: a replica is received up to it.
    pub fn restores_from_replica(self) -> bool {
        matches!(self, Self::Scheduled | Self::Other | Self::Replication)
    }
}
