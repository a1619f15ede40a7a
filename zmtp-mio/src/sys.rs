//! System calls that no crate wraps in a safe function.

/// The bytes that were written to a stream and are still in the system: for TCP those that the system of the peer
/// has not acknowledged, for IPC those that the peer has not read, with some overhead (`SIOCOUTQ`). 0 if the
/// system does not report it.
#[cfg(any(target_os = "android", target_os = "linux"))]
pub(crate) fn output_queue(stream: &impl std::os::fd::AsRawFd) -> u64 {
    #[allow(unsafe_code, reason = "the macro declares an unsafe function")]
    mod ioctl {
        use nix::libc::{TIOCOUTQ, c_int};

        nix::ioctl_read_bad!(outq, TIOCOUTQ, c_int);
    }
    let mut bytes = 0;
    // SAFETY: the descriptor is open during the call, and `TIOCOUTQ` writes one `int` to the pointer.
    #[allow(unsafe_code, reason = "see above")]
    let result = unsafe { ioctl::outq(stream.as_raw_fd(), &mut bytes) };
    result.map_or(0, |_| bytes.try_into().unwrap_or(0))
}

#[cfg(not(any(target_os = "android", target_os = "linux")))]
pub(crate) fn output_queue<T>(_: &T) -> u64 {
    0
}
