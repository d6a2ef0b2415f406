//! The virtual machine with a real OpenZFS.

use std::path::{Path, PathBuf};
use std::process::Command;

/// What runs it: `tools/zfs-vm`, if it was built, or the program that the environment variable `ZFS_VM` names. Either takes
/// `run --share FOLDER SCRIPT`, shows the folder as `/mnt/share`, and passes output and exit status on.
pub fn program() -> Option<PathBuf> {
    if let Some(program) = std::env::var_os("ZFS_VM") {
        return Some(program.into());
    }
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tools/zfs-vm");
    let built = Command::new(&program).arg("info").output().is_ok_and(|info| info.status.success());
    built.then_some(program)
}
