//! Which known word was probably meant.

use alloc::vec::Vec;
use core::mem;

/// Longer texts are not compared: nothing known is that long.
const LONGEST: usize = 64;

/// Of the known words, the one that is fewest slips away from `text`; the first of equals. A slip
/// is a character too many, too few, wrong, or swapped with the next; case is none. About every
/// third character may be one.
pub(crate) fn nearest<'a, T>(text: &str, known: impl Iterator<Item = (T, &'a str)>) -> Option<T> {
    if text.len() > LONGEST {
        return None;
    }
    let allowed = (text.len() / 3).clamp(1, 3);
    known
        // A word that much longer or shorter needs more slips than are allowed.
        .filter(|(_, word)| word.len().abs_diff(text.len()) <= allowed)
        .map(|(what, word)| (slips(text.as_bytes(), word.as_bytes()), what))
        .filter(|(slips, _)| *slips <= allowed)
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, what)| what)
}

/// The optimal string alignment distance of two texts, without regard to case.
fn slips(a: &[u8], b: &[u8]) -> usize {
    // Row i holds the distance of a[..i] to every beginning of b; `before` is row i - 1, `older` i
    // - 2.
    let mut older: Vec<usize> = Vec::new();
    let mut before: Vec<usize> = (0..=b.len()).collect();
    let mut last_a = None;
    for (i, ca) in a.iter().map(u8::to_ascii_lowercase).enumerate() {
        let mut row = Vec::with_capacity(b.len() + 1);
        row.push(i + 1);
        let mut left = i + 1;
        let mut last_b = None;
        // The cells above to the left, above, and two above to the left (0 stands in where the swap
        // that needs it cannot be).
        let above = before.iter().zip(before.iter().skip(1));
        let swapped = [0].iter().chain(older.iter()).chain(core::iter::repeat(&0));
        for ((cb, (corner, up)), swap) in
            b.iter().map(u8::to_ascii_lowercase).zip(above).zip(swapped)
        {
            let mut best = (corner + usize::from(ca != cb)).min(up + 1).min(left + 1);
            if last_a == Some(cb) && last_b == Some(ca) {
                best = best.min(swap + 1);
            }
            row.push(best);
            left = best;
            last_b = Some(cb);
        }
        last_a = Some(ca);
        older = mem::replace(&mut before, row);
    }
    before.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_counted() {
        for (a, b, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("quota", "QUOTA", 0),
            ("recrodsize", "recordsize", 1),
            ("kitten", "sitting", 3),
            ("ca", "abc", 3),
            ("ba", "ab", 1),
        ] {
            assert_eq!(slips(a.as_bytes(), b.as_bytes()), expected, "{a} {b}");
        }
    }

    #[test]
    fn far_off_is_not_near() {
        let known = || [(1, "quota"), (2, "refquota")].into_iter();
        assert_eq!(nearest("qouta", known()), Some(1));
        assert_eq!(nearest("xyz", known()), None);
        assert_eq!(nearest(&"q".repeat(100_000), known()), None);
    }
}
