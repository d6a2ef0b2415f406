//! What the methods for files are chosen by: what the kernel does with a file that is bound.

use std::fs;

use impermanence_model::stage::Stage;

use crate::{as_root, at, machine};

/// rename(2) over a bound file, and unlink(2) of it, are refused; writing into it goes through to the store.
#[test]
fn a_bound_file_cannot_be_replaced() {
    as_root("a_bound_file_cannot_be_replaced", || {
        let machine = machine("[host]\nfiles = [{ path = \"/etc/conf\", how = \"bind\" }]");
        let _running = machine.boot();
        let path = |path: &str| machine.path(&at(path));
        fs::write(path("/etc/conf.new"), "new").unwrap();
        let busy = |result: std::io::Result<()>| result.unwrap_err().raw_os_error() == Some(16);
        assert!(busy(fs::rename(path("/etc/conf.new"), path("/etc/conf"))));
        assert!(busy(fs::remove_file(path("/etc/conf"))));
        fs::write(path("/etc/conf"), "through").unwrap();
        assert_eq!(fs::read(path("/persist/etc/conf")).unwrap(), b"through");
    });
}

/// A file that its program replaces by renaming is copied: out at shutdown, in at boot.
#[test]
fn a_copied_file_can_be_replaced() {
    as_root("a_copied_file_can_be_replaced", || {
        let machine =
            machine("[host]\nfiles = [{ path = \"/etc/conf\", how = \"copy\", mode = \"0640\" }]");
        let path = |path: &str| machine.path(&at(path));
        let running = machine.boot();
        assert!(!path("/etc/conf").exists(), "the store has none yet");
        fs::write(path("/etc/conf.new"), "new").unwrap();
        fs::rename(path("/etc/conf.new"), path("/etc/conf")).unwrap();
        running.shut_down();
        let running = machine.boot();
        assert_eq!(fs::read(path("/etc/conf")).unwrap(), b"new");
        let mode = std::os::unix::fs::MetadataExt::mode(&fs::metadata(path("/etc/conf")).unwrap());
        assert_eq!(mode & 0o777, 0o640);
        // A second run on the running system undoes no change; one that belongs to a boot does.
        fs::write(path("/etc/conf"), "newer").unwrap();
        machine.world().apply(&machine.layout, Stage::Late).unwrap();
        assert_eq!(fs::read(path("/etc/conf")).unwrap(), b"newer");
        assert_eq!(running.world.copy_out(&machine.layout).unwrap(), [at("/etc/conf")]);
        assert_eq!(running.world.copy_out(&machine.layout).unwrap(), []);
        // Removing the file removes nothing from the store.
        fs::remove_file(path("/etc/conf")).unwrap();
        running.world.copy_out(&machine.layout).unwrap();
        assert_eq!(fs::read(path("/persist/etc/conf")).unwrap(), b"newer");
    });
}

/// What a link leads to may be unlinked and made again: the new file is none of the store's.
#[test]
fn a_link_is_lost_to_unlink_and_create() {
    as_root("a_link_is_lost_to_unlink_and_create", || {
        let machine = machine("[host]\nfiles = [{ path = \"/etc/conf\", how = \"symlink\" }]");
        let running = machine.boot();
        let path = |path: &str| machine.path(&at(path));
        assert_eq!(fs::read_link(path("/etc/conf")).unwrap().to_str(), Some("/persist/etc/conf"));
        fs::remove_file(path("/etc/conf")).unwrap();
        fs::write(path("/etc/conf"), "new").unwrap();
        assert!(!path("/persist/etc/conf").exists());
        // And is not replaced by another run, which would lose it.
        assert!(running.world.apply(&machine.layout, Stage::Late).is_err());
        assert_eq!(fs::read(path("/etc/conf")).unwrap(), b"new");
    });
}
