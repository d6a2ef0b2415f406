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
fn options(mount: &Mount) -> Vec<String> {
    let mut options: Vec<String> = Vec::new();
    let recursive = match &mount.source {
        Source::Bind { recursive, .. } => {
            options.push(if *recursive { "rbind" } else { "bind" }.to_owned());
            *recursive
        }
        Source::Device { .. } => false,
    };
    options.extend(mount.options.iter().cloned());
    if let Some(propagation) = mount.propagation {
        let row = Propagation::ALL.iter().find(|(_, value)| *value == propagation);
        let word = row.map_or("private", |(word, _)| word);
        options.push(if recursive { format!("r{word}") } else { word.to_owned() });
    }
    options
}

/// The mounts with their steps, in order.
fn mounts(layout: &Layout) -> impl Iterator<Item = (&Step, &Mount)> {
    layout.steps().iter().filter_map(|step| match &step.action {
        Action::Mount(mount) => Some((step, mount)),
        _ => None,
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
