//! Coverage, beside the least that has to be done.
//!
//! | group | subject | floor |
//! |---|---|---|
//! | `coverage` | 10,000 datasets with a job, a replication, a policy of sanoid and ten files each | looking for the mount of each file |
//! | `coverage-growth` | the same | ten times for 1,000 |
//! | `coverage-check` | reading and checking that declaration | reading its JSON |
//! | `coverage-check-growth` | the same | ten times for 1,000 |

#![allow(missing_docs)]

use std::fmt::Write;
use std::hint::black_box;

use backup_spec::Spec;
use backup_spec::coverage::{Coverage, Inventory};
use backup_spec::path::AbsolutePath;
use backup_spec::spec::Checked;
use benches::measure;
use criterion::{Criterion, criterion_group, criterion_main};

/// A declaration for so many services, each with its own dataset, as JSON.
fn declaration(count: usize) -> String {
    let (mut jobs, mut sent, mut kept) = (String::new(), String::new(), String::new());
    for n in 0..count {
        let comma = if n == 0 { "" } else { "," };
        let dataset = format!("tank/services/s{n:05}");
        let _ = write!(
            jobs,
            r#"{comma}"s{n:05}":{{"repository":"nas","paths":["/srv/s{n:05}"],"schedule":"*-*-* 02:00","runTime":"10min","excludes":["/srv/s{n:05}/cache/**"]}}"#
        );
        let _ = write!(
            sent,
            r#"{comma}"s{n:05}":{{"source":"{dataset}","target":"nas-1:backup/s{n:05}","schedule":"*:0/15","runTime":"5min","offsite":true,"options":["--no-sync-snap"]}}"#
        );
        let _ = write!(kept, r#"{comma}"{dataset}":{{"use_template":"all"}}"#);
    }
    format!(
        r#"{{"host":"forge","zone":"UTC","repositories":{{"nas":{{"url":"/mnt/nas","passwordFile":"/run/key"}}}},
        "jobs":{{{jobs}}},"replication":{{{sent}}},
        "sanoid":{{"schedule":"*:0/5","runTime":"1min","templates":{{"all":{{"hourly":"24","daily":"7","monthly":"3","yearly":"0","frequently":"0","weekly":"0","autosnap":"yes","autoprune":"yes"}}}},"datasets":{{{kept}}}}}}}"#
    )
}

fn inventory(count: usize) -> Option<Inventory> {
    let mut inventory = Inventory::default();
    inventory.add_filesystem("rpool/root".parse().ok()?, Some(AbsolutePath::root()));
    for n in 0..count {
        let mount: AbsolutePath = format!("/srv/s{n:05}").parse().ok()?;
        for file in 0..10 {
            inventory.add_file(mount.join(&format!("data/{file}")), 4096);
        }
        inventory.add_filesystem(format!("tank/services/s{n:05}").parse().ok()?, Some(mount));
    }
    Some(inventory)
}

fn checked(text: &str) -> Option<Checked> {
    let spec = Spec::from_json(text).and_then(Spec::check);
    spec.map_err(|problems| println!("{problems}")).ok()
}

fn coverage(c: &mut Criterion) {
    const COUNT: usize = 10_000;
    let (many, few) = (declaration(COUNT), declaration(COUNT / 10));
    let (Some(there), Some(fewer)) = (inventory(COUNT), inventory(COUNT / 10)) else { return };
    let (Some(spec), Some(small)) = (checked(&many), checked(&few)) else { return };
    let subject = || Coverage::of(black_box(&spec), &there).entries.len();
    let files = || {
        let root = AbsolutePath::root();
        there.files_within(&root).filter(|(file, _)| there.resolve(file).is_some()).count()
    };
    measure(c, "coverage", subject, files);
    let ten_times =
        || (0..10).map(|_| Coverage::of(black_box(&small), &fewer).entries.len()).sum::<usize>();
    measure(c, "coverage-growth", subject, ten_times);
    let check = || checked(black_box(&many)).is_some();
    let json = || serde_json::from_str::<serde_json::Value>(black_box(&many)).is_ok();
    measure(c, "coverage-check", check, json);
    let ten_times = || (0..10).filter(|_| checked(black_box(&few)).is_some()).count();
    measure(c, "coverage-check-growth", check, ten_times);
}

criterion_group!(coverages, coverage);
criterion_main!(coverages);
