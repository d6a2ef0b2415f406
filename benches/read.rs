//! Reading what the tools print, each beside its floor.
//!
//! | group | subject | floor |
//! |---|---|---|
//! | `read-text` | `zfs get -Hp` of 20,000 datasets, record by record | finding each tab and newline |
//! | `read-json` | `zfs get -jp` of 20,000 datasets, record by record | `serde_json` skipping the document |
//! | `...-growth` | 20,000 datasets | ten times 2,000 datasets |
//! | `names` | 100,000 snapshot names | finding each newline |
//! | `numbers` | 100,000 sizes with units | the standard library's `parse` of their digits |

#![allow(missing_docs)]

use std::hint::black_box;

use benches::{measure_of, sizes, snapshot_names, zfs_get, zfs_get_json};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde::de::IgnoredAny;
use zfs_props::name::SnapshotName;
use zfs_props::read::{json, text};

const DATASETS: usize = 20_000;

fn bytes(text: &str) -> Throughput {
    Throughput::Bytes(text.len() as u64)
}

fn lines(text: &str) -> Throughput {
    Throughput::Elements(text.lines().count() as u64)
}

fn read_text(output: &str) -> usize {
    let records = text::get(black_box(output.as_bytes()), text::Columns::ALL);
    records.map(|record| record.map_or(0, |record| record.value.len())).sum()
}

fn read_json(output: &str) -> usize {
    let mut length = 0;
    let document = json::read(black_box(output.as_bytes()), |record| length += record.value.len());
    document.map_or(0, |document| document.records + length)
}

/// The sum of all field lengths: every newline and tab is found, and nothing else is done.
fn fields(output: &str) -> usize {
    let output = black_box(output.as_bytes());
    let mut length = 0;
    let mut begin = 0;
    for end in memchr::memchr2_iter(b'\t', b'\n', output) {
        length += output.get(begin..end).map_or(0, <[u8]>::len);
        begin = end + 1;
    }
    length
}

fn documents(c: &mut Criterion) {
    let (large, small) = (zfs_get(DATASETS), zfs_get(DATASETS / 10));
    measure_of(c, "read-text", bytes(&large), || read_text(&large), || fields(&large));
    let ten_times = || (0..10).map(|_| read_text(&small)).sum::<usize>();
    measure_of(c, "read-text-growth", bytes(&large), || read_text(&large), ten_times);

    let (large, small) = (zfs_get_json(DATASETS), zfs_get_json(DATASETS / 10));
    let skip = || serde_json::from_slice::<IgnoredAny>(black_box(large.as_bytes())).is_ok();
    measure_of(c, "read-json", bytes(&large), || read_json(&large), skip);
    let ten_times = || (0..10).map(|_| read_json(&small)).sum::<usize>();
    measure_of(c, "read-json-growth", bytes(&large), || read_json(&large), ten_times);
}

fn words(c: &mut Criterion) {
    let names = snapshot_names(100_000);
    let parse = || names.lines().filter(|name| name.parse::<SnapshotName>().is_ok()).count();
    measure_of(c, "names", lines(&names), parse, || {
        memchr::memchr_iter(b'\n', names.as_bytes()).count()
    });

    let sizes = sizes(100_000);
    let parse = || sizes.lines().filter_map(|size| zfs_props::number::parse(size).ok()).count();
    let digits = || {
        let digits = sizes.lines().map(|size| size.trim_end_matches(|c: char| !c.is_ascii_digit()));
        digits.filter_map(|digits| digits.parse::<f64>().ok()).count()
    };
    measure_of(c, "numbers", lines(&sizes), parse, digits);
}

criterion_group!(read, documents, words);
criterion_main!(read);
