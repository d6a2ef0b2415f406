//! What is wrong with a job.

use super::{Replication, SyncSnapshots};

/// Something that would make a job fail, do nothing, or destroy more than it says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Flaw {
    /// The place cannot be written so that syncoid reads it back.
    #[error("`{0}` is read as another place")]
    Place(String),
    /// Both sides are remote: syncoid would carry everything through this host.
    #[error("both the source and the target are on other hosts")]
    BothRemote,
    /// The source is copied into itself.
    #[error("the target `{0}` is the source, lies in it or has it below")]
    Overlap(String),
    /// An option that does nothing without another.
    #[error("`{option}` has no effect without `{needs}`")]
    NoEffect {
        /// The option.
        option: &'static str,
        /// What it needs.
        needs: &'static str,
    },
    /// An excluded dataset that is not below the source, or is the source.
    #[error("`{0}` is excluded, and is not below the source")]
    ExcludedElsewhere(String),
    /// A character that names of snapshots cannot have.
    #[error("the identifier `{0}` has other characters than letters, digits and `-_:.`")]
    Identifier(String),
    /// A letter that syncoid does not pass on to `zfs send`, or would not with `-R`.
    #[error("`zfs send` is not given `{0}` by syncoid")]
    SendOption(char),
    /// No `property=value`, or blanks in it, which syncoid splits at.
    #[error("`{0}` is no property with a value that syncoid can pass on")]
    ReceiveOption(String),
    /// A value that would break out of the command that syncoid puts together.
    #[error("`{option}` cannot be given `{value}`")]
    Unsafe {
        /// The option.
        option: &'static str,
        /// The value.
        value: String,
    },
    /// The target is destroyed where there is no common snapshot.
    #[error(
        "`--force-delete` destroys the copy, with all its snapshots and children, when no common snapshot is left"
    )]
    ForceDelete,
    /// The target keeps nothing that the source has lost.
    #[error(
        "`--delete-target-snapshots` destroys every snapshot of the copy that the source has lost"
    )]
    DeletesHistory,
}

impl Flaw {
    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Flaw::Place(_) => {
                "use user and host of letters, digits and `._-`, and a pool without a colon"
            }
            Flaw::BothRemote => "run the job on one of the two hosts",
            Flaw::Overlap(_) => "copy to a dataset outside of the source",
            Flaw::NoEffect { .. } => "leave it out, or add the other",
            Flaw::ExcludedElsewhere(_) => "leave it out; name children of the source only",
            Flaw::Identifier(_) => "use letters, digits and `-_:.`",
            Flaw::SendOption(_) => "use letters of `DLPXbcehpsvw`; recursion is the job's own",
            Flaw::ReceiveOption(_) => "write property=value, without blanks",
            Flaw::Unsafe { .. } => "use letters, digits and `/._=:@,+%-`",
            Flaw::ForceDelete => "rename the copy away by hand when that happens",
            Flaw::DeletesHistory => "prune the copy by its own policy",
        }
    }

    /// Whether the job works and this is only dangerous.
    pub fn is_warning(&self) -> bool {
        matches!(self, Flaw::ForceDelete | Flaw::DeletesHistory)
    }
}

/// Letters that some release of syncoid passes on to `zfs send`; `R` would send what the job leaves out.
const SEND: &str = "DLPXbcehpsvw";

impl Replication {
    /// Everything that is wrong with the job.
    pub fn flaws(&self) -> Vec<Flaw> {
        let mut flaws = Vec::new();
        let places = [&self.source, &self.target];
        flaws.extend(
            places
                .iter()
                .filter(|place| !place.is_sound())
                .map(|place| Flaw::Place(place.to_string())),
        );
        if self.source.host.is_some() && self.target.host.is_some() {
            flaws.push(Flaw::BothRemote);
        }
        let (source, target) = (&self.source.dataset, &self.target.dataset);
        let related = target.relative_to(source).is_some() || source.relative_to(target).is_some();
        // A target above the source would be received over what holds it; not so for a pool of its own name elsewhere.
        if self.source.host == self.target.host && related {
            flaws.push(Flaw::Overlap(target.to_string()));
        }
        let taken = !matches!(self.snapshots, SyncSnapshots::Existing { .. });
        let ssh = self.source.host.is_some() || self.target.host.is_some();
        let has_ssh = self.ssh != super::Ssh::default();
        let effects = [
            (self.skip_parent && !self.recursive, "--skip-parent", "--recursive"),
            (!self.exclude.is_empty() && !self.recursive, "--exclude-datasets", "--recursive"),
            (self.identifier.is_some() && !taken && !self.hold, "--identifier", "--use-hold"),
            (has_ssh && !ssh, "--sshkey, --sshport, --sshoption", "a host"),
        ];
        flaws.extend(
            effects
                .into_iter()
                .filter(|(without, ..)| *without)
                .map(|(_, option, needs)| Flaw::NoEffect { option, needs }),
        );
        let elsewhere = self.exclude.iter().filter(|dataset| !dataset.is_under(source));
        flaws.extend(elsewhere.map(|dataset| Flaw::ExcludedElsewhere(dataset.to_string())));
        let named = |byte: u8| byte.is_ascii_alphanumeric() || b"-_:.".contains(&byte);
        let bad = |identifier: &&String| identifier.is_empty() || !identifier.bytes().all(named);
        flaws.extend(self.identifier.iter().filter(bad).cloned().map(Flaw::Identifier));
        flaws.extend(
            self.send.chars().filter(|letter| !SEND.contains(*letter)).map(Flaw::SendOption),
        );
        let pairs = self.receive.set.iter().filter(|pair| {
            pair.split_once('=').is_none_or(|(name, _)| name.is_empty()) || !is_plain(pair)
        });
        let left_out = self.receive.without.iter().filter(|name| !is_plain(name));
        flaws.extend(pairs.chain(left_out).cloned().map(Flaw::ReceiveOption));
        let values = [
            ("--source-bwlimit", &self.source_limit),
            ("--target-bwlimit", &self.target_limit),
            ("--sshkey", &self.ssh.key),
        ];
        let values =
            values.into_iter().filter_map(|(option, value)| Some((option, value.as_ref()?)));
        let options = self.ssh.options.iter().map(|value| ("--sshoption", value));
        let broken = values.chain(options).filter(|(_, value)| !is_plain(value));
        flaws.extend(broken.map(|(option, value)| Flaw::Unsafe { option, value: value.clone() }));
        if self.force_delete {
            flaws.push(Flaw::ForceDelete);
        }
        if self.delete_target_snapshots {
            flaws.push(Flaw::DeletesHistory);
        }
        flaws
    }
}

/// A word that passes unharmed through the shell lines that syncoid makes of it.
fn is_plain(word: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._=:@,+%-".contains(&byte);
    !word.is_empty() && word.bytes().all(plain)
}
