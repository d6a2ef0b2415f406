//! A running system changes from one layout to another.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::Command;

use impermanence_model::change::{Change, Existing, plan, to_look_at};
use impermanence_model::exec::ExecError;
use impermanence_model::stage::Stage;
use impermanence_model::{Host, Layout};

use crate::machine::Machine;
use crate::services::{self, inside};
use crate::{USUAL, as_root, at, generated, machine};

fn layout(toml: &str) -> Layout {
    Host::from_toml(&format!("{USUAL}{toml}")).unwrap().resolve().unwrap()
}

const BEFORE: &str = "[host]\ndirectories = [\"/var/log\"]";
const AFTER: &str = "[host]\ndirectories = [\"/var/log\", \"/srv/data\"]";

/// What a service left on the volatile root: all that a file can have.
fn data(folder: &Path) {
    fs::create_dir_all(folder.join("a/b")).unwrap();
    fs::write(folder.join("a/b/file"), vec![7; 200_000]).unwrap();
    fs::set_permissions(folder.join("a/b/file"), PermissionsExt::from_mode(0o640)).unwrap();
    fs::hard_link(folder.join("a/b/file"), folder.join("a/second")).unwrap();
    symlink("b/file", folder.join("a/link")).unwrap();
    fs::write(folder.join("empty"), "").unwrap();
    nix::unistd::mkfifo(&folder.join("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    drop(std::os::unix::net::UnixListener::bind(folder.join("socket")).unwrap());
    for path in ["a", "a/b", "a/b/file"] {
        chown(folder.join(path), Some(1000), Some(100)).unwrap();
    }
    fs::set_permissions(folder.join("a"), PermissionsExt::from_mode(0o2750)).unwrap();
    let old = fs::File::open(folder.join("a/b")).unwrap();
    old.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000)).unwrap();
}

/// All that a tree is, as `find` tells it.
fn described(folder: &Path) -> String {
    let mut find = Command::new("find");
    // How large a directory is, is its file system's matter.
    find.arg(folder).args([
        "-mindepth",
        "1",
        "-type",
        "d",
        "-printf",
        "%P %y %m %U:%G %n %T@\\n",
        "-o",
    ]);
    find.args(["-not", "-type", "s", "-printf", "%P %y %m %U:%G %n %T@ %s %l\\n"]);
    let output = find.output().unwrap();
    let mut lines: Vec<_> =
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    lines.sort();
    lines.join("\n")
}

/// Stopped after each step, and gone on with from the step that was the last: the data move whole.
#[test]
fn data_move_into_the_store() {
    as_root("data_move_into_the_store", || {
        let steps = moved(usize::MAX);
        for stop in 0..steps {
            assert_eq!(moved(stop), steps);
        }
        println!("moved once, and {steps} times with an interruption");
    });
}

/// Moves the data, stopping after step `stop` once; the number of steps.
fn moved(stop: usize) -> usize {
    let new = layout(AFTER);
    let machine = machine(BEFORE);
    let running = machine.boot();
    let path = |path: &str| machine.path(&at(path));
    fs::create_dir_all(path("/srv/data")).unwrap();
    data(&path("/srv/data"));
    let before = described(&path("/srv/data"));
    let world = &running.world;
    let look = to_look_at(&machine.layout, &new);
    let observed = world.observe(&look).unwrap();
    assert!(plan(&machine.layout, &new, &observed, Existing::Refuse).is_err());
    let plan = plan(&machine.layout, &new, &observed, Existing::MoveIn).unwrap();
    let mut seen = 0;
    let stopped = world.change(&new, &plan, 0, |_| {
        seen += 1;
        if seen > stop.saturating_add(1) { Err(std::io::Error::other("crash")) } else { Ok(()) }
    });
    if let Err(stopped) = stopped {
        assert!(matches!(stopped.error, ExecError::Declined { .. }), "{stopped}");
        world.change(&new, &plan, stopped.at - 1, |_| Ok(())).unwrap();
    }
    for place in ["/srv/data", "/persist/srv/data"] {
        assert_eq!(described(&path(place)), before, "{place}, stopped after {stop}\n{plan}");
    }
    let (one, two) = (path("/srv/data/a/second"), path("/srv/data/a/b/file"));
    assert_eq!(fs::metadata(one).unwrap().ino(), fs::metadata(two).unwrap().ino());
    assert!(world.verify(&new, Stage::Late).unwrap().iter().all(|(_, check)| check.is_done()));
    plan.steps.len()
}

