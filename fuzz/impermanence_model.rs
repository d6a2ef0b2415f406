// What the fuzz targets of impermanence-model do with their input, and `impermanence-model/tests/corpus.rs` with every
// file of the corpora. A property that fails panics.

use impermanence_model::AbsolutePath;
use impermanence_model::escape::{fstab, tmpfiles, unit};
use impermanence_model::mountinfo::MountTable;

/// A table is read or refused; every mount of it is reached by its mount point, or hidden by what is.
pub fn mountinfo(data: &[u8]) {
    let Ok(table) = MountTable::parse(data) else { return };
    for mount in table.mounts() {
        let at = table.at(&mount.point);
        assert!(at.is_none_or(|top| top.point == mount.point));
        assert!(!table.is_visible(mount) || at.is_some_and(|top| top.id == mount.id));
        assert!(table.stacked(&mount.point).any(|each| each == mount) || has_twin(&table, mount.parent));
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
    assert!(name.len() < 256 && name.is_ascii() && name.ends_with(".mount"));
    if let Ok(word) = tmpfiles::path(path) {
        assert_eq!(tmpfiles::read_path(&word).as_ref(), Ok(path));
    }
}
