//! NixOS' option `fileSystems`, as the JSON that `builtins.fromJSON` reads.

use std::collections::BTreeMap;

use super::{Mounted, mounts, options, source, tmpfs_root};
use crate::escape::Inexpressible;
use crate::layout::{Action, Layout, Mount, Step};
use crate::path::AbsolutePath;
use crate::stage::Stage;

/// One attribute of `fileSystems` (nixpkgs, nixos/modules/tasks/filesystems.nix).
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FileSystem {
    /// What is mounted.
    pub device: String,
    /// Its type; `none` for a bind.
    pub fs_type: String,
    /// As in fstab(5).
    pub options: Vec<String>,
    /// Mount points that come before; NixOS orders by prefix besides.
    pub depends: Vec<String>,
    /// Whether it is mounted in the initrd.
    pub needed_for_boot: bool,
}

impl Layout {
    /// All mounts, by mount point: `fileSystems = builtins.fromJSON (...)`.
    pub fn nixos(&self) -> Result<BTreeMap<String, FileSystem>, Inexpressible> {
        let root =
            tmpfs_root(self).map(|root| written(&root, options(&root, false), Vec::new(), true));
        let others = mounts(self).map(|Mounted { step, mount, needs_network }| {
            let depends = self.needed_mounts(step).map(text).collect::<Result<_, _>>()?;
            written(mount, options(mount, needs_network), depends, step.stage == Stage::Initrd)
        });
        root.into_iter().chain(others).collect()
    }

    /// Mount points of the mounts that a step needs directly, or through what is created for it.
    fn needed_mounts(&self, step: &Step) -> impl Iterator<Item = &AbsolutePath> {
        let mut found = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        let mut waiting: Vec<_> = step.needs.clone();
        while let Some(id) = waiting.pop() {
            let step = usize::try_from(id.0).ok().and_then(|at| self.steps().get(at));
            let Some(step) = step.filter(|_| seen.insert(id)) else { continue };
            match &step.action {
                Action::Mount(mount) => found.push(&mount.target),
                _ => waiting.extend(&step.needs),
            }
        }
        found.sort();
        found.into_iter()
    }
}

fn written(
    mount: &Mount,
    options: Vec<String>,
    depends: Vec<String>,
    needed_for_boot: bool,
) -> Result<(String, FileSystem), Inexpressible> {
    let (device, fs_type) = source(mount, false);
    let (device, fs_type) = (string(device)?, string(fs_type.into())?);
    let options = options.into_iter().map(|option| string(option.into_bytes()));
    let options = options.collect::<Result<_, _>>()?;
    Ok((text(&mount.target)?, FileSystem { device, fs_type, options, depends, needed_for_boot }))
}

fn text(path: &AbsolutePath) -> Result<String, Inexpressible> {
    string(path.as_bytes().to_vec())
}

/// NixOS writes values into fstab(5), and of all that has to be escaped there it escapes blanks and tabs alone
/// (nixpkgs, `escape` in nixos/modules/tasks/filesystems.nix).
fn string(bytes: Vec<u8>) -> Result<String, Inexpressible> {
    let refuse = |value, why| Inexpressible { value, format: "NixOS' fileSystems", why };
    let ends_line = bytes.contains(&b'\n');
    let is_escape = |after: &[u8]| {
        let is_octal = |byte: &u8| (b'0'..=b'7').contains(byte);
        after.get(..3).is_some_and(|three| three.iter().all(is_octal))
    };
    let has_escape = bytes.split(|&byte| byte == b'\\').skip(1).any(is_escape)
        || bytes.windows(2).any(|two| two == br"\\");
    match String::from_utf8(bytes) {
        Err(error) => Err(refuse(error.into_bytes(), "JSON is UTF-8")),
        Ok(text) if ends_line => {
            Err(refuse(text.into_bytes(), "NixOS writes it into a line of fstab as it is"))
        }
        Ok(text) if has_escape => Err(refuse(
            text.into_bytes(),
            "NixOS writes it into fstab as it is, where it is an escape",
        )),
        Ok(text) => Ok(text),
    }
}
