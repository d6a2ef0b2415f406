//! `zfs set` of a list, `zfs inherit`.

use serde_json::json;
use zfs_props::check::{Context, inherit};

use crate::world::{World, sent, set, verdict};
use testing::baseline::compare_with_meta;

#[test]
fn sets_2_1() {
    compare("sets-2.1.11");
}

#[test]
fn sets_2_3() {
    compare("sets-2.3.9");
}

#[test]
fn sets_2_4() {
    compare("sets-2.4.4");
}

fn compare(name: &str) {
    let mut world = None;
    compare_with_meta(name, |meta, row| {
        let world = world.get_or_insert_with(|| World::of(meta, None));
        let name = row["dataset"].as_str().unwrap();
        let dataset = world.dataset(name).unwrap();
        let op = row["op"].as_str().unwrap();
        if op == "set" {
            let pool = name.split(['/', '@']).next().unwrap();
            let context = world.context(Context::set(*dataset), pool);
            let verdict_ = set(&row["props"]).check(&context);
            return verdict(row, "sent", verdict_, |accepted| json!([sent(accepted)]));
        }
        let reverts = op == "inherit -S";
        let inherited = inherit(row["prop"].as_str().unwrap(), reverts, dataset, world.release);
        verdict(
            row,
            "sent",
            inherited,
            |name| json!([{"prop": name.to_string(), "received": u8::from(reverts)}]),
        )
    });
}
