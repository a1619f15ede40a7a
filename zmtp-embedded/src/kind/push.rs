//! PUSH: sends messages (RFC 30).

use zmtp_core::mechanism::Role;
use zmtp_core::pattern::PeerId;
use zmtp_core::wire::FrameHeader;
use zmtp_core::wire::SocketType;

use super::{Place, Rules};

/// PUSH with one peer.
#[derive(Debug)]
pub struct Push(());

impl Push {
    pub(crate) const fn new() -> Self {
        Self(())
    }
}

impl Role for Push {
    const SOCKET_TYPE: SocketType = SocketType::Push;
}

impl Rules for Push {
    fn says(place: Place) -> bool {
        place == Place::Drop
    }

    fn judge(&mut self, _peer: PeerId, _header: FrameHeader, _first: bool) -> Place {
        Place::Drop
    }
}
