//! What one table of a host says about what another one declares.

use std::collections::BTreeSet;

use backup_spec::coverage::Subject;
use backup_spec::job::Source;
use dataset_plan::spec::Desired;
use examples::{HOSTS, Host};
use zfs_props::DatasetName;

/// Everything in one table that leads nowhere in another.
fn crossings(host: &Host) -> Vec<String> {
    let desired = host.datasets.expand().unwrap();
    let declared: BTreeSet<&DatasetName> =
        desired.base.keys().chain(desired.datasets.keys()).chain(&desired.parents).collect();
    let mut found = Vec::new();
    jobs(host, &desired, &declared, &mut found);
    copies(host, &declared, &mut found);
    restores(host, &desired, &mut found);
    files(host, &declared, &mut found);
    found
}

/// Where a dataset is mounted.
fn mount<'d>(desired: &'d Desired, dataset: &DatasetName) -> Option<&'d str> {
    let base = desired.base.get(dataset).and_then(|base| base.mounted_at.as_deref());
    base.or_else(|| desired.datasets.get(dataset)?.mounted_at())
}

fn jobs(
    host: &Host,
    desired: &Desired,
    declared: &BTreeSet<&DatasetName>,
    found: &mut Vec<String>,
) {
    for (name, job) in &host.backup.jobs {
        match &job.source {
            Source::Clone { dataset, mountpoint } => {
                if mount(desired, dataset) != Some(mountpoint.as_str()) {
                    found.push(format!("job {name}: {dataset} is not mounted at {mountpoint}"));
                }
                let temp: DatasetName = format!("{}/temp", dataset.pool()).parse().unwrap();
                if !declared.contains(&temp) {
                    found.push(format!("job {name}: its clone needs {temp}"));
                }
            }
            Source::Live {} => {
                for path in
                    job.paths.iter().filter(|path| !host.layout.fate(path.as_str()).survives())
                {
                    found.push(format!("job {name}: {path} does not survive a reboot"));
                }
            }
        }
    }
}

fn copies(host: &Host, declared: &BTreeSet<&DatasetName>, found: &mut Vec<String>) {
    let check = |dataset: &DatasetName, what: &str| {
        let nobody = || format!("{what} {dataset}: nobody declares it");
        (!declared.contains(dataset)).then(nobody)
    };
    let sanoid = host.backup.sanoid.iter();
    for dataset in sanoid.flat_map(|sanoid| sanoid.datasets.keys()) {
        found.extend(check(dataset, "snapshots of"));
    }
    for replication in host.backup.replication.values() {
        found.extend(check(replication.source(), "replication of"));
    }
    for archive in host.backup.pitr.values() {
        let cluster = &archive.pitr.cluster;
        for dataset in cluster.data_dataset.iter().chain(&cluster.wal_dataset) {
            found.extend(check(dataset, "archive of"));
        }
    }
    for subject in host.backup.protection.keys() {
        match subject {
            Subject::Dataset(dataset) => found.extend(check(dataset, "protection of")),
            Subject::Path(path) => {
                if !host.layout.fate(path.as_str()).survives() {
                    found.push(format!("protection of {path}: it does not survive a reboot"));
                }
            }
            other => panic!("{other}"),
        }
    }
    for (subject, tier, _) in &host.facts.vouched {
        let asked = host.backup.protection.get(subject);
        if !asked.is_some_and(|protection| protection.requirement.tiers.contains(tier)) {
            found.push(format!("vouched for {subject}: nobody asks for {tier}"));
        }
    }
}

fn restores(host: &Host, desired: &Desired, found: &mut Vec<String>) {
    let restore = &host.restore;
    for (name, service) in &restore.services {
        if mount(desired, &service.dataset) != Some(service.mountpoint.as_str()) {
            found.push(format!("restore of {name}: its dataset is not mounted there"));
        }
        for replica in &restore.replicas {
            let Some(target) = replica.of(&service.dataset) else { continue };
            let mut sent = host.backup.replication.values();
            if !sent.any(|sent| sent.job.target_of(&service.dataset) == Some(target.clone())) {
                found.push(format!("restore of {name}: nothing is sent to {target}"));
            }
        }
    }
    for repository in &restore.repositories {
        let known =
            repository.name.parse().ok().and_then(|name| host.backup.repositories.get(&name));
        if known.is_none_or(|known| known.url.to_string() != repository.url) {
            found.push(format!("repository {}: it is not what jobs write to", repository.name));
        }
        for (service, (tags, root)) in &repository.jobs {
            let written = host.backup.jobs.iter().any(|(name, job)| {
                let scan = host.backup.scan(name).unwrap();
                job.repository.as_str() == repository.name
                    && scan.roots.iter().any(|path| path.as_str() == root.as_str())
                    && tags.iter().all(|tag| job.tags.iter().any(|known| known.to_string() == *tag))
            });
            if !written {
                found.push(format!("repository {}: no job writes {root}", repository.name));
            }
            if !restore.services.contains_key(service) {
                found.push(format!("repository {}: nobody restores {service}", repository.name));
            }
        }
    }
}

