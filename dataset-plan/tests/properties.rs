//! What holds for every declaration and every observation.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use dataset_plan::policy::Heirs;
use dataset_plan::{Observed, Plan, Policy, Spec, plan, sim};
use proptest::prelude::*;
use proptest::sample::subsequence;
use proptest::test_runner::RngSeed;
use zfs_props::name::DatasetName;
use zfs_props::release::Release;
use zfs_props::source::Source;

/// A table of a declaration, as `[HEAD]` and its lines.
type Table = (String, Vec<String>);

/// Spellings that OpenZFS takes; some mean the same.
const KEYS: &[(&str, &[&str])] = &[
    ("recordsize", &["16K", "16384", "128K", "1M", "1024K"]),
    ("compression", &["lz4", "zstd", "zstd-3", "gzip", "gzip-6", "off", "on"]),
    ("quota", &["none", "10G", "10240M", "10737418240"]),
];
const FREE: &[(&str, &[&str])] = &[
    ("atime", &["on", "off"]),
    ("xattr", &["sa", "on", "off"]),
    ("logbias", &["latency", "throughput"]),
    ("canmount", &["on", "noauto", "off"]),
    ("refreservation", &["none", "1G"]),
    ("com.sun:auto-snapshot", &["true", "false", ""]),
    ("normalization", &["none", "formD"]),
];
const SERVICES: &[&str] = &["a", "b", "b/inner", "c", "d"];
const UTILITY: &[&str] = &["tank", "tank/x", "tank/x/y", "tank/x-y", "tank/services", "tank/q/r/s"];

fn keys() -> impl Strategy<Value = Vec<String>> {
    fn pick(
        from: &'static [(&'static str, &'static [&'static str])],
    ) -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
        subsequence(from, 0..=from.len()).prop_flat_map(|chosen| {
            let values = |(key, values): &(_, &'static [&str])| {
                (Just(*key), proptest::sample::select(*values))
            };
            chosen.iter().map(values).collect::<Vec<_>>()
        })
    }
    let mountpoint = prop_oneof![
        3 => Just(None),
        1 => Just(Some("none")),
        1 => Just(Some("legacy")),
    ];
    (pick(KEYS), pick(FREE), mountpoint).prop_map(|(typed, free, mountpoint)| {
        let mut lines: Vec<_> = typed.iter().map(|(k, v)| format!("{k} = \"{v}\"")).collect();
        lines.extend(free.iter().map(|(k, v)| format!("properties.\"{k}\" = \"{v}\"")));
        lines.extend(mountpoint.map(|mountpoint| format!("mountpoint = \"{mountpoint}\"")));
        lines
    })
}

fn tables() -> impl Strategy<Value = Vec<Table>> {
    fn of(
        section: &'static str,
        names: &'static [&'static str],
    ) -> impl Strategy<Value = Vec<Table>> {
        subsequence(names, 0..=names.len()).prop_flat_map(move |names| {
            let head = |name: &&str| format!("[{section}.\"{name}\"]");
            names.iter().map(|name| (Just(head(name)), keys())).collect::<Vec<_>>()
        })
    }
    (of("services", SERVICES), of("utility", UTILITY)).prop_map(|(mut a, b)| {
        a.extend(b);
        a
    })
}

fn spec(tables: &[Table]) -> Spec {
    let mut text = String::from(
        "release = \"2.3\"\nparentDataset = \"tank/services\"\nparentMount = \"/srv\"\n",
    );
    for (head, lines) in tables {
        text.extend([head, "\n", &lines.join("\n"), "\n"]);
    }
    Spec::from_toml(&text).unwrap_or_else(|problems| panic!("{problems}\n{text}"))
}

/// A pool with nothing in it, as OpenZFS 2.3 prints it.
fn empty_pool() -> Observed {
    let forge = include_str!("../../examples/hosts/forge.get");
    let pool: String = forge.split_inclusive('\n').filter(|l| l.starts_with("tank\t")).collect();
    Observed::from_zfs_get(pool).unwrap()
}

/// What is there after a declaration was carried out on `observed`.
fn built(spec: &Spec, observed: &Observed) -> Observed {
    let mut policy = Policy::default();
    policy.heirs = Heirs::Follow;
    applied(&plan(spec, observed, &policy).unwrap(), observed)
}

fn applied(plan: &Plan, observed: &Observed) -> Observed {
    let mut zfs = sim::Zfs::from(observed);
    plan.apply(&mut zfs).unwrap_or_else(|error| panic!("{error}\n{plan}"));
    zfs.observe()
}

