//! The system calls that `nix` does not wrap: `open_tree`, `move_mount`, `mount_setattr`, `statx`, and those for
//! extended attributes.
//!
//! The only unsafe code of the crate. It is sound for these reasons, which hold for every call below:
//!
//! * file descriptors are borrowed for the whole call, and the kernel keeps none of them;
//! * strings are `CStr`, ended by NUL and alive for the whole call;
//! * structures are plain numbers, passed by reference together with their size, and no pointer is in them; what
//!   the kernel fills in is initialised before, so that no bytes are read that were not written; buffers are passed
//!   with their length, and what is said to be in them is no longer;
//! * a descriptor that comes back is new, owned by nobody else, and checked for failure first.
//!
//! `tests/exec/mounts.rs` and `tests/exec/found.rs` compare each with what the kernel says afterwards.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::errno::Errno;

/// What of a mount is changed (`mount_setattr(2)`); flags of `MOUNT_ATTR_*`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Attributes {
    pub(super) set: u64,
    pub(super) clear: u64,
    /// One of `MS_PRIVATE`, `MS_SHARED`, `MS_SLAVE`, `MS_UNBINDABLE`, or 0.
    pub(super) propagation: u64,
}

/// What `statx` says of a directory's entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    /// The mount it is in; none before Linux 5.8.
    pub(super) mount: Option<u64>,
    /// `S_IFMT` and permissions.
    pub(super) mode: u16,
    /// In bytes.
    pub(super) size: u64,
    /// In units of 512 bytes: what it takes on the disk.
    pub(super) blocks: u64,
    /// Seconds since 1970.
    pub(super) modified: i64,
}

/// A detached copy of the mount at `from`, of what lies below it if `recursive` (`open_tree(2)`).
pub(super) fn clone_tree(from: BorrowedFd<'_>, recursive: bool) -> Result<OwnedFd, Errno> {
    let recurse = if recursive { libc::AT_RECURSIVE.unsigned_abs() } else { 0 };
    let empty = libc::AT_EMPTY_PATH.unsigned_abs();
    let flags = libc::OPEN_TREE_CLONE | libc::OPEN_TREE_CLOEXEC | empty | recurse;
    // SAFETY: see the module; the string is empty and static.
    let result =
        unsafe { libc::syscall(libc::SYS_open_tree, from.as_raw_fd(), c"".as_ptr(), flags) };
    let fd = RawFd::try_from(Errno::result(result)?).map_err(|_| Errno::EBADF)?;
    // SAFETY: the kernel made this descriptor for us just now.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Mounts a detached tree on `onto` itself, whatever its path leads to by now (`move_mount(2)`).
pub(super) fn attach(tree: BorrowedFd<'_>, onto: BorrowedFd<'_>) -> Result<(), Errno> {
    let flags = libc::MOVE_MOUNT_F_EMPTY_PATH | libc::MOVE_MOUNT_T_EMPTY_PATH;
    let (empty, tree, onto) = (c"".as_ptr(), tree.as_raw_fd(), onto.as_raw_fd());
    // SAFETY: see the module; both strings are empty and static.
    let result = unsafe { libc::syscall(libc::SYS_move_mount, tree, empty, onto, empty, flags) };
    Errno::result(result).map(drop)
}

/// Changes a mount, and those below it if `recursive` (`mount_setattr(2)`).
pub(super) fn set_attributes(
    mount: BorrowedFd<'_>,
    recursive: bool,
    attributes: Attributes,
) -> Result<(), Errno> {
    let recurse = if recursive { libc::AT_RECURSIVE } else { 0 };
    let flags = (libc::AT_EMPTY_PATH | recurse).unsigned_abs();
    let attr = libc::mount_attr {
        attr_set: attributes.set,
        attr_clr: attributes.clear,
        propagation: attributes.propagation,
        userns_fd: 0,
    };
    let (fd, size) = (mount.as_raw_fd(), size_of_val(&attr));
    // SAFETY: see the module; the structure is read only, and its size is its own.
    let result = unsafe {
        libc::syscall(libc::SYS_mount_setattr, fd, c"".as_ptr(), flags, &raw const attr, size)
    };
    Errno::result(result).map(drop)
}

/// What the entry `name` of a directory is, a link itself; the directory, if the name is empty (statx(2)).
pub(super) fn facts(directory: BorrowedFd<'_>, name: &CStr) -> Result<Facts, Errno> {
    let flags = libc::AT_SYMLINK_NOFOLLOW | libc::AT_NO_AUTOMOUNT | libc::AT_EMPTY_PATH;
    let wanted = libc::STATX_TYPE
        | libc::STATX_MODE
        | libc::STATX_SIZE
        | libc::STATX_BLOCKS
        | libc::STATX_MTIME
        | libc::STATX_MNT_ID;
    // SAFETY: a structure of numbers alone, for which zeroes are values.
    let mut found: libc::statx = unsafe { std::mem::zeroed() };
    let fd = directory.as_raw_fd();
    // SAFETY: see the module; the structure is written by the kernel within its size, which is part of the interface.
    let result = unsafe { libc::statx(fd, name.as_ptr(), flags, wanted, &raw mut found) };
    Errno::result(result)?;
    let has_mount = found.stx_mask & libc::STATX_MNT_ID != 0;
    Ok(Facts {
        mount: has_mount.then_some(found.stx_mnt_id),
        mode: found.stx_mode,
        size: found.stx_size,
        blocks: found.stx_blocks,
        modified: found.stx_mtime.tv_sec,
    })
}

/// The names of a file's extended attributes (listxattr(2)); `path` may be `/proc/self/fd/N`.
pub(super) fn attribute_names(path: &CStr) -> Result<Vec<CString>, Errno> {
    // SAFETY: see the module.
    let names =
        filled(|buffer, room| unsafe { libc::listxattr(path.as_ptr(), buffer.cast(), room) })?;
    Ok(names
        .split(|&byte| byte == 0)
        .filter_map(|name| CString::new(name).ok())
        .filter(|name| !name.is_empty())
        .collect())
}

/// The value of one (getxattr(2)).
pub(super) fn attribute(path: &CStr, name: &CStr) -> Result<Vec<u8>, Errno> {
    // SAFETY: see the module.
    filled(|buffer, room| unsafe {
        libc::getxattr(path.as_ptr(), name.as_ptr(), buffer.cast(), room)
    })
}

/// Gives it one (setxattr(2)).
pub(super) fn set_attribute(path: &CStr, name: &CStr, value: &[u8]) -> Result<(), Errno> {
    let (data, length) = (value.as_ptr().cast(), value.len());
    // SAFETY: see the module; the value is read only, and its length is its own.
    let result = unsafe { libc::setxattr(path.as_ptr(), name.as_ptr(), data, length, 0) };
    Errno::result(result).map(drop)
}

/// What a call puts into a buffer that is large enough: names and values take 64 KiB at most (xattr(7)).
fn filled(call: impl FnOnce(*mut u8, usize) -> libc::ssize_t) -> Result<Vec<u8>, Errno> {
    let mut buffer = vec![0; 1 << 16];
    let length = Errno::result(call(buffer.as_mut_ptr(), buffer.len()))?;
    buffer.truncate(usize::try_from(length).unwrap_or_default());
    Ok(buffer)
}
