//! What is wrong with a declaration as a whole.

mod jobs;
mod times;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use declared::join;

use super::{Checked, Code, Problem};
use crate::coverage::{Inventory, Subject};
use crate::job::Source;
use crate::lint::Lint as _;
use crate::name::Name;
use crate::notify::Flaw;
use crate::path::AbsolutePath;
use crate::sanoid::Place;

/// Everything that is wrong with a declaration, in no order.
pub(super) fn problems(spec: &Checked) -> Vec<Problem> {
    let mut found = Found::default();
    found.repositories(spec);
    found.jobs(spec);
    found.sanoid(spec);
    found.notifications(spec);
    found.archives(spec);
    found.replications(spec);
    found.times(spec);
    found.thresholds(spec);
    found.crowds(spec);
    found.0
}

#[derive(Default)]
struct Found(Vec<Problem>);

impl Found {
    fn add(&mut self, path: String, code: Code, what: impl Display, remedy: impl Display) {
        let (what, remedy) = (what.to_string(), remedy.to_string());
        self.0.push(Problem { position: None, path, code, what, remedy });
    }

    fn repositories(&mut self, spec: &Checked) {
        let mut seen = BTreeMap::new();
        for (name, repository) in &spec.repositories {
            let path = join("repositories", name.as_str());
            if let Some(other) = seen.insert(&repository.url, name) {
                let what = format!("`{}` is the repository `{other}` too", repository.url);
                let remedy = "keep one of the two: each would forget by its own policy";
                self.add(join(&path, "url"), Code::DuplicateRepository, what, remedy);
            }
            if let Some(forget) = &repository.forget {
                if forget.keep.is_empty() {
                    let what = "nothing would be kept: restic refuses to run so";
                    let remedy = "write what is kept, such as \"--keep-daily 14\"";
                    self.add(
                        join(&join(&path, "forget"), "keep"),
                        Code::KeepsNothing,
                        what,
                        remedy,
                    );
                }
            }
        }
    }

    /// Whoever declares messages hears of everything: every event has its template, and every template what it says.
    fn notifications(&mut self, spec: &Checked) {
        if spec.notifications.templates.is_empty() {
            return;
        }
        for flaw in spec.notifications.flaws() {
            let template = match &flaw {
                Flaw::Undeclared { template, .. }
                | Flaw::Unused { template, .. }
                | Flaw::Unprovided { template, .. }
                | Flaw::NeverSent(template)
                | Flaw::Title(template) => template.as_str(),
                _ => "",
            };
            let path = if template.is_empty() {
                "notifications".into()
            } else {
                join("notifications", template)
            };
            self.add(path, Code::Notification, &flaw, flaw.remedy());
        }
    }

    fn archives(&mut self, spec: &Checked) {
        // The jobs that read the running host, by what they read.
        let mut live: BTreeMap<&AbsolutePath, Vec<&Name>> = BTreeMap::new();
        for (name, job) in &spec.jobs {
            let reads = job.enable && matches!(job.source, Source::Live {});
            for path in job.paths.iter().filter(|_| reads) {
                live.entry(path).or_default().push(name);
            }
        }
        for (name, archive) in &spec.pitr {
            let path = join("pitr", name.as_str());
            for flaw in archive.pitr.flaws().iter().filter(|flaw| !flaw.is_warning()) {
                self.add(path.clone(), Code::Pitr, flaw, flaw.remedy());
            }
            // Files of a running database are of many moments; whoever restores them loses both copies at once.
            let above =
                archive.paths().filter(|_| archive.enable).flat_map(AbsolutePath::and_above);
            let jobs = above.filter_map(|at| live.get(&at)).flatten().copied();
            for job_name in jobs.collect::<BTreeSet<&Name>>() {
                let Some(scan) = spec.scan(job_name) else { continue };
                let torn = |own: &AbsolutePath| {
                    scan.verdict(&scan.ordinary(own), &Inventory::default()).is_included()
                };
                if let Some(own) = archive.paths().find(torn) {
                    let what = format!(
                        "it copies {own} while the database writes there; the archive `{name}` has it"
                    );
                    let remedy = format!("exclude {own}/**");
                    let path = join(&join("jobs", job_name.as_str()), "excludes");
                    self.add(path, Code::CopiedWhileRunning, what, remedy);
                }
            }
        }
    }

    fn replications(&mut self, spec: &Checked) {
        for (name, replication) in &spec.replication {
            let path = join("replication", name.as_str());
            for flaw in replication.flaws() {
                self.add(path.clone(), Code::Replication, &flaw, flaw.remedy());
            }
            let sends =
                replication.takes_snapshots() || spec.snapshotted_by(replication).next().is_some();
            if replication.enable && !sends {
                let what = format!("nobody takes snapshots of {}", replication.source());
                let remedy = "let sanoid take some, or let syncoid take its own";
                self.add(path, Code::Replication, what, remedy);
            }
        }
    }

    fn sanoid(&mut self, spec: &Checked) {
        let Some(sanoid) = &spec.sanoid else { return };
        if sanoid.datasets.is_empty() {
            let remedy = "name the datasets, or leave out `sanoid`";
            let what = "no datasets: sanoid refuses an empty configuration";
            return self.add("sanoid.datasets".into(), Code::Sanoid, what, remedy);
        }
        let config = match sanoid.config() {
            Ok(config) => config,
            Err(error) => {
                let remedy = "write one line without blanks around it";
                return self.add("sanoid".into(), Code::Sanoid, error, remedy);
            }
        };
        for finding in config.lint() {
            let Place { section, key, .. } = &finding.place;
            let section = match section.strip_prefix("template_") {
                Some(template) => join("sanoid.templates", template),
                None => join("sanoid.datasets", section),
            };
            let path = if key.is_empty() { section } else { join(&section, key) };
            self.add(path, Code::Sanoid, finding.what(), finding.lint.remedy());
        }
    }
}

/// The path of a decision.
pub(super) fn protection_path(subject: &Subject) -> String {
    join("protection", &subject.to_string())
}
