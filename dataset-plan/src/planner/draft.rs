//! A step before it has its place in the order.

use zfs_props::name::DatasetName;

use super::mounts::Part;
use crate::plan::{Action, Expectation, Reason, Risk, Undo};

/// A step whose needs are indices of other drafts.
pub(crate) struct Draft {
    /// The row of the dataset.
    pub(crate) row: usize,
    pub(crate) dataset: DatasetName,
    pub(crate) action: Action,
    /// It may mount or unmount something: asked again and again, and told by looking at all that is set.
    pub(crate) may_mount: bool,
    pub(crate) reason: Reason,
    pub(crate) risk: Risk,
    pub(crate) heirs: Vec<DatasetName>,
    pub(crate) remounts: Vec<DatasetName>,
    pub(crate) expects: Vec<Expectation>,
    pub(crate) undo: Undo,
    /// Must be done before.
    pub(crate) needs: Vec<usize>,
    /// Should be done before, where that makes no circle.
    pub(crate) after: Vec<usize>,
    /// What it is there for, if that is not its own doing: parts of the plan, by row.
    pub(in crate::planner) sake: Vec<(usize, Part)>,
}

impl Draft {
    /// Without risks or needs, and with nothing to take back.
    pub(crate) fn new(row: usize, dataset: DatasetName, action: Action, reason: Reason) -> Self {
        Self {
            row,
            dataset,
            may_mount: action.may_mount(),
            action,
            reason,
            risk: Risk::empty(),
            heirs: Vec::new(),
            remounts: Vec::new(),
            expects: Vec::new(),
            undo: Undo::Do(Vec::new()),
            needs: Vec::new(),
            after: Vec::new(),
            sake: Vec::new(),
        }
    }

    /// It moves or destroys something, or mounts or unmounts what exists.
    pub(in crate::planner) fn has_to_be_proven(&self) -> bool {
        let creates = matches!(
            self.action,
            Action::Create { .. } | Action::CreateVolume { .. } | Action::Clone { .. }
        );
        let touches = matches!(self.action, Action::Mount | Action::Unmount | Action::Promote);
        !creates && (touches || self.may_mount)
    }
}
