//! Two services are backed up by restic, as their jobs say.

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

/// When each of the [`BACKED_UP`] is.
const TIMES: [&str; 2] = ["2026-11-21T04:20:00Z", "2026-11-21T04:22:00Z"];
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
    let forge = &story.forge;
    let declared = repository(forge, BACKED_UP[0])?;
    let place = declared.directory().ok_or("a repository in a folder")?.to_string();
    let create = machine::words("zfs create -o").arg(format!("mountpoint={place}"));
    machine::run(&create.arg("backup/forge/restic"))?;
    let password = Path::new(declared.password_file.as_str());
    fs::create_dir_all(password.parent().ok_or("a file lies in a folder")?)?;
    fs::write(password, "correct horse battery staple\n")?;
    restic(declared, vec!["restic".to_owned(), "init".to_owned()])?;
    story.tell.say(format!(
        "The repository is new, in {place}, a share of nas-1. Each job reads a clone of a snapshot of its own, so that \
         nothing changes while it reads; the commands of pocketid, as backup-spec renders them, in the order in which they \
         ran:"
    ));
    let mut lines = Vec::new();
    for (name, time) in BACKED_UP.into_iter().zip(TIMES) {
        machine::clock(time.parse()?)?;
        let (commands, printed) = run(forge, name)?;
        if name == "pocketid" {
            story.tell.show(commands.join("\n"));
        }
        let files = printed.lines().find_map(|line| line.strip_prefix("Files:"));
        let files =
            files.ok_or("restic counts files")?.split_whitespace().collect::<Vec<_>>().join(" ");
        let copied = copied(forge, name, story.files.get(name).ok_or("a service with files")?)?;
        claim(
            files.starts_with(&format!("{} new, 0 changed", copied.files())),
            format!("restic copies what the job says, {copied}: {files}"),
        )?;
        lines.push(format!("{name}: {files}"));
    }
    story.tell.say("As many files as backup-spec says that the jobs copy, without what they leave out; restic printed:");
    story.tell.show(lines.join("\n"));
    let left = machine::words("zfs list -H -o name -t filesystem,snapshot -r tank/temp");
    let left = machine::run(&left)?;
    claim(left == "tank/temp\n", format!("no clone is left: {left}"))?;
    Ok(())
}
