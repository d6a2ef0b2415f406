//! The walk of a live tree.

use std::fs;
use std::ops::ControlFlow;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};

use impermanence_model::audit::Rules;
use nix::fcntl::{OFlag, openat};
use nix::mount::{MsFlags, mount};
use nix::sys::stat::{Mode, mkdirat};

use crate::{as_root, at, machine};

const DECLARED: &str =
    "[host]\ndirectories = [\"/var/lib/kept\"]\nfiles = [{ path = \"/etc/conf\", how = \"bind\" }]";

/// Binds of the same file system have its device number, and are other mounts all the same.
#[test]
fn mounts_are_not_crossed() {
    as_root("mounts_are_not_crossed", || {
        let machine = machine(DECLARED);
        let running = machine.boot();
        let path = |path: &str| machine.path(&at(path));
        for (name, size) in [
            ("/var/lib/a/x", 5000),
            ("/var/lib/a/y/z", 3000),
            ("/var/lib/b/x", 10),
            ("/etc/stray", 1),
        ] {
            fs::create_dir_all(path(name).parent().unwrap()).unwrap();
            fs::write(path(name), vec![b'x'; size]).unwrap();
        }
        fs::write(path("/var/lib/kept/x"), "kept").unwrap();
        std::os::unix::fs::symlink("/nix/store/abc/x", path("/etc/managed")).unwrap();
        // The root's own files once more, in a directory and as a file.
        fs::create_dir_all(path("/srv/again")).unwrap();
        fs::write(path("/srv/file"), "").unwrap();
        let bind = |from: &str, to: &str| {
            mount(Some(&path(from)), &path(to), None::<&str>, MsFlags::MS_BIND, None::<&str>)
                .unwrap();
        };
        bind("/var/lib/a", "/srv/again");
        bind("/var/lib/a/x", "/srv/file");
        let rules = Rules::new(&machine.layout);
        let report = running.world.audit(&rules, |_| ControlFlow::Continue(())).unwrap();
        let groups: Vec<_> =
            report.groups.iter().map(|group| (group.directory.to_string(), group.files)).collect();
        let wanted = [("/var/lib/a", 2), ("/etc", 1), ("/var/lib/b", 1)];
        assert_eq!(groups, wanted.map(|(path, files)| (path.to_owned(), files)), "{report}");
        assert_eq!((report.managed, report.unread.len()), (1, 0), "{report:?}");
        assert!(report.groups[0].bytes >= 8000);
    });
}

/// Directories can lie deeper than a path can be long. What is in them is unknown, which is said of the last one that has a path,
/// and not of `/`.
#[test]
fn what_lies_too_deep_is_said_to_be_unread() {
    as_root("what_lies_too_deep_is_said_to_be_unread", || {
        let machine = machine(DECLARED);
        let running = machine.boot();
        let top = machine.path(&at("/data"));
        fs::create_dir_all(&top).unwrap();
        let mut directory: OwnedFd = fs::File::open(&top).unwrap().into();
        let name = "d".repeat(200);
        for _ in 0..25 {
            mkdirat(&directory, name.as_str(), Mode::S_IRWXU).unwrap();
            directory = openat(&directory, name.as_str(), OFlag::O_RDONLY, Mode::empty()).unwrap();
        }
        let report =
            running.world.audit(&Rules::new(&machine.layout), |_| ControlFlow::Continue(()));
        let unread = report.unwrap().unread;
        assert_eq!(unread.len(), 1, "{unread:?}");
        assert!(unread[0].as_bytes().starts_with(b"/data/ddd"), "{unread:?}");
        assert!(unread[0].as_bytes().len() > 3800, "{unread:?}");
    });
}

#[test]
fn a_long_walk_reports_and_can_be_ended() {
    as_root("a_long_walk_reports_and_can_be_ended", || {
        let machine = machine(DECLARED);
        let running = machine.boot();
        for directory in 0..60 {
            let directory = machine.path(&at(&format!("/data/{directory}")));
            fs::create_dir_all(&directory).unwrap();
            for file in 0..1000 {
                fs::write(directory.join(file.to_string()), "").unwrap();
            }
        }
        let (rules, told) = (Rules::new(&machine.layout), AtomicU64::new(0));
        let report = running.world.audit(&rules, |progress| {
            told.fetch_max(progress.entries, Ordering::Relaxed);
            ControlFlow::Continue(())
        });
        assert_eq!(report.unwrap().files(), 60_000);
        assert!(told.load(Ordering::Relaxed) > 45_000);
        let report = running.world.audit(&rules, |_| ControlFlow::Break(())).unwrap();
        assert!(report.files() < 60_000 && !report.unread.is_empty(), "what was not read is said");
    });
}
