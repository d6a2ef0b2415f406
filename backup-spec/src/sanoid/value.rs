//! Values as Perl takes them: text that is a number or a truth when it is used as one.

use super::ini::is_space;

/// The number that text begins with, as Perl's arithmetic sees it; 0 if it begins with none.
pub(super) fn number(text: &str) -> f64 {
    let text = text.trim_start_matches(is_space);
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
    let word =
        |word: &str| unsigned.get(..word.len()).is_some_and(|t| t.eq_ignore_ascii_case(word));
    if word("inf") {
        return sign * f64::INFINITY;
    }
    if word("nan") {
        return f64::NAN;
    }
    let digits = |from: usize| {
        let rest = unsigned.as_bytes().get(from..).unwrap_or_default();
        from + rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
    };
    let at = |place: usize| unsigned.as_bytes().get(place).copied();
    let whole = digits(0);
    let mut end = whole;
    if at(end) == Some(b'.') {
        let fraction = digits(end + 1);
        if whole > 0 || fraction > end + 1 {
            end = fraction;
        }
    }
    if end > 0 && matches!(at(end), Some(b'e' | b'E')) {
        let digits_from = end + 1 + usize::from(matches!(at(end + 1), Some(b'-' | b'+')));
        let exponent = digits(digits_from);
        if exponent > digits_from {
            end = exponent;
        }
    }
    let number = unsigned.get(..end).unwrap_or_default();
    sign * number.trim_end_matches('.').parse::<f64>().unwrap_or(0.0)
}

/// Whether the whole text is a number to Perl.
pub(super) fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let plain = unsigned.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    plain && unsigned.bytes().any(|b| b.is_ascii_digit()) && unsigned.matches('.').count() < 2
}

/// Whether Perl takes it for true.
pub(super) fn truth(text: &str) -> bool {
    !matches!(text, "" | "0")
}

const TRUE: [&str; 10] = ["1", "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"];
const FALSE: [&str; 10] = ["0", "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"];

/// `1` or `0` for a word that means yes or no; any other text stays, and is true.
pub(super) fn toggle(text: &str) -> &str {
    if is_true(text) {
        "1"
    } else if FALSE.contains(&text) {
        "0"
    } else {
        text
    }
}

/// Whether it is a word for yes.
pub(super) fn is_true(text: &str) -> bool {
    TRUE.contains(&text)
}

/// An age for the monitor in seconds: a whole number, with a unit or in the one given. Anything else is
/// one second.
pub(super) fn age(text: &str, unit: f64) -> f64 {
    let (digits, unit) = match text.char_indices().next_back() {
        Some((at, c)) if !c.is_ascii_digit() => {
            let seconds = match c.to_ascii_lowercase() {
                // 31 days times 365.
                'y' => 86_400.0 * 31.0 * 365.0,
                'w' => 86_400.0 * 7.0,
                'd' => 86_400.0,
                'h' => 3600.0,
                'm' => 60.0,
                's' => 1.0,
                _ => return 1.0,
            };
            (text.get(..at).unwrap_or_default(), seconds)
        }
        _ => (text, unit),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return 1.0;
    }
    digits.parse::<f64>().unwrap_or(1.0) * unit
}
