//! Looking into trees of declarations, and adding to them.

use declared::{Data, Member, Node};

/// Gives a table what `[host]` says, though it says so itself: then the key is there twice, which is a problem.
pub(super) fn again(table: &mut Node, key: &str, value: Node) {
    if let Data::Table(members) = &mut table.data {
        members.insert(0, member(key, value));
    }
}

/// Gives a table a value under a key that it does not have.
pub(super) fn give(table: &mut Node, key: &str, value: Node) {
    if table.get(key).is_none() {
        let at = table.at;
        if let Data::Table(members) = &mut table.data {
            members.push(Member { at, ..member(key, value) });
        }
    }
}

fn member(key: &str, node: Node) -> Member {
    Member { key: key.to_owned(), at: node.at, node }
}

pub(super) fn string(text: &str) -> Node {
    Node { at: None, data: Data::Text(text.to_owned()) }
}

pub(super) fn flag(value: bool) -> Node {
    Node { at: None, data: Data::Boolean(value) }
}

pub(super) fn list(nodes: impl IntoIterator<Item = Node>) -> Node {
    Node { at: None, data: Data::List(nodes.into_iter().collect()) }
}

pub(super) fn table<K: AsRef<str>>(members: impl IntoIterator<Item = (K, Node)>) -> Node {
    let members = members.into_iter().map(|(key, node)| member(key.as_ref(), node));
    Node { at: None, data: Data::Table(members.collect()) }
}

pub(super) fn text<'n>(table: &'n Node, key: &str) -> Option<&'n str> {
    match &table.get(key)?.data {
        Data::Text(text) => Some(text),
        _ => None,
    }
}

pub(super) fn members(table: Option<&Node>) -> &[Member] {
    match table.map(|table| &table.data) {
        Some(Data::Table(members)) => members,
        _ => &[],
    }
}

pub(super) fn members_mut(table: Option<&mut Node>) -> &mut [Member] {
    match table.map(|table| &mut table.data) {
        Some(Data::Table(members)) => members,
        _ => &mut [],
    }
}

pub(super) fn get_mut<'n>(table: &'n mut Node, key: &str) -> Option<&'n mut Node> {
    let Data::Table(members) = &mut table.data else { return None };
    members.iter_mut().find(|member| member.key == key).map(|member| &mut member.node)
}

/// The entries of a table that are not switched off.
pub(super) fn in_force(table: Option<&Node>) -> impl Iterator<Item = &Member> {
    let off = |member: &Member| {
        matches!(member.node.get("enable"), Some(Node { data: Data::Boolean(false), .. }))
    };
    members(table).iter().filter(move |member| !off(member))
}

/// The strings of a list.
pub(super) fn texts<'n>(table: &'n Node, key: &str) -> Option<Vec<&'n str>> {
    let Data::List(list) = &table.get(key)?.data else { return None };
    let text = |node: &'n Node| match &node.data {
        Data::Text(text) => Some(text.as_str()),
        _ => None,
    };
    Some(list.iter().filter_map(text).collect())
}
