//! Endpoints of UDP. Each is a peer without a connection: it has an inbox, a queue, and a socket of the system.
//!
//! | type | endpoint | its peer |
//! |---|---|---|
//! | RADIO | connected | gets the messages of all groups |
//! | DISH | bound | messages of groups that are not joined are dropped |
//! | DGRAM | bound, one at a time | a message begins with the address of the other end |

mod link;
mod receive;
mod send;
#[cfg(test)]
mod tests;

use core::net::SocketAddr;
use std::sync::Arc;

use zmtp_core::pattern::Pattern;

use super::Engine;
use super::pattern::AnyPattern;
use super::peer::{Origin, Peer, PeerDetails, State};
use super::scheduler::Key;
use crate::endpoint::{Endpoint, EndpointError};
use crate::error::Error;
use crate::monitor::{CloseReason, EventKind};
use crate::socket_kind::SocketKind;
use crate::transport::{Addresses, DatagramSocket};
pub(super) use link::{UdpLink, Use};
pub(crate) use link::{check_body, parse_address};

impl Engine {
    /// Checks that the type of the socket and the transport fit together.
    pub(super) fn check_udp(&self, endpoint: &Endpoint, binds: bool) -> Result<(), Error> {
        let kind = self.pattern.kind();
        let is_udp = matches!(endpoint, Endpoint::Udp { .. });
        let expected = match (kind, is_udp) {
            (SocketKind::Dgram, false) => "`udp://`, the only transport of a DGRAM",
            (_, false) => return Ok(()),
            (SocketKind::Radio, true) if binds => {
                "a connect: a RADIO sends to `udp://`, and cannot be bound to it"
            }
            (SocketKind::Dgram | SocketKind::Dish, true) if !binds => {
                "a bind: only a RADIO connects to `udp://`"
            }
            (SocketKind::Dgram | SocketKind::Dish | SocketKind::Radio, true) => {
                let options = &self.options;
                let is_open = options.security.is_null() && options.mechanism.is_none();
                return match is_open && !options.asks() {
                    true => Ok(()),
                    false => Err(Error::Security { reason: "there is no security over `udp://`" }),
                };
            }
            _ => "another transport: only RADIO, DISH and DGRAM use `udp://`",
        };
        Err(EndpointError::new(endpoint.to_string(), expected).into())
    }

    /// Checks that a DGRAM is not bound yet.
    pub(super) fn check_unbound(&self, endpoint: &Endpoint) -> Result<(), Error> {
        if matches!(self.pattern, AnyPattern::Dgram(_)) && self.bound_udp().next().is_some() {
            let expected = "no second endpoint: a DGRAM has one; unbind the other first";
            return Err(EndpointError::new(endpoint.to_string(), expected).into());
        }
        Ok(())
    }

    /// Uses a socket that is bound; returns its endpoint.
    pub(super) fn bind_udp(
        &mut self,
        endpoint: Endpoint,
        socket: DatagramSocket,
    ) -> Result<Endpoint, Error> {
        // Another thread may have bound the DGRAM while the socket was opened.
        self.check_unbound(&endpoint)?;
        let does = match self.pattern {
            AnyPattern::Dgram(_) => Use::Exchanges,
            _ => Use::Receives,
        };
        let mut link = Box::new(UdpLink::new(socket, does));
        let fail = Error::io(format!("bind {endpoint}"));
        let key = Key::Peer(self.peers.vacant_key());
        let opened = self.descriptors.open(self.mailbox.is_some());
        opened.and_then(|registry| link.watch(registry, key)).map_err(fail)?;
        self.tick();
        let shared = Arc::new(endpoint.clone());
        let index = self.insert(Peer::new(Origin::Bound, shared, State::Waiting));
        self.begin_udp(index, link, None);
        self.note_change();
        Ok(endpoint)
    }

    /// Stops receiving at an endpoint. Its messages can be received. Returns `false` if the socket is not bound to it.
    pub(super) fn unbind_udp(&mut self, endpoint: &Endpoint) -> bool {
        let found = self.bound_udp().find(|(_, bound)| ***bound == *endpoint);
        let Some((index, _)) = found else { return false };
        self.flush(index);
        self.close(index, CloseReason::ByUs);
        self.carry_out_closes();
        self.note_change();
        true
    }

    /// The endpoints of UDP that the socket is bound to, with their peers.
    pub(super) fn bound_udp(&self) -> impl Iterator<Item = (usize, &Arc<Endpoint>)> {
        let bound = self.peers.iter().filter(|(_, peer)| {
            matches!(peer.origin, Origin::Bound) && !matches!(peer.state, State::Closed)
        });
        bound.map(|(index, peer)| (index, &peer.endpoint))
    }

    /// Opens a socket to send to the first of these addresses for which that is possible.
    pub(super) fn connect_udp(&mut self, index: usize, addresses: &[SocketAddr]) {
        let Some(peer) = self.peers.get_mut(index) else { return };
        let Origin::Connect(connector) = &mut peer.origin else { return };
        connector.look_up = None;
        let endpoint = Arc::clone(&peer.endpoint);
        let Endpoint::Udp { interface, .. } = &*endpoint else { return };
        let mut reason = CloseReason::NoAddress;
        for target in addresses {
            if interface.is_some() && !target.ip().is_multicast() {
                continue;
            }
            self.monitor.counters.connection_attempts += 1;
            match DatagramSocket::to(*target, interface.as_ref(), &self.options.udp) {
                Ok(socket) => {
                    self.set_timer(index, None);
                    let link = Box::new(UdpLink::new(socket, Use::Sends(*target)));
                    return self.begin_udp(index, link, Some(*target));
                }
                Err(error) => reason = CloseReason::Io(error.kind()),
            }
        }
        self.close(index, reason);
    }

    /// The endpoint is ready, without a greeting and a handshake.
    fn begin_udp(&mut self, index: usize, link: Box<UdpLink>, remote: Option<SocketAddr>) {
        let connection = self.monitor.next_connection();
        let addresses = Addresses { remote, local: link.local(), descriptor: None };
        let Some(peer) = self.peers.get_mut(index) else { return };
        peer.details = Some(Box::new(PeerDetails::new(connection, addresses, self.now)));
        peer.state = State::Udp(link);
        let id = peer.id;
        // The tables grow, and there is no routing id.
        let _ = self.pattern.connected(id, &[]);
        if remote.is_some() {
            self.connection_event(index, EventKind::Connected);
        }
        self.flush(index);
    }

    /// Handles an event of the socket of an endpoint, or its share of a turn.
    pub(super) fn udp_event(&mut self, index: usize, readable: bool, writable: bool) {
        if writable
            && let Some(peer) = self.peers.get_mut(index)
            && let State::Udp(link) = &mut peer.state
        {
            link.blocked = false;
            self.flush(index);
        }
        if readable {
            self.receive_udp(index);
        }
    }

    /// Whether a peer is an endpoint of UDP.
    #[inline]
    pub(super) fn is_udp(&self, index: usize) -> bool {
        self.peers.get(index).is_some_and(|peer| matches!(peer.state, State::Udp(_)))
    }

    /// Waits for the events that the endpoint needs: room in the system, and datagrams.
    fn watch_udp(&mut self, index: usize) {
        let Some(peer) = self.peers.get_mut(index) else { return };
        let State::Udp(link) = &mut peer.state else { return };
        if !link.is_watched_wrongly() {
            return;
        }
        let opened = self.descriptors.open(self.mailbox.is_some());
        if let Err(error) = opened.and_then(|registry| link.watch(registry, Key::Peer(index))) {
            self.close(index, CloseReason::Io(error.kind()));
        }
    }
}
