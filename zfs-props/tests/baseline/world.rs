//! The facts of the made-up pools that verdicts depend on.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use zfs_props::check::{
    Accepted, Accounts, CheckError, Context, DatasetFacts, Key, KindFacts, PoolFacts, Setting,
    VolumeFacts,
};
use zfs_props::key::PropertyName;
use zfs_props::kind::DatasetKind;
use zfs_props::property::{Feature, Property, Stored};
use zfs_props::release::Release;
use zfs_props::reservation::Vdev;
use zfs_props::set::PropertySet;

use testing::baseline::Verdict;

pub(crate) struct World {
    pub(crate) release: Release,
    pools: BTreeMap<String, PoolFacts>,
    datasets: BTreeMap<String, DatasetFacts>,
}

impl World {
    /// From the first line of a recording, of the state with that name or the only one.
    pub(crate) fn of(meta: &Value, state: Option<&str>) -> Self {
        let release = release(meta);
        let mut world = Self { release, pools: BTreeMap::new(), datasets: BTreeMap::new() };
        let (mut pool, mut dataset) = (String::new(), String::new());
        for line in lines(meta, state) {
            let words: Vec<&str> = line.split(' ').collect();
            let number = |text: &str| text.parse::<u64>().unwrap();
            let facts = |world: &mut Self, change: &dyn Fn(&mut DatasetFacts)| {
                change(world.datasets.get_mut(&dataset).unwrap());
            };
            let volume = |world: &mut Self, change: &dyn Fn(&mut VolumeFacts)| {
                facts(world, &|facts| {
                    if let KindFacts::Volume(volume) = &mut facts.kind {
                        change(volume);
                    }
                });
            };
            match words.as_slice() {
                ["pool", name] => {
                    (*name).clone_into(&mut pool);
                    let mut facts = PoolFacts::of(release);
                    facts.features.clear();
                    facts.vdevs.clear();
                    world.pools.insert(pool.clone(), facts);
                }
                ["pp", "maxblocksize", "u", size, _] => {
                    world.pools.get_mut(&pool).unwrap().max_block_size = number(size);
                }
                ["feat", guid] => {
                    let feature = Feature::ALL.iter().find(|f| f.guid() == *guid).unwrap();
                    world.pools.get_mut(&pool).unwrap().features.insert(*feature);
                }
                ["vdev", kind, parity, ashift, disks, data @ ..] => {
                    let ashift = ashift.parse().unwrap();
                    let (parity, disks) = (number(parity), number(disks));
                    let vdev = match *kind {
                        "raidz" => Vdev::Raidz { disks, parity, ashift },
                        "draid" => Vdev::Draid { data: number(data[0]), parity, ashift },
                        _ => Vdev::Plain { ashift },
                    };
                    world.pools.get_mut(&pool).unwrap().vdevs.push(vdev);
                }
                ["ds", name, head, point @ ..] => {
                    (*name).clone_into(&mut dataset);
                    let empty = VolumeFacts { size: 0, block_size: 0, refreservation: 0 };
                    let facts = match (*head, point) {
                        (_, [_]) => DatasetFacts::snapshot(),
                        ("vol", _) => DatasetFacts::volume(empty),
                        // Where the state does not say a version, the recorder answered 0.
                        _ => DatasetFacts {
                            kind: KindFacts::Filesystem { version: 0 },
                            ..DatasetFacts::filesystem()
                        },
                    };
                    world.datasets.insert(dataset.clone(), facts);
                }
                ["p", "encryption", "u", suite, _] => {
                    facts(&mut world, &|facts| facts.encrypted = *suite != "2");
                }
                ["p", "zoned", "u", zoned, _] => {
                    facts(&mut world, &|facts| facts.zoned = *zoned == "1");
                }
                ["p", "volsize", "u", size, _] => {
                    volume(&mut world, &|volume| volume.size = number(size));
                }
                ["p", "volblocksize", "u", size, _] => {
                    volume(&mut world, &|volume| volume.block_size = number(size));
                }
                ["p", "refreservation", "u", size, _] => {
                    volume(&mut world, &|volume| volume.refreservation = number(size));
                }
                ["z", "version", version] => {
                    let kind = KindFacts::Filesystem { version: number(version) };
                    facts(&mut world, &|facts| facts.kind = kind);
                }
                _ => {}
            }
        }
        world
    }

    pub(crate) fn dataset(&self, name: &str) -> Option<&DatasetFacts> {
        self.datasets.get(name)
    }

