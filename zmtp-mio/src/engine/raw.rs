//! Links without a protocol (`ZMQ_STREAM`): each read is a message.

use zmtp_core::pattern::PeerId;

use super::Engine;
use super::link::Link;
use super::pattern::Pattern;
use super::queue::Letter;
use super::receive::{BUDGET, ReadOutcome, Receiver, none_yet};
use crate::endpoint::{Endpoint, EndpointError};
use crate::error::Error;
use crate::message::Message;
use crate::monitor::CloseReason;

impl Link {
    /// Reads until the stream is drained, the queue is full or the budget is spent. What a read
    /// brings goes to the application behind the peer's routing id.
    pub(super) fn receive_raw<P: Pattern>(
        &mut self,
        to: &mut Receiver<'_, P>,
    ) -> Result<ReadOutcome, CloseReason> {
        let mut budget = BUDGET;
        loop {
            // Of a connection that is to be closed what comes is read away, lest it be reset.
            if !self.tx.leaving && self.must_wait(to) {
                return Ok(ReadOutcome::Waiting);
            }
            let n = match self.stream.read(to.scratch) {
                Ok(0) => return Err(CloseReason::ByPeer),
                Ok(n) => n,
                Err(error) => match none_yet(error)? {
                    Some(n) => n,
                    None => return Ok(ReadOutcome::Drained),
                },
            };
            if !self.tx.leaving {
                let mut message = Message::from(to.pattern.prefix(to.peer).unwrap_or_default());
                message.push(&to.scratch[..n]);
                let counters = &mut to.monitor.counters;
                counters.messages_received += 1;
                counters.bytes_received += n as u64;
                to.incoming.push(Letter::from(message));
                to.pattern.queued(to.peer);
                self.rx.proven = true;
            }
            if n < to.scratch.len() && !self.rx.closing {
                return Ok(ReadOutcome::Drained);
            }
            budget = budget.saturating_sub(n);
            if budget == 0 {
                return Ok(ReadOutcome::Again);
            }
        }
    }
}

impl Engine {
    /// Whether the socket type can be at such an endpoint at all.
    pub(crate) fn check(&self, endpoint: &Endpoint) -> Result<(), Error> {
        match endpoint {
            Endpoint::Inproc(_) if self.pattern.is_raw() => Err(EndpointError::new(
                endpoint.to_string(),
                "`tcp://` or `ipc://`, where a STREAM's bytes can go",
            )
            .into()),
            _ => Ok(()),
        }
    }

    /// Whether one can listen there.
    pub(super) fn check_listen(&self, endpoint: &Endpoint) -> Result<(), Error> {
        self.check(endpoint)?;
        match endpoint {
            Endpoint::Tcp { source: Some(_), .. } => {
                let text = endpoint.to_string();
                Err(EndpointError::new(text, "no address to dial from, to listen").into())
            }
            _ => Ok(()),
        }
    }

    /// A raw link has no handshake: its peer is ready at once.
    pub(super) fn begin_raw(&mut self, index: usize) {
        let Some(peer) = self.peers.get_mut(index) else { return };
        if peer.is_in_accepted_handshake() {
            self.handshakes.end();
        }
        peer.set_ready();
        let result = self.pattern.up(&mut peer.context());
        self.report(index);
        if let Err(reason) = result {
            self.close(index, reason);
        }
    }

    /// Closes a peer's connection when everything queued for it is written, for good.
    pub(crate) fn leave(&mut self, peer: PeerId) {
        let Some(index) = self.index(peer) else { return };
        let Some(slot) = self.peers.get_mut(index) else { return };
        slot.give_up();
        match slot.link() {
            Some(link) => {
                link.tx.leaving = true;
                self.flush(index);
                // What reading waited for does not matter any more.
                self.schedule(index);
            }
            None => self.close(index, CloseReason::ByUs),
        }
        self.carry_out_closes();
    }
}
