//! `zfs send`: what a stream says of datasets and snapshots, without their data.
//!
//! Source: OpenZFS `zfs_do_send` (`cmd/zfs/zfs_main.c`), `send_iterate_fs`, `send_iterate_prop`, `dump_filesystems`,
//! `dump_snapshot` (`lib/libzfs/libzfs_sendrecv.c`).

use std::collections::{BTreeMap, BTreeSet};

use zfs_props::key::PropertyName;
use zfs_props::kind::DatasetKind;
use zfs_props::name::{DatasetName, SnapshotName};
use zfs_props::property::Property;

use super::create::is_fixed;
use super::node::{Node, Point};
use super::refusal::Refusal;
use super::{Zfs, no_snapshot};
use crate::observed::{Entries, Raw};

/// What a stream carries beside the data of one snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Nothing.
    Plain,
    /// The dataset's local and received properties (`-p`).
    Properties,
    /// Its received properties (`-b`).
    Backup,
    /// All below, their properties, and all snapshots up to this one (`-R`).
    Replica,
}

/// What `zfs send` puts out.
#[derive(Clone, Debug)]
pub struct Stream {
    pub(super) header: Option<Header>,
    pub(super) parts: Vec<Part>,
    fault: Option<Refusal>,
}

/// What comes before the snapshots, unless the stream is plain.
#[derive(Clone, Debug)]
pub(super) struct Header {
    /// The snapshot that all is an increment to, by the name after `@`.
    pub(super) since: Option<String>,
    pub(super) recursive: bool,
    pub(super) sent: Vec<Sent>,
}

/// What a stream says of a dataset. Of the receiver's datasets the same is gathered to compare with it.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) name: DatasetName,
    /// The `guid` of the snapshot of the dataset above that the increment is to, or that is sent.
    pub(super) above: Option<u64>,
    /// The `guid` of the snapshot that it is a clone of.
    pub(super) origin: Option<u64>,
    pub(super) properties: Properties,
    pub(super) snapshots: Vec<SentSnapshot>,
}

#[derive(Clone, Debug)]
pub(super) struct SentSnapshot {
    pub(super) name: String,
    pub(super) guid: Option<u64>,
    pub(super) properties: Properties,
}

pub(super) type Properties = Vec<(PropertyName, Raw)>;

/// One snapshot of a stream.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// Where the dataset is below the sent one.
    pub(super) below: String,
    pub(super) kind: DatasetKind,
    pub(super) point: Point,
    /// The `guid` of the snapshot it is an increment to.
    pub(super) since: Option<u64>,
    pub(super) is_clone: bool,
}

impl Stream {
    /// Why a part of what was asked for is not in the stream; `zfs send` fails then, after it put out the rest.
    pub const fn fault(&self) -> Option<&Refusal> {
        self.fault.as_ref()
    }
}

impl Sent {
    fn guid_of(&self, snapshot: &str) -> Option<u64> {
        self.snapshots.iter().find(|of| of.name == snapshot)?.guid
    }
}

impl Header {
    /// The dataset with this snapshot, and what the snapshot is called there. The first one counts, if there are more.
    pub(super) fn find(&self, guid: Option<u64>) -> Option<(&Sent, &SentSnapshot)> {
        find(&self.sent, guid)
    }
}

pub(super) fn find(sent: &[Sent], guid: Option<u64>) -> Option<(&Sent, &SentSnapshot)> {
    let all = sent.iter().flat_map(|of| of.snapshots.iter().map(move |snapshot| (of, snapshot)));
    let mut these = all.filter(|(_, snapshot)| guid.is_some() && snapshot.guid == guid);
    these.next()
}

impl Zfs {
    /// `zfs send`; `since` is the name after `@` of an earlier snapshot (`-i`).
    pub fn send(
        &self,
        name: &SnapshotName,
        content: Content,
        since: Option<&str>,
    ) -> Result<Stream, Refusal> {
        let head = name.dataset_name()?;
        let top = self.node(&head)?;
        let last = self.point(name).ok_or_else(|| no_snapshot(name))?;
        let from =
            since.map(|since| top.point(since).ok_or_else(|| no_snapshot(name))).transpose()?;
        let recursive = content == Content::Replica;
        let is_earlier = from.is_none_or(|from| from.snapshot.createtxg < last.snapshot.createtxg);
        if !recursive && !is_earlier {
            return Err(Refusal::NotLatest(name.to_string()));
        }
        let header = match content {
            Content::Plain => None,
            _ => Some(Header {
                since: since.map(str::to_owned),
                recursive,
                sent: self.sent(name, content, since)?,
            }),
        };
        let mut stream = Stream { header: None, parts: Vec::new(), fault: None };
        match &header {
            Some(header) if recursive => self.parts_of_all(name, header, &mut stream),
            _ => stream.parts.push(Part {
                below: String::new(),
                kind: kind_of(top),
                point: last.clone(),
                since: from.and_then(|from| from.snapshot.guid),
                is_clone: false,
            }),
        }
        stream.header = header;
        Ok(stream)
    }

