//! Messages of one connection that are encoded and not written.
//!
//! A message is encoded once, when the peer takes it, as frames of ZMTP 3 in the clear. Until its first byte
//! is written it can be taken back, for another connection.

use std::collections::{VecDeque, vec_deque};

use zmtp_core::SendError;
use zmtp_core::wire::{FrameHeader, More};

use super::Zmtp;
use super::slices::Slices;
use crate::engine::queue::{Outgoing, QueuedMessage, append_frame, append_header};
use crate::message::Message;

/// Bodies with more bytes than this are not copied, but written from the buffer of the message.
pub(crate) const COPY: usize = 8 << 10;
/// The least length of a body that is sealed where it is.
pub(super) const IN_PLACE: usize = 64 << 10;
/// A buffer with more bytes than this is not kept for other connections.
const KEPT: usize = 128 << 10;

/// A body that is written from the buffer of its message.
#[derive(Debug)]
struct Body {
    /// The encoded bytes before it, as an offset into them.
    after: usize,
    message: Message,
    part: usize,
}

impl Body {
    fn bytes(&self) -> &[u8] {
        self.message.part(self.part).unwrap_or_default()
    }

    /// Whether it is the only part of its message.
    const fn is_whole(&self) -> bool {
        self.message.part_count() == 1
    }
}

/// The end of a message, or of a command.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    /// In bytes since the start of the connection.
    pub(super) at: u64,
    /// The bytes of its bodies; [`COMMAND`] for a command.
    pub(super) body_len: usize,
}

/// The `body_len` of a command.
const COMMAND: usize = usize::MAX;

impl End {
    /// The bytes of its bodies; `None` for a command.
    pub(super) fn message(self) -> Option<usize> {
        (self.body_len != COMMAND).then_some(self.body_len)
    }
}

/// Encoded messages, in the order in which they are written.
#[derive(Debug, Default)]
pub(in crate::engine) struct Pending {
    /// Headers, and bodies that were copied.
    encoded: Vec<u8>,
    /// Bytes of `encoded` that are written.
    at: usize,
    /// Bodies that were not copied.
    bodies: VecDeque<Body>,
    /// Bytes of the first body that are written, if all encoded bytes before it are.
    body_at: usize,
    /// Bytes of all bodies that were not copied.
    borrowed: usize,
    pub(super) ends: VecDeque<End>,
    /// The first message is sealed in place: what `encoded` had before its last body, in the clear.
    in_clear: Option<Vec<u8>>,
}

impl Pending {
    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The bytes of memory that it takes.
    pub(super) fn weight(&self) -> usize {
        self.encoded.len() + self.borrowed + self.ends.len() * size_of::<End>()
    }

    /// Appends a message of one frame, whose body is copied. Returns the number of bytes.
    #[inline]
    pub(super) fn append_frame(&mut self, body: &[u8]) -> usize {
        append_frame(&mut self.encoded, More::Last, body)
    }

    /// Appends an empty frame, and one whose body is copied. Returns the number of bytes.
    pub(super) fn append_delimited(&mut self, body: &[u8]) -> usize {
        append_frame(&mut self.encoded, More::Follows, &[])
            + append_frame(&mut self.encoded, More::Last, body)
    }

    /// The unwritten bytes, if all of them are in `encoded`.
    pub(super) fn single(&self) -> Option<&[u8]> {
        self.bodies.is_empty().then(|| &self.encoded[self.at..])
    }

    /// Appends a message. Returns the number of bytes.
    pub(super) fn append(&mut self, outgoing: &mut Outgoing<'_>) -> usize {
        let before = self.encoded.len() + self.borrowed;
        let head = outgoing.envelope.frame_count();
        let mut borrowed = 0;
        let mut index = 0;
        while let Some((lead, body)) = outgoing.frame(index) {
            let more = if lead.is_final() { More::Last } else { More::Follows };
            if body.len() > COPY && index >= head {
                append_header(&mut self.encoded, more, body.len());
                self.borrowed += body.len();
                borrowed += 1;
                let part = index - head + outgoing.envelope.skipped();
                // The message is moved into it below, after the last borrow of a part.
                let message = Message::new();
                self.bodies.push_back(Body { after: self.encoded.len(), message, part });
            } else {
                append_frame(&mut self.encoded, more, body);
            }
            index += 1;
        }
        if borrowed > 0 {
            let mut message = outgoing.take().message;
            if borrowed > 1 {
                message.share();
            }
            let first = self.bodies.len() - borrowed;
            let last = self.bodies.len() - 1;
            for body in self.bodies.range_mut(first..last) {
                body.message = message.clone();
            }
            if let Some(body) = self.bodies.back_mut() {
                body.message = message;
            }
        }
        self.encoded.len() + self.borrowed - before
    }

