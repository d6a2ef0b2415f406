//! Planning, beside the least that has to be done.
//!
//! | group | subject | floor |
//! |---|---|---|
//! | `read-and-plan` | reading `zfs get -Hp all` of 5,000 datasets, and planning | the reading alone |
//! | `plan` | planning for 50,000 datasets, of which 2,100 are missing and 4,800 drifted | telling what has drifted |
//! | `plan-moves` | the same with 100 mountpoints that change, so that the plan is proven in memory | without those |
//! | `plan-growth` | planning for 50,000 datasets | for ten machines of 5,000 |
//! | `plan-growth-200k` | planning for 200,000 datasets | for ten machines of 20,000 |

#![allow(missing_docs)]

use std::hint::black_box;

use benches::{fleet, measure, moved_fleet, spec, zfs_get, zfs_get_set};
use criterion::{Criterion, criterion_group, criterion_main};
use dataset_plan::drift::drift;
use dataset_plan::{Observed, Plan, Policy, Spec, plan};

fn read_and_plan(c: &mut Criterion) {
    const DATASETS: usize = 5_000;
    let (spec, output) = (spec(DATASETS), zfs_get(DATASETS));
    let read = || Observed::from_zfs_get(black_box(&output));
    let both = || read().map(|observed| plan(&spec, &observed, &Policy::default()));
    measure(c, "read-and-plan", both, read);
}

fn input(datasets: usize) -> (Spec, Observed) {
    let observed = Observed::from_zfs_get_set(zfs_get_set(datasets)).unwrap_or_default();
    (fleet(datasets), observed)
}

/// Beside ten machines of a tenth. They are ten, so that as much memory is gone through: one small machine, planned for
/// ten times, stays in the processor's caches.
fn growth(c: &mut Criterion, group: &str, datasets: usize) {
    let whole = input(datasets);
    let tenths: Vec<_> = (0..10).map(|_| input(datasets / 10)).collect();
    let policy = Policy::default();
    let steps = |(spec, observed): &(Spec, Observed)| {
        plan(spec, observed, &policy).map_or(0, |plan| plan.steps().len())
    };
    let all = || tenths.iter().map(steps).sum::<usize>();
    measure(c, group, || steps(black_box(&whole)), all);
}

fn plan_alone(c: &mut Criterion) {
    const DATASETS: usize = 50_000;
    let (spec, observed) = input(DATASETS);
    let steps = |plan: Plan| plan.steps().len();
    let policy = Policy::default();
    let subject = || plan(black_box(&spec), &observed, &policy).map(steps);
    let seen = || drift(black_box(&spec), &observed).map(|drift| drift.len());
    measure(c, "plan", subject, seen);
    let moved = moved_fleet(DATASETS, 100);
    measure(c, "plan-moves", || plan(black_box(&moved), &observed, &policy).map(steps), subject);
}

fn plan_growth(c: &mut Criterion) {
    growth(c, "plan-growth", 50_000);
    growth(c, "plan-growth-200k", 200_000);
}

criterion_group!(plans, read_and_plan, plan_alone, plan_growth);
criterion_main!(plans);
