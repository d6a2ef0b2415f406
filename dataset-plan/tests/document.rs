//! A plan that is kept is carried out on the machine that it was made from, or not at all.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod lines;

use dataset_plan::document::Document;
use dataset_plan::{Observed, Policy};
use lines::{commands, observed, spec};

fn kept(text: &str, there: &Observed, grants: &[&str]) -> Document {
    let mut policy = Policy::default();
    policy.destroy = grants.iter().map(|name| (*name).to_owned()).collect();
    Document::new(&spec(text), there, &policy).unwrap()
}

const A: [&str; 4] = [
    "tank type filesystem",
    "tank mountpoint none local",
    "tank/a type filesystem",
    "tank/a guid 7",
];

fn with(lines: &[&str]) -> Observed {
    observed(&[&A[..], lines].concat())
}

/// Owner and mode would be given to what lies below a missing mount.
#[test]
fn directories_are_not_given_away_where_nothing_is_mounted_any_more() {
    let there = |mounted: &str| with(&["tank/a mountpoint /a local", mounted]);
    let now = there("tank/a mounted yes").with_directories("root:0 root:0 755 /a\n").unwrap();
    let document = kept("[utility.'tank/a']\nmountpoint = '/a'\nowner = 'sonarr'\n", &now, &[]);
    assert_eq!(commands(&document.plan), ["install -d -o sonarr -g root -m 0755 /a"]);
    assert_eq!(document.plan.check(&now), Ok(()));
    let stale = document.plan.check(&there("tank/a mounted no")).unwrap_err();
    assert!(stale.to_string().contains("tank/a is mounted"), "{stale}");
}

/// A snapshot that was taken anew under the same name is another one, and nobody granted its end.
#[test]
fn a_snapshot_that_was_taken_anew_is_not_destroyed() {
    let there =
        |guid: &str| with(&["tank/a mountpoint none local", &format!("tank/a@x guid {guid}")]);
    let document = kept("absent = ['tank/a']\n", &there("8"), &["tank/a", "tank/a@x"]);
    assert_eq!(commands(&document.plan), ["zfs destroy tank/a@x", "zfs destroy tank/a"]);
    assert_eq!(document.plan.check(&there("8")), Ok(()));
    let stale = document.plan.check(&there("9")).unwrap_err();
    assert!(stale.to_string().contains("tank/a@x exists and has guid 8"), "{stale}");
}

#[test]
fn a_clone_of_the_same_name_is_not_promoted_for_another_one() {
    let clone = |guid: &str| {
        let guid = format!("tank/c guid {guid}");
        let lines = [
            "tank/a mountpoint none local",
            "tank/a@x guid 8",
            "tank/c type filesystem",
            &guid,
            "tank/c origin tank/a@x",
            "tank/c mountpoint none local",
        ];
        with(&lines)
    };
    let document = kept("[utility.'tank/c']\norigin = 'none'\n", &clone("9"), &[]);
    assert_eq!(commands(&document.plan), ["zfs promote tank/c"]);
    assert_eq!(document.plan.check(&clone("9")), Ok(()));
    assert!(document.plan.check(&clone("10")).is_err());
}

/// A newer OpenZFS set a value that this release does not know: the undo has it, and the document can be read again.
#[cfg(feature = "serde")]
#[test]
fn a_document_with_a_value_of_a_release_to_come_is_read_again() {
    let there = with(&["tank/a mountpoint none local", "tank/a compression brotli local"]);
    let document = kept("[utility.'tank/a']\ncompression = 'lz4'\n", &there, &[]);
    let text = serde_json::to_string(&document).unwrap();
    assert!(text.contains("compression=brotli"), "{text}");
    assert_eq!(serde_json::from_str::<Document>(&text).unwrap(), document);
}

/// The order is part of what was reviewed.
#[cfg(feature = "serde")]
#[test]
fn a_document_whose_order_was_edited_is_not_read() {
    let text = "[utility.'tank/b']\n[utility.'tank/b/c']\n";
    let text = serde_json::to_string(&kept(text, &with(&[]), &[])).unwrap();
    assert!(serde_json::from_str::<Document>(&text).is_ok());
    let edited = text.replace("\"needs\":[1]", "\"needs\":[]");
    assert_ne!(edited, text);
    assert!(serde_json::from_str::<Document>(&edited).is_err());
}

/// What takes a step back was reviewed, too: whoever calls for it later runs what stands in the document.
#[cfg(feature = "serde")]
#[test]
fn a_document_whose_undo_was_edited_is_not_read() {
    let there = with(&["tank/a mountpoint none local", "tank/a atime off local"]);
    let document = kept("[utility.'tank/a']\nproperties.atime = 'on'\n", &there, &[]);
    let text = serde_json::to_string(&document).unwrap();
    let undo = "[\"tank/a\",{\"set\":[\"atime=off\"]}]";
    assert!(text.contains(undo), "{text}");
    for other in [
        "[\"tank/b\",{\"set\":[\"atime=off\"]}]",
        "[\"tank/a\",{\"destroy-snapshot\":\"tank/a@x\"}]",
    ] {
        let edited = text.replace(undo, other);
        assert!(serde_json::from_str::<Document>(&edited).is_err(), "{other}");
        // A plan by itself has no digest.
        let plan: serde_json::Value = serde_json::from_str(&edited).unwrap();
        let plan: dataset_plan::Plan = serde_json::from_value(plan["plan"].clone()).unwrap();
        let undo = plan.undo(&Policy::default());
        assert!(!undo.steps().iter().any(|step| step.action.destroys()), "{undo}");
    }
}

/// What a new dataset would have by itself is not given to it: so the plan rests on what is above.
#[test]
fn a_dataset_is_not_made_below_what_hands_down_something_else_by_now() {
    let text = "[utility.'tank/a/new']\nmountpoint = '/a/new'\nproperties = { compression = 'zstd', sync = 'standard' }\n";
    let there = |compression: &str, of_a: &[&str]| {
        let tank = format!("tank compression {compression} local");
        let all =
            ["tank type filesystem", "tank mountpoint none local", &tank, "tank/a type filesystem"];
        observed(&[&all[..], of_a].concat())
    };
    let a = "tank/a mountpoint /a local";
    let document = kept(text, &there("zstd", &[a]), &[]);
    assert_eq!(commands(&document.plan), ["zfs create tank/a/new"]);
    assert_eq!(document.plan.check(&there("zstd", &[a, "tank/a atime off local"])), Ok(()));
    for other in [
        there("lz4", &[a]),
        there("zstd", &[a, "tank/a compression lz4 local"]),
        there("zstd", &[a, "tank/a sync disabled local"]),
        there("zstd", &["tank/a mountpoint /b local"]),
    ] {
        assert!(document.plan.check(&other).is_err(), "{other:?}");
    }
    // What the plan itself brings about is no reason to wait.
    let tank = "[utility.'tank']\nmountpoint = 'none'\nproperties.compression = 'zstd'\n";
    let mut policy = Policy::default();
    policy.heirs = dataset_plan::policy::Heirs::Follow;
    let there = there("lz4", &[a]);
    let document = Document::new(&spec(&format!("{tank}{text}")), &there, &policy).unwrap();
    assert_eq!(document.plan.steps().len(), 2);
    assert_eq!(document.plan.check(&there), Ok(()));
}
