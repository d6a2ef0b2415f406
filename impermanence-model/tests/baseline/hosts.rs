//! Declared hosts, and what two NixOS modules make of them: mounts, owners, modes, and what survived two real boots.
//!
//! Where a module is right, the layout is the same. Where it is wrong, by a rule that the declaration alone tells, the
//! layout repairs or refuses; each such difference is counted by its rule.

use std::collections::{BTreeMap, BTreeSet};

use impermanence_model::host::Kind;
use impermanence_model::layout::{BindOf, PlaceKind, Source};
use impermanence_model::stage::Stage;
use impermanence_model::{Host, Layout};
use serde_json::{Value, json};

use testing::baseline::{Verdict, compare};

#[test]
fn impermanence() {
    let mut repaired = BTreeMap::new();
    compare("hosts", |row| module(row, Module::Impermanence, &mut repaired));
    println!("impermanence, repaired: {repaired:?}");
}

#[test]
fn preservation() {
    let mut repaired = BTreeMap::new();
    compare("hosts", |row| module(row, Module::Preservation, &mut repaired));
    println!("preservation, repaired: {repaired:?}");
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Module {
    Impermanence,
    Preservation,
}

type Repaired = BTreeMap<&'static str, usize>;

fn module(row: &Value, module: Module, repaired: &mut Repaired) -> Verdict {
    let host = &row["host"];
    let recorded = &row[match module {
        Module::Impermanence => "impermanence",
        Module::Preservation => "preservation",
    }];
    let refused = recorded["refused"].as_u64().unwrap_or(0) > 0;
    if module == Module::Preservation && refused && host["systemdInitrd"] == false {
        return Verdict::LeftOut("preservation asks for an initrd of systemd");
    }
    let declaration = declaration(host, module);
    let why = must_refuse(host, &declaration);
    let layout = match (resolve(host, &declaration, module), why) {
        (Err(_), Some(why)) => {
            if !refused {
                *repaired.entry(why).or_default() += 1;
            }
            return Verdict::Agree;
        }
        (Err(problems), None) => {
            return Verdict::Disagree(format!("refused without a reason: {problems}"));
        }
        (Ok(_), Some(why)) => return Verdict::Disagree(format!("not refused, and it is {why}")),
        (Ok(layout), None) if !refused => layout,
        (Ok(_), None) => return Verdict::Disagree("the module refuses, and this does not".into()),
    };
    if recorded["not_executed"] == true {
        return Verdict::LeftOut("not executed by the recorder");
    }
    let mut wrong = Vec::new();
    wrong.extend(mounts(&layout, recorded, module, repaired));
    wrong.extend(tree(&layout, host, &declaration, recorded, repaired));
    wrong.extend(survived(&layout, &declaration, recorded, repaired));
    if wrong.is_empty() { Verdict::Agree } else { Verdict::Disagree(wrong.join("\n  ")) }
}

/// What the module was given: its own key if there is one. Preservation takes other keys for the same things.
fn declaration(host: &Value, module: Module) -> Value {
    match module {
        Module::Impermanence => host.get("impermanence").unwrap_or(&host["persistence"]).clone(),
        Module::Preservation => host.get("preservation").cloned().unwrap_or_else(|| {
            let mut stores = host["persistence"].clone();
            for store in stores.as_object_mut().unwrap().values_mut() {
                let store = store.as_object_mut().unwrap();
                if store.remove("hideMounts") == Some(json!(true)) {
                    store.insert("commonMountOptions".into(), json!(["x-gvfs-hide"]));
                }
                for (_, users) in store.iter_mut().filter(|(key, _)| *key == "users") {
                    users.as_object_mut().unwrap().values_mut().for_each(with_parents);
                }
                let mut own = Value::Object(std::mem::take(store));
                with_parents(&mut own);
                store.clone_from(own.as_object().unwrap());
            }
            stores
        }),
    }
}

fn with_parents(layer: &mut Value) {
    for file in layer.get_mut("files").and_then(Value::as_array_mut).into_iter().flatten() {
        let parent = file.as_object_mut().and_then(|file| file.remove("parentDirectory"));
        if let Some(parent) = parent {
            file["configureParent"] = json!(true);
            file["parent"] = parent;
        }
    }
}

fn resolve(host: &Value, declaration: &Value, module: Module) -> Result<Layout, String> {
    let mut base = host.clone();
    let keys = ["name", "users", "groups", "fileSystems"];
    base.as_object_mut().unwrap().retain(|key, _| keys.contains(&key.as_str()));
    let host = Host::from_json(&base.to_string()).map_err(|e| e.to_string())?;
    let text = declaration.to_string();
    let host = match module {
        Module::Impermanence => host.with_impermanence(&text),
        Module::Preservation => host.with_preservation(&text),
    };
    host.and_then(|host| host.resolve()).map_err(|e| e.to_string())
}

/// One declared entry, without any help of the crate.
struct Raw {
    store: String,
    /// As it is written.
    written: String,
    /// Where programs look for it.
    path: String,
    kind: Kind,
    user: Option<String>,
    given: Value,
}

fn raw(host: &Value, declaration: &Value) -> Vec<Raw> {
    let mut all = Vec::new();
    for (store, layer) in declaration.as_object().unwrap() {
        if layer["enable"] == false {
            continue;
        }
        let mut add = |layer: &Value, user: Option<&str>| {
            for (key, name, kind) in
                [("directories", "directory", Kind::Directory), ("files", "file", Kind::File)]
            {
                for given in layer.get(key).and_then(Value::as_array).into_iter().flatten() {
                    let written = given.as_str().or(given[name].as_str()).unwrap().to_owned();
                    let path = match user {
                        Some(user) => {
                            let default = format!("/home/{user}");
                            let home = host["users"][user]["home"].as_str().unwrap_or(&default);
                            format!("{home}/{written}")
                        }
                        None => written.clone(),
                    };
                    let (user, given) = (user.map(str::to_owned), given.clone());
                    let path = plain(&path);
                    all.push(Raw { store: store.clone(), written, path, kind, user, given });
                }
            }
        };
        add(layer, None);
        for (user, layer) in layer["users"].as_object().into_iter().flatten() {
            add(layer, Some(user));
        }
    }
    all
}

/// Without empty components and dots.
fn plain(path: &str) -> String {
    let names: Vec<&str> = path.split('/').filter(|name| !matches!(*name, "" | ".")).collect();
    format!("/{}", names.join("/"))
}

/// Why a declaration is wrong, whatever the modules say.
fn must_refuse(host: &Value, declaration: &Value) -> Option<&'static str> {
    let all = raw(host, declaration);
    let mut seen: BTreeMap<&str, &Raw> = BTreeMap::new();
    let file_systems = host["fileSystems"].as_object().unwrap();
    let is_late = |path: &str| {
        let on =
            file_systems.iter().filter(|(at, _)| below(at, path)).max_by_key(|(at, _)| at.len());
        on.is_some_and(|(at, fs)| at != "/" && fs["neededForBoot"] != true)
    };
    for entry in &all {
        let path = entry.path.as_str();
        if entry.written.split('/').any(|name| name == "..") {
            return Some("a path with ..");
        }
        if entry.user.is_none() && !entry.written.starts_with('/') {
            return Some("a relative path");
        }
        if path == "/" {
            return Some("/ kept in itself");
        }
        if all.iter().any(|other| below(path, &plain(&other.store))) {
            return Some("a store kept in itself");
        }
        if all.iter().any(|other| below(&plain(&other.store), path)) {
            return Some("an entry in a store");
        }
        if let Some(other) = seen.insert(path, entry) {
            return Some(if other.kind != entry.kind {
                "a file and a directory on one path"
            } else if other.store != entry.store {
                "one path in two stores"
            } else {
                "one path twice"
            });
        }
        let is_file = |other: &Raw| other.kind == Kind::File && other.path != path;
        if all.iter().any(|other| is_file(other) && below(&other.path, path)) {
            return Some("an entry below a file");
        }
        if is_late(path) || is_late(&format!("{}{path}", plain(&entry.store))) {
            return Some("on a file system that is mounted too late");
        }
    }
    None
}

