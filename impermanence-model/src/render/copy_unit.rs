//! A service that copies files in at boot, and out at shutdown.

use std::fmt::Write;

use super::seen;
use crate::escape::Inexpressible;
use crate::escape::unit::{listed, word};
use crate::layout::{Action, Copy, Layout, Step};
use crate::path::AbsolutePath;
use crate::stage::Stage;

/// A unit for files that are copied because their programs replace them: `passwd`, `shadow`.
///
/// It copies them in when it starts, each as a whole under a name of its own that then takes the file's place, whatever
/// the root had there; and out when it stops. A file that is missing is passed over: at the first boot the store has
/// none, and what was removed stays in the store. After a crash the store has what it had.
///
/// It runs `sh`, and `install`, `sync`, `mv` and `rm` (GNU coreutils). Where they are not in the manager's search path
/// (NixOS), set `Environment=PATH=` beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyUnit {
    name: &'static str,
    text: String,
}

impl CopyUnit {
    /// The name of its file.
    pub fn name(&self) -> &str {
        self.name
    }

    /// The unit file.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl Layout {
    /// The unit for the system proper; none if nothing is copied.
    pub fn systemd_copies(&self) -> Result<Option<CopyUnit>, Inexpressible> {
        let Some(mut text) = head(self.copied().map(|(_, copy)| copy), false)? else {
            return Ok(None);
        };
        for (step, copy) in self.copied() {
            // What was copied in the initrd may have been changed since.
            if step.stage > Stage::Initrd {
                command(&mut text, "ExecStart", copy, &copy.from, &copy.to);
            }
        }
        for (_, copy) in self.copied() {
            command(&mut text, "ExecStop", copy, &copy.to, &copy.from);
        }
        text.push_str("\n[Install]\nRequiredBy=sysinit.target\n");
        Ok(Some(CopyUnit { name: "persistent-copies.service", text }))
    }

    /// The unit for the initrd, which copies in what is needed that early; none if nothing is.
    pub fn initrd_copies(&self) -> Result<Option<CopyUnit>, Inexpressible> {
        let early = || self.copied().filter(|(step, _)| step.stage == Stage::Initrd);
        let Some(mut text) = head(early().map(|(_, copy)| copy), true)? else { return Ok(None) };
        for (_, copy) in early() {
            let (from, to) = (seen(&copy.from, true), seen(&copy.to, true));
            command(&mut text, "ExecStart", copy, &from, &to);
        }
        text.push_str("\n[Install]\nRequiredBy=initrd.target\n");
        Ok(Some(CopyUnit { name: "persistent-copies-initrd.service", text }))
    }

    fn copied(&self) -> impl Iterator<Item = (&Step, &Copy)> {
        self.steps().iter().filter_map(|step| match &step.action {
            Action::CopyIn(copy) => Some((step, copy)),
            _ => None,
        })
    }
}

/// All but the commands; none if there is nothing to copy.
fn head<'c>(
    copies: impl Iterator<Item = &'c Copy>,
    in_initrd: bool,
) -> Result<Option<String>, Inexpressible> {
    let mut needed = String::new();
    for copy in copies {
        for path in [&copy.from, &copy.to] {
            let _ = writeln!(needed, "RequiresMountsFor={}", listed(&seen(path, in_initrd))?);
        }
    }
    if needed.is_empty() {
        return Ok(None);
    }
    let (after, before) = if in_initrd {
        ("systemd-tmpfiles-setup-sysroot.service", "initrd.target initrd-switch-root.target")
    } else {
        ("local-fs.target systemd-tmpfiles-setup.service", "sysinit.target shutdown.target")
    };
    let conflicts = if in_initrd { "" } else { "Conflicts=shutdown.target\n" };
    Ok(Some(format!(
        "[Unit]\nDescription=Persistent files that their programs replace\nDefaultDependencies=no\n{needed}{conflicts}\
         After={after}\nBefore={before}\n\n[Service]\nType=oneshot\nRemainAfterExit=yes\n"
    )))
}

/// Copies beside the destination, and only what is whole takes its place: a store that is full, or a crash that left half a
/// copy, costs no copy that was good.
const COPY: &str = r#"[ -e "$4" ] || exit 0; install -T -o "$1" -g "$2" -m "$3" -- "$4" "$5" && sync -- "$5" && mv -T -- "$5" "$6" || { rm -f -- "$5"; exit 1; }"#;

/// A command that copies a file. Its failure does not keep the others from being copied.
fn command(text: &mut String, setting: &str, copy: &Copy, from: &AbsolutePath, to: &AbsolutePath) {
    let beside = [to.as_bytes(), b".persist-new"].concat();
    let _ = write!(text, "{setting}=-sh -c {} sh", word(COPY.as_bytes()));
    let mode = copy.mode.to_string();
    let (user, group) = (copy.owner.user.as_bytes(), copy.owner.group.as_bytes());
    for argument in [user, group, mode.as_bytes(), from.as_bytes(), &beside, to.as_bytes()] {
        let _ = write!(text, " {}", word(argument));
    }
    text.push('\n');
}
