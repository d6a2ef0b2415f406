//! Processes, pipes and records, for real.
#![cfg(feature = "exec")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::time::{Duration, Instant};

use restore_chain::candidates::{Candidate, Method};
use restore_chain::command::Command;
use restore_chain::exec::process::ProcessError;
use restore_chain::exec::{Folder, Tools, Zfs, file, pipe, process};
use restore_chain::lineage::Version;
use restore_chain::preseed::{
    self, Act, Block, Budget, Outcome, Preseed, Record, RecordKind, World as _,
};
use restore_chain::{Bootstrap, Choice, Service};

const LONG: Duration = Duration::from_secs(30);

fn sh(script: &str) -> Command {
    Command::new(["sh", "-c", script])
}

#[test]
fn what_takes_too_long_ends_with_all_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let alive = folder.path().join("alive");
    let script = format!("(sleep 3; touch {}) & sleep 60", alive.display());
    let started = Instant::now();
    let result = process::run(&sh(&script), &[], Duration::from_millis(300));
    assert!(matches!(result, Err(ProcessError::TimedOut(_))), "{result:?}");
    assert!(started.elapsed() < Duration::from_secs(20));
    std::thread::sleep(Duration::from_millis(3500));
    assert!(!alive.exists(), "what it had started went on");
}

#[test]
fn both_ends_of_a_pipe_are_heard() {
    let sum = pipe::run(&sh("head -c 3000000 /dev/zero"), &sh("cat >/dev/null"), &[], LONG, |_| {});
    assert_eq!(sum.unwrap(), 3_000_000);
    // A sender that fails although the receiver is content, and the other way round.
    let result = pipe::run(
        &sh("echo half; echo broke >&2; exit 3"),
        &sh("cat >/dev/null"),
        &[],
        LONG,
        |_| {},
    );
    assert!(result.unwrap_err().to_string().contains("broke"));
    let result = pipe::run(
        &sh("yes"),
        &sh("head -c 10 >/dev/null; echo full >&2; exit 4"),
        &[],
        LONG,
        |_| {},
    );
    assert!(result.unwrap_err().to_string().contains("full"));
    let result = pipe::run(&sh("sleep 60"), &sh("cat"), &[], Duration::from_millis(200), |_| {});
    assert!(matches!(result, Err(ProcessError::TimedOut(_))));
}

#[test]
fn a_missing_program_is_an_error_and_no_absence() {
    let result = process::run(&Command::new(["/no/such/program"]), &[], LONG);
    assert!(matches!(result, Err(ProcessError::NotStarted { .. })));
}

#[test]
fn records_are_there_in_full_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("below/record");
    assert_eq!(file::read(&path).unwrap(), None);
    for text in ["first", "second, longer", "3"] {
        file::write(&path, text).unwrap();
        assert_eq!(file::read(&path).unwrap().as_deref(), Some(text));
    }
    file::remove(&path).unwrap();
    file::remove(&path).unwrap();
    assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 0);
}

/// The lock of a run is held by what it has started, too, and by nobody after that.
#[test]
fn of_two_runs_one_has_the_lock() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::new("x", "folder/x".parse().unwrap(), "/nowhere/x".parse().unwrap());
    let mut first = Folder::new(Tools::below(folder.path()));
    let mut second = Folder::new(Tools::below(folder.path()));
    assert!(first.lock(&service).unwrap());
    assert!(!second.lock(&service).unwrap());
    first.unlock(&service);
    assert!(second.lock(&service).unwrap());
}

/// A budget may be any number.
#[test]
fn a_limit_that_no_clock_reaches_is_no_panic() {
    process::run(&sh("true"), &[], Duration::MAX).unwrap();
    pipe::run(&sh("echo"), &sh("cat >/dev/null"), &[], Duration::MAX, |_| {}).unwrap();
}

/// The master of shared `ssh` connections, say, stays for hours, with all that it has inherited.
#[test]
fn what_a_command_leaves_behind_holds_up_nobody() {
    let started = Instant::now();
    let output = process::run(&sh("setsid sleep 30 >/dev/null & echo done"), &[], LONG).unwrap();
    assert_eq!(output, b"done\n");
    // What still holds the output could add to it: that is no answer yet.
    let limit = Duration::from_secs(2);
    let result = process::run(&sh("setsid sleep 30 & echo done"), &[], limit);
    assert!(matches!(result, Err(ProcessError::TimedOut(_))), "{result:?}");
    let result =
        pipe::run(&sh("setsid sleep 30 & echo"), &sh("head -c 1 >/dev/null"), &[], limit, |_| {});
    assert!(matches!(result, Err(ProcessError::TimedOut(_))), "{result:?}");
    let quiet = "setsid sleep 30 >/dev/null & echo";
    pipe::run(&sh(quiet), &sh("cat >/dev/null"), &[], LONG, |_| {}).unwrap();
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
}

