//! The properties of datasets (OpenZFS `module/zcommon/zfs_prop.c`).

use super::row::Unlimited::{Greatest, OnlyWord};
use super::row::{Row, Unset};
use super::words::{
    ACLINHERIT, ACLMODE, ACLTYPE, CACHED, CANMOUNT, CASESENSITIVITY, CHECKSUM, COMPRESSION, COPIES,
    DEDUP, DIRECT, DNODESIZE, ENCRYPTION, KEYFORMAT, KEYSTATUS, LOGBIAS, LONGNAME, NORMALIZATION,
    OFF_ON, REDUNDANT_METADATA, SNAPDEV, SNAPDIR, SYNC, VERSION, VOLMODE, XATTR, XATTR_2_3,
    XATTR_2_4,
};
use super::{property_row, table};
use crate::kind::Kinds;
use crate::property::{Feature, Range};
use crate::release::Release::{V2_2, V2_3, V2_4};

const FS: Kinds = Kinds::FILESYSTEM;
const VOL: Kinds = Kinds::VOLUME;
const SNAP: Kinds = Kinds::SNAPSHOT;
/// What a snapshot can be of.
const HEADS: Kinds = FS.union(VOL);
/// What has files in it.
const FILES: Kinds = FS.union(SNAP);
const HEADS_AND_SNAPSHOTS: Kinds = HEADS.union(SNAP);
const EVERY: Kinds = HEADS_AND_SNAPSHOTS.union(Kinds::BOOKMARK);

/// Sizes up to this one are readable by pools without the feature `large_blocks`, in bytes.
const OLD_MAX_BLOCK_SIZE: u64 = 128 << 10;
/// Sizes of blocks, in bytes.
const BLOCK_SIZE: Range = Range::new(512, MAX_BLOCK_SIZE).power_of_two();
const UP_TO_BLOCK_SIZE: Range = Range::new(0, MAX_BLOCK_SIZE);
const MAX_BLOCK_SIZE: u64 = 16 << 20;