    /// The datasets that a stream is about, parents first.
    fn sent(
        &self,
        name: &SnapshotName,
        content: Content,
        since: Option<&str>,
    ) -> Result<Vec<Sent>, Refusal> {
        let head = name.dataset_name()?;
        let recursive = content == Content::Replica;
        let datasets = if recursive { self.subtree(&head) } else { vec![head] };
        let mut sent = Vec::new();
        // Of each dataset, when its last snapshot was made, and the snapshot that its children are under.
        let mut above: BTreeMap<DatasetName, (Option<u64>, Option<u64>)> = BTreeMap::new();
        let mut skipped: Option<DatasetName> = None;
        for at in datasets {
            if skipped.as_ref().is_some_and(|skipped| at.is_under(skipped)) {
                continue;
            }
            let node = self.node(&at)?;
            let (before, under) =
                at.parent().and_then(|parent| above.get(&parent).copied()).unwrap_or_default();
            let Some(last) = node.point(name.name()) else {
                if node.dataset.createtxg > before {
                    skipped = Some(at);
                    continue;
                }
                return Err(Refusal::NoSnapshot(format!("{at}@{}", name.name())));
            };
            if node.is_encrypted() {
                return Err(Refusal::Stream(at));
            }
            let txg = last.snapshot.createtxg;
            let points = node.points.iter().filter(|point| {
                let is_last = point.snapshot.name == name.name();
                if recursive { point.snapshot.createtxg <= txg } else { is_last }
            });
            let of = self.describe(&at, node, points, under, content);
            let mark = since.and_then(|since| of.guid_of(since)).or(last.snapshot.guid);
            above.insert(at, (txg, mark));
            sent.push(of);
        }
        Ok(sent)
    }

    /// What a receiver has, to be compared with what a stream says.
    pub(super) fn gather(&self, name: &DatasetName, since: &str) -> Vec<Sent> {
        let mut above: BTreeMap<DatasetName, Option<u64>> = BTreeMap::new();
        let mut sent = Vec::new();
        for at in self.subtree(name) {
            let Some(node) = self.nodes.get(&at) else { continue };
            let under = at.parent().and_then(|parent| above.get(&parent).copied().flatten());
            let of = self.describe(&at, node, node.points.iter(), under, Content::Replica);
            above.insert(at, of.guid_of(since));
            sent.push(of);
        }
        sent
    }

    fn describe<'p>(
        &self,
        name: &DatasetName,
        node: &Node,
        points: impl Iterator<Item = &'p Point>,
        above: Option<u64>,
        content: Content,
    ) -> Sent {
        let origin = node.dataset.origin.as_ref();
        Sent {
            name: name.clone(),
            above,
            origin: origin.and_then(|origin| self.point(origin)?.snapshot.guid),
            properties: own_properties(&node.dataset.entries, content),
            snapshots: points
                .map(|point| SentSnapshot {
                    name: point.snapshot.name.clone(),
                    guid: point.snapshot.guid,
                    properties: own_properties(&point.entries, content),
                })
                .collect(),
        }
    }

    /// The snapshots of a replica: of each dataset all up to the last, or, as an increment, the last one and those that
    /// clones in the stream are made of. Parents and origins come before children and clones.
    fn parts_of_all(&self, name: &SnapshotName, header: &Header, stream: &mut Stream) {
        let origins: BTreeSet<u64> = header.sent.iter().filter_map(|of| of.origin).collect();
        let mut done: BTreeSet<&DatasetName> = BTreeSet::new();
        let mut complete = true;
        loop {
            let before = done.len();
            for of in &header.sent {
                let waits = |guid: Option<u64>| {
                    header.find(guid).is_some_and(|(other, _)| !done.contains(&other.name))
                };
                if done.contains(&of.name) || waits(of.above) || waits(of.origin) {
                    continue;
                }
                complete = self.parts_of(of, name, header, &origins, stream);
                done.insert(&of.name);
            }
            if done.len() == before {
                break;
            }
        }
        if !complete {
            // The last dataset decides whether there is a stream at all.
            stream.parts.clear();
        }
    }

    fn parts_of(
        &self,
        of: &Sent,
        name: &SnapshotName,
        header: &Header,
        origins: &BTreeSet<u64>,
        stream: &mut Stream,
    ) -> bool {
        let Some(node) = self.nodes.get(&of.name) else { return false };
        let since = header.since.as_deref().and_then(|since| node.point(since));
        let Some(last) = node.point(name.name()) else { return false };
        if since.is_some_and(|since| since.snapshot.createtxg >= last.snapshot.createtxg) {
            stream.fault = Some(Refusal::NotLatest(name.to_string()));
            return false;
        }
        let after = since.and_then(|since| since.snapshot.createtxg);
        let mut before = since.and_then(|since| since.snapshot.guid);
        let mut is_clone = before.is_none() && of.origin.is_some();
        if is_clone {
            before = of.origin;
        }
        let head = name.dataset_name().ok();
        let below = head.and_then(|head| Some(of.name.relative_to(&head)?.to_owned()));
        for point in &node.points {
            let snapshot = &point.snapshot;
            let is_last = snapshot.name == name.name();
            let is_within = snapshot.createtxg <= last.snapshot.createtxg
                && (after.is_none() || snapshot.createtxg > after);
            let is_wanted = header.since.is_none()
                || is_last
                || snapshot.guid.is_some_and(|guid| origins.contains(&guid));
            if !is_within || !is_wanted {
                continue;
            }
            stream.parts.push(Part {
                below: below.clone().unwrap_or_default(),
                kind: kind_of(node),
                point: point.clone(),
                since: before,
                is_clone,
            });
            (before, is_clone) = (snapshot.guid, false);
        }
        true
    }
}

fn kind_of(node: &Node) -> DatasetKind {
    node.dataset.kind.unwrap_or(DatasetKind::Filesystem)
}

fn own_properties(entries: &Entries, content: Content) -> Properties {
    let sent = entries.iter().filter(|(property, _)| {
        property.native().is_none_or(|native| native != Property::Volsize && !is_fixed(native))
    });
    match content {
        Content::Backup => {
            sent.filter_map(|(p, entry)| Some((p.clone(), entry.received.clone()?))).collect()
        }
        _ => sent.filter_map(|(p, entry)| Some((p.clone(), entry.own()?.0.clone()))).collect(),
    }
}
