//! Reservations, and the space that there is for them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod lines;

use dataset_plan::{Observed, Obstacle, Plan, Policy};
use lines::{commands, observed, spec};
use zfs_props::release::Release;

const G: u64 = 1 << 30;

/// A pool with so many GiB left of 100, and one dataset in it that takes 1 GiB.
fn pool(available: u64, lines: &[String]) -> Observed {
    let mut all = vec![
        "tank type filesystem".to_owned(),
        "tank mountpoint none local".to_owned(),
        format!("tank used {}", (100 - available) * G),
        format!("tank available {}", available * G),
        "tank/a type filesystem".to_owned(),
        "tank/a mountpoint none local".to_owned(),
        format!("tank/a used {G}"),
        format!("tank/a referenced {G}"),
    ];
    if !lines.iter().any(|line| line.starts_with("tank/a available")) {
        all.push(format!("tank/a available {}", available * G));
    }
    all.extend_from_slice(lines);
    observed(&all)
}

fn plan(text: &str, there: &Observed) -> Plan {
    dataset_plan::plan(&spec(text), there, &Policy::default()).unwrap()
}

fn short_of_space(plan: &Plan) -> Vec<String> {
    let blocked = plan.blocked().iter().filter(|blocked| blocked.code == Obstacle::NoSpace);
    blocked.map(|blocked| format!("{}: {}", blocked.dataset, blocked.what)).collect()
}

#[test]
fn more_than_the_pool_has_is_not_reserved() {
    let declared = |bytes: &str| {
        format!(
            "[utility.\"tank/a\"]\nproperties = {{ reservation = \"{bytes}\", atime = \"off\" }}\n"
        )
    };
    let there = pool(10, &[]);
    // What is used already counts.
    let fits = plan(&declared("11G"), &there);
    assert_eq!(commands(&fits), ["zfs set reservation=11G atime=off tank/a"]);
    let does_not = plan(&declared("12G"), &there);
    assert_eq!(commands(&does_not), ["zfs set atime=off tank/a"]);
    let what = "tank/a: reservation=12G cannot be given: 10G more are available";
    assert_eq!(short_of_space(&does_not), [what]);
    assert!(does_not.blocked()[0].remedy.contains("make room"));
}

#[test]
fn what_is_available_is_reserved_once() {
    let there = pool(10, &[]);
    let declared = "[utility.\"tank/b\"]\nproperties.refreservation = \"8G\"\n\
                    [utility.\"tank/c\"]\nproperties.refreservation = \"8G\"\n";
    let plan = plan(declared, &there);
    assert_eq!(commands(&plan), ["zfs create -o refreservation=8G tank/b"]);
    let what = "tank/c: refreservation=8G cannot be given: 2G more are available";
    assert_eq!(short_of_space(&plan), [what]);
}

#[test]
fn a_volume_that_is_not_sparse_needs_its_size() {
    let there = pool(10, &[]);
    let declared =
        |sparse: bool| format!("[utility.\"tank/v\"]\nvolume = \"20G\"\nsparse = {sparse}\n");
    let thick = plan(&declared(false), &there);
    assert!(thick.is_empty(), "{thick}");
    assert_eq!(short_of_space(&thick).len(), 1);
    assert_eq!(commands(&plan(&declared(true), &there)), ["zfs create -s -V 21474836480 tank/v"]);
    // Neither can one grow for which all is reserved, as `zfs create -V` does it.
    let whole = zfs_props::reservation::reservation(2 * G, 16384, 1, &[], Release::LATEST);
    let lines = [
        "tank/v type volume".to_owned(),
        format!("tank/v volsize {} local", 2 * G),
        "tank/v volblocksize 16384".to_owned(),
        format!("tank/v refreservation {whole} local"),
        format!("tank/v used {}", 2 * G),
        "tank/v referenced 0".to_owned(),
        format!("tank/v available {}", 12 * G),
        format!("tank/v usedbyrefreservation {whole}"),
    ];
    let grown = plan(&declared(false), &pool(10, &lines));
    assert!(grown.is_empty(), "{grown}");
    assert_eq!(short_of_space(&grown).len(), 1, "{grown}");
}

#[test]
fn what_an_ancestor_has_reserved_is_room() {
    let lines = [
        format!("tank/a reservation {} local", 50 * G),
        "tank/a/b type filesystem".to_owned(),
        "tank/a/b mountpoint none local".to_owned(),
        "tank/a/b used 98304".to_owned(),
        "tank/a/b referenced 98304".to_owned(),
        format!("tank/a/b available {}", 59 * G),
    ];
    // The 10 GiB of the pool, and the 49 GiB that tank/a has reserved and not used.
    let there = pool(10, &[&[format!("tank/a available {}", 59 * G)][..], &lines].concat());
    let declared = "[utility.\"tank/a/b\"]\nproperties.reservation = \"40G\"\n";
    assert_eq!(commands(&plan(declared, &there)), ["zfs set reservation=40G tank/a/b"]);
}

