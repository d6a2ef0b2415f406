//! What once went wrong on real hosts, and cannot any more. Each test is named after what it prevents.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fmt::Write;

use dataset_plan::document::Document;
use dataset_plan::policy::Mounting;
use dataset_plan::{Action, Observed, Obstacle, Plan, Policy, Spec, plan, sim};

fn spec(text: &str) -> Spec {
    Spec::from_toml(text).unwrap_or_else(|problems| panic!("{problems}"))
}

/// Filesystems with what is set on them, as `zfs get -Hp -s local,received,none` prints it.
fn observed(datasets: &[(&str, &[(&str, &str)])]) -> Observed {
    let mut text = String::new();
    for (n, (name, set)) in datasets.iter().enumerate() {
        let _ = write!(text, "{name}\ttype\tfilesystem\t-\t-\n{name}\tguid\t{}\t-\t-\n", n + 1);
        for (property, value) in *set {
            let source = if matches!(*property, "mounted" | "used") { "-" } else { "local" };
            let _ = writeln!(text, "{name}\t{property}\t{value}\t-\t{source}");
        }
    }
    Observed::from_zfs_get_set(text).unwrap()
}

fn planned(spec: &Spec, observed: &Observed) -> Plan {
    plan(spec, observed, &Policy::default()).unwrap()
}

fn codes(plan: &Plan) -> Vec<(String, Obstacle)> {
    plan.blocked().iter().map(|b| (b.dataset.to_string(), b.code)).collect()
}

fn commands(plan: &Plan) -> Vec<String> {
    plan.steps().iter().map(|step| step.command().to_string()).collect()
}

const SONARR: &str = "parentDataset = \"tank/services\"\n[services.sonarr]\nmountpoint = \"/srv/sonarr\"\nproperties.recordsize = { source = \"any\" }\n";

/// A unit that ran once was not run again after a dataset was added to the declaration: nobody
/// noticed. What was planned from has a digest that changes exactly then.
#[test]
fn a_new_dataset_changes_the_digest_and_a_fuller_one_does_not() {
    let there = |used: &str| {
        observed(&[
            ("tank", &[("mountpoint", "none")]),
            ("tank/services", &[("mountpoint", "none"), ("used", used)]),
        ])
    };
    let one = spec(SONARR);
    let two = spec(&format!("{SONARR}[services.radarr]\nmountpoint = \"/srv/radarr\"\n"));
    let document = |spec: &Spec, observed: &Observed| {
        Document::new(spec, observed, &Policy::default()).unwrap()
    };
    let first = document(&one, &there("1000"));
    let fuller = document(&one, &there("999999999"));
    assert_eq!((first.spec, first.observation), (fuller.spec, fuller.observation));
    let more = document(&two, &there("1000"));
    assert_ne!(first.spec, more.spec);
    assert_ne!(first.observation, more.observation);
    // The same declaration, written otherwise.
    let same = spec(&SONARR.replace("/srv/sonarr\"", "/srv/sonarr\" # where it always was"));
    assert_eq!(document(&same, &there("1000")).spec, first.spec);
    // Done by somebody else meanwhile: there is something else to do now.
    let done = observed(&[
        ("tank", &[("mountpoint", "none")]),
        ("tank/services", &[("mountpoint", "none")]),
        ("tank/services/sonarr", &[("mountpoint", "/srv/sonarr"), ("mounted", "yes")]),
    ]);
    assert_ne!(document(&one, &done).observation, first.observation);
    let mut zfs = sim::Zfs::from(&done);
    assert!(first.apply(&done, &mut zfs).unwrap_err().to_string().contains("does not exist"));
}

/// The parent was missing, the script gave up, and the host did not boot.
#[test]
fn a_missing_parent_is_made_and_is_no_abort() {
    let plan = planned(&spec(SONARR), &observed(&[("tank", &[("mountpoint", "none")])]));
    assert_eq!(codes(&plan), []);
    assert_eq!(
        commands(&plan),
        ["zfs create tank/services", "zfs create -o mountpoint=/srv/sonarr tank/services/sonarr"]
    );
}

/// The script ran before the pool was imported.
#[test]
fn nothing_is_planned_on_a_pool_that_is_not_there() {
    let plan = planned(&spec(SONARR), &observed(&[("rpool", &[])]));
    assert!(plan.is_empty());
    assert_eq!(codes(&plan)[0], ("tank".into(), Obstacle::NoPool));
}

/// A dataset was declared where a service had been writing into the bare directory: the mount
/// covered 302 GB.
#[test]
fn a_mount_does_not_cover_files() {
    for path in ["/srv/sonarr", "/srv/sonarr/", "//srv//sonarr"] {
        let pool = observed(&[("tank", &[("mountpoint", "none")])]).with_occupied(path);
        let plan = planned(&spec(SONARR), &pool);
        assert_eq!(codes(&plan), [("tank/services/sonarr".into(), Obstacle::Occupied)], "{path}");
        assert_eq!(commands(&plan), ["zfs create tank/services"]);
    }
}

