//! Properties of pools, at creation and afterwards.

use serde_json::{Value, json};
use zfs_props::check::{Context, PoolAccepted, PoolContext, PoolFacts};
use zfs_props::name::PoolName;
use zfs_props::property::Stored;
use zfs_props::release::Release;
use zfs_props::set::PropertySet;

use crate::world::{self, release, stored, verdict};
use testing::baseline::{Verdict, compare_with_meta};

#[test]
fn pools_2_1() {
    compare("pools-2.1.11");
}

#[test]
fn pools_2_3() {
    compare("pools-2.3.9");
}

#[test]
fn pools_2_4() {
    compare("pools-2.4.4");
}

fn compare(name: &str) {
    compare_with_meta(name, |meta, row| {
        let release = release(meta);
        let prop = row["prop"].as_str().unwrap();
        let context = match row["op"].as_str().unwrap() {
            "create" => PoolContext::create("newpool"),
            "set" => PoolContext::set("tank"),
            "create-name" => {
                let pool = prop.parse().and_then(|pool: PoolName| pool.check_creatable());
                let recorded = row["ok"] == true || row["errno"] != "EZFS_INVALIDNAME";
                return if pool.is_ok() == recorded {
                    Verdict::Agree
                } else {
                    Verdict::Disagree(format!("ours: {pool:?}"))
                };
            }
            "create-fsprops" => return root(row, release),
            other => panic!("{other}"),
        };
        if let "cachefile" | "compatibility" | "multihost" = prop {
            return Verdict::LeftOut(
                "directories, feature sets and host id of the recording machine",
            );
        }
        let mut set = PropertySet::new();
        set.set(prop, stored(&row["value"]));
        verdict(row, "sent", set.check_pool(&context.release(release)), sent)
    });
}

/// `zpool create -O`, where nothing enables the feature `encryption`.
fn root(row: &Value, release: Release) -> Verdict {
    let props: Value = serde_json::from_str(row["prop"].as_str().unwrap()).unwrap();
    let mut pool = PoolFacts::of(release);
    pool.features.clear();
    let context = Context::create_root().release(release).pool(pool);
    let checked = world::set(&props).check(&context);
    verdict(row, "sent", checked, |accepted| json!({"root-props-nvl": world::sent(accepted)}))
}

fn sent(accepted: &PoolAccepted) -> Value {
    let pairs = accepted.iter().map(|(name, stored)| match stored {
        Stored::Number(number) => (name.to_string(), json!(number)),
        Stored::Text(text) => (name.to_string(), json!(text)),
    });
    Value::Object(pairs.collect())
}
