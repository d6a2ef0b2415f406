//! A mount namespace for a test: what is mounted in it is nobody else's, and gone with it.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};

/// Set in the process that has a user namespace of its own.
const INSIDE: &str = "IMPERMANENCE_MODEL_INSIDE";

/// Whether this is the process in which the tests are run once more without privileges.
pub(crate) fn is_unprivileged() -> bool {
    std::env::var_os(INSIDE).is_some()
}

/// Runs `test` in a thread with a mount namespace of its own; the reason, if there can be none.
///
/// A thread can leave the namespace of the others, which goes on with the tests beside this one; its table is
/// `/proc/thread-self/mountinfo`.
pub(crate) fn isolated<T: Send>(test: impl FnOnce() -> T + Send) -> Result<T, String> {
    let run = || {
        unshare(CloneFlags::CLONE_NEWNS)
            .map_err(|errno| format!("unshare(CLONE_NEWNS): {errno}"))?;
        let none = None::<&str>;
        mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)
            .map_err(|errno| format!("making the namespace private: {errno}"))?;
        Ok(test())
    };
    let joined = std::thread::scope(|scope| scope.spawn(run).join());
    joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Says loudly that a test did not run.
pub(crate) fn skipped(what: &str, why: &str) {
    println!("skipped: {what} ({why})");
}

/// Runs the test `name` of this program again as a user without privileges, in a user namespace in which it is root;
/// what it printed, or the reason why it cannot be run.
pub(crate) fn again_unprivileged(name: &str) -> Result<String, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let open = |path: &Path, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode));
    let program = folder.path().join("test");
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    std::fs::copy(this, &program).map_err(|error| error.to_string())?;
    open(folder.path(), 0o755).map_err(|error| error.to_string())?;
    open(&program, 0o755).map_err(|error| error.to_string())?;
    let mut command = if nix::unistd::geteuid().is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "unshare"]);
        command
    } else {
        Command::new("unshare")
    };
    command.args(["--user", "--map-root-user", "--mount", "--propagation", "private", "--"]);
    let probe = command_like(&command, &["true"]).output();
    match probe {
        Err(error) => return Err(format!("unshare or setpriv: {error}")),
        Ok(output) if !output.status.success() => {
            return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
        }
        Ok(_) => {}
    }
    let program = program.to_string_lossy().into_owned();
    let mut command = command_like(&command, &[&program, "--exact", name, "--nocapture"]);
    let output =
        command.env(INSIDE, "1").current_dir("/").output().map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "without privileges:\n{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(text)
}

fn command_like(command: &Command, more: &[&str]) -> Command {
    let mut like = Command::new(command.get_program());
    like.args(command.get_args()).args(more);
    like
}
