//! Readiness that the driver reports, for an application that waits for a descriptor of its own.

use core::fmt;

use zmtp_core::pattern::Pattern;

use super::Engine;
use super::shared::SharedEngine;

/// Gets whether a receive and a send would return at once.
pub(crate) struct Watcher(Box<dyn FnMut(bool, bool) + Send>);

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
            engine.watcher = Some(Watcher(Box::new(watcher)));
        }
    }
}

impl Engine {
    /// The driver has served the engine.
    pub(super) fn report_readiness(&mut self) {
        let (readable, writable) = (self.pattern.may_take(), self.pattern.can_send());
        if let Some(watcher) = &mut self.watcher {
            (watcher.0)(readable, writable);
        }
    }
}
