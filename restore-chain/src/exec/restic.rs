//! restic, into a folder: there in full, or recognisably not.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::tools::{Tools, failed};
use crate::candidates::{Method, restic};
use crate::command::Command;
use crate::path::AbsolutePath;
use crate::preseed::Fault;

/// The first release that takes `ID:PATH`.
const SUBFOLDERS: (u32, u32) = (0, 16);

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
            let lines = text
                .lines()
                .map(str::trim)
                .filter(|line| !line.is_empty() && !line.starts_with('#'));
            let pairs = lines
                .filter_map(|line| line.strip_prefix("export ").unwrap_or(line).split_once('='));
            environment.extend(
                pairs.map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned())),
            );
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
        let mut waiting = vec![folder.to_owned()];
        while let Some(at) = waiting.pop() {
            for entry in fs::read_dir(&at).map_err(failed)? {
                let entry = entry.map_err(failed)?;
                let path = entry.path();
                let metadata = fs::symlink_metadata(&path).map_err(failed)?;
                let name =
                    path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().into_owned();
                let is = Entry::of(&metadata);
                match wanted.remove(&name) {
                    Some(should) if should == is => {}
                    Some(should) => {
                        return Err(failed(format!("{name} is {is:?} and should be {should:?}")));
                    }
                    None => return Err(failed(format!("{name} is not in the snapshot"))),
                }
                if metadata.is_dir() {
                    waiting.push(path);
                }
            }
        }
        match wanted.keys().next() {
            None => Ok(()),
            Some(first) => {
                Err(failed(format!("{} files are missing, the first is {first}", wanted.len())))
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

/// What `restic ls --json` lists below a folder.
fn wanted(listed: &[u8], root: &AbsolutePath) -> Result<BTreeMap<String, Entry>, Fault> {
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
    let mut wanted = BTreeMap::new();
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
        wanted.insert(rest.to_owned(), entry);
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
