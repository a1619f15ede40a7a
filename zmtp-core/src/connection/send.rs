//! The sending half: what the connection itself has to say, and frame headers.

use super::cause::Cause;
use super::older::Answer;
use super::receive::Rx;
use crate::config::Config;
use crate::error::Error;
use crate::mechanism::Mechanism;
use crate::wire::{
    BufferTooSmall, FrameHeader, FrameKind, Framing, Greeting, More, SIGNATURE_LEN, SOCKET_TYPE_AT,
    VERSION_MAJOR_AT, Version, Writer,
};

/// State of the sending half.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tx {
    /// Bytes of the greeting that are out, or [`Tx::FAREWELL_SENT`].
    greeting_sent: u8,
    beats: Beats,
}

/// PONG and PING, until they are fetched: flags above a length, because firmware counts bytes. The
/// context that the PONG echoes is in the scratch of the receiving half.
#[derive(Clone, Copy, Debug)]
struct Beats(u8);

impl Beats {
    const PING: u8 = 0x80;
    const PONG: u8 = 0x40;
    /// Bytes of the context.
    const LEN: u8 = 0x1f;

    const fn has(self, flag: u8) -> bool {
        self.0 & flag != 0
    }
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
    pub(super) const fn of(cause: &Cause) -> Option<Self> {
        match cause {
            Cause::Mechanism => Some(Self::Mechanism),
            Cause::SocketType(_) => Some(Self::SocketType),
            _ => None,
        }
    }

