//! Fourth day: a restore is killed half way, and goes on.

use std::io::{BufRead, BufReader};
use std::process::{Command as Process, Stdio};
use std::time::{Duration, Instant};

use examples::Failure;
use restore_chain::lineage::{Lineage, ResumeToken};
use restore_chain::preseed::{Outcome, staging};
use zfs_props::name::DatasetName;

use crate::restore::{STATE, choose, inventory, restore};
use crate::snapshots::listed;
use crate::{Story, claim, line, machine, replicate};

const NOW: &str = "2026-11-21T16:00:00Z";
/// Bytes a second that the line to nas-1 carries while the restore is to be killed.
const RATE: &str = "1000000";
/// It is killed when so many bytes have arrived. ZFS writes at least every five seconds, so some of them are on disk then.
const ENOUGH: u64 = 9_000_000;

/// Starts the restore as a process, and kills it in the middle of the transfer. What it had printed by then.
fn kill() -> Result<Vec<String>, Failure> {
    let mut child = Process::new(std::env::current_exe()?)
        .args(["restore", "plex"])
        .env(line::RATE, RATE)
        .stdout(Stdio::piped())
        .spawn()?;
    let mut lines = Vec::new();
    let output = child.stdout.take().ok_or("it prints")?;
    for line in BufReader::new(output).lines() {
        let line = line?;
        match line.strip_prefix("arrived: ") {
            Some(bytes) if bytes.parse::<u64>()? >= ENOUGH => {
                // SIGKILL: nothing is tidied up.
                child.kill()?;
                break;
            }
            Some(_) => {}
            None => lines.push(line),
        }
    }
    let status = child.wait()?;
    claim(!status.success() && status.code().is_none(), format!("it was killed: {status}"))?;
    Ok(lines)
}

/// What it had started ends by itself, since nobody is at the other end any more.
fn settled(dataset: &DatasetName) -> Result<Lineage, Failure> {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let there = replicate::lineage(dataset)?;
        let token = there.as_ref().and_then(|there| there.head.resume_token.as_ref());
        match there.as_ref() {
            Some(there) if token.is_some() => return Ok(there.clone()),
            _ if Instant::now() > until => return Err(format!("{dataset}: {there:?}").into()),
            _ => std::thread::sleep(Duration::from_millis(200)),
        }
    }
}

/// Which dataset it is, under whatever name.
fn guid(dataset: &DatasetName) -> Result<u64, Failure> {
    let guid = machine::run(&machine::words("zfs get -Hp -o value guid").arg(dataset))?;
    Ok(guid.trim_end().parse()?)
}

pub(crate) fn play(story: &mut Story) -> Result<(), Failure> {
    story.tell.act("Fourth day: a restore is killed half way");
    machine::clock(NOW.parse()?)?;
    let service = story.forge.service("plex")?.clone();
    let destroyed = machine::typed("zfs destroy -r tank/services/plex")?;
    story.tell.say("plex is destroyed, too:");
    story.tell.show(&destroyed);
    story.tell.say(format!(
        "The restore of plex begins, over a line that carries {RATE} bytes a second. When {ENOUGH} bytes have arrived, it is \
         killed with SIGKILL. Until then it had said:"
    ));
    let said = kill()?;
    story.tell.show(said.join("\n"));
    let staging = staging(&service.dataset)?;
    let there = settled(&staging)?;
    let token = there.head.resume_token.clone().ok_or("it can be resumed")?;
    let contents = machine::run(&machine::words("zfs send -nvt").arg(&token))?;
    let wanted = ["toguid", "toname", "bytes"];
    let shown: Vec<&str> = contents
        .lines()
        .map(str::trim)
        .filter(|line| wanted.iter().any(|key| line.starts_with(&format!("{key} = "))))
        .collect();
    story.tell.say(format!(
        "What is on disk says what happened: {staging} is there, is mounted nowhere, and has a resume token, which stands for"
    ));
    story.tell.show(shown.join("\n"));
    claim(ResumeToken::from_send_dry_run(&token, &contents)?.bytes > 0, "something is on disk")?;
    let table = machine::mounts()?;
    let is_mounted = table.mounts().iter().any(|mount| mount.source == staging.as_str().as_bytes());
    claim(!is_mounted, format!("{staging} is mounted nowhere"))?;
    let half = guid(&staging)?;
    claim(
        replicate::lineage(&service.dataset)?.is_none(),
        "nothing is in place before it is complete",
    )?;
    let record = std::fs::read_to_string(format!("{STATE}/plex.intent"))?;
    claim(!record.is_empty(), "an intent is recorded")?;

    story.tell.say(
        "As long as anything that it had started is still at work, it is the one that restores. Then the restore is started \
         again, and goes on from there:",
    );
    let choice = choose(&story.forge, &inventory(&story.forge)?, &service);
    let until = Instant::now() + Duration::from_secs(60);
    let (report, lines) = loop {
        let mut lines = Vec::new();
        let report = restore(&story.forge, &service, &choice, |line| lines.push(line), |_| {})?;
        if report.outcome != Outcome::Busy || Instant::now() > until {
            break (report, lines);
        }
        std::thread::sleep(Duration::from_millis(500));
    };
    claim(matches!(report.outcome, Outcome::Restored(_)), format!("restored: {report}"))?;
    claim(
        !lines.iter().any(|line| line.starts_with("discard")),
        format!("what had arrived was not thrown away: {lines:?}"),
    )?;
    story.tell.show(lines.join("\n"));
    let whole = guid(&service.dataset)?;
    claim(half == whole, format!("what is in place is what was half received: {half}, {whole}"))?;
    let replica = story.forge.replica("plex")?;
    let there = listed(&[service.dataset.clone(), replica.clone()])?;
    let (own, replica) = (there.get(service.dataset.as_str()), there.get(replica.as_str()));
    claim(own == replica, format!("all snapshots arrived: {own:?} of {replica:?}"))?;
    story.tell.say(
        "What is in place now is, by its guid, the dataset that was half received, with all snapshots of the replica.",
    );
    story.compare_and_tell("plex")
}
