//! Lists of properties with values, as after `-o` of `zfs create` and in `zfs set`.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use thiserror::Error;

use crate::check::{self, Accepted, CheckError, Context, PoolAccepted, PoolContext};
use crate::property::{Property, Stored};
use crate::quoted::Quoted;

/// Properties with their values, in the order in which they were given. Nothing is checked but that
/// no name is there twice; [`check`](Self::check) does the rest.
///
/// ```
/// use zfs_props::check::Context;
/// use zfs_props::kind::DatasetKind;
/// use zfs_props::property::Property;
/// use zfs_props::release::Release;
/// use zfs_props::set::PropertySet;
///
/// let props = PropertySet::from_pairs([
///     ("recordsize", "16K"),
///     ("normalization", "formD"),
///     ("com.sun:auto-snapshot", "true"),
/// ])?;
/// let accepted =
///     props.check(&Context::create(DatasetKind::Filesystem).release(Release::V2_3)).unwrap();
/// assert_eq!(accepted.get(Property::Recordsize).unwrap().number(), Some(16384));
/// // What `zfs create` adds by itself.
/// assert!(accepted.added().any(|value| value.property() == Property::Utf8only));
/// # Ok::<(), zfs_props::set::PropertySetError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PropertySet {
    entries: Vec<(Box<str>, Stored<Box<str>>)>,
}

/// Why a list of properties cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PropertySetError {
    /// A name is there twice; the commands refuse that.
    #[error("property {} is given twice", Quoted(.name))]
    Duplicate {
        /// The name.
        name: Box<str>,
    },
    /// An argument without `=`.
    #[error("{} has no `=` between property and value", Quoted(.argument))]
    NoEquals {
        /// The argument.
        argument: Box<str>,
    },
}

impl PropertySet {
    /// No properties.
    pub const fn new() -> Self {
        Self { entries: Vec::new() }
    }

    /// Properties from names and values.
    pub fn from_pairs<N, V>(
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, PropertySetError>
    where
        N: Into<Box<str>>,
        V: Into<Box<str>>,
    {
        let mut seen = BTreeSet::new();
        let mut entries = Vec::new();
        for (name, value) in pairs {
            let name = name.into();
            if !seen.insert(name.clone()) {
                return Err(PropertySetError::Duplicate { name });
            }
            entries.push((name, Stored::Text(value.into())));
        }
        Ok(Self { entries })
    }

    /// Properties from arguments `NAME=VALUE`; the value is what follows the first `=` (OpenZFS
    /// `parseprop`, `cmd/zfs/zfs_main.c`).
    ///
    /// ```
    /// use zfs_props::set::PropertySet;
    ///
    /// let props = PropertySet::from_arguments(["atime=off", "org.example:expr=a=b"])?;
    /// assert_eq!(props.to_arguments(), ["atime=off", "org.example:expr=a=b"]);
    /// assert!(PropertySet::from_arguments(["atime=off", "atime=on"]).is_err());
    /// # Ok::<(), zfs_props::set::PropertySetError>(())
    /// ```
    pub fn from_arguments<'a>(
        arguments: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, PropertySetError> {
        let pairs: Result<Vec<_>, _> = arguments
            .into_iter()
            .map(|argument| {
                let no_equals = || PropertySetError::NoEquals { argument: argument.into() };
                argument.split_once('=').ok_or_else(no_equals)
            })
            .collect();
        Self::from_pairs(pairs?)
    }

    /// Gives a property a value; one it had before goes, and the property moves to the end.
    ///
    /// Numbers are what programs pass to libzfs; for a text or a word it takes texts only.
    pub fn set(&mut self, name: &str, value: Stored<&str>) {
        self.entries.retain(|(known, _)| **known != *name);
        let value = match value {
            Stored::Number(number) => Stored::Number(number),
            Stored::Text(text) => Stored::Text(text.into()),
        };
        self.entries.push((name.into(), value));
    }

    /// The value that was given with exactly this name.
    pub fn get(&self, name: &str) -> Option<Stored<&str>> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Names and values, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, Stored<&str>)> {
        self.entries.iter().map(|(name, value)| {
            let value = match value {
                Stored::Number(number) => Stored::Number(*number),
                Stored::Text(text) => Stored::Text(&**text),
            };
            (&**name, value)
        })
    }

    /// Whether there is no property.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The arguments `NAME=VALUE`. `zfs set` wants `--` before them: the name of a user property may begin with a dash.
    pub fn to_arguments(&self) -> Vec<alloc::string::String> {
        self.iter()
            .map(|(name, value)| match value {
                Stored::Number(number) => alloc::format!("{name}={number}"),
                Stored::Text(text) => alloc::format!("{name}={text}"),
            })
            .collect()
    }

    /// What OpenZFS would make of the properties there: their normal form and what it adds, or the
    /// error it would report.
    pub fn check(&self, context: &Context) -> Result<Accepted, CheckError> {
        check::operation(self, context).or_first()
    }

