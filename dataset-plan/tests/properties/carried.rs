//! Carrying plans out, to the end or not.

use dataset_plan::apply::World;
use dataset_plan::{Action, Observed, Plan, Step, sim};
use zfs_props::set::PropertySet;

pub(crate) fn applied(plan: &Plan, observed: &Observed) -> Observed {
    let mut zfs = sim::Zfs::from(observed);
    plan.apply(&mut zfs).unwrap_or_else(|error| panic!("{error}\n{plan}"));
    zfs.observe()
}

/// The machine breaks down in the middle of a step: a part of it is done.
pub(crate) fn run_in_part(zfs: &mut sim::Zfs, step: &Step) {
    let name = &step.dataset;
    let set = |properties: &[dataset_plan::Assignment]| {
        let pairs =
            properties.iter().map(|a| (a.property.to_string(), a.setting.argument().to_owned()));
        let pairs: Vec<_> = pairs.collect();
        PropertySet::from_pairs(pairs.iter().map(|(a, b)| (a.as_str(), b.as_str()))).unwrap()
    };
    match &step.action {
        Action::Create { properties, .. } => zfs.create(name, &set(properties), false).unwrap(),
        Action::Set(properties) => {
            // Others unmount nothing.
            let unmounts = |a: &dataset_plan::Assignment| {
                matches!(a.property.to_string().as_str(), "mountpoint" | "canmount")
            };
            if properties.iter().any(unmounts) {
                for below in step.remounts.iter().rev().chain([name]) {
                    let _ = zfs.unmount(below);
                }
            }
            // What could not be unmounted is not set.
            let mounted = zfs.observe().dataset(name).is_some_and(|d| d.mounted == Some(true));
            if !mounted || !properties.iter().any(unmounts) {
                let half = properties.len().div_ceil(2);
                zfs.set(name, &set(&properties[..half]), false).unwrap();
            }
        }
        Action::Rename { .. } | Action::Inherit(_) => {
            for below in step.remounts.iter().rev() {
                let _ = zfs.unmount(below);
            }
        }
        _ => zfs.run(step).unwrap(),
    }
}
