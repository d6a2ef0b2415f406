//! When in the boot something has to be there.

use std::fmt;
use std::str::FromStr;

/// When in the boot something is done. Each stage sees what the ones before it did.
///
/// An entry needs its store, and every mount that it stands on, at the same stage or an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Stage {
    /// In the initrd, below `/sysroot`, before the system proper is started (bootup(7)): what `neededForBoot`
    /// file systems of NixOS are.
    Initrd,
    /// As the first thing of the system proper, before `local-fs.target` is reached and before anything writes.
    Early,
    /// With `local-fs.target` or later: when a consumer that says so needs it.
    Late,
}

impl Stage {
    /// As it is declared, and what it means.
    pub const ALL: [(&'static str, Self); 3] =
        [("initrd", Self::Initrd), ("early", Self::Early), ("late", Self::Late)];
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Initrd => "initrd",
            Self::Early => "early",
            Self::Late => "late",
        })
    }
}

/// Why a text is no stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a stage is one of `initrd`, `early`, `late`")]
pub struct BadStage;

impl FromStr for Stage {
    type Err = BadStage;

    fn from_str(text: &str) -> Result<Self, BadStage> {
        let found = Self::ALL.into_iter().find(|(word, _)| *word == text);
        found.map(|(_, stage)| stage).ok_or(BadStage)
    }
}
