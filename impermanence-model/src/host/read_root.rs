//! Reads what `/` is, from `root`, from `fileSystems."/"`, or from both where they agree.

use declared::{Entry, Table};

use super::FileSystem;
use super::read::{Reader, mode, texts, two_roots};
use crate::owner::Mode;
use crate::problem::Code;
use crate::root::{Hook, Initrd, Retention, Root, TmpfsSize, Wipe};

#[derive(Clone, Copy)]
enum Kind {
    Tmpfs,
    ZfsRollback,
    Rotated,
    Persistent,
}

const KINDS: [(&str, Kind); 4] = [
    ("tmpfs", Kind::Tmpfs),
    ("zfs-rollback", Kind::ZfsRollback),
    ("rotated", Kind::Rotated),
    ("persistent", Kind::Persistent),
];

impl Root {
    /// A tmpfs of the usual size.
    pub(crate) const DEFAULT: Self = Self::Tmpfs { size: None, mode: Mode::DIRECTORY };
}

/// The root, as far as it could be read.
pub(super) fn root(
    reader: &mut Reader,
    declared: Option<&Entry<'_>>,
    mounted: Option<FileSystem>,
    host: &Entry<'_>,
) -> Option<Root> {
    let mounted = mounted.map(|mounted| {
        let key = mounted.origin.key.clone();
        (of_file_system(mounted), key)
    });
    let Some(entry) = declared else {
        if mounted.is_none() {
            let remedy = "declare `root`, or fileSystems.\"/\"";
            reader.report(host, Code::NoRoot, "nothing says what / is", remedy);
        }
        return mounted.map(|(root, _)| root);
    };
    let root = of_table(reader, entry)?;
    if let Some((mounted, key)) = mounted {
        // What is mounted does not say that it is rolled back or rotated.
        let agree = match (&root, &mounted) {
            (Root::ZfsRollback { dataset, .. }, Root::Persistent { device, .. }) => {
                dataset == device
            }
            (Root::Rotated { device, .. }, Root::Persistent { device: same, .. }) => device == same,
            (root, mounted) => root == mounted,
        };
        if !agree {
            two_roots(reader, entry, format!("here / is {root}; {key} says it is {mounted}"));
        }
    }
    Some(root)
}

fn of_file_system(mounted: FileSystem) -> Root {
    let option = |name: &str| {
        let mut values = mounted.options.iter().rev().filter_map(|option| option.split_once('='));
        values.find(|(key, _)| *key == name).map(|(_, value)| value)
    };
    match mounted.fs_type.as_str() {
        "tmpfs" | "ramfs" => Root::Tmpfs {
            size: option("size").and_then(|text| text.parse().ok()),
            // Without the option the kernel makes it 1777 (tmpfs(5)).
            mode: option("mode").and_then(|text| text.parse().ok()).unwrap_or(Mode::known(0o1777)),
        },
        _ => match mounted.rollback {
            Some(snapshot) => Root::ZfsRollback { dataset: mounted.device, snapshot },
            None => Root::Persistent { device: mounted.device, fs_type: mounted.fs_type },
        },
    }
}

fn of_table(reader: &mut Reader, entry: &Entry<'_>) -> Option<Root> {
    let mut table = reader.table(entry)?;
    let kind = reader.required(&mut table, "kind", "say what / is: tmpfs, say");
    let kind = kind.and_then(|entry| reader.word(&entry, &KINDS));
    let root = kind.and_then(|kind| match kind {
        Kind::Tmpfs => {
            let size = table.take("size").and_then(|entry| size(reader, &entry));
            let mode = table.take("mode").and_then(|entry| mode(reader, &entry));
            Some(Root::Tmpfs { size, mode: mode.unwrap_or(Mode::DIRECTORY) })
        }
        Kind::ZfsRollback => {
            let dataset = text(reader, &mut table, "dataset");
            let snapshot = text(reader, &mut table, "snapshot");
            Some(Root::ZfsRollback { dataset: dataset?, snapshot: snapshot? })
        }
        Kind::Rotated => {
            let device = text(reader, &mut table, "device");
            let fs_type = text(reader, &mut table, "fsType");
            let retention = reader.required(&mut table, "retention", "write \"3 boots\", say");
            let retention: Option<Retention> =
                retention.and_then(|entry| reader.parsed(&entry, "write \"3 boots\", say"));
            Some(Root::Rotated { device: device?, fs_type: fs_type?, retention: retention? })
        }
        Kind::Persistent => {
            let device = text(reader, &mut table, "device");
            let fs_type = text(reader, &mut table, "fsType");
            Some(Root::Persistent { device: device?, fs_type: fs_type? })
        }
    });
    // The keys of `wipe`, which reads the same table.
    for key in ["initrd", "hook", "after", "before", "resume"] {
        table.take(key);
    }
    if kind.is_some() {
        reader.finish(&table);
    }
    root
}

fn text(reader: &mut Reader, table: &mut Table<'_>, key: &'static str) -> Option<String> {
    let entry = reader.required(table, key, "name it")?;
    reader.text(&entry).map(str::to_owned)
}

fn size(reader: &mut Reader, entry: &Entry<'_>) -> Option<TmpfsSize> {
    reader.parsed(entry, "write \"8G\" or \"25%\"")
}

/// What throws the root away.
pub(super) fn wipe(reader: &mut Reader, entry: &Entry<'_>) -> Wipe {
    // A table that is none was reported by `root`.
    let declared::Data::Table(_) = entry.node.data else { return Wipe::default() };
    let Some(mut table) = reader.table(entry) else { return Wipe::default() };
    Wipe {
        initrd: table.take("initrd").and_then(|entry| reader.word(&entry, &Initrd::ALL)),
        hook: table.take("hook").and_then(|entry| reader.word(&entry, &Hook::ALL)),
        after: table.take("after").map(|entry| texts(reader, &entry)).unwrap_or_default(),
        before: table.take("before").map(|entry| texts(reader, &entry)).unwrap_or_default(),
        resume: table.take("resume").and_then(|entry| reader.boolean(&entry)).unwrap_or(false),
        key: entry.path.clone(),
    }
}
