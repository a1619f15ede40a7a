//! Reading: one large read, then everything that is in it.

use core::net::SocketAddr;
use std::io;
use std::sync::Arc;

use zmtp_core::pattern::{Pattern, PeerId, Reason, Verdict};
use zmtp_core::wire::{FrameHeader, Property, error_reason};
use zmtp_core::{Event, Ignored, PeerInfo, Subscription};

use super::{ReceiveHalf, SendHalf, Zmtp, write};
use crate::connection_id::ConnectionId;
use crate::message::Properties;
use crate::monitor::{CloseReason, Monitor, RefusedReason};
use crate::pattern::{AnyPattern, PeerContext};
use crate::queue::{Mark, Queue, QueuedMessage};
use crate::transport::Stream;

/// Bodies with at least this many bytes to come are read straight into the message.
const DIRECT: u64 = 16 << 10;
/// The memory of a body doubles while it arrives, but grows by at most this at once.
const STEP: usize = 1 << 20;
/// Bytes that one link may read in a turn.
pub(super) const BUDGET: usize = 1 << 20;
/// Control bytes that queue for a blocked stream before reading pauses.
const CONTROL: usize = 1 << 10;

/// What a link needs from its engine to receive.
pub(in crate::engine) struct Receiver<'e> {
    pub(in crate::engine) pattern: &'e mut AnyPattern,
    pub(in crate::engine) monitor: &'e mut Monitor,
    pub(in crate::engine) scratch: &'e mut [u8],
    pub(in crate::engine) incoming: &'e mut Queue,
    pub(in crate::engine) outgoing: &'e mut Queue,
    pub(in crate::engine) conflate: bool,
    pub(in crate::engine) mark: Mark,
    /// The socket holds as much as it may: every queue that is not empty counts as full.
    pub(in crate::engine) memory_full: bool,
    /// The application can receive a message, which makes room.
    pub(in crate::engine) has_incoming: bool,
    pub(in crate::engine) now: zmtp_core::Instant,
    pub(in crate::engine) peer: PeerId,
    pub(in crate::engine) connection: ConnectionId,
    /// The peer's address, if it is a TCP peer.
    pub(in crate::engine) remote: Option<SocketAddr>,
    /// The handshake is over, and the rules have admitted the peer.
    pub(in crate::engine) ready: bool,
    pub(in crate::engine) report: ReadReport,
}

/// What a read brought up besides messages.
#[derive(Debug, Default)]
pub(in crate::engine) struct ReadReport {
    pub(in crate::engine) ready: Option<PeerInfo>,
    /// The peer that lost its routing id to this one.
    pub(in crate::engine) displaced: Option<PeerId>,
    /// The routing id that the peer announced.
    pub(in crate::engine) routing_id: Box<[u8]>,
    pub(in crate::engine) refused: Option<RefusedReason>,
    /// The first command of the connection that was ignored.
    pub(in crate::engine) ignored: Option<Ignored>,
    /// The first message of the connection that was dropped.
    pub(in crate::engine) dropped: Option<Reason>,
}

/// How a read ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::engine) enum ReadOutcome {
    /// The stream has no more bytes. Its next event tells when it has.
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
}

