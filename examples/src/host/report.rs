//! All that is wrong with a host's file, whichever crate found it.

use std::fmt;

use declared::{Code, Fault, Problem, Problems};

/// Every problem of every table, in the order of the file. The codes are those of the crates, as words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report(Vec<Problem<String>>);

impl Report {
    /// The problems of a whole document.
    pub(crate) fn of<C: Code>(problems: Problems<C>) -> Self {
        let mut report = Self::default();
        report.add(problems, |problem| problem);
        report
    }

    /// What was read of the document as a whole, if nothing is wrong with that.
    pub(crate) fn of_document<T, C: Code>(&mut self, read: Result<T, Problems<C>>) -> Option<T> {
        read.map_err(|problems| self.add(problems, |problem| problem)).ok()
    }

    /// What was read of a table, if nothing is wrong with it.
    pub(crate) fn of_table<T, C: Code>(
        &mut self,
        table: &str,
        read: Result<T, Problems<C>>,
    ) -> Option<T> {
        read.map_err(|problems| self.add(problems, |problem| problem.within(table))).ok()
    }

    fn add<C: Code>(&mut self, problems: Problems<C>, as_of: impl Fn(Problem<C>) -> Problem<C>) {
        let problems = problems.into_iter().map(as_of);
        self.0.extend(problems.map(|problem| problem.map(|code| code.to_string())));
    }

    /// With problems of what a table was given told of where that is said.
    pub(super) fn where_said(mut self, given: &[(&str, &str)]) -> Self {
        for problem in &mut self.0 {
            let said = given.iter().find(|(path, _)| *path == problem.path);
            // A key that is there twice is the table's own.
            if let Some((_, said)) =
                said.filter(|_| problem.code != Fault::DuplicateKey.to_string())
            {
                problem.path = (*said).to_owned();
            }
        }
        self
    }

    /// In the order of the file.
    pub(crate) fn sorted(mut self) -> Self {
        self.0.sort();
        self
    }

    /// The problems.
    pub fn problems(&self) -> &[Problem<String>] {
        &self.0
    }
}

impl fmt::Display for Report {
    /// A line each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for Report {}
