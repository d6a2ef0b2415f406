//! Every key that sanoid knows, with its default: one row each.

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text: a path, a command, a list of templates.
    Text,
    /// One of the words for yes and no.
    Toggle,
    /// A number, read as Perl reads numbers.
    Number,
    /// An age, with or without a unit.
    Age,
}

macro_rules! keys {
    ($($variant:ident $name:literal $kind:ident $default:literal $what:literal;)*) => {
        /// A key of sanoid.conf (sanoid 2.3, `sanoid.defaults.conf`). Any other is fatal to sanoid.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Key {
            $(#[doc = $what] $variant,)*
        }

        impl Key {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// As it is written.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// What is in force where nothing is said.
            pub fn default_value(self) -> &'static str {
                match self { $(Self::$variant => $default),* }
            }

            pub(super) fn kind(self) -> Kind {
                match self { $(Self::$variant => Kind::$kind),* }
            }
        }
    };
}

keys! {
    Path "path" Text "" "The dataset, if the section is not called so.";
    Recursive "recursive" Text "" "`yes`: every dataset below too; `zfs`: with one `zfs snapshot -r`.";
    UseTemplate "use_template" Text "" "Templates, separated by commas; a later one wins.";
    ProcessChildrenOnly "process_children_only" Toggle "" "Leave the dataset itself alone.";
    SkipChildren "skip_children" Toggle "" "Forget what was said about the datasets below.";
    PreSnapshotScript "pre_snapshot_script" Text "" "Runs before a snapshot.";
    PostSnapshotScript "post_snapshot_script" Text "" "Runs after a snapshot.";
    PrePruningScript "pre_pruning_script" Text "" "Runs before a snapshot is destroyed.";
    PruningScript "pruning_script" Text "" "Runs after a snapshot was destroyed.";
    ScriptTimeout "script_timeout" Number "5" "Seconds that a script may take.";
    NoInconsistentSnapshot "no_inconsistent_snapshot" Toggle "" "No snapshot if the script before it failed.";
    ForcePostSnapshotScript "force_post_snapshot_script" Toggle "" "Run the script after it even so.";
    FrequentPeriod "frequent_period" Number "15" "Minutes between `frequently` snapshots.";
    Autoprune "autoprune" Toggle "yes" "Whether old snapshots are destroyed.";
    Frequently "frequently" Number "0" "How many to keep.";
    Hourly "hourly" Number "48" "How many to keep.";
    Daily "daily" Number "90" "How many to keep.";
    Weekly "weekly" Number "0" "How many to keep.";
    Monthly "monthly" Number "6" "How many to keep.";
    Yearly "yearly" Number "0" "How many to keep.";
    PruneDefer "prune_defer" Number "0" "Percent of the pool that must be in use before anything is destroyed.";
    Autosnap "autosnap" Toggle "1" "Whether snapshots are taken.";
    HourlyMin "hourly_min" Number "0" "Minute of the hour.";
    DailyHour "daily_hour" Number "23" "Hour of the day.";
    DailyMin "daily_min" Number "59" "Minute of that hour.";
    WeeklyWday "weekly_wday" Number "1" "Day of the week, from Sunday, which is 0.";
    WeeklyHour "weekly_hour" Number "23" "Hour of that day.";
    WeeklyMin "weekly_min" Number "30" "Minute of that hour.";
    MonthlyMday "monthly_mday" Number "1" "Day of the month.";
    MonthlyHour "monthly_hour" Number "0" "Hour of that day.";
    MonthlyMin "monthly_min" Number "0" "Minute of that hour.";
    YearlyMon "yearly_mon" Number "1" "Month of the year.";
    YearlyMday "yearly_mday" Number "1" "Day of that month.";
    YearlyHour "yearly_hour" Number "0" "Hour of that day.";
    YearlyMin "yearly_min" Number "0" "Minute of that hour.";
    Monitor "monitor" Toggle "yes" "Whether `--monitor-snapshots` looks at it.";
    MonitorDontWarn "monitor_dont_warn" Toggle "no" "Warnings do not show in the exit code.";
    MonitorDontCrit "monitor_dont_crit" Toggle "no" "Critical findings do not show in the exit code.";
    FrequentlyWarn "frequently_warn" Age "0" "Age of the newest that is worth a warning.";
    FrequentlyCrit "frequently_crit" Age "0" "Age of the newest that is critical.";
    HourlyWarn "hourly_warn" Age "90m" "Age of the newest that is worth a warning.";
    HourlyCrit "hourly_crit" Age "360m" "Age of the newest that is critical.";
    DailyWarn "daily_warn" Age "28h" "Age of the newest that is worth a warning.";
    DailyCrit "daily_crit" Age "32h" "Age of the newest that is critical.";
    WeeklyWarn "weekly_warn" Age "0" "Age of the newest that is worth a warning.";
    WeeklyCrit "weekly_crit" Age "0" "Age of the newest that is critical.";
    MonthlyWarn "monthly_warn" Age "32d" "Age of the newest that is worth a warning.";
    MonthlyCrit "monthly_crit" Age "40d" "Age of the newest that is critical.";
    YearlyWarn "yearly_warn" Age "0" "Age of the newest that is worth a warning.";
    YearlyCrit "yearly_crit" Age "0" "Age of the newest that is critical.";
    CapacityWarn "capacity_warn" Number "80" "Percent of the pool in use that is worth a warning.";
    CapacityCrit "capacity_crit" Number "95" "Percent of the pool in use that is critical.";
}

impl Key {
    /// The key of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|key| key.name() == name)
    }

    /// Whether templates and parents hand it down.
    pub(super) fn is_handed_down(self) -> bool {
        !matches!(self, Self::UseTemplate | Self::Recursive)
    }
}
