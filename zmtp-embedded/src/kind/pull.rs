//! PULL: receives messages (RFC 30).

use zmtp_core::mechanism::Role;
use zmtp_core::pattern::Pattern;
use zmtp_core::wire::SocketType;

use super::Kind;

/// PULL. With several links, the socket receives from the links in turn.
#[derive(Debug)]
pub struct Pull(());

impl Pull {
    pub(crate) const fn new() -> Self {
        Self(())
    }
}

impl Role for Pull {
    const SOCKET_TYPE: SocketType = SocketType::Pull;
}

impl Pattern for Pull {}

impl Kind for Pull {
    fn blank() -> Self {
        Self::new()
    }
}
