//! A service that copies files in at boot, and out at shutdown.

use std::fmt::Write;

use super::seen;
use crate::escape::unit::word;
use crate::layout::{Action, Copy, Layout, Step};
use crate::path::AbsolutePath;
use crate::stage::Stage;

/// A unit for files that are copied because their programs replace them: `passwd`, `shadow`.
///
/// It copies them in when it starts, each as a whole under a name of its own that then takes the file's place, whatever
/// the root had there; and out when it stops. A file that is missing is passed over: at the first boot the store has
/// none, and what was removed stays in the store. After a crash the store has what it had.
///
/// It runs `install` and `mv` (GNU coreutils). Where they are not in the manager's search path (NixOS), set
/// `Environment=PATH=` beside it.
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
    pub fn systemd_copies(&self) -> Option<CopyUnit> {
        let mut text = head(self.copied().map(|(_, copy)| copy), false)?;
        for (step, copy) in self.copied() {
            // What was copied in the initrd may have been changed since.
            if step.stage > Stage::Initrd {
                commands(&mut text, "ExecStart", copy, &copy.from, &copy.to);
            }
        }
        for (_, copy) in self.copied() {
            commands(&mut text, "ExecStop", copy, &copy.to, &copy.from);
        }
        text.push_str("\n[Install]\nRequiredBy=sysinit.target\n");
        Some(CopyUnit { name: "persistent-copies.service", text })
    }

    /// The unit for the initrd, which copies in what is needed that early; none if nothing is.
    pub fn initrd_copies(&self) -> Option<CopyUnit> {
        let early = || self.copied().filter(|(step, _)| step.stage == Stage::Initrd);
        let mut text = head(early().map(|(_, copy)| copy), true)?;
        for (_, copy) in early() {
            let (from, to) = (seen(&copy.from, true), seen(&copy.to, true));
            commands(&mut text, "ExecStart", copy, &from, &to);
        }
        text.push_str("\n[Install]\nRequiredBy=initrd.target\n");
        Some(CopyUnit { name: "persistent-copies-initrd.service", text })
    }

    fn copied(&self) -> impl Iterator<Item = (&Step, &Copy)> {
        self.steps().iter().filter_map(|step| match &step.action {
            Action::CopyIn(copy) => Some((step, copy)),
            _ => None,
        })
    }
}

/// All but the commands; none if there is nothing to copy.
fn head<'c>(copies: impl Iterator<Item = &'c Copy>, in_initrd: bool) -> Option<String> {
    let mut needed = String::new();
    for copy in copies {
        for path in [&copy.from, &copy.to] {
            let _ =
                writeln!(needed, "RequiresMountsFor={}", word(seen(path, in_initrd).as_bytes()));
        }
    }
    if needed.is_empty() {
        return None;
    }
    let (after, before) = if in_initrd {
        ("systemd-tmpfiles-setup-sysroot.service", "initrd.target initrd-switch-root.target")
    } else {
        ("local-fs.target systemd-tmpfiles-setup.service", "sysinit.target shutdown.target")
    };
    let conflicts = if in_initrd { "" } else { "Conflicts=shutdown.target\n" };
    Some(format!(
        "[Unit]\nDescription=Persistent files that their programs replace\nDefaultDependencies=no\n{needed}{conflicts}\
         After={after}\nBefore={before}\n\n[Service]\nType=oneshot\nRemainAfterExit=yes\n"
    ))
}

/// Two commands: a copy beside the destination, and its taking the place.
fn commands(text: &mut String, setting: &str, copy: &Copy, from: &AbsolutePath, to: &AbsolutePath) {
    let beside = word(&[to.as_bytes(), b".persist-new"].concat());
    let (from, to) = (word(from.as_bytes()), word(to.as_bytes()));
    let (user, group) = (word(copy.owner.user.as_bytes()), word(copy.owner.group.as_bytes()));
    let _ = writeln!(
        text,
        "{setting}=-install -T -o {user} -g {group} -m {} -- {from} {beside}\n{setting}=-mv -T -- {beside} {to}",
        copy.mode
    );
}
