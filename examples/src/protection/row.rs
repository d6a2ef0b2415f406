//! The table: a row for everything that a host has, an answer for every loss.

use std::collections::BTreeSet;

use backup_spec::coverage::{Class, Entry, Finding, Tier};
use backup_spec::span::Span;
use impermanence_model::Fate;
use restore_chain::candidates::{Candidate, Method};
use serde::Serialize;

use super::item::{Item, items};
use super::system::System;
use super::ways::Ways;
use super::{Loss, piece};
use crate::Failure;

/// How it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// It is there all the time.
    Stays,
    /// It comes back.
    Back,
    /// It comes back if a person brings what it needs.
    ByHand,
    /// It is made anew, and nobody misses what was in it.
    Anew,
    /// It is gone.
    Gone,
}

/// What happens to an item on a loss, at worst.
#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    /// The loss.
    pub loss: Loss,
    /// How it ends.
    pub end: End,
    /// The copy that it comes back through.
    pub through: Option<String>,
    /// The most that is lost, in seconds.
    pub data: Option<u64>,
    /// How long it may take until it is back, in seconds, if no other way has to be tried; by hand, nobody knows.
    pub time: Option<u64>,
    /// Other copies, tried if that one fails.
    pub then: Vec<String>,
    /// What must not be missing: without any one of these there is no way back.
    pub breaks: BTreeSet<String>,
    /// Datasets that are lost too, and have to be back before.
    pub first: BTreeSet<String>,
    /// Reasons, in words.
    pub why: Vec<String>,
}

impl Answer {
    /// In a few words: the copy, what is lost of the newest data, how long it takes.
    pub fn brief(&self) -> String {
        let through = self.through.as_deref().unwrap_or_default();
        let mut lost = self.data.map(|seconds| format!(" −{}", age(seconds))).unwrap_or_default();
        lost.extend(self.time.map(|seconds| format!(" +{}", age(seconds))));
        match self.end {
            End::Stays => "stays".to_owned(),
            End::Anew => "anew".to_owned(),
            End::Gone => "gone".to_owned(),
            End::Back => format!("{through}{lost}"),
            End::ByHand => format!("by hand, {through}{lost}"),
        }
    }
}

/// So many seconds, in whole minutes, rounded up.
pub fn age(seconds: u64) -> String {
    Span::from_secs(seconds.div_ceil(60) * 60).to_string()
}

/// Whether an item is protected as its class asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "verdict", content = "reasons")]
pub enum Verdict {
    /// It is.
    Holds,
    /// It need not be.
    NotKept,
    /// Nobody decided how well it must be.
    Undecided,
    /// It is not: why.
    Fails(Vec<String>),
}

impl Verdict {
    /// Its mark, and its word.
    pub fn mark(&self) -> (&'static str, &'static str) {
        match self {
            Self::Holds => ("✓", "holds"),
            Self::NotKept => ("·", "not kept"),
            Self::Undecided => ("?", "undecided"),
            Self::Fails(_) => ("✗", "fails"),
        }
    }

    /// Why it fails.
    pub fn reasons(&self) -> &[String] {
        match self {
            Self::Fails(reasons) => reasons,
            _ => &[],
        }
    }
}

/// An item with all its answers.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// A dataset, or the path of a running host.
    pub name: String,
    /// Where programs find it.
    pub path: Option<String>,
    /// Where a path is kept, if elsewhere.
    pub kept: Option<String>,
    /// Its class.
    pub class: Option<Class>,
    /// Whether that holds.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// One for each [`Loss`].
    pub answers: Vec<Answer>,
}

/// The table of a host, in the order of its datasets, then of its paths.
pub fn table(system: &System) -> Result<Vec<Row>, Failure> {
    items(system)?.iter().map(|(item, entry)| row(system, item, entry.as_ref())).collect()
}

fn row(system: &System, item: &Item, entry: Option<&Entry>) -> Result<Row, Failure> {
    let on_purpose = system
        .layout
        .services()
        .iter()
        .any(|s| s.ephemeral.is_some() && s.path.to_string() == item.name);
    let class = entry.and_then(|entry| entry.class).or(on_purpose.then_some(Class::Ephemeral));
    let answers: Result<Vec<Answer>, Failure> =
        Loss::ALL.iter().map(|loss| answer(system, item, entry, *loss)).collect();
    let mut answers = answers?;
    if class == Some(Class::Ephemeral) {
        for answer in answers.iter_mut().filter(|answer| answer.end == End::Gone) {
            answer.end = End::Anew;
        }
    }
    let kept = item.place();
    Ok(Row {
        verdict: verdict(class, entry, &answers),
        name: item.name.clone(),
        kept: Some(kept)
            .filter(|kept| item.path.as_ref().is_some_and(|path| path.as_str() != kept)),
        path: item.path.as_ref().map(ToString::to_string),
        class,
        answers,
    })
}

