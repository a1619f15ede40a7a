//! The output of a connection: encoded messages that are not written, in ZMTP 3 and in the clear. If the connection
//! seals its frames, they are sealed when they are written.

#[cfg(all(test, feature = "curve"))]
mod in_place_tests;
#[cfg(test)]
mod tests;

use zmtp_core::SendError;

use super::Zmtp;
use super::pending::{COPY, Frames, IN_PLACE, Pending};
use super::run::{Range, Run};
use super::slices::Slices;
use crate::engine::queue::{Envelope, Outgoing, QueuedMessage};

/// Encoded messages in the order in which they are written: those of this connection only, then a range of
/// the socket's [`Run`].
///
/// An empty output owns no memory: it returns its memory to the [spares](Spares).
#[derive(Debug, Default)]
pub(in crate::engine) struct Output {
    pending: Option<Box<Pending>>,
    shared: Option<Range>,
    /// Bytes written over the connection.
    written: u64,
    /// Bytes written or pending, without those of the run.
    appended: u64,
    /// The start of the first message that is not completely written.
    boundary: u64,
    /// The bytes of the bodies of the pending messages.
    body_len: usize,
    /// The unwritten bytes of the pending messages.
    pending_len: usize,
}

/// Memory for the pending messages of connections.
pub(in crate::engine) type Spares = Vec<Box<Pending>>;

/// The most that are kept.
const SPARES: usize = 16;

/// The messages that a write completed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Written {
    pub(super) messages: u64,
    /// Bytes of bodies.
    pub(super) bytes: u64,
}

impl Output {
    /// Whether all of it is written.
    pub(in crate::engine) const fn is_empty(&self) -> bool {
        self.pending.is_none() && self.shared.is_none()
    }

    /// The number of unwritten bytes.
    #[inline]
    pub(in crate::engine) fn len(&self) -> usize {
        self.pending_len + self.shared.map_or(0, |range| range.len())
    }

    /// The number of messages and commands that are not completely written.
    #[inline]
    pub(in crate::engine) fn message_count(&self) -> usize {
        self.pending.as_ref().map_or(0, |pending| pending.ends.len())
            + self.shared.map_or(0, |range| range.message_count())
    }

    /// The bytes of the bodies of those messages.
    #[inline]
    pub(in crate::engine) fn body_len(&self, run: &Run) -> usize {
        self.body_len + self.shared.map_or(0, |range| run.body_len(&range))
    }

    /// The bytes of memory that it takes, without the run.
    pub(in crate::engine) fn weight(&self) -> usize {
        self.pending.as_ref().map_or(0, |pending| pending.weight())
    }

    /// Whether the first message is partly written.
    pub(in crate::engine) const fn is_mid_message(&self) -> bool {
        self.written > self.boundary
    }

    /// The unwritten bytes of the message that is partly written, or sealed in place.
    pub(super) fn rest_of_message(&self, run: &Run) -> usize {
        if !self.is_mid_message() && !self.is_first_sealed() {
            return 0;
        }
        match (self.pending.as_ref().and_then(|pending| pending.ends.front()), &self.shared) {
            (Some(end), _) => (end.at - self.written) as usize,
            (None, Some(range)) => run.messages(range).next().map_or(0, |(len, _)| len),
            (None, None) => 0,
        }
    }

    /// Whether the first message is sealed in place: it is written next, before any command.
    pub(super) fn is_first_sealed(&self) -> bool {
        self.pending.as_ref().is_some_and(|pending| pending.is_first_sealed())
    }

    /// Seals the first message in place, if it is large and owned, and if no byte of it is written. Returns whether it is
    /// sealed.
    pub(super) fn seal_first(&mut self, connection: &mut Zmtp) -> Result<bool, SendError> {
        let Some(pending) = &mut self.pending else { return Ok(false) };
        let Some(end) = pending.ends.front().filter(|end| end.message().is_some()) else {
            return Ok(false);
        };
        let len = (end.at - self.written) as usize;
        if len < IN_PLACE || !connection.seals_split() {
            return Ok(false);
        }
        let Some(longer) = pending.seal_first(connection, len)? else { return Ok(false) };
        self.pending_len += longer;
        self.appended += longer as u64;
        Ok(true)
    }

    /// Decrypts a message that is sealed in place and of which no byte is written.
    pub(super) fn reverse_first(&mut self, connection: &mut Zmtp) {
        if self.is_mid_message() {
            return;
        }
        if let Some(pending) = &mut self.pending {
            let shorter = pending.reverse_first(connection);
            self.pending_len -= shorter;
            self.appended -= shorter as u64;
        }
    }

