//! What a declaration with mistakes gets: every problem at once, each with its place and a remedy.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use dataset_plan::problem::{Code, Position};
use dataset_plan::{Problem, Spec};
use declared::Node;
use testing::hosts;

fn problems(text: &str) -> Vec<Problem> {
    Spec::from_toml(text).unwrap_err().iter().cloned().collect()
}

/// The problems, or none.
fn found(text: &str) -> Vec<Problem> {
    Spec::from_toml(text).err().into_iter().flatten().collect()
}

/// The problems of the table `datasets` of a host's file.
fn problems_of_datasets(text: &str) -> Vec<Problem> {
    let document = Node::from_toml(text).unwrap();
    Spec::from_node(document.get("datasets").unwrap()).unwrap_err().into_iter().collect()
}

/// Line and column of the first `needle`, from 1.
fn position(text: &str, needle: &str) -> Position {
    let before = &text[..text.find(needle).unwrap()];
    let line = before.lines().count().max(1);
    let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
    Position { line: if before.ends_with('\n') { line + 1 } else { line }, column }
}

#[test]
fn the_hosts_of_the_examples_have_no_problems() {
    for host in ["forge", "forge-seed", "luna", "nas-0", "nas-1", "rydev"] {
        let spec = Spec::from_node(&hosts::table(host, "datasets"));
        spec.unwrap_or_else(|problems| panic!("{host}: {problems}"));
    }
}

#[test]
fn a_misspelt_key_is_named_with_its_line_and_the_nearest_key() {
    let text = hosts::text("forge").replacen("recordsize = \"8K\"", "recrodsize = \"8K\"", 1);
    let found = problems_of_datasets(&text);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].code, Code::UnknownKey);
    assert_eq!(found[0].position, Some(position(&text, "recrodsize")));
    assert_eq!(found[0].path, "profiles.postgresql.recrodsize");
    assert!(found[0].remedy.contains("`recordsize`"), "{}", found[0]);
}

#[test]
fn a_bad_value_is_named_with_its_line_and_the_nearest_values() {
    let text = hosts::text("forge").replacen("\"8K\"", "\"3K\"", 1);
    let found = problems_of_datasets(&text);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].code, Code::BadValue);
    assert_eq!(found[0].position, Some(position(&text, "\"3K\"")));
    assert_eq!(found[0].path, "profiles.postgresql.recordsize");
    assert!(found[0].remedy.contains("2K") && found[0].remedy.contains("4K"), "{}", found[0]);
}

