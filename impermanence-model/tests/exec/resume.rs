//! A run that is interrupted goes on; one that is done is taken back.

use std::fs;

use impermanence_model::exec::{Effect, Undone};
use impermanence_model::stage::Stage;

use crate::{as_root, at, machine};

const DECLARED: &str = r#"
[host]
directories = ["/a", "/b/c", "/b/d", "/e/f"]
files = [{ path = "/etc/x", how = "bind" }, { path = "/etc/y", how = "symlink" }]
"#;

/// Something is in the way of each step in turn; when it is gone, the next run does exactly what is left.
#[test]
fn every_step_can_be_the_last() {
    as_root("every_step_can_be_the_last", || {
        let whole = machine(DECLARED);
        let steps = whole.boot().applied.done.len();
        let mut stopped_at = std::collections::BTreeSet::new();
        for in_the_way in ["/a", "/b", "/b/c", "/b/d", "/e", "/e/f", "/etc", "/etc/x", "/etc/y"] {
            let machine = machine(DECLARED);
            machine.mount_root();
            let path = machine.path(&at(in_the_way));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            // No declared kind.
            nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
            let world = machine.world().at_boot();
            let Err(stopped) = world.apply(&machine.layout, Stage::Late) else {
                panic!("{in_the_way}")
            };
            assert_eq!(stopped.about, at(in_the_way), "{stopped}");
            stopped_at.insert(stopped.step);
            fs::remove_file(&path).unwrap();
            let rest = world.apply(&machine.layout, Stage::Late).unwrap();
            let again = rest.done.iter().filter(|done| done.effect != Effect::AlreadySo).count();
            let made_by_test =
                path.ancestors().skip(1).take_while(|above| *above != machine.root());
            let before =
                stopped.applied.done.iter().filter(|done| done.effect != Effect::AlreadySo);
            assert!(again + before.count() + made_by_test.count() >= steps - 1, "{in_the_way}");
            assert!(
                world
                    .verify(&machine.layout, Stage::Late)
                    .unwrap()
                    .iter()
                    .all(|(_, check)| check.is_done())
            );
        }
        println!("stopped at {} of {steps} steps, and went on", stopped_at.len());
    });
}

#[test]
fn taking_back_leaves_what_is_in_use_or_in_the_store() {
    as_root("taking_back", || {
        let machine = machine(DECLARED);
        let running = machine.boot();
        let path = |path: &str| machine.path(&at(path));
        fs::write(path("/a/kept"), "kept").unwrap();
        fs::write(path("/e/beside"), "beside").unwrap();
        let held = fs::File::create(path("/b/c/held")).unwrap();
        let undone = running.world.undo(&machine.layout, &running.applied);
        let failed: Vec<_> =
            undone.iter().filter(|(_, undone)| matches!(undone, Undone::Failed(_))).collect();
        // The mount that is in use, and its mount point.
        assert_eq!(failed.len(), 2, "{failed:?}");
        drop(held);
        let undone = running.world.undo(&machine.layout, &running.applied);
        let is_failed = |undone: &Undone| matches!(undone, Undone::Failed(_));
        assert!(
            undone.iter().filter(|(_, undone)| is_failed(undone)).count()
                <= running.applied.done.len()
        );
        assert_eq!(fs::read(path("/e/beside")).unwrap(), b"beside");
        assert!(!path("/a").exists() && !path("/b").exists() && !path("/etc").exists());
        // The store has all that it had.
        let _again = machine.world().apply(&machine.layout, Stage::Late).unwrap();
        assert_eq!(fs::read(path("/a/kept")).unwrap(), b"kept");
        assert!(path("/b/c/held").exists());
    });
}
