//! The facts, as data: one row per property and per pool feature, in OpenZFS's order.
//!
//! A table yields an enum and the rows of its variants from one list, so that there is no second
//! place to forget, and no index that could miss.

pub(crate) mod dataset;
pub(crate) mod feature;
pub(crate) mod pool;
pub(crate) mod row;
pub(crate) mod vdev;
pub(crate) mod words;

/// Declares an enum whose every variant has a name and a row.
macro_rules! table {
    (
        $(#[$meta:meta])*
        pub enum $Scope:ident: $Row:ty = $new:ident {
            $(
                $(#[$doc:meta])*
                $Variant:ident = $name:literal $(. $method:ident ( $($arg:tt)* ))* ;
            )+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $Scope {
            $( $(#[$doc])* $Variant, )+
        }

        impl $Scope {
            /// All of them, in OpenZFS's order.
            pub const ALL: &'static [Self] = &[$( Self::$Variant, )+];

            /// The one with this name, exactly.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $( $name => Some(Self::$Variant), )+
                    _ => None,
                }
            }

            pub(crate) const fn row(self) -> &'static $Row {
                match self {
                    $( Self::$Variant => const { &$new!($name)$(.$method($($arg)*))* }, )+
                }
            }
        }
    };
}
pub(crate) use table;

/// A property's row as it starts: its column header is the name in upper case.
macro_rules! property_row {
    ($name:literal) => {
        $crate::table::row::Row::new($name, {
            const HEADER: [u8; $name.len()] = $crate::table::upper_case($name);
            match core::str::from_utf8(&HEADER) {
                Ok(header) => header,
                Err(_) => $name,
            }
        })
    };
}
pub(crate) use property_row;

/// The bytes of `name` in upper case; `N` is its length.
const fn upper_case<const N: usize>(name: &str) -> [u8; N] {
    let mut bytes = match name.as_bytes().first_chunk() {
        Some(bytes) => *bytes,
        None => [0; N],
    };
    bytes.make_ascii_uppercase();
    bytes
}