#[test]
fn all_problems_are_reported_in_the_order_of_the_text() {
    let text = r#"
parentDataset = "tank//services"
parentMount = "srv"
speed = 9

[base."rpool@snap"]
[base."rpool/home"]
mountedAt = "/home"

[profiles.sqlite]
recordsize = "16K"
properties.recordsize = "8K"

[services.sonarr]
profile = "sqlit"
atime = "off"
mode = 750
owner = "son arr"
quota = true

[services.radarr]
mountpoint = "/home"
properties = { used = "1G", "userquota@x" = "1G", atme = "off", volsize = "1G", Com.x = "1" }

[services.lidarr]
mountpoint = "/data/x"

[services.readarr]
mountpoint = "/data/x"

[utility."tank/temp"]
owner = "me"
compression = "zstd-20"
"#;
    let found = problems(text);
    let codes: Vec<_> = found.iter().map(|p| (p.path.as_str(), p.code)).collect();
    let expected = [
        ("parentDataset", Code::BadName),
        ("parentMount", Code::BadValue),
        ("speed", Code::UnknownKey),
        ("base.\"rpool@snap\"", Code::BadName),
        ("profiles.sqlite.properties.recordsize", Code::SetTwice),
        ("services.sonarr.profile", Code::UnknownProfile),
        ("services.sonarr.atime", Code::UnknownKey),
        ("services.sonarr.mode", Code::WrongType),
        ("services.sonarr.owner", Code::BadName),
        ("services.sonarr.quota", Code::WrongType),
        ("services.radarr.properties.used", Code::BadProperty),
        ("services.radarr.properties.\"userquota@x\"", Code::BadProperty),
        ("services.radarr.properties.atme", Code::BadProperty),
        ("services.radarr.properties.volsize", Code::BadProperty),
        ("services.radarr.properties.Com", Code::BadProperty),
        ("utility.\"tank/temp\"", Code::NoEffect),
        ("utility.\"tank/temp\".compression", Code::BadValue),
    ];
    for (path, code) in expected {
        assert!(codes.contains(&(path, code)), "no {code} at {path}: {found:#?}");
    }
    let places: Vec<_> = found.iter().map(|p| p.position.unwrap()).collect();
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn datasets_and_mountpoints_are_declared_once() {
    let found = problems(
        r#"
parentDataset = "tank/services"
parentMount = "/srv"
[base."tank/base"]
mountedAt = "/srv/b"
[services.a]
[services.b]
[services.c]
mountpoint = "/srv/a/"
[services.d]
mountpoint = "/srv/a"
properties.canmount = "noauto"
[utility."tank/services/a"]
[utility."tank/base"]
"#,
    );
    let codes: Vec<_> = found.iter().map(|p| (p.path.as_str(), p.code)).collect();
    assert_eq!(
        codes,
        [
            ("services.b.mountpoint", Code::DuplicateMountpoint),
            ("services.c.mountpoint", Code::DuplicateMountpoint),
            ("utility.\"tank/services/a\"", Code::DuplicateDataset),
            ("utility.\"tank/base\"", Code::DuplicateDataset),
        ]
    );
}

#[test]
fn services_without_a_parent_are_a_problem() {
    let found = problems("[services.a]\nmountpoint = \"none\"\n");
    assert_eq!(found[0].code, Code::MissingKey);
    assert_eq!(found[0].path, "parentDataset");
}

#[test]
fn syntax_errors_have_their_line() {
    let found = problems("parentDataset = \"tank\"\n[services.a\n");
    assert_eq!(found[0].code, Code::Syntax);
    assert_eq!(found[0].position.unwrap().line, 2);
}

#[cfg(feature = "serde")]
mod json {
    use super::*;

    /// What Nix makes of a declaration is read like TOML.
    #[test]
    fn json_means_what_toml_means() {
        let toml = r#"
            parentDataset = "tank/services"
            [services.sonarr]
            recordsize = "16K"
            mountpoint = "/var/lib/sonarr"
            properties = { "com.sun:auto-snapshot" = "true" }
        "#;
        let json = r#"{"parentDataset":"tank/services","services":{"sonarr":{"mountpoint":
            "/var/lib/sonarr","properties":{"com.sun:auto-snapshot":"true"},"recordsize":"16K"}}}"#;
        assert_eq!(Spec::from_json(json).unwrap(), Spec::from_toml(toml).unwrap());
        assert_eq!(serde_json::from_str::<Spec>(json).unwrap(), Spec::from_toml(toml).unwrap());
    }

    #[test]
    fn a_repeated_key_is_a_problem() {
        let json = r#"{"parentDataset":"tank","parentDataset":"rpool"}"#;
        let found = Spec::from_json(json).unwrap_err();
        assert_eq!(found.iter().map(|p| p.code).collect::<Vec<_>>(), [Code::DuplicateKey]);
    }
}

#[cfg(feature = "serde")]
#[test]
fn what_is_written_reads_back_the_same() {
    let hosts = ["forge", "nas-1"].map(|host| hosts::table(host, "datasets"));
    for node in hosts.into_iter().chain([Node::from_toml(WISHES).unwrap()]) {
        let spec = Spec::from_node(&node).unwrap();
        let written = serde_json::to_string(&spec).unwrap();
        assert_eq!(Spec::from_json(&written).unwrap(), spec, "{written}");
    }
}

/// What the schema says of keys is what the reader knows.
#[cfg(feature = "schemars")]
#[test]
fn the_schema_has_the_keys_that_are_read() {
    use std::collections::BTreeSet;

    use serde_json::Value;

    /// The keys that a reader names when it meets one that it does not know.
    fn read(place: &str) -> BTreeSet<String> {
        let text = format!("{place}\nzzzzzzzzzzzzzzzz = 1\n");
        let unknown = |p: &Problem| p.code == Code::UnknownKey;
        let problem = problems(&text).into_iter().find(unknown).unwrap();
        let known = problem.remedy.strip_prefix("known here: ").unwrap().to_owned();
        known.split(", ").map(str::to_owned).collect()
    }
    let schema = schemars::schema_for!(Spec).to_value();
    let declared = |pointer: &str| -> BTreeSet<String> {
        let Some(Value::Object(keys)) = schema.pointer(pointer) else { panic!("{pointer}") };
        keys.keys().cloned().collect()
    };
    for (place, pointer) in [
        ("", "/properties"),
        ("[base.\"a/b\"]", "/properties/base/additionalProperties/properties"),
        ("[places.a]", "/properties/places/additionalProperties/properties"),
        ("[[moved]]", "/properties/moved/items/properties"),
        ("[profiles.a]", "/properties/profiles/additionalProperties/properties"),
        ("[services.a]", "/properties/services/additionalProperties/properties"),
        ("[utility.\"a/b\"]", "/properties/utility/additionalProperties/properties"),
    ] {
        assert_eq!(declared(pointer), read(place), "{place}");
    }
}

