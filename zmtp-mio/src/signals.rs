//! Signals of the threads of this crate.

use std::io;

/// Runs `spawn` while the calling thread blocks all signals: a thread inherits the blocked signals of
/// the thread that starts it. The signals of the process are handled by the threads of the application.
#[cfg(unix)]
pub(crate) fn blocked<T>(spawn: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    use nix::sys::signal::{SigSet, SigmaskHow};

    let before = SigSet::all().thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
    let result = spawn();
    before.thread_set_mask()?;
    result
}

#[cfg(not(unix))]
pub(crate) fn blocked<T>(spawn: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    spawn()
}
