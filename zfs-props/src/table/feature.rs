//! The features of pools (OpenZFS `module/zcommon/zfeature_common.c`).

#[allow(clippy::enum_glob_use)] // the table names features by the dozen
use self::Feature::*;
use super::table;
use crate::release::Release::{self, V2_2, V2_3, V2_4};

bitflags::bitflags! {
    /// How a feature behaves (OpenZFS `zfeature_flags_t`, `include/zfeature_common.h`).
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct FeatureFlags: u8 {
        /// A pool that uses it can be imported read-only by software that does not know it.
        const READ_ONLY_COMPATIBLE = 1;
        /// It must be known to read the pool's own metadata, so also by a boot loader.
        const MOS = 2;
        /// Enabling it makes it active; others are active once something uses them.
        const ACTIVATE_ON_ENABLE = 4;
        /// Each dataset that uses it says so, and a send stream of it does.
        const PER_DATASET = 8;
        /// `zpool upgrade` does not enable it.
        const NO_UPGRADE = 16;
    }
}

const READ_ONLY_COMPATIBLE: FeatureFlags = FeatureFlags::READ_ONLY_COMPATIBLE;
const MOS: FeatureFlags = FeatureFlags::MOS;
const ACTIVATE_ON_ENABLE: FeatureFlags = FeatureFlags::ACTIVATE_ON_ENABLE;
const PER_DATASET: FeatureFlags = FeatureFlags::PER_DATASET;
const NO_UPGRADE: FeatureFlags = FeatureFlags::NO_UPGRADE;

/// One feature, as OpenZFS's `zfeature_register` takes it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FeatureRow {
    pub(crate) name: &'static str,
    pub(crate) guid: &'static str,
    pub(crate) since: Release,
    pub(crate) flags: FeatureFlags,
    pub(crate) dataset_list: bool,
    pub(crate) depends: &'static [Feature],
}

impl FeatureRow {
    const fn new(name: &'static str) -> Self {
        Self {
            name,
            guid: "",
            since: Release::V2_1,
            flags: FeatureFlags::empty(),
            dataset_list: false,
            depends: &[],
        }
    }

    const fn guid(mut self, guid: &'static str) -> Self {
        self.guid = guid;
        self
    }

    const fn since(mut self, release: Release) -> Self {
        self.since = release;
        self
    }

    const fn flags(mut self, flags: FeatureFlags) -> Self {
        self.flags = flags;
        self
    }

    /// Datasets that use the feature keep a list of numbers for it, not just a mark.
    const fn dataset_list(mut self) -> Self {
        self.dataset_list = true;
        self
    }

    const fn depends(mut self, on: &'static [Feature]) -> Self {
        self.depends = on;
        self
    }
}

macro_rules! feature_row {
    ($name:literal) => {
        FeatureRow::new($name)
    };
}

