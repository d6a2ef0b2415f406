//! Planning, beside the least that has to be done.
//!
//! | group | subject | floor |
//! |---|---|---|
//! | `read-and-plan` | reading `zfs get -Hp all` of 5,000 datasets, and planning | the reading alone |
//! | `plan` | planning for 50,000 datasets, of which 2,100 are missing and 4,800 drifted | working the declaration out and copying the observation |
//! | `plan-moves` | the same with 100 mountpoints that change, so that the plan is proven in memory | without those |
//! | `plan-growth` | planning for 50,000 datasets | ten times for 5,000 |

#![allow(missing_docs)]

use std::hint::black_box;

use benches::{fleet, measure, moved_fleet, spec, zfs_get, zfs_get_set};
use criterion::{Criterion, criterion_group, criterion_main};
use dataset_plan::{Observed, Plan, Policy, plan};

fn read_and_plan(c: &mut Criterion) {
    const DATASETS: usize = 5_000;
    let (spec, output) = (spec(DATASETS), zfs_get(DATASETS));
    let read = || Observed::from_zfs_get(black_box(&output));
    let both = || read().map(|observed| plan(&spec, &observed, &Policy::default()));
    measure(c, "read-and-plan", both, read);
}

fn plan_alone(c: &mut Criterion) {
    const DATASETS: usize = 50_000;
    let input = |datasets| {
        let observed = Observed::from_zfs_get_set(zfs_get_set(datasets)).unwrap_or_default();
        (fleet(datasets), observed)
    };
    let ((spec, observed), (small, fewer)) = (input(DATASETS), input(DATASETS / 10));
    let steps = |plan: Plan| plan.steps().len();
    let policy = Policy::default();
    let subject = || plan(black_box(&spec), &observed, &policy).map(steps);
    let copy = || (black_box(&spec).expand(), black_box(&observed).clone());
    measure(c, "plan", subject, copy);
    let moved = moved_fleet(DATASETS, 100);
    measure(c, "plan-moves", || plan(black_box(&moved), &observed, &policy).map(steps), subject);
    let once = |_| plan(black_box(&small), &fewer, &policy).map_or(0, steps);
    let ten_times = || (0..10).map(once).sum::<usize>();
    measure(c, "plan-growth", subject, ten_times);
}

criterion_group!(plans, read_and_plan, plan_alone);
criterion_main!(plans);
