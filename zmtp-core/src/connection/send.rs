//! The sending half: control bytes, which the connection sends by itself.

use super::encode::{self, EncodeError, overhead};
use super::failure::Failure;
use super::legacy::are_accepted;
use super::refusal::{sends_error, write_error};
use super::state::{ReceiveHalf, State};
use crate::config::Config;
use crate::mechanism::Mechanism;
use crate::wire::{
    BufferTooSmall, FrameKind, Framing, Greeting, SIGNATURE_LEN, VERSION_MAJOR_AT, Version, Writer,
};

/// State of the sending half.
#[derive(Clone, Copy, Debug)]
pub(super) struct SendHalf {
    /// The number of greeting bytes that were sent, or [`SendHalf::ERROR_SENT`].
    pub(super) greeting_sent: u8,
    due: Due,
}

/// A PONG and a PING that are due: flags above a length in one byte, to save memory in firmware. The context
/// of the PONG is in the scratch of the receiving half.
#[derive(Clone, Copy, Debug)]
struct Due(u8);

impl Due {
    const PING: u8 = 0x80;
    const PONG: u8 = 0x40;
    /// Bytes of the context.
    const LEN: u8 = 0x1f;

    const fn has(self, flag: u8) -> bool {
        self.0 & flag != 0
    }
}

/// The length of the longest PONG in the clear.
const LONGEST_PONG: usize = 2 + 5 + 16;

impl SendHalf {
    pub(super) const fn new() -> Self {
        Self { greeting_sent: 0, due: Due(0) }
    }

    /// The greeting was sent, and the ERROR of a failed connection.
    const ERROR_SENT: u8 = u8::MAX;

    /// Writes the next piece that is due, if any.
    pub(super) fn poll<M: Mechanism>(
        &mut self,
        config: &Config,
        mechanism: &mut M,
        rx: &mut ReceiveHalf,
        out: &mut [u8],
    ) -> Result<usize, BufferTooSmall> {
        let failed = rx.failure.is_some();
        if failed && !self.error_is_due(mechanism, rx) {
            return Ok(0);
        }
        if !failed && overhead(mechanism) > 0 && self.beat_is_due(mechanism, rx) {
            return self.sealed_beat(config, mechanism, rx, out);
        }
        let mut out = Writer::new(out);
        if let Some(reply) = rx.reply::<M>() {
            return self.old_greeting(config, mechanism, rx.framing::<M>(), reply, out);
        }
        // The state after the bytes written here are sent.
        let mut after = *self;
        // The complete greeting precedes an ERROR.
        let heard = if failed { Greeting::LEN } else { rx.greeting_position() };
        let stage = Self::stage(config, mechanism, heard);
        if usize::from(self.greeting_sent) < stage {
            after.greeting(config, mechanism, stage, &mut out);
        } else if failed {
            write_error(mechanism, rx.failure, &mut out);
            after.greeting_sent = Self::ERROR_SENT;
        } else if heard < Greeting::LEN {
        } else if !mechanism.may_send() {
            mechanism.produce(M::socket_type(config), config, &mut out);
        } else {
            after.beat(config, rx, &mut out);
        }
        let written = out.finish()?;
        *self = after;
        Ok(written)
    }

    /// Writes a PONG or PING that is due.
    #[inline(always)]
    fn beat(&mut self, config: &Config, rx: &ReceiveHalf, out: &mut Writer<'_>) {
        if self.due.has(Due::PONG) {
            let len = usize::from(self.due.0 & Due::LEN);
            out.command_header(len.wrapping_add(5));
            out.put(b"\x04PONG");
            out.put(rx.scratch.get(..len).unwrap_or_default());
            self.due.0 &= Due::PING;
        } else {
            #[cfg(feature = "heartbeat")]
            if self.due.has(Due::PING) {
                out.put(b"\x04\x07\x04PING");
                out.put(&config.heartbeat.ttl_tenths.to_be_bytes());
                self.due.0 &= !Due::PING;
            }
            #[cfg(not(feature = "heartbeat"))]
            let _ = config;
        }
    }

    fn beat_is_due(&self, mechanism: &impl Mechanism, rx: &ReceiveHalf) -> bool {
        self.due.has(Due::PING | Due::PONG)
            && mechanism.may_send()
            && matches!(rx.state, State::Traffic | State::Opened)
    }

