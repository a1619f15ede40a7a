//! Complete message frames: fast parsing of bytes that are already part of the input.
//!
//! [`Connection::receive`] is the one public call that parses bytes, with one event for each call. The calls in
//! this file are hidden. They skip its state machine for the most frequent input, so that `zmtp-mio` needs one
//! call for all small messages of a read, which `receive` cannot return as one event. They change the same state
//! and leave everything else to `receive`, so that a driver may mix them in any order. The tests below compare
//! both ways. A program that does not call them does not contain them.

use core::borrow::Borrow;

use super::Connection;
use super::limits::{exceeds, max_message, max_parts};
use super::state::{ReceiveHalf, State};
use crate::config::{Config, Limits};
use crate::mechanism::Mechanism;
use crate::time::Instant;
use crate::wire::{FrameHeader, FrameKind, Framing, More, Size};

impl<M: Mechanism, C: Borrow<Config>> Connection<M, C> {
    /// Announces an input of `len` bytes for [`Connection::receive_whole`] and [`Connection::receive_singles`]. As in
    /// [`Connection::receive`], new bytes reset the timeouts for data of the peer, and the connection fails if a
    /// deadline has passed.
    #[doc(hidden)]
    pub fn begin_input(&mut self, now: Instant, len: usize) {
        self.begin(now, len);
    }

    /// Consumes the message frame at the front of `input` if it is complete and in the clear. Returns its header,
    /// and the length of header and body in bytes. Returns `None` for other bytes, and if `input` has new bytes:
    /// call [`Connection::receive`]. This call is faster for drivers that receive many frames at once.
    #[doc(hidden)]
    #[inline(always)]
    pub fn receive_whole(&mut self, input: &[u8]) -> Option<(FrameHeader, usize)> {
        if M::SEALS && self.mechanism.overhead() > 0 {
            return None;
        }
        self.rx.whole::<M>(&self.config.borrow().limits, input)
    }

    /// Consumes messages at the front of `input` as long as each is one complete frame with a body of at most
    /// `longest` bytes. Sealed frames are opened in place. For each message it calls `keep` with the offset of the end
    /// of the body, and the length of the body in bytes; `keep` returns whether to continue. It leaves other bytes to
    /// [`Connection::receive`], and all bytes if `input` has new ones. [`Connection::unread`] returns how many it leaves.
    #[doc(hidden)]
    #[inline(always)]
    pub fn receive_singles(
        &mut self,
        input: &mut [u8],
        longest: usize,
        keep: impl FnMut(usize, usize) -> bool,
    ) {
        let limits = &self.config.borrow().limits;
        if M::SEALS && self.mechanism.overhead() > 0 {
            return self.rx.unseal_singles(&mut self.mechanism, limits, input, longest, keep);
        }
        self.rx.singles::<M>(limits, input, longest, keep);
    }
}

