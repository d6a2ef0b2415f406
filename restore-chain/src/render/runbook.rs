//! What a person does by hand when a whole machine is gone: in order, with commands and expected times.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::systemd::escape;
use crate::candidates::{Candidate, Choice, Method, restic};
use crate::command::Command;
use crate::lineage::{Base, Step, step};
use crate::order::{Kind, Node, Order};
use crate::preseed;
use crate::quantity::{Bytes, Seconds};
use crate::service::Service;

/// A runbook in Markdown. `services` with what each is restored from, in any order.
///
/// The commands do by hand what the [preseed] does, but for its safeguards: they are for a machine on which
/// nothing is left that could be overwritten.
pub fn markdown(host: &str, order: &Order<'_>, services: &[(Service, Choice)]) -> String {
    let mut text = format!("# {host}: restore\n\n");
    let _ = writeln!(
        text,
        "{} steps, about {} with several at once.\n",
        order.slots.len(),
        Seconds(order.seconds)
    );
    let critical: Vec<String> = order
        .critical
        .iter()
        .filter_map(|id| order.graph().node(*id))
        .map(ToString::to_string)
        .collect();
    let _ = writeln!(text, "Nothing is faster than: {}.\n", critical.join(", "));
    let book = Book::of(order, services);
    for (n, slot) in order.slots.iter().enumerate() {
        let Some(node) = order.graph().node(slot.node) else { continue };
        let _ = writeln!(
            text,
            "## {}. {node}\n\nBegins after {}, takes about {}.\n",
            n + 1,
            Seconds(slot.start),
            Seconds(node.seconds)
        );
        let (about, commands) = book.step(node);
        for about in about {
            let _ = writeln!(text, "{about}\n");
        }
        if !commands.is_empty() {
            let _ = writeln!(text, "```sh\n{}\n```\n", commands.join("\n"));
        }
    }
    text
}

/// Services by what nodes are called after.
struct Book<'s> {
    by_dataset: BTreeMap<&'s str, &'s (Service, Choice)>,
    by_mountpoint: BTreeMap<&'s str, &'s Service>,
    /// Whatever is mounted, in the order of the paths.
    mounts: BTreeSet<&'s str>,
}

impl<'s> Book<'s> {
    fn of(order: &'s Order<'_>, services: &'s [(Service, Choice)]) -> Self {
        let by_dataset = services.iter().map(|both| (both.0.dataset.as_str(), both));
        let by_mountpoint = services.iter().map(|(one, _)| (one.mountpoint.as_str(), one));
        let mounts = order.nodes().filter(|node| node.kind == Kind::Mount);
        Self {
            by_dataset: by_dataset.collect(),
            by_mountpoint: by_mountpoint.collect(),
            mounts: mounts.map(|node| node.name.as_str()).collect(),
        }
    }

    /// What is mounted below a folder, by then or later.
    fn mounted_below(&self, path: &str) -> Vec<String> {
        let below = format!("{}/", path.trim_end_matches('/'));
        let mounts = self.mounts.range(below.as_str()..);
        mounts
            .take_while(|place| place.starts_with(&below))
            .map(|place| (*place).to_owned())
            .collect()
    }

    /// What there is to know about a step, and its commands.
    fn step(&self, node: &Node) -> (Vec<String>, Vec<String>) {
        let name = node.name.as_str();
        let service = self.by_mountpoint.get(name);
        let command = match node.kind {
            Kind::Pool => Some(Command::new(["zpool", "import", name])),
            Kind::Key => Some(Command::new(["zfs", "load-key", name])),
            Kind::Service => Some(Command::new(["systemctl", "start", name])),
            Kind::Mount => {
                service.map(|service| Command::new(["zfs", "mount"]).arg(&service.dataset))
            }
            Kind::Owner => service
                .and_then(|service| service.owner.as_ref())
                .map(|owner| preseed::chown(owner, name, &self.mounted_below(name))),
            Kind::Dataset => {
                return self
                    .by_dataset
                    .get(name)
                    .map(|(one, choice)| restore(one, choice))
                    .unwrap_or_default();
            }
            Kind::Network | Kind::Secret | Kind::Database => None,
        };
        (Vec::new(), command.iter().map(ToString::to_string).collect())
    }
}

