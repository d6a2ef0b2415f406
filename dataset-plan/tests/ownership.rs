//! What is set and not declared: whose it is, and what becomes of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod lines;

use dataset_plan::drift::Cause;
use dataset_plan::{Applied, Kept, Observed, Obstacle, Plan, Policy, Spec, plan_desired, sim};
use lines::{commands, observed, spec};
use zfs_props::name::DatasetName;

/// Carries a plan out that was made after another one; it leaves nothing to do.
fn carried_out(spec: &Spec, last: &Applied, there: &Observed) -> (Plan, Observed, Applied) {
    let desired = spec.expand().unwrap().after(last);
    let plan = plan_desired(&desired, there, &Policy::default());
    let mut zfs = sim::Zfs::from(there).release(spec.release);
    plan.apply(&mut zfs).unwrap_or_else(|error| panic!("{error}\n{plan}"));
    let then = zfs.observe();
    let kept = desired.applied(&then);
    let again = plan_desired(&spec.expand().unwrap().after(&kept), &then, &Policy::default());
    assert!(again.is_empty(), "{plan}\n{again}");
    (plan, then, kept)
}

const TREE: [&str; 9] = [
    "tank type filesystem",
    "tank guid 1",
    "tank mountpoint none local",
    "tank/a type filesystem",
    "tank/a guid 2",
    "tank/a mountpoint none local",
    "tank/a atime off local",
    "tank/a quota 5368709120 local",
    "tank/a com.sun:auto-snapshot true local",
];

#[test]
fn what_is_not_declared_stays_unless_the_declaration_is_strict() {
    let there = observed(&TREE);
    let plan = |text: &str| dataset_plan::plan(&spec(text), &there, &Policy::default()).unwrap();
    let lenient = plan("[utility.\"tank/a\"]\n");
    assert!(lenient.is_empty(), "{lenient}");

    let strict = plan("[utility.\"tank/a\"]\nstrict = true\n");
    assert_eq!(commands(&strict), ["zfs inherit atime tank/a", "zfs set quota=none tank/a"]);
    let reason = strict.steps()[0].reason.to_string();
    let expected = "atime is off (local), declared by utility.\"tank/a\" not at all (strict)";
    assert_eq!(reason, expected);
    let found = dataset_plan::drift::drift(&spec("[utility.\"tank/a\"]\nstrict = true\n"), &there);
    let found: Vec<_> =
        found.unwrap().into_iter().map(|drift| (drift.cause, drift.property)).collect();
    let overridden = |name: &str| (Cause::Overridden, name.parse().ok());
    assert_eq!(found, [overridden("quota"), overridden("atime")]);
    // A property that somebody made up is somebody else's.
    let kept =
        strict.untouched().iter().find(|untouched| matches!(untouched.why, Kept::Settings(_)));
    let kept = kept.map(|untouched| untouched.why.to_string());
    assert_eq!(kept.as_deref(), Some("set here and not declared: com.sun:auto-snapshot"));
}

#[test]
fn a_mountpoint_that_is_left_as_it_is_stays() {
    let there = observed(&["tank type filesystem", "tank mountpoint /old local"]);
    let declared = spec("[utility.tank]\nmountpoint = { source = \"any\" }\nstrict = true\n");
    let (plan, ..) = carried_out(&declared, &Applied::default(), &there);
    assert!(plan.is_empty(), "{plan}");
}

/// Declared once, and now to be left as it is: it is not given up, by whatever is known to be ours.
#[test]
fn what_is_left_as_it_is_is_not_given_up_because_it_was_declared_once() {
    let mut lines = TREE.to_vec();
    lines.push("tank/a org.example:declared atime,mountpoint local");
    let there = observed(&lines);
    let text = "ownerProperty = 'org.example:declared'\n[utility.\"tank/a\"]\nproperties.atime = { source = 'any' }\n";
    let (plan, ..) = carried_out(&spec(text), &Applied::default(), &there);
    assert_eq!(commands(&plan), ["zfs set org.example:declared=mountpoint tank/a"]);
}

#[test]
fn a_user_property_that_is_set_nowhere_is_as_it_is_inherited() {
    let there = observed(&TREE);
    let declared = spec("[utility.\"tank/a\"]\nproperties.'a:b' = { source = 'inherited' }\n");
    let (plan, ..) = carried_out(&declared, &Applied::default(), &there);
    assert!(plan.is_empty(), "{plan}");
    assert_eq!(dataset_plan::drift::drift(&declared, &there).unwrap(), []);
    assert!(dataset_plan::verify(&declared, &there).unwrap().passes());
}

/// What becomes of a machine depends on it, so a plan is made anew where it changes.
#[test]
fn a_declaration_that_becomes_strict_has_another_digest() {
    let digest =
        |text: &str| spec(&format!("[utility.\"tank/a\"]\n{text}")).expand().unwrap().digest();
    let all = ["", "strict = true\n", "strict = true\nproperties.atime = { source = 'any' }\n"]
        .map(digest);
    assert!(all[0] != all[1] && all[1] != all[2] && all[0] != all[2]);
}