fn below(above: &str, path: &str) -> bool {
    above == "/"
        || path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Target, source and options.
type Bind = (String, String, BTreeSet<String>);

/// The binds of the module, and those of the layout. Impermanence mounts files by other means.
fn mounts(
    layout: &Layout,
    recorded: &Value,
    module: Module,
    repaired: &mut Repaired,
) -> Vec<String> {
    let list = |key: &str| -> BTreeSet<Bind> {
        let mounts = recorded[key].as_array().into_iter().flatten();
        mounts
            .map(|mount| {
                let text = |key: &str| mount[key].as_str().unwrap().to_owned();
                let under = |path: &str| plain(path.strip_prefix("/sysroot").unwrap_or(path));
                let options = text("options");
                let options = options.split(',').filter(|o| *o != "bind").map(str::to_owned);
                (under(&text("where")), under(&text("what")), options.collect())
            })
            .collect()
    };
    let ours = |stage: Option<Stage>| -> BTreeSet<Bind> {
        let steps =
            layout.steps().iter().filter(|step| stage.is_none_or(|stage| step.stage == stage));
        let binds = steps.filter_map(|step| match &step.action {
            impermanence_model::layout::Action::Mount(mount) => match &mount.source {
                Source::Bind { from, of, .. }
                    if module == Module::Preservation || *of == BindOf::Directory =>
                {
                    let options = mount.options.iter().cloned().collect();
                    Some((mount.target.to_string(), from.to_string(), options))
                }
                _ => None,
            },
            _ => None,
        });
        binds.collect()
    };
    let mut wrong = Vec::new();
    let (mut theirs, ours_all) = (list("mounts"), ours(None));
    // A file in a directory that is kept anyway is not bound onto itself: it could never be replaced.
    let within: BTreeSet<String> = layout
        .entries()
        .iter()
        .filter(|entry| matches!(entry.via, impermanence_model::layout::Via::Within(_)))
        .map(|entry| entry.path.to_string())
        .collect();
    let before = theirs.len();
    theirs.retain(|(target, ..)| !within.contains(target));
    *repaired.entry("a file bound onto itself").or_default() += before - theirs.len();
    if theirs != ours_all {
        wrong.push(format!("mounts {theirs:?}, ours {ours_all:?}"));
    }
    if module == Module::Impermanence {
        let (theirs, ours) = (list("initrd_mounts"), ours(Some(Stage::Initrd)));
        if theirs != ours {
            wrong.push(format!("in the initrd {theirs:?}, ours {ours:?}"));
        }
    }
    wrong
}

/// Owners and modes.
fn tree(
    layout: &Layout,
    host: &Value,
    declaration: &Value,
    recorded: &Value,
    repaired: &mut Repaired,
) -> Vec<String> {
    let all = raw(host, declaration);
    let places: BTreeMap<String, _> =
        layout.places().map(|place| (place.path.to_string(), place)).collect();
    let mut wrong = Vec::new();
    for (path, node) in recorded["tree"].as_object().into_iter().flatten() {
        let path = plain(path);
        // A link is how impermanence keeps a file that is not there yet. `/` is nobody's.
        if node.is_null() || node["type"] == "link" || path == "/" {
            continue;
        }
        let within = |entry: &impermanence_model::layout::Entry| {
            matches!(entry.via, impermanence_model::layout::Via::Within(_))
                && (entry.path.to_string() == path || entry.source().to_string() == path)
        };
        if layout.entries().iter().any(within) {
            continue;
        }
        let Some(place) = places.get(&path) else {
            wrong.push(format!("{path} is not made"));
            continue;
        };
        let kind = match place.kind {
            PlaceKind::Directory => "dir",
            PlaceKind::File(_) => "file",
            PlaceKind::Link { .. } => "link",
        };
        let ours = json!({
            "type": kind,
            "user": &*place.owner.user,
            "group": &*place.owner.group,
            "mode": place.mode.to_string(),
        });
        let mut theirs = node.clone();
        if let Some(node) = theirs.as_object_mut() {
            node.retain(|key, _| ours.get(key).is_some());
        }
        if ours == theirs {
            continue;
        }
        let mut stores = declaration.as_object().unwrap().keys().map(|store| plain(store));
        let logical = stores.find_map(|store| path.strip_prefix(&store).map(str::to_owned));
        let logical = logical.unwrap_or_else(|| path.clone());
        match rule(host, &all, &logical, &ours, &theirs) {
            Some(rule) => *repaired.entry(rule).or_default() += 1,
            None => wrong.push(format!("{path} is {theirs}, ours {ours}")),
        }
    }
    wrong
}

/// The rule by which the module is wrong about a path, and the layout is right.
fn rule(
    host: &Value,
    all: &[Raw],
    path: &str,
    ours: &Value,
    theirs: &Value,
) -> Option<&'static str> {
    let given = all.iter().find(|entry| entry.path == path).map(|entry| &entry.given);
    if let Some(mode) = given.and_then(|given| given["mode"].as_str()) {
        let bits = chmod(mode);
        return (ours["mode"] == format!("{bits:04o}"))
            .then_some("a declared mode that is ignored");
    }
    let parent = |entry: &&Raw| {
        entry.path.rsplit_once('/').is_some_and(|(above, _)| above == path)
            && (entry.given.get("parentDirectory").is_some() || entry.given.get("parent").is_some())
    };
    if let Some(entry) = all.iter().find(parent) {
        let spec = entry.given.get("parentDirectory").unwrap_or(&entry.given["parent"]);
        let bits = chmod(spec["mode"].as_str().unwrap_or("0755"));
        return (ours["mode"] == format!("{bits:04o}"))
            .then_some("a declared mode of a parent that is ignored");
    }
    if ours["mode"] == "0600" && path.starts_with("/etc/ssh/ssh_host_") {
        return Some("a private key that all can read");
    }
    let private = ["/var/lib/private", "/etc/NetworkManager/system-connections", "/root"];
    if private.contains(&path) && ours["mode"] == "0700" {
        return Some("a directory that its programs refuse, or that shows passwords");
    }
    let users = host["users"].as_object().unwrap();
    for (name, user) in users {
        let home = user["home"].as_str().map_or_else(|| format!("/home/{name}"), str::to_owned);
        if !below(&home, path) {
            continue;
        }
        let secret = [".gnupg", ".ssh"].iter().any(|secret| path == format!("{home}/{secret}"));
        if secret && ours["mode"] == "0700" && ours["user"] == theirs["user"] {
            return Some("secrets of a user that others can read in the store");
        }
        if theirs["user"] == "root" && ours["user"] == name.as_str() {
            return Some("a directory in a home that root owns");
        }
    }
    None
}

