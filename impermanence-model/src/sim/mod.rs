//! A machine in memory: file systems, mounts, links and reboots, for tests of what a layout does.
//!
//! ```
//! use impermanence_model::{Host, sim::Machine};
//!
//! let host = Host::from_toml(
//!     r#"
//!     root = { kind = "tmpfs" }
//!     fileSystems."/persist" = { device = "/dev/vda", fsType = "ext4", neededForBoot = true }
//!     stores."/persist" = {}
//!     host.directories = ["/var/lib/caddy"]
//!     "#,
//! )?;
//! let layout = host.resolve()?;
//! let mut machine = Machine::default();
//! machine.boot(&layout)?;
//! machine.write("/var/lib/caddy/x.pem", b"certificate")?;
//! machine.write("/var/lib/other", b"forgotten")?;
//! machine.boot(&layout)?;
//! assert_eq!(machine.read("/var/lib/caddy/x.pem")?, b"certificate");
//! assert!(machine.read("/var/lib/other").is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What it knows: directories, files, links, owners and modes; file systems that outlive a boot, and those that do not; mounts
//! on mounts, plain and recursive binds, what they hide; that a mount point can be neither renamed nor removed (EBUSY).
//! It knows nothing of permissions being checked, of hard links, and of time.

mod carry;
mod change;
mod disk;
mod table;
mod walk;

use std::collections::BTreeMap;

pub use disk::{Content, Node};

use crate::host::Backing;
use crate::layout::{Layout, StepId};
use crate::path::{AbsolutePath, BadPath};
use crate::resolve::root_backing;
use disk::Disk;
use table::Table;

/// A machine in memory. What is on its persistent devices outlives every boot.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    disks: Vec<Disk>,
    /// The disks that outlive a boot, by what the layout calls them.
    devices: BTreeMap<String, usize>,
    table: Table,
}

/// Why something could not be done; the names of errno(3).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// No absolute path.
    #[error("{0}")]
    BadPath(#[from] BadPath),
    /// ENOENT.
    #[error("{0}: no such file or directory")]
    Missing(AbsolutePath),
    /// ENOTDIR.
    #[error("{0}: not a directory")]
    NotDirectory(AbsolutePath),
    /// EISDIR.
    #[error("{0}: is a directory")]
    IsDirectory(AbsolutePath),
    /// EEXIST, of another kind than wanted.
    #[error("{0}: something else is there")]
    Exists(AbsolutePath),
    /// EBUSY: it is a mount point.
    #[error("{0}: a mount point can be neither replaced nor removed")]
    Busy(AbsolutePath),
    /// EXDEV.
    #[error("{0}: on another mount")]
    OtherMount(AbsolutePath),
    /// ELOOP.
    #[error("{0}: too many links")]
    Loop(AbsolutePath),
    /// ENOTEMPTY.
    #[error("{0}: not empty")]
    NotEmpty(AbsolutePath),
    /// EINVAL: nothing is mounted there.
    #[error("{0}: not a mount point")]
    NotMounted(AbsolutePath),
    /// A copy that is not as its original.
    #[error("the copy differs from the original")]
    Differ,
    /// No machine was booted.
    #[error("the machine is off")]
    Off,
}

impl Machine {
    /// Throws away what does not outlive a boot, and does all steps of the layout.
    pub fn boot(&mut self, layout: &Layout) -> Result<(), Refusal> {
        let order: Vec<StepId> = (0..).map(StepId).take(layout.steps().len()).collect();
        self.boot_in(layout, &order)
    }

    /// As [`boot`](Self::boot), with the steps in another order.
    pub fn boot_in(&mut self, layout: &Layout, order: &[StepId]) -> Result<(), Refusal> {
        self.power_off();
        let (device, backing) = (format!("{:?}", layout.root()), root_backing(layout.root()));
        let mode = match layout.root() {
            crate::Root::Tmpfs { mode, .. } => *mode,
            _ => crate::owner::Mode::DIRECTORY,
        };
        let disk = self.disk(&device, &backing, mode);
        self.table = Table::new(disk);
        for id in order {
            if let Some(step) = layout.step(*id) {
                self.act(layout, &step.action)?;
            }
        }
        Ok(())
    }

    /// Stops in order: what is copied at shutdown is, and the machine is off.
    pub fn shut_down(&mut self, layout: &Layout) -> Result<(), Refusal> {
        for copy in layout.copies() {
            self.copy(&copy.to, &copy.from, &copy.owner, copy.mode)?;
        }
        self.power_off();
        Ok(())
    }

    /// Stops at once.
    pub fn power_off(&mut self) {
        self.table = Table::default();
        // The numbers of disks are indices: those that are gone stay as empty ones.
        let kept: Vec<usize> = self.devices.values().copied().collect();
        for (number, disk) in self.disks.iter_mut().enumerate() {
            if !kept.contains(&number) {
                *disk = Disk::default();
            }
        }
    }

    /// Every file on the devices that outlive a boot, by device and path on it, whether it is mounted or not.
    pub fn stored(&self) -> BTreeMap<(String, AbsolutePath), Vec<u8>> {
        let mut all = BTreeMap::new();
        for (device, number) in &self.devices {
            let Some(disk) = self.disks.get(*number) else { continue };
            let mut open = vec![(AbsolutePath::root(), disk::ROOT)];
            while let Some((path, node)) = open.pop() {
                match disk.node(node).map(|node| &node.kind) {
                    Some(Content::Directory(names)) => {
                        open.extend(names.iter().filter_map(|(name, node)| {
                            Some((
                                AbsolutePath::new([path.as_bytes(), b"/", name].concat()).ok()?,
                                *node,
                            ))
                        }));
                    }
                    Some(Content::File(bytes)) => {
                        all.insert((device.clone(), path), bytes.clone());
                    }
                    _ => {}
                }
            }
        }
        all
    }

    /// The disk of a device: a new one, if it does not outlive a boot.
    fn disk(&mut self, device: &str, backing: &Backing, mode: crate::owner::Mode) -> usize {
        let outlives =
            matches!(backing, Backing::Persistent(_) | Backing::External(_) | Backing::Unknown(_));
        if let Some(known) = self.devices.get(device).filter(|_| outlives) {
            return *known;
        }
        self.disks.push(Disk::new(mode));
        let number = self.disks.len() - 1;
        if outlives {
            self.devices.insert(device.to_owned(), number);
        }
        number
    }
}
