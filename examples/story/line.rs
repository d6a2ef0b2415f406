//! The line from forge to nas-1, whose pool is in the same machine here: what answers to `ssh`, and how slow it can be.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use examples::Failure;

/// Bytes a second, if the line is not to be as fast as it can: the environment variable.
pub(crate) const RATE: &str = "NAS_RATE";
/// Runs what it is given, as the other machine would; `story throttle` holds up what comes back.
const SSH: &str = "#!/bin/bash\n\
    shift\n\
    [ -n \"${NAS_RATE:-}\" ] || exec \"$@\"\n\
    \"$@\" | story throttle \"$NAS_RATE\"\n\
    exit \"${PIPESTATUS[0]}\"\n";

/// Puts it beside this program, which has to be in the search path.
pub(crate) fn install() -> Result<(), Failure> {
    let path = std::env::var("PATH").unwrap_or_default();
    let own = std::env::current_exe()?;
    let folder = own.parent().ok_or("a program lies in a folder")?;
    if !path.split(':').any(|entry| folder == Path::new(entry)) {
        return Err(format!("{} has to be in the search path", folder.display()).into());
    }
    let ssh = folder.join("ssh");
    fs::write(&ssh, SSH)?;
    Ok(fs::set_permissions(&ssh, fs::Permissions::from_mode(0o755))?)
}

/// Passes its input on, at most so many bytes a second.
pub(crate) fn throttle(rate: &str) -> Result<(), Failure> {
    let rate: u64 = rate.parse()?;
    let (mut input, mut output) = (std::io::stdin().lock(), std::io::stdout().lock());
    let (started, mut passed) = (Instant::now(), 0_u64);
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = input.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        output.write_all(buffer.get(..read).unwrap_or_default())?;
        passed += u64::try_from(read)?;
        let due = Duration::from_millis(passed * 1000 / rate.max(1));
        std::thread::sleep(due.saturating_sub(started.elapsed()));
    }
}
