//! Bytes that are written before the output.

use core::cell::Cell;
use std::collections::VecDeque;

/// A buffer with more bytes than this is not kept for other connections.
const KEPT: usize = 128 << 10;

thread_local! {
    /// The last content that was written, without bytes: a connection has no buffer while nothing is staged, and without
    /// this each write would allocate one.
    static SPARE: Cell<Option<Box<Content>>> = const { Cell::new(None) };
}

/// Bytes that are written to the stream before the [output](super::output): the greeting, commands, sealed frames of
/// messages of the output, and frames that are encoded for this connection because its output takes no messages.
#[derive(Debug, Default)]
pub(super) struct Staged(
    /// Most connections have nothing staged most of the time.
    Option<Box<Content>>,
);

#[derive(Debug, Default)]
struct Content {
    bytes: Vec<u8>,
    at: usize,
    /// The start and end offsets of messages in the bytes. The messages stay in their queue, or in the output, until
    /// they are written.
    messages: VecDeque<(usize, usize)>,
}

impl Staged {
    pub(super) fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|content| content.bytes.is_empty())
    }

    /// The unwritten bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        self.0.as_ref().map_or(&[], |content| &content.bytes[content.at..])
    }

    /// The buffer, to append bytes that belong to no message.
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.content().bytes
    }

    /// The bytes from `start` on are a message.
    pub(super) fn end_message(&mut self, start: usize) {
        let content = self.content();
        content.messages.push_back((start, content.bytes.len()));
    }

    /// The number of messages that are not completely written.
    pub(super) fn message_count(&self) -> usize {
        self.0.as_ref().map_or(0, |content| content.messages.len())
    }

    /// Whether the first message is partly written.
    pub(super) fn is_mid_message(&self) -> bool {
        let first =
            self.0.as_ref().and_then(|content| Some((content.messages.front()?, content.at)));
        first.is_some_and(|((start, _), at)| *start < at)
    }

    /// `n` bytes are written. Returns the number of completed messages.
    pub(super) fn advance(&mut self, n: usize) -> usize {
        let Some(content) = &mut self.0 else { return 0 };
        content.at += n;
        let mut ended = 0;
        while content.messages.front().is_some_and(|(_, end)| *end <= content.at) {
            content.messages.pop_front();
            ended += 1;
        }
        if content.at == content.bytes.len()
            && let Some(content) = self.0.take()
        {
            content.give();
        }
        ended
    }

    fn content(&mut self) -> &mut Content {
        self.0.get_or_insert_with(|| {
            // At thread exit there may be no spare any more.
            SPARE.try_with(Cell::take).ok().flatten().unwrap_or_default()
        })
    }
}

impl Content {
    /// Keeps the memory for the next bytes of this thread, or frees it.
    fn give(mut self: Box<Self>) {
        if self.bytes.capacity() <= KEPT
            && self.messages.capacity() <= KEPT / size_of::<(usize, usize)>()
        {
            self.bytes.clear();
            self.messages.clear();
            self.at = 0;
            let _ = SPARE.try_with(|spare| spare.set(Some(self)));
        }
    }
}
