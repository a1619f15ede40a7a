//! The sending half of a link: everything that is due, in as few writes as possible.

use std::io::{self, IoSlice};

use super::link::Link;
use super::output::Output;
use super::protocol::Protocol;
use super::queue::{Lead, Queue};
use crate::monitor::{CloseReason, Monitor};

/// A batch is written when it reaches this many bytes: larger single writes are slower on
/// loopback.
const BATCH: usize = 32 << 10;
/// Bodies with more bytes than this are not copied into the batch but written from where they are,
/// unless they are sealed.
const COPY: usize = 8 << 10;
/// Bytes of control that fit the batch at once: a greeting and a READY with the longest routing
/// id.
pub(super) const CONTROL: usize = 512;

impl Link {
    /// Writes what is due until nothing is left or the stream takes no more. `true` if nothing is
    /// left.
    pub(super) fn transmit(
        &mut self,
        outgoing: &mut Queue,
        batch: &mut Vec<u8>,
        monitor: &mut Monitor,
    ) -> Result<bool, CloseReason> {
        loop {
            batch.clear();
            let left_over = !self.tx.output.rest().is_empty();
            if !left_over && self.tx.output.borrowed().is_none() {
                self.take_control(batch);
                if self.connection.is_ready() {
                    fill(&mut self.connection, &mut self.tx.output, batch, outgoing)?;
                }
            }
            let output = &mut self.tx.output;
            let (body, is_final) = borrowed(output, outgoing);
            let encoded = if left_over { output.rest() } else { batch.as_slice() };
            let (encoded_len, body_len) = (encoded.len(), body.len());
            let rest = &body[output.borrowed().unwrap_or_default()..];
            let due = encoded_len + rest.len();
            if due == 0 {
                self.tx.blocked = false;
                self.rx.congested = false;
                return Ok(true);
            }
            let result = if rest.is_empty() {
                self.stream.write(encoded)
            } else {
                self.stream.write_vectored(&[IoSlice::new(encoded), IoSlice::new(rest)])
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
                self.tx.blocked = true;
                return Ok(false);
            }
        }
    }

    /// Moves control bytes into the batch.
    fn take_control(&mut self, batch: &mut Vec<u8>) {
        self.tx.output.take_control(batch);
        while self.connection.wants_transmit() {
            let start = batch.len();
            batch.resize(start + CONTROL, 0);
            let n = self.connection.poll_transmit(&mut batch[start..]).unwrap_or_default();
            batch.truncate(start + n);
            if n == 0 {
                break;
            }
        }
        self.tx.output.control_encoded(batch.len());
    }
}

/// The body that is sent from where it is, and whether it ends its message.
fn borrowed<'q>(output: &Output, outgoing: &'q Queue) -> (&'q [u8], bool) {
    let (message, frame) = output.next();
    let found = output.borrowed().and_then(|_| outgoing.get(message)?.frame(frame));
    found.map_or((&[], false), |(lead, body)| (body, lead.is_final()))
}

/// Takes messages that are through from the queue.
fn pop(output: &mut Output, outgoing: &mut Queue, monitor: &mut Monitor) {
    while output.pop() {
        if let Some(letter) = outgoing.pop()
            && letter.is_message()
        {
            monitor.counters.messages_sent += 1;
            monitor.counters.bytes_sent += letter.message.byte_len() as u64;
        }
    }
}

/// Encodes messages until the batch is full or a large body is next.
fn fill(
    connection: &mut Protocol,
    output: &mut Output,
    batch: &mut Vec<u8>,
    outgoing: &Queue,
) -> Result<(), CloseReason> {
    let sealed = connection.is_sealed();
    let (mut message, mut frame) = output.next();
    while batch.len() < BATCH {
        let Some((lead, body)) = outgoing.get(message).and_then(|next| next.frame(frame)) else {
            break;
        };
        let start = batch.len();
        match lead {
            Lead::Frame(more) if !sealed => {
                connection.begin_frame(more, body.len() as u64, batch);
                if body.len() > COPY {
                    output.header_encoded(batch.len() - start);
                    break;
                }
                batch.extend_from_slice(body);
            }
            Lead::Frame(more) => {
                batch.resize(start + connection.frame_len(body.len()), 0);
                connection.encode_frame(more, body, &mut batch[start..])?;
            }
            Lead::Subscription(what) => {
                batch.resize(start + connection.subscription_len(what, body.len()), 0);
                connection.encode_subscription(what, body, &mut batch[start..])?;
            }
        }
        output.frame_encoded(batch.len() - start, lead.is_final());
        (message, frame) = output.next();
    }
    Ok(())
}
