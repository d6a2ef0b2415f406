//! Questions about a layout: garbage in a store, room in memory, the way from an ordinary root.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use impermanence_model::audit::{Kind, Listed};
use impermanence_model::fate::Caveat::{Busy, HardLink, Rename, Socket, Unlinked, Unwatched};
use impermanence_model::host::{self, At, Declared};
use impermanence_model::root::{Retention, TmpfsSize};
use impermanence_model::{AbsolutePath, Fate, Host, Layout, runbook};

fn layout() -> Layout {
    let host = Host::from_toml(
        r#"
        root = { kind = "tmpfs", size = "1M" }
        fileSystems."/persist" = { device = "/dev/vda", fsType = "ext4", neededForBoot = true }
        fileSystems."/persist/media" = { device = "tank/media", fsType = "zfs", neededForBoot = true }
        stores."/persist" = {}
        host.directories = ["/var/lib/caddy", "/var/log"]
        host.files = ["/etc/machine-id"]
        users.alice = { directories = [".ssh"] }
        services.caddy.state = ["/var/lib/caddy"]
        "#,
    );
    host.and_then(|host| host.resolve()).unwrap_or_else(|problems| panic!("{problems}"))
}

fn file(path: &str, bytes: u64) -> Listed<'_> {
    Listed { path: path.as_bytes(), kind: Kind::File, bytes, modified: 7 }
}

#[test]
fn what_no_entry_claims_in_a_store_is_garbage_by_its_topmost_directory() {
    let layout = layout();
    let found = layout.garbage([
        file("/persist/var/lib/caddy/x", 1),
        file("/persist/etc/machine-id", 1),
        file("/persist/media/film", 1 << 40),
        file("/persist/var/lib/omada/db/a", 10),
        file("/persist/var/lib/omada/log/b", 20),
        file("/persist/var/lib/caddy2", 5),
        file("/persist/home/bob/.ssh/id", 3),
        file("/persist/home/alice/.ssh/id", 3),
        file("/srv/elsewhere", 99),
    ]);
    let told: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "/persist/var/lib/omada: 2 files of 30 bytes, once /var/lib/omada",
            "/persist/var/lib/caddy2: 1 files of 5 bytes, once /var/lib/caddy2",
            "/persist/home/bob: 1 files of 3 bytes, once /home/bob",
        ]
    );
}

/// More than all of the memory is no size that a machine has, and still no reason to break off.
#[test]
fn a_part_of_the_memory_is_exact_and_never_too_large_to_say() {
    let capacity = |size: &str, memory| {
        let host = Host::from_toml(&format!("root = {{ kind = \"tmpfs\", size = \"{size}\" }}\n"));
        let layout = host.unwrap().resolve().unwrap();
        let report = layout.audit([]);
        layout.sizing(&report, memory).unwrap().capacity
    };
    assert_eq!(capacity("25%", 1003), 250);
    assert_eq!(capacity("4294967295%", 1 << 40), u64::MAX);
    assert_eq!(capacity("100%", u64::MAX), u64::MAX);
}

/// systemd calls them `systemd-private-BOOT-UNIT-RANDOM` (systemd.exec(5), PrivateTmp=): no two have one name.
#[test]
fn private_temporary_directories_are_no_loss() {
    let report = layout().audit([
        file("/var/tmp/systemd-private-5f0c-caddy.service-a1B2/tmp/x", 1),
        file("/var/tmp/systemd-private-a", 1),
        file("/var/tmp/systemd-privat/mine", 10),
        file("/var/tmp/deep/systemd-private-x/mine", 10),
    ]);
    assert_eq!((report.files(), report.bytes(), report.noise), (2, 20, 2), "{report}");
}

#[test]
fn what_is_written_to_memory_has_to_fit() {
    let layout = layout();
    let report =
        layout.audit([file("/var/cache/x/big", 600 << 10), file("/var/log/kept", 1 << 40)]);
    let sizing = layout.sizing(&report, 1 << 30).unwrap();
    assert_eq!((sizing.capacity, sizing.used), (1 << 20, 600 << 10));
    assert!(!sizing.is_enough());
    assert_eq!(sizing.largest[0].bytes, 600 << 10);
}

#[test]
fn sizes_and_retentions_as_they_are_written() {
    for (text, size) in [
        ("8G", Some(TmpfsSize::Bytes(8 << 30))),
        ("512m", Some(TmpfsSize::Bytes(512 << 20))),
        ("4096", Some(TmpfsSize::Bytes(4096))),
        ("25%", Some(TmpfsSize::Percent(25))),
        ("8GB", None),
        ("", None),
        ("99999999999e", None),
    ] {
        assert_eq!(text.parse().ok(), size, "{text}");
    }
    assert_eq!(TmpfsSize::Bytes(8 << 30).to_string(), "8g");
    assert_eq!(TmpfsSize::Bytes(1000).to_string(), "1000");
    assert_eq!("30 days".parse(), Ok(Retention::Days(30)));
    assert_eq!("1 boot".parse(), Ok(Retention::Boots(1)));
    assert!("30".parse::<Retention>().is_err());
}

