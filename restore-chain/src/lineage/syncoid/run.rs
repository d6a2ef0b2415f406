//! One run, dataset by dataset.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use zfs_props::name::DatasetName;

use super::listing::{self, Entry, Listing};
use super::{Action, Options, Outcome, Release, Side};
use crate::command::Command;
use crate::lineage::plan::streams;
use crate::lineage::receive::{Effect, Receiver, Refusal, Stream};
use crate::lineage::step::{self, Base, Step};
use crate::lineage::{Guid, Lineage, Version};

pub(super) struct Run<'o> {
    pub(super) options: &'o Options,
    pub(super) source: Side,
    pub(super) target: Side,
    pub(super) actions: Vec<Action>,
    pub(super) destroyed: Vec<String>,
    code: u8,
    /// It died: nothing more happens.
    dead: bool,
    /// Guids of snapshots that the run takes are not known beforehand; these are counted down.
    next_guid: u64,
}

/// What follows an attempt to replicate one dataset.
enum Then {
    /// The next dataset.
    Next,
    /// The same one again; a new sync snapshot is not taken if `skip_snapshot`.
    Again { skip_snapshot: bool },
}

/// Why a send into a receive failed.
enum Failure {
    /// What the receiver says.
    Refused(Refusal),
    /// The sender has not got, or cannot send, what was asked for.
    Unsendable,
}

impl<'o> Run<'o> {
    pub(super) fn new(source: Side, target: Side, options: &'o Options) -> Self {
        let (actions, destroyed) = (Vec::new(), Vec::new());
        Self {
            options,
            source,
            target,
            actions,
            destroyed,
            code: 0,
            dead: false,
            next_guid: u64::MAX,
        }
    }

    pub(super) fn all(mut self, source: &DatasetName, target: &DatasetName) -> Outcome {
        let newer_options =
            self.options.filters_snapshots() || self.options.exclude_datasets.is_some();
        if self.options.release < Release::V2_3 && newer_options {
            self.worst(2);
        } else if !self.options.recursive {
            self.dataset(source, target, None);
        } else {
            self.recursive(source, target);
        }
        let Self { code, actions, destroyed, source, target, .. } = self;
        Outcome { code, actions, destroyed, source, target }
    }

    pub(super) fn worst(&mut self, code: u8) {
        self.code = self.code.max(code);
    }

    pub(super) fn run(&mut self, words: &[&str]) {
        self.actions.push(Action::Run(Command::new(["zfs"]).args(words.iter().copied())));
    }

    /// A dataset and those below it: parents and origins of clones first.
    fn recursive(&mut self, root: &DatasetName, target: &DatasetName) {
        let below = self
            .source
            .datasets
            .values()
            .filter(|lineage| lineage.dataset == *root || lineage.dataset.is_under(root));
        let skipped = usize::from(self.options.skip_parent);
        let listed = below.skip(skipped).filter(|lineage| {
            self.options
                .exclude_datasets
                .as_ref()
                .is_none_or(|filter| !filter.matches(lineage.dataset.as_str()))
        });
        let listed: BTreeMap<DatasetName, Option<String>> = listed
            .map(|lineage| {
                let origin =
                    lineage.head.origin.clone().filter(|_| !self.options.no_clone_handling);
                (lineage.dataset.clone(), origin)
            })
            .collect();
        if listed.is_empty() {
            self.worst(2);
        }
        for (dataset, origin) in in_order(&listed, self.options.release) {
            let Ok(Some(child)) = dataset.rebase(root, target) else { continue };
            self.dataset(&dataset, &child, origin.as_deref());
        }
    }

    /// One dataset, as often as it wants.
    fn dataset(&mut self, source: &DatasetName, target: &DatasetName, origin: Option<&str>) {
        let mut origin = origin;
        let mut skip_snapshot = false;
        while !self.dead {
            match self.attempt(source, target, origin, skip_snapshot) {
                Then::Next => return,
                Then::Again { skip_snapshot: skip } => (origin, skip_snapshot) = (None, skip),
            }
        }
    }

