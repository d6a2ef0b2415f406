//! The simulator as the world of a preseed: what it sees there, and what it does.

use jiff::Timestamp;

use super::fault::Moment;
use super::world::{Dataset, World, failed};
use crate::preseed::{
    self, Act, Aside, Content, Event, Fault, Pool, Record, Sight, Staging, Target, Verified,
};
use crate::service::Service;

impl preseed::World for World {
    fn clock(&mut self) -> u64 {
        self.clock
    }

    fn now(&mut self) -> Timestamp {
        self.time()
    }

    fn lock(&mut self, service: &Service) -> Result<bool, Fault> {
        if self.failing.contains("lock") {
            return Err(failed("no lock can be had"));
        }
        Ok(self.locked.insert(service.name.clone()))
    }

    fn unlock(&mut self, service: &Service) {
        self.locked.remove(&service.name);
    }

    fn observe(&mut self, service: &Service) -> Result<Sight, Fault> {
        if self.failing.contains("observe") {
            return Err(failed("zfs list failed"));
        }
        let intent = self.intents.get(&service.name).cloned();
        if self.pool == Pool::Unavailable {
            return Ok(Sight { pool: self.pool, intent, ..Sight::default() });
        }
        let place = service.mountpoint.as_str();
        let occupant = self.occupant(place, &service.dataset);
        let target = self.datasets.get(&service.dataset).map(|dataset| {
            let mounted = dataset.mounted.as_deref() == Some(place) && !self.is_hidden(place);
            Target {
                guid: dataset.guid,
                complete: complete(dataset),
                verified: verified(dataset),
                mounted,
                armed: dataset.armed,
                content: match (mounted, dataset.files.is_empty()) {
                    (false, _) => Content::Unknown,
                    (true, true) => Content::Empty,
                    (true, false) => Content::Data,
                },
            }
        });
        let staging =
            preseed::staging(&service.dataset).ok().and_then(|name| self.datasets.get(&name));
        let staging = staging.map(|dataset| Staging {
            guid: dataset.guid,
            // What has taken its place keeps the mark, and is no staging any more.
            candidate: dataset
                .local
                .get(preseed::STAGING)
                .cloned()
                .filter(|_| complete(dataset).is_none()),
            verified: verified(dataset),
            resumable: dataset.resumable,
        });
        let asides = self
            .datasets
            .keys()
            .filter_map(Aside::read)
            .filter(|aside| aside.of == service.dataset)
            .collect();
        let missing_parent = if self.parents { None } else { service.dataset.parent() };
        Ok(Sight { pool: self.pool, missing_parent, target, staging, asides, occupant, intent })
    }

    fn act(&mut self, service: &Service, act: &Act, limit: u64) -> Result<(), Fault> {
        let here = self.crash.filter(|crash| crash.act == self.acts);
        self.acts += 1;
        if here.is_some_and(|crash| crash.moment == Moment::Before) {
            return Err(Fault::Ended);
        }
        if let Some(journal) = &mut self.journal {
            journal.push((self.clock, act.to_string()));
        }
        self.clock += 1;
        let cut = here.is_some_and(|crash| crash.moment == Moment::Within);
        let result = if self.failing.contains(act.word()) {
            Err(failed("no such luck"))
        } else if self.hanging.contains(act.word()) {
            self.clock += limit;
            self.perform(service, act, limit, cut).and(Err(Fault::TimedOut))
        } else {
            self.perform(service, act, limit, cut)
        };
        if here.is_some() { Err(Fault::Ended) } else { result }
    }

    fn tell(&mut self, event: &Event) -> Result<(), Fault> {
        let here = self.crash.filter(|crash| crash.act == self.acts);
        self.acts += 1;
        if self.failing.contains("tell") {
            return Err(failed("nobody listens"));
        }
        if here.is_none_or(|crash| crash.moment == Moment::After) {
            self.told.push(event.clone());
        }
        if here.is_some() { Err(Fault::Ended) } else { Ok(()) }
    }
}

fn complete(dataset: &Dataset) -> Option<Record> {
    let record = dataset.local.get(preseed::COMPLETE)?.parse::<Record>().ok()?;
    (record.guid == dataset.guid).then_some(record)
}

fn verified(dataset: &Dataset) -> Option<Verified> {
    let verified = dataset.local.get(preseed::VERIFIED)?.parse::<Verified>().ok()?;
    (verified.guid == dataset.guid).then_some(verified)
}
