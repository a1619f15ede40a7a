//! Security mechanisms: what happens between the greeting and the first message.

mod null;

pub use null::{Null, NullOrOlder};

use crate::config::Config;
use crate::error::Error;
use crate::wire::{Command, Full, MechanismName, Metadata, Property, Writer};

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

    /// The as-server bit of the greeting.
    fn as_server(&self) -> bool {
        false
    }

    /// Writes the body of the next handshake command that is due; nothing if none is.
    ///
    /// # Errors
    ///
    /// [`Full`] if `out` is too small; nothing has changed then.
    fn produce(&mut self, config: &Config, out: &mut Writer<'_>) -> Result<(), Full>;

    /// Takes a command of the peer; returns its metadata when they have come.
    ///
    /// # Errors
    ///
    /// Any [`Error`] ends the connection.
    fn consume<'c>(&mut self, command: Command<'c>) -> Result<Option<Metadata<'c>>, Error>;

    /// Whether our side has said all it must before it may send messages. It is not asked to
    /// produce anything from then on.
    fn may_send(&self) -> bool;
}

/// Appends the properties that every mechanism sends: Socket-Type, then Identity where the type
/// has one.
pub(crate) fn emit_metadata(config: &Config, out: &mut Writer<'_>) -> Result<(), Full> {
    let kind = config.socket_type;
    Property::emit(Property::SOCKET_TYPE, kind.octets(), out)?;
    if kind.sends_identity() {
        Property::emit(Property::IDENTITY, config.routing_id.octets(), out)?;
    }
    Ok(())
}
