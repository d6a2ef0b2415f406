//! A command line of `get` or `list`: what it asks for, and how it ends.

use zfs_props::key::{PoolPropertyName, PropertyList, PropertyName};
use zfs_props::property::Property;
use zfs_props::read::text::Columns;
use zfs_props::release::Release;

use crate::state::State;

const REFUSED: u8 = 1;
const USAGE: u8 = 2;

const LIST: &str = "name,used,available,referenced,mountpoint";
const LIST_POOLS: &str = "name,size,allocated,free,checkpoint,expandsize,fragmentation,capacity,\
                          dedupratio,health,altroot";

/// What was asked for.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "a command line is a heap of switches")]
pub(crate) struct Query<'a> {
    pub(crate) pool: bool,
    pub(crate) list: bool,
    pub(crate) scripted: bool,
    pub(crate) literal: bool,
    pub(crate) json: bool,
    /// Only properties from some sources.
    pub(crate) filtered: bool,
    recursive: bool,
    columns: Option<&'a str>,
    /// The properties, of `get`.
    pub(crate) properties: &'a str,
    pub(crate) operands: Vec<&'a str>,
}

impl<'a> Query<'a> {
    /// The exit code, if it cannot be read.
    pub(crate) fn parse(words: &[&'a str], release: Release) -> Result<Self, u8> {
        let (pool, list) = (words[0] == "zpool", words[1] == "list");
        let mut query = Self { pool, list, ..Self::default() };
        let has_json = release.is_at_least(Release::V2_3);
        let valued = match (pool, list) {
            (false, false) => "dost",
            (false, true) => "dostS",
            (true, false) => "o",
            (true, true) => "oT",
        };
        let mut rest = words[2..].iter();
        while let Some(word) = rest.next() {
            match word.strip_prefix('-').filter(|flags| !flags.is_empty()) {
                None => query.operands.push(word),
                Some("-json-int") if has_json => query.literal = true,
                Some("-json") if has_json => query.json = true,
                Some(flags) => {
                    for (at, flag) in flags.char_indices() {
                        if valued.contains(flag) {
                            let value = match &flags[at + 1..] {
                                "" => rest.next().copied().ok_or(USAGE)?,
                                value => value,
                            };
                            match flag {
                                'o' => query.columns = Some(value),
                                's' if !list => query.filtered = true,
                                't' | 'd' => query.recursive = true,
                                _ => {}
                            }
                            break;
                        }
                        match flag {
                            'H' => query.scripted = true,
                            'p' => query.literal = true,
                            'j' if has_json => query.json = true,
                            'r' if !pool => query.recursive = true,
                            _ => return Err(USAGE),
                        }
                    }
                }
            }
        }
        if !list {
            if query.operands.is_empty() {
                return Err(USAGE);
            }
            query.properties = query.operands.remove(0);
        }
        Ok(query)
    }

    /// The exit code.
    pub(crate) fn code(&self, state: &State, release: Release) -> u8 {
        let properties = if self.list { self.columns.unwrap_or("all") } else { self.properties };
        let known = if self.pool {
            PropertyList::parse_for_pools(properties, release).is_ok()
        } else {
            PropertyList::parse(properties, release).is_ok()
        };
        let words = ["name", "property", "value", "received", "source", "all"];
        let columns = self.columns.filter(|_| !self.list).unwrap_or("all");
        if !known || columns.split(',').any(|column| !words.contains(&column)) {
            return USAGE;
        }
        let exists = |name: &&str| {
            if self.pool {
                state.pool() == *name
            } else {
                state.datasets().any(|known| known == *name)
            }
        };
        if self.operands.iter().all(exists) { 0 } else { REFUSED }
    }

    /// The columns of `get -H`; `None` without values.
    pub(crate) fn get_columns(&self) -> Option<Columns> {
        self.columns.map_or(Some(Columns::GET), Columns::from_option)
    }

    /// Whether what was received has a column.
    pub(crate) fn has_received(&self) -> bool {
        self.columns
            .is_some_and(|columns| !self.list && (columns == "all" || columns.contains("received")))
    }

    /// The columns of `list -H`.
    pub(crate) fn list_columns(&self, state: &State, release: Release) -> Vec<String> {
        if self.pool {
            let columns = self.columns.unwrap_or(LIST_POOLS);
            return match PropertyList::parse_for_pools(columns, release).unwrap() {
                PropertyList::Named(names) => {
                    names.iter().map(PoolPropertyName::to_string).collect()
                }
                PropertyList::All => panic!("zpool list -o all"),
            };
        }
        let columns = self.columns.unwrap_or(LIST);
        if let PropertyList::Named(names) = PropertyList::parse(columns, release).unwrap() {
            return names.iter().map(PropertyName::to_string).collect();
        }
        let native = Property::in_release(release).filter(|property| property.is_visible());
        let native = native.map(|property| property.name().to_owned());
        let name = std::iter::once(Property::Name.name().to_owned());
        let is_listed = |dataset: &&str| {
            let is_it =
                |name: &&str| dataset == name || self.recursive && dataset.starts_with(*name);
            self.operands.is_empty() || self.operands.iter().any(is_it)
        };
        let datasets = state.datasets().filter(is_listed);
        let user = datasets.flat_map(|dataset| state.user_properties(dataset));
        let mut columns: Vec<String> = Vec::new();
        for column in name.chain(native).chain(user.cloned()) {
            if !columns.contains(&column) {
                columns.push(column);
            }
        }
        columns
    }

    /// The one dataset that was asked for.
    pub(crate) fn dataset(&self) -> Option<&'a str> {
        let [dataset] = self.operands[..] else { return None };
        (!self.recursive).then_some(dataset)
    }

    /// Whether values are printed as they are, and nothing else.
    pub(crate) fn is_only_value(&self) -> bool {
        self.scripted && self.literal && self.columns == Some("value") && !self.list
    }

    /// The one property, of the one dataset, that was asked for.
    pub(crate) fn only(&self) -> Option<(&'a str, &'a str)> {
        let is_one = self.properties != "all" && !self.properties.contains(',');
        self.dataset().filter(|_| is_one).map(|dataset| (dataset, self.properties))
    }
}
