//! Closing all sockets of a context at the same time.

use core::time::Duration;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};

use super::linger::UnsentMessages;
use super::shared::Cell;
use super::{EVENTS, Guard};
use crate::clock::Clock;
use crate::context::Context;
use crate::error::Error;
use crate::options::Linger;

impl Context {
    /// Closes all sockets of the context (`zmq_ctx_shutdown`). The queued messages of all sockets are sent at
    /// the same time, within `linger`. Returns the messages that were not sent.
    ///
    /// Calls of these sockets in other threads, and all later calls, return [`Error::Stopped`], as does building
    /// a new socket of the context. A shutdown of the default context closes all sockets that were built without
    /// a context.
    ///
    /// ```
    /// use core::time::Duration;
    /// use zmtp_mio::{Context, Error, Pull};
    ///
    /// let context = Context::builder().build();
    /// let mut pull = Pull::builder().context(&context).bind("tcp://127.0.0.1:*")?;
    /// let worker = std::thread::spawn(move || pull.recv());
    /// assert!(context.shutdown(Duration::from_secs(1))?.is_empty());
    /// assert!(matches!(worker.join().unwrap(), Err(Error::Stopped)));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the system has no descriptor for a poll. The sockets are then closed without linger, and
    /// their messages are lost.
    pub fn shutdown(&self, linger: impl Into<Linger>) -> Result<UnsentMessages, Error> {
        let sockets = self.shut_down();
        let cells: Vec<_> =
            sockets.into_iter().filter_map(|socket| socket.downcast::<Cell>().ok()).collect();
        shut_down(&cells, linger.into())
    }
}

fn shut_down(cells: &[Arc<Cell>], linger: Linger) -> Result<UnsentMessages, Error> {
    let mut closing = Vec::new();
    for cell in cells {
        let mut engine = Guard::new(cell);
        engine.stop();
        if engine.is_ending() {
            // Another thread closes it.
            engine.shorten_linger(linger);
        } else {
            engine.begin_ending(linger, None);
            closing.push(cell);
        }
    }
    let Some(clock) = closing.first().map(|cell| cell.lock().clock().clone()) else {
        return Ok(UnsentMessages::default());
    };
    // This thread receives their events now, not the driver.
    closing.iter().for_each(|cell| cell.hold());
    let lingered = send_rest(&closing, &clock);
    let mut unsent = UnsentMessages::default();
    for cell in closing {
        unsent.append(cell.lock().finish());
        cell.release(true);
        cell.part();
    }
    lingered.map_err(Error::io("poll")).map(|()| unsent)
}

/// Sends what is queued in all sockets, within their linger.
fn send_rest(cells: &[&Arc<Cell>], clock: &Clock) -> io::Result<()> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(EVENTS);
    for (index, cell) in cells.iter().enumerate() {
        let registry = poll.registry();
        let descriptor = cell.open_descriptor()?;
        registry.register(&mut SourceFd(&descriptor), Token(index), Interest::READABLE)?;
    }
    let mut open = cells.to_vec();
    loop {
        let mut next: Option<Instant> = None;
        open.retain(|cell| {
            let mut engine = Guard::new(cell);
            if engine.lingers_until().is_none() {
                return false;
            }
            let now = engine.tick();
            if engine.turn_unwoken(Some(now)).is_err() {
                return false;
            }
            // The turn may have sent the rest.
            let Some(until) = engine.lingers_until() else { return false };
            let now = engine.tick();
            let turn = engine.next_turn().map_or(until, |wait| until.min(now + wait));
            next = Some(next.map_or(turn, |next| next.min(turn)));
            true
        });
        let Some(next) = next else { return Ok(()) };
        let mut wait = next.saturating_duration_since(clock.now());
        if clock.is_test() {
            clock.skip_to(next);
            wait = Duration::ZERO;
        }
        match poll.poll(&mut events, Some(wait)) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
    }
}
