//! Security mechanisms: what happens between the greeting and the first message.

mod null;

pub use null::{Null, NullOf, NullOrOlder, Role};

use crate::config::Config;
use crate::wire::{Command, MechanismName, SocketType, Writer};

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
    /// It is asked again for one that did not [fit](Writer::fits), and must not have changed.
    fn produce(&mut self, config: &Config, out: &mut Writer<'_>);

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
