//! REQ: a request is sent, then its reply is received.

use core::time::Duration;

use zmtp_core::pattern::{OutOfTurn, Pattern, PeerId, RouteError, TakeError};

use super::wait::Wait;
use crate::engine::{Guard, SharedEngine};
use crate::error::Error;
use crate::message::Message;
use crate::queue::{Envelope, Outgoing, Source};

/// Sends a request and receives its reply; `None` after the timeout. After each result the socket is ready
/// for the next request.
pub(crate) fn request(
    engine: &SharedEngine,
    mut message: Message,
    timeout: Option<Duration>,
) -> Result<Option<Message>, Error> {
    if message.part_count() == 0 {
        return Err(Error::EmptyMessage);
    }
    let mut engine = engine.enter()?;
    let mut wait = Wait::new(timeout);
    cancel(&mut engine)?;
    let result = match send(&mut engine, &mut message, None, &mut wait) {
        Ok(()) => {
            let mut reply = Message::new();
            recv(&mut engine, &mut wait, &mut reply).map(|came| came.then_some(reply))
        }
        Err(Error::WouldBlock) => Ok(None),
        Err(error) => Err(error),
    };
    cancel(&mut engine)?;
    result
}

/// Cancels the last request if it has no reply. A request that is not sent is taken back. If it is sent, the
/// connection is closed unless requests have ids, so that a late reply is not received as the reply to a later
/// request.
pub(crate) fn cancel_request(engine: &SharedEngine) -> Result<(), Error> {
    cancel(&mut engine.enter()?)
}

fn cancel(engine: &mut Guard<'_>) -> Result<(), Error> {
    if let Some(peer) = supersede(engine)?
        && !engine.pattern.as_req()?.mode().correlate
    {
        engine.reset(peer);
    }
    Ok(())
}

/// Removes the last request: a request that is not sent is taken back, and an arrived reply is
/// dropped. Returns the peer that may still reply to it.
fn supersede(engine: &mut Guard<'_>) -> Result<Option<PeerId>, Error> {
    drop_reply(engine);
    let Some(asked) = engine.pattern.as_req()?.cancel_request() else { return Ok(None) };
    let unsent = engine.unqueue(asked).is_some();
    engine.dropped().cancelled += u64::from(unsent);
    Ok((!unsent).then_some(asked))
}

/// Drops a reply that has arrived.
fn drop_reply(engine: &mut Guard<'_>) {
    if let Ok(Some(peer)) = engine.pattern.take()
        && engine.take(peer, &mut Message::new()).is_some()
    {
        engine.dropped().unsolicited += 1;
    }
}

pub(super) fn send<'m>(
    engine: &mut Guard<'_>,
    message: &'m mut Message,
    source: Option<&'m mut dyn Source>,
    wait: &mut Wait,
) -> Result<(), Error> {
    let peer = route(engine, wait)?;
    let envelope = envelope(engine.pattern.as_req()?.request_id());
    if engine.send(peer, &mut Outgoing { envelope, message, source }).is_err() {
        engine.pattern.as_req()?.cancel_request();
        return Err(Error::WouldBlock);
    }
    Ok(())
}

/// The frames before a request with this id.
fn envelope(id: Option<[u8; 4]>) -> Envelope {
    match id {
        Some(id) => Envelope::Frames(Box::new(Message::from_parts([&id[..], b""]))),
        None => Envelope::Delimiter,
    }
}

/// Waits for a peer to send the request to.
fn route(engine: &mut Guard<'_>, wait: &mut Wait) -> Result<PeerId, Error> {
    if engine.pattern.as_req()?.mode().relaxed {
        if engine.rules().keeps_requests {
            drop_reply(engine);
            engine.pattern.as_req()?.cancel_request();
        } else {
            supersede(engine)?;
        }
    }
    // Messages that arrived without a request must be discarded before the request is sent: afterwards they
    // would be received as the reply.
    if engine.pattern.may_route() {
        wait.turn_once(engine)?;
    }
    loop {
        match engine.pattern.route(&[]) {
            Ok(peer) => return Ok(peer),
            Err(RouteError::NoPeer) => wait.turn(engine)?,
            Err(RouteError::OutOfTurn(error)) => return Err(error.into()),
            Err(_) => return Err(Error::WouldBlock),
        }
    }
}

pub(super) fn recv(
    engine: &mut Guard<'_>,
    wait: &mut Wait,
    message: &mut Message,
) -> Result<bool, Error> {
    loop {
        match engine.pattern.take() {
            Ok(None) => {}
            Ok(Some(peer)) if engine.take(peer, message).is_some() => return Ok(true),
            // The reply is lost: there was no memory for it.
            Ok(Some(_)) => return Err(Error::PeerLost),
            Err(TakeError::OutOfTurn(error)) => return Err(error.into()),
            Err(TakeError::PeerLost) => return Err(Error::PeerLost),
            Err(_) => return Err(OutOfTurn::NoRequestSent.into()),
        }
        if !wait.turn_in_time(engine)? {
            return Ok(false);
        }
    }
}