table! {
    /// A native property of datasets.
    ///
    /// ```
    /// use zfs_props::property::Property;
    /// use zfs_props::release::Release;
    ///
    /// assert_eq!(Property::from_name("recordsize"), Some(Property::Recordsize));
    /// assert_eq!(Property::resolve("recsize", Release::LATEST), Some(Property::Recordsize));
    /// assert!(!Property::Direct.exists_in(Release::V2_2));
    /// ```
    pub enum Property: Row = property_row {
        /// What kind of dataset this is: `filesystem`, `volume`, `snapshot` or `bookmark`.
        Type = "type".text().on(EVERY).values("filesystem | volume | snapshot | bookmark");
        /// When the dataset was created, in seconds since 1970 (UTC).
        Creation = "creation".date().on(EVERY).values("<date>");
        /// Space taken by the dataset and all below it, in bytes.
        Used = "used".bytes().on(HEADS_AND_SNAPSHOTS).values("<size>");
        /// Space the dataset and all below it can still take, in bytes.
        Available = "available".bytes().on(HEADS).column("AVAIL").values("<size>");
        /// Space reachable from the dataset, shared or not, in bytes.
        Referenced = "referenced".bytes().on(EVERY).column("REFER").values("<size>");
        /// How much compression saves in `used`, in hundredths: 137 is 1.37.
        Compressratio = "compressratio".ratio().on(EVERY).column("RATIO")
            .values("<1.00x or higher if compressed>");
        /// Whether the filesystem is mounted now.
        Mounted = "mounted".word(OFF_ON).on(FS).values("yes | no");
        /// The snapshot a clone was made from.
        Origin = "origin".text().on(HEADS).values("<snapshot>");
        /// Limit on the space of the dataset and all below it, in bytes; 0 is none.
        Quota = "quota".bytes().settable().on(FS).values("<size> | none").unlimited(OnlyWord);
        /// Space promised to the dataset and all below it, in bytes; 0 is none.
        Reservation = "reservation".bytes().settable().on(HEADS).column("RESERV")
            .values("<size> | none");
        /// Size of the volume as its users see it, in bytes.
        Volsize = "volsize".settable().on(VOL.union(SNAP)).values("<size>");
        /// Block size of a volume, in bytes.
        Volblocksize = "volblocksize".once().on(VOL).column("VOLBLOCK")
            .values("512 to 128k, power of 2")
            .later_values(&[(V2_4, "512 to 16M, power of 2")]).default(8 << 10)
            .later_default(&[(V2_2, Unset::Number(16 << 10))])
            .range(BLOCK_SIZE).needs(Feature::LargeBlocks, OLD_MAX_BLOCK_SIZE + 1, u64::MAX);
        /// Suggested block size of files, in bytes.
        Recordsize = "recordsize".inherited().on(FS).column("RECSIZE")
            .values("512 to 1M, power of 2")
            .later_values(&[(V2_4, "512 to 16M, power of 2")]).default(OLD_MAX_BLOCK_SIZE)
            .range(BLOCK_SIZE).needs(Feature::LargeBlocks, OLD_MAX_BLOCK_SIZE + 1, u64::MAX);
        /// Where the filesystem is mounted: a path, `legacy` (by fstab) or `none`.
        Mountpoint = "mountpoint".text().inherited().on(FS).values("<path> | legacy | none")
            .default_text("/");
        /// Whether, and with which options, the filesystem is shared over NFS.
        Sharenfs = "sharenfs".text().inherited().on(FS).values("on | off | NFS share options")
            .default_text("off");
        /// The checksum of newly written blocks.
        Checksum = "checksum".word(CHECKSUM).inherited().on(HEADS)
            .values("on | off | fletcher2 | fletcher4 | sha256 | sha512 | skein | edonr")
            .later_values(&[(V2_2, "on | off | fletcher2 | fletcher4 | sha256 | sha512 \
                | skein | edonr | blake3")])
            .default_word("on");
        /// The compression of newly written blocks.
        Compression = "compression".word(COMPRESSION).inherited().on(HEADS).column("COMPRESS")
            .values("on | off | lzjb | gzip | gzip-[1-9] | zle | lz4 | zstd | zstd-[1-19] \
                | zstd-fast | zstd-fast-[1-10,20,30,40,50,60,70,80,90,100,500,1000]")
            .default_word("off").later_default(&[(V2_2, Unset::Word("on"))]);
        /// Whether reading a file updates its access time.
        Atime = "atime".switch().inherited().on(FS).default_word("on");
        /// Whether device nodes in the filesystem work.
        Devices = "devices".switch().inherited().on(FILES).default_word("on");
        /// Whether programs in the filesystem can be run.
        Exec = "exec".switch().inherited().on(FILES).default_word("on");
        /// Whether the set-user-ID bit is respected.
        Setuid = "setuid".switch().inherited().on(FILES).default_word("on");
        /// Whether the dataset refuses changes.
        Readonly = "readonly".switch().inherited().on(HEADS).column("RDONLY");
        /// Whether the dataset is managed from a user namespace (a jail or zone elsewhere).
        Zoned = "zoned".switch().inherited().on(FS);
        /// How `.zfs`, the way to the snapshots, shows in the filesystem's root.
        Snapdir = "snapdir".word(SNAPDIR).inherited().on(FS).values("hidden | visible")
            .later_values(&[(V2_3, "disabled | hidden | visible")]);
        /// What chmod does to an access control list.
        Aclmode = "aclmode".word(ACLMODE).inherited().on(FS)
            .values("discard | groupmask | passthrough | restricted");
        /// Which access control entries new files get from their directory.
        Aclinherit = "aclinherit".word(ACLINHERIT).inherited().on(FS)
            .values("discard | noallow | restricted | passthrough | passthrough-x")
            .default_word("restricted");
        /// The transaction group in which the dataset was created: orders snapshots of one pool.
        Createtxg = "createtxg".plain().on(EVERY).values("<uint64>");
        /// The dataset's own name.
        Name = "name".text().hidden().on(EVERY);
        /// Whether the filesystem can be mounted, and whether it is mounted unasked.
        Canmount = "canmount".word(CANMOUNT).settable().on(FS).values("on | off | noauto")
            .default_word("on");
        /// Unused since Solaris.
        Iscsioptions = "iscsioptions".text().inherited().hidden().on(VOL);
        /// Whether, and where, extended attributes are stored.
        Xattr = "xattr".word(XATTR).inherited().on(FILES).values("on | off | dir | sa")
            .default_word("on").later_default(&[(V2_3, Unset::Word("sa"))])
            .later_words(&[(V2_3, XATTR_2_3), (V2_4, XATTR_2_4)]);
        /// How many clones a snapshot has.
        Numclones = "numclones".hidden().on(SNAP);
        /// How many copies of file data are kept, beyond the redundancy of the pool.
        Copies = "copies".word(COPIES).inherited().on(HEADS).values("1 | 2 | 3").default_word("1");
        /// On-disk version of the filesystem.
        Version = "version".word(VERSION).settable().on(FILES)
            .values("1 | 2 | 3 | 4 | 5 | current");
        /// Whether file names that are not UTF-8 are refused.
        Utf8only = "utf8only".switch().once().on(FILES);
        /// The Unicode normal form in which file names are compared.
        Normalization = "normalization".word(NORMALIZATION).once().on(FILES)
            .values("none | formC | formD | formKC | formKD");
        /// Whether file names that differ in case are different.
        Casesensitivity = "casesensitivity".word(CASESENSITIVITY).once().on(FILES).column("CASE")
            .values("sensitive | insensitive | mixed");
        /// Whether files are scanned for viruses when opened; without effect on Linux.
        Vscan = "vscan".switch().inherited().on(FS);
        /// Whether the filesystem is mounted with mandatory locks.
        Nbmand = "nbmand".switch().inherited().on(FILES);
        /// Whether the filesystem is shared over SMB.
        Sharesmb = "sharesmb".text().inherited().on(FS).values("on | off | SMB share options")
            .default_text("off");
        /// Limit on the space the dataset alone references, in bytes; 0 is none.
        Refquota = "refquota".bytes().settable().on(FS).values("<size> | none").unlimited(OnlyWord);
        /// Space promised to the dataset alone, in bytes; 0 is none.
        Refreservation = "refreservation".bytes().settable().on(HEADS).column("REFRESERV")
            .values("<size> | none");
        /// Number of the dataset, the same in every received copy of a snapshot.
        Guid = "guid".plain().on(EVERY).values("<uint64>");
        /// What is cached in memory (ARC).
        Primarycache = "primarycache".word(CACHED).inherited().on(HEADS_AND_SNAPSHOTS)
            .values("all | none | metadata").default_word("all");
        /// What is cached on cache devices (L2ARC).
        Secondarycache = "secondarycache".word(CACHED).inherited().on(HEADS_AND_SNAPSHOTS)
            .values("all | none | metadata").default_word("all");
        /// Part of `used` that destroying all snapshots would free, in bytes.
        Usedbysnapshots = "usedbysnapshots".bytes().on(HEADS).column("USEDSNAP").values("<size>");
        /// Part of `used` that is the dataset itself, in bytes.
        Usedbydataset = "usedbydataset".bytes().on(HEADS).column("USEDDS").values("<size>");
        /// Part of `used` that lies in the datasets below, in bytes.
        Usedbychildren = "usedbychildren".bytes().on(HEADS).column("USEDCHILD").values("<size>");
        /// Part of `used` that is only reserved, in bytes.
        Usedbyrefreservation = "usedbyrefreservation".bytes().on(HEADS).column("USEDREFRESERV")
            .values("<size>");
        /// Whether space is counted per user.
        Useraccounting = "useraccounting".hidden().on(HEADS_AND_SNAPSHOTS);
        /// Unused since Solaris.
        StmfSbdLu = "stmf_sbd_lu".text().inherited().hidden().on(VOL);
        /// Whether the snapshot goes away as soon as its last hold or clone does.
        DeferDestroy = "defer_destroy".word(OFF_ON).on(SNAP).values("yes | no");
        /// How many holds a snapshot has.
        Userrefs = "userrefs".on(SNAP).values("<count>");
        /// Whether synchronous writes go for low latency or high throughput.
        Logbias = "logbias".word(LOGBIAS).inherited().on(HEADS).values("latency | throughput");
        /// Space only this dataset refers to, in bytes.
        Unique = "unique".hidden().on(HEADS_AND_SNAPSHOTS);
        /// Number of the dataset in its pool.
        Objsetid = "objsetid".plain().on(HEADS_AND_SNAPSHOTS).values("<uint64>");
        /// The checksum by which equal blocks are found and stored once.
        Dedup = "dedup".word(DEDUP).inherited().on(HEADS)
            .values("on | off | verify | sha256[,verify] | sha512[,verify] | skein[,verify] \
                | edonr,verify")
            .later_values(&[(V2_2, "on | off | verify | sha256[,verify] | sha512[,verify] \
                | skein[,verify] | edonr,verify | blake3[,verify]")])
            .default_word("off");
        /// Sensitivity label of Trusted Extensions; cannot be set on Linux.
        Mlslabel = "mlslabel".text().inherited().on(HEADS_AND_SNAPSHOTS)
            .values("<sensitivity label>").default_text("none");
        /// What a program's request to have data on stable storage does.
        Sync = "sync".word(SYNC).inherited().on(HEADS).values("standard | always | disabled");
        /// Size of the dnodes of new files.
        Dnodesize = "dnodesize".word(DNODESIZE).inherited().on(FS).column("DNSIZE")
            .values("legacy | auto | 1k | 2k | 4k | 8k | 16k");
        /// How much compression saves in `referenced`, in hundredths.
        Refcompressratio = "refcompressratio".ratio().on(HEADS_AND_SNAPSHOTS).column("REFRATIO")
            .values("<1.00x or higher if compressed>");
        /// Space written since the latest snapshot, in bytes.
        Written = "written".on(HEADS_AND_SNAPSHOTS).values("<size>");
        /// The clones of a snapshot, with commas between.
        Clones = "clones".text().on(SNAP).values("<dataset>[,...]");
        /// `used` as it would be without compression, in bytes.
        Logicalused = "logicalused".on(HEADS).column("LUSED").values("<size>");
        /// `referenced` as it would be without compression, in bytes.
        Logicalreferenced = "logicalreferenced".on(EVERY).column("LREFER").values("<size>");
        /// Whether a receive into the dataset is unfinished.
        Inconsistent = "inconsistent".hidden().on(HEADS_AND_SNAPSHOTS);
        /// How a volume shows to the operating system.
        Volmode = "volmode".word(VOLMODE).inherited().on(HEADS)
            .values("default | full | geom | dev | none");
        /// Limit on the number of datasets below; the greatest number is none.
        FilesystemLimit = "filesystem_limit".settable().on(FS).column("FSLIMIT")
            .values("<count> | none").default(u64::MAX)
            .unlimited(Greatest).needs(Feature::FilesystemLimits, 0, u64::MAX - 1);
        /// Limit on the number of snapshots here and below; the greatest number is none.
        SnapshotLimit = "snapshot_limit".settable().on(HEADS).column("SSLIMIT")
            .values("<count> | none").default(u64::MAX)
            .unlimited(Greatest).needs(Feature::FilesystemLimits, 0, u64::MAX - 1);
        /// How many datasets are below, if some limit has them counted.
        FilesystemCount = "filesystem_count".on(FS).column("FSCOUNT").values("<count>")
            .default(u64::MAX).unlimited(Greatest);
        /// How many snapshots are here and below, if some limit has them counted.
        SnapshotCount = "snapshot_count".on(HEADS).column("SSCOUNT").values("<count>")
            .default(u64::MAX).unlimited(Greatest);
        /// Whether the snapshots of a volume show as devices.
        Snapdev = "snapdev".word(SNAPDEV).inherited().on(HEADS).values("hidden | visible");
        /// The kind of access control lists.
        Acltype = "acltype".word(ACLTYPE).inherited().on(FILES).values("off | nfsv4 | posix");
        /// Mount option `context`: the security label of every file.
        Context = "context".text().settable().on(HEADS_AND_SNAPSHOTS).values("<selinux context>")
            .default_text("none");
        /// Mount option `fscontext`: the security label of the filesystem.
        Fscontext = "fscontext".text().settable().on(HEADS_AND_SNAPSHOTS)
            .values("<selinux fscontext>").default_text("none");
        /// Mount option `defcontext`: the security label of files without one.
        Defcontext = "defcontext".text().settable().on(HEADS_AND_SNAPSHOTS)
            .values("<selinux defcontext>").default_text("none");
        /// Mount option `rootcontext`: the security label of the root directory.
        Rootcontext = "rootcontext".text().settable().on(HEADS_AND_SNAPSHOTS)
            .values("<selinux rootcontext>").default_text("none");
        /// Whether access times are updated only when stale.
        Relatime = "relatime".switch().inherited().on(FS)
            .default_word("off").later_default(&[(V2_2, Unset::Word("on"))]);
        /// Which metadata is stored in an additional copy.
        RedundantMetadata = "redundant_metadata".word(REDUNDANT_METADATA).inherited().on(HEADS)
            .column("REDUND_MD").values("all | most | some | none");
        /// Whether mounting over a directory that is not empty is allowed.
        Overlay = "overlay".switch().inherited().on(FS).default_word("on");
        /// The snapshot before.
        Prevsnap = "prevsnap".text().hidden().on(HEADS);
        /// What `zfs send -t` needs to go on with an interrupted receive.
        ReceiveResumeToken = "receive_resume_token".text().on(HEADS).column("RESUMETOK")
            .values("<string token>");
        /// The cipher, or that there is none.
        Encryption = "encryption".word(ENCRYPTION).once().on(HEADS_AND_SNAPSHOTS)
            .values("on | off | aes-128-ccm | aes-192-ccm | aes-256-ccm | aes-128-gcm \
                | aes-192-gcm | aes-256-gcm")
            .default_word("off");
        /// Where the encryption key is read from.
        Keylocation = "keylocation".text().settable().on(HEADS)
            .values("prompt | <file URI> | <https URL> | <http URL>").default_text("none");
        /// The form in which the user gives the encryption key.
        Keyformat = "keyformat".word(KEYFORMAT).once_default().on(HEADS)
            .values("none | raw | hex | passphrase");
        /// What makes equal passphrases give different keys.
        Pbkdf2salt = "pbkdf2salt".once_default().hidden().on(HEADS);
        /// How many rounds turn a passphrase into a key.
        Pbkdf2iters = "pbkdf2iters".plain().once_default().on(HEADS).values("<iters>")
            .range(Range::new(100_000, u64::MAX));
        /// The dataset whose key this one uses.
        Encryptionroot = "encryptionroot".text().on(HEADS_AND_SNAPSHOTS).column("ENCROOT")
            .values("<filesystem | volume>");
        /// Number of the encryption key.
        Keyguid = "keyguid".plain().hidden().on(HEADS_AND_SNAPSHOTS);
        /// Whether the encryption key is loaded.
        Keystatus = "keystatus".word(KEYSTATUS).on(HEADS_AND_SNAPSHOTS)
            .values("none | unavailable | available");
        /// The transaction group of the last remapping.
        Remaptxg = "remaptxg".hidden().on(HEADS_AND_SNAPSHOTS);
        /// Blocks up to this size go to the special vdevs, in bytes.
        SpecialSmallBlocks = "special_small_blocks".inherited().on(FS)
            .values("zero or 512 to 1M, power of 2").later_values(&[(V2_4, "0 to 16M")])
            .later_on(&[(V2_4, HEADS)])
            .range(BLOCK_SIZE.or_zero())
            .later_range(&[(V2_4, Some(UP_TO_BLOCK_SIZE))]);
        /// Number of a snapshot's set of initialisation vectors.
        Ivsetguid = "ivsetguid".plain().hidden().on(EVERY);
        /// Whether the dataset was received from a redacted stream.
        Redacted = "redacted".hidden().on(HEADS_AND_SNAPSHOTS);
        /// The snapshots a redaction was made with, with commas between.
        RedactSnaps = "redact_snaps".text().on(EVERY).column("RSNAPS").values("<snapshot>[,...]");
        /// When a snapshot was last made or destroyed, in seconds since 1970 (UTC).
        SnapshotsChanged = "snapshots_changed".date().on(HEADS).since(V2_2).values("<date>");
        /// What is read ahead.
        Prefetch = "prefetch".word(CACHED).inherited().on(HEADS_AND_SNAPSHOTS).since(V2_2)
            .values("none | metadata | all").default_word("all");
        /// Whether requests to a volume are handled in threads.
        Volthreading = "volthreading".switch().settable().on(VOL).column("zvol threading")
            .since(V2_3).default_word("on");
        /// What a program's request to bypass the cache (`O_DIRECT`) does.
        Direct = "direct".word(DIRECT).inherited().on(FS).since(V2_3)
            .values("disabled | standard | always").default_word("standard");
        /// Whether file names may be longer than 255 bytes, up to 1023.
        Longname = "longname".word(LONGNAME).inherited().on(FS).since(V2_3).values("on | off");
        /// Space limit of each user without an own one, in bytes; 0 is none.
        Defaultuserquota = "defaultuserquota".bytes().settable().on(FILES).since(V2_4)
            .values("<size> | none");
        /// Space limit of each group without an own one, in bytes; 0 is none.
        Defaultgroupquota = "defaultgroupquota".bytes().settable().on(FILES).since(V2_4)
            .values("<size> | none");
        /// Space limit of each project without an own one, in bytes; 0 is none.
        Defaultprojectquota = "defaultprojectquota".bytes().settable().on(FILES).since(V2_4)
            .values("<size> | none");
        /// Limit on each user's number of files without an own one; 0 is none.
        Defaultuserobjquota = "defaultuserobjquota".bytes().settable().on(FILES).since(V2_4)
            .values("<size> | none");
        /// Limit on each group's number of files without an own one; 0 is none.
        Defaultgroupobjquota = "defaultgroupobjquota".bytes().settable().on(FILES).since(V2_4)
            .values("<size> | none");
        /// Limit on each project's number of files without an own one; 0 is none.
        Defaultprojectobjquota = "defaultprojectobjquota".bytes().settable().on(FILES).since(V2_4)
            .values("<size> | none");
    }
}
