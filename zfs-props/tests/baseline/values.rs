//! One property alone: what libzfs would send of it.

use zfs_props::check::Context;
use zfs_props::set::PropertySet;

use crate::world::{World, kind, sent, stored, verdict};
use testing::baseline::compare_with_meta;

#[test]
fn values_2_1() {
    compare("values-2.1.11");
}

#[test]
fn values_2_3() {
    compare("values-2.3.9");
}

#[test]
fn values_2_4() {
    compare("values-2.4.4");
}

fn compare(name: &str) {
    let mut world = None;
    compare_with_meta(name, |meta, row| {
        let world = world.get_or_insert_with(|| World::of(meta, None));
        let dataset = || *world.dataset(row["dataset"].as_str().unwrap()).unwrap();
        let context = match row["op"].as_str().unwrap() {
            "create" => Context::create(kind(row)),
            "set" => Context::set(dataset()),
            "change-key" => Context::change_key(dataset()),
            other => panic!("{other}"),
        };
        let context = world.context(context, row["pool"].as_str().unwrap());
        let mut set = PropertySet::new();
        set.set(row["prop"].as_str().unwrap(), stored(&row["value"]));
        verdict(row, "result", set.check_list(&context), sent)
    });
}
