//! Reading a declaration: every key, and every mistake with its place.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use impermanence_model::host::{At, How, Keep, Kind, Storage};
use impermanence_model::layout::Propagation;
use impermanence_model::origin::Layer;
use impermanence_model::owner::{Enforcement, Mode};
use impermanence_model::path::{BadPath, HomePath};
use impermanence_model::root::{Hook, Initrd, Retention, Root, TmpfsSize};
use impermanence_model::stage::Stage;
use impermanence_model::{AbsolutePath, Host};

#[test]
fn every_key_arrives() {
    let host = Host::from_toml(
        r#"
        name = "all"
        storage = { datasets = "tank/services" }
        groups = { caddy = 239, users = { gid = 100 } }
        [root]
        kind = "zfs-rollback"
        dataset = "rpool/root"
        snapshot = "blank"
        initrd = "systemd"
        hook = "unit"
        after = ["zfs-import-rpool.service"]
        before = ["sysroot.mount"]
        resume = false
        [fileSystems."/persist"]
        device = "/dev/vda"
        fsType = "ext4"
        options = ["noatime", "nodev,nosuid"]
        neededForBoot = true
        depends = ["/boot"]
        [fileSystems."/scratch"]
        device = "rpool/scratch"
        fsType = "zfs"
        rollback = "empty"
        [stores."/persist"]
        options = ["nodev"]
        hideMounts = true
        [users.alice]
        uid = 1000
        group = "users"
        home = "/home/a"
        homeMode = "0750"
        store = "/persist"
        files = [{ path = ".x", how = "copy" }]
        [core]
        directories = ["/var/log"]
        [host]
        store = "/persist"
        directories = [{ path = "/srv/x", owner = "caddy", group = 239, mode = "u=rwx,g=rx,o=",
            how = "rbind", enforce = "report", when = "late", options = ["ro"], propagation = "private",
            store = "/persist", parent = { owner = "caddy", mode = "0711" } }]
        files = [{ path = "/etc/y", how = "symlink", create = true }]
        [services.s]
        state = ["/var/lib/s", { path = "/var/lib/t", owner = "t", group = "t", mode = "0700", file = true, when = "initrd" }]
        [services.u]
        state = []
        [keep]
        s = { bind = "/persist" }
        u = { ephemeral = "nothing to keep" }
        "#,
    )
    .unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(host.storage, Some(Storage::Datasets("tank/services".into())));
    assert_eq!(host.groups["users"], 100);
    assert_eq!((host.wipe.initrd, host.wipe.hook), (Some(Initrd::Systemd), Some(Hook::Unit)));
    let persist = AbsolutePath::new("/persist").unwrap();
    assert_eq!(host.file_systems[&persist].options, ["noatime", "nodev", "nosuid"]);
    assert_eq!(host.stores[&persist].options, ["nodev", "x-gvfs-hide"]);
    let entry = host
        .entries
        .iter()
        .find(|entry| entry.origin.layer == Layer::Host && entry.kind == Kind::Directory)
        .unwrap();
    assert_eq!(entry.own.group.as_deref(), Some("239"));
    assert_eq!(entry.own.mode, Mode::new(0o750));
    assert_eq!(entry.parent.mode, Mode::new(0o711));
    assert_eq!(
        (entry.how, entry.enforcement, entry.stage),
        (Some(How::Rbind), Some(Enforcement::Report), Some(Stage::Late))
    );
    assert_eq!(entry.propagation, Some(Propagation::Private));
    assert!(matches!(&host.entries[0].at, At::Home { user, .. } if user == "alice"));
    assert_eq!(host.services["s"].state[1].kind, Kind::File);
    assert!(matches!(&host.keep["u"].0, Keep::Ephemeral(why) if why == "nothing to keep"));
}

