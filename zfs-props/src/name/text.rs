//! The text of a name: shared, cut without copying, and ordered as a tree.

use alloc::sync::Arc;
use core::cmp::Ordering;
use core::hash::{Hash, Hasher};

/// The first bytes of a shared text.
///
/// Shared because a planner holds each name many times (state, steps, messages), and a view because
/// a parent's name is the beginning of its child's: cloning and climbing allocate nothing.
#[derive(Clone)]
pub(super) struct Text {
    whole: Arc<str>,
    len: usize,
}

impl Text {
    pub(super) fn new(text: &str) -> Self {
        Self { whole: text.into(), len: text.len() }
    }

    /// The first `len` bytes, which have to end a character.
    pub(super) fn first(&self, len: usize) -> Self {
        Self { whole: Arc::clone(&self.whole), len: len.min(self.len) }
    }

    pub(super) fn as_str(&self) -> &str {
        self.whole.get(..self.len).unwrap_or_default()
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Text {}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(self.as_str().as_bytes(), other.as_str().as_bytes())
    }
}

/// Byte order, but with what ends a component before all else: `#`, `@`, `/`, then the rest.
fn compare(ours: &[u8], theirs: &[u8]) -> Ordering {
    // Names share long beginnings: eight bytes at a time, then one by one.
    const WORD: usize = 8;
    let word = |bytes: &[u8]| bytes.try_into().map_or(0, u64::from_le_bytes);
    let words = ours.chunks_exact(WORD).map(word).zip(theirs.chunks_exact(WORD).map(word));
    let mut same = 0;
    for (a, b) in words {
        if a != b {
            let first = (a ^ b).trailing_zeros() & !7;
            let byte = |word: u64| (word >> first).to_le_bytes()[0];
            return rank(byte(a)).cmp(&rank(byte(b)));
        }
        same += WORD;
    }
    match ours.iter().zip(theirs).skip(same).find(|(a, b)| a != b) {
        Some((&a, &b)) => rank(a).cmp(&rank(b)),
        None => ours.len().cmp(&theirs.len()),
    }
}

const fn rank(byte: u8) -> u8 {
    // All other bytes of a name are blanks or above.
    match byte {
        b'#' => 0,
        b'@' => 1,
        b'/' => 2,
        _ => byte,
    }
}
