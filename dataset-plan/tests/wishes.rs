//! What a declaration can ask for beside filesystems with values.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod lines;

use dataset_plan::apply::World as _;
use dataset_plan::drift::{Cause, Severity, drift};
use dataset_plan::policy::{EncryptedParent, Heirs, Mounting};
use dataset_plan::{Observed, Obstacle, Plan, Policy, Spec, sim};
use lines::{commands, observed, spec};

fn planned(spec: &Spec, observed: &Observed, policy: &Policy) -> Plan {
    let plan = dataset_plan::plan(spec, observed, policy).unwrap();
    // Whatever is planned can be done, and leaves nothing to do.
    let mut zfs = sim::Zfs::from(observed).release(spec.release);
    plan.apply(&mut zfs).unwrap_or_else(|error| panic!("{error}\n{plan}"));
    let again = dataset_plan::plan(spec, &zfs.observe(), policy).unwrap();
    assert!(again.is_empty(), "{plan}\n{again}");
    plan
}

fn codes(plan: &Plan) -> Vec<Obstacle> {
    plan.blocked().iter().map(|blocked| blocked.code).collect()
}

const POOL: [&str; 2] = ["tank type filesystem", "tank mountpoint none local"];

#[test]
fn a_volume_grows_and_never_shrinks() {
    let declared =
        |size: &str| spec(&format!("[utility.\"tank/v\"]\nvolume = \"{size}\"\nsparse = true\n"));
    let policy = Policy::default();
    let plan = planned(&declared("1G"), &observed(&POOL), &policy);
    assert_eq!(commands(&plan), ["zfs create -s -V 1073741824 tank/v"]);

    let lines =
        ["tank/v type volume", "tank/v volsize 1073741824 local", "tank/v volblocksize 16384 -"];
    let there = observed(&[&POOL[..], &lines].concat());
    assert_eq!(
        commands(&planned(&declared("2G"), &there, &policy)),
        ["zfs set volsize=2147483648 tank/v"]
    );
    let smaller = dataset_plan::plan(&declared("512M"), &there, &policy).unwrap();
    assert!(smaller.is_empty());
    assert_eq!(codes(&smaller), [Obstacle::Shrinks]);
    // As `zfs create -V` rounds it up to whole blocks.
    assert!(dataset_plan::plan(&declared("1073741000"), &there, &policy).unwrap().is_empty());
    let filesystem = spec("[utility.\"tank/v\"]\n");
    let plan = dataset_plan::plan(&filesystem, &there, &policy).unwrap();
    assert_eq!(codes(&plan), [Obstacle::WrongKind]);
}

#[test]
fn a_value_can_be_given_up() {
    let lines = [
        "tank atime off local",
        "tank/a type filesystem",
        "tank/a mountpoint none local",
        "tank/a atime on local",
    ];
    let there = observed(&[&POOL[..], &lines].concat());
    let declared = spec("[utility.\"tank/a\"]\nproperties.atime = { source = \"inherited\" }\n");
    let plan = planned(&declared, &there, &Policy::default());
    assert_eq!(commands(&plan), ["zfs inherit atime tank/a"]);
    // What a profile says can be left open again.
    let declared = spec(
        "profiles.p.properties.atime = \"off\"\n[utility.\"tank/a\"]\nprofile = \"p\"\nproperties.atime = { source = \"any\" }\n",
    );
    assert!(planned(&declared, &there, &Policy::default()).is_empty());
}

