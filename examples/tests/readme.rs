//! The output in the README is the output.
#![allow(clippy::unwrap_used)]

use dataset_plan::{Policy, plan};
use examples::Machine;

#[test]
fn the_readme_shows_what_the_example_prints() {
    let readme = include_str!("../../README.md");
    let block = readme.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
    let Machine { host, observed } = Machine::forge().unwrap();
    let plan = plan(&host.datasets, &observed, &Policy::default()).unwrap();
    let printed = plan.to_string();
    let printed: Vec<&str> = printed.lines().collect();
    let own = ["The declaration has no problems.", "...", "Carried out in memory: "];
    for line in block.lines().filter(|line| !own.iter().any(|own| line.starts_with(own))) {
        assert!(printed.contains(&line), "not printed: {line}");
    }
}
