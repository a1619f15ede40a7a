//! Whole message frames in the clear: the short way through bytes that were passed before.

use core::borrow::Borrow;

use super::Connection;
use super::limits::exceeds;
use super::state::{ReceiveHalf, State};
use crate::config::{Config, Limits};
use crate::mechanism::Mechanism;
use crate::time::Instant;
use crate::wire::{FrameHeader, FrameKind, Framing, More, Size};

impl<M: Mechanism, C: Borrow<Config>> Connection<M, C> {
    /// As the beginning of [`Connection::receive`] with an input of this length: new bytes reset the timeouts
    /// for data of the peer, and the connection fails if a deadline has passed. Afterwards the input counts
    /// as passed before, for the calls below.
    #[doc(hidden)]
    pub fn begin_input(&mut self, now: Instant, len: usize) {
        if len > self.rx.unread {
            self.rx.heard::<M>();
        }
        self.rx.unread = len;
        self.lives(now);
    }

    /// Consumes the message frame at the front of `input` if it is whole and in the clear. Returns its header
    /// and the length of header and body in bytes. `None` if there is anything else, or new bytes: call
    /// [`Connection::receive`], which checks the time and everything that is received. The short way for
    /// drivers that receive many frames at once.
    #[doc(hidden)]
    #[inline(always)]
    pub fn receive_whole(&mut self, input: &[u8]) -> Option<(FrameHeader, usize)> {
        if M::SEALS && self.mechanism.overhead() > 0 {
            return None;
        }
        self.rx.whole::<M>(&self.config.borrow().limits, input)
    }

    /// Consumes messages at the front of `input` as long as each is one frame in the clear, whole, and of at
    /// most `longest` bytes. For each it calls `keep` with the offset where the body ends, and the length of
    /// the body; `keep` returns whether to go on. As [`Connection::receive_whole`] otherwise.
    #[doc(hidden)]
    #[inline(always)]
    pub fn receive_singles(
        &mut self,
        input: &[u8],
        longest: usize,
        keep: impl FnMut(usize, usize) -> bool,
    ) {
        if M::SEALS && self.mechanism.overhead() > 0 {
            return;
        }
        self.rx.singles::<M>(&self.config.borrow().limits, input, longest, keep);
    }
}

impl ReceiveHalf {
    /// Whether a frame in the clear begins in the framing of ZMTP 3, and all of `input` was passed before.
    #[inline(always)]
    fn goes_on<M: Mechanism>(&self, input: &[u8]) -> bool {
        matches!(self.state, State::Traffic)
            && self.remaining == 0
            && self.failure.is_none()
            && self.unread == input.len()
            && self.framing::<M>() == Framing::V3
    }

    #[inline(always)]
    fn whole<M: Mechanism>(
        &mut self,
        limits: &Limits,
        input: &[u8],
    ) -> Option<(FrameHeader, usize)> {
        if !self.goes_on::<M>(input) {
            return None;
        }
        let (header, header_len) = FrameHeader::read(input).ok()??;
        let FrameKind::Message(_) = header.kind() else { return None };
        let size = header.size();
        let rest = Size::try_from(input.len().saturating_sub(header_len)).ok()?;
        let (bytes, parts) = (self.bytes.saturating_add(size), self.parts.saturating_add(1));
        if size > rest
            || exceeds(size, limits.max_frame)
            || exceeds(bytes, limits.max_message)
            || parts > limits.max_parts
        {
            return None;
        }
        (self.kind, self.len) = (header.kind(), size);
        (self.bytes, self.parts) = if header.is_final() { (0, 0) } else { (bytes, parts) };
        let len = header_len.saturating_add(usize::try_from(size).ok()?);
        self.take(len);
        Some((header, len))
    }

    #[inline(always)]
    fn singles<M: Mechanism>(
        &mut self,
        limits: &Limits,
        input: &[u8],
        longest: usize,
        mut keep: impl FnMut(usize, usize) -> bool,
    ) {
        if !self.goes_on::<M>(input) || self.in_message() || limits.max_parts == 0 {
            return;
        }
        let allowed = limits.max_frame.min(limits.max_message);
        let longest = longest.min(usize::try_from(allowed).unwrap_or(usize::MAX));
        let mut at: usize = 0;
        while let Some(rest) = input.get(at..)
            && let Some((size, header_len)) = single(rest)
            && size <= longest
            && size <= rest.len().saturating_sub(header_len)
        {
            at = at.wrapping_add(header_len).wrapping_add(size);
            self.kind = FrameKind::Message(More::Last);
            self.len = Size::try_from(size).unwrap_or(Size::MAX);
            if !keep(at, size) {
                break;
            }
        }
        self.take(at);
    }
}

/// The size of the only frame of a message, and the length of its header. `None` if it is another frame, or
/// so large that it is not in any input.
#[inline(always)]
fn single(input: &[u8]) -> Option<(usize, usize)> {
    match input {
        [0, size, ..] => Some((usize::from(*size), 2)),
        [2, rest @ ..] => {
            let size = u64::from_be_bytes(*rest.first_chunk()?);
            Some((usize::try_from(size).ok()?, FrameHeader::MAX_LEN))
        }
        _ => None,
    }
}
