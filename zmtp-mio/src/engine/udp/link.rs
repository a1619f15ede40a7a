//! The socket of a UDP endpoint: messages become datagrams, and datagrams become messages.

use core::net::SocketAddr;
use std::io;
use std::sync::Arc;

use mio::{Interest, Registry};
use zmtp_core::wire::{Datagram, DatagramError, Group};

use super::super::scheduler::Key;
use crate::message::{Message, Properties};
use crate::transport::{DatagramSocket, LONGEST, Received};

/// What a UDP endpoint does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::engine) enum Use {
    /// RADIO: sends to this address.
    Sends(SocketAddr),
    /// DISH: receives.
    Receives,
    /// DGRAM: receives, and sends to the address that each message begins with.
    Exchanges,
}

/// The socket of a UDP endpoint.
#[derive(Debug)]
pub(in crate::engine) struct UdpLink {
    socket: DatagramSocket,
    does: Use,
    /// A datagram, while it is sent or received.
    buffer: Box<[u8]>,
    /// Reading waits for room in the incoming queue.
    pub(in crate::engine) paused: bool,
    /// The system has no room for another datagram.
    pub(in crate::engine) blocked: bool,
    /// The events that the socket is registered for.
    watched: Option<Interest>,
    /// The number of datagrams that were sent, or refused by the system.
    pub(in crate::engine) sent: u64,
    /// The last call of the system failed.
    failing: bool,
    /// There was an event of a datagram that is not a message, or is too long.
    pub(super) noted_malformed: bool,
    /// The sender of the last message, and the properties of its messages.
    sender: Option<(SocketAddr, Arc<Properties>)>,
}

/// The result of a send.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Sent {
    Done,
    /// The system has no room now.
    Blocked,
    /// The datagram is dropped. The error is `None` if the datagram before it failed too.
    Failed(Option<io::ErrorKind>),
}

/// The result of a receive.
#[derive(Debug)]
pub(super) enum Incoming {
    /// A datagram, which is in the buffer.
    Datagram(Received),
    /// No datagram has arrived.
    Nothing,
    /// The system returned an error. It is `None` if the call before failed too.
    Failed(Option<io::ErrorKind>),
}

impl UdpLink {
    pub(super) fn new(socket: DatagramSocket, does: Use) -> Self {
        let len = match does {
            Use::Sends(_) => Datagram::MAX_LEN,
            // One byte more, by which a longer datagram is recognised.
            Use::Receives => Datagram::MAX_LEN + 1,
            Use::Exchanges => usize::from(u16::MAX),
        };
        Self {
            socket,
            does,
            buffer: vec![0; len].into(),
            paused: false,
            blocked: false,
            watched: None,
            sent: 0,
            failing: false,
            noted_malformed: false,
            sender: None,
        }
    }

    pub(super) const fn does(&self) -> Use {
        self.does
    }

    pub(super) fn local(&self) -> Option<SocketAddr> {
        self.socket.local()
    }

    /// Whether datagrams can be sent to addresses of this family.
    pub(super) const fn reaches(&self, address: SocketAddr) -> bool {
        self.socket.reaches(address)
    }

