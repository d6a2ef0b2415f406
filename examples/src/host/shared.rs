//! What one table of a host says and another one needs: said once, and given to the other before its crate reads it.
//!
//! | said in | given to |
//! |---|---|
//! | `host.name` | `persistence.name`, `backup.host`, `restore.host` |
//! | `host.zone` | `backup.zone` |
//! | `host.shares` | `persistence.fileSystems` |
//! | `datasets`: what is mounted where | `persistence.fileSystems`, `persistence.root.dataset`, `mountpoint` of `backup.jobs` |
//! | `datasets.parentDataset` | `persistence.storage`, where it says nothing |
//! | `datasets.services` | `dataset`, `mountpoint`, `owner`, `properties` of `restore.services` |
//! | `backup.replication` to a machine | `target`, `transport`, `raw` of the machine in `restore.replicas` |
//! | `backup.repositories`, `backup.jobs` | `url`, `passwordFile`, `environmentFile`, `jobs` of `restore.repositories` |
//!
//! What a table says itself stays, but for the first two rows: there, saying it again is a problem.

use std::collections::BTreeMap;

use dataset_plan::spec::{Desired, Want};
use declared::{Data, Node};
use zfs_props::Property;
use zfs_props::key::PropertyName;
use zfs_props::kind::DatasetKind;
use zfs_props::name::DatasetName;

use super::tree::{
    again, flag, get_mut, give, in_force, list, members, members_mut, string, table, text, texts,
};

/// What tables are given of `[host]`, and where that is said.
pub(super) const AGAIN: [(&str, &str); 4] = [
    ("persistence.name", "host.name"),
    ("backup.host", "host.name"),
    ("restore.host", "host.name"),
    ("backup.zone", "host.zone"),
];

/// The tables of the other crates, with what they are given.
pub(super) struct Tables {
    pub(super) persistence: Node,
    pub(super) backup: Node,
    pub(super) restore: Node,
}

impl Tables {
    /// `desired` is what the datasets come to, if nothing is wrong with them.
    pub(super) fn of(document: &Node, desired: Option<&Desired>) -> Self {
        let table = |key| document.get(key).cloned().unwrap_or(Node::EMPTY);
        let (mut persistence, mut backup, mut restore) =
            (table("persistence"), table("backup"), table("restore"));
        let datasets = table("datasets");
        let mounts = match desired {
            Some(desired) => mounts(desired),
            None => likely_mounts(&datasets),
        };

        let host = table("host");
        persistence_of(&mut persistence, &host, &datasets, &mounts);
        jobs_of(&mut backup, &mounts);
        services_of(&mut restore, &datasets, &mounts, desired);
        replicas_of(&mut restore, &backup);
        repositories_of(&mut restore, &backup);

        // A machine without a name is one problem, not four.
        let name = host.get("name").filter(|name| matches!(name.data, Data::Text(_)));
        let name = name.cloned().unwrap_or_else(|| string("unknown"));
        let names = [(&mut persistence, "name"), (&mut backup, "host"), (&mut restore, "host")];
        for (table, key) in names {
            again(table, key, name.clone());
        }
        if let Some(zone) = host.get("zone") {
            again(&mut backup, "zone", zone.clone());
        }
        Self { persistence, backup, restore }
    }
}

/// Where each dataset is mounted.
type Mounts = BTreeMap<String, String>;

fn mounts(desired: &Desired) -> Mounts {
    let base = desired.base.iter();
    let base = base.filter_map(|(name, base)| Some((name, base.mounted_at.as_deref()?)));
    let datasets = desired.datasets.iter();
    let datasets = datasets.filter_map(|(name, want)| Some((name, want.mounted_at()?)));
    base.chain(datasets).map(|(name, path)| (name.to_string(), path.to_owned())).collect()
}

