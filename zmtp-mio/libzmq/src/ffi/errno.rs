//! `errno` of the calling thread.

use libc::c_int;

use crate::errno::Errno;

/// Sets `errno` of the calling thread.
pub(super) fn set(number: Errno) {
    // SAFETY: the pointer is that of the variable of this thread, which is valid while the thread runs.
    unsafe { *libc::__errno_location() = number.0 }
}

/// Returns `errno` of the calling thread.
#[unsafe(no_mangle)]
extern "C" fn zmq_errno() -> c_int {
    // SAFETY: as in `set`.
    unsafe { *libc::__errno_location() }
}