#[test]
fn strictness_counts_for_declared_datasets_below_and_for_nothing_else() {
    let lines = [
        "tank/a/declared type filesystem",
        "tank/a/declared mountpoint none local",
        "tank/a/declared sync always local",
        "tank/a/lenient type filesystem",
        "tank/a/lenient mountpoint none local",
        "tank/a/lenient sync always local",
        "tank/a/other type filesystem",
        "tank/a/other atime on local",
        "tank/a/other sync always local",
        "tank/ab type filesystem",
        "tank/ab mountpoint none local",
        "tank/ab sync always local",
    ];
    let there = observed(&[&TREE[..], &lines].concat());
    let strict = spec(
        "[profiles.whole]\nstrict = true\n\
         [utility.\"tank/a\"]\nprofile = \"whole\"\nquota = \"5G\"\n\
         properties.atime = { source = \"any\" }\n\
         [utility.\"tank/a/declared\"]\n[utility.\"tank/a/lenient\"]\nstrict = false\n\
         [utility.\"tank/ab\"]\n",
    );
    let (plan, ..) = carried_out(&strict, &Applied::default(), &there);
    assert_eq!(commands(&plan), ["zfs inherit sync tank/a/declared"]);
}

#[test]
fn strictness_leaves_alone_what_zfs_itself_sets() {
    let there = observed(&[
        "tank type filesystem",
        "tank mountpoint none local",
        "tank/v type volume",
        "tank/v volsize 1073741824 local",
        "tank/v volblocksize 16384",
        "tank/v refreservation 1092616192 local",
        "tank/safe type filesystem",
        "tank/safe mountpoint none local",
        "tank/safe encryption aes-256-gcm",
        "tank/safe encryptionroot tank/safe",
        "tank/safe keyformat raw",
        "tank/safe keylocation file:///run/key local",
        "tank/safe keystatus available",
    ]);
    let strict = spec(
        "[utility.\"tank/v\"]\nvolume = \"1G\"\nstrict = true\n\
         [utility.\"tank/safe\"]\nstrict = true\n",
    );
    let plan = dataset_plan::plan(&strict, &there, &Policy::default()).unwrap();
    assert!(plan.is_empty() && plan.blocked().is_empty(), "{plan}");
}

#[test]
fn ignored_datasets_win_over_what_was_applied() {
    let there = observed(&TREE);
    let (_, then, kept) =
        carried_out(&spec("[utility.\"tank/a\"]\nquota = \"6G\"\n"), &Applied::default(), &there);
    let (plan, ..) = carried_out(&spec("ignore = [\"tank/a\"]\n"), &kept, &then);
    assert!(plan.is_empty(), "{plan}");
}

#[test]
fn what_leaves_the_declaration_is_unset_and_what_was_never_ours_is_not() {
    let there = observed(&TREE);
    let before = spec("[utility.\"tank/a\"]\nquota = \"6G\"\nproperties.sync = \"always\"\n");
    let (_, then, kept) = carried_out(&before, &Applied::default(), &there);

    let (plan, _, next) = carried_out(&spec("[utility.\"tank/a\"]\n"), &kept, &then);
    assert_eq!(commands(&plan), ["zfs inherit sync tank/a", "zfs set quota=none tank/a"]);
    let reason = plan.steps()[0].reason.to_string();
    assert_eq!(reason, "sync is always (local), declared by utility.\"tank/a\" no longer");
    let owned = next.datasets.values().flat_map(|owned| &owned.properties);
    assert_eq!(owned.map(ToString::to_string).collect::<Vec<_>>(), ["mountpoint"]);
}

#[test]
fn a_dataset_that_leaves_the_declaration_gives_its_properties_up_and_stays() {
    let there = observed(&TREE);
    let before = spec("[utility.\"tank/a\"]\nquota = \"6G\"\n[utility.\"tank/b\"]\n");
    let (_, then, kept) = carried_out(&before, &Applied::default(), &there);
    let (plan, last, next) = carried_out(&spec("[utility.\"tank/b\"]\n"), &kept, &then);
    assert_eq!(commands(&plan), ["zfs inherit mountpoint tank/a", "zfs set quota=none tank/a"]);
    let reason = plan.steps()[1].reason.to_string();
    assert_eq!(reason, "quota is 6G (local), declared by nobody any longer");
    let name: DatasetName = "tank/a".parse().unwrap();
    assert!(last.dataset(&name).is_some() && !next.datasets.contains_key(&name), "{plan}");
}