fn answer(
    system: &System,
    item: &Item,
    entry: Option<&Entry>,
    loss: Loss,
) -> Result<Answer, Failure> {
    let none = || Answer {
        loss,
        end: End::Gone,
        through: None,
        data: None,
        time: None,
        then: Vec::new(),
        breaks: BTreeSet::new(),
        first: BTreeSet::new(),
        why: Vec::new(),
    };
    match (loss, &item.path, &item.dataset) {
        (Loss::Reboot, None, _) => {
            return Ok(Answer { end: End::Stays, why: vec!["mounted nowhere".into()], ..none() });
        }
        (Loss::Reboot, Some(path), _) => {
            let fate = system.layout.fate(path.as_str());
            let end = if matches!(fate, Fate::Survives(_)) { End::Stays } else { End::Gone };
            return Ok(Answer { end, why: vec![fate.to_string()], ..none() });
        }
        // It is another machine's.
        (Loss::Dataset | Loss::Pool, _, None) => {
            return Ok(Answer {
                end: End::Stays,
                why: vec!["it is on another machine".into()],
                ..none()
            });
        }
        _ => {}
    }
    let Some(entry) = entry else {
        return Ok(Answer { why: vec!["nothing is copied".into()], ..none() });
    };
    let dataset = item.dataset.as_ref();
    let mut end = End::Back;
    let mut ways = Ways::of(system, item, entry, loss, false)?;
    // A way back whose key goes with what it would bring back is none.
    let (trapped, free) = ways.chain.into_iter().partition(|way| {
        let mut keys = piece::hold_secrets(system, way).into_iter();
        keys.any(|key| dataset == Some(&key) && loss.takes(&key, &key))
    });
    let trapped: Vec<Candidate> = trapped;
    ways.chain = free;
    ways.not
        .extend(trapped.iter().map(|way| format!("{}: its key lies on what is lost", title(way))));
    let vouched = entry.copies.iter().any(|copy| copy.tier == Tier::ExternalBootstrap);
    if ways.chain.is_empty() && vouched {
        ways = Ways::of(system, item, entry, loss, true)?;
        end = End::ByHand;
    }
    let Some(way) = ways.chain.first() else { return Ok(Answer { why: ways.not, ..none() }) };
    let mut breaks = piece::single(system, &ways.chain);
    if end == End::ByHand {
        breaks.insert("somebody with the keys".to_owned());
    }
    let first = piece::hold_secrets(system, way).into_iter();
    let first = first.filter(|key| {
        dataset != Some(key) && dataset.is_some_and(|dataset| loss.takes(dataset, key))
    });
    let then = ways.chain.iter().skip(1).map(title).collect();
    Ok(Answer {
        end,
        through: Some(title(way)),
        data: way.point.map(|point| Span::between(point, system.now).as_secs()),
        time: (end == End::Back).then(|| system.budget.worst_case(way)),
        then,
        breaks,
        first: if end == End::ByHand {
            BTreeSet::new()
        } else {
            first.map(|key| key.to_string()).collect()
        },
        why: ways.not,
        ..none()
    })
}

/// A way back, without the one snapshot that stands for all of its kind.
fn title(way: &Candidate) -> String {
    match &way.method {
        Method::Local { .. } => "local snapshot".to_owned(),
        Method::Restic { repository, .. } => format!("restic {repository}"),
        _ => way.id.clone(),
    }
}

/// What `backup-spec` finds missing, and what the other answers add to that.
fn verdict(class: Option<Class>, entry: Option<&Entry>, answers: &[Answer]) -> Verdict {
    let Some(class) = class else { return Verdict::Undecided };
    let findings = entry.map(|entry| entry.findings.as_slice()).unwrap_or_default();
    let missing = findings.iter().filter(|finding| !matches!(finding, Finding::Unclassified));
    let mut reasons: Vec<String> = missing.map(ToString::to_string).collect();
    let asked = |tier: Tier| entry.is_some_and(|entry| entry.requirement.tiers.contains(&tier));
    for answer in answers.iter().filter(|answer| answer.end == End::Gone) {
        let wanted = match answer.loss {
            Loss::Reboot => class != Class::Ephemeral,
            Loss::Dataset | Loss::Pool => asked(Tier::Replication) || asked(Tier::NasBackup),
            Loss::Site => asked(Tier::OffsiteBackup),
            Loss::File => asked(Tier::LocalSnapshot),
        };
        if wanted {
            reasons.push(format!("no way back: {}", answer.loss.title()));
        }
    }
    match (reasons.is_empty(), class) {
        (false, _) => Verdict::Fails(reasons),
        (true, Class::Ephemeral) => Verdict::NotKept,
        (true, _) => Verdict::Holds,
    }
}
