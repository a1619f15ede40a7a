//! The trait of socket types: the operations that links need besides the core's pattern.

use zmtp_core::mechanism::{Mechanism, Role};
use zmtp_core::pattern::{Pattern, PeerId};
use zmtp_core::{Config, Connection};

use crate::inbox::Fate;
use crate::outbox::{Outbox, Prefix};

/// A socket type: the rules of the core, the frames before its messages, and the commands that it
/// sends. The default methods are those of a type that has none.
pub(crate) trait Kind: Pattern + Role + Sized {
    /// A socket of this type before any connection.
    fn blank() -> Self;

    /// Whether [`Pattern::accept`] returns a verdict with this fate. The compiler evaluates it, so that links contain
    /// no code for other verdicts.
    fn returns(fate: Fate) -> bool {
        matches!(fate, Fate::Deliver)
    }

    /// A message does not fit the receive buffer and is dropped.
    fn overflowed(&mut self, _peer: PeerId) {}

    /// A command of the peer does not fit the receive buffer and is skipped. `start` is its start, from its header
    /// on. Returns whether the call fails with `ReceiveBuffer`.
    fn skipped(&mut self, _peer: PeerId, _start: &[u8]) -> bool {
        false
    }

    /// Puts the commands of the type into the outbox, as far as there is room.
    ///
    /// # Errors
    ///
    /// The required size of the outbox in bytes, if a command never fits.
    fn poll_transmit<M: Mechanism>(
        &mut self,
        _connection: &mut Connection<M, &Config>,
        _out: &mut Outbox<'_>,
    ) -> Result<(), usize> {
        Ok(())
    }

    /// The number of bytes of the frames before the next message. `envelope` is that of the last received message.
    fn prefix_len<M: Mechanism>(
        &self,
        _connection: &Connection<M, &Config>,
        _envelope: &[u8],
    ) -> usize {
        0
    }

    /// The frames before the message that was routed last.
    fn prefix<'e>(&self, _envelope: &'e [u8]) -> Prefix<'e> {
        Prefix::Frames(&[])
    }
}
