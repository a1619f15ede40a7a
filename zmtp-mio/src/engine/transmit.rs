//! The sending half of a link: everything that is due, in as few writes as possible.

use std::io::{self, IoSlice};

use super::link::{Cursor, Link};
use super::protocol::Protocol;
use super::queue::{Lead, Queue};
use crate::monitor::{CloseReason, Monitor};

/// A batch is written when it reaches this many bytes: larger single writes are slower on
/// loopback.
const BATCH: usize = 32 << 10;
/// Bodies with more bytes than this to go are not copied into the batch but written from where
/// they are.
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
            // Commands never go inside a frame: they wait until a letter is through.
            if self.tx.cursor.at_start() {
                self.take_control(batch);
            }
            let control = batch.len();
            let body = match self.connection.is_ready() {
                true => fill(&self.connection, batch, outgoing, self.tx.cursor),
                false => &[],
            };
            let due = batch.len() + body.len();
            if due == 0 {
                self.tx.blocked = false;
                self.rx.congested = false;
                return Ok(true);
            }
            let result = if body.is_empty() {
                self.stream.write(batch)
            } else {
                self.stream.write_vectored(&[IoSlice::new(batch), IoSlice::new(body)])
            };
            let written = match result {
                Ok(n) => n,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
                Err(error) => return Err(CloseReason::Io(error.kind())),
            };
            self.tx.control.extend_from_slice(&batch[written.min(control)..control]);
            self.advance(written.saturating_sub(control), outgoing, monitor);
            if written < due {
                self.tx.blocked = true;
                return Ok(false);
            }
        }
    }

    /// Moves control bytes into the batch: what was left over, then what the connection has.
    fn take_control(&mut self, batch: &mut Vec<u8>) {
        batch.append(&mut self.tx.control);
        self.tx.control = Vec::new();
        while self.connection.wants_transmit() {
            let start = batch.len();
            batch.resize(start + CONTROL, 0);
            let n = self.connection.poll_transmit(&mut batch[start..]).unwrap_or_default();
            batch.truncate(start + n);
            if n == 0 {
                return;
            }
        }
    }

    /// Notes that `n` bytes of letters went out.
    fn advance(&mut self, mut n: usize, outgoing: &mut Queue, monitor: &mut Monitor) {
        let cursor = &mut self.tx.cursor;
        while n > 0 {
            let Some((lead, body)) = outgoing.get(0).and_then(|first| first.frame(cursor.frame))
            else {
                return;
            };
            let rest = Head::new(&self.connection, lead, body).len + body.len() - cursor.bytes;
            if n < rest {
                cursor.bytes += n;
                return;
            }
            n -= rest;
            *cursor = Cursor { frame: cursor.frame + 1, bytes: 0 };
            if lead.is_final() {
                *cursor = Cursor::default();
                if let Some(letter) = outgoing.pop()
                    && letter.is_message()
                {
                    monitor.counters.messages_sent += 1;
                    monitor.counters.bytes_sent += letter.message.byte_len() as u64;
                }
            }
        }
    }

    /// Whether the first letter is partly on the wire.
    pub(super) const fn is_mid_letter(&self) -> bool {
        !self.tx.cursor.at_start()
    }
}

/// The bytes in front of a frame's body.
struct Head {
    bytes: [u8; HEAD],
    len: usize,
}

/// A subscription's are the longest: a frame header, the command's name and its length.
const HEAD: usize = 24;

impl Head {
    fn new(connection: &Protocol, lead: Lead, body: &[u8]) -> Self {
        let mut head = Self { bytes: [0; HEAD], len: 0 };
        // An error means that the connection is not ready, and nothing is written then; or that it
        // is raw.
        match lead {
            Lead::Frame(more) => {
                if let Ok(header) = connection.begin_frame(more, body.len() as u64) {
                    head.put(header.as_ref());
                }
            }
            Lead::Subscription(what) => {
                if let Ok(header) = connection.begin_subscription(what, body.len()) {
                    head.put(header.as_ref());
                }
            }
        }
        head
    }

    fn put(&mut self, bytes: &[u8]) {
        self.len = bytes.len();
        self.bytes[..self.len].copy_from_slice(bytes);
    }
}

/// Encodes letters from the cursor on, until the batch is full or a large body follows; returns
/// what is left of that body.
fn fill<'q>(
    connection: &Protocol,
    batch: &mut Vec<u8>,
    outgoing: &'q Queue,
    mut at: Cursor,
) -> &'q [u8] {
    let mut letter = 0;
    while batch.len() < BATCH {
        let Some((lead, body)) = outgoing.get(letter).and_then(|next| next.frame(at.frame)) else {
            return &[];
        };
        let head = Head::new(connection, lead, body);
        batch.extend_from_slice(head.bytes[..head.len].get(at.bytes..).unwrap_or_default());
        let rest = &body[at.bytes.saturating_sub(head.len)..];
        if rest.len() > COPY {
            return rest;
        }
        batch.extend_from_slice(rest);
        at = Cursor { frame: at.frame + 1, bytes: 0 };
        if lead.is_final() {
            (letter, at) = (letter + 1, Cursor::default());
        }
    }
    &[]
}
