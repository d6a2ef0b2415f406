//! Paths as the files of systemd and util-linux hold them: written, and read back.
//!
//! | module | where | rule |
//! |---|---|---|
//! | [`unit`](mod@unit) | names of mount units, values in unit files | systemd.unit(5), `systemd-escape --path` |
//! | [`fstab`] | fields of fstab, of `/proc/self/mounts` and of mountinfo | fstab(5), proc(5) |
//! | [`tmpfiles`] | paths and arguments in tmpfiles.d | tmpfiles.d(5), `systemd-tmpfiles` |
//!
//! Each writes every path that the format can hold, byte for byte, and says by [`Inexpressible`] which it cannot:
//! what is written is read by the tool as the very same path, or it is not written.

pub mod fstab;
pub mod tmpfiles;
pub mod unit;

/// A path, or another value, that a format has no way to write.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{:?} cannot be written in {format}: {why}", String::from_utf8_lossy(.value))]
pub struct Inexpressible {
    /// The value.
    pub value: Vec<u8>,
    /// The format.
    pub format: &'static str,
    /// The rule that forbids it.
    pub why: &'static str,
}

/// A text that is not the escaped form of anything.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {of}: {why}")]
pub struct NotEscaped {
    /// The text, lossily where it is not UTF-8.
    pub text: String,
    /// What it should have been.
    pub of: &'static str,
    /// The rule it breaks.
    pub why: &'static str,
}
