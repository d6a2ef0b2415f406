//! The protection of a host as a page of Markdown (`CommonMark` 0.31).

use std::fmt;

use crate::coverage::{Coverage, Entry, Held};
use crate::spec::Checked;

/// A report: what is missing first, then every subject with its copies and their proof, then when everything runs.
#[derive(Clone, Copy, Debug)]
pub struct Report<'r> {
    spec: &'r Checked,
    coverage: &'r Coverage,
}

impl Coverage {
    /// This coverage as a page of Markdown.
    pub fn report<'r>(&'r self, spec: &'r Checked) -> Report<'r> {
        Report { spec, coverage: self }
    }
}

/// Text that is only text: nothing in it is markup, ends a cell, or leaves its line.
struct Text<T>(T);

impl<T: fmt::Display> fmt::Display for Text<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.to_string().chars() {
            match character {
                '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '&' | '~' | '!' => {
                    write!(f, "\\{character}")?;
                }
                _ if character.is_control() => write!(f, "{}", character.escape_default())?,
                _ => write!(f, "{character}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { spec, coverage } = self;
        writeln!(f, "# What protects {}\n", Text(&spec.host))?;
        let findings: Vec<_> = coverage.findings().collect();
        writeln!(f, "## Missing\n")?;
        if findings.is_empty() {
            writeln!(f, "Nothing.")?;
        }
        for (subject, finding) in findings {
            writeln!(f, "* {}: {}", Text(subject), Text(finding))?;
        }
        writeln!(f, "\n## Copies\n")?;
        writeln!(f, "| subject | class | tier | by | at worst lost | what of it |")?;
        writeln!(f, "|---|---|---|---|---|---|")?;
        for entry in &coverage.entries {
            copies(f, entry)?;
        }
        writeln!(f, "\n## When\n")?;
        writeln!(f, "| unit | when | longest pause | late after |\n|---|---|---|---|")?;
        for task in spec.tasks() {
            let Some(schedule) = spec.schedule(&task) else { continue };
            let Some(bounds) = spec.bounds(&task) else { continue };
            let (pause, late) = (bounds.between_starts, bounds.worst);
            writeln!(f, "| {} | {} | {pause} | {late} |", Text(&task), Text(schedule))?;
        }
        Ok(())
    }
}

fn copies(f: &mut fmt::Formatter<'_>, entry: &Entry) -> fmt::Result {
    let class = entry.class.map_or("-".to_owned(), |class| class.to_string());
    if entry.copies.is_empty() {
        writeln!(f, "| {} | {class} | none | | everything | |", Text(&entry.subject))?;
    }
    for copy in &entry.copies {
        let worst = copy.worst.map_or("not known".to_owned(), |worst| worst.to_string());
        write!(f, "| {} | {class} | {} | ", Text(&entry.subject), copy.tier)?;
        write!(f, "{} | {worst} | ", Text(&copy.via))?;
        match &copy.held {
            Held::Whole => write!(f, "the whole dataset")?,
            Held::Database => write!(f, "the database and its log")?,
            Held::Vouched => write!(f, "as vouched for")?,
            Held::Files { path, excluded, included } => {
                write!(f, "{}", Text(path))?;
                if included.files > 0 {
                    write!(f, ", {} files, {} bytes", included.files, included.bytes)?;
                }
                for (pattern, amount) in excluded {
                    write!(f, "; without {}", Text(pattern))?;
                    if amount.files > 0 {
                        write!(f, " ({} files, {} bytes)", amount.files, amount.bytes)?;
                    }
                }
            }
        }
        writeln!(f, " |")?;
    }
    Ok(())
}
