//! The preseed, exhaustively: every start, every failure, a crash before, within and after every act, and then again from
//! wherever that led, until nothing new is found.
//!
//! A state is what is on disk, with the failures that are going on. From each one a run is made; every moment of it at
//! which it could be killed gives the states to go on from: as the process that ended, after a reboot, and after a
//! reboot that lost the note of the restore. `MODEL=full cargo test --release --test model` explores more failures.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::Timestamp;
use restore_chain::candidates::{Candidate, Kind};
use restore_chain::preseed::{
    self, Act, Block, Budget, Event, Fault, MethodBudget, Outcome, Pool, Preseed, Record,
    RecordKind, Report, Sight, Verified, World as _,
};
use restore_chain::sim::{Behaviour, Crash, Dataset, Moment, World};
use restore_chain::{Bootstrap, Choice, Owner, Service, Unmarked};
use zfs_props::name::DatasetName;

#[path = "model/start.rs"]
mod start;

use start::{STARTS, start};

const PLACE: &str = "/var/lib/sonarr";
const ORIGINAL: [(&str, &str); 2] = [("a", "original"), ("b", "original too")];

fn name() -> DatasetName {
    "tank/sonarr".parse().unwrap()
}

/// The least that is accepted for these ways back: whatever happens has to fit into that.
fn budget(chain: &[Candidate]) -> Budget {
    let fallback = MethodBudget { timeout: 900, attempts: 1, pause: 0 };
    let methods =
        BTreeMap::from([(Kind::Replica, MethodBudget { attempts: 2, pause: 5, ..fallback })]);
    let budget = Budget { unit: 0, verify: 60, step: 20, methods, fallback };
    let needed = budget.check(chain).unwrap_err().needed;
    Budget { unit: needed + 1, ..budget }
}

/// Three ways back with different content.
fn copies(world: &mut World) -> Choice {
    let files = |who: &'static str| [("a", who), ("b", who), ("c", who), ("d", who)];
    let chain = vec![
        world.add_copy("nas", &"backup/sonarr".parse().unwrap(), &files("nas")),
        world.add_local_snapshot("auto", &files("local")),
        world.add_repository("b2", &PLACE.parse().unwrap(), &files("restic")),
    ];
    Choice { chain, ..Choice::default() }
}