#[test]
fn a_renamed_dataset_is_not_made_anew() {
    let lines = [
        "tank/old type filesystem",
        "tank/old guid 77",
        "tank/old mountpoint /srv local",
        "tank/old mounted yes",
    ];
    let there = observed(&[&POOL[..], &lines].concat());
    let by_name = "moved = [{ from = \"tank/old\", to = \"tank/apps/new\" }]\n";
    let wanted = "[utility.\"tank/apps/new\"]\nmountpoint = \"/srv\"\n";
    for text in [format!("{by_name}{wanted}"), format!("{wanted}guid = 77\n")] {
        let plan = planned(&spec(&text), &there, &Policy::default());
        assert_eq!(commands(&plan), ["zfs create tank/apps", "zfs rename tank/old tank/apps/new"]);
    }
    // Another dataset under the declared name.
    let plan = dataset_plan::plan(
        &spec("[utility.\"tank/old\"]\nmountpoint = \"/srv\"\nguid = 78\n"),
        &there,
        &Policy::default(),
    )
    .unwrap();
    assert_eq!(codes(&plan), [Obstacle::OtherDataset]);
}

/// The machine stops after any of several renames of which one brings the next ones along: those are found where they are then,
/// and nothing empty is made in their place.
#[test]
fn an_interrupted_rename_goes_on_with_what_came_along() {
    let moved = |from: &str, to: &str| format!("{{ from = 'tank/{from}', to = 'tank/{to}' }}");
    let moved = [moved("a", "b"), moved("a/x", "b/y"), moved("a/x/p", "b/y/q")].join(", ");
    let declared = spec(&format!(
        "moved = [{moved}]\n[utility.'tank/b']\n[utility.'tank/b/y']\n[utility.'tank/b/y/q']\n"
    ));
    let lines =
        ["tank/a type filesystem", "tank/a/x type filesystem", "tank/a/x/p type filesystem"];
    let mut zfs = sim::Zfs::from(&observed(&[&POOL[..], &lines].concat()));
    let steps = [
        "zfs rename tank/a tank/b",
        "zfs rename tank/b/x tank/b/y",
        "zfs rename tank/b/y/p tank/b/y/q",
    ];
    for done in 0..steps.len() {
        let plan = planned(&declared, &zfs.observe(), &Policy::default());
        assert_eq!(commands(&plan), steps[done..], "{plan}");
        assert_eq!(codes(&plan), []);
        zfs.run(&plan.steps()[0]).unwrap();
    }
    // Somebody made another one of that name since.
    let lines = [
        "tank/b type filesystem",
        "tank/b/x type filesystem",
        "tank/b/y type filesystem",
        "tank/b/y/q type filesystem",
    ];
    let plan = planned(&declared, &observed(&[&POOL[..], &lines].concat()), &Policy::default());
    assert!(plan.is_empty() && plan.blocked().is_empty(), "{plan}");
}

/// Where an encryption root is moved after what holds it, its key is still its own.
#[test]
fn an_encryption_root_that_came_along_is_still_one() {
    let lines = [
        "tank/a type filesystem",
        "tank/a encryption off",
        "tank/a/e type filesystem",
        "tank/a/e encryption aes-256-gcm",
        "tank/a/e encryptionroot tank/a/e",
        "tank/a/e keystatus available",
    ];
    let moved =
        "moved = [{ from = 'tank/a', to = 'tank/b' }, { from = 'tank/a/e', to = 'tank/b/f' }]\n";
    let declared = spec(&format!("{moved}[utility.'tank/b']\n[utility.'tank/b/f']\n"));
    let plan = planned(&declared, &observed(&[&POOL[..], &lines].concat()), &Policy::default());
    assert_eq!(commands(&plan), ["zfs rename tank/a tank/b", "zfs rename tank/b/e tank/b/f"]);
    assert_eq!(codes(&plan), []);
}

/// It has another guid, whatever it is: the data is elsewhere, and what runs there would begin anew.
#[test]
fn nothing_is_made_in_the_place_of_a_dataset_that_is_known_by_its_guid() {
    let declared = spec("[utility.'tank/new']\nguid = 77\nmountpoint = '/srv'\n");
    let plan = planned(&declared, &observed(&POOL), &Policy::default());
    assert!(plan.is_empty(), "{plan}");
    assert_eq!(codes(&plan), [Obstacle::OtherDataset]);
}

