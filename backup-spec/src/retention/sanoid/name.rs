//! Which snapshots are sanoid's own, and of which type.

/// The word that sanoid takes for the type of a snapshot of this name; `None`: not its own.
///
/// Its own begin with `autosnap` (no `_` is needed) and end in `ly`. The type is the last word after a `_`
/// that has `ly` in it, up to there: `autosnap_manual_daily` is daily, and `…:00dst_hourly` is hourly.
pub fn type_of(name: &str) -> Option<&str> {
    if !name.starts_with("autosnap") || !name.ends_with("ly") {
        return None;
    }
    name.rmatch_indices('_').find_map(|(at, _)| {
        let rest = name.get(at + 1..)?;
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let word = rest.find(|c| !is_word(c)).and_then(|end| rest.get(..end)).unwrap_or(rest);
        word.get(..word.rfind("ly")? + 2)
    })
}