/// Where datasets are mounted if their declaration has problems: as it seems. Nothing comes of it but the problems of
/// other tables that are problems anyway.
fn likely_mounts(datasets: &Node) -> Mounts {
    let parent = text(datasets, "parentDataset").unwrap_or("unknown");
    let base = members(datasets.get("base")).iter();
    let base =
        base.filter_map(|base| Some((base.key.clone(), text(&base.node, "mountedAt")?.to_owned())));
    let services = members(datasets.get("services")).iter().map(|service| {
        let path = text(&service.node, "mountpoint");
        let path = path.map(|path| format!("/{}", path.trim_start_matches('/')));
        let name = format!("{parent}/{}", service.key);
        (name.clone(), path.unwrap_or_else(|| format!("/{name}")))
    });
    base.chain(services).collect()
}

fn persistence_of(persistence: &mut Node, host: &Node, datasets: &Node, mounts: &Mounts) {
    if let (Some(root), Some((dataset, _))) =
        (get_mut(persistence, "root"), mounts.iter().find(|(_, path)| *path == "/"))
    {
        // Other kinds of roots have a key for what is mounted, or none.
        if text(root, "kind") == Some("zfs-rollback") {
            give(root, "dataset", string(dataset));
        }
    }
    if let Some(parent) = text(datasets, "parentDataset") {
        give(persistence, "storage", table([("datasets", string(parent))]));
    }
    let base = datasets.get("base");
    let of_dataset = |(dataset, path): (&String, &String)| {
        let boot = base.is_some_and(|base| base.get(dataset).is_some());
        (path.clone(), file_system("zfs", dataset, boot))
    };
    let shares = members(host.get("shares")).iter().filter_map(|share| {
        let Data::Text(machine) = &share.node.data else { return None };
        Some((share.key.clone(), file_system("nfs", machine, false)))
    });
    let known: Vec<(String, Node)> = mounts.iter().map(of_dataset).chain(shares).collect();
    give(persistence, "fileSystems", Node::EMPTY);
    if let Some(all) = get_mut(persistence, "fileSystems") {
        for (path, file_system) in known.into_iter().filter(|(path, _)| path != "/") {
            give(all, &path, file_system);
        }
    }
}

fn file_system(kind: &str, device: &str, needed_for_boot: bool) -> Node {
    table([
        ("device", string(device)),
        ("fsType", string(kind)),
        ("neededForBoot", flag(needed_for_boot)),
    ])
}

fn jobs_of(backup: &mut Node, mounts: &Mounts) {
    for job in members_mut(get_mut(backup, "jobs")) {
        let dataset = text(&job.node, "dataset");
        if let Some(path) = dataset.and_then(|dataset| mounts.get(dataset)) {
            give(&mut job.node, "mountpoint", string(path));
        }
    }
}

fn services_of(restore: &mut Node, datasets: &Node, mounts: &Mounts, desired: Option<&Desired>) {
    let parent = text(datasets, "parentDataset").map(str::to_owned);
    let wants = desired.iter().flat_map(|desired| desired.datasets.iter());
    let wants: BTreeMap<String, (&DatasetName, &Want)> =
        wants.map(|(name, want)| (want.path.to_string(), (name, want))).collect();
    for service in members_mut(get_mut(restore, "services")) {
        let want = wants.get(&declared::join("services", &service.key));
        let dataset = match (text(&service.node, "dataset"), want, &parent) {
            (Some(dataset), ..) => dataset.to_owned(),
            (None, Some((dataset, _)), _) => dataset.to_string(),
            // Nobody knows what there is, so everything is there.
            (None, None, Some(parent)) if desired.is_none() => format!("{parent}/{}", service.key),
            _ => continue,
        };
        if let Some(path) = mounts.get(&dataset) {
            give(&mut service.node, "mountpoint", string(path));
        } else if desired.is_none() {
            give(&mut service.node, "mountpoint", string(&format!("/{dataset}")));
        }
        give(&mut service.node, "dataset", string(&dataset));
        let name = dataset.parse::<DatasetName>().ok();
        let want = name.and_then(|name| desired?.datasets.get(&name));
        let Some(want) = want else { continue };
        if let (Some(user), Some(group)) = (&want.owner, &want.group) {
            let owner = table([("user", string(user)), ("group", string(group))]);
            give(&mut service.node, "owner", owner);
        }
        // A service is mounted where it says, and what is set once is that of what came back; how any other property is set is the
        // same for both crates.
        let is_own = |name: &PropertyName| match name.native() {
            Some(Property::Mountpoint | Property::Canmount) => false,
            native => native.is_none_or(|native| !native.is_settable_once()),
        };
        let settings = want.settings().filter(|(name, _)| is_own(name));
        let settings =
            settings.map(|(name, setting)| (name.to_string(), string(setting.argument())));
        if want.kind() == DatasetKind::Filesystem {
            give(&mut service.node, "properties", table(settings));
        }
    }
}

