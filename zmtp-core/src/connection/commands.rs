//! What commands of the peer mean: in the handshake, and once messages flow.

use super::cause::{Cause, exceeds};
use super::front::{Front, What};
use super::receive::{Around, Rx, State};
use crate::buffer::{copy, is_name};
use crate::config::Config;
use crate::error::{Limit, Timeout};
use crate::mechanism::{Consumed, Mechanism};
use crate::time::Instant;
use crate::wire::{Command, CommandName, Encoded, Ping, Property, Size, error_reason};

impl Rx {
    /// A command, which is dealt with in one piece.
    #[inline(always)]
    pub(super) fn command<M: Mechanism>(
        &mut self,
        around: &mut Around<'_, M>,
        input: &[u8],
        size: Size,
        header_len: usize,
    ) -> Front {
        if exceeds(size, around.config.limits.max_command.into()) {
            self.len = size;
            return self.fail(Cause::Limit(Limit::Command));
        }
        let payload = usize::try_from(size).unwrap_or(usize::MAX);
        let taken = header_len.saturating_add(payload);
        let Some(body) = input.get(header_len..taken) else {
            return Front::missing(taken.wrapping_sub(input.len()));
        };
        let found = Front { what: What::Ignored, payload };
        self.take(taken);
        match (&self.state, Command::parse(body)) {
            (State::Handshake, Ok(command)) => self.handshake_command(around, command, body, found),
            (State::Handshake, Err(_)) => self.fail(Cause::CommandName),
            (_, Ok(command)) => self.traffic_command(around, input.len(), command, found),
            (_, Err(_)) => found,
        }
    }

    fn handshake_command<M: Mechanism>(
        &mut self,
        around: &mut Around<'_, M>,
        command: Command<'_>,
        body: &[u8],
        mut found: Front,
    ) -> Front {
        if command.is(CommandName::Error) {
            if error_reason(command.data).is_err() {
                return self.fail(Cause::ErrorReason);
            }
            self.cause = Some(Cause::Refused);
            found.what = What::Refused;
            found.payload = command.data.len();
            return found;
        }
        found.what = match around.mechanism.consume(command) {
            Consumed::Pending => What::Nothing,
            Consumed::Ready(metadata) => {
                if !self.check_metadata::<M>(around.config, metadata) {
                    return Front::FAILED;
                }
                self.state = State::Traffic;
                self.give_up = Instant::NEVER;
                found.payload = metadata.len();
                What::Ready
            }
            Consumed::Unexpected => return self.fail_at(Cause::UnexpectedCommand, body),
        };
        found
    }

    /// What a command means once messages flow, with which an input of so many bytes begins.
    fn traffic_command<M: Mechanism>(
        &mut self,
        around: &mut Around<'_, M>,
        len: usize,
        command: Command<'_>,
        mut found: Front,
    ) -> Front {
        let publishes = M::socket_type(around.config).accepts_subscriptions();
        if command.is(CommandName::Ping) {
            if let Ok(ping) = Ping::parse(command.data) {
                // It is left where it is while the last one's answer waits to go out.
                if around.tx.pong_due() {
                    self.left = len;
                    return Front::bare(What::NeedTransmit);
                }
                around.tx.queue_pong(copy(&mut self.scratch, ping.context));
                // What follows a PING in the same input is a sign of life, like what comes later.
                if ping.ttl > 0 && self.left == 0 {
                    self.expect(Timeout::Ttl, around.now.after(Ping::millis(ping.ttl)));
                }
                found.what = What::Nothing;
            }
        } else if command.is(CommandName::Pong) {
            found.what = What::Nothing;
        } else if command.is(CommandName::Ready) {
            return self.fail(Cause::SecondReady);
        } else if publishes && command.is(CommandName::Subscribe) {
            found.what = What::Subscribe;
            found.payload = command.data.len();
        } else if publishes && command.is(CommandName::Cancel) {
            found.what = What::Cancel;
            found.payload = command.data.len();
        }
        found
    }

    /// Checks every Socket-Type and Identity of a READY; `false` if one is wrong.
    fn check_metadata<M: Mechanism>(&mut self, config: &Config, metadata: &[u8]) -> bool {
        let mut properties = Encoded(metadata);
        for Property { name, value } in &mut properties {
            if is_name(name, b"socket-type") {
                self.peer.socket_type = M::socket_type(config).peer_named(value);
                if self.peer.socket_type.is_none() {
                    let len = u8::try_from(value.len()).unwrap_or(u8::MAX);
                    self.fail_at(Cause::SocketType(len), value);
                    return false;
                }
            } else if is_name(name, b"identity") && value.len() > LONGEST_IDENTITY {
                self.len = Size::try_from(value.len()).unwrap_or(Size::MAX);
                self.fail(Cause::RoutingIdTooLong);
                return false;
            }
        }
        if !properties.0.is_empty() {
            self.fail(Cause::Metadata);
        } else if self.peer.socket_type.is_none() && config.require_socket_type {
            self.fail(Cause::MissingSocketType);
        }
        self.cause.is_none()
    }
}

/// Bytes of an identity (RFC 37 § The NULL Security Mechanism).
pub(super) const LONGEST_IDENTITY: usize = 255;
