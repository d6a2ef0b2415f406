//! Replication: planned from two listings, carried out by pipes.

use std::time::Duration;

use examples::Failure;
use restore_chain::command::Command;
use restore_chain::exec::{pipe, process};
use restore_chain::lineage::{Lineage, PlanError, Policy, Replication, ResumeToken, plan, read};
use zfs_props::name::DatasetName;

use crate::forge::Forge;
use crate::machine::run;

const LIMIT: Duration = Duration::from_secs(300);

/// What is there of a dataset; none if it is not there.
pub(crate) fn lineage(dataset: &DatasetName) -> Result<Option<Lineage>, Failure> {
    let output = process::output(&read::command(dataset), &[], LIMIT)?;
    if output.status.success() {
        return Ok(read::lineages(std::str::from_utf8(&output.stdout)?)?.remove(dataset));
    }
    if output.stderr.contains("does not exist") {
        return Ok(None);
    }
    Err(output.stderr.into())
}

/// Raw, as forge declares it.
pub(crate) fn policy() -> Policy {
    Policy { raw: true, ..Policy::default() }
}

/// What would bring a replica up to date.
pub(crate) fn planned(
    own: &Lineage,
    target: &DatasetName,
    replica: Option<&Lineage>,
    policy: &Policy,
) -> Result<Result<Replication, PlanError>, Failure> {
    let token = replica.and_then(|replica| replica.head.resume_token.clone());
    let token = match token {
        Some(token) => {
            let contents = run(&Command::new(["zfs", "send", "-nvt", &token]))?;
            Some(ResumeToken::from_send_dry_run(&token, &contents)?)
        }
        None => None,
    };
    Ok(plan(own, target, replica, token.as_ref(), policy))
}

/// Carries it out: how many bytes were sent.
pub(crate) fn carry_out(replication: &Replication) -> Result<u64, Failure> {
    let mut bytes = 0;
    for step in &replication.steps {
        match step.send() {
            Some(send) => bytes += pipe::run(&send, &step.receive(), &[], LIMIT, |_| {})?,
            None => drop(process::run(&step.receive(), &[], LIMIT)?),
        }
    }
    Ok(bytes)
}

/// A replication that was carried out.
pub(crate) struct Done {
    /// The service.
    pub(crate) of: &'static str,
    pub(crate) replication: Replication,
    pub(crate) bytes: u64,
}

/// Brings a service's replica up to date; nothing may have to be destroyed for that.
pub(crate) fn bring_up_to_date(forge: &Forge, name: &'static str) -> Result<Done, Failure> {
    let (own, replica) = forge.both(name)?;
    let own = own.ok_or("the service has its dataset")?;
    let replication = planned(&own, &forge.replica(name)?, replica.as_ref(), &policy())??;
    let bytes = carry_out(&replication)?;
    Ok(Done { of: name, replication, bytes })
}