    fn wanted(&self, source: &DatasetName) -> bool {
        match self.source.sync.get(source).map(String::as_str) {
            None | Some("true" | "-" | "") => true,
            Some("false") => false,
            Some(hosts) => hosts.split(',').any(|host| host == self.options.host),
        }
    }

    fn attempt(
        &mut self,
        source: &DatasetName,
        target: &DatasetName,
        origin: Option<&str>,
        skip: bool,
    ) -> Then {
        if !self.source.datasets.contains_key(source) {
            self.worst(2);
            return Then::Next;
        }
        if !self.wanted(source) {
            return Then::Next;
        }
        let exists = self.target.datasets.contains_key(target);
        if !self.options.no_resume {
            let token = self
                .target
                .datasets
                .get(target)
                .and_then(|lineage| lineage.head.resume_token.clone());
            if let Some(token) = token {
                return self.resume(source, target, &token);
            }
        }
        let have = Listing::of(self.source.datasets.get(source), self.options);
        let theirs = Listing::of(self.target.datasets.get(target), self.options);
        let Some(newest) = self.newest(source, &have, skip) else { return Then::Next };
        let sent = if exists {
            self.incremental(source, target, &have, &theirs, &newest)
        } else {
            self.first(source, target, origin, &have, &newest)
        };
        match sent {
            Ok(matching) => {
                self.afterwards(source, target, &have, &theirs, &newest, matching.as_deref());
                Then::Next
            }
            Err(then) => then,
        }
    }

    /// The snapshot to end with: taken now, or the newest there is.
    fn newest(&mut self, source: &DatasetName, have: &Listing, skip: bool) -> Option<String> {
        if !self.options.no_sync_snap && !skip {
            let name = format!("{}_{}", self.options.own_prefix(), self.options.stamp);
            self.run(&["snapshot", &format!("{source}@{name}")]);
            let guid = self.next_guid;
            self.next_guid -= 1;
            if let Some(lineage) = self.source.datasets.get_mut(source) {
                let createtxg =
                    lineage.versions().last().map_or(1, |last| last.createtxg.saturating_add(1));
                lineage.insert(Version::snapshot(name.clone(), guid, createtxg, i64::MAX));
            }
            if self.options.includes_snapshot(&name) {
                return Some(name);
            }
        }
        if let Some(newest) = have.entries.last() {
            return Some(newest.name.clone());
        }
        if self.options.no_sync_snap {
            if !self.options.recursive {
                self.code = 255;
                self.dead = true;
            }
            self.worst(2);
        }
        self.worst(1);
        None
    }

    /// The target is not there: all from the oldest, or the newest alone.
    fn first(
        &mut self,
        source: &DatasetName,
        target: &DatasetName,
        origin: Option<&str>,
        have: &Listing,
        newest: &str,
    ) -> Result<Option<String>, Then> {
        let oldest = match have.entries.first() {
            Some(oldest) if !self.options.no_stream => oldest.name.clone(),
            _ => newest.to_owned(),
        };
        let base = origin.map_or(Base::Full, |origin| Base::Origin(origin.to_owned()));
        if self.send(source, target, base, &oldest).is_err() {
            if origin.is_some() {
                return Err(Then::Again { skip_snapshot: true });
            }
            self.worst(2);
            return Err(Then::Next);
        }
        if oldest != newest && self.stream(source, target, have, &oldest, newest).is_err() {
            self.worst(1);
            return Err(Then::Next);
        }
        Ok(None)
    }

