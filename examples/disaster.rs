//! A pool is lost: in which order everything comes back, from which copies, and how that goes, in memory.
//!
//! ```text
//! cargo run --example disaster                      forge loses `tank`; the restore is killed half way, and goes on
//! cargo run --example disaster -- --fail nas-1=hangs --fail "restic nas-primary=partial"
//!                                                   copies that fail: absent, fails, fails-halfway, hangs, partial
//! cargo run --example disaster -- --calm            nobody kills it
//! cargo run --example disaster -- --runbook | --dot what a person would do by hand; the order as a graph
//! ```

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::process::ExitCode;

use examples::lost_pool::{choices, everything, host, world};
use examples::{Failure, Host};
use restore_chain::order::{Kind, Limits};
use restore_chain::preseed::{Preseed, World as _};
use restore_chain::sim::{Behaviour, Crash, Moment};
use restore_chain::{drill, render};

const USAGE: &str = "usage: disaster [--fail COPY=absent|fails|fails-halfway|hangs|partial]... [--calm] [--runbook | --dot]";

const HOW: [(&str, Behaviour); 5] = [
    ("absent", Behaviour::Absent),
    ("fails", Behaviour::Fails),
    ("fails-halfway", Behaviour::FailsHalfway),
    ("hangs", Behaviour::Hangs),
    ("partial", Behaviour::Partial),
];

#[derive(Default)]
struct Flags {
    fail: Vec<(String, Behaviour)>,
    calm: bool,
    runbook: bool,
    dot: bool,
}

impl Flags {
    fn read(mut words: impl Iterator<Item = String>) -> Result<Self, Failure> {
        let mut flags = Self::default();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--calm" => flags.calm = true,
                "--runbook" => flags.runbook = true,
                "--dot" => flags.dot = true,
                "--fail" => {
                    let text = words.next().ok_or(USAGE)?;
                    let (copy, how) = text.split_once('=').ok_or(USAGE)?;
                    let (_, how) = HOW.iter().find(|(word, _)| *word == how).ok_or(USAGE)?;
                    flags.fail.push((copy.to_owned(), *how));
                }
                _ => return Err(USAGE.into()),
            }
        }
        Ok(flags)
    }

    fn behaviour(&self, candidate: &str) -> Option<Behaviour> {
        let mut fail = self.fail.iter();
        fail.find(|(copy, _)| candidate.contains(copy.as_str())).map(|(_, behaviour)| *behaviour)
    }
}

fn clock(seconds: u64) -> String {
    format!("{:>3}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn run(out: &mut impl Write) -> Result<(), Failure> {
    let flags = Flags::read(std::env::args().skip(1))?;
    let spec = everything(Host::forge()?.restore);
    let services = choices(&spec)?;
    let host = host(&services)?;
    let limits = Limits { parallel: 3, resources: BTreeMap::from([("network".to_owned(), 2)]) };
    let graph = host.graph();
    let order = graph.order(&limits)?;
    if flags.dot {
        return Ok(write!(out, "{}", render::graph::dot(&order))?);
    }
    if flags.runbook {
        return Ok(write!(out, "{}", render::runbook::markdown(&spec.host, &order, &services))?);
    }
    writeln!(
        out,
        "forge has lost its pool tank. A new, empty one is there.\n\nWhat could come back:\n"
    )?;
    for (service, choice) in &services {
        writeln!(out, "{}: {choice}", service.name)?;
    }
    writeln!(out, "\nIn this order, {} in all with three at once:\n", clock(order.seconds).trim())?;
    for slot in &order.slots {
        let node = graph.node(slot.node).ok_or("a node of the order")?;
        let critical = if order.critical.contains(&slot.node) { " *" } else { "" };
        writeln!(out, "{}  {node}{critical}", clock(slot.start))?;
    }
    writeln!(out, "\n(* nothing is faster than these.) The restore:\n")?;

    let mut world = world(&services, |copy| flags.behaviour(copy));
    let restored = order.nodes().filter(|node| node.kind == Kind::Dataset);
    let ordered = restored.filter_map(|node| {
        services.iter().find(|(service, _)| service.dataset == *node.name.as_str())
    });
    let mut evidence = Vec::new();
    for (n, (service, choice)) in ordered.enumerate() {
        let restore = Preseed::new(service, choice, &spec.budget)?;
        world.restart();
        if n == 2 && !flags.calm {
            world.crash_at(Crash { act: 1, moment: Moment::Within });
        }
        let mut lines = Vec::new();
        let mut report = restore.run_with(&mut world, |act| lines.push(act.to_string()));
        if let Err(interrupted) = &report {
            writeln!(out, "{}  {interrupted}. The machine starts again.", clock(world.clock()))?;
            world.reboot();
            report = restore.run_with(&mut world, |act| lines.push(act.to_string()));
        }
        let report = report?;
        for line in &lines {
            writeln!(out, "            {}: {line}", service.name)?;
        }
        writeln!(out, "{}  {report}", clock(world.clock()))?;
        evidence.push((
            service,
            drill::Evidence::of(service, restore.chain(), &report, world.now()),
            report,
        ));
    }
    writeln!(out, "\nEvidence:\n")?;
    for (service, evidence, report) in &evidence {
        let content = world.read(&format!("{}/data", service.mountpoint)).unwrap_or("nothing");
        let may_start =
            if report.outcome.record().is_some() { "may start" } else { "must not start" };
        writeln!(
            out,
            "{:<16} {may_start:<15} passed: {:<5} {} reads: {content}",
            service.name, evidence.passed, evidence.at
        )?;
    }
    Ok(())
}

fn main() -> ExitCode {
    examples::exit(run(&mut io::stdout().lock()))
}
