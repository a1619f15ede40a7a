//! Received bytes, and how far a connection has come in them.

use core::borrow::Borrow;

use zmtp_core::mechanism::Mechanism;
use zmtp_core::{Config, Connection, Event, Instant};

/// Bytes for a connection, as a driver keeps them.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    bytes: Vec<u8>,
    consumed: usize,
}

impl Reader {
    /// These bytes have arrived.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self { bytes: bytes.into(), consumed: 0 }
    }

    /// More bytes have arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The connection's next event, and the bytes that it is about.
    pub fn receive<M: Mechanism, C: Borrow<Config>>(
        &mut self,
        connection: &mut Connection<M, C>,
        now: Instant,
    ) -> (Event, Vec<u8>) {
        let received = connection.receive(now, &mut self.bytes);
        let unread = connection.unread();
        let payload = match received.event {
            Event::NeedInput | Event::Sealed => Vec::new(),
            _ => received.payload_of(&self.bytes, unread).to_vec(),
        };
        let consumed = self.bytes.len() - unread;
        self.bytes.drain(..consumed);
        self.consumed += consumed;
        (received.event, payload)
    }

    /// All events until the connection needs more bytes, must transmit, or has failed; that one is
    /// the last.
    pub fn receive_all<M: Mechanism, C: Borrow<Config>>(
        &mut self,
        connection: &mut Connection<M, C>,
        now: Instant,
    ) -> Vec<Event> {
        let mut events = Vec::new();
        loop {
            let (event, _) = self.receive(connection, now);
            events.push(event);
            if is_last(event) {
                return events;
            }
        }
    }

    /// How many bytes the connection took so far.
    pub const fn consumed(&self) -> usize {
        self.consumed
    }

    /// The bytes that it has not taken.
    pub fn rest(&self) -> &[u8] {
        &self.bytes
    }
}

/// Whether a connection has nothing to report behind this event as things are.
pub const fn is_last(event: Event) -> bool {
    matches!(
        event,
        Event::NeedInput | Event::NeedTransmit | Event::Sealed | Event::Waiting | Event::Failed
    )
}