#[test]
fn another_dataset_of_the_same_name_is_not_ours() {
    let there = observed(&TREE);
    let before = spec("[utility.\"tank/a\"]\nquota = \"5G\"\n");
    let kept = before.expand().unwrap().applied(&there);
    let lines = TREE.map(|line| line.replace("guid 2", "guid 3"));
    let other = observed(&lines.each_ref().map(String::as_str));
    let (plan, ..) = carried_out(&spec(""), &kept, &other);
    assert!(plan.is_empty(), "{plan}");
    // Under another name it is.
    let lines = TREE.map(|line| line.replace("tank/a ", "tank/z "));
    let moved = observed(&lines.each_ref().map(String::as_str));
    let (plan, ..) = carried_out(&spec("[utility.\"tank/z\"]\n"), &kept, &moved);
    assert_eq!(commands(&plan), ["zfs set quota=none tank/z"]);
}

#[test]
fn what_cannot_be_given_up_is_not_forgotten() {
    let lines = ["tank/a/other type filesystem"];
    let there = observed(&[&TREE[..], &lines].concat());
    let before = spec("[utility.\"tank/a\"]\nproperties.atime = \"off\"\n");
    let kept = before.expand().unwrap().applied(&there);
    // Nobody declares what is below, and it would change.
    let after = spec("[utility.\"tank/a\"]\n");
    let desired = after.expand().unwrap().after(&kept);
    let plan = plan_desired(&desired, &there, &Policy::default());
    assert!(plan.is_empty(), "{plan}");
    assert_eq!(plan.blocked()[0].code, Obstacle::Heirs);
    let name: DatasetName = "tank/a".parse().unwrap();
    let next = desired.applied(&there);
    assert!(next.datasets[&name].properties.contains(&"atime".parse().unwrap()));
}

#[test]
fn what_was_applied_is_kept_before_anything_is_done() {
    let there = observed(&TREE);
    let before = spec("[utility.\"tank/a\"]\nproperties.sync = \"always\"\n");
    let desired = before.expand().unwrap();
    // Written down before, and then the plan was carried out, and nobody could write anything down any more.
    let kept = desired.applied(&there);
    let mut zfs = sim::Zfs::from(&there);
    plan_desired(&desired, &there, &Policy::default()).apply(&mut zfs).unwrap();
    let (plan, ..) = carried_out(&spec("[utility.\"tank/a\"]\n"), &kept, &zfs.observe());
    assert_eq!(commands(&plan), ["zfs inherit sync tank/a"]);
}

#[cfg(feature = "serde")]
#[test]
fn what_was_applied_is_plain_data() {
    let kept =
        spec("[utility.\"tank/a\"]\nquota = \"5G\"\n").expand().unwrap().applied(&observed(&TREE));
    let text = serde_json::to_string(&kept).unwrap();
    assert_eq!(text, r#"{"datasets":{"tank/a":{"guid":2,"properties":["quota","mountpoint"]}}}"#);
    assert_eq!(serde_json::from_str::<Applied>(&text).unwrap(), kept);
    assert!(serde_json::from_str::<Applied>("{\"dataset\":{}}").is_err());
}

/// A pool that is exported, or not yet imported, has forgotten nothing when it is back.
#[test]
fn what_is_out_of_sight_is_still_ours() {
    let backup = [
        "backup type filesystem",
        "backup guid 9",
        "backup mountpoint none local",
        "backup/a type filesystem",
        "backup/a guid 5",
        "backup/a mountpoint none local",
        "backup/a sync always local",
    ];
    let both = observed(&[&TREE[..], &backup].concat());
    let away = observed(&TREE);
    let with = spec("[utility.\"backup/a\"]\nproperties.sync = \"always\"\n");
    let without = spec("[utility.\"backup/a\"]\n");
    let kept = with.expand().unwrap().applied(&both);
    let name: DatasetName = "backup/a".parse().unwrap();

    // It leaves the declaration while the pool is away.
    for declared in [&without, &spec("[utility.\"tank/a\"]\n")] {
        let kept = declared.expand().unwrap().after(&kept).applied(&away);
        assert_eq!(kept.datasets[&name].guid, Some(5));
        let desired = declared.expand().unwrap().after(&kept);
        let plan = plan_desired(&desired, &both, &Policy::default());
        assert!(commands(&plan).contains(&"zfs inherit sync backup/a".to_owned()), "{plan}");
        // Another dataset that has the name by then is somebody else's.
        let other = backup.map(|line| line.replace("guid 5", "guid 77"));
        let other = observed(&[&TREE.map(str::to_owned)[..], &other].concat());
        let plan = plan_desired(&desired, &other, &Policy::default());
        assert!(plan.is_empty(), "{plan}");
    }

    // Where the pool is there and it is not, it is gone, and will be another one.
    let gone = observed(&[&TREE[..], &backup[..3]].concat());
    let kept = without.expand().unwrap().after(&kept).applied(&gone);
    assert_eq!(kept.datasets[&name].guid, None);
    assert!(!kept.datasets[&name].properties.contains(&"sync".parse().unwrap()));
}
