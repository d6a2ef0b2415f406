//! restic, into a folder: there in full, or recognisably not.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::tools::{Tools, failed};
use crate::candidates::{Method, restic};
use crate::command::Command;
use crate::path::AbsolutePath;
use crate::preseed::Fault;

/// The first release that takes `ID:PATH`.
const SUBFOLDERS: (u32, u32) = (0, 16);

/// The folder of a dataset's snapshots, at its mountpoint: listed there with `snapdir=visible` (zfsprops(7)), and no part of the data.
pub(super) const SNAPSHOTS: &str = ".zfs";

/// What a question for its version may take, in seconds.
const LOOK: u64 = 30;

/// A snapshot, and what it takes to read it.
pub(super) struct Source<'m> {
    url: &'m str,
    password_file: &'m AbsolutePath,
    snapshot: &'m str,
    root: &'m AbsolutePath,
    environment: Vec<(String, String)>,
}

impl<'m> Source<'m> {
    pub(super) fn of(method: &'m Method) -> Result<Self, Fault> {
        let Method::Restic { url, password_file, environment_file, snapshot, root, .. } = method
        else {
            return Err(Fault::Failed(format!(
                "{} cannot be restored into a folder",
                method.kind()
            )));
        };
        let mut environment = Vec::new();
        if let Some(path) = environment_file {
            let text = fs::read_to_string(path.as_str())
                .map_err(|error| failed(format!("{path}: {error}")))?;
            environment = variables(&text);
        }
        Ok(Self { url, password_file, snapshot, root, environment })
    }

    /// Restores into `part`; gives the folder in it whose content was wanted.
    pub(super) fn restore(
        &self,
        tools: &mut Tools,
        part: &Path,
        limit: u64,
    ) -> Result<PathBuf, Fault> {
        let target = part.to_str().ok_or_else(|| failed("the path of staging is no UTF-8"))?;
        fs::create_dir_all(part).map_err(failed)?;
        let content = if tools.subfolders()? {
            let command =
                restic::restore(self.url, self.password_file, self.snapshot, self.root, target);
            tools.run_with(&command, &self.environment, limit)?;
            part.to_owned()
        } else {
            let command = restic::restore_nested(
                self.url,
                self.password_file,
                self.snapshot,
                self.root,
                target,
            );
            tools.run_with(&command, &self.environment, limit)?;
            part.join(self.root.as_str().trim_start_matches('/'))
        };
        if content.is_dir() {
            Ok(content)
        } else {
            Err(failed(format!("the snapshot has no folder {}", self.root)))
        }
    }

    /// Compares what is in a folder with what the snapshot lists: names, kinds, sizes.
    pub(super) fn verify(&self, tools: &Tools, folder: &Path, limit: u64) -> Result<(), Fault> {
        let list = Command::new([
            "restic",
            "--no-cache",
            "--repo",
            self.url,
            "--password-file",
            self.password_file.as_str(),
        ])
        .args(["ls", "--json", "--recursive", self.snapshot, self.root.as_str()]);
        let listed = tools.run_with(&list, &self.environment, limit)?;
        let mut wanted = wanted(&listed, self.root)?;
        let mut missing: usize = wanted.values().map(Vec::len).sum();
        if missing == 0 {
            return Err(failed(format!(
                "the snapshot has nothing below {}: it is of a time when the data was lost",
                self.root
            )));
        }
        let mut waiting = vec![folder.to_owned()];
        while let Some(at) = waiting.pop() {
            for entry in fs::read_dir(&at).map_err(failed)? {
                let entry = entry.map_err(failed)?;
                let path = entry.path();
                let metadata = fs::symlink_metadata(&path).map_err(failed)?;
                let name = as_listed(path.strip_prefix(folder).unwrap_or(&path));
                let is = Entry::of(&metadata);
                if name == SNAPSHOTS && !wanted.contains_key(SNAPSHOTS) {
                    continue;
                }
                let should = wanted.get_mut(&name).filter(|should| !should.is_empty());
                let Some(should) = should else {
                    return Err(failed(format!("{name} is not in the snapshot")));
                };
                let Some(at) = should.iter().position(|should| *should == is) else {
                    return Err(failed(format!("{name} is {is:?} and should be {should:?}")));
                };
                should.swap_remove(at);
                missing -= 1;
                if metadata.is_dir() {
                    waiting.push(path);
                }
            }
        }
        match wanted.iter().find(|(_, left)| !left.is_empty()) {
            None => Ok(()),
            Some((first, _)) => {
                Err(failed(format!("{missing} files are missing, the first is {first}")))
            }
        }
    }
}

/// What is compared of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entry {
    File(u64),
    Folder,
    Other,
}

impl Entry {
    fn of(metadata: &fs::Metadata) -> Self {
        match metadata {
            metadata if metadata.is_file() => Self::File(metadata.len()),
            metadata if metadata.is_dir() => Self::Folder,
            _ => Self::Other,
        }
    }
}

/// A path as `restic ls --json` has it: a byte that is no UTF-8 is U+FFFD, each of them (Go's `encoding/json`).
fn as_listed(path: &Path) -> String {
    let mut text = String::new();
    for chunk in path.as_os_str().as_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    text
}

/// Variables, as a file has them for systemd (`EnvironmentFile=`, systemd.exec(5)) or a shell: one a line, perhaps with `export`
/// before it, and its value perhaps in quotes of either kind.
fn variables(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with(['#', ';']));
    let pairs = lines.filter_map(|line| {
        line.strip_prefix("export ").unwrap_or(line).trim_start().split_once('=')
    });
    let quoted = |value: &'_ str, quote: char| {
        value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)).map(str::to_owned)
    };
    let value = |value: &str| {
        quoted(value, '"').or_else(|| quoted(value, '\'')).unwrap_or_else(|| value.to_owned())
    };
    pairs.map(|(name, text)| (name.trim_end().to_owned(), value(text.trim_start()))).collect()
}

