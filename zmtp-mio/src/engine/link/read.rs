//! Reading: one large read, then the decoding of all its bytes. Without a protocol, each read is a message.

use std::io;

use zmtp_core::pattern::{Pattern, PeerId, Reason, Verdict};
use zmtp_core::{IgnoredCommand, PeerInfo, Subscription};

use super::liveness::Liveness;
use super::{Link, Protocol, ReceiveHalf, SendHalf, Zmtp};
use crate::connection_id::ConnectionId;
use crate::memory::OutOfMemory;
use crate::message::Message;
use crate::monitor::{CloseReason, Monitor, RefusedReason};
use crate::pattern::{AnyPattern, PeerContext};
use crate::queue::{Chunk, Inbox, Mark, Queue, QueuedMessage, READ};
use crate::security::User;
use crate::transport::{Addresses, Stream};

/// A body with at least this many missing bytes is read directly into the message.
const DIRECT: u64 = 16 << 10;
/// After a body of this size the next one is expected to be as large.
pub(super) const LARGE: u64 = 32 << 10;
/// The memory of a body doubles while it arrives, but grows by at most this at once.
const STEP: usize = 1 << 20;
/// Bytes that one link may read in a turn.
const BUDGET: usize = 1 << 20;

/// What a link needs from its engine to receive.
pub(in crate::engine) struct Receiver<'e> {
    pub(in crate::engine) pattern: &'e mut AnyPattern,
    pub(in crate::engine) monitor: &'e mut Monitor,
    pub(in crate::engine) incoming: &'e mut Inbox,
    pub(in crate::engine) outgoing: &'e mut Queue,
    pub(in crate::engine) limits: Limits,
    pub(in crate::engine) now: zmtp_core::Instant,
    pub(in crate::engine) peer: PeerId,
    pub(in crate::engine) connection: ConnectionId,
    pub(in crate::engine) addresses: &'e Addresses,
    /// The handshake is complete, and the pattern has accepted the peer.
    pub(in crate::engine) ready: bool,
    pub(in crate::engine) report: ReadReport,
}

/// How much is read.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct Limits {
    /// Only the newest message is kept (`ZMQ_CONFLATE`).
    pub(in crate::engine) conflate: bool,
    pub(in crate::engine) mark: Mark,
    /// The memory of the socket has reached its limit: every queue that is not empty counts as full.
    pub(in crate::engine) memory_full: bool,
    /// The application can receive a message, which makes room.
    pub(in crate::engine) has_incoming: bool,
    /// The socket is being closed: what the application cannot receive any more is not read.
    pub(in crate::engine) ending: bool,
}

/// The results of a read besides messages.
#[derive(Debug, Default)]
pub(in crate::engine) struct ReadReport {
    pub(in crate::engine) ready: Option<PeerInfo>,
    /// The peer that lost its routing id to this one.
    pub(in crate::engine) displaced: Option<PeerId>,
    /// The routing id that the peer announced.
    pub(in crate::engine) routing_id: Box<[u8]>,
    /// The user that the peer is.
    pub(in crate::engine) user: Option<Box<User>>,
    pub(in crate::engine) refused: Option<RefusedReason>,
    /// The first command of the connection that was ignored.
    pub(in crate::engine) ignored: Option<IgnoredCommand>,
    /// The first subscription of the connection was refused.
    pub(in crate::engine) refused_subscription: bool,
    /// The first message of the connection that was dropped.
    pub(in crate::engine) dropped: Option<Reason>,
}

/// How a read ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::engine) enum ReadOutcome {
    /// The stream has no more bytes. Its next event reports new ones.
    Drained,
    /// The budget is spent; there may be more.
    Again,
    /// The queue is full, or answers must be written first.
    Waiting,
}

/// A link's parts while it reads.
pub(super) struct Reader<'l> {
    pub(super) stream: &'l mut Stream,
    pub(super) connection: &'l mut Zmtp,
    pub(super) receive: &'l mut ReceiveHalf,
    pub(super) send: &'l mut SendHalf,
    pub(super) liveness: &'l mut Option<Box<Liveness>>,
}

impl Link {
    /// Reads and decodes within bounds.
    pub(in crate::engine) fn read(
        &mut self,
        to: &mut Receiver<'_>,
    ) -> Result<ReadOutcome, CloseReason> {
        let Self { stream, protocol, receive, send, liveness, .. } = self;
        match protocol {
            Protocol::Zmtp(connection) => {
                Reader { stream, connection, receive, send, liveness }.read(to)
            }
            Protocol::Raw => read_raw(stream, receive, send, to),
        }
    }

    /// Decodes what was read, at the end of the connection. Nothing is answered.
    pub(in crate::engine) fn decode_rest(&mut self, to: &mut Receiver<'_>) {
        let Self { stream, protocol, receive, send, liveness, .. } = self;
        let Protocol::Zmtp(connection) = protocol else { return };
        receive.congested = false;
        send.broken.get_or_insert(CloseReason::ByUs);
        if receive.missing == 0 {
            let _ = Reader { stream, connection, receive, send, liveness }.decode(to);
        }
    }
}

