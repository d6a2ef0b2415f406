//! The made-up pools that commands were recorded on, and what they should print about them.

use std::collections::BTreeMap;

use zfs_props::display::{Dataset, Place, Printed, place, shown};
use zfs_props::kind::DatasetKind;
use zfs_props::property::{PoolProperty, Property, Stored, ValueType};
use zfs_props::release::Release;
use zfs_props::source::Source;

/// A pool: its own properties and its datasets.
pub(crate) struct State {
    pool: Described,
    datasets: Vec<Described>,
}

#[derive(Default)]
struct Described {
    name: String,
    kind: Option<DatasetKind>,
    head: Option<DatasetKind>,
    properties: BTreeMap<String, (Stored<Vec<u8>>, String)>,
    /// The user's properties, in the order in which they are printed.
    user: Vec<String>,
    received: BTreeMap<String, Stored<Vec<u8>>>,
    /// Properties from its creation.
    created: BTreeMap<String, u64>,
    /// Counters, which are used before the list from 2.2 on.
    counters: BTreeMap<String, u64>,
}

/// What a record should say.
#[derive(Debug, PartialEq)]
pub(crate) struct Expected {
    pub(crate) pretty: Vec<u8>,
    pub(crate) literal: Vec<u8>,
    pub(crate) source: Source<String>,
    /// Received, in both forms.
    pub(crate) received: Option<[Vec<u8>; 2]>,
}

impl State {
    pub(crate) fn parse(text: &str) -> Self {
        let mut state = State { pool: Described::default(), datasets: Vec::new() };
        for line in text.lines().filter(|line| !line.is_empty()) {
            let words: Vec<&str> = line.split(' ').collect();
            let name = |encoded| String::from_utf8(decode(encoded)).unwrap();
            match (words.as_slice(), state.datasets.last_mut()) {
                (["pool", pool], _) => state.pool.name = name(pool),
                (["pp", property, kind, value, source], _) => {
                    let stored = (stored(kind, value), (*source).to_owned());
                    state.pool.properties.insert((*property).to_owned(), stored);
                }
                (["ds", dataset, head, point @ ..], _) => {
                    let head = match *head {
                        "vol" => DatasetKind::Volume,
                        _ => DatasetKind::Filesystem,
                    };
                    let kind = match point {
                        ["snap"] => DatasetKind::Snapshot,
                        ["bm"] => DatasetKind::Bookmark,
                        _ => head,
                    };
                    let (kind, head) = (Some(kind), Some(head));
                    let name = name(dataset);
                    state.datasets.push(Described { name, kind, head, ..Described::default() });
                }
                (["p", property, kind, value, setpoint], Some(dataset)) => {
                    let setpoint = if *setpoint == "%" { String::new() } else { name(setpoint) };
                    let stored = (stored(kind, value), setpoint);
                    if property.contains(':') {
                        dataset.user.push((*property).to_owned());
                    }
                    dataset.properties.insert((*property).to_owned(), stored);
                }
                (["r", property, kind, value, _], Some(dataset)) => {
                    dataset.received.insert((*property).to_owned(), stored(kind, value));
                }
                (["z", property, number], Some(dataset)) => {
                    dataset.created.insert((*property).to_owned(), number.parse().unwrap());
                }
                (["stat", counter, number], Some(dataset)) => {
                    let property = if *counter == "ctxg" { "createtxg" } else { counter };
                    dataset.counters.insert(property.to_owned(), number.parse().unwrap());
                }
                (["origin", origin], Some(dataset)) => {
                    let stored = (Stored::Text(decode(origin)), "-".to_owned());
                    dataset.properties.insert("origin".to_owned(), stored);
                }
                (["feat" | "vdev", ..], _) => {}
                _ => panic!("unknown line in a state: {line}"),
            }
        }
        state
    }

    /// Name of the pool.
    pub(crate) fn pool(&self) -> &str {
        &self.pool.name
    }

    /// Names of the datasets.
    pub(crate) fn datasets(&self) -> impl Iterator<Item = &str> {
        self.datasets.iter().map(|dataset| dataset.name.as_str())
    }

    /// Every name that `zfs get all` could print about a dataset.
    pub(crate) fn properties(&self, dataset: &str) -> Vec<String> {
        let native = Property::ALL.iter().filter(|property| property.is_visible());
        let native = native.map(|property| property.name().to_owned());
        native.chain(self.user_properties(dataset).iter().cloned()).collect()
    }

    /// The user's properties of a dataset, in the order in which they are printed.
    pub(crate) fn user_properties(&self, dataset: &str) -> &[String] {
        &self.dataset(dataset).user
    }

    fn dataset(&self, name: &str) -> &Described {
        self.datasets.iter().find(|dataset| dataset.name == name).expect("a dataset of the state")
    }

