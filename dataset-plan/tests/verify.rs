//! The checklist of a host says what was observed, and passes nothing that was not.
#![allow(clippy::unwrap_used)]

use dataset_plan::verify::{Promise, Verdict};
use dataset_plan::{Observed, Policy, Spec, plan, sim, verify};

const OBSERVED: &str = include_str!("../../examples/hosts/forge.get");
const DIRECTORIES: &str = include_str!("../../examples/hosts/forge.stat");

fn verdicts(spec: &str, observed: &str, directories: &str) -> Vec<(Promise, Verdict)> {
    let observed = Observed::from_zfs_get(observed).unwrap().with_directories(directories).unwrap();
    let list = verify(&Spec::from_toml(spec).unwrap(), &observed).unwrap();
    list.checks().iter().map(|check| (check.promise.clone(), check.verdict.clone())).collect()
}

const SONARR: &str = r#"
[utility."tank/sonarr"]
recordsize = "16K"
mountpoint = "/var/lib/sonarr"
owner = "sonarr"
group = "media"
mode = "0750"
properties = { "com.sun:auto-snapshot" = "true" }
"#;

fn sonarr(recordsize: &str, mounted: &str, readonly: &str) -> String {
    format!(
        "tank\ttype\tfilesystem\t-\t-\n\
         tank/sonarr\ttype\tfilesystem\t-\t-\n\
         tank/sonarr\tmounted\t{mounted}\t-\t-\n\
         tank/sonarr\trecordsize\t{recordsize}\t-\tlocal\n\
         tank/sonarr\tmountpoint\t/var/lib/sonarr\t-\tlocal\n\
         tank/sonarr\treadonly\t{readonly}\t-\tdefault\n\
         tank/sonarr\tcom.sun:auto-snapshot\ttrue\t-\tlocal\n"
    )
}

#[test]
fn what_is_as_declared_passes() {
    let stat = "sonarr:300 media:400 750 /var/lib/sonarr\n";
    let verdicts = verdicts(SONARR, &sonarr("16384", "yes", "off"), stat);
    assert_eq!(verdicts.len(), 9);
    assert!(verdicts.iter().all(|(_, verdict)| *verdict == Verdict::Pass), "{verdicts:?}");
}

/// All of it may be as declared, and of another dataset.
#[test]
fn another_dataset_of_that_name_does_not_pass() {
    let declared = SONARR.replace("recordsize", "guid = 7\nrecordsize");
    let first = |declared: &str, line: &str| {
        let there = sonarr("16384", "yes", "off") + &line.replace(' ', "\t");
        verdicts(declared, &there, "").remove(0).1
    };
    assert_eq!(first(&declared, "tank/sonarr guid 7 - -\n"), Verdict::Pass);
    assert!(matches!(first(&declared, "tank/sonarr guid 8 - -\n"), Verdict::Fail(_)));
    assert!(matches!(first(&declared, ""), Verdict::Unknown(_)));
    let declared = SONARR.replace("recordsize", "origin = 'none'\nrecordsize");
    assert_eq!(first(&declared, ""), Verdict::Pass);
    assert!(matches!(first(&declared, "tank/sonarr origin tank/a@b - -\n"), Verdict::Fail(_)));
}

#[test]
fn what_is_otherwise_fails_and_says_what_was_found() {
    let stat = "root:0 media:400 755 /var/lib/sonarr\n";
    let failed: Vec<_> = verdicts(SONARR, &sonarr("131072", "yes", "on"), stat)
        .into_iter()
        .filter_map(|(promise, verdict)| match verdict {
            Verdict::Fail(found) => Some(format!("{promise}: {found}")),
            _ => None,
        })
        .collect();
    assert_eq!(
        failed,
        [
            "recordsize=16K: is 128K (local)",
            "writable: is read-only",
            "owner sonarr: is root",
            "mode 0750: is 0755",
        ]
    );
}

#[test]
fn what_was_not_observed_is_unknown_and_never_passes() {
    let short = "tank\ttype\tfilesystem\t-\t-\ntank/sonarr\ttype\tfilesystem\t-\t-\n";
    let verdicts = verdicts(SONARR, short, "");
    let passed: Vec<_> = verdicts.iter().filter(|(_, v)| *v == Verdict::Pass).collect();
    assert_eq!(passed, [&(Promise::Exists, Verdict::Pass)]);
    let not_set = Verdict::Fail("is not set".into());
    assert!(verdicts.contains(&(Promise::Property("com.sun:auto-snapshot=true".into()), not_set)));
}

#[test]
fn a_service_whose_dataset_is_not_mounted_is_found() {
    let verdicts = verdicts(SONARR, &sonarr("16384", "no", "off"), "");
    let not_mounted = Verdict::Fail("is not mounted".into());
    assert!(
        verdicts.contains(&(Promise::MountedAt("/var/lib/sonarr".into()), not_mounted.clone()))
    );
    assert!(verdicts.contains(&(Promise::Writable, not_mounted)));
}

#[test]
fn a_half_built_host_fails_and_passes_once_its_plan_is_applied_as_far_as_it_goes() {
    let spec = Spec::from_node(&testing::hosts::table("forge", "datasets")).unwrap();
    let observed = Observed::from_zfs_get(OBSERVED).unwrap().with_directories(DIRECTORIES).unwrap();
    let before = verify(&spec, &observed).unwrap();
    assert!(!before.passes());
    let plan = plan(&spec, &observed, &Policy::default()).unwrap();
    let mut zfs = sim::Zfs::from(&observed);
    plan.apply(&mut zfs).unwrap();
    let after = verify(&spec, &zfs.observe()).unwrap();
    // What the plan blocks is what still fails, and directories that were not observed are unknown.
    let blocked: Vec<_> = plan.blocked().iter().map(|blocked| &blocked.dataset).collect();
    for check in after.checks().iter().filter(|check| matches!(check.verdict, Verdict::Fail(_))) {
        assert!(blocked.contains(&&check.dataset), "{check:?}");
    }
    assert!(after.to_string().contains("- [x] exists"), "{after}");
}
