//! The same answers by who asks: users and services.

use std::fmt;

use crate::fate::Fate;
use crate::layout::{Entry, Layout, ServiceState};
use crate::path::AbsolutePath;

/// What a user keeps.
#[derive(Clone, Debug)]
pub struct UserSummary<'l> {
    /// The user.
    pub user: &'l str,
    /// The home.
    pub home: &'l AbsolutePath,
    /// What becomes of the home as a whole.
    pub fate: Fate<'l>,
    /// What is kept in it, by whoever declared it.
    pub entries: Vec<&'l Entry>,
}

/// What a service needs again.
#[derive(Clone, Debug)]
pub struct ServiceSummary<'l> {
    /// The service.
    pub service: &'l str,
    /// Each of its places, with what becomes of it.
    pub state: Vec<(&'l ServiceState, Fate<'l>)>,
}

impl ServiceSummary<'_> {
    /// Whether all that it needs again survives.
    pub fn survives(&self) -> bool {
        self.state.iter().all(|(_, fate)| fate.survives())
    }
}

impl Layout {
    /// What each user keeps, by name.
    pub fn by_user(&self) -> Vec<UserSummary<'_>> {
        let all = self.homes().iter().map(|(user, home)| UserSummary {
            user,
            home,
            fate: self.fate_of(home.as_bytes()),
            entries: self.entries_in(home).collect(),
        });
        all.collect()
    }

    /// What each service needs again, by name.
    pub fn by_service(&self) -> Vec<ServiceSummary<'_>> {
        let mut states: Vec<&ServiceState> = self.services().iter().collect();
        states.sort_by(|a, b| (&a.service, &a.path).cmp(&(&b.service, &b.path)));
        let groups = states.chunk_by(|a, b| a.service == b.service);
        groups
            .filter_map(|group| {
                let first = group.first()?;
                let state = group.iter().map(|state| (*state, self.fate_of(state.path.as_bytes())));
                Some(ServiceSummary { service: &first.service, state: state.collect() })
            })
            .collect()
    }
}

impl fmt::Display for UserSummary<'_> {
    /// The home, and a line for each entry.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} ({}): {}", self.user, self.home, self.fate)?;
        self.entries.iter().try_for_each(|entry| {
            writeln!(f, "  {} ({} from {}, {})", entry.path, entry.via, entry.store, entry.origin)
        })
    }
}

impl fmt::Display for ServiceSummary<'_> {
    /// A line for each place.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}:", self.service)?;
        self.state.iter().try_for_each(|(state, fate)| writeln!(f, "  {}: {fate}", state.path))
    }
}