impl ReceiveHalf {
    /// Whether a frame in the clear begins in the framing of ZMTP 3, and all of `input` was passed before.
    #[inline(always)]
    pub(super) fn goes_on<M: Mechanism>(&self, input: &[u8]) -> bool {
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
            || exceeds(bytes, max_message(limits))
            || parts > max_parts(limits)
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
        if !self.goes_on::<M>(input) || self.in_message() {
            return;
        }
        let Some(longest) = longest_single(limits, longest) else { return };
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

/// The longest body of a message of one frame that the limits allow, or `longest`. `None` if they allow no message.
#[inline(always)]
pub(super) fn longest_single(limits: &Limits, longest: usize) -> Option<usize> {
    let allowed = limits.max_frame.min(max_message(limits));
    let allowed = usize::try_from(allowed).unwrap_or(usize::MAX);
    (max_parts(limits) > 0).then(|| longest.min(allowed))
}

/// The size of the only frame of a message, and the length of its header. `None` for another frame, and for a
/// frame that is too large for any input.
#[inline(always)]
pub(super) fn single(input: &[u8]) -> Option<(usize, usize)> {
    match input {
        [0, size, ..] => Some((usize::from(*size), 2)),
        [2, rest @ ..] => {
            let size = u64::from_be_bytes(*rest.first_chunk()?);
            Some((usize::try_from(size).ok()?, FrameHeader::MAX_LEN))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Event;
    use super::super::tests::{NOW, traffic};
    use super::*;

    /// The header, the body and the number of unread bytes after each whole frame.
    type Seen = Vec<(FrameHeader, Vec<u8>, usize)>;

    /// Frames of every kind: single ones in both forms, a command, two parts, and an incomplete one.
    const FRAMES: &[u8] =
        b"\x00\x03one\x00\x00\x02\0\0\0\0\0\0\0\x03two\x04\x05\x04WHAT\x01\x01a\x00\x01b\
        \x00\x05three\x00\x09half";

    fn by_receive(bytes: &[u8]) -> Seen {
        let (mut connection, mut bytes) = (traffic(), bytes.to_vec());
        let (mut seen, mut at) = (Vec::new(), 0);
        loop {
            let received = connection.receive(NOW, &mut bytes[at..]);
            at = bytes.len().checked_sub(connection.unread()).unwrap();
            let (header, complete) = connection.frame();
            match received.event {
                Event::Frame if complete => {
                    let body = bytes[at - received.payload..at].to_vec();
                    seen.push((header, body, connection.unread()));
                }
                Event::NeedInput => return seen,
                _ => {}
            }
        }
    }

    fn by_whole_frames(bytes: &[u8], longest: usize) -> Seen {
        let (mut connection, mut bytes) = (traffic(), bytes.to_vec());
        let (mut seen, mut at) = (Vec::new(), 0);
        connection.begin_input(NOW, bytes.len());
        loop {
            let (all, before) = (bytes.len(), seen.len());
            let mut ends = Vec::new();
            connection.receive_singles(&mut bytes[at..], longest, |end, len| {
                ends.push((end, len));
                true
            });
            let rest = &bytes[at..];
            seen.extend(ends.into_iter().map(|(end, len)| {
                let header = FrameHeader::new(FrameKind::Message(More::Last), len as u64);
                (header, rest[end - len..end].to_vec(), rest.len() - end)
            }));
            at = all - connection.unread();
            if seen.len() > before {
                assert_eq!(connection.frame(), (seen.last().unwrap().0, true));
                continue;
            }
            if let Some((header, len)) = connection.receive_whole(&bytes[at..]) {
                at += len;
                let body = bytes[at - header.len() as usize..at].to_vec();
                seen.push((header, body, connection.unread()));
                assert_eq!(connection.frame(), (header, true));
                continue;
            }
            let received = connection.receive(NOW, &mut bytes[at..]);
            at = all - connection.unread();
            if received.event == Event::NeedInput {
                return seen;
            }
            assert!(matches!(received.event, Event::Ignored | Event::Frame), "{received:?}");
        }
    }

    #[test]
    fn the_calls_for_whole_frames_find_the_frames_that_receive_finds() {
        let expected = by_receive(FRAMES);
        assert_eq!(expected.len(), 6);
        for longest in [0, 3, usize::MAX] {
            assert_eq!(by_whole_frames(FRAMES, longest), expected);
        }
        for cut in 0..FRAMES.len() {
            assert_eq!(
                by_whole_frames(&FRAMES[..cut], 3),
                by_receive(&FRAMES[..cut]),
                "{cut} bytes"
            );
        }
    }

    #[test]
    fn the_calls_for_whole_frames_leave_new_bytes_and_frames_beyond_a_limit_to_receive() {
        let mut connection = traffic();
        assert_eq!(connection.receive_whole(b"\x00\x01a"), None, "new bytes");
        let mut too_long = vec![2, 0, 0, 0, 0, 0x10, 0, 0, 0];
        too_long.extend([0; 9]);
        connection.begin_input(NOW, too_long.len());
        assert_eq!(connection.receive_whole(&too_long), None);
        connection.receive_singles(&mut too_long, usize::MAX, |_, _| panic!("it is not whole"));
        assert_eq!(connection.receive(NOW, &mut too_long).event, Event::Failed);
        assert_eq!(connection.receive_whole(&too_long), None);
    }
}