/// Cut off between two names of one file, the copy went on with two files.
#[test]
fn names_of_one_file_stay_so_when_a_copy_goes_on() {
    as_root("names_of_one_file_stay_so_when_a_copy_goes_on", || {
        for missing in ["a/second", "a/b/file"] {
            let new = layout(AFTER);
            let machine = machine(BEFORE);
            let running = machine.boot();
            let path = |path: &str| machine.path(&at(path));
            fs::create_dir_all(path("/srv/data")).unwrap();
            data(&path("/srv/data"));
            let before = described(&path("/srv/data"));
            let observed = running.world.observe(&to_look_at(&machine.layout, &new)).unwrap();
            let plan = plan(&machine.layout, &new, &observed, Existing::MoveIn).unwrap();
            let copies = |change: &Change| matches!(change, Change::CopyData { .. });
            let copy = plan.steps.iter().position(copies).unwrap();
            let stopped = running.world.change(&new, &plan, 0, |change| match change {
                Change::Verify { .. } => Err(std::io::Error::other("crash")),
                _ => Ok(()),
            });
            assert!(stopped.is_err());
            fs::remove_file(path("/persist/srv/data").join(missing)).unwrap();
            running.world.change(&new, &plan, copy, |_| Ok(())).unwrap();
            assert_eq!(described(&path("/persist/srv/data")), before, "without {missing}");
        }
    });
}

/// Cut off after it made a pipe, before that had its owner and mode, the copy took it for somebody else's, for ever.
#[test]
fn a_pipe_that_is_half_copied_is_finished() {
    as_root("a_pipe_that_is_half_copied_is_finished", || {
        let (new, machine) = (layout(AFTER), machine(BEFORE));
        let running = machine.boot();
        let path = |path: &str| machine.path(&at(path));
        fs::create_dir_all(path("/srv/data")).unwrap();
        data(&path("/srv/data"));
        let before = described(&path("/srv/data"));
        let observed = running.world.observe(&to_look_at(&machine.layout, &new)).unwrap();
        let plan = plan(&machine.layout, &new, &observed, Existing::MoveIn).unwrap();
        let stopped = running.world.change(&new, &plan, 0, |change| match change {
            Change::Verify { .. } => Err(std::io::Error::other("crash")),
            _ => Ok(()),
        });
        let pipe = path("/persist/srv/data/pipe");
        fs::set_permissions(pipe, PermissionsExt::from_mode(0o400)).unwrap();
        running.world.change(&new, &plan, stopped.unwrap_err().at - 1, |_| Ok(())).unwrap();
        assert_eq!(described(&path("/persist/srv/data")), before);
    });
}

/// Extended attributes go along, where the file systems have them.
#[test]
fn attributes_go_along() {
    as_root("attributes_go_along", || {
        let new = layout(AFTER);
        let machine = machine(BEFORE);
        let running = machine.boot();
        let path = |path: &str| machine.path(&at(path));
        fs::create_dir_all(path("/srv/data")).unwrap();
        fs::write(path("/srv/data/x"), "x").unwrap();
        // A capability, as the kernel keeps it: version 2, cap_net_bind_service.
        let has_tool =
            Command::new("setcap").arg("cap_net_bind_service=ep").arg(path("/srv/data/x")).status();
        if !has_tool.is_ok_and(|status| status.success()) {
            return crate::namespace::skipped("attributes_go_along", "no setcap");
        }
        let observed = running.world.observe(&to_look_at(&machine.layout, &new)).unwrap();
        let plan = plan(&machine.layout, &new, &observed, Existing::MoveIn).unwrap();
        running.world.change(&new, &plan, 0, |_| Ok(())).unwrap();
        let shown = Command::new("getcap").arg(path("/persist/srv/data/x")).output().unwrap();
        assert!(String::from_utf8_lossy(&shown.stdout).contains("cap_net_bind_service"));
    });
}

/// A mount that is in use is not taken away, and who uses it is named.
#[test]
fn holders_are_named() {
    as_root("holders_are_named", || {
        let new = layout("");
        let machine = machine(BEFORE);
        let running = machine.boot();
        let held = fs::File::create(machine.path(&at("/var/log/x"))).unwrap();
        let observed = running.world.observe(&to_look_at(&machine.layout, &new)).unwrap();
        let plan = plan(&machine.layout, &new, &observed, Existing::Refuse).unwrap();
        let stopped = running.world.change(&new, &plan, 0, |_| Ok(())).unwrap_err();
        let ExecError::Busy { holders, .. } = &stopped.error else { panic!("{stopped}") };
        assert!(holders.contains(&std::process::id()), "{holders:?}");
        assert!(matches!(stopped.change, Change::Unmount(_)));
        drop(held);
        running.world.change(&new, &plan, stopped.at, |_| Ok(())).unwrap();
        // Removing an entry removes nothing from its store.
        assert!(machine.path(&at("/persist/var/log/x")).exists());
        assert_eq!(plan.left.len(), 1);
    });
}

