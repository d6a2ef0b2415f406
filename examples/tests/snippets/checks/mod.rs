//! What each snippet comes to. A file for each document.

pub mod adr_004;
mod around;
pub mod execution_plan;
pub mod quick_reference;
pub mod tmpfs_impermanence;

use dataset_plan::spec::{Desired, Want};
use dataset_plan::{Observed, Plan, Policy, plan};
use examples::nix::Config;
use examples::{Host, Report};
use serde_json::Value;

/// How a snippet fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is accepted, and comes to what its document says.
    Accepted,
    /// It has a problem that its document does not know of.
    Problem,
}

/// The host that a snippet and what is around it come to: nothing is wrong with it, and every option is read.
fn host(options: Value, around: Value) -> Host {
    let config = Config::new(options, around);
    assert_eq!(config.unread, Vec::<String>::new());
    config.host().unwrap_or_else(|report| panic!("{report}"))
}

/// What is wrong with a snippet: path and code of each problem.
fn problems(options: Value, around: Value) -> Vec<(String, String)> {
    report(options, around).problems().iter().map(|p| (p.path.clone(), p.code.clone())).collect()
}

fn report(options: Value, around: Value) -> Report {
    let Err(report) = Config::new(options, around).host() else {
        panic!("nothing is wrong with it")
    };
    report
}

fn desired(host: &Host) -> Desired<'_> {
    host.datasets.expand().unwrap()
}

fn want<'d, 's>(desired: &'d Desired<'s>, dataset: &str) -> &'d Want<'s> {
    desired.datasets.get(&dataset.parse().unwrap()).unwrap_or_else(|| panic!("no {dataset}"))
}

/// What shall become of a property of a dataset.
fn setting(desired: &Desired, dataset: &str, property: &str) -> String {
    let mut settings = want(desired, dataset).settings();
    let found = settings.find(|(name, _)| name.to_string() == property);
    found.map(|(_, setting)| setting.argument().to_owned()).unwrap_or_default()
}

/// The plan for pools that have what the installer made, and nothing else.
fn plan_of(host: &Host) -> Plan {
    let base = host.datasets.base.keys();
    let lines = base.map(|name| {
        format!("{name}\ttype\tfilesystem\t-\t-\n{name}\tmountpoint\tlegacy\t-\tlocal\n")
    });
    let observed = Observed::from_zfs_get(lines.collect::<String>()).unwrap();
    plan(&host.datasets, &observed, &Policy::default()).unwrap()
}

/// The commands of a plan.
fn commands(plan: &Plan) -> Vec<String> {
    plan.steps().iter().map(|step| step.command().to_string()).collect()
}
