//! What is to be kept, where, in which store, and who says so.

use crate::host::{At, Declared, FileSystem, Host, Keep, Kind, State, Storage};
use crate::index::{Index, sort_large};
use crate::origin::Origin;
use crate::path::AbsolutePath;
use crate::problem::{Code, problem};

use super::draft::Draft;
use super::{FileSystems, Findings};

/// The stores by path.
pub(super) fn stores(host: &Host, found: &mut Findings) -> Index<()> {
    for (path, store) in host.stores.iter().filter(|(path, _)| path.is_root()) {
        let what = format!("{path} is no store: what is kept would be in itself");
        let remedy = "name a directory on a file system that is kept";
        found.problems.push(problem(&store.origin, Code::BadStore, what, remedy));
    }
    Index::new(host.stores.keys().map(|path| (path.clone(), ())))
}

/// Every entry of core, host, users and services, in order of path. A dataset that keeps a service joins the
/// file systems.
pub(super) fn collect(
    host: &Host,
    file_systems: &mut FileSystems,
    found: &mut Findings,
) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = Vec::with_capacity(host.entries.len());
    for declared in &host.entries {
        let path = path(host, declared, found);
        let store = store(host, declared.store.as_ref(), &declared.origin, found);
        if let (Some(path), Some(store)) = (path, store) {
            let mut draft = Draft::new(path, store.clone(), declared);
            if let Some(of_store) = host.stores.get(store) {
                let missing = of_store.options.iter().filter(|o| !declared.options.contains(o));
                draft.options.extend(missing.cloned());
            }
            drafts.push(draft);
        }
    }
    for (name, (keep, origin)) in &host.keep {
        if let Some(service) = host.services.get(name) {
            keep_service(
                host,
                name,
                &service.state,
                (keep, origin),
                file_systems,
                &mut drafts,
                found,
            );
        } else {
            let known: Vec<&str> = host.services.keys().map(String::as_str).collect();
            let remedy = match declared::nearest(name, &known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("declare services.{name}, or leave this out"),
            };
            let what = format!("no service is called `{name}`");
            found.problems.push(problem(origin, Code::UnknownService, what, remedy));
        }
    }
    drafts = sort_large(drafts, Draft::order);
    drafts
}

fn path(host: &Host, declared: &Declared, found: &mut Findings) -> Option<AbsolutePath> {
    match &declared.at {
        At::Path(path) => Some(path.clone()),
        At::Home { user, path } => {
            if let Some(user) = host.users.get(user) {
                Some(user.home.join(path))
            } else {
                let what = format!("no user is called `{user}`, so nobody knows the home");
                let remedy = format!("declare users.{user}");
                found.problems.push(problem(&declared.origin, Code::UnknownUser, what, remedy));
                None
            }
        }
    }
}

fn store<'h>(
    host: &'h Host,
    wanted: Option<&'h AbsolutePath>,
    origin: &Origin,
    found: &mut Findings,
) -> Option<&'h AbsolutePath> {
    let all = || host.stores.keys().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if let Some(wanted) = wanted {
        if !host.stores.contains_key(wanted) {
            let what = format!("{wanted} is no store");
            let remedy = match host.stores.len() {
                0 => format!("declare stores.\"{wanted}\""),
                _ => format!("write one of: {}", all()),
            };
            found.problems.push(problem(origin, Code::UnknownStore, what, remedy));
            return None;
        }
        return Some(wanted);
    }
    let mut stores = host.stores.keys();
    match (stores.next(), stores.next()) {
        (Some(only), None) => Some(only),
        (None, _) => {
            let remedy = "declare one: [stores.\"/persist\"]";
            found.problems.push(problem(origin, Code::NoStore, "there is no store", remedy));
            None
        }
        _ => {
            let remedy = format!("name one with `store`: {}", all());
            found.problems.push(problem(origin, Code::NoStore, "there are several stores", remedy));
            None
        }
    }
}

/// What the decision about a service comes to.
fn keep_service(
    host: &Host,
    name: &str,
    state: &[State],
    (keep, origin): (&Keep, &Origin),
    file_systems: &mut FileSystems,
    drafts: &mut Vec<Draft>,
    found: &mut Findings,
) {
    match keep {
        Keep::Ephemeral(_) => {}
        Keep::Bind(named) => {
            let of_host = match &host.storage {
                Some(Storage::Binds(store)) => Some(store),
                _ => None,
            };
            let Some(store) = store(host, named.as_ref().or(of_host), origin, found) else {
                return;
            };
            for state in state {
                let mut declared =
                    Declared::new(At::Path(state.path.clone()), state.kind, state.origin.clone());
                declared.own = state.own.clone();
                declared.stage = state.stage;
                let mut draft = Draft::new(state.path.clone(), store.clone(), &declared);
                draft.options =
                    host.stores.get(store).map(|s| s.options.clone()).unwrap_or_default();
                drafts.push(draft);
            }
        }
        Keep::Dataset(dataset) => {
            let [state] = state else {
                let what =
                    format!("service {name} has {} places, and a dataset has one", state.len());
                let remedy = "declare the datasets as fileSystems, one for each place";
                found.problems.push(problem(origin, Code::BadValue, what, remedy));
                return;
            };
            if state.kind == Kind::File {
                let what =
                    format!("a dataset is mounted on a directory, and {} is a file", state.path);
                found.problems.push(problem(origin, Code::BadValue, what, "keep it by a bind"));
                return;
            }
            let mounted = FileSystem {
                device: dataset.clone(),
                fs_type: "zfs".to_owned(),
                options: Vec::new(),
                needed_for_boot: false,
                depends: Vec::new(),
                rollback: None,
                origin: origin.clone(),
            };
            match file_systems.get(&state.path) {
                Some(known) if known.device == *dataset => {}
                Some(known) => {
                    let what = format!(
                        "{} is mounted at {} already ({})",
                        known.device, state.path, known.origin
                    );
                    found.problems.push(problem(
                        origin,
                        Code::TwoMounts,
                        what,
                        "name that one, or leave it out",
                    ));
                }
                None => {
                    file_systems.insert(state.path.clone(), mounted);
                }
            }
        }
    }
}

/// Refuses entries that are `/`, a store, above a store, or in one, and leaves them out: what follows from them is noise.
pub(super) fn check_paths(
    drafts: &mut Vec<Draft>,
    stores: &Index<()>,
    host: &Host,
    found: &mut Findings,
) {
    drafts.retain(|draft| match misplaced(draft, stores, host) {
        None => true,
        Some((code, what, remedy)) => {
            found.problems.push(problem(&draft.origin, code, what, remedy));
            false
        }
    });
}

fn misplaced(
    draft: &Draft,
    stores: &Index<()>,
    host: &Host,
) -> Option<(Code, String, &'static str)> {
    let path = &draft.path;
    if path.is_root() {
        let what = format!("/ itself would be kept in {}", draft.store);
        let remedy = "declare `root` as persistent, or name the directories that are needed";
        return Some((Code::EntryIsRoot, what, remedy));
    }
    if host.stores.contains_key(path) {
        let what = format!("{path} is a store, and would be mounted on itself");
        return Some((Code::EntryIsStore, what, "leave it out"));
    }
    if let Some((store, ())) = stores.nearest(path.as_bytes()) {
        let what = format!("{path} is in the store {store} already");
        return Some((
            Code::EntryInStore,
            what,
            "write the path that programs use, without the store",
        ));
    }
    let (store, ()) = stores.below(path.as_bytes()).next()?;
    let what = format!("{path} would be mounted over the store {store}");
    Some((Code::StoreInEntry, what, "move the store, or name directories beside it"))
}
