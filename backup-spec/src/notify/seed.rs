//! The templates to begin with.

use std::collections::BTreeSet;

use super::{Event, Notifications, Priority, Template};

/// Name, event, priority, title, body.
const TEMPLATES: [(&str, Event, Priority, &str, &str); 7] = [
    (
        "sanoid-failure",
        Event::SnapshotFailed,
        Priority::High,
        "Sanoid Snapshot Failed",
        "Dataset: ${dataset}\nError: ${errorMessage}",
    ),
    (
        "syncoid-lag-warning",
        Event::ReplicationLags,
        Priority::Normal,
        "Syncoid Replication Lag",
        "Lag: ${lagHours} hours\nDataset: ${dataset}",
    ),
    (
        "backup-failure",
        Event::BackupFailed,
        Priority::High,
        "Backup Failed: ${jobName}",
        "Repository: ${repository}\nError: ${errorMessage}",
    ),
    (
        "preseed-success",
        Event::RestoreSucceeded,
        Priority::Low,
        "Data Restored: ${serviceName}",
        "Source: ${restoreSource}\nDuration: ${duration}",
    ),
    (
        "preseed-failure",
        Event::RestoreFailedStartsEmpty,
        Priority::High,
        "Restore Failed: ${serviceName}",
        "All restore methods failed\nService starting with empty data\nError: ${errorMessage}",
    ),
    (
        "preseed-blocked",
        Event::RestoreFailedBlocked,
        Priority::Emergency,
        "Restore Failed: ${serviceName}",
        "All restore methods failed\nService not started\nError: ${errorMessage}",
    ),
    (
        "preseed-skipped",
        Event::RestoreSkipped,
        Priority::Low,
        "Restore Skipped: ${serviceName}",
        "Data already present",
    ),
];

impl Notifications {
    /// A template for every event.
    pub fn seed() -> Self {
        let mut notifications = Self::default();
        for (name, event, priority, title, body) in TEMPLATES {
            let (Ok(title), Ok(body)) = (title.parse(), body.parse()) else { continue };
            let mut template = Template { priority, title, body, variables: BTreeSet::new() };
            template.variables = template.used().map(str::to_owned).collect();
            notifications.templates.insert(name.to_owned(), template);
            notifications.route(event, name);
        }
        notifications
    }
}