#[test]
fn every_kind_of_root() {
    let root =
        |text: &str| Host::from_toml(text).unwrap_or_else(|problems| panic!("{problems}")).root;
    assert_eq!(
        root("root = { kind = \"tmpfs\", size = \"8G\", mode = \"0755\" }"),
        Root::Tmpfs { size: Some(TmpfsSize::Bytes(8 << 30)), mode: Mode::DIRECTORY }
    );
    assert_eq!(
        root(
            "root = { kind = \"rotated\", device = \"/dev/vda2\", fsType = \"btrfs\", retention = \"30 days\" }"
        ),
        Root::Rotated {
            device: "/dev/vda2".into(),
            fs_type: "btrfs".into(),
            retention: Retention::Days(30)
        }
    );
    // As NixOS has it. Without mode=, the kernel lets everybody write to /.
    let nixos = root(
        "fileSystems.\"/\" = { device = \"none\", fsType = \"tmpfs\", options = [\"size=25%\", \"mode=755\"] }",
    );
    assert_eq!(nixos, Root::Tmpfs { size: Some(TmpfsSize::Percent(25)), mode: Mode::DIRECTORY });
    let open =
        Host::from_toml("fileSystems.\"/\" = { fsType = \"tmpfs\" }").unwrap().resolve().unwrap();
    assert!(open.warnings()[0].what.contains("1777"));
    // Both, where they agree and where they do not.
    let both = "root = { kind = \"zfs-rollback\", dataset = \"rpool/root\", snapshot = \"blank\" }\n\
                fileSystems.\"/\" = { device = \"rpool/root\", fsType = \"zfs\" }";
    assert!(matches!(root(both), Root::ZfsRollback { .. }));
    let differ = both.replace("device = \"rpool/root\"", "device = \"rpool/other\"");
    assert!(Host::from_toml(&differ).unwrap_err().to_string().contains("[two-roots]"));
    assert!(Host::from_toml("name = \"x\"").unwrap_err().to_string().contains("[no-root]"));
}

#[test]
fn every_mistake_is_told_at_once_with_its_line() {
    let text = r#"
[root]
kind = "tmpfs"
sise = "8G"
[stores."persist"]
[host]
directories = ["var/lib/x", { path = "/var/y", mode = "rwx" }, { path = "/z", how = "link" }]
[users.alice]
directories = ["/absolute"]
[keep]
x = { bind = "/persist", dataset = "tank/x" }
"#;
    let problems = Host::from_toml(text).unwrap_err().to_string();
    for expected in [
        "line 4, column 1: root.sise: unknown key `sise`; did you mean `size`? [unknown-key]",
        "line 5, column 9: stores.persist: it does not begin with `/`",
        "line 7, column 16: host.directories[0]: `var/lib/x`: it does not begin with `/`",
        "[bad-path]",
        "host.directories[1].mode: a mode is octal up to 7777",
        "host.directories[2].how: unknown word `link`",
        "users.alice.directories[0]: `/absolute`: it begins with `/`",
        "keep.x: a service is kept in one way",
    ] {
        assert!(problems.contains(expected), "missing: {expected}\n{problems}");
    }
    // What only resolving finds has its line, too.
    let text = "root = { kind = \"tmpfs\" }\nfileSystems.\"/p\" = { fsType = \"ext4\", neededForBoot = true }\nstores.\"/p\" = {}\n\
                host.directories = [\"/p\"]\n";
    let problems = Host::from_toml(text).unwrap().resolve().unwrap_err().to_string();
    assert!(
        problems.starts_with("line 4, column 21: host.directories[0]: /p is a store"),
        "{problems}"
    );
}

/// What stands between blanks in tmpfiles.d and fstab: `owner = "-"` was root, the user `a b` was the user `a` of the group `b`, a
/// user without a name owned /home, and a device `#x` made its line a comment that is never mounted.
#[test]
fn names_and_devices_that_no_line_can_hold_are_refused() {
    let usual = "[root]\nkind = \"tmpfs\"\n[fileSystems.\"/persist\"]\ndevice = \"/dev/vda\"\nfsType = \"ext4\"\n\
                 [stores.\"/persist\"]\n";
    let problem = |declared: &str| {
        let problems = Host::from_toml(&format!("{usual}{declared}")).map(|_| ());
        let problems = problems.expect_err(declared);
        problems.iter().next().unwrap().path.clone()
    };
    let names = [
        "-",
        "-x",
        "",
        "a b",
        "a:b",
        "a/b",
        "a\"b",
        "a'b",
        "a\\b",
        "%h",
        "ä",
        "4294967295",
        "4294967296",
    ];
    for name in names {
        let entry = format!("[host]\ndirectories = [{{ path = \"/a\", owner = {name:?} }}]\n");
        assert_eq!(problem(&entry), "host.directories[0].owner", "{name}");
    }
    for number in ["-1", "4294967295", "99999999999"] {
        let entry = format!("[host]\ndirectories = [{{ path = \"/a\", group = {number} }}]\n");
        assert_eq!(problem(&entry), "host.directories[0].group", "{number}");
    }
    for name in ["-", "", "a b", "%h", "a\"b"] {
        assert!(problem(&format!("[users.{name:?}]\nuid = 1\n")).starts_with("users."), "{name}");
        assert!(problem(&format!("[groups]\n{name:?} = 1\n")).starts_with("groups."), "{name}");
    }
    let file_system = |device: &str, fs_type: &str| {
        problem(&format!("[fileSystems.\"/d\"]\ndevice = {device:?}\nfsType = {fs_type:?}\n"))
    };
    assert_eq!(file_system("", "ext4"), "fileSystems.\"/d\".device");
    assert_eq!(file_system("#x", "ext4"), "fileSystems.\"/d\".device");
    assert_eq!(file_system("x", ""), "fileSystems.\"/d\".fsType");
    let services = "[services.s]\nstate = [\"/var/lib/s\"]\n[keep]\ns = { dataset = \"\" }\n";
    assert_eq!(problem(services), "keep.s");
    // Nothing between commas is no option.
    let host = Host::from_toml(&format!(
        "{usual}[fileSystems.\"/d\"]\nfsType = \"tmpfs\"\noptions = [\"\", \"ro,,nodev\"]\n"
    ));
    let host = host.unwrap();
    assert_eq!(host.file_systems[&"/d".parse().unwrap()].options, ["ro", "nodev"]);
    // Names that are in use on some hosts.
    for name in ["_apt", "systemd-network", "www.data", "machine$", "user@realm", "1000", "0"] {
        let entry = format!("[host]\ndirectories = [{{ path = \"/a\", owner = {name:?} }}]\n");
        Host::from_toml(&format!("{usual}{entry}")).unwrap();
    }
}