    /// As [`check`](Self::check), with every error that is found; OpenZFS would report the first.
    pub fn check_all(&self, context: &Context) -> Result<Accepted, Vec<CheckError>> {
        check::operation(self, context).or_all()
    }

    /// As [`check`](Self::check), but of each property alone: what the operation as a whole needs (a
    /// volume its size, an encrypted dataset its key) is not asked for, and `refreservation=auto` is
    /// not computed. So `zfs create -n` checks, and `zfs receive -o` (OpenZFS `zfs_valid_proplist`,
    /// `lib/libzfs/libzfs_dataset.c`).
    pub fn check_list(&self, context: &Context) -> Result<Accepted, CheckError> {
        check::list(self, context).or_first()
    }

    /// The properties that `zfs create -V SIZE` passes on, with what follows from the size: it is
    /// rounded up to whole blocks, a block size that suits the pool is asked for, and unless the volume
    /// is sparse (`-s`) all it can take is reserved. `size` is in bytes; the block size (`-b`) is given
    /// as the property `volblocksize`.
    ///
    /// ```
    /// use zfs_props::check::Context;
    /// use zfs_props::kind::DatasetKind;
    /// use zfs_props::release::Release;
    /// use zfs_props::set::PropertySet;
    ///
    /// let context = Context::create(DatasetKind::Volume).release(Release::V2_1);
    /// let props = PropertySet::new().for_volume(1_395_864_371, false, &context)?;
    /// assert_eq!(props.to_arguments(), ["volsize=1395867648", "refreservation=1441742848"]);
    /// assert!(props.check(&context).is_ok());
    /// # Ok::<(), zfs_props::check::CheckError>(())
    /// ```
    pub fn for_volume(
        mut self,
        size: u64,
        is_sparse: bool,
        context: &Context,
    ) -> Result<Self, CheckError> {
        let (name, value) = (Property::Volsize.name(), Stored::Number(size));
        if self.get(name) != Some(value) {
            self.set(name, value);
        }
        check::volume(self, is_sparse, context)
    }

    /// What OpenZFS would make of them as properties of a pool.
    ///
    /// ```
    /// use zfs_props::check::{ErrorClass, PoolContext};
    /// use zfs_props::set::PropertySet;
    ///
    /// let props = PropertySet::from_pairs([("ashift", "12"), ("bootfs", "tank/root")])?;
    /// let error = props.check_pool(&PoolContext::create("tank")).unwrap_err();
    /// assert_eq!(error.property(), "bootfs");
    /// assert_eq!(error.class(), ErrorClass::BadProperty);
    /// # Ok::<(), zfs_props::set::PropertySetError>(())
    /// ```
    pub fn check_pool(&self, context: &PoolContext) -> Result<PoolAccepted, CheckError> {
        check::pool(self, context).or_first()
    }

    /// As [`check_pool`](Self::check_pool), with every error that is found.
    pub fn check_pool_all(&self, context: &PoolContext) -> Result<PoolAccepted, Vec<CheckError>> {
        check::pool(self, context).or_all()
    }
}

#[cfg(feature = "serde")]
mod serde_as_map {
    use alloc::string::String;
    use core::fmt;

    use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
    use serde::ser::{Serialize, SerializeMap, Serializer};

    use super::{PropertySet, Stored, Vec};

    /// A map from names to values, in order; numbers stay numbers.
    impl Serialize for PropertySet {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let entries = self.iter();
            let mut map = serializer.serialize_map(Some(entries.len()))?;
            for (name, value) in entries {
                match value {
                    Stored::Number(number) => map.serialize_entry(name, &number)?,
                    Stored::Text(text) => map.serialize_entry(name, text)?,
                }
            }
            map.end()
        }
    }

    /// The reverse; a name that stands twice is refused. Numbers are taken as the texts of their digits.
    impl<'de> Deserialize<'de> for PropertySet {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_map(Pairs)
        }
    }

    struct Pairs;

    impl<'de> Visitor<'de> for Pairs {
        type Value = PropertySet;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map from property names to values")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<PropertySet, A::Error> {
            let mut pairs: Vec<(String, String)> = Vec::new();
            while let Some((name, Text(value))) = map.next_entry()? {
                pairs.push((name, value));
            }
            PropertySet::from_pairs(pairs).map_err(A::Error::custom)
        }
    }

    struct Text(String);

    impl<'de> Deserialize<'de> for Text {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_any(AnyText).map(Text)
        }
    }

    struct AnyText;

    impl Visitor<'_> for AnyText {
        type Value = String;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text or a number that is not negative")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
            Ok(text.into())
        }

        fn visit_u64<E: Error>(self, number: u64) -> Result<String, E> {
            Ok(alloc::format!("{number}"))
        }
    }
}
