//! Options and propagation, by the new calls and by the old.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;

use impermanence_model::exec::Calls;
use impermanence_model::stage::Stage;
use nix::mount::{MsFlags, mount};

use crate::{as_root, at, machine};

const DECLARED: &str = r#"
[fileSystems."/persist/srv/data/disk"]
device = "/dev/vdc"
fsType = "ext4"
neededForBoot = true
[host]
directories = [{ path = "/srv/data", how = "rbind", options = ["ro", "nosuid"] }, { path = "/var/ro", options = ["ro"] },
    { path = "/var/rw", options = ["ro", "rw", "nodev"] }, { path = "/var/noatime", options = ["noatime", "nodiratime"] },
    { path = "/var/strict", options = ["strictatime", "noexec"] }, { path = "/var/links", options = ["nosymfollow"] },
    { path = "/var/private", propagation = "private" }, { path = "/var/slave", propagation = "slave" },
    { path = "/var/alone", propagation = "unbindable" }, "/var/plain"]
files = [{ path = "/etc/ro", how = "bind", options = ["ro"] }]
"#;

/// What mountinfo says of each mount, without what differs from run to run.
fn mounts(calls: Calls) -> BTreeMap<String, String> {
    let machine = machine(DECLARED);
    machine.mount_root();
    let (none, root) = (None::<&str>, machine.root());
    // As on NixOS: what is mounted in it is shared, unless something else is declared.
    mount(none, &root, none, MsFlags::MS_SHARED, none).unwrap();
    let world = machine.world().calls(calls);
    world.apply(&machine.layout, Stage::Late).unwrap();
    for (path, is_ro) in
        [("/srv/data", true), ("/srv/data/disk", true), ("/var/ro", true), ("/var/rw", false)]
    {
        let written = fs::write(machine.path(&at(path)).join("x"), "x");
        let refused =
            written.as_ref().is_err_and(|error| error.kind() == ErrorKind::ReadOnlyFilesystem);
        assert_eq!(refused, is_ro, "{calls:?}: {path}: {written:?}");
    }
    // What is written through the store's own path is not read-only.
    fs::write(machine.path(&at("/persist/srv/data/x")), "x").unwrap();
    let table = world.table().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let prefix = root.to_string_lossy().into_owned();
    let below = table.mounts().iter().filter(|mount| text(&mount.point).starts_with(&prefix));
    below
        .map(|mount| {
            let point = text(&mount.point).replacen(&prefix, "", 1);
            let propagation = mount.propagation;
            let kind = (
                propagation.shared.is_some(),
                propagation.master.is_some(),
                propagation.unbindable,
            );
            (point, format!("{} {kind:?}", text(&mount.options)))
        })
        .collect()
}

#[test]
fn old_and_new_calls_do_the_same() {
    as_root("old_and_new_calls_do_the_same", || {
        let new = mounts(Calls::Newest);
        assert_eq!(new, mounts(Calls::Old));
        let of = |path: &str| new[path].as_str();
        assert!(of("/srv/data").starts_with("ro,nosuid"), "{new:?}");
        assert!(of("/srv/data/disk").starts_with("ro,nosuid"), "{new:?}");
        assert!(of("/persist/srv/data/disk").starts_with("rw"), "{new:?}");
        assert!(of("/var/noatime").contains("noatime,nodiratime"), "{new:?}");
        assert!(of("/var/private").ends_with("(false, false, false)"), "{new:?}");
        assert!(
            of("/var/slave").ends_with("(false, true, false)")
                || of("/var/slave").ends_with("(false, false, false)")
        );
        assert!(of("/var/alone").ends_with("(false, false, true)"), "{new:?}");
        assert!(of("/var/plain").ends_with("(true, false, false)"), "{new:?}");
        println!("compared {} mounts made by the old and the new calls", new.len());
    });
}

/// Why a bind is not made read-only in one call: the kernel takes the flag, and ignores it (mount(2)).
#[test]
fn read_only_in_one_call_is_writable() {
    as_root("read_only_in_one_call_is_writable", || {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        for path in [&from, &to] {
            fs::create_dir(path).unwrap();
        }
        let none = None::<&str>;
        mount(Some(&from), &to, none, MsFlags::MS_BIND | MsFlags::MS_RDONLY, none).unwrap();
        fs::write(to.join("x"), "x").unwrap();
        nix::mount::umount(&to).unwrap();
    });
}

/// What is bound without `rbind` shows the empty mount point of what is mounted below.
#[test]
fn a_plain_bind_leaves_mounts_behind() {
    as_root("a_plain_bind_leaves_mounts_behind", || {
        let toml = |how: &str| {
            format!(
                "[fileSystems.\"/persist/srv/data/disk\"]\ndevice = \"/dev/vdc\"\nfsType = \"ext4\"\nneededForBoot = true\n\
                 [host]\ndirectories = [{{ path = \"/srv/data\", how = \"{how}\" }}]"
            )
        };
        for (how, is_there) in [("bind", false), ("rbind", true)] {
            let machine = machine(&toml(how));
            let _running = machine.boot();
            fs::write(machine.path(&at("/persist/srv/data/disk/x")), "x").unwrap();
            assert_eq!(machine.path(&at("/srv/data/disk/x")).exists(), is_there, "{how}");
        }
    });
}
