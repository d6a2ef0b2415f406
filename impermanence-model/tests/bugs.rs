//! What goes wrong with other tools, reproduced there by running it, each with the name of what happened. The number of
//! a public issue is that of nix-community/impermanence unless another project is named.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use impermanence_model::host::{FileSystem, How};
use impermanence_model::layout::{Action, Content, Place, PlaceKind, Via};
use impermanence_model::origin::{Layer, Origin};
use impermanence_model::owner::Enforcement;
use impermanence_model::problem::Code;
use impermanence_model::resolve::methods::{FACTS, Writes, fact_of};
use impermanence_model::sim::{Machine, Refusal};
use impermanence_model::stage::Stage;
use impermanence_model::{AbsolutePath, Fate, Host, Layout, Root};

const BASE: &str = r#"
root = { kind = "tmpfs" }
fileSystems."/persist" = { device = "/dev/vda", fsType = "ext4", neededForBoot = true }
stores."/persist" = {}
"#;

fn host(rest: &str) -> Host {
    Host::from_toml(&format!("{BASE}{rest}")).unwrap_or_else(|problems| panic!("{problems}"))
}

fn layout(rest: &str) -> Layout {
    host(rest).resolve().unwrap_or_else(|problems| panic!("{problems}"))
}

/// The codes of what refuses a declaration.
fn refused(rest: &str) -> Vec<Code> {
    let resolved = Host::from_toml(&format!("{BASE}{rest}")).and_then(|host| host.resolve());
    match resolved {
        Ok(_) => Vec::new(),
        Err(problems) => problems.iter().map(|problem| problem.code).collect(),
    }
}

fn warned(layout: &Layout) -> Vec<Code> {
    layout.warnings().iter().map(|problem| problem.code).collect()
}

fn place<'l>(layout: &'l Layout, path: &str) -> &'l Place {
    layout.places().find(|place| place.path.to_string() == path).unwrap_or_else(|| panic!("{path}"))
}

fn owner_and_mode(layout: &Layout, path: &str) -> String {
    let place = place(layout, path);
    format!("{} {}", place.owner, place.mode)
}

#[test]
fn issue_254_a_declared_mode_of_a_directory_that_is_another_ones_parent() {
    let layout = layout(
        r#"host.directories = [{ path = "/var/lib/private", mode = "0700" }, "/var/lib/private/kea"]"#,
    );
    for path in ["/var/lib/private", "/persist/var/lib/private"] {
        assert_eq!(owner_and_mode(&layout, path), "root:root 0700");
        assert_eq!(place(&layout, path).enforcement, Enforcement::Enforce);
    }
    assert_eq!(owner_and_mode(&layout, "/var/lib/private/kea"), "root:root 0755");
}

