//! From a command line of `zfs` to the simulator's method.

use std::collections::BTreeMap;

use dataset_plan::sim::{Content, Receive, Refusal, Younger, Zfs};
use zfs_props::kind::DatasetKind;
use zfs_props::name::{DatasetName, SnapshotName};
use zfs_props::number;
use zfs_props::property::Property;
use zfs_props::release::Release;
use zfs_props::set::PropertySet;

/// Runs a command; the refusal in words.
pub(crate) fn run(zfs: &mut Zfs, words: &[&str]) -> Result<(), String> {
    let (sent, received) = match words.iter().position(|word| *word == "|") {
        Some(at) => (&words[..at], &words[at + 1..]),
        None => (words, &[][..]),
    };
    let command = Command::parse(sent)?;
    if received.is_empty() {
        return command.run(zfs);
    }
    let content = match (command.has("-R"), command.has("-p"), command.has("-b")) {
        (true, ..) => Content::Replica,
        (_, true, _) => Content::Properties,
        (.., true) => Content::Backup,
        _ => Content::Plain,
    };
    let since = command.value("-i").map(|since| since.trim_start_matches('@'));
    let stream = zfs.send(&command.snapshot(0)?, content, since).map_err(said)?;
    let command = Command::parse(received)?;
    let exclude: Vec<String> = command.values("-x").map(str::to_owned).collect();
    if exclude.iter().any(|name| {
        exclude.iter().filter(|other| *other == name).count() > 1
            || command.properties.get(name).is_some()
    }) {
        return Err("a property twice".into());
    }
    let (force, unmounted) = (command.has("-F"), command.has("-u"));
    let (name, snapshot) = match command.argument(0)?.split_once('@') {
        Some((name, snapshot)) => (name, Some(snapshot.to_owned())),
        None => (command.argument(0)?, None),
    };
    let how = Receive { set: command.properties.clone(), exclude, force, unmounted, snapshot };
    let name: DatasetName =
        name.parse().map_err(|error: zfs_props::name::NameError| error.to_string())?;
    zfs.receive(&name, &stream, &how).map_err(said)?;
    stream.fault().map_or(Ok(()), |fault| Err(fault.to_string()))
}

#[allow(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn said(refusal: Refusal) -> String {
    refusal.to_string()
}

/// A verb with its options and arguments.
struct Command<'a> {
    verb: &'a str,
    flags: Vec<&'a str>,
    values: Vec<(&'a str, &'a str)>,
    properties: PropertySet,
    arguments: Vec<&'a str>,
}

/// Options that take a value, by verb.
const WITH_VALUE: [(&str, &[&str]); 7] = [
    ("create", &["-o", "-V", "-b"]),
    ("clone", &["-o"]),
    ("snapshot", &["-o"]),
    ("send", &["-i"]),
    ("receive", &["-o", "-x"]),
    ("mount", &["-o"]),
    ("set", &[]),
];
/// Options that OpenZFS 2.3 has, by verb.
const FLAGS: [(&str, &str); 15] = [
    ("create", "-s -u -p"),
    ("clone", "-p"),
    ("snapshot", "-r"),
    ("send", "-p -R -b"),
    ("receive", "-F -u"),
    ("mount", ""),
    ("unmount", "-f"),
    ("set", "-u"),
    ("inherit", "-r -S"),
    ("rename", "-r -u -p -f"),
    ("destroy", "-r -d -f"),
    ("rollback", "-r -R -f"),
    ("promote", ""),
    ("hold", "-r"),
    ("release", "-r"),
];

