//! SERVER and PEER: the routing id of a message, a number, identifies its peer.

use zmtp_core::pattern::{Pattern, RouteError};
use zmtp_core::wire::SocketType;

use super::wait::Wait;
use crate::endpoint::Endpoint;
use crate::engine::{Guard, Refused, SharedEngine};
use crate::error::Error;
use crate::message::Message;
use crate::queue::Outgoing;

/// Connects a PEER to an endpoint and returns the routing id of its peer (`zmq_connect_peer`). Messages to it can be
/// queued at once.
pub(crate) fn connect_peer(engine: &SharedEngine, endpoint: Endpoint) -> Result<u32, Error> {
    let mut engine = engine.enter()?;
    if engine.pattern.socket_type() != SocketType::Peer {
        return Err(Error::NotSupported);
    }
    engine.check(&endpoint)?;
    let peer = engine.connect(endpoint);
    // The table of ids grows.
    engine.pattern.as_server()?.id(peer).ok_or(Error::Unroutable)
}

/// Closes the connection to a peer of a SERVER or PEER when everything sent to it is written (`zmq_disconnect_peer`). It
/// is not established again. Without a connection, the queued messages are dropped.
pub(crate) fn disconnect_peer(engine: &SharedEngine, id: u32) -> Result<(), Error> {
    let mut engine = engine.enter()?;
    let rules = engine.pattern.as_server()?;
    let (Ok(peer) | Err(RouteError::Full(peer))) = rules.route(&id.to_be_bytes()) else {
        return Err(Error::Unroutable);
    };
    // Nothing is sent to it from now on; its messages can still be received.
    rules.hide(peer);
    engine.leave(peer);
    Ok(())
}

/// Sends a message to the peer with its routing id. Waits while the queue of the peer is full.
pub(super) fn send(
    engine: &mut Guard<'_>,
    message: &mut Message,
    wait: &mut Wait,
) -> Result<(), Error> {
    let id = message.routing_id().ok_or(Error::Unroutable)?;
    // It is local to this socket: a peer of this process gets the message as it is.
    message.set_routing_id(None);
    let result = send_to(engine, id, message, wait);
    if result.is_err() {
        message.set_routing_id(id);
    }
    result
}

fn send_to(
    engine: &mut Guard<'_>,
    id: u32,
    message: &mut Message,
    wait: &mut Wait,
) -> Result<(), Error> {
    let id = id.to_be_bytes();
    engine.share_sending()?;
    loop {
        match engine.pattern.route(&id) {
            Ok(peer) => match engine.send(peer, &mut Outgoing::new(message)) {
                Ok(()) => return Ok(()),
                Err(Refused::Full) => wait.turn(engine)?,
                Err(Refused::Gone) => return Err(Error::Unroutable),
            },
            Err(RouteError::Full(_)) => wait.turn(engine)?,
            // The peer may have connected just now.
            Err(_) => {
                if !wait.turn_once(engine)? {
                    return Err(Error::Unroutable);
                }
            }
        }
    }
}
