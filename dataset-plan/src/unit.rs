//! Names of systemd units.

use std::fmt;
use std::str::FromStr;

/// The name of a systemd unit, such as `sonarr.service`.
///
/// As `systemctl` does, a name without a known suffix is read as a service's: `sonarr` is
/// `sonarr.service`, and so is `sonarr.service`, so that no unit is configured under two names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct UnitName(String);

/// A text that names no unit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a unit's name: letters, digits and `:-_.\\`, one `@` at most, no longer than 255 bytes (systemd.unit(5))"
)]
pub struct BadUnitName(String);

/// systemd.unit(5).
const SUFFIXES: [&str; 11] = [
    "service",
    "socket",
    "device",
    "mount",
    "automount",
    "swap",
    "target",
    "path",
    "timer",
    "slice",
    "scope",
];

impl UnitName {
    /// The whole name, with its suffix.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for UnitName {
    type Err = BadUnitName;

    fn from_str(text: &str) -> Result<Self, BadUnitName> {
        let suffixed = text.rsplit_once('.').is_some_and(|(_, end)| SUFFIXES.contains(&end));
        let name = if suffixed { text.to_owned() } else { format!("{text}.service") };
        let valid = |b: u8| b.is_ascii_alphanumeric() || b":-_.\\@".contains(&b);
        let stem = name.rsplit_once('.').map_or("", |(stem, _)| stem);
        let good = !stem.is_empty()
            && !stem.starts_with(['-', '@', '.'])
            && stem.bytes().all(valid)
            && stem.matches('@').count() <= 1
            && name.len() <= 255;
        if good { Ok(Self(name)) } else { Err(BadUnitName(text.to_owned())) }
    }
}

impl fmt::Display for UnitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for UnitName {
    type Error = BadUnitName;

    fn try_from(text: String) -> Result<Self, BadUnitName> {
        text.parse()
    }
}

impl From<UnitName> for String {
    fn from(name: UnitName) -> Self {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::UnitName;

    /// Settings under `sonarr.service.service` reach nobody.
    #[test]
    fn a_service_has_one_name() {
        let name = |text: &str| text.parse::<UnitName>().map(String::from);
        assert_eq!(name("sonarr"), name("sonarr.service"));
        assert_eq!(name("multi-user.target").unwrap(), "multi-user.target");
        assert_eq!(name("a.b").unwrap(), "a.b.service");
        for bad in ["", ".service", "a b", "a/b", "a@b@c", "-x", "a\nb", "a%n", &"x".repeat(250)] {
            assert!(name(bad).is_err(), "{bad}");
        }
    }
}
