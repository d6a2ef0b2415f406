//! From a tree of keys and values to a [`Spec`]: the one place that knows the keys.

use std::collections::BTreeMap;

use declared::{Data, Entry, Node, Table};
use zfs_props::check::{Context, DatasetFacts};
use zfs_props::key::PropertyName;
use zfs_props::name::DatasetName;
use zfs_props::property::Property;
use zfs_props::release::Release;
use zfs_props::set::PropertySet;

use super::{Spec, check};
use crate::candidates::{Kind, Order, Policy, Replica, Repository, Seen};
use crate::path::AbsolutePath;
use crate::preseed::{Budget, MethodBudget};
use crate::problem::{Code, Problems};
use crate::service::{Bootstrap, Gate, Owner, Service, Unmarked};

const KINDS: [(&str, Kind); 4] = [
    ("replica", Kind::Replica),
    ("local", Kind::Local),
    ("restic", Kind::Restic),
    ("pitr", Kind::Pitr),
];
const DATASET: &str = "write a dataset as `zfs list` does, such as tank/services";
const PATH: &str = "write an absolute path";
const PLAIN: &str = "write a name, without control characters";
const SECONDS: &str = "write a whole number of seconds";

pub(super) fn spec(node: &Node) -> Result<Spec, Problems> {
    let mut reader = Reader::default();
    let root = Entry::root(node);
    let spec = reader.spec(&root);
    if reader.base.is_clean() {
        reader.base.add(&root, check::problems(&spec));
    }
    reader.base.done(spec)
}

/// Whether it is a name that fits into a line.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(char::is_control)
}

#[derive(Default)]
struct Reader {
    base: declared::Reader<Code>,
}

impl Reader {
    fn spec(&mut self, root: &Entry<'_>) -> Spec {
        let mut spec = Spec {
            host: String::new(),
            services: BTreeMap::new(),
            replicas: Vec::new(),
            repositories: Vec::new(),
            secrets: BTreeMap::new(),
            policy: Policy::default(),
            budget: Budget::default(),
        };
        let Some(mut top) = self.base.table(root) else { return spec };
        let remedy = "name the machine as its backups do (restic snapshots: Host)";
        let host = self.base.required(&mut top, "host", remedy);
        spec.host = host.and_then(|entry| self.plain(&entry)).unwrap_or_default();
        if let Some(entry) = top.take("policy") {
            spec.policy = self.policy(&entry);
        }
        if let Some(entry) = top.take("budget") {
            spec.budget = self.budget(&entry);
        }
        for entry in self.entries(&mut top, "services") {
            spec.services
                .extend(self.service(&entry).map(|service| (entry.key.to_owned(), service)));
        }
        for entry in self.entries(&mut top, "replicas") {
            spec.replicas.extend(self.replica(&entry));
        }
        for entry in self.entries(&mut top, "repositories") {
            spec.repositories.extend(self.repository(&entry));
        }
        for entry in self.entries(&mut top, "secrets") {
            spec.secrets.extend(self.secret(&entry));
        }
        self.base.finish(&top);
        spec
    }

    fn entries<'n>(&mut self, table: &mut Table<'n>, key: &'static str) -> Vec<Entry<'n>> {
        table.take(key).map(|entry| self.base.entries(&entry)).unwrap_or_default()
    }

    fn policy(&mut self, entry: &Entry<'_>) -> Policy {
        let mut policy = Policy::default();
        let Some(mut table) = self.base.table(entry) else { return policy };
        let order = table.take("order");
        let ordered = order.is_some();
        if let Some(entry) = order {
            match &entry.node.data {
                Data::List(_) => {
                    policy.order = Order::Fixed(self.kinds(&entry));
                }
                _ => {
                    policy.order = self
                        .base
                        .word(&entry, &[("freshest", Order::Freshest)])
                        .unwrap_or(Order::Freshest);
                }
            }
        }
        if let Some(entry) = table.take("fastestWithin") {
            if ordered {
                let remedy =
                    "write `order` or `fastestWithin`: the one is another order than the other";
                self.base.report(&entry, Code::NoEffect, "there is an `order`, too", remedy);
            }
            policy.order = Order::FastestWithin(self.base.parsed(&entry, SECONDS).unwrap_or(0));
        }
        policy.max_age = table.take("maxAge").and_then(|entry| self.base.parsed(&entry, SECONDS));
        policy.tested_within =
            table.take("testedWithin").and_then(|entry| self.base.parsed(&entry, SECONDS));
        self.base.finish(&table);
        policy
    }