    /// The target is there: what follows the newest common snapshot, or the bookmark of one.
    fn incremental(
        &mut self,
        source: &DatasetName,
        target: &DatasetName,
        have: &Listing,
        theirs: &Listing,
        newest: &str,
    ) -> Result<Option<String>, Then> {
        let names = theirs.by_name();
        let same = |entry: &&Entry| {
            names.get(entry.name.as_str()).is_some_and(|their| their.guid == entry.guid)
        };
        let common = have.entries.iter().rev().find(same).map(|entry| entry.name.clone());
        let mut bookmark = None;
        let mut matching = common.unwrap_or_default();
        if matching.is_empty() {
            let bookmarks = listing::bookmarks(self.source.datasets.get(source));
            let by_guid: HashMap<Guid, &Entry> =
                bookmarks.iter().map(|entry| (entry.guid, entry)).collect();
            let found = theirs
                .entries
                .iter()
                .rev()
                .find_map(|their| by_guid.get(&their.guid).map(|mark| (their, *mark)));
            let Some((their, mark)) = found else { return Err(self.no_match(target)) };
            matching.clone_from(&their.name);
            bookmark = Some(mark.clone());
        }
        if matching == newest {
            return Err(Then::Next);
        }
        if let Some(mark) = bookmark {
            let release = self.options.release;
            let next = have.entries.iter().find(|entry| entry.key(release) >= mark.key(release));
            let next = next.filter(|_| !self.options.no_stream).map(|entry| entry.name.clone());
            let base = self.version(source, &mark.name, false).map(Base::Incremental);
            let to = next.clone().unwrap_or_else(|| newest.to_owned());
            if base.is_none_or(|base| self.send(source, target, base, &to).is_err()) {
                self.worst(2);
                return Err(Then::Next);
            }
            let Some(next) = next else { return Ok(Some(matching)) };
            matching = next;
            if matching == newest {
                // 2.2 is done here, and leaves out what would come afterwards.
                return if release < Release::V2_3 { Err(Then::Next) } else { Ok(Some(matching)) };
            }
        }
        match self.stream(source, target, have, &matching, newest) {
            Ok(()) => Ok(Some(matching)),
            Err(Failure::Refused(Refusal::SnapshotExists(taken))) if self.options.force_delete => {
                self.destroy(target, false, std::slice::from_ref(&taken));
                Err(Then::Again { skip_snapshot: true })
            }
            Err(_) => {
                self.worst(2);
                Err(Then::Next)
            }
        }
    }

    /// Nothing in common: `--force-delete` destroys the target with all below it, to send it anew.
    fn no_match(&mut self, target: &DatasetName) -> Then {
        let root = target.parent().is_none() && self.options.release >= Release::V2_3;
        if !self.options.force_delete || root {
            self.worst(2);
            return Then::Next;
        }
        self.run(&["destroy", "-r", target.as_str()]);
        let doomed: Vec<DatasetName> = self
            .target
            .datasets
            .keys()
            .filter(|name| *name == target || name.is_under(target))
            .cloned()
            .collect();
        let held = |name: &DatasetName| {
            let lineage = self.target.datasets.get(name);
            lineage.is_some_and(|lineage| lineage.snapshots().any(|version| version.holds > 0))
        };
        if doomed.iter().any(held) {
            self.worst(2);
            return Then::Next;
        }
        for name in doomed {
            let lineage = self.target.datasets.remove(&name);
            let versions = lineage.iter().flat_map(Lineage::snapshots);
            self.destroyed.extend(versions.map(|version| version.of(&name)));
            self.destroyed.push(name.to_string());
        }
        Then::Again { skip_snapshot: true }
    }

    fn resume(&mut self, source: &DatasetName, target: &DatasetName, token: &str) -> Then {
        self.run(&["send", "-t", token]);
        self.run_receive(target);
        let known = self.target.tokens.iter().find(|known| known.token == token).cloned();
        let sender = self.source.datasets.get(source);
        let live = known.filter(|known| sender.is_some_and(|sender| known.is_live(sender)));
        let arrives = live.as_ref().and_then(|live| {
            let to = sender?.snapshots().find(|version| version.guid == live.to_guid)?.clone();
            Some(Stream::new(live.from_guid, to))
        });
        if let Some(stream) = arrives {
            self.change(target, |receiver| receiver.arrive(&stream, &Effect::default()));
        } else {
            self.run(&["receive", "-A", target.as_str()]);
            if let Some(lineage) = self.target.datasets.get_mut(target) {
                lineage.head.resume_token = None;
            }
        }
        Then::Again { skip_snapshot: false }
    }

