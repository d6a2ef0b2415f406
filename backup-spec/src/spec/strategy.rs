//! Strategies of declarations and of what is on their hosts, for your own property tests.

use proptest::prelude::*;
use zfs_props::name::DatasetName;

use super::Spec;
use crate::calendar::Calendar;
use crate::coverage::{Class, Inventory, Protection, Requirement, Subject, Tier};
use crate::exclude::Pattern;
use crate::job::{Job, Source};
use crate::name::Name;
use crate::path::AbsolutePath;
use crate::replication::Replication;
use crate::repository::Repository;
use crate::schedule::Schedule;
use crate::snapshots::{Sanoid, Values};
use crate::span::Span;
use crate::timer::Timer;

/// Datasets, and where each is mounted: one in another, one beside, one in another pool.
const DATASETS: [(&str, &str); 5] = [
    ("rpool/persist", "/persist"),
    ("rpool/persist/sonarr", "/persist/sonarr"),
    ("tank/data", "/persist/data"),
    ("tank/srv", "/srv"),
    ("tank/srv/a-b", "/srv/a b"),
];

/// Names of files and directories.
const NAMES: [&str; 6] = ["a", "cache", "chunks", "x.db", "sonarr", "a b"];

/// What patterns are made of. None begins with `!`, since what a list of them means is checked as a whole.
const PARTS: [&str; 8] = ["a", "cache", "chunks", "*.db", "c*", "**", "?", "[a-c]"];

/// Expressions of which none elapses more often than every hour.
const CALENDARS: [&str; 7] = [
    "hourly UTC",
    "daily UTC",
    "*-*-* 00/6:30:00 UTC",
    "Mon..Fri 02:30 UTC",
    "weekly UTC",
    "monthly UTC",
    "*-*-1/7 UTC",
];

fn parsed<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

/// A schedule whose runs never meet.
pub fn schedule() -> impl Strategy<Value = Schedule> {
    let calendar = prop::sample::select(&CALENDARS[..]);
    let late = (0_u64..20, 0_u64..20, 1_u64..20, any::<bool>());
    (calendar, late).prop_filter_map("read", |(calendar, (jitter, accuracy, run, persistent))| {
        let minutes = |count| Span::from_secs(count * 60);
        let mut timer = Timer::new(parsed::<Calendar>(calendar)?);
        timer.randomized_delay = minutes(jitter);
        timer.accuracy = minutes(accuracy);
        timer.persistent = persistent;
        Some(Schedule::new(timer, minutes(run)))
    })
}

/// A path of a file or directory on the hosts of [`inventory`].
pub fn path() -> impl Strategy<Value = AbsolutePath> {
    let top = prop::sample::select(vec![
        "/persist",
        "/persist/sonarr",
        "/persist/data",
        "/srv",
        "/srv/a b",
        "/other",
    ]);
    let names = prop::collection::vec(prop::sample::select(&NAMES[..]), 0..4);
    (top, names)
        .prop_filter_map("read", |(top, names)| parsed(&format!("{top}/{}", names.join("/"))))
}

fn pattern() -> impl Strategy<Value = Pattern> {
    let top = prop::sample::select(vec!["", "", "/persist/", "/persist/sonarr/", "/srv/"]);
    let parts = prop::collection::vec(prop::sample::select(&PARTS[..]), 1..3);
    (top, parts).prop_filter_map("read", |(top, parts)| {
        Pattern::parse(&format!("{top}{}", parts.join("/"))).ok().flatten()
    })
}

/// A job of the repository `nas`; that it holds together is not certain.
pub fn job() -> impl Strategy<Value = Job> {
    let source = prop::option::of(prop::sample::select(&DATASETS[..]));
    let paths = prop::collection::vec(path(), 1..3);
    let excludes = prop::collection::vec(pattern(), 0..4);
    let flags = (any::<bool>(), any::<bool>(), prop::bool::weighted(0.9));
    (source, paths, excludes, flags, schedule()).prop_filter_map(
        "read",
        |(source, paths, excludes, (one_file_system, caches, enable), schedule)| {
            let mut job = Job::new(parsed("nas")?, paths, schedule);
            if let Some((dataset, mount)) = source {
                let mountpoint: AbsolutePath = parsed(mount)?;
                job.paths.retain(|path| path.is_within(&mountpoint));
                if job.paths.is_empty() {
                    job.paths.push(mountpoint.clone());
                }
                job.source = Source::Clone { dataset: parsed(dataset)?, mountpoint };
            }
            job.paths.sort();
            job.paths.dedup();
            (job.excludes, job.one_file_system, job.enable) = (excludes, one_file_system, enable);
            job.marks.exclude_caches = caches;
            Some(job)
        },
    )
}

fn sanoid() -> impl Strategy<Value = Option<Sanoid>> {
    let counts = prop::collection::vec(0_u32..9, 6);
    let datasets = prop::sample::subsequence(&DATASETS[..], 1..DATASETS.len());
    let some =
        (counts, datasets, any::<bool>()).prop_filter_map("read", |(counts, datasets, snap)| {
            use crate::sanoid::Key;
            let mut timer = Timer::new(parsed::<Calendar>("*:0/5 UTC")?);
            timer.accuracy = Span::from_secs(1);
            let mut sanoid = Sanoid::new(Schedule::new(timer, Span::from_secs(240)));
            let keys =
                [Key::Frequently, Key::Hourly, Key::Daily, Key::Weekly, Key::Monthly, Key::Yearly];
            let mut values: Values =
                keys.into_iter().zip(counts.iter().map(ToString::to_string)).collect();
            values.insert(Key::Autosnap, if snap { "yes" } else { "no" }.into());
            values.insert(Key::Autoprune, "yes".into());
            for (dataset, _) in datasets {
                sanoid.datasets.insert(parsed(dataset)?, values.clone());
            }
            Some(sanoid)
        });
    prop::option::of(some)
}