impl Reader<'_> {
    /// Reads and decodes until the stream is drained, the queue is full or the budget is spent.
    pub(super) fn read(&mut self, to: &mut Receiver<'_>) -> Result<ReadOutcome, CloseReason> {
        let mut budget = BUDGET;
        // Bytes that were read before a pause are decoded first.
        let decodable = to.incoming.undecoded_len() > 0 && self.receive.missing == 0;
        if decodable && !self.decode(to)? {
            return Ok(ReadOutcome::Waiting);
        }
        loop {
            if self.must_wait(to) {
                return Ok(ReadOutcome::Waiting);
            }
            let direct = self.direct();
            let whole = self.receive.missing.saturating_add(to.incoming.undecoded_len());
            let collects = self.receive.missing > 0 && whole > READ;
            let few = direct.is_none() && self.reads_few(to);
            let (n, room) = match direct {
                Some(wanted) => self.read_body(wanted, to)?,
                None if collects => self.read_sealed(to)?,
                None => self.read_bytes(few, to)?,
            };
            let Some(n) = n else { return Ok(ReadOutcome::Drained) };
            if let Some(wanted) = direct {
                if let Some(header) = self.connection.body_received(n.min(wanted) as u64) {
                    self.frame_done(header, to)?;
                }
                if n > wanted && !self.decode(to)? {
                    return Ok(ReadOutcome::Waiting);
                }
            } else {
                if collects {
                    self.connection.reset_timeouts();
                }
                let incomplete = collects && self.receive.missing > 0;
                if !incomplete && !self.decode(to)? {
                    return Ok(ReadOutcome::Waiting);
                }
                if few && self.connection.incoming().is_none() {
                    self.receive.large = false;
                }
            }
            // A short read has drained the stream. Within a body the peer is usually still writing: another
            // read is cheaper than the event of its next piece.
            if n < room && !self.receive.closing && self.connection.incoming().is_none() {
                return Ok(ReadOutcome::Drained);
            }
            budget = budget.saturating_sub(n);
            if budget == 0 {
                return Ok(ReadOutcome::Again);
            }
        }
    }

    /// The missing bytes of the current body, if they are read directly into the message. A body of moderate size for
    /// which there is no memory is read as other bytes: they are copied when their number is known.
    fn direct(&mut self) -> Option<usize> {
        let body = self.connection.incoming()?;
        let is_part = matches!(self.receive.verdict, Some(Verdict::Deliver | Verdict::Subject));
        if body.remaining < DIRECT || !is_part {
            return None;
        }
        let wanted = usize::try_from(body.remaining).unwrap_or(usize::MAX);
        let message = &mut self.receive.partial.begun().message;
        message.adopt(wanted);
        (message.room() >= wanted || wanted > READ / 2).then_some(wanted)
    }

    /// Reads bytes of the current body into the message. Its memory grows with the received bytes, not with the
    /// length in the header. If all missing bytes have room, up to a few KiB behind them are read too: the header of
    /// the next frame.
    fn read_body(
        &mut self,
        wanted: usize,
        to: &mut Receiver<'_>,
    ) -> Result<(Option<usize>, usize), CloseReason> {
        let message = &mut self.receive.partial.begun().message;
        let step = match message.room() {
            room if room >= wanted.min(DIRECT as usize) => room,
            _ => message.byte_len().clamp(DIRECT as usize, STEP),
        };
        let place = message.try_spare(step.min(wanted), wanted)?;
        let room = place.len().min(wanted);
        let place = &mut place[..room];
        let read = match room < wanted {
            true => self.stream.read(place).map(|n| (n, room)),
            false => to.incoming.read_few(place, |slices| self.stream.read_vectored(slices)),
        };
        match read {
            Ok((0, _)) => Err(CloseReason::ByPeer),
            Ok((n, room)) => {
                message.commit(n.min(wanted));
                Ok((Some(n), room))
            }
            Err(error) => Ok((none_yet(error)?, room)),
        }
    }

    /// Whether the next read is of a few KiB: after a large body, the rest of another one is then read directly into
    /// its message.
    fn reads_few(&self, to: &Receiver<'_>) -> bool {
        self.receive.large
            && self.receive.missing == 0
            && to.incoming.undecoded_len() == 0
            && self.connection.incoming().is_none()
    }

    /// Reads bytes of any kind, a few KiB or as many as a chunk has room for.
    fn read_bytes(
        &mut self,
        few: bool,
        to: &mut Receiver<'_>,
    ) -> Result<(Option<usize>, usize), CloseReason> {
        let read = match few {
            true => to.incoming.read_few(&mut [], |slices| self.stream.read_vectored(slices)),
            false => to.incoming.read(self.receive.missing, |place| self.stream.read(place)),
        };
        match read {
            Ok((0, _)) => Err(CloseReason::ByPeer),
            Ok((n, room)) => Ok((Some(n), room)),
            Err(error) => Ok((none_yet(error)?, 0)),
        }
    }

    /// Reads bytes of a sealed frame that is larger than one read. It is opened when it is complete. Its memory grows
    /// with the received bytes, not with the length in the header.
    fn read_sealed(
        &mut self,
        to: &mut Receiver<'_>,
    ) -> Result<(Option<usize>, usize), CloseReason> {
        let missing = self.receive.missing;
        let room = to.incoming.undecoded_len().clamp(DIRECT as usize, STEP).min(missing);
        match to.incoming.read_on(room, missing, |place| self.stream.read(place)) {
            Ok(0) => Err(CloseReason::ByPeer),
            Ok(n) => {
                self.receive.missing = missing - n;
                Ok((Some(n), room))
            }
            Err(error) => Ok((none_yet(error)?, room)),
        }
    }
}