/// The datasets of a pool that `zpool split` took off have the guids of those that stay.
#[test]
fn a_dataset_is_not_looked_for_in_a_pool_that_was_split_off() {
    let lines = |pool: &str| {
        ["type filesystem", "old type filesystem", "old guid 77"]
            .map(|line| format!("{pool}{}{line}", if line.starts_with("old") { "/" } else { " " }))
    };
    let declared = spec("[utility.'tank/new']\nguid = 77\n");
    for other in ["backup", "zeta"] {
        let there = observed(&[lines("tank"), lines(other)].concat());
        let plan = planned(&declared, &there, &Policy::default());
        assert_eq!(commands(&plan)[0], "zfs rename tank/old tank/new");
    }
}

#[test]
fn what_shall_not_exist_goes_by_grant_alone() {
    let lines = [
        "tank/old type filesystem",
        "tank/old@monday type snapshot",
        "tank/old@monday userrefs 0",
        "tank/old/below type filesystem",
    ];
    let there = observed(&[&POOL[..], &lines].concat());
    let declared = spec("absent = [\"tank/old\", \"tank/old/below\"]\n");
    let plan = dataset_plan::plan(&declared, &there, &Policy::default()).unwrap();
    assert!(plan.is_empty());
    assert_eq!(codes(&plan), [Obstacle::Destroys, Obstacle::Destroys]);
    let mut policy = Policy::default();
    policy.destroy = ["tank/old", "tank/old/below"].map(str::to_owned).into();
    // The child goes; the parent has a snapshot that nobody named.
    let plan = dataset_plan::plan(&declared, &there, &policy).unwrap();
    assert_eq!(commands(&plan), ["zfs destroy tank/old/below"]);
    policy.destroy.insert("tank/old@monday".into());
    let plan = planned(&declared, &there, &policy);
    assert_eq!(
        commands(&plan),
        ["zfs destroy tank/old/below", "zfs destroy tank/old@monday", "zfs destroy tank/old"]
    );
}

#[test]
fn nothing_is_encrypted_by_accident() {
    let lines = [
        "tank/safe type filesystem",
        "tank/safe mountpoint none local",
        "tank/safe encryption aes-256-gcm",
        "tank/safe encryptionroot tank/safe",
    ];
    let there = observed(&[&POOL[..], &lines].concat());
    let declared = spec("[utility.\"tank/safe/a\"]\n");
    let plan = dataset_plan::plan(&declared, &there, &Policy::default()).unwrap();
    assert_eq!(codes(&plan), [Obstacle::Encryption]);
    let mut policy = Policy::default();
    policy.encrypted_parent = EncryptedParent::Inherit;
    let plan = dataset_plan::plan(&declared, &there, &policy).unwrap();
    assert_eq!(commands(&plan), ["zfs create tank/safe/a"]);
    // A key that would be asked for at a prompt is nothing that a plan can have.
    let prompts = spec(
        "[utility.\"tank/b\"]\nproperties = { encryption = \"on\", keyformat = \"passphrase\" }\n",
    );
    let plan = dataset_plan::plan(&prompts, &there, &Policy::default()).unwrap();
    assert_eq!(codes(&plan), [Obstacle::Encryption]);
}

