//! Security mechanisms: the handshake between the greetings and the first message, and the sealing
//! of everything that follows it.

mod null;

use core::fmt;

pub use null::{Null, NullOf, NullOrOlder, Role};

use crate::config::Config;
use crate::wire::{FrameKind, Greeting, MechanismName, SocketType, Version, Writer};

/// The security mechanism of one connection, as the connection drives it.
///
/// In the handshake it takes the peer's commands one by one and writes its own when asked. In
/// traffic it seals what the connection sends and opens what the connection receives, if it seals
/// at all. The constants decide which code a program carries; the methods of the same meaning
/// decide at run time, so that an enum of mechanisms is a mechanism.
///
/// The trait may change in any release.
#[doc(hidden)]
pub trait Mechanism {
    /// Whether peers of ZMTP 2.0 and 1.0 may be let in. They know no mechanism, so that they have
    /// none of its guarantees.
    const OLDER_PEERS: bool = false;

    /// Whether frames may be sealed.
    const SEALS: bool = false;

    /// The type of socket it is for, instead of [`Config::socket_type`]: a program whose socket type
    /// is known at build time carries no names of others.
    const SOCKET_TYPE: Option<SocketType> = None;

    /// Whether the handshake may wait for an [`Answer`].
    const WAITS: bool = false;

    /// The socket's type.
    #[inline(always)]
    fn socket_type(config: &Config) -> SocketType {
        const { Self::SOCKET_TYPE }.unwrap_or(config.socket_type)
    }

    /// The greeting, a constant made by [`greeting`].
    fn greeting(&self) -> &'static [u8; Greeting::LEN];

    /// The as-server bit of the greeting.
    fn as_server(&self) -> bool {
        false
    }

    /// Whether this connection lets peers of ZMTP 2.0 and 1.0 in.
    #[inline(always)]
    fn lets_older_peers_in(&self) -> bool {
        Self::OLDER_PEERS
    }

    /// Writes the next handshake command that is due, by [`Writer::command`]; nothing if none is.
    /// The connection asks again for a command that did not [fit](Writer::fits): the state must not
    /// have changed then.
    fn produce(&mut self, config: &Config, out: &mut Writer<'_>);

    /// Takes a command of the peer: its name, behind a byte with the name's length, and its data,
    /// which may be changed in place.
    fn consume(&mut self, name: &[u8], data: &mut [u8]) -> Consumed;

    /// Whether our side of the handshake is complete, so that messages may be sent. Nothing is
    /// asked of [`Mechanism::produce`] from then on.
    fn may_send(&self) -> bool;

    /// The answer that [`Consumed::Waiting`] asked for. After [`Answer::Accept`] the same command
    /// comes to [`Mechanism::consume`] once more.
    fn answer(&mut self, _answer: Answer<'_>) {}

    /// The reason to send in an ERROR command after [`Consumed::Denied`] or [`Answer::Refuse`], 255
    /// bytes at most. `None` sends no ERROR.
    fn denial(&self) -> Option<&[u8]> {
        None
    }

    /// How many bytes a sealed frame has in front of its body, at least 1; 0 if this connection's
    /// frames are sent in the clear. It does not change once the handshake is over.
    #[inline(always)]
    fn overhead(&self) -> usize {
        0
    }

    /// Seals a frame in place. `frame` begins with [`Mechanism::overhead`] bytes of any value, the
    /// rest is the body. Counters rise with each call, and frames are sent in the order in which
    /// they were sealed.
    ///
    /// # Errors
    ///
    /// [`Exhausted`], which ends the connection.
    fn seal(&mut self, _kind: FrameKind, _frame: &mut [u8]) -> Result<(), Exhausted> {
        Ok(())
    }

    /// Checks a sealed frame and opens it in place. `frame` has at least [`Mechanism::overhead`]
    /// bytes; the ones behind these become the body. `outer` is what the frame's header shows.
    /// Returns what the box shows.
    ///
    /// # Errors
    ///
    /// [`OpenError`], which ends the connection.
    fn open(&mut self, outer: FrameKind, _frame: &mut [u8]) -> Result<FrameKind, OpenError> {
        Ok(outer)
    }
}

/// The greeting of a mechanism, without what varies from socket to socket.
#[doc(hidden)]
pub const fn greeting(name: &MechanismName) -> [u8; Greeting::LEN] {
    Greeting::template(Version::V3_1, name)
}

/// What a mechanism makes of a command.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Consumed {
    /// The peer is refused, with [`Mechanism::denial`] as the reason.
    Denied,
    /// More commands follow.
    Pending,
    /// The handshake is over. The last bytes of the command, this many, are the peer's metadata,
    /// which the connection checks.
    Ready(usize),
    /// The command is not allowed here, which ends the connection.
    Unexpected,
    /// The command needs an [`Answer`] from outside.
    Waiting,
}

/// The answer to a handshake that waits for one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Answer<'r> {
    /// The peer may go on.
    Accept,
    /// The peer is refused. The reason goes out in an ERROR command, up to 255 bytes.
    Refuse(&'r [u8]),
}

/// All nonces of a connection are used: nothing more can be sealed.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "a fact without details")]
pub struct Exhausted;

/// Why a frame of a sealed connection is refused.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum OpenError {
    /// The frame is not sealed: it was sent in the clear.
    Clear,
    /// The box does not verify: its bytes were changed, or sealed with another key.
    Forged,
    /// The flags inside the box are invalid.
    Flags,
    /// The nonce is not higher than that of the box before: a box was repeated or reordered.
    Replayed,
    /// The box is shorter than its overhead.
    TooShort,
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Clear => "frame in the clear on a sealed connection",
            Self::Forged => "sealed frame does not verify",
            Self::Flags => "sealed frame has invalid flags",
            Self::Replayed => "sealed frame was repeated or reordered",
            Self::TooShort => "sealed frame is too short",
        })
    }
}

impl core::error::Error for OpenError {}

/// Writes a command with the properties that every mechanism sends: Socket-Type, then Identity
/// where the type has one.
#[inline(always)]
pub(crate) fn emit_ready(kind: SocketType, config: &Config, out: &mut Writer<'_>) {
    const HEAD: &[u8] = b"\x05READY\x0bSocket-Type\0\0\0";
    const IDENTITY: &[u8] = b"\x08Identity\0\0\0";
    let (name, id) = (kind.length_prefixed_name().as_bytes(), config.routing_id.length_prefixed());
    let identity = if kind.sends_identity() { IDENTITY.len().wrapping_add(id.len()) } else { 0 };
    out.command_header(HEAD.len().wrapping_add(name.len()).wrapping_add(identity));
    out.put(HEAD);
    out.put(name);
    if kind.sends_identity() {
        out.put(IDENTITY);
        out.put(id);
    }
}
