//! The process: its addresses, and its forks.

use std::cell::RefCell;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use crate::errno::{Errno, Outcome};
use crate::handle::{self, Locked};

/// Reserves addresses that can be read. They contain zeros and need no memory. Returns the first one, or `None` if the
/// process may have no more.
pub(crate) fn reserve(len: usize) -> Option<usize> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: the system chooses addresses that nothing else uses.
    let start = unsafe { libc::mmap(ptr::null_mut(), len, libc::PROT_READ, flags, -1, 0) };
    (start != libc::MAP_FAILED).then(|| start.expose_provenance())
}

/// The number of forks that led to this process, from [`count_forks`] on.
static FORKS: AtomicU32 = AtomicU32::new(0);

thread_local! {
    /// The locks of the handles during a fork of this thread.
    static LOCKED: RefCell<Option<Locked>> = const { RefCell::new(None) };
}

/// Returns a number that differs from that of the process that this one was forked from.
pub(crate) fn forks() -> u32 {
    FORKS.load(Ordering::Relaxed)
}

/// Counts the forks from now on. During a fork no other thread has a lock of the handles: the child would wait for it
/// without end.
pub(crate) fn count_forks() -> Outcome<()> {
    static COUNTS: AtomicBool = AtomicBool::new(false);
    if COUNTS.swap(true, Ordering::AcqRel) {
        return Ok(());
    }
    // SAFETY: the functions stay in memory for the life of the process, as the library does.
    match unsafe { libc::pthread_atfork(Some(before), Some(after), Some(in_child)) } {
        0 => Ok(()),
        number => {
            COUNTS.store(false, Ordering::Release);
            Err(Errno(number))
        }
    }
}

extern "C" fn before() {
    // It fails only at the end of a thread, after the destructors of its values.
    let _ = LOCKED.try_with(|locked| locked.replace(Some(handle::lock_all())));
}

extern "C" fn after() {
    let _ = LOCKED.try_with(RefCell::take);
}

extern "C" fn in_child() {
    FORKS.fetch_add(1, Ordering::Relaxed);
    after();
}
