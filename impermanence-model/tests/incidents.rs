//! What happened in a homelab that the crate generalises, by the name of what went wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use impermanence_model::change::{self, Existing, Obstacle};
use impermanence_model::host::{Advice, Kind, Ownership, State, Storage, advise};
use impermanence_model::origin::{Layer, Origin};
use impermanence_model::problem::Code;
use impermanence_model::sim::Machine;
use impermanence_model::{AbsolutePath, Fate, Host, Layout};

/// One disk: services are bound from the store.
const LUNA: &str = r#"
name = "luna"
storage = { binds = "/persist" }

[root]
kind = "zfs-rollback"
dataset = "rpool/local/root"
snapshot = "blank"

[fileSystems."/persist"]
device = "rpool/safe/persist"
fsType = "zfs"
neededForBoot = true

[stores."/persist"]

[core]
directories = ["/var/log", "/var/lib/cache", "/var/lib/nixos"]
"#;

/// A data pool: a dataset for each service.
const FORGE: &str = r#"
name = "forge"
storage = { datasets = "tank/services" }

[root]
kind = "zfs-rollback"
dataset = "rpool/local/root"
snapshot = "blank"

[fileSystems."/persist"]
device = "rpool/safe/persist"
fsType = "zfs"
neededForBoot = true

[stores."/persist"]

[core]
directories = ["/var/log", "/var/lib/cache", "/var/lib/nixos"]
"#;

const CADDY: &str = r#"
[services.caddy]
state = [{ path = "/var/lib/caddy", owner = "caddy", group = "caddy", mode = "0750" }]
"#;

fn resolve(parts: &[&str]) -> Result<Layout, String> {
    let host = Host::from_toml(&parts.concat()).map_err(|problems| problems.to_string())?;
    host.resolve().map_err(|problems| problems.to_string())
}

#[test]
fn state_in_neither_a_dataset_nor_a_store_is_an_error_that_names_the_candidates() {
    let text = resolve(&[LUNA, CADDY]).unwrap_err();
    assert!(text.contains("[uncovered]") && text.contains("/var/lib/caddy"), "{text}");
    assert!(text.contains("keep.caddy = { bind = \"/persist\" }"), "{text}");
    assert!(text.contains("owner = \"caddy\"") && text.contains("0750"), "{text}");
    let text = resolve(&[FORGE, CADDY]).unwrap_err();
    assert!(text.contains("mount dataset tank/services/caddy at /var/lib/caddy"), "{text}");
    // Lost on purpose needs a reason, and is no error.
    let layout =
        resolve(&[LUNA, CADDY, "[keep]\ncaddy = { ephemeral = \"certificates come again\" }"])
            .unwrap();
    let fate = layout.fate("/var/lib/caddy/x");
    assert!(fate.is_lost() && fate.to_string().contains("certificates come again"), "{fate}");
}

#[test]
fn one_declaration_of_a_service_is_kept_as_its_host_says() {
    let bound = resolve(&[LUNA, CADDY, "[keep]\ncaddy = \"bind\""]).unwrap();
    assert_eq!(
        bound.fate("/var/lib/caddy").to_string(),
        "survives: bind from /persist/var/lib/caddy, declared by service caddy (services.caddy.state[0]), mounted in stage early"
    );
    let dataset =
        resolve(&[FORGE, CADDY, "[keep]\ncaddy = { dataset = \"tank/services/caddy\" }"]).unwrap();
    assert!(dataset.fate("/var/lib/caddy/x").survives());
    for layout in [bound, dataset] {
        assert!(layout.by_service()[0].survives());
    }
}

