//! On a real OpenZFS, in a virtual machine: sends and receives between generated pairs of datasets, planned here and
//! carried out there.
//!
//! The machine is run by `tools/zfs-vm`, or by the program that the environment variable `ZFS_VM` names. `ZFS_PAIRS=N`
//! makes N pairs instead of 16, `ZFS_ENCRYPTED_PAIRS=N` as many in which encryption plays a part; `ZFS_SEED=N` makes other
//! ones. `ZFS_RECORD=FOLDER` keeps what was recorded, for `tests/baseline/replications*.jsonl`.
#![cfg(feature = "exec")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "baseline/harness.rs"]
#[allow(dead_code, reason = "the recordings are another test's")]
mod harness;
#[path = "baseline/replications.rs"]
mod replications;

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

const SCRIPT: &str = r#"#!/bin/bash
set -u
export LC_ALL=C
cd /mnt/share || exit
pools() {
    for pool in from to; do
        zpool destroy -f "$pool" 2>/dev/null
        rm -rf "/tmp/$pool.vdev" /tmp/pairs
        truncate -s 512M "/tmp/$pool.vdev"
        zpool create -f "$pool" "/tmp/$pool.vdev" || exit
    done
}
pools
./replications "$1" "$3" >rows.jsonl 2>said || exit
pools
./replications "$2" "$3" encrypted >encrypted.jsonl 2>>said
"#;

/// A service's dataset is lost in several ways, and comes back. Each line that begins with `check` has to end with `yes`.
const PRESEED: &str = r#"#!/bin/bash
set -u
export LC_ALL=C
cd /mnt/share || exit
truncate -s 768M /tmp/pool.vdev
zpool create -f tank /tmp/pool.vdev || exit
check() { local what=$1; shift; if "$@" >/dev/null 2>&1; then echo "check $what: yes"; else echo "check $what: no ($*)"; fi; }
restore() { ./restore_dataset /tmp/state tank/svc /srv/svc "$@" >>said 2>&1; }
until_done() { local n; for n in {1..60}; do restore "$@"; local rc=$?; [ $rc = 75 ] || return $rc; sleep 0.5; done; return 75; }
same() { diff -r /tank/replica/ /srv/svc/; }
property() { [ "$(zfs get -H -o value,source "$1" tank/svc)" = "$2" ]; }
aside() { zfs list -H -o name | grep -q '^tank/svc.restore-aside-'; }

zfs create tank/replica
for n in 1 2 3; do dd if=/dev/urandom of=/tank/replica/file$n bs=1M count=12 2>/dev/null; mkdir -p "/tank/replica/sub $n"; zfs snapshot tank/replica@s$n; done

echo "== nothing is there"
before=${EPOCHREALTIME/./}
restore replica tank/replica; check "restored" [ $? = 0 ]
whole=$(((${EPOCHREALTIME/./} - before) / 1000))
check "same content" same
check "declared property" property recordsize "$(printf '16K\tlocal')"
check "all snapshots" [ "$(zfs list -H -t snapshot -o name tank/svc | wc -l)" = 3 ]
check "record is local" [ "$(zfs get -H -o source restore-chain:complete tank/svc)" = local ]
restore replica tank/replica; check "once more is skipped" [ $? = 0 ]
check "no staging left" [ -z "$(zfs list -H -o name | grep staging)" ]

echo "== an empty dataset is there"
zfs destroy -r tank/svc; zfs create -o mountpoint=/srv/svc tank/svc
restore replica tank/replica; check "restored over an empty dataset" [ $? = 0 ]
check "same content again" same
check "the empty one is aside" aside

echo "== data is there"
for old in $(zfs list -H -o name | grep aside); do zfs destroy -r $old; done
zfs destroy -r tank/svc; zfs create -o mountpoint=/srv/svc tank/svc; echo mine >/srv/svc/mine
restore replica tank/replica; check "somebody has to look" [ $? = 2 ]
check "data is untouched" grep -q mine /srv/svc/mine

echo "== emptied, with a snapshot of its own"
zfs snapshot tank/svc@autosnap_1; rm /srv/svc/mine; zfs snapshot tank/svc@autosnap_2
zfs send tank/svc@autosnap_1 | zfs receive -u tank/copy
restore local autosnap_2; check "a snapshot of the loss is no way back" [ $? = 1 ]
check "nothing is complete by it" property restore-chain:complete "$(printf -- '-\t-')"
restore local autosnap_1; check "restored from its snapshot" [ $? = 0 ]
check "its data is back" grep -q mine /srv/svc/mine
check "the emptied one is aside" aside
zfs snapshot tank/svc@autosnap_3; from=$(zfs list -H -o origin tank/svc)
sent() { zfs send -i "$1" tank/svc@autosnap_3 | zfs receive -u tank/copy; }
check "replicas have to wait" [ "$(sent "$from" 2>/dev/null; echo $?)" = 1 ]
zfs promote tank/svc; check "and receive after its release" sent tank/svc@autosnap_1
zfs destroy -r tank/copy