    /// Appends encoded frames, or a command. Returns the number of bytes.
    pub(super) fn append_encoded(&mut self, bytes: &[u8]) -> usize {
        self.encoded.extend_from_slice(bytes);
        bytes.len()
    }

    /// Appends a copy of a body, or of its end, without a header.
    pub(super) fn append_body(&mut self, body: &[u8]) {
        if body.len() <= COPY {
            self.encoded.extend_from_slice(body);
            return;
        }
        self.borrowed += body.len();
        let (after, message) = (self.encoded.len(), Message::from(body));
        self.bodies.push_back(Body { after, message, part: 0 });
    }

    /// Notes the end of what was appended last.
    #[inline]
    pub(super) fn end(&mut self, at: u64, body_len: Option<usize>) {
        self.ends.push_back(End { at, body_len: body_len.unwrap_or(COMMAND) });
    }

    /// The frames, of which no byte is written.
    pub(super) fn frames(&self) -> Frames<'_> {
        Frames { encoded: &self.encoded, at: self.at, bodies: self.bodies.iter() }
    }

    /// Seals the first message, of which no byte is written, if its last body is large and no other message shares it.
    /// `len` is the length of the message. Returns how many bytes longer it is now; `None` if it is not sealed.
    pub(super) fn seal_first(
        &mut self,
        connection: &mut Zmtp,
        len: usize,
    ) -> Result<Option<usize>, SendError> {
        let Some(borrowed) = self.bodies.front_mut() else { return Ok(None) };
        let place = self.at..borrowed.after;
        let clear = self.encoded[place.clone()].to_vec();
        let body = borrowed.message.part_mut(borrowed.part).unwrap_or_default();
        if body.len() < IN_PLACE || clear.len() + body.len() != len {
            return Ok(None);
        }
        let mut sealed = Vec::new();
        let mut at = 0;
        while let Some((header, header_len)) = FrameHeader::peek(&clear[at..]) {
            at += header_len;
            let start = sealed.len();
            let frame_len = header.len() as usize;
            sealed.resize(start + connection.frame_len(frame_len) - frame_len, 0);
            if at == clear.len() {
                connection.seal_split(header.kind(), &mut sealed[start..], body)?;
            } else {
                let head = sealed.len() - start;
                sealed.extend_from_slice(&clear[at..at + frame_len]);
                connection.finish_frame_of(header.kind(), head, &mut sealed[start..])?;
                at += frame_len;
            }
        }
        let longer = sealed.len() - clear.len();
        self.encoded.splice(place, sealed);
        self.bodies.iter_mut().for_each(|body| body.after += longer);
        self.ends.iter_mut().for_each(|end| end.at += longer as u64);
        self.in_clear = Some(clear);
        Ok(Some(longer))
    }

    /// Reverses [`Pending::seal_first`]. No byte is written since. Returns how many bytes shorter the message is now.
    pub(super) fn reverse_first(&mut self, connection: &mut Zmtp) -> usize {
        let (Some(clear), Some(borrowed)) = (self.in_clear.take(), self.bodies.front_mut()) else {
            return 0;
        };
        let place = self.at..borrowed.after;
        if let Some(body) = borrowed.message.part_mut(borrowed.part) {
            connection.reverse_split(&self.encoded[place.clone()], body);
        }
        let shorter = place.len() - clear.len();
        self.encoded.splice(place, clear);
        self.bodies.iter_mut().for_each(|body| body.after -= shorter);
        self.ends.iter_mut().for_each(|end| end.at -= shorter as u64);
        shorter
    }

    /// Whether the first message is sealed in place.
    pub(super) const fn is_first_sealed(&self) -> bool {
        self.in_clear.is_some()
    }

    /// The message that was sealed in place is written.
    #[inline]
    pub(super) fn forget_sealed(&mut self) {
        if self.in_clear.is_some() {
            self.in_clear = None;
        }
    }

    /// Collects unwritten bytes: about `limit`, unless a body is larger. Returns their number.
    pub(super) fn gather<'p>(&'p self, limit: usize, into: &mut Slices<'p>) -> usize {
        let (mut at, mut body_at, mut gathered) = (self.at, self.body_at, 0);
        for body in &self.bodies {
            let encoded = cut(&self.encoded[at..body.after], limit - gathered);
            if !into.push(encoded) {
                return gathered;
            }
            gathered += encoded.len();
            let bytes = &body.bytes()[body_at..];
            if encoded.len() < body.after - at || !into.push(bytes) {
                return gathered;
            }
            gathered += bytes.len();
            (at, body_at) = (body.after, 0);
            if gathered >= limit {
                return gathered;
            }
        }
        let encoded = cut(&self.encoded[at..], limit - gathered);
        gathered + if into.push(encoded) { encoded.len() } else { 0 }
    }

    /// Notes that `n` bytes are written.
    pub(super) fn advance(&mut self, mut n: usize) {
        while n > 0 {
            let next = self.bodies.front().map_or(self.encoded.len(), |body| body.after);
            if self.at < next {
                let step = n.min(next - self.at);
                self.at += step;
                n -= step;
                continue;
            }
            let Some(len) = self.bodies.front().map(|body| body.bytes().len()) else { return };
            let step = n.min(len - self.body_at);
            self.body_at += step;
            n -= step;
            if self.body_at == len {
                self.body_at = 0;
                self.borrowed -= len;
                self.bodies.pop_front();
            }
        }
        // Written bytes are removed when they are the larger part, so that each byte is moved at most once.
        if self.at > self.encoded.len() / 2 && self.at < self.encoded.len() {
            self.encoded.drain(..self.at);
            self.bodies.iter_mut().for_each(|body| body.after -= self.at);
            self.at = 0;
        }
    }

    /// Removes everything, and returns the messages of which no byte is written. `begun` is the number of
    /// unwritten bytes of a message that is partly written. Commands are dropped.
    pub(super) fn take_back(&mut self, begun: usize, written: u64) -> Vec<QueuedMessage> {
        let mut messages = Vec::new();
        let mut start = written;
        if begun > 0 {
            self.advance(begun);
            start += begun as u64;
            self.ends.pop_front();
        }
        for end in core::mem::take(&mut self.ends) {
            match end.message() {
                Some(_) => messages.push(self.take_message()),
                None => self.advance((end.at - start) as usize),
            }
            start = end.at;
        }
        self.clear();
        messages
    }

    /// Decodes the first message. All frames of a message are complete here.
    fn take_message(&mut self) -> QueuedMessage {
        let mut queued = QueuedMessage::default();
        while let Some((header, header_len)) = FrameHeader::peek(&self.encoded[self.at..]) {
            self.at += header_len;
            let len = usize::try_from(header.len()).unwrap_or(usize::MAX);
            let borrowed = self.bodies.front().is_some_and(|body| body.after == self.at);
            if let Some(body) = borrowed.then(|| self.bodies.pop_front()).flatten() {
                if header.is_final() && queued.message.part_count() == 0 && body.is_whole() {
                    return QueuedMessage::from(body.message);
                }
                queued.message.push(body.bytes());
            } else {
                let end = self.encoded.len().min(self.at.saturating_add(len));
                queued.message.push(&self.encoded[self.at..end]);
                self.at = end;
            }
            if header.is_final() {
                break;
            }
        }
        queued
    }

    /// Removes everything, and keeps the memory up to [`KEPT`] bytes.
    pub(super) fn clear(&mut self) {
        self.encoded.clear();
        self.encoded.shrink_to(KEPT);
        self.bodies.clear();
        self.ends.clear();
        self.ends.shrink_to(KEPT / size_of::<End>());
        (self.at, self.body_at, self.borrowed) = (0, 0, 0);
        self.in_clear = None;
    }
}

/// Whole frames, each with its header and its body.
#[derive(Debug)]
pub(super) struct Frames<'p> {
    encoded: &'p [u8],
    at: usize,
    bodies: vec_deque::Iter<'p, Body>,
}

impl<'p> Frames<'p> {
    /// The frames of bytes that contain all bodies.
    pub(super) fn of(encoded: &'p [u8]) -> Self {
        const NONE: &VecDeque<Body> = &VecDeque::new();
        Self { encoded, at: 0, bodies: NONE.iter() }
    }
}

impl<'p> Iterator for Frames<'p> {
    type Item = (FrameHeader, &'p [u8]);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let (header, header_len) = FrameHeader::peek(self.encoded.get(self.at..)?)?;
        self.at += header_len;
        let mut bodies = self.bodies.clone();
        if let Some(body) = bodies.next()
            && body.after == self.at
        {
            self.bodies = bodies;
            return Some((header, body.bytes()));
        }
        let len = usize::try_from(header.len()).ok()?;
        let body = self.encoded.get(self.at..self.at + len)?;
        self.at += len;
        Some((header, body))
    }
}

/// The first `n` bytes, or all.
fn cut(bytes: &[u8], n: usize) -> &[u8] {
    &bytes[..bytes.len().min(n)]
}
