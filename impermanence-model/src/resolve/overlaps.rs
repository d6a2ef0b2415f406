//! Entries that contradict, repeat or contain each other, and entries where file systems are mounted.

use crate::host::{Backing, How, Kind};
use crate::layout::Via;
use crate::problem::{Code, problem};

use super::draft::Draft;
use super::{FileSystems, Findings};

/// Refuses what contradicts; marks what is kept anyway. Entries are sorted by path before and after.
pub(super) fn settle(drafts: &mut Vec<Draft>, file_systems: &FileSystems, found: &mut Findings) {
    repeated(drafts, found);
    mounted_over(drafts, file_systems, found);
    nested(drafts, file_systems, found);
}

/// One path, several entries: two that are the directories of files are one; all others are refused.
fn repeated(drafts: &mut Vec<Draft>, found: &mut Findings) {
    drafts.dedup_by(|later, earlier| {
        if later.path != earlier.path {
            return false;
        }
        let first = &earlier.origin;
        let (code, what, remedy) = if later.kind != earlier.kind {
            let noun = |kind| if kind == Kind::File { "file" } else { "directory" };
            let (here, there) = (noun(later.kind), noun(earlier.kind));
            let what = format!("{} is a {here} here, and a {there} for {first}", later.path);
            (Code::FileAndDirectory, what, "keep the one that it is")
        } else if later.store != earlier.store {
            let what = format!(
                "{} is kept in {} here, and in {} by {first}: one of the two would be hidden",
                later.path, later.store, earlier.store
            );
            (Code::TwoStores, what, "keep it in one store")
        } else if later.is_parent || earlier.is_parent {
            return true;
        } else {
            let what = format!("{} is declared by {first} already", later.path);
            (Code::DeclaredTwice, what, "leave one of the two out")
        };
        found.problems.push(problem(&later.origin, code, what, remedy));
        true
    });
}

/// An entry on the mount point of a file system, or on one that is kept anyway.
fn mounted_over(drafts: &mut [Draft], file_systems: &FileSystems, found: &mut Findings) {
    for draft in drafts {
        let Some(mounted) = file_systems.get(&draft.path) else { continue };
        match mounted.backing() {
            Some(Backing::Persistent(device) | Backing::External(device))
                if draft.kind == Kind::Directory =>
            {
                let what = format!(
                    "{device} is mounted at {} ({}), so the bind from {} would hide it, and is left out",
                    draft.path, mounted.origin, draft.store
                );
                let remedy = "remove the entry, or the file system";
                found.warnings.push(problem(&draft.origin, Code::BindOnDataset, what, remedy));
                draft.via = Via::FileSystem;
            }
            _ => {
                let what = format!(
                    "{} is mounted at {} ({}), and the entry would be, too",
                    mounted.device, draft.path, mounted.origin
                );
                let remedy = "remove one of the two";
                found.problems.push(problem(&draft.origin, Code::TwoMounts, what, remedy));
            }
        }
    }
}

/// What is below a file, below a link, or below a directory that is kept in the same store.
fn nested(drafts: &mut [Draft], file_systems: &FileSystems, found: &mut Findings) {
    let mut open: Vec<usize> = Vec::new();
    for index in 0..drafts.len() {
        let Some(draft) = drafts.get(index) else { continue };
        let contains = |above: &usize| {
            drafts.get(*above).is_some_and(|above| above.path.is_above(&draft.path))
        };
        while open.last().is_some_and(|above| !contains(above)) {
            open.pop();
        }
        let above = open.last().and_then(|above| drafts.get(*above));
        let via = above.and_then(|above| below(draft, above, file_systems, found));
        if let (Some(via), Some(draft)) = (via, drafts.get_mut(index)) {
            draft.via = via;
        }
        open.push(index);
    }
    below_links(drafts, file_systems, found);
}

/// What an entry inside of another comes to.
fn below(
    draft: &Draft,
    above: &Draft,
    file_systems: &FileSystems,
    found: &mut Findings,
) -> Option<Via> {
    if above.kind == Kind::File {
        let what = format!(
            "{} is below {}, which {} declares as a file",
            draft.path, above.path, above.origin
        );
        let remedy = "declare that one as a directory, or leave this out";
        found.problems.push(problem(&draft.origin, Code::BelowFile, what, remedy));
        return None;
    }
    let same_store = draft.store == above.store && above.is_mounted();
    // A file system between the two hides what the upper one keeps.
    let between = file_systems
        .range(above.path.clone()..=draft.path.clone())
        .any(|(path, _)| above.path.is_above(path) && path.contains(&draft.path));
    if !same_store || between {
        // What is below a link into the store is in the store.
        return (above.via == Via::Symlink && draft.store == above.store).then(|| {
            redundant(draft, above, found);
            Via::Within(above.path.clone())
        });
    }
    redundant(draft, above, found);
    match (draft.kind, draft.how) {
        // A mount of its own shows the same directory: it is what was asked for, and does no harm.
        (Kind::Directory, _) if draft.via != Via::Symlink => None,
        // A file bound or linked to itself could never be replaced, or never be read.
        (_, Some(How::Copy)) => None,
        _ => Some(Via::Within(above.path.clone())),
    }
}

fn redundant(draft: &Draft, above: &Draft, found: &mut Findings) {
    let what = format!(
        "{} is in {}, which {} keeps in {} already",
        draft.path, above.path, above.origin, above.store
    );
    found.warnings.push(problem(&draft.origin, Code::Redundant, what, "leave it out"));
}

/// A mount point, an entry or a file system, has to be free of links (systemd.mount(5), `Where=`), and is below
/// no file.
fn below_links(drafts: &[Draft], file_systems: &FileSystems, found: &mut Findings) {
    let is_link = |draft: &&Draft| draft.via == Via::Symlink || draft.kind == Kind::File;
    for link in drafts.iter().filter(is_link) {
        let mut below = file_systems.range(link.path.clone()..);
        while let Some((path, mounted)) = below.next().filter(|(path, _)| link.path.contains(path))
        {
            let (code, how) = match link.kind {
                Kind::File => (Code::BelowFile, "declares as a file"),
                Kind::Directory => (Code::BelowLink, "keeps by a link"),
            };
            let what = format!("{path} is below {}, which {} {how}", link.path, link.origin);
            let remedy = format!("keep {} by a bind of a directory", link.path);
            if link.path.is_above(path) {
                found.problems.push(problem(&mounted.origin, code, what, remedy));
            }
        }
    }
    // The same for where a file is kept: what is mounted there is a directory.
    for file in drafts.iter().filter(|draft| draft.kind == Kind::File) {
        let source = file.source();
        let mounted = file_systems.range(source.clone()..).next();
        if let Some((path, mounted)) = mounted.filter(|(path, _)| source.contains(path)) {
            let what = format!(
                "{path} is mounted where the file {} of {} is kept",
                file.path, file.origin
            );
            let remedy = "keep one of the two elsewhere";
            found.problems.push(problem(&mounted.origin, Code::BelowFile, what, remedy));
        }
    }
    let mut link: Option<&Draft> = None;
    for draft in drafts {
        if let Some(link) = link.filter(|link| link.path.is_above(&draft.path)) {
            if draft.is_made() {
                let what = format!(
                    "{} is below {}, which {} keeps by a link",
                    draft.path, link.path, link.origin
                );
                let remedy = format!("keep {} by a bind", link.path);
                found.problems.push(problem(&draft.origin, Code::BelowLink, what, remedy));
            }
        } else if draft.via == Via::Symlink && draft.kind == Kind::Directory {
            link = Some(draft);
        }
    }
}
