//! Plans as text: for a person ([`tree`]) and for a shell ([`script`]).

pub mod script;
pub mod tree;

/// Serializes what displays as its text.
#[cfg(feature = "serde")]
pub(crate) fn display<T, S>(value: &T, serializer: S) -> Result<S::Ok, S::Error>
where
    T: std::fmt::Display,
    S: serde::Serializer,
{
    serializer.collect_str(value)
}
