//! The end of a socket that the driver carries out: its linger does not block the thread that closes it.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;

use super::shared::{Cell, SharedEngine};
use super::{Engine, Guard};
use crate::context::Context;
use crate::options::Linger;

/// What is called at the end.
pub(crate) struct Ended(Box<dyn FnOnce() + Send>);

impl fmt::Debug for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ended")
    }
}

impl SharedEngine {
    /// As [`SharedEngine::close`], without waiting: the driver continues to send within linger, and then calls `ended`.
    /// If nothing is left to send, or if the socket has no driver, `ended` is called by this call.
    pub(crate) fn close_later(&self, linger: Linger, ended: impl FnOnce() + Send + 'static) {
        if !self.cell.process.is_this() {
            self.cell.release_copies();
            return ended();
        }
        let mut guard = Guard::new(&self.cell);
        if guard.is_ending() {
            drop(guard);
            return ended();
        }
        if !self.cell.has_driver() {
            guard.end(linger, None);
            drop(guard);
            return ended();
        }
        guard.begin_ending(linger, None);
        if guard.turns.sleeping().is_some() {
            // The calls of other threads end.
            guard.wake_poller();
        }
        if guard.context().is_shut_down() {
            guard.drop_unbound();
        }
        // The closure has the only reference to the cell that lasts until linger is over.
        let cell = Arc::clone(&self.cell);
        guard.ended = Some(Ended(Box::new(move || {
            cell.part();
            ended();
        })));
        let now = guard.tick();
        let _ = guard.turn_unwoken(Some(now));
        let ended = guard.end_if_sent();
        drop(guard);
        if let Err(Some(ended)) = ended {
            (ended.0)();
        }
    }
}

impl Engine {
    /// Returns the time of the next turn while the socket continues to send. Otherwise closes everything, and returns what
    /// the caller calls then, without the lock if it can.
    fn end_if_sent(&mut self) -> Result<Instant, Option<Ended>> {
        // It is asked once: linger can be over a moment later, when an acknowledgement has arrived.
        self.lingers_until().ok_or_else(|| {
            let _ = self.finish();
            self.ended.take()
        })
    }

    /// The driver has served a socket that ends. Returns when it must do so again: at `next` at the latest.
    pub(super) fn continue_ending(&mut self, next: Option<Duration>) -> Option<Duration> {
        if self.ended.is_none() {
            return next;
        }
        match self.end_if_sent() {
            Ok(until) => {
                let wait = until.saturating_duration_since(self.tick());
                Some(next.map_or(wait, |next| next.min(wait)))
            }
            Err(ended) => {
                if let Some(ended) = ended {
                    (ended.0)();
                }
                None
            }
        }
    }
}

impl Context {
    /// Ends the calls of all sockets of the context with [`Error::Stopped`](crate::Error::Stopped), as well as later ones
    /// that wait, and the building of new sockets. Sockets that are being closed continue to send, except to names of
    /// inproc that are not bound.
    pub(crate) fn stop_calls(&self) {
        for socket in self.shut_down() {
            if let Ok(cell) = socket.downcast::<Cell>() {
                let mut engine = Guard::new(&cell);
                match engine.is_ending() {
                    false => engine.stop(),
                    true => engine.drop_unbound(),
                }
            }
        }
    }
}
