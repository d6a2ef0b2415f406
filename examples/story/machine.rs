//! The machine that the story is played on: its pools, its clock, its users, its commands.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::time::Duration;

use examples::Failure;
use impermanence_model::mountinfo::MountTable;
use jiff::Timestamp;
use restore_chain::command::Command;
use restore_chain::exec::process;

use crate::forge::Forge;
use crate::{claim, line};

const LIMIT: Duration = Duration::from_secs(120);
/// As an installer makes them.
const POOL: [&str; 8] = [
    "mountpoint=none",
    "canmount=off",
    "compression=lz4",
    "relatime=on",
    "acltype=posixacl",
    "xattr=sa",
    "dnodesize=auto",
    "normalization=formD",
];
/// Splits a line at its blanks.
pub(crate) fn words(line: &str) -> Command {
    Command::new(line.split(' '))
}

/// Runs a command that has to succeed, and gives its output.
pub(crate) fn run(command: &Command) -> Result<String, Failure> {
    Ok(String::from_utf8(process::run(command, &[], LIMIT)?)?)
}

/// Runs a line that has to succeed, and gives it with its output, as a terminal would show them.
pub(crate) fn typed(line: &str) -> Result<String, Failure> {
    shown(line, true)
}

/// The same of a line that has to fail.
pub(crate) fn refused(line: &str) -> Result<String, Failure> {
    shown(line, false)
}

fn shown(line: &str, succeeds: bool) -> Result<String, Failure> {
    let output = process::output(&words(line), &[], LIMIT)?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let shown = format!("$ {line}\n{printed}{}", output.stderr);
    claim(output.status.success() == succeeds, format!("{}: {shown}", output.status))?;
    Ok(shown)
}

/// The lines, each typed after the other, as a terminal would show them.
pub(crate) fn typed_all<L: AsRef<str>>(
    lines: impl IntoIterator<Item = L>,
) -> Result<String, Failure> {
    lines.into_iter().map(|line| typed(line.as_ref())).collect()
}

/// What the kernel says is mounted.
pub(crate) fn mounts() -> Result<MountTable, Failure> {
    Ok(MountTable::parse(&fs::read("/proc/self/mountinfo")?)?)
}

/// Sets the clock.
pub(crate) fn clock(time: Timestamp) -> Result<(), Failure> {
    run(&words(&format!("date -s @{}", time.as_second()))).map(drop)
}

/// The sparse file that a pool lies on.
pub(crate) fn vdev(pool: &str) -> String {
    format!("/tmp/{pool}.vdev")
}

/// Makes a pool, on a new file.
pub(crate) fn pool(name: &str) -> Result<(), Failure> {
    let file = vdev(name);
    fs::File::create(&file)?.set_len(640 << 20)?;
    let properties = POOL.iter().flat_map(|property| ["-O", property]);
    run(&words("zpool create -f").args(properties).args([name, &file])).map(drop)
}

/// What the installers of both machines have left: three pools, and the datasets that no declaration touches.
pub(crate) fn install(forge: &Forge) -> Result<(), Failure> {
    line::install()?;
    accounts(forge)?;
    for name in ["rpool", "tank", "backup"] {
        pool(name)?;
    }
    for line in [
        "zfs create -o mountpoint=none rpool/local",
        "zfs create -o mountpoint=legacy rpool/local/root",
        "zfs create -o mountpoint=legacy rpool/local/nix",
        "zfs create -o mountpoint=none rpool/safe",
        "zfs create -o mountpoint=legacy rpool/safe/home",
        "zfs create -o mountpoint=legacy rpool/safe/persist",
        "mkdir -p /home /nix /persist",
        "mount -t zfs rpool/local/nix /nix",
        "mount -t zfs rpool/safe/home /home",
        "mount -t zfs rpool/safe/persist /persist",
        "zfs create -o mountpoint=none backup/forge",
        "zfs create -o mountpoint=none backup/forge/zfs-recv",
    ] {
        run(&words(line))?;
    }
    tank()
}

/// What the installer makes on the second disk, when it is new and when it has to be made again.
pub(crate) fn tank() -> Result<(), Failure> {
    for name in ["containers", "vm", "backups"] {
        run(&words(&format!("zfs create -o mountpoint=none tank/{name}")))?;
    }
    Ok(())
}

/// Users and groups that own something.
fn accounts(forge: &Forge) -> Result<(), Failure> {
    let desired = forge.datasets.expand()?;
    let wants = desired.datasets.values();
    let names = wants.flat_map(|want| want.owner.into_iter().chain(want.group));
    let is_account = |name: &&str| *name != "root" && name.parse::<u32>().is_err();
    let names: BTreeSet<&str> = names.filter(is_account).collect();
    let (mut users, mut groups) = (String::new(), String::new());
    for (name, number) in names.into_iter().zip(3000..) {
        writeln!(users, "{name}:x:{number}:{number}::/:/bin/sh")?;
        writeln!(groups, "{name}:x:{number}:")?;
    }
    for (file, text) in [("/etc/passwd", users), ("/etc/group", groups)] {
        fs::OpenOptions::new().append(true).open(file)?.write_all(text.as_bytes())?;
    }
    Ok(())
}
