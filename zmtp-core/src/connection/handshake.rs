//! Commands of the handshake.

use super::context::Context;
use super::event::{Event, Received};
use super::failure::Failure;
use super::limits::LONGEST_IDENTITY;
use super::state::{ReceiveHalf, State};
use crate::buffer::{copy, is_name};
use crate::config::Config;
use crate::mechanism::{Consumed, Mechanism};
use crate::time::Instant;
use crate::wire::{CommandName, Encoded, Property, Size, error_reason};

impl ReceiveHalf {
    /// Handles a command of the handshake. With its header it has `taken` bytes of the input.
    pub(super) fn handshake_command<M: Mechanism>(
        &mut self,
        context: &mut Context<'_, M>,
        (name, data): (&[u8], &mut [u8]),
        taken: usize,
        mut found: Received,
    ) -> Received {
        if CommandName::Error.names(name) {
            return self.refused(data);
        }
        if context.mechanism.as_server() {
            self.len = 0;
        }
        found.event = match context.mechanism.consume(name, data) {
            Consumed::Pending => Event::Nothing,
            Consumed::Ready(len) => {
                let at = data.len().saturating_sub(len);
                let metadata = data.get(at..).unwrap_or_default();
                if let Err(failure) = self.check_metadata::<M>(context.config, metadata) {
                    return self.fail(failure);
                }
                self.state = State::Traffic;
                self.deadline = Instant::NEVER;
                found.payload = metadata.len();
                Event::Ready
            }
            Consumed::Denied => return self.fail(Failure::Denied),
            Consumed::Invalid(error) => return self.fail(Failure::Handshake(error)),
            Consumed::Waiting if M::WAITS => {
                // The command stays in the input and is parsed again after the answer.
                self.unread = self.unread.wrapping_add(taken);
                self.state = State::Waiting;
                return Received::bare(Event::Waiting);
            }
            Consumed::Unexpected | Consumed::Waiting => {
                return self.fail_at(Failure::UnexpectedCommand, name);
            }
        };
        found
    }

    /// Handles the data of an ERROR, which is the end of the command.
    #[inline(always)]
    pub(super) fn refused(&mut self, data: &[u8]) -> Received {
        if error_reason(data).is_err() {
            return self.fail(Failure::ErrorReason);
        }
        self.failure = Some(Failure::Refused);
        Received { event: Event::Refused, payload: data.len() }
    }

    /// Checks every Socket-Type and Identity of a READY.
    fn check_metadata<M: Mechanism>(
        &mut self,
        config: &Config,
        metadata: &[u8],
    ) -> Result<(), Failure> {
        let mut properties = Encoded(metadata);
        for Property { name, value } in &mut properties {
            if is_name(name, b"socket-type") {
                self.peer.socket_type = M::socket_type(config).peer_named(value);
                if self.peer.socket_type.is_none() {
                    copy(&mut self.scratch, value);
                    return Err(Failure::SocketType(u8::try_from(value.len()).unwrap_or(u8::MAX)));
                }
            } else if is_name(name, b"identity") && value.len() > LONGEST_IDENTITY {
                self.len = Size::try_from(value.len()).unwrap_or(Size::MAX);
                return Err(Failure::RoutingIdTooLong);
            }
        }
        if !properties.0.is_empty() {
            Err(Failure::Metadata)
        } else if self.peer.socket_type.is_none() && config.require_socket_type {
            Err(Failure::MissingSocketType)
        } else {
            Ok(())
        }
    }
}
