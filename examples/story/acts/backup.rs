//! Two services are backed up by restic, as their jobs say.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use backup_spec::coverage::Inventory;
use backup_spec::render::restic::{Backup, environment};
use backup_spec::repository::Repository;
use backup_spec::scan::Verdict;
use examples::Failure;
use restore_chain::command::Command;
use restore_chain::exec::process;

use crate::forge::{BACKED_UP, Forge};
use crate::manifest::Manifest;
use crate::{Story, claim, machine};

const NOW: &str = "2026-11-21T04:20:00Z";
const LIMIT: Duration = Duration::from_secs(300);

fn repository<'f>(forge: &'f Forge, job: &str) -> Result<&'f Repository, Failure> {
    let job = forge.copies.jobs.get(&job.parse()?).ok_or("no such job")?;
    Ok(forge.copies.repositories.get(&job.repository).ok_or("no such repository")?)
}

fn restic(repository: &Repository, words: Vec<String>) -> Result<String, Failure> {
    let environment: Vec<(String, String)> =
        environment(repository).into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let output = process::run(&Command::new(words), &environment, LIMIT)?;
    Ok(String::from_utf8(output)?)
}

/// Runs a job as its unit would: lock, snapshot and clone around it, each undone however it ends.
fn run(forge: &Forge, name: &str) -> Result<(Vec<String>, String), Failure> {
    let name = name.parse()?;
    let job = forge.copies.jobs.get(&name).ok_or("no such job")?;
    let scan = forge.copies.scan(&name).ok_or("no such job")?;
    let brackets = job.brackets(&name)?;
    let mut commands = Vec::new();
    for words in brackets.iter().flat_map(|bracket| &bracket.open) {
        let command = Command::new(words.clone());
        machine::run(&command)?;
        commands.push(command.to_string());
    }
    let backup = Backup::new(&forge.copies.host, job, &scan).args();
    commands.push(Command::new(backup.clone()).to_string());
    let printed = restic(repository(forge, name.as_str())?, backup);
    for words in brackets.iter().rev().flat_map(|bracket| &bracket.close) {
        let command = Command::new(words.clone());
        machine::run(&command)?;
        commands.push(command.to_string());
    }
    Ok((commands, printed?))
}

/// What a job leaves out of a service, by its own account.
pub(crate) fn copied(
    forge: &Forge,
    service: &str,
    manifest: &Manifest,
) -> Result<Manifest, Failure> {
    let scan = forge.copies.scan(&service.parse()?).ok_or("no such job")?;
    let declared = forge.service(service)?;
    let top: backup_spec::path::AbsolutePath = declared.mountpoint.as_str().parse()?;
    let mut inventory = Inventory::default();
    inventory.add_filesystem(declared.dataset.clone(), Some(top.clone()));
    Ok(manifest.without(|path| {
        let path = path.to_str().filter(|path| !path.is_empty()).map(|path| top.join(path));
        path.is_some_and(|path| matches!(scan.verdict(&path, &inventory), Verdict::Excluded { .. }))
    }))
}

pub(crate) fn play(story: &mut Story) -> Result<(), Failure> {
    story.tell.act("Two backups by restic");
    machine::clock(NOW.parse()?)?;
    let forge = &story.forge;
    let declared = repository(forge, "pocketid")?;
    let place = declared.directory().ok_or("a repository in a folder")?.to_string();
    machine::run(&Command::new([
        "zfs",
        "create",
        "-o",
        &format!("mountpoint={place}"),
        "backup/restic",
    ]))?;
    let password = Path::new(declared.password_file.as_str());
    fs::create_dir_all(password.parent().ok_or("a file lies in a folder")?)?;
    fs::write(password, "correct horse battery staple\n")?;
    restic(declared, vec!["restic".to_owned(), "init".to_owned()])?;
    story.tell.say(format!(
        "The repository is new, in {place}, a share of nas-1. Each job reads a clone of a snapshot of its own; its commands, \
         in the order in which they ran, for pocketid:"
    ));
    let mut printed = BTreeMap::new();
    for name in BACKED_UP {
        machine::clock(NOW.parse()?)?;
        let (commands, said) = run(forge, name)?;
        if name == "pocketid" {
            story.tell.show(commands.join("\n"));
        }
        printed.insert(name, said);
    }
    let files: Vec<String> = printed
        .iter()
        .filter_map(|(name, said)| {
            let line = said.lines().find(|line| line.starts_with("Files:"))?;
            Some(format!("{name}: {}", line.split_whitespace().collect::<Vec<_>>().join(" ")))
        })
        .collect();
    story.tell.show(files.join("\n"));
    for name in BACKED_UP {
        let all = story.files.get(name).ok_or("a service with files")?;
        let copied = copied(forge, name, all)?;
        story.tell.say(format!("Of {name} the job says that it copies: {copied}."));
    }
    let left = machine::typed("zfs list -H -o name -r tank/temp")?;
    claim(left.lines().count() == 2, format!("no clone is left: {left}"))?;
    Ok(())
}
