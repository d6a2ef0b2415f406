//! What a user can put in the way.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown, symlink};

use impermanence_model::exec::{Effect, ExecError};
use impermanence_model::stage::Stage;

use crate::{as_root, at, machine};

/// ~/.local is a link to /etc: nothing is made, given away or mounted there.
#[test]
fn links_are_not_followed() {
    as_root("links_are_not_followed", || {
        let machine = machine("[host]\ndirectories = [\"/home/alice/.local/share/x\"]");
        let running = machine.boot();
        running.world.undo(&machine.layout, &running.applied);
        for (link, to) in [
            ("/home/alice/.local", "/etc"),
            ("/home/alice/.local/share", "/etc"),
            ("/home/alice", "/root"),
        ] {
            let root = machine.root();
            let path = machine.path(&at(link));
            let _ = fs::remove_dir_all(root.join("home"));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            for victim in ["etc", "root"] {
                let _ = fs::create_dir(root.join(victim));
            }
            symlink(to, &path).unwrap();
            let Err(stopped) = machine.world().apply(&machine.layout, Stage::Late) else {
                panic!("{link} was followed")
            };
            let named = match &stopped.error {
                ExecError::Link { path } | ExecError::Other { path, .. } => path.clone(),
                other => panic!("{link}: {other}"),
            };
            assert_eq!(named, at(link));
            for victim in ["etc", "root"] {
                let found = fs::metadata(root.join(victim)).unwrap();
                assert_eq!((found.uid(), found.mode() & 0o777), (0, 0o755), "{victim}");
                assert_eq!(fs::read_dir(root.join(victim)).unwrap().count(), 0, "{victim}");
            }
            let undone = machine.world().undo(&machine.layout, &stopped.applied);
            assert!(!undone.is_empty() || stopped.applied.done.is_empty());
        }
    });
}

/// What one user did costs that entry alone: all others are mounted.
#[test]
fn a_link_costs_its_own_entry_alone() {
    as_root("a_link_costs_its_own_entry_alone", || {
        let machine = machine(
            "[host]\ndirectories = [\"/home/alice/.local/share/x\", \"/home/alice/y\", \"/var/log\", \"/zzz\"]",
        );
        machine.mount_root();
        let home = machine.path(&at("/home/alice"));
        fs::create_dir_all(&home).unwrap();
        symlink("/etc", home.join(".local")).unwrap();
        let world = machine.world().at_boot();
        let outcome = world.apply_unattended(&machine.layout, Stage::Late);
        assert!(!outcome.is_complete());
        let failed: Vec<_> = outcome.failed.iter().map(|(_, error)| error.clone()).collect();
        assert!(
            matches!(&failed[..], [ExecError::Other { path, .. }] if *path == at("/home/alice/.local")),
            "{failed:?}"
        );
        let left_out =
            outcome.left_out.iter().map(|id| machine.layout.step(*id).unwrap().action.path());
        let link = at("/home/alice/.local");
        assert!(left_out.clone().count() > 1 && left_out.clone().all(|path| link.contains(path)));
        for (id, check) in world.verify(&machine.layout, Stage::Late).unwrap() {
            let path = machine.layout.step(id).unwrap().action.path();
            assert!(check.is_done() || link.contains(path), "{path}: {check:?}");
        }
        for path in ["/home/alice/y", "/var/log", "/zzz"] {
            fs::write(machine.path(&at(path)).join("x"), "x").unwrap();
            assert!(machine.path(&at(&format!("/persist{path}/x"))).exists(), "{path}");
        }
    });
}

/// A second name for another's file, in the place of one whose mode is to be enforced.
#[test]
fn a_planted_file_is_not_given_away() {
    as_root("a_planted_file_is_not_given_away", || {
        let machine = machine(
            "[host]\nfiles = [{ path = \"/home/alice/key\", how = \"bind\", owner = \"1000\", group = \"100\", mode = \"0600\", \
             enforce = \"always\" }]",
        );
        let running = machine.boot();
        running.world.undo(&machine.layout, &running.applied);
        // Undone but for what is in the store; the disk is mounted again by the next run.
        let (shadow, home) = (machine.path(&at("/shadow")), machine.path(&at("/home/alice")));
        fs::write(&shadow, "secret").unwrap();
        fs::create_dir_all(&home).unwrap();
        chown(&home, Some(1000), Some(100)).unwrap();
        fs::hard_link(&shadow, home.join("key")).unwrap();
        let Err(stopped) = machine.world().apply(&machine.layout, Stage::Late) else {
            panic!("it was given to alice")
        };
        assert!(matches!(stopped.error, ExecError::Planted { uid: 1000, .. }), "{stopped}");
        assert_eq!(fs::metadata(&shadow).unwrap().uid(), 0);
    });
}

/// A file that was alice's own all along is put right.
#[test]
fn enforced_modes_are_restored() {
    as_root("enforced_modes_are_restored", || {
        let machine = machine(
            "[host]\ndirectories = [{ path = \"/srv/a\", mode = \"0750\", enforce = \"always\" }, \
             { path = \"/srv/b\", mode = \"0750\", enforce = \"create\" }, \
             { path = \"/srv/c\", mode = \"0750\", enforce = \"report\" }]",
        );
        let running = machine.boot();
        let mode = |path: &str| fs::metadata(machine.path(&at(path))).unwrap().mode() & 0o7777;
        for path in ["/srv/a", "/srv/b", "/srv/c"] {
            assert_eq!(mode(path), 0o750);
            fs::set_permissions(
                machine.path(&at(path)),
                std::os::unix::fs::PermissionsExt::from_mode(0o777),
            )
            .unwrap();
        }
        let again = running.world.apply(&machine.layout, Stage::Late).unwrap();
        assert_eq!((mode("/srv/a"), mode("/srv/b"), mode("/srv/c")), (0o750, 0o777, 0o777));
        let differing = again.done.iter().filter(|done| matches!(done.effect, Effect::Differs(_)));
        // In the store, and at its place: one directory, looked at twice.
        assert_eq!(differing.count(), 2);
        let adjusted =
            again.done.iter().filter(|done| matches!(done.effect, Effect::Adjusted { .. }));
        assert_eq!(adjusted.count(), 1);
    });
}