/// Values of datasets that a declaration says nothing of, and whether they are set there. (From how
/// far up the same value is inherited may change.)
fn undeclared(spec: &Spec, observed: &Observed) -> BTreeMap<(DatasetName, String), String> {
    let declared = spec.expand().unwrap();
    let is_declared = |name: &DatasetName| {
        declared.datasets.contains_key(name) || declared.parents.contains(name)
    };
    let values = observed.effective(Release::V2_3).into_iter();
    let values = values.filter(|value| !is_declared(&value.dataset));
    values
        .map(|v| {
            let own = matches!(v.source, Source::Local | Source::Received);
            ((v.dataset, v.property.to_string()), format!("{} {own}", v.value))
        })
        .collect()
}

/// The same cases at every run, so that a change is to blame for a failure. Among others there are some
/// that still fail: mountpoints within mountpoints that move at the same time.
const SEED: RngSeed = RngSeed::Fixed(1);

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, max_shrink_iters: 300, rng_seed: SEED, ..ProptestConfig::default() })]

    /// An applied plan leaves nothing to do, from whatever was there.
    #[test]
    fn one_apply_converges(before in tables(), after in tables()) {
        let there = built(&spec(&before), &empty_pool());
        let wanted = spec(&after);
        for heirs in [Heirs::Protect, Heirs::Follow] {
            let mut policy = Policy::default();
            policy.heirs = heirs;
            let first = plan(&wanted, &there, &policy).unwrap();
            let second = plan(&wanted, &applied(&first, &there), &policy).unwrap();
            prop_assert!(second.is_empty(), "{first}\n{second}");
            let codes = |plan: &Plan| -> Vec<_> {
                plan.blocked().iter().map(|b| (b.dataset.clone(), b.code)).collect()
            };
            prop_assert_eq!(codes(&first), codes(&second));
        }
    }

    /// No value of an undeclared dataset changes.
    #[test]
    fn what_is_not_declared_stays(before in tables(), after in tables()) {
        let there = built(&spec(&before), &empty_pool());
        let wanted = spec(&after);
        let plan = plan(&wanted, &there, &Policy::default()).unwrap();
        let then = applied(&plan, &there);
        let now = undeclared(&wanted, &there);
        let mut later = undeclared(&wanted, &then);
        later.retain(|(dataset, _), _| there.dataset(dataset).is_some());
        prop_assert_eq!(now, later, "{}", plan);
    }

    /// A plan can stop anywhere; planning again goes on from there.
    #[test]
    fn an_interrupted_plan_goes_on(before in tables(), after in tables(), stop in 0..20usize) {
        let there = built(&spec(&before), &empty_pool());
        let wanted = spec(&after);
        let first = plan(&wanted, &there, &Policy::default()).unwrap();
        let mut zfs = sim::Zfs::from(&there);
        for step in first.steps().iter().take(stop) {
            dataset_plan::apply::World::run(&mut zfs, step).unwrap_or_else(|e| panic!("{e}\n{first}"));
        }
        let rest = plan(&wanted, &zfs.observe(), &Policy::default()).unwrap();
        let done = applied(&rest, &zfs.observe());
        prop_assert!(plan(&wanted, &done, &Policy::default()).unwrap().is_empty());
    }

    /// The order of a declaration changes no byte of the plan.
    #[test]
    fn order_does_not_count(
        before in tables(),
        (straight, shuffled) in tables().prop_flat_map(|t| (Just(t.clone()), Just(t).prop_shuffle())),
    ) {
        let there = built(&spec(&before), &empty_pool());
        let shuffled: Vec<Table> = shuffled
            .into_iter()
            .map(|(head, lines)| (head, lines.into_iter().rev().collect()))
            .collect();
        let a = plan(&spec(&straight), &there, &Policy::default()).unwrap();
        let b = plan(&spec(&shuffled), &there, &Policy::default()).unwrap();
        prop_assert_eq!(a.to_string(), b.to_string());
        prop_assert_eq!(a.script().to_string(), b.script().to_string());
        #[cfg(feature = "serde")]
        prop_assert_eq!(serde_json::to_string(&a).unwrap(), serde_json::to_string(&b).unwrap());
    }

    /// What can be taken back is: afterwards everything is stored as it was observed. (What mount
    /// options cover until the next mount is not stored.)
    #[test]
    fn undo_restores_the_observation(before in tables(), after in tables()) {
        let there = built(&spec(&before), &empty_pool());
        let plan = plan(&spec(&after), &there, &Policy::default()).unwrap();
        let mut policy = Policy::default();
        policy.destroy = plan.steps().iter().map(|step| step.dataset.to_string()).collect();
        let undo = plan.undo(&policy);
        let back = applied(&undo, &applied(&plan, &there));
        prop_assert!(undo.blocked().is_empty(), "{}", undo);
        let stored = |observed: &Observed| -> BTreeMap<_, _> {
            let values = observed.effective(Release::V2_3).into_iter();
            values.map(|v| ((v.dataset, v.property), (v.value, v.source))).collect()
        };
        let (was, is) = (stored(&there), stored(&back));
        prop_assert!(was.keys().eq(is.keys()));
        for (key, value) in was.iter().filter(|(_, (_, source))| *source != Source::Temporary) {
            if is[key].1 != Source::Temporary {
                prop_assert_eq!(value, &is[key], "{:?}\n{}\n{}", key, plan, undo);
            }
        }
    }

    /// Nothing is destroyed, and no undo destroys, without a grant that names it.
    #[test]
    fn without_a_grant_nothing_is_destroyed(before in tables(), after in tables()) {
        let there = built(&spec(&before), &empty_pool());
        let mut wanted = spec(&after);
        let declared = wanted.expand().unwrap();
        let kept = |name: &DatasetName| declared.datasets.keys().any(|d| d == name || d.is_under(name));
        wanted.absent =
            there.datasets().map(|(name, _)| name.clone()).filter(|name| !kept(name)).collect();
        let plan = plan(&wanted, &there, &Policy::default()).unwrap();
        for plan in [&plan, &plan.undo(&Policy::default())] {
            prop_assert!(plan.steps().iter().all(|step| !step.action.destroys()), "{}", plan);
        }
        // Granted, they go, and nothing else does.
        let mut policy = Policy::default();
        policy.destroy = wanted.absent.iter().map(ToString::to_string).collect();
        let granted = dataset_plan::plan(&wanted, &there, &policy).unwrap();
        for step in granted.steps().iter().filter(|step| step.action.destroys()) {
            prop_assert!(wanted.absent.contains(&step.dataset));
        }
        let _ = applied(&granted, &there);
    }

    /// A plan is minimal: without any one of its steps something is left to do.
    #[test]
    fn every_step_is_needed(before in tables(), after in tables(), which in any::<prop::sample::Index>()) {
        let there = built(&spec(&before), &empty_pool());
        let wanted = spec(&after);
        let plan = plan(&wanted, &there, &Policy::default()).unwrap();
        prop_assume!(!plan.is_empty());
        let left_out = plan.steps()[which.index(plan.steps().len())].id;
        let mut without = vec![left_out];
        let mut zfs = sim::Zfs::from(&there);
        for step in plan.steps() {
            if step.id == left_out || step.needs.iter().any(|need| without.contains(need)) {
                without.push(step.id);
            } else {
                // What would have made way is missing perhaps.
                let _ = dataset_plan::apply::World::run(&mut zfs, step);
            }
        }
        let again = dataset_plan::plan(&wanted, &zfs.observe(), &Policy::default()).unwrap();
        prop_assert!(!again.is_empty() || again.blocked() != plan.blocked(), "{} is not needed\n{}", left_out, plan);
    }

    /// Batches are the same steps, each after what it needs.
    #[test]
    fn batches_do_the_same(before in tables(), after in tables()) {
        let there = built(&spec(&before), &empty_pool());
        let plan = plan(&spec(&after), &there, &Policy::default()).unwrap();
        let mut zfs = sim::Zfs::from(&there);
        let mut done = Vec::new();
        for batch in plan.batches() {
            for step in batch.steps() {
                prop_assert!(step.needs.iter().all(|need| done.contains(need)));
                dataset_plan::apply::World::run(&mut zfs, step).unwrap();
            }
            done.extend(batch.steps().iter().map(|step| step.id));
        }
        prop_assert_eq!(done.len(), plan.steps().len());
        prop_assert_eq!(zfs.observe(), applied(&plan, &there));
    }

    /// No text makes the readers panic.
    #[test]
    fn readers_are_total(text in "(?s).{0,200}", bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Spec::from_toml(&text);
        let _ = Observed::from_zfs_get(&bytes);
        #[cfg(feature = "serde")]
        let _ = (Spec::from_json(&text), Observed::from_zfs_get_json(&bytes));
    }
}