    /// The kinds that are used, in their order.
    fn kinds(&mut self, entry: &Entry<'_>) -> Vec<Kind> {
        let entries = self.base.list(entry);
        let mut kinds = Vec::new();
        for entry in &entries {
            let Some(kind) = self.base.word(entry, &KINDS) else { continue };
            if kinds.contains(&kind) {
                let what = format!("{kind} is there already");
                self.base.report(entry, Code::NoEffect, what, "write each kind once");
            }
            kinds.push(kind);
        }
        if entries.is_empty() {
            let remedy = "name the kinds that are used, or leave it out: then all of them are";
            self.base.report(entry, Code::NoEffect, "without a kind nothing comes back", remedy);
        }
        kinds
    }

    fn budget(&mut self, entry: &Entry<'_>) -> Budget {
        let mut budget = Budget::default();
        let Some(mut table) = self.base.table(entry) else { return budget };
        for (key, seconds) in
            [("unit", &mut budget.unit), ("verify", &mut budget.verify), ("step", &mut budget.step)]
        {
            if let Some(entry) = table.take(key) {
                *seconds = self.base.parsed(&entry, SECONDS).unwrap_or(*seconds);
            }
        }
        for (key, kind) in KINDS {
            if let Some(entry) = table.take(key) {
                let method = self.method(&entry, budget.fallback);
                budget.methods.insert(kind, method);
            }
        }
        self.base.finish(&table);
        budget
    }

    fn method(&mut self, entry: &Entry<'_>, mut method: MethodBudget) -> MethodBudget {
        let Some(mut table) = self.base.table(entry) else { return method };
        for (key, seconds) in [("timeout", &mut method.timeout), ("pause", &mut method.pause)] {
            if let Some(entry) = table.take(key) {
                *seconds = self.base.parsed(&entry, SECONDS).unwrap_or(*seconds);
            }
        }
        if let Some(entry) = table.take("attempts") {
            method.attempts = self.base.parsed(&entry, "write how often it is tried").unwrap_or(1);
            if method.attempts == 0 {
                self.base.report(
                    &entry,
                    Code::NoEffect,
                    "no attempts",
                    "write 1 or more, or leave the method out of the order",
                );
            }
        }
        self.base.finish(&table);
        method
    }

    fn service(&mut self, entry: &Entry<'_>) -> Option<Service> {
        let mut table = self.base.table(entry)?;
        let dataset =
            self.base.required(&mut table, "dataset", DATASET).and_then(|entry| self.name(&entry));
        let mountpoint =
            self.base.required(&mut table, "mountpoint", PATH).and_then(|entry| self.path(&entry));
        let bootstrap = [
            ("never", Bootstrap::Never),
            ("if-nothing-exists", Bootstrap::IfNothingExists),
            ("even-if-restore-fails", Bootstrap::EvenIfRestoreFails),
        ];
        let bootstrap = table
            .take("bootstrap")
            .and_then(|entry| self.base.word(&entry, &bootstrap))
            .unwrap_or_default();
        let unmarked = [("ask", Unmarked::Ask), ("adopt", Unmarked::Adopt)];
        let unmarked = table
            .take("unmarked")
            .and_then(|entry| self.base.word(&entry, &unmarked))
            .unwrap_or_default();
        let gate = [("required", Gate::Required), ("wanted", Gate::Wanted)];
        let gate =
            table.take("gate").and_then(|entry| self.base.word(&entry, &gate)).unwrap_or_default();
        let units = table.take("units").map(|entry| {
            let units = self.base.list(&entry);
            units.iter().filter_map(|unit| self.unit(unit)).collect()
        });
        let owner = table.take("owner").and_then(|entry| self.owner(&entry));
        let properties = self.entries(&mut table, "properties");
        let properties = properties.iter().filter_map(|entry| self.property(entry)).collect();
        self.base.finish(&table);
        self.key(entry);
        let service = Service::new(entry.key, dataset?, mountpoint?);
        let units = units.unwrap_or_else(|| service.units.clone());
        Some(Service { properties, owner, bootstrap, unmarked, units, gate, ..service })
    }

