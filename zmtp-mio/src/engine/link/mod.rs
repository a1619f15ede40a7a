//! An established connection: its stream, its protocol, and the state of each direction.

mod decode;
mod ledger;
mod liveness;
mod output;
mod partial;
mod pending;
mod question;
mod read;
mod ready_hold;
mod run;
mod slices;
mod staged;
mod write;

use std::sync::Arc;
use std::time::Instant;

use zmtp_core::pattern::Verdict;
use zmtp_core::wire::Framing;
use zmtp_core::{Config, Connection, Subscription};

pub(super) use output::{Output, Spares};
pub(crate) use pending::COPY;
pub(super) use read::{Limits, ReadOutcome, ReadReport, Receiver};
pub(super) use run::{Range, Run};
pub(super) use write::count_sent;

use super::queue::{Envelope, Queue, QueuedMessage};
use crate::mechanism::AnyMechanism;
use crate::message::Properties;
use crate::monitor::CloseReason;
use crate::transport::Stream;
use ledger::Ledger;
use liveness::Liveness;
use partial::Partial;
use ready_hold::ReadyHold;
use staged::Staged;

/// The protocol state of a ZMTP connection.
pub(super) type Zmtp = Connection<AnyMechanism, Arc<Config>>;

/// An established connection. At rest it owns its state and no buffer.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) stream: Stream,
    protocol: Protocol,
    pub(super) receive: ReceiveHalf,
    pub(super) send: SendHalf,
    /// Only with heartbeats of either end.
    liveness: Option<Box<Liveness>>,
    pub(super) since: Instant,
}

#[derive(Debug)]
enum Protocol {
    Zmtp(Zmtp),
    /// Bytes without a protocol (`ZMQ_STREAM`).
    Raw,
}

/// Whether a number that counts modulo 2^64 has grown.
pub(super) const fn has_grown(before: u64, now: u64) -> bool {
    now.wrapping_sub(before).cast_signed() > 0
}

/// The state of the direction to this socket.
#[derive(Debug, Default)]
pub(super) struct ReceiveHalf {
    /// The number of missing bytes of the sealed frame at the end of the read bytes; 0 if there is none.
    missing: usize,
    /// The message whose frames are arriving.
    partial: Partial,
    /// The properties of messages from this peer, after the handshake.
    pub(super) properties: Option<Arc<Properties>>,
    /// The decision of the pattern about the current frame.
    verdict: Option<Verdict>,
    /// A frame of the current message has arrived, and others follow.
    in_message: bool,
    /// A large body has arrived, and since then no read of a few KiB contained none.
    large: bool,
    /// The current message is rejected: its further frames are discarded.
    rejected: bool,
    /// The peer closed its side: read until the end, also after a short read.
    pub(super) closing: bool,
    /// Reading waits until the queue has room.
    pub(super) paused: bool,
    /// Reading waits for an answer about the peer.
    awaits_answer: bool,
    /// Reading waits until control bytes are written.
    pub(super) congested: bool,
    /// A complete message has arrived: the connection is useful, and after its loss the next attempt begins
    /// soon.
    pub(super) proven: bool,
    /// The first command that was ignored is reported.
    reported_ignored: bool,
    /// A refused subscription was reported.
    reported_subscription: bool,
    /// The first message that was dropped is reported.
    reported_dropped: bool,
}

impl ReceiveHalf {
    /// The memory of the message that is arriving.
    pub(super) fn partial_bytes(&self) -> usize {
        self.partial.get().map_or(0, |partial| partial.bytes() + partial.message.spare_len())
    }

    /// Discards the message that is arriving.
    pub(super) fn discard(&mut self) {
        self.partial.take();
        self.missing = 0;
    }
}

/// The state of the direction to the peer.
#[derive(Debug, Default)]
pub(super) struct SendHalf {
    /// The bytes that are written first.
    staged: Staged,
    /// Commands that are staged next.
    control: Vec<u8>,
    /// Messages that are encoded and not written.
    pub(super) output: Output,
    /// The output takes messages. Otherwise frames are made of those in the queue when they are written: for a peer of
    /// ZMTP 1.0, one without a protocol, and if only the newest message is kept.
    pub(super) takes_messages: bool,
    /// The last write was incomplete: the stream reports when it is writable.
    pub(super) blocked: bool,
    /// Writing failed. Bytes that have arrived are still read.
    pub(super) broken: Option<CloseReason>,
    /// The connection is closed when everything is written.
    pub(super) leaving: bool,
    /// Only the newest message is kept (`ZMQ_CONFLATE`): it stays in the queue until it is written.
    pub(super) conflate: bool,
    /// The stream is registered for writability.
    pub(super) watching: bool,
    /// Bytes written.
    written: u64,
    /// The messages among these bytes.
    ledger: Ledger,
    /// The number of bytes up to the end of the last command that was staged.
    control_end: u64,
    /// The bytes of the greeting and of commands that were staged.
    opened: u8,
    ready_hold: ReadyHold,
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
        Self { stream, protocol, receive, send, liveness: None, since }
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

    /// A number that changes with each byte of the message that is arriving, whether it is kept or discarded.
    pub(super) fn arrival(&self) -> usize {
        let partial = self.receive.partial.get();
        let kept =
            partial.map_or(0, |partial| partial.message.byte_len() + partial.envelope.byte_len());
        let missing = match &self.protocol {
            Protocol::Zmtp(connection) => connection.incoming().map_or(0, |body| body.remaining),
            Protocol::Raw => 0,
        };
        kept.wrapping_sub(missing as usize)
    }

