//! A short number for what a plan was made from.

use std::fmt;
use std::hash::Hasher as _;
use std::str::FromStr;

use siphasher::sip128::{Hasher128, SipHasher13};

use crate::plan::{Plan, Undo};
use crate::spec::Desired;

/// 128 bits of `SipHash-1-3`, the same on every machine and in every version of this crate that has the
/// same document format. It tells accidental changes; it is no signature. Displayed as 32
/// hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(u128);

/// Texts, hashed so that their borders count.
#[derive(Default)]
struct Texts(SipHasher13);

impl Texts {
    fn add(&mut self, text: impl fmt::Display) {
        struct Write<'h>(&'h mut SipHasher13, u64);
        impl fmt::Write for Write<'_> {
            fn write_str(&mut self, text: &str) -> fmt::Result {
                self.0.write(text.as_bytes());
                self.1 += text.len() as u64;
                Ok(())
            }
        }
        let mut write = Write(&mut self.0, 0);
        // Writing to a hasher never fails.
        let _ = fmt::Write::write_fmt(&mut write, format_args!("{text}"));
        let length = write.1;
        self.0.write_u64(length.to_le());
    }

    fn finish(&self) -> Digest {
        Digest(self.0.finish128().as_u128())
    }
}

impl Desired<'_> {
    /// Of what is declared, however it was written: the order of keys, comments, profiles and
    /// spellings of the same value do not count.
    pub fn digest(&self) -> Digest {
        let mut texts = Texts::default();
        texts.add(self.release);
        texts.add(format_args!("{:?}", self.owner_property.as_ref().map(ToString::to_string)));
        let lists = [
            self.parents.iter().map(ToString::to_string).collect::<Vec<_>>(),
            self.base.iter().map(|(name, base)| format!("{name} {:?}", base.mounted_at)).collect(),
            self.ignore.iter().map(ToString::to_string).collect(),
            self.moved.iter().map(|moved| format!("{} {}", moved.from, moved.to)).collect(),
            self.absent.iter().map(ToString::to_string).collect(),
        ];
        for list in &lists {
            texts.add(list.len());
            for text in list {
                texts.add(text);
            }
        }
        for (name, want) in self.datasets.iter() {
            texts.add(name);
            texts.add(format_args!("{:?} {:?} {:?}", want.volume, want.origin, want.guid));
            texts.add(format_args!("{:?} {:?} {:?}", want.owner, want.group, want.mode));
            texts.add(want.is_strict());
            // They stay where a property that nobody mentions would not.
            let left_alone = want.properties.left_alone();
            texts
                .add(format_args!("{:?}", left_alone.map(ToString::to_string).collect::<Vec<_>>()));
            texts.add(want.properties.len());
            for (property, declared) in &want.properties {
                texts.add(property);
                match declared.wish.setting() {
                    Some(setting) => texts.add(format_args!("={}", setting.printed())),
                    None => texts.add(declared.wish),
                }
            }
        }
        texts.finish()
    }
}

impl Plan {
    /// Of everything observed that the plan rests on. It changes if, and only if, what was observed
    /// leads to other steps, or the steps expect something else to be there, or are taken back otherwise: not when a dataset fills
    /// up, is accessed, or when something changes that nobody declared.
    pub fn digest(&self) -> Digest {
        let mut texts = Texts::default();
        texts.add(self.release());
        for step in self.steps() {
            texts.add(&step.dataset);
            texts.add(step.command());
            texts.add(step.needs.len());
            for need in &step.needs {
                texts.add(need);
            }
            texts.add(&step.reason);
            texts.add(step.expects.len());
            for expectation in &step.expects {
                texts.add(expectation);
            }
            match &step.undo {
                Undo::Do(actions) => {
                    texts.add(actions.len());
                    for (dataset, action) in actions {
                        texts.add(dataset);
                        texts.add(action.command([dataset]));
                    }
                }
                Undo::Impossible { because } => texts.add(because),
            }
        }
        texts.add(self.blocked().len());
        for blocked in self.blocked() {
            texts.add(&blocked.dataset);
            texts.add(blocked.code);
        }
        texts.finish()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// A text that is not 32 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a digest has 32 hexadecimal digits")]
pub struct BadDigest;

impl FromStr for Digest {
    type Err = BadDigest;

    fn from_str(text: &str) -> Result<Self, BadDigest> {
        let digits = text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let number = digits.then(|| u128::from_str_radix(text, 16).ok()).flatten();
        number.map(Self).ok_or(BadDigest)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