/// Every key there is.
#[cfg(feature = "serde")]
const WISHES: &str = r#"
release = "2.3"
parentDataset = "tank/services"
parentMount = "/srv"
ownerProperty = "org.example:declared"
ignore = ["tank/scratch/**"]
moved = [{ from = "tank/old", to = "tank/services/new" }]
absent = ["tank/gone"]

[base."rpool/safe"]
mountedAt = "/safe"

[places.fast]
dataset = "nvme/services"
mount = "/fast"

[profiles.p]
owner = "root"
group = "0"
mode = "0750"
strict = true
compression = "zstd"
properties = { atime = { source = "inherited" }, "org.example:note" = "" }

[services.new]
profile = ["p"]
guid = 18446744073709551615
recordsize = "1M"
properties = { checksum = { source = "received" }, exec = { source = "any" } }

[services.quick]
place = "fast"
strict = false
quota = "10G"

[utility."tank/vm"]
volume = "10G"
sparse = true

[utility."tank/twin"]
origin = "tank/services/new@s"
mountpoint = "none"
"#;

#[test]
fn what_is_never_touched_or_moved_away_is_not_declared_absent() {
    let what = |text: &str| -> Vec<String> {
        found(text)
            .into_iter()
            .map(|problem| format!("{}: {}", problem.path, problem.what))
            .collect()
    };
    assert_eq!(
        what("absent = [\"tank/a\"]\n[base.\"tank/a\"]\n"),
        ["absent: tank/a shall not exist, and tank/a is never touched, as `base` says"]
    );
    assert_eq!(
        what("absent = [\"tank/a\"]\n[base.\"tank/a/b\"]\n"),
        ["absent: tank/a shall not exist, and tank/a/b is never touched, as `base` says"]
    );
    assert_eq!(
        what("absent = [\"tank/a/b\"]\nignore = [\"tank/a/**\"]\n"),
        ["absent: tank/a/b shall not exist, and is ignored by `tank/a/**`"]
    );
    let moved = "absent = [\"tank/a\"]\nmoved = [{ from = \"tank/a\", to = \"tank/b\" }]\n[utility.\"tank/b\"]\n";
    assert_eq!(
        what(moved),
        [
            "moved: tank/a is moved away, and shall not exist: where it cannot be moved it would be destroyed"
        ]
    );
    let below = "moved = [{ from = \"tank/e\", to = \"tank/b/e\" }]\nabsent = [\"tank/b\"]\n";
    assert_eq!(what(below), ["moved: tank/e is moved to tank/b/e, and tank/b shall not exist"]);
    assert!(
        what("absent = [\"tank/c\"]\nignore = [\"tank/a/**\"]\n[base.\"tank/b\"]\n").is_empty()
    );
}

#[test]
fn a_mountpoint_says_the_path_that_it_is() {
    let codes = |other: &str| -> Vec<Code> {
        let text = format!(
            "[utility.\"tank/a\"]\nmountpoint = \"/srv/a\"\n[utility.\"tank/b\"]\nmountpoint = \"{other}\"\n"
        );
        found(&text).into_iter().map(|problem| problem.code).collect()
    };
    for same in ["/srv//a", "/srv/a/", "//srv/a"] {
        assert_eq!(codes(same), [Code::DuplicateMountpoint], "{same}");
    }
    for another in ["/srv/./a", "/srv/x/../a", "/srv/.."] {
        assert_eq!(codes(another), [Code::BadValue], "{another}");
    }
    assert!(codes("/srv/..a").is_empty());
}

#[test]
fn a_value_that_openzfs_would_not_store_is_a_problem() {
    let long = |length: usize| {
        format!("[utility.\"tank/a\"]\nproperties.\"org.example:x\" = \"{}\"\n", "x".repeat(length))
    };
    assert!(found(&long(8191)).is_empty());
    let problems = found(&long(8192));
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].what, "`org.example:x` would have 8192 bytes, and OpenZFS takes 8191");
    // The note of what is declared becomes as long as the names of all properties.
    let many: Vec<String> =
        (0..400).map(|n| format!("\"org.example:rather-a-long-name-{n}\" = \"x\"")).collect();
    let noted = format!("[utility.\"tank/a\"]\nproperties = {{ {} }}\n", many.join(", "));
    assert!(found(&noted).is_empty());
    let problems = found(&format!("ownerProperty = \"org.example:owned\"\n{noted}"));
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].what.starts_with("`org.example:owned` would have "), "{problems:?}");
}
