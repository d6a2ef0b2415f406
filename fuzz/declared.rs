// What the fuzz targets of declared do with their input, and `declared/tests/corpus.rs` with every file of the
// corpora. A property that fails panics.

use declared::{Data, Entry, Fault, Node, Reader};

pub fn declaration(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for node in [Node::from_toml(text), Node::from_json(text)] {
        match node {
            Ok(node) => everything(&node),
            Err(problems) => assert!(problems.iter().all(|p| p.code == Fault::Syntax)),
        }
    }
}

/// Takes everything apart in every way; whatever is unknown or of another type is a problem, and none is lost.
fn everything(node: &Node) {
    let mut reader = Reader::<Fault>::new();
    let mut open = vec![Entry::root(node)];
    let mut expected = 0;
    while let Some(entry) = open.pop() {
        expected += usize::from(!matches!(entry.node.data, Data::Boolean(_)));
        reader.boolean(&entry);
        match entry.node.data {
            Data::Table(_) => open.extend(reader.entries(&entry)),
            Data::List(_) => open.extend(reader.list(&entry)),
            _ => {}
        }
    }
    let found = reader.done(()).map_or_else(|problems| problems.iter().count(), |()| 0);
    assert!(found >= expected, "{found} of {expected}");
}
