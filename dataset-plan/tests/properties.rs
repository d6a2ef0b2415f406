//! What holds for every declaration and every observation.
#![cfg(feature = "proptest")]
#![allow(
    clippy::format_collect,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "properties/carried.rs"]
mod carried;

use std::collections::{BTreeMap, BTreeSet};

use carried::{applied, run_in_part};
use dataset_plan::apply::World;
use dataset_plan::policy::{Heirs, Mounting};
use dataset_plan::strategy::{changes, plain_changes};
use dataset_plan::{Observed, Obstacle, Plan, Policy, Spec, plan, sim};
use proptest::prelude::*;
use zfs_props::name::DatasetName;
use zfs_props::property::Property;
use zfs_props::release::Release;
use zfs_props::source::Source;

/// Values of datasets that a declaration says nothing of, and whether they are set there. (From how
/// far up the same value is inherited may change.)
fn undeclared(spec: &Spec, observed: &Observed) -> BTreeMap<(DatasetName, String), String> {
    let declared = spec.expand().unwrap();
    let values = observed.effective(Release::V2_3);
    let never_mounted = |name: &DatasetName| {
        let is = |property: Property, word: &str| {
            let mut here = values.iter().filter(|v| v.dataset == *name);
            here.any(|v| v.property == property.into() && v.value == word)
        };
        is(Property::Mountpoint, "none") || is(Property::Canmount, "off")
    };
    // What only holds declared datasets has no files.
    let holders: BTreeSet<DatasetName> =
        declared.datasets.keys().flat_map(DatasetName::ancestors).collect();
    let holders: BTreeSet<DatasetName> = holders.into_iter().filter(never_mounted).collect();
    let is_declared =
        |name: &DatasetName| declared.datasets.contains_key(name) || holders.contains(name);
    // The note of ownership means nothing to those who inherit it.
    let note = declared.owner_property.as_ref();
    let values = values.iter().filter(|v| !is_declared(&v.dataset) && Some(&v.property) != note);
    values
        .map(|v| {
            let own = matches!(v.source, Source::Local | Source::Received);
            ((v.dataset.clone(), v.property.to_string()), format!("{} {own}", v.value))
        })
        .collect()
}

/// What is blocked. (The containers that a plan makes can be one more reason.)
fn codes(plan: &Plan) -> BTreeSet<DatasetName> {
    plan.blocked().iter().map(|blocked| blocked.dataset.clone()).collect()
}

/// Where each filesystem is mounted.
fn mounts(observed: &Observed) -> BTreeMap<DatasetName, String> {
    let values = observed.effective(Release::V2_3).into_iter();
    let places = values.filter(|v| v.property == Property::Mountpoint.into());
    let is_mounted =
        |name: &DatasetName| observed.dataset(name).is_some_and(|d| d.mounted == Some(true));
    places.filter(|v| is_mounted(&v.dataset)).map(|v| (v.dataset, v.value)).collect()
}

/// `zfs unmount` of a dataset takes those below it along. Where one of those holds another file system, and that one holds
/// the dataset, none of the three can be unmounted any more.
fn is_knotted(observed: &Observed) -> bool {
    let mut left = mounts(observed);
    let within = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/') || rest.is_empty())
    };
    while !left.is_empty() {
        let free = left.keys().find(|top| {
            let goes = |name: &DatasetName| name == *top || name.is_under(top);
            let (along, others): (Vec<_>, Vec<_>) = left.iter().partition(|(name, _)| goes(name));
            !others.iter().any(|(_, inner)| along.iter().any(|(_, outer)| within(inner, outer)))
        });
        let Some(free) = free.cloned() else { return true };
        left.retain(|name, _| *name != free && !name.is_under(&free));
    }
    false
}

/// What is stored, and what mount options do not cover.
fn stored(observed: &Observed) -> BTreeMap<(DatasetName, String), (String, Source<DatasetName>)> {
    let values = observed.effective(Release::V2_3).into_iter();
    values.map(|v| ((v.dataset, v.property.to_string()), (v.value, v.source))).collect()
}

/// The filesystems that no path leads to: something is mounted over them.
fn covered(zfs: &sim::Zfs) -> Vec<DatasetName> {
    let mounted = mounts(&zfs.observe()).into_keys();
    mounted.filter(|name| zfs.is_covered(name)).collect()
}

