//! systemd.mount(5).

use std::fmt::Write;

use super::{Mounted, has, mounts, options, seen, source};
use crate::escape::{Inexpressible, unit};
use crate::layout::{BindOf, Layout, Mount, Source};
use crate::path::AbsolutePath;
use crate::stage::Stage;

/// A mount unit: the name of its file, and what it holds.
///
/// What systemd finds out by itself is not repeated: a mount waits for those that its mount point and its source are
/// on (systemd.mount(5), "Implicit Dependencies").
///
/// * A directory is bound before `local-fs.target`, whose units find everything in its place. systemd creates source
///   and mount point where they are missing, root's and 0755; systemd-tmpfiles(8) then gives them what
///   [`Layout::tmpfiles`] says.
/// * A file is bound after `systemd-tmpfiles-setup.service`, which creates it, and before `sysinit.target`.
/// * What lies on another machine's file system is bound before `remote-fs.target`: before `local-fs.target` it would wait
///   for a network that waits for it.
/// * The host's own file systems are where systemd puts them by their type.
/// * In the initrd, the same before `initrd-fs.target`, and after `systemd-tmpfiles-setup-sysroot.service`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountUnit<'l> {
    mount: &'l Mount,
    name: String,
    text: String,
}

impl MountUnit<'_> {
    /// `var-log.mount`, as systemd makes it of the path.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The unit file.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The mount it makes.
    pub fn mount(&self) -> &Mount {
        self.mount
    }
}

impl Layout {
    /// Units of all mounts but the root's, for the system proper, in order.
    ///
    /// Those of the initrd are among them: systemd finds them mounted, and unmounts them in time.
    pub fn systemd_mounts(&self) -> Result<Vec<MountUnit<'_>>, Inexpressible> {
        mounts(self).map(|mounted| written(&mounted, false)).collect()
    }

    /// Units of what is mounted in the initrd, below `/sysroot`, in order.
    pub fn initrd_mounts(&self) -> Result<Vec<MountUnit<'_>>, Inexpressible> {
        mounts(self)
            .filter(|mounted| mounted.step.stage == Stage::Initrd)
            .map(|mounted| written(&mounted, true))
            .collect()
    }
}

/// What a unit waits for, who waits for it, and who pulls it in. With no word on the first two, systemd decides by the
/// type of the file system.
struct Place {
    after: &'static str,
    before: &'static str,
    target: &'static str,
}

const LOCAL: Place = Place { after: "", before: "", target: "local-fs.target" };
const REMOTE: Place = Place { after: "", before: "", target: "remote-fs.target" };
const REMOTE_BIND: Place = Place {
    after: "remote-fs-pre.target network-online.target systemd-tmpfiles-setup.service",
    before: "remote-fs.target",
    target: "remote-fs.target",
};

const DIRECTORY: Place =
    Place { after: "local-fs-pre.target", before: "local-fs.target", target: "local-fs.target" };
const FILE: Place = Place {
    after: "systemd-tmpfiles-setup.service",
    before: "sysinit.target",
    target: "sysinit.target",
};
const INITRD_DIRECTORY: Place = Place {
    after: "initrd-root-fs.target",
    before: "initrd-fs.target",
    target: "initrd-fs.target",
};
const INITRD_FILE: Place = Place {
    after: "systemd-tmpfiles-setup-sysroot.service",
    before: "initrd.target initrd-switch-root.target",
    target: "initrd.target",
};

fn place(mounted: &Mounted<'_>, in_initrd: bool) -> Place {
    match (in_initrd, &mounted.mount.source, mounted.needs_network) {
        (true, Source::Bind { of: BindOf::File, .. }, _) => INITRD_FILE,
        (true, ..) => INITRD_DIRECTORY,
        (false, Source::Device { .. }, false) => LOCAL,
        (false, Source::Device { .. }, true) => REMOTE,
        (false, Source::Bind { .. }, true) => REMOTE_BIND,
        (false, Source::Bind { of: BindOf::Directory, .. }, false) => DIRECTORY,
        (false, Source::Bind { of: BindOf::File, .. }, false) => FILE,
    }
}

fn written<'l>(mounted: &Mounted<'l>, in_initrd: bool) -> Result<MountUnit<'l>, Inexpressible> {
    let mount = mounted.mount;
    let target = seen(&mount.target, in_initrd);
    let (what, fs_type) = source(mount, in_initrd);
    let place = place(mounted, in_initrd);
    let is_optional = has(mount, "nofail");
    let options = options(mount, mounted.needs_network).join(",");
    let mut text = format!("[Unit]\nDescription={}\n", description(mount, &target));
    if !place.after.is_empty() {
        // Its own dependencies, so that none of the default ones makes a circle with the place it has.
        let after = place.after;
        let _ = writeln!(text, "DefaultDependencies=no\nConflicts=umount.target\nAfter={after}");
        let before = if is_optional { "" } else { place.before };
        let _ = writeln!(text, "Before={}", [before, "umount.target"].join(" ").trim_start());
    }
    let _ = writeln!(text, "\n[Mount]\nWhat={}", unit::value_in(&what, &target)?);
    let _ = writeln!(text, "Where={}", unit::value_in(target.as_bytes(), &target)?);
    let _ = writeln!(text, "Type={}", unit::value(fs_type.as_bytes())?);
    if !options.is_empty() {
        let _ = writeln!(text, "Options={}", unit::value(options.as_bytes())?);
    }
    let pulled = if is_optional { "WantedBy" } else { "RequiredBy" };
    if !has(mount, "noauto") {
        let _ = writeln!(text, "\n[Install]\n{pulled}={}", place.target);
    }
    Ok(MountUnit { mount, name: unit::mount_name(&target), text })
}

/// For a person who reads the journal: the path, and nothing that a unit file would take for something else.
fn description(mount: &Mount, target: &AbsolutePath) -> String {
    let word = if mount.bound_from().is_some() { "Persistent" } else { "File system" };
    let path: String = target.to_string().replace('%', "%%");
    format!("{word} {}", path.trim_end_matches(['\\', ' ']))
}
