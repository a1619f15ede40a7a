//! An established connection: its stream, its protocol, and what is under way in each direction.

mod output;
mod raw;
mod read;
mod write;

use std::sync::Arc;
use std::time::Instant;

use zmtp_core::pattern::Verdict;
use zmtp_core::{Config, Connection};

pub(super) use read::{ReadOutcome, ReadReport, Receiver};

use super::queue::QueuedMessage;
use crate::mechanism::AnyMechanism;
use crate::message::Properties;
use crate::monitor::CloseReason;
use crate::transport::Stream;
use output::Output;

/// The protocol state of a ZMTP connection.
pub(super) type Zmtp = Connection<AnyMechanism, Arc<Config>>;

/// An established connection. At rest it owns its state and no buffer.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) stream: Stream,
    protocol: Protocol,
    pub(super) receive: ReceiveHalf,
    pub(super) send: SendHalf,
    pub(super) since: Instant,
}

#[derive(Debug)]
enum Protocol {
    Zmtp(Zmtp),
    /// Bytes without a protocol (`ZMQ_STREAM`).
    Raw,
}

/// What is under way towards this socket.
#[derive(Debug, Default)]
pub(super) struct ReceiveHalf {
    /// Bytes that are read and not decoded: an incomplete header or command, or the bytes after the last
    /// message for which the queue had room.
    unread: Vec<u8>,
    /// Bytes that the sealed frame in `unread` lacks; 0 if there is none.
    missing: usize,
    /// The message whose frames are arriving.
    partial: QueuedMessage,
    /// The properties of messages from this peer, once the handshake is over.
    pub(super) properties: Option<Arc<Properties>>,
    /// Where the body of the current frame goes.
    verdict: Option<Verdict>,
    /// A frame of the current message has arrived, and others follow.
    in_message: bool,
    /// The current message is rejected: its further frames are discarded.
    rejected: bool,
    /// The peer closed its side: read until the end, also after a short read.
    pub(super) closing: bool,
    /// Reading waits until the queue has room.
    pub(super) paused: bool,
    /// Reading waits until control bytes are written.
    pub(super) congested: bool,
    /// A message arrived whole: the connection is useful, and after its loss the next attempt begins
    /// soon.
    pub(super) proven: bool,
    /// The first command that was ignored is reported.
    reported_ignored: bool,
    /// The first message that was dropped is reported.
    reported_dropped: bool,
}

impl ReceiveHalf {
    /// Bytes that are held outside the queues, and those of them that the application cannot make room
    /// for by receiving. Whole messages behind a full queue are not among the latter.
    pub(super) fn memory(&self) -> (usize, usize) {
        let (partial, unread) = (self.partial.bytes(), self.unread.len());
        (partial + unread, partial + if self.paused { 0 } else { unread })
    }

    /// Discards the message that is arriving, and the bytes that are not decoded.
    pub(super) fn discard(&mut self) {
        self.partial = QueuedMessage::default();
        self.unread = Vec::new();
        self.missing = 0;
    }
}

/// What is under way towards the peer.
#[derive(Debug, Default)]
pub(super) struct SendHalf {
    /// What is encoded and not written.
    output: Output,
    /// The last write was cut short: the stream reports when it is writable.
    pub(super) blocked: bool,
    /// Writing failed. What has arrived is still read.
    pub(super) broken: Option<CloseReason>,
    /// The connection is closed when everything is written.
    pub(super) leaving: bool,
    /// The stream is registered for writability.
    pub(super) watching: bool,
}

impl Link {
    /// A connection that begins with its greeting.
    pub(super) fn new(
        stream: Stream,
        mechanism: AnyMechanism,
        config: &Arc<Config>,
        since: Instant,
        now: zmtp_core::Instant,
    ) -> Self {
        let connection = Connection::new(mechanism, Arc::clone(config), now);
        Self::with(stream, Protocol::Zmtp(connection), since)
    }

    /// A connection without a protocol.
    pub(super) fn raw(stream: Stream, since: Instant) -> Self {
        Self::with(stream, Protocol::Raw, since)
    }

    fn with(stream: Stream, protocol: Protocol, since: Instant) -> Self {
        let (receive, send) = (ReceiveHalf::default(), SendHalf::default());
        Self { stream, protocol, receive, send, since }
    }

    /// The protocol state; `None` without a protocol.
    pub(super) const fn zmtp(&mut self) -> Option<&mut Zmtp> {
        match &mut self.protocol {
            Protocol::Zmtp(connection) => Some(connection),
            Protocol::Raw => None,
        }
    }

    pub(super) const fn is_raw(&self) -> bool {
        matches!(self.protocol, Protocol::Raw)
    }

    /// Whether a message is arriving.
    pub(super) const fn in_message(&self) -> bool {
        match &self.protocol {
            Protocol::Zmtp(connection) => connection.in_message(),
            Protocol::Raw => false,
        }
    }

    /// Reads and decodes within bounds.
    pub(super) fn read(&mut self, to: &mut Receiver<'_>) -> Result<ReadOutcome, CloseReason> {
        let Self { stream, protocol, receive, send, .. } = self;
        match protocol {
            Protocol::Zmtp(connection) => {
                read::Reader { stream, connection, receive, send }.read(to)
            }
            Protocol::Raw => raw::read(stream, receive, send, to),
        }
    }

    /// Whether the first message of the queue is partly written.
    pub(super) fn is_mid_message(&self) -> bool {
        self.send.output.is_mid_message()
    }

    /// The number of messages at the front of the queue that are encoded, or partly so: they stay
    /// there.
    pub(super) fn encoded(&self) -> usize {
        self.send.output.messages()
    }

    /// The number of bytes that are encoded and not written.
    pub(super) const fn unwritten(&self) -> usize {
        self.send.output.len()
    }

    /// The number of bytes written.
    pub(super) const fn written(&self) -> u64 {
        self.send.output.written()
    }
}