/// Below an encrypted dataset there may be one that is not: what is made there would not be encrypted, whatever is further up.
#[test]
fn what_is_nearest_above_says_whether_a_new_dataset_is_encrypted() {
    let text = "tank\ttype\tfilesystem\t-\t-\n\
                tank/e\ttype\tfilesystem\t-\t-\n\
                tank/e\tencryption\taes-256-gcm\t-\t-\n\
                tank/e\tencryptionroot\ttank/e\t-\t-\n\
                tank/e\tkeystatus\tavailable\t-\t-\n\
                tank/e/plain\ttype\tfilesystem\t-\t-\n\
                tank/e/plain\tencryption\toff\t-\tdefault\n";
    let there = Observed::from_zfs_get(text).unwrap();
    let codes = |text: &str| {
        let plan = dataset_plan::plan(&spec(text), &there, &Policy::default()).unwrap();
        codes(&plan)
    };
    assert_eq!(codes("[utility.'tank/e/plain/x']\nmountpoint = '/x'\n"), []);
    assert_eq!(codes("[utility.'tank/e/x']\nmountpoint = '/x'\n"), [Obstacle::Encryption]);
    // Its parent is made by the same plan.
    let parent = "[utility.'tank/e/new']\nmountpoint = '/n'\nproperties.encryption = 'off'\n";
    assert_eq!(codes(&format!("{parent}[utility.'tank/e/new/x']\nmountpoint = '/n/x'\n")), []);
    let parent = "[utility.'tank/new']\nmountpoint = '/n'\nproperties = { encryption = 'on', keyformat = 'raw', keylocation = 'file:///k' }\n";
    let below = codes(&format!("{parent}[utility.'tank/new/x']\nmountpoint = '/n/x'\n"));
    assert_eq!(below, [Obstacle::Encryption]);
}

/// OpenZFS refuses to make what would be under a key that is not loaded, and nothing else below it.
#[test]
fn nothing_is_made_under_a_key_that_is_not_loaded() {
    let lines = [
        "tank/e type filesystem",
        "tank/e mountpoint none local",
        "tank/e encryption aes-256-gcm",
        "tank/e encryptionroot tank/e",
        "tank/e keystatus unavailable",
    ];
    let there = observed(&[&POOL[..], &lines].concat());
    let mut policy = Policy::default();
    policy.encrypted_parent = EncryptedParent::Inherit;
    for (text, blocked) in [
        ("[utility.'tank/e/x']\n", vec![Obstacle::Encryption]),
        ("[utility.'tank/e/x']\nproperties.encryption = 'off'\n", vec![]),
        (
            "[utility.'tank/e/x']\nproperties = { encryption = 'on', keyformat = 'raw', keylocation = 'file:///k' }\n",
            vec![],
        ),
        ("[utility.'tank/e/box/x']\n", vec![Obstacle::Encryption, Obstacle::NoParent]),
    ] {
        let plan = planned(&spec(text), &there, &policy);
        assert_eq!(codes(&plan), blocked, "{plan}");
        assert_eq!(plan.is_empty(), !blocked.is_empty(), "{plan}");
    }
}

/// `zfs clone` takes no value of what is fixed at creation, not even the one that the origin has: and a clone of what is not
/// encrypted is not encrypted either, whatever it is below.
#[test]
fn a_clone_keeps_what_its_origin_was_made_with() {
    let lines = [
        "tank/e type filesystem",
        "tank/e mountpoint none local",
        "tank/e encryption aes-256-gcm",
        "tank/e encryptionroot tank/e",
        "tank/e keystatus available",
        "tank/e@s guid 8",
        "tank/p type filesystem",
        "tank/p encryption off",
        "tank/p normalization formC",
        "tank/p@s guid 9",
    ];
    let there = observed(&[&POOL[..], &lines].concat());
    let made = |name: &str, properties: &str, origin: &str| {
        let text =
            format!("[utility.'{name}']\norigin = '{origin}@s'\nproperties = {{ {properties} }}\n");
        let plan = planned(&spec(&text), &there, &Policy::default());
        (commands(&plan), codes(&plan))
    };
    for (name, properties, origin) in [
        ("tank/c", "encryption = 'aes-256-gcm'", "tank/e"),
        ("tank/c", "encryption = 'off', normalization = 'formC'", "tank/p"),
        ("tank/e/c", "encryption = 'off'", "tank/p"),
    ] {
        let command = format!("zfs clone {origin}@s {name}");
        let (commands, codes) = made(name, properties, origin);
        assert_eq!((commands, codes), (vec![command], vec![]), "{properties}");
    }
    for (name, properties, origin) in [
        ("tank/c", "encryption = 'off'", "tank/e"),
        ("tank/e/c", "encryption = 'on'", "tank/p"),
        ("tank/c", "normalization = 'formD'", "tank/p"),
    ] {
        let found = made(name, properties, origin);
        assert_eq!(found, (vec![], vec![Obstacle::CreateOnly]), "{properties}");
    }
}

