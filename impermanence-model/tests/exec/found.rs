//! The kernel's table beside the layout, and beside what the kernel says itself.

use std::fs;
use std::os::fd::AsFd;
use std::path::Path;

use impermanence_model::AbsolutePath;
use impermanence_model::exec::{FileSystems, World};
use impermanence_model::live::State;
use impermanence_model::stage::Stage;
use nix::mount::{MntFlags, MsFlags, mount, umount2};

use crate::machine::Machine;
use crate::{as_root, at, machine};

const DECLARED: &str = r#"
[host]
directories = ["/srv/data", "/srv/other", { path = "/srv/ro", options = ["ro"] }]
files = [{ path = "/etc/conf", how = "bind" }, { path = "/etc/gone", how = "bind" }]
"#;

fn bind(from: &Path, to: &Path) {
    mount(Some(from), to, None::<&str>, MsFlags::MS_BIND, None::<&str>).unwrap();
}

/// What became of one mount.
fn state(machine: &Machine, target: &str) -> State {
    let root = AbsolutePath::new(machine.root().as_os_str().as_encoded_bytes()).unwrap();
    let table = machine.world().table().unwrap();
    let found = machine
        .layout
        .compare(&table, &root)
        .into_iter()
        .find(|finding| finding.target == at(target));
    found.unwrap().state
}

#[test]
fn every_state_is_told() {
    as_root("every_state_is_told", || {
        let machine = machine(DECLARED);
        let _running = machine.boot();
        let path = |path: &str| machine.path(&at(path));
        assert!(matches!(state(&machine, "/srv/data"), State::Mounted { .. }));

        bind(&path("/persist/srv/data"), &path("/srv/data"));
        assert_eq!(state(&machine, "/srv/data"), State::Stacked { times: 2 });
        for _ in 0..2 {
            umount2(&path("/srv/data"), MntFlags::UMOUNT_NOFOLLOW).unwrap();
        }
        assert_eq!(state(&machine, "/srv/data"), State::Missing);
        bind(&path("/persist/srv/other"), &path("/srv/data"));
        assert!(matches!(state(&machine, "/srv/data"), State::WrongSource { .. }));

        bind(&path("/persist/srv/ro"), &path("/srv/other"));
        assert!(matches!(state(&machine, "/srv/other"), State::Hidden { .. }));

        let remount = MsFlags::MS_REMOUNT | MsFlags::MS_BIND;
        mount(None::<&str>, &path("/srv/ro"), None::<&str>, remount, None::<&str>).unwrap();
        assert_eq!(
            state(&machine, "/srv/ro"),
            State::WrongOptions { missing: vec!["ro".to_owned()] }
        );

        // A program that writes a new file and renames it: in the store that works, and the mount keeps the old one.
        fs::write(path("/persist/etc/conf.new"), "new").unwrap();
        fs::rename(path("/persist/etc/conf.new"), path("/persist/etc/conf")).unwrap();
        assert!(matches!(state(&machine, "/etc/conf"), State::Stale { .. }));
        fs::remove_file(path("/persist/etc/gone")).unwrap();
        assert!(matches!(state(&machine, "/etc/gone"), State::Stale { .. }));

        fs::create_dir(path("/elsewhere")).unwrap();
        bind(&path("/persist/srv/other"), &path("/elsewhere"));
        assert_eq!(state(&machine, "/elsewhere"), State::Undeclared);

        // What is above hides all that is below.
        bind(&path("/persist"), &path("/srv"));
        assert!(matches!(state(&machine, "/srv/ro"), State::Hidden { .. }));
    });
}

/// A root that is reached through a link is the same root.
#[test]
fn the_root_may_be_reached_through_a_link() {
    as_root("the_root_may_be_reached_through_a_link", || {
        let machine = machine(DECLARED);
        let _running = machine.boot();
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(machine.root(), &link).unwrap();
        let world =
            World::new(&at(link.to_str().unwrap())).unwrap().file_systems(FileSystems::StandIns);
        let checks = world.verify(&machine.layout, Stage::Late).unwrap();
        assert!(checks.iter().all(|(_, check)| check.is_done()), "{checks:?}");
    });
}

/// The mount that the table says a path leads into is the one whose id the kernel gives.
#[test]
fn the_table_leads_where_the_kernel_does() {
    as_root("the_table_leads_where_the_kernel_does", || {
        let machine = machine(DECLARED);
        let running = machine.boot();
        let path = |path: &str| machine.path(&at(path));
        for made in
            ["/persist/srv/data/1/2/3", "/persist/srv/other/4/5", "/persist/etc/6", "/var/7/8"]
        {
            fs::create_dir_all(path(made)).unwrap();
        }
        for (from, to) in [
            ("/persist/srv", "/srv/data"),
            ("/persist", "/srv"),
            ("/persist/srv", "/srv/srv"),
            ("/persist/etc", "/srv/srv/data"),
            ("/persist", "/persist"),
            ("/persist/srv/other", "/persist/srv/ro"),
        ] {
            bind(&path(from), &path(to));
        }
        let table = running.world.table().unwrap();
        let mut compared = 0;
        let mut waiting = vec![machine.root()];
        while let Some(at) = waiting.pop() {
            let kernel = mount_id(&at);
            let ours = table.covering(at.as_os_str().as_encoded_bytes()).map(|mount| mount.id);
            assert_eq!(ours, Some(kernel), "{}", at.display());
            compared += 1;
            if at.is_dir() && at.components().count() < 12 {
                waiting.extend(fs::read_dir(&at).unwrap().map(|entry| entry.unwrap().path()));
            }
        }
        let hidden = table.mounts().iter().filter(|mount| !table.is_visible(mount)).count();
        println!("compared the mounts of {compared} paths; {hidden} mounts are hidden");
        assert!(compared > 30 && hidden >= 3, "{compared} {hidden}");
    });
}

/// `/proc/self/fdinfo`, field `mnt_id`.
fn mount_id(path: &Path) -> u64 {
    let flags = nix::fcntl::OFlag::O_PATH | nix::fcntl::OFlag::O_NOFOLLOW;
    let fd = nix::fcntl::open(path, flags, nix::sys::stat::Mode::empty()).unwrap();
    let number = std::os::fd::AsRawFd::as_raw_fd(&fd.as_fd());
    let info = fs::read_to_string(format!("/proc/thread-self/fdinfo/{number}")).unwrap();
    info.lines().find_map(|line| line.strip_prefix("mnt_id:")).unwrap().trim().parse().unwrap()
}