    /// The reason as it stands in the ERROR command.
    pub const fn reason(self) -> &'static str {
        match self.command().split_at_checked(9) {
            Some((_, reason)) => reason,
            None => "",
        }
    }

    /// The ERROR command: the header, the name and the reason each behind a byte that says how
    /// long it is.
    const fn command(self) -> &'static str {
        match self {
            Self::Mechanism => "\x04\x19\x05ERROR\x12Mechanism mismatch",
            Self::SocketType => "\x04\x1f\x05ERROR\x18Incompatible Socket-Type",
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
        Self { greeting_sent: 0, beats: Beats(0) }
    }

    /// The greeting is out, and the ERROR that a failed connection owes its peer.
    const FAREWELL_SENT: u8 = u8::MAX;

    /// Writes the next piece that is due, if any.
    pub(super) fn poll<M: Mechanism>(
        &mut self,
        config: &Config,
        mechanism: &mut M,
        rx: &Rx,
        out: &mut [u8],
    ) -> Result<usize, BufferTooSmall> {
        let farewell = match rx.cause {
            None => None,
            Some(_) => match self.farewell::<M>(rx) {
                None => return Ok(0),
                farewell => farewell,
            },
        };
        let mut out = Writer::new(out);
        if let Some(answer) = rx.answer::<M>() {
            return self.old_greeting(config, mechanism, rx.framing::<M>(), answer, out);
        }
        // What is true once what is written here is out.
        let mut after = *self;
        // Who has read a full greeting is owed one.
        let heard = if farewell.is_some() { Greeting::LEN } else { rx.greeting_position() };
        let stage = Self::stage::<M>(config, heard);
        if usize::from(self.greeting_sent) < stage {
            after.greeting(config, mechanism, stage, &mut out);
        } else if let Some(refusal) = farewell {
            out.put(refusal.command().as_bytes());
            after.greeting_sent = Self::FAREWELL_SENT;
        } else if heard < Greeting::LEN {
        } else if !mechanism.may_send() {
            mechanism.produce(config, &mut out);
        } else if self.beats.has(Beats::PONG) {
            let len = usize::from(self.beats.0 & Beats::LEN);
            out.command_header(len.wrapping_add(5));
            out.put(b"\x04PONG");
            out.put(rx.scratch.get(..len).unwrap_or_default());
            after.beats.0 &= Beats::PING;
        } else {
            #[cfg(feature = "heartbeat")]
            if self.beats.has(Beats::PING) {
                out.put(b"\x04\x07\x04PING");
                out.put(&config.heartbeat.ttl_tenths.to_be_bytes());
                after.beats.0 &= !Beats::PING;
            }
        }
        let written = out.finish()?;
        *self = after;
        Ok(written)
    }

    /// The stages in which libzmq too sends its greeting: the signature at once, the major version
    /// after the peer's signature, the rest after the peer's version (RFC 37 § Backwards
    /// Interoperability). An older peer is recognised before it sees what it cannot read. Where
    /// none is let in there is one stage.
    fn stage<M: Mechanism>(config: &Config, heard: usize) -> usize {
        match heard {
            _ if !M::OLDER_PEERS || config.min_version >= Version::V3_0 => Greeting::LEN,
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
        // Where there is one stage nothing was sent before.
        let sent = if M::OLDER_PEERS { usize::from(self.greeting_sent) } else { 0 };
        out.put(Self::greeting_of::<M>().get(sent..stage).unwrap_or_default());
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

    /// The greeting, as far as it is known when a program is built.
    #[inline(always)]
    pub(super) const fn greeting_of<M: Mechanism>() -> &'static [u8; Greeting::LEN] {
        const { &Greeting::template(Version::V3_1, &M::NAME) }
    }

    /// What a failed connection still has to say: the peer shall know that trying again is
    /// pointless. An older one could not read it.
    fn farewell<M: Mechanism>(&self, rx: &Rx) -> Option<Refusal> {
        rx.cause
            .as_ref()
            .and_then(Refusal::of)
            .filter(|_| self.greeting_sent != Self::FAREWELL_SENT && !rx.is_old::<M>())
    }

    /// What an older peer gets, stage by stage: to the one that sent a version byte the type of
    /// our socket and an identity frame. To another our signature has been the header of that
    /// frame already, so that only the identity is due.
    fn old_greeting<M: Mechanism>(
        &mut self,
        config: &Config,
        mechanism: &M,
        framing: Framing,
        answer: Answer,
        mut out: Writer<'_>,
    ) -> Result<usize, BufferTooSmall> {
        let mut bytes = greeting(mechanism).emit(config.routing_id.len());
        if let Some(code) = bytes.get_mut(SOCKET_TYPE_AT) {
            *code = M::socket_type(config).code();
        }
        let id = config.routing_id.bytes();
        let header =
            framing.emit(FrameHeader::new(FrameKind::Message(More::Last), id.len() as u64));
        let (stage, header) = match answer {
            Answer::Identity => (SIGNATURE_LEN, &[][..]),
            Answer::TypeAndIdentity => (SOCKET_TYPE_AT.saturating_add(1), header.as_ref()),
        };
        let sent = usize::from(self.greeting_sent);
        // As many of these as fit.
        let pieces = [
            (stage, bytes.get(sent..stage).unwrap_or_default()),
            (stage.saturating_add(1), header),
            (Greeting::LEN, id),
        ];
        let mut written = Ok(0);
        for (then, piece) in pieces {
            if usize::from(self.greeting_sent) < then {
                out.put(piece);
                if !out.fits() {
                    return if written == Ok(0) { out.finish() } else { written };
                }
                written = Ok(out.len());
                self.greeting_sent = u8::try_from(then).unwrap_or(u8::MAX);
            }
        }
        written
    }

    /// Whether the greeting is out, to an older peer its identity too.
    pub(super) const fn greeted(&self) -> bool {
        self.greeting_sent as usize >= Greeting::LEN
    }

    pub(super) fn wants_transmit<M: Mechanism>(&self, mechanism: &M, rx: &Rx) -> bool {
        match rx.cause {
            Some(_) => self.farewell::<M>(rx).is_some(),
            None => {
                self.beats.has(Beats::PING | Beats::PONG)
                    || !self.greeted()
                    || !(mechanism.may_send() || rx.is_old::<M>())
            }
        }
    }

    pub(super) const fn pong_due(&self) -> bool {
        self.beats.has(Beats::PONG)
    }

    /// A PONG is due that echoes so many bytes of the scratch.
    pub(super) fn queue_pong(&mut self, context: usize) {
        let [len, ..] = context.to_le_bytes();
        self.beats.0 = (self.beats.0 & Beats::PING) | Beats::PONG | (len & Beats::LEN);
    }

    pub(super) const fn queue_ping(&mut self) {
        self.beats.0 |= Beats::PING;
    }
}

fn greeting<M: Mechanism>(mechanism: &M) -> Greeting {
    Greeting { version: Version::V3_1, mechanism: M::NAME, as_server: mechanism.as_server() }
}
