//! Frames and commands after the handshake.

use super::context::Context;
use super::event::{Event, Received};
use super::failure::Failure;
use super::limits::{MESSAGE_LIMITS, exceeds, max_message, max_parts};
use super::state::{ReceiveHalf, State};
use crate::buffer::copy;
use crate::error::{Limit, Timeout};
use crate::mechanism::Mechanism;
use crate::wire::{CommandName, FrameHeader, Group, Ping, Size};

impl ReceiveHalf {
    /// Handles the header of a message frame. `there` is the length of the input from the header on.
    #[inline(always)]
    pub(super) fn message_frame<M: Mechanism>(
        &mut self,
        context: &Context<'_, M>,
        there: usize,
        header: FrameHeader,
        header_len: usize,
    ) -> Received {
        let opened = M::SEALS && matches!(self.state, State::Opened);
        if !matches!(self.state, State::Traffic) && !opened {
            return self.fail(Failure::MessageInHandshake);
        }
        let (size, limits) = (header.size(), &context.config.limits);
        if MESSAGE_LIMITS {
            self.bytes = self.bytes.saturating_add(size);
            self.parts = self.parts.saturating_add(1);
        } else {
            self.parts = 1;
        }
        (self.kind, self.len, self.remaining) = (header.kind(), size, size);
        let (bytes, parts) = (self.bytes, Size::from(self.parts));
        if exceeds(size, limits.max_frame) || (size == Size::MAX && size_of::<usize>() < 8) {
            return self.fail(Failure::Limit(Limit::Frame));
        }
        if MESSAGE_LIMITS && exceeds(parts, max_parts(limits).into()) {
            return self.fail(Failure::Limit(Limit::Parts));
        }
        if MESSAGE_LIMITS && exceeds(bytes, max_message(limits)) {
            return self.fail(Failure::Limit(Limit::Message));
        }
        self.take(header_len);
        self.piece::<M>(Event::Frame, there.wrapping_sub(header_len))
    }

    /// Handles bytes of the current body: `there`, or fewer.
    #[inline(always)]
    pub(super) fn piece<M: Mechanism>(&mut self, event: Event, there: usize) -> Received {
        let found = Received { event, payload: self.body(there) };
        if self.remaining == 0 { self.done::<M>(found) } else { found }
    }

    /// Handles a command. `there` is the length of the input from the command on.
    pub(super) fn traffic_command<M: Mechanism>(
        &mut self,
        context: &mut Context<'_, M>,
        there: usize,
        (name, data): (&[u8], &[u8]),
        mut found: Received,
    ) -> Received {
        let ours = M::socket_type(context.config);
        let publishes = ours.accepts_subscriptions();
        if CommandName::Ping.names(name) {
            if let Ok(ping) = Ping::parse(data) {
                // The PING stays in the input until the PONG for the previous one is sent.
                if context.tx.pong_due() {
                    self.unread = there;
                    return Received::bare(Event::NeedTransmit);
                }
                context.tx.queue_pong(copy(&mut self.scratch, ping.context));
                // Bytes after a PING in the same input reset its timeout, like later ones.
                if ping.ttl > 0 && self.unread == 0 {
                    self.expect(Timeout::Ttl, context.now.after(Ping::millis(ping.ttl)));
                }
                found.event = Event::Nothing;
            }
        } else if CommandName::Pong.names(name) {
            found.event = Event::Nothing;
        } else if CommandName::Ready.names(name) {
            return self.fail(Failure::SecondReady);
        } else if publishes && CommandName::Subscribe.names(name) {
            found.event = Event::Subscribe;
            found.payload = data.len();
        } else if publishes && CommandName::Cancel.names(name) {
            found.event = Event::Cancel;
            found.payload = data.len();
        } else if ours.accepts_members()
            && let Some(event) = membership(name)
        {
            if Group::new(data).is_err() {
                self.len = Size::try_from(data.len()).unwrap_or(Size::MAX);
                return self.fail(Failure::Group);
            }
            (found.event, found.payload) = (event, data.len());
        }
        self.done::<M>(found)
    }

    /// The frame at the front of the input is complete: if it was opened, the next one is sealed.
    #[inline(always)]
    pub(super) fn done<M: Mechanism>(&mut self, found: Received) -> Received {
        if M::SEALS && matches!(self.state, State::Opened) {
            self.state = State::Traffic;
        }
        found
    }
}

/// The event of a JOIN or LEAVE; `None` for another command.
fn membership(name: &[u8]) -> Option<Event> {
    if CommandName::Join.names(name) {
        Some(Event::Subscribe)
    } else if CommandName::Leave.names(name) {
        Some(Event::Cancel)
    } else {
        None
    }
}
