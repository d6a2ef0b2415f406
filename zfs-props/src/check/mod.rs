//! What OpenZFS would make of properties: the form it stores, what it adds, or why it refuses.
//!
//! A [`PropertySet`] is checked in a [`Context`]: release, operation, and the facts about pool and
//! dataset that matter. The verdict is that of libzfs, before anything is sent to the kernel; what the
//! kernel may refuse yet, and what is accepted but hardly meant, is in [`Accepted::lints`].
//!
//! ```
//! use zfs_props::check::{Context, DatasetFacts, ErrorClass, Lint, VolumeFacts};
//! use zfs_props::property::Property;
//! use zfs_props::set::PropertySet;
//!
//! // A volume grows, and what is reserved for it with it, as that was all it could take.
//! let size = 1 << 30;
//! let volume = VolumeFacts { size, block_size: 16 << 10, refreservation: 1_092_616_192 };
//! let context = Context::set(DatasetFacts::volume(volume));
//! let accepted = PropertySet::from_pairs([("volsize", "10G")])?.check(&context).unwrap();
//! let reserved = accepted.added().next().unwrap();
//! assert_eq!(reserved.property(), Property::Refreservation);
//! assert_eq!(reserved.number(), Some(10_907_287_552));
//!
//! // Every error; OpenZFS would say the first.
//! let props = PropertySet::from_pairs([("volsize", "1000"), ("recordsize", "3K")])?;
//! let errors = props.check_all(&context).unwrap_err();
//! assert_eq!(errors[0].class(), ErrorClass::BadProperty);
//! assert_eq!(errors[1].property(), "recordsize");
//! assert_eq!(errors[1].class(), ErrorClass::WrongKind);
//!
//! // The kernel's business, but known beforehand.
//! let props = PropertySet::from_pairs([("userquota@4294967296", "1G")])?;
//! let accepted = props.check(&Context::set(DatasetFacts::filesystem())).unwrap();
//! assert_eq!(accepted.lints()[0].code(), "account-wraps");
//! # Ok::<(), zfs_props::set::PropertySetError>(())
//! ```
//!
//! Source: OpenZFS `zfs_valid_proplist`, `zfs_create`, `zfs_prop_set_list` and `zfs_prop_inherit`
//! (`lib/libzfs/libzfs_dataset.c`), `zfs_crypto_create` (`lib/libzfs/libzfs_crypto.c`),
//! `zpool_valid_proplist` (`lib/libzfs/libzfs_pool.c`).

mod accepted;
mod account;
mod context;
mod encryption;
mod error;
mod inherit;
mod lint;
mod list;
mod place;
mod pool;
mod volume;

use crate::kind::DatasetKind;
use crate::property::Property;
use crate::release::Release;
use crate::set::PropertySet;

pub use accepted::{Accepted, Setting};
pub use context::{Accounts, Context, DatasetFacts, Key, KindFacts, PoolFacts, VolumeFacts};
pub use encryption::EncryptionFault;
pub use error::{CheckError, CheckFault, ErrorClass};
pub use inherit::{NOT_REVERTIBLE, inherit};
pub use lint::Lint;
pub use place::place;
pub use pool::{PoolAccepted, PoolContext, PoolFault};

pub(crate) use list::list;
pub(crate) use pool::pool;
pub(crate) use volume::command as volume;

use accepted::Outcome;
use context::Operation;

/// The properties, each by itself and then what the operation makes of them together.
pub(crate) fn operation(set: &PropertySet, context: &Context) -> Outcome<Accepted> {
    let pool = context.pool_facts();
    let mut outcome = list::in_pool(set, context, &pool);
    let release = context.release;
    match &context.operation {
        Operation::Create { kind, .. } => {
            if *kind == DatasetKind::Volume && !outcome.refused(&volume::SIZES, release) {
                let verdict = volume::create(&outcome.accepted, release);
                outcome.note(verdict);
            }
            encrypt(&mut outcome, context, &pool);
        }
        Operation::CreateRoot => {
            let special = Property::SpecialSmallBlocks;
            let is_blocked = !release.is_at_least(Release::V2_4) && !pool.has_special_vdev;
            if is_blocked && outcome.accepted.get(special).is_some() {
                outcome.note(Err(CheckError::new(special.name(), CheckFault::NoSpecialVdev)));
            }
            encrypt(&mut outcome, context, &pool);
        }
        Operation::Set(dataset) => {
            if let (KindFacts::Volume(volume), true) = (dataset.kind, outcome.errors.is_empty()) {
                volume::reserve(&mut outcome.accepted, volume, &pool.vdevs, release);
            }
        }
        Operation::ChangeKey(_) => {
            // Asked before anything else.
            let verdict = encryption::change_key(set, release);
            outcome.errors.splice(0..0, verdict.err());
        }
    }
    outcome
}

fn encrypt(outcome: &mut Outcome<Accepted>, context: &Context, pool: &PoolFacts) {
    if !outcome.refused(&encryption::PARAMETERS, context.release) {
        let verdict = encryption::create(&mut outcome.accepted, context, pool);
        outcome.note(verdict);
    }
}
