//! Directories, files and links.

use nix::sys::stat::SFlag;

use super::apply::{Check, Effect};
use super::tree::{Found, Perms, Spot};
use super::{ExecError, Owned, World};
use crate::layout::{Action, Layout, Mount, Place, PlaceKind};
use crate::live;
use crate::mountinfo::MountTable;
use crate::owner::Enforcement;
use crate::path::AbsolutePath;

impl World {
    pub(super) fn create(
        &self,
        place: &Place,
        layout: &Layout,
        table: &MountTable,
    ) -> Result<Effect, ExecError> {
        let spot = self.tree.spot(&place.path)?;
        let wanted = self.perms(layout, &owned(place))?;
        let Some(found) = spot.find()? else {
            match &place.kind {
                PlaceKind::Directory => spot.make_directory(wanted)?,
                PlaceKind::File(content) => spot.make_file(wanted, content.bytes())?,
                PlaceKind::Link { to } => spot.make_link(to.as_bytes(), wanted)?,
            }
            return Ok(Effect::Created { in_store: self.is_in_store(&place.path, layout, table) });
        };
        is_kind(place, &spot, &found)?;
        let Some(differs) = differs(place, &found, wanted) else { return Ok(Effect::AlreadySo) };
        match place.enforcement {
            Enforcement::CreateOnly => Ok(Effect::AlreadySo),
            Enforcement::Report => Ok(Effect::Differs(differs)),
            Enforcement::Enforce => {
                not_planted(place, &spot, &found, wanted)?;
                let before = found.perms();
                found.set(wanted).map_err(ExecError::system(&place.path, "owner and mode"))?;
                Ok(Effect::Adjusted { before: before.into() })
            }
        }
    }

    /// Gives the root of a file system the owner and mode that are to be enforced on its mount point: it brought its own.
    pub(super) fn settle(
        &self,
        mount: &Mount,
        layout: &Layout,
        table: &MountTable,
    ) -> Result<(), ExecError> {
        let step = layout.first_step_at(mount.target.as_bytes());
        match step.map(|step| &step.action) {
            Some(Action::Create(place))
                if mount.bound_from().is_none() && place.enforcement == Enforcement::Enforce =>
            {
                self.create(place, layout, table).map(drop)
            }
            _ => Ok(()),
        }
    }

    pub(super) fn check_place(&self, place: &Place, layout: &Layout) -> Result<Check, ExecError> {
        let wanted = self.perms(layout, &owned(place))?;
        let Some(found) = self.tree.find(&place.path)? else { return Ok(Check::Todo) };
        match is_kind(place, &self.tree.spot(&place.path)?, &found) {
            Ok(()) => {}
            Err(other @ ExecError::Other { .. }) => return Ok(Check::Differs(other.to_string())),
            Err(error) => return Err(error),
        }
        Ok(match (differs(place, &found, wanted), place.enforcement) {
            (None, _) | (_, Enforcement::CreateOnly) => Check::Done,
            (Some(_), Enforcement::Enforce) => Check::Todo,
            (Some(differs), Enforcement::Report) => Check::Differs(differs),
        })
    }

    /// Whether what is at `path` lies in a store, by whichever mount it was reached.
    fn is_in_store(&self, path: &AbsolutePath, layout: &Layout, table: &MountTable) -> bool {
        let spot = |path: &AbsolutePath| live::Spot::of(table, &path.inside(&self.root));
        let Some(here) = spot(path) else { return true };
        layout.stores().iter().filter_map(spot).any(|store| store.contains(&here))
    }
}

fn owned(place: &Place) -> Owned<'_> {
    Owned { path: &place.path, owner: &place.owner, mode: place.mode }
}

/// An error unless it is what is declared, owner and mode aside.
fn is_kind(place: &Place, spot: &Spot, found: &Found) -> Result<(), ExecError> {
    let (is_it, wanted) = match &place.kind {
        PlaceKind::Directory => (found.kind() == SFlag::S_IFDIR, "a directory"),
        PlaceKind::File(_) => (found.kind() == SFlag::S_IFREG, "a file"),
        PlaceKind::Link { to } => {
            let is_link = found.kind() == SFlag::S_IFLNK;
            (is_link && spot.target()? == to.as_bytes(), "a link into the store")
        }
    };
    if is_it {
        return Ok(());
    }
    Err(ExecError::Other { path: place.path.clone(), found: found.word(), wanted })
}

/// What differs of owner and mode, for a person. Those of a link have no meaning.
fn differs(place: &Place, found: &Found, wanted: Perms) -> Option<String> {
    let is = found.perms();
    if is == wanted || matches!(place.kind, PlaceKind::Link { .. }) {
        return None;
    }
    let shown = |perms: Perms| format!("{}:{} {:04o}", perms.uid, perms.gid, perms.mode);
    Some(format!("it is {}, and {} is declared", shown(is), shown(wanted)))
}

/// Whoever owns a directory can give another's file a second name there, and have it given away
/// (systemd-tmpfiles calls it an unsafe path transition).
fn not_planted(place: &Place, spot: &Spot, found: &Found, wanted: Perms) -> Result<(), ExecError> {
    let keeper = spot.keeper()?;
    let is_theirs = found.stat.st_uid == keeper || found.stat.st_uid == wanted.uid;
    let has_names = !found.is_directory() && found.stat.st_nlink > 1;
    if keeper != 0 && (has_names || !is_theirs) {
        return Err(ExecError::Planted { path: place.path.clone(), uid: keeper });
    }
    Ok(())
}
