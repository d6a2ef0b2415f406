// What the fuzz targets of impermanence-model do with their input, and `impermanence-model/tests/corpus.rs` with every
// file of the corpora. A property that fails panics.

use impermanence_model::escape::{fstab, tmpfiles, unit};
use impermanence_model::layout::Mount;
use impermanence_model::mountinfo::MountTable;
use impermanence_model::sim::Machine;
use impermanence_model::{AbsolutePath, Host, Problems};

/// A table is read or refused; every mount of it is reached by its mount point, or hidden by what is.
pub fn mountinfo(data: &[u8]) {
    let Ok(table) = MountTable::parse(data) else { return };
    for mount in table.mounts() {
        let at = table.at(&mount.point);
        assert!(at.is_none_or(|top| top.point == mount.point));
        assert!(!table.is_visible(mount) || at.is_some_and(|top| top.id == mount.id));
        assert!(
            table.stacked(&mount.point).any(|each| each == mount) || has_twin(&table, mount.parent)
        );
        let _ = (mount.deleted(), mount.is_read_only(), table.covering(&mount.root).is_some());
    }
}

/// The kernel mounts one thing on one path of one mount; of several in a forged table the last counts.
fn has_twin(table: &MountTable, parent: u64) -> bool {
    table.mounts().iter().filter(|mount| mount.parent == parent).count() > 1
}

/// What is written as a path is read as the same; what is read from anything is written and read again.
pub fn path_escapes(data: &[u8]) {
    assert_eq!(fstab::read(&fstab::field(data)).as_ref(), data);
    assert_eq!(tmpfiles::read_argument(&tmpfiles::argument(data)).as_deref(), Ok(data));
    let _ = tmpfiles::read_argument(data);
    if let Ok(value) = unit::value(data) {
        assert_eq!(unit::read_value(&value).as_deref(), Ok(data));
    }
    if let Ok(path) = AbsolutePath::new(data) {
        reads_back(&path);
    }
    if let Ok(path) = tmpfiles::read_path(data) {
        reads_back(&path);
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = unit::read_value(text);
    if let Ok(path) = unit::read_path(text) {
        reads_back(&path);
    }
}

fn reads_back(path: &AbsolutePath) {
    assert_eq!(unit::read_path(&unit::path(path)).as_ref(), Ok(path));
    let name = unit::mount_name(path);
    assert!(name.len() < 256 && name.is_ascii() && name.strip_suffix(".mount").is_some());
    if let Ok(word) = tmpfiles::path(path) {
        assert_eq!(tmpfiles::read_path(&word).as_ref(), Ok(path));
    }
}

/// A declaration is read or refused; what is read resolves or is refused; what resolves boots twice to the same tree.
pub fn host_toml(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    resolves(Host::from_toml(text));
}

pub fn host_json(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    resolves(Host::from_json(text));
}

/// The JSON of two NixOS modules, added to a host with a user.
pub fn modules_json(data: &[u8]) {
    const BASE: &str = "root = { kind = 'tmpfs' }\nusers.alice = { uid = 1000 }\n\
        fileSystems.'/persist' = { device = '/dev/vda', fsType = 'ext4', neededForBoot = true }\n";
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(base) = Host::from_toml(BASE) else { return };
    resolves(base.clone().with_impermanence(text));
    resolves(base.with_preservation(text));
}

fn resolves(host: Result<Host, Problems>) {
    let layout = match host.and_then(|host| host.resolve()) {
        Ok(layout) => layout,
        Err(problems) => return assert!(problems.iter().next().is_some()),
    };
    for entry in layout.entries() {
        let _ = layout.fate_of(entry.path.as_bytes()).to_string();
    }
    let _ = (layout.essentials(), layout.by_user(), layout.by_service().len());
    // Long chains of mounts are slow to try.
    if layout.steps().len() > 500 {
        return;
    }
    // What a file system of the host's own is bound from is the host's to make.
    let is_entry =
        |target: &AbsolutePath| layout.entries().iter().any(|entry| entry.path == *target);
    let is_own = |mount: &Mount| mount.bound_from().is_some() && !is_entry(&mount.target);
    let mut machine = Machine::default();
    if layout.mounts().any(is_own) {
        let _ = machine.boot(&layout);
        return;
    }
    assert_eq!(machine.boot(&layout), Ok(()));
    let first = machine.tree();
    assert_eq!(machine.boot(&layout), Ok(()));
    assert!(first == machine.tree());
}
