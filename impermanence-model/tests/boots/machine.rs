//! A machine that can be booted again and again: directories are its disks, a tmpfs is its root.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use impermanence_model::AbsolutePath;
use impermanence_model::exec::{Applied, FileSystems, Interrupted, World};
use impermanence_model::host::{Backing, FileSystem, Host};
use impermanence_model::layout::{Layout, Mount, Source};
use impermanence_model::root::Root;
use impermanence_model::stage::Stage;
use nix::mount::{MntFlags, MsFlags, mount, umount2};

/// A host's machine.
pub(crate) struct Machine {
    pub(crate) host: Host,
    pub(crate) layout: Layout,
    folder: tempfile::TempDir,
}

/// A machine that runs.
pub(crate) struct Running<'m> {
    machine: &'m Machine,
    pub(crate) world: World,
    pub(crate) applied: Applied,
}

impl Machine {
    pub(crate) fn new(host: Host, layout: Layout) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("root")).unwrap();
        fs::create_dir(folder.path().join("disks")).unwrap();
        // What the host itself binds lies on its disks already.
        for from in host.file_systems.values().filter_map(FileSystem::bound_from) {
            let on = from
                .ancestors()
                .find_map(|above| Some((host.file_systems.get(&above)?.device.clone(), above)));
            if let Some((device, above)) = on {
                let disk =
                    AbsolutePath::new(disk(folder.path(), &device).as_os_str().as_encoded_bytes());
                fs::create_dir_all(from.rebased(&above, &disk.unwrap()).unwrap().as_path())
                    .unwrap();
            }
        }
        Self { host, layout, folder }
    }

    /// Where its root is mounted.
    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("root")
    }

    /// A path of it, as the test reaches it.
    pub(crate) fn path(&self, path: &AbsolutePath) -> PathBuf {
        let root = AbsolutePath::new(self.root().as_os_str().as_encoded_bytes()).unwrap();
        path.inside(&root).as_path().to_path_buf()
    }

    /// The directory that plays a device.
    fn disk(&self, device: &str) -> PathBuf {
        disk(self.folder.path(), device)
    }

    /// Starts it after shell commands that mean its root and its store; what it came to.
    pub(crate) fn boot_after(&self, commands: &[Vec<String>]) -> Result<Applied, Box<Interrupted>> {
        self.mount_root();
        let (root, store) = (self.root(), self.disk("/dev/vda"));
        let here = |word: &String| {
            let word = word.replace(" /persist", &format!(" {}", store.display()));
            // What was a path of the machine's still is preceded by a blank.
            word.replace(" /etc", &format!(" {}/etc", root.display()))
                .replace(" /srv", &format!(" {}/srv", root.display()))
        };
        for command in commands {
            let mut words = command.iter().map(here);
            let program = words.next().unwrap();
            assert!(std::process::Command::new(program).args(words).status().unwrap().success());
        }
        self.world().at_boot().apply(&self.layout, Stage::Late)
    }

    /// Starts it, and leaves it running.
    pub(crate) fn boot_and_keep(&self) {
        self.mount_root();
        let applied = self.world().at_boot().apply(&self.layout, Stage::Late);
        applied.unwrap_or_else(|e| panic!("{}: {e}", self.host.name));
    }

    /// Takes its memory away.
    pub(crate) fn power_off(&self) {
        umount2(&self.root(), MntFlags::MNT_DETACH).unwrap();
    }

    /// All regular files of the running machine that can be read, with their content.
    pub(crate) fn files(&self) -> BTreeMap<AbsolutePath, Vec<u8>> {
        crate::services::inside(self, || {
            let (mut files, mut waiting) = (BTreeMap::new(), vec![PathBuf::from("/")]);
            while let Some(at) = waiting.pop() {
                for entry in fs::read_dir(at).unwrap().map(Result::unwrap) {
                    let kind = entry.file_type().unwrap();
                    if kind.is_dir() {
                        waiting.push(entry.path());
                    } else if kind.is_file() {
                        let path = AbsolutePath::new(entry.path().as_os_str().as_encoded_bytes());
                        files.insert(path.unwrap(), fs::read(entry.path()).unwrap());
                    }
                }
            }
            files
        })
    }

    /// Starts it: what was volatile is gone.
    pub(crate) fn boot(&self) -> Running<'_> {
        self.mount_root();
        let world = self.world().at_boot();
        let applied = world.apply(&self.layout, Stage::Late);
        let applied = applied.unwrap_or_else(|e| panic!("{}: {e}", self.host.name));
        Running { machine: self, world, applied }
    }

    pub(crate) fn world(&self) -> World {
        let root = AbsolutePath::new(self.root().as_os_str().as_encoded_bytes()).unwrap();
        let folder = self.folder.path().to_path_buf();
        let wiped: BTreeMap<AbsolutePath, Backing> = self
            .host
            .file_systems
            .iter()
            .filter_map(|(path, mounted)| Some((path.clone(), mounted.backing()?)))
            .collect();
        let names = impermanence_model::exec::accounts(PASSWD, GROUP);
        let mounter =
            move |mount: &Mount, at: &Path| stand_in(&folder, wiped.get(&mount.target), mount, at);
        World::new(&root).unwrap().names(names).mounter(mounter).file_systems(FileSystems::StandIns)
    }

    pub(crate) fn mount_root(&self) {
        let root = self.root();
        match &self.layout.root() {
            Root::Persistent { device, .. } => bind(&self.disk(device), &root).unwrap(),
            // Rolled back, or new: it is empty, whatever it is on.
            _ => tmpfs(&root).unwrap(),
        }
    }
}

impl Running<'_> {
    /// Shuts it down, and takes its memory away.
    pub(crate) fn shut_down(self) {
        self.world.copy_out(&self.machine.layout).unwrap();
        umount2(&self.machine.root(), MntFlags::MNT_DETACH).unwrap();
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // Whatever a failed test left, before the directory is removed with its disks in it.
        while umount2(&self.root(), MntFlags::MNT_DETACH).is_ok() {}
    }
}

/// Users that hosts do not declare and their entries name.
const PASSWD: &str = "root:x:0:0::/root:/bin/sh\ncaddy:x:239:239::/:\nmessagebus:x:4:4::/:\n";
const GROUP: &str = "root:x:0:\ncaddy:x:239:\nusers:x:100:\nwheel:x:1:\nmessagebus:x:4:\n";

fn disk(folder: &Path, device: &str) -> PathBuf {
    let name: String =
        device.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let disk = folder.join("disks").join(name);
    let _ = fs::create_dir(&disk);
    disk
}

/// Mounts what plays a file system of the host's.
fn stand_in(folder: &Path, backing: Option<&Backing>, mount: &Mount, at: &Path) -> io::Result<()> {
    let Source::Device { device, .. } = &mount.source else { return Ok(()) };
    match backing {
        // As the snapshot has it: empty. The next boot finds what this one wrote thrown away.
        Some(Backing::Volatile(_) | Backing::RolledBack(_) | Backing::Retained { .. }) => tmpfs(at),
        _ => bind(&disk(folder, device), at),
    }
}

fn tmpfs(at: &Path) -> io::Result<()> {
    let (kind, flags) = (Some("tmpfs"), MsFlags::empty());
    Ok(mount(kind, at, kind, flags, Some("mode=755,size=64m"))?)
}

fn bind(from: &Path, at: &Path) -> io::Result<()> {
    Ok(mount(Some(from), at, None::<&str>, MsFlags::MS_BIND, None::<&str>)?)
}
