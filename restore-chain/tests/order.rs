//! The order of a whole machine: what comes before what, and what cannot be put in order.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use restore_chain::candidates::{Candidate, Method, Need};
use std::collections::BTreeMap;

use restore_chain::order::host::{Host, Place};
use restore_chain::order::{Graph, Kind, Limits};

fn place(dataset: &str, path: &str, needs: &[&str]) -> Place {
    let mut from = Candidate::new("empty", Method::Empty, None);
    from.needs = needs.iter().map(|path| Need::Secret(path.parse().unwrap())).collect();
    let place = Place::new(dataset.parse().unwrap(), Some(path.parse().unwrap()));
    Place { from: Some(from), ..place }
}

/// The password is made from the host's key, which comes back with another dataset, from elsewhere: that one comes first.
#[test]
fn what_a_secret_is_made_from_is_restored_first() {
    let mut host = Host {
        places: vec![
            place("tank/sonarr", "/var/lib/sonarr", &["/run/secrets/restic"]),
            place("rpool/persist", "/persist", &["/boot/key"]),
        ],
        ..Host::default()
    };
    let key = "/persist/etc/ssh/host_key".parse().unwrap();
    host.secrets.insert("/run/secrets/restic".parse().unwrap(), vec![key]);
    let graph = host.graph();
    let order = graph.order(&Limits::default()).unwrap();
    let steps: Vec<String> = order.nodes().map(ToString::to_string).collect();
    let at = |step: &str| steps.iter().position(|other| other == step).unwrap();
    let chain = [
        "have /boot/key",
        "restore rpool/persist",
        "mount /persist",
        "have /persist/etc/ssh/host_key",
        "have /run/secrets/restic",
        "restore tank/sonarr",
    ];
    assert!(chain.map(at).is_sorted(), "{steps:?}");
    // If that needs the password in its turn, nothing can begin.
    host.places[1] = place("rpool/persist", "/persist", &["/run/secrets/restic"]);
    let graph = host.graph();
    let cycles = graph.order(&Limits::default()).unwrap_err();
    assert!(cycles.0[0].is_bootstrap_trap());
    let text = cycles.to_string();
    assert!(
        text.starts_with("bootstrap trap") && text.contains("(the secret is made from it)"),
        "{text}"
    );
}

/// The key of an encrypted dataset lies on that dataset.
#[test]
fn a_key_behind_its_own_lock_is_the_bootstrap_trap() {
    let mut safe = Place::new("tank/safe".parse().unwrap(), Some("/safe".parse().unwrap()));
    safe.key = Some("/safe/key".parse().unwrap());
    let host = Host { places: vec![safe], ..Host::default() };
    let graph = host.graph();
    let cycles = graph.order(&Limits::default()).unwrap_err();
    assert!(cycles.0[0].is_bootstrap_trap(), "{cycles}");
}

/// What uses something limited waits for it, and for nothing else; nothing is left out.
#[test]
fn limits_are_kept_and_everything_has_its_time() {
    let mut graph = Graph::new();
    let uses: [&[&str]; 6] =
        [&["nas"], &["nas", "nas"], &["nas", "tank"], &["tank"], &["tank", "none"], &[]];
    for (n, uses) in uses.iter().enumerate() {
        let node = graph.add(Kind::Dataset, &format!("d{n}"), 10);
        uses.iter().for_each(|resource| graph.uses(node, resource));
    }
    let limited = |nas: usize, tank: usize| {
        let named = [("nas", nas), ("tank", tank), ("none", 0)];
        let resources = named.map(|(name, count)| (name.to_owned(), count)).into();
        let order = graph.order(&Limits { parallel: 6, resources }).unwrap();
        let mut starts: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
        for slot in &order.slots {
            starts.entry(slot.start).or_default().push(&graph.node(slot.node).unwrap().name);
        }
        starts.values().map(|names| names.join(" ")).collect::<Vec<_>>()
    };
    assert_eq!(limited(3, 3), ["d0 d1 d2 d3 d4 d5"]);
    assert_eq!(limited(1, 1), ["d0 d3 d5", "d1 d4", "d2"]);
    assert_eq!(limited(2, 1), ["d0 d1 d3 d5", "d2", "d4"]);
}

/// A cycle of very many is named in full, in a time that does not grow with its square.
#[test]
fn a_long_cycle_is_named() {
    let mut graph = Graph::new();
    let count = 20_000;
    let nodes: Vec<_> =
        (0..count).map(|n| graph.add(Kind::Dataset, &format!("d{n:05}"), 1)).collect();
    for (n, node) in nodes.iter().enumerate() {
        graph.before(*node, nodes[(n + 1) % count], "so");
    }
    let cycles = graph.order(&Limits::default()).unwrap_err();
    assert_eq!((cycles.0.len(), cycles.0[0].steps.len()), (1, count));
    assert!(cycles.0[0].steps.iter().all(|(_, why)| why == "so"));
}
