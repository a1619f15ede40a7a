//! Receiving sealed frames.
//!
//! A complete frame is opened in place and becomes a frame in the clear: its header is written directly before
//! the body, over bytes of the mechanism. From then on it is handled like a frame in the clear. Limits, MORE
//! and COMMAND are checked only then; before, only the length is checked against the limits.

use super::context::Context;
use super::event::{Event, Received};
use super::failure::Failure;
use super::limits::exceeds;
use super::state::{ReceiveHalf, State};
use super::whole::{longest_single, single};
use crate::buffer::copy;
use crate::config::Limits;
use crate::error::Limit;
use crate::mechanism::{Mechanism, OpenError};
use crate::wire::{FrameHeader, FrameKind, More, Size, size_to_u64};

impl ReceiveHalf {
    /// Opens the sealed frame at the front of `input`, and consumes the bytes before the resulting frame.
    pub(super) fn unseal<M: Mechanism>(
        &mut self,
        context: &mut Context<'_, M>,
        input: &mut [u8],
    ) -> Received {
        let (outer, header_len) = match FrameHeader::read(input) {
            Ok(Some(read)) => read,
            Ok(None) => return Received::missing(FrameHeader::missing(input)),
            Err(flaw) => return self.fail_at(Failure::Header(flaw), input),
        };
        let overhead = context.mechanism.overhead();
        let Some(inner) = size_without(outer.size(), overhead) else {
            return self.fail(Failure::Open(OpenError::TooShort));
        };
        let limits = &context.config.limits;
        if exceeds(inner, limits.max_frame.max(limits.max_command.into())) {
            self.len = inner;
            return self.fail(Failure::Limit(Limit::Frame));
        }
        let len = usize::try_from(outer.size()).unwrap_or(usize::MAX);
        let end = header_len.saturating_add(len);
        let there = input.len();
        let Some(frame) = input.get_mut(header_len..end) else {
            let payload = end.wrapping_sub(there);
            return Received { event: Event::Sealed, payload };
        };
        let kind = match context.mechanism.open(outer.kind(), frame) {
            Ok(kind) => kind,
            Err(error) => return self.fail(Failure::Open(error)),
        };
        self.opened(FrameHeader::of(kind, inner), header_len.wrapping_add(overhead), input);
        Received::bare(Event::Nothing)
    }

    /// The frame at the front of `input` is open. Its body is at this offset; its header is written before the body.
    fn opened(&mut self, header: FrameHeader, body: usize, input: &mut [u8]) {
        let header = header.emit();
        // The outer header is at least as long.
        let start = body.saturating_sub(header.as_ref().len());
        copy(input.get_mut(start..).unwrap_or_default(), header.as_ref());
        self.take(start);
        self.state = State::Opened;
    }

    /// [`Connection::receive_singles`](super::Connection::receive_singles) of sealed frames. A frame that is not a
    /// message of one part is opened, and left to `receive`.
    pub(super) fn unseal_singles<M: Mechanism>(
        &mut self,
        mechanism: &mut M,
        limits: &Limits,
        input: &mut [u8],
        longest: usize,
        mut keep: impl FnMut(usize, usize) -> bool,
    ) {
        if !self.goes_on::<M>(input) || self.in_message() {
            return;
        }
        let Some(longest) = longest_single(limits, longest) else { return };
        let overhead = mechanism.overhead();
        let mut at: usize = 0;
        while let Some(rest) = input.get_mut(at..)
            && let Some((outer, header_len)) = single(rest)
            && let Some(size) = outer.checked_sub(overhead)
            && size <= longest
            && let Some(frame) = rest.get_mut(header_len..header_len.saturating_add(outer))
        {
            match mechanism.open(FrameKind::Message(More::Last), frame) {
                Ok(FrameKind::Message(More::Last)) => {}
                Ok(kind) => {
                    self.take(at);
                    let header = FrameHeader::new(kind, size as u64);
                    return self.opened(header, header_len.wrapping_add(overhead), rest);
                }
                Err(error) => {
                    self.fail(Failure::Open(error));
                    break;
                }
            }
            at = at.wrapping_add(header_len).wrapping_add(outer);
            self.kind = FrameKind::Message(More::Last);
            self.len = Size::try_from(size).unwrap_or(Size::MAX);
            if !keep(at, size) {
                break;
            }
        }
        self.take(at);
    }
}

/// The size of a frame without the overhead of the mechanism.
fn size_without(outer: Size, overhead: usize) -> Option<Size> {
    let inner = size_to_u64(outer).checked_sub(overhead as u64)?;
    Size::try_from(inner).ok()
}
