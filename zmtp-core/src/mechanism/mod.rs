//! Security mechanisms: the handshake between the greetings and the first message, and the sealing of
//! frames after it.

mod authenticate;
#[cfg(feature = "curve")]
mod curve;
mod handshake_error;
mod null;
mod plain;
mod renew;

use core::fmt;

pub use authenticate::{Authenticate, Credentials, Decision, Status};
#[cfg(feature = "curve")]
pub use curve::{
    ClientKeys, Crypto, CurveClient, CurveServer, KeyPair, Portable, PublicKey, SecretKey,
};
pub use handshake_error::HandshakeError;
pub use null::{Null, NullOrOlder};
pub use plain::{PlainClient, PlainServer};
pub use renew::{NullOf, Of, Renew, Role};

use crate::config::Config;
use crate::wire::{CommandName, FrameKind, Greeting, MechanismName, SocketType, Version, Writer};

/// The security mechanism of one connection, called by the connection.
///
/// During the handshake it consumes commands of the peer one by one and produces its own. Afterwards it
/// seals and opens frames, if it seals at all. The constants decide which code a program contains; the
/// methods of the same meaning decide at run time, so that an enum of mechanisms can be a mechanism.
///
/// The trait may change in any release.
#[doc(hidden)]
pub trait Mechanism {
    /// Whether peers of ZMTP 2.0 and 1.0 may be accepted. They have no mechanism, and so none of its
    /// guarantees.
    const OLDER_PEERS: bool = false;

    /// Whether frames may be sealed.
    const SEALS: bool = false;

    /// The socket type, instead of [`Config::socket_type`]: a program with a socket type known at compile time
    /// does not contain the names of the others.
    const SOCKET_TYPE: Option<SocketType> = None;

    /// Whether the ERROR command may have another name, [`Mechanism::error_name`].
    const OTHER_ERROR: bool = false;

    /// Whether the handshake may wait for an [`Answer`].
    const WAITS: bool = false;

    /// The type of the socket.
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

    /// Whether this is the client's end of a mechanism in which only the server sends ERROR (RFC 24, RFC 26). A client
    /// sends one only if the mechanisms differ.
    #[inline(always)]
    fn is_client(&self) -> bool {
        false
    }

    /// Whether this connection accepts peers of ZMTP 2.0 and 1.0.
    #[inline(always)]
    fn accepts_older_peers(&self) -> bool {
        Self::OLDER_PEERS
    }

    /// Writes the next handshake command that is due with [`Writer::command`]; nothing if none is due. `kind` is the
    /// type of the socket. If the command does not [fit](Writer::fits), the state must not change, and the connection
    /// calls again.
    fn produce(&mut self, kind: SocketType, config: &Config, out: &mut Writer<'_>);

    /// Consumes a command of the peer: its name, preceded by one byte with its length, and its data, which may
    /// be changed in place.
    fn consume(&mut self, name: &[u8], data: &mut [u8]) -> Consumed;

    /// Whether our side of the handshake is complete, so that messages may be sent.
    /// [`Mechanism::produce`] is not called from then on.
    fn may_send(&self) -> bool;

    /// The answer after [`Consumed::Waiting`]. After [`Answer::Accept`] the same command is passed to
    /// [`Mechanism::consume`] again.
    fn answer(&mut self, _answer: Answer<'_>) {}

    /// The reason to send in an ERROR command after [`Consumed::Denied`] or [`Answer::Refuse`], at most 255
    /// bytes. `None` sends no ERROR.
    fn denial(&self) -> Option<&[u8]> {
        None
    }

    /// The bytes before the length of the reason in an ERROR command of [`Mechanism::denial`]. A received command
    /// that starts with them is an ERROR, as one with the correct name is.
    fn error_name(&self) -> &'static [u8] {
        CommandName::Error.length_prefixed()
    }

    /// The number of bytes before the body of a sealed frame, at least 1; 0 if frames of this connection are
    /// sent in the clear. Does not change after the handshake.
    #[inline(always)]
    fn overhead(&self) -> usize {
        0
    }

    /// Seals a frame in place. `frame` starts with [`Mechanism::overhead`] bytes of any value; the rest is the
    /// body. Each call uses the next nonce, and frames are sent in the order in which they were sealed.
    ///
    /// # Errors
    ///
    /// [`Exhausted`], which fails the connection: no nonce is left, or `frame` is too short.
    fn seal(&mut self, _kind: FrameKind, _frame: &mut [u8]) -> Result<(), Exhausted> {
        Ok(())
    }

    /// Whether it has [`Mechanism::seal_split`].
    fn seals_split(&self) -> bool {
        false
    }

    /// [`Mechanism::seal`] of a frame whose body is not behind `head`, which has [`Mechanism::overhead`] bytes. Only if
    /// [`Mechanism::seals_split`].
    ///
    /// # Errors
    ///
    /// As [`Mechanism::seal`].
    fn seal_split(
        &mut self,
        _kind: FrameKind,
        _head: &mut [u8],
        _body: &mut [u8],
    ) -> Result<(), Exhausted> {
        Err(Exhausted)
    }

    /// Decrypts the body of a frame of [`Mechanism::seal_split`] that is not sent over this connection.
    fn reverse_split(&mut self, _head: &[u8], _body: &mut [u8]) {}

    /// Checks a sealed frame and opens it in place. `frame` has at least [`Mechanism::overhead`] bytes; the
    /// bytes after these become the body. `outer` is the kind in the frame's header. Returns the kind in the
    /// sealed flags.
    ///
    /// # Errors
    ///
    /// [`OpenError`], which fails the connection.
    fn open(&mut self, outer: FrameKind, _frame: &mut [u8]) -> Result<FrameKind, OpenError> {
        Ok(outer)
    }
}

/// The greeting of a mechanism, without the bytes that depend on the socket.
#[doc(hidden)]
pub const fn greeting(name: &MechanismName) -> [u8; Greeting::LEN] {
    Greeting::template(Version::V3_1, name)
}

/// The result of a command of the handshake.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Consumed {
    /// The peer is refused, with [`Mechanism::denial`] as the reason.
    Denied,
    /// The command is invalid, which fails the connection.
    Invalid(HandshakeError),
    /// More commands follow.
    Pending,
    /// The handshake is complete. The last bytes of the command, this many, are the peer's metadata, which the
    /// connection checks.
    Ready(usize),
    /// The command is not allowed here, which fails the connection.
    Unexpected,
    /// The command needs an [`Answer`] of the application.
    Waiting,
}