/// The very dataset that is declared by its guid is under a name that shall not exist, and cannot be moved.
#[test]
fn what_is_declared_by_its_guid_is_not_destroyed_under_another_name() {
    let there = observed(&[
        "tank type filesystem",
        "tank/new type filesystem",
        "tank/new guid 8",
        "tank/old type filesystem",
        "tank/old guid 7",
    ]);
    let mut policy = Policy::default();
    policy.destroy.insert("tank/old".into());
    let declared = spec("absent = ['tank/old']\n[utility.'tank/new']\nguid = '7'\n");
    let plan = planned(&declared, &there, &policy);
    assert!(!commands(&plan).iter().any(|command| command.contains("destroy")), "{plan}");
    assert!(codes(&plan).contains(&Obstacle::Destroys), "{plan}");
}

/// Who says how a dataset is encrypted has decided, also if it is what the parent has; and what `on` stood for is as declared.
#[test]
fn what_is_said_of_encryption_counts_and_settles() {
    let safe = [
        "tank type filesystem",
        "tank mountpoint none local",
        "tank/safe type filesystem",
        "tank/safe encryption aes-256-gcm",
        "tank/safe encryptionroot tank/safe",
        "tank/safe keystatus available",
    ];
    // As OpenZFS 2.3 prints them below an encrypted parent.
    let new = [
        "tank/safe/a type filesystem",
        "tank/safe/a encryption aes-256-gcm",
        "tank/safe/a encryptionroot tank/safe",
    ];
    let policy = Policy::default();
    for (said, command) in [
        ("'on'", "zfs create tank/safe/a"),
        ("'aes-256-gcm'", "zfs create tank/safe/a"),
        ("{ source = 'inherited' }", "zfs create tank/safe/a"),
        ("'aes-128-ccm'", "zfs create -o encryption=aes-128-ccm tank/safe/a"),
        ("'off'", "zfs create -o encryption=off tank/safe/a"),
    ] {
        let declared = spec(&format!("[utility.'tank/safe/a']\nproperties.encryption = {said}\n"));
        let plan = planned(&declared, &observed(&safe), &policy);
        assert_eq!(commands(&plan), [command], "{plan}");
        if command.contains(" -o ") {
            continue;
        }
        let there = observed(&[&safe[..], &new].concat());
        let plan = planned(&declared, &there, &policy);
        assert!(plan.is_empty() && plan.blocked().is_empty(), "{plan}");
        assert_eq!(dataset_plan::drift::drift(&declared, &there).unwrap(), [], "{said}");
        assert!(dataset_plan::verify(&declared, &there).unwrap().passes(), "{said}");
    }
}

#[test]
fn a_quota_is_not_set_below_what_is_used() {
    let lines =
        ["tank/a type filesystem", "tank/a mountpoint none local", "tank/a used 5000000000"];
    let there = observed(&[&POOL[..], &lines].concat());
    let declared = spec("[utility.\"tank/a\"]\nquota = \"1G\"\n");
    let plan = dataset_plan::plan(&declared, &there, &Policy::default()).unwrap();
    assert!(plan.is_empty());
    assert_eq!(codes(&plan), [Obstacle::BelowUsed]);
}

#[test]
fn ignored_datasets_are_never_touched() {
    let lines = ["tank/scratch/x type filesystem", "tank/scratch type filesystem"];
    let there = observed(&[&POOL[..], &lines].concat());
    let declared =
        spec("ignore = [\"tank/scratch/**\"]\n[utility.tank]\nproperties.atime = \"off\"\n");
    let plan = dataset_plan::plan(&declared, &there, &Policy::default()).unwrap();
    // They would inherit it.
    assert_eq!(codes(&plan), [Obstacle::Heirs]);
}

