use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use impermanence_model::AbsolutePath;
use impermanence_model::live::State;
use nix::mount::{MntFlags, MsFlags, mount, umount2};

use crate::machine::Machine;
use crate::services::inside;
use crate::{is_there, layouts, namespace};

/// `mount -a` makes of the rendered table what `exec` makes, and `findmnt --verify` has nothing against it.
#[test]
fn mount_all_mounts_the_layout() {
    if !is_there("mount_all_mounts_the_layout", "mount") {
        return;
    }
    if !nix::unistd::geteuid().is_root() {
        return namespace::skipped("mount_all_mounts_the_layout", "not root");
    }
    let (mut hosts, mut mounts) = (0, 0);
    for (host, layout) in layouts() {
        if layout.places().any(|place| place.path.to_string().starts_with("/usr")) {
            continue;
        }
        match namespace::isolated(move || mounted_by_fstab(&Machine::new(host, layout))) {
            Ok(count) => (hosts, mounts) = (hosts + usize::from(count > 0), mounts + count),
            Err(why) => return namespace::skipped("mount_all_mounts_the_layout", &why),
        }
    }
    println!("mount -a: {mounts} binds of {hosts} hosts as `exec` makes them");
    assert!(hosts > 50 && mounts > 100);
}

fn mounted_by_fstab(machine: &Machine) -> usize {
    let running = machine.boot();
    let binds: Vec<_> =
        machine.layout.mounts().filter(|mount| mount.bound_from().is_some()).collect();
    let table = running.world.table().unwrap();
    // All that is mounted in it but what plays the host's own file systems: they stay, as they do on a host.
    let own = |point: &AbsolutePath| {
        machine.layout.mounts().any(|m| m.bound_from().is_none() && m.target == *point)
    };
    let root = AbsolutePath::new(machine.root().as_os_str().as_encoded_bytes()).unwrap();
    for mount in table.mounts().iter().rev() {
        let point = AbsolutePath::new(&mount.point).unwrap();
        let Some(inner) = point.rebased(&root, &AbsolutePath::root()) else { continue };
        let covers_own =
            machine.layout.mounts().any(|m| m.bound_from().is_none() && inner.is_above(&m.target));
        if !inner.is_root() && !own(&inner) {
            if covers_own {
                // What is mounted in a bind goes with it, and would have to be mounted again: not compared.
                return 0;
            }
            umount2(point.as_path(), MntFlags::UMOUNT_NOFOLLOW).unwrap();
        }
    }
    // A system to run mount(8) in.
    let top = machine.root();
    for (from, to) in [("/usr", "usr"), ("/proc", "proc"), ("/dev", "dev")] {
        fs::create_dir_all(top.join(to)).unwrap();
        mount(
            Some(from),
            &top.join(to),
            None::<&str>,
            MsFlags::MS_BIND | MsFlags::MS_REC,
            None::<&str>,
        )
        .unwrap();
    }
    // Where libmount keeps the options that are none of the kernel's.
    fs::create_dir_all(top.join("run/mount")).unwrap();
    for link in ["bin", "sbin", "lib", "lib64"] {
        symlink(format!("usr/{link}"), top.join(link)).unwrap();
    }
    fs::write(top.join("fstab"), machine.layout.fstab_binds().as_bytes()).unwrap();
    let run = |program: &str, arguments: &[&str]| {
        let output = inside(machine, || {
            let mut command = Command::new(program);
            command.args(arguments).stdin(Stdio::null()).current_dir("/").output()
        });
        let output = output.unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&text).into_owned())
    };
    let fstab = machine.layout.fstab_binds();
    let (fine, said) = run("/usr/bin/mount", &["-a", "-T", "/fstab"]);
    assert!(fine, "{}: mount -a: {said}\n{fstab}", machine.host.name);
    for finding in machine.layout.compare(&running.world.table().unwrap(), &root) {
        let is_bind = binds.iter().any(|mount| mount.target == finding.target);
        let is_mounted = matches!(finding.state, State::Mounted { .. });
        assert!(!is_bind || is_mounted, "{}: {finding}\n{fstab}", machine.host.name);
    }
    let (_, said) = run("/usr/bin/findmnt", &["--verify", "--tab-file", "/fstab"]);
    let is_clean = binds.is_empty() || said.contains("0 parse errors, 0 errors");
    assert!(
        is_clean || said.contains("Success, no errors"),
        "{}: findmnt --verify: {said}\n{fstab}",
        machine.host.name
    );
    binds.len()
}

/// What systemd makes of the table is what is rendered as units.
#[test]
fn the_generator_makes_the_same_units() {
    let generator = ["/usr/lib/systemd/system-generators/", "/lib/systemd/system-generators/"]
        .map(|folder| format!("{folder}systemd-fstab-generator"))
        .into_iter()
        .find(|path| std::path::Path::new(path).exists());
    let Some(generator) = generator else {
        return namespace::skipped(
            "the_generator_makes_the_same_units",
            "no systemd-fstab-generator",
        );
    };
    let mut compared = 0;
    for (host, layout) in layouts() {
        let Ok(units) = layout.systemd_mounts() else { continue };
        let folder = tempfile::tempdir().unwrap();
        let (file, out) = (folder.path().join("fstab"), folder.path().join("out"));
        fs::create_dir(&out).unwrap();
        fs::write(&file, layout.fstab().as_bytes()).unwrap();
        let status =
            Command::new(&generator).args([&out; 3]).env("SYSTEMD_FSTAB", &file).status().unwrap();
        assert!(status.success(), "{}", host.name);
        let setting = |text: &str, key: &str| {
            text.lines().find_map(|line| line.strip_prefix(key)).map(str::to_owned)
        };
        for unit in units {
            let theirs = fs::read_to_string(out.join(unit.name()));
            let theirs = theirs.unwrap_or_else(|e| panic!("{}: {}: {e}", host.name, unit.name()));
            for key in ["What=", "Where=", "Type="] {
                let (ours, theirs) = (setting(unit.text(), key), setting(&theirs, key));
                // `%f` is the unit's own path, which the generator writes in a form that systemd refuses.
                if ours.as_ref().is_none_or(|ours| !ours.ends_with("%f")) {
                    assert_eq!(ours, theirs, "{}: {}", host.name, unit.name());
                }
            }
            let options =
                setting(&theirs, "Options=").unwrap_or_default().replace(",x-initrd.mount", "");
            let options = options.replace("x-initrd.mount", "");
            assert_eq!(
                setting(unit.text(), "Options=").unwrap_or_default(),
                options,
                "{}: {}",
                host.name,
                unit.name()
            );
            compared += 1;
        }
    }
    println!("systemd-fstab-generator: {compared} units the same");
    assert!(compared > 200);
}