/// The answer of the application to [`Event::Waiting`](crate::Event::Waiting).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Answer<'r> {
    /// The peer is accepted.
    Accept,
    /// The peer is refused. The value is a reason of at most 255 bytes.
    ///
    /// PLAIN and CURVE use it as a status code of ZAP ([`Status`]): `300` sends no ERROR, `500` sends an ERROR with
    /// this reason, and any other value sends an ERROR with the reason `400`.
    Refuse(&'r [u8]),
}

/// All nonces of a connection are used: no more frames can be sealed.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "a fact without details")]
pub struct Exhausted;

/// Why a frame of a sealed connection is invalid.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum OpenError {
    /// The frame was sent in the clear.
    Clear,
    /// The frame cannot be verified: its bytes were changed, or it was sealed with another key.
    Forged,
    /// The frame is authentic, but the flags inside it are invalid.
    Flags,
    /// The nonce is not higher than that of the previous frame: a frame was repeated or reordered.
    Replayed,
    /// The frame is shorter than the bytes that sealing adds.
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

/// The metadata of an INITIATE or READY, in pieces: the properties that every mechanism sends.
#[inline(always)]
pub(crate) fn metadata(kind: SocketType, config: &Config) -> [&[u8]; PIECES] {
    let name = CommandName::Ready.length_prefixed().len();
    let id = if kind.sends_identity() { config.routing_id.length_prefixed() } else { &[] };
    [
        kind.ready().as_bytes().get(name..).unwrap_or_default(),
        id,
        #[cfg(feature = "application-metadata")]
        config.metadata.encoded(),
    ]
}

/// The pieces of [`metadata`].
const PIECES: usize = if cfg!(feature = "application-metadata") { 3 } else { 2 };

/// Writes a command with the properties that every mechanism sends: Socket-Type, then Identity if the type
/// has one, then those of the application.
#[inline(always)]
pub(crate) fn emit_ready(kind: SocketType, config: &Config, out: &mut Writer<'_>) {
    let (ready, id) = (kind.ready().as_bytes(), config.routing_id.length_prefixed());
    let id = if kind.sends_identity() { id } else { &[] };
    let len = ready.len().wrapping_add(id.len());
    #[cfg(feature = "application-metadata")]
    let len = len.wrapping_add(config.metadata.encoded().len());
    out.command_header(len);
    out.put(ready);
    if kind.sends_identity() {
        out.put(id);
    }
    #[cfg(feature = "application-metadata")]
    out.put(config.metadata.encoded());
}