impl<'a> Command<'a> {
    fn parse(words: &[&'a str]) -> Result<Self, String> {
        let (verb, rest) = words.split_first().ok_or("no command")?;
        let (_, flags) = FLAGS.iter().find(|(known, _)| known == verb).ok_or("unknown command")?;
        let with_value = WITH_VALUE
            .iter()
            .find(|(known, _)| known == verb)
            .map_or(&[][..], |(_, options)| options);
        let mut command = Command {
            verb,
            flags: Vec::new(),
            values: Vec::new(),
            properties: PropertySet::new(),
            arguments: Vec::new(),
        };
        let mut rest = rest.iter();
        while let Some(word) = rest.next() {
            if with_value.contains(word) {
                command.values.push((word, rest.next().ok_or("an option without a value")?));
            } else if word.starts_with('-') {
                if !flags.split(' ').any(|flag| flag == *word) {
                    return Err(format!("{verb} has no option {word}"));
                }
                command.flags.push(word);
            } else {
                command.arguments.push(word);
                command.arguments.extend(rest.by_ref());
            }
        }
        let mut assigned: Vec<&str> = Vec::new();
        for (option, property) in [("-V", "volsize="), ("-b", "volblocksize=")] {
            command.one_of_both(option, property)?;
        }
        if *verb == "set" {
            let names =
                command.arguments.iter().position(|word| !word.contains('=')).unwrap_or_default();
            assigned.extend(command.arguments.drain(..names));
        } else if *verb != "mount" {
            assigned.extend(command.values("-o"));
        }
        // `-b` is a property too.
        let block_size = command.value("-b").map(|size| format!("volblocksize={size}"));
        let assigned = assigned.into_iter().chain(block_size.as_deref());
        command.properties =
            PropertySet::from_arguments(assigned).map_err(|error| error.to_string())?;
        Ok(command)
    }

    /// `-V` and `-b` are properties too: they take the place of what was given before, and nothing takes theirs.
    fn one_of_both(&mut self, option: &str, property: &str) -> Result<(), String> {
        let Some(at) = self.values.iter().rposition(|(known, _)| *known == option) else {
            return Ok(());
        };
        let is_same = |(known, value): &(&str, &str)| *known == "-o" && value.starts_with(property);
        if self.values.iter().skip(at).any(is_same) {
            return Err("a property twice".into());
        }
        self.values.retain(|value| !is_same(value));
        Ok(())
    }

    fn has(&self, flag: &str) -> bool {
        self.flags.contains(&flag)
    }

    fn values(&self, option: &str) -> impl Iterator<Item = &'a str> {
        self.values.iter().filter(move |(known, _)| *known == option).map(|(_, value)| *value)
    }

