//! REP: a request is received, then its reply is sent.

use zmtp_core::pattern::{OutOfTurn, Pattern, RouteError};

use super::wait::Wait;
use crate::engine::{Guard, Refused};
use crate::error::{Error, SendError};
use crate::message::Message;
use crate::queue::QueuedMessage;

pub(super) fn recv(engine: &mut Guard<'_>, wait: &mut Wait) -> Result<Option<Message>, Error> {
    if engine.pattern.may_route() {
        return Err(OutOfTurn::ReplyDue.into());
    }
    engine.share()?;
    loop {
        if let Ok(Some(peer)) = engine.pattern.take()
            && let Some(queued) = engine.take(peer)
        {
            engine.envelope = queued.envelope;
            return Ok(Some(queued.message));
        }
        if !wait.turn_in_time(engine)? {
            return Ok(None);
        }
    }
}

/// Never waits: a reply to a peer that is gone, or whose queue is full, is dropped and counted
/// (RFC 28).
pub(super) fn send(engine: &mut Guard<'_>, message: Message) -> Result<(), SendError> {
    let peer = engine.pattern.route(&[]);
    if let Err(RouteError::OutOfTurn(error)) = peer {
        return Err(SendError::new(error.into(), message));
    }
    let queued = QueuedMessage { envelope: core::mem::take(&mut engine.envelope), message };
    let refused = match peer {
        Ok(peer) => engine.send(peer, queued).err().map(|(refused, _)| refused),
        Err(_) => Some(Refused::Gone),
    };
    if let Some(refused) = refused {
        engine.count_refused(refused);
    }
    Ok(())
}
