//! A plan as a systemd unit.

use std::collections::BTreeSet;
use std::fmt;
use std::fmt::Write;

use crate::plan::Plan;
use crate::unit::UnitName;

/// A oneshot unit that runs a plan's [unattended script](super::unattended::Unattended).
///
/// * It runs at every boot, and again at every deployment: it does not stay active after it ran
///   (`RemainAfterExit`), so no deployment takes a former run for this plan's. `X-Digest` changes
///   with whatever the script runs, so that whoever compares unit files sees a new plan.
/// * It runs after the import of each pool that the plan names, whether one unit imports each pool (NixOS) or
///   one imports all.
/// * It is ordered like any service, behind `local-fs.target`; nothing of early boot waits for it, so it can be
///   part of no ordering cycle there.
/// * It runs after users and groups were made, since directories are given to them.
///
/// Where `zfs` is not in the manager's search path (NixOS), set `path` or `Environment=PATH=` beside it.
/// Services that keep data in these datasets have to wait for it: name them with
/// [`before`](Self::before).
#[derive(Clone, Debug)]
pub struct Unit<'p> {
    plan: &'p Plan,
    script: &'p str,
    before: BTreeSet<UnitName>,
}

impl Plan {
    /// The plan as a systemd unit; `script` is the absolute path of the file that holds
    /// [`Plan::unattended`].
    pub fn unit<'p>(&'p self, script: &'p str) -> Unit<'p> {
        Unit { plan: self, script, before: BTreeSet::new() }
    }
}

impl Unit<'_> {
    /// Units that start only after it, such as the services whose data it makes room for.
    #[must_use]
    pub fn before(mut self, units: impl IntoIterator<Item = UnitName>) -> Self {
        self.before.extend(units);
        self
    }
}

/// What makes users and groups, on NixOS and elsewhere; units that do not exist are waited for by nobody.
const USERS: &str = "systemd-sysusers.service userborn.service nss-user-lookup.target";

impl fmt::Display for Unit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "[Unit]\nDescription=ZFS datasets as declared")?;
        writeln!(f, "X-Digest={}", self.plan.digest())?;
        writeln!(f, "After=zfs-import.target zfs-mount.service")?;
        let steps = self.plan.steps().iter();
        let pools: BTreeSet<&str> = steps.map(|step| step.dataset.pool()).collect();
        for pool in pools {
            // A blank is the only character of pool names that those of units lack.
            writeln!(f, "After=zfs-import-{}.service", pool.replace(' ', "\\x20"))?;
        }
        writeln!(f, "After={USERS}")?;
        for unit in &self.before {
            writeln!(f, "Before={unit}")?;
        }
        writeln!(f, "\n[Service]\nType=oneshot")?;
        writeln!(f, "ExecStart=:/bin/sh {}", word(self.script))?;
        writeln!(f, "\n[Install]\nWantedBy=multi-user.target")
    }
}

/// A word of a command line (systemd.service(5), "Command lines"), where `:` in front of the program has
/// turned variables off.
fn word(text: &str) -> String {
    let mut word = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => word.extend(['\\', character]),
            '%' => word.push_str("%%"),
            _ if character.is_ascii_control() => {
                let _ = write!(word, "\\x{:02x}", u32::from(character));
            }
            _ => word.push(character),
        }
    }
    word.push('"');
    word
}
