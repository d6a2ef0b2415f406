use std::process::Command;

use impermanence_model::Host;
use impermanence_model::escape::Inexpressible;
use impermanence_model::layout::Source;

use crate::layouts;

/// `fileSystems` has every mount with what NixOS needs to order it; and Nix reads it, if it is there.
#[test]
fn file_systems_have_every_mount() {
    // It wants a store of its own even to evaluate a number, which not every user has.
    let probe = Command::new("nix-instantiate").args(["--eval", "--expr", "1"]).output();
    let has_nix = probe.is_ok_and(|output| output.status.success());
    if !has_nix {
        println!("skipped: reading fileSystems with Nix (no nix-instantiate that evaluates)");
    }
    for (host, layout) in layouts() {
        let found = match layout.nixos() {
            Ok(found) => found,
            Err(Inexpressible { value, .. }) => {
                assert!(value.contains(&b'\n'), "{}", host.name);
                continue;
            }
        };
        for mount in layout.mounts() {
            let written = &found[&*mount.target.to_string()];
            assert_eq!(written.fs_type == "none", mount.bound_from().is_some(), "{}", host.name);
            if let Source::Bind { from, .. } = &mount.source {
                assert_eq!(written.device.as_bytes(), from.as_bytes());
                assert!(written.options[0].ends_with("bind"));
            }
        }
        let json = serde_json::to_string(&found).unwrap();
        assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok());
        if has_nix && host.name == "specials" {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("fs.json");
            std::fs::write(&file, &json).unwrap();
            let expression = format!(
                "builtins.toJSON (builtins.fromJSON (builtins.readFile {}))",
                file.display()
            );
            let output = Command::new("nix-instantiate")
                .args(["--eval", "--expr", &expression])
                .output()
                .unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
    }
}

/// NixOS joins options by commas and writes them into a line of fstab: a line break in one would end the line, and begin another.
#[test]
fn no_option_writes_a_line_of_fstab_of_its_own() {
    let host = |option: &str| {
        let text = format!(
            "[root]\nkind = \"tmpfs\"\n[fileSystems.\"/d\"]\ndevice = \"x\"\nfsType = \"ext4\"\noptions = [{option:?}]\n"
        );
        Host::from_toml(&text).unwrap().resolve().unwrap()
    };
    assert!(host("ro\n/dev/sdz / ext4 defaults 0 0").nixos().is_err());
    assert!(host("x-\\\\012y").nixos().is_err());
    assert_eq!(host("x-a b").nixos().unwrap()["/d"].options, ["x-a b"]);
}
