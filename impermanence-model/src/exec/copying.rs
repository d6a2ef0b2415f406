//! Files whose programs replace them: copied from the store at boot, and back at shutdown.

use std::fs::File;
use std::io::Read;

use nix::sys::stat::SFlag;

use super::apply::{Check, Effect};
use super::tree::{Found, errno};
use super::{ExecError, Owned, World};
use crate::layout::{Copy, Layout};
use crate::path::AbsolutePath;

impl World {
    /// Copies if the file is not there yet: one that is may be newer than the store's, unless the system has not
    /// started.
    pub(super) fn copy_in(&self, copy: &Copy, layout: &Layout) -> Result<Effect, ExecError> {
        let spot = self.tree.spot(&copy.to)?;
        if let Some(found) = spot.find()? {
            is_file(&copy.to, &found)?;
            if !self.at_boot {
                return Ok(Effect::AlreadySo);
            }
        }
        let Some(content) = self.content(&copy.from)? else { return Ok(Effect::NothingToCopy) };
        if self.content(&copy.to)?.as_ref() == Some(&content) {
            return Ok(Effect::AlreadySo);
        }
        spot.replace_file(self.perms(layout, &owned(copy, &copy.to))?, &content)?;
        Ok(Effect::CopiedIn)
    }

    pub(super) fn check_copy(&self, copy: &Copy) -> Result<Check, ExecError> {
        Ok(match (self.tree.find(&copy.to)?, self.tree.find(&copy.from)?) {
            (Some(found), _) => match is_file(&copy.to, &found) {
                Ok(()) => Check::Done,
                Err(error) => Check::Differs(error.to_string()),
            },
            (None, Some(_)) => Check::Todo,
            (None, None) => Check::Done,
        })
    }

    /// Copies files back to the store, each as a whole: at shutdown, or whenever one changed. What is not there any
    /// more stays in the store. The paths that were copied, in order.
    pub fn copy_out(&self, layout: &Layout) -> Result<Vec<AbsolutePath>, ExecError> {
        let mut copied = Vec::new();
        for copy in layout.copies() {
            if self.copy_back(copy, layout)? {
                copied.push(copy.to.clone());
            }
        }
        Ok(copied)
    }

    /// Copies one file back; whether it was another.
    pub(super) fn copy_back(&self, copy: &Copy, layout: &Layout) -> Result<bool, ExecError> {
        let Some(content) = self.content(&copy.to)? else { return Ok(false) };
        if self.content(&copy.from)?.as_ref() == Some(&content) {
            return Ok(false);
        }
        let perms = self.perms(layout, &owned(copy, &copy.from))?;
        self.tree.spot(&copy.from)?.replace_file(perms, &content)?;
        Ok(true)
    }

    /// A file's bytes; none if there is none.
    fn content(&self, path: &AbsolutePath) -> Result<Option<Vec<u8>>, ExecError> {
        let Some(found) = self.tree.find(path)? else { return Ok(None) };
        is_file(path, &found)?;
        let mut content = Vec::new();
        let read = File::open(found.handle()).and_then(|mut file| file.read_to_end(&mut content));
        read.map_err(errno).map_err(ExecError::system(path, "reading"))?;
        Ok(Some(content))
    }
}

fn owned<'o>(copy: &'o Copy, path: &'o AbsolutePath) -> Owned<'o> {
    Owned { path, owner: &copy.owner, mode: copy.mode }
}

fn is_file(path: &AbsolutePath, found: &Found) -> Result<(), ExecError> {
    if found.kind() == SFlag::S_IFREG {
        return Ok(());
    }
    Err(ExecError::Other { path: path.clone(), found: found.word(), wanted: "a file" })
}
