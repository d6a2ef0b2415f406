//! A script that runs at every boot changes a machine once: whatever runs there since is left alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use dataset_plan::{Observed, Plan, Policy, Spec, plan};

/// A stand-in for `zfs` that keeps what was set: `state/DATASET/PROPERTY`, with `%` for `/`. As OpenZFS 2.3 does, it mounts
/// what gets another mountpoint. `STOP`: the machine stops at this call.
const ZFS: &str = r#"#!/bin/sh
here=${0%/*}
for last; do :; done
of=$here/state/$(printf %s "$last" | tr / %)
case $1 in
list) [ -d "$of" ]; exit ;;
get)
    [ -d "$of" ] || exit 1
    case $4 in
    value) cat "$of/$5" 2>/dev/null || echo - ;;
    source) if [ -e "$of/$5.local" ]; then echo local; else echo default; fi ;;
    esac
    exit 0 ;;
esac
echo "$*" >>"$here/calls"
[ "$(wc -l <"$here/calls")" = "${STOP-}" ] && kill -9 "$PPID" && exit 1
case $1 in
unmount) echo no >"$of/mounted" ;;
mount) echo yes >"$of/mounted" ;;
set)
    echo "${2#*=}" >"$of/${2%%=*}"
    : >"$of/${2%%=*}.local"
    case $2 in mountpoint=/*) echo yes >"$of/mounted" ;; esac ;;
create) mkdir "$of" ;;
inherit) rm -f "$of/$2.local" ;;
load-key) read -r key && echo "read $key" >>"$here/calls"; echo available >"$of/keystatus" ;;
esac
"#;

struct Machine(tempfile::TempDir);

impl Machine {
    /// With lines of `DATASET PROPERTY VALUE SOURCE`.
    fn new(lines: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let machine = Self(folder);
        machine.program("zfs", ZFS);
        let folder = &machine.0;
        for line in lines {
            let words: Vec<&str> = line.split(' ').collect();
            let dataset = folder.path().join("state").join(words[0].replace('/', "%"));
            fs::create_dir_all(&dataset).unwrap();
            fs::write(dataset.join(words[1]), format!("{}\n", words[2])).unwrap();
            if words[3] == "local" {
                fs::write(dataset.join(format!("{}.local", words[1])), "").unwrap();
            }
        }
        machine
    }

    /// Another stand-in.
    fn program(&self, name: &str, text: &str) {
        let program = self.0.path().join(name);
        fs::write(&program, text).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn command(&self, text: &str) -> Command {
        let script = self.0.path().join("script");
        fs::write(&script, text).unwrap();
        let mut command = Command::new("/bin/sh");
        command.arg(script).env("PATH", format!("{}:/usr/bin:/bin", self.0.path().display()));
        command
    }

    fn succeeds(&self, plan: &Plan) -> bool {
        self.command(&plan.unattended().to_string()).output().unwrap().status.success()
    }

    /// Runs a plan's script, and says what it called.
    fn run(&self, plan: &Plan, stop: Option<usize>) -> Vec<String> {
        let mut command = self.command(&plan.unattended().to_string());
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.envs(stop.map(|n| ("STOP", n.to_string()))).spawn().unwrap();
        // Somebody is typing; the shell may be gone already.
        let _ = child.stdin.take().unwrap().write_all(b"typed\n");
        child.wait().unwrap();
        let calls = self.0.path().join("calls");
        let text = fs::read_to_string(&calls).unwrap_or_default();
        let _ = fs::remove_file(calls);
        text.lines().map(|line| format!("zfs {line}")).collect()
    }

    fn get(&self, dataset: &str, property: &str) -> String {
        let file = self.0.path().join("state").join(dataset.replace('/', "%")).join(property);
        fs::read_to_string(file).unwrap_or_default().trim().to_owned()
    }
}

fn spec(text: &str) -> Spec {
    Spec::from_toml(text).unwrap()
}

fn commands(plan: &Plan) -> Vec<String> {
    plan.steps().iter().map(|step| step.command().to_string()).collect()
}

fn observed(lines: &[&str]) -> Observed {
    let line = |line: &&str| line.replace(' ', "\t") + "\n";
    let text: String = lines.iter().map(line).collect();
    Observed::from_zfs_get(text).unwrap()
}

/// Both mounted, the one below the other.
const NESTED: [&str; 10] = [
    "tank type filesystem -",
    "tank mountpoint none local",
    "tank/a type filesystem -",
    "tank/a canmount on default",
    "tank/a mountpoint /p local",
    "tank/a mounted yes -",
    "tank/b type filesystem -",
    "tank/b canmount on default",
    "tank/b mountpoint /p/b local",
    "tank/b mounted yes -",
];

/// The two change places; or the outer one leaves, and the inner one stays.
const WISHES: [&str; 2] = [
    "[utility.'tank/a']\nmountpoint = '/p/b'\n[utility.'tank/b']\nmountpoint = '/p'\n",
    "[utility.'tank/a']\nmountpoint = '/q'\n[utility.'tank/b']\nmountpoint = '/p/b'\n",
];

#[test]
fn what_was_unmounted_to_make_way_is_not_unmounted_at_every_boot() {
    for wish in WISHES {
        let plan = plan(&spec(wish), &observed(&NESTED), &Policy::default()).unwrap();
        assert!(commands(&plan).iter().any(|command| command.starts_with("zfs unmount")), "{plan}");
        let machine = Machine::new(&NESTED);
        assert_eq!(machine.run(&plan, None), commands(&plan));
        assert_eq!(machine.run(&plan, None), Vec::<String>::new(), "{}", plan.unattended());
        assert_eq!(
            (machine.get("tank/a", "mounted"), machine.get("tank/b", "mounted")),
            ("yes".into(), "yes".into())
        );
    }
}

#[test]
fn wherever_the_script_stops_the_next_run_leaves_nothing_unmounted() {
    for wish in WISHES {
        let plan = plan(&spec(wish), &observed(&NESTED), &Policy::default()).unwrap();
        for stop in 1..=plan.steps().len() {
            let machine = Machine::new(&NESTED);
            assert_eq!(machine.run(&plan, Some(stop)).len(), stop);
            let calls = machine.run(&plan, None);
            for dataset in ["tank/a", "tank/b"] {
                assert_eq!(machine.get(dataset, "mounted"), "yes", "{stop}: {calls:?}\n{plan}");
                let wanted = wish.split(dataset).nth(1).unwrap().split('\'').nth(2).unwrap();
                assert_eq!(machine.get(dataset, "mountpoint"), wanted, "{stop}: {calls:?}\n{plan}");
            }
            assert_eq!(machine.run(&plan, None), Vec::<String>::new());
        }
    }
}

/// `zfs inherit mountpoint` unmounts and mounts, also where nothing changes by it.
#[test]
fn what_is_inherited_already_is_not_given_up_again() {
    let lines = [
        "tank type filesystem -",
        "tank mountpoint none local",
        "tank/a type filesystem -",
        "tank/a canmount on default",
        "tank/a mountpoint /p local",
        "tank/a mounted yes -",
    ];
    let wish = "[utility.'tank/a']\nmountpoint = { source = 'inherited' }\n";
    let plan = plan(&spec(wish), &observed(&lines), &Policy::default()).unwrap();
    let machine = Machine::new(&lines);
    assert_eq!(machine.run(&plan, None), ["zfs inherit mountpoint tank/a"]);
    assert_eq!(machine.run(&plan, None), Vec::<String>::new());
}

#[test]
fn no_command_takes_what_somebody_types_for_a_key() {
    let lines = [
        "tank type filesystem -",
        "tank mountpoint none local",
        "tank/a type filesystem -",
        "tank/a encryption aes-256-gcm -",
        "tank/a encryptionroot tank/a -",
        "tank/a keyformat passphrase -",
        "tank/a keylocation file:///run/keys/a local",
        "tank/a keystatus unavailable -",
        "tank/a canmount on default",
        "tank/a mountpoint /p local",
        "tank/a mounted no -",
    ];
    let mut policy = Policy::default();
    policy.mount = dataset_plan::policy::Mounting::Allow;
    let plan =
        plan(&spec("[utility.'tank/a']\nmountpoint = '/p'\n"), &observed(&lines), &policy).unwrap();
    let machine = Machine::new(&lines);
    assert_eq!(machine.run(&plan, None), ["zfs load-key tank/a", "zfs mount tank/a"]);
}

/// A place that is inherited is one as well, and what nobody can look into is not empty.
#[test]
fn files_are_covered_neither_by_an_inherited_mountpoint_nor_for_want_of_a_program() {
    let folder = tempfile::tempdir().unwrap();
    let top = format!("tank mountpoint {} local", folder.path().display());
    let lines = ["tank type filesystem -", &top, "tank canmount off local"];
    let wish = "[utility.'tank/a']\nmountpoint = { source = 'inherited' }\n";
    let inherited = plan(&spec(wish), &observed(&lines), &Policy::default()).unwrap();
    let wish = format!("[utility.'tank/a']\nmountpoint = '{}/b'\n", folder.path().display());
    let given = plan(&spec(&wish), &observed(&lines), &Policy::default()).unwrap();
    for (plan, place) in [(inherited, "a"), (given, "b")] {
        let place = folder.path().join(place);
        fs::create_dir(&place).unwrap();
        fs::write(place.join("database"), "").unwrap();
        let machine = Machine::new(&lines);
        assert_eq!(machine.run(&plan, None), Vec::<String>::new());
        fs::remove_file(place.join("database")).unwrap();
        // As that of a system which has not every option.
        machine.program("find", "#!/bin/sh\nexit 1\n");
        assert_eq!(machine.run(&plan, None), Vec::<String>::new());
        machine.program("find", "#!/bin/sh\nexec /usr/bin/find \"$@\"\n");
        assert_eq!(machine.run(&plan, None), commands(&plan));
    }
}

/// It only holds others: what is in the directory stays in sight.
#[test]
fn a_dataset_that_is_not_mounted_is_made_over_files() {
    let lines = ["tank type filesystem -", "tank mountpoint none local"];
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let path = folder.path().display();
    let wish = format!("[utility.'tank/a']\nmountpoint = '{path}'\nproperties.canmount = 'off'\n");
    let plan = plan(&spec(&wish), &observed(&lines), &Policy::default()).unwrap();
    assert_eq!(Machine::new(&lines).run(&plan, None), commands(&plan));
}

/// `zfs create` has made it and failed, as it could not be mounted: the next run does nothing, and is no success.
#[test]
fn what_was_made_and_not_mounted_is_told_each_time() {
    let pool = ["tank type filesystem -", "tank mountpoint none local"];
    let wish = "[utility.'tank/a']\nmountpoint = '/nowhere/a'\n[utility.'tank/a/b']\n";
    let plan = plan(&spec(wish), &observed(&pool), &Policy::default()).unwrap();
    let there = |mounted| {
        let a = ["tank/a canmount on default", "tank/a mountpoint /nowhere/a local", mounted];
        Machine::new(&[&pool[..], &a].concat())
    };
    for (mounted, success) in [("tank/a mounted no -", false), ("tank/a mounted yes -", true)] {
        let machine = there(mounted);
        let calls = machine.run(&plan, None);
        assert_eq!(calls.len(), usize::from(success), "{calls:?}");
        assert_eq!(machine.succeeds(&plan), success);
    }
}

/// A new one above another: what was unmounted for it has left its directory, which is no file; and where there is one, nothing is
/// left unmounted.
#[test]
fn what_made_way_for_a_step_that_fails_is_mounted_again() {
    let folder = tempfile::tempdir().unwrap();
    let top = folder.path().display();
    fs::create_dir(folder.path().join("user")).unwrap();
    let place = format!("tank/user mountpoint {top}/user local");
    let lines = [
        "tank type filesystem -",
        "tank mountpoint none local",
        "tank/user type filesystem -",
        "tank/user canmount on default",
        &place,
        "tank/user mounted yes -",
    ];
    let wish = format!(
        "[utility.'tank/home']\nmountpoint = '{top}'\n[utility.'tank/user']\nmountpoint = '{top}/user'\n"
    );
    let plan = plan(&spec(&wish), &observed(&lines), &Policy::default()).unwrap();
    assert_eq!(plan.steps().len(), 3, "{plan}");
    let machine = Machine::new(&lines);
    assert_eq!(machine.run(&plan, None), commands(&plan));
    assert_eq!(machine.run(&plan, None), Vec::<String>::new());
    let machine = Machine::new(&lines);
    fs::write(folder.path().join("file"), "").unwrap();
    for _ in 0..2 {
        assert_eq!(machine.run(&plan, None), ["zfs unmount tank/user", "zfs mount tank/user"]);
        assert_eq!(machine.get("tank/user", "mounted"), "yes");
        assert!(!machine.succeeds(&plan));
        let _ = fs::remove_file(machine.0.path().join("calls"));
    }
    // It had covered files all the time.
    fs::write(folder.path().join("user").join("file"), "").unwrap();
    assert_eq!(machine.run(&plan, None), ["zfs unmount tank/user", "zfs mount tank/user"]);
}

/// What is not there yet is not mounted yet.
#[test]
fn a_dry_activation_prints_all_of_it() {
    let lines = ["tank type filesystem -", "tank mountpoint none local"];
    let wish = "[utility.'tank/a']\nmountpoint = '/nowhere/a'\nowner = 'sonarr'\n";
    let plan = plan(&spec(wish), &observed(&lines), &Policy::default()).unwrap();
    let machine = Machine::new(&lines);
    let mut command = machine.command(&plan.activation().to_string());
    let output = command.env("NIXOS_ACTION", "dry-activate").output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert_eq!(printed.lines().count(), plan.steps().len(), "{printed}");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

/// The first time the pool was not there, and the service wrote to the bare directory; the next time it is.
#[test]
fn files_that_were_written_before_the_pool_came_are_not_covered() {
    let lines = ["tank type filesystem -", "tank mountpoint none local"];
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("it's here");
    let wish = format!("[utility.'tank/a']\nmountpoint = \"{}\"\n", place.display());
    let plan = plan(&spec(&wish), &observed(&lines), &Policy::default()).unwrap();
    assert_eq!(plan.steps().len(), 1, "{plan}");
    fs::create_dir(&place).unwrap();
    fs::write(place.join("\n"), "").unwrap();
    let machine = Machine::new(&lines);
    assert_eq!(machine.run(&plan, None), Vec::<String>::new());
    fs::remove_file(place.join("\n")).unwrap();
    assert_eq!(machine.run(&plan, None).len(), 1);
    // What is mounted there holds files from then on.
    fs::write(place.join("database"), "").unwrap();
    assert_eq!(machine.run(&plan, None), Vec::<String>::new());
}
