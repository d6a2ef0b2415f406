//! What a step brings about besides the change itself.

use std::fmt;

use bitflags::bitflags;

bitflags! {
    /// What a step brings about besides the change itself.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Risk: u8 {
        /// A file system appears at its mountpoint and covers what is in the directory.
        const MOUNTS = 1;
        /// The dataset, and those that inherit its mountpoint, are unmounted and mounted elsewhere.
        const REMOUNTS = 2;
        /// Only what is written from now on is affected; existing data stays as it is.
        const NEW_WRITES_ONLY = 4;
        /// Undeclared datasets change too.
        const HEIRS = 8;
        /// Data is gone for good.
        const DESTROYS = 16;
    }
}

impl fmt::Display for Risk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const WORDS: [(Risk, &str); 5] = [
            (Risk::MOUNTS, "mounts over its mountpoint"),
            (Risk::REMOUNTS, "remounts"),
            (Risk::NEW_WRITES_ONLY, "affects only data written from now on"),
            (Risk::HEIRS, "undeclared datasets follow"),
            (Risk::DESTROYS, "destroys data for good"),
        ];
        let words = WORDS.iter().filter(|(flag, _)| self.contains(*flag));
        for (n, (_, word)) in words.enumerate() {
            let comma = if n > 0 { ", " } else { "" };
            write!(f, "{comma}{word}")?;
        }
        Ok(())
    }
}

#[cfg(feature = "serde")]
mod serialize {
    use serde::de::{Deserialize, Deserializer, Error};
    use serde::ser::{Serialize, Serializer};

    use super::Risk;

    /// As a list of the names of its flags.
    impl Serialize for Risk {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(self.iter_names().map(|(name, _)| name))
        }
    }

    impl<'de> Deserialize<'de> for Risk {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let flag = |name: String| {
                Risk::from_name(&name)
                    .ok_or_else(|| Error::custom(format_args!("there is no risk {name:?}")))
            };
            Vec::<String>::deserialize(deserializer)?.into_iter().map(flag).collect()
        }
    }
}
