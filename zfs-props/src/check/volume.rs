//! The size of a volume, and what is reserved for it.

use alloc::string::ToString;

use super::{Accepted, CheckError, CheckFault, Context, VolumeFacts};
use crate::property::{Property, Stored};
use crate::release::Release;
use crate::reservation::{Vdev, default_block_size, recommended_block_size, reservation};
use crate::set::PropertySet;
use crate::value::Value;

/// The properties that [`create`] looks at.
pub(super) const SIZES: [Property; 2] = [Property::Volsize, Property::Volblocksize];

/// What a new volume needs (OpenZFS `zfs_create`, `lib/libzfs/libzfs_dataset.c`).
pub(super) fn create(accepted: &Accepted, release: Release) -> Result<(), CheckError> {
    let block_size = accepted.number(Property::Volblocksize);
    let verdict = match accepted.number(Property::Volsize) {
        None => Err(CheckFault::NoVolumeSize),
        Some(size) => check_size(size, block_size.unwrap_or_else(|| default_block_size(release))),
    };
    verdict.map_err(|fault| CheckError::new(Property::Volsize.name(), fault))
}

pub(super) const fn check_size(size: u64, block_size: u64) -> Result<(), CheckFault> {
    match size.checked_rem(block_size) {
        _ if size == 0 => Err(CheckFault::EmptyVolume),
        None | Some(0) => Ok(()),
        Some(_) => Err(CheckFault::PartialBlock { block_size }),
    }
}

/// Lets `refreservation` follow `volsize` if it is what the volume takes at most, and computes what
/// `auto` stands for (OpenZFS `zfs_add_synthetic_resv` and `zfs_fix_auto_resv`,
/// `lib/libzfs/libzfs_dataset.c`). Copies do not count there.
pub(super) fn reserve(
    accepted: &mut Accepted,
    volume: VolumeFacts,
    vdevs: &[Vdev],
    release: Release,
) {
    let most = |size| reservation(size, volume.block_size, 1, vdevs, release);
    let size = accepted.number(Property::Volsize);
    let reserved = |size| Value::from_number(Property::Refreservation, most(size), release);
    match (size, accepted.get(Property::Refreservation)) {
        (Some(size), None) if most(volume.size) == volume.refreservation => {
            accepted.add(reserved(size));
        }
        (_, Some(given)) if given.is_auto() => {
            if let Some(value) = reserved(size.unwrap_or(volume.size)) {
                accepted.replace(value);
            }
        }
        _ => (),
    }
}

/// What `zfs create -V` makes of its options before libzfs sees them (OpenZFS `zfs_do_create`,
/// `cmd/zfs/zfs_main.c`).
pub(crate) fn command(
    mut set: PropertySet,
    is_sparse: bool,
    context: &Context,
) -> Result<PropertySet, CheckError> {
    const SIZE: &str = Property::Volsize.name();
    const BLOCK_SIZE: &str = Property::Volblocksize.name();
    const RESERVED: &str = Property::Refreservation.name();
    let is_text = |set: &PropertySet, name| matches!(set.get(name), Some(Stored::Text(_)));

    let accepted = super::list(&set, context).or_first()?;
    let (pool, release) = (context.pool_facts(), context.release);
    let asked = accepted.number(Property::Volblocksize);
    let block_size = asked.unwrap_or_else(|| recommended_block_size(&pool.vdevs, release));
    if block_size != default_block_size(release) && !is_text(&set, BLOCK_SIZE) {
        set.set(BLOCK_SIZE, Stored::Text(&block_size.to_string()));
    }
    let mut size = match set.get(SIZE) {
        Some(Stored::Number(size)) => size,
        _ => 0,
    };
    if let Some(whole) = size.checked_next_multiple_of(block_size).filter(|whole| *whole != size) {
        size = whole;
        set.set(SIZE, Stored::Number(size));
    }
    if !is_sparse && !is_text(&set, RESERVED) {
        let reserved = reservation(size, block_size, 1, &pool.vdevs, release);
        set.set(RESERVED, Stored::Number(reserved));
    }
    Ok(set)
}
