//! The sending half: what the connection itself has to say, and frame headers.

use super::receive::Rx;
use crate::config::Config;
use crate::error::{Error, PeerError};
use crate::mechanism::Mechanism;
use crate::wire::{
    Command, CommandName, Full, Greeting, Ping, SIGNATURE_LEN, VERSION_MAJOR_AT, Version, Writer,
};

/// State of the sending half.
#[derive(Debug)]
pub(super) struct Tx {
    greeting_sent: u8,
    beats: Beats,
    farewell: Farewell,
}

/// PONG and PING, until they are fetched. The flags stand above the length, because firmware
/// counts octets.
#[derive(Debug)]
struct Beats {
    context: [u8; Ping::MAX_CONTEXT],
    due: u8,
}

impl Beats {
    const PING: u8 = 0x80;
    const PONG: u8 = 0x40;
    /// Octets of the context that the PONG echoes.
    const LEN: u8 = 0x1f;

    const fn has(&self, flag: u8) -> bool {
        self.due & flag != 0
    }

    fn context(&self) -> &[u8] {
        self.context.get(..usize::from(self.due & Self::LEN)).unwrap_or_default()
    }
}

/// What goes out last, after the connection failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Farewell {
    /// The connection lives.
    Alive,
    /// The rest of the greeting and an ERROR: the peer shall know that trying again is pointless.
    Refuse(Refusal),
    /// Nothing.
    Done,
}

/// A reason we give in an ERROR command. Only for what will not get better, because libzmq gives
/// its endpoint up for good on one.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Refusal {
    /// The mechanisms differ.
    Mechanism,
    /// The socket types do not go together.
    SocketType,
}

impl Refusal {
    const fn of(error: Error) -> Option<Self> {
        match error {
            Error::Peer(PeerError::MechanismMismatch { .. }) => Some(Self::Mechanism),
            Error::Peer(
                PeerError::IncompatibleSocketType { .. } | PeerError::UnknownSocketType,
            ) => Some(Self::SocketType),
            _ => None,
        }
    }

    /// The reason as it stands in the ERROR command.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Mechanism => "Mechanism mismatch",
            Self::SocketType => "Incompatible Socket-Type",
        }
    }
}

/// Why a frame cannot be sent now.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SendError {
    /// The connection has failed.
    Failed(Error),
    /// The handshake is not over: the peer's READY has not come, or ours was not fetched yet.
    NotReady,
}

impl core::fmt::Display for SendError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Failed(error) => write!(f, "connection has failed: {error}"),
            Self::NotReady => f.write_str("handshake is not over"),
        }
    }
}

impl core::error::Error for SendError {}

impl Tx {
    pub(super) const fn new() -> Self {
        let beats = Beats { context: [0; Ping::MAX_CONTEXT], due: 0 };
        Self { greeting_sent: 0, beats, farewell: Farewell::Alive }
    }

    pub(super) fn poll(
        &mut self,
        config: &Config,
        mechanism: &mut impl Mechanism,
        rx: &Rx,
        out: &mut [u8],
    ) -> Result<usize, Full> {
        let mut out = Writer::new(out);
        if self.farewell == Farewell::Done {
            return Ok(0);
        }
        self.greeting(config, mechanism, rx, &mut out)?;
        if usize::from(self.greeting_sent) < Greeting::LEN {
            return Ok(out.len());
        }
        // The greeting went out above or before; what does not fit behind it waits for the next
        // call, so that a small buffer still makes progress.
        match self.commands(config, mechanism, rx, &mut out) {
            Err(full) if out.is_empty() => Err(full),
            _ => Ok(out.len()),
        }
    }

    /// The stages in which libzmq too sends its greeting: the signature at once, the major version
    /// after the peer's signature, the rest after the peer's version (RFC 37 § Backwards
    /// Interoperability). An older peer is recognised before it sees what it cannot read.
    fn greeting<M: Mechanism>(
        &mut self,
        config: &Config,
        mechanism: &M,
        rx: &Rx,
        out: &mut Writer<'_>,
    ) -> Result<(), Full> {
        let heard = match self.farewell {
            // Who has read a full greeting is owed one.
            Farewell::Refuse(_) => Greeting::LEN,
            _ => rx.greeting_position(),
        };
        let stage = match heard {
            _ if config.only_v3 => Greeting::LEN,
            0..SIGNATURE_LEN => SIGNATURE_LEN,
            SIGNATURE_LEN => VERSION_MAJOR_AT.saturating_add(1),
            _ => Greeting::LEN,
        };
        let sent = usize::from(self.greeting_sent);
        if stage > sent {
            let ours = Greeting {
                version: Version::V3_1,
                mechanism: M::NAME,
                as_server: mechanism.as_server(),
            };
            let octets = ours.emit(config.routing_id.len());
            out.put(octets.get(sent..stage).unwrap_or_default())?;
            self.greeting_sent = u8::try_from(stage).unwrap_or(u8::MAX);
        }
        Ok(())
    }

    fn commands(
        &mut self,
        config: &Config,
        mechanism: &mut impl Mechanism,
        rx: &Rx,
        out: &mut Writer<'_>,
    ) -> Result<(), Full> {
        if let Farewell::Refuse(refusal) = self.farewell {
            let reason = refusal.reason();
            out.command(|body| {
                Command::emit_name(CommandName::Error, body)?;
                body.put(&[u8::try_from(reason.len()).unwrap_or_default()])?;
                body.put(reason.as_bytes())
            })?;
            self.farewell = Farewell::Done;
            return Ok(());
        }
        if rx.greeting_position() < Greeting::LEN {
            return Ok(());
        }
        if !mechanism.may_send() {
            out.command(|body| mechanism.produce(config, body))?;
        }
        if self.beats.has(Beats::PONG) {
            out.command(|body| {
                Command::emit_name(CommandName::Pong, body)?;
                body.put(self.beats.context())
            })?;
            self.beats.due &= Beats::PING;
        }
        #[cfg(feature = "heartbeat")]
        if self.beats.has(Beats::PING) {
            out.command(|body| {
                Command::emit_name(CommandName::Ping, body)?;
                body.put(&config.heartbeat.ttl.to_be_bytes())
            })?;
            self.beats.due &= !Beats::PING;
        }
        Ok(())
    }

    pub(super) fn wants_transmit(&self, mechanism: &impl Mechanism) -> bool {
        match self.farewell {
            Farewell::Alive => {
                self.beats.has(Beats::PING | Beats::PONG)
                    || usize::from(self.greeting_sent) < Greeting::LEN
                    || !mechanism.may_send()
            }
            Farewell::Refuse(_) => true,
            Farewell::Done => false,
        }
    }

    pub(super) const fn pong_due(&self) -> bool {
        self.beats.has(Beats::PONG)
    }

    pub(super) fn queue_pong(&mut self, context: &[u8]) {
        let mut len: u8 = 0;
        for (slot, octet) in self.beats.context.iter_mut().zip(context) {
            *slot = *octet;
            len = len.saturating_add(1);
        }
        self.beats.due = (self.beats.due & Beats::PING) | Beats::PONG | len;
    }

    pub(super) const fn queue_ping(&mut self) {
        self.beats.due |= Beats::PING;
    }

    pub(super) fn fail(&mut self, error: Error) {
        if self.farewell == Farewell::Alive {
            self.farewell = Refusal::of(error).map_or(Farewell::Done, Farewell::Refuse);
        }
    }
}
