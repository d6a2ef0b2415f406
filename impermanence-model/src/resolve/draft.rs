//! An entry while it is being decided on.

use crate::host::{Declared, Kind, Ownership};
use crate::layout::{Content, Entry, Propagation, Via};
use crate::origin::Origin;
use crate::owner::Enforcement;
use crate::path::AbsolutePath;
use crate::stage::Stage;

use super::ownership::Decisions;

/// An entry while it is being decided on: what was declared, with the path worked out.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) path: AbsolutePath,
    pub(super) kind: Kind,
    pub(super) store: AbsolutePath,
    pub(super) how: Option<crate::host::How>,
    pub(super) create: Option<bool>,
    pub(super) own: Ownership,
    pub(super) parent: Ownership,
    pub(super) enforcement: Option<Enforcement>,
    pub(super) stage: Option<Stage>,
    pub(super) options: Vec<String>,
    pub(super) propagation: Option<Propagation>,
    pub(super) origin: Origin,
    /// Decided by `methods` and `overlaps`.
    pub(super) via: Via,
    /// It is the directory of a file that was declared.
    pub(super) is_parent: bool,
    /// What a missing file is created with.
    pub(super) content: Content,
    /// Decided by `stages`.
    pub(super) at: Stage,
}

impl Draft {
    pub(super) fn new(path: AbsolutePath, store: AbsolutePath, declared: &Declared) -> Self {
        Self {
            path,
            store,
            kind: declared.kind,
            how: declared.how,
            create: declared.create,
            own: declared.own.clone(),
            parent: declared.parent.clone(),
            enforcement: declared.enforcement,
            stage: declared.stage,
            options: declared.options.clone(),
            propagation: declared.propagation,
            origin: declared.origin.clone(),
            via: Via::Bind,
            is_parent: false,
            content: Content::Empty,
            at: Stage::Early,
        }
    }

    /// By path; contradicting ones in an order that does not depend on that of the text.
    pub(super) fn order(&self, other: &Self) -> std::cmp::Ordering {
        let (a, b) = (self, other);
        (&a.path, a.kind, &a.store, &a.origin).cmp(&(&b.path, b.kind, &b.store, &b.origin))
    }

    pub(super) fn source(&self) -> AbsolutePath {
        self.path.inside(&self.store)
    }

    /// Whether something is mounted for it.
    pub(super) fn is_mounted(&self) -> bool {
        matches!(self.via, Via::Bind | Via::Rbind)
    }

    /// Whether something is done for it at all.
    pub(super) fn is_made(&self) -> bool {
        !matches!(self.via, Via::Within(_) | Via::FileSystem)
    }

    /// A directory with an owner or mode of its own is kept as it was declared; what follows from rules is
    /// only what a new one gets, and so is all that is said about files: their programs know better.
    pub(super) fn enforcement(&self) -> Enforcement {
        let default = match self.kind {
            Kind::Directory if !self.own.is_empty() => Enforcement::Enforce,
            _ => Enforcement::CreateOnly,
        };
        self.enforcement.unwrap_or(default)
    }
}

/// The entries of the layout.
pub(super) fn entries(drafts: &[Draft], ownership: &Decisions) -> Vec<Entry> {
    let entry = |draft: &Draft| {
        let decision = ownership.of(draft.path.as_bytes(), draft.kind);
        Entry {
            path: draft.path.clone(),
            kind: draft.kind,
            store: draft.store.clone(),
            via: draft.via.clone(),
            stage: draft.at,
            owner: decision.owner,
            mode: decision.mode,
            enforcement: draft.enforcement(),
            origin: draft.origin.clone(),
        }
    };
    drafts.iter().map(entry).collect()
}
