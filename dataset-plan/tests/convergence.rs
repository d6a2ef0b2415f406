//! Recorded scenarios in which others never converge: here one apply does, or nothing is begun.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

#[path = "convergence/scenario.rs"]
#[allow(dead_code, reason = "one test runs them in memory, the other one for real")]
mod scenario;

use std::collections::BTreeMap;

use dataset_plan::{Observed, Policy, Spec, plan, sim};
use scenario::Scenario;
use zfs_props::key::PropertyName;
use zfs_props::property::Property;
use zfs_props::release::Release;

/// Where each dataset that is not declared is mounted.
fn undeclared(scenario: &Scenario, observed: &Observed) -> BTreeMap<String, String> {
    let values = observed.effective(Release::V2_3).into_iter();
    values
        .filter(|value| value.property == PropertyName::Native(Property::Mountpoint))
        .map(|value| (value.dataset.to_string(), value.value))
        .filter(|(dataset, _)| !scenario.declares(dataset))
        .collect()
}

fn disagreement(scenario: &Scenario) -> Option<String> {
    let spec = match (Spec::from_toml(&scenario.spec()), scenario.refused) {
        (Ok(spec), _) => spec,
        (Err(_), true) => return None,
        (Err(problems), false) => return Some(problems.to_string()),
    };
    let observed = scenario.observed();
    let first = plan(&spec, &observed, &Policy::default()).unwrap();
    if scenario.refused {
        let begun = !first.is_empty() || first.blocked().is_empty();
        return begun.then(|| format!("not refused: {first}"));
    }
    if !first.blocked().is_empty() {
        return Some(first.to_string());
    }
    let mut zfs = sim::Zfs::from(&observed);
    if let Err(error) = first.apply(&mut zfs) {
        return Some(error.to_string());
    }
    let second = plan(&spec, &zfs.observe(), &Policy::default()).unwrap();
    if !second.is_empty() {
        return Some(format!("left after one apply: {second}"));
    }
    let (before, after) = (undeclared(scenario, &observed), undeclared(scenario, &zfs.observe()));
    before
        .iter()
        .find(|(dataset, place)| after.get(*dataset) != Some(place))
        .map(|(dataset, _)| format!("{dataset} is mounted elsewhere"))
}

#[test]
fn one_apply_reaches_the_goal_and_the_impossible_is_refused_before_any_command() {
    let Some(scenarios) = scenario::scenarios() else {
        println!("baseline convergence: absent");
        return;
    };
    let mut disagreed = 0;
    for scenario in &scenarios {
        if let Some(how) = disagreement(scenario) {
            disagreed += 1;
            println!("baseline convergence: {}: {how}", scenario.name);
        }
    }
    println!("baseline convergence: {} compared, {disagreed} disagree", scenarios.len());
    assert!(!scenarios.is_empty() && disagreed == 0);
}

/// One process that does the same to many datasets may end in the midst of them. `zfs` takes them by name.
#[test]
fn what_a_process_leaves_that_ends_among_many_datasets_is_planned_again() {
    let observed =
        Observed::from_zfs_get(include_bytes!("../../examples/hosts/forge.get")).unwrap();
    let spec = Spec::from_node(&testing::hosts::table("forge", "datasets")).unwrap();
    let mut cases = vec![(spec, observed)];
    let scenarios = scenario::scenarios().unwrap_or_default();
    for scenario in scenarios.iter().filter(|scenario| !scenario.refused) {
        cases.push((Spec::from_toml(&scenario.spec()).unwrap(), scenario.observed()));
    }
    let mut crashes = 0;
    for (spec, observed) in cases {
        let first = plan(&spec, &observed, &Policy::default()).unwrap();
        let mut before = sim::Zfs::from(&observed);
        for batch in first.batches() {
            let mut steps = batch.steps().to_vec();
            steps.sort_by_key(|step| &step.dataset);
            for step in steps {
                let mut broken_off = before.clone();
                let again = plan(&spec, &broken_off.observe(), &Policy::default()).unwrap();
                again.apply(&mut broken_off).unwrap_or_else(|error| panic!("{error}\n{again}"));
                let left = plan(&spec, &broken_off.observe(), &Policy::default()).unwrap();
                assert!(left.is_empty(), "{first}\nbefore step {}: {left}", step.id);
                crashes += 1;
                dataset_plan::apply::World::run(&mut before, step).unwrap();
            }
        }
    }
    assert!(crashes > 20, "{crashes}");
}
