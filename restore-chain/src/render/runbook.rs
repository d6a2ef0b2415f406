//! What a person does by hand when a whole machine is gone: in order, with commands and expected times.

use std::fmt::Write;

use crate::candidates::{Choice, Method, restic};
use crate::lineage::{Base, Step, step};
use crate::order::{Kind, Order};
use crate::preseed;
use crate::quantity::{Bytes, Seconds};
use crate::service::Service;

/// A runbook in Markdown. `services` with what each is restored from, in any order.
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
    for (n, slot) in order.slots.iter().enumerate() {
        let Some(node) = order.graph().node(slot.node) else { continue };
        let _ = writeln!(
            text,
            "## {}. {node}\n\nBegins after {}, takes about {}.\n",
            n + 1,
            Seconds(slot.start),
            Seconds(node.seconds)
        );
        let commands = match node.kind {
            Kind::Pool => vec![format!("zpool import {}", node.name)],
            Kind::Key => vec![format!("zfs load-key {}", node.name)],
            Kind::Service => vec![format!("systemctl start {}", node.name)],
            Kind::Dataset => restores(&node.name, services, &mut text),
            Kind::Mount => {
                let of =
                    services.iter().find(|(service, _)| service.mountpoint.as_str() == node.name);
                of.map(|(service, _)| vec![format!("zfs mount {}", service.dataset)])
                    .unwrap_or_default()
            }
            Kind::Owner => owners(&node.name, services),
            Kind::Network | Kind::Secret | Kind::Database => Vec::new(),
        };
        if !commands.is_empty() {
            let _ = writeln!(text, "```sh\n{}\n```\n", commands.join("\n"));
        }
    }
    text
}

fn owners(path: &str, services: &[(Service, Choice)]) -> Vec<String> {
    let of = services.iter().find(|(service, _)| service.mountpoint.as_str() == path);
    let owner = of.and_then(|(service, _)| service.owner.as_ref());
    owner.map(|owner| vec![preseed::chown(owner, path).to_string()]).unwrap_or_default()
}

/// The commands of the first way back; the others, and what each loses, as text.
fn restores(dataset: &str, services: &[(Service, Choice)], text: &mut String) -> Vec<String> {
    let Some((service, choice)) = services.iter().find(|(service, _)| service.dataset == *dataset)
    else {
        return Vec::new();
    };
    let _ = writeln!(text, "{}\n", choice.to_string().replace("\n  ", "\n* "));
    let Some(first) = choice.chain.first() else { return Vec::new() };
    if let Some(bytes) = first.bytes {
        let _ = writeln!(text, "About {}.\n", Bytes(bytes));
    }
    let Ok(staging) = preseed::staging(&service.dataset) else { return Vec::new() };
    let mut commands = match &first.method {
        Method::Replica { from, newest, raw, transport, .. } => {
            let options = step::Options { raw: *raw, ..step::Options::default() };
            let (sender, receiver, to) = (from.clone(), staging.clone(), (**newest).clone());
            let step = Step::Send { sender, receiver, base: Base::Full, to, options };
            let there = transport.join(" ");
            let blank = if there.is_empty() { "" } else { " " };
            vec![format!("{there}{blank}{step}")]
        }
        Method::Local { snapshot } => {
            vec![format!(
                "zfs clone -o canmount=noauto {} {staging}",
                snapshot.of(&service.dataset)
            )]
        }
        Method::Restic { url, password_file, snapshot, root, .. } => {
            let place = format!("/run/restore/{}", service.name);
            vec![
                format!(
                    "zfs create -o canmount=noauto -o mountpoint={place} {staging} && zfs mount {staging}"
                ),
                restic::restore(url, password_file, snapshot, root, &place).to_string(),
                format!("zfs unmount {staging}"),
            ]
        }
        Method::Pitr { choice, .. } => {
            vec![format!("# {}", choice.to_string().replace('\n', "\n# "))]
        }
        Method::Empty => {
            let place = &service.mountpoint;
            vec![format!("zfs create -o mountpoint={place} {}", service.dataset)]
        }
        Method::Adopt => Vec::new(),
    };
    if !matches!(first.method, Method::Pitr { .. } | Method::Adopt | Method::Empty) {
        commands.push(format!("zfs rename {staging} {}", service.dataset));
        commands.push(format!(
            "zfs set mountpoint={} canmount=on {}",
            service.mountpoint, service.dataset
        ));
    }
    commands
}