/// The note of what staging is filled from outlived staging, and stood for whatever had its name later.
#[test]
fn a_folder_that_later_has_the_name_of_staging_stays() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("x");
    let service =
        Service::new("x", "folder/x".parse().unwrap(), place.to_str().unwrap().parse().unwrap());
    std::fs::create_dir(&place).unwrap();
    std::fs::write(place.join("data"), "data").unwrap();
    let mut world = Folder::new(Tools::below(folder.path().join("state")));
    // A restore wrote this when it began, and has renamed staging into place.
    file::write(&folder.path().join("state/x.staging"), "restic b2 01234567\n").unwrap();
    let guid = world.observe(&service).unwrap().target.unwrap().guid;
    let record = Record { guid, kind: RecordKind::Adopted, at: jiff::Timestamp::now(), seconds: 1 };
    world.act(&service, &Act::Complete(record), 10).unwrap();
    let mine = folder.path().join("x.restore-staging");
    std::fs::create_dir(&mine).unwrap();
    std::fs::write(mine.join("mine"), "mine").unwrap();
    let restore = Preseed::new(&service, &Choice::default(), &Budget::default()).unwrap();
    let report = restore.run(&mut world).unwrap();
    assert!(matches!(report.outcome, Outcome::Skipped(_)), "{report}");
    assert!(mine.join("mine").exists(), "somebody else's folder was removed");
}

/// Its disk was not mounted yet: an older copy was restored into the bare directory, and the record of the folder overwritten.
#[test]
fn a_folder_whose_disk_is_not_mounted_is_not_gone() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("x");
    let service =
        Service::new("x", "folder/x".parse().unwrap(), place.to_str().unwrap().parse().unwrap());
    std::fs::create_dir(&place).unwrap();
    let mut world = Folder::new(Tools::below(folder.path().join("state")));
    let guid = world.observe(&service).unwrap().target.unwrap().guid;
    let record = Record { guid, kind: RecordKind::Adopted, at: jiff::Timestamp::now(), seconds: 1 };
    world.act(&service, &Act::Complete(record), 10).unwrap();
    let noted = folder.path().join("state/x.mountpoint");
    let mountpoint = std::fs::read_to_string(&noted).unwrap();
    let same = |a: &std::path::Path, b: &str| {
        let device = |path| std::os::unix::fs::MetadataExt::dev(&std::fs::metadata(path).unwrap());
        device(a) == device(std::path::Path::new(b))
    };
    assert!(same(&place, mountpoint.trim_end()), "{mountpoint}");
    // As it would be with a disk of its own.
    file::write(&noted, "/nowhere/disk\n").unwrap();
    std::fs::remove_dir(&place).unwrap();
    let mut service = service;
    service.bootstrap = Bootstrap::IfNothingExists;
    let restore = Preseed::new(&service, &Choice::default(), &Budget::default()).unwrap();
    let report = restore.run(&mut world).unwrap();
    assert!(matches!(report.outcome, Outcome::Blocked(Block::Unobservable(_))), "{report}");
    assert!(report.to_string().contains("nothing is mounted at /nowhere/disk"), "{report}");
    assert!(!place.exists());
    // Whoever moves it says so.
    file::remove(&noted).unwrap();
    let report = restore.run(&mut world).unwrap();
    assert!(report.outcome.record().is_some() && place.exists(), "{report}");
}

/// A machine on which `zfs` and `zpool` are a script: `$*` is the command line, `$0.calls` has all of them.
fn scripted(folder: &tempfile::TempDir, cases: &str) -> (Zfs, Service, Vec<String>) {
    let program = folder.path().join("fake");
    let script = format!(
        "#!/bin/sh\n[ \"$1\" = \"$0\" ] && shift\necho \"$*\" >>\"$0.calls\"\ncase \"$*\" in\n\
         'zpool list'*) echo ONLINE ;;\n{cases}\n\
         *) echo \"what is $*?\" >&2; exit 1 ;;\nesac\n"
    );
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .unwrap();
    let prefix = vec![program.to_str().unwrap().to_owned()];
    let mut tools = Tools::below(folder.path().join("state"));
    tools.prefix.clone_from(&prefix);
    let service = Service::new("x", "tank/x".parse().unwrap(), "/nowhere/x".parse().unwrap());
    (Zfs::new(tools), service, prefix)
}