    /// Takes a message.
    #[inline]
    pub(in crate::engine) fn append(
        &mut self,
        outgoing: &mut Outgoing<'_>,
        run: &Run,
        spares: &mut Spares,
    ) {
        if let Some(body) = outgoing.only_frame()
            && body.len() <= COPY
            && self.append_body(body)
        {
            return;
        }
        let body_len = outgoing.body_len();
        let pending = self.pending(run, spares);
        let len = match (&outgoing.envelope, outgoing.message.bytes()) {
            (Envelope::Delimiter, Some(body)) if body.len() <= COPY => {
                pending.append_delimited(body)
            }
            (Envelope::None, Some(body)) if body.len() <= COPY => pending.append_frame(body),
            _ => pending.append(outgoing),
        };
        self.end(len, Some(body_len));
    }

    /// Takes a message of one part of at most [`COPY`] bytes. Returns `false` if this is not the usual case, in which
    /// other messages are pending.
    #[inline]
    pub(in crate::engine) fn append_body(&mut self, body: &[u8]) -> bool {
        let (Some(pending), None) = (&mut self.pending, &self.shared) else { return false };
        let len = pending.append_frame(body);
        self.pending_len += len;
        self.appended += len as u64;
        self.body_len += body.len();
        pending.end(self.appended, Some(body.len()));
        true
    }

    /// Takes a command, which is encoded.
    pub(in crate::engine) fn append_command(
        &mut self,
        bytes: &[u8],
        run: &Run,
        spares: &mut Spares,
    ) {
        let len = self.pending(run, spares).append_encoded(bytes);
        self.end(len, None);
    }

    /// A message with this number of bytes was written, without having been taken. Nothing else is pending.
    pub(super) const fn wrote(&mut self, len: usize) {
        self.written += len as u64;
        self.appended += len as u64;
        self.boundary = self.written;
    }

    /// The first `written` bytes of a message of one part were written, without having been taken: takes the others.
    /// Nothing else is pending.
    pub(super) fn wrote_part(
        &mut self,
        written: usize,
        head: &[u8],
        body: &[u8],
        run: &Run,
        spares: &mut Spares,
    ) {
        let (head_len, rest) = (head.len(), head.len() + body.len() - written);
        let pending = self.pending(run, spares);
        pending.append_encoded(head.get(written..).unwrap_or_default());
        pending.append_body(body.get(written.saturating_sub(head_len)..).unwrap_or_default());
        self.written += written as u64;
        self.appended += written as u64;
        self.end(rest, Some(body.len()));
    }

    fn end(&mut self, len: usize, body_len: Option<usize>) {
        self.pending_len += len;
        self.appended += len as u64;
        self.body_len += body_len.unwrap_or_default();
        if let Some(pending) = &mut self.pending {
            pending.end(self.appended, body_len);
        }
    }

    /// Takes messages of the run.
    pub(in crate::engine) fn append_shared(
        &mut self,
        range: Range,
        run: &Run,
        spares: &mut Spares,
    ) {
        if !self.extend_shared(range) {
            self.copy_shared(run, spares);
            self.shared = Some(range);
        }
    }

    /// Takes messages of the run if they follow those of this output. Returns `false` if they do not.
    #[inline]
    pub(in crate::engine) fn extend_shared(&mut self, range: Range) -> bool {
        self.shared.as_mut().is_some_and(|shared| shared.extend(&range))
    }

    /// The pending messages, the last of all.
    fn pending(&mut self, run: &Run, spares: &mut Spares) -> &mut Pending {
        self.copy_shared(run, spares);
        self.pending.get_or_insert_with(|| spares.pop().unwrap_or_default())
    }

    /// Copies the unwritten bytes of the run.
    pub(in crate::engine) fn copy_shared(&mut self, run: &Run, spares: &mut Spares) {
        let Some(range) = self.shared.take() else { return };
        let pending = self.pending.get_or_insert_with(|| spares.pop().unwrap_or_default());
        pending.append_encoded(run.bytes(&range));
        for (len, body_len) in run.messages(&range) {
            self.pending_len += len;
            self.appended += len as u64;
            self.body_len += body_len;
            pending.end(self.appended, Some(body_len));
        }
    }

