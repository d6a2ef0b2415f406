//! Hosts by hand: one for every bug of the peers, and for every feature that changes what survives.

use impermanence_model::{Host, Problems};

/// A host that is declared.
pub(crate) struct Declared {
    pub(crate) name: &'static str,
    /// What it is there for.
    pub(crate) about: &'static str,
    /// Below [`USUAL`], unless it says what `/` is itself.
    pub(crate) toml: &'static str,
}

/// A tmpfs root, a store, and some users.
const USUAL: &str = r#"
[root]
kind = "tmpfs"
[fileSystems."/persist"]
device = "/dev/vda"
fsType = "ext4"
neededForBoot = true
[stores."/persist"]
"#;

/// The users that most have.
const USERS: &str = r#"
[users.alice]
uid = 1000
group = "users"
[users.bob]
uid = 1001
group = "users"
[groups]
users = 100
caddy = 239
[users.caddy]
uid = 239
group = "caddy"
home = "/var/lib/caddy"
"#;

impl Declared {
    pub(crate) fn read(&self) -> Result<Host, Problems> {
        let says = |what: &str| self.toml.contains(what);
        let usual = if says("[root]") { "" } else { USUAL };
        let users = if says("[users.") || says("[groups]") { "" } else { USERS };
        Host::from_toml(&format!("name = \"{}\"\n{usual}{users}{}", self.name, self.toml))
    }
}

const fn host(name: &'static str, about: &'static str, toml: &'static str) -> Declared {
    Declared { name, about, toml }
}

