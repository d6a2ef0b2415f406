//! What is known to be missing on the application server of the examples is what is found missing.
#![allow(clippy::unwrap_used)]

use backup_spec::coverage::{Coverage, Finding, Tier};
use backup_spec::units::Task;
use dataset_plan::{Policy, plan, sim};
use examples::Machine;

#[test]
fn what_is_missing_is_found() {
    let machine = Machine::forge().unwrap();
    let Machine { host, observed } = &machine;
    let mut zfs = sim::Zfs::from(observed);
    plan(&host.datasets, observed, &Policy::default()).unwrap().apply(&mut zfs).unwrap();
    let spec = &host.backup;
    let inventory = machine.inventory(&zfs.observe()).unwrap();
    let coverage = Coverage::of(spec, &inventory);

    let count = |kind: fn(&Task) -> bool| spec.tasks().iter().filter(|task| kind(task)).count();
    assert_eq!(count(|task| matches!(task, Task::Backup(_))), 61);
    assert_eq!(count(|task| matches!(task, Task::Replicate(_))), 58);
    assert_eq!(spec.snapshotted().count(), 58);

    let missing = |tier: Tier| -> Vec<String> {
        let found =
            coverage.findings().filter(|(_, found)| **found == Finding::MissingTier { tier });
        found.map(|(subject, _)| subject.to_string()).collect()
    };
    let services = |names: &str| -> Vec<String> {
        names.split(' ').map(|name| format!("tank/services/{name}")).collect()
    };
    let mut offsite = vec!["rpool/safe/home".to_owned()];
    offsite.extend(services("bichon home-assistant omada plex pocketid zigbee2mqtt zwave-js-ui"));
    assert_eq!(missing(Tier::OffsiteBackup), offsite);
    assert_eq!(missing(Tier::IndependentRestore), services("postgresql"));
    assert_eq!(missing(Tier::LocalSnapshot), Vec::<String>::new());
    // Read while it changes: that is no copy of one moment.
    assert_eq!(missing(Tier::NasBackup), services("bazarr"));
}