#[test]
fn the_decision_matrix() {
    let state = |user: Option<&str>| State {
        path: AbsolutePath::new("/var/lib/x").unwrap(),
        kind: Kind::Directory,
        own: Ownership { user: user.map(str::to_owned), group: None, mode: None },
        stage: None,
        origin: Origin::new(Layer::Service("x".into()), ""),
    };
    let store = AbsolutePath::new("/persist").unwrap();
    let (single, many) = (Storage::Binds(store), Storage::Datasets("tank/services".into()));
    // Single disk and root: a plain path. Not root: with the owner.
    assert!(
        matches!(advise(&single, "x", &state(None)), Advice::Entry { own, .. } if own.is_empty())
    );
    assert!(
        matches!(advise(&single, "x", &state(Some("root"))), Advice::Entry { own, .. } if own.is_empty())
    );
    assert!(
        matches!(advise(&single, "x", &state(Some("x"))), Advice::Entry { own, .. } if !own.is_empty())
    );
    assert!(
        matches!(advise(&many, "x", &state(None)), Advice::Dataset { dataset, .. } if dataset == "tank/services/x")
    );
}

#[test]
fn a_bind_contributed_on_a_host_of_datasets_is_diagnosed() {
    let mounted = r#"
        [fileSystems."/var/lib/omada"]
        device = "tank/services/omada"
        fsType = "zfs"
        [host]
        directories = ["/var/lib/omada"]
    "#;
    let layout = resolve(&[FORGE, mounted]).unwrap();
    let codes: Vec<Code> = layout.warnings().iter().map(|problem| problem.code).collect();
    assert_eq!(codes, [Code::BindOnDataset]);
    assert_eq!(
        layout.mounts().filter(|mount| mount.target.to_string() == "/var/lib/omada").count(),
        1
    );
    // Also where no dataset is declared yet; what the core keeps is never meant.
    let layout = resolve(&[FORGE, "[host]\ndirectories = [\"/var/lib/omada\"]"]).unwrap();
    let codes: Vec<Code> = layout.warnings().iter().map(|problem| problem.code).collect();
    assert_eq!(codes, [Code::BindOnDataset]);
    assert!(layout.fate("/var/lib/omada/x").survives());
}

#[test]
fn a_refactoring_that_moves_an_entry_between_layers_keeps_the_same() {
    let before =
        resolve(&[&LUNA.replace("\"/var/lib/nixos\"]", "\"/var/lib/nixos\", \"/var/lib/caddy\"]")])
            .unwrap();
    let after = resolve(&[LUNA, "[host]\ndirectories = [\"/var/lib/caddy\"]"]).unwrap();
    let difference = change::diff(&before, &after);
    assert!(difference.is_empty(), "{difference}");
    assert_eq!(difference.moved.len(), 1);
    // The entry that a refactoring forgot is seen.
    let forgotten = resolve(&[LUNA]).unwrap();
    let difference = change::diff(&before, &forgotten);
    assert_eq!(difference.removed.len(), 1);
    assert!(!difference.is_empty());
}

#[test]
fn one_owner_per_path_also_for_a_machine_id_that_is_linked_and_bound() {
    let two =
        "[host]\nfiles = [{ path = \"/etc/machine-id\", how = \"symlink\" }, \"/etc/machine-id\"]";
    let text = resolve(&[LUNA, two]).unwrap_err();
    assert!(text.contains("[declared-twice]"), "{text}");
    // Boot after boot, and after the root is installed anew, it is the same.
    let layout = resolve(&[LUNA, "[host]\nfiles = [\"/etc/machine-id\"]"]).unwrap();
    let mut machine = Machine::default();
    machine.boot(&layout).unwrap();
    machine.write("/etc/machine-id", b"0123\n").unwrap();
    for _ in 0..3 {
        machine.power_off();
        machine.boot(&layout).unwrap();
        assert_eq!(machine.read("/etc/machine-id").unwrap(), b"0123\n");
    }
}