/// The only snapshot of the replica on the NAS.
fn replica(transport: Vec<String>, raw: bool) -> Method {
    let version = Box::new(Version::snapshot("s1", 9, 9, 1));
    Method::Replica {
        replica: "nas".to_owned(),
        from: "backup/x".parse().unwrap(),
        oldest: version.clone(),
        newest: version,
        transport,
        raw,
    }
}

/// Something else may have that name: it would be put in the service's place, or released.
#[test]
fn what_was_set_aside_is_known_by_its_guid_and_not_by_its_name_alone() {
    let folder = tempfile::tempdir().unwrap();
    let list = "'zfs list -Hp -t filesystem'*) printf '%s\\t%s\\tnoauto\\tnone\\t-\\n' \
        tank 1 tank/x.restore-aside-0000000000000007 7 tank/x.restore-aside-0000000000000008 4711 ;;";
    let (mut world, service, _) = scripted(&folder, list);
    let sight = world.observe(&service).unwrap();
    assert_eq!(sight.asides.iter().map(|aside| aside.guid).collect::<Vec<_>>(), [7]);
}

/// Destroyed and made anew under its name, the snapshot of an interrupted send never comes: every run would fail at it.
#[test]
fn a_token_of_a_snapshot_that_was_made_anew_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let cases = r#"
'zfs receive -A'*) touch "$0.aborted" ;;
'zfs list -Hp -t filesystem,volume'*)
    line() { printf "$1	$2	$3	1	$4	0	-	0	$5	off	-	-	-
"; }
    if [ -e "$0.received" ]; then
        line tank/x.restore-staging 5 5 filesystem -; line tank/x.restore-staging@s1 9 9 snapshot -
    elif [ -e "$0.aborted" ]; then echo "cannot open: dataset does not exist" >&2; exit 1
    else line tank/x.restore-staging 5 5 filesystem 1-token; fi ;;
'zfs send -nvt'*) echo "cannot resume send: 'backup/x@s1' is no longer the same snapshot used in the initial send" >&2; exit 255 ;;
'zfs send -t'*) exit 1 ;;
'zfs send'*) echo stream ;;
'zfs receive'*) cat >/dev/null; touch "$0.received" ;;"#;
    let (mut world, service, transport) = scripted(&folder, cases);
    let candidate = Box::new(Candidate::new("replica nas", replica(transport, false), None));
    let staging = "tank/x.restore-staging".parse().unwrap();
    let fetched = world.act(&service, &Act::Fetch { candidate, staging }, 20);
    let calls = std::fs::read_to_string(folder.path().join("fake.calls")).unwrap();
    assert_eq!(fetched, Ok(()), "{calls}");
}

/// Without leave to send, nothing came back on a machine where all else was run with it; and what `ssh` runs is read by a shell.
#[test]
fn what_sends_is_run_as_all_else_is_and_keeps_its_words() {
    let cases = r#"
'zfs list -Hp -t filesystem,volume'*)
    line() { printf "$1	$2	$3	1	$4	0	-	0	-	off	-	-	-
"; }
    [ -e "$0.received" ] || { echo "cannot open: dataset does not exist" >&2; exit 1; }
    line tank/x.restore-staging 5 5 filesystem; line tank/x.restore-staging@s1 9 9 snapshot ;;
ssh*) shift 2; exec sh -c "PATH='$(dirname "$0")':$PATH; $*" ;;
'zfs send'*) [ $# = 3 ] && echo stream ;;
'zfs receive'*) cat >/dev/null; touch "$0.received" ;;"#;
    for (transport, from) in [(&[][..], "backup/x"), (&["ssh", "backup@nas"], "backup/my data")] {
        let folder = tempfile::tempdir().unwrap();
        let (mut world, service, prefix) = scripted(&folder, cases);
        std::fs::write(
            folder.path().join("zfs"),
            format!("#!/bin/sh\nexec {} zfs \"$@\"\n", prefix[0]),
        )
        .unwrap();
        std::fs::set_permissions(
            folder.path().join("zfs"),
            std::os::unix::fs::PermissionsExt::from_mode(0o755),
        )
        .unwrap();
        let mut method = replica(transport.iter().map(|word| (*word).to_owned()).collect(), false);
        if let Method::Replica { from: own, .. } = &mut method {
            *own = from.parse().unwrap();
        }
        let candidate = Box::new(Candidate::new("replica nas", method, None));
        let staging = "tank/x.restore-staging".parse().unwrap();
        let fetched = world.act(&service, &Act::Fetch { candidate, staging }, 20);
        let calls = std::fs::read_to_string(folder.path().join("fake.calls")).unwrap();
        assert_eq!(fetched, Ok(()), "{calls}");
    }
}

