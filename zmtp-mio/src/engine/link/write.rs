//! Writing: all bytes that are due, in as few writes as possible.

use std::io;

use zmtp_core::wire::{FrameHeader, FrameKind, More};
use zmtp_core::{Error, SendError};

use super::output::{Output, Spares};
use super::pending::IN_PLACE;
use super::run::Run;
use super::slices::Slices;
use super::staged::Staged;
use super::{Link, Protocol, SendHalf, Zmtp, takes_messages};
use crate::monitor::{CloseReason, Counters, Monitor};
use crate::queue::{Lead, Queue, QueuedMessage};
use crate::transport::Stream;

/// The number of bytes of one write, unless a body is larger. Larger writes are slower on loopback. Frames for
/// one connection are encoded in pieces of this size.
const WRITE: usize = 32 << 10;
/// The bytes of an empty frame and of the longest header.
const HEAD: usize = 2 + 9;
/// Control bytes that fit at once: a greeting and a READY or INITIATE, with the fields of CURVE, the longest routing id
/// and the longest metadata.
pub(super) const CONTROL: usize = 1_280;

impl Link {
    /// Writes control bytes and messages until none is left or the stream accepts no more. Returns whether
    /// none is left.
    ///
    /// The messages are those of the output. A connection whose output takes no messages has them in `queue`.
    pub(in crate::engine) fn write(
        &mut self,
        queue: &mut Queue,
        run: &Run,
        spares: &mut Spares,
        monitor: &mut Monitor,
    ) -> Result<bool, CloseReason> {
        loop {
            self.begin_output(queue, run, spares);
            let Self { stream, protocol, send, receive, .. } = self;
            let limit = stage(protocol, send, queue, run)?;
            let due;
            let SendHalf { staged, output, .. } = send;
            let staged_len = staged.bytes().len();
            let written = match output.single(run, limit) {
                // Most writes.
                Some(bytes) if staged_len == 0 => {
                    due = bytes.len();
                    stream.write(bytes)
                }
                _ => {
                    let mut slices = Slices::new();
                    slices.push(staged.bytes());
                    due = staged_len + output.gather(run, limit, &mut slices);
                    if due == 0 {
                        send.blocked = false;
                        receive.congested = false;
                        return Ok(true);
                    }
                    stream.write_vectored(slices.get())
                }
            };
            let written = match written {
                Ok(n) => n,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
                Err(error) => return Err(CloseReason::Io(error.kind())),
            };
            let SendHalf { staged, output, .. } = send;
            let ended = staged.advance(written.min(staged_len));
            let before = monitor.counters.messages_sent;
            let done = if send.takes_messages && ended > 0 {
                output.advance_sealed(ended, run, spares)
            } else {
                for _ in 0..ended {
                    if let Some(queued) = queue.pop() {
                        count_sent(&mut monitor.counters, &queued);
                    }
                }
                output.advance(written.saturating_sub(staged_len), run, spares)
            };
            monitor.counters.messages_sent += done.messages;
            monitor.counters.bytes_sent += done.bytes;
            let messages = monitor.counters.messages_sent - before;
            note_written(stream, send, written, messages);
            if written < due {
                send.blocked = true;
                return Ok(false);
            }
            // This saves most writes a further round.
            if queue.is_empty() && !receive.congested && self.is_quiet() {
                return Ok(true);
            }
        }
    }
}

impl Link {
    /// Writes a message of one part, with an empty frame before it if `delimiter`, over a connection that is
    /// [quiet](Link::is_quiet). The bytes that the stream does not accept are copied to the output. Returns whether there
    /// are none.
    ///
    /// # Errors
    ///
    /// The error of the stream; [`io::ErrorKind::WouldBlock`] if it accepts no byte. Then the message is not sent.
    pub(in crate::engine) fn write_body(
        &mut self,
        delimiter: bool,
        body: &[u8],
        run: &Run,
        spares: &mut Spares,
        monitor: &mut Monitor,
    ) -> io::Result<bool> {
        let Self { stream, send, .. } = self;
        let header = |more, len| FrameHeader::new(FrameKind::Message(more), len).emit();
        let (empty, header) = (header(More::Follows, 0), header(More::Last, body.len() as u64));
        let (empty, header) = (empty.as_ref(), header.as_ref());
        let mut head = [0; HEAD];
        let len = empty.len() + header.len();
        head[..empty.len()].copy_from_slice(empty);
        head[empty.len()..len].copy_from_slice(header);
        let head = &head[if delimiter { 0 } else { empty.len() }..len];
        let mut slices = Slices::new();
        slices.push(head);
        slices.push(body);
        let due = head.len() + body.len();
        let written = stream.write_vectored(slices.get())?;
        let whole = written == due;
        if whole {
            send.output.wrote(due);
            monitor.counters.messages_sent += 1;
            monitor.counters.bytes_sent += body.len() as u64;
        } else {
            send.output.wrote_part(written, head, body, run, spares);
            send.blocked = true;
        }
        note_written(stream, send, written, u64::from(whole));
        Ok(whole)
    }
}

/// Counts a message that is written, or put into the ring of a peer of this process.
#[inline]
pub(in crate::engine) fn count_sent(counters: &mut Counters, queued: &QueuedMessage) {
    if queued.is_message() {
        counters.messages_sent += 1;
        counters.bytes_sent += queued.message.byte_len() as u64;
    }
}