/// Each boots.
pub(crate) const BOOT: [Declared; 38] = [
    host(
        "private-parent",
        "an explicit 0700 on a directory that is also a parent (DynamicUser)",
        r#"
[host]
directories = [{ path = "/var/lib/private", mode = "0700" }, "/var/lib/private/kea"]
"#,
    ),
    host(
        "private-child",
        "the parent of a DynamicUser's state has to be 0700, declared or not",
        r#"
[host]
directories = ["/var/lib/private/kea"]
"#,
    ),
    host(
        "file-in-directory",
        "a file inside a directory that is kept, which a link would make point to itself",
        r#"
[host]
directories = ["/etc/ssh"]
files = ["/etc/ssh/ssh_host_rsa_key"]
"#,
    ),
    host(
        "below-root",
        "an entry whose parent is /, which must keep its own owner and mode",
        r#"
[host]
directories = [{ path = "/data", owner = "1000", group = "100", mode = "0700" }]
files = ["/foo.conf"]
"#,
    ),
    host(
        "system-in-home",
        "an entry of the system below a home: whose is ~/.local?",
        r#"
[host]
directories = ["/home/alice/.local/share/applications"]
[users.alice]
uid = 1000
group = "users"
directories = [".local/state"]
[groups]
users = 100
"#,
    ),
    host(
        "unnormalised",
        "double slashes, dots, a slash at the end",
        r#"
[host]
directories = ["/var/lib//foo/", "/./srv/./x"]
files = ["/etc//nested/./x.conf"]
"#,
    ),
    host(
        "symbolic-modes",
        "modes as chmod(1) takes them",
        r#"
[host]
directories = [{ path = "/var/lib/sym", mode = "u=rwx,g=rx,o=" }, { path = "/var/lib/none", mode = "u=rwx,g=,o=" }]
"#,
    ),
    host(
        "specials",
        "quotes, blanks, percent signs, dashes, backslashes, letters beyond ASCII",
        r#"
[host]
directories = ["/srv/100%", "/srv/a'b", "/srv/a\"b", "/srv/$HOME", "/srv/back\\slash", "/srv/-dash", "/srv/ünïcode",
    "/srv/a#b;c", "/srv/two words", "/srv/%h", "/srv/tail\\", "/srv/blank ", "/srv/..."]
files = ["/etc/it's", "/etc/50%.conf", "/etc/ü ü"]
"#,
    ),
    host(
        "line-break",
        "a path that no line of a file can hold",
        r#"
[host]
directories = ["/srv/new\nline", "/srv/plain"]
"#,
    ),
    host(
        "network",
        "a store on another machine, and a local file system on that",
        r#"
[root]
kind = "tmpfs"
[fileSystems."/persist"]
device = "/dev/vda"
fsType = "ext4"
neededForBoot = true
[stores."/persist"]
[fileSystems."/srv/share"]
device = "server:/export"
fsType = "nfs4"
[stores."/srv/share/keep"]
[host]
store = "/persist"
directories = ["/var/log", { path = "/var/lib/media", store = "/srv/share/keep", when = "late" }]
files = [{ path = "/etc/media.conf", store = "/srv/share/keep", how = "bind", when = "late" }]
"#,
    ),
    host(
        "gnupg",
        "a directory that its user's programs want to themselves",
        r#"
[users.alice]
uid = 1000
group = "users"
directories = [".gnupg", { path = ".ssh", mode = "0700" }]
[groups]
users = 100
"#,
    ),
    host(
        "auto-files",
        "files of which nobody says how they are kept",
        r#"
[host]
files = ["/etc/machine-id", "/etc/adjtime", "/etc/ssh/ssh_host_ed25519_key", "/etc/ssh/ssh_host_ed25519_key.pub",
    "/var/lib/systemd/random-seed", "/var/keys/secret"]
"#,
    ),
    host(
        "replaced-files",
        "files that their programs replace by renaming",
        r#"
[host]
files = ["/etc/passwd", "/etc/group", "/etc/shadow"]
"#,
    ),
    host(
        "files-each-way",
        "every method for files",
        r#"
[host]
files = [{ path = "/etc/a", how = "bind" }, { path = "/etc/b", how = "symlink", create = true },
    { path = "/etc/c/c", how = "parent" }, { path = "/etc/d", how = "copy" }, { path = "/etc/e", how = "symlink" }]
"#,
    ),
    host(
        "directories-each-way",
        "every method for directories",
        r#"
[host]
directories = [{ path = "/var/a", how = "bind" }, { path = "/var/b", how = "rbind" }, { path = "/var/c", how = "symlink" }]
"#,
    ),
    host(
        "dataset-below-store",
        "a bind shows an empty mount point where a recursive one shows what is mounted",
        r#"
[fileSystems."/persist/var/lib/db"]
device = "tank/db"
fsType = "zfs"
neededForBoot = true
[host]
directories = [{ path = "/var/lib", how = "rbind" }]
"#,
    ),
    host(
        "dataset-in-entry",
        "a dataset of its own mounted inside a directory that is bound",
        r#"
[fileSystems."/var/lib/db"]
device = "tank/db"
fsType = "zfs"
[host]
directories = ["/var/lib"]
"#,
    ),
    host(
        "volatile-home",
        "a home that is a tmpfs of its own, with entries in it",
        r#"
[fileSystems."/home"]
device = "none"
fsType = "tmpfs"
neededForBoot = true
[users.alice]
uid = 1000
group = "users"
files = [".zshrc"]
directories = ["Documents"]
[groups]
users = 100
"#,
    ),
    host(
        "persistent-home",
        "a home on a disk of its own",
        r#"
[fileSystems."/home"]
device = "/dev/vdb"
fsType = "ext4"
[users.alice]
uid = 1000
group = "users"
[groups]
users = 100
[host]
directories = ["/var/log"]
"#,
    ),
    host(
        "volatile-in-entry",
        "a tmpfs inside a directory that is kept: what is in it is lost",
        r#"
[fileSystems."/var/cache/scratch"]
device = "none"
fsType = "tmpfs"
[host]
directories = ["/var/cache"]
"#,
    ),
    host(
        "two-stores",
        "two stores, each with its own",
        r#"
[fileSystems."/state"]
device = "/dev/vdb"
fsType = "ext4"
neededForBoot = true
[stores."/state"]
[host]
store = "/persist"
directories = ["/var/log", { path = "/var/lib/bulk", store = "/state" }]
"#,
    ),
    host(
        "nested-stores",
        "an entry of one store inside an entry of another",
        r#"
[fileSystems."/state"]
device = "/dev/vdb"
fsType = "ext4"
neededForBoot = true
[stores."/state"]
[host]
store = "/persist"
directories = ["/var/lib", { path = "/var/lib/bulk/deep", store = "/state" }]
"#,
    ),
    host(
        "nix-persist",
        "the store is a directory of another file system",
        r#"
[root]
kind = "tmpfs"
[fileSystems."/nix"]
device = "/dev/vda"
fsType = "ext4"
neededForBoot = true
[stores."/nix/persist"]
[host]
directories = ["/var/log", "/var/lib/nixos"]
files = ["/etc/machine-id"]
"#,
    ),
    host(
        "bound-store",
        "the store is itself bound from elsewhere",
        r#"
[root]
kind = "tmpfs"
[fileSystems."/nixos"]
device = "/dev/vda"
fsType = "ext4"
neededForBoot = true
[fileSystems."/persist"]
device = "/nixos/persist"
fsType = "none"
options = ["bind"]
neededForBoot = true
depends = ["/nixos"]
[stores."/persist"]
[host]
directories = ["/var/log"]
"#,
    ),
    host(
        "rollback",
        "a root that is rolled back",
        r#"
[root]
kind = "zfs-rollback"
dataset = "rpool/local/root"
snapshot = "blank"
[fileSystems."/persist"]
device = "rpool/safe/persist"
fsType = "zfs"
neededForBoot = true
[stores."/persist"]
[host]
directories = ["/var/log", "/var/lib/nixos"]
files = ["/etc/machine-id", "/etc/passwd"]
"#,
    ),
    host(
        "rotated",
        "a new root at every boot",
        r#"
[root]
kind = "rotated"
device = "/dev/vda2[/root]"
fsType = "btrfs"
retention = "30 days"
[fileSystems."/persist"]
device = "/dev/vda2"
fsType = "btrfs"
options = ["subvol=persist"]
neededForBoot = true
[stores."/persist"]
[host]
directories = ["/var/log"]
"#,
    ),
    host(
        "persistent-root",
        "nothing is thrown away",
        r#"
[root]
kind = "persistent"
device = "/dev/vda1"
fsType = "ext4"
[host]
directories = []
"#,
    ),
    host(
        "rolled-back-home",
        "a file system of its own that is rolled back as well",
        r#"
[fileSystems."/home"]
device = "rpool/local/home"
fsType = "zfs"
rollback = "blank"
neededForBoot = true
[users.alice]
uid = 1000
group = "users"
directories = ["Documents"]
[groups]
users = 100
"#,
    ),
    host(
        "options",
        "binds with options",
        r#"
[host]
directories = [{ path = "/var/lib/ro", options = ["ro"] }, { path = "/var/lib/locked", options = ["nosuid", "nodev", "noexec"] },
    { path = "/var/lib/noatime", options = ["noatime", "x-gvfs-hide"] }, { path = "/var/lib/apart", propagation = "private" }]
"#,
    ),
    host(
        "read-only-recursive",
        "read-only reaches what is mounted below a recursive bind",
        r#"
[fileSystems."/persist/srv/data/disk"]
device = "/dev/vdc"
fsType = "ext4"
neededForBoot = true
[host]
directories = [{ path = "/srv/data", how = "rbind", options = ["ro"] }]
"#,
    ),
    host(
        "parents",
        "parents with an owner and a mode",
        r#"
[host]
files = [{ path = "/var/keys/secret_file", parent = { mode = "u=rwx,g=,o=", owner = "root", group = "root" } }]
directories = [{ path = "/srv/app/data", owner = "1000", group = "100", parent = { owner = "1000", group = "100", mode = "0750" } }]
"#,
    ),
    host(
        "stages",
        "entries for the initrd, early and late",
        r#"
[host]
directories = [{ path = "/var/lib/i", when = "initrd" }, { path = "/var/lib/e", when = "early" }, { path = "/var/lib/l", when = "late" }]
"#,
    ),
    host(
        "late-disk",
        "a disk that is mounted late, and what is in it",
        r#"
[fileSystems."/srv"]
device = "/dev/vdb"
fsType = "ext4"
[host]
directories = ["/var/lib/a"]
"#,
    ),
    host(
        "services-bound",
        "services say what they need; a host with one disk binds it",
        r#"
[services.caddy]
state = [{ path = "/var/lib/caddy", owner = "239", group = "239", mode = "0750" }]
[services.unifi]
state = ["/var/lib/unifi"]
[keep]
caddy = "bind"
unifi = { ephemeral = "made again by the controller" }
"#,
    ),
    host(
        "services-datasets",
        "the same on a host with a data pool",
        r#"
[services.caddy]
state = [{ path = "/var/lib/caddy", owner = "239", group = "239", mode = "0750" }]
[keep]
caddy = { dataset = "tank/services/caddy" }
"#,
    ),
    host(
        "layers",
        "core and host, each with its own",
        r#"
[core]
directories = ["/var/log", "/var/lib/nixos"]
files = ["/etc/machine-id"]
[host]
directories = ["/var/lib/omada"]
"#,
    ),
    host(
        "deep",
        "deep paths, and paths that are prefixes of one another as text alone",
        r#"
[host]
directories = ["/a/b/c/d/e/f/g/h", "/a/b/cc", "/aa/b", "/a/b/c-d", "/a-b", "/aaa"]
"#,
    ),
    host(
        "service-home",
        "a service whose home is its state",
        r#"
[users.caddy]
uid = 239
group = "caddy"
home = "/var/lib/caddy"
directories = ["data"]
[groups]
caddy = 239
"#,
    ),
];

