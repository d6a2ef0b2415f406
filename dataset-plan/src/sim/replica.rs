//! What an incremental replica (`zfs send -R -i`) does to what is there before its snapshots are received: it promotes,
//! renames and destroys what its source promoted, renamed and destroyed.
//!
//! Source: OpenZFS `recv_incremental_replication`, `recv_rename`, `recv_destroy`, `recv_promote`
//! (`lib/libzfs/libzfs_sendrecv.c`).

use std::collections::BTreeSet;

use zfs_props::name::{DatasetName, SnapshotName};

use super::Zfs;
use super::receive::Receive;
use super::refusal::Refusal;
use super::remount::Cause;
use super::send::{Header, Sent, find};

/// How one look at everything ended.
#[derive(Default)]
struct Pass {
    /// Something is not as it should be yet.
    again: bool,
    /// Something was changed.
    progress: bool,
    /// The last thing tried failed.
    failed: bool,
    /// What was destroyed, by `guid`.
    gone: BTreeSet<u64>,
}

impl Pass {
    fn note(&mut self, verdict: &Result<(), Refusal>) {
        self.failed = verdict.is_err();
        if self.failed {
            self.again = true;
        } else {
            self.progress = true;
        }
    }
}

/// Why nothing more can be done.
struct Stuck;

/// What a replica is about.
pub(super) struct Replication<'s> {
    header: &'s Header,
    since: &'s str,
    /// The dataset that the sent one corresponds to.
    top: &'s DatasetName,
    how: &'s Receive,
    /// The filesystems that got other names, other than to be out of the way.
    renamed: Vec<DatasetName>,
    /// How many names for the time being were given.
    aside: usize,
}

impl<'s> Replication<'s> {
    pub(super) fn new(header: &'s Header, top: &'s DatasetName, how: &'s Receive) -> Self {
        let since = header.since.as_deref().unwrap_or_default();
        Self { header, since, top, how, renamed: Vec::new(), aside: 0 }
    }

    /// A name for what is in the way.
    fn aside(&mut self) -> String {
        self.aside += 1;
        format!("{ASIDE}0-{}", self.aside)
    }
}

/// How names begin that `zfs receive` gives for the time being; then come the number of its process, which is 0 here,
/// and how many it gave.
const ASIDE: &str = "recv-";

impl Zfs {
    /// Whether what is there agrees with the stream afterwards.
    pub(super) fn replicate(&mut self, replication: &mut Replication<'_>) -> bool {
        loop {
            if !self.nodes.contains_key(replication.top) {
                return false;
            }
            let local = self.gather(replication.top, replication.since);
            let mut pass = Pass::default();
            let whole = local
                .iter()
                .try_for_each(|of| self.replicate_one(of, &local, replication, &mut pass));
            if whole.is_err() && !pass.again {
                return false;
            }
            if !(pass.again && pass.progress) {
                return !(pass.again || pass.failed);
            }
        }
    }

    /// What was renamed is mounted with all the rest, later.
    pub(super) fn unmount_renamed(&mut self, replication: &Replication<'_>) {
        if replication.how.unmounted {
            return;
        }
        for name in &replication.renamed {
            if self.nodes.contains_key(name) && !self.is_volume(name) {
                let touched = self.touched(name, Cause::Mountpoint);
                let _ = self.take_down(&touched);
            }
        }
    }

