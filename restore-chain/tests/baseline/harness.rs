//! How a row is judged.

use std::fmt::Debug;

/// `Ok`: agrees; `Err`: what was recorded and what we say.
pub(crate) type Verdict = Result<(), String>;

/// Agrees if `ours` equals `recorded`.
pub(crate) fn same<T: PartialEq<U> + Debug, U: Debug>(
    what: &str,
    ours: &T,
    recorded: &U,
) -> Verdict {
    if *ours == *recorded {
        Ok(())
    } else {
        Err(format!("{what}: recorded {recorded:?}, ours {ours:?}"))
    }
}
