//! Sending.

use core::time::Duration;

use zmtp_core::pattern::Pattern;

use super::wait::Wait;
use super::{publish, reply, request, route, subscribe};
use crate::engine::{Guard, Refused, SharedEngine};
use crate::error::{Error, SendError};
use crate::message::Message;
use crate::pattern::AnyPattern;
use crate::queue::QueuedMessage;

/// Sends a message as the socket's type sends. The error gives the message back.
pub(crate) fn send(
    engine: &SharedEngine,
    message: Message,
    timeout: Option<Duration>,
) -> Result<(), SendError> {
    if message.part_count() == 0 {
        return Err(SendError::new(Error::EmptyMessage, message));
    }
    let mut engine = engine.enter();
    let mut wait = Wait::new(timeout);
    match &engine.pattern {
        AnyPattern::Dealer(..) | AnyPattern::Pair(_) | AnyPattern::Push(_) => {
            in_turn(&mut engine, message, &mut wait)
        }
        AnyPattern::Publish(..) => publish::send(&mut engine, message, &mut wait),
        AnyPattern::Rep(_) => reply::send(&mut engine, message),
        AnyPattern::Req(_) => request::send(&mut engine, message, &mut wait),
        AnyPattern::Router(..) => route::send(&mut engine, message, &mut wait),
        AnyPattern::Stream(..) => route::send_raw(&mut engine, message, &mut wait),
        AnyPattern::Subscribe(_) => subscribe::send(&mut engine, message),
        AnyPattern::Pull(_) => Err(SendError::new(Error::NotSupported, message)),
    }
}

/// Sends a message to the first peer in turn that takes it.
fn in_turn(engine: &mut Guard<'_>, message: Message, wait: &mut Wait) -> Result<(), SendError> {
    if let Err(error) = engine.share_sending() {
        return Err(SendError::new(error, message));
    }
    let mut queued = QueuedMessage::from(message);
    loop {
        // Each peer is tried once.
        let mut first = None;
        while let Ok(peer) = engine.pattern.route(&[]) {
            if first == Some(peer) {
                break;
            }
            first.get_or_insert(peer);
            match engine.send(peer, queued) {
                Ok(()) => return Ok(()),
                Err((Refused::Full | Refused::Gone, back)) => queued = back,
            }
        }
        if let Err(error) = wait.turn(engine) {
            return Err(SendError::new(error, queued.message));
        }
    }
}
