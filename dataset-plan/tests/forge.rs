//! The plan for a real host that is half built: `examples/hosts/README.md` says what is where in its recording.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeMap;

use dataset_plan::policy::MissingParent;
use dataset_plan::setting::Setting;
use dataset_plan::{Action, Kept, Observed, Obstacle, Plan, Policy, Risk, Spec, plan, sim};
use zfs_props::key::PropertyName;

const OBSERVED: &str = include_str!("../../examples/hosts/forge.get");
const DIRECTORIES: &str = include_str!("../../examples/hosts/forge.stat");

fn declared() -> Spec {
    let spec = Spec::from_node(&testing::hosts::table("forge", "datasets"));
    spec.unwrap_or_else(|problems| panic!("{problems}"))
}

fn forge(observed: &Observed) -> Plan {
    plan(&declared(), observed, &Policy::default()).unwrap()
}

fn observed() -> Observed {
    Observed::from_zfs_get(OBSERVED).unwrap()
}

/// What is set, by dataset below `tank/services`.
fn sets(plan: &Plan) -> BTreeMap<&str, Vec<String>> {
    let steps = plan.steps().iter().filter_map(|step| match &step.action {
        Action::Set(assignments) => {
            let name = step.dataset.as_str().strip_prefix("tank/services/").unwrap();
            let mut names: Vec<_> = assignments.iter().map(|a| a.property.to_string()).collect();
            names.sort();
            Some((name, names))
        }
        _ => None,
    });
    steps.collect()
}

fn steps_about<'p>(plan: &'p Plan, name: &str) -> Vec<&'p Action> {
    let about = plan.steps().iter().filter(|step| step.dataset.as_str() == name);
    about.map(|step| &step.action).collect()
}

#[test]
fn what_differs_is_set_and_nothing_else() {
    let plan = forge(&observed());
    let expected = BTreeMap::from([
        ("bazarr", vec!["recordsize"]),
        ("gatus", vec!["mountpoint"]),
        ("paperless", vec!["recordsize"]),
        // Off for the present mount alone: what is stored cannot be seen.
        ("plex", vec!["atime"]),
        ("pocketid", vec!["recordsize"]),
        ("postgresql", vec!["atime", "logbias", "primarycache", "redundant_metadata"]),
        ("radarr", vec!["compression"]),
        ("sonarr", vec!["recordsize"]),
        ("tautulli", vec!["mountpoint"]),
        ("thelounge", vec!["compression"]),
    ]);
    assert_eq!(
        sets(&plan),
        expected
            .into_iter()
            .map(|(n, p)| (n, p.iter().map(|p| (*p).to_owned()).collect()))
            .collect()
    );
}

#[test]
fn what_is_missing_is_created_below_parents_that_are_there() {
    let observed = observed();
    let plan = forge(&observed);
    let created: Vec<_> = plan
        .steps()
        .iter()
        .filter(|step| matches!(step.action, Action::Create { .. }))
        .map(|step| step.dataset.clone())
        .collect();
    assert_eq!(created.len(), 45 + 1);
    for (n, name) in created.iter().enumerate() {
        let parent = name.parent().unwrap();
        assert!(observed.dataset(&parent).is_some() || created[..n].contains(&parent), "{name}");
    }
}

/// `lz4` from `tank`, `none` from `tank/services`: what is inherited is not set again.
#[test]
fn a_new_dataset_is_given_only_what_it_would_not_inherit() {
    let plan = forge(&observed());
    let Action::Create { properties: assignments, .. } =
        steps_about(&plan, "tank/services/tududi")[0]
    else {
        panic!()
    };
    let texts: Vec<_> = assignments.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        ["recordsize=16K", "mountpoint=/var/lib/tududi", "com.sun:auto-snapshot=true"]
    );
    assert_eq!(
        steps_about(&plan, "tank/temp"),
        [&Action::Create { properties: vec![], mount: true }]
    );
}

#[test]
fn nothing_undeclared_is_in_the_plan() {
    let plan = forge(&observed());
    let foreign = [
        "rpool/temp/clone-system",
        "tank/services/dokuwiki",
        "tank/vm/scratch",
        "tank/vm/scratch/build",
        "tank/vm/win11",
    ];
    for name in foreign {
        assert_eq!(steps_about(&plan, name), [] as [&Action; 0]);
        let why = plan.untouched().iter().find(|u| u.dataset.as_str() == name).map(|u| &u.why);
        assert_eq!(why, Some(&Kept::Undeclared), "{name}");
    }
    let base = plan.untouched().iter().filter(|u| u.why == Kept::Base).count();
    assert_eq!(base, 11);
    let kept = plan.untouched().iter().find(|u| matches!(u.why, Kept::Settings(_))).unwrap();
    assert_eq!(kept.dataset.as_str(), "tank/services/zwave-js-ui");
    assert_eq!(kept.why.to_string(), "set here and not declared: snapdir");
}

