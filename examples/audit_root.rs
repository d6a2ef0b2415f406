//! What would the next boot throw away of what lies on this machine now?
//!
//! ```text
//! cargo run --example audit_root -- DIR              the tree in DIR, by what luna declares (as root: `/`)
//! cargo run --example audit_root -- DIR HOST.toml    by another declaration
//! ```
//!
//! Without arguments, a tree is made to be looked at.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;

use examples::machine::read_host;
use examples::{Failure, Host};
use impermanence_model::AbsolutePath;
use impermanence_model::audit::Rules;

/// What somebody left on luna.
const LEFT: [(&str, &str); 5] = [
    ("var/lib/caddy/acme/luna.crt", "kept: an entry"),
    ("var/lib/grafana/grafana.db", "lost: nobody declares it"),
    ("etc/nixos/configuration.nix", "lost: nobody declares it"),
    ("var/log/journal/system.journal", "kept: an entry"),
    ("tmp/x", "of no interest to anybody"),
];

fn run() -> Result<(), Failure> {
    let mut words = std::env::args().skip(1);
    let (tree, spec) = (words.next(), words.next());
    let host = spec.map_or_else(|| Ok(Host::luna()?), |file| read_host(&file))?;
    let layout = host.layout;
    let made = std::env::temp_dir().join(format!("audit-root-{}", std::process::id()));
    let root = match &tree {
        Some(tree) => Path::new(tree),
        None => made.as_path(),
    };
    if tree.is_none() {
        for (file, what) in LEFT {
            let file = made.join(file);
            fs::create_dir_all(file.parent().ok_or("a file in the tree")?)?;
            fs::write(file, what)?;
        }
    }
    let report = audit(root, &layout);
    if tree.is_none() {
        fs::remove_dir_all(&made)?;
    }
    println!("The next boot would throw away, in {}:\n{}", root.display(), report?);
    Ok(())
}

#[cfg(target_os = "linux")]
fn audit(root: &Path, layout: &impermanence_model::Layout) -> Result<String, Failure> {
    use impermanence_model::exec::World;

    let root = AbsolutePath::new(fs::canonicalize(root)?.as_os_str().as_encoded_bytes())?;
    // The closure is told how far it is, and can end the walk.
    let report = World::new(&root)?.audit(&Rules::new(layout), |_| ControlFlow::Continue(()))?;
    Ok(report.to_string())
}

#[cfg(not(target_os = "linux"))]
fn audit(_: &Path, _: &impermanence_model::Layout) -> Result<String, Failure> {
    Err("a live tree is walked on Linux only".into())
}

fn main() -> ExitCode {
    examples::exit(run())
}
