//! The receiving half of a link: one large read, then everything that is in it.

use std::io;

use zmtp_core::pattern::{PeerId, Reason, Verdict};
use zmtp_core::wire::{FrameHeader, Property, error_reason};
use zmtp_core::{Event, Ignored, PeerInfo, Subscription};

use super::link::{Link, Rx};
use super::pattern::{Pattern, PeerContext as Door, Received, keep};
use super::queue::{Letter, Mark, Queue};
use super::transmit;
use crate::monitor::{CloseReason, Monitor, RefusedReason};

/// Bodies with at least this many bytes to come are read straight into the message.
const DIRECT: u64 = 16 << 10;
/// What a body grows by while it arrives: doubling, at most this.
const STEP: usize = 1 << 20;
/// Bytes that one link may read before others have their turn.
pub(super) const BUDGET: usize = 1 << 20;
/// Control bytes that may wait for a blocked stream before reading waits too.
const CONTROL: usize = 1 << 10;

/// What a link needs from its engine to receive.
pub(super) struct Receiver<'e, P> {
    pub(super) pattern: &'e mut P,
    pub(super) monitor: &'e mut Monitor,
    pub(super) scratch: &'e mut [u8],
    pub(super) incoming: &'e mut Queue,
    pub(super) outgoing: &'e mut Queue,
    pub(super) conflate: bool,
    pub(super) mark: Mark,
    /// The socket as a whole holds all it may: every queue that is not empty is full.
    pub(super) starved: bool,
    /// The application has something to take, which makes room.
    pub(super) queued: bool,
    pub(super) now: zmtp_core::Instant,
    pub(super) peer: PeerId,
    /// The handshake is over, and the rules have admitted the peer.
    pub(super) ready: bool,
    pub(super) said: ReadReport,
}

/// What came up that is the engine's to act on.
#[derive(Debug, Default)]
pub(super) struct ReadReport {
    pub(super) ready: Option<PeerInfo>,
    /// What its READY called it.
    pub(super) routing_id: Box<[u8]>,
    pub(super) refused: Option<RefusedReason>,
    /// The first command of the connection that was ignored.
    pub(super) ignored: Option<Ignored>,
    /// The first message of it that was dropped.
    pub(super) dropped: Option<Reason>,
}

/// How a turn of reading ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum ReadOutcome {
    /// The stream has no more; it will say when it does.
    Drained,
    /// The budget is spent; there may be more.
    Again,
    /// The queue is full, or answers must go out first.
    Waiting,
}