#[test]
fn the_conversion_backs_up_before_it_restores_and_verifies_every_service() {
    let layout = layout();
    let book = runbook::conversion(&layout, &AbsolutePath::new("/mnt/backup").unwrap());
    let names: Vec<&str> = book.phases.iter().map(|phase| phase.name).collect();
    assert_eq!(names, ["back up", "restructure", "install", "restore into the store", "verify"]);
    let commands = |phase: usize| -> Vec<String> {
        book.phases[phase].steps.iter().map(|task| task.command.join(" ")).collect()
    };
    assert!(
        commands(0).contains(
            &"rsync -aHAXS --numeric-ids --mkpath /var/lib/caddy/ /mnt/backup/var/lib/caddy/"
                .to_owned()
        )
    );
    assert!(commands(3).contains(
        &"rsync -aHAXS --numeric-ids --mkpath /mnt/backup/etc/machine-id /persist/etc/machine-id".to_owned()
    ));
    // Everything that is kept is backed up, restored, and looked at.
    assert_eq!(commands(0).len(), layout.entries().len());
    assert_eq!(commands(0).len(), commands(3).len());
    assert!(book.phases[4].steps.iter().any(|task| task.what.starts_with("service caddy:")));
}

/// A runbook is copied into a shell: `rsync … /srv/my data/ /mnt/…` copied /srv/my into data/, and what stands for a line break
/// in a message names another file.
#[test]
fn the_commands_of_a_runbook_are_those_of_a_shell() {
    let names = ["/srv/my data", "/srv/it's $HOME `x`", "/srv/a\nb", "/srv/\\xff"];
    let mut host = Host::from_toml(
        "root = { kind = \"tmpfs\" }\n\
         fileSystems.\"/persist\" = { device = \"/dev/vda\", fsType = \"ext4\", neededForBoot = true }\n\
         stores.\"/persist\" = {}\n",
    )
    .unwrap();
    let entry = |path: &[u8]| {
        let path = AbsolutePath::new(path).unwrap();
        let origin = impermanence_model::origin::Origin::new(
            impermanence_model::origin::Layer::Host,
            String::new(),
        );
        Declared::new(At::Path(path), host::Kind::Directory, origin)
    };
    host.entries.extend(names.iter().map(|name| entry(name.as_bytes())));
    host.entries.push(entry(b"/srv/\xff"));
    let layout = host.resolve().unwrap_or_else(|problems| panic!("{problems}"));
    let text = runbook::conversion(&layout, &AbsolutePath::new("/mnt").unwrap()).to_string();
    let mut sources = Vec::new();
    for command in text.split("\n     rsync ").skip(1) {
        let command = command.split("\n   - ").next().unwrap().split("\n2. ").next().unwrap();
        let script = format!("printf '%s\\0' {command}");
        let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
        let words: Vec<String> = output
            .stdout
            .split(|b| *b == 0)
            .map(|w| String::from_utf8(w.into()).unwrap())
            .collect();
        sources.push(words[3].trim_end_matches('/').to_owned());
    }
    for name in names {
        assert!(sources.iter().any(|source| source == name), "{name}: {sources:?}");
    }
    assert!(text.contains("copy /srv/\\xff to /mnt/srv/\\xff by hand"), "{text}");
}

#[test]
fn users_and_services_by_name() {
    let layout = layout();
    let users = layout.by_user();
    assert_eq!(users[0].user, "alice");
    assert!(matches!(users[0].fate, Fate::Recreated(_)));
    assert_eq!(users[0].entries[0].path.to_string(), "/home/alice/.ssh");
    assert!(layout.by_service()[0].survives());
}

#[test]
fn what_programs_meet_where_a_path_survives() {
    let layout = Host::from_toml(
        r#"
        root = { kind = "tmpfs" }
        fileSystems."/persist" = { device = "/dev/vda", fsType = "ext4", neededForBoot = true }
        fileSystems."/srv" = { device = "tank/srv", fsType = "zfs" }
        stores."/persist" = {}
        host.directories = ["/var/lib/caddy"]
        host.files = [
            { path = "/etc/bound", how = "bind" }, { path = "/etc/link", how = "symlink" },
            { path = "/etc/copy", how = "copy" },
        ]
        "#,
    )
    .and_then(|host| host.resolve())
    .unwrap_or_else(|problems| panic!("{problems}"));
    let met = |path: &str| match layout.fate(path) {
        Fate::Survives(how) => how.caveats().collect::<Vec<_>>(),
        other => panic!("{path}: {other}"),
    };
    for (path, caveats) in [
        ("/var/lib/caddy/x", vec![HardLink, Rename, Socket]),
        ("/srv/x", vec![HardLink, Rename, Socket]),
        ("/etc/bound", vec![HardLink, Busy, Unwatched]),
        ("/etc/link", vec![Unlinked, Unwatched]),
        ("/etc/copy", vec![]),
    ] {
        assert_eq!(met(path), caveats, "{path}");
        assert!(caveats.iter().all(|caveat| !caveat.to_string().is_empty()));
    }
}
