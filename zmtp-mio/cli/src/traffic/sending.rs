//! Sending: messages of the command line, and received ones that go back.

use core::time::Duration;
use std::time::Instant;

use zmtp_mio::{Error, Message, SendError, SocketKind};

use super::running::{Running, STRETCH};
use super::source::{Next, Outgoing};
use crate::exit::Failure;

impl Running<'_> {
    /// Sends a received message back.
    pub(super) fn answer(&mut self, mut message: Message) -> Result<(), Failure> {
        let bytes = message.byte_len();
        loop {
            match self.socket.send_timeout(message, self.slice(Duration::MAX)) {
                Ok(()) => {
                    self.tally.sent(bytes);
                    return Ok(());
                }
                Err(SendError {
                    error: Error::WouldBlock | Error::Woken, message: back, ..
                }) => {
                    message = *back;
                }
                // The sender has left, or its address cannot be sent to: a datagram may come from port 0.
                Err(error)
                    if self.is_gone(&error) || matches!(error.error, Error::Address { .. }) =>
                {
                    self.now.unroutable += 1;
                    return Ok(());
                }
                Err(error) => return Err(self.context.failure(error.error)),
            }
            self.events();
            self.check_connecting()?;
        }
    }

    /// Sends due messages; returns whether more can be sent at once.
    pub(super) fn send(&mut self) -> Result<bool, Failure> {
        for _ in 0..STRETCH {
            if self.now.over {
                return Ok(false);
            }
            if self.now.pending.is_none() {
                match self.source.next()? {
                    Next::Message(message) => self.now.pending = Some(message),
                    Next::Later => return Ok(false),
                    Next::End => {
                        self.now.over = true;
                        self.now.last = Instant::now();
                        return Ok(false);
                    }
                }
            }
            if !self.pace.is_due() {
                return Ok(false);
            }
            let Some(Outgoing { mut message, is_addressed }) = self.now.pending.take() else {
                return Ok(false);
            };
            self.now.refused = false;
            let plain = (self.kind == SocketKind::Stream).then(|| message.clone());
            if !is_addressed {
                self.address(&mut message)?;
            }
            let bytes = message.byte_len();
            match self.socket.send_timeout(message, Duration::ZERO) {
                Ok(()) => {
                    self.pace.gone();
                    self.tally.sent(bytes);
                    self.now.last = Instant::now();
                }
                Err(SendError {
                    error: error @ (Error::WouldBlock | Error::Woken),
                    message,
                    ..
                }) => {
                    let message = plain.unwrap_or(*message);
                    self.now.pending = Some(Outgoing { message, is_addressed });
                    // After a wake-up the message may still be accepted.
                    self.now.refused = !matches!(error, Error::Woken);
                    return Ok(!self.now.refused);
                }
                Err(error) if self.is_gone(&error) && is_addressed => self.now.unroutable += 1,
                Err(error) if self.is_gone(&error) => {
                    // Without a peer, it waits for one. If its peer has left, the next one gets it.
                    self.now.refused = self.socket.peers().len() == 0;
                    let mut message = plain.unwrap_or(*error.message);
                    message.set_routing_id(None);
                    self.now.pending = Some(message.into());
                    return Ok(!self.now.refused);
                }
                Err(error) => {
                    // It is one of those that are not sent.
                    self.now.pending = Some((*error.message).into());
                    return Err(self.context.failure(error.error));
                }
            }
        }
        Ok(true)
    }

    /// SERVER, PEER and STREAM: whether the message was refused because it has no peer, or because its peer has left.
    const fn is_gone(&self, error: &SendError) -> bool {
        matches!(self.kind, SocketKind::Peer | SocketKind::Server | SocketKind::Stream)
            && matches!(error.error, Error::Unroutable)
    }

    /// Sets what a message needs besides its parts: the group of a RADIO; the routing id of a SERVER, PEER or STREAM,
    /// whose peers get the messages in turn.
    fn address(&mut self, message: &mut Message) -> Result<(), Failure> {
        match self.kind {
            SocketKind::Radio => {
                let set = message.set_group(&self.group);
                return set.map_err(|error| Failure::Socket(Error::Group(error)));
            }
            SocketKind::Peer | SocketKind::Server if message.routing_id().is_none() => {
                let ids: Vec<_> = self
                    .socket
                    .peers()
                    .filter_map(|peer| Some(u32::from_be_bytes(*peer.routing_id.first_chunk()?)))
                    .collect();
                if !ids.is_empty() {
                    message.set_routing_id(ids[self.turn % ids.len()]);
                    self.turn += 1;
                }
            }
            SocketKind::Stream => {
                let ids: Vec<_> = self.socket.peers().map(|peer| peer.routing_id).collect();
                if !ids.is_empty() {
                    message.push_front(&ids[self.turn % ids.len()]);
                    self.turn += 1;
                }
            }
            _ => {}
        }
        Ok(())
    }
}