/// Snapshots are taken of an emptied dataset, too, and are the newest of all: they bring nothing back.
#[test]
fn a_snapshot_of_the_loss_is_no_way_back() {
    let (empty, full, locked) = ("", "touch \"$place/data\"", "exit 9");
    for (what, key, verified) in
        [(empty, "-", false), (full, "-", true), (locked, "unavailable", true)]
    {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("state/run/mounts/x");
        let cases = format!(
            r#"
'zfs list -Hp -o guid'*) echo 5 ;;
'zfs list -Hp -t filesystem,volume'*)
    line() {{ printf '%s\t%s\t%s\t1\t%s\t0\t-\t0\t-\toff\t-\t-\t-\n' "$@"; }}
    line tank/x.restore-staging 5 5 filesystem; line tank/x.restore-staging@s1 9 9 snapshot ;;
'zfs get -Hp -o value keystatus'*) echo {key} ;;
'zfs mount -o ro'*) place="{place}"; mkdir -p "$place"; {what} ;;
'zfs unmount'*|'zfs set'*) ;;"#,
            place = place.display()
        );
        let (mut world, service, transport) = scripted(&folder, &cases);
        let method = replica(transport, key == "unavailable");
        let point = Some(jiff::Timestamp::UNIX_EPOCH);
        let candidate = Box::new(Candidate::new("replica nas", method, point));
        let staging = "tank/x.restore-staging".parse().unwrap();
        let result = world.act(&service, &Act::Verify { candidate, staging }, 20);
        assert_eq!(result.is_ok(), verified, "{what} {key}: {result:?}");
        let calls = std::fs::read_to_string(folder.path().join("fake.calls")).unwrap();
        assert_eq!(calls.contains("restore-chain:verified="), verified, "{calls}");
        assert_eq!(calls.contains("unmount"), key == "-", "{calls}");
    }
}

/// Nothing is mounted there: whatever would be mounted covers files, and nothing of value if there are folders only.
#[test]
fn files_in_the_folder_itself_are_seen() {
    let list = "'zfs list -Hp -t filesystem'*) printf 'tank\\t1\\ton\\t/tank\\t-\\n' ;;";
    let folder = tempfile::tempdir().unwrap();
    let (mut world, mut service, _) = scripted(&folder, list);
    let place = folder.path().join("place");
    service.mountpoint = place.to_str().unwrap().parse().unwrap();
    let mut occupant = || world.observe(&service).unwrap().occupant;
    assert_eq!(occupant(), None);
    std::fs::create_dir_all(place.join("cache/empty")).unwrap();
    assert_eq!(occupant(), None);
    std::fs::write(place.join("cache/database"), "1").unwrap();
    let files = preseed::Occupant::Files(place.to_string_lossy().into_owned());
    assert_eq!(occupant(), Some(files.clone()));
    std::fs::remove_dir_all(&place).unwrap();
    std::fs::write(&place, "no folder").unwrap();
    assert_eq!(occupant(), Some(files));
}

/// ZFS mounts both at one place, and whichever comes later hides the other.
#[test]
fn a_mountpoint_that_is_spelt_otherwise_is_the_same_place() {
    for (mountpoint, taken) in [
        ("/nowhere/x", true),
        ("/nowhere//x/", true),
        ("/nowhere/./x", true),
        ("/nowhere/y/../x", true),
        ("/nowhere/x/y", false),
        ("none", false),
        ("legacy", false),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let list = format!(
            "'zfs list -Hp -t filesystem'*) printf '%s\\t%s\\ton\\t%s\\t-\\n' tank 1 /tank tank/other 2 {mountpoint} ;;"
        );
        let (mut world, service, _) = scripted(&folder, &list);
        let occupant = world.observe(&service).unwrap().occupant;
        assert_eq!(occupant.is_some(), taken, "{mountpoint}: {occupant:?}");
    }
}
