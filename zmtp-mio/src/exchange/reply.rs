//! REP: a request is received, then its reply is sent.

use zmtp_core::pattern::OutOfTurn;

use super::wait::Wait;
use crate::engine::{Guard, Refused};
use crate::error::{Error, SendError};
use crate::message::Message;
use crate::pattern::Pattern;
use crate::queue::QueuedMessage;

pub(super) fn recv(engine: &mut Guard<'_>, wait: &mut Wait) -> Result<Option<Message>, Error> {
    if engine.pattern.can_send() {
        return Err(OutOfTurn::ReplyDue.into());
    }
    engine.share()?;
    loop {
        if let Ok(Some(peer)) = engine.pattern.as_rep()?.take_request()
            && let Some(queued) = engine.take(peer)
        {
            engine.pattern.as_rep()?.set_envelope(queued.envelope);
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
    let reply = engine.pattern.as_rep().and_then(|rules| Ok(rules.reply()?));
    let (peer, envelope) = match reply {
        Ok(reply) => reply,
        Err(error) => return Err(SendError::new(error, message)),
    };
    let queued = QueuedMessage { envelope, message };
    let refused = match peer {
        Some(peer) => engine.send(peer, queued).err().map(|(refused, _)| refused),
        None => Some(Refused::Gone),
    };
    if let Some(refused) = refused {
        engine.count_refused(refused);
    }
    Ok(())
}
