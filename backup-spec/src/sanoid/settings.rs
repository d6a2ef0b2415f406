//! What is in force for one dataset.

use std::fmt;

use super::key::Key;
use super::value::{age, number, truth};

/// The types of snapshots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// Once a year.
    Yearly,
    /// Once a month.
    Monthly,
    /// Once a week.
    Weekly,
    /// Once a day.
    Daily,
    /// Once an hour.
    Hourly,
    /// Several times an hour.
    Frequently,
}

impl Type {
    /// All of them, in the order that sanoid takes them.
    pub const ALL: [Self; 6] =
        [Self::Yearly, Self::Monthly, Self::Weekly, Self::Daily, Self::Hourly, Self::Frequently];

    /// The word that names of its snapshots end in.
    pub fn name(self) -> &'static str {
        match self {
            Self::Yearly => "yearly",
            Self::Monthly => "monthly",
            Self::Weekly => "weekly",
            Self::Daily => "daily",
            Self::Hourly => "hourly",
            Self::Frequently => "frequently",
        }
    }

    /// The type of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The seconds of the period below, in which the monitor counts where no unit is given.
    fn unit_below(self) -> f64 {
        match self {
            Self::Yearly => 86_400.0 * 31.0,
            Self::Monthly => 86_400.0 * 7.0,
            Self::Weekly => 86_400.0,
            Self::Daily => 3600.0,
            Self::Hourly => 60.0,
            Self::Frequently => 1.0,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A value for each type. Numbers are Perl's, which need not be whole.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PerType {
    /// Of yearly snapshots.
    pub yearly: f64,
    /// Of monthly snapshots.
    pub monthly: f64,
    /// Of weekly snapshots.
    pub weekly: f64,
    /// Of daily snapshots.
    pub daily: f64,
    /// Of hourly snapshots.
    pub hourly: f64,
    /// Of frequent snapshots.
    pub frequently: f64,
}

impl PerType {
    /// That of one type.
    pub fn of(&self, kind: Type) -> f64 {
        match kind {
            Type::Yearly => self.yearly,
            Type::Monthly => self.monthly,
            Type::Weekly => self.weekly,
            Type::Daily => self.daily,
            Type::Hourly => self.hourly,
            Type::Frequently => self.frequently,
        }
    }

    fn new(of: impl Fn(Type) -> f64) -> Self {
        Self {
            yearly: of(Type::Yearly),
            monthly: of(Type::Monthly),
            weekly: of(Type::Weekly),
            daily: of(Type::Daily),
            hourly: of(Type::Hourly),
            frequently: of(Type::Frequently),
        }
    }
}

/// When snapshots are due, on the local clock.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "called as the keys of sanoid.conf")]
pub struct Marks {
    /// Minutes between `frequently` snapshots.
    pub frequent_period: f64,
    pub hourly_min: f64,
    pub daily_hour: f64,
    pub daily_min: f64,
    /// From Sunday, which is 0. For 7, see [`Lint::NoWeekday`](super::Lint::NoWeekday).
    pub weekly_wday: f64,
    pub weekly_hour: f64,
    pub weekly_min: f64,
    pub monthly_mday: f64,
    pub monthly_hour: f64,
    pub monthly_min: f64,
    pub yearly_mon: f64,
    pub yearly_mday: f64,
    pub yearly_hour: f64,
    pub yearly_min: f64,
}

/// When nothing is pruned because there is room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PruneDefer {
    /// It is always pruned.
    Never,
    /// Not while the pool is used to so many percent or less.
    UpTo(u8),
    /// Not a whole number from 0 to 100: sanoid stops when it comes to prune.
    Invalid,
}

/// How full a pool may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CapacityLimit {
    /// As full as it gets.
    None,
    /// Less than so many percent.
    Below(u8),
    /// Not a whole number from 0 to 100: `--monitor-capacity` stops.
    Invalid,
}

impl CapacityLimit {
    fn new(text: &str) -> Self {
        match PruneDefer::new(text) {
            PruneDefer::Never | PruneDefer::UpTo(0) => Self::None,
            PruneDefer::UpTo(limit) => Self::Below(limit),
            PruneDefer::Invalid => Self::Invalid,
        }
    }
}

impl PruneDefer {
    fn new(text: &str) -> Self {
        let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        match text.trim_start_matches('0').parse::<u8>() {
            _ if text == "0" => Self::Never,
            // Not "0" to Perl, and a limit of no percent.
            _ if is_number && text.bytes().all(|b| b == b'0') => Self::UpTo(0),
            Ok(limit) if is_number && limit <= 100 => Self::UpTo(limit),
            _ => Self::Invalid,
        }
    }
}

/// What `--monitor-snapshots` looks at. Ages are in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Monitoring {
    /// Whether it looks at all.
    pub on: bool,
    /// Warnings do not show in the exit code.
    pub dont_warn: bool,
    /// Critical findings do not show in the exit code.
    pub dont_crit: bool,
    /// The newest snapshot is older: a warning. 0: none.
    pub warn: PerType,
    /// The newest snapshot is older, or there is none: critical. 0: neither this nor a warning.
    pub crit: PerType,
}

/// Commands around taking and pruning; empty: none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scripts {
    /// Before the snapshots of a run.
    pub pre_snapshot: String,
    /// After them.
    pub post_snapshot: String,
    /// Before a snapshot is destroyed.
    pub pre_pruning: String,
    /// After a snapshot was destroyed.
    pub pruning: String,
    /// No snapshot if the script before it failed.
    pub no_inconsistent_snapshot: bool,
    /// The script after it runs even if the one before it failed.
    pub force_post_snapshot: bool,
    /// Seconds that each may take; 0: any.
    pub timeout: f64,
}

