//! Bytes as the recordings have them: percent-encoded.

use serde_json::Value;

/// The bytes of a recorded string; none for null.
pub(crate) fn bytes(value: &Value) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = value.as_str()?.as_bytes();
    while let [first, tail @ ..] = rest {
        if let (b'%', [high, low, after @ ..]) = (first, tail) {
            let digits = String::from_utf8(vec![*high, *low]).unwrap();
            bytes.push(u8::from_str_radix(&digits, 16).unwrap());
            rest = after;
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    Some(bytes)
}

/// A field of a row, which is there.
pub(crate) fn field(row: &Value, name: &str) -> Vec<u8> {
    bytes(&row[name]).unwrap_or_else(|| panic!("no {name} in {row}"))
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
