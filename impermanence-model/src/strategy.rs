//! Strategies for property tests of your own: paths, hosts, layouts, files that programs write on them, and tables of mounts.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::escape::fstab;
use crate::host::{
    At, Declared, FileSystem, Host, How, Keep, Kind, Ownership, Service, State, Store, User,
};
use crate::layout::Layout;
use crate::origin::{Layer, Origin};
use crate::owner::Mode;
use crate::path::{AbsolutePath, HomePath};
use crate::root::{Retention, Root, TmpfsSize};

/// Names that back ends have to escape, beside plain ones.
const NAMES: [&str; 12] =
    ["a", "b", "c", "a-b", "a b", "100%", "it's", "ü", ".x", "x.y", "back\\slash", "#;"];

fn name() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        12 => select(&NAMES[..]).prop_map(|name| name.as_bytes().to_vec()),
        // Bytes that are no text.
        1 => Just(b"\xff\xfe".to_vec()),
    ]
}

fn joined(top: &str, names: &[Vec<u8>]) -> AbsolutePath {
    let mut bytes = top.as_bytes().to_vec();
    for name in names {
        bytes.push(b'/');
        bytes.extend_from_slice(name);
    }
    AbsolutePath::new(bytes).unwrap_or_else(|_| AbsolutePath::root())
}

/// Where state lies.
const TOPS: [&str; 5] = ["/var/lib", "/etc", "/srv", "/home/alice", "/var"];

/// Paths that nest and meet often.
pub fn paths() -> impl Strategy<Value = AbsolutePath> {
    (select(&TOPS[..]), vec(name(), 1..4)).prop_map(|(top, names)| joined(top, &names))
}

/// Every kind of root.
pub fn roots() -> impl Strategy<Value = Root> {
    let size = option::of((1_u64..64).prop_map(|gib| TmpfsSize::Bytes(gib << 30)));
    prop_oneof![
        size.prop_map(|size| Root::Tmpfs { size, mode: Mode::DIRECTORY }),
        Just(Root::ZfsRollback { dataset: "rpool/root".into(), snapshot: "blank".into() }),
        (1_u32..9).prop_map(|boots| Root::Rotated {
            device: "/dev/vda2".into(),
            fs_type: "btrfs".into(),
            retention: Retention::Boots(boots),
        }),
        Just(Root::Persistent { device: "/dev/vda2".into(), fs_type: "ext4".into() }),
    ]
}

fn ownership() -> impl Strategy<Value = Ownership> {
    let mode =
        option::of(select(vec![0o700, 0o750, 0o755])).prop_map(|mode| mode.and_then(Mode::new));
    let user = option::of(select(vec!["root", "caddy", "alice"]));
    (user, mode).prop_map(|(user, mode)| Ownership {
        user: user.map(str::to_owned),
        group: user.map(str::to_owned),
        mode,
    })
}

fn entry() -> impl Strategy<Value = Declared> {
    let directory = option::of(select(vec![How::Bind, How::Rbind, How::Symlink]));
    let file = option::of(select(vec![How::Bind, How::Symlink, How::Copy]));
    let how = prop_oneof![
        3 => directory.prop_map(|how| (Kind::Directory, how)),
        1 => file.prop_map(|how| (Kind::File, how)),
    ];
    let home = vec(name(), 1..3).prop_filter_map("no path", |names| {
        let path = HomePath::new(names.join(&b'/')).ok()?;
        Some(At::Home { user: "alice".into(), path })
    });
    let at = prop_oneof![4 => paths().prop_map(At::Path), 1 => home];
    let store = select(vec!["/persist", "/state"]);
    let layer = select(vec![Layer::Core, Layer::Host]);
    (at, how, ownership(), store, layer).prop_map(|(at, (kind, how), own, store, layer)| {
        let layer = match &at {
            At::Home { user, .. } => Layer::User(user.as_str().into()),
            At::Path(_) => layer,
        };
        let mut declared = Declared::new(at, kind, Origin::new(layer, ""));
        declared.store = AbsolutePath::new(store).ok();
        declared.how = how;
        declared.own = own;
        declared
    })
}

fn file_system(device: String, fs_type: &str, needed_for_boot: bool) -> FileSystem {
    FileSystem {
        device,
        fs_type: fs_type.to_owned(),
        options: Vec::new(),
        needed_for_boot,
        depends: Vec::new(),
        rollback: None,
        origin: Origin::new(Layer::FileSystems, ""),
    }
}

