//! Writing: everything that is due, in as few writes as possible.

use std::io::{self, IoSlice};

use zmtp_core::{Error, SendError};

use super::output::Output;
use super::{Link, Protocol, Zmtp};
use crate::monitor::{CloseReason, Monitor};
use crate::queue::{Lead, Queue};

/// A batch is written when it reaches this many bytes: larger single writes are slower on
/// loopback.
const BATCH: usize = 32 << 10;
/// Bodies with more bytes than this are not copied into the batch but written from where they are,
/// unless they are sealed.
const COPY: usize = 8 << 10;
/// Control bytes that fit the batch at once: a greeting and a READY with the longest routing
/// id.
pub(super) const CONTROL: usize = 512;

impl Link {
    /// Writes control bytes and queued messages until none is left or the stream accepts no more. Returns
    /// whether none is left. `batch` is a buffer that all links share.
    pub(in crate::engine) fn write(
        &mut self,
        outgoing: &mut Queue,
        batch: &mut Vec<u8>,
        monitor: &mut Monitor,
    ) -> Result<bool, CloseReason> {
        let Self { stream, protocol, send, receive, .. } = self;
        loop {
            batch.clear();
            let left_over = !send.output.rest().is_empty();
            if !left_over && send.output.borrowed().is_none() {
                encode(protocol, &mut send.output, batch, outgoing)?;
            }
            let output = &mut send.output;
            let (body, is_final) = borrowed(output, outgoing);
            let encoded = if left_over { output.rest() } else { batch.as_slice() };
            let (encoded_len, body_len) = (encoded.len(), body.len());
            let rest = &body[output.borrowed().unwrap_or_default()..];
            let due = encoded_len + rest.len();
            if due == 0 {
                send.blocked = false;
                receive.congested = false;
                return Ok(true);
            }
            let result = if rest.is_empty() {
                stream.write(encoded)
            } else {
                stream.write_vectored(&[IoSlice::new(encoded), IoSlice::new(rest)])
            };
            let written = match result {
                Ok(n) => n,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
                Err(error) => return Err(CloseReason::Io(error.kind())),
            };
            match left_over {
                true => output.rest_written(written.min(encoded_len)),
                false => output.batch_written(written.min(encoded_len), batch),
            }
            output.body_written(written.saturating_sub(encoded_len), body_len, is_final);
            pop(output, outgoing, monitor);
            if written < due {
                send.blocked = true;
                return Ok(false);
            }
        }
    }
}

/// Encodes control bytes, then messages.
fn encode(
    protocol: &mut Protocol,
    output: &mut Output,
    batch: &mut Vec<u8>,
    outgoing: &Queue,
) -> Result<(), CloseReason> {
    match protocol {
        Protocol::Zmtp(connection) => {
            take_control(connection, output, batch);
            match connection.is_ready() {
                true => fill(Some(connection), output, batch, outgoing),
                false => Ok(()),
            }
        }
        Protocol::Raw => fill(None, output, batch, outgoing),
    }
}

/// Moves control bytes into the batch.
fn take_control(connection: &mut Zmtp, output: &mut Output, batch: &mut Vec<u8>) {
    output.take_control(batch);
    while connection.wants_transmit() {
        let start = batch.len();
        batch.resize(start + CONTROL, 0);
        let n = connection.poll_transmit(&mut batch[start..]).unwrap_or_default();
        batch.truncate(start + n);
        if n == 0 {
            break;
        }
    }
    output.control_encoded(batch.len());
}

/// The body that is sent from where it is, and whether it ends its message.
fn borrowed<'q>(output: &Output, outgoing: &'q Queue) -> (&'q [u8], bool) {
    let (message, frame) = output.next();
    let found = output.borrowed().and_then(|_| outgoing.get(message)?.frame(frame));
    found.map_or((&[], false), |(lead, body)| (body, lead.is_final()))
}

/// Removes messages that are written whole from the queue.
fn pop(output: &mut Output, outgoing: &mut Queue, monitor: &mut Monitor) {
    while output.pop() {
        if let Some(queued) = outgoing.pop()
            && queued.is_message()
        {
            monitor.counters.messages_sent += 1;
            monitor.counters.bytes_sent += queued.message.byte_len() as u64;
        }
    }
}

/// Encodes messages until the batch is full or a large body is next. Without a connection there are
/// only bodies.
fn fill(
    mut connection: Option<&mut Zmtp>,
    output: &mut Output,
    batch: &mut Vec<u8>,
    outgoing: &Queue,
) -> Result<(), CloseReason> {
    let (mut message, mut frame) = output.next();
    while batch.len() < BATCH {
        let Some((lead, body)) = outgoing.get(message).and_then(|next| next.frame(frame)) else {
            break;
        };
        let start = batch.len();
        let by_reference = match &mut connection {
            Some(connection) => encode_frame(connection, lead, body, batch)?,
            None => body.len() > COPY,
        };
        if by_reference {
            output.header_encoded(batch.len() - start);
            break;
        }
        if connection.is_none() {
            batch.extend_from_slice(body);
        }
        output.frame_encoded(batch.len() - start, lead.is_final());
        (message, frame) = output.next();
    }
    Ok(())
}

/// Encodes a frame, or only its header. `true` if its body is to be sent from where it is.
fn encode_frame(
    connection: &mut Zmtp,
    lead: Lead,
    body: &[u8],
    batch: &mut Vec<u8>,
) -> Result<bool, CloseReason> {
    let start = batch.len();
    let encoded = match lead {
        Lead::Frame(more) if !connection.is_sealed() => {
            let header = connection.begin_frame(more, body.len() as u64);
            let header = header.map_err(|error| failure(connection, error))?;
            batch.extend_from_slice(header.as_ref());
            if body.len() > COPY {
                return Ok(true);
            }
            batch.extend_from_slice(body);
            return Ok(false);
        }
        Lead::Frame(more) => {
            batch.resize(start + connection.frame_len(body.len()), 0);
            connection.encode_frame(more, body, &mut batch[start..])
        }
        Lead::Subscription(what) => {
            batch.resize(start + connection.subscription_len(what, body.len()), 0);
            connection.encode_subscription(what, body, &mut batch[start..])
        }
    };
    encoded.map_err(|error| failure(connection, error))?;
    Ok(false)
}

/// A frame of a ready connection that has room can only lack a nonce, which fails the connection.
fn failure(connection: &Zmtp, _: SendError) -> CloseReason {
    CloseReason::Protocol(connection.error().unwrap_or(Error::Exhausted))
}
