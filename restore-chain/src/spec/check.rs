//! Whether a declaration fits together.

use std::collections::BTreeMap;

use super::Spec;
use crate::candidates::{Kind, Order};
use crate::problem::{Code, Problem};
use crate::quantity::Seconds;
use crate::service::{Bootstrap, Service};

/// Everything that does not.
pub(super) fn problems(spec: &Spec) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut report = |path: String, code, what: String, remedy: &str| {
        problems.push(Problem { position: None, path, code, what, remedy: remedy.to_owned() });
    };
    let mut datasets: BTreeMap<&str, &str> = BTreeMap::new();
    let mut places: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, service) in &spec.services {
        let path = format!("services.{name}");
        if let Some(other) = datasets.insert(service.dataset.as_str(), name) {
            let what = format!("{} is the dataset of {other}, too", service.dataset);
            report(
                path.clone(),
                Code::DuplicateDataset,
                what,
                "give every service a dataset of its own",
            );
        }
        if let Some(other) = places.insert(service.mountpoint.as_str(), name) {
            let what = format!("{} is the mountpoint of {other}, too", service.mountpoint);
            report(
                path.clone(),
                Code::DuplicateMountpoint,
                what,
                "give every dataset a mountpoint of its own",
            );
        }
        for (secret, whose) in secrets(spec, service) {
            if service.mountpoint.contains(secret) {
                let what = format!(
                    "{secret}, which {whose} needs, lies on {}, which it would restore",
                    service.dataset
                );
                report(
                    path.clone(),
                    Code::SecretInside,
                    what,
                    "keep the secret on a dataset that is there first",
                );
            }
        }
        let kinds = kinds(spec, service);
        let outside = kinds.iter().filter(|kind| **kind != Kind::Local).count();
        if outside == 0 && service.bootstrap == Bootstrap::Never {
            let what = "has no replica and no repository, and may not start empty".to_owned();
            report(
                path.clone(),
                Code::NoWayBack,
                what,
                "declare where its copies are, or that it may start empty",
            );
        }
        let needed = kinds
            .iter()
            .map(|kind| spec.budget.worst_case_of(*kind))
            .fold(spec.budget.reserve(), u64::saturating_add);
        if needed >= spec.budget.unit {
            let what = format!(
                "its ways back may take {} in the worst case, and the unit has {}",
                Seconds(needed),
                Seconds(spec.budget.unit)
            );
            report(
                path,
                Code::Budget,
                what,
                "give the unit more time, or the methods less: what comes last would never be tried",
            );
        }
    }
    for replica in &spec.replicas {
        let path = format!("replicas.{}", replica.name);
        let same = replica.transport.is_empty()
            && (replica.target == replica.source
                || replica.target.is_under(&replica.source)
                || replica.source.is_under(&replica.target));
        if same {
            let what = format!("{} and {} contain each other", replica.source, replica.target);
            report(
                path.clone(),
                Code::SelfReplica,
                what,
                "a replica is somewhere else; a snapshot of the dataset itself needs no declaration",
            );
        }
        if !spec.services.values().any(|service| replica.of(&service.dataset).is_some()) {
            let what = format!(
                "no service's dataset is {}{}",
                replica.source,
                if replica.recursive { " or below" } else { "" }
            );
            report(
                path,
                Code::NoEffect,
                what,
                "replicate a dataset of a service, set `recursive`, or leave it out",
            );
        }
    }
    for repository in &spec.repositories {
        let path = format!("repositories.{}", repository.name);
        if repository.jobs.is_empty() {
            report(
                path.clone(),
                Code::NoEffect,
                "has no jobs".to_owned(),
                "say which services it has, or leave it out",
            );
        }
        for name in repository.jobs.keys().filter(|name| !spec.services.contains_key(*name)) {
            let what = format!("no service is called {name}");
            report(
                format!("{path}.jobs.{name}"),
                Code::UnknownService,
                what,
                "name a declared service",
            );
        }
    }
    problems
}

/// Secrets that the ways back of a service need, and who needs them.
fn secrets<'s>(
    spec: &'s Spec,
    service: &'s Service,
) -> Vec<(&'s crate::path::AbsolutePath, &'s str)> {
    let replicas = spec.replicas.iter().filter(|replica| replica.of(&service.dataset).is_some());
    let keys = replicas.filter_map(|replica| Some((replica.key.as_ref()?, replica.name.as_str())));
    let repositories =
        spec.repositories.iter().filter(|repository| repository.jobs.contains_key(&service.name));
    let files = repositories.flat_map(|repository| {
        let files = std::iter::once(&repository.password_file).chain(&repository.environment_file);
        files.map(|file| (file, repository.name.as_str()))
    });
    keys.chain(files).collect()
}

/// The ways back that a service could have, as many as there are of each kind.
fn kinds(spec: &Spec, service: &Service) -> Vec<Kind> {
    let used = |kind: &Kind| match &spec.policy.order {
        Order::Fixed(kinds) => kinds.contains(kind),
        Order::Freshest | Order::FastestWithin(_) => true,
    };
    let replicas = spec
        .replicas
        .iter()
        .filter(|replica| replica.of(&service.dataset).is_some())
        .map(|_| Kind::Replica);
    let repositories = spec
        .repositories
        .iter()
        .filter(|one| one.jobs.contains_key(&service.name))
        .map(|_| Kind::Restic);
    replicas.chain([Kind::Local]).chain(repositories).filter(used).collect()
}
