//! Each property by itself, in OpenZFS's order of checks: name, kind of dataset, whether it can be set,
//! value, and what the dataset and the pool make of the value.

use alloc::string::ToString;
use alloc::vec::Vec;

use super::accepted::Outcome;
use super::context::Operation;
use super::error::text;
use super::{
    Accepted, CheckError, CheckFault, Context, DatasetFacts, KindFacts, PoolFacts, Setting,
    account, lint, volume,
};
use crate::key::{AccountProperty, PropertyName, PropertyNameError, UserPropertyFault};
use crate::kind::DatasetKind;
use crate::property::{Property, Stored, ValueType};
use crate::release::Release;
use crate::set::PropertySet;
use crate::value::{Value, ValueFault};

/// The greatest block size without the feature `large_blocks`, in bytes.
const OLD_MAX_BLOCK_SIZE: u64 = 128 << 10;

/// OpenZFS `zfs_valid_proplist`.
pub(crate) fn list(set: &PropertySet, context: &Context) -> Outcome<Accepted> {
    in_pool(set, context, &context.pool_facts())
}

pub(super) fn in_pool(set: &PropertySet, context: &Context, pool: &PoolFacts) -> Outcome<Accepted> {
    let mut list = List { set, context, pool, accepted: Accepted::default() };
    let mut errors = Vec::new();
    for (name, value) in set.iter() {
        let verdict = list.entry(name, value);
        errors.extend(verdict.err().map(|fault| CheckError::of(name, value, fault)));
    }
    let mut outcome = Outcome { accepted: list.accepted, errors };
    let verdict = normalize(&mut outcome.accepted, context.release);
    outcome.note(verdict);
    outcome.accepted.lints = lint::lints(set, context, pool, &outcome.accepted);
    outcome
}

struct List<'a> {
    set: &'a PropertySet,
    context: &'a Context,
    pool: &'a PoolFacts,
    accepted: Accepted,
}

