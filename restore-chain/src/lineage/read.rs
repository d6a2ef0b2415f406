//! Reading what `zfs list` prints.

use std::collections::BTreeMap;

use zfs_props::name::DatasetName;

use super::version::{Encryption, Guid, Kind, Lineage, Version};
use crate::command::Command;

/// The columns that [`lineages`] reads, in their order.
pub const COLUMNS: &str = "name,guid,createtxg,creation,type,userrefs,clones,written,receive_resume_token,encryption,origin,keystatus,ivsetguid";

/// Lists everything that [`lineages`] wants to know, of a dataset and all below it.
pub fn command(dataset: &DatasetName) -> Command {
    let kinds = "filesystem,volume,snapshot,bookmark";
    Command::new(["zfs", "list", "-Hp", "-t", kinds, "-o", COLUMNS, "-r"]).arg(dataset)
}

/// Why a listing cannot be relied on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct ReadError {
    /// Which line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub fault: ReadFault,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadFault {
    /// Columns are missing or too many.
    #[error("{found} columns where {expected} were asked for; list with `zfs list -Hp -o COLUMNS`")]
    Columns {
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// A column that is needed was not listed, or one is not known here.
    #[error(
        "column {0:?} is needed or not known: name, guid, createtxg and creation are needed, the others are {COLUMNS}"
    )]
    Column(String),
    /// Not a name that a dataset, snapshot or bookmark could have.
    #[error("{0:?} is no name of a dataset, snapshot or bookmark")]
    Name(String),
    /// Not a number.
    #[error("{column} is {text:?}, which is no number; list with -p, for whole numbers")]
    Number {
        /// Which column.
        column: &'static str,
        /// What it says.
        text: String,
    },
}

/// Reads the columns [`COLUMNS`], tab separated, as [`command`] prints them.
pub fn lineages(text: &str) -> Result<BTreeMap<DatasetName, Lineage>, ReadError> {
    table(text, COLUMNS)
}

/// Where each column stands.
struct Columns {
    at: [Option<usize>; KNOWN.len()],
    count: usize,
}

const KNOWN: [&str; 13] = [
    "name",
    "guid",
    "createtxg",
    "creation",
    "type",
    "userrefs",
    "clones",
    "written",
    "receive_resume_token",
    "encryption",
    "origin",
    "keystatus",
    "ivsetguid",
];
/// Places in [`KNOWN`].
const NAME: usize = 0;
const GUID: usize = 1;
const TXG: usize = 2;
const CREATION: usize = 3;
const TYPE: usize = 4;
const HOLDS: usize = 5;
const CLONES: usize = 6;
const WRITTEN: usize = 7;
const TOKEN: usize = 8;
const ENCRYPTION: usize = 9;
const ORIGIN: usize = 10;
const KEY: usize = 11;
const IVSET: usize = 12;

impl Columns {
    fn parse(columns: &str) -> Result<Self, ReadFault> {
        let mut at = [None; KNOWN.len()];
        let mut count = 0;
        for column in columns.split(',') {
            let known = KNOWN.iter().position(|known| *known == column);
            match known.and_then(|known| at.get_mut(known)) {
                Some(place) => *place = Some(count),
                None => return Err(ReadFault::Column(column.to_owned())),
            }
            count += 1;
        }
        for (needed, at) in KNOWN.iter().zip(&at).take(CREATION + 1) {
            if at.is_none() {
                return Err(ReadFault::Column((*needed).to_owned()));
            }
        }
        Ok(Self { at, count })
    }
}

/// One line, cut at its tabs.
struct Row<'t> {
    fields: [Option<&'t str>; KNOWN.len()],
}

impl<'t> Row<'t> {
    fn cut(line: &'t str, columns: &Columns) -> Result<Self, ReadFault> {
        let mut cells = [""; KNOWN.len()];
        let mut found = 0;
        for cell in line.split('\t') {
            if let Some(place) = cells.get_mut(found) {
                *place = cell;
            }
            found += 1;
        }
        if found != columns.count {
            return Err(ReadFault::Columns { found, expected: columns.count });
        }
        let fields = columns.at.map(|at| at.and_then(|at| cells.get(at).copied()));
        Ok(Self { fields })
    }

