//! The properties of pools (OpenZFS `module/zcommon/zpool_prop.c`).

use super::row::Row;
use super::words::FAILMODE;
use super::{property_row, table};
use crate::kind::Kinds;
use crate::release::Release::{V2_2, V2_3};

macro_rules! pool_row {
    ($name:literal) => {
        property_row!($name).on(Kinds::POOL)
    };
}

table! {
    /// A native property of pools.
    pub enum PoolProperty: Row = pool_row {
        /// The pool's own name.
        Name = "name".text().hidden();
        /// Space of all vdevs, in bytes.
        Size = "size".values("<size>");
        /// Space in use, in per cent.
        Capacity = "capacity".column("CAP").values("<size>")
            .later_values(&[(V2_3, "<percent>")]);
        /// Directory before all mount points, until the pool is exported.
        Altroot = "altroot".text().settable().values("<path>");
        /// State of the pool, `ONLINE` if all is well.
        Health = "health".values("<state>");
        /// Number of the pool.
        Guid = "guid".plain().values("<guid>");
        /// On-disk version; 5000 with features.
        Version = "version".settable().values("<version>").default(5000);
        /// The filesystem to boot from.
        Bootfs = "bootfs".text().settable().values("<filesystem>");
        /// Whether `zfs allow` can give permissions to users.
        Delegation = "delegation".switch().settable().default_word("on");
        /// Whether a new device in a failed one's place is used unasked.
        Autoreplace = "autoreplace".switch().settable().column("REPLACE");
        /// The file that remembers the pool for the next boot; empty for the usual one.
        Cachefile = "cachefile".text().settable().values("<file> | none");
        /// What happens when the pool's devices are lost.
        Failmode = "failmode".word(FAILMODE).settable().values("wait | continue | panic");
        /// Whether `zfs list` shows snapshots unasked.
        Listsnapshots = "listsnapshots".switch().settable().column("LISTSNAPS");
        /// Whether the pool grows with its devices.
        Autoexpand = "autoexpand".switch().settable().column("EXPAND");
        /// Without effect since 2.0.
        Dedupditto = "dedupditto".settable().hidden();
        /// How much deduplication saves, in hundredths.
        Dedupratio = "dedupratio".column("DEDUP").values("<1.00x or higher if deduped>");
        /// Space not allocated, in bytes.
        Free = "free".values("<size>");
        /// Space allocated, in bytes.
        Allocated = "allocated".column("ALLOC").values("<size>");
        /// Whether the pool was imported without the right to change it.
        Readonly = "readonly".switch().settable().column("RDONLY");
        /// Sector size of new vdevs, as a power of two; 0 finds it out.
        Ashift = "ashift".settable().values("<ashift, 9-16, or 0=default>");
        /// A printable note of up to 32 bytes.
        Comment = "comment".text().settable().values("<comment-string>");
        /// Space the devices could give beyond what is used of them, in bytes.
        Expandsize = "expandsize".column("EXPANDSZ").values("<size>");
        /// Space of destroyed datasets still to be freed, in bytes.
        Freeing = "freeing".values("<size>");
        /// How split the free space is, in per cent.
        Fragmentation = "fragmentation".column("FRAG").values("<percent>");
        /// Space lost by interrupted freeing, in bytes.
        Leaked = "leaked".values("<size>");
        /// Greatest block size the pool's features allow, in bytes.
        Maxblocksize = "maxblocksize".hidden();
        /// Temporary name, until the pool is exported.
        Tname = "tname".text().once().hidden();
        /// Greatest dnode size the pool's features allow, in bytes.
        Maxdnodesize = "maxdnodesize".hidden();
        /// Whether import makes sure that no other host uses the pool.
        Multihost = "multihost".switch().settable();
        /// Space held by the checkpoint, in bytes.
        Checkpoint = "checkpoint".column("CKPOINT").values("<size>");
        /// Number of this import of the pool.
        LoadGuid = "load_guid".plain().values("<load_guid>");
        /// Whether freed space is reported to the devices unasked.
        Autotrim = "autotrim".switch().settable();
        /// The feature sets that limit which features are enabled.
        Compatibility = "compatibility".text().settable()
            .values("<file[,file...]> | off | legacy").default_text("off");
        /// Space of cloned blocks, in bytes.
        Bcloneused = "bcloneused".column("BCLONE_USED").since(V2_2).values("<size>");
        /// Space that block cloning saves, in bytes.
        Bclonesaved = "bclonesaved".column("BCLONE_SAVED").since(V2_2).values("<size>");
        /// How much block cloning saves, in hundredths.
        Bcloneratio = "bcloneratio".column("BCLONE_RATIO").since(V2_2)
            .values("<1.00x or higher if cloned>");
        /// Size of the deduplication table, in bytes.
        DedupTableSize = "dedup_table_size".column("DDTSIZE").since(V2_3).values("<size>");
        /// Limit on the deduplication table, in bytes; 0 is none, the greatest number is automatic.
        DedupTableQuota = "dedup_table_quota".settable().column("DDTQUOTA").since(V2_3)
            .values("<size>").default(u64::MAX);
        /// How much of the deduplication table is in memory, in bytes.
        Dedupcached = "dedupcached".hidden().since(V2_3);
        /// The transaction group up to which the last scrub came.
        LastScrubbedTxg = "last_scrubbed_txg".since(V2_3).values("<txg>");
    }
}
