//! REP: a request is received, then its reply is sent.

use zmtp_core::pattern::{OutOfTurn, Pattern, RouteError};

use super::wait::Wait;
use crate::engine::{Guard, Refused};
use crate::error::Error;
use crate::message::Message;
use crate::queue::{Outgoing, Source};

pub(super) fn recv(
    engine: &mut Guard<'_>,
    wait: &mut Wait,
    message: &mut Message,
) -> Result<bool, Error> {
    if engine.pattern.may_route() {
        return Err(OutOfTurn::ReplyDue.into());
    }
    engine.share()?;
    loop {
        if let Ok(Some(peer)) = engine.pattern.take() {
            if let Some(envelope) = engine.take(peer, message) {
                engine.envelope = envelope;
                return Ok(true);
            }
            // The request is lost: there was no memory for it. It gets no reply.
            let _ = engine.pattern.route(&[]);
            continue;
        }
        if !wait.turn_in_time(engine)? {
            return Ok(false);
        }
    }
}

/// Sends a reply without waiting. A reply to a peer that has disconnected, or whose queue is full, is dropped and
/// counted (RFC 28).
pub(super) fn send<'m>(
    engine: &mut Guard<'_>,
    message: &'m mut Message,
    source: Option<&'m mut dyn Source>,
) -> Result<(), Error> {
    let peer = engine.pattern.route(&[]);
    if let Err(RouteError::OutOfTurn(error)) = peer {
        return Err(error.into());
    }
    let envelope = core::mem::take(&mut engine.envelope);
    let sent = match peer {
        Ok(peer) => engine.send(peer, &mut Outgoing { envelope, message, source }),
        Err(_) => Err(Refused::Gone),
    };
    if let Err(refused) = sent {
        engine.count_refused(refused);
    }
    Ok(())
}
