//! Declarations and machines in a few lines.

use dataset_plan::{Observed, Plan, Spec};

pub(crate) fn spec(text: &str) -> Spec {
    Spec::from_toml(text).unwrap_or_else(|problems| panic!("{problems}"))
}

/// Lines of `zfs get -Hp -s local,received,none`, as `NAME PROPERTY VALUE [SOURCE]`.
pub(crate) fn observed<L: AsRef<str>>(lines: &[L]) -> Observed {
    let mut text = String::new();
    for line in lines {
        let words: Vec<&str> = line.as_ref().splitn(4, ' ').collect();
        let source = words.get(3).unwrap_or(&"-");
        text += &[words[0], words[1], words[2], "-", source].join("\t");
        text.push('\n');
    }
    Observed::from_zfs_get_set(text).unwrap()
}

pub(crate) fn commands(plan: &Plan) -> Vec<String> {
    plan.steps().iter().map(|step| step.command().to_string()).collect()
}