#[test]
fn services_live_where_the_host_places_them() {
    let declared = spec(
        "parentDataset = \"tank/apps\"\nparentMount = \"/srv\"\n\
         [places.fast]\ndataset = \"rpool/fast\"\nmount = \"/fast\"\n\
         [services.a]\n[services.b]\nplace = \"fast\"\n",
    );
    let there = observed(&[
        "tank type filesystem",
        "tank mountpoint none local",
        "rpool type filesystem",
        "rpool mountpoint none local",
    ]);
    assert_eq!(
        commands(&planned(&declared, &there, &Policy::default())),
        [
            "zfs create rpool/fast",
            "zfs create -o mountpoint=/fast/b rpool/fast/b",
            "zfs create tank/apps",
            "zfs create -o mountpoint=/srv/a tank/apps/a",
        ]
    );
}

#[test]
fn drift_is_told_by_cause() {
    let lines = [
        "tank recordsize 1048576 local",
        "tank/a type filesystem",
        "tank/a mountpoint /srv/a local",
        "tank/a mounted no",
        "tank/a compression gzip local",
        "tank/a/inner type filesystem",
    ];
    let there = observed(&[&POOL[..], &lines].concat());
    let declared = spec(
        "[utility.\"tank/a\"]\nmountpoint = \"/srv/a\"\ncompression = \"lz4\"\nrecordsize = \"16K\"\nproperties.\"org.example:x\" = \"1\"\n[utility.\"tank/b\"]\n",
    );
    let found = drift(&declared, &there).unwrap();
    let found: Vec<_> = found.iter().map(|d| (d.dataset.to_string(), d.cause)).collect();
    let expected = [
        ("tank/a", Cause::Inherited),
        ("tank/a", Cause::Set),
        ("tank/a", Cause::Unset),
        ("tank/a", Cause::Unmounted),
        ("tank/a/inner", Cause::Unmanaged),
        ("tank/b", Cause::Missing),
    ];
    assert_eq!(found, expected.map(|(name, cause)| (name.to_owned(), cause)));
    assert!(Cause::Missing.severity() == Severity::Critical);
}

#[cfg(feature = "serde")]
#[test]
fn a_document_is_read_back_and_an_edited_one_is_not() {
    use dataset_plan::document::Document;

    let forge = Spec::from_node(&testing::hosts::table("forge", "datasets")).unwrap();
    let get = include_str!("../../examples/hosts/forge.get");
    let there = Observed::from_zfs_get(get).unwrap();
    let document = Document::new(&forge, &there, &Policy::default()).unwrap();
    let text = serde_json::to_string(&document).unwrap();
    let again: Document = serde_json::from_str(&text).unwrap();
    assert_eq!(again, document);
    assert!(again.plan.check(&there).is_ok());
    let edited = text.replace("compression=zstd", "compression=off");
    let error = serde_json::from_str::<Document>(&edited).unwrap_err();
    assert!(error.to_string().contains("digest"), "{error}");
    let later = text.replacen("\"format\":1", "\"format\":2", 1);
    assert!(serde_json::from_str::<Document>(&later).unwrap_err().to_string().contains("format 2"));
}

#[test]
fn a_change_is_held_back_for_undeclared_files_and_not_for_what_only_holds_datasets() {
    let declared = spec("[utility.tank]\ncompression = \"zstd\"\n[utility.\"tank/a/b\"]\n");
    let b = ["tank/a/b type filesystem", "tank/a/b mountpoint none local"];
    let commands_with = |a: &[&str]| {
        let there = observed(&[&POOL[..], a, &b].concat());
        let plan = planned(&declared, &there, &Policy::default());
        (commands(&plan), codes(&plan))
    };
    let change = vec!["zfs set compression=zstd tank".to_owned()];
    // Made by a plan that broke off: nothing is ever mounted there.
    assert_eq!(commands_with(&["tank/a type filesystem"]), (change.clone(), vec![]));
    let unmounted =
        ["tank/a type filesystem", "tank/a mountpoint /a local", "tank/a canmount off local"];
    assert_eq!(commands_with(&unmounted), (change, vec![]));
    // Files may be written here.
    let files = ["tank/a type filesystem", "tank/a mountpoint /a local"];
    assert_eq!(commands_with(&files), (vec![], vec![Obstacle::Heirs]));
    // And here, whatever holds it.
    let beside =
        ["tank/a type filesystem", "tank/a/c type filesystem", "tank/a/c mountpoint /c local"];
    assert_eq!(commands_with(&beside), (vec![], vec![Obstacle::Heirs]));
}

