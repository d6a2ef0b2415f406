//! Where a property's value comes from: the inheritance store of a pool, offline.
//!
//! Every dataset keeps, per property, at most four things: a value set *locally*, a value that came
//! with a *received* stream, a mark that `zfs inherit` left to hide the received one, and, of a few
//! values that older kernels would not know, the real value beside a stand-in. All the rest (what the
//! dataset sees, and which source `zfs get` prints for it) follows from the entries on the way up to the
//! pool. [`resolve`] is that rule; [`Entry::set`], [`Entry::inherit`], [`Entry::revert`] and
//! [`Entry::receive`] are what the four commands do to an entry. [`Tree`] does it for whole trees, and
//! says what a change would change further down.
//!
//! Source: OpenZFS `module/zfs/dsl_prop.c` (`dsl_prop_get_dd`, `dsl_prop_get_ds`,
//! `dsl_prop_set_sync_impl`, `dsl_prop_set_iuv`).
//!
//! ```
//! use zfs_props::store::{Entry, Setpoint, resolve};
//!
//! let mut tank = Entry::default();
//! tank.set("lz4");
//! let mut home = Entry::default();
//! home.receive("zstd");
//!
//! // Dataset first, then its ancestors, nearest first.
//! let chain = || [("tank/home", Some(&home)), ("tank", Some(&tank))];
//! assert_eq!(resolve(true, chain()), Some((&"zstd", Setpoint::Received)));
//!
//! home.inherit(true); // `zfs inherit compression tank/home` hides the received value ...
//! let chain = || [("tank/home", Some(&home)), ("tank", Some(&tank))];
//! assert_eq!(resolve(true, chain()), Some((&"lz4", Setpoint::Inherited("tank"))));
//!
//! home.revert(); // ... and `zfs inherit -S` shows it again.
//! let chain = || [("tank/home", Some(&home)), ("tank", Some(&tank))];
//! assert_eq!(resolve(true, chain()), Some((&"zstd", Setpoint::Received)));
//! ```

mod tree;

pub use tree::{Change, Effect, Seen, Tree};

use crate::property::Property;

/// What one dataset stores for one property.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Entry<V> {
    /// The value set here, by `zfs set` or at creation.
    pub local: Option<V>,
    /// The value that came with a received stream.
    pub received: Option<V>,
    /// `zfs inherit` was used here: a received value is hidden (OpenZFS's entry `NAME$inherit`).
    pub hidden: bool,
    /// A local value that older kernels do not know; `local` then holds what they take instead
    /// (OpenZFS's entry `NAME$iuv`, for "ignore unknown values").
    pub iuv: Option<V>,
}

impl<V> Default for Entry<V> {
    fn default() -> Self {
        Self { local: None, received: None, hidden: false, iuv: None }
    }
}

impl<V> Entry<V> {
    /// The value that counts here, and whether it was received; `None`: look further up.
    pub fn own(&self) -> Option<(&V, bool)> {
        match (self.iuv.as_ref().or(self.local.as_ref()), &self.received) {
            (Some(local), _) => Some((local, false)),
            (None, Some(received)) if !self.hidden => Some((received, true)),
            _ => None,
        }
    }

    /// `zfs set`.
    pub fn set(&mut self, value: V) {
        self.local = Some(value);
        self.hidden = false;
        self.iuv = None;
    }

    /// `zfs set` of a value that older kernels do not know, with what they take instead.
    pub fn set_iuv(&mut self, value: V, stand_in: V) {
        self.set(stand_in);
        self.iuv = Some(value);
    }

    /// `zfs inherit`: the local value goes, and a received one is hidden. The mark is left on every dataset that ever
    /// received properties, even where this one was not among them, and on all below such a one: that properties were
    /// received is itself a property (`$hasrecvd`), and inherited (OpenZFS 2.3.9, tried out).
    pub fn inherit(&mut self, has_received: bool) {
        self.local = None;
        self.iuv = None;
        self.hidden |= has_received;
    }

    /// `zfs inherit -S`: the local value goes, and a received one counts again.
    ///
    /// OpenZFS (2.3.9, tried out) leaves a value that older kernels do not know in place: after
    /// `zfs set redundant_metadata=some` this command changes nothing that can be seen.
    pub fn revert(&mut self) {
        self.local = None;
        self.hidden = false;
    }

    /// `zfs receive` of a stream that carries the property.
    pub fn receive(&mut self, value: V) {
        self.received = Some(value);
    }

    /// Nothing is stored: the entry can be dropped.
    pub fn is_empty(&self) -> bool {
        self.local.is_none() && self.received.is_none() && !self.hidden && self.iuv.is_none()
    }
}

/// What older kernels take in place of a word that they do not know: the default. Only these few are stored in that way
/// (OpenZFS `dsl_prop_set_iuv`).
pub fn stand_in(property: Property, word: &str) -> Option<&'static str> {
    match (property, word) {
        (Property::RedundantMetadata, "some" | "none") => Some("all"),
        (Property::Snapdir, "disabled") => Some("hidden"),
        _ => None,
    }
}

/// The place that decided a value; with no such place the property has its default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Setpoint<N> {
    /// Set on the dataset itself.
    Local,
    /// Received by the dataset itself.
    Received,
    /// Set on, or received by, this ancestor.
    Inherited(N),
}

/// The value that a dataset sees, from its own entry and those of its ancestors.
///
/// `chain` gives the dataset first and then its ancestors, nearest first, each with what it stores
/// for the property. A property that is not `inheritable` looks at the dataset alone. `None` means
/// that nobody on the way set it: the default holds.
pub fn resolve<'a, N, V: 'a>(
    inheritable: bool,
    chain: impl IntoIterator<Item = (N, Option<&'a Entry<V>>)>,
) -> Option<(&'a V, Setpoint<N>)> {
    let far = if inheritable { usize::MAX } else { 1 };
    chain.into_iter().take(far).enumerate().find_map(|(distance, (name, entry))| {
        let (value, received) = entry?.own()?;
        let setpoint = match (distance, received) {
            (0, false) => Setpoint::Local,
            (0, true) => Setpoint::Received,
            _ => Setpoint::Inherited(name),
        };
        Some((value, setpoint))
    })
}

/// The value that a snapshot sees: its own (user properties can be set on snapshots), or else what its
/// dataset hands down. `chain` begins with the dataset of the snapshot.
pub fn resolve_of_snapshot<'a, N, V: 'a>(
    own: Option<&'a Entry<V>>,
    inheritable: bool,
    chain: impl IntoIterator<Item = (N, Option<&'a Entry<V>>)>,
) -> Option<(&'a V, Setpoint<N>)> {
    if let Some((value, received)) = own.and_then(Entry::own) {
        return Some((value, if received { Setpoint::Received } else { Setpoint::Local }));
    }
    let handed_down = |(name, entry): (N, Option<&'a Entry<V>>)| {
        let (value, _) = entry?.own()?;
        Some((value, Setpoint::Inherited(name)))
    };
    chain.into_iter().filter(|_| inheritable).find_map(handed_down)
}