#[test]
fn the_json_of_the_modules_as_it_is_evaluated() {
    let base = || {
        Host::from_toml(
            "root = { kind = 'tmpfs' }\nusers.alice = {}\n\
             fileSystems.'/persist' = { device = '/dev/vda', fsType = 'ext4', neededForBoot = true }",
        )
        .unwrap()
    };
    // Everything that the module fills in.
    let evaluated = r#"{"/persist":{"enable":true,"persistentStoragePath":"/persist","hideMounts":false,
        "enableDebugging":false,"enableWarnings":true,"assertions":[],
        "directories":[{"directory":"/var/log","dirPath":"/var/log","user":"root","group":"root","mode":"0755",
            "defaultPerms":{"user":"root","group":"root","mode":"0755"},"enableDebugging":false,"hideMount":false,
            "home":null,"persistentStoragePath":"/persist","assertions":[]}],
        "files":[{"file":"/etc/machine-id","filePath":"/etc/machine-id","home":null,"enableDebugging":false,
            "persistentStoragePath":"/persist","assertions":[],
            "parentDirectory":{"directory":"/etc","dirPath":"/etc","user":"root","group":"root","mode":"0755","home":null,
                "defaultPerms":{"user":"root","group":"root","mode":"0755"},"enableDebugging":false,"hideMount":false,
                "persistentStoragePath":"/persist","assertions":[]}}],
        "users":{"alice":{"home":"/home/alice","directories":[{"directory":".gnupg","dirPath":"/home/alice/.gnupg",
            "user":"alice","group":"users","mode":"0755","home":"/home/alice","persistentStoragePath":"/persist"}],"files":[]}}}}"#;
    let written = r#"{"/persist":{"directories":["/var/log"],"files":["/etc/machine-id"],"users":{"alice":{"directories":[".gnupg"]}}}}"#;
    let resolve =
        |json: &str| base().with_impermanence(json).and_then(|host| host.resolve()).unwrap();
    let (evaluated, written) = (resolve(evaluated), resolve(written));
    let places = |layout: &impermanence_model::Layout| -> Vec<String> {
        layout
            .places()
            .map(|place| format!("{} {} {}", place.path, place.owner, place.mode))
            .collect()
    };
    assert_eq!(places(&evaluated), places(&written));

    let evaluated = r#"{"/persist":{"persistentStoragePath":"/persist","commonMountOptions":[],
        "directories":[{"directory":"/var/log","how":"bindmount","user":"root","group":"root","mode":"0755","configureParent":false,
            "parent":{"user":"root","group":"root","mode":"0755"},"createLinkTarget":false,"inInitrd":true,
            "mountOptions":[{"name":"bind","value":null},{"name":"X-fstrim.notrim","value":null},{"name":"x","value":"y"}]}],
        "files":[{"file":"/etc/wpa.conf","how":"symlink"}],
        "users":{"alice":{"username":"alice","home":"/home/alice","commonMountOptions":["x-gvfs-hide"],
            "directories":[{"directory":"/home/alice/.rabbit_hole"}],"files":[]}}}}"#;
    let layout = base().with_preservation(evaluated).and_then(|host| host.resolve()).unwrap();
    let log = layout.mounts().find(|mount| mount.target.to_string() == "/var/log").unwrap();
    assert_eq!(log.options, ["X-fstrim.notrim", "x=y"]);
    let hole = layout
        .mounts()
        .find(|mount| mount.target.to_string() == "/home/alice/.rabbit_hole")
        .unwrap();
    assert_eq!(hole.options, ["x-gvfs-hide", "X-fstrim.notrim"]);
    let file = layout.entries().iter().find(|entry| entry.kind == Kind::File).unwrap();
    assert_eq!(file.via, impermanence_model::layout::Via::Symlink);
}