/// A replica is where the replications to its machine put their sources.
fn replicas_of(restore: &mut Node, backup: &Node) {
    let raw_by_default = is_raw(backup.get("defaults").and_then(|all| all.get("replication")));
    for replica in members_mut(get_mut(restore, "replicas")) {
        let Some(source) = text(&replica.node, "source").map(str::to_owned) else { continue };
        let sent = in_force(backup.get("replication")).find_map(|sent| {
            let from = text(&sent.node, "source")?;
            // A target without a machine is in another pool of this one.
            let to = text(&sent.node, "target")?;
            let (address, target) = to.rsplit_once(':').map_or((None, to), |(a, t)| (Some(a), t));
            let place = match address {
                Some(address) => address.rsplit_once('@').map_or(address, |(_, machine)| machine),
                None => target.split('/').next()?,
            };
            let rest = from.strip_prefix(source.as_str())?;
            let target = target.strip_suffix(rest)?;
            let below = rest.is_empty() || rest.starts_with('/');
            let raw = is_raw(Some(&sent.node)).or(raw_by_default).unwrap_or(false);
            (place == replica.key && below)
                .then(|| (address.map(str::to_owned), target.to_owned(), raw))
        });
        if let Some((address, target, raw)) = sent {
            give(&mut replica.node, "target", string(&target));
            if let Some(address) = address {
                give(&mut replica.node, "transport", list([string("ssh"), string(&address)]));
            }
            give(&mut replica.node, "raw", flag(raw));
        }
    }
}

/// Whether syncoid is told to send raw streams; none: it is told nothing.
fn is_raw(sent: Option<&Node>) -> Option<bool> {
    let options = texts(sent?, "options")?;
    let mut flags = options.iter().filter_map(|option| option.strip_prefix("--sendoptions="));
    Some(flags.any(|flags| flags.contains('w')))
}

fn repositories_of(restore: &mut Node, backup: &Node) {
    // By their datasets, and by the paths of those.
    let mut services = BTreeMap::new();
    for service in members(restore.get("services")) {
        for key in ["dataset", "mountpoint"] {
            let place = text(&service.node, key).map(str::to_owned);
            services.extend(place.map(|place| (place, service.key.clone())));
        }
    }
    let usual = backup.get("defaults").and_then(|all| text(all, "repository"));
    for repository in members_mut(get_mut(restore, "repositories")) {
        let known = backup.get("repositories").and_then(|all| all.get(&repository.key));
        for key in ["url", "passwordFile", "environmentFile"] {
            if let Some(value) = known.and_then(|known| known.get(key)) {
                give(&mut repository.node, key, value.clone());
            }
        }
        let jobs = in_force(backup.get("jobs"))
            .filter(|job| text(&job.node, "repository").or(usual) == Some(repository.key.as_str()));
        let jobs = jobs.filter_map(|job| {
            let (place, root) = if let Some(dataset) = text(&job.node, "dataset") {
                // What restic is given is a clone's path, and that is what it records.
                let mount = backup_spec::units::clone_mount(&job.key.parse().ok()?);
                (dataset, mount.to_string())
            } else {
                let &[path] = texts(&job.node, "paths")?.as_slice() else { return None };
                (path, path.to_owned())
            };
            let mut recorded = vec![("root", string(&root))];
            recorded.extend(job.node.get("tags").map(|tags| ("tags", tags.clone())));
            Some((services.get(place)?.clone(), table(recorded)))
        });
        // Whichever comes last, where two of them read one service.
        let jobs: BTreeMap<String, Node> = jobs.collect();
        give(&mut repository.node, "jobs", table(jobs));
    }
}