    /// Whether a ready connection whose output takes messages has no bytes to write, and no reading that waits for a write.
    pub(super) fn is_quiet(&self) -> bool {
        let SendHalf { staged, control, output, .. } = &self.send;
        let idle = staged.bytes().is_empty() && control.is_empty() && output.is_empty();
        let waits = self.send.blocked || self.send.watching || self.receive.congested;
        let ends = self.send.leaving || self.send.broken.is_some();
        let Protocol::Zmtp(connection) = &self.protocol else { return false };
        self.send.takes_messages && idle && !waits && !ends && !connection.needs_transmit()
    }

    /// Whether the connection seals its frames.
    pub(super) fn is_sealed(&self) -> bool {
        matches!(&self.protocol, Protocol::Zmtp(connection) if connection.is_sealed())
    }

    /// Whether a message is partly written. It is in the output, or it is the first of the queue.
    pub(super) fn is_mid_message(&self) -> bool {
        self.send.output.is_mid_message() || self.send.staged.is_mid_message()
    }

    /// The number of messages at the front of the queue, or of the output, of which frames are made: they stay there
    /// until they are written.
    pub(super) fn staged_messages(&self) -> usize {
        self.send.staged.message_count()
    }

    /// The number of bytes outside the queue and the output that are not written.
    pub(super) fn unwritten(&self) -> usize {
        self.send.staged.bytes().len() + self.send.control.len()
    }

    /// Whether reading waits for a write, for room in the queue, or for an answer.
    pub(super) const fn is_reading_paused(&self) -> bool {
        self.receive.paused || self.receive.congested || self.receive.awaits_answer
    }

    /// Whether its handshake waits for the answer of an authenticator.
    pub(super) const fn awaits_answer(&self) -> bool {
        self.receive.awaits_answer
    }

    /// The bytes of memory that it takes to send.
    pub(super) fn send_memory(&self) -> usize {
        self.unwritten() + self.send.output.weight()
    }

    /// The number of messages that were written as a whole.
    pub(super) const fn written_messages(&self) -> u64 {
        self.send.ledger.messages()
    }

    /// The number of messages that were written and may not have arrived, at most, when the connection ends.
    pub(super) fn in_doubt(&self, reason: CloseReason) -> u64 {
        let mut arrived = self.acknowledged();
        if self.stream.forgets_unread() && matches!(reason, CloseReason::Io(_)) {
            arrived = arrived.min(self.send.ledger.arrived());
        }
        self.send.ledger.in_doubt(self.send.written, arrived)
    }

    /// The number of written bytes that have [arrived](Stream::unacknowledged).
    pub(super) fn acknowledged(&self) -> u64 {
        self.send.written.saturating_sub(self.stream.unacknowledged())
    }

    /// A number that grows when written bytes [arrive](Stream::unacknowledged), modulo 2^64. Over IPC it falls with each
    /// write, because the system counts some memory for it; it does not grow unless the peer reads.
    pub(super) fn arrivals(&self) -> u64 {
        self.send.written.wrapping_sub(self.stream.unacknowledged())
    }

    /// Takes the messages of the output of which no byte is written.
    pub(super) fn take_back(&mut self, run: &Run, spares: &mut Spares) -> Vec<QueuedMessage> {
        let sealed_part = self.send.takes_messages && self.send.staged.is_mid_message();
        if let Protocol::Zmtp(connection) = &mut self.protocol {
            self.send.output.reverse_first(connection);
        }
        self.send.output.take_back(sealed_part, run, spares)
    }

    /// Lets the output take messages if the peer takes frames of ZMTP 3, and moves queued messages into it.
    fn begin_output(&mut self, queue: &mut Queue, run: &Run, spares: &mut Spares) {
        if !self.send.takes_messages {
            let Protocol::Zmtp(connection) = &self.protocol else { return };
            self.send.takes_messages = takes_messages(connection) && !self.send.conflate;
        }
        if self.send.takes_messages && !queue.is_empty() {
            self.take_queued(queue, run, spares);
        }
    }

    /// Moves queued messages into the output.
    fn take_queued(&mut self, queue: &mut Queue, run: &Run, spares: &mut Spares) {
        while let Some(mut queued) = queue.pop() {
            match queued.envelope {
                Envelope::Subscription(what) => {
                    let topic = queued.message.part(0).unwrap_or_default();
                    let command = self.encode_subscription(what, topic);
                    self.send.output.append_command(&command, run, spares);
                }
                _ => self.send.output.append(&mut queued.outgoing(), run, spares),
            }
        }
    }

    /// Encodes a subscription for the peer.
    fn encode_subscription(&mut self, what: Subscription, topic: &[u8]) -> Vec<u8> {
        let Protocol::Zmtp(connection) = &mut self.protocol else { return Vec::new() };
        let mut bytes = vec![0; connection.subscription_len(what, topic.len())];
        // It is encoded for a connection that is ready, with a buffer of the right size. Sealing follows later.
        let len = connection.encode_clear_subscription(what, topic, &mut bytes);
        bytes.truncate(len.unwrap_or_default());
        bytes
    }
}

/// Whether a connection takes frames of ZMTP 2.0 or later, in the clear or sealed.
pub(super) fn takes_messages(connection: &Zmtp) -> bool {
    connection.is_ready() && connection.framing() != Framing::V1
}