/// Keys and passwords are there when they are needed.
fn files(host: &Host, declared: &BTreeSet<&DatasetName>, found: &mut Vec<String>) {
    let below = host.facts.secrets.as_ref().map(|secrets| secrets.below.as_str());
    let mut check = |path: &str, whose: &str| {
        let decrypted = below.is_some_and(|below| path.starts_with(below));
        if !decrypted && !host.layout.fate(path).survives() {
            found.push(format!("{path} of {whose} does not survive a reboot"));
        }
    };
    for (name, repository) in &host.backup.repositories {
        // A machine that says nothing of its secrets decrypts them somewhere else.
        if below.is_some() {
            check(repository.password_file.as_str(), name.as_str());
        }
    }
    for replica in &host.restore.replicas {
        if let Some(key) = &replica.key {
            check(key.as_str(), &replica.name);
        }
    }
    if let Some(secrets) = &host.facts.secrets {
        check(&secrets.key, "all secrets");
    }
    for (path, file_system) in &host.persistence.file_systems {
        let dataset = file_system.device.parse::<DatasetName>();
        if file_system.fs_type == "zfs" && !dataset.is_ok_and(|dataset| declared.contains(&dataset))
        {
            found.push(format!("{path}: nobody declares {}", file_system.device));
        }
    }
}

#[test]
fn nothing_leads_nowhere() {
    for (name, text) in HOSTS {
        let host = Host::from_toml(text).unwrap();
        assert_eq!(crossings(&host), Vec::<String>::new(), "{name}");
    }
}

/// Each of these is one edit of a file that is right, and is found.
#[test]
fn what_leads_nowhere_is_found() {
    let edits = [
        (
            "forge",
            "paths = [\"/var/lib/go2rtc\"]",
            "paths = [\"/srv/go2rtc\"]",
            "job go2rtc: /srv/go2rtc does not survive a reboot",
        ),
        (
            "forge",
            "actual = { dataset = \"tank/services/actual\" }",
            "actual = { dataset = \"tank/services/actual\", mountpoint = \"/srv/actual\" }",
            "job actual: tank/services/actual is not mounted at /srv/actual",
        ),
        (
            "forge",
            "[datasets.utility.\"rpool/temp\"]",
            "[datasets.utility.\"rpool/tmp\"]",
            "job system-persist-offsite: its clone needs rpool/temp",
        ),
        (
            "nas-0",
            "\"tank/minio\" = { use_template",
            "\"tank/mino\" = { use_template",
            "snapshots of tank/mino: nobody declares it",
        ),
        (
            "forge",
            "backup/forge/zfs-recv/sonarr\"",
            "backup/forge/zfs-recv/sonar\"",
            "restore of sonarr: nothing is sent to backup/forge/zfs-recv/sonarr",
        ),
        (
            "nas-0",
            "source = \"tank/home\"",
            "source = \"tank/homes\"\nenable = false",
            "replication of tank/homes: nobody declares it",
        ),
        (
            "forge",
            "dataDataset = \"tank/services/postgresql\"",
            "dataDataset = \"tank/postgresql\"",
            "archive of tank/postgresql: nobody declares it",
        ),
        (
            "forge",
            "\"tank/services/qui\" = { class",
            "\"tank/services/quid\" = { class",
            "protection of tank/services/quid: nobody declares it",
        ),
        (
            "forge",
            "\"/mnt/media\" = \"nas-0\"",
            "\"/mnt/films\" = \"nas-0\"",
            "protection of /mnt/media/paperless/media: it does not survive a reboot",
        ),
        (
            "forge",
            "{ automated-restore = \"postgresql",
            "{ replication = \"postgresql",
            "vouched for tank/services/postgresql: nobody asks for replication",
        ),
        (
            "forge",
            "[restore.repositories.nas-primary]",
            "[restore.repositories.nas-primary]\nurl = \"/mnt/other\"",
            "repository nas-primary: it is not what jobs write to",
        ),
        (
            "forge",
            "[restore.repositories.nas-primary]",
            "[restore.repositories.nas-primary]\njobs.sonarr.root = \"/var/lib/sonarr\"",
            "repository nas-primary: no job writes /var/lib/sonarr",
        ),
        (
            "forge",
            "key = \"/persist/etc/ssh/replication\"",
            "key = \"/root/.ssh/replication\"",
            "/root/.ssh/replication of nas-1 does not survive a reboot",
        ),
        (
            "forge",
            "key = \"/persist/etc/ssh/ssh_host_ed25519_key\"",
            "key = \"/etc/sops/key\"",
            "/etc/sops/key of all secrets does not survive a reboot",
        ),
        (
            "luna",
            "[persistence.fileSystems.\"/boot\"]",
            "[persistence.fileSystems.\"/srv\"]\ndevice = \"rpool/srv\"\nfsType = \"zfs\"\n[persistence.fileSystems.\"/boot\"]",
            "/srv: nobody declares rpool/srv",
        ),
    ];
    for (name, from, to, wanted) in edits {
        let (_, text) = HOSTS.into_iter().find(|(known, _)| *known == name).unwrap();
        assert!(text.contains(from), "{name}: {from}");
        let host = Host::from_toml(&text.replacen(from, to, 1));
        let host = host.unwrap_or_else(|report| panic!("{wanted}:\n{report}"));
        let found = crossings(&host);
        assert!(found.iter().any(|one| one == wanted), "{wanted}: {found:#?}");
    }
}
