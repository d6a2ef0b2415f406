//! A declaration of a fleet's size, and the fate of many paths.
//!
//! | group | subject | floor |
//! |---|---|---|
//! | `resolve` | resolving a declaration of 10,000 entries | copying the declaration, and sorting the paths of all entries |
//! | `resolve-growth` | resolving 10,000 entries | ten times 1,000 |
//! | `fate` | the fate of 1,000,000 paths on 10,000 entries | a binary search of each among the sorted entries |
//! | `read-host` | reading a declaration of 10,000 entries from TOML | parsing the TOML alone |

#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;

use benches::{impermanent_host, measure};
use criterion::{Criterion, criterion_group, criterion_main};
use declared::Node;
use impermanence_model::{AbsolutePath, Host};

fn host(entries: usize) -> Host {
    Host::from_toml(&impermanent_host(entries)).unwrap()
}

fn paths(host: &Host) -> Vec<AbsolutePath> {
    let layout = host.resolve().unwrap();
    layout.entries().iter().map(|entry| entry.path.clone()).collect()
}

fn resolve(c: &mut Criterion) {
    let (large, small) = (host(10_000), host(1_000));
    let unsorted: Vec<AbsolutePath> = paths(&large).into_iter().rev().collect();
    let subject = || black_box(&large).resolve().unwrap();
    let floor = || {
        let mut paths = unsorted.clone();
        paths.sort();
        (black_box(&large).clone(), paths)
    };
    measure(c, "resolve", subject, floor);
    let ten_times = || (0..10).map(|_| black_box(&small).resolve().unwrap()).collect::<Vec<_>>();
    measure(c, "resolve-growth", subject, ten_times);
}

fn fate(c: &mut Criterion) {
    const PATHS: usize = 1_000_000;
    let host = host(10_000);
    let layout = host.resolve().unwrap();
    let sorted = paths(&host);
    let asked: Vec<String> = (0..PATHS)
        .map(|n| match n % 4 {
            0 => format!("/var/lib/service{:05}/data/{n}", n % 10_000),
            1 => format!("/var/lib/other{n}/x"),
            2 => format!("/home/user{:03}/.cache/{n}", n % 100),
            _ => format!("/var/lib/service{:05}", n % 20_000),
        })
        .collect();
    let subject = || asked.iter().filter(|path| layout.fate(path.as_str()).survives()).count();
    let below =
        |path: &&String| sorted.partition_point(|entry| entry.as_bytes() <= path.as_bytes());
    let floor = || asked.iter().map(|path| below(&path)).sum::<usize>();
    measure(c, "fate", subject, floor);
}

fn read(c: &mut Criterion) {
    let text = impermanent_host(10_000);
    let subject = || Host::from_toml(black_box(&text)).unwrap();
    measure(c, "read-host", subject, || Node::from_toml(black_box(&text)).unwrap());
}

criterion_group!(layouts, resolve, fate, read);
criterion_main!(layouts);
