//! Bytes that are written before the output.

use std::collections::VecDeque;

/// Bytes that are written to the stream before the [output](super::output): the greeting, commands,
/// and frames that are encoded for this connection because its output takes no messages.
#[derive(Debug, Default)]
pub(super) struct Staged {
    bytes: Vec<u8>,
    at: usize,
    /// The start and end offsets of messages in the bytes. The messages stay in their queue until they are
    /// written.
    messages: VecDeque<(usize, usize)>,
}

impl Staged {
    pub(super) const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The unwritten bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[self.at..]
    }

    /// The buffer, to append bytes that belong to no message.
    pub(super) const fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// The bytes from `start` on are a message.
    pub(super) fn end_message(&mut self, start: usize) {
        self.messages.push_back((start, self.bytes.len()));
    }

    /// The number of messages that are not completely written.
    pub(super) fn message_count(&self) -> usize {
        self.messages.len()
    }

    /// Whether the first message is partly written.
    pub(super) fn is_mid_message(&self) -> bool {
        self.messages.front().is_some_and(|(start, _)| *start < self.at)
    }

    /// `n` bytes are written. Returns the number of completed messages.
    pub(super) fn advance(&mut self, n: usize) -> usize {
        self.at += n;
        let mut ended = 0;
        while self.messages.front().is_some_and(|(_, end)| *end <= self.at) {
            self.messages.pop_front();
            ended += 1;
        }
        if self.at == self.bytes.len() {
            self.at = 0;
            // Most connections have nothing staged most of the time.
            (self.bytes, self.messages) = (Vec::new(), VecDeque::new());
        }
        ended
    }
}