fn config() -> ProptestConfig {
    ProptestConfig {
        max_shrink_iters: 400,
        failure_persistence: None,
        // A machine that no plan could build would go unseen otherwise.
        max_local_rejects: 0,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    /// An applied plan leaves nothing to do, from whatever was there.
    #[test]
    fn one_apply_converges(change in changes()) {
        let (there, wanted, policy) = (change.observed(), change.spec(), change.policy());
        let first = plan(wanted, there, policy).unwrap();
        let done = applied(&first, there);
        let second = plan(wanted, &done, policy).unwrap();
        prop_assert!(second.is_empty(), "{first}\n{second}");
        prop_assert_eq!(codes(&first), codes(&second), "{}\n{}", first, second);
    }

    /// A machine is built from an empty pool in one go.
    #[test]
    fn a_new_machine_is_built(change in plain_changes()) {
        let pool = Observed::from_zfs_get_set("tank\ttype\tfilesystem\t-\t-\ntank\tmounted\tyes\t-\t-\n").unwrap();
        let first = plan(change.spec(), &pool, change.policy()).unwrap();
        let second = plan(change.spec(), &applied(&first, &pool), change.policy()).unwrap();
        prop_assert!(second.is_empty(), "{first}\n{second}");
    }

    /// What was mounted and can be is mounted, in its place, and covers nothing.
    #[test]
    fn mounts_survive_a_plan(change in changes()) {
        let (there, wanted, policy) = (change.observed(), change.spec(), change.policy());
        let plan = plan(wanted, there, policy).unwrap();
        let mut zfs = sim::Zfs::from(there);
        plan.apply(&mut zfs).unwrap_or_else(|error| panic!("{error}\n{plan}"));
        let then = zfs.observe();
        let (was, is) = (mounts(there), mounts(&then));
        let effective = stored(&then);
        let says = |name: &DatasetName, property: &str| effective[&(name.clone(), property.into())].0.clone();
        let renamed: BTreeMap<u64, &DatasetName> =
            then.datasets().filter_map(|(name, d)| Some((d.guid?, name))).collect();
        for name in was.keys() {
            let name = there.dataset(name).and_then(|d| renamed.get(&d.guid?).copied()).unwrap_or(name);
            let place = says(name, "mountpoint");
            // Several with `noauto` can have one place; one of them is mounted there. And nobody declared that such a
            // one is mounted over others.
            let within = |other: &str| other == place || other.starts_with(&format!("{place}/"));
            let others = is.iter().any(|(other, at)| other != name && *at == place);
            let is_taken = says(name, "canmount") == "noauto" && (others || change.foreign().iter().any(|at| within(at)));
            let may = says(name, "canmount") != "off" && place.starts_with('/');
            // Unless it was there already.
            prop_assert!(may == is.contains_key(name) || may && is_taken, "{}\n{}", name, plan);
        }
        for foreign in change.foreign() {
            for (name, place) in is.iter().filter(|(_, place)| !was.values().any(|old| old == *place)) {
                let covers = place == foreign || foreign.starts_with(&format!("{place}/"));
                prop_assert!(!covers, "{} covers {}\n{}", name, foreign, plan);
            }
        }
        // What was covered before may stay so.
        let before = covered(&sim::Zfs::from(there));
        let covered = covered(&zfs);
        prop_assert!(covered.iter().all(|name| before.contains(name)), "{:?} covered\n{}", covered, plan);
    }

    /// No value of an undeclared dataset changes.
    #[test]
    fn what_is_not_declared_stays(change in plain_changes()) {
        let (there, wanted) = (change.observed(), change.spec());
        let plan = plan(wanted, there, &Policy::default()).unwrap();
        let then = applied(&plan, there);
        let now = undeclared(wanted, there);
        let mut later = undeclared(wanted, &then);
        later.retain(|(dataset, _), _| there.dataset(dataset).is_some());
        prop_assert_eq!(now, later, "{}", plan);
        let declared = wanted.expand().unwrap().datasets;
        let keep = |mounts: BTreeMap<DatasetName, String>| -> BTreeMap<_, _> {
            mounts.into_iter().filter(|(name, _)| !declared.contains_key(name)).collect()
        };
        let mut after = keep(mounts(&then));
        after.retain(|dataset, _| there.dataset(dataset).is_some());
        prop_assert_eq!(keep(mounts(there)), after, "{}", plan);
    }

    /// A plan can stop anywhere, also in the middle of a step; planning again goes on from there, to where the whole plan
    /// would have led.
    #[test]
    fn an_interrupted_plan_goes_on(change in changes(), stop in 0..20usize, inside: bool) {
        let (there, wanted) = (change.observed(), change.spec());
        let mut policy = change.policy().clone();
        policy.mount = Mounting::Allow;
        let first = plan(wanted, there, &policy).unwrap();
        let whole = applied(&first, there);
        let mut zfs = sim::Zfs::from(there);
        for step in first.steps().iter().take(stop) {
            zfs.run(step).unwrap_or_else(|e| panic!("{e}\n{first}"));
        }
        if let Some(step) = first.steps().get(stop).filter(|_| inside) {
            run_in_part(&mut zfs, step);
        }
        let broken = zfs.observe();
        let rest = plan(wanted, &broken, &policy).unwrap();
        let done = applied(&rest, &broken);
        let again = plan(wanted, &done, &policy).unwrap();
        prop_assert!(again.is_empty(), "{}\n{}\n{}", first, rest, again);
        // What was unmounted when it broke down is in nobody's way; and what lay below another file system then cannot get
        // back to its place.
        let (before, after) = (codes(&first), codes(&again));
        let is_out = |name: &DatasetName| {
            let out = broken.dataset(name).is_some_and(|dataset| dataset.mounted == Some(false));
            let covered = [Obstacle::Taken, Obstacle::Covers];
            let mut blocked = again.blocked().iter().filter(|blocked| blocked.dataset == *name);
            out && blocked.all(|blocked| covered.contains(&blocked.code))
        };
        let subset = after.iter().all(|name| before.contains(name) || is_out(name));
        prop_assert!(before == after || inside && subset, "{}\n{}\n{}", first, rest, again);
        let declared = wanted.expand().unwrap().datasets;
        let of_declared = |observed: &Observed| -> BTreeMap<_, _> {
            // With `noauto` nobody declared that it is mounted. And what cannot get to its declared place stays where it is,
            // but once it is unmounted nobody wants it there.
            let shall = |name: &DatasetName, place: &str| declared.get(name).is_some_and(|want| want.mounted_at() == Some(place));
            mounts(observed).into_iter().filter(|(name, place)| shall(name, place)).collect()
        };
        let (mut whole, mut done) = (of_declared(&whole), of_declared(&done));
        whole.retain(|name, _| !after.contains(name) || !is_out(name));
        // What was unmounted when it broke down is in nobody's way: more can be mounted.
        done.retain(|name, _| !inside || whole.contains_key(name));
        prop_assert_eq!(whole, done, "{}\n{}", first, rest);
    }

    /// The order of a declaration changes no byte of the plan.
    #[test]
    fn order_does_not_count(change in changes()) {
        let there = change.observed();
        let a = plan(change.spec(), there, change.policy()).unwrap();
        let b = plan(change.reordered(), there, change.policy()).unwrap();
        prop_assert_eq!(a.to_string(), b.to_string());
        prop_assert_eq!(a.script().to_string(), b.script().to_string());
        #[cfg(feature = "serde")]
        prop_assert_eq!(serde_json::to_string(&a).unwrap(), serde_json::to_string(&b).unwrap());
    }

    /// What can be taken back is: afterwards everything is stored as it was observed, and mounted where it was. (What mount
    /// options cover until the next mount is not stored.) That is all, unless mounts are knotted.
    #[test]
    fn undo_restores_the_observation(change in changes()) {
        let there = change.observed();
        let plan = plan(change.spec(), there, change.policy()).unwrap();
        let mut policy = Policy::default();
        policy.destroy = plan.steps().iter().map(|step| step.dataset.to_string()).collect();
        let undo = plan.undo(&policy);
        let back = applied(&undo, &applied(&plan, there));
        if !undo.blocked().is_empty() {
            let mut zfs = sim::Zfs::from(there);
            let mut knotted = false;
            for step in plan.steps() {
                zfs.run(step).unwrap();
                knotted |= is_knotted(&zfs.observe());
            }
            // What is stored cannot be seen while a mount option covers it.
            let covered = undo.blocked().iter().all(|b| b.what.contains("covered by a mount option"));
            prop_assert!(knotted || covered, "{}\n{}", plan, undo);
            return Ok(());
        }
        let (was, is) = (stored(there), stored(&back));
        prop_assert!(was.keys().eq(is.keys()));
        for (key, value) in was.iter().filter(|(_, (_, source))| *source != Source::Temporary) {
            if is[key].1 != Source::Temporary {
                prop_assert_eq!(value, &is[key], "{:?}\n{}\n{}", key, plan, undo);
            }
        }
        prop_assert_eq!(mounts(there), mounts(&back), "{}\n{}", plan, undo);
    }

    /// Nothing is destroyed, and no undo destroys, without a grant that names it.
    #[test]
    fn without_a_grant_nothing_is_destroyed(change in plain_changes()) {
        let (there, mut wanted) = (change.observed(), change.spec().clone());
        let declared = wanted.expand().unwrap();
        let kept = |name: &DatasetName| declared.datasets.keys().any(|d| d == name || d.is_under(name));
        wanted.absent =
            there.datasets().map(|(name, _)| name.clone()).filter(|name| !kept(name)).collect();
        let plan = plan(&wanted, there, change.policy()).unwrap();
        for plan in [&plan, &plan.undo(&Policy::default())] {
            prop_assert!(plan.steps().iter().all(|step| !step.action.destroys()), "{}", plan);
        }
        // Granted, they go, and nothing else does.
        let mut policy = change.policy().clone();
        policy.destroy = wanted.absent.iter().map(ToString::to_string).collect();
        let granted = dataset_plan::plan(&wanted, there, &policy).unwrap();
        for step in granted.steps().iter().filter(|step| step.action.destroys()) {
            prop_assert!(wanted.absent.contains(&step.dataset));
        }
        let then = applied(&granted, there);
        let again = dataset_plan::plan(&wanted, &then, &policy).unwrap();
        // What is gone is in nobody's way any more.
        prop_assert!(again.steps().iter().all(|step| !step.action.destroys()), "{}\n{}", granted, again);
        let last = applied(&again, &then);
        prop_assert!(dataset_plan::plan(&wanted, &last, &policy).unwrap().is_empty());
    }

    /// A plan is minimal: without any one of its steps something is left to do.
    #[test]
    fn every_step_is_needed(change in changes(), which in any::<prop::sample::Index>()) {
        let (there, wanted) = (change.observed(), change.spec());
        let mut policy = change.policy().clone();
        policy.mount = Mounting::Allow;
        let plan = plan(wanted, there, &policy).unwrap();
        prop_assume!(!plan.is_empty());
        let left_out = plan.steps()[which.index(plan.steps().len())].id;
        let mut without = vec![left_out];
        let mut zfs = sim::Zfs::from(there);
        for step in plan.steps() {
            if step.id == left_out || step.needs.iter().any(|need| without.contains(need)) {
                without.push(step.id);
            } else {
                // What would have made way is missing perhaps.
                let _ = zfs.run(step);
            }
        }
        let again = dataset_plan::plan(wanted, &zfs.observe(), &policy).unwrap();
        // With `noauto` nobody declared that it is mounted, but it was.
        let then = zfs.observe();
        let unmounted = mounts(&then) != mounts(&applied(&plan, there));
        prop_assert!(
            !again.is_empty() || codes(&again) != codes(&plan) || unmounted || !covered(&zfs).is_empty(),
            "{} is not needed\n{}", left_out, plan
        );
    }

    /// Batches are the same steps, each after what it needs.
    #[test]
    fn batches_do_the_same(change in changes()) {
        let there = change.observed();
        let plan = plan(change.spec(), there, change.policy()).unwrap();
        let mut zfs = sim::Zfs::from(there);
        let mut done = Vec::new();
        for batch in plan.batches() {
            for step in batch.steps() {
                prop_assert!(step.needs.iter().all(|need| done.contains(need)));
                zfs.run(step).unwrap_or_else(|error| panic!("{error}\n{plan}"));
            }
            done.extend(batch.steps().iter().map(|step| step.id));
        }
        prop_assert_eq!(done.len(), plan.steps().len());
        // Values that a mount took over before it was remounted may be covered until the next one.
        let (batched, single) = (zfs.observe(), applied(&plan, there));
        prop_assert_eq!(mounts(&batched), mounts(&single), "{}", plan);
        let (batched, single) = (stored(&batched), stored(&single));
        for (key, value) in batched.iter().filter(|(_, (_, source))| *source != Source::Temporary) {
            if single[key].1 != Source::Temporary {
                prop_assert_eq!(value, &single[key], "{:?}\n{}", key, plan);
            }
        }
    }

    /// The least change that lets undeclared datasets follow names them.
    #[test]
    fn who_follows_is_named(change in plain_changes()) {
        let (there, wanted) = (change.observed(), change.spec());
        let mut policy = Policy::default();
        policy.heirs = Heirs::Follow;
        let plan = plan(wanted, there, &policy).unwrap();
        let then = applied(&plan, there);
        let (now, later) = (undeclared(wanted, there), undeclared(wanted, &then));
        let named: BTreeSet<_> = plan.steps().iter().flat_map(|step| &step.heirs).collect();
        for (key, value) in now {
            prop_assert!(later.get(&key) == Some(&value) || named.contains(&key.0), "{:?}\n{}", key, plan);
        }
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