    /// The unwritten bytes, up to `limit`, if they are contiguous.
    pub(super) fn single<'p>(&'p self, run: &'p Run, limit: usize) -> Option<&'p [u8]> {
        let bytes = match (&self.pending, &self.shared) {
            (Some(pending), None) => pending.single()?,
            (None, Some(range)) => run.bytes(range),
            _ => return None,
        };
        (!bytes.is_empty() && limit > 0).then(|| &bytes[..bytes.len().min(limit)])
    }

    /// Collects unwritten bytes: about `limit`, unless a body is larger. Returns their number.
    pub(super) fn gather<'p>(&'p self, run: &'p Run, limit: usize, into: &mut Slices<'p>) -> usize {
        let (own, all) = match &self.pending {
            Some(pending) => (pending.gather(limit, into), self.pending_len),
            None => (0, 0),
        };
        let Some(range) = self.shared.as_ref().filter(|_| own == all) else { return own };
        let bytes = run.bytes(range);
        let bytes = &bytes[..bytes.len().min(limit.saturating_sub(own))];
        own + if into.push(bytes) { bytes.len() } else { 0 }
    }

    /// Notes that `n` bytes are written.
    pub(super) fn advance(&mut self, mut n: usize, run: &Run, spares: &mut Spares) -> Written {
        let mut done = Written::default();
        if let Some(pending) = &mut self.pending {
            let own = n.min(self.pending_len);
            pending.advance(own);
            self.pending_len -= own;
            n -= own;
            self.written += own as u64;
            let before = self.boundary;
            while let Some(end) = pending.ends.front()
                && end.at <= self.written
            {
                if let Some(body_len) = end.message() {
                    done.messages += 1;
                    done.bytes += body_len as u64;
                    self.body_len -= body_len;
                }
                self.boundary = end.at;
                pending.ends.pop_front();
            }
            if self.boundary > before {
                pending.forget_sealed();
            }
            if pending.is_empty() {
                self.give_back(spares);
            }
        }
        if n > 0
            && let Some(range) = &mut self.shared
        {
            let before = run.body_len(range);
            done.messages += run.advance(range, n) as u64;
            done.bytes += (before - run.body_len(range)) as u64;
            self.written += n as u64;
            self.appended += n as u64;
            self.boundary = self.written - run.begun(range) as u64;
            if range.message_count() == 0 {
                self.shared = None;
            }
        }
        done
    }

    /// The frames of the first messages, of which no byte is written: those of this connection, or those of the run if
    /// there are no others.
    pub(super) fn frames<'p>(&'p self, run: &'p Run) -> Frames<'p> {
        match (&self.pending, &self.shared) {
            (Some(pending), _) => pending.frames(),
            (None, Some(range)) => Frames::of(run.bytes(range)),
            (None, None) => Frames::of(&[]),
        }
    }

    /// Notes that the first `count` messages and commands are written, sealed. They are in [`Self::frames`].
    pub(super) fn advance_sealed(
        &mut self,
        count: usize,
        run: &Run,
        spares: &mut Spares,
    ) -> Written {
        let n = self.len_of(count, run);
        self.advance(n, run, spares)
    }

    /// The unwritten bytes of the first `count` messages and commands: all of this connection, or all of the run.
    fn len_of(&self, count: usize, run: &Run) -> usize {
        let Some(last) = count.checked_sub(1) else { return 0 };
        match (&self.pending, &self.shared) {
            (Some(pending), _) => {
                pending.ends.get(last).map_or(0, |end| (end.at - self.written) as usize)
            }
            (None, Some(range)) => run.messages(range).take(count).map(|(len, _)| len).sum(),
            (None, None) => 0,
        }
    }

    fn give_back(&mut self, spares: &mut Spares) {
        if let Some(mut pending) = self.pending.take()
            && spares.len() < SPARES
            && spares.try_reserve(1).is_ok()
        {
            pending.clear();
            spares.push(pending);
        }
    }

    /// Removes everything, and returns the messages of which no byte is written. Commands are dropped. If `sealed_part`,
    /// the first message is partly written, sealed.
    pub(in crate::engine) fn take_back(
        &mut self,
        sealed_part: bool,
        run: &Run,
        spares: &mut Spares,
    ) -> Vec<QueuedMessage> {
        self.copy_shared(run, spares);
        let begun = if sealed_part { self.len_of(1, run) } else { self.rest_of_message(run) };
        let Some(pending) = &mut self.pending else { return Vec::new() };
        let messages = pending.take_back(begun, self.written);
        (self.body_len, self.pending_len) = (0, 0);
        (self.appended, self.boundary) = (self.written, self.written);
        self.give_back(spares);
        messages
    }
}