impl Link {
    /// Reads and decodes until the stream is drained, the queue is full or the budget is spent.
    pub(super) fn receive<P: Pattern>(
        &mut self,
        to: &mut Receiver<'_, P>,
    ) -> Result<ReadOutcome, CloseReason> {
        if self.connection.is_raw() {
            return self.receive_raw(to);
        }
        let mut budget = BUDGET;
        // What was stashed when reading had to wait comes first.
        if !self.rx.stash.is_empty() && !self.decode_read(0, to)? {
            return Ok(ReadOutcome::Waiting);
        }
        loop {
            if self.must_wait(to) {
                return Ok(ReadOutcome::Waiting);
            }
            let direct = self.connection.incoming().filter(|body| {
                body.remaining >= DIRECT && self.rx.verdict == Some(Verdict::Deliver)
            });
            let (n, room) = match direct {
                Some(body) => self.read_body(body.remaining)?,
                None => {
                    let kept = self.rx.stash.len();
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
            } else if !self.decode_read(n, to)? {
                return Ok(ReadOutcome::Waiting);
            }
            // A short read has drained the stream. In the middle of a body the peer is at work:
            // asking once more is cheaper than waiting for its next piece to be announced.
            if n < room && !self.rx.closing && self.connection.incoming().is_none() {
                return Ok(ReadOutcome::Drained);
            }
            budget = budget.saturating_sub(n);
            if budget == 0 {
                return Ok(ReadOutcome::Again);
            }
        }
    }

    /// Reads bytes of the body under way into the message. Its memory grows with what has come,
    /// never with what was promised.
    fn read_body(&mut self, remaining: u64) -> Result<(Option<usize>, usize), CloseReason> {
        let message = &mut self.rx.letter.message;
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

    /// Decodes the stash and `n` bytes that were read behind it. `false` if it had to stop.
    fn decode_read<P: Pattern>(
        &mut self,
        n: usize,
        to: &mut Receiver<'_, P>,
    ) -> Result<bool, CloseReason> {
        let kept = self.rx.stash.len();
        let scratch = core::mem::take(&mut to.scratch);
        scratch[..kept].copy_from_slice(&self.rx.stash);
        let result = self.decode(&mut scratch[..kept + n], to);
        if let Ok((used, _)) = result {
            let rest = &scratch[used..kept + n];
            if rest.is_empty() {
                self.rx.stash = Vec::new();
            } else {
                self.rx.stash.clear();
                self.rx.stash.extend_from_slice(rest);
            }
        }
        to.scratch = scratch;
        result.map(|(_, went_on)| went_on)
    }

    fn decode<P: Pattern>(
        &mut self,
        bytes: &mut [u8],
        to: &mut Receiver<'_, P>,
    ) -> Result<(usize, bool), CloseReason> {
        let mut used = 0;
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
                Event::NeedInput | Event::Sealed | Event::Waiting => return Ok((used, true)),
                Event::NeedTransmit => self.make_room(),
                Event::Frame => {
                    self.begin_frame(to);
                    self.body(payload, to)?;
                }
                Event::Piece => self.body(payload, to)?,
                Event::Ready => {
                    let metadata = self.connection.metadata(payload);
                    let routing_id = metadata.and_then(|metadata| metadata.get(Property::IDENTITY));
                    let routing_id = routing_id.unwrap_or_default();
                    let peer = self.connection.peer();
                    let (pattern, mut door) = to.door(routing_id);
                    pattern.up(&mut door)?;
                    to.ready = true;
                    to.said.ready = peer;
                    to.said.routing_id = routing_id.into();
                    if peer.is_some_and(|peer| peer.socket_type.is_none()) {
                        to.monitor.counters.unnamed_peers += 1;
                    }
                }
                Event::Subscribe => {
                    let (pattern, mut door) = to.door(&[]);
                    pattern.subscription(&mut door, Subscription::Subscribe, payload)?;
                }
                Event::Cancel => {
                    let (pattern, mut door) = to.door(&[]);
                    pattern.subscription(&mut door, Subscription::Cancel, payload)?;
                }
                Event::Refused => {
                    let reason = error_reason(payload).unwrap_or_default();
                    to.said.refused = Some(RefusedReason::new(reason));
                }
                Event::Ignored => {
                    to.monitor.counters.ignored_commands += 1;
                    if !core::mem::replace(&mut self.rx.told_ignored, true) {
                        to.said.ignored = Some(Ignored::of(payload));
                    }
                }
                _ => {}
            }
        }
    }

    /// Whether the next message has to stay with the peer.
    pub(super) fn must_wait<P>(&mut self, to: &Receiver<'_, P>) -> bool {
        let full = to.incoming.is_full(&to.mark)
            || (to.starved && (!to.incoming.is_empty() || (to.queued && to.ready)));
        self.rx.paused = full && !self.connection.in_message();
        self.rx.paused || self.rx.congested
    }

    /// Fetches a due PONG, so that another PING can be taken; too many of them and reading waits.
    fn make_room(&mut self) {
        let broken = self.tx.broken.is_some();
        if self.tx.output.control_len() >= CONTROL && !broken {
            self.rx.congested = true;
            return;
        }
        let mut control = [0; transmit::CONTROL];
        let n = self.connection.poll_transmit(&mut control).unwrap_or_default();
        // After a failed write no bytes are sent, so the congestion would not end.
        if !broken {
            self.tx.output.keep_control(&control[..n]);
        }
        self.rx.congested = n == 0;
    }