    /// From one snapshot to another, with those between: `-I`, or many `-i` where some are filtered out.
    fn stream(
        &mut self,
        source: &DatasetName,
        target: &DatasetName,
        have: &Listing,
        from: &str,
        to: &str,
    ) -> Result<(), Failure> {
        if self.options.no_stream || !self.options.filters_snapshots() {
            let from = self.version(source, from, true).ok_or(Failure::Unsendable)?;
            let base = if self.options.no_stream {
                Base::Incremental(from)
            } else {
                Base::Intermediates(from)
            };
            return self.send(source, target, base, to);
        }
        let mut entries: Vec<&Entry> = have.entries.iter().collect();
        entries.sort_by_key(|entry| entry.creation);
        let mut chain: Vec<&str> = entries
            .iter()
            .map(|entry| entry.name.as_str())
            .skip_while(|name| *name != from)
            .collect();
        if let Some(end) = chain.iter().position(|name| *name == to) {
            chain.truncate(end + 1);
        } else if self.options.includes_snapshot(to) {
            chain.push(to);
        }
        for pair in chain.windows(2) {
            let [from, to] = pair else { continue };
            let base = self.version(source, from, true).ok_or(Failure::Unsendable)?;
            self.send(source, target, Base::Incremental(base), to)?;
        }
        Ok(())
    }

    pub(super) fn version(
        &self,
        dataset: &DatasetName,
        name: &str,
        snapshot: bool,
    ) -> Option<Version> {
        let mut versions = self.source.datasets.get(dataset)?.versions().iter();
        versions.find(|version| version.name == name && version.is_snapshot() == snapshot).cloned()
    }

    fn run_receive(&mut self, target: &DatasetName) {
        let flags = [(!self.options.no_resume, "-s"), (!self.options.no_rollback, "-F")];
        let flags = flags.iter().filter(|(on, _)| *on).map(|(_, flag)| *flag);
        self.actions.push(Action::Run(Command::new(["zfs", "receive"]).args(flags).arg(target)));
    }

    /// One send into one receive.
    fn send(
        &mut self,
        source: &DatasetName,
        target: &DatasetName,
        base: Base,
        to: &str,
    ) -> Result<(), Failure> {
        let to = self.version(source, to, true).ok_or(Failure::Unsendable)?;
        let older = match &base {
            Base::Incremental(base) | Base::Intermediates(base) => base.createtxg < to.createtxg,
            Base::Full | Base::Origin(_) => true,
        };
        let (sender, receiver) = (source.clone(), target.clone());
        let step = Step::Send { sender, receiver, base, to, options: step::Options::default() };
        if let Some(send) = step.send() {
            self.actions.push(Action::Run(send));
        }
        self.run_receive(target);
        if !older {
            return Err(Failure::Unsendable);
        }
        if let Step::Send { base: Base::Origin(origin), to, .. } = &step {
            return self.receive_clone(target, origin, to);
        }
        let Some(lineage) = self.source.datasets.get(source) else {
            return Err(Failure::Unsendable);
        };
        let streams = streams(lineage, &step);
        let mut receiver = Receiver::new(target.clone(), self.target.datasets.remove(target));
        let mut refused = None;
        for stream in streams {
            match receiver.receive(&stream, !self.options.no_rollback) {
                Ok(effect) => self.tell(target, &effect),
                Err(refusal) => {
                    refused = Some(Failure::Refused(refusal));
                    break;
                }
            }
        }
        if let Some(lineage) = receiver.into_lineage() {
            self.target.datasets.insert(target.clone(), lineage);
        }
        refused.map_or(Ok(()), Err)
    }