#[test]
fn an_unmounted_dataset_is_not_taken_for_an_empty_directory() {
    let plan = forge(&observed());
    let blocked: Vec<_> = plan.blocked().iter().map(|b| (b.dataset.as_str(), b.code)).collect();
    assert_eq!(blocked, [("tank/services/recyclarr", Obstacle::NotMounted)]);
    assert_eq!(steps_about(&plan, "tank/services/recyclarr"), [] as [&Action; 0]);
}

#[test]
fn create_only_is_silent_where_equal_and_blocked_where_not() {
    let with = |word: &str| {
        let mut spec = declared();
        let name: PropertyName = "casesensitivity".parse().unwrap();
        let setting = Setting::parse(&name, word, spec.release).unwrap();
        spec.services
            .get_mut("termix")
            .unwrap()
            .own
            .properties
            .insert(name, dataset_plan::spec::Wish::Set(setting));
        plan(&spec, &observed(), &Policy::default()).unwrap()
    };
    let equal = with("insensitive");
    assert_eq!(equal.blocked().len(), 1);
    let different = with("sensitive");
    let blocked: Vec<_> =
        different.blocked().iter().map(|b| (b.dataset.as_str(), b.code)).collect();
    assert!(blocked.contains(&("tank/services/termix", Obstacle::CreateOnly)), "{blocked:?}");
    assert_eq!(steps_about(&different, "tank/services/termix"), [] as [&Action; 0]);
}

#[test]
fn directories_are_owned_once_they_are_known() {
    let without = forge(&observed());
    let unseen = without.untouched().iter().filter(|u| u.why == Kept::UnseenDirectory).count();
    assert!(unseen > 0);
    let plan = forge(&observed().with_directories(DIRECTORIES).unwrap());
    let [Action::Set(_), Action::Own { path, owner, group, mode }] =
        steps_about(&plan, "tank/services/postgresql")[..]
    else {
        panic!("{plan}")
    };
    let own = (path.as_str(), owner.as_deref(), group.as_deref(), mode.unwrap().bits());
    assert_eq!(own, ("/var/lib/postgresql", Some("postgres"), Some("postgres"), 0o700));
}

#[test]
fn a_moved_mountpoint_is_marked() {
    let plan = forge(&observed());
    let moved =
        plan.steps().iter().find(|s| s.dataset.as_str() == "tank/services/tautulli").unwrap();
    assert!(moved.risk.contains(Risk::REMOUNTS));
}

#[cfg(feature = "serde")]
#[test]
fn text_and_json_give_the_same_plan() {
    let json =
        Observed::from_zfs_get_json(include_str!("../../examples/hosts/forge.json")).unwrap();
    assert_eq!(forge(&json), forge(&observed()));
}

#[test]
fn applied_in_memory_nothing_is_left() {
    let observed = observed().with_directories(DIRECTORIES).unwrap();
    let first = forge(&observed);
    let mut zfs = sim::Zfs::from(&observed);
    first.apply(&mut zfs).unwrap();
    let second = forge(&zfs.observe());
    assert!(second.is_empty(), "{second}");
}

#[test]
fn an_unknown_pool_blocks_all_below_it() {
    let rpool: String = OBSERVED.split_inclusive('\n').filter(|l| l.starts_with("rpool")).collect();
    let plan = forge(&Observed::from_zfs_get(rpool).unwrap());
    assert!(plan.is_empty());
    assert!(
        plan.blocked().iter().any(|b| b.dataset.as_str() == "tank" && b.code == Obstacle::NoPool)
    );
    let services =
        plan.blocked().iter().filter(|b| b.dataset.as_str().starts_with("tank/services/"));
    assert_eq!(services.count(), 65);
}

#[test]
fn a_missing_parent_is_made_as_a_container_or_refused() {
    let spec = "parentDataset = \"tank/a/b\"\n[services.x]\nmountpoint = \"/x\"\n";
    let spec = Spec::from_toml(spec).unwrap();
    let made = plan(&spec, &observed(), &Policy::default()).unwrap();
    let commands: Vec<_> = made.steps().iter().map(|s| s.command().to_string()).collect();
    // tank has mountpoint=none, and so have they.
    assert_eq!(
        commands,
        ["zfs create tank/a", "zfs create tank/a/b", "zfs create -o mountpoint=/x tank/a/b/x"]
    );
    let mut policy = Policy::default();
    policy.missing_parent = MissingParent::Refuse;
    let refused = plan(&spec, &observed(), &policy).unwrap();
    assert!(refused.is_empty());
    assert!(refused.blocked().iter().all(|b| b.code == Obstacle::NoParent));
}

#[test]
fn pretty_numbers_are_refused() {
    let error = Observed::from_zfs_get("tank\tused\t1.50T\t-\n").unwrap_err();
    assert!(error.to_string().contains("zfs get -p"), "{error}");
}
