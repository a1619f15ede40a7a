//! Receives datagrams at endpoints of UDP, and delivers them as messages.

use core::net::SocketAddr;

use zmtp_core::pattern::Pattern;
use zmtp_core::wire::{Datagram, DatagramError};

use super::super::Engine;
use super::super::pattern::AnyPattern;
use super::super::peer::{Peer, State};
use super::super::queue::{Envelope, QueuedMessage};
use super::link::{Incoming, Use};
use crate::message::{Message, Properties};
use crate::monitor::{Counters, EventKind};
use crate::transport::{Addresses, Received};

/// Datagrams received from one endpoint in a turn, so that a flood does not delay other peers.
pub(super) const BUDGET: usize = 128;

impl Engine {
    /// Receives datagrams, within the high-water mark and the share of a turn.
    pub(super) fn receive_udp(&mut self, index: usize) {
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
        let bytes = link.bytes(received);
        let parsed = match link.does() {
            Use::Exchanges => Ok((&[][..], bytes)),
            _ => from_radio(received, bytes),
        };
        let is_above =
            |len: usize, limit: Option<u64>| limit.is_some_and(|limit| len as u64 > limit);
        let (group, body) = match parsed {
            // As over TCP: each part is a frame. The address before the message of a DGRAM is none.
            Ok((group, body))
                if is_above(group.len() + body.len(), limits.max_message)
                    || is_above(group.len().max(body.len()), limits.max_frame) =>
            {
                let len = received.len.try_into().unwrap_or(u32::MAX);
                return self.drop_datagram(index, received, DatagramError::TooLong(len));
            }
            Ok(parsed) => parsed,
            Err(error) => return self.drop_datagram(index, received, error),
        };
        if let AnyPattern::Dish(rules) = &self.pattern
            && !rules.is_joined(group)
        {
            counters.dropped.not_subscribed += 1;
            return;
        }
        let len = group.len() + body.len();
        let message = match link.does() {
            Use::Exchanges => Message::from_parts([received.from.to_string().as_bytes(), body]),
            _ => Message::from_parts([group, body]),
        };
        deliver(peer, &mut self.pattern, counters, message, received.from, len);
    }

    /// Counts a datagram that is not a message, or is too long. The first one of an endpoint is an event.
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
}

/// Queues a message for the application. `len` is the number of its bytes that are counted.
fn deliver(
    peer: &mut Peer,
    pattern: &mut AnyPattern,
    counters: &mut Counters,
    mut message: Message,
    from: SocketAddr,
    len: usize,
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
    counters.bytes_received += len as u64;
    peer.incoming.push(QueuedMessage { envelope: Envelope::None, message });
}

/// The group and the body of a message of a RADIO.
fn from_radio(received: Received, bytes: &[u8]) -> Result<(&[u8], &[u8]), DatagramError> {
    if received.len > bytes.len() {
        return Err(DatagramError::TooLong(received.len.try_into().unwrap_or(u32::MAX)));
    }
    let Datagram { group, body } = Datagram::parse(bytes)?;
    Ok((group.bytes(), body))
}
