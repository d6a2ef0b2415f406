//! What `refreservation=auto` stands for.

use serde_json::Value;
use zfs_props::reservation::{Vdev, default_block_size, reservation};

use crate::world::release;
use testing::baseline::{Verdict, compare_with_meta};

#[test]
fn reservation_2_1() {
    compare("reservation-2.1.11");
}

#[test]
fn reservation_2_4() {
    compare("reservation-2.4.4");
}

fn compare(name: &str) {
    compare_with_meta(name, |meta, row| {
        let release = release(meta);
        let block_size = row["volblocksize"].as_u64().unwrap_or(default_block_size(release));
        let copies = row["copies"].as_str().map_or(1, |copies| copies.parse().unwrap());
        let size = row["volsize"].as_u64().unwrap();
        let ours = reservation(size, block_size, copies, &[vdev(&row["layout"])], release);
        if row["value"].as_u64() == Some(ours) {
            Verdict::Agree
        } else {
            Verdict::Disagree(format!("ours: {ours}"))
        }
    });
}

/// `stripe`, `raidz2 x5 ashift9` (five disks), `draid1 d4 ashift12` (four data disks per group).
fn vdev(layout: &Value) -> Vdev {
    let words: Vec<&str> = layout.as_str().unwrap().split(' ').collect();
    let number = |text: &str| text.trim_start_matches(char::is_alphabetic).parse::<u64>().unwrap();
    let [kind, disks, ashift] = words[..] else { return Vdev::Plain { ashift: 12 } };
    let (parity, ashift) = (number(kind), u32::try_from(number(ashift)).unwrap());
    if kind.starts_with("draid") {
        Vdev::Draid { data: number(disks), parity, ashift }
    } else {
        Vdev::Raidz { disks: number(disks), parity, ashift }
    }
}
