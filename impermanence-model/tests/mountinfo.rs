//! Tables as the kernel writes them, and as nobody does.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fmt::Write;

use impermanence_model::mountinfo::{MountTable, Propagation};
use proptest::prelude::*;

fn table(text: &[u8]) -> MountTable {
    MountTable::parse(text).unwrap()
}

#[test]
fn any_number_of_optional_fields() {
    let line = |fields: &str| format!("22 1 0:20 / / rw {fields}- tmpfs none rw\n");
    let read = |fields: &str| table(line(fields).as_bytes()).mounts()[0].propagation;
    assert_eq!(read(""), Propagation::default());
    assert_eq!(read("shared:7 ").shared, Some(7));
    let all = read("shared:1 master:2 propagate_from:3 unbindable ");
    assert_eq!((all.shared, all.master, all.propagate_from), (Some(1), Some(2), Some(3)));
    assert!(all.unbindable);
    assert_eq!(read("new:x later shared:9 ").shared, Some(9));
}

/// Other readers fail the whole table on one of these.
#[test]
fn odd_mounts_are_mounts() {
    let found = table(
        b"22 1 0:20 / / rw - tmpfs  rw\n23 22 0:21 / /a\\040b\\011\\012\\134 rw - fuse.sshfs host:/\\040x rw,a=b c\n\
          24 22 0:22 /x//deleted /\xff rw - zfs tank/\\043a rw\n25 22 0:4 mnt:[4026532621] /ns rw - nsfs nsfs rw",
    );
    let mounts = found.mounts();
    assert_eq!(mounts.len(), 4);
    assert!(mounts[0].source.is_empty());
    assert_eq!(mounts[1].point, b"/a b\t\n\\");
    assert_eq!(mounts[1].source, b"host:/ x");
    assert_eq!(mounts[1].super_options, b"rw,a=b c");
    assert_eq!(mounts[2].deleted(), Some(&b"/x"[..]));
    assert_eq!(mounts[2].source, b"tank/#a");
    assert_eq!(found.at(b"/\xff").unwrap().id, 24);
    assert_eq!(found.at(b"/ns").unwrap().root, b"mnt:[4026532621]");
}

#[test]
fn what_is_hidden() {
    let found = table(
        b"22 1 0:20 / / rw - tmpfs none rw\n23 22 8:1 / /a rw - ext4 /dev/sda rw\n24 23 8:1 /b /a/b rw - ext4 /dev/sda rw\n\
          25 23 8:2 / /a rw - ext4 /dev/sdb rw\n26 22 8:3 / /c/d rw - ext4 /dev/sdc rw\n27 22 8:4 / /c rw - ext4 /dev/sdd rw\n",
    );
    let id = |path: &str| found.covering(path.as_bytes()).unwrap().id;
    // 25 is mounted on 23, and hides what is mounted below that.
    assert_eq!((id("/"), id("/a"), id("/a/b"), id("/a/b/c"), id("/ab")), (22, 25, 25, 25, 22));
    assert!(found.at(b"/a/b").is_none());
    let visible: Vec<_> = found
        .mounts()
        .iter()
        .filter(|mount| found.is_visible(mount))
        .map(|mount| mount.id)
        .collect();
    assert_eq!(visible, [22, 25, 27]);
    let stacked: Vec<_> = found.stacked(b"/a").map(|mount| mount.id).collect();
    assert_eq!(stacked, [23, 25]);
}

/// The table of a chroot whose root is no mount point has no mount on `/`.
#[test]
fn a_root_that_is_no_mount() {
    let found = table(b"40 22 8:1 /x /proc rw - proc proc rw\n");
    assert_eq!(found.covering(b"/proc/1").unwrap().id, 40);
    assert!(found.covering(b"/etc").is_none());
}

#[test]
fn refusals_name_the_line_and_the_field() {
    for (text, line, field) in [
        ("x 1 0:20 / / rw - t s o", 1, "the mount's id"),
        ("22 1 0:20 / / rw - t s o\n22 +1 0:20 / / rw - t s o", 2, "the parent's id"),
        ("22 1 020 / / rw - t s o", 1, "the device"),
        ("22 1 0:20  / rw - t s o", 1, "the root"),
        ("22 1 0:20 / mnt rw - t s o", 1, "the mount point"),
        ("22 1 0:20 / / rw shared:1 t s o", 1, "the end of the optional fields"),
        ("22 1 0:20 / / rw shared:x - t s o", 1, "an optional field"),
        ("22 1 0:20 / / rw -", 1, "the type"),
        ("22 1 0:20 / / rw - t", 1, "the source"),
        ("22", 1, "the parent's id"),
        ("99999999999999999999 1 0:20 / / rw - t s o", 1, "the mount's id"),
    ] {
        let error = MountTable::parse(text.as_bytes()).unwrap_err();
        assert_eq!((error.line, error.field), (line, field), "{text}: {error}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(text: Vec<u8>) {
        let _ = MountTable::parse(&text);
    }

    /// Walks end, and lead to a mount whose point is above, whatever the parents are.
    #[test]
    fn walks_end(parents in prop::collection::vec((0_u64..12, 0_usize..4), 1..12), path in 0_usize..4) {
        const POINTS: [&str; 4] = ["/", "/a", "/a/b", "/a/b/c"];
        let mut text = String::new();
        for (id, (parent, point)) in parents.iter().enumerate() {
            writeln!(text, "{} {parent} 0:1 / {} rw - t s o", id + 1, POINTS[*point]).unwrap();
        }
        let found = table(text.as_bytes());
        if let Some(mount) = found.covering(POINTS[path].as_bytes()) {
            prop_assert!(POINTS[path].as_bytes().starts_with(&mount.point));
        }
    }
}
