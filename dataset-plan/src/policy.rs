//! What a plan may do beyond the declared datasets themselves. The default does nothing beyond.

/// Rules that a plan keeps to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Policy {
    /// What becomes of a dataset whose parent does not exist.
    pub missing_parent: MissingParent,
    /// What becomes of a change that undeclared datasets would inherit.
    pub heirs: Heirs,
}

/// What to do about a parent that neither exists nor is declared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum MissingParent {
    /// Create it with `mountpoint=none`: it holds datasets and is never mounted.
    #[default]
    Container,
    /// Create nothing below it.
    Refuse,
}

/// What to do about a change of an inheritable property when undeclared datasets inherit it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Heirs {
    /// Do not make the change: nothing undeclared may change, not even by inheritance.
    #[default]
    Protect,
    /// Make the change; the step lists the datasets that follow it.
    Follow,
}