fn replication() -> impl Strategy<Value = Replication> {
    let source = prop::sample::select(&DATASETS[..]);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    (source, flags, schedule()).prop_filter_map(
        "read",
        |((source, _), (recursive, offsite, enable), schedule)| {
            let mut job =
                crate::syncoid::Replication::new(parsed(source)?, parsed("repl@nas:backup/copy")?);
            job.recursive = recursive;
            let mut replication = Replication::new(job, schedule);
            (replication.offsite, replication.enable) = (offsite, enable);
            Some(replication)
        },
    )
}

fn requirement() -> impl Strategy<Value = Requirement> {
    let tiers: Vec<Tier> = Tier::WORDS.iter().map(|(_, tier)| *tier).collect();
    let most = tiers.len();
    let tiers = prop::sample::subsequence(tiers, 0..=most);
    let objective =
        || prop::option::of((1_u64..100).prop_map(|hours| Span::from_secs(hours * 3600)));
    (tiers, objective(), objective()).prop_map(|(tiers, onsite, offsite)| Requirement {
        tiers: tiers.into_iter().collect(),
        onsite_rpo: onsite,
        offsite_rpo: offsite,
        ..Requirement::default()
    })
}

/// A declaration that was checked: jobs, repositories, snapshots, replications and decisions of one host.
pub fn spec() -> impl Strategy<Value = super::Checked> {
    let jobs = prop::collection::vec(job(), 0..4);
    let replications = prop::collection::vec(replication(), 0..3);
    let requirements = prop::collection::vec(requirement(), 4);
    let subjects = prop::collection::btree_set(path(), 0..3);
    let excludes = prop::collection::vec(prop::sample::select(vec!["**/cache", "*.tmp"]), 0..2);
    let parts = (jobs, sanoid(), replications, requirements, subjects, excludes);
    parts.prop_filter_map(
        "fits together",
        |(jobs, sanoid, replications, requirements, subjects, excludes)| {
            let mut spec = Spec { host: "forge".into(), sanoid, ..Spec::default() };
            let password: AbsolutePath = parsed("/run/secrets/restic")?;
            spec.repositories
                .insert(parsed("nas")?, Repository::new(parsed("/mnt/nas")?, password));
            for text in excludes {
                spec.excludes.extend(Pattern::parse(text).ok().flatten());
            }
            for (n, mut job) in jobs.into_iter().enumerate() {
                let name: Name = parsed(&format!("job{n}"))?;
                // What can match nothing is refused; here it is left out.
                let inert = crate::scan::Scan::of(&name, &job, &[]).inert;
                job.excludes.retain(|pattern| !inert.contains(pattern));
                spec.jobs.insert(name, job);
            }
            for (n, replication) in replications.into_iter().enumerate() {
                spec.replication.insert(parsed(&format!("copy{n}"))?, replication);
            }
            for ((_, class), requirement) in Class::WORDS.iter().zip(requirements) {
                spec.classes.insert(*class, requirement);
            }
            let datasets =
                DATASETS.iter().filter_map(|(dataset, _)| parsed::<DatasetName>(dataset));
            let subjects =
                subjects.into_iter().map(Subject::Path).chain(datasets.map(Subject::Dataset));
            for (n, subject) in subjects.enumerate() {
                let (_, class) = Class::WORDS.get(n % 4)?;
                let requirement = spec.classes.get(class)?.clone();
                spec.protection.insert(subject, Protection::new(*class, requirement));
            }
            spec.check().ok()
        },
    )
}

/// What is on the host of a declaration: the datasets that it can name, most of them mounted where it says, and files.
pub fn inventory() -> impl Strategy<Value = Inventory> {
    let mounted = prop::collection::vec(prop::bool::weighted(0.9), DATASETS.len());
    let files = prop::collection::btree_map(path(), 0_u64..1000, 0..40);
    let tags = prop::collection::vec(path(), 0..3);
    (mounted, files, tags).prop_filter_map("read", |(mounted, files, tags)| {
        let mut inventory = Inventory::default();
        inventory.add_filesystem(parsed("rpool/root")?, Some(parsed("/")?));
        inventory.add_filesystem(parsed("rpool/temp")?, None);
        inventory.add_filesystem(parsed("tank/temp")?, None);
        for ((dataset, mount), mounted) in DATASETS.iter().zip(mounted) {
            let mount = parsed(mount).filter(|_| mounted);
            inventory.add_filesystem(parsed(dataset)?, mount);
        }
        inventory.add_mount(parsed("/mnt/nas")?, "nas-1:/backup");
        for (path, bytes) in files {
            inventory.add_file(path.join("file"), bytes);
        }
        for path in tags {
            inventory.add_file(path.join("CACHEDIR.TAG"), 43);
        }
        Some(inventory)
    })
}
