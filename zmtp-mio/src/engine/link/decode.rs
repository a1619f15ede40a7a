//! Decoding: all frames and commands in the bytes that were read.

use std::sync::Arc;

use zmtp_core::pattern::{Pattern, Reason, Verdict};
use zmtp_core::wire::{FrameHeader, Property, error_reason};
use zmtp_core::{Event, IgnoredCommand, Subscription};

use super::read::{LARGE, ReadReport, Reader, Receiver};
use super::{ReceiveHalf, write};
use crate::memory::OutOfMemory;
use crate::message::{Properties, application_properties};
use crate::monitor::{CloseReason, RefusedReason};
use crate::queue::{Chunk, LONGEST, QueuedMessage, READ};

/// Control bytes that queue for a blocked stream before reading pauses.
const CONTROL: usize = 1 << 10;

impl Reader<'_> {
    /// Decodes the bytes that were read and are not decoded. Returns `false` if reading pauses.
    pub(super) fn decode(&mut self, to: &mut Receiver<'_>) -> Result<bool, CloseReason> {
        let Some(mut chunk) = to.incoming.take_out() else { return Ok(true) };
        let result = self.walk(&mut chunk, to);
        to.incoming.put_back(chunk);
        result
    }

    fn walk(&mut self, chunk: &mut Chunk, to: &mut Receiver<'_>) -> Result<bool, CloseReason> {
        self.receive.missing = 0;
        self.connection.begin_input(to.now, chunk.undecoded_len());
        let plain = !to.limits.conflate && to.pattern.delivers_singles();
        // Whether the last step was a message in the clear, after which nothing follows without bytes.
        let mut in_traffic = false;
        loop {
            if self.must_wait(to) {
                return Ok(false);
            }
            if in_traffic && chunk.undecoded_len() == 0 {
                // The last message may have ended the connection.
                return self
                    .connection
                    .error()
                    .map_or(Ok(true), |error| Err(CloseReason::Protocol(error)));
            }
            in_traffic = true;
            if plain && !self.receive.in_message && self.singles(chunk, to)? {
                continue;
            }
            if let Some((header, len)) = self.connection.receive_whole(chunk.undecoded()) {
                chunk.advance(len);
                self.frame(header, true, header.len() as usize, chunk, to)?;
                continue;
            }
            in_traffic = false;
            let received = self.connection.receive(to.now, chunk.undecoded());
            chunk.set_undecoded(self.connection.unread());
            match received.event {
                Event::Failed => {
                    return Err(self
                        .connection
                        .error()
                        .map_or(CloseReason::ByPeer, CloseReason::Protocol));
                }
                Event::NeedInput => return Ok(true),
                Event::Waiting => {
                    self.receive.awaits_answer = true;
                    return Ok(false);
                }
                Event::Sealed => {
                    self.receive.missing = received.payload;
                    return Ok(true);
                }
                Event::NeedTransmit => self.make_room(),
                Event::Frame => {
                    let (header, complete) = self.connection.frame();
                    self.frame(header, complete, received.payload, chunk, to)?;
                }
                Event::Piece => self.body(chunk.last(received.payload), to)?,
                Event::Ready => {
                    let payload = chunk.last(received.payload);
                    let metadata = self.connection.metadata(payload);
                    let routing_id = metadata.get(Property::IDENTITY).unwrap_or_default();
                    let peer_metadata = application_properties(&metadata);
                    let peer = self.connection.peer();
                    let (pattern, mut context) = to.context(routing_id);
                    to.report.displaced = pattern.peer_connected(&mut context)?;
                    to.ready = true;
                    let user = self.connection.mechanism().user();
                    self.receive.properties = Some(Arc::new(Properties {
                        connection: to.connection,
                        peer_address: to.addresses.remote,
                        descriptor: to.addresses.descriptor,
                        socket_type: peer.and_then(|peer| peer.socket_type),
                        routing_id: routing_id.into(),
                        peer_metadata,
                        user_id: user.map(|user| user.id.clone()),
                        metadata: user.map(|user| user.metadata.clone()).unwrap_or_default(),
                    }));
                    to.report.user = user.cloned().map(Box::new);
                    // Before the first message: a peer with a full queue then sends PONGs also while it reads nothing.
                    self.connection.queue_ping();
                    to.report.ready = peer;
                    to.report.routing_id = routing_id.into();
                    if peer.is_some_and(|peer| peer.socket_type.is_none()) {
                        to.monitor.counters.unnamed_peers += 1;
                    }
                }
                Event::Subscribe => {
                    let topic = chunk.last(received.payload);
                    let reported = &mut self.receive.reported_subscription;
                    to.subscription(Subscription::Subscribe, topic, reported)?;
                }
                Event::Cancel => {
                    let topic = chunk.last(received.payload);
                    let reported = &mut self.receive.reported_subscription;
                    to.subscription(Subscription::Cancel, topic, reported)?;
                }
                Event::Refused => {
                    let reason = error_reason(chunk.last(received.payload)).unwrap_or_default();
                    to.report.refused = Some(RefusedReason::new(reason));
                }
                Event::Ignored => {
                    to.monitor.counters.ignored_commands += 1;
                    if !core::mem::replace(&mut self.receive.reported_ignored, true) {
                        to.report.ignored = Some(IgnoredCommand::of(chunk.last(received.payload)));
                    }
                }
                // A PING: no other command makes an answer due.
                Event::Nothing if to.ready && self.connection.needs_transmit() => {
                    self.liveness.get_or_insert_default().note_ping(to.now);
                }
                _ => {}
            }
        }
    }

    /// Keeps messages of one part until the high-water mark is reached or another item follows. Returns whether there
    /// were any.
    fn singles(&mut self, chunk: &mut Chunk, to: &mut Receiver<'_>) -> Result<bool, OutOfMemory> {
        if to.limits.memory_full || !chunk.can_record(0) {
            return Ok(false);
        }
        let records = chunk.reserve()?;
        let (messages, bytes) = to.incoming.room(&to.limits.mark);
        let messages = messages.min(records);
        let (input, mut recorder) = chunk.split(to.incoming.unnoted());
        self.connection.receive_singles(input, LONGEST, |end, len| {
            recorder.add(end, len);
            recorder.messages < messages && recorder.bytes < bytes
        });
        let (messages, bytes) = (recorder.messages, recorder.bytes);
        if messages == 0 {
            // A sealed frame of another kind may be open now.
            chunk.set_undecoded(self.connection.unread());
            return Ok(false);
        }
        let counters = &mut to.monitor.counters;
        if to.pattern.received_many(to.peer, messages as u32) {
            to.incoming.recorded(messages, bytes);
            counters.messages_received += messages as u64;
            counters.bytes_received += bytes as u64;
            self.receive.proven = true;
        } else {
            recorder.undo();
            counters.dropped.unsolicited += messages as u64;
            self.receive.report_dropped(Reason::Unsolicited, &mut to.report);
        }
        chunk.set_undecoded(self.connection.unread());
        Ok(true)
    }

    /// Whether reading pauses before the next message.
    #[inline]
    pub(super) fn must_wait(&mut self, to: &Receiver<'_>) -> bool {
        self.receive.paused =
            (to.is_full() && !self.connection.in_message()) || to.stays(self.receive.closing);
        self.receive.paused || self.receive.congested || self.receive.awaits_answer
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
        // After a failed write nothing is written any more, so that a pause would not end.
        if !broken {
            self.send.control.extend_from_slice(&control[..n]);
        }
        self.receive.congested = n == 0;
    }

    /// Handles a frame that begins with the last `len` bytes that were decoded, and is `complete` with
    /// these.
    #[inline(never)]
    fn frame(
        &mut self,
        header: FrameHeader,
        complete: bool,
        len: usize,
        chunk: &mut Chunk,
        to: &mut Receiver<'_>,
    ) -> Result<(), OutOfMemory> {
        let first = !core::mem::replace(&mut self.receive.in_message, !header.is_final());
        let verdict = to.pattern.accept(to.peer, header, first);
        self.receive.rejected &= !first;
        let verdict = if self.receive.rejected { Verdict::Skip } else { verdict };
        if matches!(verdict, Verdict::Deliver | Verdict::Subject)
            && complete
            && header.is_final()
            && let Some(delimiter) = self.receive.delimiter_only()
            && !to.limits.conflate
            && chunk.can_record(len)
        {
            return self.whole(len, delimiter, verdict, chunk, to);
        }
        self.begin_frame(header, verdict, to)?;
        if complete && len >= READ / 2 && self.adopt_body(len, chunk) {
            return self.frame_done(header, to);
        }
        self.body(chunk.last(len), to)
    }

    /// Makes the memory of a large frame that was opened in place the memory of the message. Returns `false` if the frame
    /// is not for the message, or must be copied.
    #[inline(never)]
    fn adopt_body(&mut self, len: usize, chunk: &mut Chunk) -> bool {
        if !matches!(self.receive.verdict, Some(Verdict::Deliver | Verdict::Subject)) {
            return false;
        }
        let message = &mut self.receive.partial.begun().message;
        let Some((buffer, body)) = chunk.take_last(len, message.byte_len()) else { return false };
        message.take_body(buffer, body);
        true
    }

    /// Handles a message whose only part is the last `len` bytes that were decoded: it stays where it is.
    fn whole(
        &mut self,
        len: usize,
        delimiter: bool,
        verdict: Verdict,
        chunk: &mut Chunk,
        to: &mut Receiver<'_>,
    ) -> Result<(), OutOfMemory> {
        self.receive.partial.take();
        if verdict == Verdict::Subject && self.check(chunk.last(len), to)? != Verdict::Deliver {
            return Ok(());
        }
        self.keep(len, delimiter, chunk, to)
    }

    /// Keeps a message whose only part is the last `len` bytes that were decoded.
    fn keep(
        &mut self,
        len: usize,
        delimiter: bool,
        chunk: &mut Chunk,
        to: &mut Receiver<'_>,
    ) -> Result<(), OutOfMemory> {
        chunk.reserve()?;
        let counters = &mut to.monitor.counters;
        if to.pattern.received(to.peer) {
            counters.messages_received += 1;
            counters.bytes_received += len as u64;
            to.incoming.record(chunk, len, delimiter);
            self.receive.proven = true;
        } else {
            counters.dropped.unsolicited += 1;
            self.receive.report_dropped(Reason::Unsolicited, &mut to.report);
        }
        Ok(())
    }

    /// Lets the pattern check a complete frame.
    fn check(&mut self, body: &[u8], to: &mut Receiver<'_>) -> Result<Verdict, OutOfMemory> {
        let verdict = to.pattern.check(to.peer, body);
        match verdict {
            Verdict::Reject(reason) => self.receive.reject(reason, to),
            Verdict::Subscription(what) => {
                let reported = &mut self.receive.reported_subscription;
                to.subscription(what, body.get(1..).unwrap_or_default(), reported)?;
            }
            _ => {}
        }
        Ok(verdict)
    }

    #[inline(always)]
    fn begin_frame(
        &mut self,
        header: FrameHeader,
        verdict: Verdict,
        to: &mut Receiver<'_>,
    ) -> Result<(), OutOfMemory> {
        self.receive.verdict = Some(verdict);
        self.receive.large |= header.len() >= LARGE;
        if verdict == Verdict::Deliver
            && self.receive.partial.begun().message.part_count() == 0
            && let Some(prefix) = to.pattern.routing_id(to.peer)
        {
            self.receive.partial.begun().message.try_push(prefix)?;
        }
        match verdict {
            Verdict::Deliver | Verdict::Subject => {
                self.receive.partial.begun().message.try_begin_part()?;
            }
            Verdict::Envelope | Verdict::RequestId => {
                self.receive.partial.begun().envelope.begin(header)?;
            }
            Verdict::Reject(reason) => {
                self.receive.reject(reason, to);
                if reason.ends_connection() {
                    self.connection.fail_message();
                }
            }
            Verdict::Skip | Verdict::Subscription(_) => {}
        }
        Ok(())
    }

    fn body(&mut self, bytes: &[u8], to: &mut Receiver<'_>) -> Result<(), OutOfMemory> {
        match self.receive.verdict {
            Some(Verdict::Deliver | Verdict::Subject) => {
                self.receive.partial.begun().message.try_append(bytes)?;
            }
            Some(Verdict::Envelope | Verdict::RequestId) => {
                self.receive.partial.begun().envelope.append(bytes)?;
            }
            _ => {}
        }
        let (header, complete) = self.connection.frame();
        if complete {
            return self.frame_done(header, to);
        }
        Ok(())
    }

    /// Handles the end of a frame, however its body was read.
    pub(super) fn frame_done(
        &mut self,
        header: FrameHeader,
        to: &mut Receiver<'_>,
    ) -> Result<(), OutOfMemory> {
        let mut verdict = self.receive.verdict.take();
        let body = match verdict {
            Some(Verdict::RequestId) => Some(self.receive.partial.begun().envelope.last()),
            Some(Verdict::Subject) => self.receive.partial.begun().message.part(0),
            _ => None,
        };
        if let Some(body) = body {
            let checked = to.pattern.check(to.peer, body);
            verdict = Some(checked);
            match checked {
                Verdict::Reject(reason) => self.receive.reject(reason, to),
                Verdict::Subscription(what) => {
                    let reported = &mut self.receive.reported_subscription;
                    to.subscription(what, body.get(1..).unwrap_or_default(), reported)?;
                }
                _ => {}
            }
        }
        if !header.is_final() {
            return Ok(());
        }
        let mut message = self.receive.partial.take();
        if verdict != Some(Verdict::Deliver) {
            return Ok(());
        }
        to.incoming.try_reserve()?;
        message.message.set_properties(self.receive.properties.clone());
        if to.keep(message) {
            self.receive.proven = true;
        } else {
            self.receive.report_dropped(Reason::Unsolicited, &mut to.report);
        }
        Ok(())
    }
}

impl ReceiveHalf {
    /// Whether the message that is arriving has an envelope of one empty frame so far; `None` if there is more than
    /// that.
    fn delimiter_only(&self) -> Option<bool> {
        self.partial.get().map_or(Some(false), QueuedMessage::delimiter_only)
    }

    fn reject(&mut self, reason: Reason, to: &mut Receiver<'_>) {
        self.partial.take();
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
