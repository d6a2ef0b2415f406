//! An interrupted receive that can go on: what its token stands for.

use super::version::{Guid, Lineage};

/// What a `receive_resume_token` stands for: one step, to one snapshot of one dataset.
///
/// Read from what `zfs send -nvt TOKEN` prints on the sending side.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ResumeToken {
    /// The token itself.
    pub token: String,
    /// The snapshot that was being received.
    pub to_guid: Guid,
    /// Its name on the sender, with the dataset.
    pub to_name: String,
    /// What it is incremental to; none: a full stream.
    pub from_guid: Option<Guid>,
    /// Bytes already there.
    pub bytes: u64,
}

/// Why what `zfs send -nvt` printed is no resume token's content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the content of a resume token has a line `{0} = ...`, and there is none that can be read; take it from `zfs send -nvt TOKEN`"
)]
pub struct TokenError(&'static str);

impl ResumeToken {
    /// Reads the content that `zfs send -nvt TOKEN` prints (OpenZFS 2.1 to 2.4: `toguid = 0x...`, `toname = ...`).
    pub fn from_send_dry_run(token: &str, text: &str) -> Result<Self, TokenError> {
        let field = |wanted: &str| {
            let lines = text.lines().filter_map(|line| line.trim().split_once(" = "));
            lines.filter(|(key, _)| *key == wanted).map(|(_, value)| value.trim()).next()
        };
        let number = |wanted: &'static str| {
            field(wanted).map(|value| {
                let digits = value.strip_prefix("0x");
                let number =
                    digits.map_or_else(|| value.parse(), |digits| u64::from_str_radix(digits, 16));
                number.map_err(|_| TokenError(wanted))
            })
        };
        Ok(Self {
            token: token.to_owned(),
            to_guid: Guid(number("toguid").ok_or(TokenError("toguid"))??),
            to_name: field("toname").ok_or(TokenError("toname"))?.to_owned(),
            from_guid: number("fromguid").transpose()?.map(Guid),
            bytes: number("bytes").transpose()?.unwrap_or(0),
        })
    }

    /// Whether the sender still has what a resumed send needs; if not, only `zfs receive -A` helps
    /// (otherwise every later receive fails with `EBUSY`).
    pub fn is_live(&self, sender: &Lineage) -> bool {
        let has = |guid: Guid, snapshot: bool| {
            let mut versions = sender.versions().iter();
            versions.any(|version| version.guid == guid && (!snapshot || version.is_snapshot()))
        };
        has(self.to_guid, true) && self.from_guid.is_none_or(|from| has(from, false))
    }
}
