//! ROUTER and STREAM: the first part of a message is the routing id of its peer.

use zmtp_core::pattern::{Pattern, RouteError};
use zmtp_core::wire::RoutingId;

use super::wait::Wait;
use crate::endpoint::Endpoint;
use crate::engine::{Guard, Refused, SharedEngine};
use crate::error::Error;
use crate::message::Message;
use crate::pattern::AnyPattern;
use crate::queue::{Envelope, Outgoing};

/// Connects to an endpoint, whose peer has this routing id regardless of its READY
/// (`ZMQ_CONNECT_ROUTING_ID`). Messages can queue for it at once.
pub(crate) fn connect_as(
    engine: &SharedEngine,
    endpoint: Endpoint,
    id: RoutingId,
) -> Result<(), Error> {
    let mut engine = engine.enter()?;
    engine.check(&endpoint)?;
    match &engine.pattern {
        AnyPattern::Router(rules, ..) | AnyPattern::Stream(rules, _)
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
    let mut engine = engine.enter()?;
    engine.pattern.as_stream()?;
    engine.check(&endpoint)?;
    let peer = engine.connect(endpoint);
    Ok(engine.pattern.routing_id(peer).and_then(RoutingId::new).unwrap_or(RoutingId::EMPTY))
}

/// Whether the queue of the peer of a ROUTER with this routing id has room (`zmq_socket_get_peer_state`).
pub(crate) fn has_room(engine: &SharedEngine, id: &[u8]) -> Result<bool, Error> {
    let mut engine = engine.enter()?;
    let AnyPattern::Router(rules, ..) = &mut engine.pattern else {
        return Err(Error::NotSupported);
    };
    match rules.route(id) {
        Ok(_) => Ok(true),
        Err(RouteError::Full(_)) => Ok(false),
        Err(_) => Err(Error::Unroutable),
    }
}

/// Closes a connection of a STREAM when everything sent to it is written. It is not established again.
pub(crate) fn close_connection(engine: &SharedEngine, id: &[u8]) -> Result<(), Error> {
    close(&mut engine.enter()?, id)
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

/// The reason why a message was not sent to the peer with its routing id.
#[derive(Clone, Copy)]
enum Unsent {
    /// The queue of the peer is full, or the peer was removed.
    Refused(Refused),
    /// No peer has this routing id.
    Unknown,
}

fn try_route(engine: &mut Guard<'_>, message: &mut Message) -> Result<(), Unsent> {
    let id = message.part(0).unwrap_or_default();
    match engine.pattern.route(id) {
        Ok(peer) => {
            engine.count_reply(peer);
            let outgoing = &mut Outgoing { envelope: Envelope::Address, message, source: None };
            engine.send(peer, outgoing).map_err(Unsent::Refused)
        }
        Err(RouteError::Full(_)) => Err(Unsent::Refused(Refused::Full)),
        Err(_) => Err(Unsent::Unknown),
    }
}

/// Sends a message of a ROUTER. Without `mandatory` a message that cannot be queued is dropped and
/// counted.
pub(super) fn send(
    engine: &mut Guard<'_>,
    message: &mut Message,
    wait: &mut Wait,
) -> Result<(), Error> {
    if message.part_count() < 2 {
        return Err(Error::EmptyMessage);
    }
    let mandatory = engine.pattern.is_mandatory();
    engine.share_sending()?;
    loop {
        match try_route(engine, message) {
            Ok(()) => return Ok(()),
            Err(Unsent::Refused(refused)) if !mandatory => {
                engine.count_refused(refused);
                return Ok(());
            }
            Err(Unsent::Refused(Refused::Full)) => wait.turn(engine)?,
            Err(Unsent::Refused(Refused::Gone)) => return Err(Error::Unroutable),
            // The peer may have connected just now.
            Err(Unsent::Unknown) => {
                if !wait.turn_once(engine)? {
                    if mandatory {
                        return Err(Error::Unroutable);
                    }
                    engine.dropped().unroutable += 1;
                    return Ok(());
                }
            }
        }
    }
}

/// Sends bytes to a connection of a STREAM. A message without bytes closes the connection.
pub(super) fn send_raw(
    engine: &mut Guard<'_>,
    message: &mut Message,
    wait: &mut Wait,
) -> Result<(), Error> {
    if message.part_count() < 2 {
        return Err(Error::EmptyMessage);
    }
    let id = message.part(0).unwrap_or_default();
    if message.byte_len() == id.len() {
        return close(engine, id);
    }
    loop {
        match try_route(engine, message) {
            Ok(()) => return Ok(()),
            Err(Unsent::Refused(Refused::Full)) => wait.turn(engine)?,
            Err(_) => return Err(Error::Unroutable),
        }
    }
}