/// Two datasets had one mountpoint: what was written depended on who was mounted last.
#[test]
fn two_datasets_do_not_share_a_mountpoint() {
    let pool = observed(&[
        ("tank", &[("mountpoint", "none")]),
        ("tank/postgres", &[("mountpoint", "/srv/sonarr"), ("mounted", "yes")]),
    ]);
    let plan = planned(&spec(SONARR), &pool);
    assert_eq!(codes(&plan), [("tank/services/sonarr".into(), Obstacle::Taken)]);
}

/// Whoever is mounted last hides the other: what is seen there may be of either, and is taken for none's.
#[test]
fn what_is_seen_where_two_are_mounted_is_taken_for_neither() {
    let both = ["tank/a", "tank/b"].map(|name| (name, [("mountpoint", "/p"), ("mounted", "yes")]));
    let [a, b] = &both;
    let there = observed(&[("tank", &[("mountpoint", "none")]), (a.0, &a.1), (b.0, &b.1)]);
    let there = there.with_directories("postgres:70 postgres:70 700 /p\n").unwrap();
    for (name, _) in &both {
        let spec = spec(&format!("[utility.'{name}']\nmountpoint = '/p'\nowner = 'root'\n"));
        assert_eq!(commands(&planned(&spec, &there)), Vec::<String>::new());
        let list = dataset_plan::verify(&spec, &there).unwrap().to_string();
        assert!(list.contains("[ ] mounted at /p") && list.contains("[?] owner root"), "{list}");
    }
}

/// What belongs to the installer is found by fstab and initrd under its name.
#[test]
fn what_is_never_touched_is_not_renamed_with_what_holds_it() {
    let there = observed(&[
        ("tank", &[("mountpoint", "none")]),
        ("tank/old", &[]),
        ("tank/old/persist", &[("mountpoint", "legacy")]),
    ]);
    let moved = "moved = [{ from = 'tank/old', to = 'tank/new' }]\n";
    for never in
        ["base.'tank/old/persist' = {}\n", "ignore = ['**/persist']\n", "base.'tank/old' = {}\n"]
    {
        let plan = planned(&spec(&format!("{never}{moved}[utility.'tank/new']\n")), &there);
        assert_eq!(commands(&plan), Vec::<String>::new(), "{never}");
        assert_eq!(codes(&plan), [("tank/new".into(), Obstacle::Refused)], "{never}");
    }
}

/// `tank/persist` was to be mounted at /persist, where another pool's dataset was mounted by fstab.
#[test]
fn mounts_of_another_world_are_seen() {
    let persist = spec("[utility.\"tank/persist\"]\nmountpoint = \"/persist\"\n");
    let pool = observed(&[("tank", &[("mountpoint", "none")])]);
    let taken =
        pool.clone().with_fstab("# <fs> <mp>\nrpool/safe/persist /persist zfs defaults 0 0\n");
    assert_eq!(codes(&planned(&persist, &taken)), [("tank/persist".into(), Obstacle::Taken)]);
    let below = pool.with_fstab("/dev/sda1 /persist/my\\040data ext4 defaults 0 0\n");
    let plan = planned(&persist, &below);
    assert_eq!(codes(&plan), [("tank/persist".into(), Obstacle::Covers)]);
    assert!(plan.blocked()[0].what.contains("/persist/my data"));
}

/// What lies below another mount is mounted after it, whatever the datasets' names say.
#[test]
fn mounts_go_from_the_root_downwards() {
    let nested = spec(
        "[utility.\"tank/a\"]\nmountpoint = \"/srv/x/y\"\n[utility.\"tank/a/b\"]\nmountpoint = \"/srv/x\"\n",
    );
    let plan = planned(&nested, &observed(&[("tank", &[("mountpoint", "none")])]));
    assert_eq!(
        commands(&plan),
        [
            "zfs create -u -o mountpoint=/srv/x/y tank/a",
            "zfs create -o mountpoint=/srv/x tank/a/b",
            "zfs mount tank/a",
        ]
    );
}

/// An unmounted dataset looked empty, was taken for a new one, and its data was lost.
#[test]
fn an_unmounted_dataset_is_not_judged_by_its_directory() {
    let pool = observed(&[
        ("tank", &[("mountpoint", "none")]),
        ("tank/services", &[]),
        ("tank/services/sonarr", &[("mountpoint", "/srv/sonarr"), ("mounted", "no")]),
    ]);
    let plan = planned(&spec(SONARR), &pool);
    assert!(plan.is_empty());
    assert_eq!(codes(&plan), [("tank/services/sonarr".into(), Obstacle::NotMounted)]);
    let mut policy = Policy::default();
    policy.mount = Mounting::Allow;
    let plan = dataset_plan::plan(&spec(SONARR), &pool, &policy).unwrap();
    assert_eq!(commands(&plan), ["zfs mount tank/services/sonarr"]);
}

