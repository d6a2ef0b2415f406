//! The options of syncoid that a [`Replication`](super::Replication) uses.

/// How an option is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Alone.
    Flag,
    /// With a value.
    Value,
    /// With a value, as often as needed.
    Values,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Syntax {
    /// With its dashes.
    pub name: &'static str,
    /// A short form.
    pub short: Option<&'static str>,
    /// How it is written.
    pub form: Form,
    /// The first release, from 2.1 on, that reads it.
    pub since: (u8, u8),
}

const fn row(name: &'static str, form: Form, since: (u8, u8)) -> Syntax {
    Syntax { name, short: None, form, since }
}

/// Every option that is written or read back, in the order of writing (syncoid 2.1.0, 2.2.0, 2.3.0: `GetOptions`).
pub const OPTIONS: [Syntax; 23] = [
    Syntax { short: Some("-r"), ..row("--recursive", Form::Flag, (2, 1)) },
    row("--skip-parent", Form::Flag, (2, 1)),
    row("--exclude-datasets", Form::Values, (2, 3)),
    row("--no-sync-snap", Form::Flag, (2, 1)),
    row("--create-bookmark", Form::Flag, (2, 1)),
    row("--keep-sync-snap", Form::Flag, (2, 1)),
    row("--identifier", Form::Value, (2, 1)),
    row("--use-hold", Form::Flag, (2, 2)),
    row("--no-stream", Form::Flag, (2, 1)),
    row("--no-rollback", Form::Flag, (2, 1)),
    row("--force-delete", Form::Flag, (2, 1)),
    row("--delete-target-snapshots", Form::Flag, (2, 2)),
    row("--no-resume", Form::Flag, (2, 1)),
    row("--preserve-recordsize", Form::Flag, (2, 1)),
    row("--preserve-properties", Form::Flag, (2, 2)),
    row("--sendoptions", Form::Value, (2, 1)),
    row("--recvoptions", Form::Value, (2, 1)),
    row("--compress", Form::Value, (2, 1)),
    row("--source-bwlimit", Form::Value, (2, 1)),
    row("--target-bwlimit", Form::Value, (2, 1)),
    row("--sshkey", Form::Value, (2, 1)),
    row("--sshport", Form::Value, (2, 1)),
    Syntax { short: Some("-o"), ..row("--sshoption", Form::Values, (2, 1)) },
];

/// Written last: without it syncoid calls `sudo` for every user but root.
pub const NO_ELEVATION: Syntax = row("--no-privilege-elevation", Form::Flag, (2, 1));

/// The row of an option as it is written.
pub fn find(name: &str) -> Option<Syntax> {
    let mut rows = OPTIONS.into_iter().chain([NO_ELEVATION]);
    rows.find(|row| row.name == name || row.short == Some(name))
}
