//! A tree of options that are taken one after another.

use serde_json::{Map, Value, json};

/// The options that nobody took yet.
pub(super) struct Options(pub(super) Value);

impl Options {
    /// Takes what is at a path, such as `modules.storage.datasets`.
    pub(super) fn take(&mut self, path: &str) -> Option<Value> {
        let (parents, last) = path.rsplit_once('.').unwrap_or(("", path));
        let mut here = &mut self.0;
        for key in parents.split('.').filter(|key| !key.is_empty()) {
            here = here.get_mut(key)?;
        }
        here.as_object_mut()?.remove(last)
    }

    /// Takes what is at a path, as a table; empty if it is not there.
    pub(super) fn table(&mut self, path: &str) -> Map<String, Value> {
        match self.take(path) {
            Some(Value::Object(map)) => map,
            _ => Map::new(),
        }
    }

    /// Puts back what nobody took of a table: nothing of it is without effect unnoticed.
    pub(super) fn put_back(&mut self, path: &str, rest: Map<String, Value>) {
        if rest.is_empty() {
            return;
        }
        let keys: Vec<&str> = path.split('.').collect();
        let tree = keys.iter().rev().fold(Value::from(rest), |tree, key| json!({ *key: tree }));
        merge(&mut self.0, tree);
    }

    /// Whether a table is switched on, as [`enabled`] has it; what else it says stays.
    pub(super) fn is_enabled(&mut self, path: &str) -> bool {
        let mut table = self.table(path);
        let on = enabled(&mut table);
        self.put_back(path, table);
        on
    }

    /// The names in a table.
    pub(super) fn names(&self, path: &str) -> Vec<String> {
        let pointer = format!("/{}", path.replace('.', "/"));
        let table = self.0.pointer(&pointer).and_then(Value::as_object);
        table.map(|table| table.keys().cloned().collect()).unwrap_or_default()
    }

    /// The paths of what is left.
    pub(super) fn left(self) -> Vec<String> {
        fn walk(value: &Value, path: &str, left: &mut Vec<String>) {
            match value {
                Value::Object(map) => {
                    for (key, value) in map {
                        walk(value, &declared::join(path, key), left);
                    }
                }
                _ => left.push(path.to_owned()),
            }
        }
        let mut left = Vec::new();
        walk(&self.0, "", &mut left);
        left
    }
}

/// Lays a tree over another one; where both have a value, the new one wins.
pub(super) fn merge(under: &mut Value, over: Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (key, value) in over {
                merge(under.entry(key).or_insert(Value::Object(Map::new())), value);
            }
        }
        (under, over) => *under = over,
    }
}

/// Whether a table is switched on: `enable`, which is taken, and is there or true.
pub(super) fn enabled(table: &mut Map<String, Value>) -> bool {
    table.remove("enable").is_none_or(|enable| enable == Value::Bool(true))
}

/// Gives a key another name.
pub(super) fn rename(table: &mut Value, from: &str, to: &str) {
    let Some(table) = table.as_object_mut() else { return };
    if let Some(value) = table.remove(from) {
        table.insert(to.to_owned(), value);
    }
}