    fn owner(&mut self, entry: &Entry<'_>) -> Option<Owner> {
        let mut table = self.base.table(entry)?;
        let mut name = |key| {
            let entry = self.base.required(&mut table, key, "name the user or group")?;
            self.account(&entry)
        };
        let (user, group) = (name("user"), name("group"));
        let recursive =
            table.take("recursive").and_then(|entry| self.base.boolean(&entry)).unwrap_or(false);
        self.base.finish(&table);
        Some(Owner { user: user?, group: group?, recursive })
    }

    fn replica(&mut self, entry: &Entry<'_>) -> Option<Replica> {
        let mut table = self.base.table(entry)?;
        let source =
            self.base.required(&mut table, "source", DATASET).and_then(|entry| self.name(&entry));
        let target =
            self.base.required(&mut table, "target", DATASET).and_then(|entry| self.name(&entry));
        let flag = |reader: &mut Self, entry: Option<Entry<'_>>| {
            entry.and_then(|entry| reader.base.boolean(&entry)).unwrap_or(false)
        };
        let recursive = flag(self, table.take("recursive"));
        let raw = flag(self, table.take("raw"));
        let transport = table
            .take("transport")
            .map(|entry| self.base.parsed_list(&entry, "write words, such as [\"ssh\", \"host\"]"));
        let key = table.take("key").and_then(|entry| self.path(&entry));
        let rate =
            table.take("rate").and_then(|entry| self.base.parsed(&entry, "write bytes a second"));
        self.base.finish(&table);
        self.key(entry);
        let replica = Replica::new(entry.key, source?, target?);
        Some(Replica {
            recursive,
            raw,
            transport: transport.unwrap_or_default(),
            key,
            rate,
            ..replica
        })
    }

    fn repository(&mut self, entry: &Entry<'_>) -> Option<Repository> {
        let mut table = self.base.table(entry)?;
        let url = self.base.required(&mut table, "url", "write what `restic --repo` takes");
        let url = url.and_then(|entry| self.base.text(&entry)).map(str::to_owned);
        let password_file = self
            .base
            .required(&mut table, "passwordFile", PATH)
            .and_then(|entry| self.path(&entry));
        let environment_file = table.take("environmentFile").and_then(|entry| self.path(&entry));
        let remote =
            table.take("remote").and_then(|entry| self.base.boolean(&entry)).unwrap_or(false);
        let rate =
            table.take("rate").and_then(|entry| self.base.parsed(&entry, "write bytes a second"));
        let mut jobs = BTreeMap::new();
        for entry in self.entries(&mut table, "jobs") {
            jobs.extend(self.job(&entry).map(|job| (entry.key.to_owned(), job)));
        }
        self.base.finish(&table);
        self.key(entry);
        Some(Repository {
            name: entry.key.to_owned(),
            url: url?,
            password_file: password_file?,
            environment_file,
            remote,
            jobs,
            rate,
            snapshots: Seen::Unknown,
        })
    }

    fn job(&mut self, entry: &Entry<'_>) -> Option<(Vec<String>, AbsolutePath)> {
        let mut table = self.base.table(entry)?;
        let tags = table
            .take("tags")
            .map(|entry| self.base.parsed_list(&entry, "write tags"))
            .unwrap_or_default();
        let remedy = "write the path that the job recorded for the data: of a snapshot that was mounted for it, not the mountpoint";
        let root =
            self.base.required(&mut table, "root", remedy).and_then(|entry| self.path(&entry));
        self.base.finish(&table);
        Some((tags, root?))
    }

    /// A secret, and the files that it is made from.
    fn secret(&mut self, entry: &Entry<'_>) -> Option<(AbsolutePath, Vec<AbsolutePath>)> {
        let secret = entry.key.parse();
        let secret =
            secret.map_err(|error| self.base.report(entry, Code::BadName, error, PATH)).ok();
        let sources = self.base.list(entry);
        let sources = sources.iter().filter_map(|entry| self.path(entry)).collect();
        Some((secret?, sources))
    }

    /// A text that there is, on one line.
    fn plain(&mut self, entry: &Entry<'_>) -> Option<String> {
        let text = self.base.text(entry)?;
        if is_plain(text) {
            return Some(text.to_owned());
        }
        self.base.report(entry, Code::BadName, format_args!("{text:?} is no name"), PLAIN);
        None
    }

    /// A key that is a name: it stands in records, and in names of units.
    fn key(&mut self, entry: &Entry<'_>) {
        if !is_plain(entry.key) {
            let what = format!("{:?} is no name", entry.key);
            self.base.report_key(entry, Code::BadName, what, PLAIN);
        }
    }

    /// The name of a unit (systemd.unit(5)), which is that of a folder, too.
    fn unit(&mut self, entry: &Entry<'_>) -> Option<String> {
        let text = self.base.text(entry)?;
        let fits = |c: char| c.is_ascii_alphanumeric() || ":-_.\\@".contains(c);
        let (name, kind) = text.rsplit_once('.').unwrap_or_default();
        if !name.is_empty() && !kind.is_empty() && text.chars().all(fits) && text.len() < 256 {
            return Some(text.to_owned());
        }
        let what = format!("{text:?} is no name of a unit");
        self.base.report(entry, Code::BadName, what, "write it in full, such as sonarr.service");
        None
    }

    /// What chown(1) takes on either side of the colon.
    fn account(&mut self, entry: &Entry<'_>) -> Option<String> {
        let text = self.base.text(entry)?;
        let fits = |c: char| c.is_alphanumeric() || "_-.$".contains(c);
        if !text.is_empty() && text.chars().all(fits) {
            return Some(text.to_owned());
        }
        let what = format!("{text:?} is no name or number of a user or group");
        let remedy = "write a name such as sonarr, or a number in quotes";
        self.base.report(entry, Code::BadName, what, remedy);
        None
    }

    /// A property that `zfs set` takes for a filesystem that is there.
    fn property(&mut self, entry: &Entry<'_>) -> Option<(String, String)> {
        let (name, value) = (entry.key, self.base.text(entry)?);
        let context = Context::set(DatasetFacts::filesystem());
        let refused = match PropertyName::parse(name, Release::LATEST) {
            Err(error) => Some(error.to_string()),
            Ok(PropertyName::Native(Property::Mountpoint | Property::Canmount)) => {
                let what = format!("a restore sets `{name}` itself");
                let remedy = "leave it out; where it is mounted is the service's `mountpoint`";
                self.base.report_key(entry, Code::BadProperty, what, remedy);
                return None;
            }
            // Whether there is such a user, or the dataset is encrypted, is not said here.
            Ok(PropertyName::Account(_) | PropertyName::Native(Property::Keylocation)) => None,
            Ok(_) => PropertySet::from_pairs([(name, value)])
                .map_err(|error| error.to_string())
                .and_then(|one| one.check(&context).map_err(|error| error.to_string()))
                .err(),
        };
        if let Some(what) = refused {
            let remedy =
                "write a property and a value that `zfs set` takes for a filesystem that is there";
            self.base.report(entry, Code::BadProperty, what, remedy);
            return None;
        }
        Some((name.to_owned(), value.to_owned()))
    }

    fn name(&mut self, entry: &Entry<'_>) -> Option<DatasetName> {
        let name = self.base.text(entry)?.parse();
        name.map_err(|error| self.base.report(entry, Code::BadName, error, DATASET)).ok()
    }

    fn path(&mut self, entry: &Entry<'_>) -> Option<AbsolutePath> {
        let path = self.base.text(entry)?.parse();
        path.map_err(|error| self.base.report(entry, Code::BadName, error, PATH)).ok()
    }
}