/// Which policy, and which failures beside those of the copies.
#[derive(Clone, Copy)]
struct Setting {
    bootstrap: Bootstrap,
    unmarked: Unmarked,
    valid: bool,
    pool: Pool,
    /// An act that fails at once, or one that is reported as failed when its time is over, and is done nevertheless.
    failing: Option<(&'static str, Failing)>,
    /// Whether the replica is the only way back.
    alone: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Failing {
    AtOnce,
    Hanging,
}

fn settings(full: bool) -> Vec<Setting> {
    let calm = |bootstrap, unmarked, valid| Setting {
        bootstrap,
        unmarked,
        valid,
        pool: Pool::Online,
        failing: None,
        alone: false,
    };
    let mut all = vec![
        calm(Bootstrap::Never, Unmarked::Ask, true),
        calm(Bootstrap::EvenIfRestoreFails, Unmarked::Adopt, true),
        calm(Bootstrap::IfNothingExists, Unmarked::Adopt, false),
        Setting { alone: true, ..calm(Bootstrap::Never, Unmarked::Ask, true) },
        Setting { alone: true, ..calm(Bootstrap::EvenIfRestoreFails, Unmarked::Ask, true) },
    ];
    let failing = [
        "mount",
        "tell",
        "swap-in",
        "set-aside",
        "complete",
        "set-properties",
        "discard",
        "unmount",
        "note",
        "forget",
        "arm",
        "disarm",
        "put-back",
        "create-empty",
        "set-owner",
        "check-existing",
        "observe",
        "lock",
    ];
    for (word, how) in
        failing.into_iter().flat_map(|word| [(word, Failing::AtOnce), (word, Failing::Hanging)])
    {
        if how == Failing::Hanging && ["tell", "observe", "lock"].contains(&word) {
            continue;
        }
        let failing = Some((word, how));
        let strict = calm(Bootstrap::Never, Unmarked::Ask, true);
        let lenient = calm(Bootstrap::EvenIfRestoreFails, Unmarked::Adopt, true);
        if full || !["check-existing", "create-empty"].contains(&word) {
            all.push(Setting { failing, ..strict });
        }
        if full || ["check-existing", "create-empty", "complete", "mount"].contains(&word) {
            all.push(Setting { failing, ..lenient });
        }
    }
    for pool in [Pool::Degraded, Pool::Unavailable] {
        all.push(Setting { pool, ..calm(Bootstrap::Never, Unmarked::Ask, true) });
    }
    all
}

/// How the three ways back behave: every pair of failures, and all three together.
fn behaviours(full: bool) -> Vec<[Behaviour; 3]> {
    let all = Behaviour::ALL;
    let mut list = Vec::new();
    for first in all {
        for second in all {
            for third in all {
                let odd =
                    [first, second, third].iter().filter(|one| **one != Behaviour::Works).count();
                let alike = first == second && second == third;
                // The chain stops at the first one that works: what comes after it is never asked.
                let shadowed = (first == Behaviour::Works && odd > 0)
                    || (second == Behaviour::Works && third != Behaviour::Works);
                if !shadowed && (full || odd <= 2 || alike) {
                    list.push([first, second, third]);
                }
            }
        }
    }
    list
}

/// What is on disk, without what differs between equal states: guids by rank, and no times.
fn key(world: &World) -> u64 {
    let mut guids: Vec<u64> = world.datasets().values().map(|dataset| dataset.guid).collect();
    guids.sort_unstable();
    let rank = |guid: u64| guids.binary_search(&guid).ok();
    let mut key = DefaultHasher::new();
    for (name, dataset) in world.datasets() {
        match preseed::Aside::read(name) {
            Some(aside) => (aside.of, rank(aside.guid)).hash(&mut key),
            None => name.hash(&mut key),
        }
        let Dataset {
            guid,
            files,
            mounted,
            mountpoint,
            armed,
            local,
            inherited: _,
            resumable,
            owner,
        } = dataset;
        (rank(*guid), files, mounted, mountpoint, armed, resumable, owner).hash(&mut key);
        for (name, value) in local {
            name.hash(&mut key);
            match name.as_str() {
                preseed::COMPLETE => {
                    let record: Record = value.parse().unwrap();
                    (rank(record.guid), record.kind).hash(&mut key);
                }
                preseed::VERIFIED => {
                    let verified: Verified = value.parse().unwrap();
                    (rank(verified.guid), verified.candidate).hash(&mut key);
                }
                _ => value.hash(&mut key),
            }
        }
    }
    world.intent("sonarr").map(|intent| intent.aside.map(rank)).hash(&mut key);
    key.finish()
}

/// Where something was found, told only if something is wrong.
struct Context<'c> {
    which: &'c str,
    behaviour: [Behaviour; 3],
    setting: &'c Setting,
    before: &'c World,
}

impl fmt::Display for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { which, behaviour, setting, before } = self;
        write!(
            f,
            "{which}; {behaviour:?}; failing {:?}, pool {:?}; from ",
            setting.failing, setting.pool
        )?;
        write!(f, "{:#?}, {:?}", before.datasets(), before.intent("sonarr"))
    }
}

/// Keeps every disk that a killed run of it would leave.
struct Watched<'p> {
    world: World,
    left: Vec<World>,
    preseed: &'p Preseed,
    /// Whether another run starts beside this one, at every act, and while it is told how this one ended.
    twice: bool,
}

impl Watched<'_> {
    fn kill(&mut self, moment: Moment, act: impl Fn(&mut World) -> Result<(), Fault>) {
        let mut copy = self.world.clone();
        copy.crash_at(Crash { act: copy.acts(), moment });
        assert_eq!(act(&mut copy), Err(Fault::Ended));
        self.left.push(copy);
    }
}

impl Watched<'_> {
    /// Of two runs, one wins: the other one changes nothing, and says so.
    fn start_another(&self) {
        if !self.twice {
            return;
        }
        let mut other = self.world.clone();
        let report = self.preseed.run(&mut other).unwrap();
        assert_eq!(report.outcome, Outcome::Busy, "a second run won");
        assert_eq!(key(&other), key(&self.world), "a second run changed something");
    }
}

