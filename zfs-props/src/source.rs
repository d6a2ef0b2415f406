//! Where a value comes from: the SOURCE column.

use core::fmt;

/// Where a property's value comes from, as `zfs get` and `zpool get` say it (OpenZFS
/// `zprop_source_t`, `zprop_print_one_property`, `lib/libzfs/libzfs_util.c`).
///
/// `N` is the name of the dataset a value is inherited from: `&str`, `String`, a dataset name.
///
/// ```
/// use zfs_props::source::Source;
///
/// let source = Source::from_text("inherited from tank/home").unwrap();
/// assert_eq!(source, Source::Inherited("tank/home"));
/// assert_eq!(source.to_string(), "inherited from tank/home");
/// assert_eq!(Source::from_text("-"), Some(Source::None));
/// assert_eq!(Source::from_text("somewhere"), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum Source<N> {
    /// `-`: the property is not one that can be set, or has no value here.
    None,
    /// `default`: nobody set it, here or above.
    Default,
    /// `temporary`: the mount says otherwise than the stored property, until it is unmounted.
    Temporary,
    /// `local`: set on this very dataset.
    Local,
    /// `inherited from X`: set on X, an ancestor, or received by it.
    Inherited(N),
    /// `received`: came to this very dataset with a `zfs send -p` stream.
    Received,
}

/// The words of `zfs get -j` for a source.
pub const JSON_WORDS: &[&str] = &["NONE", "DEFAULT", "TEMPORARY", "LOCAL", "INHERITED", "RECEIVED"];

impl<N> Source<N> {
    /// Reads the `source` object of `zfs get -j`: its `type`, and its `data`, which names the
    /// ancestor of an inherited value (OpenZFS `zprop_nvlist_one_property`, `lib/libzfs/libzfs_util.c`).
    /// `None` if the type is not one of [`JSON_WORDS`].
    pub fn from_json(kind: &str, data: N) -> Option<Self> {
        Some(match kind {
            "NONE" => Self::None,
            "DEFAULT" => Self::Default,
            "TEMPORARY" => Self::Temporary,
            "LOCAL" => Self::Local,
            "INHERITED" => Self::Inherited(data),
            "RECEIVED" => Self::Received,
            _ => return None,
        })
    }

    /// The same source with the ancestor's name in another form.
    pub fn map<M>(self, name: impl FnOnce(N) -> M) -> Source<M> {
        match self {
            Self::None => Source::None,
            Self::Default => Source::Default,
            Self::Temporary => Source::Temporary,
            Self::Local => Source::Local,
            Self::Inherited(from) => Source::Inherited(name(from)),
            Self::Received => Source::Received,
        }
    }

    /// The same source with the ancestor's name borrowed.
    pub fn as_ref(&self) -> Source<&N> {
        match self {
            Self::None => Source::None,
            Self::Default => Source::Default,
            Self::Temporary => Source::Temporary,
            Self::Local => Source::Local,
            Self::Inherited(from) => Source::Inherited(from),
            Self::Received => Source::Received,
        }
    }
}

impl<'a> Source<&'a str> {
    /// Reads the SOURCE column of `zfs get` or `zpool get`; `None` if it is none of their words.
    pub fn from_text(text: &'a str) -> Option<Self> {
        Some(match text {
            "-" => Self::None,
            "default" => Self::Default,
            "local" => Self::Local,
            "received" => Self::Received,
            "temporary" => Self::Temporary,
            _ => match text.strip_prefix("inherited from ")? {
                "" => return None,
                from => Self::Inherited(from),
            },
        })
    }
}

impl<N: fmt::Display> fmt::Display for Source<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "-",
            Self::Default => "default",
            Self::Temporary => "temporary",
            Self::Local => "local",
            Self::Inherited(from) => return write!(f, "inherited from {from}"),
            Self::Received => "received",
        })
    }
}
