//! Ways back that bring no copy: what is there is adopted, or the service starts empty.
//!
//! Both are for the service's declaration to allow ([`Unmarked`], [`Bootstrap`]), and the [preseed](crate::preseed) carries
//! them out by the same rules, from what it sees itself.

use super::candidate::{Candidate, Consequence, Method, Need};
use super::discover::Candidates;
use super::inventory::{Inventory, Seen};
use super::rejection::Rejection;
use crate::preseed::Content;
use crate::service::{Bootstrap, Unmarked};

impl Candidates {
    /// Data that is there, and was restored by nobody, is adopted or left alone: in neither case does anything else come.
    pub(super) fn adopt(&mut self, inventory: &Inventory) {
        const ID: &str = "adopt";
        let dataset = self.service.dataset.clone();
        let gone = matches!(&inventory.local, Seen::Here(there) if !there.contains_key(&dataset));
        let content = match inventory.contents.get(&dataset) {
            _ if gone => return self.reject(ID, None, Rejection::Absent),
            None | Some(Seen::Unknown) => return self.reject(ID, None, Rejection::NotLookedAt),
            Some(Seen::Failed(error)) => {
                return self.reject(ID, None, Rejection::Unknown(error.clone()));
            }
            Some(Seen::Here(content)) => *content,
        };
        match (content, self.service.unmarked) {
            (Content::Empty, _) => return self.reject(ID, None, Rejection::Nothing),
            (Content::Unknown, _) => return self.reject(ID, None, Rejection::NotMounted),
            (Content::Data, Unmarked::Ask) => self.reject(ID, Some(self.now), Rejection::Ask),
            (Content::Data, Unmarked::Adopt) => {
                let mut adopt = Candidate::new(ID, Method::Adopt, Some(self.now));
                (adopt.bytes, adopt.needs) = (Some(0), vec![Need::Dataset(dataset)]);
                self.candidates.push(adopt);
            }
        }
        self.reject_where(|other| {
            (other.method.kind() != super::Kind::Adopt).then_some(Rejection::InTheWay)
        });
    }

    /// Whether a service may start empty is known only when all other ways back are: see [`choose`](Self::choose).
    pub(super) fn empty(&mut self, inventory: &Inventory) {
        const ID: &str = "empty";
        if self.service.bootstrap == Bootstrap::Never {
            return self.reject(ID, None, Rejection::MayNotBeEmpty);
        }
        let mut empty = Candidate::new(ID, Method::Empty, None);
        (empty.bytes, empty.seconds) = (Some(0), Some(0));
        // A dataset that is there is used, with its snapshots.
        let there =
            matches!(&inventory.local, Seen::Here(all) if all.contains_key(&self.service.dataset));
        empty.consequence = if there { Consequence::Continues } else { Consequence::Breaks };
        self.candidates.push(empty);
    }
}
