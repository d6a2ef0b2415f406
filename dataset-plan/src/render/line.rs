//! Text that stays on its line.

use std::fmt;

/// Text that can leave neither its line nor its place in it: control characters are shown escaped, and
/// so are those that change the direction of writing.
pub(crate) struct Line<T>(pub(crate) T);

impl<T: fmt::Display> fmt::Display for Line<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.to_string().chars() {
            if leaves(character) {
                write!(f, "{}", character.escape_default())?;
            } else {
                write!(f, "{character}")?;
            }
        }
        Ok(())
    }
}

/// Line ends by any standard, terminal controls, and the bidirectional controls of Unicode (UAX #9).
fn leaves(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
