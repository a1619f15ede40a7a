//! Threads that drive thread-safe sockets while a test uses them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use zmtp_mio::ThreadSafeSocket;
use zmtp_mio::kind::Kind;

/// A socket of any thread-safe kind.
pub(crate) trait Drive: Sync {
    /// Drives the socket for a short time.
    fn drive_shortly(&self);
}

impl<K: Kind> Drive for ThreadSafeSocket<K> {
    fn drive_shortly(&self) {
        // After a close there is nothing to drive.
        let _ = self.drive(Duration::from_millis(5));
    }
}

/// Runs a test while a thread of each socket drives it, so that it needs no background driver.
pub(crate) fn driven<R>(sockets: &[&dyn Drive], test: impl FnOnce() -> R) -> R {
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        for socket in sockets {
            scope.spawn(|| {
                while !ended.load(Ordering::Relaxed) {
                    socket.drive_shortly();
                }
            });
        }
        let _end = End(&ended);
        test()
    })
}

/// Ends the threads, also after a panic of the test.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
