//! A live system, beside the tools that look at it.
//!
//! | group | subject | floor |
//! |---|---|---|
//! | `audit` | `World::audit` of 500,000 files in 5,000 directories, with their sizes and times | `find -xdev` on them, which asks for neither |
//! | `audit-stat` | the same | `find -xdev` printing the same sizes and times |
//!
//! `AUDIT_TREE=FOLDER` keeps the tree there for the next run: it takes a while to make.

#![allow(missing_docs, clippy::unwrap_used)]

use std::fs;
use std::hint::black_box;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use benches::measure;
use criterion::{Criterion, criterion_group, criterion_main};
use impermanence_model::audit::Rules;
use impermanence_model::exec::World;
use impermanence_model::{AbsolutePath, Host};

const DECLARED: &str = r#"
[root]
kind = "tmpfs"
[fileSystems."/persist"]
device = "/dev/vda"
fsType = "ext4"
neededForBoot = true
[stores."/persist"]
[host]
directories = ["/var/log", "/var/lib/nixos", "/d00/e000"]
files = ["/etc/machine-id"]
"#;

/// 50 directories of 100 directories of 100 files, below `folder`.
fn tree(folder: &Path) {
    for outer in 0..50 {
        for inner in 0..100 {
            let directory = folder.join(format!("d{outer:02}/e{inner:03}"));
            fs::create_dir_all(&directory).unwrap();
            for file in 0..100 {
                fs::write(directory.join(format!("file{file:03}")), "").unwrap();
            }
        }
    }
}

fn audit(c: &mut Criterion) {
    let made = tempfile::tempdir().unwrap();
    let folder =
        std::env::var_os("AUDIT_TREE").map_or_else(|| made.path().to_path_buf(), PathBuf::from);
    if !folder.join("d49/e099/file099").exists() {
        tree(&folder);
    }
    let layout = Host::from_toml(DECLARED).unwrap().resolve().unwrap();
    let rules = Rules::new(&layout);
    let root = AbsolutePath::new(folder.as_os_str().as_encoded_bytes()).unwrap();
    let world = World::new(&root).unwrap();
    let subject = || {
        let report = world.audit(black_box(&rules), |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(report.files(), 499_900);
        report
    };
    let find = |printed: &[&str]| {
        let mut find = Command::new("find");
        find.arg(&folder).arg("-xdev").args(printed).stdout(Stdio::null()).status().unwrap()
    };
    measure(c, "audit", subject, || find(&[]));
    measure(c, "audit-stat", subject, || find(&["-printf", "%b %T@ %p\\n"]));
}

criterion_group!(live, audit);
criterion_main!(live);