#[test]
fn what_zfs_would_not_mount_by_itself_is_told() {
    let declared = spec("[utility.\"tank/a\"]\nmountpoint = \"/srv/a\"\n");
    let there = |mounted: &str, canmount: &str| {
        let lines = [
            "tank/a type filesystem".to_owned(),
            "tank/a mountpoint /srv/a local".to_owned(),
            format!("tank/a canmount {canmount} local"),
            format!("tank/a mounted {mounted}"),
        ];
        observed(&[&POOL.map(str::to_owned)[..], &lines].concat())
    };
    let mut policy = Policy::default();
    policy.mount = Mounting::Allow;
    // Mounted now, by hand: after a restart a service would write into the directory below.
    let by_hand = there("yes", "noauto");
    assert!(planned(&declared, &by_hand, &policy).blocked().is_empty());
    let found = drift(&declared, &by_hand).unwrap();
    assert_eq!(found.iter().map(|drift| drift.cause).collect::<Vec<_>>(), [Cause::NotByItself]);
    assert_eq!(
        found[0].to_string(),
        "tank/a: canmount does not let it be mounted after a restart: noauto (local)"
    );
    // Not mounted: no plan mounts it, which is not the same as nothing to do.
    for canmount in ["noauto", "off"] {
        let plan = planned(&declared, &there("no", canmount), &policy);
        assert_eq!(codes(&plan), [Obstacle::NotMounted], "{plan}");
        assert!(plan.is_empty());
    }
    assert_eq!(commands(&planned(&declared, &there("no", "on"), &policy)), ["zfs mount tank/a"]);
    // Declared, it is nobody's surprise.
    let noauto =
        spec("[utility.\"tank/a\"]\nmountpoint = \"/srv/a\"\nproperties.canmount = \"noauto\"\n");
    assert!(drift(&noauto, &by_hand).unwrap().is_empty());
    assert!(codes(&planned(&noauto, &there("no", "noauto"), &policy)).is_empty());
}

#[cfg(feature = "serde")]
#[test]
fn what_was_done_to_a_dataset_that_goes_needs_no_undo() {
    let declared = spec("[utility.\"tank/a\"]\nrecordsize = \"16K\"\n");
    let made = planned(&declared, &observed(&POOL), &Policy::default());
    // A second step at the same dataset, which cannot be taken back.
    let mut text = serde_json::to_value(&made).unwrap();
    let mut second = text["steps"][0].clone();
    second["id"] = 2.into();
    second["undo"] = serde_json::json!({ "impossible": { "because": "it is covered" } });
    text["steps"].as_array_mut().unwrap().push(second);
    let plan: Plan = serde_json::from_value(text).unwrap();
    let mut policy = Policy::default();
    let without = plan.undo(&policy);
    assert_eq!(codes(&without), [Obstacle::Irreversible, Obstacle::Destroys]);
    assert!(without.is_empty());
    policy.destroy.insert("tank/a".into());
    let with = plan.undo(&policy);
    assert!(with.blocked().is_empty(), "{with}");
    assert_eq!(commands(&with), ["zfs destroy tank/a"]);
}

