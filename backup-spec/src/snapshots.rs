//! sanoid's policies as a host declares them, and how often that makes snapshots.

use std::collections::BTreeMap;

use zfs_props::name::DatasetName;

use crate::sanoid::{Config, Key, Settings, Type, UnknownKey, ValueError};
use crate::schedule::Schedule;
use crate::span::Span;

/// What is set, in sanoid's own keys and words.
pub type Values = BTreeMap<Key, String>;

/// The snapshots of a host: a sanoid.conf by its meaning, and when sanoid runs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sanoid {
    /// When it runs, and how long a run may take.
    pub schedule: Schedule,
    /// Templates, by the name that `use_template` has.
    pub templates: BTreeMap<String, Values>,
    /// Datasets. A parent comes before its children, as sanoid wants it: later sections win over what is handed down.
    pub datasets: BTreeMap<DatasetName, Values>,
}

impl Sanoid {
    /// No policies yet, at the times of a schedule.
    pub fn new(schedule: Schedule) -> Self {
        Self { schedule, templates: BTreeMap::new(), datasets: BTreeMap::new() }
    }

    /// The sanoid.conf.
    pub fn config(&self) -> Result<Config, ValueError> {
        let mut config = Config::default();
        let templates =
            self.templates.iter().map(|(name, values)| (format!("template_{name}"), values));
        let datasets = self.datasets.iter().map(|(name, values)| (name.to_string(), values));
        for (section, values) in datasets.chain(templates) {
            // A section without a key is one too: the defaults hold for it.
            let some = values.is_empty().then_some((Key::ProcessChildrenOnly, "no"));
            let values = values.iter().map(|(key, value)| (*key, value.as_str()));
            config.push(&section, values.chain(some))?;
        }
        Ok(config)
    }
}

/// What sanoid does to each dataset that is there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Policies(BTreeMap<String, Settings>);

/// Why it cannot be told what sanoid does.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoPolicies {
    /// A value that cannot stand in a sanoid.conf.
    #[error("{0}")]
    Value(#[from] ValueError),
    /// A key that sanoid does not know.
    #[error("{0}")]
    Key(#[from] UnknownKey),
}

/// The time from one mark of snapshots to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Period {
    /// How long it is, on a clock that never changes.
    pub length: Span,
    /// Whether it is longer by as much as the clock of the zone goes back. Only of the hour that comes twice does sanoid take
    /// both.
    pub follows_clock: bool,
}

/// From one mark to the next, at most, in seconds (sanoid counts a month back as 31 days), and whether it follows the clock.
const PERIODS: [(Type, u64, bool); 5] = [
    (Type::Hourly, 3600, false),
    (Type::Daily, 86_400, true),
    (Type::Weekly, 7 * 86_400, true),
    (Type::Monthly, 31 * 86_400, true),
    (Type::Yearly, 366 * 86_400, true),
];

impl Policies {
    /// The policies of the datasets that are there; those that are declared by name are taken to be.
    pub fn of<'d>(
        sanoid: &'d Sanoid,
        there: impl IntoIterator<Item = &'d DatasetName>,
    ) -> Result<Self, NoPolicies> {
        let named = sanoid.datasets.keys().map(DatasetName::as_str);
        let all: Vec<&str> = there.into_iter().map(DatasetName::as_str).chain(named).collect();
        let settings = sanoid.config()?.resolve(&all)?;
        Ok(Self(
            settings.into_iter().map(|settings| (settings.dataset.clone(), settings)).collect(),
        ))
    }

    /// What is in force for a dataset.
    pub fn get(&self, dataset: &DatasetName) -> Option<&Settings> {
        self.0.get(dataset.as_str())
    }

    /// The datasets that sanoid takes snapshots of, and the time from one mark to the next.
    pub fn periods(&self) -> impl Iterator<Item = (DatasetName, Period)> {
        self.0.keys().filter_map(|name| {
            let dataset = name.parse().ok()?;
            let period = self.period(&dataset)?;
            Some((dataset, period))
        })
    }

    /// The time from one mark of a dataset's most frequent snapshots to the next; `None` if none are taken.
    pub fn period(&self, dataset: &DatasetName) -> Option<Period> {
        let own = self.get(dataset)?;
        if own.process_children_only {
            return None;
        }
        // Its snapshots come with those of the dataset above.
        let by_parent = own.zfs_recursion && !own.autosnap;
        let taking = if by_parent {
            let above = dataset.ancestors().filter_map(|above| self.0.get(above.as_str()));
            above.into_iter().find(|above| above.zfs_recursion && above.autosnap)?
        } else {
            own
        };
        if !taking.autosnap {
            return None;
        }
        if taking.keep.frequently > 0.0 && taking.marks.frequent_period > 0.0 {
            // A period that does not divide the hour ends with it; one beyond it comes once an hour.
            let minutes =
                (1..60).find(|minutes| f64::from(*minutes) >= taking.marks.frequent_period);
            let length = Span::from_secs(u64::from(minutes.unwrap_or(60_u32)) * 60);
            return Some(Period { length, follows_clock: true });
        }
        let kept = PERIODS.iter().find(|(kind, ..)| taking.keep.of(*kind) > 0.0);
        kept.map(|(_, seconds, follows_clock)| Period {
            length: Span::from_secs(*seconds),
            follows_clock: *follows_clock,
        })
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Sanoid {
    /// As the keys of a declaration.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        struct Form<'s> {
            #[serde(flatten)]
            schedule: &'s Schedule,
            templates: BTreeMap<&'s str, BTreeMap<&'static str, &'s str>>,
            datasets: BTreeMap<&'s str, BTreeMap<&'static str, &'s str>>,
        }
        fn words(values: &Values) -> BTreeMap<&'static str, &str> {
            values.iter().map(|(key, value)| (key.name(), value.as_str())).collect()
        }
        let Self { schedule, templates, datasets } = self;
        let templates = templates.iter().map(|(name, values)| (name.as_str(), words(values)));
        let datasets = datasets.iter().map(|(name, values)| (name.as_str(), words(values)));
        Form { schedule, templates: templates.collect(), datasets: datasets.collect() }
            .serialize(serializer)
    }
}
