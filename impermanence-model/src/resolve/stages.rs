//! When in the boot each entry has to be there, and whether what it stands on is there by then.

use std::collections::BTreeMap;

use crate::host::FileSystem;
use crate::index::Index;
use crate::layout::Via;
use crate::origin::Origin;
use crate::path::AbsolutePath;
use crate::problem::{Code, problem};
use crate::stage::Stage;

use super::draft::Draft;
use super::{FileSystems, Findings};

/// What the system proper is started from: NixOS mounts these in the initrd (nixpkgs, `pathsNeededForBoot`).
const NEEDED_FOR_BOOT: [&str; 8] =
    ["/nix", "/nix/store", "/var", "/var/log", "/var/lib", "/var/lib/nixos", "/etc", "/usr"];

#[derive(Clone, Copy)]
enum Mounted {
    FileSystem,
    Entry(usize),
}

/// The entries that need a file system earlier than it is there.
struct Needed {
    count: usize,
    first: usize,
    stage: Stage,
}

/// Decides the stage of every entry: what it declares, or what the boot and the entries below it need.
pub(super) fn settle(drafts: &mut [Draft], file_systems: &FileSystems, found: &mut Findings) {
    for draft in drafts.iter_mut() {
        let for_boot = NEEDED_FOR_BOOT.iter().any(|path| path.as_bytes() == draft.path.as_bytes());
        let default = if for_boot { Stage::Initrd } else { Stage::Early };
        draft.at = draft.stage.unwrap_or(default);
    }
    let entries = drafts.iter().enumerate().filter(|(_, draft)| draft.is_mounted());
    let entries = entries.map(|(number, draft)| (draft.path.clone(), Mounted::Entry(number)));
    let mounts = file_systems.keys().map(|path| (path.clone(), Mounted::FileSystem));
    let mounts = Index::new(mounts.chain(entries.collect::<Vec<_>>()));

    // File systems are consumers of the entries that they are mounted on.
    for (path, fs) in file_systems {
        if let Some((_, Mounted::Entry(on))) = mounts.nearest_above(path.as_bytes()) {
            promote(drafts, *on, (path, &fs.origin), fs.stage(), found);
        }
    }
    let mut late: BTreeMap<&AbsolutePath, Needed> = BTreeMap::new();
    // From the leaves: what is above has what is below it as a consumer.
    for number in (0..drafts.len()).rev() {
        let Some(draft) = drafts.get(number).filter(|draft| draft.is_made()) else { continue };
        let (at, path, source) = (draft.at, draft.path.clone(), draft.source());
        let (origin, is_recursive) = (draft.origin.clone(), draft.via == Via::Rbind);
        let above = mounts.nearest_above(path.as_bytes());
        let below = mounts.nearest(source.as_bytes());
        for (on, mounted) in above.into_iter().chain(below) {
            match mounted {
                Mounted::FileSystem => {
                    let on = file_systems.get_key_value(on);
                    need(&mut late, on, number, at);
                }
                Mounted::Entry(other) if *other == number => {}
                Mounted::Entry(other) => {
                    promote(drafts, *other, (&path, &origin), at, found);
                }
            }
        }
        if is_recursive {
            let below =
                file_systems.range(source.clone()..).take_while(|(path, _)| source.contains(path));
            for on in below {
                need(&mut late, Some(on), number, at);
            }
        }
    }
    for (path, needed) in late {
        let (Some(fs), Some(first)) = (file_systems.get(path), drafts.get(needed.first)) else {
            continue;
        };
        let others = match needed.count {
            1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        let what = format!(
            "{path} is mounted {}, and {}{others} ({}) need it {}",
            fs.stage(),
            first.path,
            first.origin,
            needed.stage
        );
        let remedy = "write neededForBoot = true, or when = \"late\" for what is in it";
        found.problems.push(problem(&fs.origin, Code::TooEarly, what, remedy));
    }
    nested(file_systems, &mounts, found);
}

/// An entry needs a file system at a stage.
fn need<'f>(
    late: &mut BTreeMap<&'f AbsolutePath, Needed>,
    on: Option<(&'f AbsolutePath, &'f FileSystem)>,
    number: usize,
    at: Stage,
) {
    let Some((path, _)) = on.filter(|(_, fs)| fs.stage() > at) else { return };
    let needed = late.entry(path).or_insert(Needed { count: 0, first: number, stage: at });
    needed.count += 1;
    needed.first = number;
    needed.stage = needed.stage.min(at);
}

/// An entry that something stands on is there as early as that, unless it is declared to be late.
fn promote(
    drafts: &mut [Draft],
    on: usize,
    (path, origin): (&AbsolutePath, &Origin),
    at: Stage,
    found: &mut Findings,
) {
    let Some(above) = drafts.get_mut(on).filter(|above| above.at > at) else { return };
    if above.stage.is_none() {
        above.at = at;
        return;
    }
    let what = format!(
        "{path} is needed {at}, and {}, which it stands on, is there {} ({})",
        above.path, above.at, above.origin
    );
    found.problems.push(problem(
        origin,
        Code::TooEarly,
        what,
        format!("write when = \"{at}\" there, too"),
    ));
}

/// File systems on file systems.
fn nested(file_systems: &FileSystems, mounts: &Index<Mounted>, found: &mut Findings) {
    for (path, fs) in file_systems {
        let above = mounts.nearest_above(path.as_bytes());
        let from = fs.bound_from();
        let source = from.as_ref().and_then(|from| mounts.nearest(from.as_bytes()));
        for (on, _) in above.into_iter().chain(source) {
            let Some(late) = file_systems.get(on).filter(|on| on.stage() > fs.stage()) else {
                continue;
            };
            let what = format!(
                "{path} is mounted {}, and {on}, which it stands on, {}",
                fs.stage(),
                late.stage()
            );
            found.problems.push(problem(
                &late.origin,
                Code::TooEarly,
                what,
                "write neededForBoot = true",
            ));
        }
    }
}
