//! Reading an observation and planning from it, beside reading alone.

#![allow(missing_docs)]

use std::hint::black_box;

use benches::{spec, zfs_get};
use criterion::{Criterion, criterion_group, criterion_main};
use dataset_plan::{Observed, Policy, plan};

fn read_and_plan(c: &mut Criterion) {
    const DATASETS: usize = 5_000;
    let (spec, output) = (spec(DATASETS), zfs_get(DATASETS));
    let mut group = c.benchmark_group("read-and-plan");
    group.sample_size(10);
    group.bench_function("subject", |b| {
        b.iter(|| {
            let observed = Observed::from_zfs_get(black_box(&output));
            observed.map(|observed| plan(&spec, &observed, &Policy::default()))
        });
    });
    group.bench_function("floor", |b| b.iter(|| Observed::from_zfs_get(black_box(&output))));
    group.finish();
}

criterion_group!(plans, read_and_plan);
criterion_main!(plans);
