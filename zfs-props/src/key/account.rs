//! What one user, group or project takes, and may take.

use alloc::sync::Arc;
use core::fmt;

use crate::property::Feature;
use crate::table::table;

/// What stands before the `@`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FamilyRow {
    name: &'static str,
    settable: bool,
    feature: Option<Feature>,
}

impl FamilyRow {
    const fn new(name: &'static str) -> Self {
        Self { name, settable: false, feature: None }
    }

    const fn settable(mut self) -> Self {
        self.settable = true;
        self
    }

    const fn needs(mut self, feature: Feature) -> Self {
        self.feature = Some(feature);
        self
    }
}

macro_rules! family_row {
    ($name:literal) => {
        FamilyRow::new($name)
    };
}

table! {
    /// What is counted or limited (OpenZFS `zfs_userquota_prop_prefixes`).
    pub enum AccountFamily: FamilyRow = family_row {
        /// Space a user's files take, in bytes.
        UserUsed = "userused";
        /// Limit on `userused`, in bytes; 0 is none.
        UserQuota = "userquota".settable();
        /// Space a group's files take, in bytes.
        GroupUsed = "groupused";
        /// Limit on `groupused`, in bytes; 0 is none.
        GroupQuota = "groupquota".settable();
        /// How many files a user has.
        UserObjUsed = "userobjused".needs(Feature::UserobjAccounting);
        /// Limit on `userobjused`; 0 is none.
        UserObjQuota = "userobjquota".settable().needs(Feature::UserobjAccounting);
        /// How many files a group has.
        GroupObjUsed = "groupobjused".needs(Feature::UserobjAccounting);
        /// Limit on `groupobjused`; 0 is none.
        GroupObjQuota = "groupobjquota".settable().needs(Feature::UserobjAccounting);
        /// Space a project's files take, in bytes.
        ProjectUsed = "projectused".needs(Feature::ProjectQuota);
        /// Limit on `projectused`, in bytes; 0 is none.
        ProjectQuota = "projectquota".settable().needs(Feature::ProjectQuota);
        /// How many files a project has.
        ProjectObjUsed = "projectobjused".needs(Feature::ProjectQuota);
        /// Limit on `projectobjused`; 0 is none.
        ProjectObjQuota = "projectobjquota".settable().needs(Feature::ProjectQuota);
    }
}

impl AccountFamily {
    /// What stands before the `@`.
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// Whether it is a limit, which can be set, not a count.
    pub const fn is_settable(self) -> bool {
        self.row().settable
    }

    /// Whether it is a number of files, not of bytes.
    pub const fn counts_files(self) -> bool {
        matches!(
            self,
            Self::UserObjUsed
                | Self::UserObjQuota
                | Self::GroupObjUsed
                | Self::GroupObjQuota
                | Self::ProjectObjUsed
                | Self::ProjectObjQuota
        )
    }

    /// The pool feature that counts it.
    pub const fn feature(self) -> Option<Feature> {
        self.row().feature
    }
}

/// `FAMILY@WHO`, such as `userquota@alice`.
///
/// `who` is not looked at here: whether it is a name or a number that means somebody is for the
/// system to say that is asked (OpenZFS `userquota_propname_decode`,
/// `lib/libzfs/libzfs_dataset.c`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountProperty {
    /// What is counted or limited.
    pub family: AccountFamily,
    /// Whose: the name or number of a user or group, the number of a project.
    pub who: Arc<str>,
}

impl AccountProperty {
    pub(super) fn split(text: &str) -> Option<Self> {
        let (family, who) = text.split_once('@')?;
        Some(Self { family: AccountFamily::from_name(family)?, who: who.into() })
    }
}

impl fmt::Display for AccountProperty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.family.name(), self.who)
    }
}
