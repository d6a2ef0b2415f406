//! A layout in the forms that other tools carry out.
//!
//! | form | made by | carried out by |
//! |---|---|---|
//! | [`fstab`](Fstab) | [`Layout::fstab`] | mount(8), systemd-fstab-generator(8) |
//! | [mount units](MountUnit) | [`Layout::systemd_mounts`], [`Layout::initrd_mounts`] | systemd |
//! | [a service](CopyUnit) for files that are copied | [`Layout::systemd_copies`], [`Layout::initrd_copies`] | systemd |
//! | [tmpfiles.d](Tmpfiles) | [`Layout::tmpfiles`], [`Layout::initrd_tmpfiles`] | systemd-tmpfiles(8) |
//! | `fileSystems` as JSON | `Layout::nixos` (feature `serde`) | NixOS |
//!
//! A path is written so that the tool reads the very same bytes, or the answer is
//! [`Inexpressible`](crate::escape::Inexpressible).

mod copy_unit;
mod fstab;
mod mount_unit;
#[cfg(feature = "serde")]
#[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
mod nixos;
mod tmpfiles;

pub use copy_unit::CopyUnit;
pub use fstab::Fstab;
pub use mount_unit::MountUnit;
#[cfg(feature = "serde")]
pub use nixos::FileSystem;
pub use tmpfiles::Tmpfiles;

use std::collections::BTreeMap;

use crate::layout::{Action, Layout, Mount, Propagation, Source, Step};
use crate::path::AbsolutePath;
use crate::root::Root;

/// Where systemd's initrd mounts the root of the system proper (bootup(7)).
const SYSROOT: &[u8] = b"/sysroot";

/// The path as it is seen from the initrd, or from the system proper.
fn seen(path: &AbsolutePath, in_initrd: bool) -> AbsolutePath {
    match AbsolutePath::new(SYSROOT) {
        Ok(sysroot) if in_initrd => path.inside(&sysroot),
        _ => path.clone(),
    }
}

/// What is mounted, as bytes, and its type, as fstab(5) has them.
fn source(mount: &Mount, in_initrd: bool) -> (Vec<u8>, &str) {
    match &mount.source {
        Source::Bind { from, .. } => (seen(from, in_initrd).as_bytes().to_vec(), "none"),
        Source::Device { device, fs_type } => (device.clone().into_bytes(), fs_type),
    }
}

/// The options of mount(8), `bind` and the propagation included.
fn options(mount: &Mount, needs_network: bool) -> Vec<String> {
    let mut options: Vec<String> = Vec::new();
    let recursive = match &mount.source {
        Source::Bind { recursive, .. } => {
            options.push(if *recursive { "rbind" } else { "bind" }.to_owned());
            *recursive
        }
        Source::Device { .. } => false,
    };
    options.extend(mount.options.iter().cloned());
    if needs_network && mount.bound_from().is_some() && !has(mount, NETWORK) {
        // A bind does not look as if it did.
        options.push(NETWORK.to_owned());
    }
    if let Some(propagation) = mount.propagation {
        let row = Propagation::ALL.iter().find(|(_, value)| *value == propagation);
        let word = row.map_or("private", |(word, _)| word);
        options.push(if recursive { format!("r{word}") } else { word.to_owned() });
    }
    options
}

/// A mount that is rendered.
struct Mounted<'l> {
    step: &'l Step,
    mount: &'l Mount,
    /// It is of another machine's, or stands on such a one: it is mounted once there is a network.
    needs_network: bool,
}

/// The option by which a mount says that it needs the network (systemd.mount(5)).
const NETWORK: &str = "_netdev";

/// Types of file systems that other machines have, as systemd knows them (`fstype_is_network`, src/basic/mountpoint-util.c).
const NETWORK_TYPES: [&str; 19] = [
    "afs",
    "ceph",
    "cifs",
    "davfs",
    "gfs",
    "gfs2",
    "glusterfs",
    "lustre",
    "ncp",
    "ncpfs",
    "nfs",
    "nfs4",
    "ocfs2",
    "orangefs",
    "pvfs2",
    "smb3",
    "smbfs",
    "sshfs",
    "fuse.sshfs",
];

fn has(mount: &Mount, option: &str) -> bool {
    mount.options.iter().any(|each| each == option)
}

/// The mounts in order.
fn mounts(layout: &Layout) -> impl Iterator<Item = Mounted<'_>> {
    let mut known: BTreeMap<&AbsolutePath, bool> = BTreeMap::new();
    layout.steps().iter().filter_map(move |step| {
        let Action::Mount(mount) = &step.action else { return None };
        let on = |path: &AbsolutePath| {
            known
                .get(path)
                .copied()
                .or_else(|| path.ancestors().find_map(|above| known.get(&above).copied()))
        };
        let is_remote = match &mount.source {
            Source::Device { fs_type, .. } => NETWORK_TYPES.contains(&fs_type.as_str()),
            Source::Bind { from, .. } => on(from).unwrap_or_default(),
        };
        let stands_on_remote =
            mount.target.ancestors().find_map(|above| known.get(&above).copied());
        let needs_network =
            is_remote || stands_on_remote.unwrap_or_default() || has(mount, NETWORK);
        known.insert(&mount.target, needs_network);
        Some(Mounted { step, mount, needs_network })
    })
}

/// A root that is a tmpfs, as a mount. Of any other the declaration does not say with which options it is mounted.
fn tmpfs_root(layout: &Layout) -> Option<Mount> {
    let Root::Tmpfs { size, mode } = layout.root() else { return None };
    let size = size.map(|size| format!("size={size}"));
    Some(Mount {
        target: AbsolutePath::root(),
        source: Source::Device { device: "tmpfs".to_owned(), fs_type: "tmpfs".to_owned() },
        options: size.into_iter().chain([format!("mode={mode}")]).collect(),
        propagation: None,
    })
}