/// Each is refused, with this code among its problems.
pub(crate) const REFUSED: [(Declared, &str); 14] = [
    (
        host(
            "relative",
            "a path without its slash works on /persistvar in one module",
            "[host]\ndirectories = [\"var/lib/bar\"]",
        ),
        "bad-path",
    ),
    (
        host(
            "dot-dot",
            "nobody knows where it leads",
            "[host]\ndirectories = [\"/var/lib/../log\"]",
        ),
        "bad-path",
    ),
    (host("nul", "ends a path", "[host]\ndirectories = [\"/var/\\u0000\"]"), "bad-path"),
    (
        host(
            "twice",
            "the same directory twice",
            "[host]\ndirectories = [\"/var/log\", \"/var/log/\"]",
        ),
        "declared-twice",
    ),
    (
        host(
            "file-and-directory",
            "a file and a directory on one path",
            "[host]\ndirectories = [\"/etc/foo\"]\nfiles = [\"/etc/foo\"]",
        ),
        "file-and-directory",
    ),
    (
        host("entry-is-store", "the store in itself", "[host]\ndirectories = [\"/persist\"]"),
        "entry-is-store",
    ),
    (host("entry-is-root", "everything", "[host]\ndirectories = [\"/\"]"), "entry-is-root"),
    (
        host("bad-mode", "no mode", "[host]\ndirectories = [{ path = \"/srv\", mode = \"0888\" }]"),
        "bad-value",
    ),
    (
        host("unknown-key", "a key that means nothing", "[host]\ndirectorys = [\"/srv\"]"),
        "unknown-key",
    ),
    (
        host(
            "two-stores",
            "one directory in two stores",
            r#"
[fileSystems."/state"]
device = "/dev/vdb"
fsType = "ext4"
neededForBoot = true
[stores."/state"]
[host]
directories = [{ path = "/var/log", store = "/persist" }, { path = "/var/log", store = "/state" }]
"#,
        ),
        "two-stores",
    ),
    (
        host(
            "late-store",
            "a store that is mounted after what is in it",
            r#"
[root]
kind = "tmpfs"
[fileSystems."/persist"]
device = "/dev/vda"
fsType = "ext4"
[stores."/persist"]
[host]
directories = ["/var/lib/nixos"]
"#,
        ),
        "too-early",
    ),
    (
        host(
            "volatile-store",
            "a store in memory",
            r#"
[root]
kind = "tmpfs"
[stores."/persist"]
[host]
directories = ["/var/lib/nixos"]
"#,
        ),
        "store-not-persistent",
    ),
    (
        host(
            "store-in-entry",
            "a store that an entry covers",
            r#"
[root]
kind = "tmpfs"
[fileSystems."/data/persist"]
device = "/dev/vda"
fsType = "ext4"
neededForBoot = true
[stores."/data/persist"]
[host]
directories = ["/data"]
"#,
        ),
        "store-in-entry",
    ),
    (
        host(
            "uncovered-service",
            "state that nobody keeps",
            "[services.caddy]\nstate = [\"/var/lib/caddy\"]",
        ),
        "uncovered",
    ),
];