impl preseed::World for Watched<'_> {
    fn clock(&mut self) -> u64 {
        self.world.clock()
    }

    fn now(&mut self) -> Timestamp {
        self.world.now()
    }

    fn lock(&mut self, service: &Service) -> Result<bool, Fault> {
        self.world.lock(service)
    }

    fn unlock(&mut self, service: &Service) {
        self.world.unlock(service);
    }

    fn observe(&mut self, service: &Service) -> Result<Sight, Fault> {
        self.world.observe(service)
    }

    fn act(&mut self, service: &Service, act: &Act, limit: u64) -> Result<(), Fault> {
        // Before every other act is after the one before it.
        if self.left.is_empty() {
            self.kill(Moment::Before, |world| world.act(service, act, limit));
        }
        self.kill(Moment::Within, |world| world.act(service, act, limit));
        self.start_another();
        let result = self.world.act(service, act, limit);
        self.left.push(self.world.clone());
        result
    }

    fn tell(&mut self, event: &Event) -> Result<(), Fault> {
        self.start_another();
        self.world.tell(event)
    }
}

/// What may never be.
fn judge(
    before: &World,
    start: &World,
    watched: &Watched<'_>,
    report: &Report,
    preseed: &Preseed,
    context: &Context<'_>,
) {
    let world = &watched.world;
    let (service, dataset) = (preseed.service(), world.dataset(&name()));
    assert!(report.seconds <= preseed.budget().unit, "{context}: took {} s", report.seconds);
    assert_ne!(report.outcome, Outcome::Blocked(Block::NoProgress), "{context}");
    // Told once, whatever came of it; that nobody could be told is said, and is all that it changes.
    let told = if report.untold.is_some() { vec![] } else { vec![Event::of(report)] };
    assert_eq!(world.told(), told, "{context}");
    let deaf = context.setting.failing == Some(("tell", Failing::AtOnce));
    assert_eq!(report.untold.is_some(), deaf, "{context}");
    // Every dataset of the beginning is still there, with its files; only staging of our own may be gone.
    for (was, old) in start.datasets() {
        let ours =
            *was == preseed::staging(&name()).unwrap() && old.local.contains_key(preseed::STAGING);
        let now = world.datasets().values().find(|dataset| dataset.guid == old.guid);
        assert!(
            ours || now.is_some_and(|now| now.files == old.files),
            "{context}: {was} was lost or changed"
        );
        let data = !old.files.is_empty() && !ours;
        assert!(
            !data || world.dataset(was).is_some_and(|now| now.guid == old.guid),
            "{context}: data was moved from {was}"
        );
    }
    // Who keeps data from being mounted has a reason: with another dataset for the same place, one would hide the other.
    let armed = |world: &World| world.dataset(&name()).map(|dataset| (dataset.guid, dataset.armed));
    let kept = before.dataset(&name()).is_some_and(|dataset| {
        !dataset.files.is_empty() && !dataset.local.contains_key(preseed::VERIFIED)
    });
    if kept && report.outcome.record().is_none() && service.unmarked == Unmarked::Ask {
        assert_eq!(armed(world), armed(before), "{context}: armed or disarmed; {report}");
    }
    // A run that fails leaves no hole: what was in place, or what has taken its place, is.
    let put_back = context.setting.failing.is_none_or(|(word, _)| word != "put-back");
    let was_there = before.dataset(&name()).is_some() && put_back;
    assert!(!was_there || dataset.is_some(), "{context}: nothing is in place; {report}");
    let complete = dataset.and_then(|dataset| {
        let record: Record = dataset.local.get(preseed::COMPLETE)?.parse().ok()?;
        (record.guid == dataset.guid).then_some(record)
    });
    if let Some(record) = &complete {
        let files = &dataset.unwrap().files;
        match &record.kind {
            RecordKind::Restored { candidate, .. } => {
                let whose = candidate.rsplit([' ', '@']).next().unwrap();
                let whose = match whose {
                    "auto" => "local",
                    "b2" => "restic",
                    nas => nas,
                };
                assert!(
                    files.len() == 4 && files.values().all(|content| content == whose),
                    "{context}: complete with {files:?}"
                );
            }
            RecordKind::Adopted => {
                let known = ["original", "newer"];
                assert!(files.values().any(|content| known.contains(&&**content)), "{context}");
            }
            RecordKind::Empty => {
                assert!(
                    files.is_empty() && service.bootstrap == Bootstrap::EvenIfRestoreFails,
                    "{context}: empty without leave"
                );
            }
        }
    }
    // Files that were seen where the dataset belongs are not covered.
    let mounted = |world: &World| {
        let mut datasets = world.datasets().values();
        datasets.any(|dataset| dataset.mounted.as_deref() == Some(PLACE))
    };
    let seen = context.which.starts_with("files: ") && !mounted(before);
    assert!(!seen || !mounted(world), "{context}: files were covered");
    // What was set aside may go only when something has come back.
    let sight = { world.clone() }.observe(service);
    if let Ok(sight) = sight {
        let policy = preseed::release::Policy { after: 0 };
        let released =
            preseed::release::plan(service, &sight, &BTreeMap::new(), policy, Timestamp::MAX);
        let back = complete.as_ref().is_some_and(|record| record.kind != RecordKind::Empty);
        let pool = sight.pool != Pool::Unavailable;
        assert_eq!(released.is_ok(), back && pool, "{context}");
    }
    if let Some(record) = report.outcome.record() {
        let staging = world.dataset(&preseed::staging(&name()).unwrap());
        let ours = staging.is_some_and(|one| one.local.contains_key(preseed::STAGING));
        let kept = context.setting.failing.is_some_and(|(word, _)| word == "discard");
        assert!(!ours || kept, "{context}: complete, and staging is left");
        assert_eq!(Some(record), complete.as_ref(), "{context}: it says so, and the disk does not");
        assert_eq!(
            dataset.unwrap().mounted.as_deref(),
            Some(PLACE),
            "{context}: complete, and not mounted"
        );
        let before =
            before.dataset(&name()).and_then(|dataset| dataset.local.get(preseed::COMPLETE));
        let skipped = matches!(report.outcome, Outcome::Skipped(_));
        assert!(!skipped || before.is_some(), "{context}: skipped what was not complete");
    }
}