/// Whatever was mounted by hand meanwhile is not taken for ours: neither over it, nor above it, with all that is below.
#[test]
fn what_is_not_ours_stays_mounted() {
    as_root("what_is_not_ours_stays_mounted", || {
        let before = "[host]\ndirectories = [{ path = \"/srv/data\", how = \"rbind\" }]";
        for over in ["/srv/data", "/srv"] {
            let (new, machine) = (layout(""), machine(before));
            let running = machine.boot();
            let path = |path: &str| machine.path(&at(path));
            fs::create_dir_all(path("/persist/theirs/data/below")).unwrap();
            let bind = |from: &str, to: &str| {
                let (none, flags) = (None::<&str>, nix::mount::MsFlags::MS_BIND);
                nix::mount::mount(Some(&path(from)), &path(to), none, flags, none).unwrap();
            };
            bind("/persist/theirs", over);
            bind("/persist", &format!("{over}/data"));
            let mounted = || {
                let table = running.world.table().unwrap();
                table.mounts().iter().map(|mount| mount.point.clone()).collect::<Vec<_>>()
            };
            let there = mounted();
            let observed = running.world.observe(&to_look_at(&machine.layout, &new)).unwrap();
            let plan = plan(&machine.layout, &new, &observed, Existing::Refuse).unwrap();
            let stopped = running.world.change(&new, &plan, 0, |_| Ok(())).unwrap_err();
            assert!(matches!(stopped.error, ExecError::Occupied { .. }), "{over}: {stopped}");
            assert_eq!(mounted(), there, "{over}");
        }
    });
}

/// Mounted twice, it was taken away once, and what was written there went on into the store.
#[test]
fn what_is_mounted_twice_is_taken_away_twice() {
    as_root("what_is_mounted_twice_is_taken_away_twice", || {
        let (new, machine) = (layout(""), machine(BEFORE));
        let running = machine.boot();
        let path = |path: &str| machine.path(&at(path));
        let (none, flags) = (None::<&str>, nix::mount::MsFlags::MS_BIND);
        let (from, to) = (path("/persist/var/log"), path("/var/log"));
        nix::mount::mount(Some(&from), &to, none, flags, none).unwrap();
        let observed = running.world.observe(&to_look_at(&machine.layout, &new)).unwrap();
        let plan = plan(&machine.layout, &new, &observed, Existing::Refuse).unwrap();
        running.world.change(&new, &plan, 0, |_| Ok(())).unwrap();
        fs::write(path("/var/log/new"), "").unwrap();
        assert!(!path("/persist/var/log/new").exists());
    });
}

/// Generated hosts turn into others, with files on them: afterwards every step of the new layout is done, and what
/// then survives by its word survives a reboot.
#[test]
fn generated_hosts_change() {
    as_root("generated_hosts_change", || {
        let (mut changed, mut refused, mut kept) = (0, 0, 0);
        for seed in 0..120 {
            let Ok(host) = generated::host(seed, false) else { continue };
            let Ok(mut other) = generated::host(seed + 1000, false) else { continue };
            (other.root, other.wipe) = (host.root.clone(), host.wipe.clone());
            (other.file_systems, other.stores) = (host.file_systems.clone(), host.stores.clone());
            let (Ok(old), Ok(new)) = (host.resolve(), other.resolve()) else { continue };
            let mut machine = Machine::new(host, old);
            machine.boot_and_keep();
            services::run(&machine);
            let world = machine.world();
            let planned = match world.observe(&to_look_at(&machine.layout, &new)) {
                Ok(observed) => plan(&machine.layout, &new, &observed, Existing::MoveIn).ok(),
                // What was a link into the store would be a directory.
                Err(ExecError::Link { .. }) => None,
                Err(error) => panic!("{seed}: {error}"),
            };
            let Some(plan) = planned else {
                refused += 1;
                continue;
            };
            if let Err(stopped) = world.change(&new, &plan, 0, |_| Ok(())) {
                // A file that a service wrote where a directory should be, or the reverse.
                let is_known = matches!(
                    stopped.error,
                    ExecError::Other { .. }
                        | ExecError::Hides { .. }
                        | ExecError::Link { .. }
                        | ExecError::Differ { .. }
                );
                assert!(is_known, "{seed}: {stopped}\n{plan}");
                refused += 1;
                continue;
            }
            for (id, check) in world.verify(&new, Stage::Late).unwrap() {
                assert!(check.is_done(), "{seed}: {check:?}: {:?}\n{plan}", new.step(id));
            }
            world.copy_out(&new).unwrap();
            let files = machine.files();
            machine.power_off();
            machine.layout = new;
            machine.host = other;
            let running = machine.boot();
            inside(&machine, || {
                for (path, content) in &files {
                    if machine.layout.fate(path.as_path()).survives() {
                        assert_eq!(
                            fs::read(path.as_path()).ok().as_ref(),
                            Some(content),
                            "{seed}: {path}\n{plan}"
                        );
                        kept += 1;
                    }
                }
            });
            running.shut_down();
            changed += 1;
        }
        println!(
            "{changed} hosts changed while they ran, {refused} refused; {kept} files kept, as said"
        );
        assert!(changed > 15, "{changed} {refused}");
    });
}