    /// The context in this world, below or on what is in the pool.
    pub(crate) fn context(&self, context: Context, pool: &str) -> Context {
        // The recording machine knew root alone.
        let root = || BTreeMap::from([("root".to_owned(), 0)]);
        let context = context.release(self.release);
        let context = context.accounts(Accounts { users: root(), groups: root() });
        match self.pools.get(pool) {
            Some(facts) => context.pool(facts.clone()),
            None => context,
        }
    }
}

pub(crate) fn release(meta: &Value) -> Release {
    meta["openzfs"].as_str().unwrap().parse().unwrap()
}

fn lines(meta: &Value, state: Option<&str>) -> Vec<String> {
    if let Some(name) = state {
        return meta["states"][name].as_str().unwrap().lines().map(str::to_owned).collect();
    }
    let lines = meta["state"].as_array().unwrap().iter();
    let lines = lines.map(|line| line.as_str().unwrap().strip_prefix("state ").unwrap());
    lines.map(str::to_owned).collect()
}

/// `{"name": "text" or number, ...}`, in that order.
pub(crate) fn set(props: &Value) -> PropertySet {
    let mut set = PropertySet::new();
    for (name, value) in props.as_object().unwrap() {
        set.set(name, stored(value));
    }
    set
}

pub(crate) fn stored(value: &Value) -> Stored<&str> {
    match value.as_u64() {
        Some(number) => Stored::Number(number),
        None => Stored::Text(value.as_str().unwrap()),
    }
}

pub(crate) fn kind(row: &Value) -> DatasetKind {
    DatasetKind::from_name(row["type"].as_str().unwrap()).unwrap()
}

/// The key that is at a place.
pub(crate) fn key(props: &Value, stdin: &Value) -> Key {
    let hex = "0123456789abcdef".repeat(4);
    let place = props["keylocation"].as_str().unwrap_or("prompt");
    let bytes = match place.strip_prefix("file:///KEYS/") {
        None if place == "prompt" => stdin.as_str().unwrap_or_default().to_owned(),
        None => return Key::Unreadable,
        Some("empty") => String::new(),
        Some("hex63") => hex[1..].to_owned(),
        Some("hex64") => hex,
        Some("hex65") => hex + "0",
        Some("hexbad") => format!("{}g", &hex[1..]),
        Some("hex64nl") => hex + "\n",
        Some("passnl") => "12345678\n".to_owned(),
        Some(name) => match (name.strip_prefix("raw"), name.strip_prefix("pass")) {
            (Some(length), _) | (_, Some(length)) => "k".repeat(length.parse().unwrap()),
            _ => return Key::Unreadable,
        },
    };
    Key::Bytes(bytes.into_bytes())
}

/// What would be sent, as the recordings have it.
pub(crate) fn sent(accepted: &Accepted) -> Value {
    let pairs = accepted.iter().map(|(name, setting)| match (name, setting) {
        (PropertyName::Account(account), Setting::Limit(limit)) => {
            let id: u64 = account.who.parse().unwrap();
            let name = format!("{}@{id:x}-", account.family.name());
            (name, json!([account.family as u64, id, limit]))
        }
        (_, Setting::Value(value)) => {
            let name = value.property().name().to_owned();
            (name, value.text().map_or_else(|| json!(value.number()), |text| json!(text)))
        }
        (_, Setting::Text(text)) => (name.to_string(), json!(text)),
        (_, Setting::Random) => (Property::Pbkdf2salt.name().to_owned(), json!("<random>")),
        other => panic!("{other:?}"),
    });
    Value::Object(pairs.collect())
}

/// Compares a verdict: as what it is refused, or what is sent, which the row has as `field`.
pub(crate) fn verdict<T>(
    row: &Value,
    field: &str,
    ours: Result<T, CheckError>,
    sent: impl FnOnce(&T) -> Value,
) -> Verdict {
    let (recorded, ours) = match ours {
        Ok(ours) => (row.get(field), sent(&ours)),
        Err(error) if row.get("errno").is_some_and(|errno| errno == error.class().code()) => {
            return Verdict::Agree;
        }
        Err(error) => return Verdict::Disagree(format!("ours: {:?}: {error}", error.class())),
    };
    if recorded == Some(&ours) {
        Verdict::Agree
    } else {
        Verdict::Disagree(format!("ours: {ours}"))
    }
}
