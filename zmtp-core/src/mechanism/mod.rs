//! Security mechanisms: what happens between the greeting and the first message.

mod null;

pub use null::{Null, NullOf, NullOrOlder, Role};

use crate::config::Config;
use crate::wire::{Command, Full, MechanismName, SocketType, Writer};

/// The handshake of one connection, as a connection drives it.
///
/// It takes the peer's commands one by one and writes its own when asked. A type parameter and not
/// an enum, so that a program carries only the mechanisms it names.
pub trait Mechanism {
    /// The name in the greeting.
    const NAME: MechanismName;

    /// Whether peers of ZMTP 2.0 and 1.0 are let in, which know no mechanism: they have none of its
    /// guarantees. A constant, so that who does not want them does not carry their rules.
    const OLDER_PEERS: bool = false;

    /// The type of socket it is for, instead of [`Config::socket_type`]: a program that knows it when
    /// it is built carries no names of others.
    const SOCKET_TYPE: Option<SocketType> = None;

    /// The socket's type.
    #[inline(always)]
    fn socket_type(config: &Config) -> SocketType {
        const { Self::SOCKET_TYPE }.unwrap_or(config.socket_type)
    }

    /// The as-server bit of the greeting.
    fn as_server(&self) -> bool {
        false
    }

    /// Writes the next handshake command that is due, by [`Writer::command`]; nothing if none is.
    ///
    /// # Errors
    ///
    /// [`Full`] if `out` is too small; nothing has changed then.
    fn produce(&mut self, config: &Config, out: &mut Writer<'_>) -> Result<(), Full>;

    /// Takes a command of the peer.
    fn consume<'c>(&mut self, command: Command<'c>) -> Consumed<'c>;

    /// Whether our side has said all it must before it may send messages. It is not asked to
    /// produce anything from then on.
    fn may_send(&self) -> bool;
}

/// What a mechanism makes of a command.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Consumed<'c> {
    /// Others follow.
    Pending,
    /// The handshake is over: the peer's metadata, which the connection checks. They end where the
    /// command does.
    Ready(&'c [u8]),
    /// The command has no place here, which ends the connection.
    Unexpected,
}

/// Writes a command with the properties that every mechanism sends: Socket-Type, then Identity
/// where the type has one.
#[inline(always)]
pub(crate) fn emit_ready(
    kind: SocketType,
    config: &Config,
    out: &mut Writer<'_>,
) -> Result<(), Full> {
    let (name, id) = (kind.octets(), config.routing_id.octets());
    let name_len = [u8::try_from(name.len()).unwrap_or_default()];
    let id_len = [config.routing_id.len()];
    let all: [&[u8]; 6] =
        [b"\x05READY\x0bSocket-Type\0\0\0", &name_len, name, b"\x08Identity\0\0\0", &id_len, id];
    let (with, without) = (&all[..], all.split_at(3).0);
    out.command_of(if kind.sends_identity() { with } else { without })
}
