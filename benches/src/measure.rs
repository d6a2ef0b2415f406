//! A subject beside its floor.

use criterion::{BenchmarkGroup, Criterion, Throughput, measurement::WallTime};

/// Measures both, as one group.
pub fn measure<A, B>(
    c: &mut Criterion,
    name: &str,
    subject: impl FnMut() -> A,
    floor: impl FnMut() -> B,
) {
    both(c.benchmark_group(name), subject, floor);
}

/// The same, and tells how much of something is done in a second.
pub fn measure_of<A, B>(
    c: &mut Criterion,
    name: &str,
    amount: Throughput,
    subject: impl FnMut() -> A,
    floor: impl FnMut() -> B,
) {
    let mut group = c.benchmark_group(name);
    group.throughput(amount);
    both(group, subject, floor);
}

fn both<A, B>(
    mut group: BenchmarkGroup<'_, WallTime>,
    mut subject: impl FnMut() -> A,
    mut floor: impl FnMut() -> B,
) {
    group.sample_size(10);
    group.bench_function("subject", |b| b.iter(&mut subject));
    group.bench_function("floor", |b| b.iter(&mut floor));
    group.finish();
}
