//! From a declaration to a layout: all conflicts at once, or everything in an order that works.
//!
//! | file | question |
//! |---|---|
//! | `entries` | what is to be kept, where, and who says so |
//! | `methods` | how a file is kept, if nobody says |
//! | `overlaps` | which entries contradict, repeat or contain each other |
//! | `covers` | what is on top at each path, and what becomes of what is written there |
//! | `coverage` | is every service's state kept, or lost on purpose |
//! | `ownership` | whose each directory is: one decision for the union |
//! | `stages` | when in the boot each thing has to be there |
//! | `order` | what has to be done before what |

mod coverage;
mod covers;
mod draft;
mod entries;
pub mod methods;
mod order;
mod overlaps;
mod ownership;
mod stages;

use std::collections::BTreeMap;

use crate::host::{FileSystem, Host, User};
use crate::index::Index;
use crate::layout::Layout;
use crate::owner::{Accounts, Owner};
use crate::path::AbsolutePath;
use crate::problem::{Problem, Problems};

/// What is found while resolving.
#[derive(Default)]
struct Findings {
    /// What refuses the declaration.
    problems: Vec<Problem>,
    /// What does not.
    warnings: Vec<Problem>,
}

impl Host {
    /// The layout that this declaration comes to. The result does not depend on the order of declarations.
    ///
    /// # Errors
    ///
    /// Every conflict, with the keys of those who declared what contradicts.
    pub fn resolve(&self) -> Result<Layout, Problems> {
        let mut found = Findings::default();
        crate::root::check(&self.root, &self.wipe, &mut found.problems, &mut found.warnings);
        let stores = entries::stores(self, &mut found);
        let mut file_systems = self.file_systems.clone();
        let mut drafts = entries::collect(self, &mut file_systems, &mut found);
        let homes = homes(self);
        methods::choose(&mut drafts, &homes, &mut found);
        entries::check_paths(&mut drafts, &stores, self, &mut found);
        overlaps::settle(&mut drafts, &file_systems, &mut found);
        coverage::needless(self, &drafts, &file_systems, &mut found);
        covers::check_stores(self, &stores, &drafts, &file_systems, &mut found);
        covers::settle_submounts(&mut drafts, &file_systems, &mut found);
        stages::settle(&mut drafts, &file_systems, &mut found);
        let ownership = ownership::decide(self, &drafts, &homes, &mut found);
        let (steps, by_path) =
            order::steps(&drafts, &file_systems, &stores, &ownership, &mut found);
        let entries = draft::entries(&drafts, &ownership);
        let covers = covers::covers(self, &drafts, &file_systems);
        let services = coverage::services(self, &covers, &mut found);
        Problems::check(found.problems)?;
        let covers = covers::with_made(covers, &stores, &steps);
        found.warnings.sort();
        Ok(Layout {
            host: self.name.clone(),
            root: self.root.clone(),
            stores: stores.iter().map(|(path, ())| path.clone()).collect(),
            steps,
            by_path,
            entries,
            services,
            users: self
                .users
                .iter()
                .map(|(name, user)| (name.clone(), user.home.clone()))
                .collect(),
            accounts: Accounts {
                users: self.users.iter().filter_map(|(n, u)| Some((n.clone(), u.uid?))).collect(),
                groups: self.groups.clone(),
            },
            warnings: found.warnings,
            covers,
        })
    }
}

pub(crate) use covers::of_root as root_backing;

/// The file systems by where they are mounted.
type FileSystems = BTreeMap<AbsolutePath, FileSystem>;

/// Homes by path, with whose each is.
type Homes<'h> = Index<(Owner, &'h User)>;

/// Homes by path, with the user of each. A home that several users share says nothing about anybody.
fn homes(host: &Host) -> Homes<'_> {
    let mut by_home: BTreeMap<&AbsolutePath, Option<(&String, &User)>> = BTreeMap::new();
    for (name, user) in &host.users {
        let only = Some((name, user));
        by_home.entry(&user.home).and_modify(|user| *user = None).or_insert(only);
    }
    let owned = by_home.into_iter().filter(|(home, _)| !home.is_root());
    Index::new(owned.filter_map(|(home, only)| {
        let (name, user) = only?;
        let whose = Owner { user: name.as_str().into(), group: user.group.as_str().into() };
        Some((home.clone(), (whose, user)))
    }))
}