    /// A value; `-` and the empty text are none.
    fn get(&self, column: usize) -> Option<&'t str> {
        let field = self.fields.get(column).copied().flatten();
        field.filter(|text| !matches!(*text, "-" | ""))
    }

    fn number<T: std::str::FromStr>(&self, column: usize) -> Result<Option<T>, ReadFault> {
        let Some(text) = self.get(column) else { return Ok(None) };
        let column = KNOWN.get(column).copied().unwrap_or_default();
        text.parse().map(Some).map_err(|_| ReadFault::Number { column, text: text.to_owned() })
    }

    fn needed<T: std::str::FromStr>(&self, column: usize) -> Result<T, ReadFault> {
        let missing = || ReadFault::Number {
            column: KNOWN.get(column).copied().unwrap_or_default(),
            text: "-".to_owned(),
        };
        self.number(column)?.ok_or_else(missing)
    }
}

/// Reads other columns, or in another order; `columns` as they were given to `zfs list -Hp -o`.
pub fn table(text: &str, columns: &str) -> Result<BTreeMap<DatasetName, Lineage>, ReadError> {
    let columns = Columns::parse(columns).map_err(|fault| ReadError { line: 0, fault })?;
    let mut datasets: BTreeMap<DatasetName, Draft> = BTreeMap::new();
    // Most lines belong to the dataset of the line before.
    let mut last: Option<(DatasetName, Draft)> = None;
    for (n, line) in text.lines().enumerate() {
        let fail = |fault| ReadError { line: n + 1, fault };
        let row = Row::cut(line, &columns).map_err(fail)?;
        let name = row.get(NAME).unwrap_or_default();
        let (dataset, point) = match name.find(['@', '#']) {
            Some(at) => name.split_at(at),
            None => (name, ""),
        };
        let bad = || fail(ReadFault::Name(name.to_owned()));
        if last.as_ref().is_none_or(|(current, _)| *current != *dataset) {
            let dataset: DatasetName = dataset.parse().map_err(|_| bad())?;
            if let Some((name, draft)) = last.take() {
                datasets.insert(name, draft);
            }
            let draft = datasets.remove(&dataset).unwrap_or_default();
            last = Some((dataset, draft));
        }
        let Some((_, draft)) = &mut last else { continue };
        match point.chars().next() {
            None => draft.head(&row).map_err(fail)?,
            Some(sign) => {
                let check = if sign == '@' {
                    zfs_props::name::check::snapshot
                } else {
                    zfs_props::name::check::bookmark
                };
                check(name).map_err(|_| bad())?;
                let kind = if sign == '@' { Kind::Snapshot } else { Kind::Bookmark };
                let version =
                    version(kind, point.get(1..).unwrap_or_default(), &row).map_err(fail)?;
                draft.versions.push(version);
            }
        }
    }
    if let Some((name, draft)) = last {
        datasets.insert(name, draft);
    }
    Ok(parents(datasets))
}

fn version(kind: Kind, name: &str, row: &Row<'_>) -> Result<Version, ReadFault> {
    let clones = row.get(CLONES).into_iter().flat_map(|text| text.split(','));
    let clones: Result<Vec<DatasetName>, ReadFault> =
        clones.map(|name| name.parse().map_err(|_| ReadFault::Name(name.to_owned()))).collect();
    Ok(Version {
        kind,
        name: name.to_owned(),
        guid: Guid(row.needed(GUID)?),
        createtxg: row.needed(TXG)?,
        creation: row.needed(CREATION)?,
        holds: row.number(HOLDS)?.unwrap_or(0),
        clones: clones?,
        written: row.number(WRITTEN)?,
        ivset: row.number(IVSET)?,
    })
}

/// A dataset while its lines are read.
#[derive(Default)]
struct Draft {
    versions: Vec<Version>,
    head: super::Head,
}

impl Draft {
    fn head(&mut self, row: &Row<'_>) -> Result<(), ReadFault> {
        self.head.written = row.number(WRITTEN)?;
        self.head.resume_token = row.get(TOKEN).map(str::to_owned);
        self.head.volume = row.get(TYPE) == Some("volume");
        self.head.origin = row.get(ORIGIN).map(str::to_owned);
        self.head.key_loaded = row.get(KEY).map(|status| status == "available");
        self.head.encryption = match row.get(ENCRYPTION) {
            None => Encryption::Unknown,
            Some("off") => Encryption::Off,
            Some(_) => Encryption::On,
        };
        Ok(())
    }
}

/// Who has children follows from the names.
fn parents(drafts: BTreeMap<DatasetName, Draft>) -> BTreeMap<DatasetName, Lineage> {
    let parents: std::collections::BTreeSet<DatasetName> =
        drafts.keys().filter_map(DatasetName::parent).collect();
    let lineages = drafts.into_iter().map(|(dataset, mut draft)| {
        draft.head.children = parents.contains(&dataset);
        (dataset.clone(), Lineage::new(dataset, draft.versions).with_head(draft.head))
    });
    lineages.collect()
}
