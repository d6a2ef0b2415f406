//! Whatever names and values hold, each rendering says what the plan says, to a person and to a program.
#![cfg(feature = "serde")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use dataset_plan::{Observed, Plan, Policy, Spec, plan};
use proptest::prelude::*;
use serde_json::json;

const FORGE_OBSERVED: &str = include_str!("../../examples/hosts/forge.get");
const FORGE_DIRECTORIES: &str = include_str!("../../examples/hosts/forge.stat");

fn forge() -> Plan {
    let observed = Observed::from_zfs_get(FORGE_OBSERVED).unwrap();
    let observed = observed.with_directories(FORGE_DIRECTORIES).unwrap();
    let spec = Spec::from_node(&testing::hosts::table("forge", "datasets")).unwrap();
    plan(&spec, &observed, &Policy::default()).unwrap()
}

fn pool() -> Observed {
    let lines = FORGE_OBSERVED.split_inclusive('\n').filter(|line| line.starts_with("tank\t"));
    Observed::from_zfs_get(lines.collect::<String>()).unwrap()
}

/// Texts that mean something to shells, terminals, Graphviz, Mermaid and unit files.
fn hostile() -> impl Strategy<Value = String> {
    let known = proptest::sample::select(vec![
        "'; touch /tmp/x; '",
        "$(id)`id`${HOME}",
        "two\nlines\n# not a comment",
        "\u{1b}[31mred\u{1b}[0m\u{7}",
        "a\"]; n0 [label=\"b",
        "</script>&amp;&lt;\\N\\l\"",
        "\"]:::x\nclick n0 call x()%%{init:{}}%%",
        "style a:#b;#quot;",
        "%n %i %% \\x41 $HOME",
        "\u{202e}reversed\u{2066}",
        "-o x=y",
        "trailing\n\n",
        "*?[a-z]~",
    ]);
    prop_oneof![known.prop_map(str::to_owned), "[^\0]{0,12}", "(?s)[ -~\n]{0,20}"]
}

/// A plan that creates, sets, owns and is partly blocked, with these texts wherever a text can be.
fn hostile_plan(values: &[String], path: &str) -> Option<Plan> {
    let services: serde_json::Map<_, _> = values
        .iter()
        .enumerate()
        .map(|(n, value)| {
            let mountpoint = format!("/srv/{n}{}", path.replace("//", "/"));
            let service = json!({
                "mountpoint": mountpoint,
                "owner": "nobody",
                "mode": "0700",
                "properties": { "test:value": value },
            });
            (format!("s {n}"), service)
        })
        .collect();
    let spec = json!({
        "parentDataset": "tank/services",
        "services": services,
        "utility": {
            "tank": { "mountpoint": "none", "properties": { "test:top": values.first()? } },
            "absent/pool": { "properties": { "test:value": values.first()? } },
        },
    });
    let spec = Spec::from_json(&spec.to_string()).ok()?;
    plan(&spec, &pool(), &Policy::default()).ok()
}

fn plans() -> impl Strategy<Value = Plan> {
    (proptest::collection::vec(hostile(), 1..4), hostile())
        .prop_filter_map("OpenZFS refuses it", |(values, path)| hostile_plan(&values, &path))
}

/// A folder with stand-ins for `zfs` and `install`: each call that changes something adds its arguments, each with
/// a NUL after it and another one at the end, to `calls`.
struct Shell {
    folder: tempfile::TempDir,
}

