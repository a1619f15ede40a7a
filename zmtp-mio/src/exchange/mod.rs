//! The operations of a socket that may wait, for every socket type.
//!
//! Each takes `&SharedEngine`, so that typed sockets, sockets whose type is known at run time, and
//! sockets used by several threads share them. A timeout of `None` is no limit. An operation that
//! the socket's type does not have fails with [`Error::NotSupported`](crate::Error::NotSupported).

mod dgram;
mod publish;
mod radio;
mod receive;
mod reply;
mod request;
mod room;
mod route;
mod send;
mod server;
mod subscribe;
#[cfg(test)]
mod tests;
mod wait;

use core::time::Duration;

use zmtp_core::pattern::Pattern;

pub(crate) use publish::{grant, revoke, wait_for_subscribers};
pub(crate) use radio::{join, leave};
pub use receive::Received;
pub(crate) use receive::{recv, recv_into, recv_part};
pub(crate) use request::{cancel_request, request};
pub(crate) use room::wait_for_room;
pub(crate) use route::{close_connection, connect_as, connect_for_id, has_room};
pub(crate) use send::{send, send_value};
pub(crate) use server::{connect_peer, disconnect_peer};
pub(crate) use subscribe::{cancel_repeated, subscribe, unsubscribe};

use crate::engine::SharedEngine;
use crate::error::Error;
use crate::monitor::{Counters, PeerStatus};
use wait::Wait;

/// Whether a receive and a send would return at once. Makes no system call.
pub(crate) fn readiness(engine: &SharedEngine) -> (bool, bool) {
    let engine = engine.look();
    engine.map_or((false, false), |engine| (engine.pattern.may_take(), engine.pattern.can_send()))
}

/// The counters of the socket.
pub(crate) fn counters(engine: &SharedEngine) -> Counters {
    engine.look().map_or_else(Counters::default, |engine| engine.counters())
}

/// The peers that are connected now and whose handshake is complete.
pub(crate) fn peers(engine: &SharedEngine) -> impl ExactSizeIterator<Item = PeerStatus> + use<> {
    let peers = engine.look().map_or_else(Vec::new, |engine| engine.connected().collect());
    peers.into_iter()
}

/// Waits until the handshakes of at least `n` peers are complete. Returns `false` after the timeout.
pub(crate) fn wait_for_peers(
    engine: &SharedEngine,
    n: usize,
    timeout: Option<Duration>,
) -> Result<bool, Error> {
    let mut engine = engine.enter()?;
    let mut wait = Wait::new(timeout);
    while engine.connected_count() < n {
        if !wait.turn_in_time(&mut engine)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Waits until all queued messages are written. Returns `false` after the timeout.
pub(crate) fn flush(engine: &SharedEngine, timeout: Option<Duration>) -> Result<bool, Error> {
    let mut engine = engine.enter()?;
    let mut wait = Wait::new(timeout);
    engine.write_held();
    while engine.unsent() > 0 {
        if !wait.turn_in_time(&mut engine)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Waits for any event of the socket. The driver may have handled events since the last call: then it does not wait.
pub(crate) fn wait_for_event(
    engine: &SharedEngine,
    timeout: Option<Duration>,
) -> Result<(), Error> {
    let mut engine = engine.enter()?;
    if engine.was_served() {
        return Ok(());
    }
    Wait::new(timeout).turn_in_time(&mut engine).map(drop)
}

/// Runs turns for this time.
pub(crate) fn drive(engine: &SharedEngine, time: Duration) -> Result<(), Error> {
    let mut engine = engine.enter()?;
    let mut wait = Wait::new(Some(time));
    while wait.turn_in_time(&mut engine)? {}
    Ok(())
}