/// The choice as text, and the commands of its first way back.
fn restore(service: &Service, choice: &Choice) -> (Vec<String>, Vec<String>) {
    let mut about = vec![choice.to_string().replace("\n  ", "\n* ")];
    let Some(first) = choice.chain.first() else { return (about, Vec::new()) };
    about.extend(first.bytes.filter(|bytes| *bytes > 0).map(|n| format!("About {}.", Bytes(n))));
    (about, commands(service, first).unwrap_or_default())
}

fn commands(service: &Service, candidate: &Candidate) -> Option<Vec<String>> {
    let staging = preseed::staging(&service.dataset).ok()?;
    let zfs = |words: &[&str]| Command::new(["zfs"]).args(words.iter().copied());
    let mut commands: Vec<String> = match &candidate.method {
        Method::Replica { from, oldest, newest, raw, transport, .. } => {
            let options = step::Options { raw: *raw, ..step::Options::default() };
            let send = |base, to: &crate::lineage::Version| {
                let (sender, receiver) = (from.clone(), staging.clone());
                let step = Step::Send { sender, receiver, base, to: to.clone(), options };
                let there = step.send().map(|send| format!("{} | ", send.through(transport)));
                format!("{}{}", there.unwrap_or_default(), step.receive())
            };
            let rest = (oldest.guid != newest.guid)
                .then(|| send(Base::Intermediates((**oldest).clone()), newest));
            let sends = std::iter::once(send(Base::Full, oldest)).chain(rest);
            // As the others are from the beginning: with `canmount=on`, a mountpoint that is set is mounted.
            sends.chain([zfs(&["set", "canmount=noauto"]).arg(&staging).to_string()]).collect()
        }
        Method::Local { snapshot } => {
            let snapshot = snapshot.of(&service.dataset);
            vec![zfs(&["clone", "-o", "canmount=noauto", &snapshot]).arg(&staging).to_string()]
        }
        Method::Restic { url, password_file, environment_file, snapshot, root, .. } => {
            let place = format!("/run/restore/{}", escape(&service.name));
            let at = format!("mountpoint={place}");
            let credentials = environment_file
                .as_ref()
                .map(|file| format!("set -a; {}; set +a", Command::new(["."]).arg(file)));
            let mut commands = vec![
                zfs(&["create", "-o", "canmount=noauto", "-o", &at]).arg(&staging).to_string(),
                zfs(&["mount"]).arg(&staging).to_string(),
            ];
            commands.extend(credentials);
            commands.extend([
                restic::restore(url, password_file, snapshot, root, &place).to_string(),
                zfs(&["unmount"]).arg(&staging).to_string(),
            ]);
            commands
        }
        Method::Pitr { choice, .. } => {
            return Some(vec![format!("# {}", choice.to_string().replace('\n', "\n# "))]);
        }
        Method::Empty => {
            let words = properties(service).into_iter().flat_map(|word| ["-o".to_owned(), word]);
            return Some(vec![
                zfs(&["create", "-u"]).args(words).arg(&service.dataset).to_string(),
            ]);
        }
        Method::Adopt => return None,
    };
    commands.push(zfs(&["rename"]).arg(&staging).arg(&service.dataset).to_string());
    let sets = [properties(service), vec!["canmount=on".to_owned()]];
    let sets = sets.map(|words| zfs(&["set"]).args(words).arg(&service.dataset).to_string());
    commands.extend(sets);
    Some(commands)
}

/// The mountpoint, and every property that is declared.
fn properties(service: &Service) -> Vec<String> {
    let declared = service.properties.iter().map(|(name, value)| format!("{name}={value}"));
    std::iter::once(format!("mountpoint={}", service.mountpoint)).chain(declared).collect()
}