echo "== killed"
for tenth in 1 2 3 4 5 6 7 8 9; do
    delay=$(printf '%d.%03d' $((whole * tenth / 10000)) $((whole * tenth / 10 % 1000)))
    zfs promote tank/svc 2>/dev/null
    for old in $(zfs list -H -o name | grep aside); do zfs destroy -r $old; done
    zfs destroy -r tank/svc
    ./restore_dataset /tmp/state tank/svc /srv/svc replica tank/replica >>said 2>&1 & pid=$!
    sleep $delay; kill -9 $pid 2>/dev/null; wait $pid 2>/dev/null
    if grep -q " /srv/svc " /proc/mounts; then check "whole when killed after $delay s" same; fi
    until_done replica tank/replica; check "restored after a kill after $delay s" [ $? = 0 ]
    check "same content after a kill after $delay s" same
done

echo "== the dataset above is not there"
./restore_dataset /tmp/state tank/above/svc /srv/new replica tank/replica >above 2>&1; check "without it, nothing comes back" [ $? = 1 ]
check "and it is told" grep -q "tank/above is not there" above
check "and it is not made by the way" [ -z "$(zfs list -H -o name | grep above)" ]

echo "== something else is mounted over it"
mkdir /tmp/other; mount --bind /tmp/other /srv/svc
restore replica tank/replica; check "a folder over it stops it" [ $? = 1 ]
umount /srv/svc; mount --bind "/srv/svc/sub 1" /srv/svc
restore replica tank/replica; check "a folder of its own over it stops it" [ $? = 1 ]
umount /srv/svc; restore replica tank/replica; check "without it, it is complete" [ $? = 0 ]
check "same content below it" same

echo "== something else is mounted over the folder above it"
zfs destroy -r tank/svc; zfs create -o mountpoint=/srv/svc tank/svc; echo mine >/srv/svc/mine
mount -t tmpfs tmpfs /srv; mkdir /srv/svc
restore replica tank/replica; check "a folder that is empty there is not its content" [ $? = 1 ]
check "nothing was fetched for it" [ -z "$(zfs list -H -o name | grep restore-)" ]
umount /srv; restore replica tank/replica; check "somebody has to look at what is there" [ $? = 2 ]
check "data is still untouched" grep -q mine /srv/svc/mine

echo "== the sender has lost what an interrupted receive needs"
token() { zfs get -H -o value receive_resume_token tank/svc.restore-staging 2>/dev/null; }
for part in 50 30 70 40 60 20 80 10 90 35 25 45 15 55 12 18 22 28 8 5; do
    delay=$(printf '%d.%03d' $((whole * part / 100000)) $((whole * part / 100 % 1000)))
    zfs destroy -r tank/svc 2>/dev/null; zfs destroy -r tank/svc.restore-staging 2>/dev/null
    ./restore_dataset /tmp/state tank/svc /srv/svc replica tank/replica >>said 2>&1 & pid=$!
    sleep $delay; kill -9 $pid 2>/dev/null; wait $pid 2>/dev/null
    for n in {1..20}; do grep -qsx zfs /proc/[0-9]*/comm || break; sleep 0.2; done
    case "$(token)" in ""|-) ;; *) break ;; esac
done
case "$(token)" in ""|-) check "a receive was interrupted" false ;; *) check "a receive was interrupted" true ;; esac
zfs destroy tank/replica@%; dd if=/dev/urandom of=/tank/replica/file4 bs=1M count=4 2>/dev/null; zfs snapshot tank/replica@later
until_done replica tank/replica; check "restored without what was interrupted" [ $? = 0 ]
check "same content as later" same

echo "== a service wrote into the folder itself"
zfs destroy -r tank/svc; mkdir -p /srv/svc/sub; echo early >/srv/svc/sub/early
restore replica tank/replica; check "files in the folder stop it" [ $? = 1 ]
check "nothing covers them" grep -q early /srv/svc/sub/early
check "nothing was fetched to cover them" [ -z "$(zfs list -H -o name | grep restore-staging)" ]
rm /srv/svc/sub/early; until_done replica tank/replica; check "without them it is restored" [ $? = 0 ]
check "same content without them" same

echo "== what came back before is called as staging is"
zfs rename tank/svc tank/svc.restore-staging; zfs set mountpoint=none tank/svc.restore-staging
restore replica tank/replica; check "it is no staging any more" [ $? = 1 ]
zfs create -o mountpoint=/srv/svc tank/svc; guid=$(zfs get -H -o value guid tank/svc)
zfs set "restore-chain:complete=v=1;guid=$guid;kind=adopted;at=2026-11-21T12:00:00Z;seconds=1" tank/svc
restore replica tank/replica; check "beside it another one is complete" [ $? = 0 ]
check "and it is not discarded" zfs list tank/svc.restore-staging
zfs destroy -r tank/svc.restore-staging