/// What `restic ls --json` lists below a folder: of names that look alike there, each.
fn wanted(listed: &[u8], root: &AbsolutePath) -> Result<BTreeMap<String, Vec<Entry>>, Fault> {
    #[derive(serde::Deserialize)]
    struct Node {
        #[serde(default)]
        path: String,
        #[serde(default, rename = "type")]
        kind: String,
        #[serde(default)]
        size: u64,
        #[serde(default)]
        struct_type: String,
    }
    let mut wanted: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for line in listed.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let node: Node = serde_json::from_slice(line).map_err(failed)?;
        if node.struct_type != "node" {
            continue;
        }
        let Ok(path) = node.path.parse::<AbsolutePath>() else { continue };
        let Some(rest) = root.rest(&path).filter(|rest| !rest.is_empty()) else { continue };
        let entry = match node.kind.as_str() {
            "file" => Entry::File(node.size),
            "dir" => Entry::Folder,
            _ => Entry::Other,
        };
        wanted.entry(rest.to_owned()).or_default().push(entry);
    }
    Ok(wanted)
}

/// Brings everything of a filesystem onto the disk.
pub(super) fn sync_filesystem(path: &Path) -> Result<(), Fault> {
    let folder = fs::File::open(path).map_err(failed)?;
    nix::unistd::syncfs(&folder).map_err(failed)
}

impl Tools {
    /// Whether this restic takes `ID:PATH`.
    fn subfolders(&mut self) -> Result<bool, Fault> {
        if let Some(known) = self.restic_subfolders {
            return Ok(known);
        }
        let said = self.run(&Command::new(["restic", "version"]), LOOK)?;
        let said = String::from_utf8_lossy(&said).into_owned();
        let version = said.split(' ').nth(1).unwrap_or_default();
        let mut numbers = version.split('.').map(|number| number.parse().unwrap_or(0));
        let release = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        let known = release >= SUBFOLDERS;
        self.restic_subfolders = Some(known);
        Ok(known)
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    /// Credentials with the quotes still around them are refused by every server.
    #[test]
    fn variables_lose_their_quotes_and_nothing_else() {
        let text =
            "# a comment\n\nexport A=1\nB=\"two words\"\nC='thr\"ee'\nD=a=b\nE=\"\nF=\"\"x\"\"\n";
        let wanted = [
            ("A", "1"),
            ("B", "two words"),
            ("C", "thr\"ee"),
            ("D", "a=b"),
            ("E", "\""),
            ("F", "\"x\""),
        ];
        let pair = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        assert_eq!(variables(text), wanted.map(pair));
    }

    /// A repository with this folder in it, and what leads to it; none where restic is not installed.
    fn backed_up(folder: &Path, data: &Path) -> Option<Method> {
        let (repository, password) = (folder.join("repository"), folder.join("password"));
        fs::write(&password, "secret").unwrap();
        let restic = |words: &[&str]| {
            let mut command = std::process::Command::new("restic");
            command.args(["--no-cache", "--repo"]).arg(&repository);
            command.arg("--password-file").arg(&password).args(words).output()
        };
        let Ok(init) = restic(&["init"]) else {
            println!("skipped: restic (not installed)");
            return None;
        };
        assert!(init.status.success(), "{init:?}");
        let backup = restic(&["backup", data.to_str().unwrap()]).unwrap();
        assert!(backup.status.success(), "{backup:?}");
        Some(Method::Restic {
            repository: String::new(),
            url: repository.to_str().unwrap().to_owned(),
            password_file: password.to_str().unwrap().parse().unwrap(),
            environment_file: None,
            snapshot: "latest".to_owned(),
            root: data.to_str().unwrap().parse().unwrap(),
        })
    }

    /// What looks like a pattern was taken for one by releases before 0.16: nothing came back.
    #[test]
    fn a_root_is_a_path_and_no_pattern() {
        for name in ["a[b]", "a*b", "a?b", "a\\b"] {
            let folder = tempfile::tempdir().unwrap();
            let data = folder.path().join(name);
            fs::create_dir(&data).unwrap();
            fs::write(data.join("file"), name).unwrap();
            let Some(method) = backed_up(folder.path(), &data) else { return };
            let part = folder.path().join("part");
            let content = Source::of(&method).unwrap().restore(&mut Tools::new(), &part, 60);
            assert_eq!(fs::read_to_string(content.unwrap().join("file")).unwrap(), name);
        }
    }

    /// A service with two files of names in Latin-1 could not come back by restic at all.
    #[test]
    fn names_that_are_no_text_are_compared_as_restic_lists_them() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        fs::create_dir(&data).unwrap();
        for (name, size) in
            [(b"\xe9t\xe9".as_slice(), 1), (b"a\xff", 2), (b"a\xfe", 3), (b"\xe2\x82x", 4)]
        {
            fs::write(data.join(OsStr::from_bytes(name)), vec![0; size]).unwrap();
        }
        let Some(method) = backed_up(folder.path(), &data) else { return };
        let verify = |folder: &Path| Source::of(&method).unwrap().verify(&Tools::new(), folder, 60);
        assert_eq!(verify(&data), Ok(()));
        fs::write(data.join(OsStr::from_bytes(b"a\xfe")), [0; 9]).unwrap();
        assert!(verify(&data).is_err());
        fs::remove_file(data.join(OsStr::from_bytes(b"a\xfe"))).unwrap();
        assert!(verify(&data).unwrap_err().to_string().contains("1 files are missing"));
    }
}