/// What is in force for one dataset.
///
/// Nothing is taken, pruned or watched in a section that begins with `template`, such as those of a pool called `templates`:
/// sanoid takes it for a template.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::struct_excessive_bools, reason = "as many as sanoid has toggles")]
pub struct Settings {
    /// The section, which is the dataset's name unless a `path` says otherwise.
    pub section: String,
    /// The dataset.
    pub dataset: String,
    /// Whether snapshots are taken.
    pub autosnap: bool,
    /// Whether snapshots are destroyed.
    pub autoprune: bool,
    /// Whether only the datasets below are dealt with: nothing is done to this one.
    pub process_children_only: bool,
    /// Whether snapshots are taken with `zfs snapshot -r`.
    pub zfs_recursion: bool,
    /// How many of each type stay, and so many periods long. 0: none is taken, and all are destroyed.
    pub keep: PerType,
    /// When snapshots are due.
    pub marks: Marks,
    /// When nothing is destroyed because there is room.
    pub prune_defer: PruneDefer,
    /// What the monitor looks at.
    pub monitoring: Monitoring,
    /// How full the pool may be before that is worth a warning.
    pub capacity_warn: CapacityLimit,
    /// How full the pool may be before that is critical.
    pub capacity_crit: CapacityLimit,
    /// Commands.
    pub scripts: Scripts,
}

impl Settings {
    /// From the values of all keys.
    pub(super) fn new<'v>(
        section: &str,
        dataset: &str,
        zfs_recursion: bool,
        value: impl Fn(Key) -> &'v str,
    ) -> Self {
        let of = |key| number(value(key));
        let is = |key| truth(value(key));
        let text = |key| value(key).to_owned();
        let acts = !is_passed_over(section);
        Self {
            section: section.to_owned(),
            dataset: dataset.to_owned(),
            autosnap: acts && is(Key::Autosnap),
            autoprune: acts && is(Key::Autoprune),
            process_children_only: is(Key::ProcessChildrenOnly),
            zfs_recursion,
            keep: PerType::new(|kind| of(count_key(kind))),
            marks: Marks {
                frequent_period: of(Key::FrequentPeriod),
                hourly_min: of(Key::HourlyMin),
                daily_hour: of(Key::DailyHour),
                daily_min: of(Key::DailyMin),
                weekly_wday: of(Key::WeeklyWday),
                weekly_hour: of(Key::WeeklyHour),
                weekly_min: of(Key::WeeklyMin),
                monthly_mday: of(Key::MonthlyMday),
                monthly_hour: of(Key::MonthlyHour),
                monthly_min: of(Key::MonthlyMin),
                yearly_mon: of(Key::YearlyMon),
                yearly_mday: of(Key::YearlyMday),
                yearly_hour: of(Key::YearlyHour),
                yearly_min: of(Key::YearlyMin),
            },
            prune_defer: PruneDefer::new(value(Key::PruneDefer)),
            monitoring: Monitoring {
                on: acts && is(Key::Monitor),
                dont_warn: is(Key::MonitorDontWarn),
                dont_crit: is(Key::MonitorDontCrit),
                warn: PerType::new(|kind| age(value(warn_key(kind)), kind.unit_below())),
                crit: PerType::new(|kind| age(value(crit_key(kind)), kind.unit_below())),
            },
            capacity_warn: CapacityLimit::new(value(Key::CapacityWarn)),
            capacity_crit: CapacityLimit::new(value(Key::CapacityCrit)),
            scripts: Scripts {
                pre_snapshot: text(Key::PreSnapshotScript),
                post_snapshot: text(Key::PostSnapshotScript),
                pre_pruning: text(Key::PrePruningScript),
                pruning: text(Key::PruningScript),
                no_inconsistent_snapshot: is(Key::NoInconsistentSnapshot),
                force_post_snapshot: is(Key::ForcePostSnapshotScript),
                timeout: of(Key::ScriptTimeout),
            },
        }
    }

    /// What is in force for a dataset that the built-in defaults alone apply to.
    pub fn defaults(dataset: &str) -> Self {
        Self::new(dataset, dataset, false, |key| super::value::toggle(key.default_value()))
    }
}

/// Whether sanoid takes a section for a template when it takes, prunes and watches snapshots, though it is none: then it
/// looks at `template` only, without the `_`.
pub(super) fn is_passed_over(section: &str) -> bool {
    section.starts_with("template")
}

/// The key that says how many of a type stay.
pub(super) fn count_key(kind: Type) -> Key {
    match kind {
        Type::Yearly => Key::Yearly,
        Type::Monthly => Key::Monthly,
        Type::Weekly => Key::Weekly,
        Type::Daily => Key::Daily,
        Type::Hourly => Key::Hourly,
        Type::Frequently => Key::Frequently,
    }
}

pub(super) fn warn_key(kind: Type) -> Key {
    match kind {
        Type::Yearly => Key::YearlyWarn,
        Type::Monthly => Key::MonthlyWarn,
        Type::Weekly => Key::WeeklyWarn,
        Type::Daily => Key::DailyWarn,
        Type::Hourly => Key::HourlyWarn,
        Type::Frequently => Key::FrequentlyWarn,
    }
}

pub(super) fn crit_key(kind: Type) -> Key {
    match kind {
        Type::Yearly => Key::YearlyCrit,
        Type::Monthly => Key::MonthlyCrit,
        Type::Weekly => Key::WeeklyCrit,
        Type::Daily => Key::DailyCrit,
        Type::Hourly => Key::HourlyCrit,
        Type::Frequently => Key::FrequentlyCrit,
    }
}