#[test]
fn paths_are_bytes_and_components() {
    let path = |text: &str| AbsolutePath::new(text);
    assert_eq!(path("/var//log/./").unwrap().to_string(), "/var/log");
    assert_eq!(path("//").unwrap(), AbsolutePath::root());
    assert_eq!(path(""), Err(BadPath::Empty));
    assert_eq!(path("var"), Err(BadPath::Relative));
    assert_eq!(path("/a/../b"), Err(BadPath::DotDot));
    assert_eq!(path("/a\0b"), Err(BadPath::Nul));
    assert_eq!(path(&format!("/{}", "x".repeat(256))), Err(BadPath::LongComponent));
    assert!(path(&format!("/{}", "x".repeat(255))).is_ok());
    assert_eq!(path(&"/x".repeat(2048)), Err(BadPath::Long));
    assert!(path("/..x/...").is_ok());
    assert_eq!(AbsolutePath::new(b"/\xff\n").unwrap().to_string(), "/\\xff\\x0a");
    assert_eq!(HomePath::new("/x"), Err(BadPath::Absolute));
    assert_eq!(HomePath::new("./"), Err(BadPath::Empty));
    let (a, ab, b) = (path("/a").unwrap(), path("/a-b").unwrap(), path("/a/b").unwrap());
    assert!(a.is_above(&b) && !a.contains(&ab) && a < b && b < ab);
    assert_eq!(b.inside(&path("/persist").unwrap()).to_string(), "/persist/a/b");
    assert_eq!(b.rebased(&a, &AbsolutePath::root()).unwrap().to_string(), "/b");
    assert_eq!(ab.rebased(&a, &AbsolutePath::root()), None);
    let above: Vec<String> = b.ancestors().map(|path| path.to_string()).collect();
    assert_eq!(above, ["/a", "/"]);
}

/// GNU mkdir(1) is the authority on symbolic modes.
#[test]
fn symbolic_modes_are_those_of_mkdir() {
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

    let version = Command::new("mkdir").arg("--version").output();
    let is_gnu = version
        .is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("GNU coreutils"));
    if !is_gnu {
        println!("skipped: symbolic modes (no mkdir of GNU coreutils)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (mut compared, mut texts) = (0, Vec::new());
    let clauses = [
        "u=rwx",
        "g=rx",
        "o=",
        "a=rx",
        "ug+w",
        "go-rwx",
        "u=g",
        "o=u",
        "=rx",
        "+t",
        "u+s",
        "g=rxs",
        "a-x",
        "o-w",
        "-w",
        "a=",
        "u=rwX",
        "g=u-w",
        "u=rwx,g=,o=",
        "u=rwx,g=rx,o=",
        "ug=rwx,o=t",
        "a=rwxt",
        "+x",
        "o+rt",
        "g+s,o-rx",
        "u-s",
        "a=s",
    ];
    for first in clauses {
        texts.push(first.to_owned());
        texts.extend(clauses.iter().map(|second| format!("{first},{second}")));
    }
    texts.extend(
        [
            "0750",
            "750",
            "7777",
            "0",
            "17777",
            "0o750",
            "8",
            "u=q",
            "x=r",
            "u",
            "",
            ",",
            "u=r,",
            "u=rwx g=rx",
            "=",
            "a",
        ]
        .map(str::to_owned),
    );
    for (number, text) in texts.iter().enumerate() {
        let directory = folder.path().join(number.to_string());
        let made = Command::new("sh")
            .args(["-c", "umask 022; exec mkdir -m \"$1\" \"$2\"", "sh"])
            .arg(text)
            .arg(&directory)
            .output()
            .unwrap();
        let theirs = made.status.success().then(|| {
            u16::try_from(std::fs::metadata(&directory).unwrap().permissions().mode() & 0o7777)
                .unwrap()
        });
        let ours = text.parse::<Mode>().ok().map(Mode::bits);
        assert_eq!(ours, theirs, "`{text}`: {}", String::from_utf8_lossy(&made.stderr));
        compared += 1;
    }
    println!("{compared} modes compared with mkdir");
}
