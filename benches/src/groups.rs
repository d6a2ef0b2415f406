//! The bars that the benchmarks are held to.

/// A group of benchmarks and the least ratio of its floor's time to its subject's.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// The name of the criterion group, which holds `subject` and `floor`.
    pub name: &'static str,
    /// Floor time divided by subject time must not be below this.
    pub bar: f64,
}

/// Every group. See the bench files for what subject and floor are.
pub const GROUPS: &[Group] = &[
    Group { name: "read-text", bar: 0.6 },
    Group { name: "read-text-growth", bar: 0.9 },
    Group { name: "read-json", bar: 0.5 },
    Group { name: "read-json-growth", bar: 0.9 },
    Group { name: "names", bar: 0.02 },
    Group { name: "numbers", bar: 0.2 },
    Group { name: "read-and-plan", bar: 0.66 },
    // Planning takes about as long as telling what has drifted.
    Group { name: "plan", bar: 0.8 },
    // No bar was set: shown per run.
    Group { name: "plan-moves", bar: 0.0 },
    Group { name: "calendar-next", bar: 0.3 },
    Group { name: "calendar-never", bar: 0.2 },
    Group { name: "plan-growth", bar: 0.83 },
    Group { name: "plan-growth-200k", bar: 0.83 },
    // 50 ms for 10,000 entries, where the floor takes 0.7 ms: origins and owners are shared, so that copying is cheap.
    Group { name: "resolve", bar: 0.014 },
    // What sorting alone loses is 0.75 (log 1,000 to log 10,000).
    Group { name: "resolve-growth", bar: 0.7 },
    // A microsecond for each path would be 0.21.
    Group { name: "fate", bar: 0.5 },
    Group { name: "read-host", bar: 0.3 },
    // Three times the time of sorting.
    Group { name: "retention-100k", bar: 0.33 },
    Group { name: "retention-1m", bar: 0.33 },
    Group { name: "retention-all-1m", bar: 0.33 },
    // No bar was set: shown per run.
    Group { name: "excludes-1m", bar: 0.0 },
    Group { name: "audit", bar: 0.77 },
    Group { name: "audit-stat", bar: 1.0 },
    // The floor's 2 ms over the 20 ms that 100,000 snapshots a side may take.
    Group { name: "incremental-path", bar: 0.1 },
    Group { name: "incremental-path-growth", bar: 0.6 },
    Group { name: "wal-names", bar: 0.02 },
    Group { name: "restore-order", bar: 0.1 },
    // A subject has a search for each kind of copy, and what was found is kept; the floor looks up a mount.
    Group { name: "coverage", bar: 0.1 },
    Group { name: "coverage-growth", bar: 0.5 },
    // Calendars and patterns are compiled, and what is read is checked.
    Group { name: "coverage-check", bar: 0.05 },
    Group { name: "coverage-check-growth", bar: 0.7 },
];
