//! The hosts for which it is recorded what two NixOS modules make of them.

use impermanence_model::{Host, Problems};
use serde_json::{Value, json};

/// A recorded host.
pub(crate) struct Peer {
    pub(crate) n: u64,
    pub(crate) name: String,
    /// Its declaration, read as that of impermanence.
    pub(crate) host: Result<Host, Problems>,
    /// What was at the targets before: shell commands.
    pub(crate) before: Vec<Vec<String>>,
}

/// All of them.
pub(crate) fn hosts() -> Vec<Peer> {
    let text = include_str!("../baseline/hosts.jsonl");
    text.lines().skip(1).map(|line| peer(&serde_json::from_str(line).unwrap())).collect()
}

fn peer(row: &Value) -> Peer {
    let declared = &row["host"];
    let mut document = json!({ "name": declared["name"], "groups": declared["groups"] });
    document["fileSystems"] = declared["fileSystems"].clone();
    document["users"] = declared["users"].clone();
    // What NixOS makes the home of a user that says nothing is what the crate makes it.
    let persistence = declared.get("impermanence").unwrap_or(&declared["persistence"]);
    let host = Host::from_json(&document.to_string())
        .and_then(|host| host.with_impermanence(&persistence.to_string()));
    let commands = declared["pre"].as_array().into_iter().flatten();
    let words = |command: &Value| {
        let words = command.as_array().unwrap().iter();
        words.map(|word| word.as_str().unwrap().to_owned()).collect()
    };
    Peer {
        n: row["n"].as_u64().unwrap(),
        name: declared["name"].as_str().unwrap().to_owned(),
        host,
        before: commands.map(words).collect(),
    }
}