    /// What is printed about a property of a dataset; `None` if it has no value there.
    pub(crate) fn dataset_property(
        &self,
        name: &str,
        property: &str,
        mounts: &str,
        release: Release,
    ) -> Option<Expected> {
        let described = self.dataset(name);
        let Some(native) = Property::from_name(property) else {
            return described.user_property(property);
        };
        let mut dataset = Dataset::new(name, described.kind.unwrap());
        dataset.head = described.head.unwrap();
        dataset.mount = mounts.lines().find_map(|line| {
            let fields: Vec<_> = line.split(' ').collect();
            (fields[0] == name).then(|| fields[3])
        });
        let stored = described.in_effect(native, release);
        let stored = stored.as_ref().map(|(stored, source)| (borrow(stored), source.as_ref()));
        let stored = stored.map(|(stored, source)| (stored, source.map(String::as_str)));
        let shown = shown(&dataset, native, stored, release)?;

        let received = described.received.get(property).and_then(|value| {
            let printed = Printed::of(native, borrow(value), release)?;
            Some(forms(&printed))
        });
        let [pretty, literal] = forms(&shown.value);
        Some(Expected { pretty, literal, source: shown.source.map(str::to_owned), received })
    }

    /// What is printed about a property of the pool, where the state has it.
    pub(crate) fn pool_property(&self, property: &str, release: Release) -> Option<Expected> {
        let (stored, source) = self.pool.properties.get(property)?;
        // What is shown as health is the state of the vdevs.
        let native = PoolProperty::from_name(property).filter(|_| property != "health")?;
        let literal = match (native.value_type(), stored) {
            (_, Stored::Text(text)) => text.clone(),
            (ValueType::Word, Stored::Number(number)) => {
                native.word_for(*number, release)?.as_bytes().to_vec()
            }
            (_, Stored::Number(number)) if native == PoolProperty::Dedupratio => {
                format!("{}.{:02}", number / 100, number % 100).into_bytes()
            }
            (_, Stored::Number(number)) => number.to_string().into_bytes(),
        };
        let source = match source.as_str() {
            "1" => Source::None,
            "2" => Source::Default,
            "8" => Source::Local,
            other => panic!("source {other}"),
        };
        // What is shown without `-p` is not modelled.
        Some(Expected { pretty: Vec::new(), literal, source, received: None })
    }
}

impl Described {
    fn user_property(&self, property: &str) -> Option<Expected> {
        let (stored, setpoint) = self.properties.get(property)?;
        let Stored::Text(value) = stored else { panic!("{property} is no text") };
        let received = self.received.get(property).map(|received| match received {
            Stored::Text(value) => [value.clone(), value.clone()],
            Stored::Number(number) => panic!("{property} received as {number}"),
        });
        let (pretty, literal) = (value.clone(), value.clone());
        Some(Expected { pretty, literal, source: self.source(setpoint), received })
    }

    fn in_effect(
        &self,
        property: Property,
        release: Release,
    ) -> Option<(Stored<Vec<u8>>, Source<String>)> {
        let name = property.name();
        let counter = self.counters.get(name).filter(|_| release >= Release::V2_2);
        if let Some(number) = self.created.get(name).or(counter) {
            return Some((Stored::Number(*number), Source::None));
        }
        if place(property) == Place::Elsewhere {
            return None;
        }
        let (stored, setpoint) = self.properties.get(property.name())?;
        Some((stored.clone(), self.source(setpoint)))
    }

    fn source(&self, setpoint: &str) -> Source<String> {
        match setpoint {
            "-" => Source::None,
            "" => Source::Default,
            "$recvd" => Source::Received,
            name if name == self.name => Source::Local,
            name => Source::Inherited(name.to_owned()),
        }
    }
}

fn forms(printed: &Printed<'_>) -> [Vec<u8>; 2] {
    [printed.pretty().to_string().into_bytes(), printed.literal().to_string().into_bytes()]
}

fn borrow(stored: &Stored<Vec<u8>>) -> Stored<&str> {
    match stored {
        Stored::Number(number) => Stored::Number(*number),
        Stored::Text(text) => Stored::Text(std::str::from_utf8(text).unwrap()),
    }
}

fn stored(kind: &str, value: &str) -> Stored<Vec<u8>> {
    match kind {
        "u" => Stored::Number(value.parse().unwrap()),
        _ => Stored::Text(decode(value)),
    }
}

/// Undoes percent-encoding; `%` alone is the empty text.
fn decode(text: &str) -> Vec<u8> {
    if text == "%" {
        return Vec::new();
    }
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        let mut byte = *first;
        if let (b'%', [high, low, tail @ ..]) = (first, tail) {
            let hex = [*high, *low];
            byte = u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap();
            rest = tail;
        }
        bytes.push(byte);
    }
    bytes
}