table! {
    /// A feature of pools: an on-disk format that is enabled, and active once it is in use.
    ///
    /// ```
    /// use zfs_props::property::Feature;
    ///
    /// let zstd = Feature::ZstdCompress;
    /// assert_eq!(zstd.guid(), "org.freebsd:zstd_compress");
    /// assert_eq!(zstd.depends(), [Feature::ExtensibleDataset]);
    /// ```
    pub enum Feature: FeatureRow = feature_row {
        /// Destroyed datasets are freed in the background.
        AsyncDestroy = "async_destroy".guid("com.delphix:async_destroy")
            .flags(READ_ONLY_COMPATIBLE);
        /// Snapshots that free nothing take no block for it.
        EmptyBpobj = "empty_bpobj".guid("com.delphix:empty_bpobj").flags(READ_ONLY_COMPATIBLE);
        /// Compression with LZ4.
        Lz4Compress = "lz4_compress".guid("org.illumos:lz4_compress").flags(ACTIVATE_ON_ENABLE);
        /// Crash dumps to pools of several vdevs.
        MultiVdevCrashDump = "multi_vdev_crash_dump".guid("com.joyent:multi_vdev_crash_dump");
        /// Space maps know how split their free space is.
        SpacemapHistogram = "spacemap_histogram".guid("com.delphix:spacemap_histogram")
            .flags(READ_ONLY_COMPATIBLE);
        /// The pool remembers when each feature was enabled.
        EnabledTxg = "enabled_txg".guid("com.delphix:enabled_txg").flags(READ_ONLY_COMPATIBLE);
        /// Holes have a birth time, so that incremental sends skip old ones.
        HoleBirth = "hole_birth".guid("com.delphix:hole_birth")
            .flags(MOS.union(ACTIVATE_ON_ENABLE)).depends(&[EnabledTxg]);
        /// Datasets can hold more than they did at first: the base of other features.
        ExtensibleDataset = "extensible_dataset".guid("com.delphix:extensible_dataset");
        /// Very well compressed blocks live in their pointer.
        EmbeddedData = "embedded_data".guid("com.delphix:embedded_data")
            .flags(MOS.union(ACTIVATE_ON_ENABLE));
        /// Bookmarks.
        Bookmarks = "bookmarks".guid("com.delphix:bookmarks").flags(READ_ONLY_COMPATIBLE)
            .depends(&[ExtensibleDataset]);
        /// `filesystem_limit` and `snapshot_limit`.
        FilesystemLimits = "filesystem_limits".guid("com.joyent:filesystem_limits")
            .flags(READ_ONLY_COMPATIBLE).depends(&[ExtensibleDataset]);
        /// Blocks larger than 128 KiB.
        LargeBlocks = "large_blocks".guid("org.open-zfs:large_blocks").flags(PER_DATASET)
            .depends(&[ExtensibleDataset]);
        /// Dnodes larger than 512 bytes.
        LargeDnode = "large_dnode".guid("org.zfsonlinux:large_dnode").flags(PER_DATASET)
            .depends(&[ExtensibleDataset]);
        /// Checksums with SHA-512/256.
        Sha512 = "sha512".guid("org.illumos:sha512").flags(PER_DATASET)
            .depends(&[ExtensibleDataset]);
        /// Checksums with Skein.
        Skein = "skein".guid("org.illumos:skein").flags(PER_DATASET).depends(&[ExtensibleDataset]);
        /// Checksums with Edon-R.
        Edonr = "edonr".guid("org.illumos:edonr").flags(PER_DATASET).depends(&[ExtensibleDataset]);
        /// Files are counted per user and group.
        UserobjAccounting = "userobj_accounting".guid("org.zfsonlinux:userobj_accounting")
            .flags(READ_ONLY_COMPATIBLE.union(PER_DATASET)).depends(&[ExtensibleDataset]);
        /// Encrypted datasets.
        Encryption = "encryption".guid("com.datto:encryption").flags(PER_DATASET)
            .depends(&[ExtensibleDataset, BookmarkV2]);
        /// Space and files are counted and limited per project.
        ProjectQuota = "project_quota".guid("org.zfsonlinux:project_quota")
            .flags(READ_ONLY_COMPATIBLE.union(PER_DATASET)).depends(&[ExtensibleDataset]);
        /// Top-level vdevs can be removed.
        DeviceRemoval = "device_removal".guid("com.delphix:device_removal").flags(MOS);
        /// Removed vdevs need less memory as their data is freed.
        ObsoleteCounts = "obsolete_counts".guid("com.delphix:obsolete_counts")
            .flags(READ_ONLY_COMPATIBLE).depends(&[ExtensibleDataset, DeviceRemoval]);
        /// The pool can be rewound to a checkpoint.
        ZpoolCheckpoint = "zpool_checkpoint".guid("com.delphix:zpool_checkpoint")
            .flags(READ_ONLY_COMPATIBLE);
        /// Space maps in a more compact form.
        SpacemapV2 = "spacemap_v2".guid("com.delphix:spacemap_v2")
            .flags(READ_ONLY_COMPATIBLE.union(ACTIVATE_ON_ENABLE));
        /// Special and dedup vdevs.
        AllocationClasses = "allocation_classes".guid("org.zfsonlinux:allocation_classes")
            .flags(READ_ONLY_COMPATIBLE);
        /// A resilver can wait for the one under way.
        ResilverDefer = "resilver_defer".guid("com.datto:resilver_defer")
            .flags(READ_ONLY_COMPATIBLE);
        /// Bookmarks with more in them.
        BookmarkV2 = "bookmark_v2".guid("com.datto:bookmark_v2")
            .depends(&[ExtensibleDataset, Bookmarks]);
        /// Bookmarks that list what a redacted send leaves out.
        RedactionBookmarks = "redaction_bookmarks".guid("com.delphix:redaction_bookmarks")
            .depends(&[BookmarkV2, ExtensibleDataset, Bookmarks]);
        /// Datasets received from a redacted send.
        RedactedDatasets = "redacted_datasets".guid("com.delphix:redacted_datasets")
            .flags(PER_DATASET).dataset_list().depends(&[ExtensibleDataset]);
        /// Bookmarks that tell the space written since (`written#bookmark`).
        BookmarkWritten = "bookmark_written".guid("com.delphix:bookmark_written")
            .depends(&[BookmarkV2, ExtensibleDataset, Bookmarks]);
        /// Changes of all space maps are logged together.
        LogSpacemap = "log_spacemap".guid("com.delphix:log_spacemap").flags(READ_ONLY_COMPATIBLE)
            .depends(&[SpacemapV2]);
        /// Clones are destroyed faster.
        Livelist = "livelist".guid("com.delphix:livelist").flags(READ_ONLY_COMPATIBLE)
            .depends(&[ExtensibleDataset]);
        /// Sequential resilvering of mirrors and dRAID.
        DeviceRebuild = "device_rebuild".guid("org.openzfs:device_rebuild")
            .flags(READ_ONLY_COMPATIBLE);
        /// Compression with Zstandard.
        ZstdCompress = "zstd_compress".guid("org.freebsd:zstd_compress").flags(PER_DATASET)
            .depends(&[ExtensibleDataset]);
        /// RAID with distributed spares.
        Draid = "draid".guid("org.openzfs:draid").flags(MOS);
        /// Changes of `xattr=sa` attributes go to the intent log.
        Zilsaxattr = "zilsaxattr".guid("org.openzfs:zilsaxattr").since(V2_2)
            .flags(READ_ONLY_COMPATIBLE.union(PER_DATASET)).depends(&[ExtensibleDataset]);
        /// Errors are logged per dataset.
        HeadErrlog = "head_errlog".guid("com.delphix:head_errlog").since(V2_2)
            .flags(ACTIVATE_ON_ENABLE);
        /// Checksums with BLAKE3.
        Blake3 = "blake3".guid("org.openzfs:blake3").since(V2_2).flags(PER_DATASET)
            .depends(&[ExtensibleDataset]);
        /// Files can share blocks without deduplication.
        BlockCloning = "block_cloning".guid("com.fudosecurity:block_cloning").since(V2_2)
            .flags(READ_ONLY_COMPATIBLE);
        /// The root vdev can have properties.
        VdevZapsV2 = "vdev_zaps_v2".guid("com.klarasystems:vdev_zaps_v2").since(V2_2).flags(MOS);
        /// Redaction of more snapshots at once.
        RedactionListSpill = "redaction_list_spill".guid("com.delphix:redaction_list_spill")
            .since(V2_3).depends(&[RedactionBookmarks]);
        /// A RAID-Z vdev can be widened.
        RaidzExpansion = "raidz_expansion".guid("org.openzfs:raidz_expansion").since(V2_3)
            .flags(MOS);
        /// Deduplication with a log, a quota and pruning.
        FastDedup = "fast_dedup".guid("com.klarasystems:fast_dedup").since(V2_3)
            .flags(READ_ONLY_COMPATIBLE);
        /// File names of up to 1023 bytes.
        Longname = "longname".guid("org.zfsonlinux:longname").since(V2_3).flags(PER_DATASET)
            .depends(&[ExtensibleDataset]);
        /// Simple directories may grow larger before they change form.
        LargeMicrozap = "large_microzap".guid("com.klarasystems:large_microzap").since(V2_3)
            .flags(READ_ONLY_COMPATIBLE.union(PER_DATASET))
            .depends(&[ExtensibleDataset, LargeBlocks]);
        /// Headers of split blocks as large as the vdev's sectors.
        DynamicGangHeader = "dynamic_gang_header".guid("com.klarasystems:dynamic_gang_header")
            .since(V2_4).flags(MOS.union(NO_UPGRADE));
        /// Block cloning that reads the same on both byte orders.
        BlockCloningEndian = "block_cloning_endian".guid("com.truenas:block_cloning_endian")
            .since(V2_4).flags(READ_ONLY_COMPATIBLE);
        /// Files can be rewritten in place of old blocks (`zfs rewrite -P`).
        PhysicalRewrite = "physical_rewrite".guid("com.truenas:physical_rewrite").since(V2_4)
            .flags(READ_ONLY_COMPATIBLE.union(PER_DATASET)).depends(&[ExtensibleDataset]);
    }
}