/// Reads from a connection without a protocol (`ZMQ_STREAM`) until the stream is drained, the queue is full or the budget
/// is spent. Each read is a message, with the peer's routing id in front.
fn read_raw(
    stream: &mut Stream,
    receive: &mut ReceiveHalf,
    send: &SendHalf,
    to: &mut Receiver<'_>,
) -> Result<ReadOutcome, CloseReason> {
    let mut budget = BUDGET;
    loop {
        // A connection that will be closed is read to its end: otherwise the system would reset it.
        receive.paused = !send.leaving && (to.is_full() || to.stays(receive.closing));
        if receive.paused {
            return Ok(ReadOutcome::Waiting);
        }
        to.incoming.try_reserve()?;
        let mut chunk = Chunk::new(READ)?;
        let read = stream.read(chunk.room());
        if let Ok(n @ 1..) = read
            && !send.leaving
        {
            let mut message = Message::from(to.pattern.routing_id(to.peer).unwrap_or_default());
            message.try_push(&chunk.room()[..n])?;
            message.set_properties(receive.properties.clone());
            receive.proven = to.keep(QueuedMessage::from(message));
        }
        Chunk::give(chunk);
        let n = match read {
            Ok(0) => return Err(CloseReason::ByPeer),
            Ok(n) => n,
            Err(error) => match none_yet(error)? {
                Some(n) => n,
                None => return Ok(ReadOutcome::Drained),
            },
        };
        if n < READ && !receive.closing {
            return Ok(ReadOutcome::Drained);
        }
        budget = budget.saturating_sub(n);
        if budget == 0 {
            return Ok(ReadOutcome::Again);
        }
    }
}

impl Receiver<'_> {
    pub(super) fn context<'a>(
        &'a mut self,
        routing_id: &'a [u8],
    ) -> (&'a mut AnyPattern, PeerContext<'a>) {
        let context = PeerContext {
            peer: self.peer,
            routing_id,
            properties: None,
            incoming: self.incoming,
            outgoing: self.outgoing,
        };
        (self.pattern, context)
    }

    /// The peer subscribes to a topic, or cancels a subscription. One that is refused is counted, and reported unless one
    /// was `reported` before.
    pub(super) fn subscription(
        &mut self,
        what: Subscription,
        topic: &[u8],
        reported: &mut bool,
    ) -> Result<(), OutOfMemory> {
        let (pattern, mut context) = self.context(&[]);
        if pattern.peer_subscription(&mut context, what, topic)?.is_err() {
            self.monitor.counters.refused_subscriptions += 1;
            self.report.refused_subscription |= !core::mem::replace(reported, true);
        }
        Ok(())
    }

    /// Queues a complete message, for which there is [room](Inbox::try_reserve). Returns `false` if no request waits for it,
    /// and it is dropped.
    pub(super) fn keep(&mut self, queued: QueuedMessage) -> bool {
        let Receiver { pattern, monitor, incoming, outgoing, peer, .. } = self;
        let properties = None;
        let mut context =
            PeerContext { peer: *peer, routing_id: &[], properties, incoming, outgoing };
        pattern.keep(&mut context, queued, self.limits.conflate, &mut monitor.counters)
    }

    /// Whether nothing is read any more: what stays with the peer is not lost. If `closing`, the peer has closed the
    /// connection, and its end is read.
    pub(super) const fn stays(&self, closing: bool) -> bool {
        self.limits.ending && self.ready && !closing
    }

    /// Whether the next message must not be read yet.
    pub(super) fn is_full(&self) -> bool {
        self.incoming.is_full(&self.limits.mark)
            || (self.limits.memory_full
                && (!self.incoming.is_empty() || (self.limits.has_incoming && self.ready)))
    }
}

/// Distinguishes "no bytes now" from a broken stream.
fn none_yet(error: io::Error) -> Result<Option<usize>, CloseReason> {
    match error.kind() {
        io::ErrorKind::WouldBlock => Ok(None),
        io::ErrorKind::OutOfMemory => Err(CloseReason::OutOfMemory),
        kind => Err(CloseReason::Io(kind)),
    }
}