/// A mark on the parent, inherited, marked every child as done.
#[test]
fn an_inherited_note_of_ownership_is_about_somebody_else() {
    let declared = spec(
        "ownerProperty = \"org.example:owned\"\n[utility.\"tank/a\"]\n[utility.\"tank/a/b\"]\n",
    );
    let pool = observed(&[
        ("tank", &[("mountpoint", "none")]),
        (
            "tank/a",
            &[("mountpoint", "none"), ("org.example:owned", "atime,mountpoint"), ("atime", "off")],
        ),
        ("tank/a/b", &[("mountpoint", "none"), ("atime", "off"), ("org.example:other", "x")]),
    ]);
    let plan = planned(&declared, &pool);
    // Of tank/a it is known that atime was declared once; of tank/a/b it is not.
    assert_eq!(
        commands(&plan),
        ["zfs inherit atime tank/a", "zfs set org.example:owned=mountpoint tank/a",]
    );
}

/// A property of replicas (`canmount=noauto`) came back with a restore.
#[test]
fn what_is_declared_wins_over_what_was_received() {
    let get = "tank\ttype\tfilesystem\t-\t-\ntank\tmountpoint\tnone\t-\tlocal\n\
        tank/a\ttype\tfilesystem\t-\t-\ntank/a\tcanmount\tnoauto\tnoauto\treceived\n\
        tank/a\tmountpoint\t/a\t/a\treceived\n";
    let pool = Observed::from_zfs_get_set(get).unwrap();
    let declared = "[utility.\"tank/a\"]\nmountpoint = \"/a\"\nproperties.canmount = \"on\"\n";
    let plan = planned(&spec(declared), &pool);
    assert_eq!(commands(&plan), ["zfs set canmount=on tank/a"]);
    // And the received value can be asked for.
    let declared = "[utility.\"tank/a\"]\nproperties.canmount = { source = \"received\" }\nmountpoint = { source = \"received\" }\n";
    assert!(planned(&spec(declared), &pool).is_empty());
}

/// `a/b-c` and `a-b/c` had one unit name, one lock and one metric.
#[test]
fn datasets_whose_names_look_alike_stay_apart() {
    let declared = "[utility.\"tank/a/b-c\"]\n[utility.\"tank/a-b/c\"]\n";
    let plan = planned(&spec(declared), &observed(&[("tank", &[("mountpoint", "none")])]));
    let made: Vec<_> = plan.steps().iter().map(|step| step.dataset.to_string()).collect();
    assert_eq!(made, ["tank/a", "tank/a/b-c", "tank/a-b", "tank/a-b/c"]);
}

/// The name of a clone was written down for one pool, and the job failed on the other.
#[test]
fn a_clone_stays_in_its_pool() {
    let pool =
        observed(&[("tank", &[("mountpoint", "none")]), ("rpool", &[("mountpoint", "none")])]);
    let declared = spec("[utility.\"tank/temp\"]\norigin = \"rpool@daily\"\n");
    assert_eq!(codes(&planned(&declared, &pool)), [("tank/temp".into(), Obstacle::NoOrigin)]);
}

/// A safety snapshot was taken, and the rollback to an older one destroyed it: no command here
/// destroys anything on the way.
#[test]
fn no_command_destroys_on_the_way() {
    let snapshot = || "tank/a@old".parse().unwrap();
    let dataset = "tank/a".parse().unwrap();
    for action in [
        Action::Rollback(snapshot()),
        Action::Destroy,
        Action::DestroySnapshot(snapshot()),
        Action::Rename { to: "tank/b".parse().unwrap() },
    ] {
        let command = action.command([&dataset]);
        let options = command.argv().iter().filter(|word| word.starts_with('-'));
        assert_eq!(options.count(), 0, "{command}");
    }
}

/// An option was declared and read by nobody.
#[test]
fn every_key_has_an_effect_or_is_refused() {
    for text in [
        "[base.tank]\nquota = \"1G\"\n",
        "[utility.\"tank/v\"]\nsparse = true\n",
        "[utility.\"tank/v\"]\nvolume = \"1G\"\nowner = \"root\"\n",
        "[utility.\"tank/v\"]\nvolume = \"1G\"\nrecordsize = \"16K\"\n",
        "[utility.\"tank/a\"]\nplace = \"fast\"\n",
        "ignore = [\"tank/**\"]\n[utility.\"tank/a\"]\n",
        "absent = [\"tank/a\"]\n[utility.\"tank/a/b\"]\n",
        "moved = [{ from = \"tank/a\", to = \"rpool/a\" }]\n",
    ] {
        assert!(Spec::from_toml(text).is_err(), "{text}");
    }
}
