//! Settings and commands that carry a choice out.

use super::choose::Choice;
use super::target::{Action, Settings, Target, TimelineWish};
use crate::command::Command;

/// What a recovery may be told to stop at.
const TARGETS: [&str; 5] = [
    "recovery_target",
    "recovery_target_time",
    "recovery_target_lsn",
    "recovery_target_xid",
    "recovery_target_name",
];

/// Settings of PostgreSQL 12 and later, as name and value: for the end of `postgresql.auto.conf`, with an empty
/// `recovery.signal` beside it. `restore_command` as the server wants it, with `%f` and `%p`.
///
/// A server that was recovered once keeps what it was told then, and so do its base backups. Two targets are an error
/// (`assign_recovery_target_*` in `guc_tables.c`, PostgreSQL 12 to 17): all are set to nothing before the one that counts.
pub fn settings(settings: &Settings, restore_command: &str) -> Vec<(&'static str, String)> {
    let mut lines = vec![("restore_command", restore_command.to_owned())];
    let target = match &settings.target {
        Target::End => None,
        Target::Immediate => Some(("recovery_target", "immediate".to_owned())),
        Target::Time(time) => Some(("recovery_target_time", server_time(*time))),
        Target::Lsn(lsn) => Some(("recovery_target_lsn", lsn.to_string())),
        Target::Xid(xid) => Some(("recovery_target_xid", xid.to_string())),
        Target::Name(name) => Some(("recovery_target_name", name.clone())),
    };
    let stops = target.is_some();
    let others = TARGETS.iter().filter(|name| target.as_ref().is_none_or(|(own, _)| own != *name));
    lines.extend(others.map(|name| (*name, String::new())));
    lines.extend(target);
    let exact = matches!(settings.target, Target::Time(_) | Target::Lsn(_) | Target::Xid(_));
    if exact {
        let inclusive = if settings.inclusive { "on" } else { "off" };
        lines.push(("recovery_target_inclusive", inclusive.to_owned()));
    }
    let timeline = match settings.timeline {
        TimelineWish::Current => "current".to_owned(),
        TimelineWish::Latest => "latest".to_owned(),
        TimelineWish::Id(timeline) => timeline.to_string(),
    };
    lines.push(("recovery_target_timeline", timeline));
    if stops {
        lines.push(("recovery_target_action", action(settings.action).to_owned()));
    }
    lines
}

/// The settings as lines of a configuration file.
pub fn conf(choice: &Choice, restore_command: &str) -> String {
    let lines = settings(&choice.settings, restore_command).into_iter();
    // Quotes are doubled (`guc-file.l`).
    lines.fold(String::new(), |text, (name, value)| {
        text + name + " = '" + &value.replace('\'', "''") + "'\n"
    })
}

fn action(action: Action) -> &'static str {
    match action {
        Action::Pause => "pause",
        Action::Promote => "promote",
        Action::Shutdown => "shutdown",
    }
}

/// In UTC, with its offset: nothing depends on the server's `TimeZone` then.
fn server_time(time: jiff::Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S%.6f+00").to_string()
}

/// Where `barman-cloud-*` find a server's backups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BarmanCloud {
    /// `s3://bucket/path`
    pub url: String,
    /// The name of the server there.
    pub server: String,
    /// More options, such as `--endpoint-url`.
    pub options: Vec<String>,
}

impl BarmanCloud {
    /// `barman-cloud-restore`, into an empty directory. (It picks no backup by itself.)
    pub fn restore(&self, choice: &Choice, data: &str) -> Command {
        let command = Command::new(["barman-cloud-restore"]).args(self.options.iter().cloned());
        command.args([self.url.as_str(), self.server.as_str(), choice.backup.name.as_str(), data])
    }

    /// `restore_command`: run by the server, in a shell.
    pub fn restore_command(&self) -> String {
        let command = Command::new(["barman-cloud-wal-restore"]).args(self.options.iter().cloned());
        format!(
            "{} %f %p",
            command.args([self.url.clone(), self.server.clone()]).to_string().replace('%', "%%")
        )
    }
}

/// `pgbackrest restore`, with the backup and the timeline by name, so that its own choice is not asked.
pub fn pgbackrest(stanza: &str, repository: u8, choice: &Choice, data: &str) -> Command {
    let settings = &choice.settings;
    let (kind, target) = match &settings.target {
        Target::End => ("default", None),
        Target::Immediate => ("immediate", None),
        Target::Time(time) => ("time", Some(server_time(*time))),
        Target::Lsn(lsn) => ("lsn", Some(lsn.to_string())),
        Target::Xid(xid) => ("xid", Some(xid.to_string())),
        Target::Name(name) => ("name", Some(name.clone())),
    };
    let mut command = Command::new(["pgbackrest", "restore"])
        .arg(format!("--stanza={stanza}"))
        .arg(format!("--repo={repository}"))
        .arg(format!("--pg1-path={data}"))
        .arg(format!("--set={}", choice.backup.name))
        .arg(format!("--type={kind}"));
    if let Some(target) = target {
        command = command.arg(format!("--target={target}"));
    }
    if !settings.inclusive {
        command = command.arg("--target-exclusive");
    }
    // What is left out is `latest` for the server (PostgreSQL 12 and later).
    match settings.timeline {
        TimelineWish::Id(timeline) => {
            command = command.arg(format!("--target-timeline={timeline}"));
        }
        TimelineWish::Current => command = command.arg("--target-timeline=current"),
        TimelineWish::Latest => {}
    }
    if !matches!(settings.target, Target::End) {
        command = command.arg(format!("--target-action={}", action(settings.action)));
    }
    command
}