impl Reader<'_> {
    /// Reads and decodes until the stream is drained, the queue is full or the budget is spent.
    pub(super) fn read(&mut self, to: &mut Receiver<'_>) -> Result<ReadOutcome, CloseReason> {
        let mut budget = BUDGET;
        // What was read before a pause comes first.
        let decodable = !self.receive.unread.is_empty() && self.receive.missing == 0;
        if decodable && !self.decode_unread(to)? {
            return Ok(ReadOutcome::Waiting);
        }
        loop {
            if self.must_wait(to) {
                return Ok(ReadOutcome::Waiting);
            }
            let direct = self.connection.incoming().filter(|body| {
                let part =
                    matches!(self.receive.verdict, Some(Verdict::Deliver | Verdict::Subject));
                body.remaining >= DIRECT && part
            });
            let whole = self.receive.missing.saturating_add(self.receive.unread.len());
            let collects = self.receive.missing > 0 && whole > to.scratch.len();
            let (n, room) = match direct {
                Some(body) => self.read_body(body.remaining)?,
                None if collects => self.read_sealed()?,
                None => {
                    let kept = self.receive.unread.len();
                    match self.stream.read(&mut to.scratch[kept..]) {
                        Ok(0) => return Err(CloseReason::ByPeer),
                        Ok(n) => (Some(n), to.scratch.len() - kept),
                        Err(error) => (none_yet(error)?, 0),
                    }
                }
            };
            let Some(n) = n else { return Ok(ReadOutcome::Drained) };
            if direct.is_some() {
                if let Some(header) = self.connection.body_received(n as u64) {
                    self.frame_done(header, to)?;
                }
            } else if collects {
                self.connection.excuse_silence();
                if self.receive.missing == 0 && !self.decode_unread(to)? {
                    return Ok(ReadOutcome::Waiting);
                }
            } else if !self.decode_read(n, to)? {
                return Ok(ReadOutcome::Waiting);
            }
            // A short read has drained the stream. In the middle of a body the peer is writing: another
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

    /// Reads bytes of the current body into the message. Its memory grows with what has arrived, never
    /// with what the header announced.
    fn read_body(&mut self, remaining: u64) -> Result<(Option<usize>, usize), CloseReason> {
        let message = &mut self.receive.partial.message;
        let wanted = usize::try_from(remaining).unwrap_or(usize::MAX);
        let step = match message.room() {
            room if room >= wanted.min(DIRECT as usize) => room,
            _ => message.byte_len().clamp(DIRECT as usize, STEP),
        };
        let place = message.spare(step.min(wanted));
        let room = place.len().min(wanted);
        match self.stream.read(&mut place[..room]) {
            Ok(0) => Err(CloseReason::ByPeer),
            Ok(n) => {
                message.commit(n);
                Ok((Some(n), room))
            }
            Err(error) => Ok((none_yet(error)?, room)),
        }
    }

    /// Reads bytes of a sealed frame that is larger than the scratch buffer: it is opened when it is
    /// complete. Its memory grows with what has arrived, never with what the header announced.
    fn read_sealed(&mut self) -> Result<(Option<usize>, usize), CloseReason> {
        let (unread, missing) = (&mut self.receive.unread, self.receive.missing);
        let start = unread.len();
        let room = start.clamp(DIRECT as usize, STEP).min(missing);
        unread.resize(start + room, 0);
        let result = self.stream.read(&mut unread[start..]);
        let n = *result.as_ref().unwrap_or(&0);
        unread.truncate(start + n);
        self.receive.missing -= n;
        match result {
            Ok(0) => Err(CloseReason::ByPeer),
            Ok(n) => Ok((Some(n), room)),
            Err(error) => Ok((none_yet(error)?, room)),
        }
    }

    /// Decodes the unread bytes where they are. `false` if reading pauses.
    fn decode_unread(&mut self, to: &mut Receiver<'_>) -> Result<bool, CloseReason> {
        let mut bytes = core::mem::take(&mut self.receive.unread);
        let (used, went_on) = self.decode(&mut bytes, to)?;
        if used < bytes.len() {
            bytes.drain(..used);
            self.receive.unread = bytes;
        }
        Ok(went_on)
    }

    /// Decodes the unread bytes and `n` bytes that were read behind them. `false` if reading pauses.
    fn decode_read(&mut self, n: usize, to: &mut Receiver<'_>) -> Result<bool, CloseReason> {
        let kept = self.receive.unread.len();
        let scratch = core::mem::take(&mut to.scratch);
        scratch[..kept].copy_from_slice(&self.receive.unread);
        let result = self.decode(&mut scratch[..kept + n], to);
        if let Ok((used, _)) = result {
            let rest = &scratch[used..kept + n];
            if rest.is_empty() {
                self.receive.unread = Vec::new();
            } else {
                self.receive.unread.clear();
                self.receive.unread.extend_from_slice(rest);
            }
        }
        to.scratch = scratch;
        result.map(|(_, went_on)| went_on)
    }

    fn decode(
        &mut self,
        bytes: &mut [u8],
        to: &mut Receiver<'_>,
    ) -> Result<(usize, bool), CloseReason> {
        let mut used = 0;
        self.receive.missing = 0;
        loop {
            if self.must_wait(to) {
                return Ok((used, false));
            }
            let received = self.connection.receive(to.now, &mut bytes[used..]);
            used = bytes.len() - self.connection.unread();
            let payload = &bytes[used - received.payload.min(used)..used];
            match received.event {
                Event::Failed => {
                    return Err(self
                        .connection
                        .error()
                        .map_or(CloseReason::ByPeer, CloseReason::Protocol));
                }
                Event::NeedInput | Event::Waiting => return Ok((used, true)),
                Event::Sealed => {
                    self.receive.missing = received.payload;
                    return Ok((used, true));
                }
                Event::NeedTransmit => self.make_room(),
                Event::Frame => {
                    self.begin_frame(to);
                    self.body(payload, to)?;
                }
                Event::Piece => self.body(payload, to)?,
                Event::Ready => {
                    let metadata = self.connection.metadata(payload);
                    let routing_id = metadata.get(Property::IDENTITY).unwrap_or_default();
                    let peer = self.connection.peer();
                    let (pattern, mut context) = to.context(routing_id);
                    to.report.displaced = pattern.peer_connected(&mut context)?;
                    to.ready = true;
                    self.receive.properties = Some(Arc::new(Properties {
                        connection: to.connection,
                        peer_address: to.remote,
                        socket_type: peer.and_then(|peer| peer.socket_type),
                        routing_id: routing_id.into(),
                    }));
                    to.report.ready = peer;
                    to.report.routing_id = routing_id.into();
                    if peer.is_some_and(|peer| peer.socket_type.is_none()) {
                        to.monitor.counters.unnamed_peers += 1;
                    }
                }
                Event::Subscribe => {
                    let (pattern, mut context) = to.context(&[]);
                    pattern.peer_subscription(&mut context, Subscription::Subscribe, payload)?;
                }
                Event::Cancel => {
                    let (pattern, mut context) = to.context(&[]);
                    pattern.peer_subscription(&mut context, Subscription::Cancel, payload)?;
                }
                Event::Refused => {
                    let reason = error_reason(payload).unwrap_or_default();
                    to.report.refused = Some(RefusedReason::new(reason));
                }
                Event::Ignored => {
                    to.monitor.counters.ignored_commands += 1;
                    if !core::mem::replace(&mut self.receive.reported_ignored, true) {
                        to.report.ignored = Some(Ignored::of(payload));
                    }
                }
                _ => {}
            }
        }
    }

    /// Whether reading pauses before the next message.
    fn must_wait(&mut self, to: &Receiver<'_>) -> bool {
        self.receive.paused = to.is_full() && !self.connection.in_message();
        self.receive.paused || self.receive.congested
    }

    /// Fetches a due PONG, so that another PING can be handled. Too many of them pause reading.
    fn make_room(&mut self) {
        let broken = self.send.broken.is_some();
        if self.send.control.len() >= CONTROL && !broken {
            self.receive.congested = true;
            return;
        }
        let mut control = [0; write::CONTROL];
        let n = self.connection.poll_transmit(&mut control).unwrap_or_default();
        // After a failed write nothing is written any more that could end the congestion.
        if !broken {
            self.send.control.extend_from_slice(&control[..n]);
        }
        self.receive.congested = n == 0;
    }

    fn begin_frame(&mut self, to: &mut Receiver<'_>) {
        let (header, _) = self.connection.frame();
        let first = !core::mem::replace(&mut self.receive.in_message, !header.is_final());
        let verdict = to.pattern.accept(to.peer, header, first);
        self.receive.rejected &= !first;
        let verdict = if self.receive.rejected { Verdict::Skip } else { verdict };
        self.receive.verdict = Some(verdict);
        if verdict == Verdict::Deliver
            && self.receive.partial.message.part_count() == 0
            && let Some(prefix) = to.pattern.routing_id(to.peer)
        {
            self.receive.partial.message.push(prefix);
        }
        match verdict {
            Verdict::Deliver | Verdict::Subject => self.receive.partial.message.begin_part(),
            Verdict::Envelope | Verdict::RequestId => self.receive.partial.envelope.begin(header),
            Verdict::Reject(reason) => self.receive.reject(reason, to),
            Verdict::Skip | Verdict::Subscription(_) => {}
        }
    }

    fn body(&mut self, bytes: &[u8], to: &mut Receiver<'_>) -> Result<(), CloseReason> {
        match self.receive.verdict {
            Some(Verdict::Deliver | Verdict::Subject) => {
                self.receive.partial.message.append(bytes);
            }
            Some(Verdict::Envelope | Verdict::RequestId) => {
                self.receive.partial.envelope.append(bytes);
            }
            _ => {}
        }
        let (header, complete) = self.connection.frame();
        if complete { self.frame_done(header, to) } else { Ok(()) }
    }

    /// Handles the end of a frame, however its body was read.
    fn frame_done(
        &mut self,
        header: FrameHeader,
        to: &mut Receiver<'_>,
    ) -> Result<(), CloseReason> {
        let mut verdict = self.receive.verdict.take();
        let body = match verdict {
            Some(Verdict::RequestId) => Some(self.receive.partial.envelope.last()),
            Some(Verdict::Subject) => self.receive.partial.message.part(0),
            _ => None,
        };
        if let Some(body) = body {
            let checked = to.pattern.check(to.peer, body);
            verdict = Some(checked);
            match checked {
                Verdict::Reject(reason) => self.receive.reject(reason, to),
                Verdict::Subscription(what) => {
                    let (pattern, mut context) = to.context(&[]);
                    pattern.peer_subscription(
                        &mut context,
                        what,
                        body.get(1..).unwrap_or_default(),
                    )?;
                }
                _ => {}
            }
        }
        if !header.is_final() {
            return Ok(());
        }
        let mut message = core::mem::take(&mut self.receive.partial);
        if verdict != Some(Verdict::Deliver) {
            return Ok(());
        }
        message.message.set_properties(self.receive.properties.clone());
        if to.keep(message) {
            self.receive.proven = true;
        } else {
            self.receive.report_dropped(Reason::NotAsked, &mut to.report);
        }
        Ok(())
    }
}

impl Receiver<'_> {
    fn context<'a>(&'a mut self, routing_id: &'a [u8]) -> (&'a mut AnyPattern, PeerContext<'a>) {
        let context = PeerContext {
            peer: self.peer,
            routing_id,
            incoming: self.incoming,
            outgoing: self.outgoing,
        };
        (self.pattern, context)
    }

    /// Queues a complete message. Returns `false` if no request waits for it, and it is dropped.
    pub(super) fn keep(&mut self, queued: QueuedMessage) -> bool {
        let Receiver { pattern, monitor, incoming, outgoing, .. } = self;
        let mut context = PeerContext { peer: self.peer, routing_id: &[], incoming, outgoing };
        pattern.keep(&mut context, queued, self.conflate, &mut monitor.counters)
    }

    /// Whether the next message must not be read yet.
    pub(super) fn is_full(&self) -> bool {
        self.incoming.is_full(&self.mark)
            || (self.memory_full
                && (!self.incoming.is_empty() || (self.has_incoming && self.ready)))
    }
}

impl ReceiveHalf {
    fn reject(&mut self, reason: Reason, to: &mut Receiver<'_>) {
        self.partial = QueuedMessage::default();
        self.rejected = true;
        to.monitor.rejected(reason);
        self.report_dropped(reason, &mut to.report);
    }

    fn report_dropped(&mut self, reason: Reason, report: &mut ReadReport) {
        if !core::mem::replace(&mut self.reported_dropped, true) {
            report.dropped = Some(reason);
        }
    }
}

/// Distinguishes "no bytes now" from a broken stream.
pub(super) fn none_yet(error: io::Error) -> Result<Option<usize>, CloseReason> {
    match error.kind() {
        io::ErrorKind::WouldBlock => Ok(None),
        kind => Err(CloseReason::Io(kind)),
    }
}
