use impermanence_model::AbsolutePath;
use impermanence_model::escape::{fstab, unit};
use serde_json::Value;

use crate::percent::{bytes, field, text};
use testing::baseline::{Verdict, compare};

/// Lines as libmount and systemd-fstab-generator read them.
#[test]
fn fstab() {
    compare("fstab", |row| {
        let line = field(row, "line");
        let fields: Vec<&[u8]> = line.split(|&byte| byte == b' ').collect();
        for (at, name) in ["source", "target", "fs_type", "options"].into_iter().enumerate() {
            let (ours, theirs) = (fstab::read(fields[at]), field(row, name));
            if ours != theirs {
                return Verdict::of((name, text(&ours)), (name, text(&theirs)));
            }
        }
        let target = field(row, "target");
        let path = AbsolutePath::new(&target).unwrap();
        match bytes(&row["unit"]) {
            None => Verdict::Agree,
            // Both readers have the same, so this is what would be written.
            Some(_)
                if fstab::field(&target) != fields[1]
                    || fstab::field(&field(row, "source")) != fields[0] =>
            {
                Verdict::Disagree(format!("ours {}", text(&fstab::field(&target))))
            }
            Some(name) if text(&name) != unit::mount_name(&path) => {
                Verdict::of(unit::mount_name(&path), text(&name))
            }
            Some(_) => values(row),
        }
    });
}

/// What the generator writes into a unit file. It writes what systemd will not read; the crate says so.
fn values(row: &Value) -> Verdict {
    for (value, written) in [("source", "what"), ("target", "where")] {
        let written = field(row, written);
        match unit::value(&field(row, value)) {
            Ok(ours) if ours.as_bytes() != written => return Verdict::of(ours, text(&written)),
            Ok(ours) => assert_eq!(unit::read_value(&ours).unwrap(), field(row, value)),
            Err(refused) => assert_eq!(refused.value, field(row, value)),
        }
    }
    Verdict::Agree
}