/// Hosts with two stores, a user, up to twenty entries, file systems between them, and services. Many contradict
/// themselves: see [`layouts`] for those that do not.
pub fn hosts() -> impl Strategy<Value = Host> {
    let mounted = vec((paths(), select(vec!["tmpfs", "zfs", "nfs4"]), any::<bool>()), 0..4);
    let stored = vec((vec(name(), 1..3), any::<bool>()), 0..2);
    let services = vec((paths(), ownership(), 0_u8..3), 0..3);
    (roots(), vec(entry(), 0..20), mounted, stored, services).prop_map(
        |(root, entries, mounted, stored, services)| {
            let mut host = Host::new("generated", root);
            let mut mount = |at: AbsolutePath, fs_type, for_boot| {
                let device = format!("device of {at}");
                host.file_systems.insert(at, file_system(device, fs_type, for_boot));
            };
            for (at, fs_type, for_boot) in mounted {
                // What is mounted late refuses what is in it: half of the hosts is enough.
                mount(at, fs_type, for_boot || fs_type == "zfs");
            }
            for store in ["/persist", "/state"] {
                mount(joined(store, &[]), "ext4", true);
            }
            // Datasets in a store: a plain bind does not show them.
            for (names, is_volatile) in stored {
                let fs_type = if is_volatile { "tmpfs" } else { "zfs" };
                mount(joined("/persist/var/lib", &names), fs_type, true);
            }
            for store in ["/persist", "/state"] {
                let origin = Origin::new(Layer::Host, format!("stores.\"{store}\""));
                host.stores.insert(joined(store, &[]), Store { options: Vec::new(), origin });
            }
            host.users.insert(
                "alice".into(),
                User {
                    uid: Some(1000),
                    group: "users".into(),
                    home: joined("/home/alice", &[]),
                    home_mode: Mode::known(0o700),
                },
            );
            host.entries = entries;
            for (number, declared) in host.entries.iter_mut().enumerate() {
                declared.origin.key = format!("entries[{number}]").into();
            }
            for (number, (path, own, keep)) in services.into_iter().enumerate() {
                let name = format!("service{number}");
                let origin =
                    Origin::new(Layer::Service(name.as_str().into()), format!("services.{name}"));
                let state =
                    State { path, kind: Kind::Directory, own, stage: None, origin: origin.clone() };
                host.services.insert(name.clone(), Service { state: vec![state] });
                let keep = match keep {
                    0 => Keep::Bind(AbsolutePath::new("/persist").ok()),
                    1 => Keep::Dataset(format!("tank/{name}")),
                    _ => Keep::Ephemeral("it is made anew".into()),
                };
                host.keep.insert(name, (keep, origin));
            }
            host
        },
    )
}

/// A host that resolves, and its layout. Entries that contradict others are left out.
pub fn layouts() -> impl Strategy<Value = (Host, Layout)> {
    hosts().prop_filter_map("contradicts itself", |host| {
        let host = without_conflicts(host);
        let layout = host.resolve().ok()?;
        Some((host, layout))
    })
}

/// Drops what is declared to contradict: the entries that problems are about, then services.
fn without_conflicts(mut host: Host) -> Host {
    for _ in 0..8 {
        let Err(problems) = host.resolve() else { break };
        let blamed: Vec<&str> = problems.iter().map(|problem| problem.path.as_str()).collect();
        host.entries.retain(|declared| !blamed.contains(&&*declared.origin.key));
        host.services.retain(|name, _| !blamed.contains(&format!("services.{name}").as_str()));
        let services = &host.services;
        host.keep.retain(|name, _| services.contains_key(name));
        // A problem of a file system stands under its own key, which is empty here.
        if blamed.contains(&"") {
            host.file_systems
                .retain(|path, fs| fs.needed_for_boot || path.as_bytes() == b"/persist");
        }
    }
    host
}

/// Files that programs write, by path: below entries, beside them, and anywhere.
pub fn writes(layout: &Layout) -> impl Strategy<Value = BTreeMap<AbsolutePath, Vec<u8>>> + use<> {
    let entries: Vec<AbsolutePath> = layout
        .entries()
        .iter()
        .filter(|entry| entry.kind == Kind::Directory)
        .map(|entry| entry.path.clone())
        .chain(layout.mounts().map(|mount| mount.target.clone()))
        .chain([joined("/srv", &[])])
        .collect();
    let below = (select(entries), vec(name(), 1..3)).prop_filter_map("no path", |(top, names)| {
        HomePath::new(names.join(&b'/')).ok().map(|rest| top.join(&rest))
    });
    let path = prop_oneof![3 => below, 1 => paths()];
    proptest::collection::btree_map(path, vec(any::<u8>(), 0..8), 1..30)
}

/// The text of a `/proc/self/mountinfo` (proc(5)): a root, then up to twenty mounts in the order in which they were made, each
/// on what its path led to at that time. Many hide others.
pub fn mount_tables() -> impl Strategy<Value = Vec<u8>> {
    let sharing = option::of(1_u64..9);
    let fs_type = select(vec!["ext4", "tmpfs", "zfs", "fuse.sshfs"]);
    let mounts = vec((paths(), paths(), sharing, fs_type, any::<bool>()), 0..20);
    mounts.prop_map(|mounts| {
        let mut made: Vec<AbsolutePath> = vec![AbsolutePath::root()];
        let mut text = b"20 1 0:20 / / rw,relatime shared:1 - tmpfs none rw\n".to_vec();
        for (point, root, shared, fs_type, read_only) in mounts {
            // What was mounted last, of all that hold the path, is on top there.
            let on = made.iter().rposition(|above| above.contains(&point)).unwrap_or(0);
            let shared = shared.map(|group| format!("shared:{group} ")).unwrap_or_default();
            let access = if read_only { "ro" } else { "rw" };
            text.extend(format!("{} {} 8:1 ", made.len() + 20, on + 20).bytes());
            text.extend_from_slice(&fstab::field(root.as_bytes()));
            text.push(b' ');
            text.extend_from_slice(&fstab::field(point.as_bytes()));
            text.extend(format!(" {access},relatime {shared}- {fs_type} /dev/vda rw\n").bytes());
            made.push(point);
        }
        text
    })
}
