//! The hosts of the examples: a file each, in `examples/hosts`, with a table for each crate.

use declared::{Data, Member, Node};

use crate::of_package;

/// The text of a host's file.
pub fn text(host: &str) -> String {
    let file = of_package(&format!("../examples/hosts/{host}.toml"));
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// A table of a host's file, as it stands there.
pub fn table(host: &str, table: &str) -> Node {
    let document = Node::from_toml(&text(host)).unwrap();
    document.get(table).unwrap_or_else(|| panic!("{host} has no [{table}]")).clone()
}

/// The table `backup` of a host's file with what its other tables say: the host's name and zone, and where datasets are
/// mounted. `examples` does that for all tables.
pub fn backup(host: &str) -> Node {
    let (facts, datasets) = (table(host, "host"), table(host, "datasets"));
    let parent = datasets.get("parentDataset").and_then(word).unwrap_or_default();
    let mountpoint = |dataset: &str| {
        let service = dataset.strip_prefix(parent).and_then(|rest| rest.strip_prefix('/'));
        let service =
            service.and_then(|name| datasets.get("services")?.get(name)?.get("mountpoint"));
        service.or_else(|| datasets.get("base")?.get(dataset)?.get("mountedAt")).cloned()
    };
    let mut backup = table(host, "backup");
    for (key, fact) in [("host", "name"), ("zone", "zone")] {
        give(&mut backup, key, facts.get(fact).cloned());
    }
    let Data::Table(members) = &mut backup.data else { return backup };
    let jobs = members.iter_mut().filter(|member| member.key == "jobs");
    for jobs in jobs {
        let Data::Table(jobs) = &mut jobs.node.data else { continue };
        for job in jobs {
            let dataset = job.node.get("dataset").and_then(word);
            let path = dataset.and_then(mountpoint);
            give(&mut job.node, "mountpoint", path);
        }
    }
    backup
}

fn word(node: &Node) -> Option<&str> {
    match &node.data {
        Data::Text(text) => Some(text),
        _ => None,
    }
}

fn give(table: &mut Node, key: &str, value: Option<Node>) {
    if let (Data::Table(members), Some(node)) = (&mut table.data, value) {
        members.push(Member { key: key.to_owned(), at: node.at, node });
    }
}
