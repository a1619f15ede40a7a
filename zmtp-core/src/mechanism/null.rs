//! NULL: metadata and nothing else (RFC 37 § The NULL Security Mechanism).

use super::{Mechanism, emit_metadata};
use crate::config::Config;
use crate::error::{Error, PeerError};
use crate::wire::{Command, CommandName, Full, MechanismName, Metadata, Writer};

/// The NULL mechanism. Both ends send READY as soon as the greetings are over, as libzmq does.
#[derive(Clone, Copy, Debug, Default)]
pub struct Null {
    ready_sent: bool,
}

impl Null {
    /// A handshake that has not begun.
    pub const fn new() -> Self {
        Self { ready_sent: false }
    }
}

impl Mechanism for Null {
    const NAME: MechanismName = MechanismName::NULL;

    fn produce(&mut self, config: &Config, out: &mut Writer<'_>) -> Result<(), Full> {
        Command::emit_name(CommandName::Ready, out)?;
        emit_metadata(config, out)?;
        self.ready_sent = true;
        Ok(())
    }

    fn consume<'c>(&mut self, command: Command<'c>) -> Result<Option<Metadata<'c>>, Error> {
        match command.name {
            CommandName::Ready => Ok(Some(Metadata::new(command.data)?)),
            name => Err(PeerError::UnexpectedCommand(name).into()),
        }
    }

    fn may_send(&self) -> bool {
        self.ready_sent
    }
}
