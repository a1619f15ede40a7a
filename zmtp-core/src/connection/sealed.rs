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
use crate::buffer::copy;
use crate::error::Limit;
use crate::mechanism::{Mechanism, OpenError};
use crate::wire::{FrameHeader, Size, size_to_u64};

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
        let header = FrameHeader::of(kind, inner).emit();
        // The offset of the header of the opened frame. The outer header is at least as long.
        let start = header_len.wrapping_add(overhead).saturating_sub(header.as_ref().len());
        copy(input.get_mut(start..).unwrap_or_default(), header.as_ref());
        self.take(start);
        self.state = State::Opened;
        Received::bare(Event::Nothing)
    }
}

/// The size of a frame without the overhead of the mechanism.
fn size_without(outer: Size, overhead: usize) -> Option<Size> {
    let inner = size_to_u64(outer).checked_sub(overhead as u64)?;
    Size::try_from(inner).ok()
}
