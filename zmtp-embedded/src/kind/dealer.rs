//! DEALER: sends and receives messages without changing them (RFC 28).

use zmtp_core::mechanism::Role;
use zmtp_core::pattern::{Pattern, PeerId, RouteError};
use zmtp_core::wire::SocketType;

use super::{Kind, ONLY};

/// DEALER with one peer. To send to a REP, the application adds the empty delimiter itself.
#[derive(Debug)]
pub struct Dealer(());

impl Dealer {
    pub(crate) const fn new() -> Self {
        Self(())
    }
}

impl Role for Dealer {
    const SOCKET_TYPE: SocketType = SocketType::Dealer;
}

impl Pattern for Dealer {
    fn route(&mut self, _routing_id: &[u8]) -> Result<PeerId, RouteError> {
        Ok(ONLY)
    }
}

impl Kind for Dealer {
    fn blank() -> Self {
        Self::new()
    }
}
