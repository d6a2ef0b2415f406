//! Values that a declaration has as text.

/// Serializes each type as what it displays.
macro_rules! text_form {
    ($($name:ty),* $(,)?) => {$(
        #[cfg(feature = "serde")]
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )*};
}

pub(crate) use text_form;

/// For `serialize_with`: what a value displays.
#[cfg(feature = "serde")]
pub(crate) fn display<T: std::fmt::Display, S: serde::Serializer>(
    value: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// For `serialize_with`: what each value of a list displays.
#[cfg(feature = "serde")]
pub(crate) fn list<T: std::fmt::Display, S: serde::Serializer>(
    values: &[T],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(values.iter().map(ToString::to_string))
}
