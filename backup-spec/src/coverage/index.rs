//! What is declared, by the places it could be about: each subject is held against that alone, and a fleet in linear time.

use std::collections::{BTreeMap, BTreeSet};

use zfs_props::name::DatasetName;

use super::class::Subject;
use crate::archive::Archive;
use crate::job::Job;
use crate::name::Name;
use crate::path::AbsolutePath;
use crate::replication::Replication;
use crate::scan::Scan;
use crate::spec::Checked;

/// A job, and what it reads.
pub(super) struct Read<'c> {
    pub(super) name: &'c Name,
    pub(super) job: &'c Job,
    pub(super) scan: Scan,
}

type Named<'c, T> = (&'c Name, &'c T);

/// Jobs, replications and archives; each list in the order of their names.
pub(super) struct Index<'c> {
    jobs: Vec<Read<'c>>,
    jobs_by_path: BTreeMap<AbsolutePath, Vec<usize>>,
    jobs_by_clone: BTreeMap<DatasetName, Vec<usize>>,
    replications: BTreeMap<&'c DatasetName, Vec<Named<'c, Replication>>>,
    archives: Vec<Named<'c, Archive>>,
    archives_by_path: BTreeMap<AbsolutePath, BTreeSet<usize>>,
    archives_by_dataset: BTreeMap<&'c DatasetName, BTreeSet<usize>>,
}

impl<'c> Index<'c> {
    pub(super) fn of(spec: &'c Checked) -> Self {
        let jobs = spec.jobs.iter();
        let jobs: Vec<Read<'_>> = jobs
            .filter_map(|(name, job)| Some(Read { name, job, scan: spec.scan(name)? }))
            .collect();
        let mut index = Self {
            jobs: Vec::new(),
            jobs_by_path: BTreeMap::new(),
            jobs_by_clone: BTreeMap::new(),
            replications: BTreeMap::new(),
            archives: spec.pitr.iter().collect(),
            archives_by_path: BTreeMap::new(),
            archives_by_dataset: BTreeMap::new(),
        };
        for (nth, read) in jobs.iter().enumerate() {
            for top in read.scan.tops() {
                index.jobs_by_path.entry(top.clone()).or_default().push(nth);
            }
            if let Some(dataset) = read.scan.dataset() {
                index.jobs_by_clone.entry(dataset.clone()).or_default().push(nth);
            }
        }
        index.jobs = jobs;
        for named in &spec.replication {
            index.replications.entry(named.1.source()).or_default().push(named);
        }
        for (nth, (_, archive)) in index.archives.iter().enumerate() {
            for path in archive.paths() {
                index.archives_by_path.entry(path).or_default().insert(nth);
            }
            for dataset in archive.datasets() {
                index.archives_by_dataset.entry(dataset).or_default().insert(nth);
            }
        }
        index
    }

    /// The jobs that may read something at or below one of these paths.
    pub(super) fn reading(&self, paths: &[AbsolutePath]) -> impl Iterator<Item = &Read<'c>> {
        let above = paths.iter().cloned().flat_map(AbsolutePath::and_above);
        let lists = above.filter_map(|at| self.jobs_by_path.get(&at));
        let found: BTreeSet<usize> = lists.flatten().copied().collect();
        found.into_iter().filter_map(|nth| self.jobs.get(nth))
    }

    /// The jobs that read a clone of the dataset.
    pub(super) fn cloning(&self, dataset: &DatasetName) -> impl Iterator<Item = &Read<'c>> {
        let found = self.jobs_by_clone.get(dataset).into_iter().flatten();
        found.filter_map(|nth| self.jobs.get(*nth))
    }

    /// The replications of the dataset, by its own name or with a parent.
    pub(super) fn replications(&self, dataset: &DatasetName) -> Vec<Named<'c, Replication>> {
        let sources = std::iter::once(dataset.clone()).chain(dataset.ancestors());
        let lists = sources.filter_map(|source| self.replications.get(&source));
        let includes = |named: &&Named<'c, Replication>| named.1.includes(dataset);
        let mut found: Vec<_> = lists.flatten().filter(includes).copied().collect();
        found.sort_unstable_by_key(|named| named.0);
        found
    }

    /// The archives of a database whose files are the subject, or lie on it.
    pub(super) fn archives(&self, subject: &Subject) -> impl Iterator<Item = Named<'c, Archive>> {
        let found: BTreeSet<usize> = match subject {
            Subject::Dataset(dataset) => {
                self.archives_by_dataset.get(dataset).cloned().unwrap_or_default()
            }
            Subject::Path(path) => {
                let above = path.clone().and_above();
                let lists = above.filter_map(|at| self.archives_by_path.get(&at));
                lists.flatten().copied().collect()
            }
        };
        found.into_iter().filter_map(|nth| self.archives.get(nth).copied())
    }
}