    /// [`SendHalf::beat`] on a connection that seals its frames.
    fn sealed_beat<M: Mechanism>(
        &mut self,
        config: &Config,
        mechanism: &mut M,
        rx: &mut ReceiveHalf,
        out: &mut [u8],
    ) -> Result<usize, BufferTooSmall> {
        let mut clear = [0; LONGEST_PONG];
        let mut writer = Writer::new(&mut clear);
        let mut after = *self;
        after.beat(config, rx, &mut writer);
        // After a short header.
        let body = writer.written().get(2..).unwrap_or_default();
        match encode::encode(mechanism, Framing::V3, FrameKind::Command, [&[], body], out) {
            Ok(written) => {
                *self = after;
                Ok(written)
            }
            Err(EncodeError::BufferTooSmall(missing)) => Err(BufferTooSmall { missing }),
            Err(EncodeError::Exhausted) => {
                rx.fail(Failure::Exhausted);
                Ok(0)
            }
        }
    }

    /// The number of greeting bytes that may be sent now. The greeting has stages, as in libzmq: the signature at
    /// once, the major version after the peer's signature, the rest after the peer's version (RFC 37 § Backwards
    /// Interoperability). An older peer is recognised before it gets bytes that it cannot parse. If older peers are
    /// refused, there is one stage.
    fn stage<M: Mechanism>(config: &Config, mechanism: &M, heard: usize) -> usize {
        let staged = are_accepted(config, mechanism);
        match heard {
            _ if !staged || config.min_version >= Version::V3_0 => Greeting::LEN,
            0..SIGNATURE_LEN => SIGNATURE_LEN,
            SIGNATURE_LEN => VERSION_MAJOR_AT.saturating_add(1),
            _ => Greeting::LEN,
        }
    }

    fn greeting<M: Mechanism>(
        &mut self,
        config: &Config,
        mechanism: &M,
        stage: usize,
        out: &mut Writer<'_>,
    ) {
        // With one stage nothing was sent before.
        let sent = if M::OLDER_PEERS { usize::from(self.greeting_sent) } else { 0 };
        out.put(mechanism.greeting().get(sent..stage).unwrap_or_default());
        let [long, short, server] =
            Greeting::fields(mechanism.as_server(), config.routing_id.len());
        let mut set = |(at, byte): (usize, u8)| {
            if !M::OLDER_PEERS || (sent..stage).contains(&at) {
                out.set(at.wrapping_sub(sent), byte);
            }
        };
        if long.1 > 0 {
            set(long);
        }
        set(short);
        if server.1 > 0 {
            set(server);
        }
        self.greeting_sent = u8::try_from(stage).unwrap_or(u8::MAX);
    }

    /// Whether a failed connection still has to send an ERROR, so that the peer does not retry.
    fn error_is_due<M: Mechanism>(&self, mechanism: &M, rx: &ReceiveHalf) -> bool {
        self.greeting_sent != Self::ERROR_SENT && sends_error(mechanism, rx)
    }

    /// Whether the greeting was sent, and for an older peer the identity too.
    pub(super) const fn greeted(&self) -> bool {
        self.greeting_sent as usize >= Greeting::LEN
    }

    pub(super) fn needs_transmit<M: Mechanism>(&self, mechanism: &M, rx: &ReceiveHalf) -> bool {
        match rx.failure {
            Some(_) => self.error_is_due(mechanism, rx),
            None => {
                self.due.has(Due::PING | Due::PONG)
                    || !self.greeted()
                    || !(mechanism.may_send() || rx.is_old::<M>())
            }
        }
    }

    pub(super) const fn pong_due(&self) -> bool {
        self.due.has(Due::PONG)
    }

    /// Queues a PONG that returns this many bytes of the scratch.
    pub(super) fn queue_pong(&mut self, context: usize) {
        let [len, ..] = context.to_le_bytes();
        self.due.0 = (self.due.0 & Due::PING) | Due::PONG | (len & Due::LEN);
    }

    pub(super) const fn queue_ping(&mut self) {
        self.due.0 |= Due::PING;
    }
}
