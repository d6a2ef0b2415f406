//! A recorded scenario as a declaration and a pool, by rule.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use dataset_plan::Observed;
use serde_json::Value;
use zfs_props::property::Property;
use zfs_props::release::Release;

type Properties = BTreeMap<String, String>;

pub(crate) struct Scenario {
    pub(crate) name: String,
    /// It has to be refused before any command; otherwise one apply at most reaches the goal.
    pub(crate) refused: bool,
    desired: BTreeMap<String, Properties>,
    /// What is set on each dataset that is there, parents first.
    state: BTreeMap<String, Properties>,
}

fn properties(of: &Value) -> Properties {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    of.as_object().unwrap().iter().map(|(name, value)| (name.clone(), text(value))).collect()
}

fn datasets(of: &Value) -> BTreeMap<String, Properties> {
    let datasets = of.as_object().unwrap().iter();
    datasets.map(|(name, of)| (name.clone(), properties(of))).collect()
}

/// The rows of the recording, from `BASELINE_DIR` if that is set.
pub(crate) fn scenarios() -> Option<Vec<Scenario>> {
    let folder = std::env::var("BASELINE_DIR")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/tests/baseline").to_owned());
    let text = std::fs::read_to_string(format!("{folder}/convergence.jsonl")).ok()?;
    let rows = text.lines().filter(|line| !line.is_empty()).skip(1);
    let rows = rows.map(|line| serde_json::from_str::<Value>(line).unwrap());
    let rows = rows.map(|row| Scenario {
        name: row["name"].as_str().unwrap().to_owned(),
        refused: row["expect"].as_str().unwrap().starts_with("refused"),
        desired: datasets(&row["spec"]),
        state: datasets(&row["state"]),
    });
    Some(rows.collect())
}

impl Scenario {
    pub(crate) fn pools(&self) -> BTreeSet<&str> {
        self.state.keys().filter_map(|name| name.split('/').next()).collect()
    }

    pub(crate) fn declares(&self, dataset: &str) -> bool {
        self.desired.contains_key(dataset)
    }

    /// Where a dataset is mounted by what is declared, or else by what is set, or else by inheritance.
    fn mountpoint(&self, name: &str) -> String {
        let of = |from: &BTreeMap<String, Properties>| from.get(name)?.get("mountpoint").cloned();
        of(&self.desired).or_else(|| of(&self.state)).unwrap_or_else(|| {
            match name.rsplit_once('/') {
                None => format!("/{name}"),
                Some((parent, leaf)) => match self.mountpoint(parent).as_str() {
                    path if path.starts_with('/') => {
                        format!("{}/{leaf}", path.trim_end_matches('/'))
                    }
                    word => word.to_owned(),
                },
            }
        })
    }

    /// Every declared dataset by its full name; a mountpoint that is not declared is declared as it is.
    pub(crate) fn spec(&self) -> String {
        let mut text = String::from("release = \"2.3\"\n");
        for (name, properties) in &self.desired {
            write!(text, "[utility.{name:?}]\nmountpoint = {:?}\n", self.mountpoint(name)).unwrap();
            for (property, value) in properties.iter().filter(|(name, _)| *name != "mountpoint") {
                let typed = ["recordsize", "compression", "quota"].contains(&property.as_str());
                let key = if typed { property.clone() } else { format!("properties.{property:?}") };
                writeln!(text, "{key} = {value:?}").unwrap();
            }
        }
        text
    }

    /// What `zfs get` prints of the pool, as far as this scenario is concerned.
    pub(crate) fn observed(&self) -> Observed {
        let of = self.desired.values().chain(self.state.values());
        let mut names: BTreeSet<&str> = of.flat_map(Properties::keys).map(String::as_str).collect();
        names.insert("mountpoint");
        let mut text = String::new();
        for name in self.state.keys() {
            writeln!(text, "{name}\ttype\tfilesystem\t-\t-").unwrap();
            for property in names.iter().filter_map(|name| Property::from_name(name)) {
                let (value, source) = self.value(name, property);
                writeln!(text, "{name}\t{property}\t{value}\t-\t{source}").unwrap();
            }
        }
        Observed::from_zfs_get(text).unwrap()
    }

    fn value(&self, name: &str, property: Property) -> (String, String) {
        let default = zfs_props::value::Value::default_of(property, Release::V2_3);
        let default = default.map_or_else(|| "-".to_owned(), |value| value.to_string());
        if property.is_settable_once() && property != Property::Encryption {
            return (default, "-".to_owned());
        }
        let far = if property.is_inheritable() { usize::MAX } else { 1 };
        let upwards = std::iter::successors(Some(name), |at| Some(at.rsplit_once('/')?.0));
        for (distance, at) in upwards.take(far).enumerate() {
            let Some(value) = self.state.get(at).and_then(|set| set.get(property.name())) else {
                continue;
            };
            let mut value = value.clone();
            if property == Property::Mountpoint && value.starts_with('/') {
                value.push_str(&name[at.len()..]);
            }
            let inherited = format!("inherited from {at}");
            return (value, if distance == 0 { "local".to_owned() } else { inherited });
        }
        let default = if property == Property::Mountpoint { format!("/{name}") } else { default };
        (default, "default".to_owned())
    }

    /// Commands that make the datasets, on pools that are there and empty.
    pub(crate) fn commands(&self) -> String {
        let mut text = String::new();
        for (name, properties) in &self.state {
            if name.contains('/') {
                writeln!(text, "zfs create '{name}'").unwrap();
            }
            for (property, value) in properties {
                writeln!(text, "zfs set '{property}={value}' '{name}'").unwrap();
            }
        }
        text
    }
}
