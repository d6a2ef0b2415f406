//! The table of pool features.

use serde_json::json;
use zfs_props::property::{Feature, FeatureFlags};
use zfs_props::release::Release;

use testing::baseline::{Verdict, compare_with_meta};

fn agrees(name: &str) {
    compare_with_meta(name, |meta, recorded| {
        let release: Release = meta["openzfs"].as_str().unwrap().parse().unwrap();
        let known = recorded["name"].as_str().and_then(Feature::from_name);
        let Some(feature) = known.filter(|feature| feature.exists_in(release)) else {
            return Verdict::Disagree(format!("unknown in {release}"));
        };
        let has = |flag| feature.flags().contains(flag);
        let depends: Vec<_> = feature.depends().iter().map(|on| on.name()).collect();
        let ours = json!({
            "name": feature.name(),
            "guid": feature.guid(),
            "readonly_compat": has(FeatureFlags::READ_ONLY_COMPATIBLE),
            "mos": has(FeatureFlags::MOS),
            "activate_on_enable": has(FeatureFlags::ACTIVATE_ON_ENABLE),
            "per_dataset": has(FeatureFlags::PER_DATASET),
            "no_upgrade": has(FeatureFlags::NO_UPGRADE),
            "dataset_type": if feature.has_dataset_list() { "uint64_array" } else { "boolean" },
            "depends": depends,
        });
        Verdict::fields(recorded, &ours)
    });
}

#[test]
fn features_2_1() {
    agrees("features-2.1.11");
}

#[test]
fn features_2_3() {
    agrees("features-2.3.9");
}

#[test]
fn features_2_4() {
    agrees("features-2.4.4");
}

/// The counts of OpenZFS's own headers: a release has no feature or property that another brought.
#[test]
fn each_release_has_as_many_as_it_declares() {
    use zfs_props::property::{PoolProperty, Property, VdevProperty};
    let declared = [
        (Release::V2_1, [95, 33, 0, 34]),
        (Release::V2_2, [97, 36, 48, 39]),
        (Release::V2_3, [100, 40, 52, 44]),
        (Release::V2_4, [106, 40, 55, 47]),
    ];
    for (release, counts) in declared {
        let ours = [
            Property::in_release(release).count(),
            PoolProperty::in_release(release).count(),
            VdevProperty::in_release(release).count(),
            Feature::ALL.iter().filter(|feature| feature.exists_in(release)).count(),
        ];
        assert_eq!(ours, counts, "datasets, pools, vdevs, features of {release}");
    }
}
