// What the fuzz targets of dataset-plan do with their input, and `dataset-plan/tests/corpus.rs` with every file of the
// corpora. A property that fails panics.

use dataset_plan::document::Document;
use dataset_plan::{Applied, Observed, Policy, Spec, plan, plan_desired, sim};

pub fn spec_toml(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Spec::from_toml(text) {
        Ok(spec) => converges(&spec, &Observed::default()),
        Err(problems) => assert!(problems.iter().next().is_some()),
    }
}

pub fn spec_json(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(spec) = Spec::from_json(text) {
        converges(&spec, &Observed::default());
    }
}

pub fn observed(data: &[u8]) {
    const SPEC: &str = r#"
        parentDataset = "rpool/safe/persist"
        parentMount = "/persist"
        base.rpool = {}
        base."rpool/safe" = {}
        base."rpool/safe/persist" = { mountedAt = "/persist" }
        services.home-assistant = { recordsize = "16K", compression = "lz4", owner = "hass", mode = "0770" }
    "#;
    if let (Ok(observed), Ok(spec)) = (Observed::from_zfs_get(data), Spec::from_toml(SPEC)) {
        converges(&spec, &observed);
    }
}

/// A plan that was carried out leaves nothing to do.
fn converges(spec: &Spec, observed: &Observed) {
    let Ok(first) = plan(spec, observed, &Policy::default()) else { return };
    let mut zfs = sim::Zfs::from(observed);
    assert!(first.apply(&mut zfs).is_ok(), "the simulator takes what was planned");
    let second = plan(spec, &zfs.observe(), &Policy::default());
    assert!(second.is_ok_and(|second| second.is_empty()), "{first}");
}

pub fn document(data: &[u8]) {
    let Ok(document) = serde_json::from_slice::<Document>(data) else { return };
    let again = serde_json::to_vec(&document).map(|text| serde_json::from_slice::<Document>(&text));
    assert!(again.is_ok_and(|again| again.is_ok_and(|again| again == document)));
    let _ = (document.plan.to_string(), document.plan.script().to_string());
    let _ = document.apply(&Observed::default(), &mut sim::Zfs::default());
}

pub fn applied(data: &[u8]) {
    let Ok(applied) = serde_json::from_slice::<Applied>(data) else { return };
    let again = serde_json::to_vec(&applied).map(|text| serde_json::from_slice::<Applied>(&text));
    assert!(again.is_ok_and(|again| again.is_ok_and(|again| again == applied)));
    // Everything on the host is given up that was applied.
    let observed = include_str!("../examples/hosts/forge.get");
    let (Ok(observed), spec) = (Observed::from_zfs_get(observed), Spec::default()) else { return };
    let Ok(desired) = spec.expand() else { return };
    let desired = desired.after(&applied);
    let first = plan_desired(&desired, &observed, &Policy::default());
    let mut zfs = sim::Zfs::from(&observed);
    assert!(first.apply(&mut zfs).is_ok(), "the simulator takes what was planned");
    let second = plan_desired(&desired, &zfs.observe(), &Policy::default());
    assert!(second.is_empty(), "{first}");
}