#[derive(Default)]
struct Count {
    states: usize,
    runs: usize,
    killed: usize,
    outcomes: BTreeMap<String, usize>,
}

fn outcome_name(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Blocked(Block::Act { act, .. }) => format!("blocked: {act}"),
        Outcome::Blocked(block) => {
            format!("blocked: {}", format!("{block:?}").split(['(', ' ', '{']).next().unwrap())
        }
        other => format!("{other:?}").split(['(', ' ']).next().unwrap().to_lowercase(),
    }
}

/// Everything that can be reached from one start under one setting.
fn explore(which: &str, setting: &Setting, behaviour: [Behaviour; 3], count: &mut Count) {
    let mut world = World::new();
    let mut choice = copies(&mut world);
    choice.chain.truncate(if setting.alone { 1 } else { 3 });
    start(&mut world, which);
    let owner =
        Some(Owner { user: "sonarr".to_owned(), group: "sonarr".to_owned(), recursive: true });
    let properties = vec![("org.example:mine".to_owned(), "yes".to_owned())];
    let (bootstrap, unmarked) = (setting.bootstrap, setting.unmarked);
    let service = Service {
        owner,
        properties,
        bootstrap,
        unmarked,
        ..Service::new("sonarr", name(), PLACE.parse().unwrap())
    };
    let preseed = Preseed::new(&service, &choice, &budget(&choice.chain)).unwrap();
    for (candidate, behaviour) in choice.chain.iter().zip(behaviour) {
        world.fail(&candidate.id, behaviour);
    }
    world.set_pool(setting.pool);
    world.set_existing_is_valid(setting.valid);
    match setting.failing {
        Some((act, Failing::AtOnce)) => world.fail_act(act),
        Some((act, Failing::Hanging)) => world.hang_act(act),
        None => {}
    }
    world.restart();
    let first = world.clone();
    let mut seen: HashSet<u64> = HashSet::from([key(&world)]);
    let mut ended: HashSet<u64> = HashSet::new();
    let mut waiting = vec![world];
    while let Some(before) = waiting.pop() {
        let context = Context { which, behaviour, setting, before: &before };
        count.states += 1;
        let twice = setting.failing.is_none()
            && behaviour.iter().filter(|one| **one != Behaviour::Works).count() < 2;
        let mut watched =
            Watched { world: before.clone(), left: Vec::new(), preseed: &preseed, twice };
        let report = preseed.run(&mut watched).unwrap();
        count.runs += 1;
        judge(&before, &first, &watched, &report, &preseed, &context);
        *count.outcomes.entry(outcome_name(&report.outcome)).or_default() += 1;
        // When everything works again, it comes to a good end from here, too.
        let mut healed = before.clone();
        healed.heal();
        healed.set_pool(Pool::Online);
        let healed_report = preseed.run(&mut healed).unwrap();
        let may_stay = match &healed_report.outcome {
            Outcome::Skipped(_) | Outcome::Restored(_) => true,
            Outcome::Adopted(_) => {
                setting.valid && which.contains("data") || which.contains("complete")
            }
            Outcome::NeedsAdoption => which.contains("data") || which.starts_with("complete by"),
            Outcome::Blocked(Block::ForeignStaging(_)) => which == "foreign staging",
            Outcome::Blocked(Block::SharedMountpoint(_)) => {
                which.ends_with("two for one place")
                    || which.starts_with("a mount over")
                    || which.starts_with("files: ")
            }
            _ => false,
        };
        assert!(may_stay, "{context}: healed, and {healed_report}");
        count.killed += watched.left.len();
        for left in std::mem::take(&mut watched.left) {
            if !ended.insert(key(&left)) {
                continue;
            }
            let mut process = left.clone();
            process.restart();
            let mut machine = left.clone();
            machine.reboot();
            let mut forgetful = left;
            forgetful.reboot();
            forgetful.lose_intents();
            for next in [process, machine, forgetful] {
                if seen.insert(key(&next)) {
                    waiting.push(next);
                }
            }
        }
    }
}