    /// A clone arrives where the snapshot that it was made of is in the target's pool.
    fn receive_clone(
        &mut self,
        target: &DatasetName,
        origin: &str,
        to: &Version,
    ) -> Result<(), Failure> {
        let (dataset, name) = origin.split_once('@').ok_or(Failure::Unsendable)?;
        let dataset: DatasetName = dataset.parse().map_err(|_| Failure::Unsendable)?;
        let guid = self.version(&dataset, name, true).ok_or(Failure::Unsendable)?.guid;
        let here = self.target.datasets.values().find_map(|lineage| {
            let there = lineage.dataset.pool() == target.pool();
            lineage
                .snapshots()
                .find(|version| there && version.guid == guid)
                .map(|v| v.of(&lineage.dataset))
        });
        let origin = here.ok_or(Failure::Refused(Refusal::NoBase(guid)))?;
        let stream = Stream::new(Some(guid), to.clone());
        self.change(target, |receiver| receiver.arrive(&stream, &Effect::default()));
        if let Some(lineage) = self.target.datasets.get_mut(target) {
            lineage.head.origin = Some(origin);
        }
        Ok(())
    }

    fn change(&mut self, target: &DatasetName, change: impl FnOnce(&mut Receiver)) {
        let mut receiver = Receiver::new(target.clone(), self.target.datasets.remove(target));
        change(&mut receiver);
        if let Some(lineage) = receiver.into_lineage() {
            self.target.datasets.insert(target.clone(), lineage);
        }
    }

    /// Tells what a forced receive destroyed.
    fn tell(&mut self, target: &DatasetName, effect: &Effect) {
        if self.options.no_rollback
            || effect.creates
            || effect.ignored
            || (effect.destroys.is_empty() && !effect.discards_changes)
        {
            return;
        }
        let destroyed: Vec<String> = effect.destroys.iter().map(|gone| gone.name.clone()).collect();
        self.destroyed.extend(effect.destroys.iter().map(|gone| gone.of(target)));
        self.actions.push(Action::RolledBack { dataset: target.clone(), destroyed });
    }
}

/// 2.3: what a dataset depends on (parent, origin) before it, a circle broken silently. 2.2: clones last.
fn in_order(
    listed: &BTreeMap<DatasetName, Option<String>>,
    release: Release,
) -> Vec<(DatasetName, Option<String>)> {
    let replicated = |origin: &Option<String>| {
        let origin = origin.as_ref()?;
        let dataset: DatasetName = origin.split_once('@')?.0.parse().ok()?;
        listed.contains_key(&dataset).then(|| (dataset, origin.clone()))
    };
    if release < Release::V2_3 {
        let (clones, others): (Vec<_>, Vec<_>) = listed
            .iter()
            .map(|(dataset, origin)| (dataset.clone(), replicated(origin).map(|(_, o)| o)))
            .partition(|(_, o)| o.is_some());
        return others.into_iter().chain(clones).collect();
    }
    let mut done: BTreeSet<DatasetName> = BTreeSet::new();
    let mut order = Vec::new();
    for dataset in listed.keys() {
        let mut waiting = VecDeque::from([dataset.clone()]);
        let mut chain: VecDeque<DatasetName> = VecDeque::new();
        let mut seen: BTreeSet<DatasetName> = BTreeSet::new();
        while let Some(next) = waiting.pop_front() {
            if done.contains(&next) || !seen.insert(next.clone()) {
                continue;
            }
            waiting.extend(next.parent().filter(|parent| listed.contains_key(parent)));
            waiting.extend(listed.get(&next).and_then(replicated).map(|(dataset, _)| dataset));
            chain.push_front(next);
        }
        for dataset in chain {
            let origin = listed.get(&dataset).and_then(replicated).map(|(_, origin)| origin);
            done.insert(dataset.clone());
            order.push((dataset, origin));
        }
    }
    order
}
