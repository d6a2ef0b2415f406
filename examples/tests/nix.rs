//! Options of a configuration: none is without effect unnoticed.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;

use examples::nix::Config;
use serde_json::{Value, json};

fn unread(options: Value) -> Vec<String> {
    Config::new(options, json!({ "host": { "name": "x" } })).unread
}

/// A table whose first key is known was taken as a whole, and what else it said was gone.
#[test]
fn an_option_beside_known_ones_is_still_told() {
    let partition = |content: Value| json!({ "disko": { "devices": { "disk": { "main": { "content": { "partitions": { "p": { "size": "1G", "content": content } } } } } } } });
    let at = "disko.devices.disk.main.content.partitions.p.content";
    for (options, left) in [
        (
            partition(json!({ "type": "zfs", "pool": "rpool" })),
            vec![format!("{at}.pool"), format!("{at}.type")],
        ),
        (
            partition(
                json!({ "type": "filesystem", "format": "ext4", "mountpoint": "/x", "extraArgs": ["-m0"] }),
            ),
            vec![format!("{at}.extraArgs")],
        ),
        (
            json!({ "mySystem": { "system": { "impermanence": { "enable": true, "sshPath": "/persist/ssh" } } } }),
            vec!["mySystem.system.impermanence.sshPath".to_owned()],
        ),
        (
            json!({ "modules": { "replication": { "zfs": { "syncoid": { "datasets": [], "sshKey": "/key" } } } } }),
            vec!["modules.replication.zfs.syncoid.sshKey".to_owned()],
        ),
        (
            json!({ "modules": { "notifications": { "templates": { "x": "text" } } } }),
            vec!["modules.notifications.templates.x".to_owned()],
        ),
        (json!({ "preseed": { "dataPath": "/x" } }), vec!["preseed.dataPath".to_owned()]),
        (
            json!({ "systemd": { "tmpfiles": { "rules": ["L+ /etc/x - - - - /persist/x"] } } }),
            vec!["systemd.tmpfiles.rules".to_owned()],
        ),
    ] {
        let said = options.to_string();
        // In whatever order the map has its keys.
        let sorted = |names: Vec<String>| names.into_iter().collect::<BTreeSet<_>>();
        assert_eq!(sorted(unread(options)), sorted(left), "{said}");
    }
}

/// `-` in a rule is no user, and a partition's options are those of its file system.
#[test]
fn what_a_rule_leaves_open_stays_open() {
    let options = json!({
        "modules": { "storage": { "datasets": {
            "parentDataset": "tank/s", "parentMount": "/srv", "base": { "tank": {} }, "services": { "a": {} },
        } } },
        "systemd": { "tmpfiles": { "rules": ["d /srv/a 0750 - - - -"] } },
        "disko": { "devices": { "disk": { "main": { "content": { "partitions": { "root": { "content":
            { "type": "filesystem", "format": "ext4", "mountpoint": "/", "mountOptions": ["noatime"] } } } } } } } },
    });
    let config = Config::new(options, json!({ "host": { "name": "x" } }));
    assert_eq!(config.unread, Vec::<String>::new());
    let host = config.host().unwrap_or_else(|report| panic!("{report}"));
    let desired = host.datasets.expand().unwrap();
    let want = desired.datasets.get(&"tank/s/a".parse().unwrap()).unwrap();
    assert_eq!((want.owner, want.group, want.mode.unwrap().bits()), (None, None, 0o750));
}
