//! What links ask of socket types.

use zmtp_core::mechanism::{Mechanism, Role};
use zmtp_core::pattern::PeerId;
use zmtp_core::wire::FrameHeader;
use zmtp_core::{Config, Connection};

use crate::error::Error;
use crate::outbox::Outbox;

/// Where a frame goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Place {
    /// Nowhere.
    Drop,
    /// In front of the message, hidden from the caller.
    Envelope,
    /// To the caller, if [`Rules::frame`] says so once it is whole.
    Head,
    /// To the caller.
    Part,
    /// Nowhere, and what was kept of its message too.
    Reject,
    /// Nowhere, once [`Rules::frame`] has seen it.
    RequestId,
}

/// The frames in front of a message.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Prefix<'e> {
    /// Frames that were received, or none.
    Frames(&'e [u8]),
    /// The id of a request, then an empty frame.
    RequestId([u8; 4]),
}

/// What a socket type does. The methods with a body are for those who have nothing to do there.
pub(crate) trait Rules: Role + Sized {
    /// The handshake with a peer is over.
    fn up(&mut self, _peer: PeerId) {}

    /// A peer's stream is over, or about to begin.
    fn down(&mut self, _peer: PeerId) {}

    /// Whether [`Rules::judge`] ever says so. Known when a program is built: links have no code for
    /// what is never said.
    fn says(place: Place) -> bool {
        place == Place::Part
    }

    /// A frame begins, the first of its message or another.
    fn judge(&mut self, _peer: PeerId, _header: FrameHeader, _first: bool) -> Place {
        Place::Part
    }

    /// A frame whose bytes matter is whole: does its message go on?
    fn frame(&mut self, _peer: PeerId, _bytes: &[u8]) -> bool {
        true
    }

    /// A message is whole: does the caller get it?
    fn whole(&mut self, _peer: PeerId) -> bool {
        true
    }

    /// A message does not fit the receive buffer.
    fn unfit(&mut self, _peer: PeerId) {}

    /// A peer subscribes, or cancels a subscription.
    fn subscription(&mut self, _peer: PeerId, _topic: &[u8], _wanted: bool) {}

    /// Puts what the type itself has to say into the outbox, as far as there is room. An error says
    /// how many bytes an outbox must have for what never fits.
    fn talk<M: Mechanism>(
        &mut self,
        _connection: &mut Connection<M, &Config>,
        _out: &mut Outbox<'_>,
    ) -> Result<(), usize> {
        Ok(())
    }

    /// Bytes of the frames in front of the next message.
    fn prefix_len<M: Mechanism>(
        &self,
        _connection: &Connection<M, &Config>,
        _envelope: &[u8],
    ) -> usize {
        0
    }

    /// A message begins. Returns the frames in front of it; `None` if it is to go nowhere.
    fn begin<'e, E>(&mut self, _envelope: &'e [u8]) -> Result<Option<Prefix<'e>>, Error<E>> {
        Ok(Some(Prefix::Frames(&[])))
    }

    /// The message that began is out.
    fn sent(&mut self) {}

    /// Whether a message may be waited for.
    fn may_receive<E>(&mut self) -> Result<(), Error<E>> {
        Ok(())
    }
}
