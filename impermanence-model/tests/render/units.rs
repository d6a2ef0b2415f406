use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use impermanence_model::Host;
use impermanence_model::escape::unit;
use nix::mount::{MsFlags, mount, umount};

use crate::machine::Machine;
use crate::{declared, is_there, layouts, namespace};

/// systemd takes every unit: names, values, and an order without circles once they are enabled.
#[test]
fn systemd_takes_the_units() {
    if !is_there("systemd_takes_the_units", "systemd-analyze") {
        return;
    }
    let (mut verified, mut seen) = (0, BTreeSet::new());
    for (host, layout) in layouts() {
        let Ok(units) = layout.systemd_mounts() else { continue };
        // The generated ones differ little.
        if host.name.starts_with("seed") && seen.len() > 50 {
            continue;
        }
        seen.insert(host.name.clone());
        let folder = tempfile::tempdir().unwrap();
        for unit in &units {
            fs::write(folder.path().join(unit.name()), unit.text()).unwrap();
            for line in unit.text().lines() {
                if let Some(target) = line.strip_prefix("RequiredBy=") {
                    let wants = folder.path().join(format!("{target}.requires"));
                    fs::create_dir_all(&wants).unwrap();
                    symlink(format!("../{}", unit.name()), wants.join(unit.name())).unwrap();
                }
            }
        }
        if units.is_empty() {
            continue;
        }
        let mut tool = Command::new("systemd-analyze");
        tool.args(["verify", "--man=no", "multi-user.target"]);
        tool.args(units.iter().map(|unit| format!("./{}", unit.name())));
        tool.current_dir(folder.path())
            .env("SYSTEMD_UNIT_PATH", format!("{}:", folder.path().display()));
        let output = tool.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let about_us = |line: &&str| {
            line.contains("cycle") || units.iter().any(|unit| line.contains(unit.name()))
        };
        let complaints: Vec<_> = said.lines().filter(about_us).collect();
        assert!(complaints.is_empty(), "{}:\n{}", host.name, complaints.join("\n"));
        verified += units.len();
    }
    println!("systemd-analyze verify: {verified} units of {} hosts", seen.len());
    assert!(verified > 100);
}

/// What is bound from another machine's file system waits for it there, and not before the network is up.
#[test]
fn remote_binds_wait_for_the_network() {
    let host = declared::BOOT.iter().find(|declared| declared.name == "network").unwrap().read();
    let layout = host.unwrap().resolve().unwrap();
    for unit in layout.systemd_mounts().unwrap() {
        let is_remote = unit.text().contains("remote-fs.target");
        let names = ["srv-share.mount", "var-lib-media.mount", "etc-media.conf.mount"];
        assert_eq!(is_remote, names.contains(&unit.name()), "{}\n{}", unit.name(), unit.text());
    }
    let fstab = layout.fstab().to_string();
    let words: Vec<_> = fstab.lines().filter(|line| line.contains("_netdev")).collect();
    assert_eq!(words.len(), 2, "{fstab}");
}

/// The commands of the unit for copied files, run as they stand there: out at shutdown, in at boot.
#[test]
fn the_copy_unit_copies() {
    if !nix::unistd::geteuid().is_root() || !is_there("the_copy_unit_copies", "systemd-analyze") {
        return namespace::skipped("the_copy_unit_copies", "not root, or no systemd-analyze");
    }
    let declared =
        declared::BOOT.iter().find(|declared| declared.name == "replaced-files").unwrap();
    let host = declared.read().unwrap();
    let layout = host.resolve().unwrap();
    let unit = layout.systemd_copies().unwrap().unwrap();
    let other = declared::BOOT[0].read().unwrap().resolve().unwrap();
    assert!(other.systemd_copies().unwrap().is_none());
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(unit.name()), unit.text()).unwrap();
    let mut tool = Command::new("systemd-analyze");
    tool.args(["verify", "--man=no", &format!("./{}", unit.name())]).current_dir(folder.path());
    let said = tool.output().unwrap().stderr;
    let said = String::from_utf8_lossy(&said);
    assert!(!said.contains(unit.name()), "{said}\n{}", unit.text());

    let done = namespace::isolated(|| {
        let machine = Machine::new(host.clone(), layout.clone());
        let run = |setting: &str| {
            let root = machine.root();
            for line in unit.text().lines().filter_map(|line| line.strip_prefix(setting)) {
                let words = words(line.trim_start_matches('-'));
                let here = |word: &str| match word.strip_prefix('/') {
                    Some(path) => root.join(path).to_string_lossy().into_owned(),
                    None => word.to_owned(),
                };
                let words: Vec<String> = words.iter().map(|word| here(word)).collect();
                let _ = Command::new(&words[0]).args(&words[1..]).output().unwrap();
            }
        };
        let path = |path: &str| machine.path(&path.parse().unwrap());
        machine.boot_and_keep();
        run("ExecStart=");
        assert!(!path("/etc/passwd").exists(), "the store has none yet");
        fs::write(path("/etc/passwd"), "root").unwrap();
        run("ExecStop=");
        assert_eq!(fs::read(path("/persist/etc/passwd")).unwrap(), b"root");
        machine.power_off();
        machine.boot_and_keep();
        fs::write(path("/etc/passwd"), "of the image").unwrap();
        run("ExecStart=");
        assert_eq!(fs::read(path("/etc/passwd")).unwrap(), b"root");
        assert_eq!(fs::read_dir(path("/etc")).unwrap().count(), 1, "nothing is left beside it");

        // A crash left half a copy, and the file is gone: what the store has is not replaced by the half.
        fs::write(path("/persist/etc/passwd.persist-new"), "ro").unwrap();
        fs::remove_file(path("/etc/passwd")).unwrap();
        run("ExecStop=");
        assert_eq!(fs::read(path("/persist/etc/passwd")).unwrap(), b"root");

        // Nor by what fits on a disk that is full.
        fs::write(path("/etc/passwd"), vec![b'x'; 1 << 16]).unwrap();
        let store = path("/persist/etc");
        let room = Some("size=32k");
        mount(Some("tmpfs"), &store, Some("tmpfs"), MsFlags::empty(), room).unwrap();
        fs::write(store.join("passwd"), "root").unwrap();
        run("ExecStop=");
        assert_eq!(fs::read(store.join("passwd")).unwrap(), b"root");
        assert_eq!(fs::read_dir(&store).unwrap().count(), 1, "nothing is left beside it");
        umount(&store).unwrap();
    });
    if let Err(why) = done {
        namespace::skipped("the_copy_unit_copies", &why);
    }
}

