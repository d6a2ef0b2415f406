//! Hosts that nobody wrote: roots, disks, users and entries by chance, from a seed.

use impermanence_model::{Host, Problems};
use serde_json::{Map, Value, json};

/// A generator of numbers that is the same everywhere (`SplitMix64`).
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    pub(crate) fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    fn pick<'p, T: ?Sized>(&mut self, from: &[&'p T]) -> &'p T {
        from[self.below(from.len())]
    }
}

const TOPS: [&str; 8] =
    ["/var/lib", "/var", "/etc", "/srv", "/opt", "/home/alice", "/var/lib/private", ""];
const NAMES: [&str; 14] = [
    "a",
    "b",
    "log",
    "cache",
    "app",
    "app-data",
    "app.d",
    "ü",
    "it's",
    "100%",
    "two words",
    "%h",
    "-",
    "deep/er/still",
];

fn path(chance: &mut Chance) -> String {
    let top = chance.pick(&TOPS);
    let mut path = format!("{top}/{}", chance.pick(&NAMES));
    while chance.one_in(3) {
        path = format!("{path}/{}", chance.pick(&NAMES));
    }
    path
}

fn entry(chance: &mut Chance, stores: &[&str], is_file: bool, is_root_only: bool) -> Value {
    let mut entry = Map::new();
    entry.insert("path".into(), path(chance).into());
    let ways: &[&str] = if is_file {
        &["bind", "symlink", "copy", "parent"]
    } else {
        &["bind", "rbind", "symlink"]
    };
    if chance.one_in(3) {
        entry.insert("how".into(), chance.pick(ways).into());
    }
    if chance.one_in(3) && !is_root_only {
        let (owner, group) = chance.pick(&[&("1000", "100"), &("0", "0"), &("alice", "users")]);
        entry.insert("owner".into(), (*owner).into());
        entry.insert("group".into(), (*group).into());
    }
    if chance.one_in(3) {
        entry.insert("mode".into(), chance.pick(&["0700", "0750", "u=rwx,go=rx", "1777"]).into());
    }
    if chance.one_in(4) {
        entry.insert("enforce".into(), chance.pick(&["create", "always", "report"]).into());
    }
    if chance.one_in(6) {
        entry.insert("when".into(), chance.pick(&["initrd", "early", "late"]).into());
    }
    if stores.len() > 1 {
        entry.insert("store".into(), chance.pick(stores).into());
    }
    Value::Object(entry)
}

/// The host of a seed.
pub(crate) fn host(seed: u64, is_root_only: bool) -> Result<Host, Problems> {
    let chance = &mut Chance(seed);
    let root = match chance.below(4) {
        0 | 1 => json!({ "kind": "tmpfs" }),
        2 => json!({ "kind": "zfs-rollback", "dataset": "rpool/root", "snapshot": "blank" }),
        _ => {
            json!({ "kind": "rotated", "device": "/dev/vda2", "fsType": "btrfs", "retention": "3 boots" })
        }
    };
    let disk = |device: &str| json!({ "device": device, "fsType": "ext4", "neededForBoot": true });
    let mut mounted = Map::new();
    let stores: &[&str] = match chance.below(4) {
        0 => {
            mounted.insert("/nix".into(), disk("/dev/nix"));
            &["/nix/persist"]
        }
        1 => {
            mounted.insert("/persist".into(), disk("/dev/vda"));
            mounted.insert("/state".into(), disk("/dev/vdb"));
            &["/persist", "/state"]
        }
        _ => {
            mounted.insert("/persist".into(), disk("/dev/vda"));
            &["/persist"]
        }
    };
    while chance.one_in(3) {
        let kind = match chance.below(3) {
            0 => {
                json!({ "device": "none", "fsType": "tmpfs", "neededForBoot": true, "options": ["mode=755"] })
            }
            1 => json!({ "device": "tank/x", "fsType": "zfs", "neededForBoot": true }),
            _ => {
                json!({ "device": "tank/y", "fsType": "zfs", "rollback": "blank", "neededForBoot": true })
            }
        };
        mounted.insert(path(chance), kind);
    }
    let keep: Map<String, Value> =
        stores.iter().map(|store| ((*store).to_owned(), json!({}))).collect();
    let (directories, files) = (chance.below(7), chance.below(5));
    let mut entries = |count, is_file| -> Vec<Value> {
        (0..count).map(|_| entry(chance, stores, is_file, is_root_only)).collect()
    };
    let (directories, files) = (entries(directories, false), entries(files, true));
    let (uid, group) = if is_root_only { (0, "root") } else { (1000, "users") };
    let document = json!({
        "name": format!("seed {seed}"), "root": root, "fileSystems": mounted, "stores": keep,
        "groups": { "users": 100, "root": 0 },
        "users": { "alice": { "uid": uid, "group": group, "home": "/home/alice" } },
        "host": { "directories": directories, "files": files },
    });
    Host::from_json(&document.to_string())
}
