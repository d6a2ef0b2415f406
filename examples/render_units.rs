//! What do the tools have to be given so that all this happens?
//!
//! ```text
//! cargo run --example render_units                         a job of forge, and how much more there is
//! cargo run --example render_units -- DIR                  all of it into DIR: units, sanoid.conf, alert rules
//! cargo run --example render_units -- DIR HOST.toml        of another host
//! ```

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use backup_spec::render::Units;
use backup_spec::render::prometheus::Rules;
use examples::machine::read_host;
use examples::{Failure, Host};

/// Where NixOS has every program.
const PROGRAMS: &str = "/run/current-system/sw/bin";

fn run() -> Result<(), Failure> {
    let mut words = std::env::args().skip(1);
    let (into, file) = (words.next(), words.next());
    let host = file.map_or_else(|| Ok(Host::forge()?), |file| read_host(&file))?;
    let spec = host.backup;
    // First to learn which programs are run, then with their places: a unit has no search path to rely on.
    let programs = Units::of(&spec, &BTreeMap::new())?.programs;
    let places =
        programs.into_iter().map(|name| (name.clone(), format!("{PROGRAMS}/{name}"))).collect();
    let units = Units::of(&spec, &places)?;

    let mut files: BTreeMap<String, String> =
        units.files.iter().map(|(name, unit)| (name.clone(), unit.to_string())).collect();
    files.insert("alerts.rules.yml".to_owned(), Rules::of(&spec).to_string());
    if let Some(sanoid) = &spec.sanoid {
        files.insert("sanoid.conf".to_owned(), sanoid.config()?.to_string());
    }
    if let Some(into) = into {
        std::fs::create_dir_all(&into)?;
        for (name, text) in &files {
            std::fs::write(Path::new(&into).join(name), text)
                .map_err(|error| format!("{name}: {error}"))?;
        }
        println!("{} files in {into}", files.len());
        return Ok(());
    }
    let shown = ["restic-backup-sonarr.service", "restic-backup-sonarr.timer"];
    for name in shown {
        if let Some(text) = files.get(name) {
            println!("# {name}\n{text}");
        }
    }
    println!(
        "and {} more files; they run {}",
        files.len() - shown.len(),
        places.keys().cloned().collect::<Vec<_>>().join(", ")
    );
    Ok(())
}

fn main() -> ExitCode {
    examples::exit(run())
}
