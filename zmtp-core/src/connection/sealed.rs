//! Sealed frames on their way in.
//!
//! A frame that is whole is opened in place and becomes a frame in the clear: its header is written
//! right in front of the body, over the end of what the mechanism had there. What deals with frames
//! in the clear deals with it from then on. Limits, MORE and COMMAND are judged only then; before,
//! the length alone is held to the limits.

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
    /// Opens the sealed frame in front of `input`, and takes what is in front of the frame that it
    /// becomes.
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
        // Where the header of the opened frame begins. The outer header is at least as long.
        let start = header_len.wrapping_add(overhead).saturating_sub(header.as_ref().len());
        copy(input.get_mut(start..).unwrap_or_default(), header.as_ref());
        self.take(start);
        self.state = State::Opened;
        Received::bare(Event::Nothing)
    }
}

/// The size of a frame without what a mechanism puts in front of its body.
fn size_without(outer: Size, overhead: usize) -> Option<Size> {
    let inner = size_to_u64(outer).checked_sub(overhead as u64)?;
    Size::try_from(inner).ok()
}
