//! What a tree of files is: every name, every byte, and everything that is known of a file besides.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use examples::Failure;
use restore_chain::command::Command;

use crate::machine::run;

/// One file, directory, link or pipe.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    kind: &'static str,
    mode: u32,
    owner: (u32, u32),
    size: u64,
    /// Seconds and nanoseconds.
    modified: (i64, i64),
    /// The first name of the same file.
    same_as: Option<PathBuf>,
    attributes: BTreeMap<String, Vec<u8>>,
    /// Of a file: SHA-256. Of a link: where it leads.
    content: String,
    /// It takes less than half of its size on disk.
    sparse: bool,
}

/// A tree, by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Manifest(BTreeMap<PathBuf, Entry>);

/// Arguments of one `sha256sum`.
const AT_ONCE: usize = 200;

impl Manifest {
    /// Looks at everything below a folder, and at the folder.
    pub(crate) fn of(top: &Path) -> Result<Self, Failure> {
        // Sizes on disk are known when they are on disk.
        run(&Command::new(["sync"]))?;
        let mut entries = BTreeMap::new();
        let mut first: BTreeMap<u64, PathBuf> = BTreeMap::new();
        let mut waiting = vec![top.to_owned()];
        while let Some(path) = waiting.pop() {
            let metadata = fs::symlink_metadata(&path)?;
            let name = path.strip_prefix(top)?.to_owned();
            if metadata.is_dir() {
                for entry in fs::read_dir(&path)? {
                    waiting.push(entry?.path());
                }
                waiting.sort_by(|a, b| b.cmp(a));
            }
            let mut entry = Entry::of(&path, &metadata)?;
            if metadata.is_file() && metadata.nlink() > 1 {
                let known = first.entry(metadata.ino()).or_insert_with(|| name.clone());
                entry.same_as = Some(known.clone());
            }
            entries.insert(name, entry);
        }
        let mut manifest = Self(entries);
        manifest.hash(top)?;
        Ok(manifest)
    }

    fn hash(&mut self, top: &Path) -> Result<(), Failure> {
        // A second name is of the same bytes.
        let second = |entry: &Entry, path: &PathBuf| {
            entry.same_as.as_ref().is_some_and(|first| first != path)
        };
        let files =
            self.0.iter().filter(|(path, entry)| entry.kind == "file" && !second(entry, path));
        let files: Vec<PathBuf> = files.map(|(path, _)| path.clone()).collect();
        for some in files.chunks(AT_ONCE) {
            let paths = some.iter().map(|path| top.join(path).display().to_string());
            let sums = run(&Command::new(["sha256sum", "--"]).args(paths))?;
            for (path, line) in some.iter().zip(sums.lines()) {
                let sum = line.split(' ').next().unwrap_or_default();
                if let Some(entry) = self.0.get_mut(path) {
                    sum.trim_start_matches('\\').clone_into(&mut entry.content);
                }
            }
        }
        Ok(())
    }

    /// Without some paths below the top.
    pub(crate) fn without(&self, left_out: impl Fn(&Path) -> bool) -> Self {
        let entries = self.0.iter().filter(|(path, _)| !left_out(path));
        Self(entries.map(|(path, entry)| (path.clone(), entry.clone())).collect())
    }

    /// Where another one first differs, in whatever respect.
    pub(crate) fn difference(&self, other: &Self) -> Option<String> {
        let differing = self.0.iter().find(|(path, entry)| other.0.get(*path) != Some(entry));
        if let Some((path, entry)) = differing {
            return Some(match other.0.get(path) {
                None => format!("{} is missing", path.display()),
                Some(found) => format!("{} is {found:?}, and was {entry:?}", path.display()),
            });
        }
        let added = other.0.keys().find(|path| !self.0.contains_key(*path));
        added.map(|path| format!("{} was not there", path.display()))
    }

    /// How many names of files there are: neither folders, links nor pipes.
    pub(crate) fn files(&self) -> usize {
        self.count(|entry| entry.kind == "file")
    }

    fn count(&self, what: impl Fn(&Entry) -> bool) -> usize {
        self.0.values().filter(|entry| what(entry)).count()
    }
}

impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes: u64 =
            self.0.values().filter(|entry| entry.kind == "file").map(|entry| entry.size).sum();
        let (files, folders) = (self.files(), self.count(|entry| entry.kind == "folder"));
        write!(f, "{files} files with {bytes} bytes in {folders} folders")?;
        let more = [
            (self.count(|entry| entry.same_as.is_some()), "hard links"),
            (self.count(|entry| entry.sparse), "sparse files"),
            (self.count(|entry| !entry.attributes.is_empty()), "with extended attributes"),
            (self.count(|entry| entry.kind == "link"), "symbolic links"),
            (self.count(|entry| entry.kind == "pipe"), "named pipes"),
        ];
        for (count, what) in more.iter().filter(|(count, _)| *count > 0) {
            write!(f, ", {count} {what}")?;
        }
        Ok(())
    }
}

impl Entry {
    fn of(path: &Path, metadata: &fs::Metadata) -> Result<Self, Failure> {
        let kind = match metadata.file_type() {
            kind if kind.is_file() => "file",
            kind if kind.is_dir() => "folder",
            kind if kind.is_symlink() => "link",
            kind if kind.is_fifo() => "pipe",
            _ => "other",
        };
        let content = match kind {
            "link" => fs::read_link(path)?.display().to_string(),
            _ => String::new(),
        };
        let folder = kind == "folder";
        let size = if folder { 0 } else { metadata.len() };
        Ok(Self {
            kind,
            mode: metadata.mode(),
            owner: (metadata.uid(), metadata.gid()),
            size,
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            same_as: None,
            attributes: attributes(path)?,
            content,
            sparse: kind == "file" && size > 1 << 20 && metadata.blocks() * 512 < size / 2,
        })
    }
}

fn attributes(path: &Path) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let mut names = vec![0_u8; 4096];
    let length = rustix::fs::llistxattr(path, names.as_mut_slice())?;
    let mut attributes = BTreeMap::new();
    for name in names.get(..length).unwrap_or_default().split(|byte| *byte == 0) {
        if name.is_empty() {
            continue;
        }
        let mut value = vec![0_u8; 4096];
        let length = rustix::fs::lgetxattr(path, name, value.as_mut_slice())?;
        value.truncate(length);
        attributes.insert(String::from_utf8_lossy(name).into_owned(), value);
    }
    Ok(attributes)
}