/// A start, what else is so, and how each copy behaves.
type Scenario = (&'static str, Setting, [Behaviour; 3]);

fn scenarios(full: bool) -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for which in STARTS {
        for setting in settings(full) {
            let calm = setting.failing.is_none() && setting.pool == Pool::Online;
            for behaviour in behaviours(full && calm) {
                // Failures of acts and of copies together: those of one copy are enough to get everywhere.
                let [first, second, third] = behaviour;
                let some = [Behaviour::Works, Behaviour::FailsHalfway].contains(&second)
                    && ![Behaviour::Absent, Behaviour::Fails].contains(&first);
                let few = some && third == Behaviour::Works;
                let asked = if setting.alone {
                    second == Behaviour::Works && third == second
                } else {
                    full || calm || few
                };
                if asked {
                    scenarios.push((which, setting, behaviour));
                }
            }
        }
    }
    scenarios
}

impl Count {
    fn add(&mut self, other: Count) {
        self.states += other.states;
        self.runs += other.runs;
        self.killed += other.killed;
        for (outcome, count) in other.outcomes {
            *self.outcomes.entry(outcome).or_default() += count;
        }
    }
}

#[test]
fn no_failure_and_no_crash_loses_anything_or_pretends() {
    let full = std::env::var_os("MODEL").is_some_and(|value| value == "full");
    let scenarios = scenarios(full);
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let explored = |first: usize| {
        let mut count = Count::default();
        for (which, setting, behaviour) in scenarios.iter().skip(first).step_by(threads) {
            explore(which, setting, *behaviour, &mut count);
        }
        count
    };
    let mut count = Count::default();
    std::thread::scope(|scope| {
        let explored = &explored;
        let parts: Vec<_> =
            (0..threads).map(|first| scope.spawn(move || explored(first))).collect();
        for part in parts {
            count.add(part.join().unwrap());
        }
    });
    println!(
        "model: {} states explored in {} scenarios, {} runs, {} ends by a kill; outcomes {:?}",
        count.states,
        scenarios.len(),
        count.runs,
        count.killed,
        count.outcomes
    );
    assert!(count.states >= 100_000, "only {} states", count.states);
}
