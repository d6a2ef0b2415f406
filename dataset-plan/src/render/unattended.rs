//! A plan as a shell script that may run again and again, with nobody watching.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use zfs_props::name::DatasetName;
use zfs_props::property::Property;

use super::Line;
use crate::command::quoted;
use crate::plan::{Action, Assignment, Plan, Step, StepId};

/// A plan as a script for `sh` that may run at every boot and every deployment.
///
/// A step that is done already is passed over; one that fails stops only what needs it; steps in a pool
/// that is not imported are not begun. The exit status is 0 if everything is as planned, and 1
/// otherwise, with a line on standard error for each reason. What destroys data is not run, and neither is
/// what needs it: the script names those commands for a person.
///
/// A dataset that was made and could not be mounted is told again each time, until it is mounted.
/// Directories get their owners only while the dataset is mounted, never below a missing mount. What a step had to be made
/// way for by unmounting is not unmounted again once that step is done, and is mounted again if that step fails. No new
/// filesystem is mounted over files: a service may have written them while the pool was not there. Nothing waits for a person:
/// commands read nothing.
#[derive(Clone, Copy, Debug)]
pub struct Unattended<'p>(&'p Plan);

impl Plan {
    /// The plan as a script that may run again and again.
    pub fn unattended(&self) -> Unattended<'_> {
        Unattended(self)
    }
}

impl fmt::Display for Unattended<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "#!/bin/sh\nset -u\nrun() {{ \"$@\" </dev/null; }}\ndry='' early=''")?;
        body(f, self.0)
    }
}

