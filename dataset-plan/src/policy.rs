//! What a plan may do beyond the declared datasets themselves. The default does nothing beyond.

use std::collections::BTreeSet;

/// Rules that a plan keeps to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields, rename_all = "camelCase"))]
#[non_exhaustive]
pub struct Policy {
    /// What becomes of a dataset whose parent does not exist.
    pub missing_parent: MissingParent,
    /// What becomes of a change that undeclared datasets would inherit.
    pub heirs: Heirs,
    /// What becomes of a declared dataset that is there and not mounted.
    pub mount: Mounting,
    /// What becomes of a new dataset below an encrypted one.
    pub encrypted_parent: EncryptedParent,
    /// Grants: datasets (`tank/old`) and snapshots (`tank/old@monday`) that may be destroyed, each by
    /// its full name.
    pub destroy: BTreeSet<String>,
}

/// What to do about a parent that neither exists nor is declared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum MissingParent {
    /// Create it with `mountpoint=none`: it holds datasets and is never mounted.
    #[default]
    Container,
    /// Create it with `canmount=off`: children inherit its mountpoint, it is never mounted itself.
    Unmounted,
    /// Create nothing below it.
    Refuse,
}

/// What to do about a change of an inheritable property when undeclared datasets inherit it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Heirs {
    /// Do not make the change: nothing undeclared may change, not even by inheritance. Datasets that only hold declared
    /// ones and are never mounted ([`MissingParent`]) do not count: they have no files.
    #[default]
    Protect,
    /// Make the change; the step lists the datasets that follow it.
    Follow,
}

/// What to do about a declared dataset that is there and not mounted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Mounting {
    /// Report it: whatever wrote into the bare directory meanwhile would be covered.
    #[default]
    Refuse,
    /// Mount it.
    Allow,
}

/// What to do about a new dataset below an encrypted one, if its declaration says nothing of encryption.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum EncryptedParent {
    /// Do not create it.
    #[default]
    Refuse,
    /// Encrypt it with the same key.
    Inherit,
}
