//! Receiving.

use core::time::Duration;

use zmtp_core::pattern::Pattern;
use zmtp_core::wire::SocketType;

use super::wait::Wait;
use super::{reply, request};
use crate::engine::{Guard, SharedEngine};
use crate::error::Error;
use crate::message::Message;
use crate::pattern::AnyPattern;

/// Receives the next message as the socket's type receives; `None` if it does not come in time.
pub(crate) fn recv(
    engine: &SharedEngine,
    timeout: Option<Duration>,
) -> Result<Option<Message>, Error> {
    let mut engine = engine.enter()?;
    let mut wait = Wait::new(timeout);
    match &engine.pattern {
        AnyPattern::Rep(_) => reply::recv(&mut engine, &mut wait),
        AnyPattern::Req(_) => request::recv(&mut engine, &mut wait),
        AnyPattern::Push(_) => Err(Error::NotSupported),
        AnyPattern::Publish(rules, _) if rules.socket_type() == SocketType::Pub => {
            Err(Error::NotSupported)
        }
        _ => in_turn(&mut engine, &mut wait),
    }
}

/// Takes the oldest message of the next peer in turn.
fn in_turn(engine: &mut Guard<'_>, wait: &mut Wait) -> Result<Option<Message>, Error> {
    engine.share()?;
    loop {
        if let Ok(Some(peer)) = engine.pattern.take()
            && let Some(queued) = engine.take(peer)
        {
            return Ok(Some(queued.message));
        }
        if !wait.turn_in_time(engine)? {
            return Ok(None);
        }
    }
}
