//! Sends messages to endpoints of UDP.

use core::net::SocketAddr;

use zmtp_core::pattern::Pattern;

use super::super::Engine;
use super::super::peer::State;
use super::super::queue::Outgoing;
use super::link::Sent;
use crate::error::Error;
use crate::monitor::EventKind;

impl Engine {
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

    /// Sends a message at once, if nothing waits before it. Returns `false` if it is to be queued.
    pub(in crate::engine) fn send_udp_at_once(
        &mut self,
        index: usize,
        outgoing: &Outgoing<'_>,
    ) -> bool {
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
    pub(in crate::engine) fn flush_udp(&mut self, index: usize) {
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
}
