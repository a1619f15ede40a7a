//! The state of stdout at the start.

/// Whether stdout may have been closed. The runtime of Rust then opens `/dev/null` for reading and writing in its place,
/// so writing never fails. Some programs, such as Python, open it like this when they discard the output of a command:
/// the two cases look the same. A shell's `>/dev/null` opens it for writing only.
#[cfg(unix)]
pub(crate) fn may_have_been_closed() -> bool {
    use rustix::fs::{FileType, OFlags, fcntl_getfl, fstat, stat};

    let stdout = &std::io::stdout();
    let (Ok(flags), Ok(file), Ok(null)) = (fcntl_getfl(stdout), fstat(stdout), stat("/dev/null"))
    else {
        return false;
    };
    FileType::from_raw_mode(file.st_mode) == FileType::CharacterDevice
        && file.st_rdev == null.st_rdev
        && flags & OFlags::RWMODE == OFlags::RDWR
}

/// Other systems have no such replacement.
#[cfg(not(unix))]
pub(crate) const fn may_have_been_closed() -> bool {
    false
}
