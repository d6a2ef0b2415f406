//! A plan as a shell script that may run again and again, with nobody watching.

use std::collections::BTreeSet;
use std::fmt;

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
/// Directories get their owners only while the dataset is mounted, never below a missing mount.
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
        writeln!(f, "#!/bin/sh\nset -u\nrun() {{ \"$@\"; }}")?;
        body(f, self.0)
    }
}

/// `after POOL STEP...`: the pool is there, and none of these steps failed. Pools are kept between slashes and
/// steps between blanks, neither of which they can contain.
const FUNCTIONS: &str = r#"
failed=' '
missing=/
say() { printf 'dataset-plan: %s\n' "$*" >&2; }
there() { zfs list -H -o name "$1" >/dev/null 2>&1; }
value() { [ "$(zfs get -Hp -o value "$1" "$2" 2>/dev/null)" = "$3" ]; }
source_is() { [ "$(zfs get -Hp -o source "$1" "$2" 2>/dev/null)" = "$3" ]; }
held() { zfs holds -H "$1" 2>/dev/null | cut -f 2 | grep -qxF -e "$2"; }
after() {
    case $missing in *"/$1/"*) return 1 ;; esac
    shift
    for step; do case $failed in *" $step "*) return 1 ;; esac; done
}
"#;

/// Everything but the head of the script: `run` has to be there.
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
    let mut left: BTreeSet<StepId> = BTreeSet::new();
    for step in plan.steps() {
        writeln!(f, "\n# {}: {}", step.id, Line(&step.reason))?;
        if step.action.destroys() || step.needs.iter().any(|need| left.contains(need)) {
            left.insert(step.id);
            let text = quoted(&Line(step.command()).to_string());
            writeln!(f, "say left to a person, since data would be destroyed: {text}")?;
        } else {
            guarded(f, step)?;
        }
    }
    for blocked in plan.blocked() {
        writeln!(f, "\n# blocked: {}", Line(blocked))?;
    }
    writeln!(f, "\n[ \"$failed\" = ' ' ] || {{ say \"not done: steps$failed\"; false; }}")
}

fn guarded(f: &mut fmt::Formatter<'_>, step: &Step) -> fmt::Result {
    write!(f, "after {}", quoted(step.dataset.pool()))?;
    for need in &step.needs {
        write!(f, " {need}")?;
    }
    let dataset = quoted(step.dataset.as_str());
    if matches!(step.action, Action::Own { .. }) {
        write!(f, " && value mounted {dataset} yes")?;
    }
    let command = step.command();
    match done(step) {
        Some(done) => write!(f, " && {{ {done} || run {command}; }}")?,
        None => write!(f, " && run {command}")?,
    }
    writeln!(f, " || failed=\"${{failed}}{} \"", step.id)
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
        Action::Inherit(_)
        | Action::Revert(_)
        | Action::Own { .. }
        | Action::Rollback(_)
        | Action::Destroy
        | Action::DestroySnapshot(_) => None,
    }
}