    fn value(&self, option: &str) -> Option<&'a str> {
        self.values(option).last()
    }

    fn argument(&self, at: usize) -> Result<&'a str, String> {
        self.arguments.get(at).copied().ok_or_else(|| "too few arguments".to_owned())
    }

    fn dataset(&self, at: usize) -> Result<DatasetName, String> {
        self.argument(at)?.parse().map_err(|error: zfs_props::name::NameError| error.to_string())
    }

    fn snapshot(&self, at: usize) -> Result<SnapshotName, String> {
        self.argument(at)?.parse().map_err(|error: zfs_props::name::NameError| error.to_string())
    }

    fn is_of_snapshot(&self, at: usize) -> bool {
        self.arguments.get(at).is_some_and(|argument| argument.contains('@'))
    }

    fn run(&self, zfs: &mut Zfs) -> Result<(), String> {
        match self.verb {
            "create" => self.create(zfs),
            "clone" => {
                let (origin, name) = (self.snapshot(0)?, self.dataset(1)?);
                if self.has("-p")
                    && zfs
                        .snapshots(&origin.dataset_name().map_err(|error| error.to_string())?)
                        .any(|known| known == origin.name())
                {
                    if zfs.kind(&name).is_some() {
                        return Ok(());
                    }
                    zfs.create_ancestors(&name).map_err(said)?;
                }
                zfs.clone_of(&origin, &name, &self.properties).map_err(said)
            }
            "set" => self.each(0, |at| {
                if self.is_of_snapshot(at) {
                    return zfs
                        .set_on_snapshot(&self.snapshot(at)?, &self.properties)
                        .map_err(said);
                }
                zfs.set(&self.dataset(at)?, &self.properties, !self.has("-u")).map_err(said)
            }),
            "inherit" => self.inherit(zfs),
            "rename" => self.rename(zfs),
            "destroy" if self.is_of_snapshot(0) => zfs
                .destroy_snapshot(&self.snapshot(0)?, self.has("-d"), self.has("-r"))
                .map_err(said),
            // Of datasets nothing can be put off.
            "destroy" if self.has("-d") => Err("-d is for snapshots".into()),
            "destroy" => zfs.destroy(&self.dataset(0)?, self.has("-r")).map_err(said),
            "snapshot" => {
                zfs.snapshot(&self.snapshot(0)?, self.has("-r"), &self.properties).map_err(said)
            }
            "rollback" => {
                let younger = match (self.has("-R"), self.has("-r")) {
                    (true, _) => Younger::DestroyClones,
                    (_, true) => Younger::Destroy,
                    _ => Younger::Refuse,
                };
                zfs.rollback(&self.snapshot(0)?, younger).map_err(said)
            }
            "promote" => zfs.promote(&self.dataset(0)?).map_err(said),
            "mount" => {
                let options: Vec<&str> = self.values("-o").collect();
                zfs.mount(&self.dataset(0)?, &options).map_err(said)
            }
            "unmount" => zfs.unmount(&self.dataset(0)?).map_err(said),
            "hold" => zfs.hold(&self.snapshot(1)?, self.argument(0)?, self.has("-r")).map_err(said),
            "release" => zfs
                .release_hold(&self.snapshot(1)?, self.argument(0)?, self.has("-r"))
                .map_err(said),
            verb => Err(format!("{verb} alone says nothing")),
        }
    }

    /// For every dataset that is named; they are all tried.
    fn each(
        &self,
        first: usize,
        mut run: impl FnMut(usize) -> Result<(), String>,
    ) -> Result<(), String> {
        // By name, whatever the order they are given in.
        let names: BTreeMap<&str, usize> =
            self.arguments.iter().copied().zip(0..).skip(first).collect();
        let verdicts: Vec<_> = names.into_values().map(&mut run).collect();
        verdicts.into_iter().collect()
    }

    fn create(&self, zfs: &mut Zfs) -> Result<(), String> {
        let name = self.dataset(0)?;
        if self.has("-p") {
            let kind = if self.value("-V").is_some() {
                DatasetKind::Volume
            } else {
                DatasetKind::Filesystem
            };
            if zfs.kind(&name) == Some(kind) {
                return Ok(());
            }
            zfs.create_ancestors(&name).map_err(said)?;
        }
        match self.value("-V") {
            None => zfs.create(&name, &self.properties, !self.has("-u")).map_err(said),
            Some(_) if self.has("-u") => Err("-u is for filesystems".into()),
            Some(size) => {
                let size = number::parse(size).map_err(|error| error.to_string())?;
                zfs.create_volume(&name, size, self.has("-s"), &self.properties).map_err(said)
            }
        }
    }

    fn inherit(&self, zfs: &mut Zfs) -> Result<(), String> {
        let (property, revert) = (self.argument(0)?, self.has("-S"));
        if self.is_of_snapshot(1) {
            let name = self.snapshot(1)?;
            let outcome = zfs.inherit_on_snapshot(&name, property, revert);
            if matches!(outcome, Err(Refusal::NoSnapshot(_))) {
                return outcome.map_err(said);
            }
            // With `-r`, what has no such property is passed over.
            let passed_over = self.has("-r")
                && Property::resolve(property, Release::V2_3).is_some_and(|native| {
                    !native.is_readonly() && (revert || native.is_inheritable())
                });
            return if passed_over { Ok(()) } else { outcome.map_err(said) };
        }
        let name = self.dataset(1)?;
        if self.has("-r") {
            return zfs.inherit_below(&name, property, revert).map_err(said);
        }
        zfs.inherit(&name, property, revert).map_err(said)
    }

    fn rename(&self, zfs: &mut Zfs) -> Result<(), String> {
        if self.has("-u") && self.has("-p") {
            return Err("-u and -p exclude each other".into());
        }
        if self.is_of_snapshot(0) {
            let from = self.snapshot(0)?;
            let to = self.argument(1)?;
            let to = match to.split_once('@') {
                // Only a full name is compared with the old one.
                None | Some(("", _)) if to.trim_start_matches('@') == from.name() => {
                    return Err("it is called so already".into());
                }
                None | Some(("", _)) => to.trim_start_matches('@'),
                Some((head, to)) if head == from.dataset() => to,
                _ => return Err("snapshots stay with their dataset".into()),
            };
            if self.has("-u") || self.has("-p") {
                return Err("-u and -p are for datasets".into());
            }
            return zfs.rename_snapshot(&from, to, self.has("-r")).map_err(said);
        }
        let (from, to) = (self.dataset(0)?, self.dataset(1)?);
        if self.has("-r") {
            return Err("-r is for snapshots".into());
        }
        if self.has("-p") && zfs.kind(&from).is_some() {
            zfs.create_ancestors(&to).map_err(said)?;
        }
        zfs.rename(&from, &to, !self.has("-u")).map_err(said)
    }
}