#[test]
fn issues_93_and_230_the_parent_of_dynamic_users_state_is_closed_without_being_declared() {
    let layout = layout(r#"host.directories = ["/var/lib/private/kea"]"#);
    assert_eq!(owner_and_mode(&layout, "/var/lib/private"), "root:root 0700");
    assert_eq!(owner_and_mode(&layout, "/persist/var/lib/private"), "root:root 0700");
}

#[test]
fn a_file_in_a_kept_directory_does_not_become_a_link_to_itself() {
    let layout = layout(
        r#"
        host.directories = ["/etc/ssh"]
        host.files = ["/etc/ssh/ssh_host_rsa_key"]
        "#,
    );
    let key =
        layout.entries().iter().find(|entry| entry.path.to_string().ends_with("key")).unwrap();
    assert_eq!(key.via, Via::Within(AbsolutePath::new("/etc/ssh").unwrap()));
    assert!(layout.fate("/etc/ssh/ssh_host_rsa_key").survives());
    assert!(warned(&layout).contains(&Code::Redundant));

    let mut machine = Machine::default();
    for _ in 0..3 {
        machine.boot(&layout).unwrap();
        machine.write("/etc/ssh/ssh_host_rsa_key", b"key").unwrap();
        machine.replace("/etc/ssh/ssh_host_rsa_key", b"new key").unwrap();
    }
    assert_eq!(machine.read("/persist/etc/ssh/ssh_host_rsa_key").unwrap(), b"new key");
}

#[test]
fn issue_295_the_owner_of_a_store_does_not_become_the_owner_of_slash() {
    let layout = layout(
        r#"host.directories = ["/data"]
                           host.files = ["/foo.conf"]"#,
    );
    assert!(layout.places().all(|place| !place.path.is_root()));
    // The store itself is made where it is missing, and left alone where it is not.
    assert_eq!(place(&layout, "/persist").enforcement, Enforcement::CreateOnly);
}

#[test]
fn issue_235_a_file_that_is_there_is_not_hidden_in_silence() {
    use impermanence_model::change::{self, Existing, Obstacle};
    let old = layout("");
    let new = layout(r#"host.files = ["/etc/foo.conf"]"#);
    let mut machine = Machine::default();
    machine.boot(&old).unwrap();
    machine.write("/etc/foo.conf", b"live").unwrap();
    let observed = machine.observe(&change::to_look_at(&old, &new));
    let blocked = change::plan(&old, &new, &observed, Existing::Refuse).unwrap_err();
    assert!(matches!(blocked.0[0].why, Obstacle::WouldHide(_)), "{blocked}");

    let plan = change::plan(&old, &new, &observed, Existing::MoveIn).unwrap();
    plan.steps.iter().for_each(|step| machine.change(&new, step).unwrap());
    assert_eq!(machine.read("/etc/foo.conf").unwrap(), b"live");
    machine.boot(&new).unwrap();
    assert_eq!(machine.read("/etc/foo.conf").unwrap(), b"live");
}

#[test]
fn issue_169_data_at_the_target_is_moved_into_the_store_or_refused() {
    use impermanence_model::change::{self, Existing, Obstacle};
    let (old, new) = (layout(""), layout(r#"host.directories = ["/srv/data"]"#));
    let mut machine = Machine::default();
    machine.boot(&old).unwrap();
    machine.write("/srv/data/f", b"old").unwrap();
    let observed = machine.observe(&change::to_look_at(&old, &new));
    assert!(change::plan(&old, &new, &observed, Existing::Refuse).is_err());
    let plan = change::plan(&old, &new, &observed, Existing::MoveIn).unwrap();
    plan.steps.iter().for_each(|step| machine.change(&new, step).unwrap());
    machine.boot(&new).unwrap();
    assert_eq!(machine.read("/srv/data/f").unwrap(), b"old");
    // Nobody looked: nothing is assumed.
    let blocked =
        change::plan(&old, &new, &change::Observed::default(), Existing::MoveIn).unwrap_err();
    assert_eq!(blocked.0[0].why, Obstacle::NotLookedAt);
    // Both hold something: never merged.
    machine.boot(&old).unwrap();
    machine.write("/srv/data/f", b"other").unwrap();
    let observed = machine.observe(&change::to_look_at(&old, &new));
    let blocked = change::plan(&old, &new, &observed, Existing::MoveIn).unwrap_err();
    assert!(matches!(blocked.0[0].why, Obstacle::BothHold { .. }));
}

#[test]
fn issues_74_140_298_what_the_system_keeps_in_a_home_belongs_to_its_user() {
    let layout = layout(
        r#"
        host.directories = ["/home/alice/.local/share/applications"]
        users.alice = { uid = 1000, directories = [".local/state"], files = [".config/gh/hosts.yml"] }
        "#,
    );
    for path in [
        "/home/alice/.local",
        "/home/alice/.local/share",
        "/persist/home/alice/.local/share",
        "/home/alice/.config/gh",
    ] {
        assert_eq!(owner_and_mode(&layout, path), "alice:users 0755");
    }
    assert_eq!(owner_and_mode(&layout, "/home/alice"), "alice:users 0700");
    assert_eq!(owner_and_mode(&layout, "/persist/home/alice"), "alice:users 0700");
    assert_eq!(owner_and_mode(&layout, "/home"), "root:root 0755");
}

#[test]
fn a_path_without_its_slash_does_not_leave_the_store() {
    assert_eq!(refused(r#"host.directories = ["var/lib/bar"]"#), [Code::BadPath]);
    assert_eq!(refused(r#"host.directories = ["/var/lib/../log"]"#), [Code::BadPath]);
    let layout = layout(r#"host.files = ["/etc//nested/./x.conf"]"#);
    assert_eq!(layout.entries()[0].path.to_string(), "/etc/nested/x.conf");
    assert_eq!(layout.entries()[0].source().to_string(), "/persist/etc/nested/x.conf");
}

#[test]
fn an_owner_or_mode_that_is_changed_later_is_set_and_a_key_is_left_alone() {
    let (old, new) = (
        layout(r#"host.directories = ["/srv/x"]"#),
        layout(
            r#"host.directories = [{ path = "/srv/x", owner = "caddy", group = "caddy", mode = "0750" }]"#,
        ),
    );
    let mut machine = Machine::default();
    machine.boot(&old).unwrap();
    machine.boot(&new).unwrap();
    let at = AbsolutePath::new("/srv/x").unwrap();
    assert_eq!(machine.stat(&at).unwrap().mode.to_string(), "0750");
    // What a program made of a key is not made the default of a key at every boot.
    let layout = layout(r#"host.files = ["/var/keys/secret"]"#);
    assert_eq!(place(&layout, "/persist/var/keys/secret").enforcement, Enforcement::CreateOnly);
    assert!(matches!(
        place(&layout, "/persist/var/keys/secret").kind,
        PlaceKind::File(Content::Empty)
    ));
}

#[test]
fn one_path_in_two_stores_is_refused_with_both_named() {
    let text = format!(
        "{BASE}\n{}",
        r#"
        fileSystems."/state" = { device = "/dev/vdb", fsType = "ext4", neededForBoot = true }
        stores."/state" = {}
        core = { store = "/persist", directories = ["/var/log"] }
        host = { store = "/state", directories = ["/var/log"] }
        "#
    );
    let problems = Host::from_toml(&text).unwrap().resolve().unwrap_err();
    let text = problems.to_string();
    assert!(text.contains("[two-stores]") && text.contains("host.directories[0]"), "{text}");
    assert!(
        text.contains("/persist")
            && text.contains("/state")
            && text.contains("core.directories[0]"),
        "{text}"
    );
}

#[test]
fn one_path_twice_is_refused_also_with_a_slash_at_its_end() {
    for list in [r#"["/var/log", "/var/log"]"#, r#"["/var/log", "/var/log/"]"#] {
        assert_eq!(refused(&format!("host.directories = {list}")), [Code::DeclaredTwice]);
    }
}

#[test]
fn a_file_and_a_directory_on_one_path_are_refused() {
    let both = "host.directories = [\"/etc/foo\"]\nhost.files = [\"/etc/foo\"]";
    assert_eq!(refused(both), [Code::FileAndDirectory]);
    let below = "host.files = [\"/etc/foo\"]\nhost.directories = [\"/etc/foo/bar\"]";
    assert_eq!(refused(below), [Code::BelowFile]);
}

#[test]
fn a_symbolic_mode_is_understood_by_every_back_end() {
    let layout =
        layout(r#"host.directories = [{ path = "/var/lib/caddy", mode = "u=rwx,g=rx,o=" }]"#);
    assert_eq!(owner_and_mode(&layout, "/var/lib/caddy"), "root:root 0750");
    let tmpfiles = layout.tmpfiles().unwrap();
    let text = String::from_utf8(tmpfiles.as_bytes().to_vec()).unwrap();
    assert!(text.contains("0750") && !text.contains("u=rwx"), "{text}");
}

#[test]
fn issue_139_secrets_are_closed_in_the_store_too() {
    let layout = layout("users.alice = { directories = [\".gnupg\", \".ssh\", \"Downloads\"] }");
    for path in ["/persist/home/alice/.gnupg", "/home/alice/.ssh"] {
        assert_eq!(owner_and_mode(&layout, path), "alice:users 0700");
    }
    assert_eq!(owner_and_mode(&layout, "/home/alice/Downloads"), "alice:users 0755");
    let open =
        crate::layout("users.alice = { directories = [{ path = \".gnupg\", mode = \"0755\" }] }");
    assert_eq!(warned(&open), [Code::SecretMode]);
}

#[test]
fn issues_197_and_118_a_link_that_its_program_replaces_is_warned_of() {
    let layout = layout(r#"host.files = [{ path = "/etc/passwd", how = "symlink" }]"#);
    assert_eq!(warned(&layout), [Code::FileMethod]);
    // It is as the warning says.
    let mut machine = Machine::default();
    machine.boot(&layout).unwrap();
    machine.replace("/etc/passwd", b"alice").unwrap();
    machine.boot(&layout).unwrap();
    assert!(machine.read("/etc/passwd").is_err());
    // Nobody chose: it is copied.
    let chosen = crate::layout(r#"host.files = ["/etc/passwd"]"#);
    machine.boot(&chosen).unwrap();
    machine.replace("/etc/passwd", b"alice").unwrap();
    machine.shut_down(&chosen).unwrap();
    machine.boot(&chosen).unwrap();
    assert_eq!(machine.read("/etc/passwd").unwrap(), b"alice");
}

#[test]
fn issue_175_and_fish_10730_a_bound_file_cannot_be_replaced() {
    let bound = layout(r#"host.files = [{ path = "/etc/adjtime", how = "bind" }]"#);
    assert_eq!(warned(&bound), [Code::FileMethod]);
    let mut machine = Machine::default();
    machine.boot(&bound).unwrap();
    assert!(matches!(machine.replace("/etc/adjtime", b"x"), Err(Refusal::Busy(_))));

    let fish = layout("users.alice = { files = [\".local/share/fish/fish_history\"] }");
    machine.boot(&fish).unwrap();
    machine.replace("/home/alice/.local/share/fish/fish_history", b"- cmd: ls").unwrap();
    machine.boot(&fish).unwrap();
    assert_eq!(machine.read("/home/alice/.local/share/fish/fish_history").unwrap(), b"- cmd: ls");
}

#[test]
fn issues_229_242_and_preservation_6_a_machine_id_is_there_before_anything_and_says_first_boot() {
    let layout = layout(r#"host.files = ["/etc/machine-id"]"#);
    let step = layout.steps().iter().find(
        |step| matches!(&step.action, Action::Mount(mount) if mount.target.to_string() == "/etc/machine-id"),
    );
    assert_eq!(step.unwrap().stage, Stage::Initrd);
    let mut machine = Machine::default();
    machine.boot(&layout).unwrap();
    assert_eq!(machine.read("/etc/machine-id").unwrap(), b"uninitialized\n");
    machine.write("/etc/machine-id", b"0123\n").unwrap();
    machine.boot(&layout).unwrap();
    assert_eq!(machine.read("/etc/machine-id").unwrap(), b"0123\n");
}

#[test]
fn issues_121_246_149_276_what_an_entry_stands_on_is_mounted_before() {
    let late_home = r#"
        fileSystems."/home" = { fsType = "tmpfs" }
        users.alice = { files = [".zshrc"] }
    "#;
    assert_eq!(refused(late_home), [Code::TooEarly]);
    let late_store = r#"
        root = { kind = "tmpfs" }
        fileSystems."/persist" = { device = "/dev/vda", fsType = "ext4" }
        stores."/persist" = {}
        host.directories = ["/var/lib/foo"]
    "#;
    let problems = Host::from_toml(late_store).unwrap().resolve().unwrap_err();
    assert_eq!(problems.iter().next().unwrap().code, Code::TooEarly);
    assert!(problems.to_string().contains("fileSystems.\"/persist\""), "{problems}");
    // What says that it is late can be.
    let late =
        late_store.replace("[\"/var/lib/foo\"]", "[{ path = \"/var/lib/foo\", when = \"late\" }]");
    assert!(Host::from_toml(&late).unwrap().resolve().is_ok());
}

#[test]
fn issues_22_and_237_a_store_below_what_it_keeps_is_a_cycle_or_is_refused() {
    assert_eq!(refused(r#"host.directories = ["/persist"]"#), [Code::EntryIsStore]);
    assert_eq!(refused(r#"host.directories = ["/"]"#), [Code::EntryIsRoot]);
    assert_eq!(refused(r#"host.directories = ["/persist/x"]"#), [Code::EntryInStore]);
    let in_entry = r#"
        fileSystems."/nix" = { device = "/dev/vdb", fsType = "ext4", neededForBoot = true }
        stores."/nix/persist" = {}
        host = { store = "/nix/persist", directories = ["/nix"] }
    "#;
    assert_eq!(refused(in_entry), [Code::StoreInEntry]);
    let cycle = r#"
        root = { kind = "tmpfs" }
        fileSystems."/persist" = { device = "/nixos/persist", fsType = "none", options = ["bind"], neededForBoot = true }
        fileSystems."/nixos" = { device = "/persist/nixos", fsType = "none", options = ["bind"], neededForBoot = true }
        stores."/persist" = {}
    "#;
    let problems = Host::from_toml(cycle).unwrap().resolve().unwrap_err();
    let cycle = problems.iter().find(|problem| problem.code == Code::Cycle).unwrap();
    assert!(cycle.what.contains("/persist") && cycle.what.contains("/nixos"), "{cycle}");
}

#[test]
fn a_store_on_what_is_thrown_away_is_refused() {
    let on_root = "root = { kind = \"tmpfs\" }\nstores.\"/persist\" = {}\n";
    let problems = Host::from_toml(on_root).unwrap().resolve().unwrap_err();
    assert_eq!(problems.iter().next().unwrap().code, Code::StoreNotPersistent);
    let rolled_back = r#"
        root = { kind = "tmpfs" }
        fileSystems."/persist" = { device = "rpool/persist", fsType = "zfs", neededForBoot = true, rollback = "blank" }
        stores."/persist" = {}
    "#;
    let problems = Host::from_toml(rolled_back).unwrap().resolve().unwrap_err();
    assert_eq!(problems.iter().next().unwrap().code, Code::StoreNotPersistent);
}

#[test]
fn an_entry_whose_place_in_the_store_is_covered_by_a_tmpfs_is_refused() {
    let covered = r#"
        fileSystems."/persist/var/lib/x" = { fsType = "tmpfs", neededForBoot = true }
        host.directories = ["/var/lib/x/data"]
    "#;
    assert_eq!(refused(covered), [Code::StoreNotPersistent]);
}

#[test]
fn issue_119_a_root_that_is_never_wiped_is_refused() {
    let root = |rest: &str| {
        format!(
            "root = {{ kind = \"zfs-rollback\", dataset = \"rpool/local/root\", snapshot = \"blank\", {rest} }}"
        )
    };
    let refused = |rest: &str| {
        let host = Host::from_toml(&root(rest)).unwrap();
        host.resolve().err().map(|problems| problems.iter().next().unwrap().code)
    };
    assert_eq!(
        refused("initrd = \"systemd\", hook = \"post-device-commands\""),
        Some(Code::RootNotWiped)
    );
    // disko#312 and openzfs#15025: after the mount is too late.
    assert_eq!(
        refused("initrd = \"systemd\", hook = \"unit\", after = [\"zfs-import-rpool.service\"]"),
        Some(Code::RootNotWiped)
    );
    let right = "initrd = \"systemd\", hook = \"unit\", after = [\"zfs-import-rpool.service\"], before = [\"sysroot.mount\"]";
    assert_eq!(refused(right), None);
    assert_eq!(refused(&format!("{right}, resume = true")), Some(Code::RootLosesMore));
}

#[test]
fn snapshots_of_a_root_that_stand_in_the_way() {
    let root = Root::ZfsRollback { dataset: "rpool/local/root".into(), snapshot: "blank".into() };
    let codes = |listing: &str| -> Vec<Code> {
        root.check_snapshots(listing).unwrap().iter().map(|problem| problem.code).collect()
    };
    let own = "rpool/local/root\t10\t-\t-\nrpool/local/root@blank\t20\t0\t\n";
    assert_eq!(codes(own), []);
    assert_eq!(codes("rpool/local/root\t10\t-\t-\n"), [Code::RootNotWiped]);
    // A snapshot that is older than the blank one is no obstacle.
    assert_eq!(codes(&format!("{own}rpool/local/root@install\t15\t0\t\n")), []);
    assert_eq!(
        codes(&format!("{own}rpool/local/root@autosnap_daily\t30\t0\t\n")),
        [Code::RootLosesMore]
    );
    assert_eq!(codes(&format!("{own}rpool/local/root@held\t30\t1\t\n")), [Code::RootNotWiped]);
    assert_eq!(
        codes(&format!("{own}rpool/local/root@cloned\t30\t0\trpool/x\n")),
        [Code::RootNotWiped]
    );
    assert_eq!(codes(&format!("{own}rpool/local/root/var\t30\t-\t-\n")), [Code::RootNotWiped]);
    assert_eq!(codes(&format!("{own}rpool/local/rootless\t30\t-\t-\n")), []);
    assert!(root.check_snapshots("rpool/local/root@blank").is_err());
}

#[test]
fn a_bind_does_not_hide_the_datasets_in_the_store() {
    let datasets = r#"
        fileSystems."/persist/srv/db" = { device = "tank/db", fsType = "zfs", neededForBoot = true }
    "#;
    let layout = layout(&format!("{datasets}host.directories = [\"/srv\"]"));
    assert_eq!(layout.entries()[0].via, Via::Rbind);
    let mut machine = Machine::default();
    machine.boot(&layout).unwrap();
    machine.write("/srv/db/x", b"1").unwrap();
    assert_eq!(machine.read("/persist/srv/db/x").unwrap(), b"1");

    let plain = crate::layout(&format!(
        "{datasets}host.directories = [{{ path = \"/srv\", how = \"bind\" }}]"
    ));
    assert_eq!(warned(&plain), [Code::Submounts]);
    machine.boot(&plain).unwrap();
    assert!(machine.read("/srv/db/x").is_err());
}

#[test]
fn a_string_prefix_is_no_ancestor() {
    // bundlewrap and others compare strings: /aaa is not above /aaaa.
    let layout = layout(r#"host.directories = ["/aaa", "/aaaa", "/aaa-b", "/aaa/b"]"#);
    let paths: Vec<String> = layout.entries().iter().map(|entry| entry.path.to_string()).collect();
    assert_eq!(paths, ["/aaa", "/aaa/b", "/aaa-b", "/aaaa"]);
    assert_eq!(warned(&layout), [Code::Redundant]);
}

#[test]
fn two_declared_owners_of_one_directory_are_refused() {
    let two = r#"
        host.files = [
          { path = "/var/keys/a", parent = { mode = "0700" } },
          { path = "/var/keys/b", parent = { mode = "0750" } },
        ]
    "#;
    assert_eq!(refused(two), [Code::TwoOwners]);
    // What an entry says about itself wins over what another says about its parent.
    let layout = layout(
        r#"
        host.directories = [{ path = "/var/keys", mode = "0750" }]
        host.files = [{ path = "/var/keys2/a", parent = { mode = "0700" } }]
        "#,
    );
    assert_eq!(owner_and_mode(&layout, "/var/keys"), "root:root 0750");
    assert_eq!(owner_and_mode(&layout, "/var/keys2"), "root:root 0700");
}

#[test]
fn a_volatile_file_system_over_an_entry_hides_it() {
    let layout = layout(
        r#"
        fileSystems."/var/lib/docker/tmp" = { fsType = "tmpfs", neededForBoot = true }
        host.directories = ["/var/lib/docker"]
        "#,
    );
    assert!(matches!(layout.fate("/var/lib/docker/tmp/x"), Fate::Hidden(_)));
    assert!(layout.fate("/var/lib/docker/image").survives());
}

#[test]
fn every_fact_about_files_chooses_a_method_that_works() {
    for fact in FACTS {
        let works = match (fact.writes, fact.how) {
            (Writes::InPlace, _) => true,
            (Writes::Rename, how) => matches!(how, How::Copy | How::Parent),
            (Writes::Recreate, how) => how != How::Bind,
        };
        assert!(works, "{}", fact.pattern);
    }
    let path = |text| AbsolutePath::new(text).unwrap();
    assert!(
        fact_of(&path("/etc/ssh/ssh_host_ed25519_key"), None)
            .is_some_and(|fact| fact.mode == 0o600)
    );
    assert!(
        fact_of(&path("/etc/ssh/ssh_host_ed25519_key.pub"), None)
            .is_some_and(|fact| fact.mode == 0o644)
    );
    assert!(fact_of(&path("/etc/ssh/ssh_host_/x_key"), None).is_none());
}

#[test]
fn a_device_that_is_bound_has_the_fate_of_where_it_comes_from() {
    let mut host = host("");
    host.file_systems.insert(
        AbsolutePath::new("/data").unwrap(),
        FileSystem {
            device: "/persist/data".into(),
            fs_type: "none".into(),
            options: vec!["bind".into()],
            needed_for_boot: true,
            depends: Vec::new(),
            rollback: None,
            origin: Origin::new(Layer::FileSystems, "fileSystems.\"/data\""),
        },
    );
    assert!(host.resolve().unwrap().fate("/data/x").survives());
}