/// Octal, or `u=rwx,g=rx,o=`.
fn chmod(text: &str) -> u32 {
    u32::from_str_radix(text, 8).unwrap_or_else(|_| {
        text.split(',').fold(0, |bits, clause| {
            let (who, letters) = clause.split_once('=').unwrap();
            let value = letters.chars().fold(0, |v, c| {
                v | match c {
                    'r' => 4,
                    'w' => 2,
                    _ => 1,
                }
            });
            let shift = match who {
                "u" => 6,
                "g" => 3,
                _ => 0,
            };
            bits | (value << shift)
        })
    })
}

/// What survived two real boots.
fn survived(
    layout: &Layout,
    declaration: &Value,
    recorded: &Value,
    repaired: &mut Repaired,
) -> Vec<String> {
    let mut wrong = Vec::new();
    let enabled = declaration.as_object().unwrap().values().any(|layer| layer["enable"] != false);
    for (path, survived) in recorded["survived"].as_object().into_iter().flatten() {
        let ours = layout.fate(path).survives();
        match (survived.as_bool().unwrap(), ours) {
            (false, true) if enabled => {
                *repaired.entry("a file that the module loses").or_default() += 1;
            }
            (theirs, ours) if theirs == ours => {}
            (theirs, _) => {
                wrong.push(format!("{path}: survived {theirs}, here {}", layout.fate(path)));
            }
        }
    }
    wrong
}
