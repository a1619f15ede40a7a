//! PUSH: sends messages (RFC 30).

use zmtp_core::mechanism::Role;
use zmtp_core::pattern::{Pattern, PeerId, Reason, RouteError, Verdict};
use zmtp_core::wire::{FrameHeader, SocketType};

use super::{Kind, ONLY};
use crate::inbox::Fate;

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

impl Pattern for Push {
    fn accept(&mut self, _peer: PeerId, _frame: FrameHeader, _first: bool) -> Verdict {
        Verdict::Reject(Reason::SendsOnly)
    }

    fn route(&mut self, _routing_id: &[u8]) -> Result<PeerId, RouteError> {
        Ok(ONLY)
    }
}

impl Kind for Push {
    fn blank() -> Self {
        Self::new()
    }

    fn returns(fate: Fate) -> bool {
        matches!(fate, Fate::Reject)
    }
}