/// The words of a command line of a unit, each plain or in double quotes.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut rest) = (Vec::new(), line.chars().peekable());
    while rest.peek().is_some() {
        let mut word = String::new();
        let is_quoted = rest.next_if_eq(&'"').is_some();
        while let Some(c) = rest.next_if(|c| *c != if is_quoted { '"' } else { ' ' }) {
            if matches!(c, '\\' | '$' | '%') {
                word.push(rest.next().unwrap());
            } else {
                word.push(c);
            }
        }
        if is_quoted {
            rest.next();
        }
        rest.next();
        words.push(word);
    }
    words
}

/// The mounts that the unit for copied files waits for are those of the files, whatever is in their names: their list knows
/// other escapes than a command line (`/srv/$$x` and `/srv/x0a` were waited for).
#[test]
fn the_copy_unit_waits_for_the_mounts_of_its_files() {
    if !is_there("the_copy_unit_waits_for_the_mounts_of_its_files", "systemd-analyze") {
        return;
    }
    let layout = |path: &str| {
        let usual = "[root]\nkind = \"tmpfs\"\n[fileSystems.\"/persist\"]\ndevice = \"/dev/vda\"\nfsType = \"ext4\"\n\
                     neededForBoot = true\n[stores.\"/persist\"]\n";
        let host = format!("{usual}[host]\nfiles = [{{ path = {path:?}, how = \"copy\" }}]\n");
        let host = Host::from_toml(&host).unwrap_or_else(|problems| panic!("{problems}"));
        host.resolve().unwrap_or_else(|problems| panic!("{problems}"))
    };
    let name = "/srv/100% of $HOME \\ \"it's\" ü";
    let layout_of_name = layout(name);
    let unit = layout_of_name.systemd_copies().unwrap().unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(unit.name()), unit.text()).unwrap();
    let mut tool = Command::new("systemd-analyze");
    tool.args(["verify", "--man=no", &format!("./{}", unit.name())]).current_dir(folder.path());
    let said = tool.env("SYSTEMD_LOG_LEVEL", "debug").output().unwrap().stdout;
    let said = String::from_utf8_lossy(&said);
    let ours = said.split("-> Unit ").find(|text| text.starts_with(unit.name())).unwrap();
    let waits: BTreeSet<&str> = ours
        .lines()
        .filter_map(|line| line.trim().strip_prefix("RequiresMountsFor: "))
        .filter_map(|line| line.strip_suffix(" (origin-file)"))
        .collect();
    let kept = format!("/persist{name}");
    assert_eq!(waits, BTreeSet::from([name, kept.as_str()]), "{}", unit.text());
    assert!(layout("/srv/a\nb").systemd_copies().is_err());
}

/// systemd reads a word of a command line as it was meant.
#[test]
fn words_come_through() {
    if !is_there("words_come_through", "systemd-analyze") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    // Of a program's name it allows no quotes, backslashes or variables, so that those are for arguments alone.
    let program = "/no/such 100% of ü;# %h {x}";
    let text = format!("[Service]\nExecStart={} x\n", unit::word(program.as_bytes()));
    fs::write(folder.path().join("words.service"), text).unwrap();
    let mut tool = Command::new("systemd-analyze");
    tool.args(["verify", "--man=no", "./words.service"]).current_dir(folder.path());
    let said = String::from_utf8(tool.output().unwrap().stderr).unwrap();
    assert!(said.contains(&format!("Command {program} is not executable")), "{said}");
}

/// In the initrd, everything is below /sysroot.
#[test]
fn units_of_the_initrd_are_below_sysroot() {
    let mut count = 0;
    for (_, layout) in layouts() {
        for unit in layout.initrd_mounts().into_iter().flatten() {
            assert!(unit.name().starts_with("sysroot"), "{}", unit.name());
            let place = unit.text().lines().find_map(|line| line.strip_prefix("Where=")).unwrap();
            assert!(place.starts_with("/sysroot/") || place == "%f", "{place}");
            count += 1;
        }
        let lines = layout.initrd_tmpfiles().map(|lines| lines.to_string()).unwrap_or_default();
        assert!(lines.lines().all(|line| line.contains("\"/sysroot/")), "{lines}");
    }
    assert!(count > 20);
}
