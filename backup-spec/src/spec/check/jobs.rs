//! Problems of jobs: where they write, what they read, what they leave out.

use declared::join;

use super::Found;
use crate::coverage::Inventory;
use crate::exclude::{Lint, Pattern};
use crate::job::{Job, Source};
use crate::lint::Lint as _;
use crate::name::Name;
use crate::scan::Scan;
use crate::spec::{Checked, Code};
use crate::units;

impl Found {
    pub(super) fn jobs(&mut self, spec: &Checked) {
        for (name, job) in &spec.jobs {
            let path = join("jobs", name.as_str());
            if !spec.repositories.contains_key(&job.repository) {
                let known: Vec<&str> = spec.repositories.keys().map(Name::as_str).collect();
                let remedy = match declared::nearest(job.repository.as_str(), &known) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("declared are: {}", known.join(", ")),
                };
                let what = format!("no repository `{}` is declared", job.repository);
                self.add(join(&path, "repository"), Code::UnknownRepository, what, remedy);
            }
            self.source(&path, name, job);
            self.patterns(spec, &path, name, job);
            self.floor(spec, &path, job);
        }
    }

    /// The paths lie where the job reads.
    fn source(&mut self, path: &str, name: &Name, job: &Job) {
        if job.paths.is_empty() {
            let remedy = "name what shall be copied";
            self.add(join(path, "paths"), Code::NothingRead, "no paths", remedy);
        }
        let Source::Clone { dataset, mountpoint } = &job.source else { return };
        for read in job.paths.iter().filter(|read| !read.is_within(mountpoint)) {
            let what = format!("{read} is not on {dataset}, which is mounted at {mountpoint}");
            let remedy = "a job that reads a clone reads nothing else: give it a job of its own";
            self.add(join(path, "paths"), Code::OutsideMountpoint, what, remedy);
        }
        if let Err(error) = units::clone_names(name, dataset) {
            self.add(
                join(path, "dataset"),
                Code::BadValue,
                error,
                "take a shorter name for the job",
            );
        }
    }

    fn patterns(&mut self, spec: &Checked, path: &str, name: &Name, job: &Job) {
        let scan = Scan::of(name, job, &spec.excludes);
        let is = |patterns: &[Pattern], pattern: &str| {
            let moved = |p: &Pattern| scan.moved(p).iter().any(|moved| moved == pattern);
            patterns.iter().any(|p| p.as_str() == pattern || moved(p))
        };
        let key = |pattern: &str| {
            if is(&job.iexcludes, pattern) {
                join(path, "iexcludes")
            } else if is(&job.excludes, pattern) {
                join(path, "excludes")
            } else {
                "excludes".to_owned()
            }
        };
        for pattern in &scan.inert {
            let what = format!("`{pattern}` can match nothing that the job reads");
            let remedy = match &job.source {
                Source::Clone { mountpoint, .. } => {
                    format!(
                        "write a path below {mountpoint}, in full, or a pattern without a `/` in front"
                    )
                }
                Source::Live {} => "leave it out".into(),
            };
            self.add(key(pattern.as_str()), Code::InertExclude, what, remedy);
        }
        let own = |pattern: &str| is(&job.excludes, pattern) || is(&job.iexcludes, pattern);
        for finding in scan.excludes.lint(&scan.roots) {
            let code = match finding.lint {
                // What is excluded by intent at any depth is for people to judge; what excludes a path as a whole is told below.
                Lint::Greedy | Lint::TargetExcluded => continue,
                Lint::Inert if !own(finding.place.as_str()) => continue,
                Lint::Inert => Code::InertExclude,
                _ => Code::DoubtfulExclude,
            };
            let what = format!("`{}`: {}", finding.place, finding.what());
            self.add(key(finding.place.as_str()), code, what, finding.lint.remedy());
        }
        // Nothing is known of the host here: what patterns alone leave.
        let nowhere = Inventory::default();
        for read in &job.paths {
            let verdict = scan.verdict(&scan.ordinary(read), &nowhere);
            if matches!(verdict, crate::scan::Verdict::Excluded { .. }) {
                let what = format!("nothing of {read} is read: {verdict}");
                let remedy = "leave out the pattern, or the path";
                self.add(join(path, "excludes"), Code::NothingRead, what, remedy);
            }
        }
    }

    /// A job has no less than the host's floor by accident: a floor that was raised later.
    fn floor(&mut self, spec: &Checked, path: &str, job: &Job) {
        let (floor, given) = (spec.floor, job.resources);
        if given.below_floor {
            return;
        }
        if let (Some(floor), Some(memory)) = (floor.memory, given.memory) {
            if memory < floor {
                let what = format!("{memory} is less than the host's floor of {floor}");
                let remedy = "leave it out, or write belowFloor = true";
                self.add(join(path, "memory"), Code::BelowFloor, what, remedy);
            }
        }
        if let (Some(floor), Some(cpus)) = (floor.cpus, given.cpus) {
            if cpus < floor {
                let what = format!("{cpus} is less than the host's floor of {floor}");
                let remedy = "leave it out, or write belowFloor = true";
                self.add(join(path, "cpus"), Code::BelowFloor, what, remedy);
            }
        }
    }
}