#[test]
fn every_declaration_is_consumed() {
    // A decision about a service that nobody declares, a key that nobody reads, a user that is not there.
    let text = resolve(&[LUNA, "[keep]\nbeszel = \"bind\""]).unwrap_err();
    assert!(text.contains("[unknown-service]"), "{text}");
    let text = resolve(&[LUNA, "[impermanence]\nenable = true"]).unwrap_err();
    assert!(text.contains("[unknown-key]"), "{text}");
    let host = Host::from_toml(LUNA).unwrap();
    let host = host
        .with_impermanence(r#"{"/persist":{"users":{"nobody":{"directories":["x"]}}}}"#)
        .unwrap();
    let problems = host.resolve().unwrap_err();
    assert!(problems.iter().any(|problem| problem.code == Code::UnknownUser));
    let disabled = Host::from_toml(LUNA).unwrap();
    let disabled = disabled
        .with_impermanence(r#"{"/persist":{"enable":false,"directories":["/var/x"]}}"#)
        .unwrap();
    assert!(disabled.resolve().unwrap().fate("/var/x").is_lost());
}

#[test]
fn services_that_are_missing_in_the_list_of_a_host_are_named() {
    let more = r#"
        [services.adguardhome]
        state = ["/var/lib/private/AdGuardHome"]
        [services.onepassword-connect]
        state = ["/var/lib/onepassword-connect"]
        [services.omada]
        state = ["/var/lib/omada"]
        [host]
        directories = ["/var/lib/omada"]
    "#;
    let text = resolve(&[LUNA, more]).unwrap_err();
    assert_eq!(text.matches("[uncovered]").count(), 2, "{text}");
    assert!(text.contains("AdGuardHome") && text.contains("onepassword-connect"), "{text}");
}

#[test]
fn a_dataset_over_data_that_a_service_wrote_too_early_is_not_mounted() {
    // A service started before its mount, and wrote to the root that is rolled back.
    let old = resolve(&[FORGE]).unwrap();
    let new =
        resolve(&[FORGE, CADDY, "[keep]\ncaddy = { dataset = \"tank/services/caddy\" }"]).unwrap();
    let mut machine = Machine::default();
    machine.boot(&old).unwrap();
    machine.write("/var/lib/caddy/certificates/x.pem", b"302 GB").unwrap();
    let observed = machine.observe(&change::to_look_at(&old, &new));
    for existing in [Existing::Refuse, Existing::MoveIn] {
        let blocked = change::plan(&old, &new, &observed, existing).unwrap_err();
        assert!(
            matches!(blocked.0[0].why, Obstacle::WouldHide(_) | Obstacle::OnDevice { .. }),
            "{blocked}"
        );
    }
}

#[test]
fn two_datasets_on_one_mountpoint_are_refused() {
    let two = r#"
        [fileSystems."/var/lib/postgresql"]
        device = "tank/services/postgres"
        fsType = "zfs"
        [services.postgresql]
        state = ["/var/lib/postgresql"]
        [keep]
        postgresql = { dataset = "tank/services/postgresql" }
    "#;
    let text = resolve(&[FORGE, two]).unwrap_err();
    assert!(text.contains("[two-mounts]"), "{text}");
}

#[test]
fn a_path_says_what_becomes_of_it_and_which_one_was_meant() {
    let layout = resolve(&[LUNA, "[host]\ndirectories = [\"/var/lib/unifi\"]"]).unwrap();
    let fate = layout.fate("/var/lib/unify/db");
    assert!(
        matches!(&fate, Fate::Lost(loss) if loss.nearest().unwrap().to_string() == "/var/lib/unifi"),
        "{fate}"
    );
    assert!(fate.to_string().contains("rpool/local/root@blank"), "{fate}");
    assert!(matches!(layout.fate("/var/lib"), Fate::Recreated(_)));
    assert!(matches!(layout.fate("var/lib"), Fate::Unknown(_)));
    assert!(layout.fate("/persist/anything").survives());
}

#[test]
fn what_a_host_must_not_forget() {
    let layout = resolve(&[LUNA]).unwrap();
    let missing: Vec<String> =
        layout.essentials().iter().map(|problem| problem.what.clone()).collect();
    let named = |path: &str| missing.iter().any(|what| what.starts_with(path));
    assert!(named("/etc/machine-id") && named("/etc/ssh/ssh_host_ed25519_key") && named("/nix"));
    assert!(!named("/var/log") && !named("/var/lib/nixos"));
    let persistent = LUNA.replace(
        "kind = \"zfs-rollback\"\ndataset = \"rpool/local/root\"\nsnapshot = \"blank\"",
        "kind = \"persistent\"\ndevice = \"/dev/sda1\"\nfsType = \"ext4\"",
    );
    assert!(resolve(&[&persistent]).unwrap().essentials().is_empty());
}
