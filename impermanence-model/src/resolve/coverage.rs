//! Is every service's state kept, or lost on purpose?

use crate::host::{Backing, Host, Keep, State, Storage, advise};
use crate::index::Index;
use crate::layout::{Covers, ServiceState};
use crate::origin::Layer;
use crate::problem::{Code, problem};

use super::draft::Draft;
use super::{FileSystems, Findings};

/// Binds that the host does without: services on a host of datasets, and what lies on a file system that is kept.
pub(super) fn needless(
    host: &Host,
    drafts: &[Draft],
    file_systems: &FileSystems,
    found: &mut Findings,
) {
    let kept = file_systems.iter().filter(|(path, fs)| {
        let holds_store = host.stores.keys().any(|store| path.contains(store));
        matches!(fs.backing(), Some(Backing::Persistent(_))) && !holds_store
    });
    let kept = Index::new(kept.map(|(path, fs)| (path.clone(), fs)));
    for draft in drafts.iter().filter(|draft| draft.is_made()) {
        let (path, origin) = (&draft.path, &draft.origin);
        if let Some((on, fs)) = kept.nearest_above(path.as_bytes()) {
            let what = format!(
                "{path} is on {on}, which is {}, and would be kept without this",
                fs.device
            );
            found.warnings.push(problem(origin, Code::AlreadyKept, what, "leave it out"));
        } else if let (Some(Storage::Datasets(parent)), Layer::Host) =
            (&host.storage, &origin.layer)
        {
            let what = format!(
                "{path} is bound from {}, and this host keeps services in datasets",
                draft.store
            );
            let remedy = format!("mount a dataset below {parent} there");
            found.warnings.push(problem(origin, Code::BindOnDataset, what, remedy));
        }
    }
}

/// The state of every service, with the decision about it.
pub(super) fn services(host: &Host, covers: &Covers, found: &mut Findings) -> Vec<ServiceState> {
    let mut states = Vec::new();
    for (name, service) in &host.services {
        let keep = host.keep.get(name).map(|(keep, _)| keep);
        for state in &service.state {
            states.push(ServiceState {
                service: name.clone(),
                path: state.path.clone(),
                ephemeral: check(host, name, state, keep, covers, found),
                origin: state.origin.clone(),
            });
        }
    }
    states.sort_by(|a, b| (&a.path, &a.service).cmp(&(&b.path, &b.service)));
    states
}

/// Why the state is lost on purpose, if it is.
fn check(
    host: &Host,
    name: &str,
    state: &State,
    keep: Option<&Keep>,
    covers: &Covers,
    found: &mut Findings,
) -> Option<String> {
    let (on, cover) = covers.nearest(state.path.as_bytes())?;
    let is_kept = cover.backing.is_kept();
    if let Some(Keep::Ephemeral(why)) = keep {
        if is_kept && !on.is_root() {
            let what =
                format!("{} is declared ephemeral (keep.{name}), and {on} keeps it", state.path);
            let remedy = format!("remove that entry or file system, or keep.{name}");
            found.warnings.push(problem(&state.origin, Code::EphemeralButKept, what, remedy));
        }
        return Some(why.clone());
    }
    if !is_kept && !matches!(cover.backing, Backing::Unknown(_)) {
        let what = format!(
            "service {name} needs {} again, and nothing keeps it: / is {}",
            state.path, host.root
        );
        let remedy = format!("decide: {}", candidates(host, name, state));
        found.problems.push(problem(&state.origin, Code::Uncovered, what, remedy));
    }
    None
}

/// What could be declared.
fn candidates(host: &Host, name: &str, state: &State) -> String {
    let key = declared::join("keep", name);
    let mut options = Vec::new();
    if let Some(storage) = &host.storage {
        options.push(advise(storage, name, state).to_string());
    }
    options.extend(host.stores.keys().map(|store| format!("{key} = {{ bind = \"{store}\" }}")));
    options.push(format!("{key} = {{ dataset = \"POOL/{name}\" }}"));
    options.push(format!("{key} = {{ ephemeral = \"WHY\" }}"));
    options.join(", or ")
}
