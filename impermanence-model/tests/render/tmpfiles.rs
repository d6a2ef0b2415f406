use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::process::Command;

use impermanence_model::AbsolutePath;
use impermanence_model::escape::{Inexpressible, tmpfiles};
use impermanence_model::layout::PlaceKind;

use crate::{is_there, layouts, namespace};

/// `systemd-tmpfiles --create` makes what the layout says, with its owners and modes.
#[test]
fn creates_what_is_declared() {
    if !is_there("creates_what_is_declared", "systemd-tmpfiles") {
        return;
    }
    if !nix::unistd::geteuid().is_root() {
        return namespace::skipped("creates_what_is_declared", "not root");
    }
    let (mut compared, mut inexpressible, mut hosts) = (0, 0, 0);
    for (host, layout) in layouts() {
        let text = match layout.tmpfiles() {
            Ok(text) => text,
            Err(Inexpressible { value, .. }) => {
                assert!(value.contains(&b'\n'));
                inexpressible += 1;
                continue;
            }
        };
        hosts += 1;
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        fs::create_dir_all(root.join("etc")).unwrap();
        fs::write(root.join("etc/passwd"), "root:x:0:0::/root:/bin/sh\nalice:x:1000:100::/home/alice:/bin/sh\nbob:x:1001:100::/:\ncaddy:x:239:239::/:\n").unwrap();
        fs::write(root.join("etc/group"), "root:x:0:\nusers:x:100:\ncaddy:x:239:\n").unwrap();
        let file = folder.path().join("layout.conf");
        fs::write(&file, text.as_bytes()).unwrap();
        let mut tool = Command::new("systemd-tmpfiles");
        let output = tool
            .arg("--create")
            .arg(format!("--root={}", root.display()))
            .arg(&file)
            .output()
            .unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr);
        // A file that is copied in is not in the store yet.
        let complaints: Vec<_> =
            complaint.lines().filter(|line| !line.contains("No such file or directory")).collect();
        assert!(complaints.is_empty(), "{}:\n{complaint}\n{text}", host.name);
        for place in layout.places() {
            let path = place.path.inside(&AbsolutePath::new(root.as_os_str().as_bytes()).unwrap());
            let found = fs::symlink_metadata(path.as_path());
            let found =
                found.unwrap_or_else(|e| panic!("{}: {}: {e}\n{text}", host.name, place.path));
            let number = |name: &str| match name {
                "root" => 0,
                "alice" => 1000,
                "users" => 100,
                "caddy" => 239,
                number => number.parse().unwrap(),
            };
            let is = (found.uid(), found.gid());
            assert_eq!(
                is,
                (number(&place.owner.user), number(&place.owner.group)),
                "{}: {}",
                host.name,
                place.path
            );
            match &place.kind {
                PlaceKind::Link { to } => {
                    assert_eq!(
                        fs::read_link(path.as_path()).unwrap().as_os_str().as_bytes(),
                        to.as_bytes()
                    );
                }
                kind => {
                    assert_eq!(found.is_dir(), *kind == PlaceKind::Directory);
                    let mode = u32::from(place.mode.bits());
                    // The test made it.
                    if place.path.to_string() != "/etc" {
                        assert_eq!(found.mode() & 0o7777, mode, "{}: {}", host.name, place.path);
                    }
                    if let PlaceKind::File(content) = kind {
                        assert_eq!(fs::read(path.as_path()).unwrap(), content.bytes());
                    }
                }
            }
            compared += 1;
        }
    }
    println!(
        "systemd-tmpfiles: {compared} places of {hosts} hosts as declared; {inexpressible} hosts have a path that it cannot be given"
    );
    assert!(compared > 1000);
}

/// Every byte but NUL, slash and line breaks, in a path and in what a link leads to.
#[test]
fn every_byte_comes_through() {
    if !is_there("every_byte_comes_through", "systemd-tmpfiles") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut text = Vec::new();
    let bytes: Vec<u8> = (1..=255).filter(|byte| !b"/\n\r".contains(byte)).collect();
    for &byte in &bytes {
        let path = AbsolutePath::new([b"/l", &[byte][..], b"x", &[byte]].concat()).unwrap();
        text.extend(b"L ");
        text.extend(tmpfiles::path(&path).unwrap());
        text.extend(b" - - - - ");
        text.extend(tmpfiles::argument(&[b"/to", &[byte, b'\n', byte][..]].concat()));
        text.push(b'\n');
    }
    let file = folder.path().join("bytes.conf");
    fs::write(&file, text).unwrap();
    let root = folder.path().join("root");
    fs::create_dir(&root).unwrap();
    let mut tool = Command::new("systemd-tmpfiles");
    let output =
        tool.arg("--create").arg(format!("--root={}", root.display())).arg(&file).output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    for byte in bytes {
        let name = [b"l", &[byte][..], b"x", &[byte]].concat();
        let to = fs::read_link(root.join(std::ffi::OsStr::from_bytes(&name))).unwrap();
        assert_eq!(to.as_os_str().as_bytes(), [b"/to", &[byte, b'\n', byte][..]].concat());
    }
}
