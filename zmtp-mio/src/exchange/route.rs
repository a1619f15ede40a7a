//! ROUTER and STREAM: the first part of a message is the routing id of its peer.

use zmtp_core::pattern::{Pattern, RouteError};
use zmtp_core::wire::RoutingId;

use super::wait::Wait;
use crate::endpoint::Endpoint;
use crate::engine::{Guard, Refused, SharedEngine};
use crate::error::{Error, SendError};
use crate::message::Message;
use crate::pattern::AnyPattern;
use crate::queue::{Envelope, QueuedMessage};

/// Connects to an endpoint, whose peer has this routing id regardless of its READY
/// (`ZMQ_CONNECT_ROUTING_ID`). Messages can queue for it at once.
pub(crate) fn connect_as(
    engine: &SharedEngine,
    endpoint: Endpoint,
    id: RoutingId,
) -> Result<(), Error> {
    let mut engine = engine.enter();
    engine.check(&endpoint)?;
    match &engine.pattern {
        AnyPattern::Router(rules, _) | AnyPattern::Stream(rules, _)
            if rules.is_taken(id.bytes()) =>
        {
            return Err(Error::RoutingIdInUse);
        }
        AnyPattern::Router(..) | AnyPattern::Stream(..) => {}
        _ => return Err(Error::NotSupported),
    }
    engine.connect_as(endpoint, id.bytes());
    Ok(())
}

/// Connects a STREAM to an endpoint and returns the routing id of the connection.
pub(crate) fn connect_for_id(
    engine: &SharedEngine,
    endpoint: Endpoint,
) -> Result<RoutingId, Error> {
    let mut engine = engine.enter();
    engine.pattern.as_stream()?;
    engine.check(&endpoint)?;
    let peer = engine.connect(endpoint);
    Ok(engine.pattern.routing_id(peer).and_then(RoutingId::new).unwrap_or(RoutingId::EMPTY))
}

/// Closes a connection of a STREAM when everything sent to it is written, for good.
pub(crate) fn close_connection(engine: &SharedEngine, id: &[u8]) -> Result<(), Error> {
    close(&mut engine.enter(), id)
}

fn close(engine: &mut Guard<'_>, id: &[u8]) -> Result<(), Error> {
    let rules = engine.pattern.as_stream()?;
    let (Ok(peer) | Err(RouteError::Full(peer))) = rules.route(id) else {
        return Err(Error::Unroutable);
    };
    // Nothing is sent to it from now on; its messages can still be received.
    rules.hide(peer);
    engine.leave(peer);
    Ok(())
}

/// What [`try_route`] found.
enum Routed {
    Sent,
    /// The queue of the peer is full, or the peer is gone.
    Refused(Refused, QueuedMessage),
    /// No peer has this routing id.
    Unknown(QueuedMessage),
}

fn try_route(engine: &mut Guard<'_>, queued: QueuedMessage) -> Routed {
    let id = queued.message.part(0).unwrap_or_default();
    match engine.pattern.route(id) {
        Ok(peer) => match engine.send(peer, queued) {
            Ok(()) => Routed::Sent,
            Err((refused, queued)) => Routed::Refused(refused, queued),
        },
        Err(RouteError::Full(_)) => Routed::Refused(Refused::Full, queued),
        Err(_) => Routed::Unknown(queued),
    }
}

/// Sends a message of a ROUTER. Without `mandatory` a message that cannot be queued is dropped and
/// counted.
pub(super) fn send(
    engine: &mut Guard<'_>,
    message: Message,
    wait: &mut Wait,
) -> Result<(), SendError> {
    if message.part_count() < 2 {
        return Err(SendError::new(Error::EmptyMessage, message));
    }
    let mandatory = engine.pattern.is_mandatory();
    if let Err(error) = engine.share_sending() {
        return Err(SendError::new(error, message));
    }
    let mut queued = QueuedMessage { envelope: Envelope::Address, message };
    loop {
        let (turned, back) = match try_route(engine, queued) {
            Routed::Sent => return Ok(()),
            Routed::Refused(refused, _) if !mandatory => {
                engine.count_refused(refused);
                return Ok(());
            }
            Routed::Refused(Refused::Full, back) => (wait.turn(engine), back),
            Routed::Refused(Refused::Gone, back) => (Err(Error::Unroutable), back),
            // The peer may have connected just now.
            Routed::Unknown(back) => match wait.turn_once(engine) {
                Ok(true) => (Ok(()), back),
                Ok(false) if !mandatory => {
                    engine.dropped().unroutable += 1;
                    return Ok(());
                }
                Ok(false) => (Err(Error::Unroutable), back),
                Err(error) => (Err(error), back),
            },
        };
        queued = back;
        if let Err(error) = turned {
            return Err(SendError::new(error, queued.message));
        }
    }
}

/// Sends bytes to a connection of a STREAM. A message without bytes closes the connection.
pub(super) fn send_raw(
    engine: &mut Guard<'_>,
    message: Message,
    wait: &mut Wait,
) -> Result<(), SendError> {
    if message.part_count() < 2 {
        return Err(SendError::new(Error::EmptyMessage, message));
    }
    let id = message.part(0).unwrap_or_default();
    if message.byte_len() == id.len() {
        return close(engine, id).map_err(|error| SendError::new(error, message));
    }
    let mut queued = QueuedMessage { envelope: Envelope::Address, message: without_empty(message) };
    loop {
        let (turned, back) = match try_route(engine, queued) {
            Routed::Sent => return Ok(()),
            Routed::Refused(Refused::Full, back) => (wait.turn(engine), back),
            Routed::Refused(Refused::Gone, back) | Routed::Unknown(back) => {
                (Err(Error::Unroutable), back)
            }
        };
        queued = back;
        if let Err(error) = turned {
            return Err(SendError::new(error, queued.message));
        }
    }
}

/// Removes the parts without bytes: they have nothing to write, so that a write of them never ends.
fn without_empty(message: Message) -> Message {
    if message.parts().skip(1).all(|part| !part.is_empty()) {
        return message;
    }
    let mut parts = message.parts();
    let id = parts.next().unwrap_or_default();
    core::iter::once(id).chain(parts.filter(|part| !part.is_empty())).collect()
}
