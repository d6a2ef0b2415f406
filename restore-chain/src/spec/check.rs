//! Whether a declaration fits together.

use std::collections::{BTreeMap, BTreeSet};

use zfs_props::name::DatasetName;

use super::Spec;
use crate::candidates::secrets::made_from;
use crate::candidates::{Kind, Order, Replica, Repository};
use crate::path::AbsolutePath;
use crate::preseed;
use crate::problem::{Code, Problem};
use crate::quantity::Seconds;
use crate::service::{Bootstrap, Service};

/// Everything that does not.
pub(super) fn problems(spec: &Spec) -> Vec<Problem> {
    let mut check = Check { spec, problems: Vec::new() };
    check.places();
    for (name, service) in &spec.services {
        check.service(&format!("services.{name}"), service);
    }
    for replica in &spec.replicas {
        check.replica(&format!("replicas.{}", replica.name), replica);
    }
    for repository in &spec.repositories {
        check.repository(&format!("repositories.{}", repository.name), repository);
    }
    check.secrets();
    check.problems
}

struct Check<'s> {
    spec: &'s Spec,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn report(&mut self, path: &str, code: Code, what: String, remedy: &str) {
        let (path, remedy) = (path.to_owned(), remedy.to_owned());
        self.problems.push(Problem { position: None, path, code, what, remedy });
    }

    /// One dataset and one mountpoint for each service.
    fn places(&mut self) {
        let stagings = self.spec.services.iter();
        let stagings =
            stagings.filter_map(|(name, one)| Some((preseed::staging(&one.dataset).ok()?, name)));
        let stagings: BTreeMap<DatasetName, &String> = stagings.collect();
        let mut datasets: BTreeMap<&str, &str> = BTreeMap::new();
        let mut places: BTreeMap<&str, &str> = BTreeMap::new();
        for (name, service) in &self.spec.services {
            let path = format!("services.{name}");
            if let Some(other) = datasets.insert(service.dataset.as_str(), name) {
                let what = format!("{} is the dataset of {other}, too", service.dataset);
                let remedy = "give every service a dataset of its own";
                self.report(&path, Code::DuplicateDataset, what, remedy);
            }
            if let Some(other) = stagings.get(&service.dataset) {
                let what = format!("{} is what {other} is restored to", service.dataset);
                let remedy = "call it otherwise: it would be put in the other's place";
                self.report(&path, Code::DuplicateDataset, what, remedy);
            }
            if let Some(other) = places.insert(service.mountpoint.as_str(), name) {
                let what = format!("{} is the mountpoint of {other}, too", service.mountpoint);
                let remedy = "give every dataset a mountpoint of its own";
                self.report(&path, Code::DuplicateMountpoint, what, remedy);
            }
        }
    }

    fn service(&mut self, path: &str, service: &Service) {
        for (secret, whose) in secrets(self.spec, service) {
            let inside = |at: &AbsolutePath| service.mountpoint.contains(at);
            if let Some(made) = made_from(&self.spec.secrets, secret, inside) {
                let dataset = &service.dataset;
                let made = made.iter().skip(1).map(|file| format!("made from {file}, "));
                let what = format!(
                    "{secret}, which {whose} needs, {}lies on {dataset}, which it would restore",
                    made.collect::<String>()
                );
                let remedy = "keep the secret on a dataset that is there first";
                self.report(path, Code::SecretInside, what, remedy);
            }
        }
        let kinds = kinds(self.spec, service);
        let outside = kinds.iter().any(|kind| *kind != Kind::Local);
        if !outside && service.bootstrap == Bootstrap::Never {
            let what =
                "has no replica and no repository that the policy uses, and may not start empty";
            let what = what.to_owned();
            let remedy = "declare where its copies are, name their kinds in the policy's `order`, or say that it may start empty";
            self.report(path, Code::NoWayBack, what, remedy);
        }
        let budget = &self.spec.budget;
        let worst = kinds.iter().map(|kind| budget.worst_case_of(*kind));
        let needed = worst.fold(budget.reserve(), u64::saturating_add);
        if needed >= budget.unit {
            let (needed, unit) = (Seconds(needed), Seconds(budget.unit));
            let what = format!(
                "its ways back may take {needed} in the worst case, and the unit has {unit}"
            );
            let remedy = "give the unit more time, or the methods less: what comes last would never be tried";
            self.report(path, Code::Budget, what, remedy);
        }
    }

    fn replica(&mut self, path: &str, replica: &Replica) {
        let Replica { source, target, .. } = replica;
        let inside = target == source || target.is_under(source) || source.is_under(target);
        if inside && replica.transport.is_empty() {
            let what = format!("{source} and {target} contain each other");
            let remedy = "a replica is somewhere else; a snapshot of the dataset itself needs no declaration";
            self.report(path, Code::SelfReplica, what, remedy);
        }
        if !self.spec.services.values().any(|service| replica.of(&service.dataset).is_some()) {
            let below = if replica.recursive { " or below" } else { "" };
            let what = format!("no service's dataset is {source}{below}");
            let remedy = "replicate a dataset of a service, set `recursive`, or leave it out";
            self.report(path, Code::NoEffect, what, remedy);
        }
    }

    /// What a secret is made from matters only where the secret does.
    fn secrets(&mut self) {
        let spec = self.spec;
        let all = spec.services.values().flat_map(|service| secrets(spec, service));
        let mut waiting: Vec<&AbsolutePath> = all.map(|(secret, _)| secret).collect();
        let mut used: BTreeSet<&AbsolutePath> = BTreeSet::new();
        while let Some(secret) = waiting.pop() {
            if used.insert(secret) {
                waiting.extend(spec.secrets.get(secret).into_iter().flatten());
            }
        }
        for secret in spec.secrets.keys().filter(|secret| !used.contains(*secret)) {
            let what = "nothing that a service comes back from needs it".to_owned();
            let remedy = "name it as a key, passwordFile or environmentFile, or leave it out";
            self.report(&format!("secrets.{secret}"), Code::NoEffect, what, remedy);
        }
    }

    fn repository(&mut self, path: &str, repository: &Repository) {
        if repository.jobs.is_empty() {
            let remedy = "say which services it has, or leave it out";
            self.report(path, Code::NoEffect, "has no jobs".to_owned(), remedy);
        }
        for name in repository.jobs.keys().filter(|name| !self.spec.services.contains_key(*name)) {
            let what = format!("no service is called {name}");
            let path = format!("{path}.jobs.{name}");
            self.report(&path, Code::UnknownService, what, "name a declared service");
        }
    }
}