echo "== something is mounted below"
zfs destroy -r tank/svc; zfs create -o mountpoint=/srv/svc/below tank/below; echo live >/srv/svc/below/live
restore replica tank/replica; check "what is mounted below stops the mount" [ $? = 1 ]
restore replica tank/replica; check "and that of the next run" [ $? = 1 ]
check "and is not covered" grep -q live /srv/svc/below/live
zfs unmount tank/below; restore replica tank/replica; check "without it, it goes on" [ $? = 0 ]
zfs destroy -r tank/below

echo "== the folder of the snapshots is listed"
zfs destroy -r tank/svc; zfs set snapdir=visible tank; zfs create -o mountpoint=/srv/svc tank/svc
check "it is listed" [ "$(ls -A /srv/svc)" = .zfs ]
restore replica tank/replica; check "an empty dataset with it is empty" [ $? = 0 ]
zfs set snapdir=hidden tank; check "same content beside it" same; zfs set snapdir=visible tank
zfs destroy -r tank/svc; zfs create -o mountpoint=/srv/svc tank/svc; zfs snapshot tank/svc@autosnap_1
restore local autosnap_1; check "it is no data" [ $? = 1 ]
"#;

#[test]
fn what_is_planned_is_what_zfs_does() {
    let Some(machine) = testing::vm::program() else {
        println!("skipped: zfs (no virtual machine: tools/zfs-vm build)");
        return;
    };
    let test = std::env::current_exe().unwrap();
    let program = test.parent().unwrap().parent().unwrap().join("examples/replications");
    if !program.exists() {
        println!(
            "skipped: zfs (the example replications is not built: `cargo test --features exec`)"
        );
        return;
    }
    let number = |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.into());
    let (pairs, encrypted) = (number("ZFS_PAIRS", "16"), number("ZFS_ENCRYPTED_PAIRS", "16"));
    let seed = number("ZFS_SEED", "7");
    let folder = tempfile::tempdir().unwrap();
    fs::copy(program, folder.path().join("replications")).unwrap();
    let script = folder.path().join("script");
    fs::write(&script, SCRIPT).unwrap();
    let mut run = Command::new(machine);
    run.arg("run")
        .arg("--share")
        .arg(folder.path())
        .args(["--timeout", "3600"])
        .arg(&script)
        .args([&pairs, &encrypted, &seed]);
    let output = run.output().unwrap();
    let said = fs::read_to_string(folder.path().join("said")).unwrap_or_default();
    assert!(output.status.success(), "{}{said}", String::from_utf8_lossy(&output.stderr));
    let (mut compared, mut wrong) = (0, Vec::new());
    for (file, name) in
        [("rows.jsonl", "replications.jsonl"), ("encrypted.jsonl", "replications-encrypted.jsonl")]
    {
        let rows = fs::read_to_string(folder.path().join(file)).unwrap();
        if let Some(folder) = std::env::var_os("ZFS_RECORD") {
            fs::write(Path::new(&folder).join(name), &rows).unwrap();
        }
        let rows = rows.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        for row in rows.filter(|row| row.get("_meta").is_none()) {
            compared += 1;
            if let Err(difference) = replications::judge(&row) {
                wrong.push(format!("{name}, {}: {difference}", row["n"]));
            }
        }
    }
    println!("zfs: {compared} pairs compared, {} disagree", wrong.len());
    assert!(wrong.is_empty() && compared > 0, "{}", wrong.join("\n"));
}

#[test]
fn a_lost_dataset_comes_back() {
    let Some(machine) = testing::vm::program() else {
        println!("skipped: zfs (no virtual machine: tools/zfs-vm build)");
        return;
    };
    let test = std::env::current_exe().unwrap();
    let program = test.parent().unwrap().parent().unwrap().join("examples/restore_dataset");
    if !program.exists() {
        println!(
            "skipped: zfs (the example restore_dataset is not built: `cargo test --features exec`)"
        );
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::copy(program, folder.path().join("restore_dataset")).unwrap();
    let script = folder.path().join("script");
    fs::write(&script, PRESEED).unwrap();
    let mut run = Command::new(machine);
    run.arg("run").arg("--share").arg(folder.path()).args(["--timeout", "1800"]).arg(&script);
    let output = run.output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = fs::read_to_string(folder.path().join("said")).unwrap_or_default();
    let checks: Vec<&str> = printed.lines().filter(|line| line.starts_with("check ")).collect();
    let failed: Vec<&&str> = checks.iter().filter(|line| !line.ends_with(": yes")).collect();
    println!("zfs: {} checks of restored datasets, {} failed", checks.len(), failed.len());
    assert!(
        failed.is_empty() && checks.len() >= 30,
        "{failed:?}\n{printed}\n{}\n{said}",
        String::from_utf8_lossy(&output.stderr)
    );
}
