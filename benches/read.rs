//! Reading `zfs get -Hp` text, beside splitting the same bytes into lines and fields.

#![allow(missing_docs)]

use std::hint::black_box;

use benches::zfs_get;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use zfs_props::read::text;

fn read_text(c: &mut Criterion) {
    let output = zfs_get(20_000);
    let output = output.as_bytes();
    let mut group = c.benchmark_group("read-text");
    group.sample_size(10).throughput(Throughput::Bytes(output.len() as u64));
    group.bench_function("subject", |b| {
        b.iter(|| {
            let records = text::get(black_box(output), text::Columns::ALL);
            records.map(|record| record.map_or(0, |record| record.value.len())).sum::<usize>()
        });
    });
    group.bench_function("floor", |b| b.iter(|| fields(black_box(output))));
    group.finish();
}

/// The sum of all field lengths: every newline and tab is found, and nothing else is done.
fn fields(output: &[u8]) -> usize {
    let mut length = 0;
    let mut begin = 0;
    for end in memchr::memchr2_iter(b'\t', b'\n', output) {
        length += output.get(begin..end).map_or(0, <[u8]>::len);
        begin = end + 1;
    }
    length
}

criterion_group!(read, read_text);
criterion_main!(read);