    /// Sends a message: a group and a body, or an address and a body.
    pub(super) fn send(&mut self, message: &Message) -> Sent {
        let (first, body) =
            (message.part(0).unwrap_or_default(), message.part(1).unwrap_or_default());
        let result = match self.does {
            Use::Sends(to) => self
                .encode(first, body)
                .and_then(|len| self.socket.send(self.buffer.get(..len).unwrap_or_default(), to)),
            Use::Exchanges => match parse_address(first) {
                Ok(to) => self.socket.send(body, to),
                // It was checked before.
                Err(_) => Err(io::ErrorKind::InvalidInput.into()),
            },
            Use::Receives => Err(io::ErrorKind::Unsupported.into()),
        };
        match result {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.blocked = true;
                return Sent::Blocked;
            }
            _ => self.sent = self.sent.wrapping_add(1),
        }
        let failed = core::mem::replace(&mut self.failing, result.is_err());
        match result {
            Ok(()) => Sent::Done,
            Err(error) => Sent::Failed((!failed).then_some(error.kind())),
        }
    }

    fn encode(&mut self, group: &[u8], body: &[u8]) -> io::Result<usize> {
        let group = Group::new(group).map_err(DatagramError::from);
        let written = group.and_then(|group| Datagram { group, body }.write(&mut self.buffer));
        // It was checked before.
        written.map_err(|_| io::ErrorKind::InvalidInput.into())
    }

    /// Receives a datagram into the buffer.
    pub(super) fn receive(&mut self) -> Incoming {
        match self.socket.receive(&mut self.buffer) {
            Ok(received) => {
                self.failing = false;
                Incoming::Datagram(received)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Incoming::Nothing,
            Err(error) => {
                let failed = core::mem::replace(&mut self.failing, true);
                Incoming::Failed((!failed).then_some(error.kind()))
            }
        }
    }

    /// The bytes of the datagram that was received last, as far as the buffer has room.
    pub(super) fn bytes(&self, received: Received) -> &[u8] {
        self.buffer.get(..received.len).unwrap_or(&self.buffer)
    }

    /// The properties of messages of a sender. `new` makes them.
    pub(super) fn properties_of(
        &mut self,
        sender: SocketAddr,
        new: impl FnOnce() -> Properties,
    ) -> Arc<Properties> {
        match &self.sender {
            Some((last, properties)) if *last == sender => Arc::clone(properties),
            _ => {
                let properties = Arc::new(new());
                self.sender = Some((sender, Arc::clone(&properties)));
                properties
            }
        }
    }

    /// Whether its socket must be registered for other events than now.
    pub(super) fn is_watched_wrongly(&self) -> bool {
        self.watched != self.interest()
    }

    fn interest(&self) -> Option<Interest> {
        let reads = (!matches!(self.does, Use::Sends(_))).then_some(Interest::READABLE);
        let writes = self.blocked.then_some(Interest::WRITABLE);
        match (reads, writes) {
            (Some(reads), Some(writes)) => Some(reads | writes),
            (reads, writes) => reads.or(writes),
        }
    }

    /// Registers its socket for the events that it waits for.
    pub(super) fn watch(&mut self, registry: &Registry, key: Key) -> io::Result<()> {
        let interest = self.interest();
        match (self.watched, interest) {
            (None, None) => {}
            (None, Some(new)) => self.socket.register(registry, key.token(), new)?,
            (Some(_), Some(new)) => self.socket.reregister(registry, key.token(), new)?,
            (Some(_), None) => self.socket.deregister(registry)?,
        }
        self.watched = interest;
        Ok(())
    }

    pub(in crate::engine) fn deregister(&mut self, registry: &Registry) {
        if self.watched.take().is_some() {
            let _ = self.socket.deregister(registry);
        }
    }
}

/// The address that a message of a DGRAM begins with: `192.0.2.1:5555` or `[2001:db8::1]:5555`. As in libzmq, a 0 byte
/// may follow.
pub(crate) fn parse_address(part: &[u8]) -> Result<SocketAddr, &'static str> {
    let text = part.strip_suffix(b"\0").unwrap_or(part);
    let text = core::str::from_utf8(text).ok();
    let address = text.and_then(|text| text.parse::<SocketAddr>().ok());
    match address {
        None => Err("a numeric address and a port, as `192.0.2.1:5555` or `[2001:db8::1]:5555`"),
        Some(address) if address.port() == 0 => Err("a port that is not 0"),
        Some(address) => Ok(address),
    }
}

/// The length of the body of a DGRAM, if it can be sent.
pub(crate) fn check_body(body: &[u8]) -> Result<(), DatagramError> {
    match body.len() {
        len if len > LONGEST => Err(DatagramError::TooLong(len.try_into().unwrap_or(u32::MAX))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_numeric_and_has_a_port() {
        for text in ["192.0.2.1:5555", "[2001:db8::1]:5555", "[fe80::1%2]:5555"] {
            assert_eq!(parse_address(text.as_bytes()).unwrap().to_string(), text);
        }
        assert_eq!(parse_address(b"192.0.2.1:5555\0"), parse_address(b"192.0.2.1:5555"));
        for text in [
            "",
            "\0",
            "192.0.2.1",
            "192.0.2.1:",
            "192.0.2.1:0",
            "localhost:5555",
            "::1:5555",
            "\u{ff}",
        ] {
            assert!(parse_address(text.as_bytes()).is_err(), "{text:?}");
        }
        assert!(parse_address(b"192.0.2.1:5555\0\0").is_err());
        assert!(parse_address(b"\xff:5555").is_err());
    }
}
