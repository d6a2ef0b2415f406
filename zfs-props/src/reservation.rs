//! How much a volume takes at most: what `refreservation=auto` and `zfs create -V` reserve.
//!
//! On RAID-Z and dRAID a volume's blocks can take more than their size, as they are padded and have
//! parity of their own. What the pool counts is scaled so that a block of 128 KiB counts its size;
//! smaller blocks then count more.
//!
//! Source: OpenZFS `zvol_volsize_to_reservation` and `volsize_from_vdevs`
//! (`lib/libzfs/libzfs_dataset.c`), `default_volblocksize` (`cmd/zfs/zfs_main.c`).

use crate::property::{Property, Stored};
use crate::release::Release;

/// A top-level vdev of a pool that holds data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Vdev {
    /// A disk, a file, or a mirror of them.
    Plain {
        /// Sector size, as a power of two.
        ashift: u32,
    },
    /// RAID-Z.
    Raidz {
        /// How many disks it has.
        disks: u64,
        /// How many of them can fail.
        parity: u64,
        /// Sector size, as a power of two.
        ashift: u32,
    },
    /// dRAID.
    Draid {
        /// How many data disks a redundancy group has.
        data: u64,
        /// How many disks of a group can fail.
        parity: u64,
        /// Sector size, as a power of two.
        ashift: u32,
    },
}

/// The block size that counts as it is: what metadata and most files use, in bytes.
const TYPICAL_BLOCK: u64 = 128 << 10;
/// The smallest sector, as a power of two.
const SECTOR_SHIFT: u32 = 9;
/// How many block pointers an indirect block holds.
const POINTERS: u64 = 1024;
/// Levels of indirect blocks of the objects' list, which every dataset has.
const FIXED_INDIRECTS: u64 = 7;
/// The most copies a block pointer can name.
const MAX_COPIES: u64 = 3;

/// The bytes that a volume of `size` bytes in blocks of `block_size` takes at most, with `copies` of
/// its data, on a pool of these vdevs. Up to 2.2 the result is what is left of it in 64 bits.
///
/// ```
/// use zfs_props::release::Release;
/// use zfs_props::reservation::{Vdev, reservation};
///
/// let disk = [Vdev::Plain { ashift: 12 }];
/// assert_eq!(reservation(1 << 30, 16 << 10, 1, &disk, Release::LATEST), 1_092_616_192);
/// // Blocks of 8 KiB on RAID-Z2 with sectors of 4 KiB take six sectors, not two.
/// let raidz = [Vdev::Raidz { disks: 8, parity: 2, ashift: 12 }];
/// assert!(reservation(1 << 30, 8 << 10, 1, &raidz, Release::LATEST) > 2 << 30);
/// ```
pub fn reservation(
    size: u64,
    block_size: u64,
    copies: u64,
    vdevs: &[Vdev],
    release: Release,
) -> u64 {
    let blocks = size / block_size.max(1);
    let largest = vdevs.iter().filter_map(|vdev| vdev.counted(blocks, block_size, release)).max();
    let data = match largest {
        None | Some(0) => blocks.wrapping_mul(block_size),
        Some(counted) => counted,
    };
    let metadata = indirects(blocks)
        .wrapping_mul(MAX_COPIES.min(copies.saturating_add(1)))
        .wrapping_mul(TYPICAL_BLOCK);
    data.wrapping_mul(copies).wrapping_add(metadata)
}

/// How many indirect blocks so many blocks need.
fn indirects(blocks: u64) -> u64 {
    let mut level = blocks;
    let mut count = FIXED_INDIRECTS;
    while level > 1 {
        level = level.div_ceil(POINTERS);
        count += level;
    }
    count
}

/// The block size that the release gives volumes of which none is asked for, in bytes; `zfs create -V`
/// asks for [`recommended_block_size`].
pub fn default_block_size(release: Release) -> u64 {
    match Property::Volblocksize.default(release) {
        Some(Stored::Number(size)) => size,
        _ => TYPICAL_BLOCK,
    }
}

/// The block size that `zfs create -V` gives a volume without `-b`, in bytes: the default, or what
/// wastes no more than half of the smallest allocation of any vdev.
pub fn recommended_block_size(vdevs: &[Vdev], release: Release) -> u64 {
    let allocation = vdevs.iter().map(|vdev| vdev.smallest_allocation()).max().unwrap_or(0);
    let mut size = default_block_size(release);
    while let Some(double) = size.checked_mul(2).filter(|double| *double <= allocation) {
        size = double;
    }
    size
}

impl Vdev {
    /// What `blocks` of `block_size` bytes count on it, in bytes; `None` if no more than their size.
    fn counted(self, blocks: u64, block_size: u64, release: Release) -> Option<u64> {
        let block = self.allocated(block_size)?;
        let typical = self.allocated(TYPICAL_BLOCK)?;
        let blocks = blocks.wrapping_mul(block);
        if !release.is_at_least(Release::V2_3) {
            return blocks.wrapping_mul(TYPICAL_BLOCK).checked_div(typical);
        }
        let sectors = TYPICAL_BLOCK >> SECTOR_SHIFT;
        Some(blocks.checked_div(typical >> SECTOR_SHIFT)?.saturating_mul(sectors))
    }

    /// The bytes of the disks that one block takes; `None` where there is nothing to scale, or no such
    /// vdev.
    fn allocated(self, block_size: u64) -> Option<u64> {
        let last = block_size.wrapping_sub(1);
        match self {
            Self::Plain { .. } => None,
            Self::Raidz { disks, parity, ashift } => {
                let data = disks.checked_sub(parity).filter(|data| *data > 0)?;
                let sectors = last.checked_shr(ashift)?.checked_add(1)?;
                let rows = sectors.div_ceil(data);
                let with_parity = sectors.checked_add(parity.checked_mul(rows)?)?;
                with_parity.checked_next_multiple_of(parity.checked_add(1)?)?.checked_shl(ashift)
            }
            Self::Draid { data, parity, ashift } => {
                let rows = last.checked_div(data.checked_shl(ashift)?)?.checked_add(1)?;
                rows.checked_mul(data.checked_add(parity)?)?.checked_shl(ashift)
            }
        }
    }

    /// What the least that is written takes, as `zfs create -V` estimates it, in bytes.
    fn smallest_allocation(self) -> u64 {
        let (sectors, ashift) = match self {
            Self::Plain { ashift } => (1, ashift),
            Self::Raidz { parity: 1, ashift, .. } => (2, ashift),
            Self::Raidz { ashift, .. } => (4, ashift),
            Self::Draid { data, ashift, .. } => (data, ashift),
        };
        1_u64.checked_shl(ashift).map_or(0, |sector| sector.saturating_mul(sectors))
    }
}
