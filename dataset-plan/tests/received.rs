//! What it changes that a dataset, or one above it, once received properties: as OpenZFS 2.3.9 did it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "baseline/commands.rs"]
#[allow(dead_code, reason = "the recorded sequences want more of it")]
mod commands;

use dataset_plan::Observed;
use dataset_plan::sim::Zfs;
use zfs_props::release::Release;

/// A machine on which these commands were run.
fn after(script: &str) -> Zfs {
    let pool = "t\ttype\tfilesystem\t-\t-\nt\tmounted\tyes\t-\t-\n";
    let mut zfs = Zfs::from(&Observed::from_zfs_get(pool).unwrap()).release(Release::V2_3);
    for command in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let words: Vec<&str> = command.split(' ').collect();
        commands::run(&mut zfs, &words).unwrap_or_else(|refusal| panic!("{command}: {refusal}"));
    }
    zfs
}

/// Value, source, and the column `received`.
fn shown(zfs: &Zfs, dataset: &str, property: &str) -> String {
    let lines = zfs.get(&dataset.parse().unwrap());
    let line = lines.iter().find(|line| line.property.to_string() == property).unwrap();
    format!("{} {} {}", line.value, line.source, line.received.as_deref().unwrap_or("-"))
}

/// `t/dst` received `atime=off`.
const BELOW: &str = "create t/src
    set atime=off t/src
    snapshot t/src@s
    send -p t/src@s | receive t/dst
    create t/dst/c
    create t/x
    set recordsize=32K t/x
    snapshot t/x@a
    snapshot t/x@b
    send t/x@a | receive t/dst/c/e
    send t/x@a | receive t/beside\n";

#[test]
fn the_first_stream_with_properties_keeps_what_is_set_below_one_that_received_some() {
    let zfs = after(&format!(
        "{BELOW}
        set atime=on recordsize=8K t/dst/c/e
        send -p -i @a t/x@b | receive -F t/dst/c/e
        set atime=on recordsize=8K t/beside
        send -p -i @a t/x@b | receive -F t/beside"
    ));
    assert_eq!(shown(&zfs, "t/dst/c/e", "recordsize"), "8192 local 32768");
    assert_eq!(shown(&zfs, "t/dst/c/e", "atime"), "on local -");
    assert_eq!(shown(&zfs, "t/beside", "recordsize"), "32768 received 32768");
    assert_eq!(shown(&zfs, "t/beside", "atime"), "on default -");
}

#[test]
fn inherit_hides_what_comes_later_below_one_that_received_some() {
    let zfs = after(&format!(
        "{BELOW}
        set recordsize=16K t/dst/c
        set recordsize=8K t/dst/c/e
        inherit recordsize t/dst/c/e
        send -p -i @a t/x@b | receive -F t/dst/c/e
        set recordsize=8K t/beside
        inherit recordsize t/beside
        send -p -i @a t/x@b | receive -F t/beside"
    ));
    assert_eq!(shown(&zfs, "t/dst/c/e", "recordsize"), "16384 inherited from t/dst/c 32768");
    assert_eq!(shown(&zfs, "t/beside", "recordsize"), "32768 received 32768");
}

#[test]
fn what_older_kernels_do_not_know_shows_as_received_below_one_that_received_some() {
    let mut zfs = after(&format!(
        "{BELOW}
        set redundant_metadata=none t/dst
        set redundant_metadata=some t/dst/c
        create t/plain
        create t/plain/k
        set redundant_metadata=none t/plain/k"
    ));
    assert_eq!(shown(&zfs, "t/dst", "redundant_metadata"), "none local none");
    assert_eq!(shown(&zfs, "t/dst/c", "redundant_metadata"), "some local some");
    assert_eq!(shown(&zfs, "t/plain/k", "redundant_metadata"), "none local -");
    commands::run(&mut zfs, &["rename", "t/plain/k", "t/dst/k"]).unwrap();
    assert_eq!(shown(&zfs, "t/dst/k", "redundant_metadata"), "none local none");
}
