//! What has a grammar of its own is text in documents too, and is read from it.

use std::borrow::Cow;

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::restic::{Count, Forget, GroupBy, Keep, Within};
use super::zrepl::{Grid, Names};

macro_rules! read_from_text {
    ($($named:ty),*) => {$(
        impl<'de> Deserialize<'de> for $named {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    )*};
}

crate::text_form::text_form!(Keep, Forget, Within, Count, GroupBy, Grid, Names);
read_from_text!(Keep, Forget, Within, Count, GroupBy, Grid, Names);
