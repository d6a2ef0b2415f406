//! What is on top at each path, and what becomes of what is written there.

use crate::host::{Backing, Host, Kind};
use crate::index::Index;
use crate::layout::{Action, By, Cover, Covers, PlaceKind, Step, Via};
use crate::origin::{Layer, Origin};
use crate::path::AbsolutePath;
use crate::problem::{Code, problem};
use crate::root::Root;

use super::draft::Draft;
use super::{FileSystems, Findings};

/// What becomes of what is written to the root.
pub(crate) fn of_root(root: &Root) -> Backing {
    match root {
        Root::Tmpfs { .. } => Backing::Volatile("tmpfs".to_owned()),
        Root::ZfsRollback { dataset, snapshot } => {
            Backing::RolledBack(format!("{dataset}@{snapshot}"))
        }
        Root::Rotated { device, retention, .. } => {
            Backing::Retained { device: device.clone(), retention: *retention }
        }
        Root::Persistent { device, .. } => Backing::Persistent(device.clone()),
    }
}

/// The file systems alone, with the root.
fn of_file_systems(root: &Root, file_systems: &FileSystems) -> Covers {
    let plain = file_systems.iter().map(|(path, mounted)| {
        // A bind is looked up below; a loop of binds stays unknown, and is refused by `order`.
        let unknown = || Backing::Unknown(mounted.device.clone());
        (
            path.clone(),
            Cover { by: By::FileSystem, backing: mounted.backing().unwrap_or_else(unknown) },
        )
    });
    let root = Cover { by: By::Root, backing: of_root(root) };
    let covers = Index::new(plain.chain([(AbsolutePath::root(), root)]));
    let resolved = covers.iter().map(|(path, cover)| {
        let backing = bound(path, &covers, file_systems).unwrap_or_else(|| cover.backing.clone());
        (path.clone(), Cover { by: cover.by, backing })
    });
    Index::new(resolved.collect::<Vec<_>>())
}

/// What a bind of a file system's directory is backed by: as many steps as mounts can be nested in sense.
fn bound(path: &AbsolutePath, covers: &Covers, file_systems: &FileSystems) -> Option<Backing> {
    let mut path = path.clone();
    let mut at = file_systems.get(&path)?;
    at.bound_from()?;
    for _ in 0..32 {
        match at.bound_from() {
            None => return at.backing(),
            Some(from) => {
                let (above, cover) = covers.nearest(from.as_bytes())?;
                match file_systems.get(above) {
                    None => return Some(cover.backing.clone()),
                    Some(next) if *above == path => return next.backing(),
                    Some(next) => (path, at) = (above.clone(), next),
                }
            }
        }
    }
    None
}

/// A store has to be on something that is kept, and so has the place of each entry in it.
pub(super) fn check_stores(
    host: &Host,
    stores: &Index<()>,
    drafts: &[Draft],
    file_systems: &FileSystems,
    found: &mut Findings,
) {
    let covers = of_file_systems(&host.root, file_systems);
    for (path, ()) in stores.iter() {
        let Some((on, cover)) = covers.nearest(path.as_bytes()) else { continue };
        let (what, is_unknown) = match &cover.backing {
            Backing::Persistent(_) | Backing::External(_) => continue,
            Backing::Unknown(kind) => (format!("nobody knows what becomes of {on} ({kind})"), true),
            _ if on.is_root() => {
                (format!("the store {path} is on /, which is {}", host.root), false)
            }
            backing => (format!("the store {path} is on {on}, which is {backing}"), false),
        };
        let unknown = Origin::new(Layer::Host, format!("stores.\"{path}\""));
        let origin = host.stores.get(path).map_or(&unknown, |store| &store.origin);
        let remedy = "declare the file system that is mounted there in `fileSystems`";
        let problem = problem(origin, Code::StoreNotPersistent, what, remedy);
        if is_unknown { found.warnings.push(problem) } else { found.problems.push(problem) }
    }
    for draft in drafts.iter().filter(|draft| draft.is_made()) {
        let source = draft.source();
        let Some((on, cover)) = covers.nearest(source.as_bytes()) else { continue };
        if draft.store.is_above(on) && cover.backing.is_thrown_away() {
            let what = format!("{source} would keep {}, and {on} is {}", draft.path, cover.backing);
            let remedy = "keep it in another store, or unmount that";
            found.problems.push(problem(&draft.origin, Code::StoreNotPersistent, what, remedy));
        }
    }
}

/// A bind of a directory that has mounts below it brings them along, unless it is declared not to.
pub(super) fn settle_submounts(
    drafts: &mut [Draft],
    file_systems: &FileSystems,
    found: &mut Findings,
) {
    for draft in
        drafts.iter_mut().filter(|draft| draft.via == Via::Bind && draft.kind == Kind::Directory)
    {
        let source = draft.source();
        let mut below =
            file_systems.range(source.clone()..).take_while(|(path, _)| source.contains(path));
        let Some((submount, _)) = below.find(|(path, _)| source.is_above(path)) else { continue };
        if draft.how.is_none() {
            draft.via = Via::Rbind;
        } else {
            let what = format!(
                "{submount} is mounted below {source}; at {} its mount point shows what is beneath",
                draft.path
            );
            let remedy = "write how = \"rbind\"";
            found.warnings.push(problem(&draft.origin, Code::Submounts, what, remedy));
        }
    }
}

/// Every cover.
pub(super) fn covers(host: &Host, drafts: &[Draft], file_systems: &FileSystems) -> Covers {
    let base = of_file_systems(&host.root, file_systems);
    let mut covers: Vec<(AbsolutePath, Cover)> =
        base.iter().map(|(path, cover)| (path.clone(), cover.clone())).collect();
    let mut brought = Vec::new();
    for (number, draft) in drafts.iter().enumerate().filter(|(_, draft)| draft.is_made()) {
        let source = draft.source();
        let backing = base.nearest(source.as_bytes()).map(|(_, cover)| cover.backing.clone());
        let backing = backing.unwrap_or_else(|| Backing::Unknown(draft.store.to_string()));
        covers.push((draft.path.clone(), Cover { by: By::Entry(number), backing }));
        if draft.via == Via::Rbind {
            for (path, cover) in base.below(source.as_bytes()) {
                if let Some(at) = path.rebased(&source, &draft.path) {
                    brought.push((at, Cover { by: By::Submount(number), ..cover.clone() }));
                }
            }
        }
    }
    // What is mounted at a path of its own is on top of what a bind brings there.
    covers.extend(brought);
    Index::new(covers)
}

/// Adds the directories that are made at every boot on what is not kept: there an answer is another one.
pub(super) fn with_made(covers: Covers, stores: &Index<()>, steps: &[Step]) -> Covers {
    let mut made = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        let Action::Create(place) = &step.action else { continue };
        if place.kind != PlaceKind::Directory || stores.nearest(place.path.as_bytes()).is_some() {
            continue;
        }
        let Some((on, cover)) = covers.nearest(place.path.as_bytes()) else { continue };
        if *on != place.path && !cover.backing.is_kept() {
            let by = By::Made(number);
            made.push((place.path.clone(), Cover { by, backing: cover.backing.clone() }));
        }
    }
    Index::new(covers.into_iter().chain(made))
}