    fn begin_frame<P: Pattern>(&mut self, to: &mut Receiver<'_, P>) {
        let (header, _) = self.connection.frame();
        let verdict = to.pattern.accept(to.peer, header);
        self.rx.verdict = Some(verdict);
        if verdict == Verdict::Deliver
            && self.rx.letter.message.part_count() == 0
            && let Some(prefix) = to.pattern.prefix(to.peer)
        {
            self.rx.letter.message.push(prefix);
        }
        match verdict {
            Verdict::Deliver | Verdict::Subject => self.rx.letter.message.begin_part(),
            Verdict::Envelope | Verdict::RequestId => self.rx.letter.envelope.begin(header),
            Verdict::Reject(reason) => self.rx.reject(reason, to),
            Verdict::Skip | Verdict::Subscription(_) => {}
        }
    }

    fn body<P: Pattern>(
        &mut self,
        bytes: &[u8],
        to: &mut Receiver<'_, P>,
    ) -> Result<(), CloseReason> {
        match self.rx.verdict {
            Some(Verdict::Deliver) => self.rx.letter.message.append(bytes),
            Some(Verdict::Envelope | Verdict::RequestId) => self.rx.letter.envelope.append(bytes),
            _ => {}
        }
        let (header, complete) = self.connection.frame();
        if complete { self.frame_done(header, to) } else { Ok(()) }
    }

    /// A frame is complete: both lanes end here.
    fn frame_done<P: Pattern>(
        &mut self,
        header: FrameHeader,
        to: &mut Receiver<'_, P>,
    ) -> Result<(), CloseReason> {
        let verdict = self.rx.verdict.take();
        if verdict == Some(Verdict::RequestId) {
            let id = self.rx.letter.envelope.last().try_into().unwrap_or_default();
            if let Verdict::Reject(reason) = to.pattern.check_request_id(to.peer, id) {
                self.rx.reject(reason, to);
            }
        }
        if !header.is_final() {
            return Ok(());
        }
        let letter = core::mem::take(&mut self.rx.letter);
        if verdict != Some(Verdict::Deliver) {
            return Ok(());
        }
        let Receiver { pattern, monitor, incoming, outgoing, .. } = to;
        let (peer, routing_id) = (to.peer, &[][..]);
        let mut door = Door { peer, routing_id, incoming, outgoing };
        match keep(*pattern, &mut monitor.counters, &mut door, letter, to.conflate)? {
            Received::NotAsked => self.rx.say_dropped(Reason::NotAsked, &mut to.said),
            _ => self.rx.proven = true,
        }
        Ok(())
    }
}

impl<P> Receiver<'_, P> {
    fn door<'a>(&'a mut self, routing_id: &'a [u8]) -> (&'a mut P, Door<'a>) {
        let door =
            Door { peer: self.peer, routing_id, incoming: self.incoming, outgoing: self.outgoing };
        (self.pattern, door)
    }
}

impl Rx {
    fn reject<P>(&mut self, reason: Reason, to: &mut Receiver<'_, P>) {
        self.letter = Letter::default();
        to.monitor.rejected(reason);
        self.say_dropped(reason, &mut to.said);
    }

    fn say_dropped(&mut self, reason: Reason, said: &mut ReadReport) {
        if !core::mem::replace(&mut self.told_dropped, true) {
            said.dropped = Some(reason);
        }
    }
}

/// Tells "not now" from a broken stream.
pub(super) fn none_yet(error: io::Error) -> Result<Option<usize>, CloseReason> {
    match error.kind() {
        io::ErrorKind::WouldBlock => Ok(None),
        kind => Err(CloseReason::Io(kind)),
    }
}
