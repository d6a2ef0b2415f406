//! The table `[host]`: what is so of the machine, whatever any crate makes of it.
//!
//! | key | meaning |
//! |---|---|
//! | `name` | of the machine, as its snapshots carry it |
//! | `zone` | its time zone |
//! | `shares` | by the path where it is mounted, the machine that each share is of |
//! | `secrets` | `{ below, key }`: files below the path are decrypted at boot, with that key |
//! | `vouched` | by dataset or path, who answers for a tier that the host does not reach itself: `{ TIER = "WHO" }` |

use std::collections::BTreeMap;

use backup_spec::coverage::{Subject, Tier};
use declared::{Entry, Fault, Node, Problems, Reader, Table};

/// What is so of a machine.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Its name.
    pub name: String,
    /// Shares by where they are mounted, and the machines that they are of.
    pub shares: BTreeMap<String, String>,
    /// Files that are decrypted at boot.
    pub secrets: Option<Secrets>,
    /// Who answers for what.
    pub vouched: Vec<(Subject, Tier, String)>,
}

/// Files that are decrypted at boot, and the key for that.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// They are below this path.
    pub below: String,
    /// The file with the key.
    pub key: String,
}

/// Reads `[host]`, and finds tables that nobody reads.
pub(super) fn read(document: &Node) -> Result<Facts, Problems<Fault>> {
    let mut reader = Reader::new();
    let mut facts = Facts::default();
    if let Some(mut top) = reader.table(&Entry::root(document)) {
        for table in ["datasets", "persistence", "backup", "restore"] {
            top.take(table);
        }
        let remedy = "a host has a table [host] with its name";
        if let Some(entry) = reader.required(&mut top, "host", remedy) {
            facts = host(&mut reader, &entry);
        }
        reader.finish(&top);
    }
    reader.done(facts)
}

fn host(reader: &mut Reader<Fault>, entry: &Entry<'_>) -> Facts {
    let mut facts = Facts::default();
    let Some(mut table) = reader.table(entry) else { return facts };
    let name = reader.required(&mut table, "name", "name the machine");
    facts.name = name.and_then(|entry| text(reader, &entry)).unwrap_or_default();
    // Its word is for the crate that knows zones.
    table.take("zone");
    for entry in entries(reader, &mut table, "shares") {
        facts.shares.extend(text(reader, &entry).map(|machine| (entry.key.to_owned(), machine)));
    }
    if let Some(entry) = table.take("secrets") {
        facts.secrets = secrets(reader, &entry);
    }
    for entry in entries(reader, &mut table, "vouched") {
        let subject = entry.key.parse::<Subject>();
        let subject = subject.map_err(|error| {
            reader.report_key(&entry, Fault::BadValue, error, "write a dataset or a path");
        });
        let Some(mut table) = reader.table(&entry) else { continue };
        for (word, tier) in Tier::WORDS {
            let who = table.take(word).and_then(|entry| text(reader, &entry));
            if let (Ok(subject), Some(who)) = (&subject, who) {
                facts.vouched.push((subject.clone(), *tier, who));
            }
        }
        reader.finish(&table);
    }
    reader.finish(&table);
    facts
}

fn secrets(reader: &mut Reader<Fault>, entry: &Entry<'_>) -> Option<Secrets> {
    let mut table = reader.table(entry)?;
    let mut path = |key| {
        let entry = reader.required(&mut table, key, "write an absolute path")?;
        text(reader, &entry)
    };
    let (below, key) = (path("below"), path("key"));
    reader.finish(&table);
    Some(Secrets { below: below?, key: key? })
}

fn text(reader: &mut Reader<Fault>, entry: &Entry<'_>) -> Option<String> {
    reader.text(entry).map(str::to_owned)
}

fn entries<'n>(
    reader: &mut Reader<Fault>,
    table: &mut Table<'n>,
    key: &'static str,
) -> Vec<Entry<'n>> {
    table.take(key).map(|entry| reader.entries(&entry)).unwrap_or_default()
}
