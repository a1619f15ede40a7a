//! What a link has encoded and not written yet.
//!
//! A frame is encoded once. Bytes that a write left over are kept here, together with the places
//! where messages begin and end among them. A message stays in its queue until its last byte is
//! written, so that it can be sent again over another connection.

use std::collections::VecDeque;

/// Where a message begins and ends, in bytes since the start of the connection.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: u64,
    /// `u64::MAX` while only a part of its frames is encoded.
    end: u64,
}

/// Encoded bytes in the order in which they go out. They belong to the first messages of the queue,
/// but for control bytes between those.
#[derive(Debug, Default)]
pub(super) struct Output {
    /// Bytes that a write left over, from `at` on.
    rest: Vec<u8>,
    at: usize,
    /// Control bytes behind those.
    control: Vec<u8>,
    /// The messages that are encoded, or partly so.
    spans: VecDeque<Span>,
    /// Bytes encoded so far, those of borrowed bodies included.
    encoded: u64,
    /// Bytes written so far.
    written: u64,
    /// The next frame to encode, of the first message that is not encoded whole.
    frame: usize,
    /// Bytes that were written of the body before that frame, if it is sent from where it is.
    borrowed: Option<usize>,
}

impl Output {
    /// Bytes that a write left over. They go out before anything else.
    pub(super) fn rest(&self) -> &[u8] {
        &self.rest[self.at..]
    }

    /// Bytes that were written of a body that is sent from where it is, if there is one: nothing
    /// else goes out before all of it is written.
    pub(super) const fn borrowed(&self) -> Option<usize> {
        self.borrowed
    }

    /// The message and the frame to encode next, counted from the front of the queue.
    pub(super) fn next(&self) -> (usize, usize) {
        let open = usize::from(self.spans.back().is_some_and(|span| span.end == u64::MAX));
        (self.spans.len() - open, self.frame)
    }

    /// How many messages at the front of the queue are encoded, or partly so.
    pub(super) fn messages(&self) -> usize {
        self.spans.len()
    }

    /// Whether the first message of the queue is partly written.
    pub(super) fn is_mid_message(&self) -> bool {
        self.spans.front().is_some_and(|span| span.start < self.written)
    }

    /// Bytes written so far.
    pub(super) const fn written(&self) -> u64 {
        self.written
    }

    /// Control bytes, of this length, were encoded.
    pub(super) const fn control_encoded(&mut self, len: usize) {
        self.encoded += len as u64;
    }

    /// A frame was encoded whole, in this many bytes.
    pub(super) fn frame_encoded(&mut self, len: usize, is_final: bool) {
        self.begin();
        self.encoded += len as u64;
        self.end_frame(is_final);
    }

    /// The header of a frame was encoded, in this many bytes. Its body is sent from where it is.
    pub(super) fn header_encoded(&mut self, len: usize) {
        self.begin();
        self.encoded += len as u64;
        self.borrowed = Some(0);
    }

    fn begin(&mut self) {
        if self.frame == 0 {
            self.spans.push_back(Span { start: self.encoded, end: u64::MAX });
        }
    }

    fn end_frame(&mut self, is_final: bool) {
        self.frame += 1;
        if is_final {
            self.frame = 0;
            if let Some(span) = self.spans.back_mut() {
                span.end = self.encoded;
            }
        }
    }

    /// Takes note of `n` bytes that were written of those that are left over.
    pub(super) fn rest_written(&mut self, n: usize) {
        self.written += n as u64;
        self.at += n;
        if self.at == self.rest.len() {
            (self.rest, self.at) = (Vec::new(), 0);
        }
    }

    /// Takes note of `n` bytes that were written of a batch of new ones, and keeps the others.
    pub(super) fn batch_written(&mut self, n: usize, batch: &mut Vec<u8>) {
        self.written += n as u64;
        if n == batch.len() {
            return;
        }
        (self.rest, self.at) = match batch.len() {
            len if len > LARGE => (core::mem::take(batch), n),
            _ => (batch[n..].to_vec(), 0),
        };
    }

    /// Takes note of `n` bytes that were written of the borrowed body, which has `len` bytes and
    /// ends the message if `is_final`.
    pub(super) fn body_written(&mut self, n: usize, len: usize, is_final: bool) {
        let Some(done) = &mut self.borrowed else { return };
        *done += n;
        self.written += n as u64;
        self.encoded += n as u64;
        if *done == len {
            self.borrowed = None;
            self.end_frame(is_final);
        }
    }

    /// Keeps control bytes that were encoded. They go out behind what is left over, before anything
    /// else is encoded.
    pub(super) fn keep_control(&mut self, bytes: &[u8]) {
        self.control.extend_from_slice(bytes);
    }

    /// Moves the control bytes that were kept to the end of a batch.
    pub(super) fn take_control(&mut self, batch: &mut Vec<u8>) {
        batch.append(&mut self.control);
        self.control = Vec::new();
    }

    /// Control bytes that are kept.
    pub(super) const fn control_len(&self) -> usize {
        self.control.len()
    }

    /// Bytes that are kept, of messages and of control.
    pub(super) const fn len(&self) -> usize {
        self.rest.len() - self.at + self.control.len()
    }

    /// Whether the first message of the queue is written whole; forgets it then.
    pub(super) fn pop(&mut self) -> bool {
        let through = self.spans.front().is_some_and(|span| span.end <= self.written);
        if through {
            self.spans.pop_front();
            if self.spans.is_empty() && self.spans.capacity() > FEW {
                self.spans = VecDeque::new();
            }
        }
        through
    }
}

/// A batch with more bytes than this is kept as it is instead of copied.
const LARGE: usize = 64 << 10;
/// For how many messages a link without any keeps room.
const FEW: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_complete_with_its_last_byte() {
        let mut output = Output::default();
        let mut batch = vec![0; 30];
        output.control_encoded(5);
        output.frame_encoded(10, false);
        output.frame_encoded(5, true);
        output.frame_encoded(10, true);
        assert_eq!((output.next(), output.messages()), ((2, 0), 2));
        output.batch_written(5, &mut batch);
        assert!(!output.is_mid_message() && !output.pop());
        assert_eq!(output.rest().len(), 25);
        output.rest_written(14);
        assert!(output.is_mid_message() && !output.pop());
        output.rest_written(1);
        assert!(output.pop() && !output.pop() && !output.is_mid_message());
        output.rest_written(10);
        assert!(output.pop() && output.rest().is_empty());
        assert_eq!((output.next(), output.messages()), ((0, 0), 0));
    }

    #[test]
    fn a_borrowed_body_belongs_to_its_message() {
        let mut output = Output::default();
        output.frame_encoded(4, false);
        output.header_encoded(9);
        output.batch_written(13, &mut vec![0; 13]);
        assert_eq!((output.next(), output.borrowed()), ((0, 1), Some(0)));
        output.body_written(999, 1_000, true);
        assert!(output.is_mid_message() && !output.pop());
        output.body_written(1, 1_000, true);
        assert_eq!((output.borrowed(), output.written()), (None, 1_013));
        assert!(output.pop() && !output.is_mid_message());
    }
}
