//! Who keeps a mount busy.

use std::fs;
use std::os::fd::AsFd;

use super::mounting::mount_of;

/// Processes that have something of the mount open, or work in it: `mnt_id` in `/proc/PID/fdinfo` (proc(5)), and the
/// working and root directories.
pub(super) fn holders(mount: u64) -> Vec<u32> {
    let numbers = fs::read_dir("/proc").into_iter().flatten().flatten();
    let processes = numbers.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let mut holders: Vec<u32> = processes.filter(|pid| holds(*pid, mount)).collect();
    holders.sort_unstable();
    holders
}

fn holds(pid: u32, mount: u64) -> bool {
    let open = fs::read_dir(format!("/proc/{pid}/fdinfo")).into_iter().flatten().flatten();
    let has_open = open.filter_map(|entry| fs::read_to_string(entry.path()).ok()).any(|info| {
        let ids = info.lines().filter_map(|line| line.strip_prefix("mnt_id:"));
        ids.filter_map(|id| id.trim().parse().ok()).any(|id: u64| id == mount)
    });
    has_open || ["cwd", "root"].iter().any(|link| is_in(&format!("/proc/{pid}/{link}"), mount))
}

/// Whether what a link of `/proc` leads to is in the mount.
fn is_in(link: &str, mount: u64) -> bool {
    let flags = nix::fcntl::OFlag::O_PATH | nix::fcntl::OFlag::O_CLOEXEC;
    let held = nix::fcntl::open(link, flags, nix::sys::stat::Mode::empty());
    held.and_then(|held| mount_of(held.as_fd())) == Ok(mount)
}