#[test]
fn what_the_plan_frees_first_is_room() {
    let lines = [
        format!("tank/a reservation {} local", 50 * G),
        "tank/b type filesystem".to_owned(),
        "tank/b mountpoint none local".to_owned(),
        "tank/b used 98304".to_owned(),
    ];
    let there = pool(10, &lines);
    let declared = "[utility.\"tank/a\"]\nproperties.reservation = \"none\"\n\
                    [utility.\"tank/b\"]\nproperties.reservation = \"40G\"\n";
    let plan = plan(declared, &there);
    let expected = ["zfs set reservation=none tank/a", "zfs set reservation=40G tank/b"];
    assert_eq!(commands(&plan), expected, "{plan}");
}

#[test]
fn more_than_the_own_quota_is_not_reserved() {
    let there = pool(10, &[]);
    let declared = "[utility.\"tank/a\"]\nquota = \"3G\"\nproperties.reservation = \"4G\"\n";
    let plan = plan(declared, &there);
    assert_eq!(commands(&plan), ["zfs set quota=3G tank/a"]);
    assert_eq!(short_of_space(&plan), ["tank/a: reservation=4G cannot be given: its quota is 3G"]);
}

#[test]
fn what_was_not_observed_is_no_obstacle() {
    let text = "tank\ttype\tfilesystem\t-\t-\ntank\tmountpoint\tnone\t-\tlocal\n";
    let there = Observed::from_zfs_get_set(text).unwrap();
    let plan = plan("[utility.\"tank/a\"]\nproperties.reservation = \"9P\"\n", &there);
    assert_eq!(commands(&plan), ["zfs create -o reservation=9P tank/a"]);
}

#[test]
fn a_new_quota_makes_no_room_in_the_pool() {
    let there = pool(10, &[]);
    let declared = "[utility.\"tank\"]\nquota = \"200G\"\n\
                    [utility.\"tank/b\"]\nproperties.reservation = \"20G\"\n";
    let set = plan(declared, &there);
    assert_eq!(commands(&set), ["zfs set quota=200G tank"]);
    assert_eq!(short_of_space(&set).len(), 1, "{set}");
    // One that is raised does, as far as the pool has it.
    let of_a = ["quota 2147483648 local".to_owned(), format!("available {G}")];
    let there = pool(10, &of_a.map(|line| format!("tank/a {line}")));
    let declared = |bytes: &str| {
        format!(
            "[utility.\"tank/a\"]\nquota = \"100G\"\n[utility.\"tank/a/b\"]\nproperties.reservation = \"{bytes}\"\n"
        )
    };
    let raised = plan(&declared("9G"), &there);
    let expected = ["zfs set quota=100G tank/a", "zfs create -o reservation=9G tank/a/b"];
    assert_eq!(commands(&raised), expected, "{raised}");
    assert_eq!(short_of_space(&plan(&declared("11G"), &there)).len(), 1);
}

#[test]
fn a_volume_that_reserves_more_than_its_size_keeps_that_when_it_grows() {
    let lines = [
        "tank/v type volume".to_owned(),
        format!("tank/v volsize {G} local"),
        "tank/v volblocksize 16384".to_owned(),
        format!("tank/v refreservation {} local", 5 * G),
        format!("tank/v used {}", 5 * G),
        "tank/v referenced 1000".to_owned(),
        format!("tank/v usedbyrefreservation {}", 5 * G),
        format!("tank/v available {}", 10 * G),
    ];
    let there = pool(5, &lines);
    let declared = "[utility.\"tank/v\"]\nvolume = \"2G\"\n[utility.\"tank/w\"]\nproperties.refreservation = \"7G\"\n";
    let plan = plan(declared, &there);
    assert_eq!(commands(&plan), ["zfs set volsize=2147483648 tank/v"]);
    let what = "tank/w: refreservation=7G cannot be given: 5G more are available";
    assert_eq!(short_of_space(&plan), [what]);
}

#[test]
fn what_is_below_a_quota_fits_into_it_as_it_is_declared() {
    let lines = [format!("tank/a quota {} local", 3 * G), format!("tank/a available {}", 2 * G)];
    let declared = |quota: &str| {
        format!(
            "[utility.\"tank/a\"]\nquota = \"{quota}\"\n[utility.\"tank/a/b\"]\nproperties.refreservation = \"800M\"\n"
        )
    };
    let there = pool(10, &lines);
    let lowered = plan(&declared("1500M"), &there);
    assert_eq!(commands(&lowered), ["zfs set quota=1500M tank/a"]);
    let what = "tank/a/b: refreservation=800M cannot be given: 476M more are available";
    assert_eq!(short_of_space(&lowered), [what], "{lowered}");
    let fits = plan(&declared("2G"), &there);
    assert!(short_of_space(&fits).is_empty(), "{fits}");
    let raised = plan(&declared("9G"), &there);
    assert!(short_of_space(&raised).is_empty(), "{raised}");
}