/// What is there is a file of that name (`/` as `%`); everything in it is mounted.
const ZFS: &str = r#"#!/bin/sh
here=${0%/*}
for last; do :; done
file=$here/state/$(printf %s "$last" | tr / %)
case $1 in
list) [ -e "$file" ]; exit ;;
get) [ "$5" = mounted ] && echo yes; exit 0 ;;
holds) exit 0 ;;
esac
{ printf 'zfs\0'; printf '%s\0' "$@"; printf '\0'; } >>"$here/calls"
[ "$last" = "${FAIL-}" ] && exit 1
case $1 in create) : >"$file" ;; esac
"#;
const INSTALL: &str = r#"#!/bin/sh
{ printf 'install\0'; printf '%s\0' "$@"; printf '\0'; } >>"${0%/*}/calls"
"#;

impl Shell {
    fn new(pools: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("zfs", ZFS), ("install", INSTALL)] {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        fs::create_dir(folder.path().join("state")).unwrap();
        for pool in pools {
            fs::write(folder.path().join("state").join(pool), "").unwrap();
        }
        Self { folder }
    }

    fn run(&self, script: &str, environment: &[(&str, &str)]) -> Output {
        let file = self.folder.path().join("script");
        fs::write(&file, script).unwrap();
        let path = format!("{}:/usr/bin:/bin", self.folder.path().display());
        let environment = environment.iter().copied();
        Command::new("/bin/sh").arg(file).env("PATH", path).envs(environment).output().unwrap()
    }

    /// The calls since the last time.
    fn calls(&self) -> Vec<Vec<String>> {
        let file = self.folder.path().join("calls");
        let text = fs::read_to_string(&file).unwrap_or_default();
        let _ = fs::remove_file(file);
        let mut calls = vec![Vec::new()];
        // An empty argument looks as the end of a call does, but for the call's first word.
        for word in text.split_terminator('\0') {
            if calls.last().unwrap().last().is_some_and(String::is_empty)
                && ["zfs", "install"].contains(&word)
            {
                calls.last_mut().unwrap().pop();
                calls.push(Vec::new());
            }
            calls.last_mut().unwrap().push(word.to_owned());
        }
        if calls.last().unwrap().last().is_some_and(String::is_empty) {
            calls.last_mut().unwrap().pop();
        }
        calls.retain(|call| !call.is_empty());
        calls
    }
}

fn argvs(plan: &Plan) -> Vec<Vec<String>> {
    plan.steps().iter().map(|step| step.command().argv().to_vec()).collect()
}

fn has(program: &str, name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| folder.join(program).exists());
    if !found {
        println!("skipped: {name} (no {program})");
    }
    found
}

/// The word of a unit file's command line, read by the rules of systemd.service(5) and systemd.syntax(7).
fn unit_word(text: &str) -> Option<String> {
    let mut word = String::new();
    let mut rest = text.strip_prefix('"')?.strip_suffix('"')?.chars();
    while let Some(character) = rest.next() {
        match character {
            '"' => return None,
            '%' => word.push(rest.next().filter(|next| *next == '%')?),
            '\\' => match rest.next()? {
                'x' => {
                    let digits: String = rest.by_ref().take(2).collect();
                    word.push(char::from(u8::from_str_radix(&digits, 16).ok()?));
                }
                quoted => word.push(quoted),
            },
            plain => word.push(plain),
        }
    }
    Some(word)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// What `sh` runs is what the plan says, word for word.
    #[test]
    fn a_shell_reads_back_every_argument(plan in plans()) {
        let shell = Shell::new(&["tank"]);
        let done = shell.run(&plan.script().to_string(), &[]);
        prop_assert!(done.status.success(), "{:?}", done);
        prop_assert_eq!(shell.calls(), argvs(&plan));

        let done = shell.run(&plan.unattended().to_string(), &[]);
        prop_assert!(done.status.success(), "{:?}", done);
        let creates = |argv: &Vec<String>| argv[1] == "create";
        let again: Vec<_> = argvs(&plan).into_iter().filter(|argv| !creates(argv)).collect();
        prop_assert_eq!(shell.calls(), again, "what is there is not created again");

        let fresh = Shell::new(&["tank"]);
        let dry = fresh.run(&plan.activation().to_string(), &[("NIXOS_ACTION", "dry-activate")]);
        prop_assert_eq!(fresh.calls(), Vec::<Vec<String>>::new());
        prop_assert!(String::from_utf8_lossy(&dry.stdout).contains("would run: 'zfs'"));
        fresh.run(&plan.activation().programs("/no 'such").to_string(), &[]);
        prop_assert_eq!(fresh.calls(), argvs(&plan));
    }

    /// A terminal shows the text, and nothing else happens to it.
    #[test]
    fn nothing_reaches_a_terminal_but_text(plan in plans()) {
        let texts = [plan.tree().to_string(), plan.table().to_string(), plan.dot().to_string(), plan.mermaid().to_string()];
        for text in texts {
            let bad = |c: char| c.is_control() && c != '\n' || ('\u{202a}'..='\u{202e}').contains(&c);
            prop_assert!(!text.contains(bad), "{:?}", text);
        }
        let lines = plan.table().to_string().lines().count();
        prop_assert_eq!(lines, 1 + plan.steps().len() + plan.blocked().len());
    }

    /// No value leaves its label.
    #[test]
    fn mermaid_labels_hold_nothing_but_text(plan in plans()) {
        for line in plan.mermaid().to_string().lines().skip(1) {
            let line = line.trim_start();
            if let Some((id, label)) = line.split_once("[\"") {
                prop_assert!(id[1..].parse::<usize>().is_ok(), "{}", line);
                let (label, class) = label.split_once("\"]:::").unwrap();
                prop_assert!(class.chars().all(char::is_alphanumeric), "{}", line);
                for part in label.replace("<br/>", "").split('#').skip(1) {
                    let (number, _) = part.split_once(';').unwrap();
                    prop_assert!(number.parse::<u32>().is_ok(), "{}", line);
                }
                let text = label.replace("<br/>", "").replace(['#', ';'], "");
                let plain = |c: char| c.is_alphanumeric() || " /._-=".contains(c);
                prop_assert!(text.chars().all(plain), "{}", line);
            } else {
                let edge = line.split(' ').next().unwrap();
                prop_assert!(edge == "classDef" || edge[1..].parse::<usize>().is_ok(), "{}", line);
            }
        }
    }

    /// The unit has these lines and no others, and names the script that was given.
    #[test]
    fn nothing_leaves_its_line_of_a_unit(plan in plans(), script in hostile()) {
        const KEYS: [&str; 8] = ["Description", "X-Digest", "After", "Before", "Type", "ExecStart", "WantedBy", ""];
        let script = format!("/etc/{script}");
        let unit = plan.unit(&script).before(["sonarr".parse().unwrap()]).to_string();
        for line in unit.lines().filter(|line| !line.starts_with('[')) {
            let key = line.split_once('=').map_or(line, |(key, _)| key);
            prop_assert!(KEYS.contains(&key), "{}", line);
            if let Some(word) = line.strip_prefix("ExecStart=:/bin/sh ") {
                prop_assert_eq!(unit_word(word), Some(script.clone()));
            }
        }
    }
}

#[test]
fn graphviz_draws_every_dataset() {
    if !has("dot", "graphviz_draws_every_dataset") {
        return;
    }
    let hostile = ["a\"]; n0 [label=\"b", "</script>&amp;&lt;\\N\\l\"", "two\nlines"];
    let hostile = hostile_plan(&hostile.map(str::to_owned), "/'\"\\").unwrap();
    for plan in [forge(), hostile] {
        let text = plan.dot().to_string();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("plan.dot");
        fs::write(&file, &text).unwrap();
        let drawn = Command::new("dot").arg("-Tsvg").arg(&file).output().unwrap();
        assert!(drawn.status.success(), "{drawn:?}");
        let svg = String::from_utf8(drawn.stdout).unwrap();
        let nodes = text.lines().filter(|line| line.contains("[label=\"")).count();
        assert_eq!(svg.matches("class=\"node\"").count(), nodes);
    }
    let svg = |plan: &Plan| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("plan.dot");
        fs::write(&file, plan.dot().to_string()).unwrap();
        Command::new("dot").arg("-Tsvg").arg(&file).output().unwrap().stdout
    };
    let plan = hostile_plan(&["<&lt;>\\N".to_owned()], "").unwrap();
    let drawn = String::from_utf8(svg(&plan)).unwrap();
    assert!(drawn.contains("test:value=&lt;&amp;lt;&gt;\\N"), "{drawn}");
}

fn verify(unit: &str, script: &Path) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("datasets.service");
    fs::write(&file, unit).unwrap();
    fs::write(script, "").unwrap();
    let verified =
        Command::new("systemd-analyze").arg("verify").arg("--man=no").arg(&file).output().unwrap();
    let said = String::from_utf8_lossy(&verified.stderr);
    let about_it: Vec<_> = said.lines().filter(|line| line.contains("datasets.service")).collect();
    assert!(verified.status.success() && about_it.is_empty(), "{unit}\n{verified:?}");
}

#[test]
fn systemd_finds_no_fault_in_the_unit() {
    if !has("systemd-analyze", "systemd_finds_no_fault_in_the_unit") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for name in ["plain", "it's 100% \"$HOME\" \\n"] {
        let script = folder.path().join(name);
        let plan = forge();
        let unit = plan.unit(script.to_str().unwrap()).before(["sonarr".parse().unwrap()]);
        verify(&unit.to_string(), &script);
    }
}

/// A unit that stays active after it ran is not run again, and what is new in a plan never happens.
#[test]
fn a_new_plan_is_a_new_unit_that_runs_again() {
    let (old, new) = (forge(), hostile_plan(&["x".to_owned()], "").unwrap());
    let unit = |plan: &Plan| plan.unit("/etc/datasets").to_string();
    assert_eq!(unit(&old), unit(&old.clone()));
    assert_ne!(unit(&old), unit(&new));
    assert!(!unit(&old).contains("RemainAfterExit"));
}

#[test]
fn a_unit_waits_for_its_pools_and_for_users_and_early_boot_does_not_wait_for_it() {
    let plan = forge();
    let unit = plan.unit("/etc/datasets").to_string();
    let after: Vec<&str> = unit
        .lines()
        .filter_map(|line| line.strip_prefix("After="))
        .flat_map(|units| units.split(' '))
        .collect();
    for unit in ["zfs-import-tank.service", "zfs-import.target", "systemd-sysusers.service"] {
        assert!(after.contains(&unit), "{unit}");
    }
    assert!(!unit.contains("Before=") && !unit.contains("DefaultDependencies"), "{unit}");
}

#[test]
fn without_its_pool_nothing_is_begun_and_the_activation_goes_on() {
    let plan = forge();
    let shell = Shell::new(&[]);
    let done = shell.run(&format!("{}\necho alive", plan.activation()), &[]);
    assert_eq!(shell.calls(), Vec::<Vec<String>>::new());
    assert_eq!(done.stdout, b"alive\n");
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(said.contains("pool tank is not imported"), "{said}");
    assert_eq!(shell.run(&plan.unattended().to_string(), &[]).status.code(), Some(1));
}

/// A parent that cannot be made keeps its children from being made, and nothing else.
#[test]
fn a_failed_step_stops_only_what_needs_it() {
    let spec =
        "parentDataset = \"tank/a\"\n[services.x]\nmountpoint = \"/x\"\n[utility.\"tank/b\"]\n";
    let plan = plan(&Spec::from_toml(spec).unwrap(), &pool(), &Policy::default()).unwrap();
    let shell = Shell::new(&["tank"]);
    let done = shell.run(&plan.unattended().to_string(), &[("FAIL", "tank/a")]);
    assert_eq!(done.status.code(), Some(1), "{done:?}");
    let last = |argv: Vec<String>| argv.last().unwrap().clone();
    assert_eq!(shell.calls().into_iter().map(last).collect::<Vec<_>>(), ["tank/a", "tank/b"]);
    // The next time goes on from there.
    assert!(shell.run(&plan.unattended().to_string(), &[]).status.success());
    assert_eq!(shell.calls().into_iter().map(last).collect::<Vec<_>>(), ["tank/a", "tank/a/x"]);
}

#[test]
fn a_summary_counts_every_kind_of_step() {
    let summary = |plan: &Plan| plan.tree().to_string().lines().next().unwrap().to_owned();
    assert_eq!(
        summary(&forge()),
        "119 steps: 46 to create, 10 to change, 63 directories to own. 1 blocked."
    );
    let mut plan = serde_json::to_value(forge()).unwrap();
    for (step, action) in plan["steps"].as_array_mut().unwrap().iter_mut().zip([
        json!("promote"),
        json!("destroy"),
        json!({ "snapshot": "tank/a@b" }),
        json!({ "rename": { "to": "tank/c" } }),
    ]) {
        step["action"] = action;
    }
    let plan: Plan = serde_json::from_value(plan).unwrap();
    let line = summary(&plan);
    for counted in ["1 to promote", "1 to destroy", "1 to snapshot", "1 to rename"] {
        assert!(line.contains(counted), "{line}");
    }
    let unattended = plan.unattended().to_string();
    assert!(!unattended.contains("run zfs destroy"), "{unattended}");
    assert!(unattended.contains("left to a person"), "{unattended}");
}