    fn replicate_one(
        &mut self,
        of: &Sent,
        local: &[Sent],
        replication: &mut Replication<'_>,
        pass: &mut Pass,
    ) -> Result<(), Stuck> {
        let Replication { header, how, since, top, .. } = *replication;
        let known = of.snapshots.iter().find_map(|snapshot| header.find(snapshot.guid));
        let mut theirs = known.map(|(sent, _)| sent);
        if let Some(other) = theirs.filter(|other| other.origin != of.origin) {
            if self.is_younger(local, other.origin, of.origin)? {
                pass.note(&self.promote(&of.name));
            }
            pass.again = true;
            return Ok(());
        }
        let mut from = None;
        for snapshot in &of.snapshots {
            let Ok(here) = of.name.snapshot(&snapshot.name) else { continue };
            let Some((sent, their)) = header.find(snapshot.guid) else {
                if how.force {
                    pass.note(&self.destroy_for_replica(&here, replication));
                    pass.gone.extend(snapshot.guid);
                }
                continue;
            };
            theirs = Some(sent);
            let first = !self.has_received(&of.name);
            if let Some(point) = self.point_mut(&here) {
                point.receive(&their.properties, first);
            }
            if their.name != snapshot.name {
                pass.note(&self.rename_for_replica(&here, &their.name, replication));
            }
            if their.name == since {
                from = snapshot.guid;
            }
        }
        let Some(theirs) = theirs else {
            if how.force {
                pass.note(&self.remove_for_replica(&of.name, replication));
                pass.gone.extend(of.above);
            }
            return Ok(());
        };
        if from.is_none() {
            return Ok(());
        }
        let moved = theirs.above.is_some() && of.above.is_some() && theirs.above != of.above;
        if moved && of.above.is_some_and(|above| pass.gone.contains(&above)) {
            pass.again = true;
            pass.progress = true;
            return Err(Stuck);
        }
        let leaf = theirs.name.as_str().rsplit_once('/').map(|(_, leaf)| leaf);
        let ours = of.name.as_str().rsplit_once('/').map(|(_, leaf)| leaf);
        if moved || of.name != *top && ours.is_some() && leaf.is_some() && ours != leaf {
            let parent = find(local, theirs.above).map(|(parent, _)| &parent.name);
            let to = parent.zip(leaf).and_then(|(parent, leaf)| parent.child(leaf).ok());
            let (now, verdict) = self.move_for_replica(&of.name, to, replication);
            replication.renamed.extend(now);
            pass.note(&verdict);
        }
        Ok(())
    }

    /// Whether the first snapshot was made after the second one, which no snapshot at all was not.
    fn is_younger(
        &self,
        local: &[Sent],
        first: Option<u64>,
        second: Option<u64>,
    ) -> Result<bool, Stuck> {
        if second.is_none() {
            return Ok(false);
        }
        if first.is_none() {
            return Ok(true);
        }
        let made = |guid| {
            let (of, snapshot) = find(local, guid).ok_or(Stuck)?;
            let point = self.nodes.get(&of.name).and_then(|node| node.point(&snapshot.name));
            Ok(point.ok_or(Stuck)?.snapshot.createtxg)
        };
        Ok(made(first)? > made(second)?)
    }

    /// A snapshot that cannot be destroyed gets another name.
    fn destroy_for_replica(
        &mut self,
        name: &SnapshotName,
        replication: &mut Replication<'_>,
    ) -> Result<(), Refusal> {
        let verdict = self.destroy_snapshot(name, true, false);
        if verdict.is_ok() && self.point(name).is_none() {
            return Ok(());
        }
        let _ = self.rename_snapshot(name, &replication.aside(), false);
        Err(Refusal::HasClones(name.to_string()))
    }

    fn rename_for_replica(
        &mut self,
        name: &SnapshotName,
        to: &str,
        replication: &mut Replication<'_>,
    ) -> Result<(), Refusal> {
        let verdict = self.rename_snapshot(name, to, false);
        if verdict.is_err() && !name.name().starts_with(ASIDE) {
            let _ = self.rename_snapshot(name, &replication.aside(), false);
        }
        verdict
    }

    fn remove_for_replica(
        &mut self,
        name: &DatasetName,
        replication: &mut Replication<'_>,
    ) -> Result<(), Refusal> {
        let touched = self.touched(name, Cause::Dependents);
        self.take_down(&touched)?;
        let verdict = self.destroy(name, false);
        self.put_up(&touched);
        match verdict {
            Ok(()) => Ok(()),
            Err(_) => self.move_for_replica(name, None, replication).1,
        }
    }

    /// A dataset that cannot go where it should gets another name: the name that it has then, if it is a new one.
    fn move_for_replica(
        &mut self,
        name: &DatasetName,
        to: Option<DatasetName>,
        replication: &mut Replication<'_>,
    ) -> (Option<DatasetName>, Result<(), Refusal>) {
        let mut touched = self.touched(name, Cause::Dependents);
        if let Err(refusal) = self.take_down(&touched) {
            return (None, Err(refusal));
        }
        let mut now = to.filter(|to| self.move_to(name, to).is_ok());
        let verdict = now.as_ref().map(|_| ()).ok_or_else(|| Refusal::Stream(name.clone()));
        let below = name.relative_to(replication.top);
        if verdict.is_err() && !below.is_some_and(|below| below.starts_with(ASIDE)) {
            // Beside the top, and not below it, if that is in the way itself: `tank/crecv-1240-1`.
            let between = if name == replication.top { "" } else { "/" };
            let top = replication.top;
            let aside = format!("{top}{between}{}", replication.aside());
            now = aside.parse().ok().filter(|aside| self.move_to(name, aside).is_ok());
        }
        if let Some(now) = &now {
            touched.rename(name, now);
        }
        self.put_up(&touched);
        (now, verdict)
    }
}
