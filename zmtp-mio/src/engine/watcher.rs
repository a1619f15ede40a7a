//! Readiness that the driver reports, for an application that waits for a descriptor of its own.

use core::fmt;

use zmtp_core::pattern::Pattern;

use super::Engine;
use super::shared::SharedEngine;

/// What is called with whether a receive and a send would return at once.
type Report = dyn FnMut(bool, bool) + Send;

/// What gets the readiness.
pub(crate) struct Watcher {
    report: Box<Report>,
    /// Also after the work of calls, not only after that of the driver.
    calls: bool,
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watcher")
    }
}

impl SharedEngine {
    /// Calls `watcher` from now on whenever the driver has served the engine: with whether a receive and a send would
    /// return at once. It runs in the thread of the driver, under the lock of the engine, and must not use the socket.
    pub(crate) fn watch(&self, watcher: impl FnMut(bool, bool) + Send + 'static) {
        if let Some(mut engine) = self.look() {
            engine.watcher = Some(Watcher { report: Box::new(watcher), calls: false });
        }
    }

    /// As [`Self::watch`], and also whenever a call of any thread has handled events, in this thread.
    pub(crate) fn watch_calls(&self, watcher: impl FnMut(bool, bool) + Send + 'static) {
        if let Some(mut engine) = self.look() {
            engine.watcher = Some(Watcher { report: Box::new(watcher), calls: true });
        }
    }
}

impl Engine {
    /// The driver has served the engine.
    pub(super) fn report_readiness(&mut self) {
        let (readable, writable) = (self.pattern.may_take(), self.pattern.can_send());
        if let Some(watcher) = &mut self.watcher {
            (watcher.report)(readable, writable);
        }
    }

    /// A turn had work or events, which may be that of a call.
    pub(super) fn report_to_threads(&mut self) {
        if self.watcher.as_ref().is_some_and(|watcher| watcher.calls) {
            self.report_readiness();
        }
    }
}