/// Secrets that the ways back of a service need, and who needs them.
fn secrets<'s>(spec: &'s Spec, service: &Service) -> Vec<(&'s AbsolutePath, &'s str)> {
    let replicas = spec.replicas.iter().filter(|replica| replica.of(&service.dataset).is_some());
    let keys = replicas.filter_map(|replica| Some((replica.key.as_ref()?, replica.name.as_str())));
    let repositories = spec.repositories.iter().filter(|one| one.jobs.contains_key(&service.name));
    let files = repositories.flat_map(|one| {
        let files = std::iter::once(&one.password_file).chain(&one.environment_file);
        files.map(|file| (file, one.name.as_str()))
    });
    keys.chain(files).collect()
}

/// The ways back that a service could have, as many as there are of each kind.
fn kinds(spec: &Spec, service: &Service) -> Vec<Kind> {
    let used = |kind: &Kind| match &spec.policy.order {
        Order::Fixed(kinds) => kinds.contains(kind),
        Order::Freshest | Order::FastestWithin(_) => true,
    };
    let replicas = spec.replicas.iter().filter(|one| one.of(&service.dataset).is_some());
    let repositories = spec.repositories.iter().filter(|one| one.jobs.contains_key(&service.name));
    let kinds = replicas.map(|_| Kind::Replica).chain([Kind::Local]);
    kinds.chain(repositories.map(|_| Kind::Restic)).filter(used).collect()
}