/// `after POOL STEP...`: the pool is there, and none of these steps failed. Pools are kept between slashes and
/// steps between blanks, neither of which they can contain.
const FUNCTIONS: &str = r#"
failed=' '
wanted=' '
unmounted=' '
missing=/
say() { printf 'dataset-plan: %s\n' "$*" >&2; }
there() { zfs list -H -o name "$1" >/dev/null 2>&1; }
value() { [ "$(zfs get -Hp -o value "$1" "$2" 2>/dev/null)" = "$3" ]; }
source_is() { [ "$(zfs get -Hp -o source "$1" "$2" 2>/dev/null)" = "$3" ]; }
empty() {
    [ -e "$1" ] || [ -h "$1" ] || return 0
    [ -z "$({ find "$1/" ! -type d || echo unknown; } | head -n 1)" ] || { say "$1 holds files, which a mount would cover"; return 1; }
}
below() {
    place=$(zfs get -Hp -o value mountpoint "$1" 2>/dev/null)
    case $place in /) empty "/$2" ;; /*) empty "$place/$2" ;; esac
}
up() {
    { [ -z "$early" ] && value canmount "$1" on && value mounted "$1" no; } || return 0
    case $(zfs get -Hp -o value mountpoint "$1" 2>/dev/null) in /*) say "$1 is there, and not mounted"; return 1 ;; esac
}
inherits() {
    case $(zfs get -Hp -o source "$1" "$2" 2>/dev/null) in inherited* | default | -) ;; *) return 1 ;; esac
}
wants() { case $wanted in *" $1 "*) ;; *) return 1 ;; esac; }
took() { case $unmounted in *" $1 "*) ;; *) return 1 ;; esac; }
back() {
    { took "$1" && value mounted "$2" no && ! value canmount "$2" off; } || return 0
    place=$(zfs get -Hp -o value mountpoint "$2" 2>/dev/null)
    case $(df -P "$place" 2>/dev/null | tail -n 1) in *"% $place") false ;; *) run zfs mount "$2" ;; esac ||
        say "$2 was mounted, and is not any more"
}
held() { zfs holds -H "$1" 2>/dev/null | cut -f 2 | grep -qxF -e "$2"; }
after() {
    case $missing in *"/$1/"*) return 1 ;; esac
    shift
    for step; do case $failed in *" $step "*) return 1 ;; esac; done
}
"#;

/// Everything but the head of the script: `run` has to be there; `dry`, if that only prints; and `early`, where nothing was mounted
/// yet.
pub(super) fn body(f: &mut fmt::Formatter<'_>, plan: &Plan) -> fmt::Result {
    f.write_str(FUNCTIONS)?;
    let pools: BTreeSet<&str> = plan.steps().iter().map(|step| step.dataset.pool()).collect();
    for pool in pools {
        let pool = quoted(pool);
        writeln!(
            f,
            "there {pool} || {{ missing=${{missing}}{pool}/; say pool {pool} is not imported; }}"
        )?;
    }
    let left = left_to_a_person(plan);
    let unmounts = unmounts(f, plan, &left)?;
    for step in plan.steps() {
        writeln!(f, "\n# {}: {}", step.id, Line(&step.reason))?;
        if left.contains(&step.id) {
            let text = quoted(&Line(step.command()).to_string());
            writeln!(f, "say left to a person, since data would be destroyed: {text}")?;
        } else {
            guarded(f, step, &unmounts)?;
        }
    }
    let made_way = plan.steps().iter().rev().filter(|step| step.action == Action::Unmount);
    for (n, step) in made_way.enumerate() {
        if n == 0 {
            writeln!(f, "\n# What made way for a step that failed comes back")?;
        }
        for name in std::iter::once(&step.dataset).chain(&step.remounts) {
            writeln!(f, "back {} {}", step.id, quoted(name.as_str()))?;
        }
    }
    for blocked in plan.blocked() {
        writeln!(f, "\n# blocked: {}", Line(blocked))?;
    }
    writeln!(f, "\n[ \"$failed\" = ' ' ] || {{ say \"not done: steps$failed\"; false; }}")
}

/// What destroys data, and what needs it.
fn left_to_a_person(plan: &Plan) -> BTreeSet<StepId> {
    let mut left = BTreeSet::new();
    for step in plan.steps() {
        if step.action.destroys() || step.needs.iter().any(|need| left.contains(need)) {
            left.insert(step.id);
        }
    }
    left
}

/// Notes in the script which unmounts are wanted still: those that make way for a step that is not done, or for an unmount
/// that is wanted. Another time they would take away what runs in its place. The unmounts, by dataset.
fn unmounts<'p>(
    f: &mut fmt::Formatter<'_>,
    plan: &'p Plan,
    left: &BTreeSet<StepId>,
) -> Result<BTreeMap<&'p DatasetName, StepId>, fmt::Error> {
    let unmounts = plan.steps().iter().filter(|step| step.action == Action::Unmount);
    let mut makes_way: BTreeMap<StepId, Vec<&Step>> =
        unmounts.clone().map(|step| (step.id, Vec::new())).collect();
    for step in plan.steps().iter().filter(|step| !left.contains(&step.id)) {
        for need in &step.needs {
            if let Some(list) = makes_way.get_mut(need) {
                list.push(step);
            }
        }
    }
    if !makes_way.is_empty() {
        writeln!(f, "\n# What is unmounted to make way, if it has to be")?;
    }
    let unmounts: BTreeMap<_, _> = unmounts.map(|step| (&step.dataset, step.id)).collect();
    for (id, list) in makes_way.iter().rev() {
        let conditions = list.iter().filter_map(|step| match step.action {
            Action::Unmount => Some(format!("! wants {}", step.id)),
            // It comes back by this.
            Action::Mount if unmounts.get(&step.dataset) == Some(id) => None,
            _ => done(step),
        });
        let conditions: Vec<String> = conditions.collect();
        if !conditions.is_empty() {
            let conditions = conditions.join(" && ");
            writeln!(f, "{{ {conditions}; }} || wanted=\"${{wanted}}{id} \"")?;
        }
    }
    Ok(unmounts)
}

fn guarded(
    f: &mut fmt::Formatter<'_>,
    step: &Step,
    unmounts: &BTreeMap<&DatasetName, StepId>,
) -> fmt::Result {
    write!(f, "after {}", quoted(step.dataset.pool()))?;
    for need in &step.needs {
        write!(f, " {need}")?;
    }
    let dataset = quoted(step.dataset.as_str());
    if matches!(step.action, Action::Own { .. }) {
        write!(f, " && {{ [ -n \"$dry\" ] || value mounted {dataset} yes; }}")?;
    }
    let (id, command) = (step.id, step.command());
    match (done(step), unmounts.get(&step.dataset)) {
        (Some(done), Some(_)) if step.action == Action::Unmount => {
            let run = format!("{{ run {command} && unmounted=\"${{unmounted}}{id} \"; }}");
            write!(f, " && {{ ! wants {id} || {done} || {run}; }}")?;
        }
        // It was to be mounted again by what is done already.
        (Some(done), Some(unmount)) if step.action.may_mount() && *unmount < id => {
            let mount = format!(
                "{{ ! took {unmount} || value mounted {dataset} yes || run zfs mount {dataset}; }}"
            );
            write!(f, " && {{ if {done}; then {mount}; else run {command}; fi; }}")?;
        }
        (Some(done), _) => match is_free(step) {
            Some(free) => {
                let new = format!("{free} && run {command}");
                write!(f, " && {{ if {done}; then up {dataset}; else {new}; fi; }}")?;
            }
            None => write!(f, " && {{ {done} || run {command}; }}")?,
        },
        (None, _) => write!(f, " && run {command}")?,
    }
    writeln!(f, " || failed=\"${{failed}}{id} \"")
}

/// A condition for the shell that holds where a new filesystem covers nothing; `None`: it is not mounted.
fn is_free(step: &Step) -> Option<String> {
    let (Action::Create { properties, mount: true } | Action::Clone { properties, .. }) =
        &step.action
    else {
        return None;
    };
    let given = |property: Property| {
        let mut given = properties.iter().filter(|a| a.property == property.into());
        given.next().map(|a| a.setting.argument())
    };
    if given(Property::Canmount).is_some_and(|word| word != "on") {
        return None;
    }
    if let Some(path) = given(Property::Mountpoint) {
        return path.starts_with('/').then(|| format!("empty {}", quoted(path)));
    }
    // As it is inherited by then.
    let parent = step.dataset.parent()?;
    let (parent, leaf) = (quoted(parent.as_str()), quoted(step.dataset.leaf()));
    Some(format!("below {parent} {leaf}"))
}

/// A condition for the shell that holds once the step is done; `None`: doing it again does no harm.
fn done(step: &Step) -> Option<String> {
    let dataset = step.dataset.as_str();
    let test =
        |words: &[&str]| Some(words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "));
    let value = |property: &str, value: &str| test(&["value", property, dataset, value]);
    match &step.action {
        Action::Create { .. } | Action::CreateVolume { .. } | Action::Clone { .. } => {
            test(&["there", dataset])
        }
        Action::Set(assignments) => {
            let is_set = |Assignment { property, setting }: &Assignment| {
                let name = property.to_string();
                let value = test(&["value", &name, dataset, &setting.printed()])?;
                Some(format!("{value} && {}", test(&["source_is", &name, dataset, "local"])?))
            };
            let all: Option<Vec<String>> = assignments.iter().map(is_set).collect();
            Some(format!("{{ {}; }}", all?.join(" && ")))
        }
        Action::Rename { to } => test(&["there", to.as_str()]),
        Action::Promote => value("origin", "-"),
        Action::LoadKey => value("keystatus", "available"),
        Action::Mount => value("mounted", "yes"),
        Action::Unmount => value("mounted", "no"),
        Action::Snapshot(snapshot) => test(&["there", snapshot.as_str()]),
        Action::Hold { snapshot, tag } => test(&["held", snapshot.as_str(), tag]),
        Action::Release { snapshot, tag } => {
            Some(format!("! {}", test(&["held", snapshot.as_str(), tag])?))
        }
        // Where it mounts, doing it again would unmount.
        Action::Inherit(property) => test(&["inherits", &property.to_string(), dataset]),
        Action::Revert(property) => {
            test(&["source_is", &property.to_string(), dataset, "received"])
        }
        Action::Own { .. } | Action::Rollback(_) | Action::Destroy | Action::DestroySnapshot(_) => {
            None
        }
    }
}