impl List<'_> {
    fn entry(&mut self, name: &str, value: Stored<&str>) -> Result<(), CheckFault> {
        use PropertyNameError::User;
        use UserPropertyFault::TooLong;
        match PropertyName::parse(name, self.context.release) {
            Ok(user @ PropertyName::User(_)) => {
                let text = Setting::Text(text(value)?.into());
                self.accepted.give(user, text);
                Ok(())
            }
            Err(too_long @ User { fault: TooLong { .. }, .. }) => Err(too_long.into()),
            _ if self.context.kind() == DatasetKind::Snapshot => Err(CheckFault::OnSnapshot),
            Ok(PropertyName::Account(property)) => self.account(property, value),
            Ok(PropertyName::Written(_)) => Err(CheckFault::ReadOnly),
            Ok(PropertyName::Native(property)) => {
                let value = self.native(property, value)?;
                self.accepted.give(property.into(), Setting::Value(value));
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    fn account(
        &mut self,
        mut property: AccountProperty,
        value: Stored<&str>,
    ) -> Result<(), CheckFault> {
        let accounts = self.context.accounts.as_ref();
        property.who = account::who(&property, accounts, self.is_zoned())?.into();
        if !property.family.is_settable() {
            return Err(CheckFault::ReadOnly);
        }
        let limit = Setting::Limit(account::limit(value)?);
        self.accepted.give(PropertyName::Account(property), limit);
        Ok(())
    }

    fn native(&self, property: Property, value: Stored<&str>) -> Result<Value, CheckFault> {
        let (kind, release) = (self.context.kind(), self.context.release);
        if !property.applies_to(kind, release) {
            return Err(CheckFault::WrongKind { kind });
        }
        self.settable(property)?;
        let digits;
        let text = match (property.value_type(), value) {
            (ValueType::Number, Stored::Number(number)) => {
                digits = number.to_string();
                &*digits
            }
            _ => text(value)?,
        };
        let value = Value::parse(property, text, release).map_err(|error| match error.fault() {
            // OpenZFS asks for the zone between the length of a share's options and their meaning.
            ValueFault::ShareNfs { .. } | ValueFault::ShareSmb if self.is_zoned() => {
                CheckFault::Zoned
            }
            _ => error.into(),
        })?;
        self.here(&value)?;
        Ok(value)
    }

    fn settable(&self, property: Property) -> Result<(), CheckFault> {
        let is_new = self.context.dataset().is_none();
        let changes_key = matches!(self.context.operation, Operation::ChangeKey(_));
        if !property.is_readonly()
            || property.is_settable_once() && is_new
            || property.is_key_parameter() && changes_key
        {
            return Ok(());
        }
        Err(if property.is_settable_once() {
            CheckFault::OnlyAtCreation
        } else {
            CheckFault::ReadOnly
        })
    }

    /// What the dataset and the pool make of a value.
    fn here(&self, value: &Value) -> Result<(), CheckFault> {
        let dataset = self.context.dataset();
        let number = value.number().unwrap_or_default();
        let text = value.text().unwrap_or_default();
        let is_encrypted = dataset.map(|dataset| dataset.encrypted);
        match value.property() {
            Property::Version => match dataset.and_then(DatasetFacts::version) {
                Some(current) if number < current => Err(CheckFault::Downgrade { current }),
                _ => Ok(()),
            },
            Property::Volblocksize | Property::Recordsize => at_most(number, self.max_block_size()),
            Property::SpecialSmallBlocks => at_most(number, self.max_special_block_size()),
            // As a number, what stands for `auto` is accepted.
            Property::Refreservation
                if value.spelling() == "auto" && self.context.kind() != DatasetKind::Volume =>
            {
                Err(CheckFault::AutoNotVolume)
            }
            Property::Mountpoint if matches!(text, "none" | "legacy") => Ok(()),
            Property::Mountpoint | Property::Sharenfs | Property::Sharesmb if self.is_zoned() => {
                Err(CheckFault::Zoned)
            }
            Property::Keylocation => match (is_encrypted, text) {
                (Some(true), "none") => Err(CheckFault::Encrypted),
                (Some(true) | None, _) | (Some(false), "none") => Ok(()),
                (Some(false), _) => Err(CheckFault::NotEncrypted),
            },
            Property::Volsize => match dataset.map(|dataset| dataset.kind) {
                Some(KindFacts::Volume(volume)) => volume::check_size(number, volume.block_size),
                _ => Ok(()),
            },
            Property::Copies if is_encrypted == Some(true) && number > 2 => {
                Err(CheckFault::EncryptedCopies)
            }
            _ => Ok(()),
        }
    }

    /// Of a pool that is not there yet, libzfs knows nothing.
    const fn has_pool(&self) -> bool {
        !matches!(self.context.operation, Operation::CreateRoot)
    }

    const fn max_block_size(&self) -> u64 {
        if self.has_pool() { self.pool.max_block_size } else { u64::MAX }
    }

    fn max_special_block_size(&self) -> u64 {
        let release = self.context.release;
        if release.is_at_least(Release::V2_4) {
            return u64::MAX;
        }
        if self.has_pool() {
            return self.pool.max_block_size;
        }
        match self.accepted.number(Property::Recordsize) {
            Some(earlier) if release.is_at_least(Release::V2_2) => earlier,
            _ => OLD_MAX_BLOCK_SIZE,
        }
    }

    /// Whether the dataset belongs to another zone; a new one does if its parent does.
    fn is_zoned(&self) -> bool {
        match &self.context.operation {
            Operation::Create { parent, .. } => parent.zoned,
            Operation::CreateRoot => self.set.get("zoned") == Some(Stored::Text("on")),
            Operation::Set(dataset) | Operation::ChangeKey(dataset) => dataset.zoned,
        }
    }
}

fn at_most(number: u64, greatest: u64) -> Result<(), CheckFault> {
    if number > greatest { Err(CheckFault::BlockSize { greatest }) } else { Ok(()) }
}

/// Names in a Unicode normal form have to be Unicode; and names that need not be (said explicitly) are
/// in no normal form, since 2.2 whatever the parent has.
fn normalize(accepted: &mut Accepted, release: Release) -> Result<(), CheckError> {
    let utf8_only = Property::Utf8only;
    let normalizes = accepted.number(Property::Normalization).map(|form| form != 0);
    let only = accepted.number(utf8_only).map(|only| only != 0);
    match (normalizes, only) {
        (Some(true), None) => accepted.add(Value::from_number(utf8_only, 1, release)),
        (Some(true), Some(false)) => {
            return Err(CheckError::new(utf8_only.name(), CheckFault::NormalizedNotUtf8));
        }
        (None, Some(false)) if release.is_at_least(Release::V2_2) => {
            accepted.add(Value::from_number(Property::Normalization, 0, release));
        }
        _ => (),
    }
    Ok(())
}
