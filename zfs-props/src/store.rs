//! Where a property's value comes from: the inheritance store of a pool, offline.
//!
//! Every dataset keeps, per property, at most three things: a value set *locally*, a value that came
//! with a *received* stream, and a mark that `zfs inherit` left to hide the received one. All the rest
//! (what the dataset sees, and which source `zfs get` prints for it) follows from the entries on the
//! way up to the pool. [`resolve`] is that rule; [`Entry::set`], [`Entry::inherit`],
//! [`Entry::revert`] and [`Entry::receive`] are what the four commands do to an entry.
//!
//! Source: OpenZFS `module/zfs/dsl_prop.c` (`dsl_prop_get_dd`, `dsl_prop_set_sync_impl`).
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
//! home.inherit(); // `zfs inherit compression tank/home` hides the received value ...
//! let chain = || [("tank/home", Some(&home)), ("tank", Some(&tank))];
//! assert_eq!(resolve(true, chain()), Some((&"lz4", Setpoint::Inherited("tank"))));
//!
//! home.revert(); // ... and `zfs inherit -S` shows it again.
//! let chain = || [("tank/home", Some(&home)), ("tank", Some(&tank))];
//! assert_eq!(resolve(true, chain()), Some((&"zstd", Setpoint::Received)));
//! ```

/// What one dataset stores for one property.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Entry<V> {
    /// The value set here, by `zfs set` or at creation.
    pub local: Option<V>,
    /// The value that came with a received stream.
    pub received: Option<V>,
    /// `zfs inherit` was used here: a received value is hidden (OpenZFS's `$inherit` entry).
    pub hidden: bool,
}

impl<V> Default for Entry<V> {
    fn default() -> Self {
        Self { local: None, received: None, hidden: false }
    }
}

impl<V> Entry<V> {
    /// The value that counts here, and whether it was received; `None`: look further up.
    pub fn own(&self) -> Option<(&V, bool)> {
        match (&self.local, &self.received) {
            (Some(local), _) => Some((local, false)),
            (None, Some(received)) if !self.hidden => Some((received, true)),
            _ => None,
        }
    }

    /// `zfs set`.
    pub fn set(&mut self, value: V) {
        self.local = Some(value);
        self.hidden = false;
    }

    /// `zfs inherit`: the local value goes, and a received one is hidden.
    pub fn inherit(&mut self) {
        self.local = None;
        self.hidden = self.received.is_some();
    }

    /// `zfs inherit -S`: the local value goes, and a received one counts again.
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
        self.local.is_none() && self.received.is_none() && !self.hidden
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