/// As OpenZFS prints it: `off` by default, and not what the dataset above has.
#[test]
fn below_an_encrypted_dataset_one_that_is_not_is_as_declared() {
    let above = "tank\ttype\tfilesystem\t-\t-\ntank\tmountpoint\tnone\t-\tlocal\ntank\tencryption\toff\t-\tdefault\n\
        tank/e\ttype\tfilesystem\t-\t-\ntank/e\tmountpoint\tnone\t-\tinherited from tank\n\
        tank/e\tencryption\taes-256-gcm\t-\t-\ntank/e\tencryptionroot\ttank/e\t-\t-\ntank/e\tkeystatus\tavailable\t-\t-\n";
    let open = "tank/e/off\ttype\tfilesystem\t-\t-\ntank/e/off\tmountpoint\tnone\t-\tinherited from tank\n\
        tank/e/off\tencryption\toff\t-\tdefault\n";
    let declared = spec("[utility.\"tank/e/off\"]\nproperties.encryption = \"off\"\n");
    let there = Observed::from_zfs_get(format!("{above}{open}")).unwrap();
    let plan = planned(&declared, &there, &Policy::default());
    assert!(plan.is_empty() && plan.blocked().is_empty(), "{plan}");
    let made = planned(&declared, &Observed::from_zfs_get(above).unwrap(), &Policy::default());
    assert_eq!(commands(&made), ["zfs create -o encryption=off tank/e/off"]);
}

/// Renamed back, `b` is mounted before `b/inner`, whose place its own lies in: no path leads to it, and before `b/inner` is
/// out of the way, nothing unmounts it.
#[test]
fn what_is_covered_on_the_way_back_is_no_obstacle() {
    let lines = [
        "tank/s type filesystem",
        "tank/s canmount off local",
        "tank/s mountpoint none local",
        "tank/s/b type filesystem",
        "tank/s/b mounted no",
        "tank/s/b mountpoint none inherited from tank/s",
        "tank/s/b/inner type filesystem",
        "tank/s/b/inner mounted yes",
        "tank/s/b/inner mountpoint /m/x local",
    ];
    let there = observed(&[&POOL[..], &lines].concat());
    let declared = spec(
        "moved = [{ from = \"tank/s/b\", to = \"tank/x/y\" }]\n\
         [utility.\"tank/s\"]\nmountpoint = \"/m/x\"\nproperties.canmount = \"off\"\n\
         [utility.\"tank/x\"]\nmountpoint = \"/data\"\n",
    );
    let mut policy = Policy::default();
    policy.heirs = Heirs::Follow;
    policy.mount = Mounting::Allow;
    let plan = planned(&declared, &there, &policy);
    policy.destroy.insert("tank/x".into());
    let undo = plan.undo(&policy);
    assert!(undo.blocked().is_empty(), "{plan}\n{undo}");
    let mut zfs = sim::Zfs::from(&there);
    plan.apply(&mut zfs).unwrap();
    undo.apply(&mut zfs).unwrap();
    let inner = zfs.observe().dataset(&"tank/s/b/inner".parse().unwrap()).unwrap().mounted;
    assert_eq!(inner, Some(true));
}

/// `zfs set -:x=1` says "invalid option" (OpenZFS 2.3.9), and so do `zfs inherit` and `zfs hold`; with `--` they do what they
/// shall.
#[test]
fn a_property_that_looks_like_an_option_is_none() {
    let there = observed(&[&POOL[..], &["tank/a type filesystem", "tank/a -:b 2 local"]].concat());
    let declared = spec("[utility.\"tank/a\"]\nproperties.\"-:x\" = \"1\"\n");
    let plan = planned(&declared, &there, &Policy::default());
    assert_eq!(commands(&plan), ["zfs set -- -:x=1 tank/a"]);
    assert_eq!(commands(&plan.undo(&Policy::default())), ["zfs inherit -- -:x tank/a"]);
    let inherited = spec("[utility.\"tank/a\"]\nproperties.\"-:b\" = { source = \"inherited\" }\n");
    let plan = planned(&inherited, &there, &Policy::default());
    assert_eq!(commands(&plan), ["zfs inherit -- -:b tank/a"]);
}