/// Notes that this many more bytes are written, which complete this many messages.
#[inline]
fn note_written(stream: &Stream, send: &mut SendHalf, bytes: usize, messages: u64) {
    send.written += bytes as u64;
    let (sum, looks) = (send.written, stream.forgets_unread());
    send.ledger.note(sum, messages, looks, || sum.saturating_sub(stream.unacknowledged()));
}

/// Stages the bytes that precede the output. Returns how many bytes of the output may follow.
fn stage(
    protocol: &mut Protocol,
    send: &mut SendHalf,
    queue: &Queue,
    run: &Run,
) -> Result<usize, CloseReason> {
    let SendHalf { staged, output, control, .. } = send;
    let connection = match protocol {
        Protocol::Zmtp(connection) => connection,
        Protocol::Raw => {
            if staged.is_empty() {
                make_raw(staged, queue);
            }
            return Ok(0);
        }
    };
    if !control.is_empty() || connection.needs_transmit() {
        if !staged.is_empty() {
            return Ok(0);
        }
        // Commands are written between messages.
        match output.rest_of_message(run) {
            0 => {
                stage_control(connection, send);
                send.control_end = send.written + send.staged.bytes().len() as u64;
            }
            rest => return Ok(rest),
        }
    }
    if !connection.is_ready() {
        return Ok(0);
    }
    if send.takes_messages {
        if !connection.is_sealed() {
            return Ok(WRITE);
        }
        if send.staged.is_empty() {
            if !send.output.is_first_sealed() {
                seal(connection, &mut send.staged, &mut send.output, run)?;
            }
            return Ok(send.output.rest_of_message(run));
        }
        return Ok(0);
    }
    if takes_messages(connection) && !send.conflate {
        // The handshake is complete now: the output takes the messages of the queue in the next round.
        return Ok(0);
    }
    if send.staged.is_empty() {
        make(connection, &mut send.staged, queue)?;
    }
    Ok(0)
}

fn stage_control(connection: &mut Zmtp, send: &mut SendHalf) {
    let control = core::mem::take(&mut send.control);
    if !control.is_empty() {
        send.staged.buffer().extend_from_slice(&control);
    }
    let mut out = [0; CONTROL];
    // There may be nothing to stage yet: then the connection keeps no buffer.
    while connection.needs_transmit() && !send.holds_ready(connection) {
        let n = connection.poll_transmit(&mut out).unwrap_or_default();
        if n == 0 {
            break;
        }
        send.staged.buffer().extend_from_slice(&out[..n]);
        send.opened = send.opened.saturating_add(u8::try_from(n).unwrap_or(u8::MAX));
    }
}

/// Seals the first message of the output in place if it is large and owned, or otherwise copies of the frames of the
/// first messages.
fn seal(
    connection: &mut Zmtp,
    staged: &mut Staged,
    output: &mut Output,
    run: &Run,
) -> Result<(), CloseReason> {
    if output.seal_first(connection).map_err(|_| failure(connection))? {
        return Ok(());
    }
    let mut start = 0;
    for (header, body) in output.frames(run) {
        if start > 0 && start == staged.bytes().len() && body.len() >= IN_PLACE {
            // It is sealed in place when it is the first.
            break;
        }
        let out = staged.buffer();
        let at = out.len();
        let head = connection.frame_len(body.len()) - body.len();
        out.resize(at + head, 0);
        out.extend_from_slice(body);
        let sealed = connection.finish_frame_of(header.kind(), head, &mut out[at..]);
        sealed.map_err(|_| failure(connection))?;
        if header.kind() != FrameKind::Message(More::Follows) {
            staged.end_message(core::mem::replace(&mut start, staged.bytes().len()));
            if start >= WRITE {
                break;
            }
        }
    }
    Ok(())
}

/// A frame of a ready connection that has room can only lack a nonce, which fails the connection.
fn failure(connection: &Zmtp) -> CloseReason {
    CloseReason::Protocol(connection.error().unwrap_or(Error::Exhausted))
}

/// Encodes the frames of queued messages, for a connection whose output takes no messages.
fn make(connection: &mut Zmtp, staged: &mut Staged, queue: &Queue) -> Result<(), CloseReason> {
    for at in 0.. {
        let start = staged.bytes().len();
        let Some(queued) = queue.get(at).filter(|_| start < WRITE) else { break };
        let mut index = 0;
        while let Some((lead, body)) = queued.frame(index) {
            let made = make_frame(connection, lead, body, staged.buffer());
            made.map_err(|_| failure(connection))?;
            index += 1;
        }
        staged.end_message(start);
    }
    Ok(())
}

fn make_frame(
    connection: &mut Zmtp,
    lead: Lead,
    body: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), SendError> {
    let start = out.len();
    match lead {
        Lead::Frame(more) => {
            out.resize(start + connection.frame_len(body.len()), 0);
            connection.encode_frame(more, body, &mut out[start..])?;
        }
        Lead::Subscription(what) => {
            out.resize(start + connection.subscription_len(what, body.len()), 0);
            connection.encode_subscription(what, body, &mut out[start..])?;
        }
    }
    Ok(())
}

/// Stages the bodies of queued messages, for a connection without a protocol.
fn make_raw(staged: &mut Staged, queue: &Queue) {
    for at in 0.. {
        let start = staged.bytes().len();
        let Some(queued) = queue.get(at).filter(|_| start < WRITE) else { break };
        let mut index = 0;
        while let Some((_, body)) = queued.frame(index) {
            staged.buffer().extend_from_slice(body);
            index += 1;
        }
        staged.end_message(start);
    }
}
