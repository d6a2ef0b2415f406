//! Whole creations, with encryption.

use zfs_props::check::{CheckError, Context, place};

use crate::world::{World, key, kind, sent, set, verdict};
use testing::baseline::{Verdict, compare_with_meta};

#[test]
fn creates_2_1() {
    compare("creates-2.1.11");
}

#[test]
fn creates_2_3() {
    compare("creates-2.3.9");
}

#[test]
fn creates_2_4() {
    compare("creates-2.4.4");
}

fn compare(name: &str) {
    let mut world = None;
    compare_with_meta(name, |meta, row| {
        let world = world.get_or_insert_with(|| World::of(meta, None));
        let path = row["path"].as_str().unwrap();
        let props = &row["props"];
        let create = || -> Result<_, CheckError> {
            let parent = place(path, |name| world.dataset(name))?;
            let context = world
                .context(Context::create_in(*parent, kind(row)), path.split('/').next().unwrap());
            set(props).check(&context.key(key(props, &row["stdin_key"])))
        };
        let created = create();
        if let (Ok(accepted), Some(recorded)) = (&created, row["wkey"].as_bool()) {
            if accepted.has_new_key() != recorded {
                return Verdict::Disagree(format!("ours: key {}", accepted.has_new_key()));
            }
        }
        verdict(row, "sent", created, sent)
    });
}
