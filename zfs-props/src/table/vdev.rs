//! The properties of vdevs, the devices and groups of devices of a pool
//! (OpenZFS `vdev_prop_init`, `module/zcommon/zpool_prop.c`). There are none before 2.2.

use super::row::Row;
use super::words::ALLOCATING;
use super::{property_row, table};
use crate::kind::Kinds;
use crate::release::Release::{V2_2, V2_3, V2_4};

macro_rules! vdev_row {
    ($name:literal) => {
        property_row!($name).on(Kinds::VDEV).since(V2_2)
    };
}

table! {
    /// A native property of vdevs.
    pub enum VdevProperty: Row = vdev_row {
        /// The vdev's name in `zpool status`.
        Name = "name".text().hidden();
        /// Space in use, in per cent.
        Capacity = "capacity".column("CAP").values("<size>");
        /// State of the device.
        State = "state".values("<state>");
        /// Number of the vdev.
        Guid = "guid".plain().values("<guid>");
        /// Space that can be allocated, in bytes.
        Asize = "asize".values("<asize>");
        /// Size of the device, in bytes.
        Psize = "psize".values("<psize>");
        /// Sector size, as a power of two.
        Ashift = "ashift".values("<ashift>");
        /// Space of the vdev, in bytes.
        Size = "size".values("<size>");
        /// Space not allocated, in bytes.
        Free = "free".values("<size>");
        /// Space allocated, in bytes.
        Allocated = "allocated".column("ALLOC").values("<size>");
        /// A note.
        Comment = "comment".text().settable().values("<comment-string>");
        /// Space the device could give beyond what is used of it, in bytes.
        Expandsize = "expandsize".column("EXPANDSZ").values("<size>");
        /// How split the free space is, in per cent.
        Fragmentation = "fragmentation".column("FRAG").values("<percent>");
        /// Size of the boot partition, in bytes.
        Bootsize = "bootsize".values("<size>");
        /// How many devices of a RAID-Z or dRAID group may fail.
        Parity = "parity".values("<parity>");
        /// The device node.
        Path = "path".text().settable().values("<device-path>");
        /// The operating system's name of the device.
        Devid = "devid".text().values("<devid>");
        /// Where the device is plugged in.
        Physpath = "physpath".text().values("<physpath>");
        /// The enclosure slot of the device.
        Encpath = "encpath".text().values("<encpath>");
        /// The part number to order.
        Fru = "fru".text().values("<fru>");
        /// The vdev this one is part of.
        Parent = "parent".text().values("<parent>");
        /// The parts of this vdev, with commas between.
        Children = "children".text().values("<child[,...]>");
        /// How many parts this vdev has.
        Numchildren = "numchildren".column("NUMCHILD").values("<number-of-children>");
        /// How many reads failed.
        ReadErrors = "read_errors".column("RDERR").values("<errors>");
        /// How many writes failed.
        WriteErrors = "write_errors".column("WRERR").values("<errors>");
        /// How many blocks had a wrong checksum.
        ChecksumErrors = "checksum_errors".column("CKERR").values("<errors>");
        /// How many writes of `zpool initialize` failed.
        InitializeErrors = "initialize_errors".column("INITERR").values("<errors>");
        /// How many empty operations were done.
        NullOps = "null_ops".column("NULLOP").values("<operations>");
        /// How many reads were done.
        ReadOps = "read_ops".column("READOP").values("<operations>");
        /// How many writes were done.
        WriteOps = "write_ops".column("WRITEOP").values("<operations>");
        /// How many frees were done.
        FreeOps = "free_ops".column("FREEOP").values("<operations>");
        /// How many claims of the intent log were done.
        ClaimOps = "claim_ops".column("CLAIMOP").values("<operations>");
        /// How many trims were done.
        TrimOps = "trim_ops".column("TRIMOP").values("<operations>");
        /// Bytes of empty operations.
        NullBytes = "null_bytes".column("NULLBYTE").values("<bytes>");
        /// Bytes read.
        ReadBytes = "read_bytes".column("READBYTE").values("<bytes>");
        /// Bytes written.
        WriteBytes = "write_bytes".column("WRITEBYTE").values("<bytes>");
        /// Bytes freed.
        FreeBytes = "free_bytes".column("FREEBYTE").values("<bytes>");
        /// Bytes of the intent log claimed.
        ClaimBytes = "claim_bytes".column("CLAIMBYTE").values("<bytes>");
        /// Bytes trimmed.
        TrimBytes = "trim_bytes".column("TRIMBYTE").values("<bytes>");
        /// Whether the vdev is being removed.
        Removing = "removing".switch();
        /// Whether new data goes to the vdev.
        Allocating = "allocating".word(ALLOCATING).settable().values("on | off").default_word("on");
        /// Whether operations on the device fail without the driver's retries.
        Failfast = "failfast".switch().settable().default_word("on");
        /// How many checksum errors within `checksum_t` degrade the vdev.
        ChecksumN = "checksum_n".settable().column("CKSUM_N").values("<events>").default(u64::MAX);
        /// The time for `checksum_n`, in seconds.
        ChecksumT = "checksum_t".settable().column("CKSUM_T").values("<seconds>").default(u64::MAX);
        /// How many failed operations within `io_t` fault the vdev.
        IoN = "io_n".settable().values("<events>").default(u64::MAX);
        /// The time for `io_n`, in seconds.
        IoT = "io_t".settable().values("<seconds>").default(u64::MAX);
        /// Whether a RAID-Z expansion is going on.
        RaidzExpanding = "raidz_expanding".switch().since(V2_3);
        /// How many slow operations within `slow_io_t` degrade the vdev.
        SlowIoN = "slow_io_n".settable().values("<events>").default(u64::MAX);
        /// The time for `slow_io_n`, in seconds.
        SlowIoT = "slow_io_t".settable().values("<seconds>").default(u64::MAX);
        /// Whether the device can be trimmed.
        TrimSupport = "trim_support".switch().column("TRIMSUP").since(V2_3);
        /// How many trims failed.
        TrimErrors = "trim_errors".column("TRIMERR").since(V2_3).values("<errors>");
        /// How many operations were slow.
        SlowIos = "slow_ios".column("SLOW").since(V2_3).values("<slowios>");
        /// Whether a slow device is left out of reads for now.
        SitOut = "sit_out".switch().settable().since(V2_4);
        /// Whether slow devices are left out of reads unasked.
        Autosit = "autosit".switch().settable().since(V2_4);
        /// Whether slow operations are reported as events.
        SlowIoEvents = "slow_io_events".switch().settable().since(V2_4).default_word("on");
    }
}
