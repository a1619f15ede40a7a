//! Endpoints of UDP. Each is a peer without a connection: it has an inbox, a queue, and a socket of the system.
//!
//! | type | endpoint | its peer |
//! |---|---|---|
//! | RADIO | connected | gets the messages of all groups |
//! | DISH | bound | messages of groups that are not joined are dropped |
//! | DGRAM | bound, one at a time | a message begins with the address of the other end |

mod link;
#[cfg(test)]
mod tests;

use core::net::SocketAddr;
use std::sync::Arc;

use zmtp_core::pattern::Pattern;
use zmtp_core::wire::{Datagram, DatagramError};

use super::Engine;
use super::pattern::AnyPattern;
use super::peer::{Origin, Peer, PeerDetails, State};
use super::queue::{Envelope, Outgoing, QueuedMessage};
use super::scheduler::Key;
use crate::endpoint::{Endpoint, EndpointError};
use crate::error::Error;
use crate::message::{Message, Properties};
use crate::monitor::{CloseReason, Counters, EventKind};
use crate::socket_kind::SocketKind;
use crate::transport::{Addresses, DatagramSocket, Received};
use link::{Incoming, Sent};
pub(super) use link::{UdpLink, Use};
pub(crate) use link::{check_body, parse_address};

/// Datagrams received from one endpoint in a turn, so that a flood does not delay other peers.
const BUDGET: usize = 128;

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
        let is_bound = self.bound_udp().next().is_some();
        if matches!(self.pattern, AnyPattern::Dgram(_)) && is_bound {
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
            self.monitor.counters.connection_attempts += 1;
            if interface.is_some() && !target.ip().is_multicast() {
                continue;
            }
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
        let addresses = Addresses { remote, local: link.local() };
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

    /// Sends a message at once, if nothing waits before it. Returns `false` if it is to be queued.
    pub(super) fn send_udp_at_once(&mut self, index: usize, outgoing: &Outgoing<'_>) -> bool {
        let Some(peer) = self.peers.get_mut(index).filter(|peer| peer.closing.is_none()) else {
            return false;
        };
        let State::Udp(link) = &mut peer.state else { return false };
        if link.blocked || !peer.outgoing.is_empty() {
            return false;
        }
        let sent = link.send(outgoing.message);
        self.note_datagram(index, sent, outgoing.body_len());
        if sent == Sent::Blocked {
            self.watch_udp(index);
            return false;
        }
        true
    }

    /// Sends the queued messages of an endpoint, as far as the system has room.
    pub(super) fn flush_udp(&mut self, index: usize) {
        let Some(peer) = self.peers.get_mut(index) else { return };
        let waited = !peer.outgoing.is_empty();
        loop {
            let Some(peer) = self.peers.get_mut(index) else { return };
            let State::Udp(link) = &mut peer.state else { return };
            if link.blocked {
                break;
            }
            let Some(queued) = peer.outgoing.pop() else { break };
            let sent = link.send(&queued.message);
            if sent == Sent::Blocked {
                peer.outgoing.push_front(queued);
            } else {
                self.note_datagram(index, sent, queued.body_len());
            }
        }
        if let Some(peer) = self.peers.get(index)
            && waited
            && peer.outgoing.is_empty()
        {
            self.pattern.sent(peer.id);
        }
        self.mark(index);
        self.watch_udp(index);
    }

    /// Counts a datagram that was sent, or is dropped.
    fn note_datagram(&mut self, index: usize, sent: Sent, bytes: usize) {
        let counters = &mut self.monitor.counters;
        match sent {
            Sent::Done => {
                counters.messages_sent += 1;
                counters.bytes_sent += bytes as u64;
            }
            Sent::Blocked => {}
            Sent::Failed(error) => {
                counters.dropped.refused_datagrams += 1;
                if let Some(error) = error {
                    self.connection_event(index, EventKind::DatagramFailed(error));
                }
            }
        }
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

    /// Receives datagrams, within the high-water mark and the share of a turn.
    fn receive_udp(&mut self, index: usize) {
        if self.is_ending() {
            return;
        }
        let may_be_more = self.take_datagrams(index);
        self.report(index);
        if may_be_more {
            self.schedule(index);
        }
    }

    /// Returns whether there may be more datagrams that can be received.
    fn take_datagrams(&mut self, index: usize) -> bool {
        let room = self.budget.room();
        let mut came = false;
        for _ in 0..BUDGET {
            let Some(peer) = self.peers.get_mut(index).filter(|peer| peer.closing.is_none()) else {
                return false;
            };
            let limit = peer.reported.incoming.saturating_add(room);
            let no_memory = peer.incoming.memory().queued >= limit && !peer.incoming.is_empty();
            let full = peer.incoming.is_full(&self.receive_mark) || no_memory;
            let State::Udp(link) = &mut peer.state else { return false };
            if matches!(link.does(), Use::Sends(_)) {
                return false;
            }
            link.paused = full;
            if full {
                return false;
            }
            match link.receive() {
                Incoming::Datagram(received) => {
                    came = true;
                    self.take_datagram(index, received);
                }
                Incoming::Nothing => return false,
                Incoming::Failed(None) => {}
                Incoming::Failed(Some(error)) => {
                    self.connection_event(index, EventKind::DatagramFailed(error));
                }
            }
        }
        // If the system returns nothing but errors, the next event is awaited.
        came
    }

    /// Delivers the datagram in the buffer of an endpoint, or drops and counts it.
    fn take_datagram(&mut self, index: usize, received: Received) {
        let counters = &mut self.monitor.counters;
        counters.dropped.overflow += u64::from(received.overflowed);
        if !self.options.accept_filter.accepts_address(Some(received.from.ip())) {
            counters.dropped.filtered += 1;
            return;
        }
        let limits = &self.options.limits;
        let Some(peer) = self.peers.get_mut(index) else { return };
        let State::Udp(link) = &mut peer.state else { return };
        let parsed = match link.does() {
            Use::Exchanges => from_address(received, link.bytes(received)),
            _ => from_radio(received, link.bytes(received)),
        };
        // As over TCP: each part is a frame. The address before the message of a DGRAM is none.
        let too_long = |message: &Message, bytes: usize| {
            let is_above =
                |len: usize, limit: Option<u64>| limit.is_some_and(|limit| len as u64 > limit);
            let body = message.part(1).map_or(0, <[u8]>::len);
            is_above(bytes, limits.max_message)
                || is_above(body.max(bytes - body), limits.max_frame)
        };
        let (message, body) = match parsed {
            Ok((ref message, bytes)) if too_long(message, bytes) => {
                let len = received.len.try_into().unwrap_or(u32::MAX);
                return self.drop_datagram(index, received, DatagramError::TooLong(len));
            }
            Ok(parsed) => parsed,
            Err(error) => return self.drop_datagram(index, received, error),
        };
        if let AnyPattern::Dish(rules) = &self.pattern
            && !rules.is_joined(message.part(0).unwrap_or_default())
        {
            counters.dropped.not_subscribed += 1;
            return;
        }
        deliver(peer, &mut self.pattern, counters, message, received.from, body);
    }

    /// Counts a datagram that is not a message. The first one of an endpoint is an event.
    fn drop_datagram(&mut self, index: usize, received: Received, error: DatagramError) {
        let dropped = &mut self.monitor.counters.dropped;
        match error {
            DatagramError::TooLong(_) => dropped.too_long += 1,
            _ => dropped.malformed += 1,
        }
        let Some(peer) = self.peers.get_mut(index) else { return };
        let State::Udp(link) = &mut peer.state else { return };
        if core::mem::replace(&mut link.noted_malformed, true) {
            return;
        }
        let Some(details) = &peer.details else { return };
        let at = Addresses { remote: Some(received.from), ..details.addresses };
        let kind = EventKind::DroppedDatagram(error);
        self.monitor.note_connection(details.connection, &peer.endpoint, at, kind);
    }

    /// Whether the endpoint of a DGRAM can send to an address.
    pub(crate) fn check_address(&self, address: SocketAddr) -> Result<(), Error> {
        let Some((index, _)) = self.bound_udp().next() else { return Err(Error::NotBound) };
        match &self.peers[index].state {
            State::Udp(link) if !link.reaches(address) => {
                let expected = match address {
                    SocketAddr::V4(_) => "an address of IPv6, as that of the endpoint",
                    SocketAddr::V6(_) => "an address of IPv4, as that of the endpoint",
                };
                Err(Error::Address { text: address.to_string(), expected })
            }
            _ => Ok(()),
        }
    }
}

/// Queues a message for the application. `body` is the number of its bytes that are counted.
fn deliver(
    peer: &mut Peer,
    pattern: &mut AnyPattern,
    counters: &mut Counters,
    mut message: Message,
    from: SocketAddr,
    body: usize,
) {
    if !pattern.received(peer.id) {
        counters.dropped.unsolicited += 1;
        return;
    }
    if let (State::Udp(link), Some(details)) = (&mut peer.state, &peer.details) {
        let new = || Properties { peer_address: Some(from), ..(*details.properties()).clone() };
        message.set_properties(Some(link.properties_of(from, new)));
    }
    counters.messages_received += 1;
    counters.bytes_received += body as u64;
    peer.incoming.push(QueuedMessage { envelope: Envelope::None, message });
}

/// The message of a RADIO: its group and its body. Returns also the number of bytes of both.
fn from_radio(received: Received, bytes: &[u8]) -> Result<(Message, usize), DatagramError> {
    if received.len > bytes.len() {
        return Err(DatagramError::TooLong(received.len.try_into().unwrap_or(u32::MAX)));
    }
    let Datagram { group, body } = Datagram::parse(bytes)?;
    Ok((Message::from_parts([group.bytes(), body]), group.bytes().len() + body.len()))
}

/// The message of a DGRAM: the address of the sender, and the datagram.
fn from_address(received: Received, bytes: &[u8]) -> Result<(Message, usize), DatagramError> {
    let from = received.from.to_string();
    Ok((Message::from_parts([from.as_bytes(), bytes]), bytes.len()))
}
